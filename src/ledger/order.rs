//! Sorting all rows of the columns; a filtered list is the sorted whole with the others left out.
//!
//! Every order is stable: rows that are equal by its key keep the newest first, also when it is turned around. By day
//! it is the other way round: oldest first is the list of newest first from its end.

use std::cmp::Ordering;

use rust_decimal::Decimal;

use super::search::AccountNames;
use crate::columns::Columns;

/// The sort key of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each name is the sort key")]
pub enum SortKey {
    Date,
    Amount,
    Payee,
    Account,
    Type,
    Status,
}

impl SortKey {
    /// Every key, in the order of the list's columns.
    pub const ALL: &'static [Self] = &[Self::Date, Self::Payee, Self::Account, Self::Amount, Self::Type, Self::Status];

    /// Its word on screen.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Date => "date",
            Self::Amount => "amount",
            Self::Payee => "payee",
            Self::Account => "account",
            Self::Type => "type",
            Self::Status => "status",
        }
    }
}

/// A sort key and its direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sort {
    /// The key.
    pub key: SortKey,
    /// From the greatest to the least.
    pub descending: bool,
}

/// Newest first.
impl Default for Sort {
    fn default() -> Self {
        Self { key: SortKey::Date, descending: true }
    }
}

/// All rows in the order of `sort`.
#[must_use]
pub fn order(columns: &Columns, scope: &AccountNames, sort: Sort) -> Vec<u32> {
    let newest = columns.newest_first();
    match sort.key {
        SortKey::Date if sort.descending => newest.to_vec(),
        SortKey::Date => newest.iter().rev().copied().collect(),
        SortKey::Amount => by_amount(columns, sort.descending),
        SortKey::Payee => {
            let payees = columns.payees();
            by_key(newest, sort.descending, |row| payees.rank(columns.heads_of()[row]).into())
        }
        SortKey::Account => {
            let ranks = ranks(columns.account_table(), |id| (scope.sort_name(*id), *id));
            by_key(newest, sort.descending, |row| ranks[usize::from(columns.accounts()[row])])
        }
        SortKey::Type => {
            let all = crate::domain::TransactionSubtype::ALL;
            let ranks = ranks(all, |subtype| (subtype.parent().as_str(), subtype.as_str()));
            by_key(newest, sort.descending, |row| ranks[columns.subtypes()[row] as usize])
        }
        SortKey::Status => by_key(newest, sort.descending, |row| columns.statuses()[row] as u64),
    }
}

/// The place of each value among all when sorted by `key`.
fn ranks<T, K: Ord>(values: &[T], key: impl Fn(&T) -> K) -> Vec<u64> {
    let mut sorted: Vec<usize> = (0..values.len()).collect();
    sorted.sort_by_key(|place| key(&values[*place]));
    let mut ranks = vec![0; values.len()];
    for (rank, place) in (0u64..).zip(sorted) {
        ranks[place] = rank;
    }
    ranks
}

/// Sorts rows, already in the order that equal ones keep, by a number.
fn by_key(rows: &[u32], descending: bool, key: impl Fn(usize) -> u64) -> Vec<u32> {
    let flip = if descending { u64::MAX } else { 0 };
    let keys: Vec<u64> = rows.iter().map(|row| key(*row as usize) ^ flip).collect();
    radix(keys, rows.to_vec())
}

/// Bits looked at in one pass: 2,048 buckets stay in the nearest cache.
const DIGIT: u32 = 11;

/// Sorts rows by their keys, stable, a digit a pass from the lowest; digits in which no keys differ cost nothing.
#[expect(clippy::cast_possible_truncation, reason = "a digit is cut to 11 bits")]
fn radix(mut keys: Vec<u64>, mut rows: Vec<u32>) -> Vec<u32> {
    let (Some(&least), Some(&most)) = (keys.iter().min(), keys.iter().max()) else { return rows };
    let bits = u64::BITS - (most - least).leading_zeros();
    let (mut other_keys, mut other_rows) = (vec![0; keys.len()], vec![0; rows.len()]);
    for pass in 0..bits.div_ceil(DIGIT) {
        let digit = |key: u64| ((key - least) >> (pass * DIGIT)) as usize & ((1 << DIGIT) - 1);
        let mut places = [0u32; 1 << DIGIT];
        for key in &keys {
            places[digit(*key)] += 1;
        }
        let mut next = 0;
        for place in &mut places {
            next += std::mem::replace(place, next);
        }
        for (key, row) in keys.iter().zip(&rows) {
            let place = &mut places[digit(*key)];
            other_keys[*place as usize] = *key;
            other_rows[*place as usize] = *row;
            *place += 1;
        }
        std::mem::swap(&mut keys, &mut other_keys);
        std::mem::swap(&mut rows, &mut other_rows);
    }
    rows
}

/// By value, whatever the currency. Keys are amounts at the finest scale at which all fit 63 bits; where that is not
/// the finest in use, rows with equal keys are compared exactly.
fn by_amount(columns: &Columns, descending: bool) -> Vec<u32> {
    let newest = columns.newest_first();
    let table = columns.unit_table();
    let mut greatest = vec![0u128; table.len()];
    let any_wide = table.iter().any(|unit| unit.wide);
    let mantissa = |row: usize| {
        if any_wide {
            columns.mantissa(u32::try_from(row).unwrap_or(u32::MAX))
        } else {
            columns.mantissas()[row].into()
        }
    };
    for (row, unit) in columns.units().iter().enumerate() {
        let greatest = &mut greatest[usize::from(*unit)];
        *greatest = mantissa(row).unsigned_abs().max(*greatest);
    }
    let finest = table.iter().map(|unit| u32::from(unit.scale)).max().unwrap_or_default();
    let fits = |scale: u32| {
        table
            .iter()
            .zip(&greatest)
            .all(|(unit, greatest)| at_scale(greatest.cast_signed(), unit.scale, scale).is_some())
    };
    // Decimal holds 28 digits before the mark at most: at scale zero an amount may be too large for 63 bits still.
    let Some(scale) = (0..=finest).rev().find(|scale| fits(*scale)) else {
        let mut rows = newest.to_vec();
        rows.sort_by(|left, right| compare(columns, *left, *right, descending));
        return rows;
    };
    let factors: Vec<_> = table.iter().map(|unit| 10i64.checked_pow(scale.saturating_sub(unit.scale.into()))).collect();
    let (units, mantissas) = (columns.units(), columns.mantissas());
    let key = |row: usize| {
        let unit = usize::from(units[row]);
        let shifted = match factors[unit] {
            Some(factor) if !any_wide && u32::from(table[unit].scale) <= scale => mantissas[row].wrapping_mul(factor),
            _ => at_scale(mantissa(row), table[unit].scale, scale).unwrap_or_default(),
        };
        shifted.cast_unsigned() ^ (1 << 63)
    };
    let mut rows = by_key(newest, descending, key);
    if scale < finest {
        for run in rows.chunk_by_mut(|left, right| key(*left as usize) == key(*right as usize)) {
            if run.len() > 1 {
                run.sort_by(|left, right| compare(columns, *left, *right, descending));
            }
        }
    }
    rows
}

/// A mantissa at another scale, rounded down; `None` beyond 62 bits.
fn at_scale(mantissa: i128, from: u8, to: u32) -> Option<i64> {
    let from = u32::from(from);
    let scaled = if to >= from {
        mantissa.checked_mul(10i128.checked_pow(to - from)?)?
    } else {
        mantissa.div_euclid(10i128.checked_pow(from - to)?)
    };
    i64::try_from(scaled).ok().filter(|scaled| scaled.unsigned_abs() < 1 << 62)
}

fn compare(columns: &Columns, left: u32, right: u32, descending: bool) -> Ordering {
    let amount = |row: u32| columns.amount(row).unwrap_or(Decimal::ZERO);
    let order = amount(left).cmp(&amount(right));
    if descending { order.reverse() } else { order }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ledger::search::tests::{Row, accounts, any_rows, columns};

    fn naive(rows: &[Row], sort: Sort) -> Vec<u32> {
        let accounts = accounts();
        let name = |row: &Row| {
            let account = accounts.iter().find(|account| account.id == row.0.account_id).unwrap();
            (crate::columns::searchable(account.display_name()).into_owned(), account.id)
        };
        let payee = |(row, user): &Row| {
            let given = |text: Option<&str>| {
                text.map(|text| crate::columns::searchable(text).into_owned()).filter(|text| !text.is_empty())
            };
            let facts = &row.facts;
            let texts =
                [user.payee.as_deref(), facts.payee.as_deref(), facts.description.as_deref(), facts.memo.as_deref()];
            texts.into_iter().find_map(given).unwrap_or_default()
        };
        let kind = |row: &Row| {
            let kind = row.0.facts.kind;
            (kind.transaction_type().as_str(), kind.subtype().as_str())
        };
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by_key(|place| std::cmp::Reverse((rows[*place].0.facts.date, rows[*place].0.id)));
        order.sort_by(|left, right| {
            let (left, right) = (&rows[*left], &rows[*right]);
            let order = match sort.key {
                SortKey::Date => (left.0.facts.date, left.0.id).cmp(&(right.0.facts.date, right.0.id)),
                SortKey::Amount => left.0.facts.amount.cmp(&right.0.facts.amount),
                SortKey::Payee => payee(left).cmp(&payee(right)),
                SortKey::Account => name(left).cmp(&name(right)),
                SortKey::Type => kind(left).cmp(&kind(right)),
                SortKey::Status => left.0.facts.status.cmp(&right.0.facts.status),
            };
            if sort.descending { order.reverse() } else { order }
        });
        order.into_iter().map(|place| u32::try_from(place).unwrap()).collect()
    }

    proptest! {
        #[test]
        fn orders_are_those_of_a_stable_sort_of_rows(mut rows in any_rows(60), huge in any::<bool>()) {
            if huge && let Some((row, _)) = rows.last_mut() {
                row.facts.amount = Decimal::MAX;
            }
            let (columns, scope) = (columns(&rows), AccountNames::new(&accounts()));
            for &key in SortKey::ALL {
                for descending in [false, true] {
                    let sort = Sort { key, descending };
                    prop_assert_eq!(order(&columns, &scope, sort), naive(&rows, sort), "{:?}", sort);
                }
            }
        }

        #[test]
        fn radix_sorts_any_keys(keys in proptest::collection::vec(prop_oneof![any::<u64>(), 0u64..5], 0..300)) {
            let rows: Vec<u32> = (0..u32::try_from(keys.len()).unwrap()).collect();
            let mut expected = rows.clone();
            expected.sort_by_key(|row| keys[*row as usize]);
            prop_assert_eq!(radix(keys, rows), expected);
        }
    }
}
