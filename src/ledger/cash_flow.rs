//! Cash flow: money in and out by period.
//!
//! Rows that count in sums, without transfers between own accounts, trades, conversions and corporate actions: those move
//! money between pockets of the user.

use std::collections::BTreeMap;

use chrono::{Datelike as _, NaiveDate};
use rust_decimal::Decimal;

use super::{
    View, counts,
    error::{LedgerError, Result},
};
use crate::domain::{AssetCode, TransactionSubtype, TransactionType};

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

/// The money of one period in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CashFlow {
    /// The period, as [`Period::name`] writes it.
    pub period: String,
    /// The currency.
    pub currency: AssetCode,
    /// The user's category; `None` where flows are not grouped by category.
    pub category: Option<String>,
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

impl View {
    /// Money in and out by period, oldest first, then by currency and category. Sums with too many digits are left out.
    ///
    /// # Errors
    /// [`LedgerError::NeedsColumns`] without columns.
    pub fn cash_flow(&self, period: Period, by_category: bool) -> Result<Vec<CashFlow>> {
        type Key = (String, AssetCode, Option<u32>);
        let columns = self.columns().ok_or(LedgerError::NeedsColumns)?;
        let last = self.last_day().map(|day| day.num_days_from_ce());
        let mut sums: BTreeMap<Key, Option<[Decimal; 3]>> = BTreeMap::new();
        let mut names: std::collections::HashMap<i32, String> = std::collections::HashMap::new();
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
            let name = names.entry(columns.days()[at]);
            let name = name.or_insert_with(|| columns.date(row).map(|day| period.name(day)).unwrap_or_default());
            let category = by_category.then(|| columns.categories()[at]);
            let sums = sums.entry((name.clone(), unit.currency, category)).or_insert(Some([Decimal::ZERO; 3]));
            *sums = sums.and_then(|mut sums| {
                let amount = if part == 1 { -amount } else { amount };
                sums[part] = sums[part].checked_add(amount)?;
                Some(sums)
            });
        }
        let flow = |((period, currency, category), sums): (Key, Option<[Decimal; 3]>)| {
            let [income, spending, transfers] = sums?;
            let name = |place: u32| columns.category_table().get(place as usize).map(ToString::to_string);
            let category = category.map(|place| name(place).unwrap_or_default());
            Some(CashFlow { period, currency, category, income, spending, transfers })
        };
        let mut flows: Vec<CashFlow> = sums.into_iter().filter_map(flow).collect();
        flows.sort_by(|a, b| (&a.period, a.currency, &a.category).cmp(&(&b.period, b.currency, &b.category)));
        Ok(flows)
    }
}
