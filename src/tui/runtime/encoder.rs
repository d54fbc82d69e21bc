//! The bytes that bring a terminal from one frame to the next, as few as the cells allow.
//!
//! Used by the backend of the real terminal, for lines where bytes are slow. It keeps a copy of the screen, so it can skip
//! invisible changes (the colour of a blank), keep the style across frames, and move over short gaps by writing
//! what is there.
//!
//! INVARIANT: after the bytes of a frame the terminal shows exactly the cells of that frame. Only sequences of the VT220 and
//! xterm's colours are written.

use ratatui::{
    buffer::Cell,
    style::{Color, Modifier},
};
use unicode_width::UnicodeWidthStr as _;

use super::{
    sgr::{Look, change_style},
    shift::Shift,
};

/// A cell as the terminal shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Glyph {
    symbol: String,
    look: Look,
}

/// Modifiers that a blank shows.
const ON_BLANKS: Modifier = Modifier::UNDERLINED.union(Modifier::REVERSED).union(Modifier::CROSSED_OUT);
/// Cells of a blank stretch from which erasing is shorter than blanks.
const ERASE_FROM: usize = 10;
/// Most runs that are ordered by their distance: the time is quadratic, a millisecond for as many.
const MOST_ORDERED: usize = 320;
/// Bytes of a frame from which a move of rows is looked for.
const SHIFT_FROM: usize = 500;
/// The longest gap that is written again instead of skipped.
const GAP: u16 = 4;

impl Glyph {
    fn new(cell: &Cell) -> Self {
        let mut look = Look { fg: cell.fg, bg: cell.bg, modifier: cell.modifier };
        let symbol = cell.symbol();
        if symbol == " " && !look.modifier.intersects(ON_BLANKS) {
            look.fg = Color::Reset;
            look.modifier = Modifier::empty();
        }
        Self { symbol: symbol.to_owned(), look }
    }

    fn blank() -> Self {
        Self { symbol: " ".to_owned(), look: Look::default() }
    }

    fn is_wide(&self) -> bool {
        self.symbol.width() > 1
    }

    /// A blank without any decoration.
    fn is_blank(&self) -> bool {
        self.symbol == " " && !self.look.modifier.intersects(ON_BLANKS)
    }

    /// Whether the glyph looks right when written in `look`.
    fn fits(&self, look: Look) -> bool {
        self.look == look || self.is_blank() && self.look.bg == look.bg && !look.modifier.intersects(ON_BLANKS)
    }

    fn is_erased(&self) -> bool {
        self.is_blank() && self.look.bg == Color::Reset
    }
}

/// Changed cells side by side that one style fits.
#[derive(Debug, Clone, Copy)]
struct Run {
    x: u16,
    y: u16,
    /// Cells.
    len: u16,
    look: Look,
}

/// The style and the cursor of the terminal, as far as they are known.
#[derive(Debug, Clone, Default)]
struct Pen {
    look: Look,
    /// `None` if it is unknown.
    at: Option<(u16, u16)>,
}

/// The state of a terminal, and the bytes to the next one.
#[derive(Debug, Clone, Default)]
pub(super) struct FrameEncoder {
    width: u16,
    height: u16,
    /// By row; `None` if the cell is unknown.
    cells: Vec<Option<Glyph>>,
    pen: Pen,
}

impl FrameEncoder {
    /// The terminal has this size, shows nothing and has no style.
    pub(super) fn cleared(&mut self, width: u16, height: u16) {
        self.cells = vec![Some(Glyph::blank()); usize::from(width) * usize::from(height)];
        (self.width, self.height) = (width, height);
        self.pen = Pen::default();
    }

    /// The cursor was moved there.
    pub(super) fn moved(&mut self, x: u16, y: u16) {
        self.pen.at = Some((x, y));
    }

    fn place(&self, x: u16, y: u16) -> usize {
        usize::from(y) * usize::from(self.width) + usize::from(x)
    }

    /// The bytes that show `cells`, given by row and column.
    pub(super) fn frame<'a>(&mut self, cells: impl Iterator<Item = (u16, u16, &'a Cell)>) -> String {
        let cells: Vec<_> = cells.filter(|(x, y, _)| *x < self.width && *y < self.height).collect();
        // Every changed cell takes a byte at least, and few frames are long.
        let before = (cells.len() > SHIFT_FROM / 4).then(|| self.cells.clone());
        let (changed, has_wide) = self.put(&cells);
        let mut shortest = self.shortest(&self.pen, &changed, has_wide);
        if shortest.0.len() > SHIFT_FROM
            && let Some(shifted) = before.and_then(|before| self.shifted(before))
            && shifted.0.len() < shortest.0.len()
        {
            shortest = shifted;
        }
        self.pen = shortest.1;
        shortest.0
    }

    /// Takes over cells; returns those that changed, and whether wide glyphs are among them.
    fn put(&mut self, cells: &[(u16, u16, &Cell)]) -> (Vec<(u16, u16)>, bool) {
        let (mut changed, mut has_wide) = (Vec::new(), false);
        let mut cells = cells.iter().copied().peekable();
        while let Some((x, y, cell)) = cells.next() {
            let (place, glyph) = (self.place(x, y), Glyph::new(cell));
            let old = self.cells[place].take();
            if old.as_ref() == Some(&glyph) {
                self.cells[place] = old;
                continue;
            }
            let mut last = old;
            let mut end = x + 1;
            if glyph.is_wide() {
                has_wide = true;
                last = (end < self.width).then(|| self.cells[place + 1].take()).flatten();
                end += 1;
            }
            self.cells[place] = Some(glyph);
            changed.push((x, y));
            // A wide glyph that is overwritten in part leaves its other half. It is blank in the frame, but terminals
            // differ in its colour.
            if last.as_ref().is_some_and(Glyph::is_wide) && end < self.width {
                has_wide = true;
                if cells.peek().is_none_or(|(next, line, _)| (*next, *line) != (end, y)) {
                    let half = self.place(end, y);
                    self.cells[half] = Some(Glyph::blank());
                    changed.push((end, y));
                }
            }
        }
        (changed, has_wide)
    }

    /// The bytes of a frame whose rows are moved first, if rows moved.
    fn shifted(&self, before: Vec<Option<Glyph>>) -> Option<(String, Pen)> {
        let width = usize::from(self.width);
        let shift = Shift::find(&before, &self.cells, width)?;
        // Half a wide glyph is not a cell that can be written again.
        if before.iter().chain(&self.cells).flatten().any(Glyph::is_wide) {
            return None;
        }
        let (mut out, mut pen) = (String::new(), self.pen.clone());
        change_style(&mut out, &mut pen.look, Look::default());
        shift.write(&mut out);
        pen.at = None;
        let mut moved = before;
        shift.apply(&mut moved, width, &Some(Glyph::blank()));
        let places = (0..self.height).flat_map(|y| (0..self.width).map(move |x| (x, y)));
        let changed = places.zip(moved.iter().zip(&self.cells)).filter(|(_, (old, new))| old != new);
        let changed: Vec<(u16, u16)> = changed.map(|(place, _)| place).collect();
        let (rest, pen) = self.shortest(&pen, &changed, false);
        Some((out + &rest, pen))
    }

    /// The shortest of some orders in which the changed cells can be written, from the state `start` of the pen.
    fn shortest(&self, start: &Pen, changed: &[(u16, u16)], has_wide: bool) -> (String, Pen) {
        let by_row = self.runs(changed);
        let first = self.written(start, &by_row);
        // A wide glyph that is cut in half changes the cell beside it, so the order of cells counts.
        if has_wide {
            return first;
        }
        let mut looks: Vec<Look> = vec![start.look];
        for run in &by_row {
            if !looks.contains(&run.look) {
                looks.push(run.look);
            }
        }
        let mut by_look = by_row.clone();
        by_look.sort_by_key(|run| looks.iter().position(|look| *look == run.look));
        let others = [by_look, nearest_first(start, &by_row, &looks)];
        let tried = others.iter().map(|runs| self.written(start, runs));
        tried.fold(first, |best, next| if next.0.len() < best.0.len() { next } else { best })
    }

    fn runs(&self, changed: &[(u16, u16)]) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for (x, y) in changed {
            let Some(glyph) = &self.cells[self.place(*x, *y)] else { continue };
            let width = u16::try_from(glyph.symbol.width().max(1)).unwrap_or(1);
            match runs.last_mut() {
                Some(run) if self.joins(run, *x, *y, glyph) => {
                    run.look = self.joined(run, glyph);
                    run.len = *x + width - run.x;
                }
                _ => runs.push(Run { x: *x, y: *y, len: width, look: glyph.look }),
            }
        }
        runs
    }

    /// Whether a changed glyph belongs to a run: side by side, or behind a short gap that is written again.
    fn joins(&self, run: &Run, x: u16, y: u16, glyph: &Glyph) -> bool {
        let end = run.x + run.len;
        let look = self.joined(run, glyph);
        if run.y != y || end > x || x - end > GAP || !glyph.fits(look) {
            return false;
        }
        self.fits(run, look)
            && (end..x).all(|x| {
                let between = self.cells[self.place(x, y)].as_ref();
                between.is_some_and(|glyph| glyph.fits(look) && !glyph.is_wide())
            })
    }

    /// The look of a run with one more glyph: that of its first glyph with a look, since blanks show none.
    fn joined(&self, run: &Run, glyph: &Glyph) -> Look {
        let first = self.place(run.x, run.y);
        let run_is_blank = self.cells[first..first + usize::from(run.len)].iter().flatten().all(Glyph::is_blank);
        if run_is_blank { glyph.look } else { run.look }
    }

    fn written(&self, start: &Pen, runs: &[Run]) -> (String, Pen) {
        let (mut out, mut pen) = (String::new(), start.clone());
        for run in runs {
            self.go(&mut out, &mut pen, run);
            if !self.fits(run, pen.look) {
                change_style(&mut out, &mut pen.look, run.look);
            }
            self.write(&mut out, &mut pen, run);
        }
        (out, pen)
    }

    /// Whether all glyphs of a run look right in a style.
    fn fits(&self, run: &Run, look: Look) -> bool {
        let first = self.place(run.x, run.y);
        self.cells[first..first + usize::from(run.len)].iter().flatten().all(|glyph| glyph.fits(look))
    }

    /// Moves the cursor to the start of a run.
    fn go(&self, out: &mut String, pen: &mut Pen, run: &Run) {
        if pen.at == Some((run.x, run.y)) {
            return;
        }
        let absolute =
            if run.x == 0 { format!("\u{1b}[{}H", run.y + 1) } else { format!("\u{1b}[{};{}H", run.y + 1, run.x + 1) };
        let relative = pen.at.map(|(x, y)| {
            let sideways = self.rewritten(x, run, pen.look).filter(|_| y == run.y);
            let sideways = sideways.unwrap_or_else(|| sideways_by(x, run.x));
            format!("{}{sideways}", upright_by(y, run.y))
        });
        out.push_str(relative.as_deref().filter(|shorter| shorter.len() < absolute.len()).unwrap_or(&absolute));
        pen.at = Some((run.x, run.y));
    }

    /// The glyphs of a short gap before a run, if writing them again changes nothing.
    fn rewritten(&self, x: u16, run: &Run, look: Look) -> Option<String> {
        if x > run.x || run.x - x > GAP {
            return None;
        }
        let gap = (x..run.x).map(|x| self.cells[self.place(x, run.y)].as_ref());
        let gap: Option<Vec<&Glyph>> = gap.collect();
        let gap = gap.filter(|gap| gap.iter().all(|glyph| glyph.fits(look) && glyph.symbol.width() == 1))?;
        Some(gap.into_iter().map(|glyph| glyph.symbol.as_str()).collect())
    }

    /// Writes the glyphs of a run; long blank stretches are erased.
    fn write(&self, out: &mut String, pen: &mut Pen, run: &Run) {
        let first = self.place(run.x, run.y);
        let glyphs = &self.cells[first..first + usize::from(run.len)];
        let end = run.x + run.len;
        let mut at = 0;
        while at < glyphs.len() {
            let Some(glyph) = &glyphs[at] else {
                // The second half of a wide glyph.
                at += 1;
                continue;
            };
            let blanks = glyphs[at..].iter().take_while(|it| it.as_ref().is_some_and(Glyph::is_erased)).count();
            let is_last = at + blanks == glyphs.len();
            if blanks >= ERASE_FROM || is_last && blanks > 5 {
                let width = u16::try_from(blanks).unwrap_or(0);
                let reaches_edge = is_last && end == self.width;
                if reaches_edge {
                    out.push_str("\u{1b}[K");
                } else {
                    out.push_str(&step(width, 'X'));
                }
                if is_last {
                    pen.at = Some((end - width, run.y));
                    return;
                }
                out.push_str(&step(width, 'C'));
                at += blanks;
            } else {
                out.push_str(&glyph.symbol);
                at += 1;
            }
        }
        // At the edge the cursor stays on the last column, or wraps: terminals differ.
        pen.at = (end < self.width).then_some((end, run.y));
    }
}

/// The runs in an order in which each next one is the cheapest to reach from the one before.
fn nearest_first(start: &Pen, runs: &[Run], looks: &[Look]) -> Vec<Run> {
    if runs.len() > MOST_ORDERED {
        return runs.to_vec();
    }
    let place = |look: Look| looks.iter().position(|known| *known == look).unwrap_or(0);
    let change = |from: Look, to: Look| {
        let mut out = String::new();
        change_style(&mut out, &mut from.clone(), to);
        out.len()
    };
    let changes: Vec<Vec<usize>> =
        looks.iter().map(|from| looks.iter().map(|to| change(*from, *to)).collect()).collect();
    let mut left: Vec<(Run, usize)> = runs.iter().map(|run| (*run, place(run.look))).collect();
    let (mut at, mut look) = (start.at, 0);
    let mut ordered = Vec::with_capacity(runs.len());
    while !left.is_empty() {
        let cost = |(run, other): &(Run, usize)| move_cost(at, (run.x, run.y)) + changes[look][*other];
        let next = (0..left.len()).min_by_key(|index| cost(&left[*index])).unwrap_or(0);
        let (run, other) = left.remove(next);
        (at, look) = (Some((run.x + run.len, run.y)), other);
        ordered.push(run);
    }
    ordered
}

/// About the bytes that move the cursor.
fn move_cost(from: Option<(u16, u16)>, to: (u16, u16)) -> usize {
    let digits = |number: u16| usize::from(number >= 10) + usize::from(number >= 100) + 1;
    let step = |count: u16| if count == 1 { 3 } else { 3 + digits(count) };
    let absolute = 4 + digits(to.1 + 1) + digits(to.0 + 1);
    let Some((x, y)) = from else { return absolute };
    let upright = match (y, to.1) {
        (y, to) if y < to && to - y <= 3 => usize::from(to - y),
        (y, to) if y == to => 0,
        (y, to) => step(y.abs_diff(to)),
    };
    let sideways = match (x, to.0) {
        (x, to) if x == to => 0,
        (x, to) if x > to && (to == 0 || x - to <= 3) => usize::from(x - to).min(3),
        (x, to) => step(x.abs_diff(to)),
    };
    absolute.min(upright + sideways)
}

/// Moves the cursor between rows: line feeds down, which move it straight down as long as there is a row below.
fn upright_by(from: u16, to: u16) -> String {
    match (from, to) {
        (from, to) if from < to && to - from <= 3 => "\n".repeat(usize::from(to - from)),
        (from, to) if from < to => step(to - from, 'B'),
        (from, to) if from > to => step(from - to, 'A'),
        _ => String::new(),
    }
}

/// Moves the cursor within its row.
fn sideways_by(from: u16, to: u16) -> String {
    match (from, to) {
        (from, to) if from < to => step(to - from, 'C'),
        (from, 0) if from > 0 => "\r".to_owned(),
        (from, to) if from > to && from - to <= 3 => "\u{8}".repeat(usize::from(from - to)),
        (from, to) if from > to => {
            let from_edge = format!("\r{}", step(to, 'C'));
            let back = step(from - to, 'D');
            if from_edge.len() < back.len() { from_edge } else { back }
        }
        _ => String::new(),
    }
}

fn step(count: u16, letter: char) -> String {
    if count == 1 { format!("\u{1b}[{letter}") } else { format!("\u{1b}[{count}{letter}") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::{buffer::Buffer, layout::Rect, style::Style};

    use super::*;

    const SIZE: Rect = Rect { x: 0, y: 0, width: 24, height: 5 };

    fn styles() -> impl Strategy<Value = Style> {
        let colours = prop::sample::select(vec![Color::Reset, Color::Red, Color::DarkGray, Color::Indexed(252)]);
        let modifiers = prop::sample::select(vec![
            Modifier::empty(),
            Modifier::BOLD,
            Modifier::DIM,
            Modifier::REVERSED,
            Modifier::UNDERLINED | Modifier::BOLD,
        ]);
        (colours.clone(), colours, modifiers)
            .prop_map(|(fg, bg, modifier)| Style::new().fg(fg).bg(bg).add_modifier(modifier))
    }

    type Text = (u16, u16, String, Style);

    fn frames() -> impl Strategy<Value = Vec<Vec<Text>>> {
        let text = (0..SIZE.width, 0..SIZE.height, "[ab 日é]{0,24}", styles());
        prop::collection::vec(prop::collection::vec(text, 0..8), 1..6)
    }

    fn buffer(texts: &[Text]) -> Buffer {
        let mut buffer = Buffer::empty(SIZE);
        for (x, y, text, style) in texts {
            buffer.set_stringn(*x, *y, text, usize::from(SIZE.width - x), *style);
        }
        buffer
    }

    /// Text, colours and modifiers of each cell.
    fn shown(screen: &vt100::Screen) -> Vec<String> {
        let cells = (0..SIZE.height).flat_map(|y| (0..SIZE.width).map(move |x| (x, y)));
        cells
            .map(|(x, y)| {
                let cell = screen.cell(y, x).unwrap();
                let text = if cell.contents().is_empty() { " " } else { cell.contents() };
                // The colour of letters is seen where there are letters.
                let plain = text == " " && !cell.underline() && !cell.inverse();
                let (fg, bold, dim) = if plain {
                    (vt100::Color::Default, false, false)
                } else {
                    (cell.fgcolor(), cell.bold(), cell.dim())
                };
                if cell.is_wide_continuation() {
                    return String::new();
                }
                format!("{text}{fg:?}{:?}{bold}{dim}{}{}", cell.bgcolor(), cell.inverse(), cell.underline())
            })
            .collect()
    }

    fn cells(cells: u16) -> std::num::NonZeroU16 {
        std::num::NonZeroU16::new(cells).unwrap()
    }

    fn parser() -> vt100::Parser {
        vt100::Parser::new(cells(SIZE.height), cells(SIZE.width), 0)
    }

    proptest! {
        #[test]
        fn a_terminal_shows_each_frame_as_if_drawn_on_an_empty_one(frames in frames()) {
            let (mut encoder, mut terminal) = (FrameEncoder::default(), parser());
            encoder.cleared(SIZE.width, SIZE.height);
            let mut before = Buffer::empty(SIZE);
            for texts in &frames {
                let after = buffer(texts);
                terminal.process(encoder.frame(before.diff(&after).into_iter()).as_bytes());
                let (mut fresh, mut empty) = (FrameEncoder::default(), parser());
                fresh.cleared(SIZE.width, SIZE.height);
                empty.process(fresh.frame(Buffer::empty(SIZE).diff(&after).into_iter()).as_bytes());
                prop_assert_eq!(shown(terminal.screen()), shown(empty.screen()));
                let text: Vec<String> = (0..SIZE.height).map(|y| (0..SIZE.width)
                    .map(|x| terminal.screen().cell(y, x).unwrap().contents().to_owned())
                    .map(|text| if text.is_empty() { " ".to_owned() } else { text }).collect()).collect();
                for (y, line) in text.iter().enumerate() {
                    let mut wanted = String::new();
                    let mut x = 0;
                    while x < SIZE.width {
                        let symbol = after[(x, u16::try_from(y).unwrap())].symbol();
                        wanted.push_str(symbol);
                        if symbol.width() > 1 {
                            wanted.push(' ');
                        }
                        x += u16::try_from(symbol.width().max(1)).unwrap();
                    }
                    prop_assert_eq!(line, &wanted);
                }
                before = after;
            }
        }
    }

    #[test]
    fn a_list_that_scrolls_beside_a_text_that_stays_is_moved() {
        let area = Rect::new(0, 0, 100, 30);
        let colours = [Color::Red, Color::Reset, Color::Indexed(80)];
        let frame = |first: usize, selected: u16| {
            let mut buffer = Buffer::empty(area);
            buffer.set_string(0, 0, "a title", Style::new().bg(Color::Blue));
            for y in 1..29_u16 {
                let row = first + usize::from(y);
                let style =
                    Style::new().fg(colours[row % 3]).bg(if y == selected { Color::Blue } else { Color::Reset });
                buffer.set_string(
                    0,
                    y,
                    format!("{:<60}", format!("{row} {:?}", [row * 7919, row * 104_729, row * 65_537, row * 31])),
                    style,
                );
                buffer.set_string(70, y, if y % 4 == 0 { "a line of the text" } else { "" }, Style::new());
            }
            buffer
        };
        let (mut encoder, mut terminal) = (FrameEncoder::default(), vt100::Parser::new(cells(30), cells(100), 0));
        encoder.cleared(area.width, area.height);
        let mut before = Buffer::empty(area);
        let mut sizes = Vec::new();
        for (first, selected) in [(0, 5), (1, 27), (2, 27), (3, 27), (6, 27), (5, 1), (4, 1), (1, 3), (400, 3)] {
            let after = frame(first, selected);
            let bytes = encoder.frame(before.diff(&after).into_iter());
            terminal.process(bytes.as_bytes());
            sizes.push(bytes.len());
            let mut empty = vt100::Parser::new(cells(30), cells(100), 0);
            let mut fresh = FrameEncoder::default();
            fresh.cleared(area.width, area.height);
            empty.process(fresh.frame(Buffer::empty(area).diff(&after).into_iter()).as_bytes());
            let lines = |terminal: &vt100::Parser| {
                terminal.screen().contents().lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>()
            };
            assert_eq!(lines(&terminal), lines(&empty));
            for (x, y) in (0..area.height).flat_map(|y| (0..area.width).map(move |x| (x, y))) {
                let (is, should) = (terminal.screen().cell(y, x).unwrap(), empty.screen().cell(y, x).unwrap());
                assert_eq!(is.bgcolor(), should.bgcolor(), "{x} {y}");
                assert!(should.contents().trim().is_empty() || is.fgcolor() == should.fgcolor(), "{x} {y}");
            }
            before = after;
        }
        assert!(sizes[1..8].iter().all(|bytes| *bytes < sizes[8] / 2), "{sizes:?}");
    }

    #[test]
    fn an_invisible_change_sends_nothing() {
        let mut encoder = FrameEncoder::default();
        encoder.cleared(SIZE.width, SIZE.height);
        let mut cell = Cell::default();
        cell.set_fg(Color::Red).set_style(Style::new().add_modifier(Modifier::BOLD));
        assert_eq!(encoder.frame([(3, 1, &cell)].into_iter()), "");
    }
}
