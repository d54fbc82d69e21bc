//! Sums by day of the rows that move a balance, for one account and currency.

use std::collections::HashMap;

use chrono::{Datelike as _, NaiveDate};
use rust_decimal::Decimal;

use super::{Pair, moves_balance};
use crate::{columns::Columns, ledger::sum};

/// The sum of some rows of one day that have the same scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DaySum {
    /// As chrono counts days of the common era.
    day: i32,
    scale: u32,
    mantissa: i128,
}

impl DaySum {
    pub(super) fn of(date: NaiveDate, amount: Decimal) -> Self {
        Self { day: date.num_days_from_ce(), scale: amount.scale(), mantissa: amount.mantissa() }
    }
}

/// Cumulative sums by day. Only days with rows have an entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Flow {
    scale: u32,
    /// Ascending.
    days: Vec<i32>,
    /// The sum of all rows up to each day, at `scale`; `None` where it does not fit 127 bits.
    sums: Vec<Option<i128>>,
}

impl Flow {
    pub(super) fn new(mut parts: Vec<DaySum>) -> Self {
        parts.sort_unstable_by_key(|part| part.day);
        let scale = parts.iter().map(|part| part.scale).max().unwrap_or_default();
        let mut flow = Self { scale, ..Self::default() };
        let mut sum = Some(0i128);
        for part in parts {
            let factor = 10i128.checked_pow(scale - part.scale);
            let raised = factor.and_then(|factor| part.mantissa.checked_mul(factor));
            sum = sum.zip(raised).and_then(|(sum, raised)| sum.checked_add(raised));
            if flow.days.last() == Some(&part.day) {
                flow.sums.pop();
            } else {
                flow.days.push(part.day);
            }
            flow.sums.push(sum);
        }
        flow
    }

    pub(super) fn is_empty(&self) -> bool {
        self.days.is_empty()
    }

    pub(super) fn first(&self) -> Option<NaiveDate> {
        self.days.first().copied().and_then(NaiveDate::from_num_days_from_ce_opt)
    }

    /// The newest day with rows on or before `day`.
    pub(super) fn newest(&self, day: NaiveDate) -> Option<NaiveDate> {
        let place = self.place(day).checked_sub(1)?;
        NaiveDate::from_num_days_from_ce_opt(self.days[place])
    }

    /// The sum of the rows after one day up to and including another; negative of the reverse when `to` is earlier.
    /// `None` if it has more than 28 digits.
    pub(super) fn between(&self, after: NaiveDate, to: NaiveDate) -> Option<Decimal> {
        let difference = self.until(to)?.checked_sub(self.until(after)?)?;
        sum::exact(difference, self.scale)
    }

    fn until(&self, day: NaiveDate) -> Option<i128> {
        match self.place(day) {
            0 => Some(0),
            place => self.sums[place - 1],
        }
    }

    /// How many of the days are not after `day`.
    fn place(&self, day: NaiveDate) -> usize {
        let day = day.num_days_from_ce();
        self.days.partition_point(|own| *own <= day)
    }
}

/// Cells of the table of sums up to which it is dense: 32 MB.
const MOST_CELLS: usize = 1 << 20;

/// The flows of `pairs`, in one pass over the columns.
pub(super) fn of_columns(columns: &Columns, pairs: &[Pair]) -> HashMap<Pair, Flow> {
    let units = columns.unit_table();
    // A slot for each combination of pair and unit; the last one collects the rows of no pair.
    let mut slots: Vec<(usize, u32)> = Vec::new();
    let none = u32::MAX;
    let mut slot_of = vec![none; columns.account_table().len() * units.len()];
    for (place, account) in columns.account_table().iter().enumerate() {
        for (unit_place, unit) in units.iter().enumerate() {
            if let Some(pair) = pairs.iter().position(|pair| *pair == (*account, unit.currency)) {
                slot_of[place * units.len() + unit_place] = u32::try_from(slots.len()).unwrap_or(none);
                slots.push((pair, u32::from(unit.scale)));
            }
        }
    }
    let days = columns.days();
    let (first, last) = (days.iter().min().copied().unwrap_or(0), days.iter().max().copied().unwrap_or(0));
    let range = usize::try_from(i64::from(last) - i64::from(first) + 1).unwrap_or(usize::MAX);
    let mut sums = Sums::new(slots.len(), range);
    let (accounts, unit_of, statuses, subtypes) =
        (columns.accounts(), columns.units(), columns.statuses(), columns.subtypes());
    let mantissas = columns.mantissas();
    let any_wide = units.iter().any(|unit| unit.wide);
    for row in 0..columns.len() {
        let slot = slot_of[usize::from(accounts[row]) * units.len() + usize::from(unit_of[row])];
        if slot != none && moves_balance(statuses[row], subtypes[row]) {
            let day = usize::try_from(i64::from(days[row]) - i64::from(first)).unwrap_or_default();
            sums.add(slot as usize, day, sum::mantissa(columns, mantissas, any_wide, row));
        }
    }
    let mut parts: Vec<Vec<DaySum>> = vec![Vec::new(); pairs.len()];
    sums.each(|slot, day, mantissa| {
        let (pair, scale) = slots[slot];
        let day = i32::try_from(i64::from(first) + i64::try_from(day).unwrap_or_default()).unwrap_or(last);
        parts[pair].push(DaySum { day, scale, mantissa });
    });
    pairs.iter().copied().zip(parts.into_iter().map(Flow::new)).collect()
}

/// Sums by slot and day.
enum Sums {
    /// The sum of each cell, and 1 if it has rows.
    Dense { range: usize, cells: Vec<(i128, u32)> },
    /// A stray date makes the range of days long: only the days in use have a cell.
    Sparse(HashMap<(usize, usize), i128>),
}

impl Sums {
    fn new(slots: usize, range: usize) -> Self {
        match slots.checked_mul(range) {
            Some(cells) if cells <= MOST_CELLS => Self::Dense { range, cells: vec![(0, 0); cells] },
            _ => Self::Sparse(HashMap::new()),
        }
    }

    #[inline]
    fn add(&mut self, slot: usize, day: usize, mantissa: i128) {
        match self {
            Self::Dense { range, cells } => {
                let cell = &mut cells[slot * *range + day];
                cell.0 += mantissa;
                cell.1 |= 1;
            }
            Self::Sparse(cells) => *cells.entry((slot, day)).or_default() += mantissa,
        }
    }

    fn each(self, mut visit: impl FnMut(usize, usize, i128)) {
        match self {
            Self::Dense { range, cells } => {
                for (place, (mantissa, rows)) in cells.into_iter().enumerate() {
                    if rows > 0 {
                        visit(place / range, place % range, mantissa);
                    }
                }
            }
            Self::Sparse(cells) => cells.into_iter().for_each(|((slot, day), mantissa)| visit(slot, day, mantissa)),
        }
    }
}
