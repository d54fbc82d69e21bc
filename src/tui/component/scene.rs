//! A frame as panes see it: the buffer, the data and the time.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use ratatui::layout::Rect;

use super::hit::{ClickTarget, ListId, ListMemory};
use crate::tui::{env::Env, snapshot::LedgerSnapshot, widget::paint::Paint};

/// The current time, for the formats of days and ages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) now: DateTime<Utc>,
    pub(crate) today: NaiveDate,
    pub(crate) local: fn(DateTime<Utc>) -> NaiveDateTime,
}

impl Moment {
    pub(crate) fn of(env: &Env) -> Self {
        Self { now: env.clock.now(), today: env.clock.today(), local: env.local_time }
    }

    /// The same time, with days seen from another one.
    pub(crate) fn on(self, day: Option<NaiveDate>) -> Self {
        Self { today: day.unwrap_or(self.today), ..self }
    }

    /// `now`, `5 min ago`, `3 h ago`, `2 days ago`, else the day.
    pub(crate) fn ago(&self, at: DateTime<Utc>) -> String {
        let minutes = (self.now - at).num_minutes();
        match minutes {
            ..0 => self.stamp(at),
            0 => "just now".to_owned(),
            1..60 => format!("{minutes} min ago"),
            60..1440 => format!("{} h ago", minutes / 60),
            1440..2880 => "yesterday".to_owned(),
            2880..20160 => format!("{} days ago", minutes / 1440),
            _ => (self.local)(at).date().to_string(),
        }
    }

    /// Age of a day: `today`, `yesterday`, `12 days ago`, `4 months ago`.
    pub(crate) fn age(&self, day: NaiveDate) -> String {
        let days = (self.today - day).num_days();
        match days {
            ..0 => day.to_string(),
            0 => "today".to_owned(),
            1 => "yesterday".to_owned(),
            2..60 => format!("{days} days ago"),
            60..730 => format!("{} months ago", days / 30),
            _ => format!("{} years ago", days / 365),
        }
    }

    /// `in 3 h`, `in 2 days`.
    pub(crate) fn until(&self, at: DateTime<Utc>) -> String {
        let minutes = (at - self.now).num_minutes();
        match minutes {
            ..=0 => "now".to_owned(),
            1..60 => format!("in {minutes} min"),
            60..2880 => format!("in {} h", minutes / 60),
            _ => format!("in {} days", minutes / 1440),
        }
    }

    /// A moment on the user's clock: `2026-11-20 14:30`.
    pub(crate) fn stamp(&self, at: DateTime<Utc>) -> String {
        (self.local)(at).format("%Y-%m-%d %H:%M").to_string()
    }
}

/// The area that a pane draws on.
pub(crate) struct Scene<'a> {
    pub(crate) paint: Paint<'a>,
    pub(crate) lists: &'a mut HashMap<ListId, ListMemory>,
    pub(crate) snapshot: &'a LedgerSnapshot,
    pub(crate) moment: Moment,
    pub(crate) wide: bool,
    /// Whether no overlay is above this pane.
    pub(crate) top: bool,
    /// Whether scheduled syncs wait for the vault to be unlocked.
    pub(crate) vault_locked: bool,
    /// The detail beside a list that has the focus, once drawn.
    pub(crate) beside: Option<Rect>,
}

impl Scene<'_> {
    /// A box for an overlay, over whatever is there.
    pub(crate) fn overlay(&mut self, area: Rect, title: &str, right: &str) -> Rect {
        self.paint.clear(area);
        self.paint.target(area, ClickTarget::Nothing);
        self.paint.frame(area, title, right, self.top)
    }
}
