//! A waiting login: in the browser, or for the redirected address to be pasted.

use crossterm::event::KeyEvent;
use ratatui::layout::Rect;

use super::parts::{address, gap, say};
use crate::{
    providers::Secrets,
    sync::{LoginEnding, LoginPrompt},
    tui::{
        component::{
            hit::{ClickTarget, ListId},
            scene::Scene,
        },
        widget::{
            paint::{above, below, bottom, padded, shrink_left, top},
            secret::SecretField,
            text::wrap,
        },
    },
};

/// From this height on, blank lines are drawn.
const ROOMY: u16 = 20;

/// The waiting screen.
pub(super) struct WaitingScreen {
    pub(super) prompt: LoginPrompt,
    /// Whether the paste field has the focus.
    pub(super) typing: bool,
    /// Whether the text typed is visible.
    pub(super) shown: bool,
    /// The redirected address. Its code is valid like a password for some minutes.
    pub(super) pasted: SecretField,
    /// Why the last paste was rejected.
    pub(super) rejected: Option<String>,
    /// A pasted address is being checked.
    pub(super) submitted: bool,
}

impl WaitingScreen {
    pub(super) fn new(prompt: LoginPrompt) -> Self {
        // Without a listener, pasting is the only way.
        let typing = matches!(&prompt.ending, LoginEnding::Redirect { listening: Err(_), .. });
        Self { prompt, typing, shown: false, pasted: SecretField::new(false), rejected: None, submitted: false }
    }

    pub(super) fn key(&mut self, event: KeyEvent) {
        if self.pasted.key(event) {
            self.rejected = None;
            self.submitted = false;
        }
    }

    pub(super) fn paste(&mut self, text: &str) {
        if self.prompt.callback_url().is_none() {
            return;
        }
        self.typing = true;
        self.rejected = None;
        self.submitted = false;
        self.pasted.wipe();
        self.pasted.paste(text);
    }

    /// Takes the pasted address.
    pub(super) fn submit(&mut self) -> Option<Secrets> {
        if self.pasted.is_blank() {
            return None;
        }
        self.submitted = true;
        self.rejected = None;
        let mut pasted = Secrets::new();
        pasted.insert("redirect", self.pasted.to_secret());
        self.pasted.wipe();
        Some(pasted)
    }

    /// The listening port, for the hint about SSH.
    pub(super) fn port(&self) -> Option<&str> {
        let (_, rest) = self.prompt.callback_url()?.split_once("://")?;
        let authority = rest.split(['/', '?']).next()?;
        authority.rsplit_once(':').map(|(_, port)| port)
    }
}

/// Draws it over the whole width, so that nothing is beside the address.
pub(super) fn draw(login: &WaitingScreen, scene: &mut Scene<'_>, area: Rect, title: &str) {
    let theme = scene.paint.theme;
    let prompt = &login.prompt;
    scene.paint.clear(area);
    scene.paint.target(area, ClickTarget::Nothing);
    let left = (prompt.expires_at - scene.moment.now).num_seconds().max(0);
    let line = top(area, 1);
    let mut at = padded(line);
    let used = scene.paint.right(at, &format!("given up in {}:{:02}", left / 60, left % 60), theme.muted);
    at.width = at.width.saturating_sub(used + 2);
    scene.paint.text(at, title, theme.title_focus);
    let mut at = padded(below(area, 2));
    let rejected = login.rejected.as_deref().map(|why| format!("✗ {why}"));
    let refusal = rejected.as_deref().map_or(0, |why| wrap(why, usize::from(at.width)).len());
    let refusal = u16::try_from(refusal).unwrap_or(0);
    // The paste field is always visible; the lines above it are dropped if necessary.
    let foot = bottom(at, 1 + refusal);
    at = above(at, 1 + refusal);
    let roomy = area.height >= ROOMY;
    let space = |at: &mut Rect| {
        if roomy {
            gap(at);
        }
    };
    let opened = if prompt.browser_opened {
        "A browser was opened. Log in and allow access there, at:"
    } else {
        "No browser was opened. Log in and allow access at:"
    };
    say(scene, &mut at, opened, theme.text);
    space(&mut at);
    let whole = Rect { x: area.x, width: area.width, ..at };
    at = below(at, address(scene, whole, &prompt.url));
    space(&mut at);
    let Some(callback_url) = login.prompt.callback_url() else {
        let text = "dashtam asks every few seconds whether you have finished there. The address can be opened on \
                    another device too; a restart goes on where it stopped.";
        say(scene, &mut at, text, theme.text);
        return;
    };
    routes(login, scene, &mut at);
    space(&mut at);
    let row = Rect { y: at.y.min(foot.y), ..top(foot, 1) };
    scene.paint.target(row, ClickTarget::Row(ListId::Form, 0));
    let label = if login.typing { theme.heading } else { theme.muted };
    let used = scene.paint.text(row, if login.typing { "▸ Paste it here  " } else { "  Paste it here  " }, label);
    let place = shrink_left(row, used);
    if login.pasted.is_blank() {
        let hint = if login.submitted { "trying it…" } else { callback_url };
        scene.paint.text(shrink_left(place, 1), hint, theme.muted);
    }
    login.pasted.draw(&mut scene.paint, place, login.typing && scene.top, login.shown);
    if let Some(rejected) = &rejected {
        scene.paint.paragraph(Rect { y: row.y + 1, height: refusal, ..foot }, rejected, theme.error);
    }
}

/// The two ways to complete the login.
fn routes(login: &WaitingScreen, scene: &mut Scene<'_>, at: &mut Rect) {
    let theme = scene.paint.theme;
    let prompt = &login.prompt;
    let LoginEnding::Redirect { listening, .. } = &prompt.ending else { return };
    match listening {
        Ok(listening) => {
            say(scene, at, "1  Wait: the browser returns here.", theme.text);
            if let Some(fingerprint) = &listening.fingerprint {
                let text = "It will warn of a certificate made just now for this login; go on when its SHA-256 is";
                let used = scene.paint.paragraph(shrink_left(*at, 3), text, theme.muted);
                *at = below(*at, used);
                let place = shrink_left(*at, 3);
                let halves = fingerprint.split_at_checked(fingerprint.len().div_ceil(2));
                let used = match halves.filter(|_| fingerprint.len() > usize::from(place.width)) {
                    Some((left, right)) => scene.paint.paragraph(place, &format!("{left}\n{right}"), theme.muted),
                    None => scene.paint.paragraph(place, fingerprint, theme.muted),
                };
                *at = below(*at, used);
            }
            if let (false, Some(port)) = (prompt.browser_opened, login.port()) {
                let text = format!(
                    "Over SSH, from the machine with the browser: ssh -L {port}:127.0.0.1:{port} and this machine's name"
                );
                let used = scene.paint.paragraph(shrink_left(*at, 3), &text, theme.muted);
                *at = below(*at, used);
            }
        }
        Err(why) => say(scene, at, &format!("1  The browser cannot return here: {why}"), theme.warning),
    }
    scene.paint.text(top(*at, 1), "2", theme.text);
    let text = "Or paste the address at which the browser ended, even if the page could not be reached.";
    let used = scene.paint.paragraph(shrink_left(*at, 3), text, theme.text);
    *at = below(*at, used);
}
