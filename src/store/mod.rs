//! The database: one embedded file that holds all data of a profile.
//!
//! The only room that uses redb. `sync` writes through [`Writer`], `ledger` reads through [`Reader`];
//! all calls block and belong on blocking threads. `docs/store.md` describes tables, layouts and history.
//!
//! INVARIANT: what [`Writer::commit`] returned is on the disk; what was not committed leaves no trace; no
//! bytes in the file cause a panic; an unreadable file is never deleted or truncated.

mod columns;
mod counters;
mod database;
mod error;
mod format;
mod history;
mod index;
mod lookup;
mod merges;
mod raw_source;
mod reader;
mod requests;
mod schema;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod writer;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use chrono::{DateTime, Utc};

pub use database::{
    encrypted_backup::{BackupKey, BackupLock},
    open::OpenOptions,
    rescue::Rescued,
    restore::RestoreOptions,
};
pub use error::StoreError;
pub use raw_source::{NewSource, RawSource};
pub use reader::{
    Reader,
    difference::{Difference, KnownRow, RowDifference, StateDifference},
};
pub use requests::Requests;
pub use writer::Writer;

use crate::{
    domain::{Change, ChangeId, ChangeKind},
    ports::DatabaseKeys,
};
use database::{open, open_database::OpenDatabase, shared::SharedDatabase};
use error::{Result, guarded};
use schema::{Counter, META};
use writer::commit::JournalEntry;

/// The database. Clones share it.
#[derive(Clone)]
pub struct Store(Arc<SharedDatabase>);

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Store").field(&self.path()).finish()
    }
}

impl Store {
    /// Opens the database at `path` for this process alone; creates it (0600) and its folders (0700) when missing.
    ///
    /// # Errors
    /// [`StoreError::Locked`] at once when another process has it, [`StoreError::Damaged`], [`StoreError::Newer`],
    /// [`StoreError::Io`].
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_with(path, &OpenOptions::default())
    }

    /// As [`Store::open`], with the keys of encrypted databases.
    ///
    /// # Errors
    /// As [`Store::open`], and [`StoreError::Key`].
    pub fn open_with(path: &Path, options: &OpenOptions) -> Result<Self> {
        Self::of(open::open(path, options)?, path)
    }

    /// A database that ends with the process: tests, throw-away profiles.
    ///
    /// # Errors
    /// None in practice.
    pub fn in_memory() -> Result<Self> {
        Self::of(open::memory()?, Path::new("(memory)"))
    }

    fn of(database: OpenDatabase, path: &Path) -> Result<Self> {
        SharedDatabase::new(database, path).map(Arc::new).map(Self)
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Commit counter. A reader opened under an older value sees outdated data.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.0.generation()
    }

    /// Whether the previous process was killed while it had the file. Its last change is either complete or absent.
    #[must_use]
    pub fn was_unclean(&self) -> bool {
        self.0.current().place.was_unclean
    }

    /// One consistent snapshot. It never waits for a writer and no writer waits for it.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn read(&self) -> Result<Reader> {
        if self.0.current().backend.has_failed()
            && let Some(permit) = self.0.try_permit()
        {
            self.0.reopen_after_failure(&permit)?;
        }
        let database = self.0.current();
        guarded(self.path(), || Reader::new(database, self.path()))
    }

    /// Begins a change. One at a time: waits until the previous one is committed or dropped. Dropping the writer
    /// leaves nothing of it.
    ///
    /// # Errors
    /// When the file can't be read or written.
    pub fn begin(&self, kind: ChangeKind, source: &str, at: DateTime<Utc>) -> Result<Writer> {
        let permit = self.0.permit();
        self.0.reopen_after_failure(&permit)?;
        let database = self.0.current();
        database.watched(self.path(), || {
            database.backend.finish_scan().map_err(|error| StoreError::from(redb::Error::Io(error)))
        })?;
        self.0.check_writable()?;
        guarded(self.path(), || Writer::new(permit, database, kind, source, at))
    }

    /// Undoes a change, or redoes it, whatever changes came after it. Writes a journal entry for the undo or redo and
    /// returns the change in its new state.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::NotToggleable`] when it is in the requested state already, or is not an
    /// import, sync or edit.
    pub fn toggle(&self, change: ChangeId, undo: bool, at: DateTime<Utc>) -> Result<Change> {
        self.toggle_if(change, undo, at, |_| Ok(()))
    }

    /// As [`Store::toggle`], if `check` agrees with the result, which it sees before anything is durable. When it refuses, the
    /// store and the journal stay as they were.
    ///
    /// # Errors
    /// As [`Store::toggle`], and what `check` returns.
    pub fn toggle_if<E: From<StoreError>>(
        &self,
        change: ChangeId,
        undo: bool,
        at: DateTime<Utc>,
        check: impl FnOnce(&mut Writer) -> std::result::Result<(), E>,
    ) -> std::result::Result<Change, E> {
        let before = self.read()?.change(change)?.ok_or_else(|| StoreError::not_found(format!("change {change}")))?;
        let kind = if undo { ChangeKind::Undo } else { ChangeKind::Redo };
        let mut writer = self.begin(kind, &before.source, at)?;
        let counts = writer.toggle(&before, undo)?;
        check(&mut writer)?;
        writer.commit_entry(JournalEntry {
            counts,
            accounts: before.accounts.clone(),
            connection_id: before.connection_id,
            warnings: Vec::new(),
            about: Some(change),
        })?;
        Ok(Change { undone: undo, ..before })
    }

    /// Reads every value and every index key of a snapshot and compares them: checksums, rows against both indexes,
    /// counts. Takes about half a second for a million rows; blocks no reader or writer.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] with what was found.
    pub fn verify(&self) -> Result<()> {
        let database = self.0.current();
        database.watched(self.path(), || database::verify::all(&database))
    }

    /// The first damage that was found since the database was opened. It is read-only then.
    #[must_use]
    pub fn damage(&self) -> Option<String> {
        self.0.current().backend.damage().map(str::to_owned)
    }

    /// A copy of the database as it was after a change, in memory; change 0 is the empty database. Data without versions
    /// (status and last sync of connections) is that of today, credentials are left out.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for a change that is not in the journal, and when the file can't be read.
    pub fn as_known(&self, change: ChangeId) -> Result<Self> {
        if change.0 > 0 && self.read()?.change(change)?.is_none() {
            return Err(StoreError::not_found(format!("change {change}")));
        }
        let database = self.0.current();
        let past = database.watched(self.path(), || database::past::after(&database, change))?;
        Self::of(past, Path::new("(memory)"))
    }

    /// Whether the file is encrypted.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.0.current().place.protection.is_sealed()
    }

    /// Whether nothing was stored yet and encryption is undecided.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn is_undecided(&self) -> Result<bool> {
        if self.generation() > 0 || self.is_encrypted() {
            return Ok(false);
        }
        let database = self.0.current();
        guarded(self.path(), || Ok(Counter::Plain.get(&database.read()?.open_table(META)?)?.is_none()))
    }

    /// Records that the file stays plain.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn keep_plain(&self) -> Result<()> {
        let permit = self.0.permit();
        self.0.check_writable()?;
        let database = permit.database().current();
        guarded(self.path(), || {
            let txn = database.write()?;
            Counter::Plain.set(&mut txn.open_table(META)?, 1)?;
            Ok(txn.commit()?)
        })
    }

    /// The wrapped key in the header of a database file; `None` for a plain, an empty or a missing one. Locks nothing.
    ///
    /// # Errors
    /// When the file can't be read or is not a database.
    pub fn wrapped_key(file: &Path) -> Result<Option<Vec<u8>>> {
        database::protect::wrapped_key(file)
    }

    /// Encrypts a plain database in place: the new file is written beside, verified and renamed. Does nothing for an
    /// encrypted one.
    ///
    /// # Errors
    /// When the vault gives no key or the new file can't be written. The file is as it was then.
    pub fn encrypt(&self, keys: &dyn DatabaseKeys) -> Result<()> {
        database::protect::encrypt(&self.0, keys)
    }

    /// Decrypts an encrypted database in place, as [`Store::encrypt`].
    ///
    /// # Errors
    /// When the new file can't be written. The file is as it was then.
    pub fn decrypt(&self) -> Result<()> {
        database::protect::decrypt(&self.0)
    }

    /// Wraps the key of an encrypted database again, after the vault's protection changed. Does nothing for a plain one.
    ///
    /// # Errors
    /// As [`Store::encrypt`].
    pub fn rewrap(&self, keys: &dyn DatabaseKeys) -> Result<()> {
        database::protect::rewrap(&self.0, keys)
    }

    /// Closes an encrypted database and wipes its key, when its vault is locked. The file stays locked for this process. Returns
    /// whether it is closed: not for a plain one, and not while a change is being written.
    #[must_use]
    pub fn close(&self) -> bool {
        database::protect::close(&self.0)
    }

    /// Opens a closed database again.
    ///
    /// # Errors
    /// As [`Store::open_with`].
    pub fn reopen(&self, keys: &dyn DatabaseKeys) -> Result<()> {
        guarded(self.path(), || database::protect::reopen(&self.0, keys))
    }

    /// Whether it was closed with its vault.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.current().is_closed()
    }

    /// Writes a snapshot into a new file (0600), verified before this returns. Nothing waits for it.
    ///
    /// # Errors
    /// When there is a file at `to` already, or the database or the copy is damaged; then nothing is left at `to`.
    pub fn backup(&self, to: &Path) -> Result<()> {
        database::backup::backup(&self.0, to)
    }

    /// Writes a snapshot into a new file in the age format, verified by reading it back. Nothing waits for it.
    ///
    /// # Errors
    /// As [`Store::backup`], and [`StoreError::Backup`] for an invalid recipient.
    pub fn encrypted_backup(&self, to: &Path, lock: &BackupLock) -> Result<()> {
        let database = self.0.current();
        database.watched(self.path(), || database::encrypted_backup::write(&database, to, lock))
    }

    /// Whether a file is a backup in the age format.
    #[must_use]
    pub fn is_encrypted_backup(file: &Path) -> bool {
        database::encrypted_backup::is_encrypted(file)
    }

    /// Runs one step of the background check: 0 is the first. Returns the next step, or `None` after the last.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] with what was found; the database is read-only then.
    pub fn check_step(&self, step: u64) -> Result<Option<u64>> {
        let database = self.0.current();
        database.watched(self.path(), || database::check::step(&database, step))
    }

    /// Copies everything readable of the damaged database `from` into a new one at `to`. `from` is only read.
    ///
    /// # Errors
    /// When nothing can be read, or there is a file at `to` already; then nothing is left at `to`.
    pub fn rescue(from: &Path, to: &Path, options: &OpenOptions) -> Result<Rescued> {
        database::rescue::rescue(from, to, options)
    }

    /// Rewrites the file without its unused space and continues with the new one. Readers keep their snapshots; writers
    /// wait. If it is interrupted at any moment, the old file is intact.
    ///
    /// # Errors
    /// When the file can't be read or the new one can't be written.
    pub fn compact(&self) -> Result<()> {
        database::backup::compact(&self.0)
    }

    /// Replaces the database at `to` with a copy of the backup `from`. The copy is verified completely, and migrated to
    /// this program's layout, before anything is replaced; the backup itself is only read. The former database is
    /// kept as `to.kept_as`, whatever state it is in; returns its path, or `None` when there was none. If it is
    /// interrupted at any moment, one of the two databases is there.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when a process has the database open, [`StoreError::Damaged`] and [`StoreError::Newer`] for
    /// an unusable backup, [`StoreError::Io`]. Nothing is changed then.
    pub fn restore(from: &Path, to: &Path, kept_as: &str) -> Result<Option<PathBuf>> {
        Self::restore_with(from, to, kept_as, &RestoreOptions::default())
    }

    /// As [`Store::restore`], with the keys of encrypted databases and backups.
    ///
    /// # Errors
    /// As [`Store::restore`], [`StoreError::Key`] and [`StoreError::Backup`].
    pub fn restore_with(from: &Path, to: &Path, kept_as: &str, options: &RestoreOptions) -> Result<Option<PathBuf>> {
        database::restore::restore(from, to, kept_as, options)
    }
}
