//! A question before a large or final action.

use ratatui::layout::Rect;

use crate::tui::{
    action::{Action, KeyPlace},
    component::{
        pane::{Ask, Ctx, Pane},
        scene::Scene,
    },
    msg::Effect,
    widget::{
        paint::{bottom, centred, padded, rows},
        text::wrap,
    },
};

/// A question with its effects.
pub(crate) struct Confirm {
    title: String,
    lines: Vec<String>,
    then: Vec<Effect>,
    /// Whether an answer also closes the overlay beneath it, which asked.
    over: bool,
}

impl Confirm {
    /// The first line is the question, the others are the consequences.
    pub(crate) fn new(title: impl Into<String>, lines: Vec<String>, then: Vec<Effect>) -> Self {
        Self { title: title.into(), lines, then, over: false }
    }

    /// Asks over the overlay that is open: an answer closes both, Esc only the question.
    pub(crate) fn ask(self, ctx: &mut Ctx<'_>) {
        ctx.asks.push(Ask::Question(Box::new(Self { over: true, ..self })));
    }

    fn answered(&self, ctx: &mut Ctx<'_>) {
        ctx.asks.push(Ask::Pop);
        if self.over {
            ctx.asks.push(Ask::Pop);
        }
    }
}

impl Pane for Confirm {
    fn place(&self) -> KeyPlace {
        KeyPlace::Confirm
    }

    fn act(&mut self, action: Action, ctx: &mut Ctx<'_>) {
        match action {
            Action::Yes => {
                ctx.effects.append(&mut self.then);
                self.answered(ctx);
            }
            Action::No => self.answered(ctx),
            _ => {}
        }
    }

    fn draw(&self, scene: &mut Scene<'_>, area: Rect) {
        let columns = area.width.saturating_sub(4).min(64);
        let inner_columns = usize::from(columns.saturating_sub(4));
        let lines: Vec<(usize, String)> = self
            .lines
            .iter()
            .enumerate()
            .flat_map(|(index, line)| wrap(line, inner_columns).into_iter().map(move |part| (index, part)))
            .collect();
        let height = u16::try_from(lines.len()).unwrap_or(0) + 4;
        let place = centred(area, columns, height);
        let inner = padded(scene.overlay(place, &self.title, ""));
        let theme = scene.paint.theme;
        for ((index, line), row) in lines.iter().zip(rows(inner)) {
            scene.paint.text(row, line, if *index == 0 { theme.heading } else { theme.text });
        }
        let keys = bottom(inner, 1);
        let pieces = [("y", theme.key), (" yes    ", theme.text), ("n", theme.key), (" no", theme.text)];
        scene.paint.pieces(keys, &pieces);
    }
}
