//! The database file: opened and locked for one process, and its first bytes inspected.
//!
//! INVARIANT: nothing here truncates, deletes or waits.

use std::{
    fs::{File, TryLockError},
    io::{Read as _, Seek as _, SeekFrom},
    path::Path,
};

use redb::StorageBackend;

use crate::{
    files,
    store::{
        database::blocks::header::{BlockHeader, Parsed},
        error::{Result, StoreError},
    },
};

/// How often a file that is replaced while it is opened is looked for again.
const TRIES: usize = 8;

/// Opens the database file for this process alone, creating it (0600) and its folders (0700) as needed.
pub(in crate::store) fn open_locked(path: &Path) -> Result<File> {
    if let Some(parent) = path.parent() {
        files::create_folders(parent).map_err(|source| StoreError::io("create the folder", parent, source))?;
    }
    for _ in 0..TRIES {
        let file = files::open_or_create(path).map_err(|source| StoreError::io("open", path, source))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::Locked { path: path.into() }),
            Err(TryLockError::Error(source)) => return Err(StoreError::io("lock", path, source)),
        }
        // A compaction may have put another file in its place between opening and locking.
        if files::is_still_at(&file, path).map_err(|source| StoreError::io("inspect", path, source))? {
            return Ok(file);
        }
    }
    Err(StoreError::Locked { path: path.into() })
}

/// Creates a file that must not exist yet, private, and locks it.
pub(in crate::store) fn create_locked(path: &Path) -> Result<File> {
    let file = files::create(path).map_err(|source| StoreError::io("create", path, source))?;
    file.try_lock().map_err(|error| StoreError::io("lock", path, error.into()))?;
    Ok(file)
}

/// Gives a finished file its name, durably.
pub(in crate::store) fn put_in_place(from: &Path, to: &Path) -> Result<()> {
    files::put_in_place(from, to).map_err(|source| StoreError::io("put in place", to, source))
}

/// Removes a file; a missing one is fine.
pub(in crate::store) fn remove_if_there(path: &Path) -> Result<()> {
    files::remove_if_there(path).map_err(|source| StoreError::io("remove", path, source))
}

/// Kind of a database file according to its first bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) enum FoundFile {
    /// Empty.
    New,
    /// A container, see [`crate::store::database::container`].
    Container(BlockHeader),
    /// A file of an earlier version, without a container.
    Bare,
}

const MAGIC: &[u8; 9] = b"redb\x1a\x0a\xa9\x0d\x0a";
/// In the byte after the magic number: set while the database is open for writing.
const RECOVERY_REQUIRED: u8 = 2;

/// Inspects the beginning of the file.
pub(in crate::store) fn inspect(mut file: &File, path: &Path) -> Result<FoundFile> {
    let mut head = Vec::new();
    let read = file.seek(SeekFrom::Start(0)).and_then(|_| file.take(8192).read_to_end(&mut head));
    read.map_err(|source| StoreError::io("read", path, source))?;
    if head.is_empty() {
        return Ok(FoundFile::New);
    }
    if head.starts_with(MAGIC) && head.len() > MAGIC.len() {
        return Ok(FoundFile::Bare);
    }
    match BlockHeader::parse(&head) {
        Parsed::Header(header) => Ok(FoundFile::Container(header)),
        Parsed::Newer(version) => Err(StoreError::Newer { path: path.into(), found: u64::from(version), known: 1 }),
        Parsed::Damaged => Err(StoreError::damaged("its header is damaged").at(path)),
        Parsed::Foreign => Err(StoreError::damaged("it is not a dashtam database").at(path)),
    }
}

/// Whether the process that had the database before ended without closing it.
pub(in crate::store) fn is_unclean(backend: &dyn StorageBackend) -> Result<bool> {
    let mut head = [0; MAGIC.len() + 1];
    backend.read(0, &mut head).map_err(|error| StoreError::from(redb::Error::Io(error)))?;
    match head.strip_prefix(MAGIC) {
        Some([flags]) => Ok(flags & RECOVERY_REQUIRED != 0),
        _ => Err(StoreError::damaged("it is not a dashtam database")),
    }
}

/// Clears the mark of an unclean stop.
pub(in crate::store) fn mark_clean(backend: &dyn StorageBackend) -> Result<()> {
    let failed = |error| StoreError::from(redb::Error::Io(error));
    let (mut flags, at) = ([0], MAGIC.len() as u64);
    backend.read(at, &mut flags).map_err(failed)?;
    flags[0] &= !RECOVERY_REQUIRED;
    backend.write(at, &flags).map_err(failed)
}
