//! Errors of the vault, with the next step.

use crate::ports::{EntropyError, SecretStoreError, VaultChoice};

/// Why the vault did not do what it was asked. Never holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// It has no key at the moment.
    #[error("the vault is locked; unlock it first")]
    Locked,
    /// It needs one, and none was given.
    #[error("the vault needs its passphrase; type it, or name a file that holds it in DASHTAM_PASSPHRASE_FILE")]
    NeedsPassphrase,
    /// A passphrase of nothing protects nothing.
    #[error("an empty passphrase protects nothing; choose a longer one")]
    EmptyPassphrase,
    /// Wrong passphrase, wrong key or damaged file: they can't be distinguished.
    #[error("the vault can't be opened: the passphrase or key is wrong, or the file {file} is damaged")]
    Refused {
        /// The vault's header.
        file: String,
    },
    /// Damaged bytes, or bytes of another connection, provider or profile.
    #[error("the stored login can't be opened: it is damaged or belongs elsewhere; reconnect to store a new one")]
    Unsealable,
    /// The keyring works and has no key for this profile.
    #[error(
        "the keyring holds no key for this profile, so its stored logins can't be opened; bring the keyring back, or start a new vault and reconnect"
    )]
    KeyMissing,
    /// Its file is gone, and something was sealed with its key.
    #[error(
        "the vault's file {file} is missing, and this profile has data sealed with its key; put the file back, or run `dashtam vault recover` for an encrypted database, or `dashtam vault reset` to delete the stored logins"
    )]
    Missing {
        /// The vault's file.
        file: String,
    },
    /// Another vault wrapped this key, or it is damaged.
    #[error(
        "the key of the database can't be opened: another vault wrapped it, or it is damaged; put the file `vault` that belongs to it into the data folder"
    )]
    OtherVault,
    /// A vault in memory keeps no key.
    #[error("the database is encrypted with the key of its vault, and a vault in memory has none: unset DASHTAM_VAULT")]
    Memory,
    /// The keyring itself.
    #[error("{0}; try again, or keep the key behind a passphrase: DASHTAM_VAULT=passphrase for a new profile")]
    Keyring(#[from] SecretStoreError),
    /// The profile began differently.
    #[error(
        "this profile's vault is kept by {found}, but {asked} was asked for; unset DASHTAM_VAULT or `[vault] kind`"
    )]
    Mismatch {
        /// How it began.
        found: VaultChoice,
        /// The requested kind.
        asked: VaultChoice,
    },
    /// A file of the vault can't be read or written.
    #[error("{file}: {source}")]
    File {
        /// The file.
        file: String,
        /// The system error.
        source: std::io::Error,
    },
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// The cipher or the key derivation refused; the memory it needs may be missing.
    #[error("the passphrase could not be worked on; 64 MiB of free memory are needed")]
    Derivation,
}
