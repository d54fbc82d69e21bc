//! Comma-separated values (RFC 4180), safe to open in a spreadsheet.

use std::io::{self, Write};

use super::LedgerEntry;
use crate::domain::Account;

const COLUMNS: [&str; 23] = [
    "id",
    "account_id",
    "account",
    "provider_transaction_id",
    "date",
    "settlement_date",
    "amount",
    "currency",
    "type",
    "subtype",
    "status",
    "description",
    "payee",
    "memo",
    "symbol",
    "quantity",
    "unit_price",
    "commission",
    "category",
    "tags",
    "note",
    "reference",
    "change_id",
];

pub(super) fn heading(out: &mut impl Write) -> io::Result<()> {
    line(out, &COLUMNS.map(str::to_owned))
}

pub(super) fn row(out: &mut impl Write, entry: &LedgerEntry, account: Option<&Account>) -> io::Result<()> {
    let (row, user) = (&entry.transaction, &entry.user);
    let facts = &row.facts;
    let security = facts.security.as_deref();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let number = |number: Option<rust_decimal::Decimal>| number.map(|number| number.to_string()).unwrap_or_default();
    line(
        out,
        &[
            row.id.to_string(),
            row.account_id.to_string(),
            account.map(|account| account.display_name().to_owned()).unwrap_or_default(),
            text(facts.provider_id.as_deref()),
            facts.date.to_string(),
            facts.settlement_date.map(|date| date.to_string()).unwrap_or_default(),
            facts.amount.to_string(),
            facts.currency.to_string(),
            facts.kind.transaction_type().to_string(),
            facts.kind.subtype().to_string(),
            facts.status.to_string(),
            facts.description().to_owned(),
            entry.payee().to_owned(),
            text(facts.memo.as_deref()),
            text(security.and_then(|security| security.symbol.as_deref())),
            number(security.and_then(|security| security.quantity)),
            number(security.and_then(|security| security.unit_price)),
            number(security.and_then(|security| security.commission)),
            text(user.category.as_deref()),
            user.tags.join(" "),
            text(user.note.as_deref()),
            text(facts.reference.as_deref()),
            row.change_id.to_string(),
        ],
    )
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
