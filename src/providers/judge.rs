//! A provider's own reading of its replies, applied before the general table of statuses.
//!
//! Declared in the metadata, called by `kit::Api` for every reply, successful ones included.

use std::time::Duration;

use reqwest::header::HeaderMap;

use crate::domain::ProviderErrorKind;

/// Reads a reply; `None` leaves it to the general table.
pub type Judge = fn(&ReplyHead<'_>, &[u8]) -> Option<ReplyVerdict>;

/// Status and headers of a reply.
#[derive(Debug, Clone, Copy)]
pub struct ReplyHead<'a> {
    /// HTTP status.
    pub status: u16,
    pub(super) headers: &'a HeaderMap,
}

impl ReplyHead<'_> {
    /// The text of a header, by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// The meaning of a failed reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyVerdict {
    /// Kind of failure. `LoginExpired` and `Revoked` end the login, whichever request the reply belongs to.
    pub kind: ProviderErrorKind,
    /// The cause of the failure, for people; secrets of the request and control characters are removed later.
    pub message: String,
    /// The next step, for people.
    pub hint: Option<&'static str>,
    /// Whether another attempt right away may succeed, and after which time; `None` for no other attempt.
    pub retry: Option<Duration>,
}

impl ReplyVerdict {
    /// A failure that another attempt right away does not change.
    #[must_use]
    pub fn new(kind: ProviderErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None, retry: None }
    }

    /// Adds what to do.
    #[must_use]
    pub const fn with_hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }

    /// Allows another attempt after `wait`.
    #[must_use]
    pub const fn retried_after(mut self, wait: Duration) -> Self {
        self.retry = Some(wait);
        self
    }
}

/// For providers that follow the general table.
#[must_use]
pub const fn by_status(_head: &ReplyHead<'_>, _body: &[u8]) -> Option<ReplyVerdict> {
    None
}
