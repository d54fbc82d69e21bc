//! Names that the user gives to connections, as changes that can be undone.
//!
//! The content of a connection is not versioned, since a sync must not be undone with it; the name that the user gave is: a record
//! of each renamed connection states it, and the name before the first record. INVARIANT: after an undo or redo the connection has
//! the name of its current record.

use serde::{Deserialize, Serialize};

use super::JobFailure;
use crate::{
    domain::{Connection, ConnectionId},
    store::{Reader, Writer},
};

/// The stream of the record.
const STREAM: &str = "name";

/// The record. A name of `None` is that of the institution.
#[derive(Debug, Serialize, Deserialize)]
struct GivenName {
    alias: Option<String>,
    /// The name without any record.
    first: Option<String>,
}

/// Gives a connection another name.
pub(super) fn put(writer: &mut Writer, connection: &Connection, alias: Option<String>) -> Result<(), JobFailure> {
    let known = read(writer.sync_state(connection.id, STREAM)?);
    let first = known.map_or_else(|| connection.alias.clone(), |known| known.first);
    let record = GivenName { alias: alias.clone(), first };
    let record = serde_json::to_vec(&record).unwrap_or_default();
    writer.put_sync_state(connection.id, STREAM, &record)?;
    Ok(writer.put_connection(&Connection { alias, ..connection.clone() })?)
}

/// Gives every connection the name that an undo or redo leaves. `reader` has the state before.
pub(super) fn follow(reader: &Reader, writer: &mut Writer) -> Result<(), JobFailure> {
    let ids: Vec<ConnectionId> = reader.connections()?.into_iter().map(|connection| connection.id).collect();
    for id in ids {
        let (before, after) = (reader.sync_state(id, STREAM)?, writer.sync_state(id, STREAM)?);
        if before == after {
            continue;
        }
        let name = match (read(after), read(before)) {
            (Some(after), _) => after.alias,
            (None, Some(before)) => before.first,
            (None, None) => continue,
        };
        if let Some(connection) = writer.connection(id)? {
            writer.put_connection(&Connection { alias: name, ..connection })?;
        }
    }
    Ok(())
}

/// A record that can't be read counts as none.
fn read(record: Option<Vec<u8>>) -> Option<GivenName> {
    serde_json::from_slice(&record?).ok()
}
