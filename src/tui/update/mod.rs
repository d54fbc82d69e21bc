//! The one place where the state changes: message in, effects out.

pub(crate) mod due;
mod engine;
pub(crate) mod idle;

use crossterm::event::KeyEventKind;
use zeroize::Zeroize as _;

use super::{
    action::{Action, Chord, Lookup},
    app::{App, Screen},
    env::Env,
    layer::{Help, Palette},
    memory::Target,
    msg::{Effect, Jump, Loaded, Msg},
    pane::{Ask, Moment, News},
    toast::Level,
    wizard::Wizard,
};
use crate::sync::Command;

/// Takes one message in.
pub(crate) fn update(app: &mut App, msg: Msg, env: &Env) -> Vec<Effect> {
    app.moment = Moment::of(env);
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
                // It may have been a secret.
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
        let waiting = !self.typed.is_empty();
        self.typed.push(chord);
        match self.keymap.find(place, &self.typed) {
            Lookup::Action(Action::Back) if had_error => {
                self.forget_typed();
                Vec::new()
            }
            Lookup::Action(action) => {
                self.forget_typed();
                self.act(action, env)
            }
            Lookup::Prefix => {
                self.typed_at = Some(self.moment.now);
                Vec::new()
            }
            Lookup::Nothing => {
                self.forget_typed();
                // After a prefix that led nowhere, the key is taken for itself, except that Esc only ends the prefix.
                match self.keymap.find(place, &[chord]) {
                    Lookup::Action(action) if waiting && action != Action::Back => self.act(action, env),
                    Lookup::Action(_) | Lookup::Prefix => Vec::new(),
                    Lookup::Nothing => self.run(env, |panes, ctx| panes.top().key(event, ctx)).1,
                }
            }
        }
    }

    fn forget_typed(&mut self) {
        self.typed.clear();
        self.typed_at = None;
    }

    fn paste(&mut self, text: &str, env: &Env) -> Vec<Effect> {
        self.toasts.acknowledge();
        let (wanted, mut effects) = self.run(env, |panes, ctx| panes.top().paste(text, ctx));
        // Dropping a file on the terminal pastes its path: on a screen that means to import it.
        if !wanted && self.layers.is_empty() && super::layer::picker::looks_like_path(text) {
            effects.extend(self.act(Action::Import, env));
            effects.extend(self.run(env, |panes, ctx| panes.top().paste(text, ctx)).1);
        }
        effects
    }

    fn click(&mut self, target: Target, env: &Env) -> Vec<Effect> {
        self.toasts.acknowledge();
        self.forget_typed();
        match target {
            Target::Action(action) => self.act(action, env),
            Target::Row(list, index) => self.run(env, |panes, ctx| panes.top().click(list, index, ctx)).1,
            Target::Column(place) => self.run(env, |panes, ctx| panes.top().column(place, ctx)).1,
            Target::Nothing => Vec::new(),
        }
    }

    fn scroll(&mut self, target: Target, rows: isize, env: &Env) -> Vec<Effect> {
        match target {
            Target::Row(list, _) => self.run(env, |panes, ctx| panes.top().scroll(list, rows, ctx)).1,
            Target::Action(_) | Target::Column(_) | Target::Nothing => Vec::new(),
        }
    }

    /// Does what a key, a click or the palette asked for.
    pub(crate) fn act(&mut self, action: Action, env: &Env) -> Vec<Effect> {
        match action {
            Action::Overview => self.go(Jump::Screen(Screen::Overview), env),
            Action::Accounts => self.go(Jump::Screen(Screen::Accounts), env),
            Action::Transactions => self.go(Jump::Screen(Screen::Transactions), env),
            Action::Holdings => self.go(Jump::Screen(Screen::Holdings), env),
            Action::Connections => self.go(Jump::Screen(Screen::Connections), env),
            Action::Activity => self.go(Jump::Screen(Screen::Activity), env),
            Action::Quit => self.quit(),
            Action::Redraw => vec![Effect::Redraw],
            Action::Suspend => vec![Effect::Suspend],
            Action::Mask => {
                self.masked = !self.masked;
                self.say(
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
                self.run(env, |_, ctx| ctx.push(palette)).1
            }
            Action::Import => self.run(env, |_, ctx| super::layer::picker::open(ctx)).1,
            Action::Connect => self.run(env, |_, ctx| ctx.push(Wizard::new(ctx.env))).1,
            Action::Sync => self.sync(self.connections.selected_connection(&self.data), env),
            Action::SyncAll => self.sync(None, env),
            Action::Undo => self.undo(self.chosen_change(), env),
            Action::Redo => self.redo(self.chosen_change(), env),
            Action::Back => self.back(false, env),
            Action::Leave => self.back(true, env),
            _ => self.run(env, |panes, ctx| panes.top().act(action, ctx)).1,
        }
    }

    /// One step back: inside the pane, else the overlay, else (when leaving) the program.
    fn back(&mut self, leaving: bool, env: &Env) -> Vec<Effect> {
        let (stepped, effects) = self.run(env, |panes, ctx| panes.top().back(ctx));
        if stepped {
            return effects;
        }
        if self.layers.pop().is_none() && leaving {
            return self.quit();
        }
        effects
    }

    fn quit(&mut self) -> Vec<Effect> {
        self.quitting = true;
        vec![Effect::Quit]
    }

    pub(crate) fn go(&mut self, jump: Jump, env: &Env) -> Vec<Effect> {
        match jump {
            Jump::Screen(screen) => {
                self.screen = screen;
                self.read_log()
            }
            Jump::Rows(account) => {
                self.screen = Screen::Transactions;
                self.run(env, |panes, ctx| panes.transactions.scope_to(Some(account), ctx)).1
            }
            Jump::Row(row) => {
                self.screen = Screen::Transactions;
                self.run(env, |panes, ctx| panes.transactions.show(row, ctx)).1
            }
            Jump::Change(change) => {
                self.screen = Screen::Activity;
                self.activity.select(change, &self.data);
                self.read_log()
            }
            Jump::Account(account) => {
                self.screen = Screen::Accounts;
                self.accounts.select(account, &self.data);
                Vec::new()
            }
        }
    }

    /// Asks for the end of the log where it is shown.
    pub(crate) fn read_log(&self) -> Vec<Effect> {
        if self.screen == Screen::Activity { vec![Effect::ReadLog] } else { Vec::new() }
    }

    /// Asks for a new reading; while one is under way, for one more after it.
    fn refresh(&mut self) -> Vec<Effect> {
        if self.refreshing {
            self.refresh_again = true;
            return Vec::new();
        }
        self.refreshing = true;
        vec![Effect::Refresh]
    }

    fn loaded(&mut self, loaded: Loaded, env: &Env) -> Vec<Effect> {
        match loaded {
            Loaded::Fresh(result) => {
                self.refreshing = false;
                let mut effects = Vec::new();
                match result {
                    Ok(data) => {
                        self.data = *data;
                        effects = self.tell_fresh(env);
                        if !self.data.view.has_columns() {
                            effects.push(Effect::LoadColumns);
                        }
                    }
                    Err(error) => self.say(Level::Error, format!("The store could not be read: {error}")),
                }
                if std::mem::take(&mut self.refresh_again) {
                    effects.extend(self.refresh());
                }
                effects
            }
            Loaded::Columns(Ok(data)) => {
                if data.view.generation() == self.data.view.generation() {
                    self.data = *data;
                    let mut effects = self.tell_fresh(env);
                    effects.extend(self.compact(env));
                    return effects;
                }
                Vec::new()
            }
            Loaded::Columns(Err(error)) => {
                self.say(Level::Error, format!("Rows can't be searched now: {error}"));
                Vec::new()
            }
            Loaded::Copied { what, result: Ok(()) } => {
                self.say(Level::News, format!("Copied {what}."));
                Vec::new()
            }
            Loaded::Copied { result: Err(error), .. } | Loaded::Opened(Err(error)) => {
                self.say(Level::Error, error);
                Vec::new()
            }
            Loaded::Opened(Ok(())) => Vec::new(),
            other => self.run(env, |panes, ctx| panes.each().any(|pane| pane.hear(&News::Loaded(&other), ctx))).1,
        }
    }

    /// Compacts the database in the background when it has room to give back; not again when that failed.
    fn compact(&mut self, env: &Env) -> Option<Effect> {
        if self.compacting || !self.data.view.is_compactable() {
            return None;
        }
        self.compacting = true;
        Some(Effect::Send(Command::Compact { job: env.engine.job() }))
    }

    /// Tells every pane that there is a new reading.
    pub(crate) fn tell_fresh(&mut self, env: &Env) -> Vec<Effect> {
        let told = self.run(env, |panes, ctx| {
            for pane in panes.each() {
                pane.hear(&News::Fresh, ctx);
            }
        });
        [told.1, self.read_log()].concat()
    }

    pub(crate) fn say(&mut self, level: Level, text: impl Into<String>) {
        self.toasts.say(level, text.into(), self.moment.now);
    }

    /// [`App::with`], with all that was asked of the root done.
    fn run<R>(
        &mut self,
        env: &Env,
        change: impl FnOnce(&mut super::app::Panes<'_>, &mut super::pane::Ctx<'_>) -> R,
    ) -> (R, Vec<Effect>) {
        let (result, mut effects, asks) = self.with(env, change);
        for ask in asks {
            match ask {
                Ask::Push(layer) => self.layers.push(layer),
                Ask::Pop => {
                    self.layers.pop();
                }
                Ask::Clear => self.layers.clear(),
                Ask::Go(jump) => effects.extend(self.go(jump, env)),
                Ask::Toast(level, text) => self.say(level, text),
                Ask::Column(place) => effects.extend(self.click(Target::Column(place), env)),
                Ask::Act(action) => effects.extend(self.act(action, env)),
            }
        }
        (result, effects)
    }
}
