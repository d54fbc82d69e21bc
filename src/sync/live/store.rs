//! What was fetched into the store: one change a sync.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::{
    Live, Occasion, SyncError, SyncOrder,
    fetch::{Fetched, FetchedAccount, KnownAccount, Watermark},
    schedule,
};
use crate::{
    domain::{
        Account, AccountId, Change, ChangeCounts, ChangeId, ChangeKind, Connection, ConnectionId, ConnectionStatus,
        Disposition, FailureKind, IdTrust, ProviderErrorKind, SnapshotSource, TransitionError,
    },
    store::Reader,
    sync::{
        AccountResult, ConnectionReport, Failure, SyncedAccount,
        account::{self, AccountPlan, News, Positions, Writing},
    },
};

/// The stream under which an account's watermark is kept.
fn watermark_stream(account: AccountId) -> String {
    format!("rows/{account}")
}

fn watermark(reader: &Reader, connection: ConnectionId, account: AccountId) -> Result<Watermark, Failure> {
    let kept = reader.sync_state(connection, &watermark_stream(account))?;
    Ok(kept.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
}

/// Syncs of a connection that are taken back.
fn undone_syncs(reader: &Reader, connection: ConnectionId) -> Result<Vec<ChangeId>, Failure> {
    let changes = reader.changes(None, usize::MAX)?;
    let is_one =
        |change: &Change| change.undone && change.kind == ChangeKind::Sync && change.connection_id == Some(connection);
    Ok(changes.into_iter().filter(is_one).map(|change| change.id).collect())
}

impl Live {
    pub(super) async fn known_accounts(
        self: &Arc<Self>,
        connection: ConnectionId,
    ) -> Result<Vec<KnownAccount>, Failure> {
        self.blocking(move |live| {
            let reader = live.store.read()?;
            let undone = undone_syncs(&reader, connection)?;
            let accounts = reader.accounts()?.into_iter().filter(|account| account.connection_id == connection);
            accounts
                .map(|account| {
                    let mut watermark = watermark(&reader, connection, account.id)?;
                    // Rows that a sync brought before the watermark are gone again when that sync was undone.
                    if undone.iter().any(|change| !watermark.refetched.contains(change)) {
                        watermark = Watermark::default();
                    }
                    watermark.refetched.clone_from(&undone);
                    Ok(KnownAccount { account, watermark })
                })
                .collect()
        })
        .await
    }

    /// Writes what was fetched, if anything of it is new, and fills in the report.
    pub(super) async fn keep(
        self: &Arc<Self>,
        connection: &Connection,
        fetched: Fetched,
        order: &SyncOrder,
        dropped: &CancellationToken,
        report: &mut ConnectionReport,
    ) -> Result<(), Failure> {
        let (connection, occasion, mut filled) = (connection.clone(), order.occasion, report.clone());
        let dropped = dropped.clone();
        *report = self
            .writing(move |live| {
                if dropped.is_cancelled() {
                    return Err(Failure::cancelled());
                }
                live.keep_now(&connection, fetched, occasion, &mut filled)?;
                Ok(filled)
            })
            .await?;
        Ok(())
    }

    fn keep_now(
        &self,
        connection: &Connection,
        fetched: Fetched,
        occasion: Occasion,
        report: &mut ConnectionReport,
    ) -> Result<(), Failure> {
        let now = self.clock.now();
        let reader = self.store.read()?;
        // It may have been renamed, or ended, while the provider was asked.
        let current = reader.connection(connection.id)?;
        let mut connection =
            current.ok_or_else(|| Failure::new(FailureKind::NotFound, "the connection was removed meanwhile"))?;
        if connection.status != ConnectionStatus::Active {
            return Err(Failure::new(FailureKind::WrongState, "the connection was ended meanwhile"));
        }
        let stored = reader.accounts()?;
        let stored: Vec<Account> =
            stored.into_iter().filter(|account| account.connection_id == connection.id).collect();
        let mut plans = Vec::with_capacity(fetched.accounts.len());
        let mut counts = ChangeCounts::default();
        let mut marks_move = false;
        for said in &fetched.accounts {
            let plan = plan_account(&reader, &connection, &stored, said)?;
            if let Some(id) = plan.known_id() {
                marks_move |= said
                    .watermark
                    .as_ref()
                    .is_some_and(|mark| watermark(&reader, connection.id, id).is_ok_and(|known| known != *mark));
            }
            plan.add_to(&mut counts);
            report.accounts.push(result_of(&plan, said));
            plans.push(plan);
        }
        let missed = missed_accounts(&stored, &fetched);
        drop(reader);
        report.transactions_imported = counts.transactions_imported;
        report.transactions_updated = counts.transactions_updated;
        report.transactions_removed = counts.transactions_removed;
        report.holdings = counts.holdings;
        report.warnings.extend(fetched.warnings.iter().cloned());
        report.warnings.extend(fetched.accounts.iter().flat_map(|account| account.warnings.iter().cloned()));

        connection.last_sync_at = Some(now);
        connection.error = summary_of_failures(&report.accounts);
        let metadata = crate::providers::find(&connection.provider);
        let metadata = metadata.map_err(|error| Failure::caused(FailureKind::NotFound, error))?;
        connection.next_sync_at = schedule::next_after_success(now, self.config.schedule, metadata, self.chance());
        report.status = connection.status;

        let source = connection.display_name().to_owned();
        let mut writer = self.store.begin(ChangeKind::Sync, &source, now)?;
        writer.put_connection(&connection)?;
        let nothing_new = plans.iter().all(AccountPlan::is_empty) && missed.is_empty();
        if nothing_new && !marks_move {
            return Ok(writer.commit_unlisted()?);
        }
        let writing = Writing {
            connection: &connection,
            now,
            source: match occasion {
                Occasion::Asked { .. } => SnapshotSource::ManualSync,
                Occasion::Due => SnapshotSource::ScheduledSync,
                Occasion::First => SnapshotSource::InitialConnection,
            },
        };
        let mut ids = Vec::with_capacity(plans.len());
        for ((plan, said), result) in plans.into_iter().zip(fetched.accounts).zip(&mut report.accounts) {
            let id = account::write(&writing, &mut writer, plan, said.rows)?;
            if let Some(mark) = said.watermark {
                let bytes = serde_json::to_vec(&mark).map_err(|error| Failure::caused(FailureKind::Store, error))?;
                writer.put_sync_state(connection.id, &watermark_stream(id), &bytes)?;
            }
            result.id = Some(id);
            ids.push(id);
        }
        for account in missed {
            writer.put_account(&account)?;
        }
        if nothing_new {
            // Only the watermark moved: worth keeping, not worth a line in the journal of its own news.
            counts = ChangeCounts { accounts_updated: counts.accounts_updated, ..ChangeCounts::default() };
        }
        let change = writer.commit(counts, ids, Some(connection.id), report.warnings.clone())?;
        report.change_id = Some(change.id);
        Ok(())
    }

    fn chance(&self) -> u64 {
        let mut bytes = [0; 8];
        // Without randomness all connections are simply due at the same moment.
        let _ = self.config.entropy.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// Notes a failed sync: the state that follows from it, the words for the screen, when to try again.
    pub(super) fn note_failure(
        &self,
        id: ConnectionId,
        error: &SyncError,
        failure: &Failure,
    ) -> Result<ConnectionStatus, Failure> {
        let now = self.clock.now();
        let mut writer = self.store.begin(ChangeKind::Sync, "failed sync", now)?;
        let Some(mut connection) = writer.connection(id)? else { return Ok(ConnectionStatus::Disconnected) };
        if connection.status != ConnectionStatus::Active {
            return Ok(connection.status);
        }
        let retry = Disposition::Retry { not_before: None };
        let (step, disposition) = match error {
            // Says nothing about the login.
            SyncError::Local(_) => (Ok(()), retry),
            SyncError::Provider(error) => (after_failure(&mut connection, &error.kind), error.disposition()),
        };
        step.map_err(|error| Failure::caused(FailureKind::WrongState, error))?;
        connection.error = Some(failure.message.clone());
        connection.next_sync_at = schedule::next_after_failure(now, self.config.schedule, &disposition);
        writer.put_connection(&connection)?;
        writer.commit_unlisted()?;
        Ok(connection.status)
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
        | ProviderErrorKind::Cancelled => Ok(()),
    }
}

fn plan_account(
    reader: &Reader,
    connection: &Connection,
    stored: &[Account],
    said: &FetchedAccount,
) -> Result<AccountPlan, Failure> {
    let known = stored.iter().find(|account| account.provider_account_id == said.draft.provider_account_id);
    let positions = said.holdings.as_ref().map(|listing| Positions {
        items: &listing.items,
        // A position that could not be read is not sold.
        complete: listing.complete && listing.warnings.is_empty(),
        as_of: listing.items.iter().map(|item| item.as_of).max().or(said.draft.balance.map(|balance| balance.date)),
    });
    let news = News {
        draft: &said.draft,
        rows: &said.rows,
        removed: &said.removed,
        trust: IdTrust::Unique,
        complete: said.window,
        holdings: positions,
        history: &said.history,
    };
    account::plan(reader, connection, known, &[], &news)
}

fn result_of(plan: &AccountPlan, said: &FetchedAccount) -> SyncedAccount {
    let reason = said.failures.iter().map(|(part, error)| format!("{part}: {}", error.message)).collect::<Vec<_>>();
    SyncedAccount {
        id: plan.known_id(),
        name: plan.account.display_name().to_owned(),
        // The account itself, with its balance, always arrived when we are here.
        result: if reason.is_empty() { AccountResult::Ok } else { AccountResult::Partial },
        reason: (!reason.is_empty()).then(|| reason.join("; ")),
    }
}

fn summary_of_failures(accounts: &[SyncedAccount]) -> Option<String> {
    let failed: Vec<&SyncedAccount> = accounts.iter().filter(|account| account.result != AccountResult::Ok).collect();
    let first = failed.first()?;
    let reason = first.reason.as_deref().unwrap_or("unknown");
    Some(format!("{} of {} accounts incomplete: {}: {reason}", failed.len(), accounts.len(), first.name))
}

/// Stored accounts that a complete and non-empty listing did not hold; after two in a row they are inactive.
fn missed_accounts(stored: &[Account], fetched: &Fetched) -> Vec<Account> {
    if !fetched.complete || fetched.accounts.is_empty() {
        return Vec::new();
    }
    let is_listed = |account: &Account| {
        fetched.accounts.iter().any(|said| said.draft.provider_account_id == account.provider_account_id)
    };
    let missed = stored.iter().filter(|account| account.is_active && !is_listed(account));
    missed
        .map(|account| {
            let missed_listings = account.missed_listings.saturating_add(1);
            Account { missed_listings, is_active: missed_listings < 2, ..account.clone() }
        })
        .collect()
}
