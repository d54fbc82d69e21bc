//! Where the rows of a table are: header, body, and what is written around them.
//!
//! Used by the inference. INVARIANT: only the head of a table is searched, so that its length does not matter.

use std::collections::HashMap;

use super::{
    date,
    grid::Grid,
    number::{self, CellNumber},
    words::{Words, key},
};

/// Rows searched for the first row of the body.
const SEARCHED: usize = 1_500;
/// Lines between a header and the first row.
const HEADER_DISTANCE: usize = 14;

/// The parts of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    /// The header row, if there is one.
    pub(super) header: Option<usize>,
    /// The first row that may hold a movement.
    pub(super) start: usize,
    /// Cells of most rows.
    pub(super) width: usize,
    /// Rows with a day and an amount, at the head of the body.
    pub(super) sample: Vec<usize>,
}

/// Most rows of a sample.
pub(super) const SAMPLE: usize = 2_000;

/// The possible kinds of a cell.
pub(super) fn money(cell: &str) -> Option<CellNumber> {
    number::parse(cell).filter(|number| number.may_be_money() && date::parse(cell).is_none())
}

pub(super) fn find(grid: &Grid, words: &Words) -> Option<Frame> {
    // Columns with days and rows of one width, among rows that hold both a day and an amount.
    let mut widths = HashMap::<usize, usize>::new();
    let mut columns = HashMap::<usize, usize>::new();
    let mut seen = 0;
    for row in 0..grid.len().min(SEARCHED) {
        let Some(first_day) = row_day(grid, row) else { continue };
        *widths.entry(grid.width(row)).or_default() += 1;
        *columns.entry(first_day).or_default() += 1;
        seen += 1;
        if seen == 400 {
            break;
        }
    }
    let width = widths.iter().max_by_key(|(width, count)| (**count, **width)).map(|(width, _)| *width)?;
    let most = columns.values().copied().max()?;
    let is_usual = |column: usize| columns.get(&column).is_some_and(|count| count * 4 >= most);
    let fits = |row: usize| {
        let near = grid.width(row) + 2 >= width || grid.width(row) * 3 >= width * 2;
        near && row_day(grid, row).is_some_and(is_usual)
    };
    let mut first = (0..grid.len().min(SEARCHED)).find(|row| grid.width(*row) == width && fits(*row))?;
    let mut header = header_above(grid, words, first, width);
    // Without a header, a first line whose day is in a column of no other row is a title with a day and a balance.
    let is_alone = |row: usize| row_day(grid, row).is_some_and(|column| columns.get(&column) == Some(&1));
    if header.is_none() && most >= 2 && is_alone(first) {
        let next = (first + 1..grid.len().min(SEARCHED)).find(|row| grid.width(*row) == width && fits(*row));
        first = next.filter(|row| !is_alone(*row)).unwrap_or(first);
        header = header_above(grid, words, first, width);
    }
    // Rows right above the first one of the usual width, a cell shorter or longer, are rows too.
    while header.is_none() && first > 0 && fits(first - 1) && row_day(grid, first - 1) == row_day(grid, first) {
        first -= 1;
    }
    let start = header.map_or(first, |header| header + 1);
    let sample: Vec<usize> =
        (first..grid.len().min(first + 3 * SAMPLE)).filter(|row| fits(*row)).take(SAMPLE).collect();
    Some(Frame { header, start, width, sample })
}

/// The first column with a day, if the row also holds an amount.
fn row_day(grid: &Grid, row: usize) -> Option<usize> {
    let day = (0..grid.width(row)).find(|column| date::parse(grid.cell(row, *column)).is_some())?;
    grid.cells(row).enumerate().any(|(column, cell)| column != day && money(cell).is_some()).then_some(day)
}

/// The nearest line above that reads like a header; else the line right above, if it holds words only.
fn header_above(grid: &Grid, words: &Words, first: usize, width: usize) -> Option<usize> {
    let above = || (first.saturating_sub(HEADER_DISTANCE)..first).rev();
    let known = |row: usize| grid.cells(row).filter(|cell| header_score(words, cell) >= 55).count();
    let is_plain = |row: usize| grid.cells(row).all(|cell| date::parse(cell).is_none() && money(cell).is_none());
    let by_words = above().find(|row| is_plain(*row) && known(*row) >= 2 && grid.width(*row) * 2 >= width);
    by_words.or_else(|| {
        let row = above().find(|row| !grid.is_blank(*row))?;
        let filled: Vec<&str> = grid.cells(row).filter(|cell| !cell.is_empty()).collect();
        let in_letters = filled.iter().all(|cell| cell.chars().any(char::is_alphabetic) && cell.chars().count() < 60);
        (is_plain(row) && in_letters && filled.len() >= 2 && filled.len() * 2 >= width && grid.width(row) + 2 >= width)
            .then_some(row)
    })
}

/// How surely a cell is a header of a column.
pub(super) fn header_score(words: &Words, cell: &str) -> u32 {
    if cell.is_empty() || cell.chars().count() > 60 {
        return 0;
    }
    words.roles(cell).iter().filter(|found| !found.role.is_key()).map(|found| found.score).max().unwrap_or(0)
}

impl Frame {
    /// The header cells, `width` of them at least.
    pub(super) fn headers(&self, grid: &Grid) -> Vec<String> {
        let Some(header) = self.header else { return vec![String::new(); self.width] };
        let width = self.width.max(grid.width(header));
        (0..width).map(|column| grid.cell(header, column).to_owned()).collect()
    }

    /// The header as a fingerprint: its cells as keys.
    pub(super) fn header_keys(&self, grid: &Grid) -> Vec<String> {
        let mut keys: Vec<String> = self.headers(grid).iter().map(|cell| key(cell)).collect();
        while keys.last().is_some_and(String::is_empty) {
            keys.pop();
        }
        keys
    }
}
