//! Restore: a backup replaces the database.

use std::{
    fs::{self, File},
    io::{self, Read as _, Seek as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    files,
    store::{
        database::{
            container::BlockProtection,
            dump,
            encrypted_backup::{self, BackupKey},
            file::{self, FoundFile},
            open::{self, OpenOptions},
            open_database::{DatabasePlace, OpenDatabase},
            verify,
        },
        error::{Result, StoreError, guarded},
    },
};

/// How a backup is restored.
#[derive(Clone, Default)]
pub struct RestoreOptions {
    /// Keys of encrypted databases.
    pub open: OpenOptions,
    /// The secret of an encrypted backup.
    pub key: Option<BackupKey>,
}

/// See [`crate::store::Store::restore`].
pub(in crate::store) fn restore(
    from: &Path,
    to: &Path,
    kept_as: &str,
    options: &RestoreOptions,
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

fn copy_verified(mut source: File, from: &Path, beside: &Path, options: &RestoreOptions) -> Result<()> {
    file::remove_if_there(beside)?;
    let mut head = Vec::new();
    let read =
        (&source).take(encrypted_backup::MAGIC.len() as u64).read_to_end(&mut head).and_then(|_| source.rewind());
    read.map_err(|error| StoreError::io("read", from, error))?;
    if head == encrypted_backup::MAGIC {
        let key = options.key.as_ref().ok_or_else(|| {
            StoreError::Backup(format!("{} is encrypted; its passphrase or an identity is needed", from.display()))
        })?;
        return decrypt(&source, from, beside, key, &options.open);
    }
    if file::inspect(&source, from)? == FoundFile::New {
        return Err(StoreError::damaged("it is empty").at(from));
    }
    let start = source.rewind();
    let copy = file::create_locked(beside)?;
    let copied = start.and_then(|()| io::copy(&mut source, &mut &copy)).and_then(|_| copy.sync_all());
    copied.map_err(|source| StoreError::io("copy to", beside, source))?;
    open::verified_copy(from, beside, copy, &options.open)
}

/// Reads an encrypted backup into a new database.
fn decrypt(source: &File, from: &Path, beside: &Path, key: &BackupKey, options: &OpenOptions) -> Result<()> {
    let protection = BlockProtection::new(&*options.keys)?;
    guarded(from, || {
        let dump = encrypted_backup::open(source, key)?;
        let file = Arc::new(file::create_locked(beside)?);
        let place = DatabasePlace { file: Some(Arc::clone(&file)), protection: protection.clone(), was_unclean: false };
        let database = OpenDatabase::create(from, protection.create_file(&file)?, place)?;
        let txn = database.write()?;
        dump::read(dump, &txn)?;
        txn.commit()?;
        verify::all(&database)?;
        database.trim_and_close()
    })
}

fn put(beside: &Path, to: &Path, kept: Option<&Path>) -> Result<()> {
    if let Some(kept) = kept {
        // A hard link instead of a rename, so that there is a database at every moment.
        fs::hard_link(to, kept).map_err(|source| StoreError::io("keep the former database as", kept, source))?;
    }
    file::put_in_place(beside, to)
}
