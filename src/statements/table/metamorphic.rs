//! The same table in another form gives the same rows, or an honest question or refusal.
//!
//! Runs over the fixtures of the layouts, and over the samples that `DASHTAM_SAMPLES` names, if it is set.

use std::{fs, ops::ControlFlow, path::PathBuf};

use rust_decimal::Decimal;

use crate::statements::{Limits, QuestionAnswers, Reading, StatementError, StatementFile, Verdict, read};

/// Day, amount, currency: what must not change.
type Row = (String, Decimal, String);

fn reading(bytes: &[u8], name: &str) -> Result<Reading, StatementError> {
    let limits = Limits::default();
    let input =
        StatementFile { bytes, file_name: name, limits: &limits, layouts: &[], answers: &QuestionAnswers::default() };
    read(&input, &mut |_| ControlFlow::Continue(()))
}

fn rows(reading: &Reading) -> Vec<Row> {
    let drafts = reading.statements.iter().flat_map(|s| &s.accounts).flat_map(|page| &page.transactions);
    let mut rows: Vec<Row> = drafts
        .map(|draft| (draft.facts.date.to_string(), draft.facts.amount.normalize(), draft.facts.currency.to_string()))
        .collect();
    rows.sort();
    rows
}

fn lines_of(reading: &Reading) -> Vec<u32> {
    let drafts = reading.statements.iter().flat_map(|s| &s.accounts).flat_map(|page| &page.transactions);
    let mut lines: Vec<u32> = drafts.map(|draft| draft.facts.origin.line).collect();
    lines.sort_unstable();
    lines
}

/// Files as text with their delimiter, those with one line a row only.
struct Case {
    name: String,
    lines: Vec<String>,
    delimiter: u8,
    before: Vec<Row>,
    body: Vec<u32>,
    warned: Vec<u32>,
}

fn cases() -> Vec<Case> {
    let mut folders = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/statements/tables")];
    match std::env::var_os("DASHTAM_SAMPLES") {
        Some(samples) => folders.push(PathBuf::from(samples).join("statements/csv")),
        None => println!("samples skipped: DASHTAM_SAMPLES names no folder"),
    }
    let mut paths: Vec<PathBuf> =
        folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap()).map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
        .into_iter()
        .filter(|path| !path.to_string_lossy().ends_with(".rows.tsv"))
        .filter_map(|path| case(&path))
        .collect()
}

fn case(path: &std::path::Path) -> Option<Case> {
    let bytes = fs::read(path).unwrap();
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let before = reading(&bytes, &name).ok().filter(|reading| !matches!(reading.verdict, Verdict::Question(_)))?;
    let (text, _) = super::decode::decode(&bytes, None, super::words::words());
    let lines: Vec<String> = text.trim_start_matches('\u{feff}').lines().map(str::to_owned).collect();
    let body = lines_of(&before);
    let single =
        body.iter().all(|line| lines.get(*line as usize - 1).is_some_and(|line| line.matches('"').count() % 2 == 0));
    let (_, dialect) = super::dialect::read(&text, &Limits::default(), &mut |_| ControlFlow::Continue(())).ok()?;
    single.then(|| Case {
        name,
        lines,
        delimiter: dialect.delimiter,
        before: rows(&before),
        warned: before.warnings.iter().map(|warning| warning.line).collect(),
        body,
    })
}

impl Case {
    /// Reads another form of the table; a difference without a warning or question is a fault.
    fn check(&self, what: &str, bytes: &[u8], file_name: &str, faults: &mut Vec<String>) {
        match reading(bytes, file_name) {
            Err(_) => {}
            Ok(after) if matches!(after.verdict, Verdict::Question(_)) => {}
            Ok(after) => {
                let after = rows(&after);
                if after != self.before {
                    let gone: Vec<&Row> = self.before.iter().filter(|row| !after.contains(row)).take(2).collect();
                    let new: Vec<&Row> = after.iter().filter(|row| !self.before.contains(row)).take(2).collect();
                    faults.push(format!(
                        "{what}: {}: {} rows, were {}: gone {gone:?}, new {new:?}",
                        self.name,
                        after.len(),
                        self.before.len()
                    ));
                }
            }
        }
    }

    fn cells(&self) -> Vec<Vec<String>> {
        let text = self.lines.join("\n");
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(self.delimiter)
            .flexible(true)
            .has_headers(false)
            .from_reader(text.as_bytes());
        reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
    }

    fn write(cells: &[Vec<String>], delimiter: u8) -> Vec<u8> {
        let mut writer = csv::WriterBuilder::new().delimiter(delimiter).flexible(true).from_writer(Vec::new());
        for row in cells {
            writer.write_record(row).unwrap();
        }
        writer.into_inner().unwrap()
    }
}

fn check_all(test: impl Fn(&Case, &mut Vec<String>)) {
    let mut faults = Vec::new();
    let cases = cases();
    assert!(cases.len() >= 60, "{} cases", cases.len());
    for case in &cases {
        test(case, &mut faults);
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn a_file_with_its_rows_reversed_holds_the_same_rows() {
    check_all(|case, faults| {
        let (Some(first), Some(last)) = (case.body.first(), case.body.last()) else { return };
        let mut lines = case.lines.clone();
        lines[*first as usize - 1..*last as usize].reverse();
        case.check("reversed", lines.join("\n").as_bytes(), &case.name, faults);
    });
}

#[test]
fn the_delimiter_does_not_matter() {
    check_all(|case, faults| {
        for delimiter in [b';', b'\t', b'|'] {
            case.check("delimiter", &Case::write(&case.cells(), delimiter), &case.name, faults);
        }
    });
}

#[test]
fn the_order_of_columns_does_not_matter_where_a_header_names_them() {
    check_all(|case, faults| {
        let mut cells = case.cells();
        let width = cells.iter().map(Vec::len).max().unwrap_or(0);
        let has_header = case.body.first().is_some_and(|line| *line > 1);
        let same = cells.iter().filter(|row| row.len() == width).count() == cells.len();
        if !has_header || !same {
            return;
        }
        for row in &mut cells {
            row.rotate_right(1);
        }
        case.check("columns", &Case::write(&cells, case.delimiter), &case.name, faults);
    });
}

#[test]
fn encodings_and_names_do_not_matter() {
    check_all(|case, faults| {
        let text = case.lines.join("\r\n");
        let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        case.check("utf-16", &wide, &case.name, faults);
        let bare: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        case.check("utf-16 without mark", &bare, &case.name, faults);
        let (narrow, _, lossy) = encoding_rs::WINDOWS_1252.encode(&text);
        if !lossy {
            case.check("windows-1252", &narrow, &case.name, faults);
        }
        case.check("renamed", text.as_bytes(), "download.csv", faults);
    });
}

#[test]
fn a_footer_adds_nothing() {
    check_all(|case, faults| {
        let delimiter = char::from(case.delimiter);
        let total = format!("Total{delimiter}{delimiter}1234.56");
        for footer in ["This file was made by your bank. No liability is assumed.", &total, "\n\n***"] {
            let text = format!("{}\n{footer}\n", case.lines.join("\n"));
            case.check("footer", text.as_bytes(), &case.name, faults);
        }
    });
}

#[test]
fn a_garbled_amount_or_date_is_named_by_its_line() {
    check_all(|case, faults| {
        // Fewer rows leave too little arithmetic once one is broken.
        if case.body.len() < 5 {
            return;
        }
        let line = case.body[case.body.len() / 2];
        let at = line as usize - 1;
        let cells = case.cells();
        // Lines and records differ where blank lines are.
        let Some(row) = cells.get(at).filter(|_| case.lines[..=at].iter().all(|line| !line.trim().is_empty())) else {
            return;
        };
        for column in 0..row.len() {
            let is_value =
                super::date::parse(row[column].trim()).is_some() || super::frame::money(row[column].trim()).is_some();
            if !is_value {
                continue;
            }
            let mut garbled = cells.clone();
            garbled[at][column] = "#?!x".to_owned();
            let bytes = Case::write(&garbled, case.delimiter);
            let Ok(after) = reading(&bytes, &case.name) else { continue };
            if matches!(after.verdict, Verdict::Question(_)) {
                continue;
            }
            let named = after.warnings.iter().any(|warning| warning.line == line) && !case.warned.contains(&line);
            let found = rows(&after);
            let missing = case.before.iter().filter(|row| !found.contains(row)).count();
            let new = found.iter().filter(|row| !case.before.contains(row)).count();
            // A day from another column of the row is allowed; an amount is not.
            let other_day = missing == 1
                && new == 1
                && found
                    .iter()
                    .filter(|row| !case.before.contains(row))
                    .all(|row| case.before.iter().any(|known| known.1 == row.1 && known.2 == row.2));
            if found != case.before && !named && !other_day {
                faults.push(format!(
                    "garbled column {} of line {line}: {}: {} rows, were {}",
                    column + 1,
                    case.name,
                    found.len(),
                    case.before.len()
                ));
            }
        }
    });
}

/// Bytes of fixtures turned over, cut, doubled and joined: the reader returns, with any result.
#[test]
fn mutated_tables_are_read_or_refused() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/statements/tables");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let seeds: Vec<Vec<u8>> = paths
        .iter()
        .filter(|path| path.extension().is_some_and(|e| e == "csv"))
        .map(|path| fs::read(path).unwrap())
        .collect();
    let rounds: u64 = std::env::var("ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(300);
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below.max(1) as u64).unwrap()
    };
    for _ in 0..rounds {
        let mut bytes = seeds[next(seeds.len())].clone();
        for _ in 0..=next(6) {
            let at = next(bytes.len());
            match next(5) {
                0 => bytes[at] = b",;\t\"'-.0129/\n\r\xff\x00"[next(16)],
                1 => bytes.truncate(at.max(1)),
                2 => {
                    let end = (at + next(80)).min(bytes.len());
                    let part = bytes[at..end].to_vec();
                    bytes.splice(at..at, part);
                }
                3 => drop(bytes.drain(at..(at + next(40)).min(bytes.len()))),
                _ => {
                    let other = &seeds[next(seeds.len())];
                    let from = next(other.len());
                    bytes.splice(at..at, other[from..(from + 60).min(other.len())].iter().copied());
                }
            }
            if bytes.is_empty() {
                bytes.push(b'x');
            }
        }
        let _ = reading(&bytes, "mutated.csv");
    }
}
