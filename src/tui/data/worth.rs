//! What everything is worth together, by currency: currencies are never mixed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::AccountLine;
use crate::{
    domain::{AccountCategory, AccountId, AssetCode},
    tui::widget::chart::Point,
};

/// Net worth in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Worth {
    pub(crate) currency: AssetCode,
    pub(crate) total: Decimal,
    /// By class of account, in the order of the vocabulary; only classes that occur.
    pub(crate) classes: Vec<(AccountCategory, Decimal, usize)>,
    /// The total by day, as far as balances are known.
    pub(crate) series: Vec<Point>,
    /// Accounts of this currency whose balance nobody told.
    pub(crate) unknown: usize,
}

impl Worth {
    /// The last known total on or before a day.
    pub(crate) fn on(&self, day: NaiveDate) -> Option<Decimal> {
        self.series.iter().rev().find(|(date, _)| *date <= day).map(|(_, total)| *total)
    }
}

/// Adds accounts up. Disconnected connections don't count; a balance too large to add is left out.
pub(super) fn by_currency(accounts: &[AccountLine], histories: &HashMap<AccountId, Vec<Point>>) -> Vec<Worth> {
    let mut groups: BTreeMap<AssetCode, Vec<&AccountLine>> = BTreeMap::new();
    for line in accounts.iter().filter(|line| line.connection.counts()) {
        groups.entry(line.account.currency).or_default().push(line);
    }
    let mut worth: Vec<Worth> = groups.into_iter().map(|(currency, lines)| one(currency, &lines, histories)).collect();
    worth.sort_by_key(|worth| std::cmp::Reverse((worth.currency.is_iso(), worth.total.abs())));
    worth
}

fn one(currency: AssetCode, lines: &[&AccountLine], histories: &HashMap<AccountId, Vec<Point>>) -> Worth {
    let mut total = Decimal::ZERO;
    let mut classes: BTreeMap<AccountCategory, (Decimal, usize)> = BTreeMap::new();
    let mut unknown = 0;
    for line in lines {
        let class = classes.entry(line.account.kind().category()).or_default();
        class.1 += 1;
        match line.balance.filter(|balance| balance.current.currency == currency) {
            Some(balance) => {
                total = total.saturating_add(balance.current.amount);
                class.0 = class.0.saturating_add(balance.current.amount);
            }
            None => unknown += 1,
        }
    }
    let series = series(lines, histories);
    let classes = classes.into_iter().map(|(class, (sum, count))| (class, sum, count)).collect();
    Worth { currency, total, classes, series, unknown }
}

/// On each day on which any balance became known: the sum of the last known balances.
fn series(lines: &[&AccountLine], histories: &HashMap<AccountId, Vec<Point>>) -> Vec<Point> {
    let known: Vec<&[Point]> =
        lines.iter().filter_map(|line| histories.get(&line.account.id)).map(Vec::as_slice).collect();
    let days: BTreeSet<NaiveDate> = known.iter().flat_map(|points| points.iter().map(|(day, _)| *day)).collect();
    let mut places = vec![0; known.len()];
    days.into_iter()
        .map(|day| {
            let mut total = Decimal::ZERO;
            for (place, points) in places.iter_mut().zip(&known) {
                while *place < points.len() && points[*place].0 <= day {
                    *place += 1;
                }
                if let Some(last) = place.checked_sub(1) {
                    total = total.saturating_add(points[last].1);
                }
            }
            (day, total)
        })
        .collect()
}
