//! Continuing the newest change: a sync that commits page by page is one entry of the journal.
//!
//! INVARIANT: only the newest change is continued. With a later change in between, versions of the continued change
//! would be newer than theirs and yet have the lower number.

use chrono::{DateTime, Utc};

use crate::{
    domain::{ChangeId, ChangeKind},
    store::{
        Store,
        error::Result,
        history::journal::{self, Touched},
        schema::{CHANGES, TOUCHED, UNDONE},
        writer::Writer,
    },
};

impl Store {
    /// Continues a change whose commit was the last one in the journal: more rows and records join it. `None` if another
    /// change followed or it was undone. Its next commit replaces the entry, so give counts, accounts and warnings of
    /// all its parts.
    ///
    /// # Errors
    /// When the file can't be read or written.
    pub fn resume(&self, change: ChangeId, at: DateTime<Utc>) -> Result<Option<Writer>> {
        let mut writer = self.begin(ChangeKind::Sync, "", at)?;
        let is_resumed = writer.run(|it| it.resume(change))?;
        Ok(is_resumed.then_some(writer))
    }
}

impl Writer {
    fn resume(&mut self, change: ChangeId) -> Result<bool> {
        if self.draft.change != change.0 + 1 {
            return Ok(false);
        }
        let txn = &self.draft.txn;
        let entry = journal::entry(&txn.open_table(CHANGES)?, &txn.open_table(UNDONE)?, change)?;
        let Some(entry) = entry.filter(|entry| !entry.undone) else { return Ok(false) };
        self.draft.change = change.0;
        (self.entry.kind, self.entry.source) = (entry.kind, entry.source);
        let touched_lists = txn.open_table(TOUCHED)?;
        let mut part = 0;
        while let Some(touched) = journal::read_touched(&touched_lists, change.0, part)? {
            for item in touched {
                match item {
                    Touched::Added(range) => self.draft.written.add(range),
                    Touched::Version(key) => self.draft.written.note(&key),
                }
            }
            part += 1;
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{AccountId, ChangeCounts},
        store::tests::{begin, import, now, row},
    };

    #[test]
    fn two_commits_are_one_change_that_is_undone_as_a_whole() {
        let store = Store::in_memory().unwrap();
        import(&store, 1, vec![row(1, 100, Some("old"))]);
        let mut writer = begin(&store, ChangeKind::Sync);
        writer.append_transactions(AccountId(1), vec![row(2, 1, Some("a")), row(2, 2, Some("b"))]).unwrap();
        let first = writer.commit(ChangeCounts::default(), vec![AccountId(1)], None, Vec::new()).unwrap();
        let mut writer = store.resume(first.id, now()).unwrap().unwrap();
        writer.append_transactions(AccountId(1), vec![row(3, 3, Some("c"))]).unwrap();
        writer.update_transaction(crate::domain::TransactionId(1), &row(1, 101, Some("old"))).unwrap();
        let counts = ChangeCounts { transactions_imported: 3, transactions_updated: 1, ..ChangeCounts::default() };
        let second = writer.commit(counts, vec![AccountId(1)], None, Vec::new()).unwrap();
        assert_eq!((second.id, second.source.as_str(), second.kind), (first.id, "test", ChangeKind::Sync));
        let count = || store.read().unwrap().transaction_count().unwrap();
        assert_eq!(count(), 4);
        assert_eq!(store.read().unwrap().change(first.id).unwrap().unwrap().counts, counts);
        store.verify().unwrap();

        store.toggle(first.id, true, now()).unwrap();
        assert_eq!(count(), 1);
        assert!(store.resume(first.id, now()).unwrap().is_none(), "an undone change is not continued");
        store.toggle(first.id, false, now()).unwrap();
        assert_eq!(count(), 4);
        assert!(store.resume(first.id, now()).unwrap().is_none(), "a later change follows it");
        store.verify().unwrap();
    }
}
