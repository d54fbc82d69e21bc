//! The state of the whole screen.
//!
//! Changed by `update` only, drawn by `view` only.

use chrono::{DateTime, Duration, Utc};
use ratatui::layout::Rect;

use super::{
    accounts,
    action::{Action, Chord, Keymap, Place},
    activity, connections,
    data::Data,
    env::{Env, Settings},
    holdings,
    msg::Effect,
    overview,
    pane::{Ask, Ctx, Moment, Pane},
    theme::Theme,
    toast::Toasts,
    transactions,
    update::{due::Due, idle::Idle},
};
use crate::{
    config::StartScreen,
    sync::{Command, JobId, Progress},
};

/// How long a prefix key waits before what may follow is shown.
const PREFIX_HINT: Duration = Duration::milliseconds(300);
/// From this width on, a list and its side stand beside each other.
pub(crate) const WIDE: u16 = 100;
/// The least size that is drawn.
pub const LEAST: (u16, u16) = (60, 20);

/// The six screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Screen {
    Overview,
    Accounts,
    Transactions,
    Holdings,
    Connections,
    Activity,
}

impl Screen {
    pub(crate) const ALL: [(Self, &'static str, Action); 6] = [
        (Self::Overview, "Overview", Action::Overview),
        (Self::Accounts, "Accounts", Action::Accounts),
        (Self::Transactions, "Transactions", Action::Transactions),
        (Self::Holdings, "Holdings", Action::Holdings),
        (Self::Connections, "Connections", Action::Connections),
        (Self::Activity, "Activity", Action::Activity),
    ];
}

impl From<StartScreen> for Screen {
    fn from(start: StartScreen) -> Self {
        match start {
            StartScreen::Overview => Self::Overview,
            StartScreen::Accounts => Self::Accounts,
            StartScreen::Transactions => Self::Transactions,
            StartScreen::Holdings => Self::Holdings,
            StartScreen::Connections => Self::Connections,
            StartScreen::Activity => Self::Activity,
        }
    }
}

/// A job of the engine that is under way.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) id: JobId,
    pub(crate) progress: Progress,
    /// Counts news of it, so that something turns without a timer.
    pub(crate) turns: usize,
}

/// The application.
#[expect(clippy::struct_excessive_bools, reason = "each says one thing, and none excludes another")]
pub struct App {
    pub(crate) data: Data,
    pub(crate) settings: Settings,
    pub(crate) theme: Theme,
    pub(crate) masked: bool,
    pub(crate) size: Rect,
    pub(crate) moment: Moment,
    pub(crate) screen: Screen,
    pub(crate) overview: overview::Overview,
    pub(crate) accounts: accounts::Accounts,
    pub(crate) transactions: transactions::Transactions,
    pub(crate) holdings: holdings::Holdings,
    pub(crate) connections: connections::Connections,
    pub(crate) activity: activity::Activity,
    pub(crate) layers: Vec<Box<dyn Pane>>,
    pub(crate) toasts: Toasts,
    pub(crate) keymap: Keymap,
    /// Keys of a sequence typed so far, and since when.
    pub(crate) typed: Vec<Chord>,
    pub(crate) typed_at: Option<DateTime<Utc>>,
    pub(crate) jobs: Vec<Job>,
    pub(crate) tickets: u64,
    pub(crate) due: Due,
    pub(crate) idle: Idle,
    /// The sync asked for last, to be asked for again when the vault was locked.
    pub(crate) last_sync: Option<Command>,
    /// The database was told to compact itself, and has not done so yet.
    pub(crate) compacting: bool,
    /// A reading is under way; another one is wanted when it is done.
    pub(crate) refreshing: bool,
    pub(crate) refresh_again: bool,
    /// Whether what is on screen is no longer true.
    pub(crate) dirty: bool,
    pub(crate) quitting: bool,
}

impl App {
    /// The screen as it opens on `data`, and what it wants done at once.
    pub(crate) fn new(data: Data, settings: Settings, keymap: Keymap, env: &Env) -> (Self, Vec<Effect>) {
        let mut app = Self {
            data,
            settings,
            theme: Theme::of(settings.theme),
            masked: settings.masked,
            size: Rect::default(),
            moment: Moment::of(env),
            screen: settings.start.into(),
            overview: overview::Overview::default(),
            accounts: accounts::Accounts::default(),
            transactions: transactions::Transactions::default(),
            holdings: holdings::Holdings::default(),
            connections: connections::Connections::new(std::sync::Arc::clone(&env.providers)),
            activity: activity::Activity::default(),
            layers: Vec::new(),
            toasts: Toasts::default(),
            keymap,
            typed: Vec::new(),
            typed_at: None,
            jobs: Vec::new(),
            tickets: 0,
            due: Due::new((!settings.sync_on_start).then(|| env.clock.now())),
            idle: Idle::new(settings.lock_after, env.clock.now()),
            last_sync: None,
            compacting: false,
            refreshing: false,
            refresh_again: false,
            dirty: true,
            quitting: false,
        };
        let mut effects = app.tell_fresh(env);
        effects.extend(app.sync_due(env));
        if !app.data.view.has_columns() && app.data.view.transaction_count() > 0 {
            effects.push(Effect::LoadColumns);
        }
        (app, effects)
    }

    /// Where keys go: the topmost overlay, else the screen.
    pub(crate) fn place(&self) -> Place {
        self.layers.last().map_or_else(|| self.pane().place(), |layer| layer.place())
    }

    /// The pane of the screen shown.
    pub(crate) fn pane(&self) -> &dyn Pane {
        match self.screen {
            Screen::Overview => &self.overview,
            Screen::Accounts => &self.accounts,
            Screen::Transactions => &self.transactions,
            Screen::Holdings => &self.holdings,
            Screen::Connections => &self.connections,
            Screen::Activity => &self.activity,
        }
    }

    pub(crate) fn wide(&self) -> bool {
        self.size.width >= WIDE
    }

    /// When something on screen changes by itself; `None`: never, so nothing needs to run.
    pub(crate) fn wake_at(&self) -> Option<DateTime<Utc>> {
        let prefix = self.typed_at.map(|at| at + PREFIX_HINT).filter(|at| self.moment.now < *at);
        let turning = self.layers.iter().filter_map(|layer| layer.wake_at(&self.moment)).min();
        [prefix, self.toasts.wake_at(), turning, self.due_at(), self.idle.lock_at()].into_iter().flatten().min()
    }

    /// Whether what may follow the keys typed so far is to be shown.
    pub(crate) fn shows_prefix(&self) -> bool {
        self.typed_at.is_some_and(|at| self.moment.now >= at + PREFIX_HINT)
    }

    /// Lets one pane do something, then does what it asked; returns what is left to do outside.
    pub(crate) fn with<R>(
        &mut self,
        env: &Env,
        pick: impl FnOnce(&mut Panes<'_>, &mut Ctx<'_>) -> R,
    ) -> (R, Vec<Effect>, Vec<Ask>) {
        let mut ctx = Ctx {
            env,
            data: &self.data,
            moment: self.moment,
            page: usize::from(self.size.height.saturating_sub(5)).max(2),
            masked: self.masked,
            effects: Vec::new(),
            asks: Vec::new(),
            tickets: &mut self.tickets,
        };
        let mut panes = Panes {
            screen: self.screen,
            overview: &mut self.overview,
            accounts: &mut self.accounts,
            transactions: &mut self.transactions,
            holdings: &mut self.holdings,
            connections: &mut self.connections,
            activity: &mut self.activity,
            layers: &mut self.layers,
        };
        let result = pick(&mut panes, &mut ctx);
        (result, ctx.effects, ctx.asks)
    }
}

/// All panes, while one of them changes.
pub(crate) struct Panes<'a> {
    pub(crate) screen: Screen,
    pub(crate) overview: &'a mut overview::Overview,
    pub(crate) accounts: &'a mut accounts::Accounts,
    pub(crate) transactions: &'a mut transactions::Transactions,
    pub(crate) holdings: &'a mut holdings::Holdings,
    pub(crate) connections: &'a mut connections::Connections,
    pub(crate) activity: &'a mut activity::Activity,
    pub(crate) layers: &'a mut Vec<Box<dyn Pane>>,
}

impl Panes<'_> {
    /// The one that has the keys.
    pub(crate) fn top(&mut self) -> &mut dyn Pane {
        if let Some(layer) = self.layers.last_mut() {
            return layer.as_mut();
        }
        match self.screen {
            Screen::Overview => self.overview,
            Screen::Accounts => self.accounts,
            Screen::Transactions => self.transactions,
            Screen::Holdings => self.holdings,
            Screen::Connections => self.connections,
            Screen::Activity => self.activity,
        }
    }

    /// Overlays from the top down, then every screen.
    pub(crate) fn each(&mut self) -> impl Iterator<Item = &mut dyn Pane> {
        let layers = self.layers.iter_mut().rev().map(|layer| layer.as_mut() as &mut dyn Pane);
        let screens: [&mut dyn Pane; 6] = [
            &mut *self.overview,
            &mut *self.accounts,
            &mut *self.transactions,
            &mut *self.holdings,
            &mut *self.connections,
            &mut *self.activity,
        ];
        layers.chain(screens)
    }
}
