//! The detail pane of most screens: beside the list where there is room, else instead of it.

use std::cell::Cell as Known;

use ratatui::{layout::Rect, style::Style};

use super::{
    hit::{ClickTarget, ListId},
    scene::Scene,
};
use crate::tui::{
    action::Action,
    widget::{
        chart::{Point, blocks},
        cursor::SelectedRow,
        paint::{padded, rows, shrink_left},
        text::{width, wrap},
    },
};

/// Focus and scroll position of the detail pane.
#[derive(Debug, Default)]
pub(crate) struct Detail {
    pub(crate) focused: bool,
    /// Whether the part with the focus has the whole width.
    alone: bool,
    scroll: SelectedRow,
    /// Lines that can be scrolled over, known once drawn.
    lines: Known<usize>,
}

/// The areas of the two parts; `None` for a part that is not shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Areas {
    pub(crate) list: Option<Rect>,
    pub(crate) side: Option<Rect>,
}

impl Detail {
    pub(crate) fn areas(&self, wide: bool, area: Rect) -> Areas {
        if !wide || self.alone {
            return if self.focused {
                Areas { list: None, side: Some(area) }
            } else {
                Areas { list: Some(area), side: None }
            };
        }
        let side = (area.width * 3 / 10).clamp(32, 48);
        let list = Rect { width: area.width - side, ..area };
        Areas { list: Some(list), side: Some(Rect { x: area.x + list.width, width: side, ..area }) }
    }

    /// Moves between the parts, or scrolls the detail while it has the focus. Returns whether the action was one of these.
    /// Without `rows` in the list there is no detail to move to.
    pub(crate) fn act(&mut self, action: Action, page: usize, rows: usize) -> bool {
        match action {
            Action::NextPane | Action::PreviousPane | Action::In if rows == 0 && !self.focused => {}
            Action::Enlarge => self.alone = !self.alone,
            Action::NextPane | Action::PreviousPane => self.turn(!self.focused),
            Action::In if !self.focused => self.turn(true),
            Action::Out if self.focused => self.turn(false),
            _ if self.focused => return self.scroll.act(action, self.lines.get().max(1), page),
            _ => return false,
        }
        true
    }

    pub(crate) fn wheel(&mut self, lines: isize) {
        self.scroll.scroll(lines, self.lines.get().max(1));
    }

    /// Moves the focus back to the list; returns whether the detail had it.
    pub(crate) fn back(&mut self) -> bool {
        let was = self.focused;
        self.turn(false);
        was
    }

    /// Scrolls back to the top, since another row is shown.
    pub(crate) fn rewind(&mut self) {
        self.scroll = SelectedRow::default();
    }

    fn turn(&mut self, focused: bool) {
        self.focused = focused;
        self.rewind();
    }

    /// Draws the detail in its frame.
    pub(crate) fn draw(&self, scene: &mut Scene<'_>, area: Rect, title: &str, lines: &[DetailLine]) {
        let focused = self.focused && scene.top;
        scene.beside = (scene.wide && scene.top && !self.focused).then_some(area);
        let inner = scene.paint.frame(area, title, if self.focused && !scene.wide { "Esc back" } else { "" }, focused);
        for row in rows(inner) {
            scene.paint.target(row, ClickTarget::Row(ListId::Side, 0));
        }
        let inner = padded(inner);
        let height = usize::from(inner.height);
        let foot = lines.iter().position(|line| matches!(line, DetailLine::Foot)).unwrap_or(lines.len());
        let (main, foot) = lines.split_at(foot);
        let mut laid = lay_out(main, usize::from(inner.width), scene.paint.theme);
        let foot = lay_out(foot, usize::from(inner.width), scene.paint.theme);
        // The foot stays in place while the lines above it come and go.
        let gap = height.saturating_sub(laid.len() + foot.len()).max(usize::from(!foot.is_empty()));
        laid.extend(std::iter::repeat_with(|| Laid::Blank).take(gap));
        laid.extend(foot);
        self.lines.set(laid.len().saturating_sub(height) + 1);
        let offset = self.scroll.at.min(laid.len().saturating_sub(height));
        let mut at = inner;
        for piece in laid.iter().skip(offset) {
            if at.height == 0 {
                break;
            }
            let line = Rect { height: 1, ..at };
            match piece {
                Laid::Pair(label, value, style) => {
                    let used = scene.paint.text(line, label, scene.paint.theme.muted);
                    scene.paint.text(shrink_left(line, used), value, *style);
                }
                Laid::Text(text, style) => {
                    scene.paint.text(line, text, *style);
                }
                Laid::Chart(points) => blocks(&mut scene.paint, Rect { height: at.height.min(CHART), ..at }, points),
                Laid::Under | Laid::Blank => {}
            }
            at.y += 1;
            at.height -= 1;
        }
    }
}

const CHART: u16 = 3;
const LABEL: usize = 12;

/// One line of the detail.
#[derive(Debug, Clone)]
pub(crate) enum DetailLine {
    /// In bold.
    Heading(String),
    /// A label and its value; left out when the value is empty.
    Pair(&'static str, String, Option<Style>),
    Text(String, Style),
    Chart(Vec<Point>),
    Blank,
    /// The lines after it are at the bottom of the pane.
    Foot,
}

impl DetailLine {
    pub(crate) fn pair(label: &'static str, value: impl Into<String>) -> Self {
        Self::Pair(label, value.into(), None)
    }
}

enum Laid<'a> {
    Pair(String, String, Style),
    Text(String, Style),
    Chart(&'a [Point]),
    /// Lines that a chart covers.
    Under,
    Blank,
}

fn lay_out<'a>(lines: &'a [DetailLine], columns: usize, theme: &crate::tui::theme::Theme) -> Vec<Laid<'a>> {
    let mut laid = Vec::new();
    for line in lines {
        match line {
            DetailLine::Heading(text) => {
                laid.extend(wrap(text, columns).into_iter().map(|line| Laid::Text(line, theme.heading)));
            }
            DetailLine::Pair(_, value, _) if value.is_empty() => {}
            DetailLine::Pair(label, value, style) => {
                let style = style.unwrap_or(theme.text);
                for (index, part) in wrap(value, columns.saturating_sub(LABEL)).into_iter().enumerate() {
                    let label = if index == 0 { *label } else { "" };
                    let gap = LABEL.saturating_sub(width(label));
                    laid.push(Laid::Pair(format!("{label}{:gap$}", ""), part, style));
                }
            }
            DetailLine::Text(text, style) => {
                laid.extend(wrap(text, columns).into_iter().map(|line| Laid::Text(line, *style)));
            }
            DetailLine::Chart(points) => {
                laid.push(Laid::Chart(points));
                laid.extend((1..CHART).map(|_| Laid::Under));
            }
            // The lines between two blanks may have been left out.
            DetailLine::Blank if matches!(laid.last(), None | Some(Laid::Blank)) => {}
            DetailLine::Foot => {}
            DetailLine::Blank => laid.push(Laid::Blank),
        }
    }
    laid
}
