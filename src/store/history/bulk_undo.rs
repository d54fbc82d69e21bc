//! Undo and redo of added rows in bulk: the rows of an undone change are removed into packed blocks.
//!
//! A row that the change added and that was not written since has no other version, so it needs no lookups of versions: a
//! million rows are removed in bounded memory. INVARIANT: a block of `parked` belongs to an undone change.

use std::{
    collections::{BTreeMap, HashSet},
    io::Read as _,
    ops::{Bound, Range},
};

use redb::{CursorError, ReadableTable as _};

use crate::{
    domain::TransactionId,
    store::{
        error::{Result, StoreError},
        format::{
            bytes::{Decoder, Encoder},
            checksum,
            keys::{self, KeyKind, ObjectKey},
            row,
        },
        history::{draft::Draft, journal::Undone, versions},
        index,
        schema::{BY_DATE, BY_PROVIDER_ID, PARKED, TRANSACTIONS, VERSIONS},
    },
};

/// Size of a block before compression, in bytes.
const BLOCK: usize = if cfg!(test) { 300 } else { 1 << 20 };

/// zstd level of a block: fast.
const LEVEL: i32 = 1;

/// Up to this many rows index keys are removed one by one; beyond it one pass over the account is faster.
const ONE_BY_ONE: usize = if cfg!(test) { 4 } else { 2000 };

fn block_key(change: u64, first: u64) -> [u8; 16] {
    ((u128::from(change) << 64) | u128::from(first)).to_be_bytes()
}

/// Rows that are collected for a block: pk, length, body each.
#[derive(Default)]
struct Block {
    first: u64,
    bytes: Vec<u8>,
}

impl Block {
    fn push(&mut self, pk: u64, body: &[u8]) {
        if self.bytes.is_empty() {
            self.first = pk;
        }
        let mut put = Encoder(&mut self.bytes);
        put.varint(pk);
        put.bytes(body);
    }

    fn pack(&mut self, change: u64) -> Result<(u64, Vec<u8>)> {
        let packed = zstd::bulk::compress(&self.bytes, LEVEL)
            .map_err(|error| StoreError::invalid(format!("rows to be parked: {error}")))?;
        self.bytes.clear();
        Ok((self.first, checksum::add(&block_key(change, self.first), &packed)))
    }
}

/// Calls `each` with the rows of a block, in order.
pub(in crate::store) fn unpack(
    change: u64,
    first: u64,
    value: &[u8],
    mut each: impl FnMut(TransactionId, &[u8]) -> Result<()>,
) -> Result<()> {
    let damaged = || StoreError::damaged("undone rows can't be unpacked");
    let packed = checksum::check(&block_key(change, first), value)?;
    let mut bytes = Vec::new();
    let decoder = zstd::Decoder::new(packed).map_err(|_| damaged())?;
    // A block ends with the row that fills it; a row is far smaller than a block.
    decoder.take(4 << 30).read_to_end(&mut bytes).map_err(|_| damaged())?;
    let mut take = Decoder(&bytes);
    while !take.0.is_empty() {
        let (pk, body) = take.varint().zip(take.bytes()).ok_or_else(damaged)?;
        each(TransactionId(pk), body)?;
    }
    Ok(())
}

/// The block without the rows for which `goes` is true: `None` if `goes` is false for all, empty if it is true for all.
pub(in crate::store) fn without(
    key: (u64, u64),
    value: &[u8],
    mut goes: impl FnMut(TransactionId, &[u8]) -> bool,
) -> Result<Option<Vec<u8>>> {
    let mut rest = Block { first: key.1, bytes: Vec::new() };
    let mut gone = false;
    unpack(key.0, key.1, value, |pk, body| {
        if goes(pk, body) {
            gone = true;
        } else {
            rest.push(pk.0, body);
        }
        Ok(())
    })?;
    // The block keeps its key, even if its first row was removed.
    rest.first = key.1;
    match (gone, rest.bytes.is_empty()) {
        (false, _) => Ok(None),
        (true, true) => Ok(Some(Vec::new())),
        (true, false) => rest.pack(key.0).map(|(_, packed)| Some(packed)),
    }
}

/// The rows removed from a range, by account.
#[derive(Default)]
struct RemovedRows {
    rows: u64,
    keys: BTreeMap<u32, (u64, u32, u32)>,
    dates: Vec<u128>,
    ids: Vec<u128>,
}

impl RemovedRows {
    fn push(&mut self, head: &row::Head<'_>, pk: u64) {
        let day = keys::day_of(head.date);
        let (count, from, to) = self.keys.entry(head.account).or_insert((0, day, day));
        (*count, *from, *to) = (*count + 1, day.min(*from), day.max(*to));
        self.rows += 1;
        if self.dates.len() <= ONE_BY_ONE {
            self.dates.push(keys::by_date(head, pk));
            self.ids.extend(keys::by_provider_id(head, pk));
        }
    }
}

/// Moves the rows of `range` whose current version is that of `change` into blocks.
pub(in crate::store) fn park(draft: &mut Draft, change: u64, range: Range<u64>) -> Result<()> {
    let mut removed = RemovedRows::default();
    // Rows with a newer version of a change that is not undone.
    let mut staying = HashSet::new();
    {
        let rows = draft.txn.open_table(TRANSACTIONS)?;
        let mut parked = draft.txn.open_table(PARKED)?;
        let mut block = Block::default();
        for entry in rows.range(range.clone())? {
            let (pk, value) = entry?;
            let pk = pk.value();
            let (by, body) = checksum::check_version(&pk.to_be_bytes(), value.value())?;
            if by != change {
                staying.insert(pk);
                continue;
            }
            removed.push(&row::head(body)?, pk);
            block.push(pk, body);
            if block.bytes.len() >= BLOCK {
                let (first, value) = block.pack(change)?;
                parked.insert((change, first), value.as_slice())?;
            }
        }
        if !block.bytes.is_empty() {
            let (first, value) = block.pack(change)?;
            parked.insert((change, first), value.as_slice())?;
        }
    }
    if removed.rows == 0 {
        return Ok(());
    }
    let leaves = |pk: u64| range.contains(&pk) && !staying.contains(&pk);
    draft.txn.open_table(TRANSACTIONS)?.retain_in(range.clone(), |pk, _| !leaves(pk))?;
    remove_keys(draft, &removed, leaves)?;
    for (account, (count, ..)) in &removed.keys {
        draft.derived.count(*account, -i64::try_from(*count).unwrap_or(i64::MAX));
    }
    draft.derived.range_changed(&range);
    Ok(())
}

fn remove_keys(draft: &Draft, removed: &RemovedRows, leaves: impl Fn(u64) -> bool) -> Result<()> {
    let (mut dates, mut ids) = (draft.txn.open_table(BY_DATE)?, draft.txn.open_table(BY_PROVIDER_ID)?);
    if removed.dates.len() <= ONE_BY_ONE {
        for key in &removed.dates {
            dates.remove(key)?;
        }
        for key in &removed.ids {
            ids.remove(key)?;
        }
        return Ok(());
    }
    for (account, (_, from, to)) in &removed.keys {
        let (low, high) = (keys::pack(*account, *from, 0), keys::pack(*account, *to, u64::MAX));
        dates.retain_in(low..=high, |key, ()| !leaves(keys::pk(key).0))?;
        let (low, high) = (keys::pack(*account, 0, 0), keys::pack(*account, u32::MAX, u64::MAX));
        ids.retain_in(low..=high, |key, ()| !leaves(keys::pk(key).0))?;
    }
    Ok(())
}

/// Moves the rows of `range` that `change` added back, except those with a newer version.
pub(in crate::store) fn unpark(draft: &mut Draft, change: u64, range: Range<u64>, undone: &Undone) -> Result<()> {
    let mut contested = rows_with_versions(draft, &range)?;
    let mut keys = index::IndexBatch::default();
    let mut first = range.start;
    loop {
        // One block at a time, which bounds memory.
        let block = {
            let mut parked = draft.txn.open_table(PARKED)?;
            let next = parked.range((change, first)..(change, range.end))?.next();
            let key = next.transpose()?.map(|(key, _)| key.value());
            match key {
                None => break,
                Some(key) => parked.remove(key)?.map(|value| (key.1, value.value().to_vec())),
            }
        };
        let Some((start, value)) = block else { break };
        first = start + 1;
        unpark_block(draft, change, start, &value, &mut contested, &mut keys)?;
    }
    keys.insert(&mut draft.txn.open_table(BY_DATE)?, &mut draft.txn.open_table(BY_PROVIDER_ID)?)?;
    draft.derived.range_changed(&range);
    let mut contested: Vec<u64> = contested.into_iter().collect();
    contested.sort_unstable();
    for pk in contested {
        versions::recompute(draft, &ObjectKey::row(TransactionId(pk)), undone)?;
    }
    Ok(())
}

/// Rows of the range that are present or have other versions: their current version is recomputed one by one.
fn rows_with_versions(draft: &Draft, range: &Range<u64>) -> Result<HashSet<u64>> {
    let mut found = HashSet::new();
    for entry in draft.txn.open_table(TRANSACTIONS)?.range(range.clone())? {
        found.insert(entry?.0.value());
    }
    let (from, to) = (ObjectKey::row(TransactionId(range.start)), ObjectKey::row(TransactionId(range.end)));
    debug_assert!(from.as_bytes().starts_with(ObjectKey::every(KeyKind::Row).as_bytes()));
    for entry in draft.txn.open_table(VERSIONS)?.range(from.as_bytes()..to.as_bytes())? {
        let (key, _) = keys::split_version(entry?.0.value())?;
        found.extend(key.as_row().map(|row| row.0));
    }
    Ok(found)
}

fn unpark_block(
    draft: &mut Draft,
    change: u64,
    first: u64,
    value: &[u8],
    contested: &mut HashSet<u64>,
    keys: &mut index::IndexBatch,
) -> Result<()> {
    let mut one_by_one = Vec::new();
    let mut rows = draft.txn.open_table(TRANSACTIONS)?;
    let mut cursor = rows.lower_bound_mut(Bound::Included(first))?;
    let derived = &mut draft.derived;
    unpack(change, first, value, |pk, body| {
        if contested.contains(&pk.0) {
            one_by_one.push((pk, body.to_vec()));
            return Ok(());
        }
        match cursor.insert_before(pk.0, checksum::add_version(&pk.0.to_be_bytes(), change, body).as_slice()) {
            Ok(()) => {
                let head = row::head(body)?;
                keys.push(&head, pk.0);
                derived.count(head.account, 1);
            }
            // Another row lies between; this one is restored one by one.
            Err(CursorError::UnorderedKey) => one_by_one.push((pk, body.to_vec())),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    })?;
    cursor.close()?;
    drop(rows);
    for (pk, body) in one_by_one {
        versions::put_version(draft, &ObjectKey::row(pk), change, Some(&body))?;
        contested.insert(pk.0);
    }
    Ok(())
}
