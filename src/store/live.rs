//! Opening: a new database, an existing one, one whose process was killed, and one after a failed write.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    sync::Arc,
};

use redb::{Database, ReadTransaction, ReadableDatabase as _, TableError, WriteTransaction};

use super::{
    error::{Result, StoreError, guarded},
    file::{self, Found},
    medium::Medium,
    schema::{self, Counter, META},
    verify,
};

/// Memory for pages. More makes nothing faster that was measured, and stays resident.
const CACHE: usize = 24 << 20;

/// Up to this size (some 20,000 rows) everything is verified before anything is shown: every page after an unclean stop,
/// else every value and index key, which spares the commit that redb's own check ends with. Beyond, values are verified
/// one by one as they are read, and [`super::Store::verify`] on a worker thread does the rest.
const VERIFIED_AT_ONCE: u64 = 5 << 20;

/// One opening of the database.
pub(super) struct Live {
    /// There until it is closed.
    db: Option<Database>,
    pub(super) medium: Medium,
    /// Keeps the lock.
    pub(super) file: Option<Arc<File>>,
    /// Whether the process before ended without closing the file.
    pub(super) was_unclean: bool,
}

impl Live {
    /// Opens the file at `path`, creating it when there is none.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = file::open_locked(path)?;
        match file::inspect(&file, path)? {
            Found::New => Self::create(path),
            Found::Clean => Self::existing(path, Arc::new(file), false),
            Found::Unclean => Self::existing(path, Arc::new(file), true),
        }
    }

    /// A database that ends with the process.
    pub(super) fn memory() -> Result<Self> {
        Self::fresh(Path::new(""), Medium::memory(), None)
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
        let live = Self::fresh(path, Medium::file(Arc::clone(&file)), Some(file))?;
        put_in_place(&beside, path)?;
        Ok(live)
    }

    /// An empty database in an empty medium.
    pub(super) fn fresh(path: &Path, medium: Medium, file: Option<Arc<File>>) -> Result<Self> {
        guarded(path, || {
            let db = builder(false).create_with_backend(medium.clone())?;
            let live = Self { db: Some(db), medium, file, was_unclean: false };
            let txn = live.write()?;
            schema::create(&txn)?;
            txn.commit()?;
            Ok(live)
        })
    }

    fn existing(path: &Path, file: Arc<File>, was_unclean: bool) -> Result<Self> {
        let medium = Medium::file(Arc::clone(&file));
        Self::over(path, medium, Some(file), was_unclean)
    }

    /// Opens what a medium holds.
    pub(super) fn over(path: &Path, medium: Medium, file: Option<Arc<File>>, was_unclean: bool) -> Result<Self> {
        guarded(path, || {
            let small = redb::StorageBackend::len(&medium).is_ok_and(|length| length <= VERIFIED_AT_ONCE);
            let live = Self::unverified(path, medium, file, was_unclean, small && was_unclean)?;
            if small && !was_unclean {
                verify::all(&live)?;
            }
            Ok(live)
        })
    }

    /// As [`Live::over`]; pages are verified only as `check` says.
    pub(super) fn unverified(
        path: &Path,
        medium: Medium,
        file: Option<Arc<File>>,
        was_unclean: bool,
        check: bool,
    ) -> Result<Self> {
        guarded(path, || {
            let db = builder(check).create_with_backend(medium.clone())?;
            let live = Self { db: Some(db), medium, file, was_unclean };
            let found = live.schema()?;
            if schema::needs_migration(found)? {
                super::backup::before_migration(&live, path, found)?;
                let txn = live.write()?;
                schema::migrate(&txn, found)?;
                txn.commit()?;
            }
            Ok(live)
        })
    }

    fn db(&self) -> Result<&Database> {
        self.db.as_ref().ok_or(StoreError::Busy)
    }

    /// A snapshot.
    pub(super) fn read(&self) -> Result<ReadTransaction> {
        Ok(self.db()?.begin_read()?)
    }

    /// A transaction whose commit is on the disk before it returns, and leaves nothing to repair after a kill:
    /// reopening a million rows takes 6 ms instead of 333 ms.
    pub(super) fn write(&self) -> Result<WriteTransaction> {
        let mut txn = self.db()?.begin_write()?;
        txn.set_two_phase_commit(true);
        txn.set_quick_repair(true);
        Ok(txn)
    }

    /// Gives back the room that redb took in advance, and closes in order.
    pub(super) fn trim_and_close(mut self) -> Result<()> {
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
    pub(super) fn generation(&self) -> Result<u64> {
        let meta = self.read()?.open_table(META)?;
        Ok(Counter::Generation.get(&meta)?.unwrap_or_default())
    }

    /// Opens the same bytes anew after a failed write.
    pub(super) fn reopen(&self, path: &Path) -> Result<Self> {
        Self::over(path, self.medium.succeed(), self.file.clone(), true)
    }
}

/// `name.suffix` in the same folder.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(suffix);
    path.with_file_name(name)
}

/// Gives a finished file its name, durably.
pub(super) fn put_in_place(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(|source| StoreError::io("put in place", to, source))?;
    file::sync_folder(to)
}

fn builder(check: bool) -> redb::Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE).set_check_integrity_on_open(check);
    builder
}

impl Drop for Live {
    fn drop(&mut self) {
        // Closing writes, and what it would write may make no sense when the file was damaged.
        let db = self.db.take();
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(db)));
    }
}
