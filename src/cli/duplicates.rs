//! `dashtam duplicates`: rows that may be the same, and decisions about them.

use std::{collections::BTreeSet, io::Write};

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Serialize;

use super::{
    args::OutputFormat,
    error::CliError,
    lists::money,
    output::{self, ListRecord, OutputColumn},
    session::Session,
};
use crate::{
    domain::{FailureKind, PairStanding, RowPair, TransactionId, figures::at_scale_of, text},
    ledger::LedgerEntry,
};

impl ListRecord for DuplicateRecord {
    const FIELDS: &'static [&'static str] = &[
        "row",
        "other",
        "account_id",
        "date",
        "amount",
        "currency",
        "description",
        "other_date",
        "other_amount",
        "other_description",
        "standing",
    ];
}

#[derive(Serialize)]
struct DuplicateRecord {
    /// The row that was stored first.
    row: String,
    /// The row that may be the same.
    other: String,
    account_id: String,
    date: NaiveDate,
    amount: Decimal,
    currency: String,
    description: String,
    other_date: NaiveDate,
    other_amount: Decimal,
    other_description: String,
    standing: PairStanding,
}

impl DuplicateRecord {
    fn of(pair: RowPair, older: &LedgerEntry, newer: &LedgerEntry) -> Self {
        let (one, other) = (&older.transaction.facts, &newer.transaction.facts);
        Self {
            row: pair.older.to_string(),
            other: pair.newer.to_string(),
            account_id: older.transaction.account_id.to_string(),
            date: one.date,
            amount: at_scale_of(one.amount, one.currency),
            currency: one.currency.to_string(),
            description: one.description().to_owned(),
            other_date: other.date,
            other_amount: at_scale_of(other.amount, other.currency),
            other_description: other.description().to_owned(),
            standing: pair.standing,
        }
    }
}

/// Lists the open pairs, or decides about those that are named.
pub(super) fn run(
    session: &Session,
    out: &mut dyn Write,
    format: OutputFormat,
    resolve: &[String],
) -> Result<(), CliError> {
    const COLUMNS: &[OutputColumn<DuplicateRecord>] = &[
        OutputColumn::right("Row", |row| row.row.clone()),
        OutputColumn::left("Date", |row| row.date.to_string()),
        OutputColumn::right("Amount", |row| money(row.amount, &row.currency)),
        OutputColumn::left("Text", |row| row.description.clone()),
        OutputColumn::right("May be", |row| row.other.clone()),
        OutputColumn::left("Date", |row| row.other_date.to_string()),
        OutputColumn::right("Amount", |row| money(row.other_amount, &row.currency)),
        OutputColumn::left("Text", |row| row.other_description.clone()),
    ];
    let (decisions, faults): (Vec<_>, Vec<_>) = resolve.iter().map(|text| decision(text)).partition(Result::is_ok);
    CliError::all(&faults.into_iter().filter_map(Result::err).collect::<Vec<_>>())?;
    let decisions: Vec<RowPair> = decisions.into_iter().flatten().collect();
    let view = session.ledger.view()?;
    let mut unknown = Vec::new();
    let rows: BTreeSet<TransactionId> = decisions.iter().flat_map(|pair| [pair.older, pair.newer]).collect();
    for row in rows {
        if view.entry(row)?.is_none() {
            let error = CliError::new(FailureKind::NotFound, format!("there is no row {row}"));
            unknown.push(error.hint("`dashtam duplicates` lists the rows; nothing was changed"));
        }
    }
    CliError::all(&unknown)?;
    for pair in decisions {
        session.runtime.block_on(session.handle.decide_pair(pair))?;
    }
    let pairs = session.ledger.view()?.open_pairs()?;
    let records = pairs.iter().map(|(pair, older, newer)| Ok(DuplicateRecord::of(*pair, older, newer)));
    output::list(out, format, records, COLUMNS, "no rows wait for a decision")
}

/// Reads `12=15` or `12≠15`.
fn decision(written: &str) -> Result<RowPair, CliError> {
    let (parts, standing) = if let Some(parts) = written.split_once('≠').or_else(|| written.split_once("!=")) {
        (Some(parts), PairStanding::Different)
    } else {
        (written.split_once('='), PairStanding::Same)
    };
    let id = |part: &str| part.trim().parse::<TransactionId>().ok();
    let rows = parts.and_then(|(one, other)| id(one).zip(id(other)));
    rows.map(|(one, other)| RowPair::new(one, other, standing)).ok_or_else(|| {
        let shown = text::clean(written);
        CliError::usage(format!("`{shown}` names no two rows: write ROW=ROW to merge, ROW≠ROW to keep apart"))
    })
}
