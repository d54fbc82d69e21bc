//! Private files: created for the owner alone, never opened through a link, replaced as a whole.
//!
//! Used by `store`, `vault`, `config`, `cli` and `tui` for everything the program keeps. INVARIANT: nothing here waits on
//! a pipe or reads from a device, and a file is either the old one or the complete new one. Errors are plain
//! [`io::Error`]s without the path; callers name it.

#[cfg(test)]
mod tests;

use std::{
    fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions},
    io::{self, ErrorKind, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;

/// How often a file that another process replaces during the opening is looked for again.
const TRIES: usize = 8;

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privacy {
    /// Only the owner.
    Private,
    /// Other users too.
    Shared,
}

fn privacy(metadata: &Metadata) -> Privacy {
    let others = metadata.permissions().mode() & 0o077;
    if others == 0 { Privacy::Private } else { Privacy::Shared }
}

/// Who may read a file or list a folder.
///
/// # Errors
/// When the file does not exist.
pub fn privacy_of(path: &Path) -> io::Result<Privacy> {
    fs::metadata(path).map(|metadata| privacy(&metadata))
}

/// Options that follow no link and do not wait for the other end of a pipe.
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed());
    options
}

/// Sets the mode whatever the umask was; a file that others could read is closed to them.
fn make_private(file: &File) -> io::Result<()> {
    if file.metadata()?.permissions().mode() & 0o777 == 0o600 {
        return Ok(());
    }
    file.set_permissions(Permissions::from_mode(0o600))
}

fn refuse_unless_regular(metadata: &Metadata) -> io::Result<()> {
    if metadata.is_symlink() {
        return Err(io::Error::other("it is a symbolic link; put the file itself there"));
    }
    if metadata.is_dir() {
        return Err(io::Error::other("it is a folder"));
    }
    if metadata.is_file() { Ok(()) } else { Err(io::Error::other("it is not a regular file")) }
}

/// Creates a file that must not exist yet, mode 0600, for reading and writing.
///
/// # Errors
/// [`ErrorKind::AlreadyExists`] for anything at `path`, also a link.
pub fn create(path: &Path) -> io::Result<File> {
    let file = options().read(true).write(true).create_new(true).mode(0o600).open(path)?;
    make_private(&file)?;
    Ok(file)
}

/// Opens an existing private file for reading and writing; other users lose access to it.
///
/// # Errors
/// For links, folders, pipes and devices, which are not opened, and when the file does not exist.
pub fn open(path: &Path) -> io::Result<File> {
    refuse_unless_regular(&fs::symlink_metadata(path)?)?;
    let file = options().read(true).write(true).open(path)?;
    // It may have been replaced in between.
    refuse_unless_regular(&file.metadata()?)?;
    make_private(&file)?;
    Ok(file)
}

/// Opens a private file, or creates it durably if there is none.
///
/// # Errors
/// As [`open()`].
pub fn open_or_create(path: &Path) -> io::Result<File> {
    for _ in 0..TRIES {
        match create(path) {
            Ok(file) => {
                sync_folder_of(path)?;
                return Ok(file);
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        match open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            opened => return opened,
        }
    }
    Err(io::Error::other("it keeps appearing and vanishing"))
}

/// Opens a private file to append to, creating it if there is none.
///
/// # Errors
/// As [`open()`].
pub fn append(path: &Path) -> io::Result<File> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => refuse_unless_regular(&metadata)?,
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let file = options().append(true).create(true).mode(0o600).open(path)?;
    refuse_unless_regular(&file.metadata()?)?;
    make_private(&file)?;
    Ok(file)
}

/// Opens a file that the user named, for reading. Links are followed; folders, pipes and devices are refused without
/// being opened.
///
/// # Errors
/// When it is not a regular file or can't be opened.
pub fn open_to_read(path: &Path) -> io::Result<File> {
    refuse_unless_regular(&fs::metadata(path)?)?;
    let file = OpenOptions::new().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path)?;
    refuse_unless_regular(&file.metadata()?)?;
    Ok(file)
}

/// Reads a file that the user named into `buffer`; one of more than `most` bytes is refused. See [`open_to_read`].
///
/// # Errors
/// As [`open_to_read`].
pub fn read_into(path: &Path, most: usize, buffer: &mut Vec<u8>) -> io::Result<Privacy> {
    let file = open_to_read(path)?;
    let privacy = privacy(&file.metadata()?);
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    if file.take(limit).read_to_end(buffer)? > most {
        return Err(io::Error::other(format!("it is larger than {}", size(most))));
    }
    Ok(privacy)
}

/// A limit in the largest unit that divides it.
fn size(bytes: usize) -> String {
    match bytes {
        _ if bytes >= 1 << 20 && bytes.is_multiple_of(1 << 20) => format!("{} MiB", bytes >> 20),
        _ if bytes >= 1 << 10 && bytes.is_multiple_of(1 << 10) => format!("{} KiB", bytes >> 10),
        _ => format!("{bytes} bytes"),
    }
}

/// As [`read_into`], as text.
///
/// # Errors
/// As [`open_to_read`], and when it is not UTF-8.
pub fn read_text(path: &Path, most: usize) -> io::Result<String> {
    let mut bytes = Vec::new();
    read_into(path, most, &mut bytes)?;
    String::from_utf8(bytes).map_err(|_| io::Error::new(ErrorKind::InvalidData, "it is not UTF-8 text"))
}

/// Refuses a link in the place of a private file. A missing file is fine.
///
/// # Errors
/// For links, folders, pipes and devices.
pub fn check_place(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => refuse_unless_regular(&metadata),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Writes a whole private file that must not exist yet.
///
/// # Errors
/// [`ErrorKind::AlreadyExists`]; after any error nothing is left at `path`.
pub fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write(path, bytes, |draft| fs::hard_link(draft, path))
}

/// Writes a whole private file in the place of the one at `path`, if any. A link there is replaced, not followed.
///
/// # Errors
/// After any error the former file is still there.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write(path, bytes, |draft| fs::rename(draft, path))
}

fn write(path: &Path, bytes: &[u8], finish: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    create_folders(folder_of(path))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = path.with_file_name(format!(".{name}.{}", std::process::id()));
    // A killed process with the same id may have left one.
    remove_if_there(&draft)?;
    let written = create(&draft).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let done = written.and_then(|()| finish(&draft));
    let removed = remove_if_there(&draft);
    done.and(removed)?;
    sync_folder_of(path)
}

/// Gives a finished file its name, durably.
///
/// # Errors
/// When the file can't be renamed.
pub fn put_in_place(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    sync_folder_of(to)
}

/// Gives a finished file a name that must not be taken yet, durably.
///
/// # Errors
/// [`ErrorKind::AlreadyExists`].
pub fn name_new(from: &Path, to: &Path) -> io::Result<()> {
    fs::hard_link(from, to)?;
    fs::remove_file(from)?;
    sync_folder_of(to)
}

/// Removes a file; a missing one is fine.
///
/// # Errors
/// When it is there and can't be removed.
pub fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// `name.suffix` in the same folder.
#[must_use]
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(suffix);
    path.with_file_name(name)
}

/// Whether `file` is the one at `path` now.
///
/// # Errors
/// When `file` can't be inspected.
pub fn is_still_at(file: &File, path: &Path) -> io::Result<bool> {
    let ours = file.metadata()?;
    Ok(fs::symlink_metadata(path).is_ok_and(|there| (there.dev(), there.ino()) == (ours.dev(), ours.ino())))
}

/// Creates a folder that must not exist yet, mode 0700.
///
/// # Errors
/// [`ErrorKind::AlreadyExists`].
pub fn create_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(folder)?;
    fs::set_permissions(folder, Permissions::from_mode(0o700))
}

/// Creates the missing folders of `folder`, mode 0700 whatever the umask is. Existing ones keep their mode.
///
/// # Errors
/// When a folder can't be created.
pub fn create_folders(folder: &Path) -> io::Result<()> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent() {
        create_folders(parent)?;
    }
    match create_folder(folder) {
        Ok(()) => sync_folder_of(folder),
        Err(error) if error.kind() == ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        Err(error) => Err(error),
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes the name of `path` durable.
///
/// # Errors
/// When its folder can't be synced.
pub fn sync_folder_of(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}
