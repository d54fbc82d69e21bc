//! The end of a sync: the connection's state, its error and the time of its next sync.

use super::{JobFailure, Live, SyncError, schedule};
use crate::{
    domain::{
        ChangeKind, Connection, ConnectionId, ConnectionStatus, Disposition, FailureKind, ProviderErrorKind,
        TransitionError,
    },
    providers::{ProviderMetadata, ScopedFailure},
    sync::{AccountResult, ConnectionReport, SyncedAccount},
};

impl Live {
    /// Stores that a pass was completed, with the problems of its parts.
    pub(super) fn note_success(
        &self,
        id: ConnectionId,
        metadata: &ProviderMetadata,
        problems: &[ScopedFailure],
        report: &ConnectionReport,
    ) -> Result<ConnectionStatus, JobFailure> {
        let now = self.clock.now();
        let mut writer = self.store.begin(ChangeKind::Sync, "sync", now)?;
        let connection = writer.connection(id)?.filter(|connection| connection.status == ConnectionStatus::Active);
        let mut connection = connection.ok_or_else(super::pass::ended_meanwhile)?;
        connection.last_sync_at = Some(now);
        connection.error = summary(&report.accounts, report.error.as_ref());
        let after_success = schedule::next_after_success(now, self.config.schedule, metadata, self.chance());
        // A part that failed is due when its provider allows, not with the rest.
        let retries = problems.iter().filter_map(|problem| match problem.error.disposition() {
            disposition @ Disposition::Retry { .. } => {
                schedule::next_after_failure(now, self.config.schedule, &disposition)
            }
            Disposition::Reauthenticate | Disposition::AskUser | Disposition::Permanent => None,
        });
        connection.next_sync_at = retries.chain(after_success).min();
        writer.put_connection(&connection)?;
        writer.commit_unlisted()?;
        Ok(connection.status)
    }

    /// Stores that a sync failed: the state that follows, the message for the screen, the time of the next attempt.
    pub(super) fn note_failure(
        &self,
        id: ConnectionId,
        error: &SyncError,
        failure: &JobFailure,
    ) -> Result<ConnectionStatus, JobFailure> {
        let now = self.clock.now();
        let mut writer = self.store.begin(ChangeKind::Sync, "failed sync", now)?;
        let Some(mut connection) = writer.connection(id)? else { return Ok(ConnectionStatus::Disconnected) };
        if connection.status != ConnectionStatus::Active {
            return Ok(connection.status);
        }
        if connection.status_at(now) != ConnectionStatus::Active {
            // Computed from the date of the login, so that a corrected clock takes it back.
            return Ok(connection.status_at(now));
        }
        let retry = Disposition::Retry { not_before: None };
        let (step, disposition) = match error {
            // A local failure gives no evidence about the login.
            SyncError::Local(_) => (Ok(()), retry),
            SyncError::Provider(error) => (after_failure(&mut connection, &error.kind), error.disposition()),
        };
        step.map_err(|error| JobFailure::caused(FailureKind::WrongState, error))?;
        connection.error = Some(failure.message.clone());
        connection.next_sync_at = schedule::next_after_failure(now, self.config.schedule, &disposition);
        writer.put_connection(&connection)?;
        writer.commit_unlisted()?;
        Ok(connection.status)
    }

    fn chance(&self) -> u64 {
        let mut bytes = [0; 8];
        // Without randomness all connections are due at the same moment, which is harmless.
        let _ = self.config.entropy.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }
}

/// The state that follows from a provider's failure.
fn after_failure(connection: &mut Connection, kind: &ProviderErrorKind) -> Result<(), TransitionError> {
    match kind {
        ProviderErrorKind::LoginExpired => connection.mark_expired(),
        ProviderErrorKind::Authentication | ProviderErrorKind::Revoked => connection.mark_revoked(),
        ProviderErrorKind::PaymentRequired
        | ProviderErrorKind::RateLimited { .. }
        | ProviderErrorKind::Unavailable
        | ProviderErrorKind::InvalidResponse
        | ProviderErrorKind::Validation
        | ProviderErrorKind::Forbidden
        | ProviderErrorKind::NotConfigured
        | ProviderErrorKind::Cancelled
        | ProviderErrorKind::Local => Ok(()),
    }
}

/// The incomplete accounts in one sentence.
fn summary(accounts: &[SyncedAccount], general: Option<&JobFailure>) -> Option<String> {
    let failed: Vec<&SyncedAccount> = accounts.iter().filter(|account| account.result != AccountResult::Ok).collect();
    let Some(first) = failed.first() else { return general.map(|failure| failure.message.clone()) };
    let reason = first.reason.as_deref().unwrap_or("unknown");
    Some(format!("{} of {} accounts incomplete: {}: {reason}", failed.len(), accounts.len(), first.name))
}
