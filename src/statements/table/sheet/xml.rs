//! Workbooks in XML: OpenDocument (ODS), which is packed, and the XML spreadsheet of Excel 2003, which banks name `.xls`.
//!
//! Both are tables of rows of cells; they differ in names, and in how they leave out what is empty or repeated. INVARIANT:
//! what is repeated is bounded by the limits, however often a file states it.

use std::{
    collections::HashSet,
    io::{Cursor, Read as _},
};

use quick_xml::{
    Reader,
    escape::unescape,
    events::{BytesStart, Event},
};

use super::{RawSheet, SheetCells, damaged, fault, figure};
use crate::statements::{
    Limits, StatementError, decode,
    xml::{local, resolved},
};

/// The first part of an OpenDocument spreadsheet, which is not compressed.
const MIME_TYPE: &[u8] = b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet";
/// The namespace of the spreadsheet of Excel 2003.
const EXCEL_2003: &str = "urn:schemas-microsoft-com:office:spreadsheet";
/// Elements in a cell that are no part of its text.
const ASIDE: [&str; 2] = ["annotation", "Comment"];

/// Whether a zip archive is an OpenDocument spreadsheet.
pub(super) fn is_packed(bytes: &[u8]) -> bool {
    bytes.get(30..30 + MIME_TYPE.len()) == Some(MIME_TYPE)
}

/// Whether a file is a spreadsheet of Excel 2003, by its head.
pub(super) fn is_text(head: &[u8]) -> bool {
    let text = decode::decode(head);
    text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}').starts_with('<')
        && text.contains(EXCEL_2003)
        && text.contains("Workbook")
}

/// The sheets of an OpenDocument spreadsheet.
pub(super) fn packed_sheets(bytes: &[u8], limits: &Limits) -> Result<Vec<RawSheet>, StatementError> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    let content = archive.by_name("content.xml").map_err(damaged)?;
    let mut text = Vec::new();
    content.take(limits.bytes.saturating_add(1)).read_to_end(&mut text).map_err(damaged)?;
    limits.check_bytes(text.len() as u64)?;
    sheets(&decode::decode(&text), limits)
}

/// The sheets of a spreadsheet of Excel 2003.
pub(super) fn text_sheets(bytes: &[u8], limits: &Limits) -> Result<Vec<RawSheet>, StatementError> {
    sheets(&decode::decode(bytes), limits)
}

fn sheets(source: &str, limits: &Limits) -> Result<Vec<RawSheet>, StatementError> {
    let mut walker = Walker { limits, sheets: Vec::new(), hidden: HashSet::new(), style: String::new(), open: None };
    let outcome = walker.walk(source);
    let fault = fault(outcome)?;
    // A row that is open has cells that may be cut off.
    if let Some(sheet) = walker.open.take() {
        walker.sheets.push(sheet.ended(fault));
    } else if let (Some(sheet), Some(_)) = (walker.sheets.last_mut(), &fault) {
        sheet.fault = fault;
    } else if let Some(reason) = fault {
        return Err(damaged(reason));
    }
    Ok(walker.sheets)
}

/// A cell that is open.
#[derive(Default)]
struct OpenCell {
    text: String,
    /// The value where it is stated apart from the text.
    value: Option<String>,
    kind: CellKind,
    /// Columns that it takes.
    columns: u32,
    /// Whether each of its columns has the same content; else only the first one has.
    is_repeated: bool,
}

/// The type that a cell states.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum CellKind {
    #[default]
    Text,
    Number,
    Day,
}

impl OpenCell {
    fn written(&self) -> String {
        let text = self.value.as_deref().unwrap_or(&self.text).trim();
        match self.kind {
            CellKind::Text => text.to_owned(),
            CellKind::Number => figure(text),
            CellKind::Day => {
                let (day, time) = text.split_once('T').unwrap_or((text, ""));
                let time = time.split(['.', 'Z']).next().unwrap_or_default();
                if time.is_empty() || time == "00:00:00" { day.to_owned() } else { format!("{day} {time}") }
            }
        }
    }
}

/// A sheet that is open.
struct OpenSheet<'a> {
    name: String,
    is_shown: bool,
    cells: SheetCells<'a>,
    /// The row that is open, and how many rows have the same cells.
    row: u32,
    times: u32,
    /// The cells of the row that hold anything, by column.
    filled: Vec<(u32, String)>,
    column: u32,
    cell: Option<OpenCell>,
}

impl OpenSheet<'_> {
    fn start_row(&mut self, start: &BytesStart<'_>) {
        if let Some(index) = count(start, "Index") {
            self.row = self.row.max(index.saturating_sub(1));
        }
        self.times = count(start, "number-rows-repeated").unwrap_or(1).max(1);
        self.column = 0;
    }

    fn start_cell(&mut self, start: &BytesStart<'_>) {
        if let Some(index) = count(start, "Index") {
            self.column = self.column.max(index.saturating_sub(1));
        }
        let mut cell = OpenCell { columns: 1, ..OpenCell::default() };
        if let Some(times) = count(start, "number-columns-repeated") {
            (cell.columns, cell.is_repeated) = (times, true);
        } else if let Some(further) = count(start, "MergeAcross") {
            cell.columns = further.saturating_add(1);
        }
        match attribute(start, "value-type").as_deref() {
            Some("float" | "currency" | "percentage") => {
                (cell.kind, cell.value) = (CellKind::Number, attribute(start, "value"));
            }
            Some("date") => (cell.kind, cell.value) = (CellKind::Day, attribute(start, "date-value")),
            _ => {}
        }
        self.cell = Some(cell);
    }

    fn end_cell(&mut self) {
        let Some(cell) = self.cell.take() else { return };
        let written = cell.written();
        if !written.is_empty() {
            let copies = if cell.is_repeated { cell.columns.min(super::MOST_COLUMNS) } else { 1 };
            self.filled.extend((0..copies).map(|copy| (self.column.saturating_add(copy), written.clone())));
        }
        self.column = self.column.saturating_add(cell.columns);
    }

    fn end_row(&mut self) -> Result<(), StatementError> {
        self.end_cell();
        let filled = std::mem::take(&mut self.filled);
        if !filled.is_empty() {
            for copy in 0..self.times {
                for (column, text) in &filled {
                    self.cells.put(self.row.saturating_add(copy), *column, text)?;
                }
            }
        }
        self.row = self.row.saturating_add(self.times);
        self.times = 0;
        Ok(())
    }

    fn ended(self, fault: Option<String>) -> RawSheet {
        RawSheet { name: self.name, is_shown: self.is_shown, grid: self.cells.grid, fault }
    }
}

struct Walker<'a> {
    limits: &'a Limits,
    sheets: Vec<RawSheet>,
    /// Styles of sheets that are not shown.
    hidden: HashSet<String>,
    /// The style that is open.
    style: String,
    open: Option<OpenSheet<'a>>,
}

impl Walker<'_> {
    fn walk(&mut self, source: &str) -> Result<(), StatementError> {
        let mut reader = Reader::from_str(source);
        reader.config_mut().expand_empty_elements = true;
        let (mut depth, mut is_aside, mut is_visibility) = (0_usize, 0_usize, false);
        loop {
            match reader.read_event().map_err(damaged)? {
                Event::Start(start) => {
                    depth += 1;
                    let name = local(start.name().as_ref()).to_owned();
                    if is_aside > 0 || ASIDE.contains(&name.as_str()) {
                        is_aside += 1;
                    } else {
                        is_visibility = name == "Visible";
                        self.start(&name, &start);
                    }
                }
                Event::End(end) => {
                    depth = depth.saturating_sub(1);
                    if is_aside > 0 {
                        is_aside -= 1;
                    } else {
                        is_visibility = false;
                        self.end(local(end.name().as_ref()))?;
                    }
                }
                Event::Text(text) if is_visibility && text.starts_with("SheetHidden") => self.hide(),
                Event::Text(text) if is_aside == 0 => self.text(&text),
                Event::CData(text) if is_aside == 0 => self.text(&text),
                Event::GeneralRef(reference) if is_aside == 0 => self.text(&resolved(&reference)),
                Event::Eof if depth > 0 => return Err(damaged("it is cut off")),
                Event::Eof => return Ok(()),
                _ => {}
            }
        }
    }

    fn start(&mut self, name: &str, start: &BytesStart<'_>) {
        if let Some(sheet) = &mut self.open {
            match (name, &mut sheet.cell) {
                ("table-row" | "Row", _) => sheet.start_row(start),
                ("table-cell" | "covered-table-cell" | "Cell", _) => sheet.start_cell(start),
                ("Data", Some(cell)) => {
                    cell.kind = match attribute(start, "Type").as_deref() {
                        Some("Number") => CellKind::Number,
                        Some("DateTime") => CellKind::Day,
                        _ => CellKind::Text,
                    };
                }
                ("p" | "s" | "tab" | "line-break", Some(cell)) if !cell.text.is_empty() => cell.text.push(' '),
                _ => {}
            }
            return;
        }
        match name {
            "style" => self.style = attribute(start, "name").unwrap_or_default(),
            "table-properties" if attribute(start, "display").as_deref() == Some("false") => {
                self.hidden.insert(std::mem::take(&mut self.style));
            }
            "table" | "Worksheet" => {
                let style = attribute(start, "style-name").unwrap_or_default();
                self.open = Some(OpenSheet {
                    name: attribute(start, "name").or_else(|| attribute(start, "Name")).unwrap_or_default(),
                    is_shown: !self.hidden.contains(&style),
                    cells: SheetCells::new(self.limits),
                    row: 0,
                    times: 0,
                    filled: Vec::new(),
                    column: 0,
                    cell: None,
                });
            }
            _ => {}
        }
    }

    fn end(&mut self, name: &str) -> Result<(), StatementError> {
        let Some(sheet) = &mut self.open else { return Ok(()) };
        match name {
            "table-cell" | "covered-table-cell" | "Cell" => sheet.end_cell(),
            "table-row" | "Row" => sheet.end_row()?,
            "table" | "Worksheet" => {
                if let Some(sheet) = self.open.take() {
                    self.sheets.push(sheet.ended(None));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn hide(&mut self) {
        if let Some(sheet) = &mut self.open {
            sheet.is_shown = false;
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(cell) = self.open.as_mut().and_then(|sheet| sheet.cell.as_mut()) {
            cell.text.push_str(text);
        }
    }
}

fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = start.attributes().with_checks(false).flatten().find(|found| local(found.key.as_ref()) == name);
    unescape(&found?.value).ok().map(std::borrow::Cow::into_owned)
}

fn count(start: &BytesStart<'_>, name: &str) -> Option<u32> {
    attribute(start, name)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn rows(sheet: &RawSheet) -> Vec<(u32, Vec<String>)> {
        let cells = |row| sheet.grid.cells(row).map(str::to_owned).collect();
        (0..sheet.grid.len()).map(|row| (sheet.grid.line(row), cells(row))).collect()
    }

    fn row(line: u32, cells: &[&str]) -> (u32, Vec<String>) {
        (line, cells.iter().map(|cell| (*cell).to_owned()).collect())
    }

    /// An OpenDocument spreadsheet with these tables.
    fn packed(tables: &str) -> Vec<u8> {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        archive.start_file("mimetype", stored).unwrap();
        archive.write_all(&MIME_TYPE[8..]).unwrap();
        archive.start_file("content.xml", zip::write::SimpleFileOptions::default()).unwrap();
        let style = "<style:style style:name=\"ta2\"><style:table-properties table:display=\"false\"/></style:style>";
        write!(archive, "<?xml version=\"1.0\"?><office:document-content>{style}{tables}</office:document-content>")
            .unwrap();
        archive.finish().unwrap().into_inner()
    }

    #[test]
    fn repeated_rows_and_cells_of_open_document_stand_as_often() {
        let bytes = packed(
            "<table:table table:name=\"May &amp; June\">\
             <table:table-row><table:table-cell><text:p>Date</text:p></table:table-cell>\
             <table:table-cell table:number-columns-repeated=\"2\"><text:p>a</text:p><text:p>b &lt; c</text:p></table:table-cell>\
             <table:table-cell table:number-columns-repeated=\"16000\"/></table:table-row>\
             <table:table-row table:number-rows-repeated=\"2\"><table:table-cell office:value-type=\"date\" \
             office:date-value=\"2024-05-03T00:00:00\"><text:p>3.5.24</text:p></table:table-cell>\
             <table:covered-table-cell/><table:table-cell office:value-type=\"currency\" office:value=\"-1234.5\">\
             <office:annotation><text:p>a note</text:p></office:annotation><text:p>-1.234,50 €</text:p></table:table-cell>\
             </table:table-row><table:table-row table:number-rows-repeated=\"1048000\"><table:table-cell/></table:table-row>\
             </table:table><table:table table:name=\"x\" table:style-name=\"ta2\"></table:table>",
        );
        assert!(is_packed(&bytes));
        let sheets = packed_sheets(&bytes, &Limits::default()).unwrap();
        assert_eq!((sheets[0].name.as_str(), sheets[0].is_shown, sheets[1].is_shown), ("May & June", true, false));
        let entry = |line| row(line, &["2024-05-03", "", "-1234.5"]);
        assert_eq!(rows(&sheets[0]), [row(1, &["Date", "a b < c", "a b < c"]), entry(2), entry(3)]);
        let bomb = "<table:table><table:table-row table:number-rows-repeated=\"4000000000\"><table:table-cell><text:p>x</text:p>\
                    </table:table-cell></table:table-row></table:table>";
        let limits = Limits { rows: 1_000, ..Limits::default() };
        assert!(matches!(packed_sheets(&packed(bomb), &limits), Err(StatementError::TooLarge { .. })));
    }

    #[test]
    fn a_sheet_of_excel_2003_keeps_its_places() {
        let text = "\u{feff}<?xml version=\"1.0\"?>\n<?mso-application progid=\"Excel.Sheet\"?>\n\
                    <Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\" xmlns:ss=\"urn:x\">\n\
                    <ss:Worksheet ss:Name=\"Movements\"><Table>\n<Row ss:Index=\"3\">\n  <Cell ss:MergeAcross=\"1\">\
                    <Data ss:Type=\"String\">Two &#38; more</Data>\n  </Cell><Cell><Data ss:Type=\"Number\">1.10</Data></Cell></Row>\
                    <Row><Cell ss:Index=\"2\"><Data ss:Type=\"DateTime\">2024-05-03T00:00:00.000</Data><Comment><ss:Data>no</ss:Data>\
                    </Comment></Cell><Cell><Data ss:Type=\"DateTime\">2024-05-03T14:05:00.000</Data></Cell></Row></Table>\
                    <WorksheetOptions><Visible>SheetHidden</Visible></WorksheetOptions></ss:Worksheet></Workbook>";
        assert!(is_text(text.as_bytes()));
        let sheets = text_sheets(text.as_bytes(), &Limits::default()).unwrap();
        assert_eq!((sheets[0].name.as_str(), sheets[0].is_shown), ("Movements", false));
        let wanted = [row(3, &["Two & more", "", "1.1"]), row(4, &["", "2024-05-03", "2024-05-03 14:05:00"])];
        assert_eq!(rows(&sheets[0]), wanted);
        let cut = text_sheets(&text.as_bytes()[..text.find("</Table>").unwrap()], &Limits::default()).unwrap();
        assert_eq!(rows(&cut[0]), wanted);
        assert!(cut[0].fault.as_deref().is_some_and(|fault| fault.contains("cut off")));
    }
}
