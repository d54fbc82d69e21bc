//! A few labelled fields and a function that takes the answers. Used for edits.
//!
//! A field may show a text that applies while it is empty; typing replaces it, and the arrow keys or Backspace edit it.
//! A field may have suggestions: Tab completes to the next one, else it moves to the next field.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;

use crate::{
    domain::text::fold,
    tui::{
        action::{Action, KeyPlace},
        component::{
            hit::{ClickTarget, ListId},
            pane::{Ask, Ctx, Pane, PaneNews},
            scene::Scene,
        },
        msg::WorkerAnswer,
        snapshot::LedgerSnapshot,
        widget::{
            field::TextField,
            paint::{below, bottom, centred, padded, rows, shrink_left, top},
            text::{width, wrap},
        },
    },
};

/// Where the suggestions of a field come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Suggest {
    Nothing,
    /// One of these; anything else is refused by the form.
    OneOf(Vec<&'static str>),
    /// Categories in use.
    Categories,
    /// Tags in use, separated by commas.
    Tags,
    /// Payees in use.
    Payees,
}

/// One field of a form.
pub(crate) struct FormField {
    pub(crate) label: &'static str,
    /// Shown at the foot while the field has the focus.
    pub(crate) help: &'static str,
    pub(crate) value: String,
    /// The text that applies while the field is empty, shown dim; `→` or Backspace starts to edit it.
    pub(crate) default: String,
    pub(crate) suggest: Suggest,
}

/// Checks the answers (in the order of the fields) and uses them; or returns the number of the wrong field and the reason.
pub(crate) type Submit<T> = fn(&T, &[String], &mut Ctx<'_>) -> Result<(), (usize, String)>;

struct Line {
    input: FormField,
    field: TextField,
    /// Suggestions for the text typed, best first.
    found: Vec<String>,
}

/// A form about `T`.
pub(crate) struct Form<T> {
    title: String,
    lines: Vec<Line>,
    at: usize,
    problem: Option<(usize, String)>,
    about: T,
    submit: Submit<T>,
}

impl<T> Form<T> {
    pub(crate) fn new(title: impl Into<String>, inputs: Vec<FormField>, about: T, submit: Submit<T>) -> Self {
        let line = |input: FormField| {
            let found = match &input.suggest {
                Suggest::OneOf(all) => all.iter().map(|one| (*one).to_owned()).collect(),
                Suggest::Nothing | Suggest::Categories | Suggest::Tags | Suggest::Payees => Vec::new(),
            };
            Line { field: TextField::new(input.value.clone()), input, found }
        };
        let lines = inputs.into_iter().map(line).collect();
        Self { title: title.into(), lines, at: 0, problem: None, about, submit }
    }

    fn step(&mut self, forward: bool) {
        let count = self.lines.len().max(1);
        self.at = if forward { (self.at + 1) % count } else { (self.at + count - 1) % count };
    }

    fn finish(&mut self, ctx: &mut Ctx<'_>) {
        let answers: Vec<String> = self.lines.iter().map(|line| line.field.value().trim().to_owned()).collect();
        match (self.submit)(&self.about, &answers, ctx) {
            Ok(()) if ctx.has_question() => {}
            Ok(()) => ctx.asks.insert(0, Ask::Pop),
            Err((at, why)) => {
                self.at = at.min(self.lines.len().saturating_sub(1));
                self.problem = Some((self.at, why));
            }
        }
    }

    /// Tab: completes the text if there is a suggestion for it, else moves on.
    fn complete(&mut self) {
        let Some(line) = self.lines.get_mut(self.at) else { return };
        match line.completion() {
            Some(text) => line.field.set(text),
            None => self.step(true),
        }
    }
}

impl Line {
    /// The part of the text that is completed: behind the last comma in a list of tags.
    fn word(&self) -> (&str, &str) {
        let value = self.field.value();
        let start = match self.input.suggest {
            Suggest::Tags => value.rfind(',').map_or(0, |at| at + 1),
            _ => 0,
        };
        let start = start + (value[start..].len() - value[start..].trim_start().len());
        value.split_at(start)
    }

    /// Suggestions for the text typed.
    fn matching(&self) -> impl Iterator<Item = &String> {
        let typed = fold(self.word().1);
        let typed = typed.trim_start_matches(['#', '+', '-']).to_owned();
        self.found.iter().filter(move |one| fold(one).contains(&typed))
    }

    /// The text after Tab; none when nothing is typed, nothing fits, or it is complete.
    fn completion(&self) -> Option<String> {
        let (before, word) = self.word();
        let sign = word.chars().next().filter(|sign| "#+-".contains(*sign)).map(String::from).unwrap_or_default();
        let typed = fold(word.trim_start_matches(['#', '+', '-']));
        if typed.is_empty() {
            return None;
        }
        let starts = self.matching().find(|one| fold(one).starts_with(typed.as_ref()));
        let best = starts.or_else(|| self.matching().next()).filter(|best| fold(best) != typed)?;
        Some(format!("{before}{sign}{best}"))
    }

    /// Starts to edit the text that applies while the field is empty.
    fn take_default(&mut self, event: KeyEvent) -> bool {
        let wanted =
            matches!(event.code, KeyCode::Left | KeyCode::Right | KeyCode::Home | KeyCode::End | KeyCode::Backspace);
        if !wanted || !self.field.value().is_empty() || self.input.default.is_empty() {
            return false;
        }
        self.field.set(self.input.default.clone());
        if event.code != KeyCode::Right && event.code != KeyCode::End {
            self.field.key(event);
        }
        true
    }
}

impl<T: Send> Pane for Form<T> {
    fn place(&self) -> KeyPlace {
        KeyPlace::Form
    }

    fn act(&mut self, action: Action, ctx: &mut Ctx<'_>) {
        match action {
            Action::Accept => self.finish(ctx),
            Action::Complete => self.complete(),
            Action::Down => self.step(true),
            Action::PreviousPane | Action::Up => self.step(false),
            _ => {}
        }
    }

    fn key(&mut self, event: KeyEvent, _ctx: &mut Ctx<'_>) {
        if let Some(line) = self.lines.get_mut(self.at)
            && (line.take_default(event) || line.field.key(event))
        {
            self.problem = None;
        }
    }

    fn paste(&mut self, text: &str, _ctx: &mut Ctx<'_>) -> bool {
        if let Some(line) = self.lines.get_mut(self.at) {
            line.field.paste(text);
        }
        true
    }

    fn click(&mut self, _list: ListId, index: usize, _ctx: &mut Ctx<'_>) {
        self.at = index.min(self.lines.len().saturating_sub(1));
    }

    fn receive(&mut self, news: &PaneNews<'_>, _ctx: &mut Ctx<'_>) -> bool {
        let PaneNews::Loaded(WorkerAnswer::Vocabulary(vocabulary)) = news else { return false };
        for line in &mut self.lines {
            match line.input.suggest {
                Suggest::Categories => line.found.clone_from(&vocabulary.categories),
                Suggest::Tags => line.found.clone_from(&vocabulary.tags),
                Suggest::Payees => line.found.clone_from(&vocabulary.payees),
                Suggest::Nothing | Suggest::OneOf(_) => {}
            }
        }
        true
    }

    fn offers(&self, action: Action, _snapshot: &LedgerSnapshot) -> bool {
        action != Action::Complete || self.lines.len() > 1 || self.lines.iter().any(|line| line.completion().is_some())
    }

    fn draw(&self, scene: &mut Scene<'_>, area: Rect) {
        let count = u16::try_from(self.lines.len()).unwrap_or(u16::MAX);
        let columns = area.width.saturating_sub(4).min(76);
        let help = |line: &Line| wrap(line.input.help, usize::from(columns.saturating_sub(4))).len();
        let help = u16::try_from(self.lines.iter().map(help).max().unwrap_or(1)).unwrap_or(1).max(1);
        let place = centred(area, columns, count.saturating_add(5 + help));
        let inner = padded(scene.overlay(place, &self.title, ""));
        let theme = scene.paint.theme;
        let labels = self.lines.iter().map(|line| width(line.input.label)).max().unwrap_or(0);
        let labels = u16::try_from(labels).unwrap_or(u16::MAX).min(inner.width / 3);
        for ((index, line), row) in self.lines.iter().enumerate().zip(rows(below(inner, 1))) {
            scene.paint.target(row, ClickTarget::Row(ListId::Form, index));
            let active = index == self.at;
            let label = if active { theme.heading } else { theme.muted };
            scene.paint.text(Rect { width: 1, ..row }, if active { "▸" } else { " " }, label);
            scene.paint.text(Rect { width: labels, ..shrink_left(row, 2) }, line.input.label, label);
            let value = shrink_left(row, labels + 4);
            line.field.draw(&mut scene.paint, value, active && scene.top, &[]);
            if line.field.value().is_empty() {
                scene.paint.text(value, &line.input.default, theme.muted);
            }
        }
        let Some(line) = self.lines.get(self.at) else { return };
        let foot = bottom(inner, help + 1);
        match &self.problem {
            Some((_, why)) => scene.paint.paragraph(top(foot, help), why, theme.error),
            None => scene.paint.paragraph(top(foot, help), line.input.help, theme.muted),
        };
        let completes = line.completion().is_some();
        let offered: Vec<&str> = line.matching().take(12).map(String::as_str).collect();
        if !offered.is_empty() {
            let lead = if completes { "Tab completes: " } else { "Known: " };
            let text = offered.join("  ");
            scene.paint.pieces(below(foot, help), &[(lead, theme.key), (&text, theme.text)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(suggest: Suggest, found: &[&str], typed: &str) -> Line {
        let input = FormField { label: "x", help: "", value: String::new(), default: String::new(), suggest };
        Line { input, field: TextField::new(typed), found: found.iter().map(|one| (*one).to_owned()).collect() }
    }

    #[test]
    fn tab_completes_to_the_first_suggestion_that_fits() {
        let known = ["food:groceries", "food:coffee", "travel"];
        assert_eq!(line(Suggest::Categories, &known, "food").completion().as_deref(), Some("food:groceries"));
        assert_eq!(line(Suggest::Categories, &known, "cof").completion().as_deref(), Some("food:coffee"));
        assert_eq!(line(Suggest::Categories, &known, "travel").completion(), None, "it is complete");
        assert_eq!(line(Suggest::Categories, &known, "").completion(), None, "so Tab moves on");
        assert_eq!(line(Suggest::Categories, &known, "zz").completion(), None);
    }

    #[test]
    fn the_last_tag_of_a_list_is_completed() {
        assert_eq!(line(Suggest::Tags, &["trip", "work"], "work, tr").completion().as_deref(), Some("work, trip"));
        assert_eq!(line(Suggest::Tags, &["trip"], "-tr").completion().as_deref(), Some("-trip"));
    }

    #[test]
    fn an_empty_field_starts_from_its_default_only_when_asked() {
        let mut line = line(Suggest::Nothing, &[], "");
        line.input.default = "Bank text".to_owned();
        let key = |code| KeyEvent::new(code, crossterm::event::KeyModifiers::NONE);
        assert!(!line.take_default(key(KeyCode::Char('a'))));
        assert!(line.take_default(key(KeyCode::Backspace)));
        assert_eq!(line.field.value(), "Bank tex");
    }
}
