//! Both sides of a search for accounts: the pages of a file, and the stored and planned accounts.
//!
//! Used by `candidate` and `target`. INVARIANT: reads only.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{
    evidence::{ComparedRows, CoveredDays},
    number::AccountNumber,
    planned::PlannedRows,
    read::InstitutionPart,
};
use crate::{
    domain::{Account, AccountCategory, AccountDraft, AccountType, Connection, Transaction, TransactionDraft},
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

/// The pages of one account of a file.
pub(super) struct PageGroup<'a> {
    pub(super) pages: &'a [usize],
    /// The first of them.
    pub(super) page: &'a StatementAccount,
    pub(super) drafts: Vec<&'a TransactionDraft>,
    pub(super) number: AccountNumber,
}

impl<'a> PageGroup<'a> {
    pub(super) fn of(part: &'a InstitutionPart, pages: &'a [usize]) -> Self {
        let page = &part.accounts[pages[0]];
        let drafts = pages.iter().flat_map(|page| &part.accounts[*page].transactions).collect();
        Self { pages, page, drafts, number: number_of(&page.account) }
    }

    /// Its rows, days and balance.
    pub(super) fn rows(&self, part: &'a InstitutionPart) -> ComparedRows<'a> {
        let pages = || self.pages.iter().map(|page| &part.accounts[*page]);
        let days = |page: &StatementAccount| {
            let days = || page.transactions.iter().map(|draft| draft.facts.date);
            page.period.or_else(|| days().min().zip(days().max()))
        };
        ComparedRows {
            rows: pages().flat_map(|page| &page.transactions).map(|draft| &draft.facts).collect(),
            periods: pages().filter_map(days).collect(),
            closing: pages().filter_map(closing_of).max_by_key(|(day, _)| *day),
        }
    }
}

/// The booked balance of a page.
fn closing_of(page: &StatementAccount) -> Option<(NaiveDate, Decimal)> {
    let stated = page.closing.map(|closing| (closing.date, closing.amount));
    stated.or_else(|| page.account.balance.map(|balance| (balance.date, balance.current)))
}

pub(super) fn number_of(draft: &AccountDraft) -> AccountNumber {
    AccountNumber::of(&draft.provider_account_id, draft.currency)
}

pub(super) fn number_of_account(known: &Account) -> AccountNumber {
    AccountNumber::of(&known.provider_account_id, known.currency)
}

pub(super) fn is_deposit(account_type: AccountType) -> bool {
    account_type.category() == AccountCategory::Banking || account_type == AccountType::Other
}

pub(super) fn same_type(draft: &AccountDraft, known: AccountType) -> bool {
    draft.account_type == known
        || draft.account_type == AccountType::Other
        || matches!(
            (draft.account_type, known),
            (AccountType::Savings, AccountType::MoneyMarket) | (AccountType::MoneyMarket, AccountType::Savings)
        )
}

/// Rows of a stored account.
pub(super) struct KnownRows {
    rows: Vec<Transaction>,
    periods: Vec<CoveredDays>,
    closing: Option<(NaiveDate, Decimal)>,
}

impl KnownRows {
    pub(super) fn compared(&self) -> ComparedRows<'_> {
        ComparedRows {
            rows: self.rows.iter().map(|row| &row.facts).collect(),
            periods: self.periods.clone(),
            closing: self.closing,
        }
    }
}

/// Rows of the account from the first day of the drafts on, with the days and the balance of its earlier listings.
pub(super) fn known_rows(world: &World<'_>, known: &Account, source: &PageGroup<'_>) -> Result<KnownRows, JobFailure> {
    let days = || source.drafts.iter().map(|draft| draft.facts.date);
    let stated = source.page.period;
    let first = days().chain(stated.map(|(first, _)| first)).min();
    let last = days().chain(stated.map(|(_, last)| last)).max();
    let Some((first, last)) = first.zip(last) else {
        return Ok(KnownRows { rows: Vec::new(), periods: Vec::new(), closing: None });
    };
    let learned = match world.overlay.learned(known.id) {
        Some(learned) => learned.clone(),
        None => account::read_learned(world.reader, known)?,
    };
    let mut periods: Vec<CoveredDays> = learned.periods().collect();
    let last = periods.iter().map(|(_, to)| *to).chain([last]).max().unwrap_or(last);
    let rows = rows_between(world, known, first, last)?;
    if periods.is_empty() {
        let days = || rows.iter().map(|row| row.facts.date);
        periods.extend(days().min().zip(days().max()));
    }
    Ok(KnownRows { rows, periods, closing: learned.closing() })
}

pub(super) fn rows_between(
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
