//! What came back, and how it is read: strict about the whole, patient with single rows.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    domain::{ProviderError, ProviderErrorKind, Warning, text},
    providers::ProviderMetadata,
};

/// The body of a successful reply.
pub struct Reply {
    pub(super) metadata: &'static ProviderMetadata,
    /// What was asked for, for people.
    pub(super) what: &'static str,
    pub(super) content_type: Option<String>,
    pub(super) body: Vec<u8>,
}

impl Reply {
    /// The body as JSON of a known shape.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ProviderError> {
        self.check_type()?;
        serde_json::from_slice(&self.body).map_err(|error| {
            // The library's own text may quote the body; place and kind are enough.
            let why = match error.classify() {
                serde_json::error::Category::Eof => "it ends in the middle",
                serde_json::error::Category::Syntax | serde_json::error::Category::Io => "it is not JSON",
                serde_json::error::Category::Data => "a field is missing or of another kind",
            };
            let place = format!("line {}, column {}", error.line(), error.column());
            self.invalid(format!("the reply about {} can't be read: {why} ({place})", self.what))
        })
    }

    /// The body as a list; a single object counts as a list of one, an empty one as none.
    pub fn list(&self) -> Result<Vec<Value>, ProviderError> {
        match self.json()? {
            Value::Array(items) => Ok(items),
            Value::Null => Ok(Vec::new()),
            Value::Object(fields) if fields.is_empty() => Ok(Vec::new()),
            object @ Value::Object(_) => Ok(vec![object]),
            Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                Err(self.invalid(format!("the reply about {} is not a list", self.what)))
            }
        }
    }

    fn check_type(&self) -> Result<(), ProviderError> {
        let Some(content_type) = &self.content_type else { return Ok(()) };
        let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if kind.contains("json") || matches!(kind.as_str(), "" | "text/plain" | "application/octet-stream") {
            return Ok(());
        }
        let kind = cut(&text::clean(&kind), 60);
        Err(self.invalid(format!("it answers about {} with {kind} instead of JSON", self.what)))
    }

    pub(super) fn into_body(self) -> Vec<u8> {
        self.body
    }

    /// The failure that this reply is not what is documented.
    #[must_use]
    pub fn invalid(&self, message: String) -> ProviderError {
        self.metadata.error(ProviderErrorKind::InvalidResponse, message)
    }
}

/// Reads rows one by one: a row that can't be read becomes a warning with its 1-based place, the others stay.
pub fn rows<T: DeserializeOwned>(items: Vec<Value>, what: &str, warnings: &mut Vec<Warning>) -> Vec<(u32, T)> {
    let mut read = Vec::with_capacity(items.len());
    for (place, item) in (1..).zip(items) {
        match serde_json::from_value(item) {
            Ok(row) => read.push((place, row)),
            Err(error) => {
                let why = cut(&text::clean(&error.to_string()), 120);
                warnings.push(Warning::new(place, format!("{what} {place} is left out: {why}")));
            }
        }
    }
    read
}

/// At most `limit` characters.
#[must_use]
pub fn cut(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    text.chars().take(limit.saturating_sub(1)).chain(['…']).collect()
}
