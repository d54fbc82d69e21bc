//! Opening: a new database, an existing one, one whose process was killed, and one after a failed write.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    files,
    ports::{DatabaseKeys, NoDatabaseKeys},
    store::{
        database::{
            backend::Backend,
            container::BlockProtection,
            copy,
            file::{self, FoundFile},
            open_database::{DatabasePlace, OpenDatabase},
            verify,
        },
        error::{Result, StoreError, guarded},
        schema,
    },
};

/// Databases up to this size (some 20,000 rows) are verified whenever they are opened: every value and index key. After an
/// unclean stop every page is verified, whatever the size. Otherwise blocks of larger files are verified as they are read, and
/// [`verify`] runs in the background.
const VERIFIED_AT_ONCE: u64 = 5 << 20;

/// In databases up to this size, older versions of blocks are looked for before they are opened (some 5 ms); in larger ones on a
/// thread, and before the first change.
const SCANNED_AT_ONCE: u64 = 32 << 20;

/// How a database is opened.
#[derive(Clone)]
pub struct OpenOptions {
    /// Keys of encrypted databases.
    pub keys: Arc<dyn DatabaseKeys>,
    /// Files and folders of the profile that exist only if it had a database. While one of them is there, an empty file is
    /// damage and not a new profile.
    pub companions: Vec<PathBuf>,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self { keys: Arc::new(NoDatabaseKeys), companions: Vec::new() }
    }
}

/// Opens the file at `path`, creating it when there is none.
pub(in crate::store) fn open(path: &Path, options: &OpenOptions) -> Result<OpenDatabase> {
    let was_there = fs::symlink_metadata(path).is_ok();
    let file = file::open_locked(path)?;
    // Left by a process that was killed while it rewrote or restored the database.
    for leftover in ["new", "restore"] {
        file::remove_if_there(&files::beside(path, leftover))?;
    }
    match file::inspect(&file, path)? {
        FoundFile::New => {
            let companion = options.companions.iter().find(|companion| is_in_use(companion));
            match companion.filter(|_| was_there) {
                None => create(path, &BlockProtection::new(&*options.keys)?).map_err(|error| error.at(path)),
                Some(companion) => {
                    let what = format!("it is empty, but {} shows that it had data", companion.display());
                    Err(StoreError::damaged(what).at(path))
                }
            }
        }
        FoundFile::Container(header) => {
            let protection = BlockProtection::of(&header, &*options.keys)?;
            let file = Arc::new(file);
            let backend =
                protection.open(Backend::raw_file(Arc::clone(&file)), &header).map_err(|error| error.at(path))?;
            existing(path, backend, file, protection)
        }
        FoundFile::Bare => {
            let file = Arc::new(file);
            let backend = Backend::over(Backend::raw_file(Arc::clone(&file)));
            let bare = existing(path, backend, file, BlockProtection::Checksummed)?;
            match convert(path, &bare, &BlockProtection::Checksummed) {
                Ok(converted) => Ok(converted),
                // It is converted the next time.
                Err(StoreError::DiskFull { .. } | StoreError::Io { .. }) => Ok(bare),
                Err(error) => Err(error),
            }
        }
    }
}

/// Verifies `copy`, the file of a database at `place` that was copied from `from`, and brings it to the current layout.
/// All pages are checked, as after an unclean stop: it may have been copied over unreliable media. So are the blocks that no page
/// uses, which would be found when the database is opened.
pub(in crate::store) fn verified_copy(from: &Path, place: &Path, copy: File, options: &OpenOptions) -> Result<()> {
    let found = file::inspect(&copy, from)?;
    let file = Arc::new(copy);
    let raw = Backend::raw_file(Arc::clone(&file));
    let (backend, protection) = match &found {
        FoundFile::Container(header) => {
            let protection = BlockProtection::of(header, &*options.keys)?;
            (protection.open(raw, header).map_err(|error| error.at(from))?, protection)
        }
        FoundFile::New | FoundFile::Bare => (Backend::over(raw), BlockProtection::Checksummed),
    };
    if file::is_unclean(&backend).map_err(|error| error.at(from))? {
        backend.rebuild_digest()
    } else {
        backend.start_scan(true)
    }
    .map_err(|error| refused(from, error))?;
    let at = DatabasePlace { file: Some(file), protection, was_unclean: true };
    let database = unverified(from, backend, at, true)?;
    guarded(from, || verify::all(&database))?;
    // A plain backup does not make an encrypted profile plain.
    let wanted = if database.place.protection.is_sealed() {
        BlockProtection::Checksummed
    } else {
        BlockProtection::new(&*options.keys)?
    };
    let is_converted = found == FoundFile::Bare || wanted.is_sealed();
    if is_converted { convert(place, &database, &wanted) } else { Ok(database) }
        .and_then(|database| guarded(from, || database.trim_and_close()))
}

/// The error of blocks that could not be read or are not those of the digest.
fn refused(path: &Path, error: std::io::Error) -> StoreError {
    StoreError::from(redb::Error::Io(error)).at(path)
}

/// Whether it is a file with content or a folder with entries.
fn is_in_use(companion: &Path) -> bool {
    fs::read_dir(companion).map_or_else(
        |_| fs::metadata(companion).is_ok_and(|metadata| metadata.len() > 0),
        |mut entries| entries.next().is_some(),
    )
}

/// A database that ends with the process.
pub(in crate::store) fn memory() -> Result<OpenDatabase> {
    OpenDatabase::create(Path::new(""), Backend::memory(), DatabasePlace::default())
}

/// Creates the database beside its final place, then renames it: a kill at any moment leaves either nothing or a whole
/// database. The caller holds the lock on the empty file that it replaces.
fn create(path: &Path, protection: &BlockProtection) -> Result<OpenDatabase> {
    let beside = files::beside(path, "new");
    file::remove_if_there(&beside)?;
    let file = Arc::new(file::create_locked(&beside)?);
    let backend = protection.create_file(&file)?;
    let place = DatabasePlace { file: Some(file), protection: protection.clone(), was_unclean: false };
    let database = OpenDatabase::create(path, backend, place)?;
    file::put_in_place(&beside, path)?;
    Ok(database)
}

pub(in crate::store) fn existing(
    path: &Path,
    backend: Backend,
    file: Arc<File>,
    protection: BlockProtection,
) -> Result<OpenDatabase> {
    let was_unclean = file::is_unclean(&backend).map_err(|error| error.at(path))?;
    over(path, backend, DatabasePlace { file: Some(file), protection, was_unclean })
}

/// Opens, verifies and migrates the database in a backend. A verification writes to memory only, since opening a database
/// writes to its header: a damaged file stays as it is.
pub(in crate::store) fn over(path: &Path, backend: Backend, place: DatabasePlace) -> Result<OpenDatabase> {
    let is_small = redb::StorageBackend::len(&backend).is_ok_and(|length| length <= VERIFIED_AT_ONCE);
    let was_unclean = place.was_unclean;
    if !was_unclean {
        let is_scanned_at_once = redb::StorageBackend::len(&backend).is_ok_and(|length| length <= SCANNED_AT_ONCE);
        backend.start_scan(is_scanned_at_once).map_err(|error| refused(path, error))?;
    }
    if is_small || was_unclean {
        let copy = backend.in_memory().map_err(|source| StoreError::io("read", path, source).at(path))?;
        let place = DatabasePlace { file: None, ..place.clone() };
        let probe = unverified(path, copy, place, was_unclean)?;
        if !was_unclean {
            guarded(path, || verify::all(&probe))?;
        }
    }
    if was_unclean {
        backend.rebuild_digest().map_err(|error| refused(path, error))?;
    }
    unverified(path, backend, place, false)
}

/// As [`over`]; pages are verified only if `check`.
pub(in crate::store) fn unverified(
    path: &Path,
    backend: Backend,
    place: DatabasePlace,
    check: bool,
) -> Result<OpenDatabase> {
    guarded(path, || {
        let database = OpenDatabase::attach(path, backend, place, check)?;
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

/// Rewrites the database with another protection, beside its place, and renames the copy: a kill at any moment leaves one
/// of the two.
fn convert(path: &Path, database: &OpenDatabase, protection: &BlockProtection) -> Result<OpenDatabase> {
    let beside = files::beside(path, "new");
    file::remove_if_there(&beside)?;
    let mut copy = guarded(path, || copy::to_file(&database.read()?, &beside, protection))?;
    copy.place.was_unclean = database.place.was_unclean;
    file::put_in_place(&beside, path)?;
    Ok(copy)
}

/// Opens the same bytes again after a failed write.
pub(in crate::store) fn reopen(database: &OpenDatabase, path: &Path) -> Result<OpenDatabase> {
    let place = DatabasePlace { was_unclean: true, ..database.place.clone() };
    over(path, database.backend.reopened(), place)
}

/// Opens a damaged database again for reading. Its file is not written to.
pub(in crate::store) fn reopen_read_only(database: &OpenDatabase, path: &Path) -> Result<OpenDatabase> {
    let backend = database.backend.reopened_in_memory().map_err(|source| StoreError::io("read", path, source))?;
    unverified(path, backend, database.place.clone(), false)
}
