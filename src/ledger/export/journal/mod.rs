//! Journals of ledger, hledger and beancount: every row as a balanced entry, the oldest first.
//!
//! A journal of whole accounts also has opening balances, stated balances that the tool verifies, lots with their cost, and
//! prices. Rows selected by a query have none of these. Pending rows, which no balance counts yet, are comments.
//!
//! INVARIANT: every entry balances in its tool; no two accounts or commodities share a name.

mod entry;
mod lots;
mod movement;
mod names;
mod plan;
mod text;
mod write;

use std::{
    collections::{HashMap, HashSet},
    io::{self, Write},
};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use self::{
    entry::Entry,
    lots::Lots,
    movement::Movement,
    names::Names,
    plan::{Check, Opening, PlannedDay, PositionKey},
    write::Assertion,
};
pub(super) use self::{plan::JournalPlan, text::JournalTool};
use crate::{
    domain::{Account, AccountId, AssetCode, TransactionStatus, figures::at_scale_of},
    ledger::{LedgerEntry, daily::moves_balance},
};

/// Writes a journal.
#[derive(Debug)]
pub(super) struct Journal<W> {
    dialect: JournalTool,
    names: Names,
    out: W,
    /// Names of accounts that are declared.
    opened: HashSet<String>,
    /// Names of commodities that are declared.
    declared: HashSet<String>,
    /// Names of accounts with lots of both signs.
    shorts: HashSet<String>,
    /// Digits after the point to show of some commodities.
    digits: HashMap<String, u32>,
    /// Tags that are declared.
    tags: HashSet<String>,
    /// For journals of whole accounts.
    books: Option<Books>,
    rows: u64,
}

/// Balances so far.
#[derive(Debug, Default)]
struct Books {
    plan: JournalPlan,
    cash: HashMap<(AccountId, AssetCode), Decimal>,
    lots: HashMap<PositionKey, Lots>,
}

const OPENING: [&str; 2] = ["Equity", "Opening balances"];
const UNEXPLAINED: [&str; 2] = ["Equity", "Unexplained"];

impl<W: Write> Journal<W> {
    /// A journal of the rows that follow; with `plan`, of whole accounts.
    pub(super) fn new<'a>(
        dialect: JournalTool,
        accounts: impl IntoIterator<Item = &'a Account>,
        plan: Option<JournalPlan>,
        out: W,
    ) -> io::Result<Self> {
        let accounts: Vec<&Account> = accounts.into_iter().collect();
        let mut names = Names::new(dialect, accounts.iter().copied());
        let mut currencies: Vec<String> = Vec::new();
        for account in &accounts {
            let currency = names.currency(account.currency);
            if !currencies.contains(&currency) {
                currencies.push(currency);
            }
        }
        let about = match plan {
            Some(_) => {
                "All rows of the accounts, with opening balances and the balances that their institutions stated."
            }
            None => "Selected rows, without opening balances and stated balances.",
        };
        let shorts = plan.iter().flat_map(|plan| &plan.shorts).map(|account| names.own(*account)).collect();
        let digits = plan.iter().flat_map(|plan| &plan.digits);
        let digits = digits.map(|(symbol, (kind, digits))| (names.security(symbol, *kind), *digits)).collect();
        let mut journal = Self {
            dialect,
            names,
            out,
            opened: HashSet::new(),
            declared: HashSet::new(),
            shorts,
            digits,
            tags: HashSet::new(),
            books: plan.map(|plan| Books { plan, ..Books::default() }),
            rows: 0,
        };
        dialect.heading(&mut journal.out, about, &currencies)?;
        Ok(journal)
    }

    /// Adds all rows of one day; days ascend.
    pub(super) fn day(&mut self, day: NaiveDate, mut rows: Vec<LedgerEntry>) -> io::Result<()> {
        self.until(day)?;
        let mut plan = self.planned(day);
        self.openings(day, std::mem::take(&mut plan.openings))?;
        // A purchase is written before a sale of the same day.
        rows.sort_by_key(|row| {
            let leaves = Movement::of(&row.transaction.facts).is_some_and(|it| it.units.is_sign_negative());
            (leaves, row.transaction.id)
        });
        for row in &rows {
            self.row(row)?;
        }
        self.close(day, plan)
    }

    /// Ends the journal; returns the number of rows.
    pub(super) fn finish(mut self) -> io::Result<u64> {
        self.until(NaiveDate::MAX)?;
        for (name, symbol) in self.names.renamed() {
            writeln!(self.out, "; {name} is {}", text::line(symbol))?;
        }
        self.out.flush()?;
        Ok(self.rows)
    }

    /// The planned days before `day`.
    fn until(&mut self, day: NaiveDate) -> io::Result<()> {
        let next = |books: &Option<Books>| books.as_ref()?.plan.days.keys().next().copied().filter(|next| *next < day);
        while let Some(next) = next(&self.books) {
            let mut plan = self.planned(next);
            self.openings(next, std::mem::take(&mut plan.openings))?;
            self.close(next, plan)?;
        }
        Ok(())
    }

    fn planned(&mut self, day: NaiveDate) -> PlannedDay {
        self.books.as_mut().and_then(|books| books.plan.days.remove(&day)).unwrap_or_default()
    }

    fn row(&mut self, row: &LedgerEntry) -> io::Result<()> {
        let facts = &row.transaction.facts;
        if !crate::ledger::counts(facts.status) {
            return Ok(());
        }
        self.rows += 1;
        let account = row.transaction.account_id;
        if facts.status == TransactionStatus::Pending {
            let entry = Entry::of(row, &mut self.names, None);
            let mut written = Vec::new();
            self.dialect.entry(&mut written, &entry)?;
            writeln!(self.out, "; pending, in no balance yet:")?;
            for line in String::from_utf8_lossy(&written).lines().filter(|line| !line.is_empty()) {
                writeln!(self.out, "; {line}")?;
            }
            return writeln!(self.out);
        }
        let movement = Movement::of(facts);
        let entry = match &mut self.books {
            Some(books) => {
                if moves_balance(facts.status, facts.kind.subtype()) {
                    let sum = books.cash.entry((account, facts.currency)).or_default();
                    *sum = sum.saturating_add(facts.amount);
                }
                let mut lots = Lots::default();
                let lots = match &movement {
                    Some(movement) => books.lots.entry((account, movement.symbol.clone())).or_default(),
                    None => &mut lots,
                };
                Entry::of(row, &mut self.names, Some(lots))
            }
            None => Entry::of(row, &mut self.names, None),
        };
        self.entry(&entry)
    }

    fn entry(&mut self, entry: &Entry) -> io::Result<()> {
        for posting in &entry.postings {
            if self.opened.insert(posting.account.clone()) {
                let with_shorts = self.shorts.contains(&posting.account);
                self.dialect.open(&mut self.out, entry.date, &posting.account, with_shorts)?;
            }
            let mut used = vec![(&posting.commodity, posting.amount.scale())];
            match &posting.value {
                entry::PostingValue::Lot { currency, cost, .. } => used.push((currency, cost.total.scale())),
                entry::PostingValue::Total { currency, total } => used.push((currency, total.scale())),
                entry::PostingValue::None => {}
            }
            for (commodity, digits) in used {
                if self.declared.insert(commodity.clone()) {
                    let digits = self.digits.get(commodity).copied().unwrap_or(digits);
                    self.dialect.commodity(&mut self.out, entry.date, commodity, digits)?;
                }
            }
        }
        if self.dialect == JournalTool::Ledger {
            let notes = entry.notes.iter().map(|(name, _)| (*name).to_owned());
            for tag in notes.chain(entry.tags.iter().map(|own| text::tag(own)).filter(|tag| !tag.is_empty())) {
                if self.tags.insert(tag.clone()) {
                    writeln!(self.out, "tag {tag}")?;
                }
            }
        }
        self.dialect.entry(&mut self.out, entry)
    }

    fn openings(&mut self, day: NaiveDate, openings: Vec<Opening>) -> io::Result<()> {
        let counter = self.names.path(&OPENING);
        for opening in openings {
            let Some(books) = &mut self.books else { return Ok(()) };
            let mut entry = Entry::plain(day, '*', "Opening balance");
            match opening {
                Opening::Cash { account, amount, currency } => {
                    let sum = books.cash.entry((account, currency)).or_default();
                    *sum = sum.saturating_add(amount);
                    let commodity = self.names.currency(currency);
                    let own = self.names.own(account);
                    entry.money(own, at_scale_of(amount, currency), &commodity, counter.clone());
                }
                Opening::Units { position, asset_type, lot, currency } => {
                    let mut movement = Movement::adjustment(&position.1, day, lot.units, currency);
                    movement.asset_type = asset_type;
                    let account = position.0;
                    books.lots.entry(position).or_default().add(lot);
                    let moved = movement::Moved { closed: Vec::new(), opened: vec![lot] };
                    entry.units(&mut self.names, account, &movement, &moved, &counter);
                }
            }
            self.entry(&entry)?;
        }
        Ok(())
    }

    /// Prices, entries for differences and assertions at the end of a day.
    fn close(&mut self, day: NaiveDate, plan: PlannedDay) -> io::Result<()> {
        let counter = self.names.path(&UNEXPLAINED);
        let mut assertions = Vec::new();
        for check in plan.checks {
            let Some(books) = &mut self.books else { return Ok(()) };
            let mut entry = Entry::plain(day, '!', "Difference to the stated balance");
            let assertion = match check {
                Check::Cash { account, amount, currency } | Check::Coins { account, amount, currency } => {
                    let sum = books.cash.entry((account, currency)).or_default();
                    let missing = amount.saturating_sub(*sum);
                    *sum = amount;
                    let (own, commodity) = (self.names.own(account), self.names.currency(currency));
                    if !missing.is_zero() {
                        entry.money(own.clone(), at_scale_of(missing, currency), &commodity, counter.clone());
                    }
                    Assertion { account: own, amount: at_scale_of(amount, currency), commodity }
                }
                Check::Units { position, asset_type, units, currency } => {
                    let lots = books.lots.entry(position.clone()).or_default();
                    let missing = units.saturating_sub(lots.units());
                    let commodity = self.names.security(&position.1, asset_type);
                    if !missing.is_zero() {
                        let mut movement = Movement::adjustment(&position.1, day, missing, currency);
                        movement.asset_type = asset_type;
                        let moved = movement.apply(lots);
                        "Difference to the stated position".clone_into(&mut entry.payee);
                        entry.units(&mut self.names, position.0, &movement, &moved, &counter);
                    }
                    Assertion { account: self.names.own(position.0), amount: units.normalize(), commodity }
                }
            };
            if !entry.postings.is_empty() {
                self.entry(&entry)?;
            }
            if self.opened.contains(&assertion.account) && self.declared.contains(&assertion.commodity) {
                assertions.push(assertion);
            } else if !assertion.amount.is_zero() {
                return Err(io::Error::other("a balance has no entry before it"));
            }
        }
        self.dialect.assertions(&mut self.out, day, &assertions)?;
        for price in &plan.prices {
            let commodity = self.names.security(&price.symbol, Some(price.asset_type));
            let currency = self.names.currency(price.currency);
            self.dialect.price(&mut self.out, day, &commodity, price.of_one, &currency)?;
        }
        if !plan.prices.is_empty() {
            writeln!(self.out)?;
        }
        Ok(())
    }
}
