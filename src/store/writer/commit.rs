//! Commit: journal entry, derived data and rows become durable in one transaction.

use std::sync::Arc;

use crate::{
    domain::{AccountId, Change, ChangeCounts, ChangeId, ChangeKind, ConnectionId, TransactionId, Warning},
    store::{
        columns::chunks,
        error::{Result, StoreError, guarded},
        format::{checksum, keys::ObjectKey},
        history::{
            draft::Draft,
            journal::{self, Touched},
            versions,
        },
        lookup,
        schema::{CHANGES, COLUMNS, COUNTS, Counter, DIGESTS, META, RECORDS, SOURCES, TOUCHED, TRANSACTIONS},
        writer::Writer,
    },
};

/// Number of new rows from which a change leaves unused space that compacting returns.
const COMPACTABLE_FROM: u64 = if cfg!(test) { 100 } else { 200_000 };

/// The entry a commit writes into the journal.
pub(in crate::store) struct JournalEntry {
    pub(in crate::store) counts: ChangeCounts,
    pub(in crate::store) accounts: Vec<AccountId>,
    pub(in crate::store) connection_id: Option<ConnectionId>,
    pub(in crate::store) warnings: Vec<Warning>,
    pub(in crate::store) about: Option<ChangeId>,
}

impl Writer {
    /// Keeps with the journal entry the kind of the file of this change and how it was read.
    pub fn note_reading(&mut self, format: &str, lines: Vec<String>) {
        format.clone_into(&mut self.entry.format);
        self.entry.reading = lines;
    }

    /// Adds the change to the journal and makes it durable. After it returned, neither a kill nor a power loss reverts it.
    pub fn commit(
        self,
        counts: ChangeCounts,
        accounts: Vec<AccountId>,
        connection_id: Option<ConnectionId>,
        warnings: Vec<Warning>,
    ) -> Result<Change> {
        self.commit_entry(JournalEntry { counts, accounts, connection_id, warnings, about: None })
    }

    pub(in crate::store) fn commit_entry(mut self, entry: JournalEntry) -> Result<Change> {
        let change = Change {
            id: ChangeId(self.draft.change),
            kind: self.entry.kind,
            at: self.entry.at,
            source: std::mem::take(&mut self.entry.source),
            connection_id: entry.connection_id,
            accounts: entry.accounts,
            counts: entry.counts,
            warnings: entry.warnings,
            reading: std::mem::take(&mut self.entry.reading),
            format: std::mem::take(&mut self.entry.format),
            about: entry.about,
            undone: false,
        };
        self.run(|it| {
            it.keep_alive(change.connection_id)?;
            it.draft.txn.open_table(CHANGES)?.insert(change.id.0, journal::encode(&change)?.as_slice())?;
            it.write_touched()?;
            it.write_source()?;
            Counter::NextChange.set(&mut it.draft.txn.open_table(META)?, change.id.0 + 1)
        })?;
        let mark = self.draft.change;
        self.finish(mark)?;
        Ok(change)
    }

    /// Commits without a journal entry: credentials, the content of existing connections, permanently removed data.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] when something was written that needs a journal entry.
    pub fn commit_unlisted(self) -> Result<()> {
        if !self.draft.written.is_empty() || self.raw_source.is_some() || !self.replies.is_empty() {
            return Err(StoreError::invalid("data without an entry in the journal"));
        }
        let mark = self.draft.change - 1;
        self.finish(mark)
    }

    /// Writes a version of every connection and account the change refers to, so undoing the change that created them
    /// does not orphan these rows. Edits do not.
    fn keep_alive(&mut self, named: Option<ConnectionId>) -> Result<()> {
        if !matches!(self.entry.kind, ChangeKind::Import | ChangeKind::Sync) {
            return Ok(());
        }
        let referenced = std::mem::take(&mut self.draft.written.referenced);
        for key in referenced.into_iter().chain(named.map(ObjectKey::connection)) {
            if self.draft.written.records.contains(&key) {
                continue;
            }
            let body = lookup::record(&self.draft.txn.open_table(RECORDS)?, &key, |_, body| Ok(body.to_vec()))?;
            if let Some(body) = body {
                versions::write(&mut self.draft, &key, Some(&body))?;
            }
        }
        Ok(())
    }

    fn write_touched(&self) -> Result<()> {
        let added = self.draft.written.added.iter().cloned().map(Touched::Added);
        let amended = self.draft.written.amended.iter().map(|pk| Touched::Version(ObjectKey::row(TransactionId(*pk))));
        let records = self.draft.written.records.iter().cloned().map(Touched::Version);
        journal::write_touched(
            &mut self.draft.txn.open_table(TOUCHED)?,
            self.draft.change,
            added.chain(amended).chain(records),
        )
    }

    fn write_source(&mut self) -> Result<()> {
        let (mut sources, mut digests) = (self.draft.txn.open_table(SOURCES)?, self.draft.txn.open_table(DIGESTS)?);
        for reply in std::mem::take(&mut self.replies) {
            reply.store(&mut sources, &mut digests, self.draft.change)?;
        }
        drop((sources, digests));
        let Some(source) = self.raw_source.take() else { return Ok(()) };
        let digest = source.store(&mut self.draft.txn.open_table(SOURCES)?, self.draft.change)?;
        let change = checksum::add_u64(&digest, self.draft.change);
        self.draft.txn.open_table(DIGESTS)?.insert(digest.as_slice(), change.as_slice())?;
        Ok(())
    }

    /// Commits. If rows were removed, digests of imports up to the change `mark` are ignored from then on.
    fn finish(mut self, mark: u64) -> Result<()> {
        if self.poisoned {
            return Err(StoreError::invalid("a change of which a part could not be written"));
        }
        let generation = self.run(|it| {
            it.write_chunks()?;
            it.write_counts()?;
            let mut meta = it.draft.txn.open_table(META)?;
            for (counter, value) in [
                (Counter::NextConnection, it.ids.connection),
                (Counter::NextAccount, it.ids.account),
                (Counter::NextHolding, it.ids.holding),
                (Counter::NextTransaction, it.ids.transaction),
            ] {
                counter.set(&mut meta, value)?;
            }
            if it.draft.written.removed_rows {
                Counter::LastRemoval.set(&mut meta, mark)?;
            }
            if it.draft.written.added.iter().map(|run| run.end - run.start).sum::<u64>() >= COMPACTABLE_FROM {
                Counter::Compactable.set(&mut meta, 1)?;
            }
            let generation = Counter::Generation.get(&meta)?.unwrap_or_default() + 1;
            Counter::Generation.set(&mut meta, generation)?;
            Ok(generation)
        });
        let Self { draft: Draft { txn, .. }, permit, database, .. } = self;
        let shared = Arc::clone(permit.database());
        let done = match generation {
            Ok(generation) => guarded(shared.path(), || Ok(txn.commit()?)).map(|()| generation),
            Err(error) => {
                drop(txn);
                Err(error)
            }
        };
        drop(database);
        match done {
            Ok(generation) => {
                shared.set_generation(generation);
                Ok(())
            }
            Err(error) => {
                // Reopens the database so that reading works; if that fails too, the next call tries again.
                let _ = shared.reopen_after_failure(&permit);
                Err(error)
            }
        }
    }

    fn write_chunks(&mut self) -> Result<()> {
        self.draft.derived.appended.finish(&self.draft.txn)?;
        let (rows, records) = (self.draft.txn.open_table(TRANSACTIONS)?, self.draft.txn.open_table(RECORDS)?);
        let mut columns = self.draft.txn.open_table(COLUMNS)?;
        for chunk in &self.draft.derived.stale {
            chunks::write(&mut columns, *chunk, &chunks::build(&rows, &records, *chunk)?)?;
        }
        Ok(())
    }

    fn write_counts(&mut self) -> Result<()> {
        let mut counts = self.draft.txn.open_table(COUNTS)?;
        for (account, delta) in std::mem::take(&mut self.draft.derived.counts) {
            let id = u64::from(account);
            let count = lookup::count(&counts, id)?.checked_add_signed(delta);
            match count.ok_or_else(|| StoreError::damaged("fewer rows are counted than there are"))? {
                0 => drop(counts.remove(id)?),
                count => drop(counts.insert(id, checksum::add_u64(&id.to_be_bytes(), count).as_slice())?),
            }
        }
        Ok(())
    }
}
