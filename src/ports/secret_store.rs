//! Where the operating system keeps one small secret for us: the keyring.

use zeroize::Zeroizing;

use crate::domain::vocabulary;

vocabulary! {
    /// Where the key that seals credentials is kept.
    pub enum VaultChoice {
        /// As this profile began; the keyring for a new one.
        Auto = "auto",
        /// The keyring of the operating system.
        Keyring = "keyring",
        /// A passphrase that is asked for.
        Passphrase = "passphrase",
        /// Nowhere: credentials are gone when the program ends.
        Memory = "memory",
    }
}

/// Secret bytes, wiped when dropped.
pub type SecretBytes = Zeroizing<Vec<u8>>;

/// A place for small secrets, by name. Calls may block for as long as the user is being asked for a password:
/// keep them off the threads that draw or serve the engine.
pub trait SecretStore: Send + Sync {
    /// The secret under a name; `None` when the store can be read and holds none.
    fn load(&self, name: &str) -> Result<Option<SecretBytes>, SecretStoreError>;

    /// Puts a secret under a name, replacing what is there.
    fn save(&self, name: &str, secret: &[u8]) -> Result<(), SecretStoreError>;

    /// Removes what is under a name; no error when there is nothing.
    fn remove(&self, name: &str) -> Result<(), SecretStoreError>;
}

/// Why the keyring can't be used. Every one of these may pass: the call can be tried again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretStoreError {
    /// No keyring service runs, or it can't be reached.
    #[error("no keyring can be reached ({reason})")]
    Unavailable {
        /// The system error; never holds a secret.
        reason: String,
    },
    /// It is there but locked, or the user declined to unlock it.
    #[error("the keyring is locked ({reason})")]
    Locked {
        /// The system error; never holds a secret.
        reason: String,
    },
    /// No answer within the limit; a prompt may still be open.
    #[error("the keyring did not answer within {seconds} seconds; a question of the system may be waiting")]
    TimedOut {
        /// The limit.
        seconds: u64,
    },
    /// It answered with something that can't be what was stored.
    #[error("the keyring answered with something unusable ({reason})")]
    Unusable {
        /// The fault; never holds a secret.
        reason: String,
    },
}
