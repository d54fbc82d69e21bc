//! Failed requests in one vocabulary of errors.
//!
//! INVARIANT: a message contains no address, header or secret of the request; texts of servers are cleaned and cut.

use std::{error::Error as _, time::Duration};

use chrono::{DateTime, Utc};
use reqwest::{
    StatusCode,
    header::{CONTENT_TYPE, HeaderMap},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::{backoff, names, reply::cut};
use crate::{
    domain::{ProviderError, ProviderErrorKind, text},
    providers::{ProviderMetadata, ReplyVerdict},
};

/// Longest text of a server that is repeated, in characters.
const MAX_QUOTE: usize = 200;

/// A failed attempt.
#[derive(Debug)]
pub(super) struct FailedAttempt {
    pub(super) error: ProviderError,
    /// Whether another attempt right away may succeed.
    pub(super) is_transient: bool,
    /// Time the server asked to wait.
    pub(super) wait: Option<Duration>,
    pub(super) status: Option<StatusCode>,
    /// The `error` word of the reply (`invalid_grant`).
    pub(super) code: Option<String>,
    /// The server's explanation, cleaned and without secrets.
    pub(super) quote: Option<String>,
}

impl FailedAttempt {
    pub(super) const fn last(error: ProviderError) -> Self {
        Self { error, is_transient: false, wait: None, status: None, code: None, quote: None }
    }
}

/// The next step after a reply that the documentation of the provider does not have.
const LATER: &str = "try again later; the log file has the requests";

/// The failure that a status means in general.
pub(super) fn of_status(
    metadata: &ProviderMetadata,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    secrets: &[&SecretString],
    now: DateTime<Utc>,
) -> FailedAttempt {
    let wait = backoff::requested(headers, now);
    let is_page = is_web_page(headers, body);
    let (kind, what, hint) = match status.as_u16() {
        // Written by a gateway between here and the provider's interface.
        400..=499 if is_page && status.as_u16() != 429 => {
            (ProviderErrorKind::Unavailable, "a gateway answered with a web page", None)
        }
        401 => {
            (ProviderErrorKind::Authentication, "it refuses the credentials", Some("check them, then connect again"))
        }
        403 => {
            (ProviderErrorKind::Authentication, "access is refused", Some("check the credentials, then connect again"))
        }
        402 => (ProviderErrorKind::PaymentRequired, "it asks for payment", Some("see your account there")),
        429 => (
            ProviderErrorKind::RateLimited { until: wait.map(|wait| now + wait) },
            "it received too many requests",
            None,
        ),
        408 | 425 => (ProviderErrorKind::Unavailable, "it gave up waiting for the request", None),
        300..=399 => (
            ProviderErrorKind::InvalidResponse,
            "it redirects to another address, which is never followed",
            Some(LATER),
        ),
        404 => (ProviderErrorKind::InvalidResponse, "it has no such data", Some(LATER)),
        410 => (ProviderErrorKind::InvalidResponse, "it no longer has this data", Some(LATER)),
        500.. => (ProviderErrorKind::Unavailable, "its server failed", None),
        _ => (ProviderErrorKind::InvalidResponse, "it refuses the request", Some(LATER)),
    };
    let quote = quote(body, secrets);
    let quoted = quote.as_ref().map(|quote| format!(": {quote}")).unwrap_or_default();
    let is_transient = matches!(kind, ProviderErrorKind::RateLimited { .. } | ProviderErrorKind::Unavailable)
        && !(is_page && status.is_client_error());
    let mut error = metadata.error(kind, format!("{what} (HTTP {}){quoted}", status.as_u16()));
    if let Some(hint) = hint {
        error = error.with_hint(hint);
    }
    FailedAttempt { error, is_transient, wait, status: Some(status), code: code(body), quote }
}

/// The failure that the provider's own reading of a reply means.
pub(super) fn of_verdict(
    metadata: &ProviderMetadata,
    status: StatusCode,
    verdict: ReplyVerdict,
    secrets: &[&SecretString],
    now: DateTime<Utc>,
) -> FailedAttempt {
    let message = text::clean_line(&redact(&verdict.message, secrets)).unwrap_or_default();
    let kind = match (verdict.kind, verdict.retry) {
        (ProviderErrorKind::RateLimited { until: None }, Some(wait)) => {
            ProviderErrorKind::RateLimited { until: Some(now + wait) }
        }
        (kind, _) => kind,
    };
    let mut error = metadata.error(kind, cut(&message, MAX_QUOTE));
    if let Some(hint) = verdict.hint {
        error = error.with_hint(hint);
    }
    FailedAttempt {
        error,
        is_transient: verdict.retry.is_some(),
        wait: verdict.retry,
        status: Some(status),
        code: None,
        quote: None,
    }
}

/// Whether a reply is a page for people instead of data.
fn is_web_page(headers: &HeaderMap, body: &[u8]) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let starts_as_page = || {
        let start = body.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(body.len());
        let start: Vec<u8> = body[start..].iter().take(14).map(u8::to_ascii_lowercase).collect();
        start.starts_with(b"<!doctype html") || start.starts_with(b"<html")
    };
    kind.to_ascii_lowercase().contains("html") || starts_as_page()
}

/// The failure of a request without a complete reply.
pub(super) fn of_transport(metadata: &ProviderMetadata, error: &reqwest::Error, host: &str) -> FailedAttempt {
    let unavailable = |message: String| metadata.error(ProviderErrorKind::Unavailable, message);
    if error.is_timeout() {
        // A silent server usually stays silent: the next sync is the next attempt.
        return FailedAttempt::last(unavailable(format!("{host} does not answer in time")));
    }
    let mut cause: &dyn std::error::Error = error;
    let mut certificate = false;
    while let Some(source) = cause.source() {
        cause = source;
        certificate |= cause.to_string().contains("certificate");
    }
    // The innermost cause is the system's or the TLS library's; only the outer ones name the address.
    let reason = if error.source().is_some() { cut(&cause.to_string(), MAX_QUOTE) } else { "no reason given".into() };
    if cause.to_string() == names::NOT_PUBLIC {
        let error = metadata.error(ProviderErrorKind::Validation, "its address is not on the public internet");
        return FailedAttempt::last(error.with_hint("get the address from the provider again"));
    }
    if certificate {
        let error = unavailable(format!("its certificate can't be trusted ({reason})"));
        return FailedAttempt::last(error.with_hint("check the clock of this machine, and proxies in between"));
    }
    let message = if error.is_connect() {
        format!("{host} can't be reached ({reason})")
    } else if error.is_body() || error.is_decode() {
        "its reply broke off".to_owned()
    } else {
        format!("the connection failed ({reason})")
    };
    FailedAttempt { error: unavailable(message), is_transient: true, wait: None, status: None, code: None, quote: None }
}

/// The server's explanation of a refusal, from the fields that servers use for it.
pub(super) fn quote(body: &[u8], secrets: &[&SecretString]) -> Option<String> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let first = |value: &Value| {
        ["message", "error_description", "detail", "title", "error"]
            .iter()
            .find_map(|field| value.get(field)?.as_str().map(str::to_owned))
    };
    let nested = || value.get("errors")?.get(0).and_then(|item| first(item).or_else(|| item.as_str().map(Into::into)));
    let inner = || value.get("error").and_then(first);
    let quote = first(&value).or_else(nested).or_else(inner)?;
    let line = text::clean_line(&redact(&quote, secrets))?;
    Some(cut(line.trim_end_matches('.'), MAX_QUOTE))
}

fn code(body: &[u8]) -> Option<String> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let code = value.get("error")?.as_str()?;
    (code.len() <= 40 && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')).then(|| code.to_owned())
}

/// `text` without the secrets that a server may have repeated, in every form in which servers write them.
pub(super) fn redact(text: &str, secrets: &[&SecretString]) -> String {
    let secrets = secrets.iter().map(|secret| secret.expose_secret()).filter(|secret| secret.len() >= 4);
    secrets.fold(text.to_owned(), |text, secret| super::repeated::struck(&text, secret))
}
