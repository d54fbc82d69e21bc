//! XLSX: packed XML of Excel since 2007.

use std::io::Cursor;

use calamine::{Data, DataRef, Reader as _, SheetType, SheetVisible, Xlsx};

use super::{RawSheet, SheetCells, damaged, fault, figure, moment};
use crate::statements::{Limits, StatementError};

/// All sheets of a workbook; charts are none.
pub(super) fn sheets(bytes: &[u8], limits: &Limits) -> Result<Vec<RawSheet>, StatementError> {
    check_size(bytes, limits)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(damaged)?;
    let listed = book.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let listed: Vec<(String, bool)> =
        listed.map(|sheet| (sheet.name.clone(), sheet.visible == SheetVisible::Visible)).collect();
    let mut sheets = Vec::new();
    for (name, is_shown) in listed {
        let mut cells = SheetCells::new(limits);
        let fault = fault(read(&mut book, &name, &mut cells))?;
        sheets.push(RawSheet { name, is_shown, grid: cells.grid, fault });
    }
    Ok(sheets)
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

fn read(book: &mut Xlsx<Cursor<&[u8]>>, name: &str, cells: &mut SheetCells<'_>) -> Result<(), StatementError> {
    let mut reader = book.worksheet_cells_reader(name).map_err(damaged)?;
    while let Some(cell) = reader.next_cell().map_err(damaged)? {
        let (row, column) = cell.get_position();
        cells.put(row, column, &written(cell.get_value()))?;
    }
    Ok(())
}

/// A typed cell as a text that can be read in one way only.
fn written(cell: &DataRef<'_>) -> String {
    match cell {
        DataRef::DateTime(at) => moment(*at),
        DataRef::Int(_) | DataRef::Float(_) => figure(&Data::from(cell.clone()).to_string()),
        other => Data::from(other.clone()).to_string(),
    }
}
