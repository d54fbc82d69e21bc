//! What can go wrong with a provider, in one vocabulary.

use chrono::{DateTime, Utc};

/// The kinds of failure. Each says what to do about it through [`ProviderError::disposition`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProviderErrorKind {
    /// The login ran out or the token is too old: logging in again helps.
    LoginExpired,
    /// Keys or login are refused.
    Authentication,
    /// The institution or the user withdrew access.
    Revoked,
    /// The provider wants to be paid first; the connection itself is fine.
    PaymentRequired,
    /// Too many requests.
    RateLimited {
        /// When the provider will listen again, if it says so.
        until: Option<DateTime<Utc>>,
    },
    /// The provider or the way to it is down; another try may succeed.
    Unavailable,
    /// The reply is not what the provider documents.
    InvalidResponse,
    /// What the user gave can't be right (a key of the wrong form, a file that is no statement).
    Validation,
    /// The machine's address is not allowed.
    Forbidden,
    /// A required setting is missing.
    NotConfigured,
    /// The user or the program stopped it.
    Cancelled,
}

/// What follows from a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disposition {
    /// Try again by itself, not before the given moment.
    Retry {
        /// Earliest next try; `None` means the usual backoff.
        not_before: Option<DateTime<Utc>>,
    },
    /// Ask the user to log in again or enter new keys.
    Reauthenticate,
    /// The user must do something else first.
    AskUser,
    /// Trying again won't help before something changes.
    Permanent,
}

/// A failure at or with a provider. Never carries secrets: bodies and addresses are left out by whoever builds it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{provider}: {message}{}", .hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default())]
pub struct ProviderError {
    /// Display name of the provider.
    pub provider: String,
    /// What kind of failure.
    pub kind: ProviderErrorKind,
    /// What happened, for people.
    pub message: String,
    /// What to do about it, for people.
    pub hint: Option<String>,
}

impl ProviderError {
    /// A failure of `provider` (its display name).
    #[must_use]
    pub fn new(provider: impl Into<String>, kind: ProviderErrorKind, message: impl Into<String>) -> Self {
        Self { provider: provider.into(), kind, message: message.into(), hint: None }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What follows from it. This alone decides retry, connection status and wording.
    #[must_use]
    pub const fn disposition(&self) -> Disposition {
        match self.kind {
            ProviderErrorKind::RateLimited { until } => Disposition::Retry { not_before: until },
            ProviderErrorKind::Unavailable => Disposition::Retry { not_before: None },
            ProviderErrorKind::LoginExpired | ProviderErrorKind::Authentication | ProviderErrorKind::Revoked => {
                Disposition::Reauthenticate
            }
            ProviderErrorKind::PaymentRequired
            | ProviderErrorKind::Validation
            | ProviderErrorKind::Forbidden
            | ProviderErrorKind::NotConfigured => Disposition::AskUser,
            ProviderErrorKind::InvalidResponse | ProviderErrorKind::Cancelled => Disposition::Permanent,
        }
    }
}
