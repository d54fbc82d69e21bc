//! The vault's file and the passphrase file, read into memory that is wiped.

use std::{io, path::Path};

use crate::{
    files::{self, Privacy},
    ports::SecretBytes,
};

/// A path as it is shown in messages.
pub(super) fn shown(path: &Path) -> String {
    crate::domain::text::clean(&path.to_string_lossy()).into_owned()
}

/// Reads a small file whole; a longer one is refused.
pub(super) fn read_secret(path: &Path, most: usize) -> io::Result<(SecretBytes, Privacy)> {
    // The capacity is there from the start: growing would leave copies behind.
    let mut bytes = SecretBytes::new(Vec::with_capacity(most + 2));
    let privacy = files::read_into(path, most, &mut bytes)?;
    Ok((bytes, privacy))
}

/// Reads the vault's file; `None` when there is none. A link in its place is refused.
pub(super) fn read(path: &Path, most: usize) -> io::Result<Option<SecretBytes>> {
    files::check_place(path)?;
    match read_secret(path, most) {
        Ok((bytes, _)) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
