//! Verification of the whole database against its invariants.

use std::collections::BTreeMap;

use redb::{ReadOnlyTable, ReadableTable as _, ReadableTableMetadata as _};

use crate::{
    domain::TransactionId,
    store::{
        database::open_database::OpenDatabase,
        error::{Result, StoreError},
        format::{checksum, keys, row},
        history::journal,
        lookup,
        schema::{
            BY_DATE, BY_PROVIDER_ID, CHANGES, COLUMNS, CONNECTIONS, COUNTS, CREDENTIALS, DIGESTS, META, PARKED,
            RECORDS, SOURCES, TOUCHED, TRANSACTIONS, UNDONE, VERSIONS,
        },
    },
};

/// See [`crate::store::Store::verify`].
pub(in crate::store) fn all(database: &OpenDatabase) -> Result<()> {
    let txn = database.read()?;
    let rows = txn.open_table(TRANSACTIONS)?;
    let mut counted = BTreeMap::<u32, u64>::new();
    let (mut dates, mut ids) = (Vec::new(), Vec::new());
    for entry in rows.iter()? {
        let (pk, value) = entry?;
        let pk = pk.value();
        let (change, body) = checksum::check_version(&pk.to_be_bytes(), value.value())?;
        row::decode(TransactionId(pk), change, body)?;
        let head = row::head(body)?;
        *counted.entry(head.account).or_default() += 1;
        dates.push(keys::by_date(&head, pk));
        ids.extend(keys::by_provider_id(&head, pk));
    }
    if rows.len()? != dates.len() as u64 {
        return Err(StoreError::damaged("a table has lost entries"));
    }
    same(&txn.open_table(BY_DATE)?, dates)?;
    same(&txn.open_table(BY_PROVIDER_ID)?, ids)?;
    let counts = txn.open_table(COUNTS)?;
    for (account, count) in &counted {
        if lookup::count(&counts, u64::from(*account))? != *count {
            return Err(StoreError::damaged("the number of transactions of an account is wrong"));
        }
    }
    if counts.len()? != counted.len() as u64 {
        return Err(StoreError::damaged("transactions are counted for an account that has none"));
    }
    others(&txn)
}

/// Checks that an index holds exactly these keys. Sorting and merging is ten times as fast as looking each up.
fn same(index: &ReadOnlyTable<u128, ()>, mut keys: Vec<u128>) -> Result<()> {
    keys.sort_unstable();
    let mut expected = keys.into_iter();
    for entry in index.iter()? {
        if expected.next() != Some(entry?.0.value()) {
            return Err(StoreError::damaged("an index does not match the transactions"));
        }
    }
    match expected.next() {
        None => Ok(()),
        Some(_) => Err(StoreError::damaged("a transaction is missing in an index")),
    }
}

pub(in crate::store) fn others(txn: &redb::ReadTransaction) -> Result<()> {
    macro_rules! sealed {
        ($($table:ident with $key:expr),+ $(,)?) => {$({
            let table = txn.open_table($table)?;
            let mut found = 0;
            for entry in table.iter()? {
                let (key, value) = entry?;
                let name = $key(key.value());
                checksum::check(name.as_ref(), value.value())?;
                found += 1;
            }
            if table.len()? != found {
                return Err(StoreError::damaged("a table has lost entries"));
            }
        })+};
    }
    let number = |id: u64| id.to_be_bytes();
    let pair = |(first, second): (u64, u64)| ((u128::from(first) << 64) | u128::from(second)).to_be_bytes();
    sealed! {
        RECORDS with <[u8]>::to_vec,
        VERSIONS with <[u8]>::to_vec,
        CONNECTIONS with number,
        CHANGES with number,
        UNDONE with number,
        CREDENTIALS with number,
        COUNTS with number,
        TOUCHED with pair,
        SOURCES with pair,
        PARKED with pair,
        COLUMNS with pair,
        DIGESTS with <[u8]>::to_vec,
        META with |name: &str| name.as_bytes().to_vec(),
    }
    let undone = txn.open_table(UNDONE)?;
    let changes = txn.open_table(CHANGES)?;
    for entry in changes.iter()? {
        let (id, value) = entry?;
        journal::decode(id.value(), value.value(), undone.get(id.value())?.is_some())?;
    }
    for entry in txn.open_table(VERSIONS)?.iter()? {
        keys::split_version(entry?.0.value())?;
    }
    Ok(())
}
