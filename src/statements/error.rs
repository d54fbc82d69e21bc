//! Why a file yields nothing at all.
//!
//! Used by every reader. INVARIANT: a file that yields one usable row is a [`super::Reading`] with warnings, never an error.

/// Why a file can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// No bytes, or only blanks.
    #[error("the file is empty")]
    Empty,
    /// It is something else.
    #[error("{found}; {hint}")]
    NotAStatement {
        /// The likely kind of file, as a clause: `this is a PDF, made for printing`.
        found: String,
        /// The next step.
        hint: String,
    },
    /// A statement file in which no account is named.
    #[error("the file names no account; download the statement again, choosing QFX or OFX")]
    NoAccount,
    /// Beyond [`super::Limits`].
    #[error(
        "{what} is more than the limit of {limit}; raise `[import] {setting}` in the configuration if the file is genuine"
    )]
    TooLarge {
        /// The exceeded limit, with its figure.
        what: String,
        /// The limit.
        limit: u64,
        /// The name of the setting.
        setting: &'static str,
    },
    /// The institution answered with an error instead of a statement.
    #[error("the institution answered with error {code}{}", .message.as_ref().map(|text| format!(": {text}")).unwrap_or_default())]
    Refused {
        /// The institution's code.
        code: String,
        /// Its message, if it gives one.
        message: Option<String>,
    },
    /// The caller stopped it.
    #[error("stopped")]
    Cancelled,
}

impl StatementError {
    /// A file that is not a statement: its kind, and the next step.
    #[must_use]
    pub fn not_a_statement(found: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::NotAStatement { found: found.into(), hint: hint.into() }
    }
}
