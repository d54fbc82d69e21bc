//! The background check of a large database while the screen is open: one step after the other, continued after a restart.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    files,
    store::{Store, StoreError},
};

/// Databases up to this size are verified whenever they are opened.
const SMALL: u64 = 5 << 20;

/// Pause between two steps, so that the check takes a small part of the machine.
const PAUSE: Duration = Duration::from_millis(200);

/// A complete check is started again after this time.
const AGE: chrono::Duration = chrono::Duration::days(1);

/// Progress, kept in the state folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct CheckProgress {
    /// The next step.
    next: u64,
    /// When the last complete check ended.
    pub(super) finished_at: Option<DateTime<Utc>>,
}

impl CheckProgress {
    /// The stored progress; without one, that no check has run.
    pub(super) fn load(file: &Path) -> Self {
        let text = files::read_text(file, 4096).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    fn save(&self, file: &Path) {
        let saved =
            serde_json::to_vec(self).map_err(std::io::Error::other).and_then(|text| files::replace(file, &text));
        if let Err(error) = saved {
            tracing::warn!("the progress of the background check can't be stored: {error}");
        }
    }
}

/// The file with the progress.
pub(super) fn progress_file(state: &Path) -> PathBuf {
    state.join("database-check.json")
}

/// A running check. Dropping it stops it after the current step.
pub(super) struct BackgroundCheck {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl BackgroundCheck {
    /// Starts the check if the database is large and the last check is old.
    pub(super) fn start(store: Store, state: &Path, now: DateTime<Utc>) -> Option<Self> {
        let is_large = std::fs::metadata(store.path()).is_ok_and(|metadata| metadata.len() > SMALL);
        let file = progress_file(state);
        let progress = CheckProgress::load(&file);
        let is_recent = progress.next == 0 && progress.finished_at.is_some_and(|at| now - at < AGE);
        if !is_large || is_recent {
            return None;
        }
        let stop = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&stop);
        let work = move || run(&store, &file, progress, &seen);
        let thread = std::thread::Builder::new().name("check".into()).spawn(work).ok()?;
        Some(Self { stop, thread: Some(thread) })
    }
}

fn run(store: &Store, file: &Path, mut progress: CheckProgress, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        match store.check_step(progress.next) {
            Ok(Some(next)) => progress.next = next,
            Ok(None) => {
                progress = CheckProgress { next: 0, finished_at: Some(Utc::now()) };
                progress.save(file);
                return;
            }
            // Locked: it goes on when the vault is unlocked.
            Err(StoreError::Closed) => {}
            Err(error) => {
                tracing::error!("the background check found damage: {error}");
                return;
            }
        }
        progress.save(file);
        std::thread::park_timeout(PAUSE);
    }
}

impl Drop for BackgroundCheck {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}
