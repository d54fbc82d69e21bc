//! Net worth by currency; currencies are never mixed.

use std::{cmp::Reverse, collections::BTreeMap};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::{
    domain::{AccountCategory, AssetCode},
    ledger::{AccountLine, Daily, Every, NetWorth},
    tui::widget::chart::Point,
};

/// Net worth in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Worth {
    pub(crate) currency: AssetCode,
    pub(crate) total: Decimal,
    /// Whether the total has more than 28 digits, so that it can't be shown.
    pub(crate) is_too_large: bool,
    /// By class of account, in the order of the vocabulary; only classes that occur.
    pub(crate) classes: Vec<(AccountCategory, Decimal, usize)>,
    /// By institution, the largest first.
    pub(crate) institutions: Vec<(String, Decimal, usize)>,
    /// The total by day, as far as balances are known.
    pub(crate) series: Vec<Point>,
}

impl Worth {
    /// The total of that very day; `None` before the first known one.
    pub(crate) fn on(&self, day: NaiveDate) -> Option<Decimal> {
        let place = self.series.binary_search_by_key(&day, |point| point.0).ok()?;
        Some(self.series[place].1)
    }
}

/// The sums of all accounts that count on `today`, and their history.
pub(super) fn by_currency(accounts: &[AccountLine], daily: &Daily, today: NaiveDate) -> Vec<Worth> {
    let mut banks: BTreeMap<(AssetCode, String), (Decimal, usize)> = BTreeMap::new();
    let mut groups: BTreeMap<AssetCode, BTreeMap<AccountCategory, (Decimal, usize)>> = BTreeMap::new();
    for history in daily.histories().iter().filter(|history| history.counts_on(today)) {
        let figure = history.on(today);
        let currency = figure.map_or(history.currency(), |figure| figure.balance.currency);
        let class = groups.entry(currency).or_default().entry(history.category()).or_default();
        class.0 = class.0.saturating_add(figure.map_or(Decimal::ZERO, |figure| figure.balance.amount));
        class.1 += 1;
        if let Some(line) = accounts.iter().find(|line| line.account.id == history.account()) {
            let bank = banks.entry((currency, line.account.institution.clone())).or_default();
            bank.0 = bank.0.saturating_add(figure.map_or(Decimal::ZERO, |figure| figure.balance.amount));
            bank.1 += 1;
        }
    }
    let too_large = daily.net_worth(today).too_large;
    let days = daily.net_worth_series(Every::Day, today);
    let mut worth: Vec<Worth> = groups
        .into_iter()
        .map(|(currency, classes)| {
            let of_day = |day: &NetWorth| {
                let line = day.lines.iter().find(|line| line.total.currency == currency)?;
                Some((day.on, line.total.amount))
            };
            let own = banks.iter().filter(|((of, _), _)| *of == currency);
            let mut institutions: Vec<_> = own.map(|((_, name), (sum, count))| (name.clone(), *sum, *count)).collect();
            institutions.sort_by_key(|(_, sum, _)| Reverse(sum.abs()));
            Worth {
                institutions,
                is_too_large: too_large.contains(&currency),
                currency,
                total: classes.values().fold(Decimal::ZERO, |sum, (own, _)| sum.saturating_add(*own)),
                classes: classes.into_iter().map(|(class, (sum, count))| (class, sum, count)).collect(),
                series: days.iter().filter_map(of_day).collect(),
            }
        })
        .collect();
    worth.sort_by_key(|worth| Reverse((worth.currency.is_iso(), worth.total.abs())));
    worth
}
