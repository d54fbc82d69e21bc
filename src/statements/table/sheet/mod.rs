//! A spreadsheet to a table: the cells of the sheet that looks most like a statement, days and numbers typed.
//!
//! Used by the table reader. INVARIANT: bounded by the size of the file's parts, never by the size a sheet claims.

mod xls;
mod xlsx;
mod xml;

use calamine::ExcelDateTime;

use super::{date, grid::Grid, number, serial, words};
use crate::statements::{Limits, StatementError};

/// Columns beyond this are not read.
const MOST_COLUMNS: u32 = 512;
/// The longest text of a cell that is kept, in bytes.
const LONGEST: usize = 4_096;

/// How a workbook is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SheetKind {
    /// Packed XML of Excel since 2007.
    Xlsx,
    /// Binary records of Excel up to 2003.
    Xls,
    /// Packed XML of OpenDocument, as LibreOffice writes it.
    Ods,
    /// One XML text of Excel 2003.
    Xml,
}

impl SheetKind {
    /// The name of the format in readings.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Xlsx => "xlsx",
            Self::Xls | Self::Xml => "xls",
            Self::Ods => "ods",
        }
    }
}

/// The kind of a workbook; `None` for other files.
pub(super) fn kind(bytes: &[u8]) -> Option<SheetKind> {
    let head = &bytes[..bytes.len().min(64 << 10)];
    if bytes.starts_with(b"PK\x03\x04") {
        if xml::is_packed(bytes) {
            return Some(SheetKind::Ods);
        }
        let tail = &bytes[bytes.len().saturating_sub(64 << 10)..];
        let holds = |part: &[u8]| {
            memchr::memmem::find(part, b"xl/work").is_some()
                || memchr::memmem::find(part, b"[Content_Types].xml").is_some()
        };
        return (holds(head) || holds(tail)).then_some(SheetKind::Xlsx);
    }
    if xls::is_binary(bytes) {
        return Some(SheetKind::Xls);
    }
    xml::is_text(head).then_some(SheetKind::Xml)
}

/// Whether the bytes are a workbook.
pub(super) fn is_sheet(bytes: &[u8]) -> bool {
    kind(bytes).is_some()
}

/// A sheet of a workbook.
pub(super) struct WorkbookSheet {
    pub(super) name: String,
    pub(super) grid: Grid,
    /// Rows that hold a day and an amount.
    pub(super) rows: usize,
    /// Position in the workbook.
    pub(super) place: usize,
    /// Why its last rows are missing, if they are.
    pub(super) fault: Option<String>,
}

/// A sheet as its kind of file has it.
struct RawSheet {
    name: String,
    is_shown: bool,
    grid: Grid,
    /// Why its last rows are missing, if they are.
    fault: Option<String>,
}

/// The sheets of a workbook that may hold transactions, that with most rows first; at least one. Hidden sheets are copies and
/// lists for formulas, so they count only where no other sheet has rows.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Vec<WorkbookSheet>, StatementError> {
    let raw = match kind(bytes) {
        Some(SheetKind::Xls) => xls::sheets(bytes, limits)?,
        Some(SheetKind::Ods) => xml::packed_sheets(bytes, limits)?,
        Some(SheetKind::Xml) => xml::text_sheets(bytes, limits)?,
        Some(SheetKind::Xlsx) | None => xlsx::sheets(bytes, limits)?,
    };
    let mut sheets = Vec::new();
    for (place, RawSheet { name, is_shown, grid, fault }) in raw.into_iter().enumerate() {
        let mut sheet = WorkbookSheet { name, rows: statement_rows(&grid), grid, place, fault };
        if sheet.rows == 0
            && let Some(dated) = serial::with_days(&sheet.grid, words::words())
        {
            sheet = WorkbookSheet { rows: statement_rows(&dated), grid: dated, ..sheet };
        }
        sheets.push((is_shown, sheet));
    }
    let any_shown = sheets.iter().any(|(is_shown, sheet)| *is_shown && sheet.rows > 0);
    sheets.retain(|(is_shown, _)| *is_shown || !any_shown);
    let mut sheets: Vec<WorkbookSheet> = sheets.into_iter().map(|(_, sheet)| sheet).collect();
    // Stable, so that sheets with as many rows keep their order.
    sheets.sort_by_key(|sheet| (std::cmp::Reverse(sheet.rows), sheet.fault.is_none()));
    let held = sheets.iter().filter(|sheet| sheet.rows > 0 || sheet.fault.is_some()).count();
    sheets.truncate(held.max(1));
    if sheets.is_empty() { Err(damaged("no sheet")) } else { Ok(sheets) }
}

/// A workbook that can't be read, and why.
fn damaged(reason: impl std::fmt::Display) -> StatementError {
    StatementError::not_a_statement(
        format!("this spreadsheet can't be read ({reason})"),
        "open it, save it as XLSX or CSV, and import that",
    )
}

/// The message of an error that ends a sheet; errors that end the whole reading are passed on.
fn fault(outcome: Result<(), StatementError>) -> Result<Option<String>, StatementError> {
    match outcome {
        Ok(()) => Ok(None),
        Err(StatementError::NotAStatement { found, .. }) => Ok(Some(found)),
        Err(error) => Err(error),
    }
}

/// The cells of a sheet that is being read, given by row and column.
struct SheetCells<'a> {
    grid: Grid,
    limits: &'a Limits,
    row: Option<u32>,
    column: u32,
    /// Bytes of text that may still come. Many cells may share one text, so the size of the file is no bound.
    left: u64,
}

impl<'a> SheetCells<'a> {
    fn new(limits: &'a Limits) -> Self {
        Self { grid: Grid::default(), limits, row: None, column: 0, left: limits.unpacked_bytes }
    }

    /// Takes a cell; rows and columns count from 0. A cell beside or above the last one is left out.
    fn put(&mut self, row: u32, column: u32, text: &str) -> Result<(), StatementError> {
        let limits = self.limits;
        let too_large = |what: String, limit, setting| StatementError::TooLarge { what, limit, setting };
        let overflow = |_| too_large("the sheet".to_owned(), limits.bytes, "bytes");
        if column >= MOST_COLUMNS {
            return Ok(());
        }
        if self.row.is_none_or(|last| last < row) {
            if self.grid.len() >= limits.rows {
                return Err(too_large(format!("more than {} rows", limits.rows), limits.rows as u64, "rows"));
            }
            self.grid.start_row(row.saturating_add(1)).map_err(overflow)?;
            (self.row, self.column) = (Some(row), 0);
        }
        if self.row != Some(row) || column < self.column {
            return Ok(());
        }
        let text = crate::statements::decode::head(text, LONGEST);
        self.left = self
            .left
            .checked_sub(text.len() as u64)
            .ok_or_else(|| too_large("the text of the sheet".to_owned(), limits.unpacked_bytes, "unpacked_bytes"))?;
        while self.column < column {
            self.grid.push("").map_err(overflow)?;
            self.column += 1;
        }
        self.grid.push(text).map_err(overflow)?;
        self.column += 1;
        Ok(())
    }
}

/// A day, with its time unless that is midnight; a time alone before the first day. Empty for no day.
fn moment(at: ExcelDateTime) -> String {
    let Some(moment) = at.as_datetime() else { return String::new() };
    let pattern = if at.as_f64() > 0.0 && at.as_f64() < 1.0 {
        "%H:%M:%S"
    } else if moment.time() == chrono::NaiveTime::MIN {
        "%Y-%m-%d"
    } else {
        "%Y-%m-%d %H:%M:%S"
    };
    moment.format(pattern).to_string()
}

/// Rows that hold a day and an amount.
fn statement_rows(grid: &Grid) -> usize {
    let is_row = |row: &usize| {
        grid.cells(*row).any(|cell| date::parse(cell).is_some())
            && grid.cells(*row).any(|cell| number::parse(cell).is_some_and(|number| number.may_be_money()))
    };
    (0..grid.len()).filter(is_row).count()
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

    /// The same statement in every kind of workbook but XLSX, which `workbook` tests.
    const WORKBOOKS: [(&str, SheetKind); 4] = [
        ("compound.xls", SheetKind::Xls),
        ("records.xls", SheetKind::Xls),
        ("excel_2003.xls", SheetKind::Xml),
        ("open_document.ods", SheetKind::Ods),
    ];

    fn workbook(name: &str) -> Vec<u8> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/statements/workbooks");
        std::fs::read(folder.join(name)).unwrap()
    }

    fn reading(bytes: &[u8], file_name: &str) -> Result<crate::statements::Reading, StatementError> {
        let (limits, answers) = (Limits::default(), crate::statements::QuestionAnswers::default());
        let input =
            crate::statements::StatementFile { bytes, file_name, limits: &limits, layouts: &[], answers: &answers };
        crate::statements::read(&input, &mut |_| std::ops::ControlFlow::Continue(()))
    }

    #[test]
    fn every_kind_of_workbook_gives_the_same_rows() {
        for (name, expected) in WORKBOOKS {
            let bytes = workbook(name);
            assert_eq!(kind(&bytes), Some(expected), "{name}");
            let reading = reading(&bytes, name).unwrap();
            let page = &reading.statements[0].accounts[0];
            let row = |row: &crate::domain::TransactionDraft| {
                format!("{} {} {}", row.facts.date, row.facts.amount, row.facts.payee.as_deref().unwrap_or_default())
            };
            let rows: Vec<String> = page.transactions.iter().map(row).collect();
            let wanted = [
                "2024-05-02 -4.2 Grünwald Bäckerei",
                "2024-05-03 2500 Salary",
                "2024-05-03 -870.55 Rent & heating",
                "2024-05-14 -3.1 Tram",
                "2024-05-14 -3.1 Tram",
            ];
            assert_eq!(rows, wanted, "{name}");
            assert!(page.account.provider_account_id.ends_with("DE21301204000000015228"), "{name}");
            assert!(
                matches!(reading.verdict, crate::statements::Verdict::Proven { .. }),
                "{name}: {:?}",
                reading.verdict
            );
            assert!(reading.warnings.is_empty(), "{name}: {:?}", reading.warnings);
        }
    }

    /// Wherever a workbook ends too early, the rows that are read are rows of the whole, and what may be missing is named.
    #[test]
    fn a_workbook_that_is_cut_off_says_so() {
        for (name, _) in WORKBOOKS {
            let bytes = workbook(name);
            let whole = reading(&bytes, name).unwrap();
            let all = &whole.statements[0].accounts[0].transactions;
            for len in (0..bytes.len()).step_by(7) {
                let Ok(part) = reading(&bytes[..len], name) else { continue };
                let rows: Vec<_> = part.statements.iter().flat_map(|part| &part.accounts[0].transactions).collect();
                let known = |row: &&crate::domain::TransactionDraft| {
                    all.iter().any(|other| (other.facts.date, other.facts.amount) == (row.facts.date, row.facts.amount))
                };
                assert!(rows.iter().all(known), "{name} up to {len}");
                assert!(
                    rows.len() == all.len() || !part.warnings.is_empty(),
                    "{name} up to {len}: {} rows",
                    rows.len()
                );
            }
        }
    }

    #[test]
    fn a_damaged_workbook_is_an_error() {
        assert!(read(b"PK\x03\x04xl/workbook", &Limits::default()).is_err());
        assert!(read(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", &Limits::default()).is_err());
        assert!(!is_sheet(b"Date,Amount"));
    }
}
