//! What the screens show: one consistent reading of the ledger, taken off the UI thread.
//!
//! Built by the runtime on start and after every change of the store; read by panes.
//! INVARIANT: the only module of the screen that asks the ledger; a pane never waits for a disk.

pub(crate) mod stub;
mod worth;

use std::collections::HashMap;

use chrono::{DateTime, Utc};

pub use stub::Ledger;
pub(crate) use stub::{AccountLine, Entry, HoldingLine, ListRequest, Listing, View};
pub(crate) use worth::Worth;

use super::widget::chart::Point;
use crate::domain::{AccountId, Change, ChangeId, Connection, ConnectionId, TransactionId};

/// Journal entries kept at hand; older ones are in the store.
pub(crate) const JOURNAL: usize = 1_000;

/// One reading.
#[derive(Debug, Clone)]
pub(crate) struct Data {
    pub(crate) view: View,
    /// Newest first.
    pub(crate) changes: Vec<Change>,
    pub(crate) holdings: Vec<HoldingLine>,
    /// Balances by day, of each account that has any.
    pub(crate) histories: HashMap<AccountId, Vec<Point>>,
    /// Net worth by currency, the largest first.
    pub(crate) worth: Vec<Worth>,
}

impl Data {
    /// Reads what is there now.
    pub(crate) fn load(ledger: &Ledger) -> Result<Self, String> {
        let view = ledger.view().map_err(|error| error.to_string())?;
        let read = || -> Result<_, stub::LedgerError> {
            let mut histories = HashMap::new();
            for line in view.accounts() {
                let points: Vec<Point> =
                    view.snapshots(line.account.id)?.iter().map(|snapshot| (snapshot.date, snapshot.balance)).collect();
                if !points.is_empty() {
                    histories.insert(line.account.id, points);
                }
            }
            Ok((view.changes(None, JOURNAL)?, view.holdings()?, histories))
        };
        let (changes, holdings, histories) = read().map_err(|error| error.to_string())?;
        let worth = worth::by_currency(view.accounts(), &histories);
        Ok(Self { view, changes, holdings, histories, worth })
    }

    pub(crate) fn accounts(&self) -> &[AccountLine] {
        self.view.accounts()
    }

    pub(crate) fn account(&self, id: AccountId) -> Option<&AccountLine> {
        self.accounts().iter().find(|line| line.account.id == id)
    }

    /// `Checking ··7890`: enough to tell accounts apart in one column.
    pub(crate) fn account_label(&self, id: AccountId) -> String {
        self.account(id).map_or_else(|| format!("account {id}"), |line| label(&line.account))
    }

    pub(crate) fn connection(&self, id: ConnectionId) -> Option<&Connection> {
        self.view.connections().iter().find(|connection| connection.id == id)
    }

    pub(crate) fn change(&self, id: ChangeId) -> Option<&Change> {
        self.changes.iter().find(|change| change.id == id)
    }

    /// A row with what the user says about it; `None` when it is gone or can't be read.
    pub(crate) fn entry(&self, id: TransactionId) -> Option<Entry> {
        self.view.entry(id).ok().flatten()
    }

    /// Whether there is anything at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.accounts().is_empty() && self.changes.is_empty()
    }

    /// When anything last came in.
    pub(crate) fn newest(&self) -> Option<DateTime<Utc>> {
        self.changes.first().map(|change| change.at)
    }
}

/// An account's name and the end of its number.
pub(crate) fn label(account: &crate::domain::Account) -> String {
    let tail = account.tail();
    if tail.is_empty() { account.display_name().to_owned() } else { format!("{} ··{tail}", account.display_name()) }
}

/// The payee as the user wants it.
pub(crate) fn payee(entry: &Entry) -> &str {
    entry.user.payee.as_deref().unwrap_or_else(|| entry.transaction.facts.payee())
}
