//! Keys of the two indexes, and the fast way to add many of them.
//!
//! INVARIANT: both indexes hold exactly one key for every row in `transactions` (the second only for rows
//! with a provider id), and nothing else.

use std::{ops::Bound, thread};

use chrono::{Datelike as _, NaiveDate};
use redb::{CursorError, Table};

use super::{
    error::{Result, StoreError},
    row::Head,
};
use crate::domain::TransactionId;

/// Order-preserving form of a date.
const fn day(days_from_ce: i32) -> u32 {
    days_from_ce.cast_unsigned() ^ 0x8000_0000
}

pub(super) fn day_of(date: NaiveDate) -> u32 {
    day(date.num_days_from_ce())
}

/// 32 bits of the provider's id; the stored id decides, this only narrows.
pub(super) fn hash(provider_id: &[u8]) -> u32 {
    crc32fast::hash(provider_id)
}

/// account (32 bits), date or hash (32 bits), pk (64 bits).
pub(super) const fn pack(account: u32, middle: u32, pk: u64) -> u128 {
    ((account as u128) << 96) | ((middle as u128) << 64) | pk as u128
}

/// The pk in a packed key.
#[expect(clippy::cast_possible_truncation, reason = "the low half of the key is the pk")]
pub(super) const fn pk(key: u128) -> TransactionId {
    TransactionId(key as u64)
}

pub(super) fn by_date(head: &Head<'_>, pk: u64) -> u128 {
    pack(head.account, day_of(head.date), pk)
}

pub(super) fn by_provider_id(head: &Head<'_>, pk: u64) -> Option<u128> {
    head.provider_id.map(|id| pack(head.account, hash(id), pk))
}

/// Keys of many rows, gathered in one pass and added in order.
#[derive(Debug, Default)]
pub(super) struct Batch {
    by_date: Vec<u128>,
    by_provider_id: Vec<u128>,
}

impl Batch {
    pub(super) fn push(&mut self, head: &Head<'_>, pk: u64) {
        self.by_date.push(by_date(head, pk));
        self.by_provider_id.extend(by_provider_id(head, pk));
    }

    /// Adds all keys to the tables and forgets them; many keys on two threads, a table each.
    pub(super) fn insert(self, dates: &mut Table<u128, ()>, ids: &mut Table<u128, ()>) -> Result<()> {
        let Self { by_date, by_provider_id } = self;
        if by_provider_id.len() < WORTH_A_THREAD {
            return insert_unsorted(dates, by_date).and_then(|()| insert_unsorted(ids, by_provider_id));
        }
        thread::scope(|scope| {
            let other = scope.spawn(|| insert_unsorted(ids, by_provider_id));
            let one = insert_unsorted(dates, by_date);
            let other = other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            one.and(other)
        })
    }
}

/// From so many keys on a second thread pays.
const WORTH_A_THREAD: usize = if cfg!(test) { 4 } else { 10_000 };

fn insert_unsorted(table: &mut Table<u128, ()>, mut keys: Vec<u128>) -> Result<()> {
    keys.sort_unstable();
    insert_sorted(table, &keys)
}

/// Below this many keys in one gap, seeking for each costs more than it saves.
const SHORT_RUN: usize = 8;
/// How many keys are then inserted one by one before a run is tried again.
const SINGLES: usize = if cfg!(test) { 3 } else { 512 };

/// Inserts ascending keys through cursors: 2.6 times as fast as `insert` where runs are long.
fn insert_sorted(table: &mut Table<u128, ()>, keys: &[u128]) -> Result<()> {
    let mut rest = keys;
    while let Some(first) = rest.first() {
        let mut cursor = table.lower_bound_mut(Bound::Included(first))?;
        let mut run = 0;
        for key in rest {
            match cursor.insert_before(key, ()) {
                Ok(()) => run += 1,
                Err(CursorError::UnorderedKey) => break,
                Err(other) => return Err(other.into()),
            }
        }
        cursor.close()?;
        rest = &rest[run..];
        if run == 0 {
            return Err(StoreError::damaged("an index holds a row that is not there"));
        }
        if run < SHORT_RUN {
            let (singles, tail) = rest.split_at(rest.len().min(SINGLES));
            for key in singles {
                table.insert(key, ())?;
            }
            rest = tail;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_by_account_date_row() {
        let date = |year| NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
        let key = |account, year, pk| by_date(&Head { account, date: date(year), provider_id: None }, pk);
        let sorted = [key(1, -5, 9), key(1, 1999, 3), key(1, 2026, 1), key(1, 2026, 2), key(2, -5, 1)];
        assert!(sorted.is_sorted());
        assert_eq!(pk(sorted[1]), TransactionId(3));
    }
}
