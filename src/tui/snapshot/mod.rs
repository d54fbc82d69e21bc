//! One consistent reading of the ledger, for all screens. Loaded off the UI thread.
//!
//! Built by the runtime on start and after every change of the store; read by panes.
//! INVARIANT: the only module of this room that reads the ledger; a pane never waits for a disk.

mod grouped;
mod worth;

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, NaiveDate, Utc};

pub(crate) use grouped::{Grouped, sum_in};
pub(crate) use worth::Worth;

use crate::{
    domain::{
        AccountId, Change, ChangeId, Connection, ConnectionId, RowPair, TransactionFacts, TransactionId,
        TransactionSubtype,
    },
    ledger::{AccountLine, Check, Daily, GroupKey, HoldingLine, Ledger, LedgerEntry, LedgerError, View, daily::Span},
    tui::widget::chart::Point,
};

/// Most journal entries in a snapshot.
pub(crate) const JOURNAL: usize = 1_000;

/// Newest gaps of an account for which rows are searched that would explain them.
const EXPLAINED: usize = 3;

/// A snapshot.
#[derive(Debug, Clone)]
pub(crate) struct LedgerSnapshot {
    pub(crate) view: View,
    /// The day of the balances.
    pub(crate) today: NaiveDate,
    /// The balances of every day.
    pub(crate) daily: Arc<Daily>,
    /// Newest first.
    pub(crate) changes: Vec<Change>,
    pub(crate) holdings: Vec<HoldingLine>,
    /// Balances by day of each account with known balances.
    pub(crate) histories: HashMap<AccountId, Vec<Point>>,
    /// The comparison of an account's newest stated balance with the one before plus the rows between.
    pub(crate) checks: HashMap<AccountId, Check>,
    /// Gaps of each account that has some, the newest first.
    gaps: HashMap<AccountId, Vec<Span>>,
    /// Net worth by currency, the largest first.
    pub(crate) worth: Vec<Worth>,
    /// Pairs of rows that may be one and wait for a decision.
    pub(crate) pairs: Vec<RowPair>,
}

impl LedgerSnapshot {
    /// A snapshot without data, for a locked screen.
    pub(crate) fn empty(today: NaiveDate) -> Result<Self, LedgerError> {
        Self::load(&Ledger::empty()?, None, today)
    }

    /// Reads the current state, as of a day if one is chosen.
    pub(crate) fn load(ledger: &Ledger, as_of: Option<NaiveDate>, today: NaiveDate) -> Result<Self, LedgerError> {
        let ledger = ledger.on(today);
        let ledger = as_of.map_or_else(|| ledger.clone(), |day| ledger.until(day));
        Self::of(ledger.view()?, as_of.unwrap_or(today))
    }

    /// This state as of a day; `None` is today.
    pub(crate) fn on_day(&self, day: Option<NaiveDate>, today: NaiveDate) -> Result<Self, LedgerError> {
        Self::of(self.view.until(day)?, day.unwrap_or(today))
    }

    /// `today` ends the history of net worth.
    fn of(view: View, today: NaiveDate) -> Result<Self, LedgerError> {
        let (changes, holdings) = (view.changes(None, JOURNAL)?, view.holdings()?);
        let pairs = view.open_row_pairs()?;
        Self {
            view,
            pairs,
            today,
            changes,
            holdings,
            histories: HashMap::new(),
            checks: HashMap::new(),
            daily: Arc::default(),
            gaps: HashMap::new(),
            worth: Vec::new(),
        }
        .with_balances()
    }

    /// The same snapshot with its columns, and with the balances that need them.
    pub(crate) fn with_columns(mut self) -> Result<Self, LedgerError> {
        let needed = self.view.needs_columns();
        self.view = self.view.with_columns(self.view.load_columns()?);
        if needed { self.with_balances() } else { Ok(self) }
    }

    /// Computes the balances of today and of every day before.
    fn with_balances(mut self) -> Result<Self, LedgerError> {
        self.view = self.view.balances_on(self.today)?;
        self.daily = self.view.daily_or_stated()?;
        for history in self.daily.histories() {
            let first = history.first().unwrap_or(self.today);
            let days = first.iter_days().take_while(|day| *day <= self.today);
            let points: Vec<Point> =
                days.filter_map(|day| history.on(day)).map(|figure| (figure.date, figure.balance.amount)).collect();
            if !points.is_empty() {
                self.histories.insert(history.account(), points);
            }
            let newest = history.stated().partition_point(|stated| stated.date <= self.today).checked_sub(2);
            let check = newest.and_then(|place| history.comparisons().get(place).copied().flatten());
            if let Some(check) = check {
                self.checks.insert(history.account(), check);
            }
        }
        if !self.view.needs_columns() {
            for line in self.view.accounts() {
                let gaps = self.view.gaps(line.account.id, EXPLAINED)?;
                if !gaps.is_empty() {
                    self.gaps.insert(line.account.id, gaps);
                }
            }
        }
        self.worth = worth::by_currency(self.view.accounts(), &self.daily, self.today);
        Ok(self)
    }

    /// The gaps of an account, the newest first; causes are known of the first ones.
    pub(crate) fn gaps_of(&self, account: AccountId) -> &[Span] {
        self.gaps.get(&account).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn accounts(&self) -> &[AccountLine] {
        self.view.accounts()
    }

    pub(crate) fn account(&self, id: AccountId) -> Option<&AccountLine> {
        self.view.account(id)
    }

    /// `Checking ··7890`: enough to tell accounts apart in one column.
    pub(crate) fn account_label(&self, id: AccountId) -> String {
        self.account(id).map_or_else(|| format!("account {id}"), |line| line.account.label())
    }

    pub(crate) fn connection(&self, id: ConnectionId) -> Option<&Connection> {
        self.view.connections().iter().find(|connection| connection.id == id)
    }

    pub(crate) fn change(&self, id: ChangeId) -> Option<&Change> {
        self.changes.iter().find(|change| change.id == id)
    }

    /// A row with its user fields; `None` when it is gone or cannot be read.
    pub(crate) fn entry(&self, id: TransactionId) -> Option<LedgerEntry> {
        self.view.entry(id).ok().flatten()
    }

    /// The rows that may be the same as a row.
    pub(crate) fn twins(&self, id: TransactionId) -> impl Iterator<Item = (RowPair, TransactionId)> + '_ {
        let pairs = self.pairs.iter().filter(move |pair| pair.has(id));
        pairs.map(move |pair| (*pair, if pair.older == id { pair.newer } else { pair.older }))
    }

    /// The name of a group.
    pub(crate) fn group_label(&self, key: &GroupKey) -> String {
        if let GroupKey::Account(id) = key {
            return self.account_label(*id);
        }
        self.view.label(key).map_or_else(|_| "can't be read".to_owned(), |label| label.replace('_', " "))
    }

    /// Whether there is neither an account nor a change.
    pub(crate) fn is_empty(&self) -> bool {
        self.accounts().is_empty() && self.changes.is_empty()
    }

    /// Time of the newest change.
    pub(crate) fn newest(&self) -> Option<DateTime<Utc>> {
        self.changes.first().map(|change| change.at)
    }
}

/// The text of a row in lists. Trades often contain their quantity and price, which `masked` leaves out.
pub(crate) fn payee(facts: &TransactionFacts, own: Option<&str>, masked: bool) -> String {
    let traded = facts.payee.is_none() && facts.security.as_ref().is_some_and(|security| security.quantity.is_some());
    match own.filter(|own| !own.is_empty()).unwrap_or_else(|| facts.payee()) {
        "" => kind_words(facts.kind.subtype()),
        text if own == Some(text) || !traded || !masked => text.to_owned(),
        _ => trade(facts, None, None),
    }
}

/// `Buy 10 AAPL at 150.25`, with what is known.
pub(crate) fn trade(facts: &TransactionFacts, quantity: Option<String>, price: Option<String>) -> String {
    let mut text = kind_words(facts.kind.subtype());
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let symbol = facts.security.as_ref().and_then(|security| security.symbol.as_deref()).map(str::to_owned);
    for part in [quantity, symbol, price.map(|price| format!("at {price}"))].into_iter().flatten() {
        text.push(' ');
        text.push_str(&part);
    }
    text
}

/// The words of a kind of row on screen. Most income has no closer kind, so it is just that.
pub(crate) fn kind_words(kind: TransactionSubtype) -> String {
    if kind == TransactionSubtype::OtherIncome { "income".to_owned() } else { kind.as_str().replace('_', " ") }
}
