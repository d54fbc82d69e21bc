//! A made-up household's statements, for `--demo`: two years up to yesterday, in files as banks hand them out.
//!
//! `cli` writes them into a temporary folder and has them imported like any download, so that the demo shows
//! the work of the real importers. INVARIANT: pure; the same day gives the same text, and every balance is the sum of its rows.
//!
//! Statement files have no pending rows, so there are none here: those come from live providers only.

mod broker;
mod dice;
mod life;
mod write;

use chrono::{Datelike as _, Days, Months, NaiveDate};

use life::Household;
use write::{StatementText, bank_file, broker_file};

/// A statement file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoFile {
    /// Its name, `Chase_2026Q3.qfx`.
    pub name: String,
    /// Its content, OFX in UTF-8.
    pub text: String,
}

/// Days that a statement repeats of the one before it, as downloads do: importing must not double them.
const OVERLAP: Days = Days::new(5);

/// The statements, in the order in which they were downloaded: by quarter, then by institution.
#[must_use]
pub fn statements(today: NaiveDate) -> Vec<DemoFile> {
    let last = today - Days::new(1);
    let first = last - Months::new(24);
    let household = Household::simulate(first, last);
    let mut files = Vec::new();
    let mut start = first;
    while start <= last {
        let end = last_of_quarter(start).min(last);
        let from = (start - OVERLAP).max(first);
        let quarter = format!("{}Q{}", start.year(), start.month0() / 3 + 1);
        let mut file = |name: &str, text: String| files.push(DemoFile { name: name.replace('@', &quarter), text });
        let banks = [&household.checking, &household.card];
        file("Chase_@.qfx", bank_file(StatementText::sgml("B1", "10898"), &banks, from, end));
        file(
            "HarborCU_@.ofx",
            bank_file(StatementText::xml("Harbor Community CU", "90210"), &[&household.savings], from, end),
        );
        file(
            "Lakeshore_@.ofx",
            broker_file(StatementText::xml("Lakeshore Brokerage", "77011"), &household.broker, from, end),
        );
        start = end + Days::new(1);
    }
    files
}

fn last_of_quarter(day: NaiveDate) -> NaiveDate {
    let first = day.with_day(1).unwrap_or(day);
    first + Months::new(3 - first.month0() % 3) - Days::new(1)
}

#[cfg(test)]
mod tests;
