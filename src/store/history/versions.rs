//! Versions of rows and records, and which of them is current.
//!
//! A row or record has at most one version per change: a body, or a tombstone. INVARIANT: the current version is the newest
//! one whose change is not undone; it is in `transactions` or `records`, every other version is in `versions` (or, rows that
//! were added by an undone change, in `parked`); tombstones are always in `versions`.

use redb::ReadableTable as _;

use crate::{
    domain::Account,
    store::{
        error::{Result, StoreError},
        format::{
            checksum,
            keys::{self, KeyKind, ObjectKey},
            record, row,
        },
        history::{draft::Draft, journal::Undone},
        schema::{BY_DATE, BY_PROVIDER_ID, RECORDS, TRANSACTIONS, VERSIONS, ValueBytes},
    },
};

const TOMBSTONE: u8 = 0;
const BODY: u8 = 1;

/// The form of a version in `versions`: tag, then body.
pub(in crate::store) fn encode_version(body: Option<&[u8]>) -> Vec<u8> {
    body.map_or_else(|| vec![TOMBSTONE], |body| [&[BODY], body].concat())
}

/// The body of a version in `versions`; `None` for a tombstone.
pub(in crate::store) fn body_of(version: &[u8]) -> Result<Option<&[u8]>> {
    match version.split_first() {
        Some((&BODY, body)) => Ok(Some(body)),
        Some((&TOMBSTONE, [])) => Ok(None),
        _ => Err(StoreError::damaged("a version can't be read")),
    }
}

/// Accounts whose every version is undone, by id: the newest version of each.
pub(in crate::store) fn undone_accounts(draft: &Draft) -> Result<Vec<Account>> {
    let records = draft.txn.open_table(RECORDS)?;
    let prefix = ObjectKey::every(KeyKind::Account);
    let end = prefix.successor();
    let mut found: Vec<Account> = Vec::new();
    for entry in draft.txn.open_table(VERSIONS)?.range(prefix.as_bytes()..end.as_slice())? {
        let (name, value) = entry?;
        let (key, _) = keys::split_version(name.value())?;
        if records.get(key.as_bytes())?.is_some() {
            continue;
        }
        let Some(body) = body_of(checksum::check(name.value(), value.value())?)? else { continue };
        let account: Account = record::from_json(body)?;
        // Versions of one account follow each other, the newest last.
        match found.last_mut() {
            Some(last) if last.id == account.id => *last = account,
            _ => found.push(account),
        }
    }
    Ok(found)
}

/// The newest body of a change that is not undone, among the versions that are not current: that of a hidden row.
pub(in crate::store) fn standing_body(
    versions: &impl redb::ReadableTable<ValueBytes, ValueBytes>,
    undone: &impl redb::ReadableTable<u64, ValueBytes>,
    key: &ObjectKey,
) -> Result<Option<(u64, Vec<u8>)>> {
    for entry in versions.range(key.version(0).as_slice()..=key.version(u64::MAX).as_slice())?.rev() {
        let (name, value) = entry?;
        let (_, change) = keys::split_version(name.value())?;
        if undone.get(change)?.is_none()
            && let Some(body) = body_of(checksum::check(name.value(), value.value())?)?
        {
            return Ok(Some((change, body.to_vec())));
        }
    }
    Ok(None)
}

/// Writes this change's version of `key`; `None` is a tombstone. The former current version is kept.
pub(in crate::store) fn write(draft: &mut Draft, key: &ObjectKey, body: Option<&[u8]>) -> Result<()> {
    if let Some((change, former)) = take_current(draft, key)?
        && change != draft.change
    {
        put_version(draft, key, change, Some(&former))?;
    }
    match body {
        Some(body) => {
            draft.txn.open_table(VERSIONS)?.remove(key.version(draft.change).as_slice())?;
            put_current(draft, key, draft.change, body)?;
        }
        None => put_version(draft, key, draft.change, None)?,
    }
    draft.written.note(key);
    Ok(())
}

pub(in crate::store) fn put_version(draft: &Draft, key: &ObjectKey, change: u64, body: Option<&[u8]>) -> Result<()> {
    let name = key.version(change);
    let value = checksum::add(&name, &encode_version(body));
    draft.txn.open_table(VERSIONS)?.insert(name.as_slice(), value.as_slice())?;
    Ok(())
}

/// The change that wrote the current version.
fn current(draft: &Draft, key: &ObjectKey) -> Result<Option<u64>> {
    let read = |key: &[u8], value: Option<redb::AccessGuard<'_, &'static [u8]>>| {
        value.map(|value| checksum::check_version(key, value.value()).map(|(change, _)| change)).transpose()
    };
    match key.as_row() {
        Some(pk) => read(&pk.0.to_be_bytes(), draft.txn.open_table(TRANSACTIONS)?.get(pk.0)?),
        None => read(key.as_bytes(), draft.txn.open_table(RECORDS)?.get(key.as_bytes())?),
    }
}

/// Removes the current version from its table, with its index keys.
fn take_current(draft: &mut Draft, key: &ObjectKey) -> Result<Option<(u64, Vec<u8>)>> {
    let Some(pk) = key.as_row() else {
        draft.derived.user_fields_changed(key);
        let mut records = draft.txn.open_table(RECORDS)?;
        let Some(value) = records.remove(key.as_bytes())? else { return Ok(None) };
        let (change, body) = checksum::check_version(key.as_bytes(), value.value())?;
        return Ok(Some((change, body.to_vec())));
    };
    let (change, body) = {
        let mut rows = draft.txn.open_table(TRANSACTIONS)?;
        let Some(value) = rows.remove(pk.0)? else { return Ok(None) };
        let (change, body) = checksum::check_version(&pk.0.to_be_bytes(), value.value())?;
        (change, body.to_vec())
    };
    let head = row::head(&body)?;
    draft.txn.open_table(BY_DATE)?.remove(keys::by_date(&head, pk.0))?;
    if let Some(key) = keys::by_provider_id(&head, pk.0) {
        draft.txn.open_table(BY_PROVIDER_ID)?.remove(key)?;
    }
    draft.derived.count(head.account, -1);
    draft.derived.row_changed(pk);
    Ok(Some((change, body)))
}

/// Makes a version current.
fn put_current(draft: &mut Draft, key: &ObjectKey, change: u64, body: &[u8]) -> Result<()> {
    let Some(pk) = key.as_row() else {
        draft.derived.user_fields_changed(key);
        let value = checksum::add_version(key.as_bytes(), change, body);
        draft.txn.open_table(RECORDS)?.insert(key.as_bytes(), value.as_slice())?;
        return Ok(());
    };
    let head = row::head(body)?;
    let value = checksum::add_version(&pk.0.to_be_bytes(), change, body);
    draft.txn.open_table(TRANSACTIONS)?.insert(pk.0, value.as_slice())?;
    draft.txn.open_table(BY_DATE)?.insert(keys::by_date(&head, pk.0), ())?;
    if let Some(key) = keys::by_provider_id(&head, pk.0) {
        draft.txn.open_table(BY_PROVIDER_ID)?.insert(key, ())?;
    }
    draft.derived.count(head.account, 1);
    draft.derived.row_changed(pk);
    Ok(())
}

/// Recomputes the current version of `key`: the newest one whose change is not undone, if any.
pub(in crate::store) fn recompute(draft: &mut Draft, key: &ObjectKey, undone: &Undone) -> Result<()> {
    let current = current(draft, key)?;
    let mut best = current.filter(|change| !undone.contains(change)).map(|change| (change, None));
    for entry in draft.txn.open_table(VERSIONS)?.range(key.version(0).as_slice()..=key.version(u64::MAX).as_slice())? {
        let (name, value) = entry?;
        let (_, change) = keys::split_version(name.value())?;
        let newer = best.as_ref().is_none_or(|(best, _)| *best < change);
        if newer && !undone.contains(&change) {
            best = Some((change, Some(checksum::check(name.value(), value.value())?.to_vec())));
        }
    }
    if best.as_ref().map(|(change, _)| *change) == current {
        return Ok(());
    }
    if let Some((change, former)) = take_current(draft, key)? {
        put_version(draft, key, change, Some(&former))?;
    }
    let Some((change, Some(version))) = best else { return Ok(()) };
    if let Some(body) = body_of(&version)? {
        draft.txn.open_table(VERSIONS)?.remove(key.version(change).as_slice())?;
        put_current(draft, key, change, body)?;
    }
    Ok(())
}
