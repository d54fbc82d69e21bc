//! Encryption and decryption in place, and closing the database while its vault is locked.

use std::{path::Path, sync::Arc};

use crate::{
    files,
    ports::{DatabaseKeyError, DatabaseKeys},
    store::{
        database::{
            backend::Backend,
            backup,
            container::BlockProtection,
            file::{self, FoundFile},
            open,
            open_database::{DatabasePlace, OpenDatabase},
            shared::SharedDatabase,
        },
        error::{Result, StoreError},
    },
};

/// The wrapped key in the header of a database file; `None` for a plain, an empty or a missing one. Waits for nothing.
pub(in crate::store) fn wrapped_key(path: &Path) -> Result<Option<Vec<u8>>> {
    let handle = match files::open_to_read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|source| StoreError::io("read", path, source))?,
    };
    Ok(match file::inspect(&handle, path)? {
        FoundFile::Container(header) => header.wrapped_key,
        FoundFile::New | FoundFile::Bare => None,
    })
}

/// Encrypts a plain database; does nothing for an encrypted one.
pub(in crate::store) fn encrypt(shared: &Arc<SharedDatabase>, keys: &dyn DatabaseKeys) -> Result<()> {
    convert(shared, |current| match current {
        BlockProtection::Checksummed => {
            let protection = BlockProtection::new(keys)?;
            if protection.is_sealed() { Ok(Some(protection)) } else { Err(no_key("the vault gives no key")) }
        }
        BlockProtection::Sealed { .. } | BlockProtection::Locked { .. } => Ok(None),
    })
}

/// Decrypts an encrypted database; does nothing for a plain one.
pub(in crate::store) fn decrypt(shared: &Arc<SharedDatabase>) -> Result<()> {
    convert(shared, |current| Ok(current.is_sealed().then_some(BlockProtection::Checksummed)))
}

/// Wraps the key of an encrypted database for the vault as it is now.
pub(in crate::store) fn rewrap(shared: &Arc<SharedDatabase>, keys: &dyn DatabaseKeys) -> Result<()> {
    convert(shared, |current| match current {
        BlockProtection::Sealed { key, .. } => {
            let wrapped = keys.wrap(key.as_slice()).map_err(StoreError::Key)?;
            Ok(Some(BlockProtection::Sealed { key: key.clone(), wrapped }))
        }
        BlockProtection::Checksummed | BlockProtection::Locked { .. } => Ok(None),
    })
}

fn no_key(why: &str) -> StoreError {
    StoreError::Key(DatabaseKeyError(why.to_owned()))
}

/// Rewrites the database with the protection that `choose` returns. Writers wait; a kill at any moment leaves one of the two.
fn convert(
    shared: &Arc<SharedDatabase>,
    choose: impl FnOnce(&BlockProtection) -> Result<Option<BlockProtection>>,
) -> Result<()> {
    let permit = shared.permit();
    shared.reopen_after_failure(&permit)?;
    shared.check_writable()?;
    let Some(protection) = choose(&shared.current().place.protection)? else { return Ok(()) };
    backup::rewrite(shared, &permit, &protection)
}

/// Closes an encrypted database and wipes its key. The file stays locked for this process. Returns whether it is closed:
/// not for a plain one, and not while a change is being written.
pub(in crate::store) fn close(shared: &Arc<SharedDatabase>) -> bool {
    let Some(permit) = shared.try_permit() else { return false };
    let current = shared.current();
    let DatabasePlace { file: Some(file), protection, .. } = &current.place else { return false };
    let Some(locked) = protection.locked() else { return false };
    let place = DatabasePlace { file: Some(Arc::clone(file)), protection: locked, was_unclean: false };
    *shared.closing() = Some(current.backend.leash());
    shared.replace(OpenDatabase::closed(current.backend.emptied(), place), &permit);
    true
}

/// Opens a closed database again.
pub(in crate::store) fn reopen(shared: &Arc<SharedDatabase>, keys: &dyn DatabaseKeys) -> Result<()> {
    let permit = shared.permit();
    let current = shared.current();
    if !current.is_closed() {
        return Ok(());
    }
    let path = shared.path();
    if let Some(before) = shared.closing().take() {
        before.retire();
    }
    let Some(file) = current.place.file.clone() else { return Err(StoreError::Closed) };
    let FoundFile::Container(header) = file::inspect(&file, path)? else {
        return Err(StoreError::damaged("its header is damaged").at(path));
    };
    let protection = BlockProtection::of(&header, keys)?;
    let backend = protection.open(Backend::raw_file(Arc::clone(&file)), &header).map_err(|error| error.at(path))?;
    let database = open::existing(path, backend, file, protection)?;
    shared.set_generation(database.generation()?);
    shared.replace(database, &permit);
    Ok(())
}
