//! A made-up household's statements, for `--demo`: two years up to yesterday, in files as banks hand them out.
//!
//! `cli` writes them into a temporary folder and has them imported like any download, so that the demo shows
//! the work of the real importers. INVARIANT: pure; the same day gives the same text, and every balance is the sum of its rows.
//!
//! Statement files have no pending rows, so there are none here: those come from the bank that the demo connects
//! (`providers/demo_bank.rs`).

mod archive;
mod broker;
mod dice;
mod life;
mod write;

use std::fmt::Write as _;

use chrono::{Datelike as _, Days, Months, NaiveDate, TimeDelta};
use rust_decimal::Decimal;

use life::Household;
use write::{StatementText, bank_file, broker_file};

/// A statement file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoFile {
    /// Its name, `Chase_2026Q3.qfx`.
    pub name: String,
    /// Its content: OFX or CSV in UTF-8, or a zip archive.
    pub bytes: Vec<u8>,
}

impl DemoFile {
    fn of(name: String, text: String) -> Self {
        Self { name, bytes: text.into_bytes() }
    }
}

/// Files that are imported together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoBatch {
    /// The day on which they were downloaded.
    pub taken: NaiveDate,
    /// The files.
    pub files: Vec<DemoFile>,
    /// The account they are put into, for files that name none.
    pub account: Option<&'static str>,
}

/// Days that a statement repeats of the one before it, as downloads do: importing must not double them.
const OVERLAP: Days = Days::new(5);

/// The account of the CSV files, which name none.
pub const PREPAID: &str = "Tideway Prepaid";

/// Their institution, which they do not name either.
pub const PREPAID_ISSUER: &str = "Tideway";

/// The statements, in the order in which they were downloaded: by quarter, then by institution.
#[must_use]
pub fn statements(today: NaiveDate) -> Vec<DemoFile> {
    quarters(today).into_iter().flat_map(|batch| batch.files).collect()
}

/// All files as a person imports them: the statements of each quarter, the newest of them in one archive, and two tables
/// of a prepaid card, of which the second repeats a purchase in other words.
#[must_use]
pub fn batches(today: NaiveDate) -> Vec<DemoBatch> {
    let mut batches = quarters(today);
    if let Some(newest) = batches.last_mut() {
        newest.files = vec![archive::zip("Statements.zip", &newest.files)];
    }
    let newest = batches.pop();
    let turn = today - Days::new(40);
    let table = |name: &str, taken: NaiveDate, rows: &[(i64, i64, &str)]| {
        let mut text = "Date,Description,Amount\n".to_owned();
        for (before, cents, description) in rows {
            let day = turn + TimeDelta::days(*before);
            let _ = writeln!(text, "{day},{description},{}", Decimal::new(*cents, 2));
        }
        DemoBatch { taken, files: vec![DemoFile::of(name.to_owned(), text)], account: Some(PREPAID) }
    };
    batches.push(table(
        "Tideway_1.csv",
        turn,
        &[
            (-31, 20_000, "Top-up"),
            (-27, -1_290, "Ferry terminal kiosk"),
            (-19, -4_275, "Pedal & Spoke"),
            (-8, -995, "Lumen Video gift"),
            (0, -1_840, "Harbor Ferry"),
        ],
    ));
    batches.push(table(
        "Tideway_2.csv",
        turn + Days::new(33),
        &[
            (0, -1_840, "HARBOR FERRY TICKETS 0221"),
            (9, -2_350, "Paper Crane Books"),
            (21, 5_000, "Top-up"),
            (30, -1_475, "Ferry terminal kiosk"),
        ],
    ));
    batches.extend(newest);
    batches
}

fn quarters(today: NaiveDate) -> Vec<DemoBatch> {
    let last = today - Days::new(1);
    let first = last - Months::new(24);
    let household = Household::simulate(first, last);
    let mut batches = Vec::new();
    let mut start = first;
    while start <= last {
        let end = last_of_quarter(start).min(last);
        let from = (start - OVERLAP).max(first);
        let quarter = format!("{}Q{}", start.year(), start.month0() / 3 + 1);
        let file = |name: &str, text: String| DemoFile::of(name.replace('@', &quarter), text);
        let banks = [&household.checking, &household.card];
        let files = vec![
            file("Chase_@.qfx", bank_file(StatementText::sgml("B1", "10898"), &banks, from, end)),
            file(
                "HarborCU_@.ofx",
                bank_file(StatementText::xml("Harbor Community CU", "90210"), &[&household.savings], from, end),
            ),
            file(
                "Lakeshore_@.ofx",
                broker_file(StatementText::xml("Lakeshore Brokerage", "77011"), &household.broker, from, end),
            ),
        ];
        batches.push(DemoBatch { taken: end + Days::new(1), files, account: None });
        start = end + Days::new(1);
    }
    batches
}

fn last_of_quarter(day: NaiveDate) -> NaiveDate {
    let first = day.with_day(1).unwrap_or(day);
    first + Months::new(3 - first.month0() % 3) - Days::new(1)
}

#[cfg(test)]
mod tests;
