//! One opening of the redb database: snapshots, write transactions, closing.
//!
//! INVARIANT: after a failed read or write only a new opening over the same backend is usable.

use std::{fs::File, path::Path, sync::Arc};

use redb::{Database, ReadTransaction, ReadableDatabase as _, TableError, WriteTransaction};

use crate::store::{
    database::{backend::Backend, container::BlockProtection},
    error::{Result, StoreError, guarded},
    schema::{self, Counter, META},
};

/// Size of the page cache. A larger one made nothing faster in the benches, and stays resident.
const CACHE: usize = 24 << 20;

/// One opening of the database.
pub(in crate::store) struct OpenDatabase {
    /// `None` once it is closed.
    db: Option<Database>,
    pub(in crate::store) backend: Backend,
    pub(in crate::store) place: DatabasePlace,
}

/// Where a database is.
#[derive(Clone, Default)]
pub(in crate::store) struct DatabasePlace {
    /// Holds the lock; `None` for a database in memory.
    pub(in crate::store) file: Option<Arc<File>>,
    pub(in crate::store) protection: BlockProtection,
    /// Whether the previous process ended without closing the file.
    pub(in crate::store) was_unclean: bool,
}

impl OpenDatabase {
    /// Creates an empty database in an empty backend.
    pub(in crate::store) fn create(path: &Path, backend: Backend, place: DatabasePlace) -> Result<Self> {
        guarded(path, || {
            let db = builder(false).create_with_backend(backend.clone())?;
            let database = Self { db: Some(db), backend, place };
            let txn = database.write()?;
            schema::create(&txn)?;
            txn.commit()?;
            Ok(database)
        })
    }

    /// Opens the database in a backend, whatever its schema version. redb verifies its pages only if `check`.
    pub(in crate::store) fn attach(path: &Path, backend: Backend, place: DatabasePlace, check: bool) -> Result<Self> {
        guarded(path, || {
            let db = builder(check).create_with_backend(backend.clone())?;
            Ok(Self { db: Some(db), backend, place })
        })
    }

    /// A closed database: every use of it is [`StoreError::Closed`].
    pub(in crate::store) const fn closed(backend: Backend, place: DatabasePlace) -> Self {
        Self { db: None, backend, place }
    }

    pub(in crate::store) const fn is_closed(&self) -> bool {
        self.db.is_none()
    }

    fn db(&self) -> Result<&Database> {
        self.db.as_ref().ok_or(StoreError::Closed)
    }

    /// A snapshot.
    pub(in crate::store) fn read(&self) -> Result<ReadTransaction> {
        Ok(self.db()?.begin_read()?)
    }

    /// A transaction whose commit is on the disk before it returns and leaves nothing to repair after a kill:
    /// reopening a million rows takes 6 ms instead of 333 ms.
    pub(in crate::store) fn write(&self) -> Result<WriteTransaction> {
        let mut txn = self.db()?.begin_write()?;
        txn.set_two_phase_commit(true);
        txn.set_quick_repair(true);
        Ok(txn)
    }

    /// Runs `work` and records the damage it finds, see [`Backend::mark_damaged`]. Once damage was found, later failures of
    /// this opening are consequences of it.
    pub(in crate::store) fn watched<T>(&self, path: &Path, work: impl FnOnce() -> Result<T>) -> Result<T> {
        guarded(path, work).map_err(|error| {
            match &error {
                StoreError::Damaged { what, .. } => self.backend.mark_damaged(what),
                StoreError::Io { .. } => {
                    if let Some(what) = self.backend.damage() {
                        return StoreError::damaged(what).at(path);
                    }
                }
                _ => {}
            }
            error
        })
    }

    /// Returns the space that redb reserved in advance, and closes cleanly.
    pub(in crate::store) fn trim_and_close(mut self) -> Result<()> {
        let Some(mut db) = self.db.take() else { return Ok(()) };
        db.compact()?;
        Ok(db.close()?)
    }

    /// The schema version of the file.
    pub(in crate::store) fn schema_version(&self) -> Result<u64> {
        let foreign = || StoreError::damaged("it is not a dashtam database");
        match self.read()?.open_table(META) {
            Ok(meta) => Counter::Schema.get(&meta)?.ok_or_else(foreign),
            Err(TableError::Storage(error)) => Err(error.into()),
            Err(_) => Err(foreign()),
        }
    }

    /// The number of commits so far.
    pub(in crate::store) fn generation(&self) -> Result<u64> {
        let meta = self.read()?.open_table(META)?;
        Ok(Counter::Generation.get(&meta)?.unwrap_or_default())
    }
}

fn builder(check: bool) -> redb::Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE).set_check_integrity_on_open(check);
    builder
}

impl Drop for OpenDatabase {
    fn drop(&mut self) {
        // Closing writes, and can panic when the file was damaged.
        let db = self.db.take();
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(db)));
    }
}
