//! Comma-separated values (RFC 4180), safe to open in a spreadsheet. The columns are the fields of [`RowRecord`], then those
//! of the account.

use std::{
    fmt::{Display, Write as _},
    io::{self, Write},
};

use serde_json::Value;

use super::LedgerEntry;
use crate::{
    domain::{Account, Snapshot},
    ledger::RowRecord,
};

/// Writes the names of the columns.
pub(super) fn heading(out: &mut impl Write) -> io::Result<()> {
    let mut line = CsvLine::new(out);
    for name in RowRecord::FIELDS.iter().chain(&ACCOUNT_COLUMNS).chain(&EXACT_COLUMNS) {
        line.cell(name)?;
    }
    line.end()
}

/// Columns behind the fields of the row: the account that it belongs to, so that an import of the file finds or makes it.
const ACCOUNT_COLUMNS: [&str; 5] =
    ["institution", "account_type", "account_number", "account_currency", "provider_account_id"];

/// The last columns: the parts of a row that the columns of its fields lose, and the balances stated for its account.
const EXACT_COLUMNS: [&str; 5] = ["provider_payee", "raw_type", "foreign_rate", "tag_list", "stated_balances"];

/// `provider_payee` is that of the provider where `payee` may be the user's; `tag_list` is a JSON array, since tags may hold
/// blanks.
fn exact_cells(entry: &LedgerEntry, stated: &[Snapshot]) -> [String; EXACT_COLUMNS.len()] {
    let (facts, user) = (&entry.transaction.facts, &entry.user);
    let tags = (!user.tags.is_empty()).then(|| serde_json::to_string(&user.tags).unwrap_or_default());
    [
        facts.payee.as_deref().unwrap_or_default().to_owned(),
        facts.raw_type.as_deref().unwrap_or_default().to_owned(),
        facts.foreign.as_ref().map(|foreign| foreign.rate.to_string()).unwrap_or_default(),
        tags.unwrap_or_default(),
        stated.iter().map(balance).collect::<Vec<_>>().join("; "),
    ]
}

/// `2026-01-31 123.45 available=100.00 securities=80.00 cash=43.45`
fn balance(stated: &Snapshot) -> String {
    let mut text = format!("{} {}", stated.date, stated.balance);
    let parts = [("available", stated.available), ("securities", stated.holdings_value), ("cash", stated.cash_value)];
    for (name, amount) in parts {
        if let Some(amount) = amount {
            // Writing to a string can't fail.
            let _ = write!(text, " {name}={amount}");
        }
    }
    text
}

fn account_cells(account: Option<&Account>) -> [&str; ACCOUNT_COLUMNS.len()] {
    account.map_or_else(Default::default, |account| {
        [
            &account.institution,
            account.kind().as_str(),
            &account.number_masked,
            account.currency.as_str(),
            &account.provider_account_id,
        ]
    })
}

/// The fields of a row with their names.
pub(super) fn fields(entry: &LedgerEntry, account: Option<&Account>) -> Vec<(String, String)> {
    let mut names = RowRecord::FIELDS.iter();
    let mut fields = Vec::new();
    let read = RowRecord::new(entry.clone(), account).cells(&mut |cell| {
        fields.extend(names.next().map(|name| ((*name).to_owned(), cell.to_string())));
        Ok(())
    });
    // Writing into memory does not fail.
    read.map_or_else(|_| Vec::new(), |()| fields)
}

/// Writes a row, with balances stated for its account.
pub(super) fn row(
    out: &mut impl Write,
    entry: LedgerEntry,
    account: Option<&Account>,
    stated: &[Snapshot],
) -> io::Result<()> {
    let exact = exact_cells(&entry, stated);
    let mut line = CsvLine::new(out);
    RowRecord::new(entry, account).cells(&mut |cell| line.cell(cell))?;
    account_cells(account).iter().try_for_each(|cell| line.cell(cell))?;
    exact.iter().try_for_each(|cell| line.cell(cell))?;
    line.end()
}

/// A value as the text of a cell; the items of a list are separated by blanks.
pub(super) fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(" "),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

/// Writes the cells of one line.
struct CsvLine<'a, W> {
    out: &'a mut W,
    /// The text of the current cell.
    text: String,
    begun: bool,
}

impl<'a, W: Write> CsvLine<'a, W> {
    const fn new(out: &'a mut W) -> Self {
        Self { out, text: String::new(), begun: false }
    }

    fn cell(&mut self, value: impl Display) -> io::Result<()> {
        if std::mem::replace(&mut self.begun, true) {
            self.out.write_all(b",")?;
        }
        self.text.clear();
        // Writing to a string can't fail.
        let _ = write!(self.text, "{value}");
        let cell = self.text.as_str();
        let formula = is_formula(cell);
        let is_special = |byte: u8| matches!(byte, b',' | b'"' | b'\n' | b'\r');
        if formula || cell.bytes().any(is_special) || cell.starts_with(' ') || cell.ends_with(' ') {
            let mark = if formula { "'" } else { "" };
            write!(self.out, "\"{mark}{}\"", cell.replace('"', "\"\""))
        } else {
            self.out.write_all(cell.as_bytes())
        }
    }

    fn end(self) -> io::Result<()> {
        self.out.write_all(b"\r\n")
    }
}

/// Whether a spreadsheet could interpret the cell as a formula: it begins with a formula character and is not a number.
/// A cell that already begins with an apostrophe before such a character counts too and gets a second apostrophe, so that
/// removing one apostrophe always restores the text.
pub(super) fn is_formula(cell: &str) -> bool {
    let bare = cell.trim_start_matches('\'');
    bare.starts_with(['=', '+', '-', '@', '\t', '\r']) && (bare.len() < cell.len() || !is_number(cell))
}

fn is_number(cell: &str) -> bool {
    let digits = cell.strip_prefix(['-', '+']).unwrap_or(cell);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}
