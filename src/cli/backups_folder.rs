//! The backups folder: names of backups, how long they are kept, the newest.

use std::{
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use chrono::{DateTime, Datelike as _, Utc};

use super::error::CliError;
use crate::{
    files,
    store::{BackupLock, Store},
};

/// Days and weeks of which a backup is kept in the backups folder.
const DAYS: usize = 7;
const WEEKS: usize = 4;

/// Name of a backup in the backups folder, as [`DateTime::format`] takes it.
const NAME: &str = "dashtam-%Y%m%dT%H%M%SZ";

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
    let named = |at: DateTime<Utc>| folder.join(format!("{}.{ending}", at.format(NAME)));
    let file = named(time_of_name(&kept(folder), now));
    write(store, &file, lock)?;
    for old in superseded(&kept(folder)).iter().filter(|old| **old != file) {
        files::remove_if_there(old)?;
    }
    Ok(file)
}

/// The time in the name of a new backup: now, or just after the newest one, which may have taken the name of this second.
/// So the new one is the newest of its day, which is kept.
fn time_of_name(kept: &[Kept], now: DateTime<Utc>) -> DateTime<Utc> {
    let second = chrono::TimeDelta::seconds(1);
    let close = |backup: &&Kept| backup.at - now < chrono::TimeDelta::minutes(1);
    kept.iter().rev().find(close).map_or(now, |newest| now.max(newest.at + second))
}

pub(super) fn write(store: &Store, file: &Path, lock: Option<&BackupLock>) -> Result<(), CliError> {
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
    fn a_new_backup_is_the_newest_of_its_day() {
        let now: DateTime<Utc> = "2026-01-01T12:00:05.5Z".parse().unwrap();
        let named = |names: &[&str]| {
            let kept: Vec<Kept> = names.iter().map(|name| at(name)).collect();
            time_of_name(&kept, now).format("%dT%H:%M:%S").to_string()
        };
        assert_eq!(named(&[]), "01T12:00:05");
        assert_eq!(named(&["2026-01-01T11:00:00Z"]), "01T12:00:05");
        assert_eq!(named(&["2026-01-01T12:00:05Z"]), "01T12:00:06");
        assert_eq!(named(&["2026-01-01T12:00:07Z"]), "01T12:00:08", "made within one second");
        // Written while the clock was wrong: it does not move the names of all later ones.
        assert_eq!(named(&["2026-01-01T12:00:05Z", "2027-01-01T12:00:00Z"]), "01T12:00:06");
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
