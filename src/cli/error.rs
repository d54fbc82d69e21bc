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

    /// Several failures as one: all messages, all hints. Wrong usage wins over other kinds.
    ///
    /// # Errors
    /// When there is a failure.
    pub(super) fn all(errors: &[Self]) -> Result<(), Self> {
        let kind = errors.iter().map(|error| error.kind).find(|kind| *kind == FailureKind::Usage);
        let Some(first) = errors.first() else { return Ok(()) };
        let kind = kind.unwrap_or(first.kind);
        let mut hints: Vec<&str> = Vec::new();
        for hint in errors.iter().filter_map(|error| error.hint.as_deref()) {
            if !hints.contains(&hint) {
                hints.push(hint);
            }
        }
        let hint = (!hints.is_empty()).then(|| hints.join("\n"));
        let messages: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
        let message = messages.join("; ");
        let each = |error: &Self| match error.problems.as_slice() {
            [] => vec![error.message.clone()],
            several => several.to_vec(),
        };
        let problems = errors.iter().flat_map(each).collect();
        Err(Self { hint, ..Self::new(kind, message).problems(problems) })
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<JobFailure> for CliError {
    fn from(failure: JobFailure) -> Self {
        match failure.message.rsplit_once("; ") {
            // The messages of the vault end with the next step.
            Some((message, hint)) if failure.hint.is_none() && failure.kind.is_vault() => {
                Self::new(failure.kind, message).hint(hint)
            }
            _ => Self { hint: failure.hint, ..Self::new(failure.kind, failure.message) },
        }
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        let kind = if matches!(error, StoreError::Closed) { FailureKind::VaultLocked } else { FailureKind::Store };
        let text = error.to_string();
        let hint = match &error {
            StoreError::Io { source, .. } => next_step(source).map(str::to_owned),
            _ => None,
        };
        // The messages of the store end with the next step.
        match (hint, text.rsplit_once("; ")) {
            (None, Some((message, hint))) => Self::new(kind, message).hint(hint),
            (hint, _) => Self { hint, ..Self::new(kind, text) },
        }
    }
}

/// The next step after the operating system refused.
fn next_step(error: &std::io::Error) -> Option<&'static str> {
    match error.kind() {
        ErrorKind::AlreadyExists => Some("name a file that does not exist yet"),
        ErrorKind::NotFound | ErrorKind::NotADirectory => Some("name a file in a folder that exists"),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Some(
            "the folder must be writable, also for reading: change its rights, or copy it and name the copy with --data-dir",
        ),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Some("free some space and try again"),
        _ => None,
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
        if error.kind() == ErrorKind::BrokenPipe {
            return Self::new(FailureKind::ClosedPipe, error.to_string());
        }
        let hint = next_step(&error).map(str::to_owned);
        Self { hint, ..Self::new(FailureKind::Io, format!("input or output failed: {error}")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_failures_become_one_with_all_problems_and_hints() {
        assert!(CliError::all(&[]).is_ok());
        let missing = CliError::new(FailureKind::NotFound, "no account").hint("list them");
        let alone = CliError::all(std::slice::from_ref(&missing)).unwrap_err();
        assert_eq!((alone.kind, alone.problems.len()), (FailureKind::NotFound, 0));
        let wrong = CliError::usage("a; b").problems(vec!["a".into(), "b".into()]).hint("read");
        let all = CliError::all(&[missing, wrong]).unwrap_err();
        assert_eq!(all.kind, FailureKind::Usage);
        assert_eq!(all.problems, ["no account", "a", "b"]);
        assert_eq!(all.hint.as_deref(), Some("list them\nread"));
    }

    #[test]
    fn failures_of_the_store_state_the_next_step_apart() {
        let path = std::path::PathBuf::from("/data/dashtam.redb");
        let full = CliError::from(StoreError::DiskFull { path: path.clone() });
        assert!(full.message.contains("/data/dashtam.redb"), "{}", full.message);
        assert_eq!(full.hint.as_deref(), Some("free some space and try again"));
        let source = ErrorKind::ReadOnlyFilesystem.into();
        let refused = CliError::from(StoreError::Io { doing: "open", path, source });
        assert!(refused.hint.is_some_and(|hint| hint.contains("--data-dir")));
    }
}
