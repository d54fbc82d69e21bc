//! The file under the database: created private, opened without following links, locked for one process.
//!
//! INVARIANT: nothing here truncates, deletes or waits.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use crate::store::error::{Result, StoreError};

/// How often a file that is replaced while it is opened is looked for again.
const TRIES: usize = 8;

/// Opens the database file for this process alone, creating it (0600) and its folders (0700) as needed.
pub(in crate::store) fn open_locked(path: &Path) -> Result<File> {
    if let Some(parent) = path.parent() {
        create_private_folders(parent)?;
    }
    for _ in 0..TRIES {
        let file = open_private(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::Locked { path: path.into() }),
            Err(TryLockError::Error(source)) => return Err(StoreError::io("lock", path, source)),
        }
        // A compaction may have put another file in its place between opening and locking.
        if is_still_at(&file, path)? {
            return Ok(file);
        }
    }
    Err(StoreError::Locked { path: path.into() })
}

/// Creates a file that must not exist yet, private, and locks it.
pub(in crate::store) fn create_locked(path: &Path) -> Result<File> {
    let file = creating().open(path).map_err(|source| StoreError::io("create", path, source))?;
    make_private(&file).map_err(|source| StoreError::io("make private", path, source))?;
    file.try_lock().map_err(|error| StoreError::io("lock", path, error.into()))?;
    Ok(file)
}

fn open_private(path: &Path) -> Result<File> {
    for _ in 0..TRIES {
        match creating().open(path) {
            Ok(file) => {
                make_private(&file).map_err(|source| StoreError::io("make private", path, source))?;
                sync_folder(path)?;
                return Ok(file);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(source) => return Err(StoreError::io("create", path, source)),
        }
        match existing().open(path) {
            Ok(file) => {
                let metadata = file.metadata().map_err(|source| StoreError::io("look at", path, source))?;
                if !metadata.is_file() {
                    let source = io::Error::other("it is not a regular file");
                    return Err(StoreError::io("open", path, source));
                }
                make_private(&file).map_err(|source| StoreError::io("make private", path, source))?;
                return Ok(file);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && !is_link(path) => {}
            Err(_) if is_link(path) => {
                let source = io::Error::other("it is a symbolic link; put the file itself there");
                return Err(StoreError::io("open", path, source));
            }
            Err(source) => return Err(StoreError::io("open", path, source)),
        }
    }
    Err(StoreError::io("open", path, io::Error::other("it keeps appearing and vanishing")))
}

fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink())
}

#[cfg(unix)]
fn creating() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = existing();
    options.create_new(true).mode(0o600);
    options
}

#[cfg(unix)]
fn existing() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = OpenOptions::new();
    // Without O_NONBLOCK a pipe planted at this path would be waited for.
    options.read(true).write(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    options
}

#[cfg(not(unix))]
fn creating() -> OpenOptions {
    let mut options = existing();
    options.create_new(true);
    options
}

#[cfg(not(unix))]
fn existing() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    options
}

/// Sets the mode whatever the umask was; a file that others could read is closed to them.
#[cfg(unix)]
fn make_private(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    if file.metadata()?.permissions().mode() & 0o777 == 0o600 {
        return Ok(());
    }
    file.set_permissions(fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn make_private(_: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn is_still_at(file: &File, path: &Path) -> Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let ours = file.metadata().map_err(|source| StoreError::io("look at", path, source))?;
    Ok(fs::symlink_metadata(path).is_ok_and(|there| (there.dev(), there.ino()) == (ours.dev(), ours.ino())))
}

#[cfg(not(unix))]
fn is_still_at(_: &File, _: &Path) -> Result<bool> {
    Ok(true)
}

/// Creates the missing folders of `folder` with mode 0700, whatever the umask is. Existing ones stay as they are.
fn create_private_folders(folder: &Path) -> Result<()> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent() {
        create_private_folders(parent)?;
    }
    match create_folder(folder) {
        Ok(()) => sync_folder(folder),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        Err(source) => Err(StoreError::io("create the folder", folder, source)),
    }
}

#[cfg(unix)]
fn create_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
    fs::DirBuilder::new().mode(0o700).create(folder)?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn create_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir(folder)
}

/// Makes the name of `path` durable.
#[cfg(unix)]
pub(in crate::store) fn sync_folder(path: &Path) -> Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|source| StoreError::io("sync the folder of", path, source))
}

#[cfg(not(unix))]
pub(in crate::store) fn sync_folder(_: &Path) -> Result<()> {
    Ok(())
}

/// What the first bytes of a database file say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Found {
    /// Nothing yet.
    New,
    /// A database that was closed in order.
    Clean,
    /// A database whose process ended without closing it.
    Unclean,
}

const MAGIC: &[u8; 9] = b"redb\x1a\x0a\xa9\x0d\x0a";
/// In the byte after the magic number: set while the file is open for writing.
const RECOVERY_REQUIRED: u8 = 2;

/// Looks at the beginning of the file.
pub(in crate::store) fn inspect(mut file: &File, path: &Path) -> Result<Found> {
    let mut head = Vec::new();
    let read = file.seek(SeekFrom::Start(0)).and_then(|_| file.take(512).read_to_end(&mut head));
    read.map_err(|source| StoreError::io("read", path, source))?;
    match head.strip_prefix(MAGIC) {
        _ if head.is_empty() => Ok(Found::New),
        Some([flags, ..]) if flags & RECOVERY_REQUIRED != 0 => Ok(Found::Unclean),
        Some([_, ..]) => Ok(Found::Clean),
        _ => Err(StoreError::damaged("it is not a dashtam database").at(path)),
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
    sync_folder(to)
}
