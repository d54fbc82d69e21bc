//! Access to the engine for the rooms above.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use tokio::sync::{mpsc, watch};

use super::{EngineCommand, Event, JobFailure, JobId};
use crate::domain::FailureKind;

/// Sends commands to the engine and hands out its events. Cheap to clone; the engine stops on [`EngineCommand::Shutdown`], or
/// when the last handle is dropped.
#[derive(Clone)]
pub struct Handle {
    commands: mpsc::UnboundedSender<EngineCommand>,
    shared: Arc<Shared>,
    /// Jobs numbered through this handle and its clones, where they can be cancelled together.
    scope: Option<Arc<Mutex<Vec<JobId>>>>,
}

/// State shared by handles and engine.
pub(super) struct Shared {
    next_job: AtomicU64,
    subscribers: Mutex<Vec<mpsc::UnboundedSender<Event>>>,
    /// Contents of files that only the caller can read, until they are imported.
    held: Mutex<HashMap<PathBuf, Vec<u8>>>,
    /// Commands and jobs that are not finished.
    pending: watch::Sender<usize>,
    /// Whether the database is being compacted.
    compacting: AtomicBool,
}

impl Shared {
    /// Sends an event to every subscriber that still exists.
    pub(super) fn publish(&self, event: &Event) {
        let mut subscribers = self.subscribers.lock().unwrap_or_else(PoisonError::into_inner);
        subscribers.retain(|subscriber| subscriber.send(event.clone()).is_ok());
    }

    /// The content held for a path, once.
    pub(super) fn take_held(&self, path: &Path) -> Option<Vec<u8>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).remove(path)
    }

    /// Counts one more piece of work; every call is paired with one [`Shared::end`].
    pub(super) fn begin(&self) {
        self.pending.send_modify(|pending| *pending += 1);
    }

    pub(super) fn set_compacting(&self, compacting: bool) {
        self.compacting.store(compacting, Ordering::Relaxed);
    }

    /// Counts one piece of work less.
    pub(super) fn end(&self) {
        self.pending.send_modify(|pending| *pending = pending.saturating_sub(1));
    }
}

impl Handle {
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<EngineCommand>, Arc<Shared>) {
        let (commands, receiver) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            next_job: AtomicU64::new(1),
            subscribers: Mutex::default(),
            held: Mutex::default(),
            pending: watch::Sender::new(0),
            compacting: AtomicBool::new(false),
        });
        (Self { commands, shared: Arc::clone(&shared), scope: None }, receiver, shared)
    }

    /// Has `bytes` imported where an import names `path`, which need not exist: standard input, a pipe of the caller.
    pub fn hold(&self, path: PathBuf, bytes: Vec<u8>) {
        self.shared.held.lock().unwrap_or_else(PoisonError::into_inner).insert(path, bytes);
    }

    /// A number for a new job, never given twice.
    #[must_use]
    pub fn job(&self) -> JobId {
        let job = JobId(self.shared.next_job.fetch_add(1, Ordering::Relaxed));
        if let Some(scope) = &self.scope {
            scope.lock().unwrap_or_else(PoisonError::into_inner).push(job);
        }
        job
    }

    /// A handle whose jobs can be cancelled together.
    #[must_use]
    pub fn scoped(&self) -> Self {
        Self { scope: Some(Arc::default()), ..self.clone() }
    }

    /// Cancels every job of this scope that is still running.
    pub fn cancel_scope(&self) {
        let jobs =
            self.scope.as_ref().map(|scope| std::mem::take(&mut *scope.lock().unwrap_or_else(PoisonError::into_inner)));
        for job in jobs.into_iter().flatten() {
            self.send(EngineCommand::Cancel { job });
        }
    }

    /// Asks the engine to do something. The answer comes as an event; a stopped engine answers nothing.
    pub fn send(&self, command: EngineCommand) {
        self.shared.begin();
        if self.commands.send(command).is_err() {
            self.shared.end();
        }
    }

    /// Whether the database is being compacted: work that cannot be cancelled, and that may be cut off, since the
    /// database survives it.
    #[must_use]
    pub fn is_compacting(&self) -> bool {
        self.shared.compacting.load(Ordering::Relaxed)
    }

    /// Every event from now on.
    #[must_use]
    pub fn subscribe(&self) -> EventStream {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.shared.subscribers.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        EventStream { receiver }
    }

    /// Waits until every command sent so far is done and its events are published.
    pub async fn idle(&self) {
        let mut pending = self.shared.pending.subscribe();
        // An error means that the engine is gone, which is as idle as it gets.
        let _ = pending.wait_for(|pending| *pending == 0).await;
    }

    /// Starts one job and waits for its answer; passes its other events to `on_event`. For callers with nothing else to do
    /// meanwhile, such as the command line.
    ///
    /// # Errors
    /// The job's failure.
    pub async fn run(
        &self,
        make: impl FnOnce(JobId) -> EngineCommand,
        on_event: impl FnMut(&Event),
    ) -> Result<Event, JobFailure> {
        let job = self.job();
        self.run_as(job, make(job), on_event).await
    }

    /// As [`Handle::run`], for a command that goes on with an earlier job.
    ///
    /// # Errors
    /// The job's failure.
    pub async fn run_as(
        &self,
        job: JobId,
        command: EngineCommand,
        mut on_event: impl FnMut(&Event),
    ) -> Result<Event, JobFailure> {
        let mut events = self.subscribe();
        self.send(command);
        while let Some(event) = events.next().await {
            match event {
                Event::JobFailed { job: of, failure } if of == job => return Err(failure),
                event if event.answers() == Some(job) => return Ok(event),
                event if event.job() == Some(job) => on_event(&event),
                _ => {}
            }
        }
        Err(JobFailure::new(FailureKind::Stopped, "the engine stopped before the work was done"))
    }
}

/// Events in the order in which they happened.
pub struct EventStream {
    receiver: mpsc::UnboundedReceiver<Event>,
}

impl EventStream {
    /// The next event; `None` once the engine is gone. Cancel safe.
    pub async fn next(&mut self) -> Option<Event> {
        self.receiver.recv().await
    }

    /// An event that is already there.
    pub fn try_next(&mut self) -> Option<Event> {
        self.receiver.try_recv().ok()
    }
}
