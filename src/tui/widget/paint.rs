//! Writes text to the frame: cleaned, clipped and styled by role; also records click targets.
//!
//! INVARIANT: never writes outside the frame, whatever the coordinates.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::{Modifier, Style},
};

use super::text;
use crate::tui::{component::hit::ClickTarget, theme::Theme};

/// A frame being drawn.
pub(crate) struct Paint<'a> {
    pub(crate) buffer: &'a mut Buffer,
    pub(crate) theme: &'a Theme,
    /// Click targets; later entries are above earlier ones.
    pub(crate) targets: &'a mut Vec<(Rect, ClickTarget)>,
    /// The terminal cursor, while text is typed.
    pub(crate) cursor: &'a mut Option<Position>,
    /// Whether amounts are hidden.
    pub(crate) masked: bool,
}

impl Paint<'_> {
    /// Writes `text` at the start of `area`'s first line; returns the columns used.
    pub(crate) fn text(&mut self, area: Rect, text: &str, style: Style) -> u16 {
        let area = area.intersection(self.buffer.area);
        if area.is_empty() {
            return 0;
        }
        let shown = text::fit(text, usize::from(area.width));
        let (end, _) = self.buffer.set_stringn(area.x, area.y, &shown, usize::from(area.width), style);
        end.saturating_sub(area.x)
    }

    /// Writes `text` so that it ends at the end of `area`'s first line; returns the columns used.
    pub(crate) fn right(&mut self, area: Rect, text: &str, style: Style) -> u16 {
        let shown = text::fit(text, usize::from(area.width)).into_owned();
        let used = u16::try_from(text::width(&shown)).unwrap_or(area.width).min(area.width);
        let start = Rect { x: area.x + area.width - used, width: used, ..area };
        self.text(start, &shown, style)
    }

    /// Writes pieces one after the other; returns the columns used.
    pub(crate) fn pieces(&mut self, area: Rect, pieces: &[(&str, Style)]) -> u16 {
        let mut used = 0;
        for (text, style) in pieces {
            if used >= area.width {
                break;
            }
            used += self.text(Rect { x: area.x + used, width: area.width - used, ..area }, text, *style);
        }
        used
    }

    /// Applies a style to every cell of `area`.
    pub(crate) fn style(&mut self, area: Rect, style: Style) {
        let area = area.intersection(self.buffer.area);
        self.buffer.set_style(area, style);
        if style.add_modifier.contains(Modifier::CROSSED_OUT) {
            self.strike_texts_only(area);
        }
    }

    /// Takes the line through blanks off, unless they are between two words.
    fn strike_texts_only(&mut self, area: Rect) {
        for y in area.top()..area.bottom() {
            let is_blank = |x: u16, buffer: &Buffer| buffer.cell((x, y)).is_none_or(|cell| cell.symbol() == " ");
            let gaps: Vec<u16> = (area.left()..area.right())
                .filter(|x| {
                    let is_before = *x == area.left() || is_blank(x - 1, self.buffer);
                    let is_behind = x + 1 == area.right() || is_blank(x + 1, self.buffer);
                    is_blank(*x, self.buffer) && (is_before || is_behind)
                })
                .collect();
            for x in gaps {
                if let Some(cell) = self.buffer.cell_mut((x, y)) {
                    cell.modifier.remove(Modifier::CROSSED_OUT);
                }
            }
        }
    }

    /// Empties `area`, for overlays.
    pub(crate) fn clear(&mut self, area: Rect) {
        let area = area.intersection(self.buffer.area);
        for y in area.top()..area.bottom() {
            // A wide character left of the area would reach into it.
            if area.x > 0
                && let Some(cell) = self.buffer.cell_mut((area.x - 1, y))
                && text::width(cell.symbol()) > 1
            {
                cell.set_symbol(" ");
            }
            for x in area.left()..area.right() {
                if let Some(cell) = self.buffer.cell_mut((x, y)) {
                    cell.reset();
                }
            }
        }
    }

    /// Records the target of clicks in `area`.
    pub(crate) fn target(&mut self, area: Rect, target: ClickTarget) {
        let area = area.intersection(self.buffer.area);
        if !area.is_empty() {
            self.targets.push((area, target));
        }
    }

    /// A frame with a title and a text at its right end; returns the area inside.
    pub(crate) fn frame(&mut self, area: Rect, title: &str, right: &str, focused: bool) -> Rect {
        let theme = self.theme;
        let (border, title_style) =
            if focused { (theme.border_focus, theme.title_focus) } else { (theme.border, theme.title) };
        self.outline(area, border);
        let line = Rect { x: area.x + 1.min(area.width), width: area.width.saturating_sub(2), height: 1, ..area };
        if !right.is_empty() && usize::from(line.width) > text::width(title) + text::width(right) + 5 {
            let used = self.right(shrink_right(line, 1), &format!(" {right} "), title_style);
            let title_area = shrink_right(line, used + 2);
            self.text(title_area, &format!(" {title} "), title_style);
        } else if !title.is_empty() {
            self.text(line, &format!(" {title} "), title_style);
        }
        inset(area)
    }

    fn outline(&mut self, area: Rect, style: Style) {
        if area.width < 2 || area.height < 2 {
            return;
        }
        let (left, right, top, bottom) = (area.left(), area.right() - 1, area.top(), area.bottom() - 1);
        let mut set = |x, y, symbol: &str| {
            if let Some(cell) = self.buffer.cell_mut((x, y)) {
                cell.set_symbol(symbol).set_style(style);
            }
        };
        for x in left..=right {
            set(x, top, "─");
            set(x, bottom, "─");
        }
        for y in top..=bottom {
            set(left, y, "│");
            set(right, y, "│");
        }
        set(left, top, "┌");
        set(right, top, "┐");
        set(left, bottom, "└");
        set(right, bottom, "┘");
    }

    /// A scroll bar on the right border of a list whose rows do not all fit.
    pub(crate) fn scrollbar(&mut self, inner: Rect, offset: usize, len: usize) {
        let height = usize::from(inner.height);
        if len <= height || height == 0 {
            return;
        }
        let thumb = (height * height / len).max(1);
        let top = offset * (height - thumb) / (len - height).max(1);
        for y in top..(top + thumb).min(height) {
            let at = (inner.right(), inner.y + u16::try_from(y).unwrap_or(0));
            if let Some(cell) = self.buffer.cell_mut(at) {
                cell.set_symbol("┃").set_style(self.theme.muted);
            }
        }
    }

    /// Lines of plain text, wrapped; returns how many lines there are.
    pub(crate) fn paragraph(&mut self, area: Rect, text: &str, style: Style) -> u16 {
        let lines = text::wrap(text, usize::from(area.width));
        for (line, row) in lines.iter().zip(rows(area)) {
            self.text(row, line, style);
        }
        u16::try_from(lines.len()).unwrap_or(u16::MAX).min(area.height)
    }
}

/// The area inside a box.
pub(crate) fn inset(area: Rect) -> Rect {
    if area.width < 2 || area.height < 2 {
        return Rect { width: 0, height: 0, ..area };
    }
    Rect { x: area.x + 1, y: area.y + 1, width: area.width - 2, height: area.height - 2 }
}

/// `area` with a column free on both sides.
pub(crate) fn padded(area: Rect) -> Rect {
    if area.width < 4 { area } else { Rect { x: area.x + 1, width: area.width - 2, ..area } }
}

/// `area` without its last `columns`.
pub(crate) fn shrink_right(area: Rect, columns: u16) -> Rect {
    Rect { width: area.width.saturating_sub(columns), ..area }
}

/// `area` without its first `lines`.
pub(crate) fn below(area: Rect, lines: u16) -> Rect {
    let lines = lines.min(area.height);
    Rect { y: area.y + lines, height: area.height - lines, ..area }
}

/// The first `lines` of `area`.
pub(crate) fn top(area: Rect, lines: u16) -> Rect {
    Rect { height: area.height.min(lines), ..area }
}

/// `area` without its last `lines`.
pub(crate) fn above(area: Rect, lines: u16) -> Rect {
    Rect { height: area.height.saturating_sub(lines), ..area }
}

/// The last `lines` of `area`.
pub(crate) fn bottom(area: Rect, lines: u16) -> Rect {
    let lines = lines.min(area.height);
    Rect { y: area.y + area.height - lines, height: lines, ..area }
}

/// `area` without its first `columns`.
pub(crate) fn shrink_left(area: Rect, columns: u16) -> Rect {
    let columns = columns.min(area.width);
    Rect { x: area.x + columns, width: area.width - columns, ..area }
}

/// The lines of `area`, one by one.
pub(crate) fn rows(area: Rect) -> impl Iterator<Item = Rect> {
    (area.top()..area.bottom()).map(move |y| Rect { y, height: 1, ..area })
}

/// Columns beside a box from which the text behind it can be recognised.
const FRAGMENT: u16 = 10;

/// A box of at most that size in the middle of `area`. It takes the whole width where only fragments would be left beside it.
pub(crate) fn centred(area: Rect, width: u16, height: u16) -> Rect {
    let width = if width + FRAGMENT > area.width { area.width } else { width };
    let height = height.min(area.height);
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::ThemeName;

    #[test]
    fn the_line_through_a_row_leaves_the_gaps_between_its_texts_out() {
        let area = Rect::new(0, 0, 18, 1);
        let (mut buffer, mut targets, mut cursor) = (Buffer::empty(area), Vec::new(), None);
        let theme = Theme::of(ThemeName::Dark);
        let (targets, cursor) = (&mut targets, &mut cursor);
        let mut paint = Paint { buffer: &mut buffer, theme: &theme, targets, cursor, masked: false };
        paint.text(area, " my bank    3  ab ", Style::new());
        paint.style(area, theme.struck);
        let is_struck = |x: u16| buffer[(x, 0)].modifier.contains(Modifier::CROSSED_OUT);
        let line: String = (0..area.width).map(|x| if is_struck(x) { 'x' } else { '.' }).collect();
        assert_eq!(line, ".xxxxxxx....x..xx.");
    }
}
