//! State that a connection keeps between passes: the adapter's cursors, and notes of the engine.
//!
//! Stored as streams of the connection, so undoing a sync brings the earlier state back.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Serialize, de::DeserializeOwned};

use super::JobFailure;
use crate::{
    domain::{Account, Change, ChangeId, ChangeKind, ConnectionId, FailureKind, TransactionId},
    providers::{KnownAccount, LiabilityDraft},
    store::{Reader, Writer},
};

/// Names of the cursors that exist.
const KEYS: &str = "cursors";
/// Rows of an abandoned reading.
const GHOSTS: &str = "ghosts";
/// Undone syncs whose rows were fetched again.
const REFETCHED: &str = "refetched";

fn cursor_stream(key: &str) -> String {
    format!("cursor/{key}")
}

/// The watermark that versions before cursors kept for an account. It has the fields of a row mark.
fn old_watermark_stream(account: &Account) -> String {
    format!("rows/{}", account.id)
}

/// The stored state of a connection.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    pub(super) cursors: BTreeMap<String, String>,
    pub(super) accounts: Vec<KnownAccount>,
    pub(super) ghosts: BTreeSet<TransactionId>,
    /// All undone syncs, if some of their rows are missing: the cursors are dropped then.
    pub(super) refetched: Option<Vec<ChangeId>>,
}

impl State {
    pub(super) fn read(reader: &Reader, connection: ConnectionId) -> Result<Self, JobFailure> {
        let mut state = Self::default();
        let accounts = reader.source_accounts()?.into_iter().filter(|account| account.connection_id == connection);
        let keys = read::<Vec<String>>(reader, connection, KEYS)?;
        for account in accounts {
            if keys.is_none()
                && let Some(bytes) = reader.sync_state(connection, &old_watermark_stream(&account))?
                && let Ok(text) = String::from_utf8(bytes)
            {
                state.cursors.insert(format!("rows/{}", account.provider_account_id), text);
            }
            state.accounts.push(KnownAccount {
                provider_account_id: account.provider_account_id,
                name: account.name,
                account_type: account.account_type,
                currency: account.currency,
                institution: account.institution,
                signs: account.signs,
            });
        }
        for key in keys.unwrap_or_default() {
            if let Some(value) = read_cursor(reader, connection, &key)? {
                state.cursors.insert(key, value);
            }
        }
        state.ghosts = read(reader, connection, GHOSTS)?.unwrap_or_default();
        let undone = undone_syncs(reader, connection)?;
        let refetched: Vec<ChangeId> = read(reader, connection, REFETCHED)?.unwrap_or_default();
        if undone.iter().any(|change| !refetched.contains(change)) {
            // Rows of an undone sync lie before the cursors of later ones.
            state.cursors.clear();
            state.refetched = Some(undone);
        }
        Ok(state)
    }
}

/// Syncs of a connection that are undone.
fn undone_syncs(reader: &Reader, connection: ConnectionId) -> Result<Vec<ChangeId>, JobFailure> {
    let is_one =
        |change: &Change| change.undone && change.kind == ChangeKind::Sync && change.connection_id == Some(connection);
    Ok(reader.changes(None, usize::MAX)?.into_iter().filter(is_one).map(|change| change.id).collect())
}

fn read<T: DeserializeOwned>(reader: &Reader, connection: ConnectionId, stream: &str) -> Result<Option<T>, JobFailure> {
    let bytes = reader.sync_state(connection, stream)?;
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

/// The stored value of a cursor; an empty one does not exist.
pub(super) fn read_cursor(reader: &Reader, connection: ConnectionId, key: &str) -> Result<Option<String>, JobFailure> {
    let bytes = reader.sync_state(connection, &cursor_stream(key))?;
    Ok(bytes.and_then(|bytes| String::from_utf8(bytes).ok()).filter(|text| !text.is_empty()))
}

/// Stores a cursor; `None` removes it.
pub(super) fn put_cursor(
    writer: &mut Writer,
    connection: ConnectionId,
    key: &str,
    value: Option<&str>,
) -> Result<(), JobFailure> {
    let kept = writer.sync_state(connection, KEYS)?;
    let mut keys: Vec<String> = kept.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    if value.is_some() && !keys.iter().any(|known| known == key) {
        keys.push(key.to_owned());
        put(writer, connection, KEYS, &keys)?;
    }
    Ok(writer.put_sync_state(connection, &cursor_stream(key), value.unwrap_or_default().as_bytes())?)
}

pub(super) fn put_ghosts(
    writer: &mut Writer,
    connection: ConnectionId,
    ghosts: &BTreeSet<TransactionId>,
) -> Result<(), JobFailure> {
    put(writer, connection, GHOSTS, ghosts)
}

/// Notes that the rows of undone syncs are fetched again from now on: every cursor is removed in the same change.
pub(super) fn put_refetched(
    writer: &mut Writer,
    connection: ConnectionId,
    undone: &[ChangeId],
) -> Result<(), JobFailure> {
    let kept = writer.sync_state(connection, KEYS)?;
    let keys: Vec<String> = kept.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    for key in &keys {
        put_cursor(writer, connection, key, None)?;
    }
    put(writer, connection, KEYS, &keys)?;
    put(writer, connection, REFETCHED, &undone)
}

/// Notes that an undone sync was redone: if it is undone once more, its rows must be fetched once more.
pub(in crate::sync) fn note_redone(
    writer: &mut Writer,
    connection: ConnectionId,
    redone: ChangeId,
) -> Result<(), JobFailure> {
    let kept = writer.sync_state(connection, REFETCHED)?;
    let mut refetched: Vec<ChangeId> = kept.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    if refetched.contains(&redone) {
        refetched.retain(|change| *change != redone);
        put(writer, connection, REFETCHED, &refetched)?;
    }
    Ok(())
}

/// Whether the last listing of positions of an account was unexpectedly empty.
pub(super) fn was_empty(reader: &Reader, connection: ConnectionId, account: &str) -> Result<bool, JobFailure> {
    Ok(read(reader, connection, &empty_stream(account))?.unwrap_or(false))
}

pub(super) fn put_empty(
    writer: &mut Writer,
    connection: ConnectionId,
    account: &str,
    is_empty: bool,
) -> Result<(), JobFailure> {
    put(writer, connection, &empty_stream(account), &is_empty)
}

/// The terms of a debt.
pub(super) fn put_terms(
    writer: &mut Writer,
    connection: ConnectionId,
    account: &str,
    terms: LiabilityDraft,
) -> Result<(), JobFailure> {
    put(writer, connection, &format!("terms/{account}"), &terms)
}

fn empty_stream(account: &str) -> String {
    format!("empty/{account}")
}

/// A list of facts under a name, with `new` ones added; those that `same` finds alike replace earlier ones.
pub(super) fn add_facts<T: Serialize + DeserializeOwned + PartialEq>(
    writer: &mut Writer,
    connection: ConnectionId,
    stream: &str,
    new: Vec<T>,
    same: impl Fn(&T, &T) -> bool,
) -> Result<(), JobFailure> {
    let kept = writer.sync_state(connection, stream)?;
    let mut facts: Vec<T> = kept.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    for fact in new {
        match facts.iter_mut().find(|known| same(known, &fact)) {
            Some(known) => *known = fact,
            None => facts.push(fact),
        }
    }
    put(writer, connection, stream, &facts)
}

fn put<T: Serialize + ?Sized>(
    writer: &mut Writer,
    connection: ConnectionId,
    stream: &str,
    value: &T,
) -> Result<(), JobFailure> {
    let bytes = serde_json::to_vec(value).map_err(|error| JobFailure::caused(FailureKind::Store, error))?;
    Ok(writer.put_sync_state(connection, stream, &bytes)?)
}
