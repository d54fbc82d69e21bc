//! The form of a provider's fields.

use std::path::Path;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;

use crate::{
    config::ProviderConfig,
    providers::{Field as Asked, FieldKind, ProviderMetadata, Secrets},
    tui::{
        component::{
            hit::{ClickTarget, ListId},
            scene::Scene,
        },
        widget::{
            field::TextField,
            paint::{below, rows, shrink_left, top},
            secret::SecretField,
            text::width,
        },
    },
};

/// The input of one field.
enum Input {
    Text(TextField),
    Secret(SecretField),
    /// The index of the chosen value.
    Choice(usize),
}

/// All fields of one provider.
pub(super) struct Sheet {
    answers: Vec<(&'static Asked, Input)>,
    at: usize,
    shown: bool,
    /// Whether blank answers are marked, which starts with the first Enter.
    submitted: bool,
    /// Whether blank answers keep the stored values of the connection.
    stored: bool,
    /// Labels of the fields that are set in the configuration.
    configured: Vec<&'static str>,
}

/// The stored values of a connection that gets a new login.
#[derive(Debug, Clone, Copy)]
pub(super) struct Before<'a> {
    pub(super) environment: Option<&'a str>,
}

impl Sheet {
    /// All fields except those set in the configuration.
    pub(super) fn new(
        provider: &'static ProviderMetadata,
        settings: Option<&ProviderConfig>,
        before: Option<Before<'_>>,
    ) -> Self {
        let is_set = |field: &&Asked| settings.is_some_and(|settings| settings.answers(field.name));
        let (set, asked): (Vec<_>, Vec<_>) = provider.fields().iter().partition(is_set);
        Self {
            answers: asked.into_iter().map(|field| (field, input(field, before))).collect(),
            at: 0,
            shown: false,
            submitted: false,
            stored: before.is_some(),
            configured: set.into_iter().map(|field| field.label).collect(),
        }
    }

    /// A sentence about the fields set in the configuration; empty without any.
    pub(super) fn configured(&self) -> String {
        if self.configured.is_empty() {
            return String::new();
        }
        format!("Taken from the configuration: {}.", self.configured.join(", "))
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }

    pub(super) fn step(&mut self, forward: bool) {
        let count = self.answers.len().max(1);
        self.at = if forward { (self.at + 1) % count } else { (self.at + count - 1) % count };
    }

    pub(super) fn stand_on(&mut self, index: usize) {
        self.at = index.min(self.answers.len().saturating_sub(1));
    }

    /// Shows the secrets, or hides them again.
    pub(super) const fn reveal(&mut self, shown: bool) {
        self.shown = shown;
    }

    pub(super) const fn is_revealed(&self) -> bool {
        self.shown
    }

    pub(super) fn key(&mut self, event: KeyEvent) {
        let Some((field, input)) = self.answers.get_mut(self.at) else { return };
        match input {
            Input::Text(text) => {
                text.key(event);
            }
            Input::Secret(secret) => {
                secret.key(event);
            }
            Input::Choice(at) => {
                let count = field.choices().count().max(1);
                match event.code {
                    KeyCode::Right | KeyCode::Char(' ' | 'l') => *at = (*at + 1) % count,
                    KeyCode::Left | KeyCode::Char('h') => *at = (*at + count - 1) % count,
                    _ => {}
                }
            }
        }
    }

    pub(super) fn paste(&mut self, text: &str) {
        match self.answers.get_mut(self.at) {
            Some((_, Input::Text(field))) => field.paste(text),
            Some((field, Input::Secret(secret))) => {
                // A hidden text is replaced, so that a second paste corrects the first; a path is visible and goes on.
                if !field.is_path(secret.as_str()) {
                    secret.wipe();
                }
                secret.paste(text);
            }
            Some((_, Input::Choice(_))) | None => {}
        }
    }

    fn problem(&self, index: usize) -> Option<String> {
        let (field, input) = self.answers.get(index)?;
        let text = value(field, input);
        let blank = text.trim().is_empty();
        // The content of the file is checked when it is read.
        if field.is_path(text) {
            return None;
        }
        if blank && (self.stored || !self.submitted) {
            return None;
        }
        let message = field.problem(text)?.message;
        // It is directly below its field.
        let bare = message.strip_prefix(field.label).and_then(|rest| rest.strip_prefix(": "));
        Some(bare.map_or_else(|| message.clone(), str::to_owned))
    }

    /// The answers; or `None`, with the cursor on the first invalid one.
    pub(super) fn finish(&mut self, home: Option<&Path>) -> Option<Secrets> {
        self.submitted = true;
        if let Some(wrong) = (0..self.answers.len()).find(|index| self.problem(*index).is_some()) {
            self.at = wrong;
            return None;
        }
        self.shown = false;
        let mut answers = Secrets::new();
        for (field, input) in &self.answers {
            match input {
                Input::Secret(secret) if field.is_path(secret.as_str()) => {
                    answers.insert(field.name, path(secret.as_str(), home).into());
                }
                Input::Secret(secret) => answers.insert(field.name, secret.to_secret()),
                Input::Text(_) | Input::Choice(_) => answers.insert(field.name, value(field, input).into()),
            }
        }
        Some(answers)
    }

    /// The typed answer to a field, unless it is a secret.
    pub(super) fn plain(&self, name: &str) -> Option<&str> {
        let (field, input) = self.answers.iter().find(|(field, _)| field.name == name && !field.is_secret())?;
        Some(value(field, input)).filter(|text| !text.is_empty())
    }

    /// The help text of the field with the cursor; of a choice also its keys.
    pub(super) fn help(&self) -> String {
        match self.answers.get(self.at) {
            Some((field, Input::Choice(_))) => format!("Space or ← → chooses. {}", field.help),
            Some((field, Input::Text(_) | Input::Secret(_))) => field.help.to_owned(),
            None => String::new(),
        }
    }

    /// Draws a line for each field and one below it for its problem; returns the lines used.
    pub(super) fn draw(&self, scene: &mut Scene<'_>, area: Rect) -> u16 {
        let theme = scene.paint.theme;
        let labels = self.answers.iter().map(|(field, _)| width(field.label)).max().unwrap_or(0);
        let labels = u16::try_from(labels).unwrap_or(u16::MAX).min(area.width / 3);
        // One line per field if two do not fit.
        let step = if usize::from(area.height) >= 2 * self.answers.len() { 2 } else { 1 };
        let mut at = area;
        for (index, (field, input)) in self.answers.iter().enumerate() {
            let active = index == self.at;
            let row = top(at, 1);
            let label = if active { theme.heading } else { theme.muted };
            scene.paint.target(row, ClickTarget::Row(ListId::Form, index));
            scene.paint.text(Rect { width: 1.min(row.width), ..row }, if active { "▸" } else { " " }, label);
            scene.paint.text(Rect { width: labels, ..shrink_left(row, 2) }, field.label, label);
            let place = shrink_left(row, labels + 4);
            let problem = self.problem(index);
            self.draw_input(scene, Rect { height: step, ..place }, (field, input), active);
            if let Some(problem) = &problem {
                let line = shrink_left(top(below(at, step - 1), 1), 2);
                if step == 2 || active {
                    scene.paint.text(line, problem, theme.error);
                }
            }
            at = below(at, step);
        }
        rows(area).count().try_into().map_or(area.height, |all: u16| all - at.height)
    }

    /// Draws the answer to a field in its line; a second line of `place` is free for choices.
    fn draw_input(&self, scene: &mut Scene<'_>, place: Rect, (field, input): (&'static Asked, &Input), active: bool) {
        let theme = scene.paint.theme;
        let focused = active && scene.top;
        if let Input::Choice(at) = input {
            let mut room = place;
            for (index, (_, label)) in field.choices().enumerate() {
                let text = if index == *at { format!("◉ {label}") } else { format!("○ {label}") };
                let style = if index == *at { theme.field } else { theme.muted };
                if usize::from(room.width) < width(&text) && room.y == place.y && place.height > 1 {
                    room = Rect { y: place.y + 1, ..place };
                }
                let used = scene.paint.text(room, &text, style);
                room = shrink_left(room, used + 3);
            }
            return;
        }
        if value(field, input).is_empty() {
            let hint = match field.default {
                _ if self.stored => "as stored",
                Some(default) if !default.is_empty() => default,
                _ if matches!(field.kind, FieldKind::SecretFile) => "path of the file, or its content pasted",
                _ if field.problem("").is_none() => "optional",
                _ if field.is_secret() => "type or paste it",
                _ => "",
            };
            scene.paint.text(place, hint, theme.muted);
        }
        match input {
            Input::Text(text) => text.draw(&mut scene.paint, place, focused, &[]),
            Input::Secret(secret) => {
                // A path is not secret, and a typing error in it must be visible.
                let text = secret.as_str();
                let is_place = field.is_path(text) && text.starts_with(['/', '~', '.', '\'', '"']);
                let shown = (self.shown && active) || is_place;
                secret.draw(&mut scene.paint, place, focused, shown);
            }
            Input::Choice(_) => {}
        }
    }
}

/// A typed or dropped path: without quotes, and with `~` expanded.
fn path(typed: &str, home: Option<&Path>) -> String {
    let typed = typed.trim().trim_matches(['\'', '"']);
    let inside = typed.strip_prefix("~/").and_then(|rest| Some(home?.join(rest)));
    inside.map_or_else(|| typed.to_owned(), |path| path.to_string_lossy().into_owned())
}

fn input(field: &'static Asked, before: Option<Before<'_>>) -> Input {
    match field.kind {
        FieldKind::Text if before.is_some() => Input::Text(TextField::default()),
        FieldKind::Text => Input::Text(TextField::new(field.default.unwrap_or_default())),
        FieldKind::Secret => Input::Secret(SecretField::new(false)),
        FieldKind::SecretFile => Input::Secret(SecretField::new(true)),
        FieldKind::Environment(_) => {
            let wanted = before.and_then(|before| before.environment).or(field.default);
            Input::Choice(field.choices().position(|(name, _)| Some(name) == wanted).unwrap_or(0))
        }
    }
}

fn value<'a>(field: &'static Asked, input: &'a Input) -> &'a str {
    match input {
        Input::Text(text) => text.value(),
        Input::Secret(secret) => secret.as_str(),
        Input::Choice(at) => field.choices().nth(*at).map_or("", |(name, _)| name),
    }
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::Buffer;

    use super::*;
    use crate::{
        domain::{Capability, IdTrust, ProviderCategory, ProviderErrorKind},
        ledger::Ledger,
        providers::{Auth, HistoryDepth, Pace, ServerEnvironment, by_status, check},
        store::Store,
        tui::{
            component::scene::Moment,
            snapshot::LedgerSnapshot,
            theme::{Theme, ThemeName},
            widget::paint::Paint,
        },
    };

    const fn field(name: &'static str, label: &'static str, kind: FieldKind) -> Asked {
        Asked { name, label, help: "", kind, default: None, check: check::any }
    }

    /// A bank that requires a client certificate.
    static METADATA: ProviderMetadata = ProviderMetadata {
        slug: "made_up",
        display_name: "Bank of Tests",
        summary: "Exists in tests only.",
        category: ProviderCategory::Bank,
        auth: Auth::Certificate {
            fields: &[
                field("certificate", "Certificate", FieldKind::SecretFile),
                field("private_key", "Private key", FieldKind::SecretFile),
                field("token", "Token", FieldKind::Secret),
            ],
            build: |_| Err(METADATA.error(ProviderErrorKind::NotConfigured, "exists in tests only")),
            link: None,
        },
        capabilities: &[Capability::Accounts],
        required_settings: &[],
        environments: &[ServerEnvironment { name: "production", label: "Production", origin: "https://bank.example" }],
        extra_hosts: &[],
        pace: Pace::NONE,
        id_trust: IdTrust::Unique,
        signs_differ: false,
        judge: by_status,
        history: HistoryDepth { days: None, overlap_days: 0 },
        documentation_url: "https://bank.example",
        production_ready: false,
    };

    fn drawn(sheet: &Sheet) -> String {
        let snapshot =
            LedgerSnapshot::load(&Ledger::new(Store::in_memory().unwrap()), None, chrono::NaiveDate::MIN).unwrap();
        let area = Rect::new(0, 0, 60, 6);
        let mut buffer = Buffer::empty(area);
        let theme = Theme::of(ThemeName::Plain);
        let moment =
            Moment { now: chrono::DateTime::UNIX_EPOCH, today: chrono::NaiveDate::MIN, local: |at| at.naive_utc() };
        let paint =
            Paint { buffer: &mut buffer, theme: &theme, targets: &mut Vec::new(), cursor: &mut None, masked: false };
        let mut lists = std::collections::HashMap::new();
        let mut scene = Scene {
            paint,
            lists: &mut lists,
            snapshot: &snapshot,
            moment,
            wide: false,
            top: true,
            vault_locked: false,
            beside: None,
        };
        sheet.draw(&mut scene, area);
        let line = |y| (0..area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
        (0..area.height).map(line).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn key_files_are_named_by_path_or_pasted() {
        let mut sheet = Sheet::new(&METADATA, None, None);
        assert!(drawn(&sheet).contains("▸ Certificate  path of the file, or its content pasted"), "{}", drawn(&sheet));
        sheet.paste("'~/keys/cert.pem'");
        sheet.step(true);
        sheet.paste("-----BEGIN PRIVATE KEY-----\rcanary\r-----END PRIVATE KEY-----\r");
        sheet.step(true);
        assert!(sheet.finish(None).is_none(), "the token is missing");
        sheet.paste("canary-token");
        let shown = drawn(&sheet);
        assert!(shown.contains("'~/keys/cert.pem'") && !shown.contains("canary"), "{shown}");
        let answers = sheet.finish(Some(Path::new("/home/me"))).unwrap();
        assert_eq!(answers.expose("certificate"), Some("/home/me/keys/cert.pem"));
        sheet.paste("canary-2");
        assert_eq!(sheet.finish(None).unwrap().expose("token"), Some("canary-2"), "a second paste corrects the first");
        assert_eq!(
            answers.expose("private_key"),
            Some("-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----")
        );
    }
}
