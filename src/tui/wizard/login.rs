//! A login that waits: in the browser, or for the address that the browser ended at.

use crossterm::event::KeyEvent;
use ratatui::layout::Rect;

use super::view::{gap, say};
use crate::{
    providers::Secrets,
    sync::LoginPrompt,
    tui::{
        memory::{ListId, Target},
        pane::Scene,
        widget::{
            paint::{below, padded, shrink_left, top},
            secret::SecretField,
        },
    },
};

/// The waiting screen.
pub(super) struct Login {
    pub(super) prompt: LoginPrompt,
    /// Whether the paste field has the keys.
    pub(super) typing: bool,
    /// Whether what is typed is to be seen.
    pub(super) shown: bool,
    /// The redirected address holds the code, which is as good as a password for some minutes.
    pub(super) pasted: SecretField,
    /// Why the last paste was of no use.
    pub(super) rejected: Option<String>,
    /// A paste was handed over and is being tried.
    pub(super) submitted: bool,
}

impl Login {
    pub(super) fn new(prompt: LoginPrompt) -> Self {
        // Where nothing listens, pasting is the only way.
        let typing = prompt.listening.is_err();
        Self { prompt, typing, shown: false, pasted: SecretField::new(false), rejected: None, submitted: false }
    }

    pub(super) fn key(&mut self, event: KeyEvent) {
        if self.pasted.key(event) {
            self.rejected = None;
            self.submitted = false;
        }
    }

    pub(super) fn paste(&mut self, text: &str) {
        self.typing = true;
        self.rejected = None;
        self.submitted = false;
        self.pasted.wipe();
        self.pasted.paste(text);
    }

    /// What is pasted, once.
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

    /// The port that waits on this machine, for the hint about SSH.
    pub(super) fn port(&self) -> Option<&str> {
        let (_, rest) = self.prompt.callback_url.split_once("://")?;
        let authority = rest.split(['/', '?']).next()?;
        authority.rsplit_once(':').map(|(_, port)| port)
    }
}

/// Draws it over the whole width, with nothing beside the address.
pub(super) fn draw(login: &Login, scene: &mut Scene<'_>, area: Rect, title: &str) {
    let theme = scene.paint.theme;
    let prompt = &login.prompt;
    scene.paint.clear(area);
    scene.paint.target(area, Target::Nothing);
    let left = (prompt.expires_at - scene.moment.now).num_seconds().max(0);
    let line = top(area, 1);
    let mut at = padded(line);
    let used = scene.paint.right(at, &format!("given up in {}:{:02}", left / 60, left % 60), theme.muted);
    at.width = at.width.saturating_sub(used + 2);
    scene.paint.text(at, title, theme.title_focus);
    let mut at = padded(below(area, 2));
    let opened = if prompt.browser_opened {
        "A browser was opened. Log in there and allow access. The address, should it be needed:"
    } else {
        "No browser was opened. Open this address in one, log in there and allow access:"
    };
    say(scene, &mut at, opened, theme.text);
    gap(&mut at);
    let whole = Rect { x: area.x, width: area.width, ..at };
    at = below(at, super::view::address(scene, whole, &prompt.url));
    gap(&mut at);
    routes(login, scene, &mut at);
    gap(&mut at);
    let row = top(at, 1);
    scene.paint.target(row, Target::Row(ListId::Form, 0));
    let label = if login.typing { theme.heading } else { theme.muted };
    let used = scene.paint.text(row, if login.typing { "▸ Paste it here  " } else { "  Paste it here  " }, label);
    let place = shrink_left(row, used);
    if login.pasted.is_blank() {
        let hint = if login.submitted { "trying it…" } else { prompt.callback_url.as_str() };
        scene.paint.text(shrink_left(place, 1), hint, theme.muted);
    }
    login.pasted.draw(&mut scene.paint, place, login.typing && scene.top, login.shown);
    at = below(at, 1);
    if let Some(rejected) = &login.rejected {
        say(scene, &mut at, &format!("✗ {rejected}"), theme.error);
    }
}

/// The two ways in which the login can come back.
fn routes(login: &Login, scene: &mut Scene<'_>, at: &mut Rect) {
    let theme = scene.paint.theme;
    let prompt = &login.prompt;
    match &prompt.listening {
        Ok(listening) => {
            say(scene, at, "1  Wait: the browser comes back here by itself.", theme.text);
            if let Some(fingerprint) = &listening.fingerprint {
                let text = "It will warn of a certificate made just now for this login; go on when its SHA-256 is";
                let used = scene.paint.paragraph(shrink_left(*at, 3), text, theme.muted);
                *at = below(*at, used);
                let used = scene.paint.paragraph(shrink_left(*at, 3), fingerprint, theme.muted);
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
        Err(why) => say(scene, at, &format!("1  The browser can't come back here by itself: {why}"), theme.warning),
    }
    let text = "2  Or paste the address at which the browser ended, even if the page says it can't be reached.";
    say(scene, at, text, theme.text);
}
