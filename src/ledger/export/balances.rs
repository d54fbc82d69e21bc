//! Stated balances beside the rows of a table, so that an import of it finds them.
//!
//! Used by the export to CSV. INVARIANT: each stated balance of an account that has rows is written once, whatever the order of
//! the rows.

use std::collections::HashMap;

use chrono::NaiveDate;

use crate::{
    domain::{AccountId, Snapshot},
    ledger::{LedgerEntry, ListRequest, Query, Sort, SortKey, View, error::Result},
};

/// Balances that wait for their row.
#[derive(Default)]
pub(super) struct StatedBalances {
    accounts: HashMap<AccountId, Waiting>,
}

struct Waiting {
    /// Newest first.
    balances: Vec<Snapshot>,
    /// The day of the account's oldest row, which takes all that are left.
    oldest: Option<NaiveDate>,
}

impl StatedBalances {
    /// The balances of an account, or of all.
    pub(super) fn new(view: &View, account: Option<AccountId>) -> Result<Self> {
        let mut accounts = HashMap::new();
        for line in view.accounts().iter().filter(|line| account.is_none_or(|id| id == line.account.id)) {
            let mut balances = view.snapshots(line.account.id)?;
            if balances.is_empty() {
                continue;
            }
            balances.sort_by_key(|snapshot| std::cmp::Reverse(snapshot.date));
            let first = view.list(&ListRequest {
                account: Some(line.account.id),
                query: Query::default().within(None, view.last_day()),
                sort: Sort { key: SortKey::Date, descending: false },
            })?;
            let oldest = view.entries(&first, 0, 1)?.first().map(|entry| entry.transaction.facts.date);
            accounts.insert(line.account.id, Waiting { balances, oldest });
        }
        Ok(Self { accounts })
    }

    /// The balances that go with a row: those of its day and later ones that no row took yet.
    pub(super) fn with(&mut self, entry: &LedgerEntry) -> Vec<Snapshot> {
        let Some(waiting) = self.accounts.get_mut(&entry.transaction.account_id) else { return Vec::new() };
        let day = entry.transaction.facts.date;
        let is_oldest = Some(day) == waiting.oldest;
        let count = waiting.balances.iter().take_while(|snapshot| is_oldest || snapshot.date >= day).count();
        waiting.balances.drain(..count).collect()
    }
}
