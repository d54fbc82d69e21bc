//! Copies of the whole database into a new file, verified.

use std::{ops::Bound, path::Path, sync::Arc};

use redb::{Key, ReadOnlyTable, ReadTransaction, ReadableTable as _, Table, Value};

use crate::{
    files,
    store::{
        database::{
            backend::Backend,
            container::BlockProtection,
            file::{self, FoundFile},
            open_database::{DatabasePlace, OpenDatabase},
            verify,
        },
        error::{Result, StoreError, guarded},
        schema::{
            self, BY_DATE, BY_PROVIDER_ID, CHANGES, COLUMNS, CONNECTIONS, COUNTS, CREDENTIALS, Counter, DIGESTS, META,
            PARKED, RECORDS, SOURCES, TOUCHED, TRANSACTIONS, UNDONE, VERSIONS,
        },
    },
};

/// Keeps a copy of an older layout beside the file before it is migrated.
pub(in crate::store) fn before_migration(database: &OpenDatabase, path: &Path, found: u64) -> Result<()> {
    if database.place.file.is_none() {
        return Ok(());
    }
    let to = files::beside(path, &format!("v{found}"));
    if to.exists() {
        return Ok(());
    }
    to_file(&database.read()?, &to, &database.place.protection).map(drop)
}

/// Writes a snapshot into a new file, verifies it and opens it. On failure nothing is left at `to`.
pub(in crate::store) fn to_file(
    txn: &ReadTransaction,
    to: &Path,
    protection: &BlockProtection,
) -> Result<OpenDatabase> {
    let file = Arc::new(file::create_locked(to)?);
    let made = guarded(to, || {
        let place = DatabasePlace { file: Some(Arc::clone(&file)), protection: protection.clone(), was_unclean: false };
        let database = OpenDatabase::create(to, protection.create_file(&file)?, place.clone())?;
        tables(txn, &database)?;
        // Returns the space that redb reserved in advance; a clean close leaves nothing to repair.
        database.trim_and_close()?;
        // Read back from the file, including its header.
        let attach = || match file::inspect(&file, to)? {
            FoundFile::Container(header) => {
                let backend = protection.open(Backend::raw_file(Arc::clone(&file)), &header)?;
                OpenDatabase::attach(to, backend, place.clone(), false)
            }
            FoundFile::New | FoundFile::Bare => Err(StoreError::damaged("the copy has no header")),
        };
        verify::all(&attach()?)?;
        // Opened again, so that its cache holds nothing that only the verification read.
        attach()
    });
    if made.is_err() {
        file::remove_if_there(to)?;
    } else {
        files::sync_folder_of(to).map_err(|source| StoreError::io("sync the folder of", to, source))?;
    }
    made
}

/// Copies every table, in order, in one commit.
pub(in crate::store) fn tables(from: &ReadTransaction, to: &OpenDatabase) -> Result<()> {
    let txn = to.write()?;
    macro_rules! copy_table {
        ($table:ident) => {
            table(&from.open_table($table)?, &mut txn.open_table($table)?)?;
        };
    }
    schema::every_table!(copy_table);
    Counter::Compactable.set(&mut txn.open_table(META)?, 0)?;
    txn.commit()?;
    Ok(())
}

fn table<K: Key + 'static, V: Value + 'static>(from: &ReadOnlyTable<K, V>, to: &mut Table<'_, K, V>) -> Result<()> {
    to.retain(|_, _| false)?;
    let mut cursor = to.upper_bound_mut(Bound::<K::SelfType<'_>>::Unbounded)?;
    for entry in from.iter()? {
        let (key, value) = entry?;
        cursor.insert_before(key.value(), value.value())?;
    }
    Ok(cursor.close()?)
}
