//! Keys of encrypted database files.

use super::SecretBytes;

/// Wraps and unwraps the keys of database files. Implemented by the vault; the wrapped key is stored in the file.
pub trait DatabaseKeys: Send + Sync {
    /// A new key and its wrapped form; `None` if new files are not to be encrypted.
    ///
    /// # Errors
    /// When the vault can't be opened.
    fn create(&self) -> Result<Option<(SecretBytes, Vec<u8>)>, DatabaseKeyError>;

    /// The key in a wrapped form.
    ///
    /// # Errors
    /// When the vault can't be opened or did not wrap this key.
    fn unwrap(&self, wrapped: &[u8]) -> Result<SecretBytes, DatabaseKeyError>;

    /// Another wrapped form of a key, for the vault as it is now.
    ///
    /// # Errors
    /// When the vault can't be opened.
    fn wrap(&self, key: &[u8]) -> Result<Vec<u8>, DatabaseKeyError>;
}

/// The key of a database file is not available.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DatabaseKeyError(pub String);

/// No encryption: new files are plain, encrypted ones can't be opened.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoDatabaseKeys;

impl DatabaseKeys for NoDatabaseKeys {
    fn create(&self) -> Result<Option<(SecretBytes, Vec<u8>)>, DatabaseKeyError> {
        Ok(None)
    }

    fn unwrap(&self, _: &[u8]) -> Result<SecretBytes, DatabaseKeyError> {
        Err(DatabaseKeyError("the database is encrypted and no vault is available".to_owned()))
    }

    fn wrap(&self, _: &[u8]) -> Result<Vec<u8>, DatabaseKeyError> {
        Err(DatabaseKeyError("no vault is available".to_owned()))
    }
}
