//! Catches the redirect of a login on this machine.
//!
//! Used by the connection flow; pasting the address is the alternative. INVARIANT: listens on loopback only, and on
//! the registered port only; requests other than the exact redirect are answered and ignored; the first valid one
//! completes the login.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use oauth2::url::Url;
use secrecy::SecretString;
use tokio::{net::TcpListener, time::timeout};
use tokio_rustls::TlsAcceptor;

use super::{
    super::loopback::{Loopback, PageAnswer, PageRequest, page},
    RedirectError, certificate,
    redirect::parse_query,
};
use crate::providers::Authorization;

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
        let Self { listener, tls, expected } = self;
        let loopback = Loopback { listener, tls: tls.map(|(tls, _)| tls.0), hosts: expected.hosts.clone() };
        loopback.serve(Arc::new(move |request: &PageRequest| judge(request, &expected))).await.outcome
    }
}

/// The answer to a request: the redirect ends the wait, anything else is refused.
fn judge(request: &PageRequest, expected: &Expected) -> PageAnswer<Result<SecretString, CallbackError>> {
    let refused = |status: &str| PageAnswer::Page(page::refused(status));
    if request.method != "GET" {
        return refused("405 Method Not Allowed");
    }
    if request.path != expected.path {
        return refused("404 Not Found");
    }
    match parse_query(&request.query, &expected.authorization, true) {
        Ok(code) => PageAnswer::Ends(page::done(), Ok(code)),
        Err(error @ RedirectError::Denied { .. }) => {
            PageAnswer::Ends(page::denied(), Err(CallbackError::Refused(error)))
        }
        Err(
            RedirectError::OtherLogin | RedirectError::OtherIssuer | RedirectError::NoCode | RedirectError::Malformed,
        ) => refused("400 Bad Request"),
    }
}
