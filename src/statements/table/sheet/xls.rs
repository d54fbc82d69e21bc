//! XLS: the binary records of Excel up to 2003 (BIFF), in a compound file or, as some programs write them, alone.
//!
//! Only what cells need is read: texts, numbers, results of formulas, and which formats are those of days. INVARIANT: no
//! stated size is relied on, so that memory is bounded by the bytes of the file.

use std::{
    collections::HashMap,
    io::{Cursor, Read as _},
};

use calamine::{ExcelDateTime, ExcelDateTimeType};
use encoding_rs::{Encoding, UTF_16LE, WINDOWS_1252};

use super::{RawSheet, SheetCells, damaged, fault, figure, moment};
use crate::statements::{Limits, StatementError};

/// The start of a compound file.
const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
/// The reason for a file that ends too early.
const CUT_OFF: &str = "it is cut off";

/// Kinds of records.
mod kind {
    pub(super) const BOF: [u16; 4] = [0x0009, 0x0209, 0x0409, 0x0809];
    pub(super) const EOF: u16 = 0x000a;
    pub(super) const CONTINUE: u16 = 0x003c;
    pub(super) const FILE_PASS: u16 = 0x002f;
    pub(super) const CODE_PAGE: u16 = 0x0042;
    pub(super) const DATE_MODE: u16 = 0x0022;
    pub(super) const FORMAT: u16 = 0x041e;
    pub(super) const XF: u16 = 0x00e0;
    pub(super) const BOUND_SHEET: u16 = 0x0085;
    pub(super) const SHARED_TEXTS: u16 = 0x00fc;
    pub(super) const NUMBER: [u16; 2] = [0x0003, 0x0203];
    pub(super) const INTEGER: u16 = 0x0002;
    pub(super) const RK: u16 = 0x027e;
    pub(super) const MANY_RK: u16 = 0x00bd;
    pub(super) const SHARED_TEXT: u16 = 0x00fd;
    pub(super) const LABEL: [u16; 3] = [0x0004, 0x0204, 0x00d6];
    pub(super) const FORMULA: [u16; 3] = [0x0006, 0x0206, 0x0406];
    pub(super) const STRING: [u16; 2] = [0x0007, 0x0207];
}

/// Whether the bytes are a compound file or begin with the first record of a workbook.
pub(super) fn is_binary(bytes: &[u8]) -> bool {
    let starts_workbook = || {
        let Some((first, kind, _)) = record(bytes, 0) else { return false };
        // The version and the type of what begins: a workbook, or a single sheet.
        kind::BOF.contains(&first) && kind.len() >= 4 && matches!(u16_at(kind, 2), Some(0x05 | 0x10))
    };
    bytes.starts_with(COMPOUND) || starts_workbook()
}

/// All sheets of a workbook.
pub(super) fn sheets(bytes: &[u8], limits: &Limits) -> Result<Vec<RawSheet>, StatementError> {
    let unpacked = if bytes.starts_with(COMPOUND) { Some(workbook(bytes)?) } else { None };
    let stream = unpacked.as_deref().unwrap_or(bytes);
    let mut book = Book { encoding: WINDOWS_1252, ..Book::default() };
    let mut alone = SheetCells::new(limits);
    let outcome = book.read(stream, 0, &mut alone);
    if book.is_locked {
        return Err(locked());
    }
    if book.sheets.is_empty() {
        let fault = fault(outcome)?;
        return Ok(vec![RawSheet { name: String::new(), is_shown: true, grid: alone.grid, fault }]);
    }
    outcome?;
    let mut sheets = Vec::new();
    for BoundSheet { start, is_shown, name } in std::mem::take(&mut book.sheets) {
        let mut cells = SheetCells::new(limits);
        let fault = fault(book.read(stream, start, &mut cells))?;
        sheets.push(RawSheet { name, is_shown, grid: cells.grid, fault });
    }
    Ok(sheets)
}

fn locked() -> StatementError {
    StatementError::not_a_statement(
        "this spreadsheet is protected by a password",
        "open it, save it without a password as XLSX or CSV, and import that",
    )
}

/// The records of the workbook in a compound file.
fn workbook(bytes: &[u8]) -> Result<Vec<u8>, StatementError> {
    let mut file = cfb::CompoundFile::open(Cursor::new(bytes)).map_err(damaged)?;
    let Some(name) = ["/Workbook", "/Book"].into_iter().find(|name| file.is_stream(name)) else {
        return Err(if file.exists("/EncryptedPackage") {
            locked()
        } else {
            StatementError::not_a_statement(
                "this is an Office document of the old kind that holds no sheets",
                "download the account's transactions as CSV or Excel, or as OFX where your bank offers it",
            )
        });
    };
    let mut stream = Vec::new();
    let most = bytes.len() as u64;
    file.open_stream(name).and_then(|found| found.take(most).read_to_end(&mut stream)).map_err(damaged)?;
    Ok(stream)
}

/// The record at a place: its kind, its data, and the place of the next one.
fn record(stream: &[u8], at: usize) -> Option<(u16, &[u8], usize)> {
    let (kind, len) = (u16_at(stream, at)?, u16_at(stream, at + 2)?);
    let end = at + 4 + usize::from(len);
    Some((kind, stream.get(at + 4..end)?, end))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2)?.try_into().ok().map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
}

fn f64_at(bytes: &[u8], at: usize) -> Option<f64> {
    bytes.get(at..at + 8)?.try_into().ok().map(f64::from_le_bytes)
}

/// A sheet that the workbook lists.
struct BoundSheet {
    start: usize,
    is_shown: bool,
    name: String,
}

/// A cell that waits for its place in the order of rows.
type PlacedCell = (u16, u16, String);

/// The facts of a workbook that its cells need.
struct Book {
    /// The version of the records: 2 to 5, or 8.
    version: u8,
    encoding: &'static Encoding,
    is_1904: bool,
    is_locked: bool,
    /// Whether a number format, by its number, is that of a day or time.
    formats: HashMap<u16, bool>,
    /// The number format of each cell format.
    cell_formats: Vec<u16>,
    texts: Vec<String>,
    sheets: Vec<BoundSheet>,
}

impl Default for Book {
    fn default() -> Self {
        Self {
            version: 8,
            encoding: WINDOWS_1252,
            is_1904: false,
            is_locked: false,
            formats: HashMap::new(),
            cell_formats: Vec::new(),
            texts: Vec::new(),
            sheets: Vec::new(),
        }
    }
}

impl Book {
    /// Reads the part of the stream that begins at a place, up to its end, and hands its cells over by rows.
    fn read(&mut self, stream: &[u8], start: usize, cells: &mut SheetCells<'_>) -> Result<(), StatementError> {
        let mut found = Vec::new();
        let is_whole = self.part(stream, start, &mut found);
        // Most programs write cells by rows, but none has to.
        found.sort_by_key(|(row, column, _)| (*row, *column));
        for (row, column, text) in &found {
            cells.put(u32::from(*row), u32::from(*column), text)?;
        }
        if is_whole { Ok(()) } else { Err(damaged(CUT_OFF)) }
    }

    /// Whether the part was read to its end.
    fn part(&mut self, stream: &[u8], start: usize, found: &mut Vec<PlacedCell>) -> bool {
        let (mut at, mut depth) = (start, 0_usize);
        // The cell of a formula whose text is the next record.
        let mut awaited = None;
        while let Some((kind, data, next)) = record(stream, at) {
            at = next;
            if kind::BOF.contains(&kind) {
                depth += 1;
                if depth == 1 {
                    self.version = version(kind, data);
                }
            } else if kind == kind::EOF {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return true;
                }
            } else if depth <= 1 && !self.is_locked {
                let mut parts = vec![data];
                while let Some((kind::CONTINUE, more, next)) = record(stream, at) {
                    parts.push(more);
                    at = next;
                }
                self.take(kind, &parts, &mut awaited, found);
            }
        }
        false
    }

    fn take(
        &mut self,
        kind: u16,
        parts: &[&[u8]],
        awaited: &mut Option<(u16, u16)>,
        found: &mut Vec<PlacedCell>,
    ) -> Option<()> {
        let data = *parts.first()?;
        let place = || Some((u16_at(data, 0)?, u16_at(data, 2)?));
        let format = || u16_at(data, 4);
        // Numbers and texts of the oldest version have three bytes of attributes instead of a format.
        let value_at = if self.version == 2 { 7 } else { 6 };
        match kind {
            kind::FILE_PASS => self.is_locked = true,
            kind::CODE_PAGE => self.encoding = encoding(u16_at(data, 0)?),
            kind::DATE_MODE => self.is_1904 = u16_at(data, 0)? == 1,
            kind::FORMAT => {
                let code = self.text_with_length(parts, 2, self.version < 8)?;
                self.formats.insert(u16_at(data, 0)?, is_of_day(&code));
            }
            kind::XF => self.cell_formats.push(u16_at(data, 2)?),
            kind::BOUND_SHEET if *data.get(5)? == 0 => {
                let name = self.text_with_length(parts, 6, true)?;
                let start = usize::try_from(u32_at(data, 0)?).ok()?;
                self.sheets.push(BoundSheet { start, is_shown: *data.get(4)? == 0, name });
            }
            kind::SHARED_TEXTS => self.texts = shared_texts(parts),
            kind if kind::NUMBER.contains(&kind) => {
                let (row, column) = place()?;
                found.push((row, column, self.number(f64_at(data, value_at)?, format()?)));
            }
            kind::INTEGER => {
                let (row, column) = place()?;
                found.push((row, column, u16_at(data, value_at)?.to_string()));
            }
            kind::RK => {
                let (row, column) = place()?;
                found.push((row, column, self.number(rk(u32_at(data, 6)?), format()?)));
            }
            kind::MANY_RK => {
                let (row, first) = place()?;
                for (column, value) in (first..).zip(data.get(4..data.len().checked_sub(2)?)?.chunks_exact(6)) {
                    found.push((row, column, self.number(rk(u32_at(value, 2)?), u16_at(value, 0)?)));
                }
            }
            kind::SHARED_TEXT => {
                let (row, column) = place()?;
                let text = self.texts.get(usize::try_from(u32_at(data, 6)?).ok()?)?;
                found.push((row, column, text.clone()));
            }
            kind if kind::LABEL.contains(&kind) => {
                let (row, column) = place()?;
                found.push((row, column, self.text_with_length(parts, value_at, self.version == 2)?));
            }
            kind if kind::FORMULA.contains(&kind) => {
                let (row, column) = place()?;
                *awaited = None;
                match data.get(value_at..value_at + 8)? {
                    [0, .., 0xff, 0xff] => *awaited = Some((row, column)),
                    [.., 0xff, 0xff] => {}
                    _ => found.push((row, column, self.number(f64_at(data, value_at)?, format()?))),
                }
            }
            kind if kind::STRING.contains(&kind) => {
                let (row, column) = awaited.take()?;
                found.push((row, column, self.text_with_length(parts, 0, self.version == 2)?));
            }
            _ => {}
        }
        Some(())
    }

    fn number(&self, value: f64, cell_format: u16) -> String {
        let format = self.cell_formats.get(usize::from(cell_format)).copied().unwrap_or(0);
        let is_day = self.formats.get(&format).copied().unwrap_or_else(|| is_built_in_day(format));
        if is_day && self.version > 2 {
            moment(ExcelDateTime::new(value, ExcelDateTimeType::DateTime, self.is_1904))
        } else {
            figure(&value.to_string())
        }
    }

    /// A text behind its length, which is one byte or two.
    fn text_with_length(&self, parts: &[&[u8]], at: usize, is_short: bool) -> Option<String> {
        let mut text = TextReader { parts, part: 0, at };
        let length = if is_short { u16::from(text.byte()?) } else { text.u16()? };
        if self.version == 8 {
            let is_wide = text.byte()? & 1 == 1;
            return Some(text.characters(length.into(), is_wide));
        }
        let bytes: Vec<u8> = (0..length).map_while(|_| text.byte()).collect();
        // Some programs write UTF-8 whatever code page they state.
        Some(String::from_utf8(bytes).unwrap_or_else(|bytes| self.encoding.decode(bytes.as_bytes()).0.into_owned()))
    }
}

/// The version of the records of a part.
fn version(kind: u16, data: &[u8]) -> u8 {
    match (kind, u16_at(data, 0)) {
        (0x0009, _) => 2,
        (0x0209, _) => 3,
        (0x0409, _) => 4,
        (_, Some(0x0600)) => 8,
        _ => 5,
    }
}

fn encoding(code_page: u16) -> &'static Encoding {
    let label = match code_page {
        866 => "ibm866".to_owned(),
        932 => "shift_jis".to_owned(),
        936 => "gbk".to_owned(),
        949 => "euc-kr".to_owned(),
        950 => "big5".to_owned(),
        1200 => return UTF_16LE,
        10_000 | 32_768 => "macintosh".to_owned(),
        other => format!("windows-{other}"),
    };
    Encoding::for_label(label.as_bytes()).unwrap_or(WINDOWS_1252)
}

/// The texts that cells refer to.
fn shared_texts(parts: &[&[u8]]) -> Vec<String> {
    let mut text = TextReader { parts, part: 0, at: 8 };
    let mut texts = Vec::new();
    let mut next = || {
        let (length, flags) = (text.u16()?, text.byte()?);
        let runs = if flags & 8 == 0 { 0 } else { usize::from(text.u16()?) };
        let further = if flags & 4 == 0 { 0 } else { usize::try_from(text.u32()?).ok()? };
        let characters = text.characters(length.into(), flags & 1 == 1);
        text.skip(runs * 4)?;
        text.skip(further)?;
        Some(characters)
    };
    while let Some(text) = next() {
        texts.push(text);
    }
    texts
}

/// Reads a text of the newest version, which may go on in further records.
struct TextReader<'a> {
    parts: &'a [&'a [u8]],
    part: usize,
    at: usize,
}

impl TextReader<'_> {
    /// Bytes left in the record; goes on to the next one at its end.
    fn left(&mut self) -> usize {
        while self.part + 1 < self.parts.len() && self.at >= self.parts[self.part].len() {
            self.at -= self.parts[self.part].len();
            self.part += 1;
        }
        self.parts.get(self.part).map_or(0, |part| part.len().saturating_sub(self.at))
    }

    fn byte(&mut self) -> Option<u8> {
        if self.left() == 0 {
            return None;
        }
        self.at += 1;
        self.parts[self.part].get(self.at - 1).copied()
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes([self.byte()?, self.byte()?]))
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes([self.byte()?, self.byte()?, self.byte()?, self.byte()?]))
    }

    fn skip(&mut self, mut bytes: usize) -> Option<()> {
        while bytes > 0 {
            let step = bytes.min(self.left());
            if step == 0 {
                return None;
            }
            self.at += step;
            bytes -= step;
        }
        Some(())
    }

    /// Characters of one byte or of two; a further record begins with the width of its part.
    fn characters(&mut self, count: usize, mut is_wide: bool) -> String {
        let mut units: Vec<u16> = Vec::new();
        while units.len() < count {
            let part = self.part;
            let left = self.left();
            if left == 0 {
                break;
            }
            if self.part != part {
                let Some(flags) = self.byte() else { break };
                is_wide = flags & 1 == 1;
                continue;
            }
            let unit = if is_wide { self.u16() } else { self.byte().map(u16::from) };
            let Some(unit) = unit else { break };
            units.push(unit);
        }
        String::from_utf16_lossy(&units)
    }
}

/// A number packed into four bytes: an integer or the upper half of a float, perhaps in hundredths.
fn rk(packed: u32) -> f64 {
    let value = if packed & 2 == 2 {
        f64::from(packed.cast_signed() >> 2)
    } else {
        f64::from_bits(u64::from(packed & !3) << 32)
    };
    if packed & 1 == 1 { value / 100.0 } else { value }
}

/// Number formats of days and times that need no description.
const fn is_built_in_day(format: u16) -> bool {
    matches!(format, 14..=22 | 27..=36 | 45..=47 | 50..=58)
}

/// Whether a number format shows a day or a time: letters of days outside of quoted texts, and no digits of numbers.
fn is_of_day(code: &str) -> bool {
    let mut letters = String::new();
    let mut rest = code.chars();
    while let Some(letter) = rest.next() {
        match letter {
            '"' => drop(rest.by_ref().find(|letter| *letter == '"')),
            '[' => drop(rest.by_ref().find(|letter| *letter == ']')),
            '\\' | '_' | '*' => drop(rest.next()),
            ';' => break,
            letter => letters.push(letter.to_ascii_lowercase()),
        }
    }
    // Fractions of a second are written with zeros.
    let has_digits = letters.split("s.").any(|part| part.trim_start_matches('0').contains('0'));
    let is_number = has_digits || letters.contains(['#', '?']);
    !is_number && letters != "general" && letters.contains(['y', 'm', 'd', 'h', 's'])
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn record(kind: u16, data: &[u8]) -> Vec<u8> {
        let len = u16::try_from(data.len()).unwrap();
        [&kind.to_le_bytes(), &len.to_le_bytes(), data].concat()
    }

    /// Numbers of two bytes, side by side.
    fn words(numbers: &[u16]) -> Vec<u8> {
        numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
    }

    fn number(row: u16, column: u16, format: u16, value: f64) -> Vec<u8> {
        record(0x0203, &[words(&[row, column, format]), value.to_le_bytes().to_vec()].concat())
    }

    /// A text of the newest version in single bytes.
    fn narrow(text: &str) -> Vec<u8> {
        [words(&[u16::try_from(text.len()).unwrap()]), vec![0], text.as_bytes().to_vec()].concat()
    }

    /// A workbook of one sheet with these records, in a compound file; texts are the shared ones.
    fn book(texts: &[&str], cells: &[u8]) -> Vec<u8> {
        let version = |kind: u16| record(0x0809, &words(&[0x0600, kind, 0, 0]));
        let wide = |text: &str| {
            let units: Vec<u16> = text.encode_utf16().collect();
            [words(&[u16::try_from(units.len()).unwrap()]), vec![1], words(&units)].concat()
        };
        let shared = [vec![0; 8], texts.iter().flat_map(|text| wide(text)).collect()].concat();
        let mut globals = [
            version(5),
            record(0x041e, &[words(&[164]), narrow("dd\"d\"/mm/yyyy")].concat()),
            record(0x041e, &[words(&[165]), narrow("#,##0.00 \"dm\"")].concat()),
            record(0x00e0, &words(&[0, 0, 0])),
            record(0x00e0, &words(&[0, 164, 0])),
            record(0x00e0, &words(&[0, 165, 0])),
            record(0x00fc, &shared),
        ]
        .concat();
        let name = [&[0, 0, 3, 0][..], b"May"].concat();
        let start = u32::try_from(globals.len() + 4 + 4 + name.len() - 1 + 4).unwrap();
        globals.extend(record(0x0085, &[&start.to_le_bytes()[..], &name[..1], &name[1..]].concat()));
        globals.extend(record(0x000a, &[]));
        let sheet = [version(0x10), cells.to_vec(), record(0x000a, &[])].concat();
        let start = u32::try_from(globals.len()).unwrap();
        let at = globals.windows(3).rposition(|window| window == b"May").unwrap() - 8;
        globals[at..at + 4].copy_from_slice(&start.to_le_bytes());
        compound("/Workbook", &[globals, sheet].concat())
    }

    fn compound(name: &str, stream: &[u8]) -> Vec<u8> {
        let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
        file.create_stream(name).unwrap().write_all(stream).unwrap();
        file.into_inner().into_inner()
    }

    fn rows(sheet: &RawSheet) -> Vec<Vec<String>> {
        (0..sheet.grid.len()).map(|row| sheet.grid.cells(row).map(str::to_owned).collect()).collect()
    }

    #[test]
    fn every_kind_of_cell_is_read_in_the_order_of_rows() {
        let float = u32::try_from((-1234.5f64).to_bits() >> 32).unwrap();
        let shared = |row: u16, column: u16, text: u16| record(0x00fd, &words(&[row, column, 0, text, 0]));
        let formula = |row: u16, column: u16, result: [u8; 8]| {
            record(0x0006, &[words(&[row, column, 2]), result.to_vec(), vec![0; 6]].concat())
        };
        let packed = |values: &[u32]| -> Vec<u8> {
            values.iter().flat_map(|value| [words(&[2]), value.to_le_bytes().to_vec()].concat()).collect()
        };
        let cells = [
            number(1, 0, 1, 45_296.0),
            number(1, 3, 1, 45_297.75),
            shared(0, 0, 0),
            shared(0, 1, 1),
            record(0x0204, &[words(&[1, 1, 0]), narrow("Shop")].concat()),
            record(0x027e, &[words(&[1, 2, 2]), float.to_le_bytes().to_vec()].concat()),
            record(0x00bd, &[words(&[2, 1]), packed(&[(7 << 2) | 2, (1_999 << 2) | 3]), words(&[2])].concat()),
            formula(3, 0, 45_297.75f64.to_le_bytes()),
            formula(3, 1, [0, 0, 0, 0, 0, 0, 0xff, 0xff]),
            record(0x0207, &narrow("joined")),
            formula(3, 2, [2, 0, 0, 0, 0, 0, 0xff, 0xff]),
            // A chart inside the sheet has cells too.
            record(0x0809, &words(&[0x0600, 0x20, 0, 0])),
            number(9, 9, 0, 1.0),
            record(0x000a, &[]),
            number(3, 3, 0, 0.1 + 0.2),
        ];
        let sheets = sheets(&book(&["Datum", "Größe €"], &cells.concat()), &Limits::default()).unwrap();
        assert_eq!((sheets.len(), sheets[0].name.as_str(), sheets[0].is_shown), (1, "May", true));
        assert_eq!(sheets[0].fault, None);
        let wanted: [&[&str]; 4] = [
            &["Datum", "Größe €"],
            &["2024-01-05", "Shop", "-1234.5", "2024-01-06 18:00:00"],
            &["", "7", "19.99"],
            &["45297.75", "joined", "", "0.3"],
        ];
        assert_eq!(rows(&sheets[0]), wanted);
    }

    #[test]
    fn a_text_goes_on_in_the_next_record_with_a_width_of_its_own() {
        let first = [vec![0; 8], words(&[6]), vec![0], b"abc".to_vec()].concat();
        let second = [vec![1], words(&"dé€".encode_utf16().collect::<Vec<_>>()), words(&[2]), vec![8], words(&[1])];
        let third = [b"xy".to_vec(), vec![0; 4], words(&[1]), vec![0], b"z".to_vec()].concat();
        let texts = shared_texts(&[&first, &[second.concat(), third].concat()]);
        assert_eq!(texts, ["abcdé€", "xy", "z"]);
    }

    #[test]
    fn records_without_a_compound_file_are_a_sheet() {
        let label = |row: u16, column: u16, text: &str| {
            record(0x0204, &[words(&[row, column, 0, u16::try_from(text.len()).unwrap()]), text.into()].concat())
        };
        let stream = [
            record(0x0809, &words(&[0, 0x10, 0, 0])),
            label(0, 0, "Café"),
            number(0, 1, 0, -12.5),
            record(0x000a, &[]),
        ]
        .concat();
        assert!(is_binary(&stream));
        let sheets = sheets(&stream, &Limits::default()).unwrap();
        assert_eq!(rows(&sheets[0]), [["Café", "-12.5"]]);
        let cut = super::sheets(&stream[..stream.len() - 4], &Limits::default()).unwrap();
        assert!(cut[0].fault.as_deref().is_some_and(|fault| fault.contains("cut off")));
    }

    #[test]
    fn what_holds_no_open_sheets_is_refused_by_name() {
        let refused = |bytes: &[u8]| sheets(bytes, &Limits::default()).err().unwrap().to_string();
        assert!(refused(&compound("/EncryptedPackage", b"x")).contains("protected by a password"));
        assert!(refused(&compound("/WordDocument", b"x")).contains("holds no sheets"));
        let locked = [record(0x0809, &words(&[0x0600, 5, 0, 0])), record(0x002f, &[1, 0])].concat();
        assert!(refused(&compound("/Workbook", &locked)).contains("protected by a password"));
    }

    #[test]
    fn formats_of_days_are_told_from_those_of_numbers() {
        for code in ["dd/mm/yyyy", "yyyy\\-mm\\-dd", "[$-409]d-mmm-yy;@", "hh:mm:ss.000", "d\\.m\\.yy"] {
            assert!(is_of_day(code), "{code}");
        }
        for code in ["General", "0.00", "#,##0.00 \"USD\"", "[Red]-#,##0.00", "0%", "@", "_-* #,##0.00 [$d]_-"] {
            assert!(!is_of_day(code), "{code}");
        }
    }
}
