//! The whole store checked against its own invariants.

use redb::{ReadableDatabase as _, ReadableTable as _, ReadableTableMetadata as _};

use super::{
    Store,
    error::{Result, StoreError, guarded},
    index, journal, lookup,
    open::Live,
    record, row,
    schema::{
        BY_DATE, BY_PROVIDER_ID, CHANGES, COLUMNS, CONNECTIONS, COUNTS, CREDENTIALS, DIGESTS, META, PARKED, RECORDS,
        SOURCES, TOUCHED, TRANSACTIONS, UNDONE, VERSIONS,
    },
    seal,
};
use crate::domain::TransactionId;

impl Store {
    /// Reads every value and every index key of a snapshot and compares them: checksums, rows against both indexes,
    /// counts. Takes about half a second for a million rows; blocks nobody.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] with what was found.
    pub fn verify(&self) -> Result<()> {
        let live = self.live();
        guarded(self.path(), || all(&live))
    }
}

pub(super) fn all(live: &Live) -> Result<()> {
    let txn = live.db.begin_read()?;
    let (rows, dates, ids) = (txn.open_table(TRANSACTIONS)?, txn.open_table(BY_DATE)?, txn.open_table(BY_PROVIDER_ID)?);
    let mut counted = std::collections::BTreeMap::<u32, u64>::new();
    let (mut total, mut with_id) = (0, 0);
    for entry in rows.iter()? {
        let (pk, value) = entry?;
        let pk = pk.value();
        let (change, body) = seal::open_version(&pk.to_be_bytes(), value.value())?;
        row::decode(TransactionId(pk), change, body)?;
        let head = row::head(body)?;
        total += 1;
        *counted.entry(head.account).or_default() += 1;
        if dates.get(index::by_date(&head, pk))?.is_none() {
            return Err(StoreError::damaged("a transaction is missing in the index of dates"));
        }
        if let Some(key) = index::by_provider_id(&head, pk) {
            with_id += 1;
            if ids.get(key)?.is_none() {
                return Err(StoreError::damaged("a transaction is missing in the index of provider ids"));
            }
        }
    }
    let counts = txn.open_table(COUNTS)?;
    for (account, count) in &counted {
        if lookup::count(&counts, u64::from(*account))? != *count {
            return Err(StoreError::damaged("the number of transactions of an account is wrong"));
        }
    }
    let lengths = [
        (rows.len()?, rows.iter()?.count() as u64, total),
        (dates.len()?, dates.iter()?.count() as u64, total),
        (ids.len()?, ids.iter()?.count() as u64, with_id),
        (counts.len()?, counts.iter()?.count() as u64, counted.len() as u64),
    ];
    if lengths.iter().any(|(said, found, expected)| said != expected || found != expected) {
        return Err(StoreError::damaged("an index and the transactions don't agree"));
    }
    others(&txn)
}

fn others(txn: &redb::ReadTransaction) -> Result<()> {
    macro_rules! sealed {
        ($($table:ident with $key:expr),+ $(,)?) => {$({
            let table = txn.open_table($table)?;
            let mut found = 0;
            for entry in table.iter()? {
                let (key, value) = entry?;
                let name = $key(key.value());
                seal::open(name.as_ref(), value.value())?;
                found += 1;
            }
            if table.len()? != found {
                return Err(StoreError::damaged("a table has lost entries"));
            }
        })+};
    }
    let number = |id: u64| id.to_be_bytes();
    let pair = |(first, second): (u64, u64)| (u128::from(first) << 64 | u128::from(second)).to_be_bytes();
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
        record::split_version(entry?.0.value())?;
    }
    Ok(())
}
