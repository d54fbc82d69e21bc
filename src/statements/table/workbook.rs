//! A workbook: one list, a sheet for each month, a sheet for each account, or lists of several kinds.
//!
//! Used by the table reader. INVARIANT: a sheet with rows is read, repeats rows of another one, or is named in a warning.

use std::collections::HashMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{
    frame,
    role::Role,
    sheet::WorkbookSheet,
    words::{self, Words, key},
};
use crate::{
    domain::{Warning, text::clean_line},
    statements::{ReadProgress, Reading, StatementError, StatementFile},
};

/// Rows from which a sheet that can't be read is worth a warning.
const LIST: usize = 3;

/// Reads the sheets, that with most rows first.
pub(super) fn read(
    input: &StatementFile<'_>,
    sheets: &[WorkbookSheet],
    format: &'static str,
    progress: &mut ReadProgress<'_>,
) -> Result<Reading, StatementError> {
    let words = words::words();
    let is_single = sheets.len() < 2;
    let mut readings: Vec<(&WorkbookSheet, Reading)> = Vec::new();
    let mut refused: Vec<(&WorkbookSheet, StatementError)> = Vec::new();
    for (index, sheet) in sheets.iter().enumerate() {
        if index > 0 && !names_statement(sheet, words) {
            if sheet.rows >= LIST && sheet.fault.is_none() {
                let error = StatementError::not_a_statement("no header names a date and an amount", "");
                refused.push((sheet, error));
            }
            continue;
        }
        // A name of a sheet may hold a number or a day, as that of a file does.
        let named = format!("{} {}", stem(input.file_name), sheet.name);
        let file_name = if is_single { input.file_name } else { &named };
        match super::read_grid(&StatementFile { file_name, ..*input }, &sheet.grid, format, progress) {
            Ok(reading) => readings.push((sheet, reading)),
            Err(StatementError::Cancelled) => return Err(StatementError::Cancelled),
            Err(error) => refused.push((sheet, error)),
        }
    }
    readings.sort_by_key(|(sheet, _)| sheet.place);
    separate(&mut readings);
    let mut whole: Option<Reading> = None;
    for (sheet, mut reading) in readings {
        if !is_single {
            reading.warnings.iter_mut().for_each(|warning| warning.message = about(sheet, &warning.message));
        }
        match &mut whole {
            None => whole = Some(reading),
            Some(known) if repeats(&reading, known) => {
                let text = "its rows are also on another sheet, so they were not read twice";
                known.warnings.push(Warning::new(0, about(sheet, text)));
            }
            Some(known) => known.join(reading),
        }
    }
    let Some(mut whole) = whole else {
        return Err(refused.into_iter().next().map_or(StatementError::Empty, |(_, error)| error));
    };
    for sheet in sheets {
        if let Some(fault) = &sheet.fault {
            whole
                .warnings
                .push(Warning::new(0, about(sheet, &format!("rows may be missing, {fault}; download it again"))));
        }
    }
    for (sheet, error) in refused.iter().filter(|(sheet, _)| sheet.rows >= LIST) {
        let reason = match error {
            StatementError::NotAStatement { found, .. } => found.clone(),
            other => other.to_string(),
        };
        whole.warnings.push(Warning::new(0, about(sheet, &format!("not read: {reason}"))));
    }
    Ok(whole)
}

fn about(sheet: &WorkbookSheet, text: &str) -> String {
    format!("sheet \"{}\": {text}", sheet.name)
}

fn stem(file_name: &str) -> &str {
    file_name.rsplit_once('.').map_or(file_name, |(stem, _)| stem)
}

/// Whether the header of a sheet names a date and an amount.
fn names_statement(sheet: &WorkbookSheet, words: &Words) -> bool {
    let Some(frame) = frame::find(&sheet.grid, words).filter(|frame| frame.header.is_some()) else { return false };
    let roles: Vec<Role> =
        frame.headers(&sheet.grid).iter().filter_map(|cell| Some(words.roles(cell).first()?.role)).collect();
    let has = |wanted: &[Role]| roles.iter().any(|role| wanted.contains(role));
    has(&[Role::DateBook, Role::DateTxn, Role::DateValue])
        && has(&[Role::Amount, Role::AmountMain, Role::Debit, Role::Credit])
}

/// Sheets of one layout that name no account are one account each, with the name of the sheet, unless the names
/// are months, years, counters or the words for a sheet: then they are parts of one list.
fn separate(readings: &mut [(&WorkbookSheet, Reading)]) {
    let mut counts = HashMap::<String, usize>::new();
    let nameless = |reading: &Reading| -> Vec<String> {
        let pages = reading.statements.iter().flat_map(|statement| &statement.accounts);
        let ids = pages.map(|page| page.account.provider_account_id.clone());
        ids.filter(|id| id.starts_with("table-")).collect()
    };
    for (_, reading) in readings.iter() {
        for id in nameless(reading) {
            *counts.entry(id).or_default() += 1;
        }
    }
    if readings.iter().all(|(sheet, _)| is_part(&sheet.name)) {
        return;
    }
    for (sheet, reading) in readings {
        for page in reading.statements.iter_mut().flat_map(|statement| &mut statement.accounts) {
            let account = &mut page.account;
            if counts.get(&account.provider_account_id).is_some_and(|count| *count > 1) {
                account.provider_account_id =
                    format!("{}-{}", account.provider_account_id, key(&sheet.name).replace(' ', "-"));
                account.name = clean_line(&sheet.name).map(String::from);
            }
        }
    }
}

/// Words for a sheet or a list, as keys.
const SHEET: &[&str] = &[
    "sheet",
    "tabelle",
    "feuil",
    "feuille",
    "hoja",
    "foglio",
    "blad",
    "arkusz",
    "taul",
    "list",
    "planilha",
    "ark",
    "munka",
    "page",
    "seite",
    "part",
    "teil",
    "transactions",
    "movements",
    "statement",
    "umsatze",
    "buchungen",
    "export",
];

/// Whether a sheet's name is a period, a counter or a word for a sheet.
fn is_part(name: &str) -> bool {
    let phrase = key(name);
    phrase.split(' ').all(|word| {
        let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
        let digits = &word[letters.len()..];
        letters.is_empty()
            || SHEET.contains(&letters)
            || words::month(letters).is_some()
            || (letters == "q" && !digits.is_empty())
    })
}

/// Whether every row of a reading is one of another reading.
fn repeats(reading: &Reading, of: &Reading) -> bool {
    let mut left = HashMap::<(NaiveDate, Decimal, &str), usize>::new();
    for row in rows(of) {
        *left.entry(row).or_default() += 1;
    }
    rows(reading).all(|row| {
        let Some(count) = left.get_mut(&row).filter(|count| **count > 0) else { return false };
        *count -= 1;
        true
    })
}

/// Day, amount and text of each row.
fn rows(reading: &Reading) -> impl Iterator<Item = (NaiveDate, Decimal, &str)> {
    let pages = reading.statements.iter().flat_map(|statement| &statement.accounts);
    pages.flat_map(|page| &page.transactions).map(|draft| {
        let facts = &draft.facts;
        (facts.date, facts.amount, facts.payee.as_deref().unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    use std::{
        fmt::Write as _,
        io::{Cursor, Write as _},
        ops::ControlFlow,
    };

    use super::*;
    use crate::statements::{Limits, QuestionAnswers};

    /// A workbook of sheets, each with lines whose cells are apart by a bar.
    fn book(sheets: &[(&str, &str)]) -> Vec<u8> {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let mut part = |name: &str, text: &str| {
            archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            archive.write_all(text.as_bytes()).unwrap();
        };
        let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
        let package = "http://schemas.openxmlformats.org/package/2006";
        let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
        let (mut list, mut links) = (String::new(), String::new());
        for (number, (name, lines)) in (1..).zip(sheets) {
            write!(list, "<sheet name=\"{name}\" sheetId=\"{number}\" r:id=\"r{number}\"/>").unwrap();
            write!(
                links,
                "<Relationship Id=\"r{number}\" Type=\"{office}/worksheet\" Target=\"worksheets/sheet{number}.xml\"/>"
            )
            .unwrap();
            let mut data = String::new();
            for (row, line) in (1..).zip(lines.lines()) {
                write!(data, "<row r=\"{row}\">").unwrap();
                for (column, cell) in ('A'..).zip(line.split('|')) {
                    match cell.parse::<f64>() {
                        Ok(_) => write!(data, "<c r=\"{column}{row}\"><v>{cell}</v></c>"),
                        Err(_) => write!(data, "<c r=\"{column}{row}\" t=\"inlineStr\"><is><t>{cell}</t></is></c>"),
                    }
                    .unwrap();
                }
                data.push_str("</row>");
            }
            part(
                &format!("xl/worksheets/sheet{number}.xml"),
                &format!("<worksheet xmlns=\"{main}\"><sheetData>{data}</sheetData></worksheet>"),
            );
        }
        part(
            "xl/workbook.xml",
            &format!("<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets>{list}</sheets></workbook>"),
        );
        part(
            "xl/_rels/workbook.xml.rels",
            &format!("<Relationships xmlns=\"{package}/relationships\">{links}</Relationships>"),
        );
        part(
            "_rels/.rels",
            &format!(
                "<Relationships xmlns=\"{package}/relationships\"><Relationship Id=\"r1\" Type=\"{office}/officeDocument\" \
                 Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        );
        part("[Content_Types].xml", &format!("<Types xmlns=\"{package}/content-types\"></Types>"));
        archive.finish().unwrap().into_inner()
    }

    fn reading(sheets: &[(&str, &str)]) -> Reading {
        let (limits, answers) = (Limits::default(), QuestionAnswers::default());
        let bytes = book(sheets);
        let input =
            StatementFile { bytes: &bytes, file_name: "book.xlsx", limits: &limits, layouts: &[], answers: &answers };
        super::super::super::read(&input, &mut |_| ControlFlow::Continue(())).unwrap()
    }

    /// Account and number of rows of each page, then the warnings.
    fn shape(sheets: &[(&str, &str)]) -> (Vec<(Option<String>, usize)>, Vec<String>) {
        let reading = reading(sheets);
        let pages = reading.statements.iter().flat_map(|statement| &statement.accounts);
        let pages = pages.map(|page| (page.account.name.clone(), page.transactions.len())).collect();
        (pages, reading.warnings.into_iter().map(|warning| warning.message).collect())
    }

    const FIRST: &str = "Date|Text|Amount\n2024-01-13|Shop|-5.5\n2024-01-14|Pay|10\n2024-01-15|Shop|-1.25";
    const SECOND: &str = "Date|Text|Amount\n2024-02-13|Shop|-7\n2024-02-16|Pay|12.5";

    #[test]
    fn sheets_of_months_are_one_account_and_others_one_each() {
        let (months, warnings) = shape(&[("Jan 2024", FIRST), ("Feb 2024", SECOND)]);
        assert_eq!((months, warnings.len()), (vec![(None, 3), (None, 2)], 0));
        let name = |name: &str| Some(name.to_owned());
        let (accounts, _) = shape(&[("Savings", SECOND), ("Current", FIRST)]);
        assert_eq!(accounts, [(name("Savings"), 2), (name("Current"), 3)]);
        let ids: std::collections::HashSet<String> = reading(&[("Savings", SECOND), ("Current", FIRST)])
            .statements
            .iter()
            .flat_map(|statement| &statement.accounts)
            .map(|page| page.account.provider_account_id.clone())
            .collect();
        assert_eq!(ids.len(), 2);
    }

    #[test]
    fn a_sheet_that_repeats_rows_or_is_no_statement_adds_none() {
        let part = "Date|Text|Amount\n2024-01-13|Shop|-5.5\n2024-01-15|Shop|-1.25";
        let (pages, warnings) = shape(&[("All", FIRST), ("Shops", part)]);
        assert_eq!(pages.len(), 1);
        assert!(warnings.iter().any(|warning| warning.contains("sheet \"Shops\": its rows are also")), "{warnings:?}");
        let notes = "Created|2024-01-01|17.5\nA|2024-01-02|18\nB|2024-01-03|19";
        let (pages, warnings) = shape(&[("All", FIRST), ("Notes", notes)]);
        assert_eq!(pages.len(), 1);
        assert!(warnings.iter().any(|warning| warning.starts_with("sheet \"Notes\": not read")), "{warnings:?}");
        let (pages, warnings) = shape(&[("Summary", "Created|2024-01-01|17.5"), ("All", FIRST)]);
        assert_eq!((pages.len(), warnings.len()), (1, 0), "{warnings:?}");
    }
}
