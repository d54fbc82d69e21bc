//! A change that is not committed yet: its transaction, what it wrote, and the derived data its commit brings up to date.
//!
//! Used by [`crate::store::Writer`] and by the functions of this folder.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use redb::WriteTransaction;

use crate::{
    domain::{AccountId, TransactionId},
    store::{
        columns::{append::AppendedChunks, chunks::CHUNK_ROWS},
        format::keys::ObjectKey,
    },
};

/// One uncommitted change.
pub(in crate::store) struct Draft {
    pub(in crate::store) txn: WriteTransaction,
    /// The id the change will have.
    pub(in crate::store) change: u64,
    pub(in crate::store) written: TouchedObjects,
    pub(in crate::store) derived: Derived,
}

/// The objects that the change wrote: the content of its touched list.
#[derive(Default)]
pub(in crate::store) struct TouchedObjects {
    /// Ranges of pks that this change added, ascending.
    pub(in crate::store) added: Vec<Range<u64>>,
    /// Older rows of which it wrote a version.
    pub(in crate::store) amended: BTreeSet<u64>,
    /// Everything else of which it wrote a version.
    pub(in crate::store) records: BTreeSet<ObjectKey>,
    /// Connections and accounts it refers to; the commit keeps them alive.
    pub(in crate::store) referenced: BTreeSet<ObjectKey>,
    /// Whether it removed rows.
    pub(in crate::store) removed_rows: bool,
}

/// Data computed from the rows, written by the commit.
#[derive(Default)]
pub(in crate::store) struct Derived {
    /// Difference in the number of rows of an account.
    pub(in crate::store) counts: BTreeMap<u32, i64>,
    /// Chunks whose columnar form must be rebuilt from the rows.
    pub(in crate::store) stale: BTreeSet<u64>,
    /// The columnar form of the rows that are being appended.
    pub(in crate::store) appended: AppendedChunks,
}

impl Draft {
    pub(in crate::store) fn new(txn: WriteTransaction, change: u64) -> Self {
        Self { txn, change, written: TouchedObjects::default(), derived: Derived::default() }
    }
}

impl TouchedObjects {
    /// Adds a range of new pks; it is join with the range before it if they touch.
    pub(in crate::store) fn add(&mut self, range: Range<u64>) {
        match self.added.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => self.added.push(range),
        }
    }

    /// Whether this change added the row.
    pub(in crate::store) fn has_added(&self, pk: u64) -> bool {
        let after = self.added.partition_point(|range| range.end <= pk);
        self.added.get(after).is_some_and(|range| range.contains(&pk))
    }

    /// Records that this change wrote a version of `key`.
    pub(in crate::store) fn note(&mut self, key: &ObjectKey) {
        match key.as_row() {
            Some(row) if self.has_added(row.0) => {}
            Some(row) => {
                self.amended.insert(row.0);
            }
            None => {
                self.records.insert(key.clone());
            }
        }
    }

    /// Records that the change refers to an account.
    pub(in crate::store) fn refer_to(&mut self, account: AccountId) {
        self.referenced.insert(ObjectKey::account(account));
    }

    /// Whether it wrote nothing that belongs into the journal.
    pub(in crate::store) fn is_empty(&self) -> bool {
        self.added.is_empty() && self.amended.is_empty() && self.records.is_empty()
    }
}

impl Derived {
    /// Adds to the number of rows of an account.
    pub(in crate::store) fn count(&mut self, account: u32, difference: i64) {
        *self.counts.entry(account).or_default() += difference;
    }

    /// A row of the chunk changed other than by being appended.
    pub(in crate::store) fn row_changed(&mut self, pk: TransactionId) {
        let chunk = pk.0 / CHUNK_ROWS;
        self.appended.forget(chunk);
        self.stale.insert(chunk);
    }

    /// Many rows changed.
    pub(in crate::store) fn range_changed(&mut self, range: &Range<u64>) {
        if !range.is_empty() {
            self.stale.extend(range.start / CHUNK_ROWS..=(range.end - 1) / CHUNK_ROWS);
        }
    }

    /// User fields are part of the columnar form.
    pub(in crate::store) fn user_fields_changed(&mut self, key: &ObjectKey) {
        if let Some(pk) = key.as_row_user() {
            self.stale.insert(pk.0 / CHUNK_ROWS);
        }
    }
}
