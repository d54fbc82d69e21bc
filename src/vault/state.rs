//! The vault: locked or unlocked, and the steps between.

use std::{
    fmt,
    io::ErrorKind,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    domain::ConnectionId,
    files::{self, Privacy},
    ports::{Entropy, SecretBytes, SecretStore, VaultChoice},
};

use super::{
    VaultError,
    file::{self, shown},
    header::{Cost, ID, VaultHeader, key_check},
    passphrase::{Passphrase, read_passphrase_file, unwrap, wrap},
    seal::{self, SealKey, random_key},
};

/// No header is longer.
const MOST_BYTES: usize = 512;

/// Parts of a vault.
pub struct VaultOptions {
    /// Where the key is kept; `Auto` means as the profile began, and the keyring for a new one.
    pub choice: VaultChoice,
    /// The vault's file; see `config::Paths::vault`.
    pub file: PathBuf,
    /// The file that holds the passphrase (`DASHTAM_PASSPHRASE_FILE`); read whenever none is given.
    pub passphrase_file: Option<PathBuf>,
    /// The keyring, as a rule a [`super::TimedStore`].
    pub keyring: Arc<dyn SecretStore>,
    /// Where keys and nonces come from.
    pub entropy: Arc<dyn Entropy>,
}

/// How a vault is kept, when that is changed.
pub enum VaultProtection {
    /// By the keyring.
    Keyring,
    /// By this passphrase.
    Passphrase(Passphrase),
}

impl VaultProtection {
    const fn kind(&self) -> VaultChoice {
        match self {
            Self::Keyring => VaultChoice::Keyring,
            Self::Passphrase(_) => VaultChoice::Passphrase,
        }
    }
}

/// State of a vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VaultState {
    /// Where the key is kept, or would be; never `Auto`.
    pub kind: VaultChoice,
    /// Whether there is a vault yet; the first unlocking makes one.
    pub exists: bool,
    /// Whether credentials can be sealed and opened now.
    pub unlocked: bool,
}

/// Seals and opens credentials. Clones are the same vault.
#[derive(Clone)]
pub struct Vault(Arc<Inner>);

struct Inner {
    options: VaultOptions,
    open: Mutex<Option<Open>>,
    /// Held while unlocking, so that many callers cause one question.
    unlocking: Mutex<()>,
}

/// Contents of an unlocked vault.
struct Open {
    key: SealKey,
    /// Somebody typed its passphrase, and can do so again.
    typed: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("choice", &self.0.options.choice)
            .field("unlocked", &self.is_unlocked())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for VaultProtection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Keyring => "Keyring",
            Self::Passphrase(_) => "Passphrase([REDACTED])",
        })
    }
}

impl Vault {
    /// A locked vault. Nothing is read, asked or written yet.
    #[must_use]
    pub fn new(options: VaultOptions) -> Self {
        Self(Arc::new(Inner { options, open: Mutex::new(None), unlocking: Mutex::new(()) }))
    }

    /// Whether credentials can be sealed and opened now. Never blocks for long.
    #[must_use]
    pub fn is_unlocked(&self) -> bool {
        lock(&self.0.open).is_some()
    }

    /// Whether it was opened with a typed passphrase. Otherwise locking is useless: the keyring, or the file with the
    /// passphrase, would open it again at once.
    #[must_use]
    pub fn can_lock(&self) -> bool {
        lock(&self.0.open).as_ref().is_some_and(|open| open.typed)
    }

    /// The state, without asking the keyring.
    pub fn state(&self) -> Result<VaultState, VaultError> {
        let (kind, exists) = match (self.0.options.choice, self.header()?) {
            (VaultChoice::Memory, _) => (VaultChoice::Memory, true),
            (_, Some(header)) => (kind(&header), true),
            (VaultChoice::Auto, None) => (VaultChoice::Keyring, false),
            (choice, None) => (choice, false),
        };
        Ok(VaultState { kind, exists, unlocked: self.is_unlocked() })
    }

    /// Gets the key, making a vault where there is none. A passphrase is used only by a passphrase vault; where none is
    /// given, the file that holds it is read. May block
    /// for as long as the keyring is given ([`super::PATIENCE`]); a failure can be tried again.
    pub fn unlock(&self, passphrase: Option<&Passphrase>) -> Result<(), VaultError> {
        let _one_at_a_time = lock(&self.0.unlocking);
        if self.is_unlocked() {
            return Ok(());
        }
        let open = self.key(passphrase)?;
        *lock(&self.0.open) = Some(open);
        Ok(())
    }

    /// Forgets the key. A vault in memory stays open: its key is nowhere else.
    pub fn lock(&self) {
        if self.0.options.choice != VaultChoice::Memory {
            *lock(&self.0.open) = None;
        }
    }

    /// Credentials of a connection, sealed for the store.
    pub fn seal(&self, connection: ConnectionId, provider: &str, secret: &[u8]) -> Result<Vec<u8>, VaultError> {
        let open = lock(&self.0.open);
        let open = open.as_ref().ok_or(VaultError::Locked)?;
        seal::seal(&open.key, &*self.0.options.entropy, connection, provider, secret)
    }

    /// Opens bytes that [`Vault::seal`] sealed for the same connection and provider.
    pub fn open(&self, connection: ConnectionId, provider: &str, sealed: &[u8]) -> Result<SecretBytes, VaultError> {
        let open = lock(&self.0.open);
        seal::unseal(&open.as_ref().ok_or(VaultError::Locked)?.key, connection, provider, sealed)
    }

    /// Protects the same key in another way: another passphrase, or from keyring to passphrase and back. Sealed logins
    /// stay valid. The vault must be unlocked.
    pub fn protect(&self, protection: &VaultProtection) -> Result<(), VaultError> {
        let _one_at_a_time = lock(&self.0.unlocking);
        let key = lock(&self.0.open).as_ref().map(|open| open.key.clone()).ok_or(VaultError::Locked)?;
        let old = self.header()?;
        let (asked, found) = (self.0.options.choice, protection.kind());
        if asked != VaultChoice::Auto && asked != found {
            return Err(VaultError::Mismatch { found, asked });
        }
        let header = match protection {
            VaultProtection::Keyring => self.keep_in_keyring(&key)?,
            VaultProtection::Passphrase(passphrase) => {
                wrap(&key, passphrase, Cost::STANDARD, &*self.0.options.entropy)?
            }
        };
        self.write(&header, true)?;
        *lock(&self.0.open) = Some(Open { key, typed: found == VaultChoice::Passphrase });
        if let Some(VaultHeader::Keyring { id, .. }) = old {
            self.0.options.keyring.remove(&entry(&id))?;
        }
        Ok(())
    }

    /// Gives up a vault whose key is lost: its file is set aside and the next unlocking makes a new one. Logins sealed by
    /// the old one can't be opened any more.
    pub fn abandon(&self) -> Result<(), VaultError> {
        let _one_at_a_time = lock(&self.0.unlocking);
        *lock(&self.0.open) = None;
        let file = &self.0.options.file;
        let mut aside = file.as_os_str().to_owned();
        aside.push(".lost");
        std::fs::rename(file, aside).map_err(|source| self.failed(source))
    }

    fn key(&self, passphrase: Option<&Passphrase>) -> Result<Open, VaultError> {
        let options = &self.0.options;
        if options.choice == VaultChoice::Memory {
            return Ok(Open { key: random_key(&*options.entropy)?, typed: false });
        }
        match self.header()? {
            Some(VaultHeader::Keyring { id, check }) => {
                Ok(Open { key: self.key_from_keyring(&id, &check)?, typed: false })
            }
            Some(VaultHeader::Passphrase { cost, salt, wrapped }) => {
                let (passphrase, typed) = self.passphrase(passphrase)?;
                let key = unwrap(&passphrase, cost, &salt, &wrapped)?.ok_or_else(|| self.refused())?;
                Ok(Open { key, typed })
            }
            None => self.begin(passphrase),
        }
    }

    /// The passphrase that was typed, else the one in the file; and whether it was typed.
    fn passphrase(&self, typed: Option<&Passphrase>) -> Result<(Passphrase, bool), VaultError> {
        if let Some(typed) = typed {
            return Ok((typed.clone(), true));
        }
        let file = self.0.options.passphrase_file.as_ref().ok_or(VaultError::NeedsPassphrase)?;
        let (read, privacy) = read_passphrase_file(file)?;
        if privacy == Privacy::Shared {
            tracing::warn!("other users can read the passphrase file {}", shown(file));
        }
        Ok((read, false))
    }

    /// Makes a new vault. Should another process have made one meanwhile, that one counts.
    fn begin(&self, passphrase: Option<&Passphrase>) -> Result<Open, VaultError> {
        let options = &self.0.options;
        let key = random_key(&*options.entropy)?;
        let (header, typed) = if options.choice == VaultChoice::Passphrase {
            let (said, typed) = self.passphrase(passphrase)?;
            (wrap(&key, &said, Cost::STANDARD, &*options.entropy)?, typed)
        } else {
            (self.keep_in_keyring(&key)?, false)
        };
        match self.write(&header, false) {
            Ok(()) => Ok(Open { key, typed }),
            Err(VaultError::File { source, .. }) if source.kind() == ErrorKind::AlreadyExists => {
                if let VaultHeader::Keyring { id, .. } = &header {
                    options.keyring.remove(&entry(id))?;
                }
                self.key(passphrase)
            }
            Err(error) => Err(error),
        }
    }

    /// Puts a key into the keyring under a new name, and believes it only after reading it back: some keyrings
    /// report success and keep nothing.
    fn keep_in_keyring(&self, key: &SealKey) -> Result<VaultHeader, VaultError> {
        let options = &self.0.options;
        let mut id = [0; ID];
        options.entropy.fill(&mut id)?;
        options.keyring.save(&entry(&id), key.as_slice())?;
        let check = key_check(key, &id);
        self.key_from_keyring(&id, &check)?;
        Ok(VaultHeader::Keyring { id, check })
    }

    fn key_from_keyring(&self, id: &[u8; ID], check: &[u8]) -> Result<SealKey, VaultError> {
        let secret = self.0.options.keyring.load(&entry(id))?.ok_or(VaultError::KeyMissing)?;
        let mut key = SealKey::default();
        if secret.len() != key.len() {
            return Err(self.refused());
        }
        key.copy_from_slice(&secret);
        if key_check(&key, id) == check { Ok(key) } else { Err(self.refused()) }
    }

    /// The header on disk; an error when it is not the kind that was asked for.
    fn header(&self) -> Result<Option<VaultHeader>, VaultError> {
        let options = &self.0.options;
        if options.choice == VaultChoice::Memory {
            return Ok(None);
        }
        let Some(bytes) = file::read(&options.file, MOST_BYTES).map_err(|source| self.failed(source))? else {
            return Ok(None);
        };
        let header = VaultHeader::from_bytes(&bytes).ok_or_else(|| self.refused())?;
        let found = kind(&header);
        if options.choice != VaultChoice::Auto && options.choice != found {
            return Err(VaultError::Mismatch { found, asked: options.choice });
        }
        Ok(Some(header))
    }

    fn write(&self, header: &VaultHeader, replace: bool) -> Result<(), VaultError> {
        let write = if replace { files::replace } else { files::write_new };
        write(&self.0.options.file, &header.to_bytes()).map_err(|source| self.failed(source))
    }

    fn refused(&self) -> VaultError {
        VaultError::Refused { file: shown(&self.0.options.file) }
    }

    fn failed(&self, source: std::io::Error) -> VaultError {
        VaultError::File { file: shown(&self.0.options.file), source }
    }
}

const fn kind(header: &VaultHeader) -> VaultChoice {
    match header {
        VaultHeader::Keyring { .. } => VaultChoice::Keyring,
        VaultHeader::Passphrase { .. } => VaultChoice::Passphrase,
    }
}

/// The name of a vault's key in the keyring.
fn entry(id: &[u8; ID]) -> String {
    use fmt::Write as _;
    id.iter().fold("vault ".to_owned(), |mut name, byte| {
        let _ = write!(name, "{byte:02x}");
        name
    })
}
