//! Undo and redo of a change: the current version of everything it touched is recomputed.

use crate::{
    domain::{Change, ChangeCounts, ChangeKind},
    store::{
        error::{Result, StoreError},
        format::checksum,
        history::{
            bulk_undo,
            draft::Draft,
            journal::{self, Touched, Undone},
            pairs, versions,
        },
        schema::{TOUCHED, UNDONE},
    },
};

/// Marks `about` as undone or not undone, and recomputes what it touched. Returns the counts of the journal entry.
pub(in crate::store) fn toggle(draft: &mut Draft, about: &Change, undo: bool) -> Result<ChangeCounts> {
    let id = about.id.0;
    let mut undone = journal::undone(&draft.txn.open_table(UNDONE)?)?;
    let refuse = |why| {
        Err(StoreError::NotToggleable { change: about.id, verb: if undo { "undone" } else { "brought back" }, why })
    };
    if !matches!(about.kind, ChangeKind::Import | ChangeKind::Sync | ChangeKind::Edit) {
        return refuse("only imports, syncs and edits can be");
    }
    if undo {
        if !undone.insert(id) {
            return refuse("it is undone already");
        }
        let by = checksum::add_u64(&id.to_be_bytes(), draft.change);
        draft.txn.open_table(UNDONE)?.insert(id, by.as_slice())?;
    } else {
        if !undone.remove(&id) {
            return refuse("it was not undone");
        }
        draft.txn.open_table(UNDONE)?.remove(id)?;
    }
    recompute_touched(draft, id, undo, &undone)?;
    pairs::settle(draft, &undone)?;
    draft.written.removed_rows = true;
    let difference: i64 = draft.derived.counts.values().sum();
    Ok(ChangeCounts {
        transactions_imported: u64::try_from(difference).unwrap_or_default(),
        transactions_removed: u64::try_from(-difference).unwrap_or_default(),
        transactions_updated: about.counts.transactions_updated,
        ..ChangeCounts::default()
    })
}

/// Recomputes the current version of everything that `change` touched.
fn recompute_touched(draft: &mut Draft, change: u64, undo: bool, undone: &Undone) -> Result<()> {
    let mut part = 0;
    loop {
        let touched = journal::read_touched(&draft.txn.open_table(TOUCHED)?, change, part)?;
        let Some(touched) = touched else { return Ok(()) };
        for item in touched {
            match item {
                Touched::Added(range) if undo => bulk_undo::park(draft, change, range)?,
                Touched::Added(range) => bulk_undo::unpark(draft, change, range, undone)?,
                Touched::Version(key) => versions::recompute(draft, &key, undone)?,
            }
        }
        part += 1;
    }
}
