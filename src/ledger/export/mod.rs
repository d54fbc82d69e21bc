//! Rows as files for other programs: CSV, JSON, and the journals of ledger, hledger and beancount.
//!
//! INVARIANT: pure writers: rows are written in the order given, amounts with all their digits. A text never becomes a
//! formula in a spreadsheet or a directive in a journal.

mod csv;
mod journal;
mod json;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, collections::HashSet, io::Write};

use super::{LedgerEntry, RowList, View, error::Result};
use crate::domain::{Account, AccountId};

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExportFormat {
    /// One line per row with a heading, for spreadsheets.
    Csv,
    /// One array of objects.
    Json,
    /// A journal for ledger.
    Ledger,
    /// A journal for hledger.
    Hledger,
    /// A journal for beancount.
    Beancount,
}

impl ExportFormat {
    /// Every format.
    pub const ALL: &'static [Self] = &[Self::Csv, Self::Json, Self::Ledger, Self::Hledger, Self::Beancount];

    /// Its name on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Ledger => "ledger",
            Self::Hledger => "hledger",
            Self::Beancount => "beancount",
        }
    }

    /// The format of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|format| format.as_str().eq_ignore_ascii_case(name))
    }
}

/// The cell, prefixed with an apostrophe if a spreadsheet could interpret it as a formula.
#[must_use]
pub fn defused(cell: &str) -> Cow<'_, str> {
    if csv::is_formula(cell) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// A JSON value as the text of a cell.
#[must_use]
pub fn cell(value: &serde_json::Value) -> String {
    csv::cell(value)
}

/// Writes rows one by one.
pub struct Exporter<'a, W> {
    format: ExportFormat,
    accounts: &'a dyn Fn(AccountId) -> Option<&'a Account>,
    out: W,
    rows: u64,
    /// Accounts that a beancount file has opened.
    opened: HashSet<String>,
}

impl<W> std::fmt::Debug for Exporter<'_, W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exporter").field("format", &self.format).field("rows", &self.rows).finish_non_exhaustive()
    }
}

impl<'a, W: Write> Exporter<'a, W> {
    /// Begins a file; `accounts` finds the account of a row.
    pub fn new(
        format: ExportFormat,
        accounts: &'a dyn Fn(AccountId) -> Option<&'a Account>,
        mut out: W,
    ) -> Result<Self> {
        match format {
            ExportFormat::Json => out.write_all(b"[")?,
            ExportFormat::Csv => csv::heading(&mut out)?,
            ExportFormat::Ledger | ExportFormat::Hledger | ExportFormat::Beancount => {}
        }
        Ok(Self { format, accounts, out, rows: 0, opened: HashSet::new() })
    }

    /// Adds a row. Rows that moved no money (failed, withdrawn) are left out of journals.
    pub fn row(&mut self, entry: &LedgerEntry) -> Result<()> {
        let account = (self.accounts)(entry.transaction.account_id);
        match self.format {
            ExportFormat::Csv => csv::row(&mut self.out, entry, account)?,
            ExportFormat::Json => {
                self.out.write_all(if self.rows == 0 { b"\n" } else { b",\n" })?;
                json::row(&mut self.out, entry, account)?;
            }
            ExportFormat::Ledger | ExportFormat::Hledger | ExportFormat::Beancount => {
                if !super::counts(entry.transaction.facts.status) {
                    return Ok(());
                }
                if self.format == ExportFormat::Beancount {
                    journal::beancount(&mut self.out, entry, account, &mut self.opened)?;
                } else {
                    journal::plain(&mut self.out, entry, account, self.format == ExportFormat::Hledger)?;
                }
            }
        }
        self.rows += 1;
        Ok(())
    }

    /// Ends the file; returns the number of rows written.
    pub fn finish(mut self) -> Result<u64> {
        if self.format == ExportFormat::Json {
            self.out.write_all(if self.rows == 0 { b"]\n" } else { b"\n]\n" })?;
        }
        self.out.flush()?;
        Ok(self.rows)
    }
}

/// Rows read at a time.
const PAGE: usize = 4096;

impl View {
    /// Writes the rows of a list in its order; returns the number written.
    pub fn export(&self, listing: &RowList, format: ExportFormat, out: impl Write) -> Result<u64> {
        let account = |id| self.account(id).map(|line| &line.account);
        let mut exporter = Exporter::new(format, &account, out)?;
        for first in (0..listing.len()).step_by(PAGE) {
            for entry in self.entries(listing, first, PAGE)? {
                exporter.row(&entry)?;
            }
        }
        exporter.finish()
    }
}
