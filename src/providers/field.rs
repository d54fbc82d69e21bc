//! The fields a user fills in to connect, described as data so that forms and flags are derived from them.
//!
//! Used by the wizard, by `connect --field` and by the settings check. INVARIANT: what a user typed is a
//! [`SecretString`] from the first moment, also where the field is not secret.

use super::{Environment, Secrets};

/// What was typed, by field name. The same shape as what is stored.
pub type Answers = Secrets;

/// One thing to ask.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Name on the command line and in the sealed credentials.
    pub name: &'static str,
    /// Name on screen.
    pub label: &'static str,
    /// Where to find it and what form it has, in one sentence.
    pub help: &'static str,
    /// What kind of input it takes.
    pub kind: FieldKind,
    /// Taken when nothing is typed; a field without one is required.
    pub default: Option<&'static str>,
    /// What is wrong with a text, for people; run while typing. It must not repeat the text.
    pub check: fn(&str) -> Result<(), &'static str>,
}

/// What kind of input a field takes.
#[derive(Debug, Clone, Copy)]
pub enum FieldKind {
    /// Shown as typed.
    Text,
    /// Masked, and never accepted from an argument of the command line.
    Secret,
    /// The content of a PEM file, masked like a secret; its path may be typed instead ([`Field::is_path`]).
    SecretFile,
    /// One of the provider's environments.
    Environment(&'static [Environment]),
}

impl Field {
    /// Whether it must be masked and kept out of arguments and logs.
    #[must_use]
    pub const fn is_secret(&self) -> bool {
        matches!(self.kind, FieldKind::Secret | FieldKind::SecretFile)
    }

    /// Whether `text` names the file that holds the answer, rather than being the content of it.
    #[must_use]
    pub fn is_path(&self, text: &str) -> bool {
        let text = text.trim();
        matches!(self.kind, FieldKind::SecretFile) && !text.is_empty() && !text.starts_with("-----BEGIN ")
    }

    /// What can be chosen, as (value, label); empty for a free text.
    pub fn choices(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let environments: &'static [Environment] = match self.kind {
            FieldKind::Environment(environments) => environments,
            FieldKind::Text | FieldKind::Secret | FieldKind::SecretFile => &[],
        };
        environments.iter().map(|environment| (environment.name, environment.label))
    }

    /// What is wrong with `text` as an answer to this field, if anything.
    #[must_use]
    pub fn problem(&self, text: &str) -> Option<Problem> {
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
        Some(Problem { field: self.name, message })
    }
}

/// What is wrong with one answer. Never repeats the answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    /// The field's name.
    pub field: &'static str,
    /// What is wrong, for people.
    pub message: String,
}

/// Checks that several fields share.
pub mod check {
    /// Anything goes.
    pub const fn any(_: &str) -> Result<(), &'static str> {
        Ok(())
    }

    /// A key or token: one word of visible ASCII, as every institution hands them out.
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
