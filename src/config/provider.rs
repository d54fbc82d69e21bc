//! `[providers.<slug>]`: what is set once for a provider instead of being answered at every connect.
//!
//! INVARIANT: a secret is named here, by its file or its variable, and read only when it is needed.

use std::{collections::BTreeMap, fmt::Write as _, path::PathBuf};

use secrecy::SecretString;

use crate::files;

/// The table that holds one table for each provider.
pub(super) const PROVIDERS: &str = "providers";

/// Certificates and keys are far smaller.
const MOST_BYTES: usize = 64 << 10;

/// Settings of providers, by slug.
pub type ProviderSettings = BTreeMap<String, ProviderConfig>;

/// Settings of one provider. `cli` checks that the provider and its fields exist.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProviderConfig {
    /// 1-based line of its heading.
    pub line: usize,
    /// Origin that replaces the provider's own; `DASHTAM_ENDPOINT_<SLUG>` wins over it.
    pub endpoint: Option<String>,
    /// The most requests of one UTC day, where that is less than the provider allows.
    pub requests_per_day: Option<u32>,
    /// Answers to its fields.
    pub answers: Vec<FieldSetting>,
}

/// One answer to a field of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldSetting {
    /// The field's name.
    pub field: String,
    /// Where the answer is.
    pub source: AnswerSource,
    /// 1-based line.
    pub line: usize,
}

/// Where an answer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerSource {
    /// Here; never for a secret.
    Value(String),
    /// The trimmed content of a separate file.
    File(PathBuf),
    /// In an environment variable.
    Variable(String),
}

/// An answer that is not where it should be.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// Its file can't be read.
    #[error("{} can't be read: {source}", .file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// The system error.
        source: std::io::Error,
    },
    /// Its variable is not set.
    #[error("the environment variable `{0}` is not set")]
    Variable(String),
}

/// An answer of the configuration that can't be had.
#[derive(Debug, thiserror::Error)]
#[error("the configuration, line {line}, {PROVIDERS}.{slug}.{key}: {source}")]
pub struct ConfiguredError {
    /// The provider.
    pub slug: String,
    /// Its key.
    pub key: String,
    /// 1-based line.
    pub line: usize,
    /// Why.
    pub source: AnswerError,
}

impl AnswerSource {
    /// The answer.
    pub fn read(&self) -> Result<SecretString, AnswerError> {
        match self {
            Self::Value(value) => Ok(value.as_str().into()),
            Self::File(file) => {
                let failed = |source| AnswerError::File { file: file.clone(), source };
                let text = zeroize::Zeroizing::new(files::read_text(file, MOST_BYTES).map_err(failed)?);
                Ok(text.trim().into())
            }
            Self::Variable(name) => {
                std::env::var(name).map(SecretString::from).map_err(|_| AnswerError::Variable(name.clone()))
            }
        }
    }

    /// A warning if it is a file that other users of this machine can read.
    #[must_use]
    pub fn exposure(&self) -> Option<String> {
        let Self::File(file) = self else { return None };
        let shown = file.display();
        matches!(files::privacy_of(file), Ok(files::Privacy::Shared))
            .then(|| format!("{shown} can be read by other users of this machine; close it to them: chmod 600 {shown}"))
    }

    /// Suffix of the key for this kind of source.
    const fn suffix(&self) -> &'static str {
        match self {
            Self::Value(_) => "",
            Self::File(_) => "_file",
            Self::Variable(_) => "_env",
        }
    }
}

impl AnswerError {
    /// The system error without the path: text typed as a path may be a secret in the wrong field.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::File { source, .. } => source.to_string(),
            Self::Variable(_) => "it is not set".to_owned(),
        }
    }
}

impl FieldSetting {
    /// Its key: the field's name, with `_file` or `_env` where the answer is kept elsewhere.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}{}", self.field, self.source.suffix())
    }

    /// The answer of `key = "text"`.
    pub(super) fn of(key: &str, text: String, line: usize) -> Self {
        let (field, source) = if let Some(field) = key.strip_suffix("_file") {
            (field, AnswerSource::File(text.into()))
        } else if let Some(field) = key.strip_suffix("_env") {
            (field, AnswerSource::Variable(text))
        } else {
            (key, AnswerSource::Value(text))
        };
        Self { field: field.to_owned(), source, line }
    }
}

impl ProviderConfig {
    /// Whether a field is answered.
    #[must_use]
    pub fn answers(&self, field: &str) -> bool {
        self.answers.iter().any(|answer| answer.field == field)
    }

    /// The answer to a field, if written in the configuration itself.
    #[must_use]
    pub fn value(&self, field: &str) -> Option<&str> {
        self.answers.iter().find(|answer| answer.field == field).and_then(|answer| match &answer.source {
            AnswerSource::Value(value) => Some(value.as_str()),
            AnswerSource::File(_) | AnswerSource::Variable(_) => None,
        })
    }

    /// All answers, read from wherever they are.
    pub fn read_answers(&self, slug: &str) -> Result<Vec<(&str, SecretString)>, ConfiguredError> {
        let read = |answer: &'_ FieldSetting| {
            answer.source.read().map_err(|source| ConfiguredError {
                slug: slug.to_owned(),
                key: answer.key(),
                line: answer.line,
                source,
            })
        };
        self.answers.iter().map(|answer| Ok((answer.field.as_str(), read(answer)?))).collect()
    }

    /// As written in the file.
    pub(super) fn show(&self, slug: &str, out: &mut String) {
        let _ = writeln!(out, "\n[{PROVIDERS}.{}]", toml_key(slug));
        if let Some(endpoint) = &self.endpoint {
            let _ = writeln!(out, "endpoint = \"{endpoint}\"");
        }
        if let Some(requests) = self.requests_per_day {
            let _ = writeln!(out, "requests_per_day = {requests}");
        }
        for answer in &self.answers {
            let text = match &answer.source {
                AnswerSource::Value(text) | AnswerSource::Variable(text) => text.clone(),
                AnswerSource::File(path) => path.to_string_lossy().into_owned(),
            };
            let _ = writeln!(out, "{} = {}", toml_key(&answer.key()), toml::Value::from(text));
        }
    }
}

/// Bare where TOML allows it.
fn toml_key(name: &str) -> String {
    let bare = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if bare { name.to_owned() } else { toml::Value::from(name).to_string() }
}
