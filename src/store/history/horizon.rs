//! An earlier state of the database: which versions were current after a change.
//!
//! Used by `as known` and by comparisons of two states. INVARIANT: the version of anything after change `n` is the newest one
//! whose change is not above `n` and was not undone then; erased data is in no state.

use redb::{ReadTransaction, ReadableTable};

use crate::{
    domain::{ChangeId, ChangeKind},
    store::{
        error::Result,
        format::{
            checksum,
            keys::{self, KeyKind, ObjectKey},
        },
        history::{
            bulk_undo,
            journal::{self, Undone},
            versions,
        },
        schema::{CHANGES, PARKED, RECORDS, TRANSACTIONS, VERSIONS, ValueBytes},
    },
};

/// The moment after a change.
#[derive(Debug, Clone)]
pub(in crate::store) struct Horizon {
    change: u64,
    undone: Undone,
}

/// A version: its change, and its body; `None` is a tombstone.
pub(in crate::store) type Version = (u64, Option<Vec<u8>>);

impl Horizon {
    /// The moment after `change`, from the journal.
    pub(in crate::store) fn after(changes: &impl ReadableTable<u64, ValueBytes>, change: ChangeId) -> Result<Self> {
        let mut undone = Undone::new();
        for entry in changes.range(..=change.0)? {
            let (id, value) = entry?;
            let entry = journal::decode(id.value(), value.value(), false)?;
            match (entry.kind, entry.about) {
                (ChangeKind::Undo, Some(about)) => drop(undone.insert(about.0)),
                (ChangeKind::Redo, Some(about)) => drop(undone.remove(&about.0)),
                _ => {}
            }
        }
        Ok(Self { change: change.0, undone })
    }

    /// The changes that were undone then.
    pub(in crate::store) const fn undone(&self) -> &Undone {
        &self.undone
    }

    /// The last change.
    pub(in crate::store) const fn change(&self) -> u64 {
        self.change
    }

    /// Whether the versions of a change counted then.
    pub(in crate::store) fn holds(&self, change: u64) -> bool {
        change <= self.change && !self.undone.contains(&change)
    }

    /// The version of one row or record; `None` if it had none.
    pub(in crate::store) fn version(&self, txn: &ReadTransaction, key: &ObjectKey) -> Result<Option<Version>> {
        let mut best: Option<Version> = None;
        let mut offer = |change: u64, body: Option<&[u8]>| {
            if self.holds(change) && best.as_ref().is_none_or(|(known, _)| *known < change) {
                best = Some((change, body.map(<[u8]>::to_vec)));
            }
        };
        if let Some(pk) = key.as_row() {
            if let Some(value) = txn.open_table(TRANSACTIONS)?.get(pk.0)? {
                let (change, body) = checksum::check_version(&pk.0.to_be_bytes(), value.value())?;
                offer(change, Some(body));
            }
        } else if let Some(value) = txn.open_table(RECORDS)?.get(key.as_bytes())? {
            let (change, body) = checksum::check_version(key.as_bytes(), value.value())?;
            offer(change, Some(body));
        }
        let names = key.version(0)..=key.version(u64::MAX);
        for entry in txn.open_table(VERSIONS)?.range(names.start().as_slice()..=names.end().as_slice())? {
            let (name, value) = entry?;
            let (_, change) = keys::split_version(name.value())?;
            offer(change, versions::body_of(checksum::check(name.value(), value.value())?)?);
        }
        Ok(best)
    }

    /// Calls `each` with every version of rows (`true`) or of records that counted then and is not in the table of current
    /// ones, in no order: those of `versions`, and rows of changes that were undone since.
    pub(in crate::store) fn other_versions(
        &self,
        txn: &ReadTransaction,
        rows: bool,
        mut each: impl FnMut(&ObjectKey, u64, Option<&[u8]>),
    ) -> Result<()> {
        for entry in txn.open_table(VERSIONS)?.iter()? {
            let (name, value) = entry?;
            let (key, change) = keys::split_version(name.value())?;
            if (key.kind() == Some(KeyKind::Row)) == rows && self.holds(change) {
                each(&key, change, versions::body_of(checksum::check(name.value(), value.value())?)?);
            }
        }
        if !rows {
            return Ok(());
        }
        for entry in txn.open_table(PARKED)?.iter()? {
            let (key, value) = entry?;
            let (change, first) = key.value();
            if self.holds(change) {
                bulk_undo::unpack(change, first, value.value(), |pk, body| {
                    each(&ObjectKey::row(pk), change, Some(body));
                    Ok(())
                })?;
            }
        }
        Ok(())
    }
}

/// The last change until a moment; `None` if there was none.
pub(in crate::store) fn last_change_until(
    changes: &impl ReadableTable<u64, ValueBytes>,
    at: chrono::DateTime<chrono::Utc>,
) -> Result<Option<ChangeId>> {
    for entry in changes.iter()?.rev() {
        let (id, value) = entry?;
        if journal::decode(id.value(), value.value(), false)?.at <= at {
            return Ok(Some(ChangeId(id.value())));
        }
    }
    Ok(None)
}

/// The journal of a transaction.
pub(in crate::store) fn journal_of(txn: &ReadTransaction) -> Result<redb::ReadOnlyTable<u64, ValueBytes>> {
    Ok(txn.open_table(CHANGES)?)
}
