//! Sums by month, payee, account …: the groups of `by:`.

mod parts;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, cmp::Reverse, collections::HashMap};

use chrono::{Datelike as _, Days, Months, NaiveDate};

use parts::Parts;

use super::{
    By,
    search::{AccountNames, RowSet},
    sum::{self, Sums},
};
use crate::{
    columns::{Columns, searchable},
    domain::{AccountId, AssetCode, TransactionId, TransactionStatus, TransactionSubtype, TransactionType},
};

/// The value that all rows of a group share.
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
    /// The user's category as it is written first; empty where rows have none.
    Category(String),
    /// A symbol as it is written first; empty where rows have none.
    Symbol(String),
    /// A currency.
    Currency(AssetCode),
}

/// One line of an aggregation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The value that its rows share.
    pub key: GroupKey,
    /// Its rows, also those that do not count in sums.
    pub rows: u64,
    /// Sums per currency.
    pub sums: Sums,
}

/// Groups of rows: stretches of time in their order, others by the size of their sum in the currency of most rows.
#[must_use]
pub fn aggregate(columns: &Columns, scope: &AccountNames, rows: Option<&RowSet>, by: By) -> Vec<Group> {
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
        let main = counts.into_iter().max_by_key(|(currency, rows)| (*rows, Reverse(*currency)));
        let size = |group: &Group| {
            let own = |(currency, _)| group.sums.totals.iter().find(|(money, _)| money.currency == currency);
            main.and_then(own).map(|(money, _)| money.amount.abs())
        };
        groups.sort_by_key(|group| Reverse((size(group), group.rows)));
    }
    groups
}

/// The sort key of groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupSortKey {
    /// By label; periods by their first day.
    Name,
    /// By number of rows.
    Rows,
    /// By the absolute value of their sum in one currency.
    Sum(AssetCode),
}

/// A sort key of groups and its direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupSort {
    /// The key.
    pub key: GroupSortKey,
    /// From the greatest to the least.
    pub descending: bool,
}

/// Sorts groups; those that are equal by the key keep their order.
pub fn sort_groups(groups: &mut [Group], scope: &AccountNames, sort: GroupSort) {
    match sort.key {
        GroupSortKey::Name => groups.sort_by_cached_key(|group| sort_name(&group.key, scope)),
        GroupSortKey::Rows => groups.sort_by_key(|group| group.rows),
        GroupSortKey::Sum(currency) => groups.sort_by_cached_key(|group| {
            let own = group.sums.totals.iter().find(|(money, _)| money.currency == currency);
            (group.sums.too_large.contains(&currency), own.map(|(money, _)| money.amount.abs()))
        }),
    }
    if sort.descending {
        groups.reverse();
    }
}

fn sort_name(key: &GroupKey, scope: &AccountNames) -> String {
    match key {
        GroupKey::Period { from, .. } => from.to_string(),
        GroupKey::Payee(text, _) | GroupKey::Institution(text, _) => text.clone(),
        GroupKey::Account(id) => scope.sort_name(*id).to_owned(),
        GroupKey::Type(value) => value.to_string(),
        GroupKey::Subtype(value) => value.to_string(),
        GroupKey::Status(value) => value.to_string(),
        GroupKey::Category(text) | GroupKey::Symbol(text) => searchable(text).into_owned(),
        GroupKey::Currency(value) => value.to_string(),
    }
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
    fn new(columns: &'a Columns, scope: &'a AccountNames, by: By) -> Self {
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
            By::Category => Self::by_text(columns.categories(), columns.category_table(), GroupKey::Category),
            By::Symbol => Self::by_text(columns.symbols(), columns.symbol_table(), GroupKey::Symbol),
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

    /// Texts that are equal to a query form one group.
    fn by_text(places: &'a [u32], texts: &'a [Box<str>], key: fn(String) -> GroupKey) -> Self {
        let mut known: HashMap<Cow<'a, str>, u32> = HashMap::new();
        let mut firsts: Vec<&'a str> = Vec::new();
        let mut table = Vec::with_capacity(texts.len());
        for text in texts {
            let group = *known.entry(searchable(text)).or_insert_with(|| {
                firsts.push(text);
                u32::try_from(firsts.len() - 1).unwrap_or(u32::MAX)
            });
            table.push(group);
        }
        let groups = firsts.len();
        let key = move |group: usize| firsts.get(group).map(|text| key((*text).to_owned()));
        Self { groups, places: Places::Large(places), table, key: Box::new(key) }
    }

    /// Days fall into periods by a table, made once for the days in use.
    fn by_time(columns: &'a Columns, by: By) -> Self {
        let days = columns.days();
        let (first, last) = (days.iter().min().copied().unwrap_or(0), days.iter().max().copied().unwrap_or(-1));
        let mut periods: Vec<(NaiveDate, NaiveDate)> = Vec::new();
        let mut table: Vec<u32> = Vec::new();
        // Stray dates make the stretch between the first and the last day long: only days in use get a period then.
        let mut used = vec![false; since(first, last.saturating_add(1))];
        for day in days {
            used[since(first, *day)] = true;
        }
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
