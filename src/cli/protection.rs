//! Encryption of the profile's database: opening an encrypted one, the decision about a new one, plain copies.
//!
//! INVARIANT: a database stays plain only where no key can be kept or the user declined, and that is reported once.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use super::{args::OutputFormat, error::CliError, session::Setup};
use crate::{
    config::Paths,
    domain::FailureKind,
    ports::VaultChoice,
    store::Store,
    sync::JobFailure,
    vault::{Passphrase, Vault, VaultError, VaultKeys, VaultProtection},
};

/// A way to keep the key of a new profile.
enum Keeper {
    Keyring,
    /// In the file of the environment, else typed.
    Passphrase,
    /// A vault that exists already.
    Existing,
}

fn failed(error: VaultError) -> CliError {
    JobFailure::from(error).into()
}

/// Whether questions and notes go to the terminal: scripts read standard error as one JSON document.
const fn is_for_people(format: OutputFormat) -> bool {
    matches!(format, OutputFormat::Table | OutputFormat::Csv)
}

impl Setup {
    /// The keys of this profile's database; new files are encrypted if `encrypts`.
    pub(super) fn keys(&self, encrypts: bool) -> VaultKeys {
        VaultKeys::new(self.vault.clone(), encrypts)
    }

    /// Opens the vault of an encrypted file before the file is opened: that may ask for a passphrase.
    pub(super) fn unlock_for(&self, file: &Path) -> Result<(), CliError> {
        // Opening a damaged file reports the damage.
        let Ok(Some(_)) = Store::wrapped_key(file) else { return Ok(()) };
        self.vault.require();
        let state = self.vault.state().map_err(failed)?;
        if state.unlocked || state.kind == VaultChoice::Memory {
            return Ok(());
        }
        let typed = if state.kind == VaultChoice::Passphrase { self.typed_passphrase(true)? } else { None };
        self.vault.unlock(typed.as_ref()).map_err(failed)
    }

    fn typed_passphrase(&self, exists: bool) -> Result<Option<Passphrase>, CliError> {
        Ok(self.passphrase(exists)?.get("passphrase").cloned())
    }

    /// The way to keep a key for a new profile, or the reason that none can be kept.
    fn keeper(&self, can_ask: bool) -> Result<Keeper, &'static str> {
        let has_file = self.environment.passphrase_file.is_some();
        let asked = self.environment.vault.unwrap_or(self.config.vault);
        let state = self.vault.state().map_err(|_| "its vault can't be used")?;
        match (asked, state.kind) {
            (VaultChoice::Memory, _) => Err("a vault in memory keeps no key"),
            (_, VaultChoice::Passphrase) if !has_file && !can_ask => Err("no passphrase was given"),
            _ if state.exists => Ok(Keeper::Existing),
            (_, VaultChoice::Passphrase) => Ok(Keeper::Passphrase),
            _ if self.vault.keyring_answers() => Ok(Keeper::Keyring),
            (VaultChoice::Auto, _) if has_file => Ok(Keeper::Passphrase),
            _ => Err("no keyring can be reached and no passphrase was given"),
        }
    }

    /// Opens the vault, or makes one that is kept in this way.
    fn open_vault(&self, keeper: &Keeper) -> Result<(), CliError> {
        match keeper {
            Keeper::Existing if self.vault.is_unlocked() => Ok(()),
            Keeper::Existing => {
                let is_typed = self.vault.state().is_ok_and(|state| state.kind == VaultChoice::Passphrase);
                let typed = if is_typed { self.typed_passphrase(true)? } else { None };
                self.vault.unlock(typed.as_ref()).map_err(failed)
            }
            Keeper::Keyring => self.vault.begin_with(&VaultProtection::Keyring).map_err(failed),
            Keeper::Passphrase => {
                let passphrase = self.new_passphrase()?;
                self.vault.begin_with(&VaultProtection::Passphrase(passphrase)).map_err(failed)
            }
        }
    }

    /// The passphrase of a new vault: typed twice, or the one in the file.
    fn new_passphrase(&self) -> Result<Passphrase, CliError> {
        match (self.typed_passphrase(false)?, &self.environment.passphrase_file) {
            (Some(typed), _) => Ok(typed),
            (None, Some(file)) => super::backup::first_line(file),
            (None, None) => Err(failed(VaultError::NeedsPassphrase)),
        }
    }

    /// How the vault that follows the present one is kept: in the same way.
    pub(super) fn protection_of_new_vault(&self) -> Result<VaultProtection, CliError> {
        match self.vault.state().map_err(failed)?.kind {
            VaultChoice::Passphrase => self.new_passphrase().map(VaultProtection::Passphrase),
            VaultChoice::Keyring | VaultChoice::Auto | VaultChoice::Memory => Ok(VaultProtection::Keyring),
        }
    }

    /// Opens the vault for `vault encrypt`, making one where it is missing; without a keyring, a passphrase is asked for.
    pub(super) fn open_or_make_vault(&self) -> Result<(), CliError> {
        let can_ask = self.console.terminal.stdin;
        let keeper = match self.keeper(can_ask) {
            Ok(keeper) => keeper,
            Err(_) if can_ask && self.environment.vault.unwrap_or(self.config.vault) == VaultChoice::Auto => {
                Keeper::Passphrase
            }
            Err(why) => {
                let text = format!("the database can't be encrypted: {why}");
                return Err(CliError::new(FailureKind::Vault, text).hint(
                    "start a keyring, or run it with DASHTAM_VAULT=passphrase on a terminal or with DASHTAM_PASSPHRASE_FILE",
                ));
            }
        };
        self.open_vault(&keeper)
    }

    /// Decides about the encryption of a database in which nothing was stored yet: encrypted where a key can be kept, after one
    /// question on a terminal. Returns the note for the user.
    pub(super) fn decide_encryption(&self, store: &Store, format: OutputFormat) -> Result<Option<String>, CliError> {
        if self.is_scratch() || !store.is_undecided()? {
            return Ok(None);
        }
        let terminal = self.console.terminal;
        let can_ask = terminal.stdin && terminal.stderr && is_for_people(format);
        let plain = |why: &str| {
            store.keep_plain()?;
            Ok(Some(format!("This profile is not encrypted: {why}. `dashtam vault encrypt` encrypts it later.")))
        };
        let keeper = match self.keeper(can_ask) {
            Ok(keeper) => keeper,
            Err(why) => return plain(why),
        };
        let by = match keeper {
            Keeper::Keyring => "the keyring keeps its key",
            Keeper::Passphrase => "a passphrase protects its key",
            Keeper::Existing => "the vault of this profile keeps its key",
        };
        if can_ask && !self.accepts(by)? {
            return plain("you declined");
        }
        self.open_vault(&keeper)?;
        store.encrypt(&self.keys(true))?;
        self.vault.require();
        Ok(Some(format!("This profile is encrypted; {by}. Without it nothing can be read, so keep a backup.")))
    }

    /// Whether files of a profile without data are to be encrypted, without a question: for a restore.
    pub(super) fn encrypts_restored(&self) -> Result<bool, CliError> {
        let database = self.paths.database();
        if std::fs::metadata(&database).is_ok_and(|metadata| metadata.len() > 0) {
            self.unlock_for(&database)?;
            return Ok(Store::wrapped_key(&database).is_ok_and(|wrapped| wrapped.is_some()));
        }
        match self.keeper(false) {
            Ok(keeper) => self.open_vault(&keeper).map(|()| true),
            Err(_) => Ok(false),
        }
    }

    fn accepts(&self, by: &str) -> Result<bool, CliError> {
        let mut err = self.console.err();
        loop {
            write!(err, "Encrypt this new profile? If so, {by}. [Y/n] ")?;
            err.flush()?;
            let mut line = String::new();
            if self.console.read_line(&mut line)? == 0 {
                return Err(CliError::new(FailureKind::Cancelled, "nothing was changed"));
            }
            match line.trim().to_lowercase().as_str() {
                "" | "y" | "yes" => return Ok(true),
                "n" | "no" => return Ok(false),
                _ => {}
            }
        }
    }

    /// Writes the vault's file again from the copy in an encrypted database or backup.
    pub(super) fn recover_vault(&self, from: &Path) -> Result<(), CliError> {
        let wrapped = Store::wrapped_key(from)?.ok_or_else(|| {
            let text = format!("{} is not encrypted, so it holds no copy of the vault's file", from.display());
            CliError::new(FailureKind::NotFound, text)
        })?;
        let is_typed = Vault::kind_in(&wrapped) == Some(VaultChoice::Passphrase);
        let typed = if is_typed { self.typed_passphrase(true)? } else { None };
        self.vault.recover(&wrapped, typed.as_ref()).map_err(failed)
    }
}

/// Copies of the database that the program made and that are not encrypted.
pub(super) fn plain_copies(paths: &Paths) -> Vec<PathBuf> {
    let database = paths.database();
    let name = database.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let files = |folder: &Path| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect::<Vec<_>>()
    };
    let beside = files(&paths.data)
        .into_iter()
        .filter(|file| file.file_name().is_some_and(|found| found.to_string_lossy().starts_with(&format!("{name}."))));
    let backups = files(&paths.backups()).into_iter().filter(|file| file.extension().is_some_and(|end| end == "redb"));
    let mut plain: Vec<PathBuf> =
        beside.chain(backups).filter(|file| matches!(Store::wrapped_key(file), Ok(None))).collect();
    plain.sort();
    plain
}
