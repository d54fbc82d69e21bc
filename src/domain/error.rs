//! Failures of providers, in one vocabulary.

use chrono::{DateTime, Utc};

/// Kinds of failure. [`ProviderError::disposition`] defines the handling of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProviderErrorKind {
    /// The login has expired, by its date or by the provider's own verdict: logging in again helps.
    LoginExpired,
    /// A request is refused (401, 403). For the list of accounts this means that keys or login are refused.
    Authentication,
    /// The institution or the user withdrew access.
    Revoked,
    /// The provider asks for payment; the connection itself works.
    PaymentRequired,
    /// Too many requests.
    RateLimited {
        /// End of the requested wait, if the provider states it.
        until: Option<DateTime<Utc>>,
    },
    /// The provider or the network is down; another attempt may succeed.
    Unavailable,
    /// The reply differs from the provider's documentation.
    InvalidResponse,
    /// An input cannot be right (a key of the wrong form, a file that is not a statement).
    Validation,
    /// The provider does not allow the address of this machine.
    Forbidden,
    /// A required setting is missing.
    NotConfigured,
    /// The user or the program stopped it.
    Cancelled,
    /// This machine failed, not the provider: a full disk, a damaged database.
    Local,
}

/// How to handle a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disposition {
    /// Retry automatically, not before the given moment.
    Retry {
        /// Earliest next attempt; `None` means the usual wait.
        not_before: Option<DateTime<Utc>>,
    },
    /// Ask the user to log in again or enter new keys.
    Reauthenticate,
    /// The user must do something else first.
    AskUser,
    /// Another attempt fails too, until something changes.
    Permanent,
}

/// A failure at or with a provider. Never contains secrets: bodies and addresses are left out when it is built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{provider}: {message}{}", .hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default())]
pub struct ProviderError {
    /// Display name of the provider.
    pub provider: String,
    /// Kind of failure.
    pub kind: ProviderErrorKind,
    /// The failure, for people.
    pub message: String,
    /// The next step, for people.
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

    /// How to handle it. Retries, connection status and wording depend on this alone.
    #[must_use]
    pub const fn disposition(&self) -> Disposition {
        match self.kind {
            ProviderErrorKind::RateLimited { until } => Disposition::Retry { not_before: until },
            ProviderErrorKind::Unavailable | ProviderErrorKind::Local => Disposition::Retry { not_before: None },
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
