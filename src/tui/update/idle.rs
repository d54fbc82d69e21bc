//! The passphrase vault, locked when nobody touched a key for a while.
//!
//! INVARIANT: one timer, and only while the vault is open by a passphrase that was typed.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    sync::{Command, Event},
    tui::{
        app::App,
        msg::{Effect, Msg},
        toast::Level,
    },
};

/// When somebody was last there, and whether there is anything to lock.
#[derive(Debug)]
pub(crate) struct Idle {
    /// As configured.
    after: Option<Duration>,
    /// The last key, paste, click or turn of the wheel.
    seen: DateTime<Utc>,
    /// The vault is open and can be locked, and the engine was not asked to yet.
    open: bool,
}

impl Idle {
    pub(crate) const fn new(after: Option<Duration>, now: DateTime<Utc>) -> Self {
        Self { after, seen: now, open: false }
    }

    /// When the vault is locked unless somebody touches a key before.
    pub(crate) fn lock_at(&self) -> Option<DateTime<Utc>> {
        let after = self.after.filter(|_| self.open)?;
        self.seen.checked_add_signed(TimeDelta::from_std(after).ok()?)
    }
}

impl App {
    /// Locks the vault when it is time, also when the key that ends the pause finds the time over: timers don't run
    /// while the machine sleeps.
    pub(super) fn watch_idle(&mut self, msg: &Msg) -> Option<Effect> {
        let now = self.moment.now;
        let over = self.idle.lock_at().is_some_and(|at| at <= now);
        if matches!(msg, Msg::Key(_) | Msg::Paste(_) | Msg::Click(_) | Msg::Scroll(..)) {
            self.idle.seen = now;
        }
        self.idle.open &= !over;
        over.then_some(Effect::Send(Command::LockVault))
    }

    /// What the engine tells of the vault.
    pub(super) fn hear_of_vault(&mut self, event: &Event) {
        match event {
            Event::VaultOpened => self.idle.open = true,
            Event::VaultLocked => {
                self.idle.open = false;
                self.say(
                    Level::News,
                    "No key was pressed for a while: the vault is locked. A sync asks for its passphrase.",
                );
            }
            _ => {}
        }
    }
}
