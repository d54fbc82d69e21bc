//! Balances by day: the one derivation behind every balance that is shown, summed or exported.
//!
//! Used by the lists of accounts, net worth, its history, coverage, explanations and exports. `docs/balances.md` states the
//! rules. A balance that an institution (or the user) stated is a fixed point; on the days between, the rows since the
//! point before are added to it.
//!
//! INVARIANT: derived figures are computed, never stored; a figure is exact or absent; the same view gives the same figure
//! everywhere.

mod cause;
mod coverage;
mod flow;
mod history;
#[cfg(test)]
mod tests;
mod worth;

use std::{collections::HashMap, sync::Arc};

pub use cause::{Cause, CauseKind};
pub use coverage::Span;
pub use history::{BalanceHistory, BalanceStatement, Check, DailyBalance};
pub use worth::{Every, NetWorth};

use self::flow::Flow;
use super::{
    AccountLine, View,
    error::{LedgerError, Result},
};
use crate::{
    columns::Columns,
    domain::{AccountId, AssetCode, Snapshot, TransactionStatus, TransactionSubtype, vocabulary},
};

vocabulary! {
    /// The evidence behind a balance on one day, the strongest first.
    pub enum Standing {
        /// An institution or the user stated it for that day.
        Stated = "stated",
        /// It lies between two stated balances whose rows add up.
        Proven = "proven",
        /// It is a stated balance and rows since (or before); nothing contradicts it.
        Derived = "derived",
        /// It lies between two stated balances whose rows do not add up.
        Gap = "gap",
        /// Nothing is known for that day.
        Unknown = "unknown",
    }
}

/// Whether a row changes the balance that its institution states.
///
/// Pending rows are not booked yet; failed and cancelled rows moved nothing. A journal moves money between parts of one
/// account, and a reinvestment buys with income that never was in the account: both state an amount, and neither changes
/// the cash of the account.
#[must_use]
pub const fn moves_balance(status: TransactionStatus, subtype: TransactionSubtype) -> bool {
    matches!(status, TransactionStatus::Settled)
        && !matches!(subtype, TransactionSubtype::Journal | TransactionSubtype::Reinvestment)
}

/// Rows up to this number are read one by one when the columns are not loaded: 10 ms at most.
pub(super) const FEW_ROWS: u64 = 10_000;

/// The daily balances of every account of a view.
#[derive(Debug, Default)]
pub struct Daily {
    /// In the order of [`View::accounts`].
    histories: Vec<BalanceHistory>,
}

impl Daily {
    /// The balances of `accounts` from their stated ones (by ascending day, one list per account) and all rows.
    #[must_use]
    pub fn of(accounts: &[AccountLine], stated: &[Vec<Snapshot>], columns: &Columns) -> Self {
        let pairs = pairs(accounts, stated);
        Self::new(accounts, stated, &pairs, flow::of_columns(columns, &pairs))
    }

    fn new(accounts: &[AccountLine], stated: &[Vec<Snapshot>], pairs: &[Pair], mut flows: HashMap<Pair, Flow>) -> Self {
        let histories = accounts.iter().zip(stated).map(|(line, snapshots)| {
            let own = pairs.iter().filter(|(account, _)| *account == line.account.id);
            let own = own.filter_map(|pair| Some((pair.1, flows.remove(pair)?))).collect();
            BalanceHistory::new(line, snapshots, own)
        });
        Self { histories: histories.collect() }
    }

    /// The balances of one account.
    #[must_use]
    pub fn history(&self, account: AccountId) -> Option<&BalanceHistory> {
        self.histories.iter().find(|history| history.account() == account)
    }

    /// The balances of all accounts, in the order of [`View::accounts`].
    #[must_use]
    pub fn histories(&self) -> &[BalanceHistory] {
        &self.histories
    }
}

/// An account and a currency in which it has stated balances.
type Pair = (AccountId, AssetCode);

fn pairs(accounts: &[AccountLine], stated: &[Vec<Snapshot>]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (line, snapshots) in accounts.iter().zip(stated) {
        let first = pairs.len();
        for snapshot in snapshots {
            let pair = (line.account.id, snapshot.currency);
            if !pairs[first..].contains(&pair) {
                pairs.push(pair);
            }
        }
        if snapshots.is_empty() {
            pairs.push((line.account.id, line.account.currency));
        }
    }
    pairs
}

impl View {
    /// The daily balances of all accounts. Computed once per view: 5 ms for a million rows.
    ///
    /// # Errors
    /// [`LedgerError::NeedsColumns`] with more than 10,000 rows and without columns.
    pub fn daily(&self) -> Result<Arc<Daily>> {
        if let Some(daily) = self.inner.daily.get() {
            return Ok(Arc::clone(daily));
        }
        let mut stated = Vec::new();
        for line in self.accounts() {
            // All of them, also in a view until a day: what is stated later is evidence for the days before.
            stated.push(self.inner.reader.snapshots(line.account.id)?);
        }
        let pairs = pairs(self.accounts(), &stated);
        let daily = Arc::new(Daily::new(self.accounts(), &stated, &pairs, self.flows(&pairs)?));
        Ok(Arc::clone(self.inner.daily.get_or_init(|| daily)))
    }

    /// The daily balances, or only the stated ones while rows are too many to read and the columns are not loaded.
    pub fn daily_or_stated(&self) -> Result<Arc<Daily>> {
        match self.daily() {
            Err(LedgerError::NeedsColumns) => {
                let histories = self
                    .accounts()
                    .iter()
                    .map(|line| Ok(BalanceHistory::new(line, &self.snapshots(line.account.id)?, Vec::new())));
                Ok(Arc::new(Daily { histories: histories.collect::<Result<_>>()? }))
            }
            other => other,
        }
    }

    fn flows(&self, pairs: &[Pair]) -> Result<HashMap<Pair, Flow>> {
        if let Some(columns) = self.columns() {
            return Ok(flow::of_columns(columns, pairs));
        }
        if self.stored_rows() > FEW_ROWS {
            return Err(LedgerError::NeedsColumns);
        }
        let mut parts: HashMap<Pair, Vec<flow::DaySum>> = HashMap::new();
        self.inner.reader.scan(|row, _| {
            let facts = &row.facts;
            if moves_balance(facts.status, facts.kind.subtype()) {
                let part = flow::DaySum::of(facts.date, facts.amount);
                parts.entry((row.account_id, facts.currency)).or_default().push(part);
            }
            std::ops::ControlFlow::Continue(())
        })?;
        Ok(pairs.iter().map(|pair| (*pair, Flow::new(parts.remove(pair).unwrap_or_default()))).collect())
    }
}
