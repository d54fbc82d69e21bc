//! Everything the user has, in one embedded database file.
//!
//! The only room that knows redb. `sync` writes through [`Writer`], `ledger` reads through [`Reader`];
//! all calls block and belong on blocking threads. `docs/store.md` describes tables, layouts and history.
//!
//! INVARIANT: what [`Writer::commit`] returned is on the disk; what was not committed leaves no trace; no
//! bytes in the file make it panic; nothing here deletes or truncates a file that it can't read.

mod columns;
mod database;
mod error;
mod format;
mod history;
mod index;
mod lookup;
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
    sync::{
        Arc, Condvar, Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use chrono::{DateTime, Utc};

pub use columns::chunks::Chunks;
pub use error::StoreError;
pub use raw_source::{NewSource, RawSource};
pub use reader::Reader;
pub use requests::Requests;
pub use writer::Writer;

use crate::domain::ChangeKind;
use database::open::OpenDatabase;
use error::{Result, guarded};

/// The database. Clones share it.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    path: PathBuf,
    database: RwLock<Arc<OpenDatabase>>,
    writing: Mutex<bool>,
    written: Condvar,
    generation: AtomicU64,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Store").field(&self.0.path).finish()
    }
}

impl Store {
    /// Opens the database at `path` for this process alone; creates it (0600) and its folders (0700) when missing.
    ///
    /// # Errors
    /// [`StoreError::Locked`] at once when another process has it, [`StoreError::Damaged`], [`StoreError::Newer`],
    /// [`StoreError::Io`].
    pub fn open(path: &Path) -> Result<Self> {
        Self::of(OpenDatabase::open(path)?, path)
    }

    /// A database that ends with the process: tests, throw-away profiles.
    ///
    /// # Errors
    /// None in practice.
    pub fn in_memory() -> Result<Self> {
        Self::of(OpenDatabase::memory()?, Path::new("(memory)"))
    }

    fn of(database: OpenDatabase, path: &Path) -> Result<Self> {
        let generation = guarded(path, || database.generation())?;
        Ok(Self(Arc::new(Inner {
            path: path.to_owned(),
            database: RwLock::new(Arc::new(database)),
            writing: Mutex::new(false),
            written: Condvar::new(),
            generation: AtomicU64::new(generation),
        })))
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// A number that every commit raises: what was read under another number is of the past.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.0.generation.load(Ordering::Acquire)
    }

    /// Whether the process that had the file before was killed. Its last change is either wholly there or not at
    /// all.
    #[must_use]
    pub fn was_unclean(&self) -> bool {
        self.database().was_unclean
    }

    /// One consistent snapshot. It never waits for a writer and no writer waits for it.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn read(&self) -> Result<Reader> {
        if self.database().backend.has_failed()
            && let Some(_permit) = self.try_permit()
        {
            self.reopen_after_failure()?;
        }
        let database = self.database();
        guarded(&self.0.path, || Reader::new(database, &self.0.path))
    }

    /// Begins a change. One at a time: waits until the one before is committed or dropped. Dropping the writer
    /// leaves nothing of it.
    ///
    /// # Errors
    /// When the file can't be read or written.
    pub fn begin(&self, kind: ChangeKind, source: &str, at: DateTime<Utc>) -> Result<Writer> {
        let permit = self.permit();
        self.reopen_after_failure()?;
        let database = self.database();
        guarded(&self.0.path, || Writer::new(permit, database, kind, source, at))
    }

    fn database(&self) -> Arc<OpenDatabase> {
        Arc::clone(&self.0.database.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, database: OpenDatabase) {
        *self.0.database.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(database);
    }

    fn permit(&self) -> Permit {
        let writing = self.0.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut writing =
            self.0.written.wait_while(writing, |writing| *writing).unwrap_or_else(PoisonError::into_inner);
        *writing = true;
        Permit(self.clone())
    }

    fn try_permit(&self) -> Option<Permit> {
        let mut writing = self.0.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if *writing {
            return None;
        }
        *writing = true;
        Some(Permit(self.clone()))
    }

    /// Opens the database anew when a read or write failed (a full disk): redb refuses all work after that.
    /// The caller holds the permit.
    fn reopen_after_failure(&self) -> Result<()> {
        let database = self.database();
        if database.backend.has_failed() {
            self.replace(database.reopen(&self.0.path)?);
        }
        Ok(())
    }
}

/// The right to write; there is one.
struct Permit(Store);

impl Permit {
    fn store(&self) -> &Store {
        &self.0
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        *self.0.0.writing.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.0.0.written.notify_one();
    }
}
