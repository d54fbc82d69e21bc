//! The one task that owns every write.
//!
//! It answers commands at once by starting jobs on blocking threads; jobs that write take the write gate in turn.
//! INVARIANT: every job ends with exactly one answer, also when it panics; nothing slow runs on the actor itself.

use std::{
    collections::HashMap,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use chrono::NaiveDate;
use futures_util::FutureExt as _;
use tokio::{
    sync::{Mutex as AsyncMutex, mpsc},
    task::{Id, JoinError, JoinSet},
};
use tokio_util::sync::CancellationToken;

use super::{
    EngineCommand, Event, Handle, JobFailure, JobId, JobProgress, Stage,
    edit::{self, Edit},
    ended,
    handle::Shared,
    import::{Importer, Reviewed},
    live::{Kept, Live, LiveConfig, LoginStep, Occasion, SyncOrder},
    manual, merge, toggle,
};
use crate::{
    domain::{ChangeId, FailureKind},
    ports::Clock,
    providers::kit::Replies,
    statements::Limits,
    store::Store,
};

/// Parts of the engine.
pub struct EngineConfig {
    /// Where everything is kept.
    pub store: Store,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// How large a statement file may be.
    pub limits: Limits,
    /// Transactions of one import that are kept in memory between reading and writing; further files are read twice.
    pub kept_rows: usize,
    /// Configuration of live connections.
    pub live: LiveConfig,
}

/// Shortest time between two progress events of one job.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(50);

/// Starts the engine on the current runtime.
#[must_use]
pub fn spawn(config: EngineConfig) -> Handle {
    let (handle, commands, shared) = Handle::new();
    let EngineConfig { store, clock, limits, kept_rows, live } = config;
    let write_gate = Arc::new(AsyncMutex::new(()));
    let live =
        Arc::new(Live::new(store.clone(), Arc::clone(&clock), live, Arc::clone(&write_gate), Arc::clone(&shared)));
    live.set_budgets();
    let engine = Engine {
        parts: Arc::new(Parts {
            store: store.clone(),
            clock,
            limits,
            kept_rows,
            live,
            shared,
            write_gate,
            reviewed: Mutex::default(),
        }),
        running: JoinSet::new(),
        jobs: HashMap::new(),
    };
    if store.was_unclean() {
        tokio::task::spawn_blocking({
            let shared = Arc::clone(&engine.parts.shared);
            let job = handle.job();
            shared.begin();
            move || verify(&store, &shared, job)
        });
    }
    tokio::spawn(engine.run(commands));
    handle
}

/// After a kill the last change is whole or not there at all; this makes sure that nothing else happened to the file.
fn verify(store: &Store, shared: &Shared, job: JobId) {
    if let Err(error) = store.verify() {
        let failure = JobFailure::caused(FailureKind::Store, error)
            .with_hint("restore the newest backup; the file itself is left as it is");
        shared.publish(&Event::JobFailed { job, failure });
    }
    shared.end();
}

/// Parts shared by all jobs.
struct Parts {
    store: Store,
    clock: Arc<dyn Clock>,
    limits: Limits,
    kept_rows: usize,
    live: Arc<Live>,
    shared: Arc<Shared>,
    /// Held by the job that writes.
    write_gate: Arc<AsyncMutex<()>>,
    /// Imports that wait for confirmation.
    reviewed: Mutex<HashMap<JobId, Reviewed>>,
}

struct Engine {
    parts: Arc<Parts>,
    running: JoinSet<()>,
    jobs: HashMap<Id, (JobId, CancellationToken)>,
}

impl Engine {
    async fn run(mut self, mut commands: mpsc::UnboundedReceiver<EngineCommand>) {
        loop {
            tokio::select! {
                biased;
                Some(ended) = self.running.join_next_with_id() => self.job_ended(&ended),
                command = commands.recv() => match command {
                    None | Some(EngineCommand::Shutdown) => break,
                    Some(command) => self.take(command),
                },
            }
        }
        for (_, cancel) in self.jobs.values() {
            cancel.cancel();
        }
        while let Some(ended) = self.running.join_next_with_id().await {
            self.job_ended(&ended);
        }
        self.parts.live.settle().await;
        // The command that stopped the engine, or nothing when the last handle went.
        self.parts.shared.end();
    }

    /// Undoes or brings back a change.
    fn toggle(&mut self, job: JobId, change: Option<ChangeId>, undo: bool) {
        self.write(job, move |parts| {
            let change = toggle::toggle(&parts.store, change, undo, parts.clock.now())?;
            let login_needed = ended::login_needed(&parts.store, &change)?;
            Ok(Event::ChangeToggled { job, change, login_needed })
        });
    }

    /// Starts what a command asks for. The pending count that its sending began ends with its job.
    fn take(&mut self, command: EngineCommand) {
        match command {
            EngineCommand::Cancel { job } => self.cancel(job),
            EngineCommand::Shutdown => {}
            EngineCommand::ReviewImport { job, paths, options } => self.read(job, move |parts, importer| {
                let mut reviewed = importer.read(paths, options)?;
                let review = Arc::new(importer.review(&mut reviewed, true)?);
                parts.lock_reviewed().insert(job, reviewed);
                Ok(Event::ImportReviewed { job, review })
            }),
            EngineCommand::Import { job, paths, options, dry_run: true } => self.read(job, move |_, importer| {
                let report = importer.dry_run(&mut importer.read(paths, options)?)?;
                Ok(Event::ImportFinished { job, report })
            }),
            EngineCommand::Import { job, paths, options, dry_run: false } => self.import(job, move |_, importer| {
                let reviewed = importer.read(paths, options)?;
                Ok(Event::ImportFinished { job, report: importer.commit(reviewed) })
            }),
            EngineCommand::CommitImport { job } => self.import(job, move |parts, importer| {
                let reviewed = parts.lock_reviewed().remove(&job);
                let reviewed = reviewed
                    .ok_or_else(|| JobFailure::new(FailureKind::NotFound, "there is no such import to write"))?;
                Ok(Event::ImportFinished { job, report: importer.commit(reviewed) })
            }),
            EngineCommand::Undo { job, change } => self.toggle(job, change, true),
            EngineCommand::Redo { job, change } => self.toggle(job, change, false),
            EngineCommand::StateBalance { job, account, date, amount } => {
                self.edit(job, Edit::Balance(account, date, amount));
            }
            EngineCommand::RenameAccount { job, account, name } => self.edit(job, Edit::RenameAccount(account, name)),
            EngineCommand::SetAccountType { job, account, account_type } => {
                self.edit(job, Edit::SetAccountType(account, account_type));
            }
            EngineCommand::RenameConnection { job, connection, name } => {
                self.edit(job, Edit::RenameConnection(connection, name));
            }
            EngineCommand::DecidePair { job, pair } => self.edit(job, Edit::Pair(pair)),
            EngineCommand::EditTransactions { job, edits } => self.edit(job, Edit::Transactions(edits)),
            command @ (EngineCommand::AddAccount { .. }
            | EngineCommand::CloseAccount { .. }
            | EngineCommand::SetAccountSigns { .. }
            | EngineCommand::MergeAccounts { .. }
            | EngineCommand::SplitAccount { .. }) => self.take_account(command),
            EngineCommand::Compact { job } => self.compact(job),
            EngineCommand::Connect { job, request } => self.talk(job, async move |parts| {
                let shared = Arc::clone(&parts.shared);
                let prompt = move |step| {
                    shared.publish(&match step {
                        LoginStep::Waiting(login) => Event::LoginWaiting { job, login },
                        LoginStep::PasteRejected(message) => Event::PasteRejected { job, message },
                    });
                };
                let found = parts.live.connect(job, request, &prompt).await?;
                Ok(Event::ConnectionChecked { job, found })
            }),
            EngineCommand::SubmitRedirect { job, pasted } => {
                self.parts.live.submit_redirect(job, &pasted);
                self.parts.shared.end();
            }
            EngineCommand::ConfirmConnection { job, alias, excluded, renews } => self.talk(job, async move |parts| {
                let order = parts.order(job, Occasion::First, None);
                let report = parts.live.confirm(job, Kept { alias, excluded, renews }, order).await?;
                Ok(Event::Synced { job, report })
            }),
            EngineCommand::Disconnect { job, connection, remove_data } => self.talk(job, async move |parts| {
                let still_valid = parts.live.disconnect(connection, remove_data).await?;
                Ok(Event::Disconnected { job, connection, still_valid })
            }),
            EngineCommand::Sync { job, connections, force, from } => self.talk(job, async move |parts| {
                let order = parts.order(job, Occasion::Asked { force }, from);
                let report = parts.live.sync(connections, order).await?;
                Ok(Event::Synced { job, report })
            }),
            EngineCommand::SyncDue { job } => self.talk(job, async move |parts| {
                let order = parts.order(job, Occasion::Due, None);
                let report = parts.live.sync_due(order).await?;
                Ok(Event::Synced { job, report })
            }),
            EngineCommand::ResetVault { job } => self.talk(job, async move |parts| {
                parts.live.reset_vault().await?;
                Ok(Event::VaultReset { job })
            }),
            EngineCommand::SetEncryption { job, encrypted } => self.set_encryption(job, encrypted),
            EngineCommand::LockVault => {
                self.parts.live.lock_vault();
                if self.parts.store.is_closed() {
                    self.parts.lock_reviewed().clear();
                }
                self.parts.shared.end();
            }
            EngineCommand::Unlock { job, passphrase } => self.talk(job, async move |parts| {
                parts.live.unlock_with(passphrase).await?;
                Ok(Event::Unlocked { job })
            }),
        }
    }

    /// Returns the unused space of the database file to the system.
    fn compact(&mut self, job: JobId) {
        self.write(job, move |parts| {
            let progress = thinned(Arc::clone(&parts.shared), job);
            progress(JobProgress { stage: Stage::Compacting, subject: "the database".to_owned(), done: 0, total: 0 });
            parts.shared.set_compacting(true);
            let compacted = parts.store.compact();
            parts.shared.set_compacting(false);
            compacted?;
            Ok(Event::Compacted { job })
        });
    }

    fn set_encryption(&mut self, job: JobId, encrypted: bool) {
        self.write(job, move |parts| {
            if encrypted {
                parts.live.unlock(None)?;
                parts.store.encrypt(&parts.live.database_keys())?;
            } else {
                parts.store.decrypt()?;
            }
            Ok(Event::EncryptionSet { job, encrypted })
        });
    }

    /// Starts a command about whole accounts.
    fn take_account(&mut self, command: EngineCommand) {
        match command {
            EngineCommand::AddAccount { job, name, account_type, currency } => self.write(job, move |parts| {
                let now = parts.clock.now();
                let change = manual::add_account(&parts.store, &name, account_type, currency, now)?;
                Ok(Event::Edited { job, change })
            }),
            EngineCommand::CloseAccount { job, account } => self.write(job, move |parts| {
                let change = manual::close_account(&parts.store, account, parts.clock.now())?;
                Ok(Event::Edited { job, change })
            }),
            EngineCommand::MergeAccounts { job, into, part } => self.write(job, move |parts| {
                let change = merge::merge(&parts.store, into, part, parts.clock.now())?;
                Ok(Event::Edited { job, change })
            }),
            EngineCommand::SplitAccount { job, account } => self.write(job, move |parts| {
                let change = merge::split(&parts.store, account, parts.clock.now())?;
                Ok(Event::Edited { job, change })
            }),
            EngineCommand::SetAccountSigns { job, account, signs } => {
                self.edit(job, Edit::SetAccountSigns(account, signs));
            }
            _ => {}
        }
    }

    /// Stops a job under way and drops the work that one left waiting.
    fn cancel(&self, job: JobId) {
        self.parts.lock_reviewed().remove(&job);
        self.parts.live.forget(job);
        for (_, cancel) in self.jobs.values().filter(|(running, _)| *running == job) {
            cancel.cancel();
        }
        self.parts.shared.end();
    }

    /// A job that reads files, at any time.
    fn read(
        &mut self,
        job: JobId,
        work: impl FnOnce(&Parts, &Importer<'_>) -> Result<Event, JobFailure> + Send + 'static,
    ) {
        let (parts, cancel) = (Arc::clone(&self.parts), CancellationToken::new());
        let importing = importing(Arc::clone(&parts), job, cancel.clone(), work);
        self.start(job, cancel, async move { parts.blocking(job, importing).await });
    }

    /// A job that reads files and writes.
    fn import(
        &mut self,
        job: JobId,
        work: impl FnOnce(&Parts, &Importer<'_>) -> Result<Event, JobFailure> + Send + 'static,
    ) {
        let (parts, cancel) = (Arc::clone(&self.parts), CancellationToken::new());
        let importing = importing(Arc::clone(&parts), job, cancel.clone(), work);
        self.start(job, cancel, async move { parts.writing(job, importing).await });
    }

    /// A job that writes.
    fn write(&mut self, job: JobId, work: impl FnOnce(&Parts) -> Result<Event, JobFailure> + Send + 'static) {
        let parts = Arc::clone(&self.parts);
        let shared = Arc::clone(&parts);
        self.start(job, CancellationToken::new(), async move { parts.writing(job, move || work(&shared)).await });
    }

    fn edit(&mut self, job: JobId, edit: Edit) {
        self.write(job, move |parts| {
            let change = edit::apply(&parts.store, &edit, parts.clock.now())?;
            Ok(Event::Edited { job, change })
        });
    }

    /// A job that contacts providers; it takes the write gate for moments only. A cancel drops it where it waits.
    fn talk<F>(&mut self, job: JobId, work: impl FnOnce(Arc<Parts>) -> F)
    where
        F: Future<Output = Result<Event, JobFailure>> + Send + 'static,
    {
        let (parts, cancel) = (Arc::clone(&self.parts), CancellationToken::new());
        let work = work(Arc::clone(&parts));
        let stopped = cancel.clone();
        let in_use = parts.live.use_vault();
        self.start(job, cancel, async move {
            let before = parts.store.generation();
            let answer = tokio::select! {
                answer = AssertUnwindSafe(work).catch_unwind() => answer.unwrap_or_else(|_| Err(JobFailure::panicked())),
                () = stopped.cancelled() => Err(JobFailure::cancelled()),
            };
            parts.live.forget_login(job);
            parts.shared.publish(&answer.unwrap_or_else(|failure| Event::JobFailed { job, failure }));
            if parts.store.generation() != before {
                parts.shared.publish(&Event::StoreChanged);
            }
            drop(in_use);
        });
    }

    fn start(&mut self, job: JobId, cancel: CancellationToken, work: impl Future<Output = ()> + Send + 'static) {
        let id = self.running.spawn(work).id();
        self.jobs.insert(id, (job, cancel));
    }

    fn job_ended(&mut self, ended: &Result<(Id, ()), JoinError>) {
        let id = match ended {
            Ok((id, ())) => *id,
            Err(error) => error.id(),
        };
        if let (Some((job, _)), Err(_)) = (self.jobs.remove(&id), ended) {
            self.parts.shared.publish(&Event::JobFailed { job, failure: JobFailure::panicked() });
        }
        self.parts.shared.end();
    }
}

impl Parts {
    fn lock_reviewed(&self) -> std::sync::MutexGuard<'_, HashMap<JobId, Reviewed>> {
        self.reviewed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The sync request of a job.
    fn order(&self, job: JobId, occasion: Occasion, from: Option<NaiveDate>) -> SyncOrder {
        let progress = Arc::new(thinned(Arc::clone(&self.shared), job));
        SyncOrder { occasion, from, progress, checked: None, replies: Replies::default() }
    }

    /// Runs `work` on a blocking thread and publishes its answer.
    async fn blocking(self: Arc<Self>, job: JobId, work: impl FnOnce() -> Result<Event, JobFailure> + Send + 'static) {
        let answer = match tokio::task::spawn_blocking(work).await {
            Ok(Ok(event)) => event,
            Ok(Err(failure)) => Event::JobFailed { job, failure },
            Err(_) => Event::JobFailed { job, failure: JobFailure::panicked() },
        };
        self.shared.publish(&answer);
    }

    /// As [`Parts::blocking`], one at a time; publishes `StoreChanged` if the store changed.
    async fn writing(self: Arc<Self>, job: JobId, work: impl FnOnce() -> Result<Event, JobFailure> + Send + 'static) {
        let _gate = self.write_gate.lock().await;
        let before = self.store.generation();
        Arc::clone(&self).blocking(job, work).await;
        if self.store.generation() != before {
            self.shared.publish(&Event::StoreChanged);
        }
        self.live.lock_if_wanted();
    }
}

/// Progress to the subscribers, thinned out.
fn thinned(shared: Arc<Shared>, job: JobId) -> impl Fn(JobProgress) + Send + Sync {
    let last = Mutex::new(None::<Instant>);
    move |progress: JobProgress| {
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_none_or(|last| last.elapsed() >= PROGRESS_INTERVAL) {
            *last = Some(Instant::now());
            shared.publish(&Event::Progress { job, progress });
        }
    }
}

/// `work` with an importer around it.
fn importing(
    parts: Arc<Parts>,
    job: JobId,
    cancel: CancellationToken,
    work: impl FnOnce(&Parts, &Importer<'_>) -> Result<Event, JobFailure>,
) -> impl FnOnce() -> Result<Event, JobFailure> {
    move || {
        let progress = thinned(Arc::clone(&parts.shared), job);
        let held = |path: &std::path::Path| parts.shared.take_held(path);
        let importer = Importer {
            store: &parts.store,
            limits: parts.limits,
            kept_rows: parts.kept_rows,
            now: parts.clock.now(),
            cancel,
            held: &held,
            progress: &progress,
        };
        work(&parts, &importer)
    }
}
