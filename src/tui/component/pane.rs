//! The interface between the root and every screen and overlay, so that a new overlay needs no change at the root.

use chrono::{DateTime, NaiveDate, Utc};
use crossterm::event::KeyEvent;
use ratatui::layout::Rect;

use super::{
    columns::{ColumnChoice, ColumnList},
    hit::ListId,
    list::{List, RowId},
    scene::{Moment, Scene},
    toast::Level,
};
use crate::{
    domain::Change,
    sync::{EngineCommand, Event, JobId},
    tui::{
        action::{Action, KeyPlace},
        env::Env,
        msg::{Effect, Jump, WorkerAnswer},
        snapshot::LedgerSnapshot,
        theme::ThemeName,
    },
};

/// A screen, or an overlay on the stack.
pub(crate) trait Pane: Send {
    /// Where keys go now.
    fn place(&self) -> KeyPlace;

    /// Executes an action from a key or the palette.
    fn act(&mut self, action: Action, ctx: &mut Ctx<'_>);

    /// Whether an action does something now; the footer names only such actions.
    fn offers(&self, _action: Action, _snapshot: &LedgerSnapshot) -> bool {
        true
    }

    /// The list of a pane that has exactly one.
    fn list(&mut self) -> Option<&mut List> {
        None
    }

    /// The selectable rows of that list, in order.
    fn rows(&self, _snapshot: &LedgerSnapshot) -> Vec<RowId> {
        Vec::new()
    }

    /// Identity of the selected row.
    fn selected(&self, _snapshot: &LedgerSnapshot) -> Option<RowId> {
        None
    }

    /// The screen comes up: selects or shows the target of the jump.
    fn jump(&mut self, to: Jump, ctx: &mut Ctx<'_>) {
        let rows = self.rows(ctx.snapshot);
        if let Some(list) = self.list() {
            match to.row() {
                Some(row) => list.select(row, &rows),
                None => list.visit(),
            }
        }
    }

    /// The screen comes up with the rows of a query.
    fn find(&mut self, _query: String, _ctx: &mut Ctx<'_>) {}

    /// Lets the cursor of that list follow its row after the rows changed.
    fn settle(&mut self, snapshot: &LedgerSnapshot) {
        let rows = self.rows(snapshot);
        if let Some(list) = self.list() {
            list.settle(&rows);
        }
    }

    /// As [`Pane::settle`], after the filter of that list changed.
    fn refilter(&mut self, snapshot: &LedgerSnapshot) {
        let rows = self.rows(snapshot);
        if let Some(list) = self.list() {
            list.refilter(&rows);
        }
    }

    /// A key without an action in this place: text for a field.
    fn key(&mut self, event: KeyEvent, ctx: &mut Ctx<'_>) {
        if let Some(list) = self.list() {
            list.filter.key(event);
            self.refilter(ctx.snapshot);
        }
    }

    /// Pasted text; returns whether the pane used it.
    fn paste(&mut self, text: &str, ctx: &mut Ctx<'_>) -> bool {
        let wanted = self.list().is_some_and(|list| list.filter.paste(text));
        self.refilter(ctx.snapshot);
        wanted
    }

    /// One step back inside the pane; false when there is none, so that the root steps back.
    fn back(&mut self, ctx: &mut Ctx<'_>) -> bool {
        let stepped = self.list().is_some_and(|list| list.detail.back() || list.filter.back());
        self.settle(ctx.snapshot);
        stepped
    }

    /// A click on a row.
    fn click(&mut self, _list: ListId, _index: usize, _ctx: &mut Ctx<'_>) {}

    /// The wheel over a list.
    fn scroll(&mut self, list: ListId, rows: isize, ctx: &mut Ctx<'_>) {
        let known = self.rows(ctx.snapshot);
        match self.list() {
            Some(own) if list == ListId::Side => own.detail.wheel(rows),
            Some(own) => own.scroll(rows, &known),
            None => {}
        }
    }

    /// A click on a column's header.
    fn column(&mut self, _place: usize, _ctx: &mut Ctx<'_>) {}

    /// Takes in news. Returns whether the pane shows it, so that the root shows no toast for it.
    fn receive(&mut self, _news: &PaneNews<'_>, _ctx: &mut Ctx<'_>) -> bool {
        false
    }

    /// When its drawing changes without input; only asked of overlays.
    fn wake_at(&self, _moment: &Moment) -> Option<DateTime<Utc>> {
        None
    }

    /// Draws it.
    fn draw(&self, scene: &mut Scene<'_>, area: Rect);
}

/// Whether there is a change to undo or to redo, for those actions; true for all others.
pub(crate) fn can_undo(action: Action, snapshot: &LedgerSnapshot) -> bool {
    match action {
        Action::Undo => snapshot.changes.iter().any(Change::can_undo),
        Action::Redo => snapshot.changes.iter().any(Change::can_redo),
        _ => true,
    }
}

/// Takes in a choice of columns for a list; returns whether the news was one.
pub(crate) fn hear_columns(choice: &mut ColumnChoice, list: ColumnList, news: &PaneNews<'_>) -> bool {
    match news {
        PaneNews::Columns(chosen, names) if *chosen == list => {
            choice.choose(names.map(|names| names.iter().map(|name| (*name).to_owned()).collect()));
            true
        }
        PaneNews::Loaded(WorkerAnswer::ChosenColumns(choices)) => {
            choice.choose(choices.get(list.as_str()).cloned());
            true
        }
        PaneNews::Fresh | PaneNews::Loaded(_) | PaneNews::Engine(_) | PaneNews::Columns(..) => false,
    }
}

/// News for panes.
#[derive(Debug)]
pub(crate) enum PaneNews<'a> {
    /// The snapshot was replaced.
    Fresh,
    /// An event of the engine.
    Engine(&'a Event),
    /// The answer to an effect.
    Loaded(&'a WorkerAnswer),
    /// The user chose the columns of a list; without names the list decides.
    Columns(ColumnList, Option<&'a [&'static str]>),
}

/// A request of a pane to the root.
pub(crate) enum Ask {
    /// Open an overlay on top.
    Push(Box<dyn Pane>),
    /// Open a question over the overlay that asks, which stays open until it is answered.
    Question(Box<dyn Pane>),
    /// Close the topmost overlay.
    Pop,
    /// Close all overlays.
    Clear,
    Go(Jump),
    /// Show a place outside of the overlay that asks; Esc returns to the overlay.
    Leave(Jump),
    /// Show the rows of all accounts that match a query; Esc returns.
    Rows(String),
    /// Return to the screen that the jump to this one left, if there is one.
    Return,
    /// Show these columns in a list; without names the list decides.
    Columns(ColumnList, Option<Vec<&'static str>>),
    Toast(Level, String),
    /// Draw with another theme from now on.
    Theme(ThemeName),
    /// Draw with a theme of the user, by its place.
    UserTheme(usize),
    /// Run a command of the user, by its place.
    Command(usize),
    /// Sort by a column, as a click on its header does.
    Column(usize),
    /// Show everything as of a day; `None` is today.
    Day(Option<NaiveDate>),
    /// Execute an action, as its key does.
    Act(Action),
}

/// Inputs and outputs of a pane while it handles a message.
pub(crate) struct Ctx<'a> {
    pub(crate) env: &'a Env,
    pub(crate) snapshot: &'a LedgerSnapshot,
    pub(crate) moment: Moment,
    /// About as many rows as a list shows.
    pub(crate) page: usize,
    pub(crate) masked: bool,
    pub(crate) effects: Vec<Effect>,
    pub(crate) asks: Vec<Ask>,
    /// Counter of requests to workers.
    pub(crate) tickets: &'a mut u64,
}

impl Ctx<'_> {
    pub(crate) fn ticket(&mut self) -> u64 {
        *self.tickets += 1;
        *self.tickets
    }

    /// Sends a command under a new job.
    pub(crate) fn command(&mut self, command: impl FnOnce(JobId) -> EngineCommand) -> JobId {
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

    /// Whether the pane asked a question that has to be answered before it closes.
    pub(crate) fn has_question(&self) -> bool {
        self.asks.iter().any(|ask| matches!(ask, Ask::Question(_)))
    }

    pub(crate) fn go(&mut self, jump: Jump) {
        self.asks.push(Ask::Go(jump));
    }
}
