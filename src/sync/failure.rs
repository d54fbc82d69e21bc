//! Failures of the write side.

use std::{error::Error, fmt, sync::Arc};

use crate::{
    domain::{Disposition, FailureKind, ProviderError, ProviderErrorKind},
    statements::Question,
    store::StoreError,
    vault::VaultError,
};

/// Why a job failed, in the words of the command line's error object.
#[derive(Debug, Clone)]
pub struct JobFailure {
    /// Kind, for scripts.
    pub kind: FailureKind,
    /// The cause and its place.
    pub message: String,
    /// The next step.
    pub hint: Option<String>,
    /// The questions to answer first, where the kind is a question.
    pub question: Option<Arc<Question>>,
    /// The error below, for the log.
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl JobFailure {
    /// A failure without hint and source.
    #[must_use]
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None, question: None, source: None }
    }

    /// A failure with the message of the error below it.
    #[must_use]
    pub fn caused(kind: FailureKind, error: impl Error + Send + Sync + 'static) -> Self {
        Self::new(kind, error.to_string()).with_source(error)
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the question that is open.
    #[must_use]
    pub fn with_question(mut self, question: Question) -> Self {
        self.question = Some(Arc::new(question));
        self
    }

    /// Adds the error below.
    #[must_use]
    pub fn with_source(mut self, error: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(error));
        self
    }

    /// A job panicked; the panic itself is in the log.
    pub(super) fn panicked() -> Self {
        Self::new(FailureKind::Internal, "an internal error stopped this; nothing of it was kept")
            .with_hint("please report it with the log file")
    }

    /// The job was stopped on request.
    pub(super) fn cancelled() -> Self {
        Self::new(FailureKind::Cancelled, "stopped on request; nothing of it was kept")
    }
}

impl fmt::Display for JobFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for JobFailure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

/// Two failures are equal when a user sees the same; the source is not compared.
impl PartialEq for JobFailure {
    fn eq(&self, other: &Self) -> bool {
        (self.kind, &self.message, &self.hint, &self.question)
            == (other.kind, &other.message, &other.hint, &other.question)
    }
}

impl Eq for JobFailure {}

impl From<StoreError> for JobFailure {
    fn from(error: StoreError) -> Self {
        // A passphrase helps.
        let kind = if matches!(error, StoreError::Closed) { FailureKind::VaultLocked } else { FailureKind::Store };
        Self::caused(kind, error)
    }
}

impl From<VaultError> for JobFailure {
    fn from(error: VaultError) -> Self {
        let kind = match error {
            // A passphrase helps.
            VaultError::Locked | VaultError::NeedsPassphrase => FailureKind::VaultLocked,
            _ => FailureKind::Vault,
        };
        Self::caused(kind, error)
    }
}

impl From<ProviderError> for JobFailure {
    fn from(error: ProviderError) -> Self {
        let kind = match error.kind {
            ProviderErrorKind::LoginExpired => FailureKind::LoginExpired,
            ProviderErrorKind::Authentication => FailureKind::Authentication,
            ProviderErrorKind::Revoked => FailureKind::Revoked,
            ProviderErrorKind::PaymentRequired => FailureKind::PaymentRequired,
            ProviderErrorKind::RateLimited { .. } => FailureKind::RateLimited,
            ProviderErrorKind::Unavailable => FailureKind::Unavailable,
            ProviderErrorKind::InvalidResponse => FailureKind::InvalidResponse,
            ProviderErrorKind::Validation => FailureKind::Validation,
            ProviderErrorKind::Forbidden => FailureKind::Forbidden,
            ProviderErrorKind::NotConfigured => FailureKind::NotConfigured,
            ProviderErrorKind::Cancelled => FailureKind::Cancelled,
            ProviderErrorKind::Local => FailureKind::Store,
        };
        let hint = error.hint.clone().or_else(|| match error.disposition() {
            Disposition::Retry { not_before: Some(at) } => {
                Some(format!("the next request is allowed at {}", at.format("%H:%M:%S UTC")))
            }
            Disposition::Retry { not_before: None } => {
                Some("try again later; nothing that is stored changes".to_owned())
            }
            Disposition::Reauthenticate => Some("check the credentials, or log in again".to_owned()),
            Disposition::AskUser | Disposition::Permanent => None,
        });
        let message = format!("{}: {}", error.provider, error.message);
        Self { kind, message, hint, question: None, source: Some(Arc::new(error)) }
    }
}

/// Why a sync failed: at the provider, or on this machine. A local failure never changes a connection's login.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum SyncError {
    /// The provider, or the way to it.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The store, the vault or this program.
    #[error(transparent)]
    Local(#[from] JobFailure),
}

impl SyncError {
    pub(super) fn is_cancelled(&self) -> bool {
        match self {
            Self::Provider(error) => error.kind == ProviderErrorKind::Cancelled,
            Self::Local(failure) => failure.kind == FailureKind::Cancelled,
        }
    }
}

impl From<StoreError> for SyncError {
    fn from(error: StoreError) -> Self {
        Self::Local(error.into())
    }
}
/// Something that the user named is not there; `list` is the command that lists what is.
pub(super) fn missing(what: &str, id: &str, list: &str) -> JobFailure {
    JobFailure::new(FailureKind::NotFound, format!("there is no {what} {id}"))
        .with_hint(format!("`dashtam {list}` lists them"))
}
