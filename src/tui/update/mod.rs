//! The update function: message in, effects out. The only code that changes the state.

mod as_of;
mod commands;
mod engine;
mod timers;

use crossterm::event::KeyEventKind;
use zeroize::Zeroize as _;

use crate::{
    config::Screen,
    sync::EngineCommand,
    tui::{
        action::{Action, Chord, KeyMeaning},
        app::{App, Panes, Reload},
        component::{
            hit::ClickTarget,
            pane::{Ask, Ctx, PaneNews},
            scene::Moment,
            toast::Level,
        },
        env::Env,
        msg::{Effect, Jump, Msg, WorkerAnswer},
        overlay::{Help, Palette, wizard::Wizard},
        snapshot::LedgerSnapshot,
        theme::Theme,
    },
};

/// Handles one message.
pub(crate) fn update(app: &mut App, msg: Msg, env: &Env) -> Vec<Effect> {
    app.moment = Moment::of(env).on(app.as_of);
    app.toasts.expire(app.moment.now);
    app.dirty = true;
    let mut effects: Vec<Effect> = app.watch_idle(&msg).into_iter().collect();
    effects.extend(app.take(msg, env));
    effects.extend(app.sync_due(env));
    effects
}

impl App {
    fn take(&mut self, msg: Msg, env: &Env) -> Vec<Effect> {
        match msg {
            Msg::Key(event) if event.kind == KeyEventKind::Release => Vec::new(),
            Msg::Key(event) => self.key(event, env),
            Msg::Paste(mut text) => {
                let effects = self.paste(&text, env);
                // It may be a secret.
                text.zeroize();
                effects
            }
            Msg::Click(target) => self.click(target, env),
            Msg::Scroll(target, rows) => self.scroll(target, rows, env),
            Msg::Resize(area) => {
                self.size = area;
                Vec::new()
            }
            Msg::Engine(event) => self.engine(&event, env),
            Msg::Loaded(loaded) => self.loaded(loaded, env),
            Msg::Wake => Vec::new(),
            Msg::Stop => self.quit(),
        }
    }

    fn key(&mut self, event: crossterm::event::KeyEvent, env: &Env) -> Vec<Effect> {
        let had_error = self.toasts.acknowledge();
        let chord = Chord::of(&event);
        let place = self.place();
        let waiting = !self.typed.keys.is_empty();
        if let Some(place) = self.command_of(chord, env).filter(|_| !waiting) {
            return self.user_command(place, env);
        }
        self.typed.keys.push(chord);
        match self.keymap.find(place, &self.typed.keys) {
            KeyMeaning::Action(Action::Back) if had_error => {
                self.typed.clear();
                Vec::new()
            }
            KeyMeaning::Action(action) => {
                self.typed.clear();
                self.act(action, env)
            }
            KeyMeaning::Prefix => {
                self.typed.since = Some(self.moment.now);
                Vec::new()
            }
            KeyMeaning::Nothing => {
                self.typed.clear();
                // After an unfinished prefix the key acts as usual, except that Esc only ends the prefix.
                match self.keymap.find(place, &[chord]) {
                    KeyMeaning::Action(action) if waiting && action != Action::Back => self.act(action, env),
                    KeyMeaning::Action(_) | KeyMeaning::Prefix => Vec::new(),
                    KeyMeaning::Nothing => self.run(env, |panes, ctx| panes.top().key(event, ctx)).1,
                }
            }
        }
    }

    fn paste(&mut self, text: &str, env: &Env) -> Vec<Effect> {
        self.toasts.acknowledge();
        let (wanted, mut effects) = self.run(env, |panes, ctx| panes.top().paste(text, ctx));
        // A terminal pastes the path of a dropped file: on a screen this opens the import.
        if !wanted && self.panes.overlays.is_empty() && crate::tui::overlay::picker::looks_like_path(text) {
            effects.extend(self.act(Action::Import, env));
            effects.extend(self.run(env, |panes, ctx| panes.top().paste(text, ctx)).1);
        }
        effects
    }

    fn click(&mut self, target: ClickTarget, env: &Env) -> Vec<Effect> {
        self.toasts.acknowledge();
        self.typed.clear();
        match target {
            ClickTarget::Action(action) => self.act(action, env),
            ClickTarget::Row(list, index) => self.run(env, |panes, ctx| panes.top().click(list, index, ctx)).1,
            ClickTarget::Column(place) => self.run(env, |panes, ctx| panes.top().column(place, ctx)).1,
            ClickTarget::Nothing => Vec::new(),
        }
    }

    fn scroll(&mut self, target: ClickTarget, rows: isize, env: &Env) -> Vec<Effect> {
        match target {
            ClickTarget::Row(list, _) => self.run(env, |panes, ctx| panes.top().scroll(list, rows, ctx)).1,
            ClickTarget::Action(_) | ClickTarget::Column(_) | ClickTarget::Nothing => Vec::new(),
        }
    }

    /// Executes an action of a key, a click or the palette.
    pub(crate) fn act(&mut self, action: Action, env: &Env) -> Vec<Effect> {
        if let Some(day) = self.as_of.filter(|_| action.writes()) {
            self.toast(Level::News, format!("{day} is in the past, which nothing changes: Esc returns to today."));
            return Vec::new();
        }
        match action {
            Action::Show(screen) => {
                self.panes.show(screen);
                self.enter(Jump::Screen(screen), env)
            }
            Action::Quit => self.quit(),
            Action::Redraw => vec![Effect::Redraw],
            Action::Suspend => vec![Effect::Suspend],
            Action::Mask => {
                self.masked = !self.masked;
                self.toast(
                    Level::News,
                    if self.masked { "Amounts are hidden; p shows them." } else { "Amounts are shown." },
                );
                Vec::new()
            }
            Action::Help => {
                let help = Help::new(self.place(), &self.keymap);
                self.run(env, |_, ctx| ctx.push(help)).1
            }
            Action::Palette => {
                let palette = Palette::new(self.place(), &self.keymap);
                self.run(env, |_, ctx| ctx.push(palette.fill(ctx))).1
            }
            Action::Import => self.run(env, |_, ctx| crate::tui::overlay::picker::open(ctx)).1,
            Action::Connect => self.run(env, |_, ctx| ctx.push(Wizard::new(ctx.env))).1,
            Action::Sync => self.sync(self.chosen_connection(), env),
            Action::SyncAll => self.sync(None, env),
            Action::Undo => self.undo(self.chosen_change(), env),
            Action::Redo => self.redo(self.chosen_change(), env),
            Action::AsOf => self.run(env, |_, ctx| ctx.push(as_of::form(ctx))).1,
            Action::DayBefore | Action::DayAfter | Action::MonthBefore | Action::MonthAfter => self.step(action, env),
            Action::CashFlow | Action::ByClass | Action::ByInstitution if self.panes.screen != Screen::Overview => {
                self.panes.overlays.clear();
                let mut effects = self.go(Jump::Screen(Screen::Overview), env);
                effects.extend(self.act(action, env));
                effects
            }
            Action::LockVault => vec![Effect::Send(EngineCommand::LockVault)],
            Action::Encrypt => self.set_encryption(true, env),
            Action::Decrypt => self.set_encryption(false, env),
            Action::Back => self.back(false, env),
            Action::Leave => self.back(true, env),
            _ => self.run(env, |panes, ctx| panes.top().act(action, ctx)).1,
        }
    }

    /// One step back: inside the pane, else out of the overlay, else to the screen before the last jump, else (when
    /// leaving) out of the program.
    fn back(&mut self, leaving: bool, env: &Env) -> Vec<Effect> {
        let (stepped, effects) = self.run(env, |panes, ctx| panes.top().back(ctx));
        if stepped || self.locked {
            return effects;
        }
        if self.panes.overlays.pop().is_none() {
            if self.panes.return_back() {
                return [effects, self.enter(Jump::Screen(self.panes.screen), env)].concat();
            }
            if self.as_of.is_some() {
                return self.show_day(None, env);
            }
            if leaving {
                return self.quit();
            }
        }
        effects
    }

    pub(super) fn quit(&mut self) -> Vec<Effect> {
        self.quitting = true;
        vec![Effect::WriteVisit, Effect::Quit]
    }

    /// Shows the screen of a jump and selects its target there; Esc returns from it.
    pub(crate) fn go(&mut self, jump: Jump, env: &Env) -> Vec<Effect> {
        self.panes.jump_to(jump.screen());
        self.enter(jump, env)
    }

    /// Shows the rows of a query; Esc returns from it.
    fn find(&mut self, query: String, env: &Env) -> Vec<Effect> {
        self.panes.jump_to(Screen::Transactions);
        self.run(env, |panes, ctx| panes.current_mut().find(query, ctx)).1
    }

    /// Gives the jump to the current screen.
    fn enter(&mut self, jump: Jump, env: &Env) -> Vec<Effect> {
        let mut effects = self.run(env, |panes, ctx| panes.current_mut().jump(jump, ctx)).1;
        effects.extend(self.read_log());
        effects
    }

    /// Reads the end of the log if the current screen shows it.
    pub(crate) fn read_log(&self) -> Vec<Effect> {
        if self.panes.screen == Screen::Activity { vec![Effect::ReadLog] } else { Vec::new() }
    }

    /// Reads the snapshot again; while that runs, once more afterwards.
    pub(super) fn refresh(&mut self) -> Vec<Effect> {
        if self.reload != Reload::Idle {
            self.reload = Reload::RunningThenAgain;
            return Vec::new();
        }
        self.reload = Reload::Running;
        vec![Effect::Refresh]
    }

    fn loaded(&mut self, loaded: WorkerAnswer, env: &Env) -> Vec<Effect> {
        match loaded {
            // Read before the database was closed.
            _ if self.locked => Vec::new(),
            WorkerAnswer::Fresh(result) => {
                let again = std::mem::take(&mut self.reload) == Reload::RunningThenAgain;
                let mut effects = Vec::new();
                match result {
                    // Another day was chosen meanwhile.
                    Ok(snapshot) if snapshot.view.last_day() != self.as_of => return self.refresh(),
                    Ok(snapshot) => effects = self.show(*snapshot, env),
                    Err(error) => self.toast(Level::Error, format!("The database could not be read: {error}")),
                }
                if again {
                    effects.extend(self.refresh());
                }
                effects
            }
            WorkerAnswer::Day { day, .. } if day != self.as_of => Vec::new(),
            WorkerAnswer::Day { result: Ok(snapshot), .. } => self.show(*snapshot, env),
            WorkerAnswer::Day { result: Err(error), .. } => {
                self.toast(Level::Error, format!("The database could not be read: {error}"));
                Vec::new()
            }
            WorkerAnswer::Columns(Ok(snapshot)) => {
                if snapshot.view.generation() == self.snapshot.view.generation() {
                    if snapshot.view.last_day() != self.as_of {
                        return vec![Effect::LoadColumns];
                    }
                    self.snapshot = *snapshot;
                    let mut effects = self.tell_fresh(env);
                    effects.extend(self.compact(env));
                    return effects;
                }
                Vec::new()
            }
            WorkerAnswer::Columns(Err(error)) => {
                self.toast(Level::Error, format!("Rows cannot be searched now: {error}"));
                Vec::new()
            }
            WorkerAnswer::Copied { what, result: Ok(()) } => {
                self.toast(Level::News, format!("Copied {what}").trim_end().to_owned() + ".");
                Vec::new()
            }
            WorkerAnswer::Copied { result: Err(error), .. }
            | WorkerAnswer::Opened(Err(error))
            | WorkerAnswer::Edited(Err(error)) => {
                self.toast(Level::Error, error.to_string());
                Vec::new()
            }
            WorkerAnswer::Opened(Ok(())) | WorkerAnswer::Edited(Ok(())) => Vec::new(),
            other => self.receive(&PaneNews::Loaded(&other), env).1,
        }
    }

    /// Replaces the snapshot.
    fn show(&mut self, snapshot: LedgerSnapshot, env: &Env) -> Vec<Effect> {
        self.snapshot = snapshot;
        let mut effects = self.tell_fresh(env);
        if !self.snapshot.view.has_columns() {
            effects.push(Effect::LoadColumns);
        }
        effects
    }

    /// Compacts the database in the background if that frees space; not again after a failure.
    fn compact(&mut self, env: &Env) -> Option<Effect> {
        if self.compacting || !self.snapshot.view.is_compactable() {
            return None;
        }
        self.compacting = true;
        Some(Effect::Send(EngineCommand::Compact { job: env.engine.job() }))
    }

    /// Passes a change to every pane; returns whether one of them shows it.
    fn receive(&mut self, news: &PaneNews<'_>, env: &Env) -> (bool, Vec<Effect>) {
        self.run(env, |panes, ctx| panes.each().fold(false, |shown, pane| pane.receive(news, ctx) | shown))
    }

    /// Gives every pane the new snapshot.
    pub(crate) fn tell_fresh(&mut self, env: &Env) -> Vec<Effect> {
        let mut effects = self.receive(&PaneNews::Fresh, env).1;
        effects.extend(self.read_log());
        effects
    }

    pub(crate) fn toast(&mut self, level: Level, text: impl Into<String>) {
        self.toasts.push(level, text.into(), self.moment.now);
    }

    /// [`App::with`], followed by the requests of the panes.
    fn run<R>(&mut self, env: &Env, change: impl FnOnce(&mut Panes, &mut Ctx<'_>) -> R) -> (R, Vec<Effect>) {
        let (result, mut effects, asks) = self.with(env, change);
        for ask in asks {
            match ask {
                Ask::Push(overlay) | Ask::Question(overlay) => self.panes.overlays.push(overlay),
                Ask::Pop => {
                    self.panes.overlays.pop();
                }
                Ask::Clear => self.panes.overlays.clear(),
                Ask::Go(jump) => effects.extend(self.go(jump, env)),
                Ask::Leave(jump) => {
                    self.panes.leave_for(jump.screen());
                    effects.extend(self.enter(jump, env));
                }
                Ask::Rows(query) => effects.extend(self.find(query, env)),
                Ask::Return => {
                    if self.panes.return_back() {
                        effects.extend(self.enter(Jump::Screen(self.panes.screen), env));
                    }
                }
                Ask::Day(day) => effects.extend(self.show_day(day, env)),
                Ask::Theme(theme) => self.theme = Theme::of(theme),
                Ask::UserTheme(place) => {
                    if let Some(own) = env.themes.get(place) {
                        self.theme = own.theme.clone();
                    }
                }
                Ask::Command(place) => effects.extend(self.user_command(place, env)),
                Ask::Columns(list, names) => {
                    effects.extend(self.receive(&PaneNews::Columns(list, names.as_deref()), env).1);
                    effects.push(Effect::WriteColumns(list, names));
                }
                Ask::Toast(level, text) => self.toast(level, text),
                Ask::Column(place) => effects.extend(self.click(ClickTarget::Column(place), env)),
                Ask::Act(action) => effects.extend(self.act(action, env)),
            }
        }
        (result, effects)
    }
}
