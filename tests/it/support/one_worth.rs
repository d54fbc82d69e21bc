//! One net worth by every way to it: of a day, from the history, from the accounts as of the day, and from the explanation.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use dashtam::testing::ledger::{Every, Explainer, Ledger, explain::Figure};
use rust_decimal::Decimal;

/// Fails unless all ways agree on each of the days; returns how many sums were compared.
pub(crate) fn agrees(ledger: &Ledger, today: NaiveDate, days: &[NaiveDate]) -> usize {
    let view = ledger.view().unwrap();
    let view = view.with_columns(view.load_columns().unwrap()).balances_on(today).unwrap();
    let series = view.net_worth_series(Every::Day, today).unwrap();
    let mut compared = 0;
    for day in days {
        let worth = view.net_worth(*day).unwrap();
        let sums: BTreeMap<String, Decimal> =
            worth.lines.iter().map(|line| (line.total.currency.to_string(), line.total.amount)).collect();
        // Before the first known balance the history has no point.
        let point = series.iter().find(|point| point.on == *day);
        assert_eq!(point.map_or(0, |point| point.lines.len()), sums.len(), "history of {day}");
        for line in point.iter().flat_map(|point| &point.lines) {
            assert_eq!(sums[&line.total.currency.to_string()], line.total.amount, "history of {day}");
        }
        // The accounts as of the day, by the rule of `docs/balances.md`.
        let until = view.until(Some(*day)).unwrap().balances_on(*day).unwrap();
        let daily = until.daily().unwrap();
        let mut by_accounts: BTreeMap<String, Decimal> = BTreeMap::new();
        for line in until.accounts() {
            let counts = daily.history(line.account.id).is_some_and(|history| history.counts_on(*day));
            if let Some(balance) = line.balance.filter(|_| counts) {
                *by_accounts.entry(balance.current.currency.to_string()).or_default() += balance.current.amount;
            }
        }
        assert_eq!(by_accounts, sums, "accounts as of {day}");
        // Each of three addresses of the figure.
        for (currency, total) in &sums {
            let roots = [
                (Explainer::new(view.clone(), *day), format!("net-worth:{currency}")),
                (Explainer::new(view.clone(), today), format!("on:{day}:net-worth:{currency}")),
                (Explainer::new(until.clone(), *day), format!("net-worth:{currency}")),
            ];
            for (explainer, address) in roots {
                let node = explainer.node(&address.parse::<Figure>().unwrap()).unwrap().unwrap();
                assert_eq!(node.value, Some(*total), "{address} on {day}");
            }
            compared += 1;
        }
    }
    compared
}
