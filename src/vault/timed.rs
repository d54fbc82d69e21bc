//! A keyring that can't hang its callers: a dedicated thread and a limit on waiting.

use std::{
    panic::{self, AssertUnwindSafe},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender},
    },
    thread,
    time::Duration,
};

use crate::ports::{SecretBytes, SecretStore, SecretStoreError};

/// How long the keyring may take: enough to type a password into its prompt.
pub const PATIENCE: Duration = Duration::from_secs(30);

type Answer = Result<Option<SecretBytes>, SecretStoreError>;
type Connect = dyn Fn() -> Result<Box<dyn SecretStore>, SecretStoreError> + Send + Sync;

enum Operation {
    Load,
    Save(SecretBytes),
    Remove,
}

struct Request {
    operation: Operation,
    name: String,
    /// Cleared when the caller gave up: a request not yet begun is then left out.
    wanted: Arc<AtomicBool>,
    answer: SyncSender<Answer>,
}

/// Passes calls to a store on one dedicated thread, in order. A call that takes too long ends in
/// [`SecretStoreError::TimedOut`]; the thread stays with it, and later calls queue behind it, so a question
/// answered late is not asked twice. After any failure the store is connected again.
pub struct TimedStore {
    connect: Arc<Connect>,
    limit: Duration,
    thread: Mutex<Option<Sender<Request>>>,
}

impl TimedStore {
    /// The keyring of the system.
    #[must_use]
    pub fn system() -> Self {
        let connect = || super::SystemKeyring::connect().map(|keyring| Box::new(keyring) as Box<dyn SecretStore>);
        Self::new(PATIENCE, connect)
    }

    /// Any store; `connect` is called on the thread, at the first call and after a failure.
    pub fn new(
        limit: Duration,
        connect: impl Fn() -> Result<Box<dyn SecretStore>, SecretStoreError> + Send + Sync + 'static,
    ) -> Self {
        Self { connect: Arc::new(connect), limit, thread: Mutex::new(None) }
    }

    fn ask(&self, name: &str, operation: Operation) -> Answer {
        let (answer, reply) = mpsc::sync_channel(1);
        let wanted = Arc::new(AtomicBool::new(true));
        let request = Request { operation, name: name.to_owned(), wanted: Arc::clone(&wanted), answer };
        self.send(request)?;
        match reply.recv_timeout(self.limit) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => {
                wanted.store(false, Ordering::Relaxed);
                Err(SecretStoreError::TimedOut { seconds: self.limit.as_secs() })
            }
            Err(RecvTimeoutError::Disconnected) => Err(gone("it stopped while answering")),
        }
    }

    /// Hands a request to the thread, starting one when there is none or the last one died.
    fn send(&self, request: Request) -> Result<(), SecretStoreError> {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        let request = match thread.as_ref() {
            Some(running) => match running.send(request) {
                Ok(()) => return Ok(()),
                Err(mpsc::SendError(request)) => request,
            },
            None => request,
        };
        self.start(&mut thread)?.send(request).map_err(|_| gone("it stopped"))
    }

    fn start<'slot>(
        &self,
        slot: &'slot mut Option<Sender<Request>>,
    ) -> Result<&'slot Sender<Request>, SecretStoreError> {
        let (sender, requests) = mpsc::channel();
        let connect = Arc::clone(&self.connect);
        thread::Builder::new()
            .name("keyring".to_owned())
            .spawn(move || serve(&requests, &*connect))
            .map_err(|error| gone(&error.to_string()))?;
        Ok(slot.insert(sender))
    }
}

fn gone(reason: &str) -> SecretStoreError {
    SecretStoreError::Unavailable { reason: reason.to_owned() }
}

fn serve(requests: &Receiver<Request>, connect: &Connect) {
    let mut store: Option<Box<dyn SecretStore>> = None;
    for request in requests {
        if !request.wanted.load(Ordering::Relaxed) {
            continue;
        }
        // A store that panics has failed like one that returns an error; the thread must live on.
        let attempt = panic::catch_unwind(AssertUnwindSafe(|| {
            let connected = store.take().map_or_else(connect, Ok)?;
            perform(&*connected, &request).map(|answer| (connected, answer))
        }));
        let answer = match attempt {
            Ok(Ok((connected, answer))) => {
                store = Some(connected);
                Ok(answer)
            }
            Ok(Err(error)) => Err(error),
            Err(_) => Err(gone("it broke while answering")),
        };
        // The caller has stopped waiting: the answer is dropped, and its type wipes it.
        let _ = request.answer.send(answer);
    }
}

fn perform(store: &dyn SecretStore, request: &Request) -> Answer {
    match &request.operation {
        Operation::Load => store.load(&request.name),
        Operation::Save(secret) => store.save(&request.name, secret).map(|()| None),
        Operation::Remove => store.remove(&request.name).map(|()| None),
    }
}

impl SecretStore for TimedStore {
    fn load(&self, name: &str) -> Answer {
        self.ask(name, Operation::Load)
    }

    fn save(&self, name: &str, secret: &[u8]) -> Result<(), SecretStoreError> {
        self.ask(name, Operation::Save(SecretBytes::new(secret.to_vec()))).map(drop)
    }

    fn remove(&self, name: &str) -> Result<(), SecretStoreError> {
        self.ask(name, Operation::Remove).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::fake::FakeSecretStore;

    /// A store whose calls wait until they are let go.
    struct Hanging(Arc<FakeSecretStore>, Arc<Mutex<Receiver<()>>>);

    impl SecretStore for Hanging {
        fn load(&self, name: &str) -> Result<Option<SecretBytes>, SecretStoreError> {
            self.1.lock().unwrap().recv().unwrap();
            self.0.load(name)
        }

        fn save(&self, name: &str, secret: &[u8]) -> Result<(), SecretStoreError> {
            self.1.lock().unwrap().recv().unwrap();
            self.0.save(name, secret)
        }

        fn remove(&self, name: &str) -> Result<(), SecretStoreError> {
            self.0.remove(name)
        }
    }

    #[test]
    fn a_hanging_keyring_ends_in_its_limit_and_recovers() {
        let keyring = Arc::new(FakeSecretStore::default());
        let (let_go, gate) = mpsc::channel();
        let (inner, gate) = (Arc::clone(&keyring), Arc::new(Mutex::new(gate)));
        let store = TimedStore::new(Duration::from_millis(20), move || {
            Ok(Box::new(Hanging(Arc::clone(&inner), Arc::clone(&gate))) as Box<dyn SecretStore>)
        });
        assert_eq!(store.load("a"), Err(SecretStoreError::TimedOut { seconds: 0 }));
        assert!(store.save("given up", b"late").is_err(), "it queued behind a hanging call");
        // Enough for the hanging call and for later ones: the one given up before it began must take none.
        for _ in 0..3 {
            let_go.send(()).unwrap();
        }
        let store = TimedStore { limit: Duration::from_secs(60), ..store };
        store.save("a", b"secret").unwrap();
        assert_eq!(store.load("a").unwrap().unwrap().as_slice(), b"secret");
        assert_eq!(keyring.len(), 1, "a call nobody waited for was carried out");
    }

    #[test]
    fn a_failed_or_panicking_store_is_connected_again() {
        let attempts = Arc::new(Mutex::new(0));
        let counted = Arc::clone(&attempts);
        let store = TimedStore::new(Duration::from_secs(60), move || {
            let mut attempts = counted.lock().unwrap_or_else(PoisonError::into_inner);
            *attempts += 1;
            match *attempts {
                1 => Err(SecretStoreError::Unavailable { reason: "no bus yet".to_owned() }),
                2 => panic!("a store that breaks"),
                _ => Ok(Box::new(FakeSecretStore::default()) as Box<dyn SecretStore>),
            }
        });
        assert!(store.load("a").is_err());
        assert!(store.load("a").is_err());
        assert_eq!(store.load("a"), Ok(None));
        assert_eq!(store.load("a"), Ok(None));
        assert_eq!(*attempts.lock().unwrap_or_else(PoisonError::into_inner), 3);
    }
}
