//! The background check of a large database, in steps that each read a part of it.
//!
//! Every step takes a new snapshot, so writers and readers go on; a check that was interrupted continues with the next
//! step.

use redb::ReadableTableMetadata as _;

use crate::{
    domain::TransactionId,
    store::{
        columns::chunks::CHUNK_ROWS,
        database::{open_database::OpenDatabase, verify},
        error::{Result, StoreError},
        format::{checksum, keys, row},
        lookup,
        schema::{BY_DATE, BY_PROVIDER_ID, COUNTS, TRANSACTIONS},
    },
};

/// Steps before those of the chunks of rows.
const FIRST_CHUNK: u64 = 2;

/// Runs one step; returns the next one, or `None` after the last.
pub(in crate::store) fn step(database: &OpenDatabase, step: u64) -> Result<Option<u64>> {
    let txn = database.read()?;
    match step {
        0 => totals(&txn).map(|()| Some(1)),
        1 => verify::others(&txn).map(|()| Some(FIRST_CHUNK)),
        _ => chunk(&txn, step - FIRST_CHUNK).map(|next| next.map(|next| next + FIRST_CHUNK)),
    }
}

/// Both indexes have as many keys as there are rows, in total and by account.
fn totals(txn: &redb::ReadTransaction) -> Result<()> {
    let (rows, counts) = (txn.open_table(TRANSACTIONS)?.len()?, txn.open_table(COUNTS)?);
    let dates = txn.open_table(BY_DATE)?;
    let mut total = 0;
    for account in lookup::accounts_with_rows(&counts)? {
        let count = lookup::count(&counts, u64::from(account))?;
        let keys = dates.range(keys::pack(account, 0, 0)..=keys::pack(account, u32::MAX, u64::MAX))?;
        let mut found = 0;
        for key in keys {
            key?;
            found += 1;
        }
        if found != count {
            return Err(StoreError::damaged("the number of transactions of an account is wrong"));
        }
        total += count;
    }
    if total != rows || dates.len()? != rows {
        return Err(StoreError::damaged("an index does not match the transactions"));
    }
    Ok(())
}

/// Every row of the first chunk from `chunk` on is valid and has its index keys. Returns the next chunk.
fn chunk(txn: &redb::ReadTransaction, chunk: u64) -> Result<Option<u64>> {
    let rows = txn.open_table(TRANSACTIONS)?;
    let (dates, ids) = (txn.open_table(BY_DATE)?, txn.open_table(BY_PROVIDER_ID)?);
    let Some(from) = chunk.checked_mul(CHUNK_ROWS) else { return Ok(None) };
    let Some(first) = rows.range(from..)?.next().transpose()? else { return Ok(None) };
    let chunk = first.0.value() / CHUNK_ROWS;
    let start = chunk * CHUNK_ROWS;
    for entry in rows.range(start..start.saturating_add(CHUNK_ROWS))? {
        let (pk, value) = entry?;
        let pk = pk.value();
        let (change, body) = checksum::check_version(&pk.to_be_bytes(), value.value())?;
        row::decode(TransactionId(pk), change, body)?;
        let head = row::head(body)?;
        let has_date = dates.get(keys::by_date(&head, pk))?.is_some();
        let has_id = match keys::by_provider_id(&head, pk) {
            Some(key) => ids.get(key)?.is_some(),
            None => true,
        };
        if !has_date || !has_id {
            return Err(StoreError::damaged("a transaction is missing in an index"));
        }
    }
    Ok(Some(chunk + 1))
}
