//! Rows as files for other programs: CSV, JSON, and the journals of ledger, hledger and beancount.
//!
//! Tables have rows in the order of their list; journals begin with the oldest.
//!
//! INVARIANT: amounts have all their digits. A text never becomes a formula in a spreadsheet or a directive in a journal.

mod balances;
mod csv;
mod journal;
mod json;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, io::Write};

use self::{
    balances::StatedBalances,
    journal::{Journal, JournalPlan, JournalTool},
};
use super::{LedgerEntry, ListRequest, Query, RowList, Sort, SortKey, View, error::Result};
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

/// The fields of a row, named and written as in CSV.
#[must_use]
pub fn fields(entry: &LedgerEntry, account: Option<&Account>) -> Vec<(String, String)> {
    csv::fields(entry, account)
}

/// Writes the rows of a table one by one.
struct ExportTable<'a, W> {
    format: ExportTableFormat,
    accounts: &'a dyn Fn(AccountId) -> Option<&'a Account>,
    balances: StatedBalances,
    out: W,
    rows: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ExportTableFormat {
    Csv,
    Json,
}

impl<'a, W: Write> ExportTable<'a, W> {
    /// Begins a file; `accounts` finds the account of a row.
    fn new(
        format: ExportTableFormat,
        accounts: &'a dyn Fn(AccountId) -> Option<&'a Account>,
        balances: StatedBalances,
        mut out: W,
    ) -> Result<Self> {
        match format {
            ExportTableFormat::Json => out.write_all(b"[")?,
            ExportTableFormat::Csv => csv::heading(&mut out)?,
        }
        Ok(Self { format, accounts, balances, out, rows: 0 })
    }

    /// Adds a row.
    fn row(&mut self, entry: LedgerEntry) -> Result<()> {
        let account = (self.accounts)(entry.transaction.account_id);
        match self.format {
            ExportTableFormat::Csv => {
                let stated = self.balances.with(&entry);
                csv::row(&mut self.out, entry, account, &stated)?;
            }
            ExportTableFormat::Json => {
                self.out.write_all(if self.rows == 0 { b"\n" } else { b",\n" })?;
                json::row(&mut self.out, entry, account)?;
            }
        }
        self.rows += 1;
        Ok(())
    }

    /// Ends the file; returns the number of rows written.
    fn finish(mut self) -> Result<u64> {
        if self.format == ExportTableFormat::Json {
            self.out.write_all(if self.rows == 0 { b"]\n" } else { b"\n]\n" })?;
        }
        self.out.flush()?;
        Ok(self.rows)
    }
}

/// Rows read at a time.
const PAGE: usize = 4096;

impl View {
    /// Writes the rows of a list; returns the number written. Tables have the order of the list. A journal begins with the
    /// oldest row; if the list has all rows of an account or of all accounts, it also has opening balances, stated balances,
    /// lots and prices.
    ///
    /// # Errors
    /// When the store can't be read or `out` can't be written; [`super::LedgerError::NeedsColumns`] without columns.
    pub fn export(&self, listing: &RowList, format: ExportFormat, out: impl Write) -> Result<u64> {
        match format {
            ExportFormat::Csv => self.export_table(listing, ExportTableFormat::Csv, out),
            ExportFormat::Json => self.export_table(listing, ExportTableFormat::Json, out),
            ExportFormat::Ledger => self.export_journal(listing, JournalTool::Ledger, out),
            ExportFormat::Hledger => self.export_journal(listing, JournalTool::Hledger, out),
            ExportFormat::Beancount => self.export_journal(listing, JournalTool::Beancount, out),
        }
    }

    /// Whether a list has all rows of an account, or of all accounts.
    fn is_whole(&self, request: &ListRequest) -> bool {
        request.query == Query::default().within(None, self.last_day())
    }

    fn export_table(&self, listing: &RowList, format: ExportTableFormat, out: impl Write) -> Result<u64> {
        let account = |id| self.account(id).map(|line| &line.account);
        let is_whole = self.is_whole(listing.request());
        let balances = if format == ExportTableFormat::Csv && is_whole {
            StatedBalances::new(self, listing.request().account)?
        } else {
            StatedBalances::default()
        };
        let mut table = ExportTable::new(format, &account, balances, out)?;
        for first in (0..listing.len()).step_by(PAGE) {
            for entry in self.entries(listing, first, PAGE)? {
                table.row(entry)?;
            }
        }
        table.finish()
    }

    fn export_journal(&self, listing: &RowList, dialect: JournalTool, out: impl Write) -> Result<u64> {
        let request = listing.request();
        let plan = self.is_whole(request).then(|| JournalPlan::new(self, request.account)).transpose()?;
        let oldest_first = Sort { key: SortKey::Date, descending: false };
        let listing = self.list(&ListRequest { sort: oldest_first, ..request.clone() })?;
        let accounts = self.accounts().iter().map(|line| &line.account);
        let mut journal = Journal::new(dialect, accounts, plan, out)?;
        let mut day: Vec<LedgerEntry> = Vec::new();
        for first in (0..listing.len()).step_by(PAGE) {
            for entry in self.entries(&listing, first, PAGE)? {
                let date = entry.transaction.facts.date;
                if let Some(before) = day.first().map(|row| row.transaction.facts.date).filter(|before| *before != date)
                {
                    journal.day(before, std::mem::take(&mut day))?;
                }
                day.push(entry);
            }
        }
        if let Some(last) = day.first().map(|row| row.transaction.facts.date) {
            journal.day(last, day)?;
        }
        Ok(journal.finish()?)
    }
}
