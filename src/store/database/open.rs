//! Opening: a new database, an existing one, one whose process was killed, and one after a failed write.

use std::{fs::File, path::Path, sync::Arc};

use crate::files;
use crate::store::{
    database::{
        backend::Backend,
        copy,
        file::{self, Found},
        open_database::OpenDatabase,
        verify,
    },
    error::{Result, guarded},
    schema,
};

/// Files up to this size (some 20,000 rows) are verified before anything is shown: every page after an unclean stop,
/// otherwise every value and index key, which avoids the commit at the end of redb's own check. In larger files values
/// are verified as they are read.
const VERIFIED_AT_ONCE: u64 = 5 << 20;

/// Opens the file at `path`, creating it when there is none.
pub(in crate::store) fn open(path: &Path) -> Result<OpenDatabase> {
    let file = file::open_locked(path)?;
    match file::inspect(&file, path)? {
        Found::New => create(path),
        Found::Clean => existing(path, Arc::new(file), false),
        Found::Unclean => existing(path, Arc::new(file), true),
    }
}

/// A database that ends with the process.
pub(in crate::store) fn memory() -> Result<OpenDatabase> {
    OpenDatabase::create(Path::new(""), Backend::memory(), None)
}

/// Creates the database beside its final place, then renames it: a kill at any moment leaves either nothing or a whole
/// database. The caller holds the lock on the empty file that it replaces.
fn create(path: &Path) -> Result<OpenDatabase> {
    let beside = files::beside(path, "new");
    file::remove_if_there(&beside)?;
    let file = Arc::new(file::create_locked(&beside)?);
    let database = OpenDatabase::create(path, Backend::file(Arc::clone(&file)), Some(file))?;
    file::put_in_place(&beside, path)?;
    Ok(database)
}

fn existing(path: &Path, file: Arc<File>, was_unclean: bool) -> Result<OpenDatabase> {
    over(path, Backend::file(Arc::clone(&file)), Some(file), was_unclean)
}

/// Opens and migrates the database in a backend; small ones are verified.
pub(in crate::store) fn over(
    path: &Path,
    backend: Backend,
    file: Option<Arc<File>>,
    was_unclean: bool,
) -> Result<OpenDatabase> {
    guarded(path, || {
        let small = redb::StorageBackend::len(&backend).is_ok_and(|length| length <= VERIFIED_AT_ONCE);
        let database = unverified(path, backend, file, was_unclean, small && was_unclean)?;
        if small && !was_unclean {
            verify::all(&database)?;
        }
        Ok(database)
    })
}

/// As [`over`]; pages are verified only if `check`.
pub(in crate::store) fn unverified(
    path: &Path,
    backend: Backend,
    file: Option<Arc<File>>,
    was_unclean: bool,
    check: bool,
) -> Result<OpenDatabase> {
    guarded(path, || {
        let database = OpenDatabase::attach(path, backend, file, was_unclean, check)?;
        let found = database.schema_version()?;
        if schema::needs_migration(found)? {
            copy::before_migration(&database, path, found)?;
            let txn = database.write()?;
            schema::migrate(&txn, found)?;
            txn.commit()?;
        }
        Ok(database)
    })
}

/// Opens the same bytes again after a failed write.
pub(in crate::store) fn reopen(database: &OpenDatabase, path: &Path) -> Result<OpenDatabase> {
    over(path, database.backend.reopened(), database.file.clone(), true)
}
