//! A provider's interface: calls to its own hosts, at its pace, tried again where that is safe.
//!
//! INVARIANT: only hosts of the metadata (or the override) are asked; secrets travel in headers or forms marked
//! sensitive, never in a log; only idempotent calls are repeated.

use std::fmt;

use oauth2::url::Url;
use reqwest::{
    Method,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::{
    Http, Origin, Reply, backoff,
    failure::{self, Failure},
    limiter::Permit,
};
use crate::{
    domain::{ProviderError, ProviderErrorKind},
    providers::{BuildContext, Environment, ProviderMetadata},
};

/// The interface of one provider in one environment.
#[derive(Clone)]
pub struct Api {
    http: Http,
    metadata: &'static ProviderMetadata,
    environment: &'static Environment,
    endpoint: Option<Origin>,
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api")
            .field("provider", &self.metadata.slug)
            .field("environment", &self.environment.name)
            .finish_non_exhaustive()
    }
}

/// One question.
#[must_use]
pub struct Call {
    what: &'static str,
    method: Method,
    segments: Vec<String>,
    /// Instead of segments: a full address out of the metadata.
    address: Option<&'static str>,
    query: Vec<(&'static str, String)>,
    headers: Vec<(HeaderName, SecretString)>,
    body: Option<(HeaderValue, Zeroizing<Vec<u8>>)>,
    /// Secrets in the body, which no message may repeat.
    hidden: Vec<SecretString>,
    idempotent: bool,
}

impl Call {
    /// Asks for something; `segments` of the path are encoded here.
    pub fn get(what: &'static str, segments: &[&str]) -> Self {
        Self {
            what,
            method: Method::GET,
            segments: segments.iter().map(|segment| (*segment).to_owned()).collect(),
            address: None,
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
            hidden: Vec::new(),
            idempotent: true,
        }
    }

    /// Sends a form to an address of the metadata. Never repeated by itself.
    pub(super) fn post_form(
        what: &'static str,
        address: &'static str,
        body: Vec<u8>,
        authorization: Option<SecretString>,
        hidden: Vec<SecretString>,
    ) -> Self {
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        Self {
            method: Method::POST,
            address: Some(address),
            body: Some((form, Zeroizing::new(body))),
            headers: authorization.map(|value| (AUTHORIZATION, value)).into_iter().collect(),
            hidden,
            idempotent: false,
            ..Self::get(what, &[])
        }
    }

    /// Adds a parameter; encoded here.
    pub fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Adds a parameter if there is a value.
    pub fn query_if(self, name: &'static str, value: Option<String>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// Adds a secret header.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((HeaderName::from_static(name), value.into()));
        self
    }

    /// Adds an access token.
    pub fn bearer(mut self, token: &str) -> Self {
        self.headers.push((AUTHORIZATION, format!("Bearer {token}").into()));
        self.hidden.push(token.into());
        self
    }

    fn headers(&self) -> Option<HeaderMap> {
        let mut headers = HeaderMap::new();
        headers.insert(reqwest::header::ACCEPT, HeaderValue::from_static("application/json"));
        for (name, value) in &self.headers {
            let mut value = HeaderValue::from_str(value.expose_secret()).ok()?;
            value.set_sensitive(true);
            headers.insert(name.clone(), value);
        }
        Some(headers)
    }
}

impl Api {
    /// The interface in the environment of the context.
    pub fn new(metadata: &'static ProviderMetadata, context: &BuildContext<'_>) -> Result<Self, ProviderError> {
        let environment = metadata.environment(context.environment)?;
        Ok(Self { http: context.http.clone(), metadata, environment, endpoint: context.endpoint.clone() })
    }

    /// The same in another environment.
    #[must_use]
    pub fn at(&self, environment: &'static Environment) -> Self {
        Self { environment, ..self.clone() }
    }

    /// The client underneath.
    #[must_use]
    pub const fn http(&self) -> &Http {
        &self.http
    }

    /// The provider.
    #[must_use]
    pub const fn metadata(&self) -> &'static ProviderMetadata {
        self.metadata
    }

    /// Where it asks.
    #[must_use]
    pub const fn environment(&self) -> &'static Environment {
        self.environment
    }

    /// Whether all environments are the same origin, so that trying another one tells nothing.
    #[must_use]
    pub const fn is_overridden(&self) -> bool {
        self.endpoint.is_some()
    }

    /// An address of the metadata, moved by the override if there is one.
    pub fn address(&self, address: &str) -> Result<Url, ProviderError> {
        let invalid = || self.metadata.error(ProviderErrorKind::NotConfigured, "its address is not valid");
        let url = Url::parse(address).map_err(|_| invalid())?;
        if let Some(endpoint) = &self.endpoint {
            return endpoint.rebase(&url).ok_or_else(invalid);
        }
        let origin = Origin::of(&url).map_err(|_| invalid())?;
        let own = |other: &str| Url::parse(other).ok().and_then(|url| Origin::of(&url).ok());
        let known = self.metadata.environments.iter().filter_map(|environment| own(environment.origin));
        let allowed = known.map(|known| known.host().to_owned()).any(|host| host == origin.host())
            || self.metadata.extra_hosts.contains(&origin.host());
        if allowed { Ok(url) } else { Err(invalid()) }
    }

    fn url(&self, call: &Call) -> Result<Url, ProviderError> {
        let mut url = self.address(call.address.unwrap_or(self.environment.origin))?;
        if let Ok(mut path) = url.path_segments_mut()
            && !call.segments.is_empty()
        {
            path.clear().extend(&call.segments);
        }
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        Ok(url)
    }

    /// Asks, at the provider's pace, again where that is safe.
    pub async fn send(&self, call: Call) -> Result<Reply, ProviderError> {
        self.exchange(call).await.map_err(|failure| failure.error)
    }

    /// As [`Api::send`]; `None` when the server refuses the question itself (HTTP 400).
    pub async fn send_unless_refused(&self, call: Call) -> Result<Option<Reply>, ProviderError> {
        match self.exchange(call).await {
            Ok(reply) => Ok(Some(reply)),
            Err(failure) if failure.status == Some(reqwest::StatusCode::BAD_REQUEST) => Ok(None),
            Err(failure) => Err(failure.error),
        }
    }

    /// As [`Api::send`], with what is known about a failure.
    pub(super) async fn exchange(&self, call: Call) -> Result<Reply, Failure> {
        let config = &self.http.0.config;
        if config.offline {
            return Err(Failure::last(
                self.metadata
                    .error(ProviderErrorKind::Unavailable, "nothing is sent in offline mode")
                    .with_hint("start without --offline"),
            ));
        }
        let url = self.url(&call).map_err(Failure::last)?;
        let mut attempt = 0;
        loop {
            self.permit(&url).await.map_err(Failure::last)?;
            let failure = match self.once(&call, &url).await {
                Ok(reply) => return Ok(reply),
                Err(failure) => failure,
            };
            let limited = matches!(failure.error.kind, ProviderErrorKind::RateLimited { .. });
            let wait = failure.wait.unwrap_or_else(|| backoff::jitter(attempt, &*config.entropy));
            tracing::debug!(
                provider = self.metadata.slug,
                call = call.what,
                attempt,
                status = failure.status.map(|status| status.as_u16()),
                "failed: {}",
                failure.error.message
            );
            if limited {
                self.http.0.limiter.silence(&host_key(&url), config.clock.now(), wait);
            }
            attempt += 1;
            if !call.idempotent || !failure.again || attempt >= config.limits.tries || wait > config.limits.wait {
                return Err(failure);
            }
            if !limited {
                config.timer.sleep(wait).await;
            }
        }
    }

    /// Waits for the pace; an error when that would take too long.
    async fn permit(&self, url: &Url) -> Result<(), ProviderError> {
        let config = &self.http.0.config;
        let pace = self.http.0.limiter.pace(self.metadata.slug, self.metadata.pace);
        loop {
            let now = config.clock.now();
            let (until, why) = match self.http.0.limiter.acquire(self.metadata.slug, &host_key(url), pace, now) {
                Permit::Now => return Ok(()),
                Permit::At(until) => (until, "it asked to be left alone for a while"),
                Permit::Exhausted(until) => (until, "its daily budget of requests is used up"),
            };
            let wait = (until - now).to_std().unwrap_or_default();
            if wait > config.limits.wait {
                return Err(self.metadata.error(ProviderErrorKind::RateLimited { until: Some(until) }, why));
            }
            config.timer.sleep(wait).await;
        }
    }

    async fn once(&self, call: &Call, url: &Url) -> Result<Reply, Failure> {
        let inner = &self.http.0;
        let invalid = |kind, message: &str| Failure::last(self.metadata.error(kind, message));
        let Some(headers) = call.headers() else {
            return Err(invalid(ProviderErrorKind::Validation, "a key has characters that can't be sent"));
        };
        let local = self.endpoint.as_ref().is_some_and(Origin::is_loopback);
        let client = if local { &inner.loopback } else { &inner.https };
        let mut request = client.request(call.method.clone(), url.clone()).headers(headers);
        if let Some((kind, body)) = &call.body {
            request = request.header(CONTENT_TYPE, kind.clone()).body(body.to_vec());
        }
        let transport = |error: reqwest::Error| failure::of_transport(self.metadata, &error.without_url());
        let mut response = request.send().await.map_err(transport)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(transport)? {
            if body.len() + piece.len() > inner.config.limits.body {
                let message = format!("its reply is larger than {} bytes", inner.config.limits.body);
                return Err(invalid(ProviderErrorKind::InvalidResponse, &message));
            }
            body.extend_from_slice(&piece);
        }
        tracing::debug!(provider = self.metadata.slug, call = call.what, status = status.as_u16(), bytes = body.len());
        if !status.is_success() {
            let secrets: Vec<&SecretString> = call.headers.iter().map(|(_, value)| value).chain(&call.hidden).collect();
            let now = inner.config.clock.now();
            return Err(failure::of_status(self.metadata, status, &headers, &body, &secrets, now));
        }
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok(Reply { metadata: self.metadata, what: call.what, content_type, body })
    }
}

fn host_key(url: &Url) -> String {
    url[..oauth2::url::Position::BeforePath].to_owned()
}
