//! The record that a batch leaves behind as a listing: its days, its closing balance, and the balances before its last days.

use chrono::{Datelike as _, NaiveDate};
use rust_decimal::Decimal;

use super::{
    batch::{Batch, ListingFacts},
    coverage::Coverage,
    learned::PastListing,
};
use crate::domain::TransactionStatus;

/// Last days of a listing of which the balance is kept.
const DAYS: usize = 32;
/// First days of months of which the balance is kept.
const MONTHS: usize = 120;

/// The record that a batch leaves behind as a listing.
pub(super) fn listing(batch: &Batch<'_>, coverage: &Coverage) -> PastListing {
    let counted = batch.drafts.iter().filter(|draft| draft.correction.is_none()).map(|draft| &draft.facts);
    let settled = counted.filter(|facts| facts.status == TransactionStatus::Settled);
    of_rows(settled.map(|facts| (facts.date, facts.amount)), &batch.listing, coverage)
}

/// The same of settled rows by day and amount; rows of one day may come as one.
pub(super) fn of_rows(
    settled: impl Iterator<Item = (NaiveDate, Decimal)>,
    facts: &ListingFacts,
    coverage: &Coverage,
) -> PastListing {
    let (from, to, as_of) = (coverage.first, coverage.reached, coverage.as_of(facts));
    let ListingFacts { closing, pending_as_of, .. } = *facts;
    let points = closing.map(|(day, balance)| points(settled, from, day, balance)).unwrap_or_default();
    PastListing { from, to, as_of, pending_as_of, closing, points }
}

/// Balances at the start of days, from the closing balance and the rows listed: of the first day, of the first of each
/// month and of the last days, and of the day after the closing.
fn points(
    settled: impl Iterator<Item = (NaiveDate, Decimal)>,
    from: NaiveDate,
    closing_day: NaiveDate,
    closing: Decimal,
) -> Vec<(NaiveDate, Decimal)> {
    let mut days: Vec<(NaiveDate, Decimal)> = Vec::new();
    for (date, amount) in settled {
        if date > closing_day || date < from {
            continue;
        }
        match days.last_mut() {
            Some((day, sum)) if *day == date => *sum = sum.saturating_add(amount),
            _ => days.push((date, amount)),
        }
    }
    days.sort_by_key(|(day, _)| *day);
    let mut balance = closing;
    let mut points: Vec<(NaiveDate, Decimal)> = Vec::new();
    if let Some(after) = closing_day.succ_opt() {
        points.push((after, closing));
    }
    let (mut kept, mut months) = (0, 0);
    for (index, (day, sum)) in days.iter().enumerate().rev() {
        balance = balance.saturating_sub(*sum);
        // The days are merged by walking back until the day changes.
        if index > 0 && days[index - 1].0 == *day {
            continue;
        }
        let is_first_of_month = index == 0 || days[index - 1].0.month0() != day.month0();
        if kept < DAYS || (is_first_of_month && months < MONTHS) {
            points.push((*day, balance));
        }
        kept += 1;
        months += usize::from(is_first_of_month);
    }
    if points.last().is_none_or(|(day, _)| *day > from) {
        points.push((from, balance));
    }
    points.reverse();
    points
}
