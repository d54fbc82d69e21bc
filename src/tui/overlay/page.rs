//! Pages of text.

use std::cell::Cell as Known;

use ratatui::layout::Rect;

use crate::tui::{
    action::{Action, KeyPlace},
    component::{
        hit::ListId,
        pane::{Ctx, Pane},
        scene::Scene,
    },
    widget::{
        cursor::SelectedRow,
        paint::{centred, padded, rows},
        text::wrap,
    },
};

/// A page of paragraphs; lines that begin with `# ` are headings, with `> ` figures.
pub(crate) struct TextPage {
    title: String,
    text: String,
    top: SelectedRow,
    /// Lines that can be scrolled over, known once drawn.
    lines: Known<usize>,
}

impl TextPage {
    pub(crate) fn new(title: impl Into<String>, text: impl Into<String>) -> Self {
        Self { title: title.into(), text: text.into(), top: SelectedRow::default(), lines: Known::new(1) }
    }
}

impl Pane for TextPage {
    fn place(&self) -> KeyPlace {
        KeyPlace::Page
    }

    fn act(&mut self, action: Action, ctx: &mut Ctx<'_>) {
        self.top.act(action, self.lines.get(), ctx.page);
    }

    fn scroll(&mut self, _list: ListId, lines: isize, _ctx: &mut Ctx<'_>) {
        self.top.scroll(lines, self.lines.get());
    }

    fn draw(&self, scene: &mut Scene<'_>, area: Rect) {
        let columns = area.width.saturating_sub(4).min(76);
        let room = usize::from(columns.saturating_sub(4));
        let theme = scene.paint.theme;
        let lines: Vec<_> = self
            .text
            .split('\n')
            .flat_map(|paragraph| {
                let (text, style) = match (paragraph.strip_prefix("# "), paragraph.strip_prefix("> ")) {
                    (Some(heading), _) => (heading, theme.heading),
                    (None, Some(figure)) => (figure, theme.hit),
                    (None, None) => (paragraph, theme.text),
                };
                wrap(text, room).into_iter().map(move |line| (line, style))
            })
            .collect();
        let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2).min(area.height);
        let place = centred(area, columns, height);
        let inner = padded(scene.overlay(place, &self.title, "Esc"));
        let fits = usize::from(inner.height);
        self.lines.set(lines.len().saturating_sub(fits) + 1);
        let offset = self.top.at.min(lines.len().saturating_sub(fits));
        for ((line, style), row) in lines.iter().skip(offset).zip(rows(inner)) {
            scene.paint.text(row, line, *style);
            scene.paint.target(row, crate::tui::component::hit::ClickTarget::Row(ListId::Page, 0));
        }
        scene.paint.scrollbar(inner, offset, lines.len());
    }
}
