//! The vault: locked or unlocked, and the steps between.

use std::{
    fmt,
    io::ErrorKind,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
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
    open: Mutex<Option<OpenVault>>,
    /// Held while unlocking, so that many callers cause one question.
    unlocking: Mutex<()>,
    /// Something was sealed with this vault's key, so a missing file is not replaced.
    required: AtomicBool,
}

/// Contents of an unlocked vault.
pub(super) struct OpenVault {
    pub(super) key: SealKey,
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
        Self(Arc::new(Inner {
            options,
            open: Mutex::new(None),
            unlocking: Mutex::new(()),
            required: AtomicBool::new(false),
        }))
    }

    /// Records that logins or a database are sealed with this vault's key: from now on a missing file is an error and no
    /// reason to make another vault.
    pub fn require(&self) {
        self.0.required.store(self.0.options.choice != VaultChoice::Memory, Ordering::Relaxed);
    }

    fn is_required(&self) -> bool {
        self.0.required.load(Ordering::Relaxed)
    }

    pub(super) fn missing(&self) -> VaultError {
        VaultError::Missing { file: shown(&self.0.options.file) }
    }

    pub(super) fn options(&self) -> &VaultOptions {
        &self.0.options
    }

    pub(super) fn current_key(&self) -> Option<SealKey> {
        lock(&self.0.open).as_ref().map(|open| open.key.clone())
    }

    pub(super) fn set_open(&self, open: OpenVault) {
        *lock(&self.0.open) = Some(open);
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
            (_, Some(header)) => (header.kind(), true),
            (_, None) if self.is_required() => return Err(self.missing()),
            (VaultChoice::Auto, None) => (VaultChoice::Keyring, false),
            (choice, None) => (choice, false),
        };
        Ok(VaultState { kind, exists, unlocked: self.is_unlocked() })
    }

    /// Gets the key, making a vault where there is none. A passphrase is used only by a passphrase vault; where none is
    /// given, the file that holds it is read. May block
    /// for as long as the keyring is given ([`super::timed::PATIENCE`]); a failure can be tried again.
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
        *lock(&self.0.open) = Some(OpenVault { key, typed: found == VaultChoice::Passphrase });
        if let Some(VaultHeader::Keyring { id, .. }) = old {
            self.0.options.keyring.remove(&entry(&id))?;
        }
        Ok(())
    }

    /// Gives up a vault whose key is lost: its file is set aside and the next unlocking makes a new one. Logins sealed by
    /// the old one can't be opened any more.
    pub fn abandon(&self) -> Result<(), VaultError> {
        let _one_at_a_time = lock(&self.0.unlocking);
        if self.0.options.choice == VaultChoice::Memory {
            return Ok(());
        }
        *lock(&self.0.open) = None;
        let file = &self.0.options.file;
        let mut aside = file.as_os_str().to_owned();
        aside.push(".lost");
        match std::fs::rename(file, aside) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(self.failed(error)),
            _ => {}
        }
        self.0.required.store(false, Ordering::Relaxed);
        Ok(())
    }

    fn key(&self, passphrase: Option<&Passphrase>) -> Result<OpenVault, VaultError> {
        let options = &self.0.options;
        if options.choice == VaultChoice::Memory {
            return Ok(OpenVault { key: random_key(&*options.entropy)?, typed: false });
        }
        match self.header()? {
            Some(header) => self.open_header(&header, passphrase),
            None if self.is_required() => Err(self.missing()),
            None => self.begin(passphrase),
        }
    }

    /// The key of a vault with that file.
    pub(super) fn open_header(
        &self,
        header: &VaultHeader,
        passphrase: Option<&Passphrase>,
    ) -> Result<OpenVault, VaultError> {
        match header {
            VaultHeader::Keyring { id, check } => {
                Ok(OpenVault { key: self.key_from_keyring(id, check)?, typed: false })
            }
            VaultHeader::Passphrase { cost, salt, wrapped } => {
                let (passphrase, typed) = self.passphrase(passphrase)?;
                let key = unwrap(&passphrase, *cost, salt, wrapped)?.ok_or_else(|| self.refused())?;
                Ok(OpenVault { key, typed })
            }
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

    /// Makes a new vault that is kept in this way, if there is none.
    ///
    /// # Errors
    /// [`VaultError::Mismatch`] if another way was chosen.
    pub fn begin_with(&self, protection: &VaultProtection) -> Result<(), VaultError> {
        let _one_at_a_time = lock(&self.0.unlocking);
        let (asked, found) = (self.0.options.choice, protection.kind());
        if asked != VaultChoice::Auto && asked != found {
            return Err(VaultError::Mismatch { found, asked });
        }
        let open = match (self.header()?, protection) {
            (None, _) if self.is_required() => return Err(self.missing()),
            (None, VaultProtection::Keyring) => self.begin_as(VaultChoice::Keyring, None)?,
            (None, VaultProtection::Passphrase(passphrase)) => {
                self.begin_as(VaultChoice::Passphrase, Some(passphrase))?
            }
            (Some(header), VaultProtection::Keyring) => self.open_header(&header, None)?,
            (Some(header), VaultProtection::Passphrase(passphrase)) => self.open_header(&header, Some(passphrase))?,
        };
        self.set_open(open);
        Ok(())
    }

    /// Whether the keyring can be used now. It is not asked to unlock itself.
    #[must_use]
    pub fn keyring_answers(&self) -> bool {
        self.0.options.keyring.load("dashtam").is_ok()
    }

    fn begin(&self, passphrase: Option<&Passphrase>) -> Result<OpenVault, VaultError> {
        self.begin_as(self.0.options.choice, passphrase)
    }

    /// Makes a new vault. Should another process have made one meanwhile, that one counts.
    fn begin_as(&self, choice: VaultChoice, passphrase: Option<&Passphrase>) -> Result<OpenVault, VaultError> {
        let options = &self.0.options;
        let key = random_key(&*options.entropy)?;
        let (header, typed) = if choice == VaultChoice::Passphrase {
            let (passphrase_text, typed) = self.passphrase(passphrase)?;
            (wrap(&key, &passphrase_text, Cost::STANDARD, &*options.entropy)?, typed)
        } else {
            (self.keep_in_keyring(&key)?, false)
        };
        match self.write(&header, false) {
            Ok(()) => Ok(OpenVault { key, typed }),
            Err(VaultError::File { source, .. }) if source.kind() == ErrorKind::AlreadyExists => {
                if let VaultHeader::Keyring { id, .. } = &header {
                    options.keyring.remove(&entry(id))?;
                }
                self.key(passphrase)
            }
            Err(error) => Err(error),
        }
    }

    /// Puts a key into the keyring under a new name, and accepts it only after reading it back: some keyrings
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
    pub(super) fn header(&self) -> Result<Option<VaultHeader>, VaultError> {
        let options = &self.0.options;
        if options.choice == VaultChoice::Memory {
            return Ok(None);
        }
        let Some(bytes) = file::read(&options.file, MOST_BYTES).map_err(|source| self.failed(source))? else {
            return Ok(None);
        };
        let header = VaultHeader::from_bytes(&bytes).ok_or_else(|| self.refused())?;
        let found = header.kind();
        if options.choice != VaultChoice::Auto && options.choice != found {
            return Err(VaultError::Mismatch { found, asked: options.choice });
        }
        Ok(Some(header))
    }

    pub(super) fn write(&self, header: &VaultHeader, replace: bool) -> Result<(), VaultError> {
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

/// The name of a vault's key in the keyring.
fn entry(id: &[u8; ID]) -> String {
    use fmt::Write as _;
    id.iter().fold("vault ".to_owned(), |mut name, byte| {
        let _ = write!(name, "{byte:02x}");
        name
    })
}
