//! State of the syncs that start on schedule.
//!
//! INVARIANT: one timer, until the next connection is due; no timer while nothing live is connected.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    domain::Connection,
    sync::{Event, JobId, due_at},
};

/// The least time between two scheduled syncs, so that a connection that stays due does not keep the program busy.
const PAUSE: TimeDelta = TimeDelta::minutes(1);

/// Scheduled syncs, as far as the screen has to remember them.
#[derive(Debug, Default)]
pub(crate) struct Due {
    job: Option<JobId>,
    asked: Option<DateTime<Utc>>,
    /// The vault is locked: nothing is scheduled until the user unlocks it.
    paused: bool,
    /// Connections that were due before this time are left to the user.
    since: Option<DateTime<Utc>>,
}

impl Due {
    /// With `since`, connections that were due when the program started are not synced.
    pub(crate) fn new(since: Option<DateTime<Utc>>) -> Self {
        Self { since, ..Self::default() }
    }

    /// Whether `job` is the scheduled sync that runs now.
    pub(crate) fn is_job(&self, job: Option<JobId>) -> bool {
        job.is_some() && job == self.job
    }

    /// Whether scheduled syncs wait for the vault to be unlocked.
    pub(crate) const fn is_paused(&self) -> bool {
        self.paused
    }

    pub(crate) fn receive(&mut self, event: &Event) {
        if self.is_job(event.answers()) {
            self.job = None;
            self.paused = matches!(event, Event::JobFailed { failure, .. } if failure.kind.is_vault());
        } else if matches!(event, Event::VaultLocked { .. }) {
            self.paused = true;
        } else if matches!(event, Event::VaultOpened | Event::Unlocked { .. } | Event::Synced { .. }) {
            self.paused = false;
        }
    }

    /// When the first of these connections is due; `None`: no timer.
    pub(crate) fn at<'a>(
        &self,
        live: impl Iterator<Item = &'a Connection>,
        now: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        if self.job.is_some() || self.paused {
            return None;
        }
        let next = live
            .filter_map(|connection| due_at(connection, now))
            .filter(|next| self.since.is_none_or(|since| *next > since))
            .min()?;
        Some(self.asked.map_or(next, |asked| next.max(asked + PAUSE)))
    }

    /// Records that `job` was sent at `now`.
    pub(crate) fn started(&mut self, job: JobId, now: DateTime<Utc>) {
        self.job = Some(job);
        self.asked = Some(now);
    }
}
