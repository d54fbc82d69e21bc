//! `dashtam backup` and `dashtam restore`.

use std::{
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
};

use secrecy::{ExposeSecret as _, SecretString};

use super::{
    args::{BackupLockArgs, Global, OutputFormat, Strictness},
    backups_folder,
    console::Console,
    error::CliError,
    output,
    session::{Session, Setup},
};
use crate::{
    domain::FailureKind,
    files,
    store::{BackupKey, BackupLock, OpenOptions, RestoreOptions, Store, StoreError},
};

/// Size up to which a passphrase or identity file is read.
const MOST_SECRET: usize = 64 << 10;

/// Makes a backup and returns its path.
pub(super) fn backup(session: &Session, file: Option<PathBuf>, lock: &BackupLockArgs) -> Result<PathBuf, CliError> {
    let console = &session.setup.console;
    let lock = lock_of(lock, console)?;
    let folder = session.setup.paths.backups();
    let file = if let Some(file) = file {
        console.path(&file)
    } else {
        return backups_folder::keep(&session.store, &folder, session.clock.now(), lock.as_ref());
    };
    backups_folder::write(&session.store, &file, lock.as_ref())?;
    Ok(file)
}

fn lock_of(arguments: &BackupLockArgs, console: &Console) -> Result<Option<BackupLock>, CliError> {
    if !arguments.recipient.is_empty() {
        return Ok(Some(BackupLock::Recipients(arguments.recipient.clone())));
    }
    if let Some(file) = &arguments.passphrase_file {
        return first_line(&console.path(file)).map(|passphrase| Some(BackupLock::Passphrase(passphrase)));
    }
    if !arguments.passphrase {
        return Ok(None);
    }
    if !console.terminal.stdin {
        return Err(CliError::usage("--passphrase asks on a terminal").hint("in scripts use --passphrase-file"));
    }
    let passphrase = console.ask_secret("Passphrase of the backup")?;
    if passphrase.expose_secret().trim().is_empty() {
        return Err(CliError::usage("the passphrase is empty; no backup was made"));
    }
    if console.ask_secret("Once more")?.expose_secret() != passphrase.expose_secret() {
        return Err(CliError::usage("the two passphrases differ; no backup was made"));
    }
    Ok(Some(BackupLock::Passphrase(passphrase)))
}

fn read_secret(file: &Path) -> Result<SecretString, CliError> {
    files::read_text(file, MOST_SECRET)
        .map(SecretString::from)
        .map_err(|error| CliError::new(FailureKind::Io, format!("{}: {error}", file.display())))
}

pub(super) fn first_line(file: &Path) -> Result<SecretString, CliError> {
    let text = read_secret(file)?;
    let line = text.expose_secret().lines().next().unwrap_or_default().to_owned();
    if line.trim().is_empty() {
        return Err(CliError::usage(format!("{}: its first line is empty", file.display())));
    }
    Ok(line.into())
}

/// Result of a restore.
#[derive(serde::Serialize)]
struct Restored {
    backup: String,
    database: String,
    /// Path of the former database; `None` if there was none.
    kept_as: Option<String>,
}

pub(super) fn restore(
    global: &Global,
    console: &Console,
    out: &mut dyn Write,
    format: OutputFormat,
    file: &Path,
    keys: (Option<&Path>, Option<&Path>),
) -> Result<(), CliError> {
    if global.demo {
        return Err(CliError::usage("made-up data is thrown away: there is nothing to restore into"));
    }
    if !file.exists() {
        return Err(CliError::new(FailureKind::NotFound, format!("there is no file {}", file.display()))
            .hint("name a backup; `dashtam doctor` names the newest one"));
    }
    let setup = Setup::new(global, console, Strictness::Lenient)?;
    setup.refuse_in_use("restore")?;
    let database = setup.paths.database();
    let now = chrono::Utc::now().format("before-%Y%m%dT%H%M%SZ").to_string();
    let names = std::iter::once(now.clone()).chain((2..).map(|count| format!("{now}-{count}")));
    let is_free = |name: &String| !Path::new(&format!("{}.{name}", database.display())).exists();
    let kept_as = names.into_iter().find(is_free).unwrap_or(now);
    let key = key_of(file, keys, console)?;
    if matches!(Store::wrapped_key(file), Ok(Some(_))) {
        if !setup.paths.vault().exists() {
            setup.recover_vault(file)?;
        }
        setup.unlock_for(file)?;
    }
    let encrypts = setup.encrypts_restored()?;
    let open = OpenOptions { keys: Arc::new(setup.keys(encrypts)), ..setup.open_options() };
    let kept = Store::restore_with(file, &database, &kept_as, &RestoreOptions { open, key });
    let kept = kept.map_err(|error| match error {
        StoreError::Backup(text) => CliError::new(FailureKind::Store, format!("{}: {text}", file.display()))
            .hint("name the passphrase (--passphrase-file) or the identity (--identity) that the backup was made for"),
        other => other.into(),
    })?;
    let shown = |path: &Path| path.display().to_string();
    let done = Restored { backup: shown(file), database: shown(&database), kept_as: kept.as_deref().map(shown) };
    output::record(out, format, &done, |out| {
        writeln!(out, "restored {} from {}", done.database, done.backup)?;
        done.kept_as.iter().try_for_each(|kept| writeln!(out, "the former database is kept as {kept}"))
    })
}

/// The secret of an encrypted backup, asked for on a terminal unless a file has it.
fn key_of(
    file: &Path,
    (passphrase_file, identity): (Option<&Path>, Option<&Path>),
    console: &Console,
) -> Result<Option<BackupKey>, CliError> {
    if let Some(identity) = identity {
        return read_secret(identity).map(|text| Some(BackupKey::Identities(text)));
    }
    if let Some(file) = passphrase_file {
        return first_line(file).map(|passphrase| Some(BackupKey::Passphrase(passphrase)));
    }
    if !Store::is_encrypted_backup(file) || !console.terminal.stdin {
        return Ok(None);
    }
    Ok(Some(BackupKey::Passphrase(console.ask_secret("Passphrase of the backup")?)))
}
