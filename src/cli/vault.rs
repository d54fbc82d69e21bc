//! `dashtam vault`: how stored logins are kept, another passphrase, a new vault, locking.

use std::{io::Write, path::Path};

use secrecy::ExposeSecret as _;
use serde::Serialize;

use super::{
    args::{OutputFormat, VaultCommand},
    error::CliError,
    output, protection,
    session::{Session, Setup},
};
use crate::{
    config::AnswerSource,
    domain::{FailureKind, text},
    ports::VaultChoice,
    sync::EngineCommand,
    vault::{Passphrase, VaultError, VaultProtection},
};

#[derive(Serialize)]
struct VaultRecord {
    kind: VaultChoice,
    /// False before the first login is stored.
    exists: bool,
    /// Whether the process that has the database holds the key.
    unlocked: bool,
    /// Connections with a stored login; not known while the database is closed with its vault.
    logins: Option<usize>,
    database_encrypted: bool,
}

/// Runs a command about the vault.
pub(super) fn run(
    session: &Session,
    out: &mut dyn Write,
    format: OutputFormat,
    what: &VaultCommand,
) -> Result<(), CliError> {
    let done = match what {
        VaultCommand::Status => "",
        VaultCommand::Lock => {
            session.handle.send(EngineCommand::LockVault);
            session.runtime.block_on(session.handle.idle());
            if session.vault.is_unlocked() { "it stays open, since it needs no passphrase" } else { "locked" }
        }
        VaultCommand::Encrypt => {
            session.setup.open_or_make_vault()?;
            session.runtime.block_on(session.handle.set_encryption(true))?;
            session.vault.require();
            report_plain_copies(session)?;
            "the database is encrypted"
        }
        VaultCommand::Decrypt => {
            session.runtime.block_on(session.handle.set_encryption(false))?;
            "the database is plain; its file modes protect it"
        }
        VaultCommand::Recover { .. } => {
            return Err(CliError::new(FailureKind::Internal, "this command needs no store"));
        }
        VaultCommand::Passphrase { file, keyring } => {
            session.unlock()?;
            let protection = if *keyring {
                VaultProtection::Keyring
            } else {
                VaultProtection::Passphrase(new_passphrase(session, file.as_deref())?)
            };
            session.vault.protect(&protection).map_err(failed)?;
            // The database holds a copy of the vault's file.
            session.store.rewrap(&session.setup.keys(true))?;
            if *keyring { "the keyring keeps the key now" } else { "the new passphrase applies" }
        }
        VaultCommand::Reset { yes } => {
            reset(session, *yes)?;
            "every stored login is deleted; connect again with `dashtam reconnect ID`"
        }
    };
    let state = session.vault.state().map_err(failed)?;
    let record = VaultRecord {
        kind: state.kind,
        exists: state.exists,
        unlocked: state.unlocked,
        logins: if session.store.is_closed() { None } else { Some(logins(session)?) },
        database_encrypted: session.store.is_encrypted(),
    };
    write(out, format, &record, done)
}

/// Runs a command about the vault of an encrypted database that `error` keeps closed: its state can be shown.
pub(super) fn run_locked(
    setup: &Setup,
    out: &mut dyn Write,
    format: OutputFormat,
    what: &VaultCommand,
    error: CliError,
) -> Result<(), CliError> {
    match what {
        VaultCommand::Status => {
            let state = setup.vault.state().map_err(failed)?;
            let record = VaultRecord {
                kind: state.kind,
                exists: state.exists,
                unlocked: false,
                logins: None,
                database_encrypted: true,
            };
            write(out, format, &record, "")
        }
        VaultCommand::Reset { .. } => {
            let text = format!("{}: a new vault can't open an encrypted database", error.message);
            Err(CliError::new(error.kind, text).hint(
                "without its passphrase nothing in it can be read: restore a backup made with --passphrase or --recipient into \
                 another --profile, or import the statements there",
            ))
        }
        _ => Err(error),
    }
}

fn write(out: &mut dyn Write, format: OutputFormat, record: &VaultRecord, done: &str) -> Result<(), CliError> {
    output::record(out, format, record, |out| {
        let exists = if record.exists { "" } else { ", not made yet" };
        let open = if record.unlocked { "open" } else { "locked" };
        if !done.is_empty() {
            writeln!(out, "{done}")?;
        }
        let logins =
            record.logins.map_or_else(|| "not known while it is locked".to_owned(), |logins| logins.to_string());
        let database = if record.database_encrypted { "encrypted" } else { "plain" };
        writeln!(out, "vault: {}{exists}, {open}; stored logins: {logins}; database: {database}", record.kind)
    })
}

/// Names the plain copies that an encryption leaves.
fn report_plain_copies(session: &Session) -> Result<(), CliError> {
    let copies = protection::plain_copies(&session.setup.paths);
    if copies.is_empty() {
        return Ok(());
    }
    let mut err = session.setup.console.err();
    writeln!(err, "plain copies made earlier remain; delete them if you no longer need them:")?;
    for copy in copies {
        writeln!(err, "  {}", text::clean(&copy.to_string_lossy()))?;
    }
    Ok(())
}

/// `vault recover`, which needs no database.
pub(super) fn recover(
    setup: &Setup,
    out: &mut dyn Write,
    format: OutputFormat,
    from: Option<&Path>,
) -> Result<(), CliError> {
    #[derive(Serialize)]
    struct Recovered {
        file: String,
    }
    let from = from.map_or_else(|| setup.paths.database(), |file| setup.console.path(file));
    setup.recover_vault(&from)?;
    let record = Recovered { file: setup.paths.vault().display().to_string() };
    output::record(out, format, &record, |out| writeln!(out, "the vault's file was written again: {}", record.file))
}

fn failed(error: VaultError) -> CliError {
    crate::sync::JobFailure::from(error).into()
}

fn logins(session: &Session) -> Result<usize, CliError> {
    let reader = session.store.read()?;
    let mut count = 0;
    for connection in reader.connections()? {
        count += usize::from(reader.credential(connection.id)?.is_some());
    }
    Ok(count)
}

/// The new passphrase: the first line of a file, or typed twice.
fn new_passphrase(session: &Session, file: Option<&std::path::Path>) -> Result<Passphrase, CliError> {
    let console = &session.setup.console;
    if let Some(file) = file {
        let read = AnswerSource::File(console.path(file)).read();
        let text = read.map_err(|error| CliError::usage(format!("--file: {error}")))?;
        let first = text.expose_secret().lines().next().unwrap_or_default().to_owned();
        if first.is_empty() {
            return Err(CliError::usage("--file: its first line is empty"));
        }
        return Ok(first.into());
    }
    if !console.terminal.stdin {
        return Err(CliError::usage("a new passphrase is typed on a terminal").hint("or name a file with --file FILE"));
    }
    let typed = console.ask_secret("New passphrase of the vault")?;
    if typed.expose_secret().is_empty() {
        return Err(CliError::usage("an empty passphrase protects nothing; the old one still applies"));
    }
    if console.ask_secret("Once more")?.expose_secret() != typed.expose_secret() {
        return Err(CliError::usage("the two passphrases differ; the old one still applies"));
    }
    Ok(typed)
}

/// Deletes every stored login and sets the vault's file aside.
fn reset(session: &Session, yes: bool) -> Result<(), CliError> {
    let console = &session.setup.console;
    if !yes {
        if !console.terminal.stdin {
            return Err(CliError::usage("this deletes every stored login").hint("add --yes to do it"));
        }
        let mut err = console.err();
        write!(err, "This deletes every stored login; accounts and rows stay. Type yes to go on: ")?;
        err.flush()?;
        let mut line = String::new();
        console.read_line(&mut line)?;
        if !line.trim().eq_ignore_ascii_case("yes") {
            return Err(CliError::new(FailureKind::Cancelled, "nothing was changed"));
        }
    }
    // The new vault wraps the key of an encrypted database, so it is known how before the old one is given up.
    let protection = if session.store.is_encrypted() { Some(session.setup.protection_of_new_vault()?) } else { None };
    session.runtime.block_on(session.handle.reset_vault())?;
    if let Some(protection) = protection {
        session.vault.begin_with(&protection).map_err(failed)?;
        session.store.rewrap(&session.setup.keys(true))?;
        session.vault.require();
    }
    Ok(())
}
