//! Restore: a backup replaces the database.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use crate::{
    files,
    store::{
        database::{
            file::{self, Found},
            open::{self, OpenOptions},
        },
        error::{Result, StoreError},
    },
};

/// See [`crate::store::Store::restore`].
pub(in crate::store) fn restore(
    from: &Path,
    to: &Path,
    kept_as: &str,
    options: &OpenOptions,
) -> Result<Option<PathBuf>> {
    // First, because opening the database creates an empty file if there is none.
    let source = open_backup(from)?;
    if fs::canonicalize(from).is_ok_and(|from| fs::canonicalize(to).is_ok_and(|to| from == to)) {
        return Err(StoreError::io("restore", from, io::Error::other("it is the database itself, not a backup of it")));
    }
    let was_there = fs::symlink_metadata(to).is_ok_and(|metadata| metadata.len() > 0);
    let _lock = file::open_locked(to)?;
    let beside = files::beside(to, "restore");
    let kept = was_there.then(|| files::beside(to, kept_as));
    let done = copy_verified(source, from, &beside, options).and_then(|()| put(&beside, to, kept.as_deref()));
    if done.is_err() {
        // The first error is reported.
        let _ = file::remove_if_there(&beside);
        if !was_there {
            let _ = file::remove_if_there(to);
        }
    }
    done.map(|()| kept)
}

fn open_backup(from: &Path) -> Result<File> {
    files::open_to_read(from).map_err(|source| StoreError::io("read", from, source))
}

fn copy_verified(mut source: File, from: &Path, beside: &Path, options: &OpenOptions) -> Result<()> {
    if file::inspect(&source, from)? == Found::New {
        return Err(StoreError::damaged("it is empty").at(from));
    }
    let start = io::Seek::rewind(&mut source);
    file::remove_if_there(beside)?;
    let copy = file::create_locked(beside)?;
    let copied = start.and_then(|()| io::copy(&mut source, &mut &copy)).and_then(|_| copy.sync_all());
    copied.map_err(|source| StoreError::io("copy to", beside, source))?;
    open::verified_copy(from, beside, copy, options)
}

fn put(beside: &Path, to: &Path, kept: Option<&Path>) -> Result<()> {
    if let Some(kept) = kept {
        // A hard link instead of a rename, so that there is a database at every moment.
        fs::hard_link(to, kept).map_err(|source| StoreError::io("keep the former database as", kept, source))?;
    }
    file::put_in_place(beside, to)
}
