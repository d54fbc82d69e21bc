//! The connection wizard, from choosing an institution to its first sync. Derived from provider metadata.
//!
//! Opened by `c`, by Enter on a provider, and on a connection that needs a new login.
//! INVARIANT: Esc goes one step back and keeps the answers; a login that the user did not confirm ends with the wizard:
//! leaving a step with a running job cancels the job.

mod accounts;
mod chooser;
mod login;
mod parts;
mod sheet;
mod view;

use std::sync::Arc;

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use crossterm::event::KeyEvent;
use ratatui::layout::Rect;

pub(crate) use parts::arrived;

use self::{
    accounts::Accounts,
    chooser::Chooser,
    login::WaitingScreen,
    sheet::{Before, Sheet},
};
use crate::{
    config::{ProviderSettings, Screen},
    domain::{Connection, ConnectionId, FailureKind},
    ports::VaultChoice,
    providers::ProviderMetadata,
    sync::{ConnectRequest, EngineCommand, Event, JobFailure, JobId, JobProgress, SyncReport},
    tui::{
        action::{Action, KeyPlace},
        component::{
            hit::ListId,
            pane::{Ask, Ctx, Pane, PaneNews},
            scene::{Moment, Scene},
        },
        env::Env,
        msg::{Effect, Jump},
    },
};

/// Interval of the spinner while a job runs.
const TURN: TimeDelta = TimeDelta::milliseconds(125);

/// The wizard.
pub(crate) struct Wizard {
    chooser: Chooser,
    /// The chosen provider and its answers; kept while the user goes back and forth.
    chosen: Option<(&'static ProviderMetadata, Sheet)>,
    repairs: Option<Repair>,
    step: Step,
    /// The job of the login, from the check to the end.
    job: Option<JobId>,
    /// The wizard was opened for one provider, so the first step is left out.
    direct: bool,
    /// Shown with the list of stored values.
    vault: VaultChoice,
    /// Settings of single providers; fields set there are not asked.
    settings: Arc<ProviderSettings>,
}

/// The connection that gets a new login.
struct Repair {
    id: ConnectionId,
    name: String,
    alias: Option<String>,
}

/// The current step.
enum Step {
    Choose,
    About,
    Fields,
    /// The answers are being checked.
    Checking,
    /// The login waits for the browser.
    Login(Box<WaitingScreen>),
    Failed(JobFailure),
    Accounts(Box<Accounts>),
    /// The connection is kept; its first sync runs.
    Syncing(Option<JobProgress>),
    Done(SyncReport),
}

impl Wizard {
    /// From the list of providers.
    pub(crate) fn new(env: &Env) -> Self {
        Self {
            vault: env.vault,
            settings: Arc::clone(&env.providers),
            chooser: Chooser::default(),
            chosen: None,
            repairs: None,
            step: Step::Choose,
            job: None,
            direct: false,
        }
    }

    /// For one provider.
    pub(crate) fn of(provider: &'static ProviderMetadata, env: &Env) -> Self {
        let sheet = Sheet::new(provider, env.providers.get(provider.slug), None);
        Self { chosen: Some((provider, sheet)), step: Step::About, direct: true, ..Self::new(env) }
    }

    /// For a connection that needs a new login.
    pub(crate) fn repair(provider: &'static ProviderMetadata, connection: &Connection, env: &Env) -> Self {
        let before = Before { environment: connection.environment.as_deref() };
        let sheet = Sheet::new(provider, env.providers.get(provider.slug), Some(before));
        let repairs =
            Repair { id: connection.id, name: connection.display_name().to_owned(), alias: connection.alias.clone() };
        let step = if sheet.is_empty() { Step::About } else { Step::Fields };
        Self { chosen: Some((provider, sheet)), repairs: Some(repairs), step, direct: true, ..Self::new(env) }
    }

    fn provider(&self) -> Option<&'static ProviderMetadata> {
        self.chosen.as_ref().map(|(provider, _)| *provider)
    }

    /// The callback address with the current answers.
    fn callback(&self) -> Option<&str> {
        let (provider, sheet) = self.chosen.as_ref()?;
        let registered = provider.oauth()?.callback_url;
        let configured = self.settings.get(provider.slug).and_then(|set| set.value("callback_url"));
        Some(sheet.plain("callback_url").or(configured).unwrap_or(registered))
    }

    fn choose(&mut self, ctx: &mut Ctx<'_>) {
        let Some(provider) = self.chooser.selected() else { return };
        if provider.is_file() {
            ctx.asks.push(Ask::Pop);
            ctx.asks.push(Ask::Act(Action::Import));
            return;
        }
        if self.provider().is_none_or(|known| known.slug != provider.slug) {
            self.chosen = Some((provider, Sheet::new(provider, self.settings.get(provider.slug), None)));
        }
        self.step = Step::About;
    }

    /// Enter: the next step.
    fn forward(&mut self, ctx: &mut Ctx<'_>) {
        match &mut self.step {
            Step::Choose => self.choose(ctx),
            Step::About => match &self.chosen {
                Some((_, sheet)) if !sheet.is_empty() => self.step = Step::Fields,
                _ => self.check(ctx),
            },
            Step::Fields | Step::Failed(_) => self.check(ctx),
            Step::Login(login) => {
                if let Some(pasted) = login.submit()
                    && let Some(job) = self.job
                {
                    ctx.effects.push(Effect::Send(EngineCommand::SubmitRedirect { job, pasted }));
                }
            }
            Step::Accounts(accounts) => {
                let Some(job) = self.job else { return };
                if accounts.must_ask() {
                    return;
                }
                let (alias, excluded) = accounts.answers();
                let renews = accounts.found.same_as().map(|known| known.id);
                ctx.effects.push(Effect::Send(EngineCommand::ConfirmConnection { job, alias, excluded, renews }));
                self.step = Step::Syncing(None);
            }
            Step::Done(report) => {
                let first = report.connections.iter().flat_map(|connection| &connection.accounts).find_map(|at| at.id);
                ctx.asks.push(Ask::Clear);
                ctx.go(first.map_or(Jump::Screen(Screen::Accounts), Jump::Account));
            }
            Step::Checking | Step::Syncing(_) => {}
        }
    }

    /// Checks the answers.
    fn check(&mut self, ctx: &mut Ctx<'_>) {
        let Some((provider, sheet)) = &mut self.chosen else { return };
        let Some(answers) = sheet.finish(ctx.env.folders.home.as_deref()) else {
            self.step = Step::Fields;
            return;
        };
        let connection = self.repairs.as_ref().map(|repairs| repairs.id);
        let request = ConnectRequest { provider: provider.slug.to_owned(), connection, answers };
        self.job = Some(ctx.command(|job| EngineCommand::Connect { job, request }));
        self.step = Step::Checking;
    }

    /// Cancels the running login.
    fn cancel(&mut self, ctx: &mut Ctx<'_>) {
        if let Some(job) = self.job.take() {
            ctx.effects.push(Effect::Send(EngineCommand::Cancel { job }));
        }
    }

    fn leave_check(&mut self, ctx: &mut Ctx<'_>) {
        self.cancel(ctx);
        self.step = self.answers();
    }

    /// The step with the answers; without any, the step before.
    fn answers(&self) -> Step {
        if self.chosen.as_ref().is_some_and(|(_, sheet)| !sheet.is_empty()) { Step::Fields } else { Step::About }
    }

    fn copy(&self, ctx: &mut Ctx<'_>) {
        let copied = match &self.step {
            Step::Login(login) => Some(("the address", login.prompt.url.clone())),
            Step::About | Step::Fields => match (self.callback(), self.provider()) {
                (Some(callback), _) => Some(("the callback address", callback.to_owned())),
                (None, Some(provider)) => Some(("its web page", provider.documentation_url.to_owned())),
                (None, None) => None,
            },
            _ => None,
        };
        if let Some((what, text)) = copied {
            ctx.effects.push(Effect::Copy { what, text });
        }
    }

    fn browse(&self, ctx: &mut Ctx<'_>) {
        let url = match &self.step {
            Step::Login(login) => Some(login.prompt.url.clone()),
            _ => self.provider().map(|provider| provider.documentation_url.to_owned()),
        };
        ctx.effects.extend(url.map(Effect::Browse));
    }

    fn reveal(&mut self) {
        match (&mut self.step, &mut self.chosen) {
            (Step::Fields, Some((_, sheet))) => sheet.reveal(!sheet.is_revealed()),
            (Step::Login(login), _) => login.shown = !login.shown,
            _ => {}
        }
    }

    /// Tab and arrows.
    fn turn(&mut self, forward: bool) {
        match (&mut self.step, &mut self.chosen) {
            (Step::Fields, Some((_, sheet))) => sheet.step(forward),
            (Step::Login(login), _) => login.typing = !login.typing && login.prompt.callback_url().is_some(),
            (Step::Accounts(accounts), _) => accounts.typing = !accounts.typing,
            _ => {}
        }
    }

    /// Handles events of the wizard's job.
    fn hear_engine(&mut self, event: &Event, ctx: &mut Ctx<'_>) -> bool {
        if let (Event::Unlocked { .. }, Step::Failed(failure)) = (event, &self.step)
            && failure.kind == FailureKind::VaultLocked
        {
            self.check(ctx);
            return true;
        }
        if self.job.is_none() || event.job() != self.job {
            return false;
        }
        match event {
            Event::Progress { progress, .. } => {
                if let Step::Syncing(known) = &mut self.step {
                    *known = Some(progress.clone());
                }
                return false;
            }
            Event::LoginWaiting { login, .. } => self.step = Step::Login(Box::new(WaitingScreen::new(login.clone()))),
            Event::PasteRejected { message, .. } => {
                if let Step::Login(login) = &mut self.step {
                    login.rejected = Some(message.clone());
                }
            }
            Event::ConnectionChecked { found, .. } => {
                let alias = self.repairs.as_ref().map(|repairs| repairs.alias.clone().unwrap_or_default());
                self.step = Step::Accounts(Box::new(Accounts::new(found.clone(), alias)));
            }
            Event::Synced { report, .. } => {
                self.job = None;
                self.step = Step::Done(report.clone());
            }
            Event::JobFailed { failure, .. } => {
                self.job = None;
                if failure.kind == FailureKind::VaultLocked {
                    crate::tui::overlay::unlock::open(ctx, Vec::new());
                }
                self.step = Step::Failed(failure.clone());
            }
            _ => return false,
        }
        true
    }
}

impl Pane for Wizard {
    fn place(&self) -> KeyPlace {
        match &self.step {
            Step::Choose => KeyPlace::ConnectChoose,
            Step::About => KeyPlace::ConnectAbout,
            Step::Fields => KeyPlace::ConnectFields,
            Step::Checking | Step::Syncing(_) => KeyPlace::ConnectWait,
            Step::Login(login) if login.typing => KeyPlace::ConnectFields,
            Step::Login(_) => KeyPlace::ConnectLogin,
            Step::Failed(_) => KeyPlace::ConnectFailed,
            Step::Accounts(accounts) if accounts.typing => KeyPlace::ConnectFields,
            Step::Accounts(_) => KeyPlace::ConnectAccounts,
            Step::Done(_) => KeyPlace::ConnectDone,
        }
    }

    fn act(&mut self, action: Action, ctx: &mut Ctx<'_>) {
        match (action, &mut self.step) {
            (Action::Accept, _) => self.forward(ctx),
            (Action::Copy, _) => self.copy(ctx),
            (Action::Browse, _) => self.browse(ctx),
            (Action::Reveal, _) => self.reveal(),
            (Action::Mark, Step::Accounts(accounts)) => accounts.mark(),
            (Action::Explain, Step::Accounts(accounts)) => {
                if let Some((title, text)) = accounts.explanation() {
                    ctx.push(super::TextPage::new(title, text));
                }
            }
            (_, Step::Choose) => self.chooser.act(action, ctx.page),
            (Action::Complete | Action::PreviousPane, _) => self.turn(action == Action::Complete),
            (_, Step::Accounts(accounts)) if !accounts.typing => accounts.act(action, ctx.page),
            (Action::Down | Action::Up, _) => self.turn(action == Action::Down),
            _ => {}
        }
    }

    fn key(&mut self, event: KeyEvent, _ctx: &mut Ctx<'_>) {
        match (&mut self.step, &mut self.chosen) {
            (Step::Choose, _) => self.chooser.key(event),
            (Step::Fields, Some((_, sheet))) => sheet.key(event),
            (Step::Login(login), _) if login.typing => login.key(event),
            (Step::Accounts(accounts), _) if accounts.typing => accounts.key(event),
            _ => {}
        }
    }

    fn paste(&mut self, text: &str, _ctx: &mut Ctx<'_>) -> bool {
        match (&mut self.step, &mut self.chosen) {
            (Step::Choose, _) => self.chooser.paste(text),
            (Step::Fields, Some((_, sheet))) => sheet.paste(text),
            (Step::Login(login), _) => login.paste(text),
            (Step::Accounts(accounts), _) => accounts.paste(text),
            _ => {}
        }
        true
    }

    fn back(&mut self, ctx: &mut Ctx<'_>) -> bool {
        match &mut self.step {
            Step::Choose => return self.chooser.back(),
            Step::About if self.direct => return false,
            Step::About => self.step = Step::Choose,
            Step::Fields => {
                if let Some((_, sheet)) = &mut self.chosen {
                    sheet.reveal(false);
                }
                if self.repairs.is_some() {
                    return false;
                }
                self.step = Step::About;
            }
            Step::Login(login) if login.typing => login.typing = false,
            Step::Accounts(accounts) => {
                if !accounts.back() {
                    self.leave_check(ctx);
                }
            }
            Step::Checking | Step::Login(_) | Step::Failed(_) => self.leave_check(ctx),
            Step::Syncing(_) => {
                // The connection is confirmed: its sync continues without the wizard.
                ctx.toast("The first sync continues; Connections shows its result.");
                return false;
            }
            Step::Done(_) => return false,
        }
        true
    }

    fn click(&mut self, list: ListId, index: usize, ctx: &mut Ctx<'_>) {
        match (list, &mut self.step, &mut self.chosen) {
            (ListId::Providers, Step::Choose, _) if self.chooser.click(index) => self.choose(ctx),
            (ListId::Form, Step::Fields, Some((_, sheet))) => sheet.stand_on(index),
            (ListId::Form, Step::Login(login), _) => login.typing = true,
            (ListId::Form, Step::Accounts(accounts), _) => accounts.typing = true,
            (ListId::Found, Step::Accounts(accounts), _) => accounts.click(index),
            _ => {}
        }
    }

    fn scroll(&mut self, list: ListId, rows: isize, _ctx: &mut Ctx<'_>) {
        if list == ListId::Providers {
            self.chooser.scroll(rows);
        }
    }

    fn receive(&mut self, news: &PaneNews<'_>, ctx: &mut Ctx<'_>) -> bool {
        match news {
            PaneNews::Engine(event) => self.hear_engine(event, ctx),
            PaneNews::Fresh | PaneNews::Loaded(_) | PaneNews::Columns(..) => false,
        }
    }

    fn wake_at(&self, moment: &Moment) -> Option<DateTime<Utc>> {
        let every = match self.step {
            Step::Checking | Step::Syncing(_) => TURN,
            // The countdown.
            Step::Login(_) => TimeDelta::seconds(1),
            _ => return None,
        };
        moment.now.duration_trunc(every).ok().map(|last| last + every)
    }

    fn draw(&self, scene: &mut Scene<'_>, area: Rect) {
        view::draw(self, scene, area);
    }
}
