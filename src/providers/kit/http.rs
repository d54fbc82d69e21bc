//! The HTTP clients, built by one factory, with their shared limits.
//!
//! Built once by the composition root, passed to adapters in `BuildContext`. INVARIANT: redirects are never followed
//! (they would carry keys to other hosts); TLS 1.2 or later; plain http to loopback only; every wait and every reply
//! has a limit.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use reqwest::{Client, ClientBuilder, redirect, tls};
use secrecy::ExposeSecret as _;

use super::{
    ClientIdentity,
    limiter::{Limiter, Spent},
    names::{NameLookup, PublicOnly, SystemLookup},
};
use crate::{
    ports::{Clock, Entropy},
    providers::ProviderMetadata,
};

/// Limits of time and size. The defaults are those of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpLimits {
    /// Time to connect.
    pub connect: Duration,
    /// Time between two pieces of a reply.
    pub read: Duration,
    /// Time for a whole exchange.
    pub total: Duration,
    /// Size of a reply in bytes, after decompression.
    pub body: usize,
    /// Longest wait within one request; a longer one is an error at once.
    pub wait: Duration,
    /// Attempts of an idempotent request.
    pub tries: u32,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            read: Duration::from_secs(20),
            total: Duration::from_secs(60),
            body: 16 << 20,
            wait: Duration::from_secs(60),
            tries: 4,
        }
    }
}

/// Waits between requests. Replaced in tests.
#[async_trait]
pub trait Timer: Send + Sync {
    /// Returns after `duration`.
    async fn sleep(&self, duration: Duration);
}

/// The runtime's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct TokioTimer;

#[async_trait]
impl Timer for TokioTimer {
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// The parts of the client.
#[derive(Clone)]
pub struct HttpConfig {
    /// The clock of all limits.
    pub clock: Arc<dyn Clock>,
    /// Randomness of retries and OAuth states.
    pub entropy: Arc<dyn Entropy>,
    /// How to wait.
    pub timer: Arc<dyn Timer>,
    /// Limits of time and size.
    pub limits: HttpLimits,
    /// Refuses every request (`--offline`).
    pub offline: bool,
    /// Looks up names of hosts that a credential names.
    pub lookup: Arc<dyn NameLookup>,
}

impl HttpConfig {
    /// The usual limits and timer.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self {
            clock,
            entropy,
            timer: Arc::new(TokioTimer),
            limits: HttpLimits::default(),
            offline: false,
            lookup: Arc::new(SystemLookup),
        }
    }
}

/// The clients could not be set up, usually because of the system's certificates.
#[derive(Debug, thiserror::Error)]
#[error("the network client can't be set up; check the certificates of the system (SSL_CERT_FILE)")]
pub struct HttpSetupError(#[source] reqwest::Error);

/// The HTTP clients of the program, with limits and pace shared by all users. Cheap to clone.
#[derive(Clone)]
pub struct Http(pub(super) Arc<ClientParts>);

pub(super) struct ClientParts {
    /// For institutions: https only, through the system's proxy if there is one.
    pub(super) https: Client,
    /// For an origin on this machine: http too, never through a proxy.
    pub(super) loopback: Client,
    /// For origins that a credential names: https to public addresses only, never through a proxy, which would resolve
    /// the name itself.
    pub(super) granted: Client,
    /// One gate per provider for signed requests.
    signing: Mutex<HashMap<&'static str, Arc<tokio::sync::Mutex<()>>>>,
    pub(super) limiter: Limiter,
    pub(super) config: HttpConfig,
}

/// The rules of every client.
fn builder(limits: HttpLimits) -> ClientBuilder {
    Client::builder()
        .user_agent(concat!("dashtam/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .referer(false)
        .connect_timeout(limits.connect)
        .read_timeout(limits.read)
        .timeout(limits.total)
        .tls_version_min(tls::Version::TLS_1_2)
        .http2_max_header_list_size(64 << 10)
}

impl Http {
    /// Builds the clients.
    pub fn new(config: HttpConfig) -> Result<Self, HttpSetupError> {
        let builder = || builder(config.limits);
        let https = builder().https_only(true).build().map_err(HttpSetupError)?;
        let loopback = builder().no_proxy().build().map_err(HttpSetupError)?;
        let resolver = Arc::new(PublicOnly(Arc::clone(&config.lookup)));
        let granted = builder().https_only(true).no_proxy().dns_resolver(resolver).build().map_err(HttpSetupError)?;
        let signing = Mutex::default();
        Ok(Self(Arc::new(ClientParts { https, loopback, granted, signing, limiter: Limiter::default(), config })))
    }

    /// A client that presents a certificate: https only through the system's proxy, or without both towards this machine.
    pub(super) fn client_with(&self, identity: &ClientIdentity, is_local: bool) -> Result<Client, HttpSetupError> {
        let identity =
            reqwest::Identity::from_pem(identity.pem().expose_secret().as_bytes()).map_err(HttpSetupError)?;
        let builder = builder(self.0.config.limits).identity(identity);
        let builder = if is_local { builder.no_proxy() } else { builder.https_only(true) };
        builder.build().map_err(HttpSetupError)
    }

    /// Limits the requests of a provider to `per_day`, even if it allows more.
    pub fn limit(&self, slug: &str, per_day: u32) {
        self.0.limiter.limit(slug, per_day);
    }

    /// Requests allowed for a provider per day, if limited.
    #[must_use]
    pub fn budget(&self, metadata: &ProviderMetadata) -> Option<u32> {
        self.0.limiter.pace(metadata.slug, metadata.pace).per_day
    }

    /// Requests sent to a provider today.
    #[must_use]
    pub fn spent(&self, slug: &str) -> Spent {
        self.0.limiter.spent(slug, self.0.config.clock.now())
    }

    /// Counts requests that were sent before the program started.
    pub fn restore_spent(&self, slug: &str, spent: Spent) {
        self.0.limiter.restore(slug, spent);
    }

    /// Sends signed requests of a provider one after another.
    pub(super) fn signing_gate(&self, slug: &'static str) -> Arc<tokio::sync::Mutex<()>> {
        let mut gates = self.0.signing.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(gates.entry(slug).or_default())
    }

    /// The clock for adapters.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.0.config.clock
    }

    /// Waits, by the program's timer.
    pub async fn sleep(&self, duration: Duration) {
        self.0.config.timer.sleep(duration).await;
    }

    /// The randomness of states and retries.
    #[must_use]
    pub fn entropy(&self) -> &dyn Entropy {
        &*self.0.config.entropy
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("limits", &self.0.config.limits).finish_non_exhaustive()
    }
}
