//! One request: method, path, query, headers and body, with everything secret marked as such.
//!
//! Built by adapters, sent by [`super::Api`]. INVARIANT: the final form of a request is made for every attempt, so
//! that a signature always covers exactly what is sent.

use std::{fmt, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use oauth2::url::form_urlencoded;
use reqwest::{
    Method,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use zeroize::Zeroizing;

/// Computes headers from the final form of an attempt. An error is a text for people without secrets.
pub type Signer = Arc<dyn Fn(&Attempt<'_>) -> Result<Vec<(&'static str, SecretString)>, String> + Send + Sync>;

/// One attempt to send a request, as it goes out.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// `GET` or `POST`.
    pub method: &'a str,
    /// Host name, with the port if it is not the usual one. Never that of an override.
    pub host: &'a str,
    /// Encoded path.
    pub path: &'a str,
    /// Encoded query without `?`; empty if there is none.
    pub query: &'a str,
    /// Body; empty for GET.
    pub body: &'a [u8],
    /// Larger than in every earlier attempt of this connection, after a restart too.
    pub count: u64,
    /// Now.
    pub now: DateTime<Utc>,
}

/// The body of a request before it is encoded.
pub(super) enum Body {
    None,
    Form(Vec<(String, SecretString)>),
    Json(Zeroizing<Vec<u8>>),
    /// Encoded elsewhere, as a form.
    Encoded(Zeroizing<Vec<u8>>),
}

/// A request to send.
#[must_use]
pub struct Call {
    /// The name of the requested data, for people and logs: `positions`.
    pub(super) subject: &'static str,
    pub(super) method: Method,
    segments: Vec<String>,
    /// Used instead of the environment's origin and the segments: a full address.
    pub(super) address: Option<String>,
    pub(super) query: Vec<(&'static str, String)>,
    headers: Vec<(&'static str, SecretString)>,
    pub(super) body: Body,
    /// Name of the form field that carries the counter.
    counter_field: Option<&'static str>,
    /// Secrets in path or body, which no message may repeat.
    hidden: Vec<SecretString>,
    pub(super) signer: Option<Signer>,
    pub(super) is_idempotent: bool,
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("subject", &self.subject).field("method", &self.method).finish_non_exhaustive()
    }
}

impl Call {
    fn new(subject: &'static str, method: Method, segments: &[&str], body: Body) -> Self {
        Self {
            subject,
            is_idempotent: method == Method::GET,
            method,
            segments: segments.iter().map(|segment| (*segment).to_owned()).collect(),
            address: None,
            query: Vec::new(),
            headers: Vec::new(),
            body,
            counter_field: None,
            hidden: Vec::new(),
            signer: None,
        }
    }

    /// A GET request. `segments` of the path are encoded here.
    pub fn get(subject: &'static str, segments: &[&str]) -> Self {
        Self::new(subject, Method::GET, segments, Body::None)
    }

    /// A DELETE request.
    pub fn delete(subject: &'static str, segments: &[&str]) -> Self {
        Self::new(subject, Method::DELETE, segments, Body::None)
    }

    /// A POST request with a form, filled by [`Call::field`]. Not retried unless [`Call::idempotent`].
    pub fn post_form(subject: &'static str, segments: &[&str]) -> Self {
        Self::new(subject, Method::POST, segments, Body::Form(Vec::new()))
    }

    /// A POST request with a JSON body. Not retried unless [`Call::idempotent`].
    pub fn post_json(subject: &'static str, segments: &[&str], body: &impl Serialize) -> Self {
        // Values of adapters always serialize; an empty body is refused by every server.
        let bytes = serde_json::to_vec(body).unwrap_or_default();
        Self::new(subject, Method::POST, segments, Body::Json(Zeroizing::new(bytes)))
    }

    /// A form that is already encoded, to an address of the metadata.
    pub(super) fn post_encoded(subject: &'static str, address: &str, body: Vec<u8>) -> Self {
        Self {
            address: Some(address.to_owned()),
            ..Self::new(subject, Method::POST, &[], Body::Encoded(Zeroizing::new(body)))
        }
    }

    /// Sends it to a full address of an allowed host, such as the next page that a reply names.
    pub fn at(mut self, address: impl Into<String>) -> Self {
        self.address = Some(address.into());
        self
    }

    /// Adds a parameter of the query; encoded here.
    pub fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Adds a parameter if there is a value.
    pub fn query_if(self, name: &'static str, value: Option<String>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// Adds a form field; encoded here. For [`Call::post_form`] only.
    pub fn field(mut self, name: &str, value: impl Into<SecretString>) -> Self {
        if let Body::Form(fields) = &mut self.body {
            fields.push((name.to_owned(), value.into()));
        }
        self
    }

    /// Adds the counter of the connection as a form field, first in the body and new for every attempt.
    pub fn counter_field(mut self, name: &'static str) -> Self {
        self.counter_field = Some(name);
        self
    }

    /// Adds a secret header. `name` is lower case.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Adds an access token.
    pub fn bearer(mut self, token: &str) -> Self {
        self.headers.push((AUTHORIZATION, format!("Bearer {token}").into()));
        self.secret(token)
    }

    /// Adds user and password in the `Authorization` header.
    pub fn basic(mut self, user: &str, password: &str) -> Self {
        let pair = Zeroizing::new(format!("{user}:{password}"));
        self.headers.push((AUTHORIZATION, format!("Basic {}", STANDARD.encode(pair.as_bytes())).into()));
        self.secret(user).secret(password)
    }

    /// Adds a ready `Authorization` header.
    pub(super) fn authorization(mut self, value: Option<SecretString>) -> Self {
        self.headers.extend(value.map(|value| (AUTHORIZATION, value)));
        self
    }

    /// Marks a text of path, query or body as secret, so that no message repeats it.
    pub fn secret(mut self, text: &str) -> Self {
        self.hidden.push(text.into());
        self
    }

    /// Signs every attempt. Signed requests of one provider are sent one after another, so their counters arrive in
    /// order.
    pub fn signed(mut self, signer: Signer) -> Self {
        self.signer = Some(signer);
        self
    }

    /// Allows retries of a POST that only reads.
    pub fn idempotent(mut self) -> Self {
        self.is_idempotent = true;
        self
    }

    /// Whether it takes a value of the counter.
    pub(super) fn is_counted(&self) -> bool {
        self.signer.is_some() || self.counter_field.is_some()
    }

    pub(super) fn segments(&self) -> &[String] {
        &self.segments
    }

    /// The body of one attempt with its content type.
    pub(super) fn encoded(&self, count: u64) -> Option<(&'static str, Zeroizing<Vec<u8>>)> {
        const FORM: &str = "application/x-www-form-urlencoded";
        match &self.body {
            Body::None => None,
            Body::Json(bytes) => Some(("application/json", bytes.clone())),
            Body::Encoded(bytes) => Some((FORM, bytes.clone())),
            Body::Form(fields) => {
                let mut form = form_urlencoded::Serializer::new(String::new());
                if let Some(name) = self.counter_field {
                    form.append_pair(name, &count.to_string());
                }
                for (name, value) in fields {
                    form.append_pair(name, value.expose_secret());
                }
                Some((FORM, Zeroizing::new(form.finish().into_bytes())))
            }
        }
    }

    /// The headers of one attempt; `None` if a value has characters that cannot be sent.
    pub(super) fn headers(&self, signature: &[(&'static str, SecretString)]) -> Option<HeaderMap> {
        let mut headers = HeaderMap::new();
        headers.insert(reqwest::header::ACCEPT, HeaderValue::from_static("application/json"));
        for (name, value) in self.headers.iter().chain(signature) {
            let mut value = HeaderValue::from_str(value.expose_secret()).ok()?;
            value.set_sensitive(true);
            headers.insert(HeaderName::from_bytes(name.as_bytes()).ok()?, value);
        }
        Some(headers)
    }

    /// Every secret of the call.
    pub(super) fn secrets<'a>(&'a self, signature: &'a [(&'static str, SecretString)]) -> Vec<&'a SecretString> {
        let fields = match &self.body {
            Body::Form(fields) => fields.as_slice(),
            Body::None | Body::Json(_) | Body::Encoded(_) => &[],
        };
        let headers = self.headers.iter().chain(signature).map(|(_, value)| value);
        headers.chain(&self.hidden).chain(fields.iter().map(|(_, value)| value)).collect()
    }
}

const AUTHORIZATION: &str = "authorization";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_encoded_with_its_counter_first() {
        let call = Call::post_form("ledger", &["0", "private"]).field("asset", "a b&c").counter_field("nonce");
        let (kind, body) = call.encoded(7).unwrap();
        assert_eq!((kind, body.as_slice()), ("application/x-www-form-urlencoded", &b"nonce=7&asset=a+b%26c"[..]));
        assert!(call.is_counted() && !call.is_idempotent);
    }

    #[test]
    fn debug_and_headers_hide_secrets() {
        let call = Call::get("x", &[]).basic("canary-user", "canary-pw").header("api-key", "canary-key");
        let headers = call.headers(&[("api-sign", "canary-sign".into())]).unwrap();
        assert!(!format!("{call:?}{headers:?}").contains("canary"));
        assert_eq!(headers["authorization"], "Basic Y2FuYXJ5LXVzZXI6Y2FuYXJ5LXB3");
        assert_eq!(call.secrets(&[]).len(), 4);
        assert!(Call::get("x", &[]).header("api-key", "line\nbreak").headers(&[]).is_none());
    }
}
