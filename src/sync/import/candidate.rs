//! Stored accounts that pages of a file may mean, and the choice among them.
//!
//! An account is known by its identity; by its number in another form, where the rows don't contradict; by a masked number or
//! another type, where rows or balances agree; a card also by the rows of its predecessor. An institution may be named in
//! another way when bank code and number are the same and rows agree. INVARIANT: reads only; a number alone never overrules
//! rows.

use std::cmp::Reverse;

use super::{
    evidence::{ComparedRows, RowAgreement},
    layouts::is_unnamed,
    number::Closeness,
    read::InstitutionPart,
    world::{PageGroup, World, is_deposit, known_rows, number_of_account, rows_between, same_type},
};
use crate::{
    domain::{Account, AccountId, AccountType, Connection, TransactionDraft, Warning, text},
    sync::JobFailure,
};

/// A stored account that pages of a file may mean.
pub(super) struct AccountCandidate<'w> {
    pub(super) known: &'w Account,
    /// Its connection counts.
    counts: bool,
    origin: InstitutionFit,
    closeness: Closeness,
    /// The numbers are the same, though maybe with other bank codes.
    has_digits: bool,
    /// It has exactly the identity that the pages state.
    is_exact: bool,
    currency: CurrencyFit,
}

/// The currency of a candidate, compared with that of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CurrencyFit {
    /// The same, or the pages state none.
    Same,
    /// An assumption that gives way to the stated one.
    GivesWay,
    /// An assumption, and the file has the number in several currencies.
    OneOfSeveral {
        /// The assumption is the currency of the pages.
        is_same: bool,
    },
}

impl CurrencyFit {
    const fn is_same(self) -> bool {
        matches!(self, Self::Same | Self::OneOfSeveral { is_same: true })
    }
}

/// A candidate whose rows were compared with those of the pages.
pub(super) struct ComparedCandidate<'w> {
    candidate: AccountCandidate<'w>,
    pub(super) agreement: RowAgreement,
}

/// The institution of a candidate, compared with that of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum InstitutionFit {
    /// Another name and another number.
    Other,
    /// Another name, the same number.
    Renamed,
    /// The file or the connection names no institution, as tables often do.
    Unnamed,
    /// The same.
    Same,
}

/// The stored accounts that the pages may mean, but for those that other pages of the file mean, `taken`.
pub(super) fn candidates<'w>(
    world: &'w World<'_>,
    part: &InstitutionPart,
    group: &PageGroup<'_>,
    taken: &[AccountId],
) -> Vec<AccountCandidate<'w>> {
    let page = group.page;
    let mut found = Vec::new();
    for known in world.accounts.iter().filter(|known| !taken.contains(&known.id)) {
        let has_currency = !page.currency_stated || known.currency == page.account.currency;
        if !has_currency && !gives_way(world, known) {
            continue;
        }
        let connection = world.connections.iter().find(|connection| connection.id == known.connection_id);
        let Some(connection) = connection.filter(|connection| crate::providers::is_file_source(connection)) else {
            continue;
        };
        let origin = origin_of(part, connection);
        let closeness = group.number.closeness(&number_of_account(known));
        let is_exact = origin >= InstitutionFit::Unnamed && known.number_identity() == page.account.number_identity();
        let has_digits = group.number.has_digits_of(&number_of_account(known));
        let may_mean = match (origin, closeness) {
            (_, Closeness::Different) if has_digits => true,
            (InstitutionFit::Other | InstitutionFit::Renamed, Closeness::Equal) => group.number.is_unique(),
            (InstitutionFit::Other | InstitutionFit::Renamed, _) => false,
            (InstitutionFit::Unnamed | InstitutionFit::Same, Closeness::Different) => {
                is_exact || are_cards(group, known) || lacks_number(group, known)
            }
            (InstitutionFit::Unnamed | InstitutionFit::Same, _) => true,
        };
        if may_mean {
            let currency = match has_currency {
                is_same if known.currency_assumed && other_currencies(part, group) => {
                    CurrencyFit::OneOfSeveral { is_same }
                }
                true => CurrencyFit::Same,
                false => CurrencyFit::GivesWay,
            };
            let counts = connection.counts();
            found.push(AccountCandidate { known, counts, origin, closeness, has_digits, is_exact, currency });
        }
    }
    found
}

/// Whether the currency of an account is an assumption that a stated one may replace.
fn gives_way(world: &World<'_>, known: &Account) -> bool {
    let merges = world.reader.merges();
    known.currency_assumed && merges.parts(merges.head(known.id)).len() == 1
}

/// Whether the file has the number of these pages in another currency too.
fn other_currencies(part: &InstitutionPart, group: &PageGroup<'_>) -> bool {
    let own = &group.page.account;
    part.accounts.iter().any(|page| {
        let other = &page.account;
        page.currency_stated && other.currency != own.currency && other.number_identity() == own.number_identity()
    })
}

/// Whether one of the two is from a table that names no account, so that numbers can't be compared.
pub(super) fn lacks_number(group: &PageGroup<'_>, known: &Account) -> bool {
    let (own, other) = (&group.page.account.provider_account_id, &known.provider_account_id);
    let is_bare = group.number.is_bare() || number_of_account(known).is_bare();
    own != other && (is_unnamed(own) || is_unnamed(other) || is_bare)
}

/// The only account that has the rows of the pages, where one of the two has no number.
///
/// `others`: accounts that other pages of the file mean.
pub(super) fn by_rows<'w>(
    group: &PageGroup<'_>,
    compared: &[ComparedCandidate<'w>],
    others: &[AccountId],
) -> Option<&'w Account> {
    let same = |one: &&ComparedCandidate<'w>| {
        let known = one.candidate.known;
        !others.contains(&known.id) && lacks_number(group, known) && one.agreement.repeats()
    };
    // Of two accounts with rows alike, the one whose texts are the very same.
    let most = compared.iter().filter(same).map(|one| one.agreement.exact).max()?;
    let mut found = compared.iter().filter(same).filter(|one| one.agreement.exact == most);
    let first = found.next()?.candidate.known;
    found.next().is_none().then_some(first)
}

fn are_cards(group: &PageGroup<'_>, known: &Account) -> bool {
    group.page.account.account_type == AccountType::CreditCard && known.account_type == AccountType::CreditCard
}

/// The institution of a connection, compared with that of a file.
pub(super) fn origin_of(part: &InstitutionPart, connection: &Connection) -> InstitutionFit {
    let identity = &part.identity;
    let by_key = connection.provider == part.provider.slug
        && (connection.institution_key == identity.key || connection.institution.to_ascii_lowercase() == identity.key);
    let stated = &part.institution;
    let is_anonymous = stated.name.is_none() && stated.number.is_none() && stated.register_number.is_none();
    let number = connection.institution_key.rsplit_once('/').map(|(_, number)| number);
    if by_key || connection.institution == identity.name {
        InstitutionFit::Same
    } else if is_anonymous || connection.institution_key.is_empty() {
        InstitutionFit::Unnamed
    } else if number.is_some() && number == stated.number.as_deref().map(str::trim) {
        InstitutionFit::Renamed
    } else {
        InstitutionFit::Other
    }
}

/// The account of exactly this identity, where no comparison of rows is needed: at an institution of this name before one
/// that the file does not name.
pub(super) fn exact<'w>(group: &PageGroup<'_>, candidates: &[AccountCandidate<'w>]) -> Option<&'w Account> {
    let mut exact: Vec<_> = candidates.iter().filter(|one| one.is_exact && one.currency == CurrencyFit::Same).collect();
    exact.sort_by_key(|candidate| Reverse((candidate.counts, candidate.origin)));
    let first = exact.first()?;
    let is_clear = exact.len() == 1 || (first.origin == InstitutionFit::Same && group.page.currency_stated);
    is_clear.then_some(first.known)
}

/// Compares the rows of every candidate with those of the pages.
pub(super) fn compare<'w>(
    world: &World<'_>,
    part: &InstitutionPart,
    group: &PageGroup<'_>,
    candidates: Vec<AccountCandidate<'w>>,
) -> Result<Vec<ComparedCandidate<'w>>, JobFailure> {
    let rows = group.rows(part);
    let mut compared = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        let stored = known_rows(world, candidate.known, group)?;
        let is_one_number =
            candidate.closeness == Closeness::Equal && same_type(&group.page.account, candidate.known.account_type);
        let agreement = if is_one_number {
            RowAgreement::of_one_number(&rows, &stored.compared())
        } else {
            RowAgreement::of(&rows, &stored.compared())
        };
        compared.push(ComparedCandidate { candidate, agreement });
    }
    Ok(compared)
}

/// The account that the pages mean although they name it in another way.
pub(super) fn best<'c, 'w>(
    group: &PageGroup<'_>,
    compared: &'c [ComparedCandidate<'w>],
) -> Option<(&'w Account, &'c ComparedCandidate<'w>)> {
    let is_masked = |ComparedCandidate { candidate, .. }: &&ComparedCandidate<'_>| {
        candidate.closeness == Closeness::Masked && candidate.origin >= InstitutionFit::Unnamed
    };
    let is_only = compared.iter().filter(is_masked).count() == 1;
    let meant = compared.iter().filter(|compared| means(group, compared, is_only));
    let best = meant.max_by_key(|ComparedCandidate { candidate, agreement }| {
        (
            agreement.rank(),
            candidate.currency.is_same(),
            candidate.counts,
            candidate.origin,
            Reverse(candidate.known.id),
        )
    })?;
    Some((best.candidate.known, best))
}

/// Whether pages mean a known account.
fn means(group: &PageGroup<'_>, compared: &ComparedCandidate<'_>, is_only: bool) -> bool {
    /// Rows that must be missing before the same number in another form counts as another account.
    const CONTRADICTING: usize = 2;
    let ComparedCandidate { candidate, agreement } = compared;
    let (draft, known) = (&group.page.account, candidate.known);
    let same_type = same_type(draft, known.account_type);
    let kindred = same_type || (is_deposit(draft.account_type) && is_deposit(known.account_type));
    match candidate.closeness {
        _ if candidate.currency == (CurrencyFit::OneOfSeveral { is_same: false }) => {
            agreement.found >= 1 && agreement.agrees()
        }
        _ if candidate.is_exact && candidate.currency != CurrencyFit::Same => !agreement.contradicts(1),
        _ if candidate.is_exact => !agreement.contradicts(CONTRADICTING),
        Closeness::Equal if same_type && candidate.origin != InstitutionFit::Other => {
            !agreement.contradicts(CONTRADICTING)
        }
        // A card may be written as a line of credit.
        Closeness::Equal if group.number.is_unique() => agreement.agrees(),
        // A missing type reads as checking; members of credit unions have several accounts under one number.
        Closeness::Equal | Closeness::Masked if kindred => {
            // Without rows in common, the only account that the mask fits; the caller warns.
            let is_only_mask = candidate.closeness == Closeness::Masked && same_type && is_only;
            agreement.agrees() || (is_only_mask && !agreement.contradicts(1))
        }
        // The same number under another code of the bank.
        Closeness::Different if candidate.has_digits && agreement.repeats() => true,
        // A replaced card lists the rows of its predecessor.
        Closeness::Different => are_cards(group, known) && agreement.continues(),
        // A table without a word for its kind reads as checking.
        Closeness::Equal | Closeness::Masked => agreement.repeats(),
    }
}

/// The warning about rows of a known card that another card has: a replaced card may list rows of its predecessor at any time.
pub(super) fn in_other_card(
    world: &World<'_>,
    part: &InstitutionPart,
    group: &PageGroup<'_>,
    own: &Account,
    candidates: &[AccountCandidate<'_>],
) -> Result<Option<Warning>, JobFailure> {
    let others = || candidates.iter().filter(|other| other.known.id != own.id && are_cards(group, other.known));
    if others().next().is_none() {
        return Ok(None);
    }
    let new = group.rows(part).without(&known_rows(world, own, group)?.compared());
    let mut doubled: Option<(usize, &Account)> = None;
    for other in others() {
        let found = RowAgreement::of(&new, &known_rows(world, other.known, group)?.compared()).found;
        if found >= 2 && doubled.is_none_or(|(most, _)| found > most) {
            doubled = Some((found, other.known));
        }
    }
    Ok(doubled.map(|(found, other)| {
        let message = format!(
            "{found} of {} rows of {} are in {} already: if one card replaced the other, they count twice until `dashtam merge` \
             joins the two",
            group.drafts.len(),
            own.display_name(),
            other.display_name()
        );
        Warning::new(0, message)
    }))
}

/// The warning about a new account that may be a known one.
pub(super) fn looks_like(
    world: &World<'_>,
    group: &PageGroup<'_>,
    compared: &[ComparedCandidate<'_>],
) -> Result<Option<Warning>, JobFailure> {
    let draft = &group.page.account;
    // Two rows in common are no accident, nor is one under a number that looks the same.
    let is_likely = |one: &&ComparedCandidate<'_>| {
        let is_close = one.agreement.agrees() || one.candidate.closeness > Closeness::Different;
        one.agreement.found >= 2 || (one.agreement.found == 1 && is_close)
    };
    let same_rows = compared.iter().filter(is_likely).max_by_key(|one| one.agreement.found);
    let same_rows = match same_rows {
        Some(one) => Some((one.candidate.known.display_name().to_owned(), one.agreement.found)),
        None => elsewhere(world, group)?,
    };
    let number = text::mask_number(&draft.number);
    let message = if let Some((name, found)) = same_rows {
        format!(
            "{found} of {} rows of the new account {number} are in {name} already: if it is the same account, its rows and \
             its balance count twice until `dashtam merge` joins the two",
            group.drafts.len(),
        )
    } else {
        let same_number = compared.iter().find(|ComparedCandidate { candidate, .. }| {
            candidate.closeness == Closeness::Equal && same_type(draft, candidate.known.account_type)
        });
        let Some(ComparedCandidate { candidate: AccountCandidate { known, .. }, .. }) = same_number else {
            return Ok(None);
        };
        format!(
            "the new account {number} has the number of {} but other rows: if it is the same account, its balance counts \
             twice until `dashtam merge` joins the two",
            known.display_name()
        )
    };
    Ok(Some(Warning::new(0, message)))
}

/// An account of any institution that has most of these rows, and how many. Looks at some rows only.
fn elsewhere(world: &World<'_>, group: &PageGroup<'_>) -> Result<Option<(String, usize)>, JobFailure> {
    const SAMPLE: usize = 40;
    let drafts = &group.drafts;
    let step = drafts.len().div_ceil(SAMPLE).max(1);
    let sample: Vec<&TransactionDraft> = drafts.iter().step_by(step).copied().collect();
    for known in world.accounts.iter().filter(|known| known.currency == group.page.account.currency) {
        let mut found = 0;
        for draft in &sample {
            let day = draft.facts.date;
            let rows = rows_between(world, known, day, day)?;
            let one = ComparedRows { rows: vec![&draft.facts], ..ComparedRows::default() };
            let others = ComparedRows { rows: rows.iter().map(|row| &row.facts).collect(), ..ComparedRows::default() };
            found += RowAgreement::of(&one, &others).found;
        }
        let least = if sample.len() < 3 { sample.len() } else { 2 };
        if found >= least.max(1) && found * 2 > sample.len() {
            let found = if step == 1 { found } else { drafts.len() * found / sample.len() };
            return Ok(Some((known.display_name().to_owned(), found)));
        }
    }
    Ok(None)
}
