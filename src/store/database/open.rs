//! Opening: a new database, an existing one, one whose process was killed, and one after a failed write.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    sync::Arc,
};

use redb::{Database, ReadTransaction, ReadableDatabase as _, TableError, WriteTransaction};

use crate::store::{
    database::{
        backend::Backend,
        file::{self, Found},
        verify,
    },
    error::{Result, StoreError, guarded},
    schema::{self, Counter, META},
};

/// Memory for pages. More makes nothing faster that was measured, and stays resident.
const CACHE: usize = 24 << 20;

/// Up to this size (some 20,000 rows) everything is verified before anything is shown: every page after an unclean stop,
/// else every value and index key, which spares the commit that redb's own check ends with. Beyond, values are verified
/// one by one as they are read, and [`crate::store::Store::verify`] on a worker thread does the rest.
const VERIFIED_AT_ONCE: u64 = 5 << 20;

/// One opening of the database.
pub(in crate::store) struct OpenDatabase {
    /// There until it is closed.
    db: Option<Database>,
    pub(in crate::store) backend: Backend,
    /// Keeps the lock.
    pub(in crate::store) file: Option<Arc<File>>,
    /// Whether the process before ended without closing the file.
    pub(in crate::store) was_unclean: bool,
}

impl OpenDatabase {
    /// Opens the file at `path`, creating it when there is none.
    pub(in crate::store) fn open(path: &Path) -> Result<Self> {
        let file = file::open_locked(path)?;
        match file::inspect(&file, path)? {
            Found::New => Self::create(path),
            Found::Clean => Self::existing(path, Arc::new(file), false),
            Found::Unclean => Self::existing(path, Arc::new(file), true),
        }
    }

    /// A database that ends with the process.
    pub(in crate::store) fn memory() -> Result<Self> {
        Self::fresh(Path::new(""), Backend::memory(), None)
    }

    /// Makes the database beside its final place, then puts it there: a kill at any moment leaves either nothing or
    /// a whole database. The caller holds the lock on the empty file that it replaces.
    fn create(path: &Path) -> Result<Self> {
        let beside = beside(path, "new");
        match fs::remove_file(&beside) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(source) => return Err(StoreError::io("remove", &beside, source)),
        }
        let file = Arc::new(file::create_locked(&beside)?);
        let database = Self::fresh(path, Backend::file(Arc::clone(&file)), Some(file))?;
        put_in_place(&beside, path)?;
        Ok(database)
    }

    /// An empty database in an empty medium.
    pub(in crate::store) fn fresh(path: &Path, backend: Backend, file: Option<Arc<File>>) -> Result<Self> {
        guarded(path, || {
            let db = builder(false).create_with_backend(backend.clone())?;
            let database = Self { db: Some(db), backend, file, was_unclean: false };
            let txn = database.write()?;
            schema::create(&txn)?;
            txn.commit()?;
            Ok(database)
        })
    }

    fn existing(path: &Path, file: Arc<File>, was_unclean: bool) -> Result<Self> {
        let backend = Backend::file(Arc::clone(&file));
        Self::over(path, backend, Some(file), was_unclean)
    }

    /// Opens what a medium holds.
    pub(in crate::store) fn over(
        path: &Path,
        backend: Backend,
        file: Option<Arc<File>>,
        was_unclean: bool,
    ) -> Result<Self> {
        guarded(path, || {
            let account_number = redb::StorageBackend::len(&backend).is_ok_and(|length| length <= VERIFIED_AT_ONCE);
            let database = Self::unverified(path, backend, file, was_unclean, account_number && was_unclean)?;
            if account_number && !was_unclean {
                verify::all(&database)?;
            }
            Ok(database)
        })
    }

    /// As [`Live::over`]; pages are verified only as `check` says.
    pub(in crate::store) fn unverified(
        path: &Path,
        backend: Backend,
        file: Option<Arc<File>>,
        was_unclean: bool,
        check: bool,
    ) -> Result<Self> {
        guarded(path, || {
            let db = builder(check).create_with_backend(backend.clone())?;
            let database = Self { db: Some(db), backend, file, was_unclean };
            let found = database.schema()?;
            if schema::needs_migration(found)? {
                super::backup::before_migration(&database, path, found)?;
                let txn = database.write()?;
                schema::migrate(&txn, found)?;
                txn.commit()?;
            }
            Ok(database)
        })
    }

    fn db(&self) -> Result<&Database> {
        self.db.as_ref().ok_or(StoreError::Busy)
    }

    /// A snapshot.
    pub(in crate::store) fn read(&self) -> Result<ReadTransaction> {
        Ok(self.db()?.begin_read()?)
    }

    /// A transaction whose commit is on the disk before it returns, and leaves nothing to repair after a kill:
    /// reopening a million rows takes 6 ms instead of 333 ms.
    pub(in crate::store) fn write(&self) -> Result<WriteTransaction> {
        let mut txn = self.db()?.begin_write()?;
        txn.set_two_phase_commit(true);
        txn.set_quick_repair(true);
        Ok(txn)
    }

    /// Gives back the room that redb took in advance, and closes in order.
    pub(in crate::store) fn trim_and_close(mut self) -> Result<()> {
        let Some(mut db) = self.db.take() else { return Ok(()) };
        db.compact()?;
        Ok(db.close()?)
    }

    fn schema(&self) -> Result<u64> {
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

    /// Opens the same bytes anew after a failed write.
    pub(in crate::store) fn reopen(&self, path: &Path) -> Result<Self> {
        Self::over(path, self.backend.reopened(), self.file.clone(), true)
    }
}

/// `name.suffix` in the same folder.
pub(in crate::store) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(suffix);
    path.with_file_name(name)
}

/// Gives a finished file its name, durably.
pub(in crate::store) fn put_in_place(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(|source| StoreError::io("put in place", to, source))?;
    file::sync_folder(to)
}

fn builder(check: bool) -> redb::Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE).set_check_integrity_on_open(check);
    builder
}

impl Drop for OpenDatabase {
    fn drop(&mut self) {
        // Closing writes, and what it would write may make no sense when the file was damaged.
        let db = self.db.take();
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(db)));
    }
}
