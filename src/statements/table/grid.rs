//! A table of text cells: what a delimited file and a spreadsheet have in common.
//!
//! Used by every later step. INVARIANT: all cells lie in one buffer, so a million rows are a few allocations.

/// The cells of a file, row by row.
#[derive(Debug, Default)]
pub(super) struct Grid {
    text: String,
    /// End of each cell in `text`.
    ends: Vec<u32>,
    rows: Vec<RowAt>,
}

#[derive(Debug, Clone, Copy)]
struct RowAt {
    /// Index of its first cell in `ends`.
    first: u32,
    /// 1-based line in the file.
    line: u32,
}

/// More text or cells than a table can address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Overflow;

impl Grid {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes), ends: Vec::with_capacity(bytes / 8), rows: Vec::new() }
    }

    /// Starts a row at a line of the file.
    pub(super) fn start_row(&mut self, line: u32) -> Result<(), Overflow> {
        let first = u32::try_from(self.ends.len()).map_err(|_| Overflow)?;
        self.rows.push(RowAt { first, line });
        Ok(())
    }

    /// Adds a cell to the current row, without blanks and quoting leftovers around it.
    pub(super) fn push(&mut self, cell: &str) -> Result<(), Overflow> {
        let cell = bare(cell);
        if cell.is_ascii() || !has_foreign_digits_only(cell) {
            self.text.push_str(cell);
        } else {
            self.text.extend(cell.chars().map(plain_digit));
        }
        self.ends.push(u32::try_from(self.text.len()).map_err(|_| Overflow)?);
        Ok(())
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    fn bounds(&self, row: usize) -> (usize, usize) {
        let Some(at) = self.rows.get(row) else { return (0, 0) };
        let end = self.rows.get(row + 1).map_or(self.ends.len(), |next| next.first as usize);
        (at.first as usize, end)
    }

    /// Cells of a row.
    pub(super) fn width(&self, row: usize) -> usize {
        let (first, end) = self.bounds(row);
        end - first
    }

    /// 1-based line of a row in the file; 0 beyond the table.
    pub(super) fn line(&self, row: usize) -> u32 {
        self.rows.get(row).map_or(0, |at| at.line)
    }

    /// A cell; empty where the row is shorter.
    pub(super) fn cell(&self, row: usize, column: usize) -> &str {
        let (first, end) = self.bounds(row);
        let index = first + column;
        if index >= end {
            return "";
        }
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        &self.text[start..self.ends[index] as usize]
    }

    pub(super) fn cells(&self, row: usize) -> impl Iterator<Item = &str> {
        (0..self.width(row)).map(move |column| self.cell(row, column))
    }

    /// Whether a row holds no text at all.
    pub(super) fn is_blank(&self, row: usize) -> bool {
        self.cells(row).all(str::is_empty)
    }
}

/// Whether a cell is a number or a date in digits of another script: it holds no letter.
fn has_foreign_digits_only(cell: &str) -> bool {
    cell.chars().any(|letter| plain_digit(letter) != letter) && !cell.chars().any(char::is_alphabetic)
}

/// Arabic, Persian, Hindi and Thai digits and the marks of Arabic numbers, as ASCII.
fn plain_digit(letter: char) -> char {
    let zero = match letter {
        '\u{660}'..='\u{669}' => 0x660,
        '\u{6f0}'..='\u{6f9}' => 0x6f0,
        '\u{966}'..='\u{96f}' => 0x966,
        '\u{e50}'..='\u{e59}' => 0xe50,
        '\u{66b}' => return '.',
        '\u{66c}' => return ',',
        other => return other,
    };
    char::from_digit(u32::from(letter) - zero, 10).unwrap_or(letter)
}

/// Characters around a cell that carry no meaning: blanks, byte order and direction marks.
fn is_padding(character: char) -> bool {
    character.is_whitespace()
        || matches!(character, '\u{feff}' | '\u{200e}' | '\u{200f}' | '\u{200b}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\0')
}

/// A cell without padding, the `="…"` of spreadsheets and the apostrophe that marks text.
fn bare(cell: &str) -> &str {
    let mut bare = cell.trim_matches(is_padding);
    if let Some(inner) = bare.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')) {
        bare = inner.trim_matches(is_padding);
    }
    if let Some(rest) = bare.strip_prefix('\'') {
        let is_mark = rest.starts_with(|c: char| c.is_ascii_digit() || c.is_uppercase() || c == '+' || c == '-');
        match rest.strip_suffix('\'') {
            Some(inner) => bare = inner.trim_matches(is_padding),
            None if is_mark => bare = rest,
            None => {}
        }
    }
    bare
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_found_and_lie_bare() {
        let mut grid = Grid::default();
        for cell in ["١٬٢٥٠٫٥", "۲۰۲۴/۰۱/۱۵", "१२ रुपये"] {
            grid.start_row(1).unwrap();
            grid.push(cell).unwrap();
        }
        assert_eq!([0, 1, 2].map(|row| grid.cell(row, 0)), ["1,250.5", "2024/01/15", "१२ रुपये"]);
        let mut grid = Grid::default();
        grid.start_row(3).unwrap();
        for cell in [" a ", "=\"0123\"", "'5191XXXX", "'quoted'", "\u{200f}1.00\u{a0}"] {
            grid.push(cell).unwrap();
        }
        grid.start_row(5).unwrap();
        assert_eq!(grid.cells(0).collect::<Vec<_>>(), ["a", "0123", "5191XXXX", "quoted", "1.00"]);
        assert_eq!((grid.width(1), grid.cell(1, 0), grid.cell(9, 9), grid.line(1)), (0, "", "", 5));
        assert!(grid.is_blank(1));
    }
}
