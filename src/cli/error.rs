//! A failed command: what is said on standard error and with which code it ends.

use std::io::ErrorKind;

use serde::Serialize;

use crate::{ledger::LedgerError, store::StoreError, sync::Failure};

/// Exit code of a command that was called in a wrong way.
pub(super) const USAGE: u8 = 2;
/// Exit code of a command that did some of its work; the rest is said per file or connection.
pub(super) const PARTLY: u8 = 3;

const CLOSED_PIPE: &str = "closed_pipe";

/// Why a command did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct CliError {
    /// A stable word for scripts.
    pub(super) kind: String,
    /// What happened, where.
    pub(super) message: String,
    /// What to do.
    pub(super) hint: Option<String>,
    #[serde(skip)]
    pub(super) code: u8,
}

impl CliError {
    pub(super) fn new(kind: &str, message: impl Into<String>) -> Self {
        Self { kind: kind.to_owned(), message: message.into(), hint: None, code: 1 }
    }

    /// The caller's mistake.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self { code: USAGE, ..Self::new("usage", message) }
    }

    /// The reader of standard output went away: `dashtam transactions | head`.
    pub(super) fn is_closed_pipe(&self) -> bool {
        self.kind == CLOSED_PIPE
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<Failure> for CliError {
    fn from(failure: Failure) -> Self {
        Self { hint: failure.hint, ..Self::new(failure.kind, failure.message) }
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        Self::new("store", error.to_string())
    }
}

impl From<LedgerError> for CliError {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Write(closed) if closed.kind() == ErrorKind::BrokenPipe => closed.into(),
            other => Self::new("store", other.to_string()),
        }
    }
}

impl From<std::io::Error> for CliError {
    fn from(error: std::io::Error) -> Self {
        Self::new(if error.kind() == ErrorKind::BrokenPipe { CLOSED_PIPE } else { "io" }, error.to_string())
    }
}
