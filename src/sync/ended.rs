//! Ending and taking up connections as changes that can be undone.
//!
//! The content of a connection is not versioned, since a sync must not be undone with it; whether the user ended it is: a
//! record of each connection states it. INVARIANT: an account belongs to at most one connection that counts, checked in the commit
//! that would make it two; a connection without a login is never active.

use chrono::{DateTime, Utc};

use super::JobFailure;
use crate::{
    domain::{Change, ChangeId, Connection, ConnectionId, FailureKind, TransitionError},
    providers,
    store::{Reader, Store, Writer},
};

/// The stream of the record.
const STREAM: &str = "ended";

/// Notes that the user ended a connection, or took it up again.
pub(super) fn put(writer: &mut Writer, connection: ConnectionId, ended: bool) -> Result<(), JobFailure> {
    let value: &[u8] = if ended { b"true" } else { b"false" };
    Ok(writer.put_sync_state(connection, STREAM, value)?)
}

/// Brings a connection into the state that an undo or redo of `change` leaves. `reader` has the state before.
pub(super) fn follow(
    reader: &Reader,
    writer: &mut Writer,
    id: ConnectionId,
    change: ChangeId,
    now: DateTime<Utc>,
) -> Result<(), JobFailure> {
    let is_ended = |value: Option<Vec<u8>>| value.as_deref() == Some(b"true");
    let (before, after) = (is_ended(reader.sync_state(id, STREAM)?), is_ended(writer.sync_state(id, STREAM)?));
    let Some(mut connection) = writer.connection(id)?.filter(|_| before != after) else { return Ok(()) };
    if after {
        connection.mark_disconnected();
        writer.remove_credential(id)?;
        return Ok(writer.put_connection(&connection)?);
    }
    if connection.counts() {
        return Ok(());
    }
    if let Some(other) = counting_twin(writer, &connection)? {
        let message = format!(
            "change {change} can't be undone: {} has accounts of {} now",
            other.display_name(),
            connection.display_name()
        );
        return Err(JobFailure::new(FailureKind::CannotUndo, message)
            .with_hint(format!("an account counts once: disconnect {} first", other.display_name())));
    }
    let wrong_state = |error: TransitionError| JobFailure::caused(FailureKind::WrongState, error);
    connection.mark_reconnected(now).map_err(wrong_state)?;
    if providers::is_live(&connection) && reader.credential(id)?.is_none() {
        // Its accounts count again; its login was deleted.
        connection.mark_expired().map_err(wrong_state)?;
        connection.error = Some("its login was deleted: log in again".to_owned());
    }
    Ok(writer.put_connection(&connection)?)
}

/// The connection of a change that counts and has no login any more.
pub fn login_needed(store: &Store, change: &Change) -> Result<Option<ConnectionId>, JobFailure> {
    let reader = store.read()?;
    let Some(connection) = change.connection_id.map(|id| reader.connection(id)).transpose()?.flatten() else {
        return Ok(None);
    };
    let is_missing =
        connection.counts() && providers::is_live(&connection) && reader.credential(connection.id)?.is_none();
    Ok(is_missing.then_some(connection.id))
}

/// Another connection of the same source that counts and has one of the accounts.
pub(super) fn counting_twin(writer: &mut Writer, connection: &Connection) -> Result<Option<Connection>, JobFailure> {
    let accounts = writer.accounts()?;
    let own: Vec<_> = accounts.iter().filter(|account| account.connection_id == connection.id).collect();
    let is_twin = |other: &Connection| {
        other.id != connection.id
            && other.counts()
            && other.provider == connection.provider
            && other.institution_key == connection.institution_key
            && accounts.iter().filter(|account| account.connection_id == other.id).any(|account| {
                own.iter().any(|own| {
                    own.provider_account_id == account.provider_account_id && own.currency == account.currency
                })
            })
    };
    Ok(writer.connections()?.into_iter().find(is_twin))
}
