//! Comma-separated values (RFC 4180), safe to open in a spreadsheet. The columns are the fields of [`RowRecord`], then those
//! of the account.

use std::{
    fmt::Write as _,
    io::{self, Write},
};

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::Value;

use super::LedgerEntry;
use crate::{
    domain::{
        Account, AccountId, AssetCode, ChangeId, Snapshot, Transaction, TransactionFacts, TransactionId, UserFields,
    },
    ledger::RowRecord,
};

/// Writes the names of the columns.
pub(super) fn heading(out: &mut impl Write) -> io::Result<()> {
    let fields = fields(&blank(), None)?;
    let names =
        fields.keys().cloned().chain(ACCOUNT_COLUMNS.map(str::to_owned)).chain(EXACT_COLUMNS.map(str::to_owned));
    line(out, &names.collect::<Vec<_>>())
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

fn account_cells(account: Option<&Account>) -> [String; ACCOUNT_COLUMNS.len()] {
    account.map_or_else(Default::default, |account| {
        [
            account.institution.clone(),
            account.kind().as_str().to_owned(),
            account.number_masked.clone(),
            account.currency.to_string(),
            account.provider_account_id.clone(),
        ]
    })
}

/// An entry without content: its fields have the names of all columns.
fn blank() -> LedgerEntry {
    let facts = TransactionFacts::new(NaiveDate::default(), Decimal::ZERO, AssetCode::USD);
    let transaction = Transaction { id: TransactionId(0), account_id: AccountId(0), change_id: ChangeId(0), facts };
    LedgerEntry { transaction, user: UserFields::default() }
}

pub(super) fn fields(entry: &LedgerEntry, account: Option<&Account>) -> io::Result<serde_json::Map<String, Value>> {
    match serde_json::to_value(RowRecord::new(entry.clone(), account))? {
        Value::Object(fields) => Ok(fields),
        _ => Ok(serde_json::Map::new()),
    }
}

/// Writes a row, with balances stated for its account.
pub(super) fn row(
    out: &mut impl Write,
    entry: &LedgerEntry,
    account: Option<&Account>,
    stated: &[Snapshot],
) -> io::Result<()> {
    let fields = fields(entry, account)?;
    let cells = fields.values().map(cell).chain(account_cells(account)).chain(exact_cells(entry, stated));
    line(out, &cells.collect::<Vec<_>>())
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

fn line(out: &mut impl Write, cells: &[String]) -> io::Result<()> {
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            out.write_all(b",")?;
        }
        let formula = is_formula(cell);
        if formula || cell.contains([',', '"', '\n', '\r']) || cell.starts_with(' ') || cell.ends_with(' ') {
            let mark = if formula { "'" } else { "" };
            write!(out, "\"{mark}{}\"", cell.replace('"', "\"\""))?;
        } else {
            out.write_all(cell.as_bytes())?;
        }
    }
    out.write_all(b"\r\n")
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
