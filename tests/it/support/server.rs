//! A server on loopback that answers as badly as a test asks it to, and records the requests.

use std::sync::{Arc, Mutex};

use dashtam::testing::{
    ports::fake::{FakeClock, FakeEntropy},
    providers::{
        BuildContext, FieldKind, ProviderMetadata, Secrets,
        kit::{Http, HttpConfig, HttpLimits, MemoryCounters, fake::FakeTimer},
    },
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};

/// What was asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Asked {
    /// A parameter of the query, as sent.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map(|(_, v)| v)
    }

    /// A header, by its lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }
}

/// What is answered.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// Status, further header lines, body.
    Reply(u16, Vec<String>, Vec<u8>),
    /// Announces more than it sends.
    Truncated(Vec<u8>),
    /// Nothing, ever.
    Silence,
}

impl Answer {
    pub(crate) fn json(body: impl Into<String>) -> Self {
        Self::status(200, body)
    }

    pub(crate) fn status(status: u16, body: impl Into<String>) -> Self {
        Self::Reply(status, vec!["Content-Type: application/json".into()], body.into().into_bytes())
    }

    pub(crate) fn with(mut self, header: &str) -> Self {
        if let Self::Reply(_, headers, _) = &mut self {
            headers.push(header.into());
        }
        self
    }
}

type Held = Arc<Mutex<Vec<(String, Arc<Hold>)>>>;
type Handler = dyn Fn(&Asked) -> Answer + Send + Sync;

/// A question that waits for its answer.
pub(crate) struct Hold {
    reached: Semaphore,
    go: Semaphore,
}

impl Hold {
    /// Waits until one more question has come.
    pub(crate) async fn reached(&self) {
        self.reached.acquire().await.unwrap().forget();
    }

    /// Answers all of them, and later ones at once.
    pub(crate) fn release(&self) {
        self.go.add_permits(1_000);
    }
}

/// Serves until dropped.
pub(crate) struct Server {
    pub(crate) origin: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    held: Held,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub(crate) async fn start(handler: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, handler): (_, Arc<Handler>) = (asked.clone(), Arc::new(handler));
        let held: Held = Arc::default();
        let holding = held.clone();
        let task = tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                tokio::spawn(serve(stream, log.clone(), handler.clone(), holding.clone()));
            }
        });
        Self { origin, asked, held, task }
    }

    /// From now on questions under `path` are answered only when they are let go.
    pub(crate) fn hold(&self, path: &str) -> Arc<Hold> {
        let hold = Arc::new(Hold { reached: Semaphore::new(0), go: Semaphore::new(0) });
        self.held.lock().unwrap().push((path.into(), hold.clone()));
        hold
    }

    /// Everything asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, log: Arc<Mutex<Vec<Asked>>>, handler: Arc<Handler>, holds: Held) {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    let head_end = loop {
        match stream.read(&mut piece).await {
            Ok(count) if count > 0 => bytes.extend_from_slice(&piece[..count]),
            Ok(_) | Err(_) => return,
        }
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let length = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.parse::<usize>().ok())
        .unwrap_or(0);
    while bytes.len() < head_end + 4 + length {
        match stream.read(&mut piece).await {
            Ok(count) if count > 0 => bytes.extend_from_slice(&piece[..count]),
            Ok(_) | Err(_) => return,
        }
    }
    let mut first = head.lines().next().unwrap_or_default().split(' ');
    let (method, target) = (first.next().unwrap_or_default().to_owned(), first.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let body = String::from_utf8_lossy(&bytes[head_end + 4..]).into_owned();
    let asked = Asked { method, path: path.into(), query: query.into(), head: head.clone(), body };
    let answer = handler(&asked);
    let hold = holds.lock().unwrap().iter().find(|(path, _)| *path == asked.path).map(|(_, hold)| Arc::clone(hold));
    log.lock().unwrap().push(asked);
    if let Some(hold) = hold {
        hold.reached.add_permits(1);
        drop(hold.go.acquire().await);
    }
    let (status, headers, body, announced) = match answer {
        Answer::Silence => {
            // Until the other end gives up.
            let _ = stream.read(&mut piece).await;
            return;
        }
        Answer::Truncated(body) => {
            let announced = body.len() + 1_000;
            (200, vec!["Content-Type: application/json".to_owned()], body, announced)
        }
        Answer::Reply(status, headers, body) => {
            let announced = body.len();
            (status, headers, body, announced)
        }
    };
    let mut head = format!("HTTP/1.1 {status} X\r\nContent-Length: {announced}\r\nConnection: close\r\n");
    for header in headers {
        head.push_str(&header);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(&body).await;
    let _ = stream.shutdown().await;
}

/// A client whose time passes without waiting.
pub(crate) struct Outside {
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) timer: Arc<FakeTimer>,
    pub(crate) http: Http,
}

impl Outside {
    pub(crate) fn new(limits: HttpLimits) -> Self {
        let clock = Arc::new(FakeClock::at("2026-11-20T12:00:00Z".parse().unwrap()));
        let timer = Arc::new(FakeTimer::new(clock.clone()));
        let config = HttpConfig::new(clock.clone(), Arc::new(FakeEntropy::default()));
        let http = Http::new(HttpConfig { timer: timer.clone(), limits, ..config }).unwrap();
        Self { clock, timer, http }
    }

    pub(crate) fn context<'a>(&'a self, server: &Server, settings: Secrets) -> BuildContext<'a> {
        BuildContext {
            http: &self.http,
            environment: None,
            endpoint: Some(server.origin.parse().unwrap()),
            settings,
            counters: Arc::new(MemoryCounters::default()),
            replies: None,
        }
    }
}

/// A canary for every secret field of a provider; a certificate and its key where files are asked for.
pub(crate) fn canaries(metadata: &ProviderMetadata) -> Secrets {
    let pair = rcgen::generate_simple_self_signed(vec!["app.example".to_owned()]).unwrap();
    let secret = metadata.fields().iter().filter(|field| field.is_secret());
    secret.fold(Secrets::new(), |secrets, field| match (field.kind, field.name) {
        (FieldKind::SecretFile, "certificate") => secrets.with(field.name, pair.cert.pem()),
        (FieldKind::SecretFile, _) => secrets.with(field.name, pair.signing_key.serialize_pem()),
        _ => secrets.with(field.name, format!("canary-{}-5d1f", field.name)),
    })
}
