//! Single rows that would explain a gap.

use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;

use super::{Check, moves_balance};
use crate::{
    domain::{Transaction, TransactionId, TransactionStatus, vocabulary},
    ledger::{View, error::Result},
};

vocabulary! {
    /// The fault of a single row that would explain a gap exactly.
    pub enum CauseKind {
        /// The row is one of two equal ones, and the balance includes only one.
        Doubled = "doubled",
        /// The row counts, but the balance does not include it.
        Extra = "extra",
        /// The balance includes the row with the opposite sign.
        Flipped = "flipped",
        /// The balance includes the row, which is pending, failed or cancelled here.
        NotBooked = "not_booked",
        /// The balance includes the row on the other side of a stated balance.
        Moved = "moved",
        /// The balance includes a row of this amount that is not here.
        Missing = "missing",
    }
}

/// A row that would explain a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause {
    /// The fault.
    pub kind: CauseKind,
    /// The row; `None` for a missing one.
    pub row: Option<TransactionId>,
    /// Its day; for a missing row the last day of the gap.
    pub date: NaiveDate,
    /// The amount of the row as it is here; of a missing row as it should be.
    pub amount: Decimal,
}

/// Days around a stated balance within which a row may have been booked on the other side.
const NEAR: Days = Days::new(7);
/// Most rows to name; a larger number proves nothing.
const MOST: usize = 5;

impl View {
    /// The single rows that would explain a failed check, the most likely first; else a missing row.
    ///
    /// # Errors
    /// When the rows can't be read.
    pub fn causes(&self, account: crate::domain::AccountId, check: &Check) -> Result<Vec<Cause>> {
        let Some(gap) = check.difference().filter(|gap| !gap.is_zero()) else { return Ok(Vec::new()) };
        let from = check.from.checked_sub_days(NEAR).unwrap_or(check.from);
        let to = check.to.checked_add_days(NEAR).unwrap_or(check.to);
        let rows = self.inner.reader.rows_between(account, from, to)?;
        let own = |row: &&Transaction| row.facts.currency == gap.currency;
        let rows: Vec<&Transaction> = rows.iter().filter(own).collect();
        Ok(causes(&rows, check, gap.amount))
    }
}

/// The causes among `rows`, which reach [`NEAR`] days beyond the check on both sides.
fn causes(rows: &[&Transaction], check: &Check, gap: Decimal) -> Vec<Cause> {
    let moves = |row: &Transaction| moves_balance(row.facts.status, row.facts.kind.subtype());
    let inside = |row: &Transaction| row.facts.date > check.from && row.facts.date <= check.to;
    let cause = |kind: CauseKind, row: &Transaction| Cause {
        kind,
        row: Some(row.id),
        date: row.facts.date,
        amount: row.facts.amount,
    };
    let is_twin = |row: &Transaction| {
        let same = |other: &&&Transaction| {
            other.id != row.id && moves(other) && other.facts.amount == row.facts.amount && inside(other)
        };
        rows.iter().filter(same).any(|other| (other.facts.date - row.facts.date).num_days().abs() <= 7)
    };
    let mut found = Vec::new();
    for row in rows {
        let amount = row.facts.amount;
        if inside(row) && moves(row) && amount == -gap {
            let kind = if is_twin(row) { CauseKind::Doubled } else { CauseKind::Extra };
            found.push(cause(kind, row));
        }
        if inside(row) && moves(row) && amount + amount == -gap {
            found.push(cause(CauseKind::Flipped, row));
        }
        if !moves(row) && row.facts.status != TransactionStatus::Settled && amount == gap && inside(row) {
            found.push(cause(CauseKind::NotBooked, row));
        }
        if !inside(row) && moves(row) && amount == gap {
            found.push(cause(CauseKind::Moved, row));
        }
    }
    found.sort_by_key(|cause| cause.kind);
    found.truncate(MOST);
    if found.is_empty() {
        found.push(Cause { kind: CauseKind::Missing, row: None, date: check.to, amount: gap });
    }
    found
}
