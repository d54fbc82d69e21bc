//! The journal: one entry per change, what it touched, and which changes are undone.

use std::{collections::HashSet, ops::Range};

use redb::{ReadableTable, Table};

use crate::{
    domain::{Change, ChangeId},
    store::{
        error::{Result, StoreError},
        format::{
            bytes::{Decoder, Encoder},
            checksum,
            keys::ObjectKey,
            record,
        },
        schema::ValueBytes,
    },
};

/// Entries of a touched list in one value, so that a large change is read in pieces.
const PART: usize = if cfg!(test) { 5 } else { 4096 };

const RANGE: u8 = 1;
const KEY: u8 = 2;

/// Ids of the undone changes.
pub(in crate::store) type Undone = HashSet<u64>;

pub(in crate::store) fn undone(table: &impl ReadableTable<u64, ValueBytes>) -> Result<Undone> {
    table
        .iter()?
        .map(|entry| {
            let (change, by) = entry?;
            checksum::check_u64(&change.value().to_be_bytes(), by.value())?;
            Ok(change.value())
        })
        .collect()
}

pub(in crate::store) fn entry(
    changes: &impl ReadableTable<u64, ValueBytes>,
    undone: &impl ReadableTable<u64, ValueBytes>,
    id: ChangeId,
) -> Result<Option<Change>> {
    let Some(value) = changes.get(id.0)? else { return Ok(None) };
    decode(id.0, value.value(), undone.get(id.0)?.is_some()).map(Some)
}

pub(in crate::store) fn decode(id: u64, value: &[u8], undone: bool) -> Result<Change> {
    let change: Change = record::from_json(checksum::check(&id.to_be_bytes(), value)?)?;
    Ok(Change { undone, ..change })
}

pub(in crate::store) fn encode(change: &Change) -> Result<Vec<u8>> {
    Ok(checksum::add(&change.id.0.to_be_bytes(), &record::to_json(change)?))
}

/// One entry of the list of what a change touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) enum Touched {
    /// Rows it added: a range of pks.
    Added(Range<u64>),
    /// A row or record of which it wrote a version.
    Version(ObjectKey),
}

fn part_key(change: u64, part: u64) -> [u8; 16] {
    ((u128::from(change) << 64) | u128::from(part)).to_be_bytes()
}

/// Stores the list of what a change touched.
pub(in crate::store) fn write_touched(
    table: &mut Table<(u64, u64), ValueBytes>,
    change: u64,
    touched: impl Iterator<Item = Touched>,
) -> Result<()> {
    let mut touched = touched.peekable();
    let mut part = 0;
    while touched.peek().is_some() {
        let mut buffer = Vec::new();
        let mut put = Encoder(&mut buffer);
        for item in touched.by_ref().take(PART) {
            match item {
                Touched::Added(range) => {
                    put.u8(RANGE);
                    put.varint(range.start);
                    put.varint(range.end);
                }
                Touched::Version(key) => {
                    put.u8(KEY);
                    put.bytes(key.as_bytes());
                }
            }
        }
        table.insert((change, part), checksum::add(&part_key(change, part), &buffer).as_slice())?;
        part += 1;
    }
    Ok(())
}

/// One part of what a change touched; `None` after the last.
pub(in crate::store) fn read_touched(
    table: &impl ReadableTable<(u64, u64), ValueBytes>,
    change: u64,
    part: u64,
) -> Result<Option<Vec<Touched>>> {
    let Some(value) = table.get((change, part))? else { return Ok(None) };
    let mut take = Decoder(checksum::check(&part_key(change, part), value.value())?);
    let mut touched = Vec::new();
    while !take.0.is_empty() {
        let item = match take.u8() {
            Some(RANGE) => take.varint().zip(take.varint()).map(|(start, end)| Touched::Added(start..end)),
            Some(KEY) => take.bytes().map(|key| Touched::Version(ObjectKey::from_bytes(key))),
            _ => None,
        };
        touched.push(item.ok_or_else(|| StoreError::damaged("the journal can't be read"))?);
    }
    Ok(Some(touched))
}
