//! Copies: backup, and compaction by copying.

use std::{fs, ops::Bound, path::Path, sync::Arc};

use redb::{Key, ReadOnlyTable, ReadTransaction, ReadableTable as _, Table, Value};

use crate::store::{
    Store,
    database::{
        backend::Backend,
        file,
        open::{self, OpenDatabase},
        verify,
    },
    error::{Result, StoreError, guarded},
    schema::{
        self, BY_DATE, BY_PROVIDER_ID, CHANGES, COLUMNS, CONNECTIONS, COUNTS, CREDENTIALS, Counter, DIGESTS, META,
        PARKED, RECORDS, SOURCES, TOUCHED, TRANSACTIONS, UNDONE, VERSIONS,
    },
};

impl Store {
    /// Writes the store as it is now into a new file (0600), verified before this returns. Nothing waits for it.
    ///
    /// # Errors
    /// When there is a file at `to` already, or what is stored or written proves damaged; then nothing is left at
    /// `to`.
    pub fn backup(&self, to: &Path) -> Result<()> {
        let database = self.database();
        guarded(self.path(), || {
            let txn = database.read()?;
            copy_to_file(&txn, to).map(drop)
        })
    }

    /// Rewrites the file without its gaps, and goes on with the new one. Readers keep what they see; writers wait.
    /// Cut off at any moment, the old file is still there, whole.
    pub fn compact(&self) -> Result<()> {
        let _permit = self.permit();
        self.reopen_after_failure()?;
        let database = self.database();
        if database.file.is_none() {
            let next = guarded(self.path(), || {
                let next = OpenDatabase::fresh(self.path(), Backend::memory(), None)?;
                copy(&database.read()?, &next)?;
                Ok(next)
            })?;
            self.replace(next);
            return Ok(());
        }
        let beside = open::beside(self.path(), "new");
        remove_if_there(&beside)?;
        let next = guarded(self.path(), || copy_to_file(&database.read()?, &beside))?;
        open::put_in_place(&beside, self.path())?;
        self.replace(next);
        Ok(())
    }
}

pub(in crate::store) fn remove_if_there(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(StoreError::io("remove", path, error)),
        _ => Ok(()),
    }
}

/// Keeps a copy of an older layout beside the file before it is migrated.
pub(in crate::store) fn before_migration(database: &OpenDatabase, path: &Path, found: u64) -> Result<()> {
    if database.file.is_none() {
        return Ok(());
    }
    let to = open::beside(path, &format!("v{found}"));
    if to.exists() {
        return Ok(());
    }
    copy_to_file(&database.read()?, &to).map(drop)
}

fn copy_to_file(txn: &ReadTransaction, to: &Path) -> Result<OpenDatabase> {
    let file = Arc::new(file::create_locked(to)?);
    let made = guarded(to, || {
        let database = OpenDatabase::fresh(to, Backend::file(Arc::clone(&file)), Some(Arc::clone(&file)))?;
        copy(txn, &database)?;
        // Gives back the room that redb took in advance; closing leaves nothing to repair.
        database.trim_and_close()?;
        let over = || OpenDatabase::over(to, Backend::file(Arc::clone(&file)), Some(Arc::clone(&file)), false);
        verify::all(&over()?)?;
        // Anew, with nothing in its cache of what only the verification wanted.
        over()
    });
    if made.is_err() {
        // Ours, begun a moment ago.
        remove_if_there(to)?;
    } else {
        file::sync_folder(to)?;
    }
    made
}

/// Copies every table, in order, in one commit.
fn copy(from: &ReadTransaction, to: &OpenDatabase) -> Result<()> {
    let txn = to.write()?;
    macro_rules! copy_table {
        ($table:ident) => {
            one(&from.open_table($table)?, &mut txn.open_table($table)?)?;
        };
    }
    schema::every_table!(copy_table);
    Counter::Compactable.set(&mut txn.open_table(META)?, 0)?;
    txn.commit()?;
    Ok(())
}

fn one<K: Key + 'static, V: Value + 'static>(from: &ReadOnlyTable<K, V>, to: &mut Table<'_, K, V>) -> Result<()> {
    to.retain(|_, _| false)?;
    let mut cursor = to.upper_bound_mut(Bound::<K::SelfType<'_>>::Unbounded)?;
    for entry in from.iter()? {
        let (key, value) = entry?;
        cursor.insert_before(key.value(), value.value())?;
    }
    Ok(cursor.close()?)
}
