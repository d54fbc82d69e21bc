//! The cash flow of one currency as a table: a column per month, a line per total and per kind or category. Pure.
//!
//! INVARIANT: every line has a value for every month; the lines of a side add up to its total.

use std::collections::BTreeMap;

use chrono::{Months, NaiveDate};
use rust_decimal::Decimal;

use crate::{
    domain::{AssetCode, Money, TransactionSubtype},
    ledger::{CashFlow, FlowShare, Period},
    tui::snapshot::kind_words,
};

/// Months without rows that are filled in between two with rows, so that a stray date does not stretch the table.
const FILLED: u32 = 24;

/// The part of a side that a line shows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LineShare {
    Whole,
    Category(String),
    Kind(TransactionSubtype),
}

impl LineShare {
    pub(super) fn borrowed(&self) -> FlowShare<'_> {
        match self {
            Self::Whole => FlowShare::Whole,
            Self::Category(category) => FlowShare::Category(category),
            Self::Kind(kind) => FlowShare::Kind(*kind),
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Whole => String::new(),
            Self::Category(category) if category.is_empty() => "no category".to_owned(),
            Self::Category(category) => category.clone(),
            Self::Kind(TransactionSubtype::Unknown) => "unknown kind".to_owned(),
            Self::Kind(kind) => kind_words(*kind),
        }
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FlowLine {
    pub(super) name: String,
    /// Whether money came in, and which part of it; `None` for the net and the transfers.
    pub(super) share: Option<(bool, LineShare)>,
    pub(super) is_transfers: bool,
    pub(super) is_total: bool,
    /// Signed, by month: money out is negative.
    pub(super) values: Vec<Decimal>,
}

/// The table of one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FlowTable {
    /// Oldest first, as the query language writes them.
    pub(super) months: Vec<String>,
    pub(super) lines: Vec<FlowLine>,
}

impl FlowTable {
    /// A table for each currency with flows; the last month is at least that of `today`.
    pub(super) fn by_currency(flows: &[CashFlow], today: NaiveDate) -> Vec<(AssetCode, Self)> {
        let mut currencies: Vec<AssetCode> = flows.iter().map(|flow| flow.currency).collect();
        currencies.sort_unstable();
        currencies.dedup();
        let own = |currency: AssetCode| flows.iter().filter(move |flow| flow.currency == currency);
        currencies.into_iter().map(|currency| (currency, Self::of(&own(currency).collect::<Vec<_>>(), today))).collect()
    }

    fn of(flows: &[&CashFlow], today: NaiveDate) -> Self {
        let months = months(flows, &Period::Month.name(today));
        let place = |month: &String| months.binary_search(month).ok();
        let zero = vec![Decimal::ZERO; months.len()];
        let mut sides: [BTreeMap<LineShare, Vec<Decimal>>; 2] = [BTreeMap::new(), BTreeMap::new()];
        let (mut totals, mut transfers) = ([zero.clone(), zero.clone()], zero.clone());
        for flow in flows {
            let Some(at) = place(&flow.period) else { continue };
            let share = match (&flow.category, flow.kind) {
                (Some(category), _) => LineShare::Category(category.clone()),
                (None, Some(kind)) => LineShare::Kind(kind),
                (None, None) => LineShare::Whole,
            };
            transfers[at] = transfers[at].saturating_add(flow.transfers);
            for (side, amount) in [(0, flow.income), (1, -flow.spending)] {
                if !amount.is_zero() {
                    let line = sides[side].entry(share.clone()).or_insert_with(|| zero.clone());
                    line[at] = line[at].saturating_add(amount);
                    totals[side][at] = totals[side][at].saturating_add(amount);
                }
            }
        }
        let net: Vec<Decimal> = totals[0].iter().zip(&totals[1]).map(|(a, b)| a.saturating_add(*b)).collect();
        let total = |name: &str, values, share: Option<bool>, is_transfers| FlowLine {
            name: name.to_owned(),
            share: share.map(|incoming| (incoming, LineShare::Whole)),
            is_transfers,
            is_total: true,
            values,
        };
        let mut lines = Vec::new();
        let [into, out] = totals;
        for (name, incoming, values, side) in [("In", true, into, &sides[0]), ("Out", false, out, &sides[1])] {
            lines.push(total(name, values, Some(incoming), false));
            let mut parts: Vec<(&LineShare, &Vec<Decimal>)> =
                side.iter().filter(|(share, _)| **share != LineShare::Whole).collect();
            let size =
                |values: &[Decimal]| values.iter().fold(Decimal::ZERO, |sum, value| sum.saturating_add(value.abs()));
            parts.sort_by_key(|(_, values)| std::cmp::Reverse(size(values)));
            lines.extend(parts.into_iter().map(|(share, values)| FlowLine {
                name: share.name(),
                share: Some((incoming, share.clone())),
                is_transfers: false,
                is_total: false,
                values: values.clone(),
            }));
        }
        lines.push(total("Net", net, None, false));
        if transfers.iter().any(|value| !value.is_zero()) {
            lines.push(total("Transfers", transfers, None, true));
        }
        Self { months, lines }
    }

    /// The total of a side by month.
    pub(super) fn side(&self, incoming: bool) -> &[Decimal] {
        let total = self.lines.iter().find(|line| line.share == Some((incoming, LineShare::Whole)));
        total.map_or(&[], |line| line.values.as_slice())
    }

    /// In and out of a month together.
    pub(super) fn net(&self, month: usize, currency: AssetCode) -> Option<Money> {
        let amount = self.side(true).get(month)?.saturating_add(*self.side(false).get(month)?);
        Some(Money::new(amount, currency))
    }
}

/// The months with flows and those between them, up to `current` at least.
fn months(flows: &[&CashFlow], current: &str) -> Vec<String> {
    let mut known: Vec<&str> = flows.iter().map(|flow| flow.period.as_str()).chain([current]).collect();
    known.sort_unstable();
    known.dedup();
    let mut months: Vec<String> = Vec::new();
    for month in known {
        let after = |name: &str, months: u32| {
            let first = NaiveDate::parse_from_str(&format!("{name}-01"), "%Y-%m-%d").ok()?;
            Some(Period::Month.name(first.checked_add_months(Months::new(months))?))
        };
        if let Some(last) = months.last().cloned() {
            let missing: Vec<String> = (1..=FILLED).map_while(|count| after(&last, count)).collect();
            if let Some(reached) = missing.iter().position(|name| name == month) {
                months.extend(missing.into_iter().take(reached));
            }
        }
        months.push(month.to_owned());
    }
    months
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(period: &str, kind: TransactionSubtype, income: i64, spending: i64, transfers: i64) -> CashFlow {
        CashFlow {
            period: period.to_owned(),
            currency: AssetCode::USD,
            category: None,
            kind: Some(kind),
            income: income.into(),
            spending: spending.into(),
            transfers: transfers.into(),
        }
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn lines_are_sorted_by_size_and_months_without_rows_are_there() {
        let flows = [
            flow("2026-01", TransactionSubtype::Purchase, 0, 20, 0),
            flow("2026-01", TransactionSubtype::OtherIncome, 100, 0, 0),
            flow("2026-03", TransactionSubtype::AccountFee, 0, 30, 0),
            flow("2026-03", TransactionSubtype::TransferIn, 0, 0, 7),
        ];
        let tables = FlowTable::by_currency(&flows, day("2026-04-05"));
        let [(AssetCode::USD, table)] = tables.as_slice() else { panic!("{tables:?}") };
        assert_eq!(table.months, ["2026-01", "2026-02", "2026-03", "2026-04"]);
        let lines: Vec<(&str, Vec<i128>)> = table
            .lines
            .iter()
            .map(|line| (line.name.as_str(), line.values.iter().map(Decimal::mantissa).collect()))
            .collect();
        assert_eq!(
            lines,
            [
                ("In", vec![100, 0, 0, 0]),
                ("income", vec![100, 0, 0, 0]),
                ("Out", vec![-20, 0, -30, 0]),
                ("account fee", vec![0, 0, -30, 0]),
                ("purchase", vec![-20, 0, 0, 0]),
                ("Net", vec![80, 0, -30, 0]),
                ("Transfers", vec![0, 0, 7, 0]),
            ]
        );
    }

    #[test]
    fn a_stray_date_does_not_stretch_the_table() {
        let flows = [
            flow("0201-01", TransactionSubtype::Purchase, 0, 1, 0),
            flow("2026-03", TransactionSubtype::Purchase, 0, 1, 0),
        ];
        let tables = FlowTable::by_currency(&flows, day("2026-03-05"));
        assert_eq!(tables[0].1.months, ["0201-01", "2026-03"]);
    }
}
