//! Replies as received, so that a row can be traced to its place in them.
//!
//! Filled by [`super::Api`], emptied by the engine, which stores them with the change. INVARIANT: a kept reply holds no secret
//! of its request and no value of a field that is named like a secret; memory is bounded.

use std::sync::{Arc, Mutex, PoisonError};

use secrecy::{ExposeSecret as _, SecretString};

/// Longest reply that is kept.
const MOST_OF_ONE: usize = 8 << 20;
/// Most bytes that wait to be stored.
const MOST_OF_ALL: usize = 32 << 20;

/// Shortest secret that is searched for: shorter ones would hit by chance.
const SHORTEST: usize = 4;

/// A reply without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptReply {
    /// The subject of the call.
    pub name: String,
    /// The body.
    pub body: Arc<[u8]>,
}

/// The replies of a fetch. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Replies(Arc<Mutex<Vec<KeptReply>>>);

impl Replies {
    /// Keeps a reply, unless it or all of them are too large.
    pub(in crate::providers) fn keep(&self, name: &str, body: &[u8], secrets: &[&SecretString]) {
        if body.is_empty() || body.len() > MOST_OF_ONE {
            return;
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting: usize = kept.iter().map(|reply| reply.body.len()).sum();
        if waiting + body.len() <= MOST_OF_ALL {
            kept.push(KeptReply { name: name.to_owned(), body: redacted(body, secrets).into() });
        }
    }

    /// Takes all replies, oldest first.
    #[must_use]
    pub fn take(&self) -> Vec<KeptReply> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

const REDACTED: &str = "[redacted]";

/// The body without secrets.
fn redacted(body: &[u8], secrets: &[&SecretString]) -> Vec<u8> {
    let mut text = String::from_utf8_lossy(body).into_owned();
    for secret in secrets {
        // `Bearer x` is a header; the reply would hold `x`.
        let whole = secret.expose_secret();
        let last = whole.rsplit(' ').next().unwrap_or_default();
        for part in [whole, last] {
            if part.len() >= SHORTEST && text.contains(part) {
                text = text.replace(part, REDACTED);
            }
        }
    }
    without_secret_fields(&text).into_bytes()
}

/// Parts of names of fields whose texts are secrets.
const SECRET_NAMES: [&str; 6] = ["token", "secret", "password", "passphrase", "api_key", "signature"];

/// A JSON text in which the texts of fields with such names are replaced; everything else stays as it is, byte for byte.
fn without_secret_fields(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut is_secret = false;
    while let Some(start) = rest.find('"') {
        let Some(length) = end_of_string(&rest[start + 1..]) else { break };
        let end = start + 1 + length;
        let between = &rest[..start];
        // A name is followed by a colon, then by its value.
        is_secret &= between.trim() == ":";
        out.push_str(&rest[..=start]);
        let content = &rest[start + 1..end];
        out.push_str(if is_secret { REDACTED } else { content });
        out.push('"');
        rest = &rest[end + 1..];
        let name = content.to_ascii_lowercase();
        let is_name = rest.trim_start().starts_with(':');
        is_secret = is_name && SECRET_NAMES.iter().any(|part| name.contains(part));
    }
    out.push_str(rest);
    out
}

/// The place of the quote that ends a JSON string.
fn end_of_string(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return Some(at),
            _ => at += 1,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(body: &str, secret: &str) -> String {
        let replies = Replies::default();
        replies.keep("rows", body.as_bytes(), &[&SecretString::from(secret)]);
        String::from_utf8(replies.take().remove(0).body.to_vec()).unwrap()
    }

    #[test]
    fn secrets_are_left_out_and_figures_stay_byte_for_byte() {
        let body = r#"{"amount": -7.250, "note":"say \"access_token\"", "access_token" : "abc", "Client_Secret":null,
            "items":[{"id":"1","processor_token":"x\"y","amount":"1e3"}], "next":"Basic 12345"}"#;
        let expected = r#"{"amount": -7.250, "note":"say \"access_token\"", "access_token" : "[redacted]", "Client_Secret":null,
            "items":[{"id":"1","processor_token":"[redacted]","amount":"1e3"}], "next":"Basic [redacted]"}"#;
        assert_eq!(kept(body, "Bearer 12345"), expected);
        assert_eq!(kept("<a>12345</a> \" open", "12345"), "<a>[redacted]</a> \" open");
    }

    #[test]
    fn memory_is_bounded() {
        let replies = Replies::default();
        let large = vec![b'x'; MOST_OF_ONE];
        for _ in 0..9 {
            replies.keep("rows", &large, &[]);
        }
        replies.keep("rows", &[large.as_slice(), b"y"].concat(), &[]);
        assert_eq!(replies.take().len(), 4);
        assert!(replies.take().is_empty());
    }
}
