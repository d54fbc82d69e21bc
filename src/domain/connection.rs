//! A user's link to one provider, and the states it can be in.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{ConnectionId, vocabulary};

vocabulary! {
    /// The state of a connection.
    pub enum ConnectionStatus {
        /// Begun, not yet confirmed by the provider.
        Pending = "pending",
        /// Usable.
        Active = "active",
        /// The login ran out; logging in again repairs it.
        Expired = "expired",
        /// The institution or the user withdrew access.
        Revoked = "revoked",
        /// Never worked: the first check failed.
        Failed = "failed",
        /// Ended by the user; credentials are wiped.
        Disconnected = "disconnected",
    }
}

impl ConnectionStatus {
    /// Whether only a new login or new keys help.
    #[must_use]
    pub const fn needs_reauthentication(self) -> bool {
        matches!(self, Self::Expired | Self::Revoked | Self::Failed)
    }

    /// Whether no transition leads out of it.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Disconnected)
    }
}

/// A step the state machine does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a connection that is {from} can't become {to}")]
pub struct TransitionError {
    /// The state it is in.
    pub from: ConnectionStatus,
    /// The state asked for.
    pub to: ConnectionStatus,
}

/// A link to one provider. A source of statement files is one too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// Local identity.
    pub id: ConnectionId,
    /// Slug of the provider in the registry.
    pub provider: String,
    /// The institution at the other end.
    pub institution: String,
    /// Tells two institutions of one file provider apart (`B1/10898`); empty for live providers.
    #[serde(default)]
    pub institution_key: String,
    /// The user's name for it.
    #[serde(default)]
    pub alias: Option<String>,
    /// Its state; changed only by the `mark_` methods.
    pub status: ConnectionStatus,
    /// `production`, `sandbox`, `paper`, as the provider names its environments.
    #[serde(default)]
    pub environment: Option<String>,
    /// Provider ids of accounts that the user left out.
    #[serde(default)]
    pub excluded_accounts: Vec<String>,
    /// First success; never overwritten.
    pub connected_at: Option<DateTime<Utc>>,
    /// Last sync or import that succeeded, in whole or in part.
    pub last_sync_at: Option<DateTime<Utc>>,
    /// When the schedule means to sync it next.
    #[serde(default)]
    pub next_sync_at: Option<DateTime<Utc>>,
    /// When the login itself ends, however often tokens are renewed.
    #[serde(default)]
    pub login_expires_at: Option<DateTime<Utc>>,
    /// The last failure, for people; cleared by the next success.
    #[serde(default)]
    pub error: Option<String>,
}

impl Connection {
    /// A connection that was never used.
    #[must_use]
    pub fn new(id: ConnectionId, provider: impl Into<String>, institution: impl Into<String>) -> Self {
        Self {
            id,
            provider: provider.into(),
            institution: institution.into(),
            institution_key: String::new(),
            alias: None,
            status: ConnectionStatus::Pending,
            environment: None,
            excluded_accounts: Vec::new(),
            connected_at: None,
            last_sync_at: None,
            next_sync_at: None,
            login_expires_at: None,
            error: None,
        }
    }

    /// The name to show.
    #[must_use]
    pub fn display_name(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.institution)
    }

    /// Its state at `now`: an active login whose end has passed is expired. Computed, so that a wrong clock leaves no
    /// trace.
    #[must_use]
    pub fn status_at(&self, now: DateTime<Utc>) -> ConnectionStatus {
        match self.status {
            ConnectionStatus::Active if self.login_expires_at.is_some_and(|ends| ends <= now) => {
                ConnectionStatus::Expired
            }
            status => status,
        }
    }

    /// Whether its accounts count (a disconnected one's don't).
    #[must_use]
    pub const fn counts(&self) -> bool {
        !matches!(self.status, ConnectionStatus::Disconnected)
    }

    fn step(&mut self, allowed: &[ConnectionStatus], to: ConnectionStatus) -> Result<(), TransitionError> {
        if !allowed.contains(&self.status) {
            return Err(TransitionError { from: self.status, to });
        }
        self.status = to;
        Ok(())
    }

    /// The provider confirmed the credentials.
    ///
    /// # Errors
    /// From `active` and `disconnected`.
    pub fn mark_connected(&mut self, now: DateTime<Utc>) -> Result<(), TransitionError> {
        use ConnectionStatus::{Active, Expired, Failed, Pending, Revoked};
        self.step(&[Pending, Expired, Revoked, Failed], Active)?;
        self.connected_at.get_or_insert(now);
        self.error = None;
        Ok(())
    }

    /// The user connects the same institution again after ending it: accounts, rows and edits go on.
    ///
    /// # Errors
    /// From any state but `disconnected`.
    pub fn mark_reconnected(&mut self, now: DateTime<Utc>) -> Result<(), TransitionError> {
        self.step(&[ConnectionStatus::Disconnected], ConnectionStatus::Active)?;
        self.connected_at.get_or_insert(now);
        self.error = None;
        Ok(())
    }

    /// The login ran out; credentials are kept.
    ///
    /// # Errors
    /// From any state but `active`.
    pub fn mark_expired(&mut self) -> Result<(), TransitionError> {
        self.step(&[ConnectionStatus::Active], ConnectionStatus::Expired)
    }

    /// Access was withdrawn; credentials are kept.
    ///
    /// # Errors
    /// From any state but `active`.
    pub fn mark_revoked(&mut self) -> Result<(), TransitionError> {
        self.step(&[ConnectionStatus::Active], ConnectionStatus::Revoked)
    }

    /// The first check failed.
    ///
    /// # Errors
    /// From any state but `pending`.
    pub fn mark_failed(&mut self) -> Result<(), TransitionError> {
        self.step(&[ConnectionStatus::Pending], ConnectionStatus::Failed)
    }

    /// The user ended it. The caller wipes the credentials.
    pub fn mark_disconnected(&mut self) {
        self.status = ConnectionStatus::Disconnected;
        self.error = None;
        self.next_sync_at = None;
        self.login_expires_at = None;
    }

    /// A sync or import succeeded, in whole or in part.
    ///
    /// # Errors
    /// From any state but `active`.
    pub fn record_sync(&mut self, now: DateTime<Utc>) -> Result<(), TransitionError> {
        self.step(&[ConnectionStatus::Active], ConnectionStatus::Active)?;
        self.last_sync_at = Some(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_state(status: ConnectionStatus) -> Connection {
        Connection { status, ..Connection::new(ConnectionId(1), "test", "Test") }
    }

    /// The whole table: every state against every step.
    #[test]
    fn transitions_are_exactly_the_table() {
        use ConnectionStatus::{Active, Disconnected, Expired, Failed, Pending, Revoked};
        let now = DateTime::<Utc>::UNIX_EPOCH;
        for &from in ConnectionStatus::ALL {
            let after = |step: &dyn Fn(&mut Connection) -> Result<(), TransitionError>| {
                let mut connection = in_state(from);
                step(&mut connection).ok().map(|()| connection.status)
            };
            let only = |allowed: &[ConnectionStatus], to| allowed.contains(&from).then_some(to);
            assert_eq!(after(&|c| c.mark_connected(now)), only(&[Pending, Expired, Revoked, Failed], Active));
            assert_eq!(after(&|c| c.mark_reconnected(now)), only(&[Disconnected], Active));
            assert_eq!(after(&|c| c.mark_expired()), only(&[Active], Expired));
            assert_eq!(after(&|c| c.mark_revoked()), only(&[Active], Revoked));
            assert_eq!(after(&|c| c.mark_failed()), only(&[Pending], Failed));
            assert_eq!(after(&|c| c.record_sync(now)), only(&[Active], Active));
            let mut connection = in_state(from);
            connection.mark_disconnected();
            assert_eq!(connection.status, Disconnected);
        }
    }

    #[test]
    fn first_connect_time_is_kept() {
        let mut connection = in_state(ConnectionStatus::Pending);
        let first = DateTime::<Utc>::UNIX_EPOCH;
        connection.mark_connected(first).unwrap();
        connection.mark_expired().unwrap();
        connection.mark_connected(first + chrono::Duration::days(1)).unwrap();
        assert_eq!(connection.connected_at, Some(first));
    }
}
