//! A copy of the database as it was after a change, in memory, to be read like any other.
//!
//! Data without versions (the content of connections: their status, their last sync) is that of today; credentials are left
//! out. INVARIANT: the copy is a whole database with its indexes, so that every list, sum and export reads it as usual; it
//! has no rows of undone changes, hence a redo in it is not possible. Memory grows with its rows.

use std::{collections::BTreeMap, ops::Bound};

use redb::{ReadTransaction, WriteTransaction};

use crate::{
    domain::ChangeId,
    store::{
        database::{dump, open, open_database::OpenDatabase},
        error::Result,
        format::{
            checksum,
            keys::{KeyKind, ObjectKey},
            row,
        },
        history::{
            horizon::{Horizon, Version, journal_of},
            versions,
        },
        schema::{
            CHANGES, CONNECTIONS, COUNTS, Counter, META, RECORDS, SOURCES, TOUCHED, TRANSACTIONS, UNDONE, VERSIONS,
        },
    },
};

/// The database after `change`.
pub(in crate::store) fn after(database: &OpenDatabase, change: ChangeId) -> Result<OpenDatabase> {
    let from = database.read()?;
    let horizon = Horizon::after(&journal_of(&from)?, change)?;
    let past = open::memory()?;
    let txn = past.write()?;
    rows(&from, &txn, &horizon)?;
    records(&from, &txn, &horizon)?;
    journal(&from, &txn, &horizon)?;
    let mut meta = txn.open_table(META)?;
    let generation = Counter::Generation.get(&from.open_table(META)?)?.unwrap_or_default();
    Counter::Generation.set(&mut meta, generation)?;
    drop(meta);
    dump::build_indexes(&txn)?;
    txn.commit()?;
    Ok(past)
}

/// Keeps the newest version.
fn offer<K: Ord>(best: &mut BTreeMap<K, Version>, key: K, change: u64, body: Option<&[u8]>) {
    if best.get(&key).is_none_or(|(known, _)| *known < change) {
        best.insert(key, (change, body.map(<[u8]>::to_vec)));
    }
}

/// Rows, in order, through a cursor; other versions are merged in.
fn rows(from: &ReadTransaction, to: &WriteTransaction, horizon: &Horizon) -> Result<()> {
    let mut others = BTreeMap::new();
    horizon.other_versions(from, true, |key, change, body| {
        if let Some(pk) = key.as_row() {
            offer(&mut others, pk.0, change, body);
        }
    })?;
    let mut others = others.into_iter().peekable();
    let mut counts = BTreeMap::<u64, u64>::new();
    let mut table = to.open_table(TRANSACTIONS)?;
    let mut cursor = table.upper_bound_mut(Bound::<u64>::Unbounded)?;
    let mut put = |pk: u64, change: u64, body: &[u8]| -> Result<()> {
        *counts.entry(u64::from(row::head(body)?.account)).or_default() += 1;
        cursor.insert_before(pk, checksum::add_version(&pk.to_be_bytes(), change, body).as_slice())?;
        Ok(())
    };
    for entry in from.open_table(TRANSACTIONS)?.range(0..)? {
        let (pk, value) = entry?;
        let pk = pk.value();
        while let Some((other, version)) = others.next_if(|(other, _)| *other < pk) {
            if let (change, Some(body)) = version {
                put(other, change, &body)?;
            }
        }
        let (change, body) = checksum::check_version(&pk.to_be_bytes(), value.value())?;
        let other = others.next_if(|(other, _)| *other == pk).map(|(_, version)| version);
        match other {
            Some((newer, version)) if !horizon.holds(change) || newer > change => {
                version.map_or(Ok(()), |body| put(pk, newer, &body))?;
            }
            _ if horizon.holds(change) => put(pk, change, body)?,
            _ => {}
        }
    }
    for (pk, version) in others {
        if let (change, Some(body)) = version {
            put(pk, change, &body)?;
        }
    }
    cursor.close()?;
    drop(table);
    let mut table = to.open_table(COUNTS)?;
    for (account, count) in &counts {
        table.insert(account, checksum::add_u64(&account.to_be_bytes(), *count).as_slice())?;
    }
    Ok(())
}

/// Records, and the versions of positions, which views of earlier days read.
fn records(from: &ReadTransaction, to: &WriteTransaction, horizon: &Horizon) -> Result<()> {
    let mut best = BTreeMap::new();
    let mut holdings = Vec::new();
    let mut note = |key: &ObjectKey, change: u64, body: Option<&[u8]>| {
        offer(&mut best, key.as_bytes().to_vec(), change, body);
        if key.kind() == Some(KeyKind::Holding) {
            holdings.push((key.version(change), body.map(<[u8]>::to_vec)));
        }
    };
    horizon.other_versions(from, false, &mut note)?;
    for entry in from.open_table(RECORDS)?.range::<&[u8]>(..)? {
        let (key, value) = entry?;
        let (change, body) = checksum::check_version(key.value(), value.value())?;
        if horizon.holds(change) {
            note(&ObjectKey::from_bytes(key.value()), change, Some(body));
        }
    }
    let mut table = to.open_table(RECORDS)?;
    for (key, (change, body)) in &best {
        if let Some(body) = body {
            table.insert(key.as_slice(), checksum::add_version(key, *change, body).as_slice())?;
        }
    }
    let mut table = to.open_table(VERSIONS)?;
    for (name, body) in holdings {
        let (key, change) = crate::store::format::keys::split_version(&name)?;
        let is_current = best.get(key.as_bytes()).is_some_and(|(current, _)| *current == change);
        if !is_current || body.is_none() {
            let value = checksum::add(&name, &versions::encode_version(body.as_deref()));
            table.insert(name.as_slice(), value.as_slice())?;
        }
    }
    let (from, mut to) = (from.open_table(CONNECTIONS)?, to.open_table(CONNECTIONS)?);
    for entry in from.range(0..)? {
        let (id, value) = entry?;
        to.insert(id.value(), value.value())?;
    }
    Ok(())
}

/// The journal and the kept sources until then.
fn journal(from: &ReadTransaction, to: &WriteTransaction, horizon: &Horizon) -> Result<()> {
    let last = horizon.change();
    macro_rules! copy_until {
        ($table:ident, $range:expr) => {{
            let (from, mut to) = (from.open_table($table)?, to.open_table($table)?);
            for entry in from.range($range)? {
                let (key, value) = entry?;
                to.insert(key.value(), value.value())?;
            }
        }};
    }
    copy_until!(CHANGES, ..=last);
    copy_until!(TOUCHED, ..=(last, u64::MAX));
    copy_until!(SOURCES, ..=(last, u64::MAX));
    let mut undone = to.open_table(UNDONE)?;
    for change in horizon.undone() {
        undone.insert(change, checksum::add_u64(&change.to_be_bytes(), last).as_slice())?;
    }
    Ok(())
}
