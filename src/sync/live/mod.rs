//! Connections to providers: check, keep, sync, end.
//!
//! Used by the engine, one job per command; a connection has one sync at a time, which later requests join.
//! INVARIANT: a connection is stored only after its credentials were checked; a renewed token is stored before it is
//! used; a failure of one account or connection never affects the others.

mod budget;
mod chunk;
mod connect;
mod counters;
mod currencies;
mod end;
mod link;
mod lock;
mod login;
mod oauth;
mod outcome;
mod pass;
mod schedule;
mod state;
mod store;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::{
    FutureExt as _,
    future::{BoxFuture, Shared, WeakShared},
};
use tokio::sync::Mutex as AsyncMutex;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    ConnectionReport, JobFailure, JobId, JobProgress, SyncReport, failure::SyncError, handle::Shared as Engine,
};
use crate::{
    config::ProviderSettings,
    domain::{Connection, ConnectionId, ConnectionStatus, Disposition, FailureKind, ProviderError, ProviderErrorKind},
    ports::{Browser, Clock, Entropy},
    providers::{
        self, FetchPlan, LoginAccess, Piece, Provider, Purpose, Secrets, Sink as _,
        kit::{Counters, Http, KeptReply, Replies, ServerOrigin},
    },
    store::Store,
    vault::Vault,
};

pub(super) use connect::{Checked, Kept};
pub(super) use oauth::LoginStep;
pub use oauth::login_ends_soon;
pub use schedule::{Schedule, due_at};
pub(super) use state::note_redone;

/// Dependencies of live connections.
pub struct LiveConfig {
    /// The program's one HTTP client.
    pub http: Http,
    /// Opens and seals credentials.
    pub vault: Vault,
    /// Opens login pages.
    pub browser: Arc<dyn Browser>,
    /// Randomness that spreads scheduled syncs.
    pub entropy: Arc<dyn Entropy>,
    /// Origins that replace those of providers, by slug.
    pub endpoints: BTreeMap<String, ServerOrigin>,
    /// The user's settings for single providers.
    pub providers: ProviderSettings,
    /// When connections are due.
    pub schedule: Schedule,
}

/// The part of the engine that handles live connections.
pub(super) struct Live {
    pub(super) store: Store,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) config: LiveConfig,
    /// Publishes events.
    shared: Arc<Engine>,
    counters: Arc<dyn Counters>,
    /// Held during writes; shared with the rest of the engine.
    pub(super) write_gate: Arc<AsyncMutex<()>>,
    /// Running syncs, held weakly: a sync is dropped with the last job that waits for it.
    running: Mutex<HashMap<ConnectionId, WeakShared<BoxFuture<'static, ConnectionReport>>>>,
    /// One renewal per connection.
    renewals: Mutex<HashMap<ConnectionId, Arc<AsyncMutex<()>>>>,
    /// Renewals that continue after their job is cancelled: the old token may be invalid already.
    renewing: TaskTracker,
    in_use: Mutex<lock::InUse>,
    /// Checked logins that wait for confirmation.
    checked: Mutex<HashMap<JobId, Checked>>,
    /// Channels for pasted redirects, by job.
    pasting: Mutex<HashMap<JobId, tokio::sync::mpsc::UnboundedSender<secrecy::SecretString>>>,
}

/// A sync that several jobs may wait for.
type RunningSync = Shared<BoxFuture<'static, ConnectionReport>>;

/// Reason for a sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Occasion {
    /// Requested by the user; `force` ignores the minimum interval.
    Asked { force: bool },
    /// The schedule.
    Due,
    /// The connection is new.
    First,
}

/// A sync to perform.
#[derive(Clone)]
pub(super) struct SyncOrder {
    pub(super) occasion: Occasion,
    pub(super) from: Option<chrono::NaiveDate>,
    pub(super) progress: Arc<dyn Fn(JobProgress) + Send + Sync>,
    /// The pieces that the check of this login returned, for its first sync.
    pub(super) checked: Option<Arc<CheckedPieces>>,
    /// The replies of this sync.
    pub(super) replies: Replies,
}

/// Pieces of a check.
#[derive(Debug)]
pub(super) struct CheckedPieces {
    pub(super) pieces: Vec<Piece>,
    /// The replies that they were read from.
    pub(super) replies: Vec<KeptReply>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Live {
    pub(super) fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        config: LiveConfig,
        write_gate: Arc<AsyncMutex<()>>,
        shared: Arc<Engine>,
    ) -> Self {
        Self {
            counters: Arc::new(counters::StoredCounters::new(store.clone())),
            store,
            clock,
            config,
            write_gate,
            shared,
            running: Mutex::default(),
            renewals: Mutex::default(),
            renewing: TaskTracker::new(),
            in_use: Mutex::default(),
            checked: Mutex::default(),
            pasting: Mutex::default(),
        }
    }

    /// Waits for renewals, which must not be interrupted. Each has a time limit.
    pub(super) async fn settle(&self) {
        self.renewing.close();
        self.renewing.wait().await;
    }

    /// Drops the waiting state of a cancelled job.
    pub(super) fn forget(&self, job: JobId) {
        lock(&self.checked).remove(&job);
        lock(&self.pasting).remove(&job);
    }

    /// Drops the state of a login that ended.
    pub(super) fn forget_login(&self, job: JobId) {
        lock(&self.pasting).remove(&job);
    }

    /// Passes a pasted redirect to the login that waits for it. Without a redirect, nothing more will be pasted.
    pub(super) fn submit_redirect(&self, job: JobId, pasted: &Secrets) {
        let mut pasting = lock(&self.pasting);
        match pasted.get("redirect") {
            Some(redirect) => {
                if let Some(login) = pasting.get(&job) {
                    // A login that just ended no longer listens; its own answer reports the end.
                    let _ = login.send(redirect.clone());
                }
            }
            None => drop(pasting.remove(&job)),
        }
    }

    /// Runs `work` on a blocking thread.
    async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, JobFailure> + Send + 'static,
    ) -> Result<T, JobFailure> {
        let live = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || work(&live)).await;
        done.unwrap_or_else(|_| Err(JobFailure::panicked()))
    }

    /// As [`Live::blocking`], with exclusive write access.
    async fn writing<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, JobFailure> + Send + 'static,
    ) -> Result<T, JobFailure> {
        let _gate = self.write_gate.lock().await;
        self.blocking(work).await
    }

    /// Syncs the given connections, or all live ones, independently of each other.
    pub(super) async fn sync(
        self: &Arc<Self>,
        wanted: Vec<ConnectionId>,
        order: SyncOrder,
    ) -> Result<SyncReport, JobFailure> {
        let connections = self.blocking(move |live| live.chosen(&wanted)).await?;
        self.sync_all(connections, order).await
    }

    /// Syncs the connections that are due.
    pub(super) async fn sync_due(self: &Arc<Self>, order: SyncOrder) -> Result<SyncReport, JobFailure> {
        let due = self
            .blocking(|live| {
                let connections = live.store.read()?.connections()?;
                let now = live.clock.now();
                Ok(connections.into_iter().filter(|connection| schedule::is_due(connection, now)).collect::<Vec<_>>())
            })
            .await?;
        self.sync_all(due, order).await
    }

    fn chosen(&self, wanted: &[ConnectionId]) -> Result<Vec<Connection>, JobFailure> {
        let connections = self.store.read()?.connections()?;
        if wanted.is_empty() {
            return Ok(connections.into_iter().filter(providers::is_live).collect());
        }
        let find = |id: &ConnectionId| {
            let found = connections.iter().find(|connection| connection.id == *id);
            let connection = found.ok_or_else(|| {
                JobFailure::new(FailureKind::NotFound, format!("there is no connection {id}"))
                    .with_hint("`dashtam connections` lists them")
            })?;
            if providers::is_file_source(connection) {
                let message =
                    format!("{} comes as statement files; there is nothing to fetch", connection.display_name());
                return Err(
                    JobFailure::new(FailureKind::NotLive, message).with_hint("import its newest statement instead")
                );
            }
            Ok(connection.clone())
        };
        wanted.iter().map(find).collect()
    }

    async fn sync_all(
        self: &Arc<Self>,
        connections: Vec<Connection>,
        order: SyncOrder,
    ) -> Result<SyncReport, JobFailure> {
        // A locked vault is reported once, not for every connection.
        if !connections.is_empty() {
            self.blocking(|live| live.unlock(None)).await?;
        }
        let syncs: Vec<_> =
            connections.into_iter().map(|connection| self.join_sync(connection, order.clone())).collect();
        Ok(SyncReport { connections: futures_util::future::join_all(syncs).await })
    }

    /// The running sync of a connection, or a new one.
    fn join_sync(self: &Arc<Self>, connection: Connection, order: SyncOrder) -> RunningSync {
        let mut running = lock(&self.running);
        if let Some(sync) = running.get(&connection.id).and_then(WeakShared::upgrade)
            && sync.peek().is_none()
        {
            return sync;
        }
        running.retain(|_, sync| sync.upgrade().is_some());
        let live = Arc::clone(self);
        let id = connection.id;
        let sync = async move { live.sync_one(connection, order).await }.boxed().shared();
        running.extend(sync.downgrade().map(|weak| (id, weak)));
        sync
    }

    async fn sync_one(self: Arc<Self>, connection: Connection, order: SyncOrder) -> ConnectionReport {
        // Checked by a write on its thread before it begins.
        let dropped = CancellationToken::new();
        let _guard = dropped.clone().drop_guard();
        let mut report = ConnectionReport::new(&connection);
        let outcome = self.try_sync(&connection, &order, &dropped, &mut report).await;
        if let Err(error) = outcome {
            let failure = about(&connection, &error);
            tracing::warn!(
                connection = connection.id.0,
                provider = connection.provider,
                "sync failed: {}",
                failure.message
            );
            report.error = Some(failure.clone());
            if !error.is_cancelled() {
                let id = connection.id;
                let ended = self.writing(move |live| live.note_failure(id, &error, &failure)).await;
                match ended {
                    Ok(status) => report.status = status,
                    Err(failure) => report.warnings.push(crate::domain::Warning::new(0, failure.message)),
                }
            }
        }
        report
    }

    async fn try_sync(
        self: &Arc<Self>,
        connection: &Connection,
        order: &SyncOrder,
        dropped: &CancellationToken,
        report: &mut ConnectionReport,
    ) -> Result<(), SyncError> {
        let metadata = crate::providers::find(&connection.provider).map_err(|unknown| {
            ProviderError::new(&connection.provider, ProviderErrorKind::NotConfigured, unknown.to_string())
        })?;
        let status = connection.status_at(self.clock.now());
        if status != ConnectionStatus::Active {
            report.status = status;
            let kind = match status {
                ConnectionStatus::Expired => ProviderErrorKind::LoginExpired,
                _ => ProviderErrorKind::Authentication,
            };
            return Err(metadata.error(kind, format!("the connection is {status}")).into());
        }
        if let Some(wait) = schedule::too_early(connection, metadata, order.occasion, self.clock.now()) {
            report.warnings.push(crate::domain::Warning::new(0, wait));
            return Ok(());
        }
        // Of this connection alone: others are synced under the same order.
        let order = SyncOrder { replies: Replies::default(), ..order.clone() };
        let session = login::AdapterSession::open(self, connection, metadata, &order.replies).await?;
        let outcome = self.run_pass(connection, session.provider(), &session, &order, dropped, report).await;
        outcome.map_err(|error| match error {
            SyncError::Provider(error) => match session.take_failure() {
                Some(failure) => failure.into(),
                None => session.verdict(error).into(),
            },
            local @ SyncError::Local(_) => local,
        })
    }

    /// Fetches everything new of a connection with `provider`, commits it chunk by chunk, and stores how it ended.
    async fn run_pass(
        self: &Arc<Self>,
        connection: &Connection,
        provider: &Arc<dyn Provider>,
        login: &dyn LoginAccess,
        order: &SyncOrder,
        dropped: &CancellationToken,
        report: &mut ConnectionReport,
    ) -> Result<(), SyncError> {
        let metadata = provider.metadata();
        let id = connection.id;
        let state = self.blocking(move |live| state::State::read(&live.store.read()?, id)).await?;
        let mut pass =
            pass::Pass::new(self, order, dropped, connection.display_name(), &state, connection.id, metadata);
        let fetched = self.fetch(connection, provider, login, state, order, &mut pass).await;
        pass.fill(report);
        if let Err(error) = fetched {
            if let Some(failure) = pass.take_failure() {
                return Err(failure.into());
            }
            if error.kind == ProviderErrorKind::Local {
                return Err(JobFailure::new(FailureKind::Store, error.message).into());
            }
            return Err(error.into());
        }
        let (problems, ended) = (pass.problems().to_vec(), report.clone());
        report.status = self.writing(move |live| live.note_success(id, metadata, &problems, &ended)).await?;
        Ok(())
    }

    /// Lets the adapter fetch into the pass, beginning with the pieces that the check of a new login returned.
    async fn fetch(
        self: &Arc<Self>,
        connection: &Connection,
        provider: &Arc<dyn Provider>,
        login: &dyn LoginAccess,
        mut state: state::State,
        order: &SyncOrder,
        pass: &mut pass::Pass,
    ) -> Result<(), ProviderError> {
        let checked = order.checked.as_ref().map(|checked| checked.pieces.clone()).unwrap_or_default();
        pass.done.replies.extend(order.checked.iter().flat_map(|checked| checked.replies.iter().cloned()));
        let mut listed = None;
        for piece in checked {
            match &piece {
                Piece::Accounts(listing) => listed = Some(listing.clone()),
                Piece::Cursor { key, value } => drop(state.cursors.insert(key.clone(), value.clone())),
                _ => {}
            }
            pass.send(piece).await?;
        }
        let plan = FetchPlan {
            from: order.from,
            overlap_days: self.config.schedule.overlap_days,
            known: &state.accounts,
            excluded: &connection.excluded_accounts,
            listed: listed.as_ref(),
            ..FetchPlan::new(Purpose::Sync, login, self.clock.now(), self.clock.today(), &state.cursors)
        };
        provider.fetch(&plan, pass).await?;
        pass.finish().await
    }
}

/// The failure to report. A login that must be renewed names the command that does it.
fn about(connection: &Connection, error: &SyncError) -> JobFailure {
    let error = match error {
        SyncError::Local(failure) => return failure.clone(),
        SyncError::Provider(error) => error,
    };
    if error.disposition() != Disposition::Reauthenticate {
        return error.clone().into();
    }
    let command = if connection.counts() {
        format!("dashtam reconnect {}", connection.id)
    } else {
        format!("dashtam connect {}", connection.provider)
    };
    let why = error.hint.as_ref().map(|hint| format!("{hint}: ")).unwrap_or_default();
    JobFailure::from(error.clone()).with_hint(format!("{why}{command}, or Enter on it in Connections"))
}
