//! The accounts that the pages of a file mean.
//!
//! An account is known by its identity at the institution; by a name under which an earlier file was put into it; by its
//! number in another form, where the rows don't contradict; by a masked number or another type, where the rows agree; a card
//! also by the rows of its predecessor. INVARIANT: plans only; a number alone never overrules rows.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::{
    number::{AccountNumber, Closeness},
    plan::PlannedRows,
    read::InstitutionPart,
};
use crate::{
    domain::{
        Account, AccountCategory, AccountDraft, AccountType, Connection, Transaction, TransactionDraft, Warning, text,
    },
    statements::StatementAccount,
    store::Reader,
    sync::{JobFailure, account},
};

/// Everything that a file is compared with.
pub(super) struct World<'a> {
    pub(super) reader: &'a Reader,
    pub(super) overlay: &'a PlannedRows,
    /// Stored accounts, then those that earlier files of the same review will have made.
    pub(super) accounts: Vec<Account>,
    pub(super) connections: Vec<Connection>,
}

/// An account that pages of a file mean.
pub(super) struct ImportTarget {
    /// `None`: a new one.
    pub(super) account: Option<Account>,
    /// Positions in [`InstitutionPart::accounts`].
    pub(super) pages: Vec<usize>,
    /// Names of the source that the account doesn't have yet.
    pub(super) new_names: Vec<String>,
    /// Reasons to look at the result.
    pub(super) warnings: Vec<Warning>,
}

/// How the rows of a source agree with those of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Agreement {
    /// Rows of the source on days of which the account has rows.
    compared: usize,
    /// Those that the account has.
    found: usize,
    /// The source has later rows than the account.
    goes_on: bool,
}

impl Agreement {
    fn agrees(self) -> bool {
        self.found >= 1 && self.found * 2 >= self.compared
    }

    fn contradicts(self) -> bool {
        self.compared >= 1 && !self.agrees()
    }

    /// The source continues the account: it repeats its rows, too many for an accident, and goes on after them.
    fn continues(self) -> bool {
        self.goes_on && self.found >= 3 && self.found * 10 >= self.compared * 9
    }
}

/// The name of an account in a source.
pub(super) fn source_name(part: &InstitutionPart, page: &StatementAccount) -> String {
    let draft = &page.account;
    let currency = if page.currency_stated { draft.currency.to_string() } else { String::new() };
    [part.provider.slug, &part.identity.key, &draft.provider_account_id, &currency].join("\u{1f}")
}

/// Finds the account of every page.
pub(super) fn targets(world: &World<'_>, part: &InstitutionPart) -> Result<Vec<ImportTarget>, JobFailure> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut places: HashMap<(&str, Option<crate::domain::AssetCode>), usize> = HashMap::new();
    for (index, page) in part.accounts.iter().enumerate() {
        let currency = page.currency_stated.then_some(page.account.currency);
        let group = *places.entry((&page.account.provider_account_id, currency)).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[group].push(index);
    }
    groups.sort_by_key(|pages| pages.iter().filter_map(|page| part.accounts[*page].period).min());
    let names = source_names(world)?;
    let mut targets: Vec<ImportTarget> = Vec::new();
    for pages in groups {
        let page = &part.accounts[pages[0]];
        let drafts: Vec<&TransactionDraft> = pages.iter().flat_map(|page| &part.accounts[*page].transactions).collect();
        if let Some(target) = same_in_file(part, &targets, page, &drafts) {
            let name = source_name(part, page);
            targets[target].pages.extend(pages);
            targets[target].new_names.push(name);
            continue;
        }
        targets.push(target(world, part, &names, page, &pages, &drafts)?);
    }
    Ok(targets)
}

/// A new account of the same file that the page is about too, under its number in another form.
fn same_in_file(
    part: &InstitutionPart,
    targets: &[ImportTarget],
    page: &StatementAccount,
    drafts: &[&TransactionDraft],
) -> Option<usize> {
    let number = number_of(&page.account);
    targets.iter().position(|target| {
        let Some(first) = target.pages.first().map(|page| &part.accounts[*page]) else { return false };
        let currencies = first.account.currency == page.account.currency || !page.currency_stated;
        let rows = target.pages.iter().flat_map(|page| &part.accounts[*page].transactions);
        let agreement = agreement(drafts, rows.map(|draft| &draft.facts));
        let close = number.closeness(&number_of(&first.account));
        target.account.is_none()
            && currencies
            && close > Closeness::Different
            && (agreement.agrees()
                || close == Closeness::Equal
                    && same_type(&page.account, first.account.account_type)
                    && !agreement.contradicts())
    })
}

fn number_of(draft: &AccountDraft) -> AccountNumber {
    AccountNumber::of(&draft.provider_account_id, draft.currency)
}

fn number_of_account(known: &Account) -> AccountNumber {
    AccountNumber::of(&known.provider_account_id, known.currency)
}

/// The account of every name that a source has for it.
fn source_names(world: &World<'_>) -> Result<HashMap<String, usize>, JobFailure> {
    let mut names = HashMap::new();
    for (index, known) in world.accounts.iter().enumerate() {
        for name in account::source_names(world.reader, known)? {
            names.insert(name, index);
        }
    }
    Ok(names)
}

fn target(
    world: &World<'_>,
    part: &InstitutionPart,
    names: &HashMap<String, usize>,
    page: &StatementAccount,
    pages: &[usize],
    drafts: &[&TransactionDraft],
) -> Result<ImportTarget, JobFailure> {
    let found = |account: Account| ImportTarget {
        account: Some(account),
        pages: pages.to_vec(),
        new_names: vec![],
        warnings: vec![],
    };
    let name = source_name(part, page);
    if let Some(index) = names.get(&name) {
        return Ok(found(world.accounts[*index].clone()));
    }
    let draft = &page.account;
    let has_currency = |known: &Account| !page.currency_stated || known.currency == draft.currency;
    let candidates: Vec<(&Account, (bool, bool))> = world
        .accounts
        .iter()
        .filter(|known| has_currency(known))
        .filter_map(|known| {
            let connection = world.connections.iter().find(|connection| connection.id == known.connection_id)?;
            let is_its_institution = may_hold(part, connection)?;
            Some((known, (connection.counts(), is_its_institution)))
        })
        .collect();
    // The identity itself, at an institution of this name before one that the file does not name.
    let is_exact = |known: &Account| known.provider_account_id == draft.provider_account_id;
    let mut exact: Vec<_> = candidates.iter().filter(|(known, _)| is_exact(known)).collect();
    exact.sort_by_key(|(_, rank)| std::cmp::Reverse(*rank));
    if let Some((known, (_, is_its_institution))) = exact.first()
        && (*is_its_institution || exact.len() == 1)
    {
        return Ok(found((*known).clone()));
    }
    let mut other = None;
    let number = number_of(draft);
    let is_masked = |known: &Account| number.closeness(&number_of_account(known)) == Closeness::Masked;
    let is_only = candidates.iter().filter(|(known, _)| is_masked(known)).count() == 1;
    for (known, _) in &candidates {
        let rows = rows_near(world, known, drafts)?;
        let agreement = agreement(drafts, rows.iter().map(|row| &row.facts));
        if means(page, known, agreement, is_only) {
            let mut target = found((*known).clone());
            target.new_names.push(name);
            let is_proven = agreement.agrees();
            if !is_proven {
                target.warnings.push(Warning::new(0, format!(
                    "account {} was taken for {} because the number differs only in its form and no row contradicts",
                    text::mask_number(&draft.number),
                    known.display_name()
                )));
            }
            return Ok(target);
        }
        if agreement.found >= 1 && agreement.agrees() {
            other.get_or_insert((known.display_name().to_owned(), agreement));
        }
    }
    let mut target = ImportTarget { account: None, pages: pages.to_vec(), new_names: vec![], warnings: vec![] };
    let other = match other {
        Some(other) => Some(other),
        None => elsewhere(world, page, drafts)?,
    };
    if let Some((name, Agreement { found, .. })) = other {
        target.warnings.push(Warning::new(0, format!(
            "{found} of {} rows of the new account {} are in {name} already: if it is the same account, its rows and its \
             balance count twice until `dashtam merge` joins the two",
            drafts.len(),
            text::mask_number(&draft.number),
        )));
    }
    Ok(target)
}

/// Whether a connection may hold the accounts of a file; `true`: it is of the file's institution by name or key.
fn may_hold(part: &InstitutionPart, connection: &Connection) -> Option<bool> {
    if !crate::providers::is_file_source(connection) {
        return None;
    }
    let identity = &part.identity;
    let by_key = connection.provider == part.provider.slug
        && (connection.institution_key == identity.key || connection.institution.to_ascii_lowercase() == identity.key);
    let said = &part.institution;
    let is_anonymous = said.name.is_none() && said.number.is_none() && said.register_number.is_none();
    match (by_key || connection.institution == identity.name, is_anonymous) {
        (true, _) => Some(true),
        (false, true) => Some(false),
        (false, false) => None,
    }
}

fn is_deposit(account_type: AccountType) -> bool {
    account_type.category() == AccountCategory::Banking || account_type == AccountType::Other
}

fn same_type(draft: &AccountDraft, known: AccountType) -> bool {
    draft.account_type == known
        || draft.account_type == AccountType::Other
        || matches!(
            (draft.account_type, known),
            (AccountType::Savings, AccountType::MoneyMarket) | (AccountType::MoneyMarket, AccountType::Savings)
        )
}

/// Whether a page means a known account although it names it in another way.
fn means(page: &StatementAccount, known: &Account, agreement: Agreement, is_only: bool) -> bool {
    let draft = &page.account;
    let close = number_of(draft).closeness(&number_of_account(known));
    let same_type = same_type(draft, known.account_type);
    let kindred = same_type || (is_deposit(draft.account_type) && is_deposit(known.account_type));
    match close {
        Closeness::Equal if same_type => !agreement.contradicts(),
        // A missing type reads as checking; members of credit unions have several accounts under one number.
        Closeness::Equal | Closeness::Masked if kindred => {
            // Without rows in common, the only account that the mask fits; the caller warns.
            agreement.agrees() || (close == Closeness::Masked && same_type && is_only && agreement.compared == 0)
        }
        // A replaced card lists the rows of its predecessor.
        Closeness::Different => {
            draft.account_type == AccountType::CreditCard
                && known.account_type == AccountType::CreditCard
                && agreement.continues()
        }
        Closeness::Equal | Closeness::Masked => false,
    }
}

/// An account of any institution that has most of these rows. Looks at some rows only.
fn elsewhere(
    world: &World<'_>,
    page: &StatementAccount,
    drafts: &[&TransactionDraft],
) -> Result<Option<(String, Agreement)>, JobFailure> {
    const SAMPLE: usize = 40;
    let step = drafts.len().div_ceil(SAMPLE).max(1);
    let sample: Vec<&TransactionDraft> = drafts.iter().step_by(step).copied().collect();
    for known in world.accounts.iter().filter(|known| known.currency == page.account.currency) {
        let mut found = 0;
        for draft in &sample {
            let day = draft.facts.date;
            let rows = rows_between(world, known, day, day)?;
            found += agreement(&[draft], rows.iter().map(|row| &row.facts)).found;
        }
        let agreement = Agreement { compared: sample.len(), found, goes_on: false };
        let least = if sample.len() < 3 { sample.len() } else { 2 };
        if found >= least.max(1) && found * 2 > sample.len() {
            let found = if step == 1 { found } else { drafts.len() * found / sample.len() };
            return Ok(Some((known.display_name().to_owned(), Agreement { found, ..agreement })));
        }
    }
    Ok(None)
}

/// Rows of the account on the days of the drafts, and a few days around.
fn rows_near(world: &World<'_>, known: &Account, drafts: &[&TransactionDraft]) -> Result<Vec<Transaction>, JobFailure> {
    let days = || drafts.iter().map(|draft| draft.facts.date);
    let (Some(first), Some(last)) = (days().min(), days().max()) else { return Ok(Vec::new()) };
    rows_between(world, known, first, last)
}

fn rows_between(
    world: &World<'_>,
    known: &Account,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<Transaction>, JobFailure> {
    let mut rows = if world.overlay.is_planned(known.id) {
        Vec::new()
    } else {
        world.reader.source_rows_between(known.id, from, to)?
    };
    let planned = world.overlay.rows_of(known.id).iter();
    rows.extend(planned.filter(|row| from <= row.facts.date && row.facts.date <= to).cloned());
    Ok(rows)
}

/// Counts the drafts that are among `rows`, of those on the days that both have.
fn agreement<'f>(
    drafts: &[&TransactionDraft],
    rows: impl Iterator<Item = &'f crate::domain::TransactionFacts>,
) -> Agreement {
    let key = |facts: &crate::domain::TransactionFacts| (facts.date, facts.amount.normalize());
    let mut known: HashMap<_, Vec<&crate::domain::TransactionFacts>> = HashMap::new();
    let mut days: Option<(NaiveDate, NaiveDate)> = None;
    for facts in rows {
        days =
            Some(days.map_or((facts.date, facts.date), |(first, last)| (first.min(facts.date), last.max(facts.date))));
        known.entry(key(facts)).or_default().push(facts);
    }
    let Some((first, last)) = days else { return Agreement::default() };
    let goes_on = drafts.iter().any(|draft| draft.facts.date > last);
    let mut agreement = Agreement { goes_on, ..Agreement::default() };
    for draft in drafts.iter().filter(|draft| first <= draft.facts.date && draft.facts.date <= last) {
        agreement.compared += 1;
        let Some(same) = known.get_mut(&key(&draft.facts)) else { continue };
        let letters = text::skeleton(draft.facts.description());
        let place = same.iter().position(|facts| {
            let ids = facts.provider_id.is_some() && facts.provider_id == draft.facts.provider_id;
            ids || text::skeleton(facts.description()) == letters
        });
        if let Some(place) = place {
            same.swap_remove(place);
            agreement.found += 1;
        }
    }
    agreement
}
