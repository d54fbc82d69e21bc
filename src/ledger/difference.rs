//! The difference between what was known after two changes, with the change that made each difference.
//!
//! Used by `dashtam diff` and by the comparison on Activity. The contents of rows are read in pages. INVARIANT: the first
//! state with the differences applied is the second.

use std::ops::Range;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{Ledger, LedgerEntry, RowRecord, View, error::Result};
use crate::{
    domain::{Account, Change, ChangeId, Holding, Snapshot, TransactionId, vocabulary},
    store::{Difference, KnownRow, RowDifference, StateDifference},
};

vocabulary! {
    /// The kind of a difference.
    pub enum DifferenceKind {
        /// It is new.
        Added = "added",
        /// It is there no longer.
        Gone = "gone",
        /// It has another content.
        Amended = "amended",
    }
}

/// Something that differs.
#[derive(Debug, Clone)]
pub struct Differing<T> {
    /// Before; `None` if it was not there.
    pub before: Option<T>,
    /// After; `None` if it is not there.
    pub after: Option<T>,
    /// The change that made the difference, if it is still known.
    pub reason: Option<Change>,
}

impl<T> Differing<T> {
    /// The kind of the difference.
    #[must_use]
    pub const fn kind(&self) -> DifferenceKind {
        match (&self.before, &self.after) {
            (None, _) => DifferenceKind::Added,
            (Some(_), None) => DifferenceKind::Gone,
            (Some(_), Some(_)) => DifferenceKind::Amended,
        }
    }

    /// It after, else before.
    #[must_use]
    pub fn either(&self) -> Option<&T> {
        self.after.as_ref().or(self.before.as_ref())
    }
}

/// The differences between two states.
#[derive(Debug, Clone)]
pub struct LedgerDifference {
    /// The first state: after this change.
    pub from: ChangeId,
    /// The second state.
    pub to: ChangeId,
    /// Accounts, by id.
    pub accounts: Vec<Differing<Account>>,
    /// Stated balances, by account and day.
    pub balances: Vec<Differing<Snapshot>>,
    /// Positions, by account.
    pub holdings: Vec<Differing<Holding>>,
    rows: Vec<RowDifference>,
}

impl LedgerDifference {
    /// Number of rows that differ.
    #[must_use]
    pub fn row_count(&self) -> usize {
        self.rows.len()
    }

    /// Number of rows that were added, are gone, and were amended.
    #[must_use]
    pub fn row_counts(&self) -> [usize; 3] {
        let added = self.rows.iter().filter(|row| row.is_added()).count();
        let gone = self.rows.iter().filter(|row| row.is_gone()).count();
        [added, gone, self.rows.len() - added - gone]
    }

    /// The row at a place.
    #[must_use]
    pub fn row_id(&self, place: usize) -> Option<TransactionId> {
        self.rows.get(place).map(|row| row.id)
    }

    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty() && self.balances.is_empty() && self.holdings.is_empty() && self.rows.is_empty()
    }
}

impl Ledger {
    /// A ledger of what was known after a change; change 0 is the empty database. What is not versioned (status and last
    /// sync of connections) is that of today.
    ///
    /// # Errors
    /// When there is no such change, or the store can't be read.
    pub fn as_known(&self, change: ChangeId) -> Result<Self> {
        Ok(Self::new(self.store().as_known(change)?))
    }
}

/// An account without the traces that every sync and import leaves in it, which are no difference to a reader.
fn without_sync(account: &Account) -> Account {
    Account { last_synced_at: None, missed_listings: 0, ..account.clone() }
}

impl View {
    /// The last change until a moment; change 0 if there was none.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn change_at(&self, moment: DateTime<Utc>) -> Result<ChangeId> {
        Ok(self.inner.reader.last_change_until(moment)?.unwrap_or(ChangeId(0)))
    }

    /// The difference between what was known after two changes; change 0 is the empty database.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn difference(&self, from: ChangeId, to: ChangeId) -> Result<LedgerDifference> {
        let StateDifference { mut accounts, snapshots, holdings, rows } = self.inner.reader.difference(from, to)?;
        accounts.retain(|it| it.before.as_ref().map(without_sync) != it.after.as_ref().map(without_sync));
        Ok(LedgerDifference {
            from,
            to,
            accounts: self.with_reasons(accounts)?,
            balances: self.with_reasons(snapshots)?,
            holdings: self.with_reasons(holdings)?,
            rows,
        })
    }

    fn with_reasons<T>(&self, found: Vec<Difference<T>>) -> Result<Vec<Differing<T>>> {
        found.into_iter().map(|it| self.with_reason(it)).collect()
    }

    fn with_reason<T>(&self, found: Difference<T>) -> Result<Differing<T>> {
        let Difference { before, after, reason } = found;
        Ok(Differing { before, after, reason: self.change(reason)? })
    }

    /// Some of the rows that differ, in the order of their ids.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn differing_rows(&self, of: &LedgerDifference, range: Range<usize>) -> Result<Vec<Differing<LedgerEntry>>> {
        let entry = |state: Option<KnownRow>| state.map(|(transaction, user)| LedgerEntry { transaction, user });
        let end = range.end.min(of.rows.len());
        let mut found = Vec::new();
        for row in of.rows.get(range.start.min(end)..end).unwrap_or_default() {
            let Differing { before, after, reason } = self.with_reason(self.inner.reader.row_difference(row)?)?;
            found.push(Differing { before: entry(before), after: entry(after), reason });
        }
        Ok(found)
    }
}

/// The fields in which two rows differ, as `field: before → after`; `masked` hides amounts.
#[must_use]
pub fn differing_fields(row: &Differing<LedgerEntry>, masked: bool) -> Vec<String> {
    let fields = |entry: &LedgerEntry| match serde_json::to_value(RowRecord::new(entry.clone(), None)) {
        Ok(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let (Some(before), Some(after)) = (&row.before, &row.after) else { return Vec::new() };
    let (before, after) = (fields(before), fields(after));
    let text = |value: &Value| match value {
        Value::Null => "none".to_owned(),
        Value::String(text) if text.is_empty() => "none".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    };
    let is_amount =
        |name: &str| matches!(name, "amount" | "quantity" | "unit_price" | "commission" | "fees" | "foreign_amount");
    let differs = |(name, value): (&String, &Value)| {
        let other = after.get(name).unwrap_or(&Value::Null);
        if value == other || matches!(name.as_str(), "change_id" | "source_line") {
            return None;
        }
        let name_shown = name.replace('_', " ");
        if masked && is_amount(name) {
            return Some(format!("{name_shown} differs"));
        }
        Some(format!("{name_shown}: {} → {}", text(value), text(other)))
    };
    before.iter().filter_map(differs).collect()
}
