//! Catches the redirect of a login on this machine.
//!
//! Used by the connection flow; pasting the address is the alternative. INVARIANT: listens on loopback only, and on
//! the registered port only; requests other than the exact redirect are answered and ignored; the first valid one
//! completes the login.

use std::{
    collections::VecDeque,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use oauth2::url::Url;
use secrecy::SecretString;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::{AbortHandle, JoinSet},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use zeroize::Zeroizing;

use super::{RedirectError, certificate, page, redirect::parse_query};
use crate::providers::Authorization;

/// Longest accepted request head, in bytes.
const HEAD: usize = 16 << 10;
/// Time limit of one connection.
const CONNECTION: Duration = Duration::from_secs(10);
/// Connections served at once; a further one ends the oldest.
const CONNECTIONS: usize = 128;

/// Why the redirect cannot be caught. Pasting the address still works.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// The registered address is on another machine.
    #[error("the callback address is not on this machine; paste the address of the last page instead")]
    NotLocal,
    /// The port is in use or reserved.
    #[error("port {port} can't be listened on ({reason}); paste the address of the last page instead")]
    Port {
        /// The registered port.
        port: u16,
        /// The reason given by the system.
        reason: String,
    },
    /// Creating the certificate failed.
    #[error("no certificate could be made for the callback ({reason}); paste the address of the last page instead")]
    Certificate {
        /// The reason.
        reason: String,
    },
    /// No redirect arrived in time.
    #[error("the login was not completed in time; start it again")]
    TimedOut,
    /// The redirect reports a refusal.
    #[error(transparent)]
    Refused(#[from] RedirectError),
}

/// Listens for one redirect. Dropping it stops listening.
#[derive(Debug)]
pub struct CallbackListener {
    listener: TcpListener,
    tls: Option<(TlsAcceptorDebug, String)>,
    expected: Arc<Expected>,
}

struct TlsAcceptorDebug(TlsAcceptor);

impl std::fmt::Debug for TlsAcceptorDebug {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TlsAcceptor")
    }
}

#[derive(Debug)]
struct Expected {
    authorization: Authorization,
    /// Accepted values of `Host`.
    hosts: Vec<String>,
    path: String,
}

impl CallbackListener {
    /// Listens at the callback address.
    pub async fn bind(authorization: &Authorization) -> Result<Self, CallbackError> {
        let url = Url::parse(&authorization.callback_url).map_err(|_| CallbackError::NotLocal)?;
        let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
        let address = match host.as_str() {
            "127.0.0.1" | "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
            "[::1]" => IpAddr::V6(Ipv6Addr::LOCALHOST),
            _ => return Err(CallbackError::NotLocal),
        };
        let tls = match url.scheme() {
            "https" => {
                let (acceptor, fingerprint) =
                    certificate::acceptor().map_err(|reason| CallbackError::Certificate { reason })?;
                Some((TlsAcceptorDebug(acceptor), fingerprint))
            }
            "http" => None,
            _ => return Err(CallbackError::NotLocal),
        };
        let port = url.port_or_known_default().ok_or(CallbackError::NotLocal)?;
        let listener = TcpListener::bind(SocketAddr::new(address, port))
            .await
            .map_err(|error| CallbackError::Port { port, reason: error.kind().to_string() })?;
        let mut hosts = vec![format!("{host}:{port}")];
        if url.port().is_none() {
            hosts.push(host);
        }
        let expected = Expected { authorization: authorization.clone(), hosts, path: url.path().to_owned() };
        Ok(Self { listener, tls, expected: Arc::new(expected) })
    }

    /// The certificate's fingerprint, to compare with the one in the browser's warning; `None` without TLS.
    #[must_use]
    pub fn fingerprint(&self) -> Option<&str> {
        self.tls.as_ref().map(|(_, fingerprint)| fingerprint.as_str())
    }

    /// Waits for the code, at most for `limit`.
    pub async fn wait(self, limit: Duration) -> Result<SecretString, CallbackError> {
        timeout(limit, self.serve()).await.unwrap_or(Err(CallbackError::TimedOut))
    }

    async fn serve(self) -> Result<SecretString, CallbackError> {
        let mut served: VecDeque<AbortHandle> = VecDeque::with_capacity(CONNECTIONS);
        let (found, mut ended) = mpsc::channel(1);
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                biased;
                Some(outcome) = ended.recv() => return outcome,
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
            let (tls, expected, found) =
                (self.tls.as_ref().map(|(tls, _)| tls.0.clone()), self.expected.clone(), found.clone());
            let connection = connections.spawn(async move {
                let answered = timeout(CONNECTION, async {
                    match tls {
                        // Browsers abort the first handshake when they warn about the certificate.
                        Some(tls) => answer(tls.accept(stream).await.ok()?, &expected).await,
                        None => answer(stream, &expected).await,
                    }
                });
                if let Ok(Some(outcome)) = answered.await {
                    // The channel holds one code; a second one is ignored.
                    let _ = found.try_send(outcome);
                }
            });
            served.push_back(connection);
        }
    }

    async fn accept(&self) -> Option<TcpStream> {
        let (stream, peer) = self.listener.accept().await.ok()?;
        peer.ip().is_loopback().then_some(stream)
    }
}

/// Serves one connection; `Some` if it completes the login.
async fn answer<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    expected: &Expected,
) -> Option<Result<SecretString, CallbackError>> {
    let (reply, outcome) = match read_head(&mut stream).await {
        Ok(head) => match judge(&head, expected) {
            Ok(code) => (page::done(), Some(Ok(code))),
            Err(Refusal::Ends(error)) => (page::denied(), Some(Err(CallbackError::Refused(error)))),
            Err(Refusal::Ignored(status)) => (page::refused(status), None),
        },
        Err(status) => (page::refused(status?), None),
    };
    // The code counts even if the browser is gone.
    if stream.write_all(&reply).await.is_ok() {
        let _ = stream.flush().await;
        let _ = stream.shutdown().await;
    }
    outcome
}

/// The head of a request; `Err(None)` if the client disconnected.
/// It holds the code of the login, so every buffer is wiped; none of them grows.
async fn read_head<S: AsyncRead + Unpin>(stream: &mut S) -> Result<Zeroizing<String>, Option<&'static str>> {
    let mut head = Zeroizing::new(Vec::with_capacity(HEAD + 2048));
    let mut piece = Zeroizing::new(vec![0; 2048]);
    loop {
        let count = stream.read(&mut piece).await.map_err(|_| None)?;
        if count == 0 {
            return Err(None);
        }
        head.extend_from_slice(&piece[..count]);
        if let Some(end) = head.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            if end > HEAD {
                return Err(Some("431 Request Header Fields Too Large"));
            }
            head.truncate(end);
            let text = std::str::from_utf8(&head).map_err(|_| Some("400 Bad Request"))?;
            return Ok(Zeroizing::new(text.to_owned()));
        }
        if head.len() > HEAD {
            return Err(Some("431 Request Header Fields Too Large"));
        }
    }
}

enum Refusal {
    Ends(RedirectError),
    Ignored(&'static str),
}

fn judge(head: &str, expected: &Expected) -> Result<SecretString, Refusal> {
    let bad = || Refusal::Ignored("400 Bad Request");
    let mut lines = head.split("\r\n");
    let mut request = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(target), Some(version), None) =
        (request.next(), request.next(), request.next(), request.next())
    else {
        return Err(bad());
    };
    if !version.starts_with("HTTP/1.") {
        return Err(bad());
    }
    if method != "GET" {
        return Err(Refusal::Ignored("405 Method Not Allowed"));
    }
    let mut hosts = lines.filter_map(|line| line.split_once(':')).filter(|(name, _)| name.eq_ignore_ascii_case("host"));
    let (Some((_, host)), None) = (hosts.next(), hosts.next()) else { return Err(bad()) };
    // A foreign page would reach this machine by another name (DNS rebinding).
    if !expected.hosts.contains(&host.trim().to_ascii_lowercase()) {
        return Err(Refusal::Ignored("421 Misdirected Request"));
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if path != expected.path {
        return Err(Refusal::Ignored("404 Not Found"));
    }
    parse_query(query, &expected.authorization, true).map_err(|error| match error {
        RedirectError::Denied { .. } => Refusal::Ends(error),
        RedirectError::OtherLogin | RedirectError::OtherIssuer | RedirectError::NoCode | RedirectError::Malformed => {
            bad()
        }
    })
}
