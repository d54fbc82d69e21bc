//! Net worth: the sum of the balances of all accounts that count on a day, by currency.
//!
//! Debts are negative. An account without a known balance on that day is left out and counted as unknown.

use std::collections::BTreeMap;

use chrono::{Datelike as _, Days, Months, NaiveDate};
use rust_decimal::Decimal;

use super::{BalanceHistory, Daily, Standing};
use crate::{
    domain::{AssetCode, Money},
    ledger::{View, error::Result},
};

/// The longest series: a hundred years, so that a stray date does not make it endless.
const LONGEST: Days = Days::new(36_525);

/// The step of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Every {
    /// Each day.
    Day,
    /// The last day of each month, and the last day of the series.
    Month,
}

/// Net worth at the end of one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetWorth {
    /// The day.
    pub on: NaiveDate,
    /// One line per currency, by its code.
    pub lines: Vec<WorthLine>,
    /// Currencies whose sum has more than 28 digits and can't be shown exactly.
    pub too_large: Vec<AssetCode>,
}

/// Net worth in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorthLine {
    /// The sum of the balances.
    pub total: Money,
    /// The number of balances in the sum.
    pub accounts: usize,
    /// The number of accounts that count but have no known balance yet.
    pub unknown: usize,
    /// The day of the oldest stated balance in the sum; the day itself where a later one was used.
    pub oldest: NaiveDate,
    /// The weakest standing in the sum.
    pub standing: Standing,
    /// The sum of the gaps.
    pub gap: Decimal,
}

impl View {
    /// Net worth on a day.
    ///
    /// # Errors
    /// As [`View::daily`].
    pub fn net_worth(&self, on: NaiveDate) -> Result<NetWorth> {
        Ok(self.daily()?.net_worth(on))
    }

    /// Net worth from the first known balance until a day; empty when no balance is known by then.
    ///
    /// # Errors
    /// As [`View::daily`].
    pub fn net_worth_series(&self, every: Every, until: NaiveDate) -> Result<Vec<NetWorth>> {
        Ok(self.daily()?.net_worth_series(every, until))
    }
}

impl Daily {
    /// Net worth on a day.
    #[must_use]
    pub fn net_worth(&self, on: NaiveDate) -> NetWorth {
        self.net_worth_of(on, |_| true)
    }

    /// As [`Daily::net_worth`], of some accounts only.
    #[must_use]
    pub fn net_worth_of(&self, on: NaiveDate, belongs: impl Fn(&BalanceHistory) -> bool) -> NetWorth {
        let mut lines: BTreeMap<AssetCode, Option<WorthLine>> = BTreeMap::new();
        for history in self.histories.iter().filter(|history| belongs(history) && history.counts_on(on)) {
            let Some(figure) = history.on(on) else { continue };
            let currency = figure.balance.currency;
            let line = lines.entry(currency).or_insert_with(|| Some(empty(currency, on)));
            // A total beyond 28 digits is left out rather than rounded.
            *line = line.and_then(|line| {
                Some(WorthLine {
                    total: line.total.try_add(figure.balance).ok()?,
                    accounts: line.accounts + 1,
                    oldest: line.oldest.min(figure.stated_on),
                    standing: line.standing.max(figure.standing),
                    gap: line.gap.checked_add(figure.gap.unwrap_or_default())?,
                    ..line
                })
            });
        }
        for history in self.histories.iter().filter(|history| belongs(history) && history.is_unknown_on(on)) {
            if let Some(Some(line)) = lines.get_mut(&history.currency()) {
                line.unknown += 1;
            }
        }
        let too_large = lines.iter().filter(|(_, line)| line.is_none()).map(|(currency, _)| *currency).collect();
        NetWorth { on, lines: lines.into_values().flatten().collect(), too_large }
    }

    /// Net worth from the first known balance until a day; empty when no balance is known by then.
    #[must_use]
    pub fn net_worth_series(&self, every: Every, until: NaiveDate) -> Vec<NetWorth> {
        let Some(first) = self.first().filter(|first| *first <= until) else { return Vec::new() };
        let first = until.checked_sub_days(LONGEST).map_or(first, |earliest| first.max(earliest));
        let mut points = Vec::new();
        let mut next = match every {
            Every::Day => Some(first),
            Every::Month => month_end(first),
        };
        while let Some(day) = next.filter(|day| *day < until) {
            points.push(self.net_worth(day));
            next = match every {
                Every::Day => day.succ_opt(),
                Every::Month => day.succ_opt().and_then(month_end),
            };
        }
        points.push(self.net_worth(until));
        points
    }

    /// The first day on which the balance of an account that counts is known.
    #[must_use]
    pub fn first(&self) -> Option<NaiveDate> {
        let known = |history: &BalanceHistory| history.first().filter(|first| history.counts_on(*first));
        self.histories.iter().filter_map(known).min()
    }
}

impl BalanceHistory {
    /// Whether the account counts on a day and had rows by then, but its balance is unknown.
    #[must_use]
    pub fn is_unknown_on(&self, day: NaiveDate) -> bool {
        self.counts_on(day) && self.on(day).is_none() && self.newest_row(day).is_some()
    }
}

fn empty(currency: AssetCode, on: NaiveDate) -> WorthLine {
    WorthLine {
        total: Money::zero(currency),
        accounts: 0,
        unknown: 0,
        oldest: on,
        standing: Standing::Stated,
        gap: Decimal::ZERO,
    }
}

fn month_end(day: NaiveDate) -> Option<NaiveDate> {
    day.with_day(1)?.checked_add_months(Months::new(1))?.pred_opt()
}
