//! Lookups shared by snapshots and uncommitted changes.

use chrono::NaiveDate;
use redb::ReadableTable;

use crate::{
    domain::{Account, AccountId, Connection, ConnectionId, Holding, Snapshot, Transaction, TransactionId, UserFields},
    store::{
        error::Result,
        format::{
            checksum,
            keys::{self, KeyKind, ObjectKey},
            record::{self, AccountUser},
            row,
        },
        schema::ValueBytes,
    },
};

/// The current body of a record.
pub(super) fn record<T>(
    records: &impl ReadableTable<ValueBytes, ValueBytes>,
    key: &ObjectKey,
    read: impl FnOnce(u64, &[u8]) -> Result<T>,
) -> Result<Option<T>> {
    let Some(value) = records.get(key.as_bytes())? else { return Ok(None) };
    let (change, body) = checksum::check_version(key.as_bytes(), value.value())?;
    read(change, body).map(Some)
}

/// Every record whose key begins with `prefix`, in order.
pub(super) fn records<T>(
    table: &impl ReadableTable<ValueBytes, ValueBytes>,
    prefix: &ObjectKey,
    mut read: impl FnMut(&[u8], u64, &[u8]) -> Result<T>,
) -> Result<Vec<T>> {
    let end = prefix.successor();
    table
        .range(prefix.as_bytes()..end.as_slice())?
        .map(|entry| {
            let (key, value) = entry?;
            let (change, body) = checksum::check_version(key.value(), value.value())?;
            read(key.value(), change, body)
        })
        .collect()
}

fn account_user(records: &impl ReadableTable<ValueBytes, ValueBytes>, id: AccountId) -> Result<Option<AccountUser>> {
    record(records, &ObjectKey::account_user(id), |_, body| record::from_json(body))
}

pub(super) fn account(records: &impl ReadableTable<ValueBytes, ValueBytes>, id: AccountId) -> Result<Option<Account>> {
    let user = account_user(records, id)?;
    record(records, &ObjectKey::account(id), |_, body| record::to_account(body, user))
}

pub(super) fn accounts(table: &impl ReadableTable<ValueBytes, ValueBytes>) -> Result<Vec<Account>> {
    records(table, &ObjectKey::every(KeyKind::Account), |_, _, body| {
        let account = record::to_account(body, None)?;
        let user = account_user(table, account.id)?.unwrap_or_default();
        Ok(Account { alias: user.alias, type_override: user.type_override, signs: user.signs, ..account })
    })
}

fn connection_content(contents: &impl ReadableTable<u64, ValueBytes>, id: u64) -> Result<Option<Connection>> {
    let Some(value) = contents.get(id)? else { return Ok(None) };
    record::from_json(checksum::check(&id.to_be_bytes(), value.value())?).map(Some)
}

pub(super) fn connection(
    records: &impl ReadableTable<ValueBytes, ValueBytes>,
    contents: &impl ReadableTable<u64, ValueBytes>,
    id: ConnectionId,
) -> Result<Option<Connection>> {
    match record(records, &ObjectKey::connection(id), |_, _| Ok(()))? {
        Some(()) => connection_content(contents, id.0),
        None => Ok(None),
    }
}

pub(super) fn connections(
    table: &impl ReadableTable<ValueBytes, ValueBytes>,
    contents: &impl ReadableTable<u64, ValueBytes>,
) -> Result<Vec<Connection>> {
    let mut found = Vec::new();
    for entry in contents.iter()? {
        found.extend(connection(table, contents, ConnectionId(entry?.0.value()))?);
    }
    Ok(found)
}

/// Connections whose content is kept although every change that mentions them is undone.
pub(super) fn undone_connections(
    table: &impl ReadableTable<ValueBytes, ValueBytes>,
    contents: &impl ReadableTable<u64, ValueBytes>,
) -> Result<Vec<Connection>> {
    let mut found = Vec::new();
    for entry in contents.iter()? {
        let id = entry?.0.value();
        if connection(table, contents, ConnectionId(id))?.is_none() {
            found.extend(connection_content(contents, id)?);
        }
    }
    Ok(found)
}

pub(super) fn snapshots(
    table: &impl ReadableTable<ValueBytes, ValueBytes>,
    account: AccountId,
) -> Result<Vec<Snapshot>> {
    records(table, &ObjectKey::snapshots_of(account), record::to_snapshot)
}

pub(super) fn snapshot(
    table: &impl ReadableTable<ValueBytes, ValueBytes>,
    account: AccountId,
    date: NaiveDate,
) -> Result<Option<Snapshot>> {
    let key = ObjectKey::snapshot(account, date);
    record(table, &key, |change, body| record::to_snapshot(key.as_bytes(), change, body))
}

pub(super) fn latest_snapshot(
    table: &impl ReadableTable<ValueBytes, ValueBytes>,
    account: AccountId,
) -> Result<Option<Snapshot>> {
    let prefix = ObjectKey::snapshots_of(account);
    let end = prefix.successor();
    let Some(entry) = table.range(prefix.as_bytes()..end.as_slice())?.next_back() else { return Ok(None) };
    let (key, value) = entry?;
    let (change, body) = checksum::check_version(key.value(), value.value())?;
    record::to_snapshot(key.value(), change, body).map(Some)
}

pub(super) fn holdings(
    table: &impl ReadableTable<ValueBytes, ValueBytes>,
    account: Option<AccountId>,
) -> Result<Vec<Holding>> {
    let prefix = account.map_or_else(|| ObjectKey::every(KeyKind::Holding), ObjectKey::holdings_of);
    records(table, &prefix, |_, change, body| record::to_holding(change, body))
}

pub(super) fn user_fields(table: &impl ReadableTable<ValueBytes, ValueBytes>, id: TransactionId) -> Result<UserFields> {
    Ok(record(table, &ObjectKey::row_user(id), |_, body| record::from_json(body))?.unwrap_or_default())
}

pub(super) fn sync_state(
    table: &impl ReadableTable<ValueBytes, ValueBytes>,
    connection: ConnectionId,
    stream: &str,
) -> Result<Option<Vec<u8>>> {
    record(table, &ObjectKey::sync_state(connection, stream), |_, body| Ok(body.to_vec()))
}

pub(super) fn transaction(
    rows: &impl ReadableTable<u64, ValueBytes>,
    id: TransactionId,
) -> Result<Option<Transaction>> {
    let Some(value) = rows.get(id.0)? else { return Ok(None) };
    let (change, body) = checksum::check_version(&id.0.to_be_bytes(), value.value())?;
    row::decode(id, change, body).map(Some)
}

/// The rows of an account with that provider id, oldest first.
pub(super) fn by_provider_id(
    rows: &impl ReadableTable<u64, ValueBytes>,
    ids: &impl ReadableTable<u128, ()>,
    account: u32,
    provider_id: &str,
) -> Result<Vec<Transaction>> {
    let hash = keys::hash(provider_id.as_bytes());
    let mut found = Vec::new();
    for entry in ids.range(keys::pack(account, hash, 0)..=keys::pack(account, hash, u64::MAX))? {
        let pk = keys::pk(entry?.0.value());
        let row = transaction(rows, pk)?.ok_or_else(super::StoreError::index_without_row)?;
        if row.facts.provider_id.as_deref() == Some(provider_id) {
            found.push(row);
        }
    }
    Ok(found)
}

/// Number of rows of an account.
pub(super) fn count(counts: &impl ReadableTable<u64, ValueBytes>, account: u64) -> Result<u64> {
    counts.get(account)?.map_or(Ok(0), |value| checksum::check_u64(&account.to_be_bytes(), value.value()))
}

/// Every account that has rows.
pub(super) fn accounts_with_rows(counts: &impl ReadableTable<u64, ValueBytes>) -> Result<Vec<u32>> {
    counts.iter()?.map(|entry| keys::account_number(AccountId(entry?.0.value()))).collect()
}

/// Number of rows.
pub(super) fn row_count(rows: &impl ReadableTable<u64, ValueBytes>) -> Result<u64> {
    Ok(rows.len()?)
}
