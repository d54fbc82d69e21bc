//! The one way out to the network: two clients built by one factory, and what they share.
//!
//! Built once by the composition root, handed to adapters in `BuildContext`. INVARIANT: no redirects are
//! followed (they would carry keys to other hosts); TLS 1.2 at least; plain http to loopback only; every wait
//! and every reply has its limit.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use reqwest::{Client, redirect, tls};

use super::limiter::{Limiter, Spent};
use crate::{
    ports::{Clock, Entropy},
    providers::ProviderMetadata,
};

/// How long and how much; the defaults are what the program runs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpLimits {
    /// Until a connection stands.
    pub connect: Duration,
    /// Between two pieces of a reply.
    pub read: Duration,
    /// For a whole exchange.
    pub total: Duration,
    /// Bytes of a reply, after unpacking.
    pub body: usize,
    /// The longest wait inside one call; a provider that asks for more gets its error at once.
    pub wait: Duration,
    /// How often an idempotent call is tried.
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

/// How the program waits between calls; replaced where a test must not.
#[async_trait]
pub trait Timer: Send + Sync {
    /// Comes back after `duration`.
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

/// What the client is built from.
#[derive(Clone)]
pub struct HttpConfig {
    /// Tells when a limit ends.
    pub clock: Arc<dyn Clock>,
    /// Spreads retries, and makes OAuth states.
    pub entropy: Arc<dyn Entropy>,
    /// How to wait.
    pub timer: Arc<dyn Timer>,
    /// How long and how much.
    pub limits: HttpLimits,
    /// Refuses every call (`--offline`).
    pub offline: bool,
}

impl HttpConfig {
    /// The usual limits and timer.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { clock, entropy, timer: Arc::new(TokioTimer), limits: HttpLimits::default(), offline: false }
    }
}

/// The client could not be set up; the machine's certificates are usually why.
#[derive(Debug, thiserror::Error)]
#[error("the network client can't be set up; check the certificates of the system (SSL_CERT_FILE)")]
pub struct HttpSetupError(#[source] reqwest::Error);

/// The HTTP client of the program: limits, pace and rules are shared by everything that uses it. Cheap to clone.
#[derive(Clone)]
pub struct Http(pub(super) Arc<Inner>);

pub(super) struct Inner {
    /// For institutions: https only, through the system's proxy if there is one.
    pub(super) https: Client,
    /// For an origin on this machine: http too, never through a proxy.
    pub(super) loopback: Client,
    pub(super) limiter: Limiter,
    pub(super) config: HttpConfig,
}

impl Http {
    /// Builds both clients.
    pub fn new(config: HttpConfig) -> Result<Self, HttpSetupError> {
        let limits = config.limits;
        let builder = || {
            Client::builder()
                .user_agent(concat!("dashtam/", env!("CARGO_PKG_VERSION")))
                .redirect(redirect::Policy::none())
                .referer(false)
                .connect_timeout(limits.connect)
                .read_timeout(limits.read)
                .timeout(limits.total)
                .tls_version_min(tls::Version::TLS_1_2)
                .http2_max_header_list_size(64 << 10)
        };
        let https = builder().https_only(true).build().map_err(HttpSetupError)?;
        let loopback = builder().no_proxy().build().map_err(HttpSetupError)?;
        Ok(Self(Arc::new(Inner { https, loopback, limiter: Limiter::default(), config })))
    }

    /// From now on a provider is sent no more requests a day than this, even if it allows more.
    pub fn limit(&self, slug: &str, per_day: u32) {
        self.0.limiter.limit(slug, per_day);
    }

    /// The requests a provider may be sent in a day, where that is limited.
    #[must_use]
    pub fn budget(&self, metadata: &ProviderMetadata) -> Option<u32> {
        self.0.limiter.pace(metadata.slug, metadata.pace).per_day
    }

    /// Requests made of a provider today.
    #[must_use]
    pub fn spent(&self, slug: &str) -> Spent {
        self.0.limiter.spent(slug, self.0.config.clock.now())
    }

    /// Reminds the budget of requests made before the program was started.
    pub fn restore_spent(&self, slug: &str, spent: Spent) {
        self.0.limiter.restore(slug, spent);
    }

    /// The clock that adapters go by.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.0.config.clock
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
