//! State of the passphrase vault's idle lock.
//!
//! INVARIANT: one timer, and only while the vault is unlocked by a typed passphrase.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// The last input, and whether there is a vault to lock.
#[derive(Debug)]
pub(crate) struct Idle {
    /// As configured; `None`: never lock.
    after: Option<Duration>,
    /// The last key, paste, click or turn of the wheel.
    seen: DateTime<Utc>,
    /// The vault is unlocked and can be locked, and the engine was not asked to lock it yet.
    unlocked: bool,
}

impl Idle {
    pub(crate) const fn new(after: Option<Duration>, now: DateTime<Utc>) -> Self {
        Self { after, seen: now, unlocked: false }
    }

    /// When the vault is locked unless there is input before.
    pub(crate) fn lock_at(&self) -> Option<DateTime<Utc>> {
        let after = self.after.filter(|_| self.unlocked)?;
        self.seen.checked_add_signed(TimeDelta::from_std(after).ok()?)
    }

    /// Takes in the time and whether there was input now. Returns whether the vault must be locked, which also holds for
    /// the input that ends a pause: timers do not run while the machine sleeps.
    pub(crate) fn must_lock(&mut self, now: DateTime<Utc>, input: bool) -> bool {
        let over = self.lock_at().is_some_and(|at| at <= now);
        if input {
            self.seen = now;
        }
        self.unlocked &= !over;
        over
    }

    pub(crate) const fn vault(&mut self, unlocked: bool) {
        self.unlocked = unlocked;
    }
}
