//! Days that are written as numbers: days since the end of 1899, as a spreadsheet saved as CSV has them, or year, month and
//! day in three columns.
//!
//! Used where no row holds a date. INVARIANT: columns count only if their headers name a day and every filled cell below is
//! such a number of this century.

use chrono::{Days, NaiveDate};

use super::{
    grid::Grid,
    words::{ShortYear, Words},
};
use crate::domain::text;

/// Rows before a header.
const SEARCHED: usize = 20;
/// 2000-01-01 and 2060-01-01.
const RANGE: std::ops::Range<u64> = 36_526..58_441;

/// The day of six figures, with the year in front, as banks of Sweden and Japan write it.
fn short(cell: &str) -> Option<NaiveDate> {
    let part = |at: usize| cell.get(at..at + 2)?.parse::<u32>().ok();
    let (year, month, day) = (part(0)?, part(2)?, part(4)?);
    let is_plain = cell.len() == 6 && cell.bytes().all(|byte| byte.is_ascii_digit()) && (10..60).contains(&year);
    is_plain.then(|| NaiveDate::from_ymd_opt(2_000 + i32::try_from(year).ok()?, month, day)).flatten()
}

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
    let year_first = |header: usize| words.short_year(grid.cells(header)) == ShortYear::First;
    let holds = |header: usize, column: usize| {
        let cells = || (header + 1..grid.len()).map(|row| grid.cell(row, column)).filter(|cell| !cell.is_empty());
        let is_short = || year_first(header) && cells().all(|cell| short(cell).is_some());
        cells().next().is_some() && (cells().all(|cell| day(cell).is_some()) || is_short())
    };
    let found = (0..grid.len().min(SEARCHED)).find_map(|header| {
        let columns: Vec<usize> =
            (0..grid.width(header)).filter(|column| is_day(header, *column) && holds(header, *column)).collect();
        (!columns.is_empty()).then_some((header, columns))
    });
    let Some((header, columns)) = found else { return with_parts(grid) };
    let mut dated = Grid::default();
    for row in 0..grid.len() {
        dated.start_row(grid.line(row)).ok()?;
        for (column, cell) in grid.cells(row).enumerate() {
            let found =
                (row > header && columns.contains(&column)).then(|| day(cell).or_else(|| short(cell))).flatten();
            match found {
                Some(day) => dated.push(&day.to_string()).ok()?,
                None => dated.push(cell).ok()?,
            }
        }
    }
    Some(dated)
}

/// Last characters of headers of a year, a month and a day.
const PARTS: [[&str; 3]; 9] = [
    ["年", "月", "日"],
    ["(年)", "(月)", "(日)"],
    ["（年）", "（月）", "（日）"],
    ["year", "month", "day"],
    ["jahr", "monat", "tag"],
    ["annee", "mois", "jour"],
    ["ano", "mes", "dia"],
    ["anno", "mese", "giorno"],
    ["jaar", "maand", "dag"],
];

/// The table with a day in place of the year in three columns beside each other; month and day become empty.
fn with_parts(grid: &Grid) -> Option<Grid> {
    let part = |row: usize, column: usize, range: std::ops::RangeInclusive<u32>| -> Option<u32> {
        grid.cell(row, column).trim().parse().ok().filter(|number| range.contains(number))
    };
    let day = |row: usize, column: usize| {
        let year = i32::try_from(part(row, column, 2_000..=2_099)?).ok()?;
        NaiveDate::from_ymd_opt(year, part(row, column + 1, 1..=12)?, part(row, column + 2, 1..=31)?)
    };
    let named = |row: usize, column: usize| {
        let cell = |offset: usize| text::fold(grid.cell(row, column + offset).trim());
        let cells = [cell(0), cell(1), cell(2)];
        PARTS.iter().any(|parts| cells.iter().zip(parts).all(|(cell, part)| cell.ends_with(part)))
    };
    let (header, first) = (0..grid.len().min(SEARCHED)).find_map(|header| {
        let columns = 0..grid.width(header).saturating_sub(2);
        let mut fitting = columns.filter(|column| named(header, *column));
        let rows = || (header + 1..grid.len()).filter(|row| !grid.is_blank(*row));
        fitting
            .find(|column| rows().next().is_some() && rows().all(|row| day(row, *column).is_some()))
            .map(|column| (header, column))
    })?;
    let mut dated = Grid::default();
    for row in 0..grid.len() {
        dated.start_row(grid.line(row)).ok()?;
        for (column, cell) in grid.cells(row).enumerate() {
            let written = (row > header && column == first).then(|| day(row, first)).flatten();
            match (written, row > header && (first + 1..=first + 2).contains(&column)) {
                (Some(day), _) => dated.push(&day.to_string()).ok()?,
                (None, true) => dated.push("").ok()?,
                (None, false) => dated.push(cell).ok()?,
            }
        }
    }
    Some(dated)
}
