//! Small private files: written whole or not at all, readable by nobody else, never through a planted link.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::Path,
};

use crate::ports::SecretBytes;

/// Whether only the owner may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privacy {
    /// Only the owner.
    Private,
    /// Others may too.
    Shared,
}

/// How a path is named in messages.
pub(super) fn shown(path: &Path) -> String {
    crate::domain::text::clean(&path.to_string_lossy()).into_owned()
}

/// Reads a small file whole; a longer one is refused.
pub(super) fn read_secret(path: &Path, most: usize) -> io::Result<(SecretBytes, Privacy)> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    // The room is there from the start: growing would leave copies behind.
    let mut bytes = SecretBytes::new(Vec::with_capacity(most + 1));
    file.take(most as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > most {
        return Err(io::Error::other(format!("it is longer than {most} bytes")));
    }
    Ok((bytes, privacy(&metadata)))
}

/// Reads the vault's file; `None` when there is none. A link in its place is refused: we never make one.
pub(super) fn read(path: &Path, most: usize) -> io::Result<Option<SecretBytes>> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_symlink() => {
            Err(io::Error::other("a link stands where the vault's file should be"))
        }
        Ok(_) => read_secret(path, most).map(|(bytes, _)| Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a file that must not be there yet (`AlreadyExists` otherwise), or replaces it.
pub(super) fn write(path: &Path, bytes: &[u8], replace: bool) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    create_private_folder(folder)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = folder.join(format!(".{name}.{}", std::process::id()));
    // A draft that a killed process of the same number left behind.
    let _ = fs::remove_file(&draft);
    let written = write_new(&draft, bytes)
        .and_then(|()| if replace { fs::rename(&draft, path) } else { fs::hard_link(&draft, path) });
    let _ = fs::remove_file(&draft);
    written?;
    File::open(folder)?.sync_all()
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn create_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Whether only the owner may read a file or look into a folder.
pub fn privacy_of(path: &Path) -> io::Result<Privacy> {
    fs::metadata(path).map(|metadata| privacy(&metadata))
}

#[cfg(unix)]
fn privacy(metadata: &fs::Metadata) -> Privacy {
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions());
    let others = mode & 0o077;
    if others == 0 { Privacy::Private } else { Privacy::Shared }
}

#[cfg(not(unix))]
const fn privacy(_: &fs::Metadata) -> Privacy {
    Privacy::Private
}
