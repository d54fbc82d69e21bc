//! The fields a user fills in to connect, as data from which forms and flags are derived.
//!
//! Used by the wizard, `connect --field` and the settings check. INVARIANT: every answer is kept as a secret, also that
//! of a field that is not secret.

use super::{Secrets, ServerEnvironment};

/// Answers by field name.
pub type FieldValues = Secrets;

/// A field to fill in.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Name on the command line and in the sealed credentials.
    pub name: &'static str,
    /// Name on screen.
    pub label: &'static str,
    /// Where to find the value and its form, in one sentence.
    pub help: &'static str,
    /// Kind of input.
    pub kind: FieldKind,
    /// Used when the answer is blank; a field without default is required.
    pub default: Option<&'static str>,
    /// Checks an answer while it is typed. The message must not repeat the answer.
    pub check: fn(&str) -> Result<(), &'static str>,
}

/// Kind of input of a field.
#[derive(Debug, Clone, Copy)]
pub enum FieldKind {
    /// Shown as typed.
    Text,
    /// Masked, and refused in arguments of the command line.
    Secret,
    /// The content of a PEM file, masked like a secret; its path may be typed instead ([`Field::is_path`]).
    SecretFile,
    /// One of the provider's environments.
    Environment(&'static [ServerEnvironment]),
}

impl Field {
    /// Whether answers must be masked and kept out of arguments and logs.
    #[must_use]
    pub const fn is_secret(&self) -> bool {
        matches!(self.kind, FieldKind::Secret | FieldKind::SecretFile)
    }

    /// Whether `text` is the path of the file that contains the answer, instead of the answer.
    #[must_use]
    pub fn is_path(&self, text: &str) -> bool {
        let text = text.trim();
        matches!(self.kind, FieldKind::SecretFile) && !text.is_empty() && !text.starts_with("-----BEGIN ")
    }

    /// The choices as (value, label); empty for free text.
    pub fn choices(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let environments: &'static [ServerEnvironment] = match self.kind {
            FieldKind::Environment(environments) => environments,
            FieldKind::Text | FieldKind::Secret | FieldKind::SecretFile => &[],
        };
        environments.iter().map(|environment| (environment.name, environment.label))
    }

    /// The problem with `text` as an answer, if there is one.
    #[must_use]
    pub fn problem(&self, text: &str) -> Option<FieldProblem> {
        let trimmed = text.trim();
        let message = if trimmed.is_empty() {
            if self.default.is_some() {
                return None;
            }
            format!("{} is missing", self.label)
        } else if let FieldKind::Environment(environments) = self.kind {
            if environments.iter().any(|environment| environment.name == trimmed) {
                return None;
            }
            let known: Vec<&str> = environments.iter().map(|environment| environment.name).collect();
            format!("{} must be one of {}", self.label, known.join(", "))
        } else {
            (self.check)(trimmed).err().map(|problem| format!("{}: {problem}", self.label))?
        };
        Some(FieldProblem { field: self.name, message })
    }
}

/// A problem with one answer. Never repeats the answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FieldProblem {
    /// The field's name.
    pub field: &'static str,
    /// The problem, for people.
    pub message: String,
}

/// Checks shared by several fields.
pub mod check {
    /// Accepts every text.
    pub const fn any(_: &str) -> Result<(), &'static str> {
        Ok(())
    }

    /// Accepts a key or token: one word of visible ASCII characters.
    pub fn token(text: &str) -> Result<(), &'static str> {
        if text.chars().any(char::is_whitespace) {
            return Err("it has a blank inside; copy it once more, without the text around it");
        }
        if text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(())
        } else {
            Err("it has characters that no key has; copy it once more")
        }
    }
}
