//! Trades that fill one order together, so that a list can show them as one line.
//!
//! Orders are numbered per chunk: fills in two chunks have two numbers. Single fills, which are nearly all rows, take no
//! space.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::{
    ColumnsError,
    bytes::{BlobReader, put_varint},
};
use crate::domain::{AccountId, AssetCode, TransactionFacts, TransactionStatus, TransactionSubtype, TransactionType};

/// Values shared by all fills of one order.
type Order = (AccountId, NaiveDate, TransactionSubtype, TransactionStatus, AssetCode, Box<str>);

/// Collects the orders of a chunk that is being built.
#[derive(Default)]
pub(super) struct OrderColumn {
    /// By order: the position of its first row, and its number once it has a second row.
    known: HashMap<Order, (u64, Option<u64>)>,
    /// Position and order number of each row.
    rows: Vec<(u64, u64)>,
    count: u64,
}

impl OrderColumn {
    /// Adds the row at a position of the chunk.
    pub(super) fn push(&mut self, place: u64, account: AccountId, facts: &TransactionFacts) {
        let Some(group) = facts.security.as_ref().and_then(|security| security.group.as_ref()) else { return };
        let moved = matches!(facts.status, TransactionStatus::Pending | TransactionStatus::Settled);
        if !moved || facts.kind.transaction_type() != TransactionType::Trade {
            return;
        }
        let order = (account, facts.date, facts.kind.subtype(), facts.status, facts.currency, group.as_str().into());
        let (first, number) = self.known.entry(order).or_insert((place, None));
        if *first == place {
            return;
        }
        let number = *number.get_or_insert_with(|| {
            self.count += 1;
            self.rows.push((*first, self.count));
            self.count
        });
        self.rows.push((place, number));
    }

    pub(super) fn write(mut self, out: &mut Vec<u8>) {
        self.rows.sort_unstable();
        put_varint(out, self.rows.len() as u64);
        let mut last = 0;
        for (place, number) in self.rows {
            put_varint(out, place - last);
            put_varint(out, number);
            last = place;
        }
    }
}

const DAMAGED: ColumnsError = ColumnsError::Damaged { what: "order" };

/// Reads the orders of a chunk whose rows begin at `first`; `numbers` is the highest order number so far.
pub(super) fn read(
    bytes: &mut BlobReader<'_>,
    first: usize,
    rows: usize,
    orders: &mut Vec<u32>,
    numbers: &mut u32,
) -> Result<(), ColumnsError> {
    let count = bytes.count(rows, "order")?;
    let (mut place, mut highest) = (0, *numbers);
    for index in 0..count {
        let step = bytes.count(rows, "order")?;
        place += step;
        let number = u32::try_from(bytes.varint("order")?).ok().and_then(|number| numbers.checked_add(number));
        let fits = place < rows && (step > 0 || index == 0);
        let number = number.filter(|number| number > numbers && fits).ok_or(DAMAGED)?;
        orders.resize(first + place, 0);
        orders.push(number);
        highest = highest.max(number);
    }
    *numbers = highest;
    Ok(())
}
