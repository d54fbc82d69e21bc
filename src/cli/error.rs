//! A failed command: its message on standard error and its exit code.

use std::io::ErrorKind;

use serde::Serialize;

use crate::{domain::FailureKind, ledger::LedgerError, store::StoreError, sync::JobFailure};

/// Exit code of a command that did some of its work; the rest is reported per file or connection.
pub(super) const PARTLY: u8 = 3;

/// Why a command failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct CliError {
    pub(super) kind: FailureKind,
    /// Event and place, for people.
    pub(super) message: String,
    /// The next step, for people.
    pub(super) hint: Option<String>,
    /// Every problem on its own, where there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) problems: Vec<String>,
}

impl CliError {
    pub(super) fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None, problems: Vec::new() }
    }

    /// The command line is wrong.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Usage, message)
    }

    /// Adds every problem on its own, where there are several.
    pub(super) fn problems(mut self, problems: Vec<String>) -> Self {
        if problems.len() > 1 {
            self.problems = problems;
        }
        self
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<JobFailure> for CliError {
    fn from(failure: JobFailure) -> Self {
        Self { hint: failure.hint, ..Self::new(failure.kind, failure.message) }
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        let kind = if matches!(error, StoreError::Closed) { FailureKind::VaultLocked } else { FailureKind::Store };
        Self::new(kind, error.to_string())
    }
}

impl From<LedgerError> for CliError {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Store(error) => error.into(),
            LedgerError::Write(closed) if closed.kind() == ErrorKind::BrokenPipe => closed.into(),
            other => Self::new(FailureKind::Store, other.to_string()),
        }
    }
}

impl From<std::io::Error> for CliError {
    fn from(error: std::io::Error) -> Self {
        let is_closed = error.kind() == ErrorKind::BrokenPipe;
        Self::new(if is_closed { FailureKind::ClosedPipe } else { FailureKind::Io }, error.to_string())
    }
}
