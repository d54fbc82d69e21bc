//! Undo and redo of added rows, in bulk: the rows of an undone change are kept in packed blocks.
//!
//! A row that the change added and that nobody wrote since has no other version, so the look-ups of
//! [`crate::store::history::versions`] can be spared: a million rows are parked in bounded memory. INVARIANT: a block of
//! `parked` belongs to a change that is undone.

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
            keys::{self, Key, Kind},
            row,
        },
        history::{draft::Draft, journal::Undone, versions},
        index,
        schema::{BY_DATE, BY_PROVIDER_ID, PARKED, TRANSACTIONS, VERSIONS},
    },
};

/// Bytes of rows in one block, before packing.
const BLOCK: usize = if cfg!(test) { 300 } else { 1 << 20 };

/// zstd level of a block: fast.
const LEVEL: i32 = 1;

/// Up to this many rows their index keys are removed one by one; beyond, one pass over the account is faster.
const ONE_BY_ONE: usize = if cfg!(test) { 4 } else { 2000 };

fn block_key(change: u64, first: u64) -> [u8; 16] {
    ((u128::from(change) << 64) | u128::from(first)).to_be_bytes()
}

/// Rows on their way into a block: pk, length, body each.
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

/// Hands the rows of a block to `each`, in order.
fn unpack(
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

/// The block without the rows that go: nothing when all stay, empty when none is left.
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
    // The block keeps its key, whatever row comes first now.
    rest.first = key.1;
    match (gone, rest.bytes.is_empty()) {
        (false, _) => Ok(None),
        (true, true) => Ok(Some(Vec::new())),
        (true, false) => rest.pack(key.0).map(|(_, packed)| Some(packed)),
    }
}

/// What became of the rows of a range, by account.
#[derive(Default)]
struct Moved {
    rows: u64,
    keys: BTreeMap<u32, (u64, u32, u32)>,
    dates: Vec<u128>,
    ids: Vec<u128>,
}

impl Moved {
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

/// Takes away the rows of `range` that stand as `change` added them.
pub(in crate::store) fn park(draft: &mut Draft, change: u64, range: Range<u64>) -> Result<()> {
    let mut moved = Moved::default();
    // Rows in the range that stay: a later change wrote them, and it stands.
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
            moved.push(&row::head(body)?, pk);
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
    if moved.rows == 0 {
        return Ok(());
    }
    let leaves = |pk: u64| range.contains(&pk) && !staying.contains(&pk);
    draft.txn.open_table(TRANSACTIONS)?.retain_in(range.clone(), |pk, _| !leaves(pk))?;
    remove_keys(draft, &moved, leaves)?;
    for (account, (count, ..)) in &moved.keys {
        draft.derived.count(*account, -i64::try_from(*count).unwrap_or(i64::MAX));
    }
    draft.derived.range_changed(&range);
    Ok(())
}

fn remove_keys(draft: &Draft, moved: &Moved, leaves: impl Fn(u64) -> bool) -> Result<()> {
    let (mut dates, mut ids) = (draft.txn.open_table(BY_DATE)?, draft.txn.open_table(BY_PROVIDER_ID)?);
    if moved.dates.len() <= ONE_BY_ONE {
        for key in &moved.dates {
            dates.remove(key)?;
        }
        for key in &moved.ids {
            ids.remove(key)?;
        }
        return Ok(());
    }
    for (account, (_, from, to)) in &moved.keys {
        let (low, high) = (keys::pack(*account, *from, 0), keys::pack(*account, *to, u64::MAX));
        dates.retain_in(low..=high, |key, ()| !leaves(keys::pk(key).0))?;
        let (low, high) = (keys::pack(*account, 0, 0), keys::pack(*account, u32::MAX, u64::MAX));
        ids.retain_in(low..=high, |key, ()| !leaves(keys::pk(key).0))?;
    }
    Ok(())
}

/// Brings back the rows of `range` that `change` added, unless something newer stands.
pub(in crate::store) fn unpark(draft: &mut Draft, change: u64, range: Range<u64>, undone: &Undone) -> Result<()> {
    let mut contested = rows_with_versions(draft, &range)?;
    let mut keys = index::Batch::default();
    let mut first = range.start;
    loop {
        // Blocks are taken one at a time, so that memory holds one.
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
        versions::settle(draft, &Key::row(TransactionId(pk)), undone)?;
    }
    Ok(())
}

/// Rows of the range that stand, or have versions apart: they are settled one by one.
fn rows_with_versions(draft: &Draft, range: &Range<u64>) -> Result<HashSet<u64>> {
    let mut found = HashSet::new();
    for entry in draft.txn.open_table(TRANSACTIONS)?.range(range.clone())? {
        found.insert(entry?.0.value());
    }
    let (from, to) = (Key::row(TransactionId(range.start)), Key::row(TransactionId(range.end)));
    debug_assert!(from.as_bytes().starts_with(Key::every(Kind::Row).as_bytes()));
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
    keys: &mut index::Batch,
) -> Result<()> {
    let mut aside = Vec::new();
    let mut rows = draft.txn.open_table(TRANSACTIONS)?;
    let mut cursor = rows.lower_bound_mut(Bound::Included(first))?;
    let derived = &mut draft.derived;
    unpack(change, first, value, |pk, body| {
        if contested.contains(&pk.0) {
            aside.push((pk, body.to_vec()));
            return Ok(());
        }
        match cursor.insert_before(pk.0, checksum::add_version(&pk.0.to_be_bytes(), change, body).as_slice()) {
            Ok(()) => {
                let head = row::head(body)?;
                keys.push(&head, pk.0);
                derived.count(head.account, 1);
            }
            // A row that stayed lies between; it and its like go the slow way.
            Err(CursorError::UnorderedKey) => aside.push((pk, body.to_vec())),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    })?;
    cursor.close()?;
    drop(rows);
    for (pk, body) in aside {
        versions::put_version(draft, &Key::row(pk), change, Some(&body))?;
        contested.insert(pk.0);
    }
    Ok(())
}
