//! Asks for the passphrase of a locked vault.
//!
//! Opened when a job fails because the vault is locked; the job is repeated after unlocking.

use crossterm::event::KeyEvent;
use ratatui::layout::Rect;

use crate::{
    providers::Secrets,
    sync::{EngineCommand, Event, JobId},
    tui::{
        action::{Action, KeyPlace},
        component::{
            pane::{Ask, Ctx, Pane, PaneNews},
            scene::Scene,
        },
        msg::Effect,
        widget::{
            paint::{below, centred, padded, shrink_left, top},
            secret::SecretField,
        },
    },
};

/// The overlay.
pub(crate) struct Unlock {
    field: SecretField,
    shown: bool,
    job: Option<JobId>,
    problem: Option<String>,
    /// Effects after unlocking.
    then: Vec<Effect>,
    /// The action that needs the passphrase.
    about: &'static str,
}

/// The stored logins wait.
const LOGINS: &str = "It protects the stored logins. Syncs wait until the vault is unlocked.";
/// The whole screen waits.
const DATABASE: &str = "The database is encrypted and closed until the vault is unlocked. ctrl-c quits.";

/// Opens the overlay.
pub(crate) fn open(ctx: &mut Ctx<'_>, then: Vec<Effect>) {
    ctx.push(Unlock { field: SecretField::new(false), shown: false, job: None, problem: None, then, about: LOGINS });
}

/// Opens the overlay over a locked screen.
pub(crate) fn open_database(ctx: &mut Ctx<'_>) {
    let field = SecretField::new(false);
    ctx.push(Unlock { field, shown: false, job: None, problem: None, then: Vec::new(), about: DATABASE });
}

impl Pane for Unlock {
    fn place(&self) -> KeyPlace {
        KeyPlace::Unlock
    }

    fn act(&mut self, action: Action, ctx: &mut Ctx<'_>) {
        match action {
            Action::Accept if self.job.is_none() && !self.field.is_blank() => {
                let mut passphrase = Secrets::new();
                passphrase.insert("passphrase", self.field.to_secret());
                self.problem = None;
                self.job = Some(ctx.command(|job| EngineCommand::Unlock { job, passphrase }));
            }
            Action::Reveal => self.shown = !self.shown,
            _ => {}
        }
    }

    fn key(&mut self, event: KeyEvent, _ctx: &mut Ctx<'_>) {
        if self.job.is_none() && self.field.key(event) {
            self.problem = None;
        }
    }

    fn paste(&mut self, text: &str, _ctx: &mut Ctx<'_>) -> bool {
        if self.job.is_none() {
            self.field.paste(text);
        }
        true
    }

    fn receive(&mut self, news: &PaneNews<'_>, ctx: &mut Ctx<'_>) -> bool {
        let PaneNews::Engine(event) = news else { return false };
        if self.job.is_none() || event.answers() != self.job {
            return false;
        }
        self.job = None;
        if let Event::JobFailed { failure, .. } = event {
            self.field.wipe();
            self.problem = Some(failure.message.clone());
            return true;
        }
        ctx.asks.push(Ask::Pop);
        ctx.effects.append(&mut self.then);
        // The wizard below handles the event too.
        false
    }

    fn draw(&self, scene: &mut Scene<'_>, area: Rect) {
        let inner = padded(scene.overlay(centred(area, area.width.min(72), 7), "The vault is locked", ""));
        let theme = scene.paint.theme;
        let row = top(inner, 1);
        let used = scene.paint.text(row, "Passphrase  ", theme.heading);
        self.field.draw(&mut scene.paint, shrink_left(row, used), scene.top, self.shown);
        let body = below(inner, 2);
        match (&self.problem, self.job) {
            (Some(problem), _) => scene.paint.paragraph(body, problem, theme.warning),
            (None, Some(_)) => scene.paint.paragraph(body, "Unlocking…", theme.muted),
            (None, None) => scene.paint.paragraph(body, self.about, theme.muted),
        };
    }
}
