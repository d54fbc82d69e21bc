//! `dashtam backup` and `dashtam restore`.

use std::{
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use chrono::{DateTime, Datelike as _, Utc};
use secrecy::{ExposeSecret as _, SecretString};

use super::{
    args::{BackupLockArgs, Global, OutputFormat, Strictness},
    console::Console,
    error::CliError,
    output,
    session::{Session, Setup},
};
use crate::{
    domain::FailureKind,
    files,
    store::{BackupKey, BackupLock, OpenOptions, RestoreOptions, Store},
};

/// Days and weeks of which a backup is kept in the backups folder.
const DAYS: usize = 7;
const WEEKS: usize = 4;

/// Size up to which a passphrase or identity file is read.
const MOST_SECRET: usize = 64 << 10;

/// Name of a backup in the backups folder, as [`DateTime::format`] takes it.
const NAME: &str = "dashtam-%Y%m%dT%H%M%SZ";

/// Makes a backup and returns its path.
pub(super) fn backup(session: &Session, file: Option<PathBuf>, lock: &BackupLockArgs) -> Result<PathBuf, CliError> {
    let console = &session.setup.console;
    let lock = lock_of(lock, console)?;
    let folder = session.setup.paths.backups();
    let file = if let Some(file) = file {
        console.path(&file)
    } else {
        return keep(&session.store, &folder, session.clock.now(), lock.as_ref());
    };
    write(&session.store, &file, lock.as_ref())?;
    Ok(file)
}

/// Makes a backup in the backups folder and removes those that it supersedes.
pub(super) fn keep(
    store: &Store,
    folder: &Path,
    now: DateTime<Utc>,
    lock: Option<&BackupLock>,
) -> Result<PathBuf, CliError> {
    files::create_folders(folder)?;
    remove_unfinished(folder, now);
    let ending = if lock.is_some() { "age" } else { "redb" };
    let file = folder.join(format!("{}.{ending}", now.format(NAME)));
    write(store, &file, lock)?;
    for old in superseded(&kept(folder)) {
        files::remove_if_there(&old)?;
    }
    Ok(file)
}

fn write(store: &Store, file: &Path, lock: Option<&BackupLock>) -> Result<(), CliError> {
    match lock {
        None => store.backup(file)?,
        Some(lock) => store.encrypted_backup(file, lock)?,
    }
    Ok(())
}

/// Removes what a backup that was killed left. One that may still be running is younger than an hour.
fn remove_unfinished(folder: &Path, now: DateTime<Utc>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let file = entry.path();
        let name = file.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".part"));
        if name.and_then(made_at).is_some_and(|at| now - at > chrono::TimeDelta::hours(1)) {
            // The next backup tries again.
            let _ = files::remove_if_there(&file);
        }
    }
}

/// When the program made a backup of that name.
fn made_at(name: &str) -> Option<DateTime<Utc>> {
    let name = name.strip_suffix(".redb").or_else(|| name.strip_suffix(".age"))?;
    Some(chrono::NaiveDateTime::parse_from_str(name, NAME).ok()?.and_utc())
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

/// A backup in the backups folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Kept {
    at: DateTime<Utc>,
    file: PathBuf,
}

/// Backups that the program named, oldest first. Other files are never removed.
fn kept(folder: &Path) -> Vec<Kept> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut kept: Vec<Kept> = entries
        .filter_map(|entry| {
            let file = entry.path();
            let at = made_at(file.file_name()?.to_str()?)?;
            Some(Kept { at, file })
        })
        .collect();
    kept.sort();
    kept
}

/// Backups to remove: all but the newest of each of the last [`DAYS`] days and [`WEEKS`] weeks with a backup.
fn superseded(kept: &[Kept]) -> Vec<PathBuf> {
    let (mut days, mut weeks, mut old) = (Vec::new(), Vec::new(), Vec::new());
    for backup in kept.iter().rev() {
        let (day, week) = (backup.at.date_naive(), backup.at.iso_week());
        let is_of_day = !days.contains(&day) && days.len() < DAYS;
        let is_of_week = !weeks.contains(&week) && weeks.len() < WEEKS;
        if is_of_day {
            days.push(day);
        }
        if is_of_week {
            weeks.push(week);
        }
        if !is_of_day && !is_of_week {
            old.push(backup.file.clone());
        }
    }
    old
}

/// The newest backup in the backups folder, and its age.
pub(super) fn newest(folder: &Path, now: DateTime<Utc>) -> Option<(PathBuf, Duration)> {
    let kept = kept(folder).pop()?;
    let age = SystemTime::from(now).duration_since(SystemTime::from(kept.at)).unwrap_or_default();
    Some((kept.file, age))
}

/// When the newest backup in the backups folder was made.
pub(super) fn newest_at(folder: &Path) -> Option<DateTime<Utc>> {
    Some(kept(folder).pop()?.at)
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
    let kept = Store::restore_with(file, &database, &kept_as, &RestoreOptions { open, key })?;
    let shown = |path: &Path| path.display().to_string();
    let done = Restored { backup: shown(file), database: shown(&database), kept_as: kept.as_deref().map(shown) };
    output::object(out, format, &done, |out| {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Kept {
        Kept { at: text.parse().unwrap(), file: PathBuf::from(text) }
    }

    #[test]
    fn seven_days_and_four_weeks_are_kept() {
        let start: DateTime<Utc> = "2026-01-01T12:00:00Z".parse().unwrap();
        let mut backups: Vec<Kept> =
            (0..60).map(|day| at(&(start + chrono::Duration::days(day)).to_rfc3339())).collect();
        for _ in 0..2 {
            let old = superseded(&backups);
            backups.retain(|backup| !old.contains(&backup.file));
            let kept: Vec<String> = backups.iter().map(|backup| backup.at.date_naive().to_string()).collect();
            // The newest of four weeks, which end on Sundays, and the last seven days.
            let expected = [
                "2026-02-08",
                "2026-02-15",
                "2026-02-22",
                "2026-02-23",
                "2026-02-24",
                "2026-02-25",
                "2026-02-26",
                "2026-02-27",
                "2026-02-28",
                "2026-03-01",
            ];
            assert_eq!(kept, expected);
        }
        backups.push(at("2026-03-01T13:00:00+00:00"));
        assert_eq!(superseded(&backups), [PathBuf::from("2026-03-01T12:00:00+00:00")]);
    }

    #[test]
    fn only_files_that_the_program_named_count() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["dashtam-20260101T120000Z.redb", "dashtam-20260102T120000Z.age", "mine.redb", "dashtam-x.redb"] {
            std::fs::write(folder.path().join(name), b"").unwrap();
        }
        assert_eq!(kept(folder.path()).len(), 2);
        let (file, age) = newest(folder.path(), "2026-01-03T12:00:00Z".parse().unwrap()).unwrap();
        assert!(file.ends_with("dashtam-20260102T120000Z.age"));
        assert_eq!(age, Duration::from_secs(24 * 3600));
    }
}
