//! The automatic backup: one a day, or a week for a large database that no screen opens, kept as those of `dashtam backup`.
//!
//! INVARIANT: it never delays the screen, and a failure of it fails nothing else.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::backups_folder;
use crate::{config::Paths, store::Store};

const DAY: Duration = Duration::from_secs(24 * 3600);
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

/// Databases up to this size are backed up daily at the end of a command, which takes some tenths of a second. Larger ones wait
/// for the screen, which has time, but not longer than a week.
const SMALL: u64 = 32 << 20;

/// Whether a backup is due: the newest is at least so old or missing, and the profile is not empty.
fn is_due(paths: &Paths, store: &Store, now: DateTime<Utc>, age_when_due: Duration) -> bool {
    !store.is_closed()
        && store.damage().is_none()
        && store.generation() > 0
        && backups_folder::newest(&paths.backups(), now).is_none_or(|(_, age)| age >= age_when_due)
}

fn make(paths: &Paths, store: &Store, now: DateTime<Utc>) {
    match backups_folder::keep(store, &paths.backups(), now, None) {
        Ok(file) => tracing::info!("daily backup: {}", file.display()),
        Err(error) => tracing::warn!("no daily backup: {}", error.message),
    }
}

/// Makes the backup of a day on a thread, if it is due.
pub(super) fn start(paths: &Paths, store: &Store, now: DateTime<Utc>) {
    if !is_due(paths, store, now, DAY) {
        return;
    }
    let (paths, store) = (paths.clone(), store.clone());
    // The end of the program cuts it off; the next start makes it.
    let work = move || make(&paths, &store, now);
    if let Err(error) = std::thread::Builder::new().name("backup".into()).spawn(work) {
        tracing::warn!("no daily backup: {error}");
    }
}

/// Makes the backup of a day, or of a week, after a command that changed a profile with earlier data.
pub(super) fn after_command(paths: &Paths, store: &Store, now: DateTime<Utc>) {
    let is_small = std::fs::metadata(store.path()).is_ok_and(|metadata| metadata.len() <= SMALL);
    if is_due(paths, store, now, if is_small { DAY } else { WEEK }) {
        make(paths, store, now);
    }
}
