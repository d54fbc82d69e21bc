//! Net worth: what all accounts together hold on a day.
//!
//! It is the sum of each account's last balance on or before the day, per currency; what is owed is stored negative.
//! Left out are accounts of ended connections, accounts without a balance, and closed accounts after their last one.

use std::collections::BTreeMap;

use chrono::{Datelike as _, Months, NaiveDate};
use rust_decimal::Decimal;

use super::{View, error::Result};
use crate::domain::{AssetCode, Money, Snapshot};

/// How far apart the points of a series are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Every {
    /// Each day.
    Day,
    /// The last day of each month, and the last day of the series.
    Month,
}

/// Net worth on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetWorth {
    /// The day.
    pub on: NaiveDate,
    /// One line per currency, by its code.
    pub lines: Vec<WorthLine>,
}

/// Net worth in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorthLine {
    /// The sum of balances.
    pub total: Money,
    /// How many balances it is made of.
    pub accounts: usize,
    /// The day of the oldest of them.
    pub oldest: NaiveDate,
}

/// The balances of one account by day, and whether the last one still holds.
struct History {
    snapshots: Vec<Snapshot>,
    is_active: bool,
}

impl View {
    /// Net worth on a day.
    pub fn net_worth(&self, on: NaiveDate) -> Result<NetWorth> {
        Ok(worth(&self.histories()?, on))
    }

    /// Net worth from the first known balance until a day; empty when there is no balance before it.
    pub fn net_worth_series(&self, every: Every, until: NaiveDate) -> Result<Vec<NetWorth>> {
        Ok(series(&self.histories()?, every, until))
    }

    fn histories(&self) -> Result<Vec<History>> {
        let counting = self.accounts().iter().filter(|line| line.connection.counts());
        counting
            .map(|line| {
                let snapshots = self.snapshots(line.account.id)?;
                Ok(History { snapshots, is_active: line.account.is_active })
            })
            .collect()
    }
}

impl History {
    /// The balance that holds on a day.
    fn on(&self, day: NaiveDate) -> Option<&Snapshot> {
        let later = self.snapshots.partition_point(|snapshot| snapshot.date <= day);
        let snapshot = self.snapshots.get(later.checked_sub(1)?)?;
        (self.is_active || later < self.snapshots.len() || snapshot.date == day).then_some(snapshot)
    }
}

fn worth(histories: &[History], on: NaiveDate) -> NetWorth {
    let mut lines: BTreeMap<AssetCode, Option<WorthLine>> = BTreeMap::new();
    for snapshot in histories.iter().filter_map(|history| history.on(on)) {
        let none = WorthLine { total: Money::zero(snapshot.currency), accounts: 0, oldest: snapshot.date };
        let line = lines.entry(snapshot.currency).or_insert(Some(none));
        *line = line.and_then(|line| {
            // A total beyond 28 digits is not shown rather than shown wrong.
            let amount: Decimal = line.total.amount.checked_add(snapshot.balance)?;
            let total = Money::new(amount, snapshot.currency);
            Some(WorthLine { total, accounts: line.accounts + 1, oldest: line.oldest.min(snapshot.date) })
        });
    }
    NetWorth { on, lines: lines.into_values().flatten().collect() }
}

fn series(histories: &[History], every: Every, until: NaiveDate) -> Vec<NetWorth> {
    let firsts = histories.iter().filter_map(|history| history.snapshots.first());
    let Some(first) = firsts.map(|snapshot| snapshot.date).min() else { return Vec::new() };
    let mut points = Vec::new();
    let mut next = match every {
        Every::Day => Some(first),
        Every::Month => month_end(first),
    };
    while let Some(day) = next.filter(|day| *day < until) {
        points.push(worth(histories, day));
        next = match every {
            Every::Day => day.succ_opt(),
            Every::Month => day.succ_opt().and_then(month_end),
        };
    }
    if first <= until {
        points.push(worth(histories, until));
    }
    points
}

fn month_end(day: NaiveDate) -> Option<NaiveDate> {
    day.with_day(1)?.checked_add_months(Months::new(1))?.pred_opt()
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;
    use crate::domain::{AccountId, ChangeId, SnapshotSource};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn history(is_active: bool, currency: &str, balances: &[(&str, i64)]) -> History {
        let snapshot = |(date, cents): &(&str, i64)| Snapshot {
            account_id: AccountId(1),
            date: day(date),
            change_id: ChangeId(1),
            balance: Decimal::new(*cents, 2),
            available: None,
            holdings_value: None,
            cash_value: None,
            currency: AssetCode::new(currency).unwrap(),
            source: SnapshotSource::AccountSync,
            captured_at: DateTime::<Utc>::UNIX_EPOCH,
        };
        History { snapshots: balances.iter().map(snapshot).collect(), is_active }
    }

    fn totals(worth: &NetWorth) -> Vec<String> {
        worth.lines.iter().map(|line| format!("{} ({})", line.total, line.accounts)).collect()
    }

    #[test]
    fn balances_are_carried_forward_per_currency() {
        let histories = [
            history(true, "USD", &[("2026-01-10", 10_000), ("2026-03-01", 25_000)]),
            history(true, "USD", &[("2026-02-01", -4_000)]),
            history(true, "EUR", &[("2026-02-15", 100)]),
            history(true, "USD", &[]),
            history(false, "USD", &[("2026-01-01", 700), ("2026-02-01", 900)]),
        ];
        let on = |date: &str| totals(&worth(&histories, day(date)));
        assert_eq!(on("2025-12-31"), Vec::<String>::new());
        assert_eq!(on("2026-01-10"), ["107.00 USD (2)"]);
        assert_eq!(on("2026-02-01"), ["69.00 USD (3)"], "the closed account counts until its last balance");
        assert_eq!(on("2026-02-20"), ["1.00 EUR (1)", "60.00 USD (2)"]);
        assert_eq!(worth(&histories, day("2026-02-20")).lines[1].oldest, day("2026-01-10"));

        let months = series(&histories, Every::Month, day("2026-03-05"));
        let days: Vec<_> = months.iter().map(|point| point.on.to_string()).collect();
        assert_eq!(days, ["2026-01-31", "2026-02-28", "2026-03-05"]);
        assert_eq!(totals(&months[2]), ["1.00 EUR (1)", "210.00 USD (2)"]);
        assert_eq!(series(&histories, Every::Day, day("2026-01-03")).len(), 3);
        assert!(series(&histories, Every::Day, day("2025-01-03")).is_empty());
        assert!(series(&[], Every::Day, day("2026-01-03")).is_empty());
    }

    #[test]
    fn a_total_with_too_many_digits_is_left_out() {
        let mut huge = history(true, "USD", &[("2026-01-10", 1)]);
        huge.snapshots[0].balance = Decimal::MAX;
        let histories = [huge, history(true, "USD", &[("2026-01-10", 100)])];
        assert!(worth(&histories, day("2026-01-10")).lines.is_empty());
    }
}
