//! What everything is worth together, by currency: currencies are never mixed.

use std::{cmp::Reverse, collections::BTreeMap};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::{
    domain::{AccountCategory, AssetCode},
    ledger::{AccountLine, NetWorth},
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
}

impl Worth {
    /// The last known total on or before a day.
    pub(crate) fn on(&self, day: NaiveDate) -> Option<Decimal> {
        self.series.iter().rev().find(|(date, _)| *date <= day).map(|(_, total)| *total)
    }
}

/// Adds accounts up. Disconnected connections don't count; a balance too large to add is left out.
pub(super) fn by_currency(accounts: &[AccountLine], history: &[NetWorth]) -> Vec<Worth> {
    let mut groups: BTreeMap<AssetCode, Vec<&AccountLine>> = BTreeMap::new();
    for line in accounts.iter().filter(|line| line.connection.counts()) {
        groups.entry(line.account.currency).or_default().push(line);
    }
    let mut worth: Vec<Worth> = groups.into_iter().map(|(currency, lines)| one(currency, &lines, history)).collect();
    worth.sort_by_key(|worth| Reverse((worth.currency.is_iso(), worth.total.abs())));
    worth
}

fn one(currency: AssetCode, lines: &[&AccountLine], history: &[NetWorth]) -> Worth {
    let mut total = Decimal::ZERO;
    let mut classes: BTreeMap<AccountCategory, (Decimal, usize)> = BTreeMap::new();
    for line in lines {
        let class = classes.entry(line.account.kind().category()).or_default();
        class.1 += 1;
        if let Some(balance) = line.balance.filter(|balance| balance.current.currency == currency) {
            total = total.saturating_add(balance.current.amount);
            class.0 = class.0.saturating_add(balance.current.amount);
        }
    }
    let of_day = |day: &NetWorth| {
        let line = day.lines.iter().find(|line| line.total.currency == currency)?;
        Some((day.on, line.total.amount))
    };
    let series = history.iter().filter_map(of_day).collect();
    let classes = classes.into_iter().map(|(class, (sum, count))| (class, sum, count)).collect();
    Worth { currency, total, classes, series }
}
