//! Syncs that nobody asks for: what the schedule says is due.
//!
//! INVARIANT: one timer, until the next connection is due; none where nothing live is connected.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    domain::ConnectionStatus,
    providers::is_live,
    sync::{Command, Event, JobId},
    tui::{app::App, env::Env, msg::Effect},
};

/// The least time between two questions, so that what stays due does not keep the program busy.
const PAUSE: TimeDelta = TimeDelta::minutes(1);

/// The schedule as the screen knows it.
#[derive(Debug, Default)]
pub(crate) struct Due {
    job: Option<JobId>,
    asked: Option<DateTime<Utc>>,
    /// The vault is locked: nothing happens by itself until the user opened it.
    paused: bool,
    /// What was due before this moment waits for the user.
    since: Option<DateTime<Utc>>,
}

impl Due {
    /// `since` leaves alone what was due when the screen opened.
    pub(crate) fn new(since: Option<DateTime<Utc>>) -> Self {
        Self { since, ..Self::default() }
    }

    pub(super) fn is_job(&self, job: Option<JobId>) -> bool {
        job.is_some() && job == self.job
    }

    /// Whether the vault must be opened before anything is synced by itself.
    pub(crate) const fn is_paused(&self) -> bool {
        self.paused
    }

    pub(super) fn hear(&mut self, event: &Event) {
        if self.is_job(event.answers()) {
            self.job = None;
            self.paused = matches!(event, Event::JobFailed { failure, .. } if failure.kind.starts_with("vault"));
        } else if matches!(event, Event::VaultLocked) {
            self.paused = true;
        } else if matches!(event, Event::VaultOpened | Event::Unlocked { .. } | Event::Synced { .. }) {
            self.paused = false;
        }
    }
}

impl App {
    /// When the next connection is due.
    pub(crate) fn due_at(&self) -> Option<DateTime<Utc>> {
        if self.due.job.is_some() || self.due.paused {
            return None;
        }
        let connections = self.data.view.connections().iter();
        let live =
            connections.filter(|connection| connection.status == ConnectionStatus::Active && is_live(connection));
        let next = live
            .filter_map(|connection| connection.next_sync_at)
            .filter(|next| self.due.since.is_none_or(|since| *next > since))
            .min()?;
        Some(self.due.asked.map_or(next, |asked| next.max(asked + PAUSE)))
    }

    /// Asks for what is due now.
    pub(crate) fn sync_due(&mut self, env: &Env) -> Option<Effect> {
        let now = self.moment.now;
        if self.due_at().is_none_or(|at| at > now) {
            return None;
        }
        let job = env.engine.job();
        self.due.job = Some(job);
        self.due.asked = Some(now);
        Some(Effect::Send(Command::SyncDue { job }))
    }
}
