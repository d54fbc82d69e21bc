//! Exact sums per currency.
//!
//! Rows that the institution withdrew or that failed moved no money and are left out; pending rows count.

use rust_decimal::Decimal;

use super::search::RowSet;
use crate::{
    columns::{Columns, Unit},
    domain::{AssetCode, Money, TransactionStatus},
};

/// Whether a row in this state counts in sums and balances.
#[must_use]
pub const fn counts(status: TransactionStatus) -> bool {
    match status {
        TransactionStatus::Pending | TransactionStatus::Settled => true,
        TransactionStatus::Failed | TransactionStatus::Cancelled => false,
    }
}

/// Sums per currency, with how many rows each was made of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sums {
    /// The currency of most rows first.
    pub totals: Vec<(Money, u64)>,
    /// Currencies whose sum has more than 28 digits and can't be shown exactly.
    pub too_large: Vec<AssetCode>,
}

/// Sums the rows of a set, or all.
#[must_use]
pub fn sums(columns: &Columns, rows: Option<&RowSet>) -> Sums {
    let mut parts = vec![(0i128, 0u64); columns.unit_table().len()];
    let (units, statuses, mantissas) = (columns.units(), columns.statuses(), columns.mantissas());
    let any_wide = columns.unit_table().iter().any(|unit| unit.wide);
    let mut add = |row: usize| {
        let part = &mut parts[usize::from(units[row])];
        let counted = counts(statuses[row]);
        let mantissa = mantissa(columns, mantissas, any_wide, row);
        part.0 += if counted { mantissa } else { 0 };
        part.1 += u64::from(counted);
    };
    match rows {
        Some(rows) => rows.for_each(add),
        None => (0..columns.len()).for_each(&mut add),
    }
    by_currency(columns.unit_table(), &parts)
}

#[inline]
pub(super) fn mantissa(columns: &Columns, mantissas: &[i64], any_wide: bool, row: usize) -> i128 {
    if any_wide { columns.mantissa(u32::try_from(row).unwrap_or(u32::MAX)) } else { mantissas[row].into() }
}

/// Puts the sums of units (mantissa and rows, by the place of the unit) together by currency.
pub(super) fn by_currency(units: &[Unit], parts: &[(i128, u64)]) -> Sums {
    let mut sums = Sums::default();
    let mut currencies: Vec<(AssetCode, u64)> = Vec::new();
    for (unit, (_, rows)) in units.iter().zip(parts).filter(|(_, (_, rows))| *rows > 0) {
        match currencies.iter_mut().find(|(currency, _)| *currency == unit.currency) {
            Some((_, count)) => *count += rows,
            None => currencies.push((unit.currency, *rows)),
        }
    }
    currencies.sort_by_key(|(currency, rows)| (std::cmp::Reverse(*rows), *currency));
    for (currency, rows) in currencies {
        let own = units.iter().zip(parts).filter(|(unit, _)| unit.currency == currency);
        match total(own.map(|(unit, (mantissa, _))| (*mantissa, u32::from(unit.scale)))) {
            Some(total) => sums.totals.push((Money::new(total, currency), rows)),
            None => sums.too_large.push(currency),
        }
    }
    sums
}

/// The exact sum of mantissas at different scales, or nothing when it has too many digits.
fn total(parts: impl Iterator<Item = (i128, u32)>) -> Option<Decimal> {
    let (mut sum, mut scale) = (0i128, 0u32);
    for (mantissa, own) in parts {
        // Zeros at the end go first, so that only digits that matter can be too many.
        let (mantissa, own) = stripped(mantissa, own, 2);
        let common = scale.max(own);
        let raised = |value: i128, from: u32| value.checked_mul(10i128.checked_pow(common - from)?);
        sum = raised(sum, scale)?.checked_add(raised(mantissa, own)?)?;
        (sum, scale) = stripped(sum, common, 2);
    }
    exact(sum, scale)
}

/// A mantissa with its scale as a decimal; `None` if it needs more than 96 bits without its trailing zeros.
pub(super) fn exact(mut mantissa: i128, mut scale: u32) -> Option<Decimal> {
    while mantissa.unsigned_abs() >> 96 != 0 && scale > 0 && mantissa % 10 == 0 {
        (mantissa, scale) = (mantissa / 10, scale - 1);
    }
    Decimal::try_from_i128_with_scale(mantissa, scale).ok()
}

/// Without zeros at the end, down to `digits` behind the mark.
fn stripped(mut mantissa: i128, mut scale: u32, digits: u32) -> (i128, u32) {
    while scale > digits && mantissa % 10 == 0 {
        (mantissa, scale) = (mantissa / 10, scale - 1);
    }
    (mantissa, scale)
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::ledger::search::tests::{Row, any_rows, columns};

    /// Per currency: rows that count and their Decimal sum; `None` when Decimal can't hold it.
    pub(in crate::ledger) fn naive<'a>(
        rows: impl IntoIterator<Item = &'a Row>,
    ) -> BTreeMap<AssetCode, (Option<Decimal>, u64)> {
        let mut sums = BTreeMap::new();
        for (row, _) in rows.into_iter().filter(|(row, _)| counts(row.facts.status)) {
            let (sum, count) = sums.entry(row.facts.currency).or_insert((Some(Decimal::ZERO), 0));
            *sum = sum.and_then(|sum: Decimal| {
                let exact = sum.checked_add(row.facts.amount)?;
                // Decimal rounds silently when digits run out: such sums are left to the exact side.
                (exact.checked_sub(row.facts.amount) == Some(sum) && exact.checked_sub(sum) == Some(row.facts.amount))
                    .then_some(exact)
            });
            *count += 1;
        }
        sums
    }

    pub(in crate::ledger) fn agree(sums: &Sums, naive: &BTreeMap<AssetCode, (Option<Decimal>, u64)>) {
        assert_eq!(sums.totals.len() + sums.too_large.len(), naive.len());
        for (currency, (sum, count)) in naive {
            let found = sums.totals.iter().find(|(money, _)| money.currency == *currency);
            match (sum, found) {
                (Some(sum), Some((money, rows))) => assert_eq!((money.amount, rows), (*sum, count)),
                (Some(_), None) => panic!("{currency} has a sum"),
                (None, Some((_, rows))) => assert_eq!(rows, count),
                (None, None) => assert!(sums.too_large.contains(currency)),
            }
        }
    }

    proptest! {
        #[test]
        fn sums_over_columns_are_sums_over_rows(rows in any_rows(80)) {
            agree(&sums(&columns(&rows), None), &naive(&rows));
        }
    }

    #[test]
    fn totals_are_exact_or_absent() {
        let total = |parts: &[(i128, u32)]| total(parts.iter().copied()).map(|total| total.to_string());
        assert_eq!(total(&[(1250, 2), (5, 1)]), Some("13.00".into()));
        assert_eq!(total(&[(1_000_000_000_000_000_001, 18), (-1, 18)]), Some("1.00".into()));
        assert_eq!(total(&[((1 << 96) - 1, 0), (1, 0)]), None);
        assert_eq!(total(&[((1 << 96) - 1, 0), (1, 28)]), None);
        assert_eq!(total(&[]), Some("0".into()));
    }
}
