//! Days that a spreadsheet saved as CSV wrote as numbers: days since the end of 1899.
//!
//! Used where no row holds a date. INVARIANT: a column counts only if its header names a day and every filled cell below is
//! such a number of this century.

use chrono::{Days, NaiveDate};

use super::{grid::Grid, words::Words};

/// Rows before a header.
const SEARCHED: usize = 20;
/// 2000-01-01 and 2060-01-01.
const RANGE: std::ops::Range<u64> = 36_526..58_441;

/// The day of a number, with or without a time of day as fraction.
fn day(cell: &str) -> Option<NaiveDate> {
    let whole = cell.split_once('.').map_or(cell, |(whole, _)| whole);
    let number: u64 = whole.parse().ok().filter(|number| RANGE.contains(number) && whole.len() == 5)?;
    NaiveDate::from_ymd_opt(1899, 12, 30)?.checked_add_days(Days::new(number))
}

/// The table with those numbers as days; `None` where no column holds any.
pub(super) fn with_days(grid: &Grid, words: &Words) -> Option<Grid> {
    let is_day = |row: usize, column: usize| {
        words.roles(grid.cell(row, column)).iter().any(|found| found.score == 100 && found.role.is_date())
    };
    let holds = |header: usize, column: usize| {
        let mut cells =
            (header + 1..grid.len()).map(|row| grid.cell(row, column)).filter(|cell| !cell.is_empty()).peekable();
        cells.peek().is_some() && cells.all(|cell| day(cell).is_some())
    };
    let (header, columns) = (0..grid.len().min(SEARCHED)).find_map(|header| {
        let columns: Vec<usize> =
            (0..grid.width(header)).filter(|column| is_day(header, *column) && holds(header, *column)).collect();
        (!columns.is_empty()).then_some((header, columns))
    })?;
    let mut dated = Grid::default();
    for row in 0..grid.len() {
        dated.start_row(grid.line(row)).ok()?;
        for (column, cell) in grid.cells(row).enumerate() {
            let found = (row > header && columns.contains(&column)).then(|| day(cell)).flatten();
            match found {
                Some(day) => dated.push(&day.to_string()).ok()?,
                None => dated.push(cell).ok()?,
            }
        }
    }
    Some(dated)
}
