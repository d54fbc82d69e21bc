//! Permanent removal of the data of a connection, with every version of it. It can't be undone.

use std::collections::BTreeSet;

use redb::ReadableTable as _;

use crate::{
    domain::{Account, AccountId, ConnectionId},
    store::{
        columns::chunks::CHUNK_ROWS,
        error::Result,
        format::{
            checksum,
            keys::{self, KeyKind, ObjectKey},
            record, row,
        },
        history::{bulk_undo, draft::Draft, journal, pairs, versions},
        lookup,
        schema::{
            BY_DATE, BY_PROVIDER_ID, CHANGES, CREDENTIALS, DIGESTS, PARKED, RECORDS, SOURCES, TRANSACTIONS, UNDONE,
            VERSIONS,
        },
    },
};

/// The accounts to remove, and all rows they ever had.
#[derive(Default)]
struct Removal {
    accounts: BTreeSet<u64>,
    rows: BTreeSet<u64>,
}

impl Removal {
    fn has_account(&self, id: Option<u64>) -> bool {
        id.is_some_and(|id| self.accounts.contains(&id))
    }

    /// Whether a key belongs to one of the accounts or rows.
    fn has_key(&self, key: &ObjectKey) -> bool {
        match key.kind() {
            Some(
                KeyKind::Account | KeyKind::AccountUser | KeyKind::AccountMerge | KeyKind::Snapshot | KeyKind::Holding,
            ) => self.has_account(key.first_number()),
            Some(KeyKind::Row | KeyKind::RowUser) => key.first_number().is_some_and(|pk| self.rows.contains(&pk)),
            Some(KeyKind::RowPair) => {
                [key.first_number(), key.last_number()].into_iter().flatten().any(|pk| self.rows.contains(&pk))
            }
            Some(KeyKind::Connection | KeyKind::SyncState) | None => false,
        }
    }
}

/// Permanently removes everything that came through a connection, with all its versions. Returns the number of rows.
pub(in crate::store) fn erase(draft: &mut Draft, id: ConnectionId) -> Result<u64> {
    let mut removal = accounts_to_remove(draft, id)?;
    let before = lookup::row_count(&draft.txn.open_table(TRANSACTIONS)?)?;
    erase_rows(draft, &mut removal)?;
    erase_parked(draft, &mut removal)?;
    erase_records(draft, &mut removal, id)?;
    erase_sources(draft, id)?;
    draft.txn.open_table(CREDENTIALS)?.remove(id.0)?;
    draft.derived.stale.extend(removal.rows.iter().map(|pk| pk / CHUNK_ROWS));
    draft.written.removed_rows = true;
    Ok(before - lookup::row_count(&draft.txn.open_table(TRANSACTIONS)?)?)
}

/// Accounts that belong to the connection in any version.
fn accounts_to_remove(draft: &Draft, id: ConnectionId) -> Result<Removal> {
    let mut removal = Removal::default();
    for account in lookup::accounts(&draft.txn.open_table(RECORDS)?)? {
        if account.connection_id == id {
            removal.accounts.insert(account.id.0);
        }
    }
    let accounts = ObjectKey::every(KeyKind::Account);
    let end = accounts.successor();
    for entry in draft.txn.open_table(VERSIONS)?.range(accounts.as_bytes()..end.as_slice())? {
        let (name, value) = entry?;
        let Some(body) = versions::body_of(checksum::check(name.value(), value.value())?)? else { continue };
        let account: Account = record::from_json(body)?;
        if account.connection_id == id {
            removal.accounts.insert(account.id.0);
        }
    }
    Ok(removal)
}

fn erase_rows(draft: &mut Draft, removal: &mut Removal) -> Result<()> {
    let mut rows = draft.txn.open_table(TRANSACTIONS)?;
    let (mut dates, mut ids) = (draft.txn.open_table(BY_DATE)?, draft.txn.open_table(BY_PROVIDER_ID)?);
    for account in &removal.accounts {
        let account = keys::account_number(AccountId(*account))?;
        let (low, high) = (keys::pack(account, 0, 0), keys::pack(account, u32::MAX, u64::MAX));
        let mut count = 0;
        for entry in dates.range(low..=high)? {
            removal.rows.insert(keys::pk(entry?.0.value()).0);
            count += 1;
        }
        dates.retain_in(low..=high, |_, ()| false)?;
        ids.retain_in(low..=high, |_, ()| false)?;
        draft.derived.count(account, -count);
    }
    if let (Some(first), Some(last)) = (removal.rows.first(), removal.rows.last()) {
        rows.retain_in(*first..=*last, |pk, _| !removal.rows.contains(&pk))?;
    }
    Ok(())
}

fn erase_parked(draft: &Draft, removal: &mut Removal) -> Result<()> {
    let mut parked = draft.txn.open_table(PARKED)?;
    let mut from = (0, 0);
    loop {
        let next = parked.range(from..)?.next().transpose()?;
        let Some((key, value)) = next.map(|(key, value)| (key.value(), value.value().to_vec())) else {
            return Ok(());
        };
        from = (key.0, key.1 + 1);
        let rest = bulk_undo::without(key, &value, |pk, body| {
            let goes = removal.has_account(row::head(body).ok().map(|head| u64::from(head.account)));
            if goes {
                removal.rows.insert(pk.0);
            }
            goes
        })?;
        if let Some(rest) = rest {
            parked.remove(key)?;
            if !rest.is_empty() {
                parked.insert(key, rest.as_slice())?;
            }
        }
    }
}

fn erase_records(draft: &mut Draft, removal: &mut Removal, id: ConnectionId) -> Result<()> {
    find_hidden_rows(draft, removal)?;
    let undone = journal::undone(&draft.txn.open_table(UNDONE)?)?;
    pairs::release(draft, &removal.rows, &undone)?;
    let states = ObjectKey::sync_states_of(id);
    let goes = |key: &ObjectKey| removal.has_key(key) || key.as_bytes().starts_with(states.as_bytes());
    let mut versions = draft.txn.open_table(VERSIONS)?;
    versions.retain(|name, _| keys::split_version(name).map_or(true, |(key, _)| !goes(&key)))?;
    draft.txn.open_table(RECORDS)?.retain(|key, _| !goes(&ObjectKey::from_bytes(key)))?;
    Ok(())
}

/// Rows of the accounts that have no current version.
fn find_hidden_rows(draft: &Draft, removal: &mut Removal) -> Result<()> {
    let versions = draft.txn.open_table(VERSIONS)?;
    let all_rows = ObjectKey::every(KeyKind::Row);
    let end = all_rows.successor();
    for entry in versions.range(all_rows.as_bytes()..end.as_slice())? {
        let (name, value) = entry?;
        let Some(body) = versions::body_of(checksum::check(name.value(), value.value())?)? else { continue };
        if removal.has_account(Some(u64::from(row::head(body)?.account)))
            && let Some(pk) = keys::split_version(name.value())?.0.as_row()
        {
            removal.rows.insert(pk.0);
        }
    }
    Ok(())
}

fn erase_sources(draft: &Draft, id: ConnectionId) -> Result<()> {
    let mut of_connection = BTreeSet::new();
    for entry in draft.txn.open_table(CHANGES)?.iter()? {
        let (change, value) = entry?;
        if journal::decode(change.value(), value.value(), false)?.connection_id == Some(id) {
            of_connection.insert(change.value());
        }
    }
    draft.txn.open_table(SOURCES)?.retain(|(change, _), _| !of_connection.contains(&change))?;
    draft.txn.open_table(DIGESTS)?.retain(|digest, change| {
        checksum::check_u64(digest, change).map_or(true, |change| !of_connection.contains(&change))
    })?;
    Ok(())
}
