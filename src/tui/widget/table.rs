//! Rows in columns. Only visible rows are formatted; columns that do not fit are dropped, the least important first.

use std::{borrow::Cow, collections::HashMap};

use ratatui::{layout::Rect, style::Style};

use super::{
    amount::AmountHalves,
    paint::{Paint, below, padded, rows},
    text::width,
};
use crate::tui::component::hit::{ClickTarget, ListId, ListMemory, scrolled};

/// The width of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    /// Exactly that.
    Fixed(u16),
    /// As wide as its visible content, within bounds; with a lower bound of 0 an empty column is dropped.
    Fit(u16, u16),
    /// At least that, and as wide as its visible content where there is room, so that figures stay near their names.
    Flex(u16),
    /// At least that, and the rest of the width.
    Fill(u16),
}

/// Flexible columns grow in steps of so many columns, so that they rarely move while rows change.
const FLEX_STEP: u16 = 4;

/// One column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TableColumn<'a> {
    pub(crate) title: &'a str,
    pub(crate) size: Size,
    pub(crate) right: bool,
    /// 0: never dropped; else the column with the highest rank is dropped first.
    pub(crate) rank: u8,
    /// Its index in the sort menu, if rows can be sorted by it.
    pub(crate) sort: Option<usize>,
    /// Whether it is shown where it fits at all, if names get shorter for it.
    pub(crate) vital: bool,
    /// Whether it keeps the width of the last frame, so that columns stay in place while their rows change; figures still
    /// get the room that they need.
    pub(crate) steady: bool,
}

impl<'a> TableColumn<'a> {
    pub(crate) const fn new(title: &'a str, size: Size) -> Self {
        Self { title, size, right: false, rank: 0, sort: None, vital: false, steady: false }
    }

    pub(crate) const fn vital(mut self) -> Self {
        self.vital = true;
        self
    }

    pub(crate) const fn right(mut self) -> Self {
        self.right = true;
        self
    }

    pub(crate) const fn rank(mut self, rank: u8) -> Self {
        self.rank = rank;
        self
    }

    pub(crate) const fn sort(mut self, place: usize) -> Self {
        self.sort = Some(place);
        self
    }

    const fn is_flexible(&self) -> bool {
        matches!(self.size, Size::Flex(_) | Size::Fill(_))
    }
}

/// The content of a cell.
#[derive(Debug, Clone)]
pub(crate) enum Cell {
    Text(Cow<'static, str>, Style),
    /// Aligned on the decimal mark with the others of its column.
    Figure(AmountHalves, Style),
    Empty,
}

impl Cell {
    pub(crate) fn text(text: impl Into<Cow<'static, str>>, style: Style) -> Self {
        Self::Text(text.into(), style)
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Text(text, _) => text.is_empty(),
            Self::Figure(..) => false,
            Self::Empty => true,
        }
    }
}

/// The content of a row.
#[derive(Debug, Clone)]
pub(crate) enum TableRow {
    Cells {
        cells: Vec<Cell>,
        /// Marked with the space bar.
        marked: bool,
        /// Applied to the whole row.
        style: Option<Style>,
    },
    /// A heading of the following rows, with a text at the right.
    Heading(String, String),
    /// A sentence over the whole width.
    Note(String, Style),
}

impl TableRow {
    pub(crate) fn cells(cells: Vec<Cell>) -> Self {
        Self::Cells { cells, marked: false, style: None }
    }
}

/// A table to be drawn.
pub(crate) struct TableView<'a> {
    pub(crate) list: ListId,
    pub(crate) columns: &'a [TableColumn<'a>],
    pub(crate) len: usize,
    pub(crate) selected: Option<usize>,
    pub(crate) focused: bool,
    pub(crate) headers: bool,
    /// Index of the sort column, and whether descending.
    pub(crate) sorted: Option<(usize, bool)>,
}

const GUTTER: u16 = 2;
const GAP: u16 = 2;
/// Free at the right end.
const MARGIN: u16 = 1;

impl TableView<'_> {
    /// Draws it, asking `row` for the visible rows only.
    pub(crate) fn draw(
        &self,
        paint: &mut Paint<'_>,
        lists: &mut HashMap<ListId, ListMemory>,
        area: Rect,
        mut row: impl FnMut(usize) -> TableRow,
    ) {
        let body = if self.headers { below(area, 1) } else { area };
        let height = usize::from(body.height);
        let memory = lists.entry(self.list).or_default();
        let offset = scrolled(memory.offset, self.selected.unwrap_or(memory.offset), self.len, height);
        memory.offset = offset;
        let visible: Vec<TableRow> = (offset..self.len.min(offset + height)).map(&mut row).collect();
        let figures = self.figure_widths(&visible);
        let shape = (area.width, self.len, self.sorted);
        let keys = self.keys();
        let known = |key: &String| memory.widths.get(key).copied().filter(|_| !key.is_empty());
        let of = keys.iter().map(|key| known(key).unwrap_or(0)).collect();
        let before = Widths { scrolled: memory.shape == shape, of };
        let widths = self.widths(area.width.saturating_sub(GUTTER + MARGIN), &visible, &figures, &before);
        memory.widths = keys.into_iter().zip(widths.iter().copied()).collect();
        memory.shape = shape;
        if self.headers {
            self.header(paint, area, &widths);
        }
        for ((index, content), line) in visible.into_iter().enumerate().zip(rows(body)) {
            let index = offset + index;
            paint.target(line, ClickTarget::Row(self.list, index));
            self.row(paint, line, index, &content, &widths, &figures);
        }
        paint.scrollbar(body, offset, self.len);
    }

    /// The names under which widths are remembered: titles, and in a table with headers also the place of a column without one.
    /// Others have no name and are not remembered: lists without headers have different columns under one id.
    fn keys(&self) -> Vec<String> {
        let key = |(index, column): (usize, &TableColumn<'_>)| match column.title {
            "" if self.headers => format!("\u{1f}{}", self.columns[index..].len()),
            title => title.to_owned(),
        };
        self.columns.iter().enumerate().map(key).collect()
    }

    fn figure_widths(&self, visible: &[TableRow]) -> Vec<(usize, usize)> {
        let mut widths = vec![(0, 0); self.columns.len()];
        for row in visible {
            let TableRow::Cells { cells, .. } = row else { continue };
            for (widths, cell) in widths.iter_mut().zip(cells) {
                if let Cell::Figure(figure, _) = cell {
                    let (whole, fraction) = figure.widths();
                    *widths = (widths.0.max(whole), widths.1.max(fraction));
                }
            }
        }
        widths
    }

    /// The width of each column; 0 for dropped columns. Columns keep the width of the last frame unless another one would be
    /// dropped for that; while a filter is typed, only a vital one counts.
    fn widths(&self, available: u16, visible: &[TableRow], figures: &[(usize, usize)], before: &Widths) -> Vec<u16> {
        let widths = self.laid_out(available, visible, figures, before);
        if !widths.contains(&0) || before.of.iter().all(|width| *width == 0) {
            return widths;
        }
        let fresh = self.laid_out(available, visible, figures, &Widths::default());
        let mut pairs = self.columns.iter().zip(widths.iter().zip(&fresh));
        let is_lost = |(column, (kept, fresh)): (&TableColumn<'_>, (&u16, &u16))| {
            *kept == 0 && *fresh > 0 && (column.vital || !column.steady)
        };
        if pairs.any(is_lost) { fresh } else { widths }
    }

    fn laid_out(&self, available: u16, visible: &[TableRow], figures: &[(usize, usize)], before: &Widths) -> Vec<u16> {
        let filled = |index: usize| {
            visible.iter().any(|row| match row {
                TableRow::Cells { cells, .. } => match cells.get(index) {
                    Some(Cell::Text(text, _)) => !text.is_empty(),
                    Some(Cell::Figure(..)) => true,
                    Some(Cell::Empty) | None => false,
                },
                TableRow::Heading(..) | TableRow::Note(..) => false,
            })
        };
        let content = |index: usize| {
            let cells = visible.iter().filter_map(|row| match row {
                TableRow::Cells { cells, .. } => cells.get(index),
                TableRow::Heading(..) | TableRow::Note(..) => None,
            });
            let text = cells.map(|cell| match cell {
                Cell::Text(text, _) => width(text),
                Cell::Figure(..) => figures[index].0 + figures[index].1,
                Cell::Empty => 0,
            });
            let title = width(self.columns[index].title) + usize::from(self.columns[index].sort.is_some()) * 2;
            u16::try_from(text.max().unwrap_or(0).max(title)).unwrap_or(u16::MAX)
        };
        let mut widths: Vec<u16> = self
            .columns
            .iter()
            .enumerate()
            .map(|(index, column)| match column.size {
                Size::Fixed(columns) | Size::Flex(columns) | Size::Fill(columns) => columns,
                Size::Fit(least, most) => match before.kept(index, column) {
                    kept if kept > 0 && column.steady && !column.right => kept,
                    kept => content(index).max(kept).clamp(least, most),
                },
            })
            .collect();
        let mut kept: Vec<bool> = (0..widths.len())
            .map(|index| {
                let column = &self.columns[index];
                !matches!(column.size, Size::Fit(0, _)) || filled(index) || before.kept(index, column) > 0
            })
            .collect();
        let needed = |kept: &[bool], widths: &[u16]| -> u32 {
            let used: u32 =
                kept.iter().zip(widths).filter(|(kept, _)| **kept).map(|(_, width)| u32::from(*width)).sum();
            let count = kept.iter().filter(|kept| **kept).count();
            used + u32::from(GAP) * u32::try_from(count.saturating_sub(1)).unwrap_or(0)
        };
        let mut dropped = Vec::new();
        while needed(&kept, &widths) > u32::from(available) {
            let last = (0..widths.len())
                .filter(|index| kept[*index] && self.columns[*index].rank > 0)
                .max_by_key(|index| self.columns[*index].rank);
            let Some(last) = last else { break };
            kept[last] = false;
            dropped.push(last);
        }
        // A narrow column fits where a wide one that is more important did not; only a vital one shortens names for that.
        let mut whole = widths.clone();
        for (index, width) in whole.iter_mut().enumerate() {
            if self.columns[index].is_flexible() {
                *width = (*width).max(content(index));
            }
        }
        for index in dropped.into_iter().rev() {
            kept[index] = true;
            let widths = if self.columns[index].vital { &widths } else { &whole };
            kept[index] = needed(&kept, widths) <= u32::from(available);
        }
        let mut spare = u16::try_from(u32::from(available).saturating_sub(needed(&kept, &widths))).unwrap_or(u16::MAX);
        let mut flexible: Vec<(u16, usize)> = (0..widths.len())
            .filter(|index| kept[*index] && self.columns[*index].is_flexible())
            .map(|index| {
                let column = &self.columns[index];
                let before = before.last(index, column);
                let wanted = match column.size {
                    Size::Fill(_) => u16::MAX,
                    _ if column.steady && before > 0 => before,
                    _ => content(index).next_multiple_of(FLEX_STEP).max(before),
                };
                (wanted.saturating_sub(widths[index]), index)
            })
            .collect();
        // Columns that need little get all of it; the others share the rest.
        flexible.sort_unstable();
        for (place, (missing, index)) in flexible.iter().enumerate() {
            let left = u16::try_from(flexible.len() - place).unwrap_or(u16::MAX);
            let extra = (*missing).min(spare / left);
            widths[*index] += extra;
            spare -= extra;
        }
        for (width, kept) in widths.iter_mut().zip(kept) {
            if !kept {
                *width = 0;
            }
        }
        widths
    }

    /// The columns from a cell to the next cell with content, for texts that are longer than their column.
    fn room(line: Rect, area: Rect, widths: &[u16], cells: &[Cell], at: usize) -> u16 {
        let mut areas = cell_areas(line, widths).zip(cells).skip(at + 1);
        let next = areas.find(|(area, cell)| area.is_some() && !cell.is_empty()).and_then(|(area, _)| area);
        next.map_or(line.right().saturating_sub(MARGIN), |next| next.x - GAP).saturating_sub(area.x)
    }

    /// The part of a line that the columns use.
    fn used(line: Rect, widths: &[u16]) -> Rect {
        let shown = widths.iter().filter(|width| **width > 0);
        let columns = shown.fold(0_u16, |used, width| used.saturating_add(*width).saturating_add(GAP));
        Rect { width: columns.saturating_sub(GAP).saturating_add(GUTTER + MARGIN).min(line.width), ..line }
    }

    fn header(&self, paint: &mut Paint<'_>, area: Rect, widths: &[u16]) {
        let style = paint.theme.header;
        for (column, cell) in self.columns.iter().zip(cell_areas(area, widths)) {
            let Some(cell) = cell else { continue };
            let title = match (column.sort, self.sorted) {
                (Some(place), Some((sorted, descending))) if place == sorted => {
                    format!("{} {}", column.title, if descending { "▼" } else { "▲" })
                }
                _ => column.title.to_owned(),
            };
            if column.right {
                paint.right(cell, &title, style);
            } else {
                paint.text(cell, &title, style);
            }
            if let Some(place) = column.sort {
                paint.target(cell, ClickTarget::Column(place));
            }
        }
    }

    fn row(
        &self,
        paint: &mut Paint<'_>,
        line: Rect,
        index: usize,
        content: &TableRow,
        widths: &[u16],
        figures: &[(usize, usize)],
    ) {
        let selected = self.selected == Some(index);
        match content {
            TableRow::Heading(title, right) => {
                let style = paint.theme.heading;
                let least = u16::try_from(width(title) + width(right)).unwrap_or(u16::MAX).saturating_add(2 * GUTTER);
                let columns = Self::used(line, widths).width;
                let line = padded(Rect { width: columns.max(least).min(line.width), ..line });
                let used = if right.is_empty() { 0 } else { paint.right(line, right, paint.theme.muted) + 1 };
                paint.text(Rect { width: line.width.saturating_sub(used), ..line }, title, style);
            }
            TableRow::Cells { cells, marked, style } => {
                for (at, ((cell, area), (column, figure))) in
                    cells.iter().zip(cell_areas(line, widths)).zip(self.columns.iter().zip(figures)).enumerate()
                {
                    let Some(mut area) = area else { continue };
                    if !self.headers && !column.right {
                        area.width = area.width.max(Self::room(line, area, widths, cells, at));
                    }
                    match cell {
                        Cell::Text(text, style) if column.right => paint.right(area, text, *style),
                        Cell::Text(text, style) => paint.text(area, text, *style),
                        Cell::Figure(value, style) => paint.right(area, &value.aligned(figure.0, figure.1), *style),
                        Cell::Empty => 0,
                    };
                }
                if let Some(style) = style {
                    paint.style(line, *style);
                }
                if *marked {
                    let style = paint.theme.marked;
                    paint.text(Rect { width: line.width.min(1), ..line }, "●", style);
                    paint.style(line, style);
                }
            }
            TableRow::Note(text, style) => {
                let room = Rect {
                    width: line.width.saturating_sub(GUTTER + MARGIN),
                    x: line.x + GUTTER.min(line.width),
                    ..line
                };
                paint.text(room, text, *style);
            }
        }
        if selected {
            let marked = matches!(content, TableRow::Cells { marked: true, .. });
            let style = if self.focused { paint.theme.selected } else { paint.theme.selected_idle };
            paint.style(line, style);
            let sign = match (marked, self.focused) {
                (true, _) => "◉",
                (false, true) => "▸",
                (false, false) => "›",
            };
            paint.text(Rect { width: line.width.min(1), ..line }, sign, style);
        }
    }
}

/// The widths of columns in the last frame.
#[derive(Default)]
struct Widths {
    /// Whether the list is the same since then, and at most scrolled.
    scrolled: bool,
    /// In the order of the columns; 0 for a column that was not there.
    of: Vec<u16>,
}

impl Widths {
    /// The width of a column in the last frame; 0 where it had none, or has no title and the list is another one since then.
    fn last(&self, index: usize, column: &TableColumn<'_>) -> u16 {
        let is_same = self.scrolled || !column.title.is_empty();
        self.of.get(index).copied().filter(|_| is_same).unwrap_or(0)
    }

    /// The width that a column keeps at least.
    fn kept(&self, index: usize, column: &TableColumn<'_>) -> u16 {
        if column.steady || self.scrolled { self.last(index, column) } else { 0 }
    }
}

/// The area of each column in a line; `None` for dropped columns.
fn cell_areas(line: Rect, widths: &[u16]) -> impl Iterator<Item = Option<Rect>> + use<'_> {
    let mut x = line.x.saturating_add(GUTTER);
    widths.iter().map(move |width| {
        if *width == 0 {
            return None;
        }
        let area = Rect { x, width: (*width).min(line.right().saturating_sub(x)), ..line };
        x = x.saturating_add(*width).saturating_add(GAP);
        (area.width > 0).then_some(area)
    })
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::Buffer;

    use super::*;
    use crate::tui::theme::{Theme, ThemeName};

    #[test]
    fn columns_that_keep_their_widths_never_push_out_a_vital_one() {
        let theme = Theme::of(ThemeName::Plain);
        let steady = |column: TableColumn<'static>| TableColumn { steady: true, ..column };
        let columns = [
            steady(TableColumn::new("Payee", Size::Flex(8))),
            steady(TableColumn::new("Account", Size::Fit(4, 30))),
            TableColumn::new("State", Size::Fit(0, 9)).rank(4).vital(),
        ];
        let mut lists = HashMap::new();
        let mut drawn = |account: &'static str, state: &'static str| {
            let area = Rect::new(0, 0, 40, 3);
            let mut buffer = Buffer::empty(area);
            let (mut targets, mut cursor) = (Vec::new(), None);
            let mut paint =
                Paint { buffer: &mut buffer, theme: &theme, targets: &mut targets, cursor: &mut cursor, masked: false };
            let table = TableView {
                list: ListId::Accounts,
                columns: &columns,
                len: 1,
                selected: None,
                focused: true,
                headers: true,
                sorted: None,
            };
            table.draw(&mut paint, &mut lists, area, |_| {
                TableRow::cells(vec![
                    Cell::text("Corner Foods", theme.text),
                    Cell::text(account, theme.text),
                    Cell::text(state, theme.text),
                ])
            });
            (0..area.width).map(|x| buffer[(x, 1)].symbol()).collect::<String>()
        };
        assert!(drawn("An account with a very long na", "").contains("very long"));
        assert!(drawn("Short", "pending").contains("pending"));
    }
}
