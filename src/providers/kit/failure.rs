//! From what came back, or did not, to one vocabulary of failures.
//!
//! INVARIANT: no address, no header and no secret of the call is in a message; what a server says is cleaned
//! and cut.

use std::{error::Error as _, time::Duration};

use chrono::{DateTime, Utc};
use reqwest::{StatusCode, header::HeaderMap};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::{backoff, reply::cut};
use crate::{
    domain::{ProviderError, ProviderErrorKind, text},
    providers::ProviderMetadata,
};

/// The longest text of a server that is repeated.
const SAID: usize = 200;

/// A failed try.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: ProviderError,
    /// Whether another try right away may succeed.
    pub(super) again: bool,
    /// What the server asked for.
    pub(super) wait: Option<Duration>,
    pub(super) status: Option<StatusCode>,
    /// The `error` word of the reply (`invalid_grant`).
    pub(super) code: Option<String>,
    /// What the server says about it, cleaned and without secrets.
    pub(super) said: Option<String>,
}

impl Failure {
    pub(super) const fn last(error: ProviderError) -> Self {
        Self { error, again: false, wait: None, status: None, code: None, said: None }
    }
}

/// A reply that is no success.
pub(super) fn of_status(
    metadata: &ProviderMetadata,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    secrets: &[&SecretString],
    now: DateTime<Utc>,
) -> Failure {
    let wait = backoff::requested(headers, now);
    let renewable = metadata.oauth().is_some();
    let (kind, what, hint) = match status.as_u16() {
        401 if renewable => (ProviderErrorKind::LoginExpired, "the login has expired", Some("log in again")),
        401 => (ProviderErrorKind::Authentication, "it refuses the credentials", Some("check them and reconnect")),
        403 => (ProviderErrorKind::Authentication, "access is refused", Some("check the credentials and reconnect")),
        402 => (ProviderErrorKind::PaymentRequired, "it asks for payment", Some("see your account there")),
        429 => (ProviderErrorKind::RateLimited { until: wait.map(|wait| now + wait) }, "it is asked too often", None),
        408 | 425 => (ProviderErrorKind::Unavailable, "it did not wait for the request", None),
        300..=399 => (ProviderErrorKind::InvalidResponse, "it sends to another address, which is never followed", None),
        404 => (ProviderErrorKind::InvalidResponse, "it does not know what was asked for", None),
        500.. => (ProviderErrorKind::Unavailable, "it has a problem of its own", None),
        _ => (ProviderErrorKind::InvalidResponse, "it refuses the request", None),
    };
    let said = said(body, secrets);
    let quoted = said.as_ref().map(|said| format!(": {said}")).unwrap_or_default();
    let again = matches!(kind, ProviderErrorKind::RateLimited { .. } | ProviderErrorKind::Unavailable);
    let mut error = metadata.error(kind, format!("{what} (HTTP {}){quoted}", status.as_u16()));
    if let Some(hint) = hint {
        error = error.with_hint(hint);
    }
    Failure { error, again, wait, status: Some(status), code: code(body), said }
}

/// No reply, or a broken one.
pub(super) fn of_transport(metadata: &ProviderMetadata, error: &reqwest::Error) -> Failure {
    let unavailable = |message: String| metadata.error(ProviderErrorKind::Unavailable, message);
    if error.is_timeout() {
        // A server that is silent once is silent again: the next sync is the next try.
        return Failure::last(unavailable("it does not answer in time".into()));
    }
    let mut cause: &dyn std::error::Error = error;
    let mut certificate = false;
    while let Some(source) = cause.source() {
        cause = source;
        certificate |= cause.to_string().contains("certificate");
    }
    // The innermost cause is the system's or the TLS library's; only the outer ones name the address.
    let reason = if error.source().is_some() { cut(&cause.to_string(), SAID) } else { "no reason given".into() };
    if certificate {
        let error = unavailable(format!("its certificate can't be trusted ({reason})"));
        return Failure::last(error.with_hint("check the clock of this machine and who stands between"));
    }
    let message = if error.is_connect() {
        format!("it can't be reached ({reason})")
    } else if error.is_body() || error.is_decode() {
        "its reply broke off".to_owned()
    } else {
        format!("the connection failed ({reason})")
    };
    Failure { error: unavailable(message), again: true, wait: None, status: None, code: None, said: None }
}

/// What a server says about its refusal, in the fields that servers use for it.
pub(super) fn said(body: &[u8], secrets: &[&SecretString]) -> Option<String> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let first = |value: &Value| {
        ["message", "error_description", "detail", "title", "error"]
            .iter()
            .find_map(|field| value.get(field)?.as_str().map(str::to_owned))
    };
    let nested = || value.get("errors")?.get(0).and_then(|item| first(item).or_else(|| item.as_str().map(Into::into)));
    let inner = || value.get("error").and_then(first);
    let said = first(&value).or_else(nested).or_else(inner)?;
    let said = redact(&said, secrets);
    let line = text::clean_line(&said)?;
    Some(cut(line.trim_end_matches('.'), SAID))
}

fn code(body: &[u8]) -> Option<String> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let code = value.get("error")?.as_str()?;
    (code.len() <= 40 && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')).then(|| code.to_owned())
}

/// `text` without any of the secrets, should a server repeat one.
pub(super) fn redact(text: &str, secrets: &[&SecretString]) -> String {
    secrets
        .iter()
        .map(|secret| secret.expose_secret())
        .filter(|secret| secret.len() >= 4)
        .fold(text.to_owned(), |text, secret| text.replace(secret, "***"))
}
