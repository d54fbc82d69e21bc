//! A backup put in the place of the database.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::store::{
    database::{
        backend::Backend,
        copy::remove_if_there,
        file::{self, Found},
        open, verify,
    },
    error::{Result, StoreError},
};

/// See [`crate::store::Store::restore`].
pub(in crate::store) fn restore(from: &Path, to: &Path, kept_as: &str) -> Result<Option<PathBuf>> {
    // First of all: opening the place makes an empty file where none is.
    let source = open_backup(from)?;
    if fs::canonicalize(from).is_ok_and(|from| fs::canonicalize(to).is_ok_and(|to| from == to)) {
        return Err(StoreError::io("restore", from, io::Error::other("it is the database itself, not a backup of it")));
    }
    let was_there = fs::symlink_metadata(to).is_ok_and(|metadata| metadata.len() > 0);
    let _lock = file::open_locked(to)?;
    let beside = file::beside(to, "restore");
    let kept = was_there.then(|| file::beside(to, kept_as));
    let done = copy_verified(source, from, &beside).and_then(|()| put(&beside, to, kept.as_deref()));
    if done.is_err() {
        // What failed first is what is told.
        let _ = remove_if_there(&beside);
        if !was_there {
            let _ = remove_if_there(to);
        }
    }
    done.map(|()| kept)
}

fn open_backup(from: &Path) -> Result<File> {
    let failed = |source| StoreError::io("read", from, source);
    // Looked at before it is opened: opening a pipe would wait for its other end.
    if !fs::metadata(from).map_err(failed)?.is_file() {
        return Err(failed(io::Error::other("it is not a regular file")));
    }
    File::open(from).map_err(failed)
}

fn copy_verified(mut source: File, from: &Path, beside: &Path) -> Result<()> {
    if file::inspect(&source, from)? == Found::New {
        return Err(StoreError::damaged("it is empty").at(from));
    }
    let start = io::Seek::rewind(&mut source);
    remove_if_there(beside)?;
    let copy = file::create_locked(beside)?;
    let copied = start.and_then(|()| io::copy(&mut source, &mut &copy)).and_then(|_| copy.sync_all());
    copied.map_err(|source| StoreError::io("copy to", beside, source))?;
    let copy = Arc::new(copy);
    // Its pages are checked as if it came from a killed process: nobody knows where it has been.
    let database = open::unverified(from, Backend::file(Arc::clone(&copy)), Some(copy), true, true)?;
    crate::store::error::guarded(from, || verify::all(&database))?;
    crate::store::error::guarded(from, || database.trim_and_close())
}

fn put(beside: &Path, to: &Path, kept: Option<&Path>) -> Result<()> {
    if let Some(kept) = kept {
        // A second name rather than a new one, so that there is a database at every moment.
        fs::hard_link(to, kept).map_err(|source| StoreError::io("keep the database before as", kept, source))?;
    }
    file::put_in_place(beside, to)
}
