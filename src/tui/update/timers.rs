//! Timers: scheduled syncs and the idle lock of the vault.

use chrono::{DateTime, Utc};

use crate::{
    domain::Connection,
    providers::is_live,
    sync::{EngineCommand, Event},
    tui::{
        app::App,
        component::toast::Level,
        env::Env,
        msg::{Effect, Msg},
    },
};

impl App {
    /// When something on screen changes without input; `None`: no timer has to run.
    pub(crate) fn wake_at(&self) -> Option<DateTime<Utc>> {
        let overlay = self.panes.overlays.iter().filter_map(|overlay| overlay.wake_at(&self.moment)).min();
        let due = self.due.at(self.live(), self.moment.now);
        [self.typed.hint_at(&self.moment), self.toasts.wake_at(), overlay, due, self.idle.lock_at()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Connections that can be synced now.
    fn live(&self) -> impl Iterator<Item = &Connection> {
        let connections = self.snapshot.view.connections().iter();
        connections.filter(|connection| is_live(connection))
    }

    /// Starts a sync of the connections that are due.
    pub(crate) fn sync_due(&mut self, env: &Env) -> Option<Effect> {
        let now = self.moment.now;
        if self.due.at(self.live(), now).is_none_or(|at| at > now) {
            return None;
        }
        let job = env.engine.job();
        self.due.started(job, now);
        Some(Effect::Send(EngineCommand::SyncDue { job }))
    }

    /// Locks the vault when there was no input for the configured time.
    pub(super) fn watch_idle(&mut self, msg: &Msg) -> Option<Effect> {
        let input = matches!(msg, Msg::Key(_) | Msg::Paste(_) | Msg::Click(_) | Msg::Scroll(..));
        self.idle.must_lock(self.moment.now, input).then_some(Effect::Send(EngineCommand::LockVault))
    }

    pub(super) fn hear_of_vault(&mut self, event: &Event) {
        match event {
            Event::VaultOpened => self.idle.vault(true),
            // An encrypted database is closed with it: the screen is locked.
            Event::VaultLocked { closed: true } => self.idle.vault(false),
            Event::VaultLocked { closed: false } => {
                self.idle.vault(false);
                self.toast(
                    Level::News,
                    "No input for a while, so the vault is locked. A sync asks for its passphrase.",
                );
            }
            _ => {}
        }
    }
}
