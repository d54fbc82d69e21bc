//! The keyring of the operating system: Secret Service on Linux, Keychain on macOS.

use std::sync::Arc;

use keyring::Error;
use keyring_core::{CredentialStore, Entry};

use crate::ports::{SecretBytes, SecretStore, SecretStoreError};

/// Service name of all our entries.
const SERVICE: &str = "dashtam";

/// The keyring, connected. Every call may block for as long as the system asks its user: see
/// [`super::TimedStore`].
pub struct SystemKeyring {
    store: Arc<CredentialStore>,
}

impl SystemKeyring {
    /// Connects again. `keyring` 4 caches its connection for the life of the process, failures too, so its parts are used.
    pub fn connect() -> Result<Self, SecretStoreError> {
        #[cfg(target_os = "linux")]
        let store: Result<Arc<CredentialStore>, Error> =
            zbus_secret_service_keyring_store::Store::new().map(|store| store as Arc<CredentialStore>);
        #[cfg(target_os = "macos")]
        let store: Result<Arc<CredentialStore>, Error> =
            apple_native_keyring_store::keychain::Store::new().map(|store| store as Arc<CredentialStore>);
        #[cfg(not(any(target_os = "linux", target_os = "macos")))]
        let store: Result<Arc<CredentialStore>, Error> =
            Err(Error::NotSupportedByStore("no keyring is supported on this system".to_owned()));
        store.map(|store| Self { store }).map_err(failure)
    }

    fn entry(&self, name: &str) -> Result<Entry, SecretStoreError> {
        self.store.build(SERVICE, name, None).map_err(failure)
    }
}

impl SecretStore for SystemKeyring {
    fn load(&self, name: &str) -> Result<Option<SecretBytes>, SecretStoreError> {
        match self.entry(name)?.get_secret() {
            Ok(secret) => Ok(Some(SecretBytes::new(secret))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(failure(error)),
        }
    }

    fn save(&self, name: &str, secret: &[u8]) -> Result<(), SecretStoreError> {
        self.entry(name)?.set_secret(secret).map_err(failure)
    }

    fn remove(&self, name: &str) -> Result<(), SecretStoreError> {
        match self.entry(name)?.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(failure(error)),
        }
    }
}

/// In our own words. Some of these errors carry the secret: those are named, never printed.
#[expect(clippy::needless_pass_by_value, reason = "the error, which may hold a secret, ends here")]
fn failure(error: Error) -> SecretStoreError {
    let shown = |error: &(dyn std::error::Error + Send + Sync)| {
        crate::domain::text::clean_line(&error.to_string()).map_or_else(|| "no reason given".to_owned(), String::from)
    };
    match &error {
        Error::NoStorageAccess(reason) => SecretStoreError::Locked { reason: shown(&**reason) },
        Error::PlatformFailure(reason) => SecretStoreError::Unavailable { reason: shown(&**reason) },
        Error::NotSupportedByStore(reason) => SecretStoreError::Unavailable { reason: reason.clone() },
        Error::BadEncoding(_) | Error::BadDataFormat(..) | Error::BadStoreFormat(_) => {
            SecretStoreError::Unusable { reason: "its content is malformed".to_owned() }
        }
        Error::Ambiguous(_) => SecretStoreError::Unusable { reason: "it holds the entry twice".to_owned() },
        _ => SecretStoreError::Unavailable { reason: "it refused the request".to_owned() },
    }
}
