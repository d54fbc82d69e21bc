//! Backup, and compaction by copying.

use std::{path::Path, sync::Arc};

use crate::{
    files,
    store::{
        database::{
            backend::Backend,
            container::BlockProtection,
            copy, file,
            open_database::{DatabasePlace, OpenDatabase},
            shared::{SharedDatabase, WritePermit},
        },
        error::{Result, StoreError, guarded},
    },
};

/// See [`crate::store::Store::backup`].
pub(in crate::store) fn backup(shared: &SharedDatabase, to: &Path) -> Result<()> {
    let database = shared.current();
    let beside = files::beside(to, "part");
    file::remove_if_there(&beside)?;
    guarded(shared.path(), || copy::to_file(&database.read()?, &beside, &database.place.protection).map(drop))?;
    let named = files::name_new(&beside, to).map_err(|source| StoreError::io("create", to, source));
    if named.is_err() {
        file::remove_if_there(&beside)?;
    }
    named
}

/// See [`crate::store::Store::compact`].
pub(in crate::store) fn compact(shared: &Arc<SharedDatabase>) -> Result<()> {
    let permit = shared.permit();
    shared.reopen_after_failure(&permit)?;
    let protection = shared.current().place.protection.clone();
    rewrite(shared, &permit, &protection)
}

/// Rewrites the database beside its place, verifies the copy, renames it and continues with it.
pub(in crate::store) fn rewrite(
    shared: &SharedDatabase,
    permit: &WritePermit,
    protection: &BlockProtection,
) -> Result<()> {
    let database = shared.current();
    let path = shared.path();
    let next = if database.place.file.is_none() {
        guarded(path, || {
            let place = DatabasePlace { protection: protection.clone(), ..DatabasePlace::default() };
            let next = OpenDatabase::create(path, Backend::memory(), place)?;
            copy::tables(&database.read()?, &next)?;
            Ok(next)
        })?
    } else {
        let beside = files::beside(path, "new");
        file::remove_if_there(&beside)?;
        let next = guarded(path, || copy::to_file(&database.read()?, &beside, protection))?;
        file::put_in_place(&beside, path)?;
        next
    };
    shared.replace(next, permit);
    Ok(())
}
