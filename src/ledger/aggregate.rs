//! Sums by month, payee, account …: what `by:` shows.

use std::collections::HashMap;

use chrono::{Datelike as _, Days, Months, NaiveDate};

use super::{
    By,
    search::{RowSet, Scope},
    sum::{self, Sums},
};
use crate::{
    columns::Columns,
    domain::{AccountId, AssetCode, TransactionId, TransactionStatus, TransactionSubtype, TransactionType},
};

/// What the rows of a group have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupKey {
    /// A stretch of time.
    Period {
        /// First day.
        from: NaiveDate,
        /// Last day.
        to: NaiveDate,
    },
    /// A payee in folded form, and a row that has it as written; empty where rows have none.
    Payee(String, TransactionId),
    /// An account.
    Account(AccountId),
    /// An institution in folded form, and an account that has it as written.
    Institution(String, AccountId),
    /// A type.
    Type(TransactionType),
    /// A subtype.
    Subtype(TransactionSubtype),
    /// A state.
    Status(TransactionStatus),
    /// The user's category; empty where rows have none.
    Category(String),
    /// A symbol; empty where rows have none.
    Symbol(String),
    /// A currency.
    Currency(AssetCode),
}

/// One line of an aggregation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What its rows have in common.
    pub key: GroupKey,
    /// Its rows, also those that do not count in sums.
    pub rows: u64,
    /// Sums per currency.
    pub sums: Sums,
}

/// Groups of rows: stretches of time in their order, others by the size of their sum in the currency of most rows.
#[must_use]
pub fn aggregate(columns: &Columns, scope: &Scope, rows: Option<&RowSet>, by: By) -> Vec<Group> {
    let grouping = Grouping::new(columns, scope, by);
    let mut parts = Parts::new(grouping.groups, columns.unit_table().len(), rows.map_or(columns.len(), RowSet::count));
    grouping.collect(columns, rows, &mut parts);
    let mut groups = Vec::new();
    parts.each(|group, rows, sums| {
        if let Some(key) = (grouping.key)(group) {
            groups.push(Group { key, rows, sums: sum::by_currency(columns.unit_table(), sums) });
        }
    });
    if !by.is_time() {
        let mut counts: HashMap<AssetCode, u64> = HashMap::new();
        for (money, rows) in groups.iter().flat_map(|group| &group.sums.totals) {
            *counts.entry(money.currency).or_default() += rows;
        }
        let main = counts.into_iter().max_by_key(|(currency, rows)| (*rows, std::cmp::Reverse(*currency)));
        let size = |group: &Group| {
            let own = |(currency, _)| group.sums.totals.iter().find(|(money, _)| money.currency == currency);
            main.and_then(own).map(|(money, _)| money.amount.abs())
        };
        groups.sort_by_key(|group| std::cmp::Reverse((size(group), group.rows)));
    }
    groups
}

/// How rows fall into numbered groups: by the place that a column gives them in a table of groups.
struct Grouping<'a> {
    groups: usize,
    places: Places<'a>,
    table: Vec<u32>,
    key: Box<dyn Fn(usize) -> Option<GroupKey> + 'a>,
}

enum Places<'a> {
    /// Days, and the first of them.
    Days(&'a [i32], i32),
    Small(&'a [u16]),
    Large(&'a [u32]),
    Subtypes(&'a [TransactionSubtype]),
    Statuses(&'a [TransactionStatus]),
}

impl<'a> Grouping<'a> {
    fn new(columns: &'a Columns, scope: &'a Scope, by: By) -> Self {
        match by {
            By::Day | By::Week | By::Month | By::Quarter | By::Year => Self::by_time(columns, by),
            By::Payee => {
                let payees = columns.payees();
                let heads = u32::try_from(columns.head_ends().len()).unwrap_or(u32::MAX);
                let table: Vec<u32> = (0..heads).map(|head| payees.rank(head)).collect();
                let key = move |group: usize| {
                    let row = payees.example(u32::try_from(group).ok()?)?;
                    let text = String::from_utf8_lossy(columns.payee_of(row)).into_owned();
                    Some(GroupKey::Payee(text, columns.id(row)?))
                };
                Self { groups: payees.len(), places: Places::Large(columns.heads_of()), table, key: Box::new(key) }
            }
            By::Account => {
                let table = columns.account_table();
                let key = |group: usize| table.get(group).copied().map(GroupKey::Account);
                Self::each(Places::Small(columns.accounts()), table.len(), key)
            }
            By::Institution => {
                let (table, distinct) = numbered(columns.account_table().iter().map(|id| scope.institution(*id)));
                let places = Places::Small(columns.accounts());
                let groups = distinct.len();
                let key = move |group: usize| {
                    let (name, place) = *distinct.get(group)?;
                    Some(GroupKey::Institution(name.to_owned(), columns.account_table()[place]))
                };
                Self { groups, places, table, key: Box::new(key) }
            }
            By::Type => {
                let table = TransactionSubtype::ALL.iter().map(|subtype| subtype.parent() as u32).collect();
                let key = |group: usize| TransactionType::ALL.get(group).copied().map(GroupKey::Type);
                let places = Places::Subtypes(columns.subtypes());
                Self { groups: TransactionType::ALL.len(), places, table, key: Box::new(key) }
            }
            By::Subtype => {
                let key = |group: usize| TransactionSubtype::ALL.get(group).copied().map(GroupKey::Subtype);
                Self::each(Places::Subtypes(columns.subtypes()), TransactionSubtype::ALL.len(), key)
            }
            By::Status => {
                let key = |group: usize| TransactionStatus::ALL.get(group).copied().map(GroupKey::Status);
                Self::each(Places::Statuses(columns.statuses()), TransactionStatus::ALL.len(), key)
            }
            By::Category => {
                let table = columns.category_table();
                let key = |group: usize| table.get(group).map(|text| GroupKey::Category(text.to_string()));
                Self::each(Places::Large(columns.categories()), table.len(), key)
            }
            By::Symbol => {
                let table = columns.symbol_table();
                let key = |group: usize| table.get(group).map(|text| GroupKey::Symbol(text.to_string()));
                Self::each(Places::Large(columns.symbols()), table.len(), key)
            }
            By::Currency => {
                let (table, distinct) = numbered(columns.unit_table().iter().map(|unit| unit.currency));
                let groups = distinct.len();
                let key = move |group: usize| distinct.get(group).map(|(currency, _)| GroupKey::Currency(*currency));
                Self { groups, places: Places::Small(columns.units()), table, key: Box::new(key) }
            }
        }
    }

    /// One group for each place.
    fn each(places: Places<'a>, groups: usize, key: impl Fn(usize) -> Option<GroupKey> + 'a) -> Self {
        Self { groups, places, table: (0..).take(groups).collect(), key: Box::new(key) }
    }

    /// Days fall into periods by a table, made once for the days in use.
    fn by_time(columns: &'a Columns, by: By) -> Self {
        let days = columns.days();
        let (first, last) = (days.iter().min().copied().unwrap_or(0), days.iter().max().copied().unwrap_or(-1));
        let mut periods: Vec<(NaiveDate, NaiveDate)> = Vec::new();
        let mut table: Vec<u32> = Vec::new();
        // Stray dates make the stretch between the first and the last day long: only days in use get a period then.
        let mut used = vec![false; since(first, last.saturating_add(1))];
        days.iter().for_each(|day| used[since(first, *day)] = true);
        for (day, used) in (first..).zip(used) {
            if used && periods.last().is_none_or(|(_, to)| to.num_days_from_ce() < day) {
                periods.extend(NaiveDate::from_num_days_from_ce_opt(day).and_then(|day| period(day, by)));
            }
            table.push(u32::try_from(periods.len().saturating_sub(1)).unwrap_or(u32::MAX));
        }
        let groups = periods.len();
        let key = move |group: usize| periods.get(group).map(|&(from, to)| GroupKey::Period { from, to });
        Self { groups, places: Places::Days(days, first), table, key: Box::new(key) }
    }

    /// Adds rows up; one loop for each kind of column.
    fn collect(&self, columns: &Columns, rows: Option<&RowSet>, parts: &mut Parts) {
        match self.places {
            Places::Days(days, first) => self.run(columns, rows, parts, |row| since(first, days[row])),
            Places::Small(places) => self.run(columns, rows, parts, |row| usize::from(places[row])),
            Places::Large(places) => self.run(columns, rows, parts, |row| places[row] as usize),
            Places::Subtypes(places) => self.run(columns, rows, parts, |row| places[row] as usize),
            Places::Statuses(places) => self.run(columns, rows, parts, |row| places[row] as usize),
        }
    }

    fn run(&self, columns: &Columns, rows: Option<&RowSet>, parts: &mut Parts, place: impl Fn(usize) -> usize) {
        let (units, statuses, mantissas) = (columns.units(), columns.statuses(), columns.mantissas());
        let any_wide = columns.unit_table().iter().any(|unit| unit.wide);
        let add = |row: usize| {
            let mantissa = sum::mantissa(columns, mantissas, any_wide, row);
            let group = self.table[place(row)] as usize;
            parts.add(group, usize::from(units[row]), mantissa, sum::counts(statuses[row]));
        };
        match rows {
            Some(rows) => rows.for_each(add),
            None => (0..columns.len()).for_each(add),
        }
    }
}

/// Days from one to another.
#[inline]
fn since(first: i32, day: i32) -> usize {
    usize::try_from(i64::from(day) - i64::from(first)).unwrap_or_default()
}

/// The period that a day lies in.
fn period(day: NaiveDate, by: By) -> Option<(NaiveDate, NaiveDate)> {
    let months = match by {
        By::Week => {
            let first = day.week(chrono::Weekday::Mon).checked_first_day()?;
            return Some((first, first.checked_add_days(Days::new(6))?));
        }
        By::Month => 1,
        By::Quarter => 3,
        By::Year => 12,
        _ => return Some((day, day)),
    };
    let first = NaiveDate::from_ymd_opt(day.year(), day.month0() / months * months + 1, 1)?;
    Some((first, first.checked_add_months(Months::new(months))?.pred_opt()?))
}

/// Per value the number of the first equal one, and the distinct values with the place they were first seen at.
fn numbered<T: PartialEq + Copy>(values: impl Iterator<Item = T>) -> (Vec<u32>, Vec<(T, usize)>) {
    let (mut numbers, mut distinct) = (Vec::new(), Vec::<(T, usize)>::new());
    for (place, value) in values.enumerate() {
        let known = distinct.iter().position(|(known, _)| *known == value);
        numbers.push(u32::try_from(known.unwrap_or(distinct.len())).unwrap_or(u32::MAX));
        if known.is_none() {
            distinct.push((value, place));
        }
    }
    (numbers, distinct)
}

/// Sums by group and unit: a plain table, or a map where that would be mostly empty.
enum Parts {
    Dense { units: usize, sums: Vec<(i128, u64)>, rows: Vec<u64> },
    Sparse { units: usize, sums: HashMap<usize, (Vec<(i128, u64)>, u64)> },
}

impl Parts {
    fn new(groups: usize, units: usize, rows: usize) -> Self {
        if groups.saturating_mul(units) <= rows.saturating_mul(2).max(100_000) {
            Self::Dense { units, sums: vec![(0, 0); groups * units], rows: vec![0; groups] }
        } else {
            Self::Sparse { units, sums: HashMap::new() }
        }
    }

    #[inline]
    fn add(&mut self, group: usize, unit: usize, mantissa: i128, counted: bool) {
        let part = match self {
            Self::Dense { units, sums, rows } => {
                rows[group] += 1;
                &mut sums[group * *units + unit]
            }
            Self::Sparse { units, sums } => {
                let (sums, rows) = sums.entry(group).or_insert_with(|| (vec![(0, 0); *units], 0));
                *rows += 1;
                &mut sums[unit]
            }
        };
        part.0 += if counted { mantissa } else { 0 };
        part.1 += u64::from(counted);
    }

    /// Groups that have rows, by their number.
    fn each(self, mut visit: impl FnMut(usize, u64, &[(i128, u64)])) {
        match self {
            Self::Dense { units, sums, rows } => {
                for (group, rows) in rows.into_iter().enumerate().filter(|(_, rows)| *rows > 0) {
                    visit(group, rows, &sums[group * units..(group + 1) * units]);
                }
            }
            Self::Sparse { sums, .. } => {
                let mut sums: Vec<_> = sums.into_iter().collect();
                sums.sort_unstable_by_key(|(group, _)| *group);
                for (group, (sums, rows)) in sums {
                    visit(group, rows, &sums);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::ledger::{
        Query,
        search::{
            search,
            tests::{Row, accounts, any_rows, columns, today},
        },
        sum::tests::{agree, naive},
    };

    fn key_of(row: &Row, by: By) -> String {
        let (row, user) = row;
        let (facts, accounts) = (&row.facts, accounts());
        let account = accounts.iter().find(|account| account.id == row.account_id).unwrap();
        match by {
            By::Day => facts.date.to_string(),
            By::Week => facts.date.week(chrono::Weekday::Mon).first_day().to_string(),
            By::Month => facts.date.format("%Y-%m-01").to_string(),
            By::Quarter => format!("{:04}-{:02}-01", facts.date.year(), facts.date.month0() / 3 * 3 + 1),
            By::Year => format!("{:04}-01-01", facts.date.year()),
            By::Payee => String::from_utf8_lossy(columns(&[(row.clone(), user.clone())]).payee_of(0)).into_owned(),
            By::Account => account.id.to_string(),
            By::Institution => crate::columns::searchable(&account.institution).into_owned(),
            By::Type => facts.kind.transaction_type().to_string(),
            By::Subtype => facts.kind.subtype().to_string(),
            By::Status => facts.status.to_string(),
            By::Category => user.category.clone().unwrap_or_default(),
            By::Symbol => {
                facts.security.as_ref().and_then(|security| security.symbol.as_deref()).unwrap_or_default().into()
            }
            By::Currency => facts.currency.to_string(),
        }
    }

    fn shown(key: &GroupKey) -> String {
        match key {
            GroupKey::Period { from, .. } => from.to_string(),
            GroupKey::Payee(text, _) | GroupKey::Institution(text, _) => text.clone(),
            GroupKey::Category(text) | GroupKey::Symbol(text) => text.clone(),
            GroupKey::Account(id) => id.to_string(),
            GroupKey::Type(value) => value.to_string(),
            GroupKey::Subtype(value) => value.to_string(),
            GroupKey::Status(value) => value.to_string(),
            GroupKey::Currency(value) => value.to_string(),
        }
    }

    proptest! {
        #[test]
        fn groups_over_columns_are_groups_over_rows(mut rows in any_rows(60), stray in any::<bool>(), filtered in any::<bool>()) {
            if stray && let Some((row, _)) = rows.first_mut() {
                row.facts.date = NaiveDate::from_ymd_opt(1, 1, 5).unwrap();
            }
            let (columns, scope) = (columns(&rows), Scope::new(&accounts()));
            let query = Query::parse(if filtered { "amt>0" } else { "" }, today());
            let set = search(&columns, &scope, query.expr(), None);
            for &by in By::ALL {
                let groups = aggregate(&columns, &scope, filtered.then_some(&set), by);
                let mut expected: BTreeMap<String, Vec<Row>> = BTreeMap::new();
                for (place, row) in (0u32..).zip(&rows) {
                    if set.contains(place) {
                        expected.entry(key_of(row, by)).or_default().push(row.clone());
                    }
                }
                prop_assert_eq!(groups.len(), expected.len());
                for group in &groups {
                    let rows = &expected[&shown(&group.key)];
                    prop_assert_eq!(group.rows, rows.len() as u64);
                    agree(&group.sums, &naive(rows));
                }
                if by.is_time() {
                    prop_assert!(groups.iter().map(|group| shown(&group.key)).eq(expected.into_keys()));
                }
            }
        }
    }
}
