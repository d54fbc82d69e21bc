//! What every screen and overlay is to the root: one interface, so that a new overlay needs no change there.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use crossterm::event::KeyEvent;
use ratatui::layout::Rect;

use super::{
    action::{Action, Place},
    data::Data,
    env::Env,
    list::List,
    memory::{ListId, Target},
    msg::{Effect, Jump, Loaded},
    toast::Level,
    widget::paint::Paint,
};
use crate::sync::{Command, Event, JobId};

/// A screen, or an overlay on the stack.
pub(crate) trait Pane: Send {
    /// Where keys go now.
    fn place(&self) -> Place;

    /// Does what a key or the palette asks.
    fn act(&mut self, action: Action, ctx: &mut Ctx<'_>);

    /// The list of a pane that has just one.
    fn list(&mut self) -> Option<&mut List> {
        None
    }

    /// Rows of that list which can be selected now.
    fn rows(&self, _data: &Data) -> usize {
        0
    }

    /// Keeps the selected row of that list inside.
    fn settle(&mut self, data: &Data) {
        let rows = self.rows(data);
        if let Some(list) = self.list() {
            list.cursor.clamp(rows);
        }
    }

    /// A key that means no action in this place: text for a field.
    fn key(&mut self, event: KeyEvent, ctx: &mut Ctx<'_>) {
        if let Some(list) = self.list() {
            list.finder.key(event);
            self.settle(ctx.data);
        }
    }

    /// Pasted text; says whether it was wanted.
    fn paste(&mut self, text: &str, ctx: &mut Ctx<'_>) -> bool {
        let wanted = self.list().is_some_and(|list| list.finder.paste(text));
        self.settle(ctx.data);
        wanted
    }

    /// One step back inside; false when there is none, so that the root takes it.
    fn back(&mut self, _ctx: &mut Ctx<'_>) -> bool {
        self.list().is_some_and(|list| list.split.back() || list.finder.back())
    }

    /// A click on a row.
    fn click(&mut self, _list: ListId, _index: usize, _ctx: &mut Ctx<'_>) {}

    /// The wheel over a list.
    fn scroll(&mut self, list: ListId, rows: isize, ctx: &mut Ctx<'_>) {
        let len = self.rows(ctx.data);
        match self.list() {
            Some(own) if list == ListId::Side => own.split.wheel(rows),
            Some(own) => own.cursor.scroll(rows, len),
            None => {}
        }
    }

    /// A click on a column's header.
    fn column(&mut self, _place: usize, _ctx: &mut Ctx<'_>) {}

    /// News. True: it concerned this pane alone and needs no other telling.
    fn hear(&mut self, _news: &News<'_>, _ctx: &mut Ctx<'_>) -> bool {
        false
    }

    /// When something in it changes by itself; only asked of overlays.
    fn wake_at(&self, _moment: &Moment) -> Option<DateTime<Utc>> {
        None
    }

    /// Draws it.
    fn draw(&self, scene: &mut Scene<'_>, area: Rect);
}

/// What panes are told.
#[derive(Debug)]
pub(crate) enum News<'a> {
    /// There is a new reading of the store.
    Fresh,
    /// Something from the engine.
    Engine(&'a Event),
    /// An answer to an effect.
    Loaded(&'a Loaded),
}

/// What a pane asks of the root.
pub(crate) enum Ask {
    /// Lay an overlay on top.
    Push(Box<dyn Pane>),
    /// Take the topmost overlay away.
    Pop,
    /// Take all overlays away.
    Clear,
    Go(Jump),
    Toast(Level, String),
    /// As if that column's header had been clicked, once the overlays are gone.
    Column(usize),
    /// As if its key had been pressed, once the overlays are gone.
    Act(Action),
}

/// What a pane can see and say while it changes.
pub(crate) struct Ctx<'a> {
    pub(crate) env: &'a Env,
    pub(crate) data: &'a Data,
    pub(crate) moment: Moment,
    /// About as many rows as a list shows.
    pub(crate) page: usize,
    pub(crate) masked: bool,
    pub(crate) effects: Vec<Effect>,
    pub(crate) asks: Vec<Ask>,
    /// Counts requests to workers.
    pub(crate) tickets: &'a mut u64,
}

impl Ctx<'_> {
    pub(crate) fn ticket(&mut self) -> u64 {
        *self.tickets += 1;
        *self.tickets
    }

    /// Sends a command under a fresh job.
    pub(crate) fn command(&mut self, command: impl FnOnce(JobId) -> Command) -> JobId {
        let job = self.env.engine.job();
        self.effects.push(Effect::Send(command(job)));
        job
    }

    pub(crate) fn push(&mut self, pane: impl Pane + 'static) {
        self.asks.push(Ask::Push(Box::new(pane)));
    }

    pub(crate) fn toast(&mut self, text: impl Into<String>) {
        self.asks.push(Ask::Toast(Level::News, text.into()));
    }

    pub(crate) fn go(&mut self, jump: Jump) {
        self.asks.push(Ask::Go(jump));
    }
}

/// When it is, for whoever formats days and ages.
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

    /// How old a day is: `today`, `yesterday`, `12 days`, `4 months`.
    pub(crate) fn age(&self, day: NaiveDate) -> String {
        let days = (self.today - day).num_days();
        match days {
            ..0 => day.to_string(),
            0 => "today".to_owned(),
            1 => "yesterday".to_owned(),
            2..60 => format!("{days} days"),
            60..730 => format!("{} months", days / 30),
            _ => format!("{} years", days / 365),
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

/// What a pane draws on.
pub(crate) struct Scene<'a> {
    pub(crate) paint: Paint<'a>,
    pub(crate) offsets: &'a mut HashMap<ListId, usize>,
    pub(crate) data: &'a Data,
    pub(crate) moment: Moment,
    pub(crate) wide: bool,
    /// Whether no overlay lies above.
    pub(crate) top: bool,
}

impl Scene<'_> {
    /// A box for an overlay, over whatever is there.
    pub(crate) fn overlay(&mut self, area: Rect, title: &str, right: &str) -> Rect {
        self.paint.clear(area);
        self.paint.target(area, Target::Nothing);
        self.paint.frame(area, title, right, self.top)
    }
}
