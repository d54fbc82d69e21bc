//! Cash flow: money in and out by period.
//!
//! Rows that count in sums, without transfers between own accounts, trades, conversions and corporate actions: those move
//! money between pockets of the user.

use std::collections::{BTreeMap, HashMap};

use chrono::{Datelike as _, NaiveDate};
use rust_decimal::Decimal;

use super::{
    View, counts,
    error::{LedgerError, Result},
    query::quoted,
};
use crate::{
    columns::Columns,
    domain::{AssetCode, TransactionSubtype, TransactionType, add_exactly},
};

/// The length of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// `2026-10`.
    Month,
    /// `2026-Q4`.
    Quarter,
    /// `2026`.
    Year,
}

impl Period {
    /// The name of the period of a day, as the query language writes it.
    #[must_use]
    pub fn name(self, day: NaiveDate) -> String {
        match self {
            Self::Month => day.format("%Y-%m").to_string(),
            Self::Quarter => format!("{:04}-Q{}", day.year(), day.month0() / 3 + 1),
            Self::Year => format!("{:04}", day.year()),
        }
    }
}

/// How the flows of a period are divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FlowSplit {
    /// One flow per period.
    #[default]
    Whole,
    /// One per category of the user; rows without one have an empty name.
    Category,
    /// One per kind of row, such as `purchase` and `interest`.
    Kind,
}

/// Leaves out rows that are no flow, as a query.
pub(super) const NO_FLOW: &str = "-type:=transfer -type:=trade -type:=conversion -type:=corporate_action -sub:=journal";

/// The money of one period in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CashFlow {
    /// The period, as [`Period::name`] writes it.
    pub period: String,
    /// The currency.
    pub currency: AssetCode,
    /// The user's category; `None` where flows are not divided by category.
    pub category: Option<String>,
    /// The kind of the rows; `None` where flows are not divided by kind.
    pub kind: Option<TransactionSubtype>,
    /// Money in; zero or positive.
    pub income: Decimal,
    /// Money out; zero or positive.
    pub spending: Decimal,
    /// The sum of transfers, signed: not zero where the other end is not in an account of the user.
    pub transfers: Decimal,
}

impl CashFlow {
    /// In less out.
    #[must_use]
    pub fn net(&self) -> Option<Decimal> {
        self.income.checked_sub(self.spending)
    }
}

/// The part of a cash flow that a row belongs to; `None` for a row that is neither a flow nor a transfer.
const fn part(subtype: TransactionSubtype, incoming: bool) -> Option<usize> {
    match subtype.parent() {
        _ if matches!(subtype, TransactionSubtype::Journal) => None,
        TransactionType::Transfer => Some(2),
        TransactionType::Trade | TransactionType::Conversion | TransactionType::CorporateAction => None,
        TransactionType::Income
        | TransactionType::Fee
        | TransactionType::Payment
        | TransactionType::Tax
        | TransactionType::Other => Some(if incoming { 0 } else { 1 }),
    }
}

/// A share of the flows of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlowShare<'a> {
    /// All of them.
    Whole,
    /// Those of a category; empty: of rows without one.
    Category(&'a str),
    /// Those of a kind of row.
    Kind(TransactionSubtype),
}

/// The rows of a flow, money in or money out, as a query.
#[must_use]
pub fn flow_rows(period: &str, incoming: bool, share: FlowShare<'_>) -> String {
    let sign = if incoming { '>' } else { '<' };
    let period = format!("date:{} amt{sign}0", period.to_lowercase());
    match share {
        FlowShare::Whole => format!("{period} {NO_FLOW}"),
        FlowShare::Category("") => format!("{period} cat:= {NO_FLOW}"),
        FlowShare::Category(category) => format!("{period} cat:={} {NO_FLOW}", quoted(category)),
        FlowShare::Kind(kind) => format!("{period} sub:={kind}"),
    }
}

/// The share of a period that a row belongs to, as a place in a table of shares.
fn share(columns: &Columns, at: usize, split: FlowSplit) -> u32 {
    match split {
        FlowSplit::Whole => 0,
        FlowSplit::Category => columns.categories()[at],
        FlowSplit::Kind => columns.subtypes()[at] as u32,
    }
}

impl View {
    /// Money in and out by period, oldest first, then by currency and share. Sums with too many digits are left out.
    ///
    /// # Errors
    /// [`LedgerError::NeedsColumns`] without columns.
    pub fn cash_flow(&self, period: Period, split: FlowSplit) -> Result<Vec<CashFlow>> {
        let columns = self.columns().ok_or(LedgerError::NeedsColumns)?;
        let last = self.last_day().map(|day| day.num_days_from_ce());
        let mut names: Vec<String> = Vec::new();
        let mut periods: HashMap<i32, usize> = HashMap::new();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        let mut sums: HashMap<(usize, AssetCode, u32), Option<[Decimal; 3]>> = HashMap::new();
        for row in (0u32..).take(columns.len()) {
            let at = row as usize;
            if last.is_some_and(|last| columns.days()[at] > last) {
                continue;
            }
            let Some((amount, unit)) = columns.amount(row).zip(columns.unit(row)) else { continue };
            let Some(part) = part(columns.subtypes()[at], amount.is_sign_positive()) else { continue };
            if !counts(columns.statuses()[at]) {
                continue;
            }
            let place = *periods.entry(columns.days()[at]).or_insert_with(|| {
                let name = columns.date(row).map(|day| period.name(day)).unwrap_or_default();
                *places.entry(name.clone()).or_insert_with(|| {
                    names.push(name);
                    names.len() - 1
                })
            });
            let key = (place, unit.currency, share(columns, at, split));
            let sums = sums.entry(key).or_insert(Some([Decimal::ZERO; 3]));
            *sums = sums.and_then(|mut sums| {
                let amount = if part == 1 { -amount } else { amount };
                sums[part] = add_exactly(sums[part], amount)?;
                Some(sums)
            });
        }
        let mut flows: Vec<CashFlow> = sums
            .into_iter()
            .filter_map(|((place, currency, share), sums)| {
                let [income, spending, transfers] = sums?;
                let category = || columns.category_table().get(share as usize).map(ToString::to_string);
                let kind = || TransactionSubtype::ALL.iter().copied().find(|kind| *kind as u32 == share);
                Some(CashFlow {
                    period: names.get(place).cloned().unwrap_or_default(),
                    currency,
                    category: (split == FlowSplit::Category).then(|| category().unwrap_or_default()),
                    kind: if split == FlowSplit::Kind { kind() } else { None },
                    income,
                    spending,
                    transfers,
                })
            })
            .collect();
        let order = |flow: &CashFlow| (flow.kind.map(|kind| kind as u32), flow.currency);
        flows.sort_by(|a, b| {
            let by_text = (&a.period, a.currency, &a.category).cmp(&(&b.period, b.currency, &b.category));
            by_text.then_with(|| order(a).cmp(&order(b)))
        });
        Ok(flows)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ledger::{
        ListRequest, Query,
        search::tests::{any_rows, today},
        tests::{loaded, store},
    };

    fn split() -> impl Strategy<Value = FlowSplit> {
        prop::sample::select(vec![FlowSplit::Whole, FlowSplit::Category, FlowSplit::Kind])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn a_flow_is_the_sum_of_its_rows(rows in any_rows(40), split in split()) {
            let view = loaded(&store(&rows));
            for flow in view.cash_flow(Period::Month, split).unwrap() {
                let share = match (split, &flow.category, flow.kind) {
                    (FlowSplit::Category, Some(category), _) => FlowShare::Category(category),
                    (FlowSplit::Kind, _, Some(kind)) => FlowShare::Kind(kind),
                    _ => FlowShare::Whole,
                };
                if flow.income.is_zero() && flow.spending.is_zero() {
                    continue;
                }
                for (incoming, amount) in [(true, flow.income), (false, -flow.spending)] {
                    let query = format!("{} cur:={}", flow_rows(&flow.period, incoming, share), flow.currency);
                    let query = Query::parse(&query, today());
                    prop_assert!(query.problems().is_empty(), "{:?}", query.problems());
                    let list = view.list(&ListRequest { query, ..ListRequest::default() }).unwrap();
                    let sum = list.sums().first().map_or(Decimal::ZERO, |(total, _)| total.amount);
                    prop_assert_eq!(sum, amount, "{} {:?}", &flow.period, share);
                }
            }
        }
    }
}
