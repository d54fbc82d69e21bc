//! The automatic backup: one a day, kept as those of `dashtam backup`.
//!
//! INVARIANT: it never delays the screen, and a failure of it fails nothing else.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::backups_folder;
use crate::{config::Paths, store::Store};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Databases up to this size are backed up at the end of a command, which takes some tenths of a second once a day. Larger ones wait
/// for the screen, which has time.
const SMALL: u64 = 32 << 20;

/// Whether a backup is due: the newest is older than a day or missing, and the profile is not empty.
fn is_due(paths: &Paths, store: &Store, now: DateTime<Utc>) -> bool {
    !store.is_closed()
        && store.damage().is_none()
        && store.generation() > 0
        && backups_folder::newest(&paths.backups(), now).is_none_or(|(_, age)| age >= DAY)
}

fn make(paths: &Paths, store: &Store, now: DateTime<Utc>) {
    match backups_folder::keep(store, &paths.backups(), now, None) {
        Ok(file) => tracing::info!("daily backup: {}", file.display()),
        Err(error) => tracing::warn!("no daily backup: {}", error.message),
    }
}

/// Makes the backup of a day on a thread, if it is due.
pub(super) fn start(paths: &Paths, store: &Store, now: DateTime<Utc>) {
    if !is_due(paths, store, now) {
        return;
    }
    let (paths, store) = (paths.clone(), store.clone());
    // The end of the program cuts it off; the next start makes it.
    let work = move || make(&paths, &store, now);
    if let Err(error) = std::thread::Builder::new().name("backup".into()).spawn(work) {
        tracing::warn!("no daily backup: {error}");
    }
}

/// Makes the backup of a day after a command that changed a profile with earlier data.
pub(super) fn after_command(paths: &Paths, store: &Store, now: DateTime<Utc>) {
    let is_small = std::fs::metadata(store.path()).is_ok_and(|metadata| metadata.len() <= SMALL);
    if is_small && is_due(paths, store, now) {
        make(paths, store, now);
    }
}
