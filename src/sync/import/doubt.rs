//! The account of pages that have no number in common with it, where few rows are evidence: one account, or a question.
//!
//! Used by `target`. INVARIANT: plans only; an account is taken without a question only where both sides have the very same
//! rows and no others in the months around them.

use chrono::{Days, NaiveDate};

use super::{
    candidate::{InstitutionFit, lacks_number, origin_of},
    evidence::{ComparedRows, RowAgreement},
    layouts::is_unnamed,
    read::{InstitutionPart, ParsedFile},
    world::{PageGroup, World, known_rows, number_of, number_of_account, rows_between},
};
use crate::{
    domain::{
        Account, AccountDraft, AccountId, AssetCode, FailureKind, Transaction, TransactionFacts, TransactionStatus,
        TransactionSubtype, TransactionType, text,
    },
    statements::{Question, QuestionOption},
    sync::{ImportOptions, JobFailure},
};

/// The answer that makes an account.
pub(super) const NEW: &str = "new";
/// Rows of a source that are compared with accounts of other institutions.
const MOST_ROWS: usize = 500;
/// Most rows that are compared one by one; of more rows alike, [`RowAgreement::repeats`] is evidence enough.
const FEW_ROWS: usize = 8;
/// Rows that an option shows.
const MOST_SHOWN: usize = 3;

/// The answers for one file, and the names of its questions.
#[derive(Clone, Copy)]
pub(super) struct Asking<'a> {
    pub(super) options: &'a ImportOptions,
    /// The file's name for people.
    pub(super) file: &'a str,
    /// The file's prefix of question ids, where several files are imported together.
    pub(super) scope: Option<&'a str>,
    /// Whether the file has pages of several accounts.
    pub(super) has_several: bool,
    /// Pages of the file before those of the part.
    pub(super) pages_before: usize,
}

/// The account that pages mean.
pub(super) enum Meant<'w> {
    /// The user chose it.
    Chosen(&'w Account),
    /// Its rows are the very same.
    Same(&'w Account),
    /// A new one, by choice or because no account has the rows.
    New,
}

/// An account that may be meant.
struct Suspect<'w> {
    known: &'w Account,
    /// The only difference between both sides is the name of the account.
    is_same: bool,
    found: usize,
}

impl<'a> Asking<'a> {
    /// The id of the question about the account of these pages.
    fn id(&self, group: &PageGroup<'_>) -> String {
        let plain = if self.has_several {
            format!("account-{}", self.pages_before + group.pages[0] + 1)
        } else {
            "account".to_owned()
        };
        self.scope.map_or_else(|| plain.clone(), |scope| format!("{scope}:{plain}"))
    }

    fn value(&self, group: &PageGroup<'_>) -> Option<&'a str> {
        let answers = &self.options.answers;
        answers.get(&self.id(group)).or_else(|| answers.get("account"))
    }

    /// The account chosen for pages that name none; `New` for a name that no account has.
    pub(super) fn chosen<'w>(
        &self,
        world: &'w World<'_>,
        group: &PageGroup<'_>,
    ) -> Result<Option<Meant<'w>>, JobFailure> {
        let Some(value) = self.value(group) else {
            return Ok(self.options.account_name.as_ref().map(|_| Meant::New));
        };
        if value == NEW {
            return Ok(Some(Meant::New));
        }
        let by_id = |known: &&Account| !world.overlay.is_planned(known.id) && known.id.to_string() == value;
        let wanted = text::fold(value);
        let by_name = || world.accounts.iter().filter(|known| text::fold(known.display_name()) == wanted);
        let known = match world.accounts.iter().find(by_id) {
            Some(known) => known,
            None => match (by_name().next(), by_name().nth(1)) {
                (None, _) => return Ok(Some(Meant::New)),
                (Some(known), None) => known,
                (Some(_), Some(_)) => {
                    let message = format!("{}: several accounts are called `{}`", self.file, text::clean(value));
                    return Err(JobFailure::new(FailureKind::Ambiguous, message)
                        .with_hint("name the account by its id, as `dashtam accounts` lists it"));
                }
            },
        };
        if !fits(world, group, known) {
            let message = format!(
                "{}: its rows are in {}, but account {} is in {}",
                self.file,
                group.page.account.currency,
                known.display_name(),
                known.currency
            );
            return Err(JobFailure::new(FailureKind::Validation, message).with_hint("name an account in that currency"));
        }
        Ok(Some(Meant::Chosen(known)))
    }
}

/// Whether an account of the file has no number, so that the file may ask for it.
pub(super) fn may_ask(parsed: &ParsedFile) -> bool {
    let is_bare = |draft: &AccountDraft| is_unnamed(&draft.provider_account_id) || number_of(draft).is_bare();
    parsed.accounts().any(|page| is_bare(&page.account))
}

/// Whether an account has no number, so that files with a number may ask for it.
pub(super) fn any_bare(known: &[Account]) -> bool {
    known.iter().any(|known| is_unnamed(&known.provider_account_id) || number_of_account(known).is_bare())
}

/// A question as the failure of a file.
pub(super) fn open(file: &str, question: Question) -> JobFailure {
    JobFailure::new(FailureKind::Question, format!("{file}: {}", question.text))
        .with_hint(format!("answer with `--answer {}=VALUE`; nothing was written", question.id))
        .with_question(question)
}

/// The account that has the rows of pages without a number, or of whose rows the pages have all. `excluded`: accounts that
/// other pages of the file mean.
pub(super) fn resolve<'w>(
    world: &'w World<'_>,
    part: &InstitutionPart,
    group: &PageGroup<'_>,
    asking: &Asking<'_>,
    excluded: &[AccountId],
) -> Result<Meant<'w>, JobFailure> {
    let mut suspects: Vec<Suspect<'w>> = Vec::new();
    for known in world.accounts.iter().filter(|known| known.is_active && !excluded.contains(&known.id)) {
        if let Some(suspect) = suspect(world, part, group, known)? {
            suspects.push(suspect);
        }
    }
    match suspects.as_slice() {
        [] => Ok(Meant::New),
        suspects => match (asking.chosen(world, group)?, suspects) {
            (Some(chosen), _) => Ok(chosen),
            (None, [only]) if only.is_same => Ok(Meant::Same(only.known)),
            (None, _) => Err(open(asking.file, question(world, group, asking.id(group), suspects)?)),
        },
    }
}

/// Whether the account is in the currency of the pages, as far as both state one.
fn fits(world: &World<'_>, group: &PageGroup<'_>, known: &Account) -> bool {
    let page = group.page;
    let is_free = known.currency_assumed && !world.reader.merges().parts(known.id).iter().any(|part| *part != known.id);
    !page.currency_stated || known.currency == page.account.currency || is_free
}

fn suspect<'w>(
    world: &World<'_>,
    part: &InstitutionPart,
    group: &PageGroup<'_>,
    known: &'w Account,
) -> Result<Option<Suspect<'w>>, JobFailure> {
    let connection = world.connections.iter().find(|connection| connection.id == known.connection_id);
    let Some(connection) = connection.filter(|connection| connection.counts()) else { return Ok(None) };
    if !fits(world, group, known) || !lacks_number(group, known) || group.drafts.len() > MOST_ROWS {
        return Ok(None);
    }
    let (source, stored) = (group.rows(part), known_rows(world, known, group)?);
    let stored = stored.compared();
    let alike = RowAgreement::of(&source, &stored);
    let by_amount = RowAgreement::of_one_number(&source, &stored);
    if by_amount.found == 0 {
        return Ok(None);
    }
    let around = rows_around(world, known, group)?;
    let is_foreign = origin_of(part, connection) == InstitutionFit::Other;
    let is_all = by_amount.is_all() || by_amount.found == around.len();
    if !alike.overlaps() && (is_foreign || !is_all) {
        return Ok(None);
    }
    let own: Vec<&TransactionFacts> = source.settled().filter(|facts| facts.currency == known.currency).collect();
    let has_twin = |facts: &&TransactionFacts| around.iter().any(|row| are_one(facts, &row.facts));
    let is_same = !is_foreign
        && own.len() <= FEW_ROWS
        && own.len() == around.len()
        && by_amount.found == around.len()
        && own.iter().all(has_twin);
    Ok(Some(Suspect { known, is_same, found: by_amount.found }))
}

/// Settled rows of the account from a month before the pages to a month after them.
fn rows_around(world: &World<'_>, known: &Account, group: &PageGroup<'_>) -> Result<Vec<Transaction>, JobFailure> {
    const MONTH: Days = Days::new(31);
    let days = || group.drafts.iter().map(|draft| draft.facts.date);
    let Some((first, last)) = days().min().zip(days().max()) else { return Ok(Vec::new()) };
    let first = first.checked_sub_days(MONTH).unwrap_or(NaiveDate::MIN);
    let last = last.checked_add_days(MONTH).unwrap_or(NaiveDate::MAX);
    let mut rows = rows_between(world, known, first, last)?;
    // A list in one currency lacks the rows of another.
    let has_currency =
        |facts: &TransactionFacts| group.drafts.iter().any(|draft| draft.facts.currency == facts.currency);
    rows.retain(|row| row.facts.status == TransactionStatus::Settled && has_currency(&row.facts));
    Ok(rows)
}

/// Whether two rows of one day and amount are one because of a text of both. A bank writes fees, taxes and interest into
/// several accounts alike.
fn are_one(one: &TransactionFacts, other: &TransactionFacts) -> bool {
    const LEAST_LETTERS: usize = 4;
    let is_common = |facts: &TransactionFacts| {
        matches!(facts.kind.transaction_type(), TransactionType::Fee | TransactionType::Tax)
            || facts.kind.subtype() == TransactionSubtype::Interest
    };
    let texts = |facts: &TransactionFacts| {
        let all = [Some(facts.description()), facts.payee.as_deref(), facts.memo.as_deref()];
        let texts = all.into_iter().flatten().map(text::skeleton);
        texts.filter(|text| text.chars().filter(|letter| letter.is_alphabetic()).count() >= LEAST_LETTERS).collect()
    };
    let (left, right): (Vec<_>, Vec<_>) = (texts(one), texts(other));
    one.date == other.date
        && one.amount == other.amount
        && !is_common(one)
        && !is_common(other)
        && left.iter().any(|text| right.contains(text))
}

fn question(
    world: &World<'_>,
    group: &PageGroup<'_>,
    id: String,
    suspects: &[Suspect<'_>],
) -> Result<Question, JobFailure> {
    let rows = group.drafts.len();
    let mut options = Vec::with_capacity(suspects.len() + 1);
    let place = |known: &Account| {
        let connection = world.connections.iter().find(|connection| connection.id == known.connection_id);
        connection.map_or_else(String::new, |connection| format!(" at {}", connection.display_name()))
    };
    for Suspect { known, found, .. } in suspects {
        let value =
            if world.overlay.is_planned(known.id) { known.display_name().to_owned() } else { known.id.to_string() };
        let mut preview = vec![format!("{found} of {rows} rows are there by day and amount")];
        let stored = known_rows(world, known, group)?;
        preview.extend(shown(&stored.compared(), group).into_iter().map(|row| format!("there: {row}")));
        options.push(QuestionOption { value, label: format!("{}{}", known.label(), place(known)), preview });
    }
    let mut preview = vec![format!("{rows} of {rows} rows added, beside those of the other account")];
    let drafts = group.drafts.iter().take(MOST_SHOWN - 1).map(|draft| format!("added: {}", line(&draft.facts)));
    preview.extend(drafts);
    options.push(QuestionOption { value: NEW.to_owned(), label: "a new account".to_owned(), preview });
    let number = text::mask_number(&group.page.account.number);
    let subject =
        if group.page.account.number.is_empty() { "these rows".to_owned() } else { format!("the rows of {number}") };
    Ok(Question {
        id,
        text: format!(
            "Which account are {subject} of? An account has rows of the same day and amount, but no number shows that it is the same."
        ),
        options,
        ..Question::default()
    })
}

/// Rows of the account that the pages have too.
fn shown(stored: &ComparedRows<'_>, group: &PageGroup<'_>) -> Vec<String> {
    let is_listed = |facts: &&&TransactionFacts| {
        group.drafts.iter().any(|draft| draft.facts.date == facts.date && draft.facts.amount == facts.amount)
    };
    stored.rows.iter().filter(is_listed).take(MOST_SHOWN - 1).map(|facts| line(facts)).collect()
}

fn line(facts: &TransactionFacts) -> String {
    let currency: AssetCode = facts.currency;
    format!("{} {} {currency} {}", facts.date, facts.amount, text::clean(facts.description()))
}
