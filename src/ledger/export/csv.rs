//! Comma-separated values (RFC 4180), safe to open in a spreadsheet. The columns are the fields of [`RowRecord`].

use std::io::{self, Write};

use serde_json::Value;

use super::LedgerEntry;
use crate::{domain::Account, ledger::RowRecord};

/// Writes the heading before the first row.
pub(super) fn row(
    out: &mut impl Write,
    entry: &LedgerEntry,
    account: Option<&Account>,
    is_first: bool,
) -> io::Result<()> {
    let Value::Object(fields) = serde_json::to_value(RowRecord::new(entry.clone(), account))? else { return Ok(()) };
    if is_first {
        line(out, &fields.keys().cloned().collect::<Vec<_>>())?;
    }
    line(out, &fields.values().map(cell).collect::<Vec<_>>())
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
