//! The state of the whole program. Changed by `update` only, drawn by `view` only.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use ratatui::layout::Rect;

use super::{
    action::{Action, Chord, KeyPlace, Keymap},
    component::{
        pane::{Ask, Ctx, Pane},
        scene::Moment,
        toast::{Level, Toasts},
    },
    due::Due,
    env::{Env, Settings},
    idle::Idle,
    msg::{Effect, Jump},
    screens::SCREENS,
    snapshot::LedgerSnapshot,
    theme::Theme,
};
use crate::{
    config::Screen,
    providers::is_live,
    sync::{EngineCommand, JobId, JobProgress},
};

/// Delay after a prefix key until the possible next keys are shown.
const PREFIX_HINT: Duration = Duration::milliseconds(300);
/// From this width on, a list and its detail are side by side.
pub(crate) const WIDE: u16 = 100;
/// The smallest size that is drawn: columns and lines.
pub const LEAST: (u16, u16) = (60, 20);

/// A running job of the engine.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) id: JobId,
    pub(crate) progress: JobProgress,
    /// Number of progress events, which turns the spinner without a timer.
    pub(crate) turns: usize,
}

/// Keys of an unfinished sequence, and when the first was typed.
#[derive(Debug, Default)]
pub(crate) struct Typed {
    pub(crate) keys: Vec<Chord>,
    pub(crate) since: Option<DateTime<Utc>>,
}

impl Typed {
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// When the possible next keys are shown.
    pub(crate) fn hint_at(&self, moment: &Moment) -> Option<DateTime<Utc>> {
        self.since.map(|at| at + PREFIX_HINT).filter(|at| moment.now < *at)
    }

    /// Whether the possible next keys are shown now.
    pub(crate) fn shows_hint(&self, moment: &Moment) -> bool {
        self.since.is_some_and(|at| moment.now >= at + PREFIX_HINT)
    }
}

/// Whether the snapshot is being read, and whether it must be read once more afterwards.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reload {
    #[default]
    Idle,
    Running,
    RunningThenAgain,
}

/// The application.
#[expect(clippy::struct_excessive_bools, reason = "independent flags")]
pub struct App {
    pub(crate) snapshot: LedgerSnapshot,
    pub(crate) settings: Settings,
    /// The name of the profile; `None` for the usual one.
    pub(crate) profile: Option<String>,
    pub(crate) theme: Theme,
    pub(crate) masked: bool,
    pub(crate) size: Rect,
    pub(crate) moment: Moment,
    /// The day that everything is shown as of; `None`: today.
    pub(crate) as_of: Option<NaiveDate>,
    pub(crate) panes: Panes,
    pub(crate) toasts: Toasts,
    pub(crate) keymap: Keymap,
    pub(crate) typed: Typed,
    pub(crate) jobs: Vec<Job>,
    pub(crate) tickets: u64,
    pub(crate) due: Due,
    pub(crate) idle: Idle,
    /// The last sync of the user, which is repeated once the vault is unlocked.
    pub(crate) last_sync: Option<EngineCommand>,
    /// The engine was asked to compact the database and has not answered yet.
    pub(crate) compacting: bool,
    pub(crate) reload: Reload,
    /// The database is closed with its vault: nothing of it is shown until it is unlocked.
    pub(crate) locked: bool,
    /// Whether the screen must be drawn.
    pub(crate) dirty: bool,
    pub(crate) quitting: bool,
}

impl App {
    /// The program as it opens on `snapshot`, and the first effects.
    pub(crate) fn new(snapshot: LedgerSnapshot, settings: Settings, keymap: Keymap, env: &Env) -> (Self, Vec<Effect>) {
        let mut app = Self {
            snapshot,
            settings,
            profile: env.profile.clone(),
            theme: env
                .start_theme
                .and_then(|place| env.themes.get(place))
                .map_or_else(|| Theme::of(settings.theme), |own| own.theme.clone()),
            masked: settings.masked,
            size: Rect::default(),
            moment: Moment::of(env).on(settings.as_of),
            as_of: settings.as_of,
            panes: Panes::new(settings.start, env),
            toasts: Toasts::default(),
            keymap,
            typed: Typed::default(),
            jobs: Vec::new(),
            tickets: 0,
            due: Due::new((!settings.sync_on_start).then(|| env.clock.now())),
            idle: Idle::new(settings.lock_after, env.clock.now()),
            last_sync: None,
            compacting: false,
            reload: Reload::Idle,
            locked: false,
            dirty: true,
            quitting: false,
        };
        app.idle.vault(env.can_lock);
        if let Some(notice) = &env.notice {
            app.toasts.push(Level::News, notice.clone(), app.moment.now);
        }
        let mut effects = vec![Effect::ReadColumns];
        effects.extend(app.tell_fresh(env));
        effects.extend(app.go(Jump::Screen(settings.start), env));
        effects.extend(app.sync_due(env));
        if !app.snapshot.view.has_columns() && app.snapshot.view.transaction_count() > 0 {
            effects.push(Effect::LoadColumns);
        }
        (app, effects)
    }

    /// Where keys go: the topmost overlay, else the screen.
    pub(crate) fn place(&self) -> KeyPlace {
        self.panes.overlays.last().map_or_else(|| self.panes.current().place(), |overlay| overlay.place())
    }

    pub(crate) fn wide(&self) -> bool {
        self.size.width >= WIDE
    }

    /// Lets panes change; returns their result, effects and requests.
    pub(crate) fn with<R>(
        &mut self,
        env: &Env,
        change: impl FnOnce(&mut Panes, &mut Ctx<'_>) -> R,
    ) -> (R, Vec<Effect>, Vec<Ask>) {
        let mut ctx = Ctx {
            env,
            snapshot: &self.snapshot,
            moment: self.moment,
            page: usize::from(self.size.height.saturating_sub(5)).max(2),
            masked: self.masked,
            effects: Vec::new(),
            asks: Vec::new(),
            tickets: &mut self.tickets,
        };
        let result = change(&mut self.panes, &mut ctx);
        (result, ctx.effects, ctx.asks)
    }
}

/// Every screen, and the overlays above the current one.
pub(crate) struct Panes {
    /// The screen that is shown.
    pub(crate) screen: Screen,
    /// Screens that jumps left, the last one last, each with the overlays that were open: Esc returns to them.
    trail: Vec<(Screen, Vec<Box<dyn Pane>>)>,
    /// In the order of [`SCREENS`].
    screens: [Box<dyn Pane>; SCREENS.len()],
    /// The topmost last.
    pub(crate) overlays: Vec<Box<dyn Pane>>,
}

impl Panes {
    fn new(screen: Screen, env: &Env) -> Self {
        Self { screen, trail: Vec::new(), screens: SCREENS.map(|spec| (spec.open)(env)), overlays: Vec::new() }
    }

    /// Shows a screen that the user chose by its key: the way back is cleared.
    pub(crate) fn show(&mut self, screen: Screen) {
        self.trail.clear();
        self.screen = screen;
    }

    /// Shows the screen of a jump; Esc returns from it.
    pub(crate) fn jump_to(&mut self, screen: Screen) {
        if screen != self.screen {
            // A screen that is already on the way back is returned to, so that circles do not grow the trail.
            match self.trail.iter().position(|(known, _)| *known == screen) {
                Some(at) => self.trail.truncate(at),
                None => self.trail.push((self.screen, Vec::new())),
            }
            self.screen = screen;
        }
    }

    /// Shows the screen of a jump out of an overlay; Esc returns to the overlay.
    pub(crate) fn leave_for(&mut self, screen: Screen) {
        let open = std::mem::take(&mut self.overlays);
        self.trail.push((std::mem::replace(&mut self.screen, screen), open));
    }

    /// Closes every overlay, also those that Esc would return to.
    pub(crate) fn close(&mut self) {
        self.overlays.clear();
        self.trail.iter_mut().for_each(|(_, open)| open.clear());
    }

    /// Returns to the screen that the last jump left; false when there is none.
    pub(crate) fn return_back(&mut self) -> bool {
        let Some((screen, open)) = self.trail.pop() else { return false };
        self.screen = screen;
        self.overlays.extend(open);
        true
    }

    /// The screen that is shown.
    pub(crate) fn current(&self) -> &dyn Pane {
        self.screens[self.screen as usize].as_ref()
    }

    /// The screen that is shown, to be changed.
    pub(crate) fn current_mut(&mut self) -> &mut dyn Pane {
        self.screens[self.screen as usize].as_mut()
    }

    /// The pane that has the keys.
    pub(crate) fn top(&mut self) -> &mut dyn Pane {
        match self.overlays.last_mut() {
            Some(overlay) => overlay.as_mut(),
            None => self.screens[self.screen as usize].as_mut(),
        }
    }

    /// Whether an action does something in the pane that has the keys.
    pub(crate) fn offers(&self, action: Action, snapshot: &LedgerSnapshot) -> bool {
        let has_object = match action {
            Action::SyncAll => snapshot.view.connections().iter().any(is_live),
            Action::AsOf | Action::Columns | Action::Mask => !snapshot.is_empty(),
            _ => true,
        };
        let top = || self.overlays.last().map_or_else(|| self.current(), |top| &**top);
        has_object && top().offers(action, snapshot)
    }

    /// Overlays from the top down, also those that Esc returns to, then every screen.
    pub(crate) fn each(&mut self) -> impl Iterator<Item = &mut Box<dyn Pane>> {
        let left = self.trail.iter_mut().flat_map(|(_, open)| open);
        self.overlays.iter_mut().chain(left).rev().chain(&mut self.screens)
    }
}
