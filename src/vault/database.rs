//! Keys of encrypted databases, wrapped by the vault's key.
//!
//! ```text
//! wrapped key: version u8 (1), length of the vault's file u8, the vault's file, nonce (24), key (32), tag (16)
//! ```
//! The version, the length and the vault's file are authenticated with the key. The copy of the vault's file is in every
//! database and every backup that is not in the age format, so that passphrase or keyring still open them after the file
//! itself was lost: see [`Vault::recover`].

use crate::ports::{DatabaseKeyError, DatabaseKeys, SecretBytes, VaultChoice};

use super::{
    Passphrase, Vault, VaultError,
    header::VaultHeader,
    seal::{decrypt, encrypt, random_key},
};

const VERSION: u8 = 1;

/// Purpose of the wrapped key, authenticated with it.
const PURPOSE: &[u8] = b"dashtam database key";

/// The parts of a wrapped key.
struct Record<'a> {
    /// Bytes that are authenticated.
    head: &'a [u8],
    /// The vault's file as it was.
    file: &'a [u8],
    sealed: &'a [u8],
}

impl<'a> Record<'a> {
    fn parse(wrapped: &'a [u8]) -> Option<Self> {
        let [version, length, rest @ ..] = wrapped else { return None };
        let (file, sealed) = rest.split_at_checked(usize::from(*length))?;
        let head = wrapped.get(..2 + file.len())?;
        (*version == VERSION).then_some(Self { head, file, sealed })
    }
}

fn bound(head: &[u8]) -> Vec<u8> {
    [PURPOSE, head].concat()
}

impl Vault {
    /// A new key of a database and its wrapped form. The vault must be unlocked.
    ///
    /// # Errors
    /// [`VaultError::Locked`]; [`VaultError::Memory`] for a vault that ends with the program.
    pub fn new_database_key(&self) -> Result<(SecretBytes, Vec<u8>), VaultError> {
        let key = random_key(&*self.options().entropy)?;
        let key = SecretBytes::new(key.to_vec());
        let wrapped = self.wrap_database_key(&key)?;
        Ok((key, wrapped))
    }

    /// Wraps the key of a database again, with a copy of the vault's file as it is now.
    ///
    /// # Errors
    /// As [`Vault::new_database_key`].
    pub fn wrap_database_key(&self, key: &[u8]) -> Result<Vec<u8>, VaultError> {
        if self.options().choice == VaultChoice::Memory {
            return Err(VaultError::Memory);
        }
        let header = self.header()?.ok_or_else(|| self.missing())?.to_bytes();
        let length = u8::try_from(header.len()).map_err(|_| VaultError::Derivation)?;
        let head = [[VERSION, length].as_slice(), &header].concat();
        let vault_key = self.current_key().ok_or(VaultError::Locked)?;
        let sealed = encrypt(&vault_key, &*self.options().entropy, &bound(&head), key)?;
        Ok([head.as_slice(), &sealed].concat())
    }

    /// The key of a database. Opens the vault if that takes no typing.
    ///
    /// # Errors
    /// When the vault can't be opened, or another vault wrapped this key.
    pub fn database_key(&self, wrapped: &[u8]) -> Result<SecretBytes, VaultError> {
        if self.options().choice == VaultChoice::Memory {
            return Err(VaultError::Memory);
        }
        self.require();
        self.unlock(None)?;
        let record = Record::parse(wrapped).ok_or(VaultError::OtherVault)?;
        let vault_key = self.current_key().ok_or(VaultError::Locked)?;
        decrypt(&vault_key, &bound(record.head), record.sealed).ok_or(VaultError::OtherVault)
    }

    /// Writes the vault's file again from the copy in a wrapped key, if passphrase or keyring open it. An existing file
    /// is not replaced.
    ///
    /// # Errors
    /// When there is a file already, or the copy can't be opened.
    pub fn recover(&self, wrapped: &[u8], passphrase: Option<&Passphrase>) -> Result<(), VaultError> {
        let record = Record::parse(wrapped).ok_or(VaultError::OtherVault)?;
        let header = VaultHeader::from_bytes(record.file).ok_or(VaultError::OtherVault)?;
        let open = self.open_header(&header, passphrase)?;
        if decrypt(&open.key, &bound(record.head), record.sealed).is_none() {
            return Err(VaultError::OtherVault);
        }
        self.write(&header, false)?;
        self.set_open(open);
        Ok(())
    }

    /// How the vault that wrapped a key is kept; `None` if the bytes are not a wrapped key.
    #[must_use]
    pub fn kind_in(wrapped: &[u8]) -> Option<VaultChoice> {
        let record = Record::parse(wrapped)?;
        VaultHeader::from_bytes(record.file).map(|header| header.kind())
    }
}

/// The keys of a profile's database.
#[derive(Clone, Debug)]
pub struct VaultKeys {
    vault: Vault,
    /// Whether new database files are encrypted.
    encrypts: bool,
}

impl VaultKeys {
    /// Keys that open encrypted files; new files are encrypted if `encrypts`.
    #[must_use]
    pub const fn new(vault: Vault, encrypts: bool) -> Self {
        Self { vault, encrypts }
    }
}

impl DatabaseKeys for VaultKeys {
    fn create(&self) -> Result<Option<(SecretBytes, Vec<u8>)>, DatabaseKeyError> {
        if !self.encrypts {
            return Ok(None);
        }
        self.vault.new_database_key().map(Some).map_err(|error| refused(&error))
    }

    fn unwrap(&self, wrapped: &[u8]) -> Result<SecretBytes, DatabaseKeyError> {
        self.vault.database_key(wrapped).map_err(|error| refused(&error))
    }

    fn wrap(&self, key: &[u8]) -> Result<Vec<u8>, DatabaseKeyError> {
        self.vault.wrap_database_key(key).map_err(|error| refused(&error))
    }
}

fn refused(error: &VaultError) -> DatabaseKeyError {
    DatabaseKeyError(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        ports::{SystemEntropy, fake::FakeSecretStore},
        vault::VaultOptions,
    };

    fn vault(folder: &std::path::Path, keyring: &Arc<FakeSecretStore>, choice: VaultChoice) -> Vault {
        Vault::new(VaultOptions {
            choice,
            file: folder.join("vault"),
            passphrase_file: None,
            keyring: Arc::clone(keyring) as Arc<dyn crate::ports::SecretStore>,
            entropy: Arc::new(SystemEntropy),
        })
    }

    #[test]
    fn a_database_key_is_opened_by_its_vault_only() {
        let (folder, keyring) = (tempfile::tempdir().unwrap(), Arc::new(FakeSecretStore::default()));
        let first = vault(folder.path(), &keyring, VaultChoice::Auto);
        assert!(matches!(first.new_database_key(), Err(VaultError::Missing { .. })), "there is no vault yet");
        first.unlock(None).unwrap();
        let (key, wrapped) = first.new_database_key().unwrap();
        let again = vault(folder.path(), &keyring, VaultChoice::Auto);
        assert_eq!(again.database_key(&wrapped).unwrap(), key);
        for at in 0..wrapped.len() {
            let mut changed = wrapped.clone();
            changed[at] ^= 1;
            assert!(first.database_key(&changed).is_err(), "byte {at}");
        }
        let other = tempfile::tempdir().unwrap();
        let other = vault(other.path(), &keyring, VaultChoice::Auto);
        other.unlock(None).unwrap();
        assert!(matches!(other.database_key(&wrapped), Err(VaultError::OtherVault)));
        assert!(matches!(
            vault(folder.path(), &keyring, VaultChoice::Memory).database_key(&wrapped),
            Err(VaultError::Memory)
        ));
    }

    #[test]
    fn a_missing_file_is_reported_and_recovered_from_the_database() {
        let (folder, keyring) = (tempfile::tempdir().unwrap(), Arc::new(FakeSecretStore::default()));
        for choice in [VaultChoice::Keyring, VaultChoice::Passphrase] {
            let passphrase = Passphrase::from("right");
            let first = vault(folder.path(), &keyring, choice);
            first.unlock(Some(&passphrase)).unwrap();
            let (key, wrapped) = first.new_database_key().unwrap();
            assert_eq!(Vault::kind_in(&wrapped), Some(choice));
            std::fs::remove_file(folder.path().join("vault")).unwrap();
            let second = vault(folder.path(), &keyring, VaultChoice::Auto);
            assert!(matches!(second.database_key(&wrapped), Err(VaultError::Missing { .. })));
            assert!(second.unlock(Some(&passphrase)).is_err(), "no other vault is made");
            assert!(!folder.path().join("vault").exists());
            if choice == VaultChoice::Passphrase {
                assert!(second.recover(&wrapped, Some(&Passphrase::from("wrong"))).is_err());
            }
            second.recover(&wrapped, Some(&passphrase)).unwrap();
            assert_eq!(second.database_key(&wrapped).unwrap(), key);
            assert!(second.recover(&wrapped, Some(&passphrase)).is_err(), "an existing file is not replaced");
            std::fs::remove_file(folder.path().join("vault")).unwrap();
        }
    }
}
