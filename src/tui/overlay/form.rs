//! A few labelled fields and what to do with the answers. Used for edits now, for connecting later.

use crossterm::event::KeyEvent;
use ratatui::layout::Rect;

use crate::tui::{
    action::{Action, Place},
    component::{
        hit::{ListId, Target},
        pane::{Ask, Ctx, Pane},
        scene::Scene,
    },
    widget::{
        field::Field,
        paint::{below, bottom, centred, padded, rows, shrink_left, top},
        text::width,
    },
};

/// One field of a form.
pub(crate) struct Input {
    pub(crate) label: &'static str,
    /// Said under the form while the field is being typed.
    pub(crate) help: &'static str,
    pub(crate) value: String,
    /// Shown dim while the field is empty.
    pub(crate) placeholder: String,
}

/// Checks the answers (in the order of the fields) and does something with them, or says which one is wrong and why.
pub(crate) type Submit<T> = fn(&T, &[String], &mut Ctx<'_>) -> Result<(), (usize, String)>;

/// A form about `T`.
pub(crate) struct Form<T> {
    title: String,
    inputs: Vec<(Input, Field)>,
    at: usize,
    problem: Option<(usize, String)>,
    about: T,
    submit: Submit<T>,
}

impl<T> Form<T> {
    pub(crate) fn new(title: impl Into<String>, inputs: Vec<Input>, about: T, submit: Submit<T>) -> Self {
        let inputs = inputs
            .into_iter()
            .map(|input| {
                let field = Field::new(input.value.clone());
                (input, field)
            })
            .collect();
        Self { title: title.into(), inputs, at: 0, problem: None, about, submit }
    }

    fn step(&mut self, forward: bool) {
        let count = self.inputs.len().max(1);
        self.at = if forward { (self.at + 1) % count } else { (self.at + count - 1) % count };
    }

    fn finish(&mut self, ctx: &mut Ctx<'_>) {
        let answers: Vec<String> = self.inputs.iter().map(|(_, field)| field.value().trim().to_owned()).collect();
        match (self.submit)(&self.about, &answers, ctx) {
            Ok(()) => ctx.asks.insert(0, Ask::Pop),
            Err((at, why)) => {
                self.at = at.min(self.inputs.len().saturating_sub(1));
                self.problem = Some((self.at, why));
            }
        }
    }
}

impl<T: Send> Pane for Form<T> {
    fn place(&self) -> Place {
        Place::Form
    }

    fn act(&mut self, action: Action, ctx: &mut Ctx<'_>) {
        match action {
            Action::Accept => self.finish(ctx),
            Action::Complete | Action::Down => self.step(true),
            Action::PreviousPane | Action::Up => self.step(false),
            _ => {}
        }
    }

    fn key(&mut self, event: KeyEvent, _ctx: &mut Ctx<'_>) {
        if let Some((_, field)) = self.inputs.get_mut(self.at)
            && field.key(event)
        {
            self.problem = None;
        }
    }

    fn paste(&mut self, text: &str, _ctx: &mut Ctx<'_>) -> bool {
        if let Some((_, field)) = self.inputs.get_mut(self.at) {
            field.paste(text);
        }
        true
    }

    fn click(&mut self, _list: ListId, index: usize, _ctx: &mut Ctx<'_>) {
        self.at = index.min(self.inputs.len().saturating_sub(1));
    }

    fn draw(&self, scene: &mut Scene<'_>, area: Rect) {
        let count = u16::try_from(self.inputs.len()).unwrap_or(u16::MAX);
        let place = centred(area, area.width.saturating_sub(4).min(70), count.saturating_add(5));
        let inner = padded(scene.overlay(place, &self.title, "Enter save  Esc cancel"));
        let theme = scene.paint.theme;
        let labels = self.inputs.iter().map(|(input, _)| width(input.label)).max().unwrap_or(0);
        let labels = u16::try_from(labels).unwrap_or(u16::MAX).min(inner.width / 3);
        for ((index, (input, field)), row) in self.inputs.iter().enumerate().zip(rows(below(inner, 1))) {
            scene.paint.target(row, Target::Row(ListId::Form, index));
            let active = index == self.at;
            let label = if active { theme.heading } else { theme.muted };
            scene.paint.text(Rect { width: 1, ..row }, if active { "▸" } else { " " }, label);
            scene.paint.text(Rect { width: labels, ..shrink_left(row, 2) }, input.label, label);
            let value = shrink_left(row, labels + 4);
            if field.value().is_empty() {
                scene.paint.text(shrink_left(value, u16::from(active)), &input.placeholder, theme.muted);
            }
            field.draw(&mut scene.paint, value, active && scene.top, &[]);
        }
        let foot = top(bottom(inner, 1), 1);
        match &self.problem {
            Some((_, why)) => scene.paint.text(foot, why, theme.error),
            None => scene.paint.text(foot, self.inputs.get(self.at).map_or("", |(input, _)| input.help), theme.muted),
        };
    }
}
