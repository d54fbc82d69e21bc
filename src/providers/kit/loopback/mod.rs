//! Pages on loopback: the end of a browser login, and login windows that need a page around them.
//!
//! Used by the OAuth callback and by links. INVARIANT: answers only requests from this machine that name this address in
//! `Host`; bounded in size, time and number; a wrong request is answered and the wait goes on.

mod local_page;
pub(super) mod page;
#[cfg(test)]
mod tests;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot},
    task::{AbortHandle, JoinSet},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use zeroize::Zeroizing;

pub use local_page::{LocalPage, LocalPageListener};

/// Longest accepted request head, in bytes.
const HEAD: usize = 16 << 10;
/// Longest accepted request body, in bytes.
const BODY: usize = 16 << 10;
/// Bytes of one reading.
const PIECE: usize = 2048;
/// Time limit of one connection.
const CONNECTION: Duration = Duration::from_secs(10);
/// Connections served at once; a further one ends the oldest.
const CONNECTIONS: usize = 128;

/// A request whose form and `Host` are right. Address and body hold secrets of the login, so their buffers are wiped.
pub(super) struct PageRequest {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: Zeroizing<String>,
    /// The value of `Origin`, which browsers send with every POST.
    pub(super) origin: Option<String>,
    pub(super) body: Zeroizing<Vec<u8>>,
}

/// The answer to a request.
pub(super) enum PageAnswer<T> {
    /// A page; the wait goes on.
    Page(Vec<u8>),
    /// A page, and the end of the wait.
    Ends(Vec<u8>, T),
    /// The end of the wait; the page follows when its outcome is safe.
    Awaits(oneshot::Receiver<Vec<u8>>, T),
}

/// A small HTTP/1 server.
pub(super) struct Loopback {
    pub(super) listener: TcpListener,
    pub(super) tls: Option<TlsAcceptor>,
    /// Accepted values of `Host`, lower case.
    pub(super) hosts: Vec<String>,
}

/// An outcome, with the connections that are still being answered.
pub(super) struct EndedWait<T> {
    pub(super) outcome: T,
    pub(super) connections: JoinSet<()>,
}

/// Decides about a request.
type PageJudge<T> = dyn Fn(&PageRequest) -> PageAnswer<T> + Send + Sync;

impl Loopback {
    /// Serves until a request ends the wait.
    pub(super) async fn serve<T: Send + 'static>(self, judge: Arc<PageJudge<T>>) -> EndedWait<T> {
        let mut served: VecDeque<AbortHandle> = VecDeque::with_capacity(CONNECTIONS);
        let (found, mut ended) = mpsc::channel(1);
        let hosts: Arc<[String]> = self.hosts.clone().into();
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                biased;
                Some(outcome) = ended.recv() => return EndedWait { outcome, connections },
                Some(_) = connections.join_next() => continue,
                accepted = self.accept() => accepted,
            };
            let Some(stream) = accepted else { continue };
            // Idle connections would otherwise keep the browser waiting.
            served.retain(|connection| !connection.is_finished());
            if served.len() >= CONNECTIONS
                && let Some(oldest) = served.pop_front()
            {
                oldest.abort();
            }
            let (tls, hosts, judge, found) = (self.tls.clone(), hosts.clone(), judge.clone(), found.clone());
            let connection = connections.spawn(async move {
                let answered = timeout(CONNECTION, async {
                    match tls {
                        // Browsers abort the first handshake when they warn about the certificate.
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                answer(stream, &hosts, &*judge, &found).await;
                            }
                        }
                        None => answer(stream, &hosts, &*judge, &found).await,
                    }
                });
                let _ = answered.await;
            });
            served.push_back(connection);
        }
    }

    async fn accept(&self) -> Option<TcpStream> {
        let (stream, peer) = self.listener.accept().await.ok()?;
        peer.ip().is_loopback().then_some(stream)
    }
}

/// Serves one connection.
async fn answer<S: AsyncRead + AsyncWrite + Unpin, T>(
    mut stream: S,
    hosts: &[String],
    judge: &PageJudge<T>,
    found: &mpsc::Sender<T>,
) {
    let served = match read(&mut stream, hosts).await {
        Ok(request) => judge(&request),
        Err(Some(status)) => PageAnswer::Page(page::refused(status)),
        Err(None) => return,
    };
    // The channel holds one outcome; a second one is ignored. It counts even if the browser is gone.
    match served {
        PageAnswer::Page(reply) => write(&mut stream, &reply).await,
        PageAnswer::Ends(reply, outcome) => {
            write(&mut stream, &reply).await;
            let _ = found.try_send(outcome);
        }
        PageAnswer::Awaits(reply, outcome) => {
            let _ = found.try_send(outcome);
            if let Ok(reply) = reply.await {
                write(&mut stream, &reply).await;
            }
        }
    }
}

async fn write<S: AsyncWrite + Unpin>(stream: &mut S, reply: &[u8]) {
    if stream.write_all(reply).await.is_ok() {
        let _ = stream.flush().await;
        let _ = stream.shutdown().await;
    }
}

/// A request; `Err(None)` if the client disconnected, else the status of the refusal. No buffer grows: growing leaves a copy.
async fn read<S: AsyncRead + Unpin>(stream: &mut S, hosts: &[String]) -> Result<PageRequest, Option<&'static str>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(HEAD + BODY + 2 * PIECE));
    let end = loop {
        receive(stream, &mut bytes).await?;
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n").filter(|end| *end <= HEAD) {
            break end;
        }
        if bytes.len() > HEAD {
            return Err(Some("431 Request Header Fields Too Large"));
        }
    };
    let head = std::str::from_utf8(&bytes[..end]).map_err(|_| Some("400 Bad Request"))?;
    let (mut request, length) = parse(head, hosts).map_err(Some)?;
    if length > BODY {
        return Err(Some("413 Content Too Large"));
    }
    let start = end + 4;
    while bytes.len() < start + length {
        receive(stream, &mut bytes).await?;
    }
    request.body = Zeroizing::new(bytes[start..start + length].to_vec());
    Ok(request)
}

async fn receive<S: AsyncRead + Unpin>(stream: &mut S, bytes: &mut Vec<u8>) -> Result<(), Option<&'static str>> {
    let mut piece = Zeroizing::new([0; PIECE]);
    let count = stream.read(&mut *piece).await.map_err(|_| None)?;
    bytes.extend_from_slice(&piece[..count]);
    if count == 0 { Err(None) } else { Ok(()) }
}

/// The request of a head, and the length of its body; an error is the status of the refusal.
fn parse(head: &str, hosts: &[String]) -> Result<(PageRequest, usize), &'static str> {
    const BAD: &str = "400 Bad Request";
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(target), Some(version), None) = (first.next(), first.next(), first.next(), first.next())
    else {
        return Err(BAD);
    };
    if !version.starts_with("HTTP/1.") {
        return Err(BAD);
    }
    let headers: Vec<(&str, &str)> =
        lines.filter_map(|line| line.split_once(':')).map(|(name, value)| (name, value.trim())).collect();
    // A header that comes twice has no value.
    let header = |wanted: &str| -> Result<Option<&str>, &'static str> {
        let mut values = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        let value = values.next().map(|(_, value)| *value);
        if values.next().is_some() { Err(BAD) } else { Ok(value) }
    };
    if !matches!(method, "GET" | "POST") {
        return Err("405 Method Not Allowed");
    }
    // A foreign page would reach this machine by another name (DNS rebinding).
    let host = header("host")?.ok_or(BAD)?.to_ascii_lowercase();
    if !hosts.contains(&host) {
        return Err("421 Misdirected Request");
    }
    if header("transfer-encoding")?.is_some() {
        return Err("411 Length Required");
    }
    let length = header("content-length")?.map_or(Ok(0), str::parse).map_err(|_| BAD)?;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let origin = header("origin")?.map(str::to_owned);
    let request = PageRequest {
        method: method.to_owned(),
        path: path.to_owned(),
        query: Zeroizing::new(query.to_owned()),
        origin,
        body: Zeroizing::default(),
    };
    Ok((request, length))
}

/// Compares in constant time for texts of one length.
pub(super) fn same(left: &str, right: &str) -> bool {
    left.len() == right.len()
        && std::hint::black_box(left.bytes().zip(right.bytes()).fold(0, |all, (left, right)| all | (left ^ right))) == 0
}
