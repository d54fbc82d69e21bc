//! Text to a table: the delimiter and whether quotes mean anything, by what makes rows with a day and an amount.
//!
//! Used by the table reader. INVARIANT: every row keeps the line it starts on; linear.

use std::ops::ControlFlow;

use super::{
    date,
    grid::{Grid, Overflow},
    number,
};
use crate::statements::{Limits, StatementError};

/// Lines looked at to choose.
const SAMPLE_LINES: usize = 300;
const SAMPLE_BYTES: usize = 96 << 10;

const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The separators and quotes of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    pub(super) delimiter: u8,
    /// The mark around cells that hold a delimiter.
    pub(super) quote: Option<u8>,
}

/// The table in a text.
pub(super) fn read(
    text: &str,
    limits: &Limits,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<(Grid, Dialect), StatementError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (stated, skipped) = stated_delimiter(text);
    let dialect = choose(&text[skipped..], stated);
    let grid = cells(&text[skipped..], dialect, u32::from(skipped > 0), limits.rows, progress)?;
    Ok((grid, dialect))
}

/// The delimiter of a `sep=` line and the length of that line.
fn stated_delimiter(text: &str) -> (Option<u8>, usize) {
    let line = text.lines().next().unwrap_or_default();
    let bare = line.trim().trim_matches('"');
    let stated = bare.get(..4).filter(|head| head.eq_ignore_ascii_case("sep=")).and_then(|_| bare.as_bytes().get(4));
    match stated {
        Some(byte) => {
            let end = text.find('\n').map_or(text.len(), |at| at + 1);
            (Some(*byte).filter(u8::is_ascii), end)
        }
        None => (None, 0),
    }
}

fn choose(text: &str, stated: Option<u8>) -> Dialect {
    let sample = head(text);
    let mut best: Option<(Score, Dialect)> = None;
    for delimiter in stated.map_or_else(|| DELIMITERS.to_vec(), |delimiter| vec![delimiter]) {
        let single = has_single_quotes(sample, delimiter).then_some(Some(b'\''));
        for quote in [Some(b'"'), None].into_iter().chain(single) {
            let dialect = Dialect { delimiter, quote };
            let score = score(sample, dialect);
            if best.as_ref().is_none_or(|(known, _)| score > *known) {
                best = Some((score, dialect));
            }
        }
    }
    best.map_or(Dialect { delimiter: b',', quote: Some(b'"') }, |(_, dialect)| dialect)
}

/// Whether cells of most lines stand between apostrophes: as many open behind a delimiter as close before one.
fn has_single_quotes(sample: &str, delimiter: u8) -> bool {
    let delimiter = char::from(delimiter);
    let (mut quoted, mut lines) = (0, 0);
    for line in sample.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let opens = line.matches(&format!("{delimiter}'")).count() + usize::from(line.starts_with('\''));
        let closes = line.matches(&format!("'{delimiter}")).count() + usize::from(line.ends_with('\''));
        lines += 1;
        quoted += usize::from(opens > 0 && closes > 0);
    }
    quoted * 2 > lines
}

/// The lines at the head of a text.
fn head(text: &str) -> &str {
    let mut end = text.len().min(SAMPLE_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let lines = memchr::memchr2_iter(b'\n', b'\r', &text.as_bytes()[..end]).nth(2 * SAMPLE_LINES).unwrap_or(end);
    &text[..lines]
}

/// Rows of one width that hold a day and an amount, whether quotes count, rows of one width, that width; compared in this
/// order.
type Score = (usize, bool, usize, usize);

fn score(sample: &str, dialect: Dialect) -> Score {
    let Ok(grid) = cells(sample, dialect, 0, usize::MAX, &mut |_| ControlFlow::Continue(())) else {
        return (0, false, 0, 0);
    };
    let mut good = std::collections::HashMap::<usize, usize>::new();
    let mut any = std::collections::HashMap::<usize, usize>::new();
    for row in 0..grid.len() {
        let width = grid.width(row);
        if width < 2 || grid.is_blank(row) {
            continue;
        }
        *any.entry(width).or_default() += 1;
        let has_day = grid.cells(row).any(|cell| date::parse(cell).is_some());
        let has_amount = grid
            .cells(row)
            .any(|cell| number::parse(cell).is_some_and(|number| number.may_be_money()) && date::parse(cell).is_none());
        if has_day && has_amount {
            *good.entry(width).or_default() += 1;
        }
    }
    let most = |counts: &std::collections::HashMap<usize, usize>| {
        counts.iter().map(|(width, count)| (*count, *width)).max().unwrap_or((0, 0))
    };
    let (good, width) = most(&good);
    let (rows, any_width) = most(&any);
    (good, dialect.quote == Some(b'"'), rows * usize::from(any_width > 1), width.max(any_width))
}

/// Cuts a text into cells.
fn cells(
    text: &str,
    dialect: Dialect,
    lines_before: u32,
    most_rows: usize,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<Grid, StatementError> {
    let spaced = spaced_quotes(text, dialect);
    let text = spaced.as_deref().unwrap_or(text);
    let bytes = text.as_bytes();
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(dialect.delimiter)
        .quoting(dialect.quote.is_some())
        .quote(dialect.quote.unwrap_or(b'"'))
        .flexible(true)
        .has_headers(false)
        .from_reader(bytes);
    let mut grid = Grid::with_capacity(text.len());
    let mut record = csv::StringRecord::new();
    let mut lines = Lines { bytes, at: 0, line: lines_before + 1 };
    let mut rows = 0usize;
    let overflow = |_: Overflow| too_large(rows_limit());
    loop {
        let start = usize::try_from(reader.position().byte()).unwrap_or(0);
        // Text that is valid UTF-8 gives valid records: every mark that cuts it is ASCII.
        if !reader.read_record(&mut record).unwrap_or(false) {
            break;
        }
        rows += 1;
        if rows > most_rows {
            return Err(StatementError::TooLarge {
                what: format!("more than {most_rows} rows"),
                limit: most_rows as u64,
                setting: "rows",
            });
        }
        grid.start_row(lines.line_at(start)).map_err(overflow)?;
        for cell in &record {
            grid.push(cell).map_err(overflow)?;
        }
        if rows.is_multiple_of(4_096) && progress(start as u64).is_break() {
            return Err(StatementError::Cancelled);
        }
    }
    Ok(grid)
}

const fn rows_limit() -> u64 {
    u32::MAX as u64
}

fn too_large(limit: u64) -> StatementError {
    StatementError::TooLarge { what: "the table".to_owned(), limit, setting: "bytes" }
}

/// Some files put a blank between delimiter and quote, which hides the quote. `None` when the text has none of it.
fn spaced_quotes(text: &str, dialect: Dialect) -> Option<String> {
    if dialect.quote != Some(b'"') || dialect.delimiter == b'\t' {
        return None;
    }
    let delimiter = char::from(dialect.delimiter);
    let hidden = format!("{delimiter} \"");
    let sample = head(text);
    let lines = sample.lines().count().max(1);
    if sample.matches(&hidden).count() * 2 < lines {
        return None;
    }
    Some(text.replace(&hidden, &format!("{delimiter}\"")))
}

/// Counts lines up to growing offsets, each byte once. `\n`, `\r\n` and a lone `\r` end a line.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u32,
}

impl Lines<'_> {
    /// The line of the record that starts at or behind `start`, past blank lines.
    fn line_at(&mut self, mut start: usize) -> u32 {
        while self.bytes.get(start).is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
            start += 1;
        }
        let from = self.at;
        for at in memchr::memchr2_iter(b'\n', b'\r', &self.bytes[from..start]) {
            let at = from + at;
            if self.bytes[at] == b'\n' || self.bytes.get(at + 1) != Some(&b'\n') {
                self.line = self.line.saturating_add(1);
            }
        }
        self.at = start;
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> (Grid, Dialect) {
        read(text, &Limits::default(), &mut |_| ControlFlow::Continue(())).unwrap()
    }

    #[test]
    fn the_delimiter_is_the_one_that_makes_rows() {
        let (grid, dialect) = table("Datum;Betrag;Text\n01.02.2026;-1.234,56;a, b\n02.02.2026;5,00;c\n");
        assert_eq!((dialect.delimiter, grid.cell(1, 1), grid.cell(1, 2)), (b';', "-1.234,56", "a, b"));
        assert_eq!(table("a\tb\n2026-01-02\t5\n").1.delimiter, b'\t');
        assert_eq!(table("sep=|\r\na|b\r\n").1.delimiter, b'|');
    }

    #[test]
    fn rows_keep_their_lines() {
        let (grid, _) = table("a,b\n\n\"x\ny\",1\r\n\r\nz,2\rw,3\n");
        let lines: Vec<u32> = (0..grid.len()).map(|row| grid.line(row)).collect();
        assert_eq!(lines, [1, 3, 6, 7]);
        assert_eq!(table("sep=;\na;b\n").0.line(0), 2);
    }

    #[test]
    fn a_stray_quote_does_not_swallow_the_file() {
        let (grid, dialect) =
            table("d,t,a\n2026-01-01,\"5\" pipe,1.00\n2026-01-02,\"x,2.00\n2026-01-03,y,3.00\n2026-01-04,z,4.00\n");
        assert_eq!((dialect.quote, grid.len()), (None, 5));
        let (grid, _) = table("d, t, a\n2026-01-01, \"x, y\", 1.00\n2026-01-02, \"z\", 2.00\n");
        assert_eq!(grid.cell(1, 1), "x, y");
    }
}
