//! Replies: strict about the whole, tolerant of single bad rows.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    domain::{ProviderError, ProviderErrorKind, Warning, text},
    providers::ProviderMetadata,
};

/// The body of a successful reply.
pub struct Reply {
    pub(super) metadata: &'static ProviderMetadata,
    /// The name of the requested data, for people.
    pub(super) subject: &'static str,
    pub(super) content_type: Option<String>,
    pub(super) body: Vec<u8>,
}

impl Reply {
    /// The body as JSON of a known shape.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ProviderError> {
        if self.body.trim_ascii().is_empty() {
            return Err(self.invalid(format!("the reply about {} is empty", self.subject)));
        }
        self.check_type(&["json"])?;
        serde_json::from_slice(&self.body).map_err(|error| {
            // The library's own text may quote the body.
            let reason = match error.classify() {
                serde_json::error::Category::Eof => "it ends in the middle",
                serde_json::error::Category::Syntax | serde_json::error::Category::Io => "it is not JSON",
                serde_json::error::Category::Data => "a field is missing or of another kind",
            };
            let place = format!("line {}, column {}", error.line(), error.column());
            self.invalid(format!("the reply about {} can't be read: {reason} ({place})", self.subject))
        })
    }

    /// The body as text.
    pub fn text(&self) -> Result<&str, ProviderError> {
        self.check_type(&["text", "json", "xml"])?;
        std::str::from_utf8(&self.body)
            .map_err(|_| self.invalid(format!("the reply about {} is not UTF-8 text", self.subject)))
    }

    /// The body as XML of a known shape: attributes are `@name`, text is `$text`. Entities of a DTD are not expanded.
    pub fn xml<T: DeserializeOwned>(&self) -> Result<T, ProviderError> {
        self.check_type(&["xml", "text"])?;
        let invalid = |reason: &str| self.invalid(format!("the reply about {} can't be read: {reason}", self.subject));
        quick_xml::de::from_reader(self.body.as_slice()).map_err(|error| match error {
            quick_xml::DeError::InvalidXml(_) | quick_xml::DeError::UnexpectedEof => invalid("it is not XML"),
            _ => invalid("an element is missing or of another kind"),
        })
    }

    /// Whether the reply holds no data at all: 204, an empty body, `null` or `{}`. Such a reply proves nothing.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        let text: Vec<u8> = self.body.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).take(5).collect();
        matches!(text.as_slice(), b"" | b"null" | b"{}")
    }

    /// The body as a list; a single object counts as a list of one, a blank reply as an empty list.
    pub fn list(&self) -> Result<Vec<Value>, ProviderError> {
        if self.is_blank() {
            if !self.body.is_empty() {
                self.check_type(&["json"])?;
            }
            return Ok(Vec::new());
        }
        match self.json()? {
            Value::Array(items) => Ok(items),
            object @ Value::Object(_) => Ok(vec![object]),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                Err(self.invalid(format!("the reply about {} is not a list", self.subject)))
            }
        }
    }

    /// The body as a complete list, which proves that other entries are gone. A blank reply, which a gateway may send, is an error.
    pub fn whole_list(&self) -> Result<Vec<Value>, ProviderError> {
        if self.is_blank() {
            return Err(self.invalid(format!("the reply about {} is empty", self.subject)));
        }
        self.list()
    }

    fn check_type(&self, expected: &[&str]) -> Result<(), ProviderError> {
        let Some(content_type) = &self.content_type else { return Ok(()) };
        let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let is_expected = expected.iter().any(|expected| kind.contains(expected)) && !kind.contains("html");
        if is_expected || matches!(kind.as_str(), "" | "text/plain" | "application/octet-stream") {
            return Ok(());
        }
        let kind = cut(&text::clean(&kind), 60);
        let expected = match expected {
            ["json", ..] => "JSON",
            ["xml", ..] => "XML",
            _ => "text",
        };
        Err(self.invalid(format!("the reply about {} is {kind} instead of {expected}", self.subject)))
    }

    pub(super) fn into_body(self) -> Vec<u8> {
        self.body
    }

    /// An error: this reply does not match the provider's documentation.
    #[must_use]
    pub fn invalid(&self, message: String) -> ProviderError {
        self.metadata.error(ProviderErrorKind::InvalidResponse, message).with_hint(
            "try again later; if it stays, the provider changed its interface, and the program has to follow",
        )
    }
}

/// Reads rows one by one. A row that can't be read becomes a warning with its 1-based place.
pub fn rows<T: DeserializeOwned>(items: Vec<Value>, noun: &str, warnings: &mut Vec<Warning>) -> Vec<(u32, T)> {
    let mut read = Vec::with_capacity(items.len());
    for (place, item) in (1..).zip(items) {
        match serde_json::from_value(item) {
            Ok(row) => read.push((place, row)),
            Err(error) => {
                let reason = cut(&text::clean(&error.to_string()), 120);
                warnings.push(Warning::new(place, format!("{noun} {place} is left out: {reason}")));
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
