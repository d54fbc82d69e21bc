//! The server: one thread for each client, which runs the client's command line against the open store and engine.

use std::{
    collections::{BTreeMap, HashMap},
    fs, io,
    net::Shutdown,
    os::unix::{fs::PermissionsExt as _, net::UnixStream},
    path::{Path, PathBuf},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    time::{Duration, Instant},
};

use secrecy::SecretString;
use tokio::net::UnixListener;
use tokio_util::sync::CancellationToken;

use super::wire::{self, Frame, FrameKind, HEARTBEAT, Hello, Request, Role, SILENCE, Wanted};
use crate::cli::console::{Console, Source, Streams};

/// Most clients at once; others wait until they are accepted.
const MOST_CLIENTS: usize = 64;

/// A command of a client.
pub(crate) struct Served {
    pub(crate) arguments: Vec<std::ffi::OsString>,
    pub(crate) console: Console,
    /// Cancelled when the client is gone.
    pub(crate) gone: CancellationToken,
}

/// Runs a command and returns its exit code.
pub(crate) type CommandRunner = Arc<dyn Fn(Served) -> u8 + Send + Sync>;

/// Listens until it is stopped.
pub(crate) struct Server {
    socket: PathBuf,
    stop: CancellationToken,
    clients: Arc<Clients>,
}

/// The clients being served.
#[derive(Default)]
struct Clients {
    streams: Mutex<(u64, HashMap<u64, UnixStream>)>,
    left: Condvar,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Clients {
    fn enter(&self, stream: &UnixStream) -> io::Result<u64> {
        let stream = stream.try_clone()?;
        let mut streams = lock(&self.streams);
        streams.0 += 1;
        let id = streams.0;
        streams.1.insert(id, stream);
        Ok(id)
    }

    fn leave(&self, id: u64) {
        lock(&self.streams).1.remove(&id);
        self.left.notify_all();
    }

    fn wait_below(&self, most: usize, limit: Option<Duration>) {
        let until = limit.map(|limit| Instant::now() + limit);
        let mut streams = lock(&self.streams);
        while streams.1.len() >= most.max(1) {
            let rest = until.map_or(HEARTBEAT, |until| until.saturating_duration_since(Instant::now()));
            if rest.is_zero() {
                return;
            }
            streams = self.left.wait_timeout(streams, rest).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Server {
    /// Listens on `socket`. The caller holds the lock of the database, so a socket found there is stale.
    pub(crate) fn start(
        socket: &Path,
        role: Role,
        runtime: &tokio::runtime::Handle,
        run: CommandRunner,
    ) -> io::Result<Self> {
        match fs::remove_file(socket) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = {
            let _context = runtime.enter();
            UnixListener::bind(socket)?
        };
        fs::set_permissions(socket, fs::Permissions::from_mode(0o600))?;
        let (stop, clients) = (CancellationToken::new(), Arc::new(Clients::default()));
        runtime.spawn(accept(listener, role, run, stop.clone(), Arc::clone(&clients)));
        Ok(Self { socket: socket.to_owned(), stop, clients })
    }

    /// Takes no more clients.
    pub(crate) fn stop(&self) {
        if !self.stop.is_cancelled() {
            self.stop.cancel();
            // Before the lock of the database is given up: afterwards the file may be another process's.
            let _ = fs::remove_file(&self.socket);
        }
    }

    /// Waits until the commands under way are done.
    pub(crate) fn finish(&self) {
        self.clients.wait_below(1, None);
    }

    /// Gives commands under way `limit`, then hangs up.
    pub(crate) fn finish_within(&self, limit: Duration) {
        self.clients.wait_below(1, Some(limit));
        for stream in lock(&self.clients.streams).1.values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn accept(
    listener: UnixListener,
    role: Role,
    run: CommandRunner,
    stop: CancellationToken,
    clients: Arc<Clients>,
) {
    let own = rustix::process::getuid().as_raw();
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        if !stream.peer_cred().is_ok_and(|peer| peer.uid() == own || peer.uid() == 0) {
            continue;
        }
        let Ok(stream) = stream.into_std() else { continue };
        if stream.set_nonblocking(false).is_err() {
            continue;
        }
        let (waiting, run, of) = (Arc::clone(&clients), Arc::clone(&run), Arc::clone(&clients));
        let _ = tokio::task::spawn_blocking(move || waiting.wait_below(MOST_CLIENTS, None)).await;
        // Entered here, so that a client accepted before the stop is waited for.
        let Ok(id) = clients.enter(&stream) else { continue };
        let serving = thread("client", move || {
            if let Err(error) = serve(stream, role, &run) {
                tracing::debug!("a client went away: {error}");
            }
            of.leave(id);
        });
        if serving.is_err() {
            clients.leave(id);
        }
    }
}

/// One client from its request to its exit code.
fn serve(mut stream: UnixStream, role: Role, run: &CommandRunner) -> io::Result<()> {
    stream.set_read_timeout(Some(SILENCE))?;
    wire::write_json(&mut stream, FrameKind::Hello, &Hello::new(role))?;
    let frame = wire::read(&mut stream)?;
    if frame.kind != FrameKind::Request {
        return Err(io::Error::other("the first frame is not a request"));
    }
    let request: Request = frame.json()?;
    stream.set_read_timeout(None)?;
    let gone = CancellationToken::new();
    let (sender, answers) = mpsc::channel();
    let streams = Arc::new(Remote { writer: Mutex::new(stream.try_clone()?), answers: Mutex::new(answers) });
    // The command is accepted: from here on the client does not try it again.
    streams.send(FrameKind::Alive, &[])?;
    let listening = {
        let (gone, stream) = (gone.clone(), stream.try_clone()?);
        thread("client input", move || {
            listen(stream, &sender);
            gone.cancel();
        })?
    };
    let (done, is_done) = mpsc::channel();
    let beating = {
        let streams = Arc::clone(&streams);
        thread("client heartbeat", move || beat(&streams, &is_done))?
    };
    let variables: BTreeMap<_, _> = request.variables().collect();
    let console = Console::remote(Arc::clone(&streams) as _, request.terminal, request.folder(), variables);
    let code = run(Served { arguments: request.arguments(), console, gone });
    drop(done);
    let _ = beating.join();
    let ended = streams.send(FrameKind::Exit, &[code]);
    // Ends the listening thread; frames sent before still arrive.
    let _ = stream.shutdown(Shutdown::Read);
    let _ = listening.join();
    ended
}

fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<std::thread::JoinHandle<()>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work)
}

/// Passes on the frames of the client until it is gone.
fn listen(mut stream: UnixStream, answers: &Sender<Frame>) {
    while let Ok(frame) = wire::read(&mut stream) {
        if answers.send(frame).is_err() {
            return;
        }
    }
}

/// Sends signs of life until the other end of `done` is dropped.
fn beat(streams: &Remote, done: &Receiver<()>) {
    while done.recv_timeout(HEARTBEAT) == Err(RecvTimeoutError::Timeout) {
        if streams.send(FrameKind::Alive, &[]).is_err() {
            return;
        }
    }
}

/// The streams of a client.
struct Remote {
    writer: Mutex<UnixStream>,
    answers: Mutex<Receiver<Frame>>,
}

impl Remote {
    fn send(&self, kind: FrameKind, bytes: &[u8]) -> io::Result<()> {
        wire::write(&mut *lock(&self.writer), kind, bytes)
    }

    /// One question and its answer. `None`: the end of the input.
    fn ask(&self, kind: FrameKind, question: &[u8]) -> io::Result<Frame> {
        let answers = lock(&self.answers);
        self.send(kind, question)?;
        let frame = answers.recv().map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        match frame.kind {
            FrameKind::Input => Ok(frame),
            _ => Err(io::Error::other(frame.text())),
        }
    }
}

impl Streams for Remote {
    fn write_out(&self, bytes: &[u8]) -> io::Result<()> {
        bytes.chunks(64 << 10).try_for_each(|chunk| self.send(FrameKind::Out, chunk))
    }

    fn write_err(&self, bytes: &[u8]) -> io::Result<()> {
        self.send(FrameKind::Err, bytes)
    }

    fn read(&self, source: &Source, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = Wanted { source: source.clone(), most: buffer.len().min(256 << 10) };
        let frame = self.ask(FrameKind::WantInput, &serde_json::to_vec(&wanted)?)?;
        let length = frame.bytes.len().min(buffer.len());
        buffer[..length].copy_from_slice(&frame.bytes[..length]);
        Ok(length)
    }

    fn ask_secret(&self) -> io::Result<SecretString> {
        let frame = self.ask(FrameKind::WantSecret, &[])?;
        std::str::from_utf8(&frame.bytes).map(SecretString::from).map_err(io::Error::other)
    }
}
