//! Sends requests to the servers of one provider: at its pace, with retries where they are safe.
//!
//! INVARIANT: only hosts of the metadata, of a granted address or of the override are contacted; secrets travel in
//! headers and bodies, never in a log; only idempotent requests are retried.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use oauth2::url::{Position, Url};
use reqwest::{
    Client,
    header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderMap},
};

use super::{
    Attempt, Call, ClientIdentity, Counters, Http, Replies, Reply, ServerOrigin, backoff,
    failure::{self, FailedAttempt},
    limiter::RequestPermit,
    names,
};
use crate::{
    domain::{ProviderError, ProviderErrorKind},
    providers::{BuildContext, ProviderMetadata, ReplyHead, ServerEnvironment},
};

/// The servers of one provider in one environment.
#[derive(Clone)]
pub struct Api {
    http: Http,
    metadata: &'static ProviderMetadata,
    environment: &'static ServerEnvironment,
    endpoint: Option<ServerOrigin>,
    /// Base address taken from a credential, instead of the environment's.
    granted: Option<Url>,
    /// A client with a certificate, instead of the shared ones.
    identity: Option<Client>,
    counters: Arc<dyn Counters>,
    replies: Option<Replies>,
    provider_time: Arc<Mutex<Option<DateTime<Utc>>>>,
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api")
            .field("provider", &self.metadata.slug)
            .field("environment", &self.environment.name)
            .finish_non_exhaustive()
    }
}

/// The address of a request: before and after its origin is replaced.
struct Target {
    official: Url,
    sent: Url,
}

impl Api {
    /// The servers in the environment of the context.
    pub fn new(metadata: &'static ProviderMetadata, context: &BuildContext<'_>) -> Result<Self, ProviderError> {
        Ok(Self {
            http: context.http.clone(),
            metadata,
            environment: metadata.environment(context.environment)?,
            endpoint: context.endpoint.clone(),
            granted: None,
            identity: None,
            counters: Arc::clone(&context.counters),
            replies: context.replies.clone(),
            provider_time: Arc::default(),
        })
    }

    /// The servers of another environment.
    #[must_use]
    pub fn at(&self, environment: &'static ServerEnvironment) -> Self {
        Self { environment, ..self.clone() }
    }

    /// The server that a credential names, with the path of `address` before that of every request. It must be https
    /// without user or password, and its host must have public addresses only; this is checked again for every
    /// connection. The override replaces its origin too.
    pub fn granted(&self, address: &str) -> Result<Self, ProviderError> {
        let refuse = |why: &str| self.metadata.error(ProviderErrorKind::Validation, format!("its address {why}"));
        let mut url = Url::parse(address.trim()).map_err(|_| refuse("is not an address"))?;
        let host = url.host_str().unwrap_or_default().to_owned();
        if url.scheme() != "https" || host.is_empty() {
            return Err(refuse("must begin with https://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("must not contain a user name or password"));
        }
        if self.endpoint.is_none() && names::is_private_literal(&host) {
            return Err(refuse("is not on the public internet"));
        }
        url.set_query(None);
        url.set_fragment(None);
        Ok(Self { granted: Some(url), ..self.clone() })
    }

    /// The same servers, reached with a client certificate.
    pub fn with_identity(&self, identity: &ClientIdentity) -> Result<Self, ProviderError> {
        let client = self.http.client_with(identity, self.is_local()).map_err(|error| {
            self.metadata.error(ProviderErrorKind::Validation, format!("its certificate can't be used: {error}"))
        })?;
        Ok(Self { identity: Some(client), ..self.clone() })
    }

    /// Whether the override leads to this machine.
    fn is_local(&self) -> bool {
        self.endpoint.as_ref().is_some_and(ServerOrigin::is_loopback)
    }

    /// The HTTP client.
    #[must_use]
    pub const fn http(&self) -> &Http {
        &self.http
    }

    /// The provider.
    #[must_use]
    pub const fn metadata(&self) -> &'static ProviderMetadata {
        self.metadata
    }

    /// The environment in use.
    #[must_use]
    pub const fn environment(&self) -> &'static ServerEnvironment {
        self.environment
    }

    /// Whether an override gives all environments the same origin, so that trying another one is pointless.
    #[must_use]
    pub const fn is_overridden(&self) -> bool {
        self.endpoint.is_some()
    }

    /// The provider's clock as of its last reply, if it sent one.
    #[must_use]
    pub fn provider_time(&self) -> Option<DateTime<Utc>> {
        *self.provider_time.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An address of the metadata or of the granted host, moved by the override if there is one.
    pub fn address(&self, address: &str) -> Result<Url, ProviderError> {
        self.target(address).map(|target| target.sent)
    }

    fn target(&self, address: &str) -> Result<Target, ProviderError> {
        let invalid = || self.metadata.error(ProviderErrorKind::NotConfigured, "one of its addresses is not valid");
        let official = Url::parse(address).map_err(|_| invalid())?;
        if let Some(endpoint) = &self.endpoint {
            return Ok(Target { sent: endpoint.rebase(&official).ok_or_else(invalid)?, official });
        }
        let origin = ServerOrigin::of(&official).map_err(|_| invalid())?;
        let own = |other: &str| Url::parse(other).ok().and_then(|url| ServerOrigin::of(&url).ok());
        let mut known = self.metadata.environments.iter().filter_map(|environment| own(environment.origin));
        let allowed = match &self.granted {
            Some(granted) => ServerOrigin::of(granted).is_ok_and(|granted| granted == origin),
            None => {
                known.any(|known| known.host() == origin.host()) || self.metadata.extra_hosts.contains(&origin.host())
            }
        };
        if allowed { Ok(Target { sent: official.clone(), official }) } else { Err(invalid()) }
    }

    fn target_of(&self, call: &Call) -> Result<Target, ProviderError> {
        let base = call.address.as_deref().or_else(|| self.granted.as_ref().map(Url::as_str));
        let mut target = self.target(base.unwrap_or(self.environment.origin))?;
        for url in [&mut target.official, &mut target.sent] {
            if let Ok(mut path) = url.path_segments_mut()
                && !call.segments().is_empty()
            {
                if self.granted.is_none() {
                    path.clear();
                }
                path.pop_if_empty().extend(call.segments());
            }
            if !call.query.is_empty() {
                url.query_pairs_mut().extend_pairs(&call.query);
            }
        }
        Ok(target)
    }

    /// Sends a request.
    pub async fn send(&self, call: Call) -> Result<Reply, ProviderError> {
        self.exchange(call).await.map_err(|failure| failure.error)
    }

    /// As [`Api::send`]; `None` if the server refuses the request itself (HTTP 400).
    pub async fn send_unless_refused(&self, call: Call) -> Result<Option<Reply>, ProviderError> {
        match self.exchange(call).await {
            Ok(reply) => Ok(Some(reply)),
            Err(failure) if failure.status == Some(reqwest::StatusCode::BAD_REQUEST) => Ok(None),
            Err(failure) => Err(failure.error),
        }
    }

    /// As [`Api::send`], with the details of a failure.
    pub(super) async fn exchange(&self, call: Call) -> Result<Reply, FailedAttempt> {
        let config = &self.http.0.config;
        if config.offline {
            return Err(FailedAttempt::last(
                self.metadata
                    .error(ProviderErrorKind::Unavailable, "nothing is sent in offline mode")
                    .with_hint("start without --offline"),
            ));
        }
        let target = self.target_of(&call).map_err(FailedAttempt::last)?;
        let gate = call.is_counted().then(|| self.http.signing_gate(self.metadata.slug));
        let _in_order = match &gate {
            Some(gate) => Some(gate.lock().await),
            None => None,
        };
        let mut attempt = 0;
        loop {
            self.permit(&target.sent).await.map_err(FailedAttempt::last)?;
            let failure = match self.once(&call, &target).await {
                Ok(reply) => return Ok(reply),
                Err(failure) => failure,
            };
            let is_limited = matches!(failure.error.kind, ProviderErrorKind::RateLimited { .. });
            let wait = failure.wait.unwrap_or_else(|| backoff::jitter(attempt, &*config.entropy));
            tracing::debug!(
                provider = self.metadata.slug,
                call = call.subject,
                attempt,
                status = failure.status.map(|status| status.as_u16()),
                "failed: {}",
                failure.error.message
            );
            if is_limited {
                self.http.0.limiter.silence(&host_key(&target.sent), config.clock.now(), wait);
            }
            attempt += 1;
            let may_retry = call.is_idempotent && failure.is_transient && attempt < config.limits.tries;
            if !may_retry || wait > config.limits.wait {
                return Err(failure);
            }
            if !is_limited {
                config.timer.sleep(wait).await;
            }
        }
    }

    /// Waits for the pace, and stores the count of a limited budget before the request goes out.
    async fn permit(&self, url: &Url) -> Result<(), ProviderError> {
        let config = &self.http.0.config;
        let slug = self.metadata.slug;
        let pace = self.http.0.limiter.pace(slug, self.metadata.pace);
        loop {
            let now = config.clock.now();
            let (until, why) = match self.http.0.limiter.acquire(slug, &host_key(url), pace, now) {
                RequestPermit::Now if pace.per_day.is_some() => {
                    let noted = self.counters.note(slug, self.http.0.limiter.spent(slug, now)).await;
                    return noted.map_err(|message| self.metadata.error(ProviderErrorKind::Local, message));
                }
                RequestPermit::Now => return Ok(()),
                RequestPermit::At(until) => (until, "it asked to wait"),
                RequestPermit::Exhausted(until) => (until, "its daily budget of requests is used up"),
            };
            let wait = (until - now).to_std().unwrap_or_default();
            if wait > config.limits.wait {
                return Err(self.metadata.error(ProviderErrorKind::RateLimited { until: Some(until) }, why));
            }
            config.timer.sleep(wait).await;
        }
    }

    async fn once(&self, call: &Call, target: &Target) -> Result<Reply, FailedAttempt> {
        let inner = &self.http.0;
        let refuse = |kind, message: &str| FailedAttempt::last(self.metadata.error(kind, message));
        let now = inner.config.clock.now();
        let count = if call.is_counted() {
            let least = u64::try_from(now.timestamp_micros()).unwrap_or_default();
            let count = self.counters.next(self.metadata.slug, least).await;
            count.map_err(|message| refuse(ProviderErrorKind::Local, &message))?
        } else {
            0
        };
        let body = call.encoded(count);
        let signature = match &call.signer {
            None => Vec::new(),
            Some(sign) => sign(&Attempt {
                method: call.method.as_str(),
                host: &target.official[Position::BeforeHost..Position::AfterPort],
                path: target.official.path(),
                query: target.official.query().unwrap_or_default(),
                body: body.as_ref().map_or(&[], |(_, body)| body.as_slice()),
                count,
                now,
            })
            .map_err(|message| refuse(ProviderErrorKind::Validation, &message))?,
        };
        let Some(headers) = call.headers(&signature) else {
            return Err(refuse(ProviderErrorKind::Validation, "a key has characters that can't be sent"));
        };
        let client = match (&self.identity, &self.granted) {
            (Some(client), _) => client,
            (None, _) if self.is_local() => &inner.loopback,
            (None, Some(_)) => &inner.granted,
            (None, None) => &inner.https,
        };
        let mut request = client.request(call.method.clone(), target.sent.clone()).headers(headers);
        if let Some((kind, body)) = body {
            // Stated also for an empty body, which the library sends without a length.
            request = request.header(CONTENT_TYPE, kind).header(CONTENT_LENGTH, body.len()).body(body.to_vec());
        }
        let host = &target.sent[Position::BeforeHost..Position::AfterPort];
        let transport = |error: reqwest::Error| failure::of_transport(self.metadata, &error.without_url(), host);
        let mut response = request.send().await.map_err(transport)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(transport)? {
            if body.len() + piece.len() > inner.config.limits.body {
                let message = format!("its reply is larger than {} bytes", inner.config.limits.body);
                return Err(refuse(ProviderErrorKind::InvalidResponse, &message));
            }
            body.extend_from_slice(&piece);
        }
        tracing::debug!(
            provider = self.metadata.slug,
            call = call.subject,
            status = status.as_u16(),
            bytes = body.len()
        );
        self.note_time(&headers);
        let secrets = call.secrets(&signature);
        let head = ReplyHead { status: status.as_u16(), headers: &headers };
        if let Some(verdict) = (self.metadata.judge)(&head, &body) {
            return Err(failure::of_verdict(self.metadata, status, verdict, &secrets, now));
        }
        if !status.is_success() {
            return Err(failure::of_status(self.metadata, status, &headers, &body, &secrets, now));
        }
        if let Some(replies) = &self.replies {
            replies.keep(call.subject, &body, &secrets);
        }
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok(Reply { metadata: self.metadata, subject: call.subject, content_type, body })
    }

    fn note_time(&self, headers: &HeaderMap) {
        let date = headers.get(DATE).and_then(|value| value.to_str().ok());
        if let Some(time) = date.and_then(|text| httpdate::parse_http_date(text).ok()) {
            *self.provider_time.lock().unwrap_or_else(PoisonError::into_inner) = Some(time.into());
        }
    }

    /// Waits, by the program's timer.
    pub async fn sleep(&self, duration: Duration) {
        self.http.sleep(duration).await;
    }
}

fn host_key(url: &Url) -> String {
    url[..Position::BeforePath].to_owned()
}
