//! A spreadsheet to a table: the cells of the sheet that looks most like a statement, days and numbers typed.
//!
//! Used by the table reader. INVARIANT: bounded by the size of the file's parts, never by the size a sheet claims.

use std::io::Cursor;

use calamine::{Data, DataRef, Reader as _, Xlsx};

use super::{date, grid::Grid, number};
use crate::statements::{Limits, StatementError};

/// Columns beyond this are not read.
const MOST_COLUMNS: u32 = 512;

/// Whether the bytes are a packed spreadsheet.
pub(super) fn is_sheet(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") && {
        let head = &bytes[..bytes.len().min(64 << 10)];
        let tail = &bytes[bytes.len().saturating_sub(64 << 10)..];
        let holds = |part: &[u8]| {
            memchr::memmem::find(part, b"xl/work").is_some()
                || memchr::memmem::find(part, b"[Content_Types].xml").is_some()
        };
        holds(head) || holds(tail)
    }
}

/// A sheet of a workbook.
pub(super) struct WorkbookSheet {
    pub(super) name: String,
    pub(super) grid: Grid,
    /// Rows that hold a day and an amount.
    pub(super) rows: usize,
    /// Position in the workbook.
    pub(super) place: usize,
}

/// The sheets of a workbook that may hold transactions, that with most rows first; at least one. Hidden sheets are copies and
/// lists for formulas, so they count only where no other sheet has rows.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Vec<WorkbookSheet>, StatementError> {
    check_size(bytes, limits)?;
    let damaged = |error: String| StatementError::NotAStatement {
        found: format!("this spreadsheet can't be read ({error})"),
        hint: "open it, save it as XLSX or CSV, and import that".to_owned(),
    };
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|error| damaged(error.to_string()))?;
    let shown: Vec<(String, bool)> = book
        .sheets_metadata()
        .iter()
        .map(|sheet| (sheet.name.clone(), sheet.visible == calamine::SheetVisible::Visible))
        .collect();
    let mut sheets = Vec::new();
    for (place, (name, is_shown)) in shown.into_iter().enumerate() {
        let Ok(grid) = sheet(&mut book, &name, limits) else { continue };
        let rows = statement_rows(&grid);
        sheets.push((is_shown, WorkbookSheet { name, grid, rows, place }));
    }
    let any_shown = sheets.iter().any(|(is_shown, sheet)| *is_shown && sheet.rows > 0);
    sheets.retain(|(is_shown, _)| *is_shown || !any_shown);
    let mut sheets: Vec<WorkbookSheet> = sheets.into_iter().map(|(_, sheet)| sheet).collect();
    // Stable, so that sheets with as many rows keep their order.
    sheets.sort_by_key(|sheet| std::cmp::Reverse(sheet.rows));
    let held = sheets.iter().filter(|sheet| sheet.rows > 0).count();
    sheets.truncate(held.max(1));
    if sheets.is_empty() { Err(damaged("no sheet".to_owned())) } else { Ok(sheets) }
}

/// Rows that hold a day and an amount.
fn statement_rows(grid: &Grid) -> usize {
    let is_row = |row: &usize| {
        grid.cells(*row).any(|cell| date::parse(cell).is_some())
            && grid.cells(*row).any(|cell| number::parse(cell).is_some_and(|number| number.may_be_money()))
    };
    (0..grid.len()).filter(is_row).count()
}

fn check_size(bytes: &[u8], limits: &Limits) -> Result<(), StatementError> {
    let Ok(mut archive) = zip::ZipArchive::new(Cursor::new(bytes)) else { return Ok(()) };
    let mut size = 0u64;
    for index in 0..archive.len() {
        size = size.saturating_add(archive.by_index(index).map_or(0, |entry| entry.size()));
    }
    if size > limits.bytes {
        return Err(StatementError::TooLarge {
            what: format!("{size} bytes after unpacking"),
            limit: limits.bytes,
            setting: "bytes",
        });
    }
    Ok(())
}

fn sheet(book: &mut Xlsx<Cursor<&[u8]>>, name: &str, limits: &Limits) -> Result<Grid, StatementError> {
    let overflow = |_| StatementError::TooLarge { what: "the sheet".to_owned(), limit: limits.bytes, setting: "bytes" };
    let broken = || StatementError::NotAStatement {
        found: "this sheet can't be read".to_owned(),
        hint: "save it as CSV".to_owned(),
    };
    let mut reader = book.worksheet_cells_reader(name).map_err(|_| broken())?;
    let mut grid = Grid::default();
    let mut row = None;
    let mut column = 0;
    while let Some(cell) = reader.next_cell().map_err(|_| broken())? {
        let (at_row, at_column) = cell.get_position();
        if at_column >= MOST_COLUMNS {
            continue;
        }
        if row != Some(at_row) {
            if grid.len() >= limits.rows {
                return Err(StatementError::TooLarge {
                    what: format!("more than {} rows", limits.rows),
                    limit: limits.rows as u64,
                    setting: "rows",
                });
            }
            grid.start_row(at_row.saturating_add(1)).map_err(overflow)?;
            (row, column) = (Some(at_row), 0);
        }
        while column < at_column {
            grid.push("").map_err(overflow)?;
            column += 1;
        }
        if column == at_column {
            grid.push(&written(cell.get_value())).map_err(overflow)?;
            column += 1;
        }
    }
    Ok(grid)
}

/// A typed cell as a text that can be read in one way only.
fn written(cell: &DataRef<'_>) -> String {
    match cell {
        DataRef::DateTime(moment) => {
            let Some(moment) = moment.as_datetime() else { return String::new() };
            let pattern = if moment.time() == chrono::NaiveTime::MIN { "%Y-%m-%d" } else { "%Y-%m-%d %H:%M:%S" };
            moment.format(pattern).to_string()
        }
        DataRef::Int(_) | DataRef::Float(_) => figure(&Data::from(cell.clone()).to_string()),
        other => Data::from(other.clone()).to_string(),
    }
}

/// A number as the sheet shows it: at most 15 digits, as spreadsheets count, and never three behind the mark, which
/// could be read as a group.
fn figure(shortest: &str) -> String {
    let Ok(value) = shortest.parse::<rust_decimal::Decimal>() else { return shortest.to_owned() };
    let rounded = value.round_sf(15).unwrap_or(value).normalize();
    let text = rounded.to_string();
    if rounded.scale() == 3 { format!("{text}0") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_sheets_are_exact() {
        assert_eq!(figure("-33.5"), "-33.5");
        assert_eq!(figure("0.30000000000000004"), "0.3");
        assert_eq!(figure("1.234"), "1.2340");
        assert_eq!(figure("1525"), "1525");
    }

    #[test]
    fn a_damaged_workbook_is_an_error() {
        assert!(read(b"PK\x03\x04xl/workbook", &Limits::default()).is_err());
        assert!(!is_sheet(b"Date,Amount"));
    }
}
