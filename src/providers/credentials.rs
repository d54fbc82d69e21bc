//! Credentials of a connection, as a closed set of kinds.
//!
//! Built by the connection flows, sealed by the vault, read by adapters. INVARIANT: secrets are
//! [`SecretString`]: `Debug` hides them, dropping zeroizes them, and [`Credentials::to_sealed_bytes`] is the only
//! conversion to bytes.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

/// Secret texts by name: answers to fields, settings, or values issued by a provider.
#[derive(Debug, Clone, Default)]
pub struct Secrets(BTreeMap<String, SecretString>);

impl Secrets {
    /// An empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a value, replacing an existing one.
    pub fn insert(&mut self, name: impl Into<String>, value: SecretString) {
        self.0.insert(name.into(), value);
    }

    /// As [`Secrets::insert`], for building.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<SecretString>) -> Self {
        self.insert(name, value.into());
        self
    }

    /// All values but one.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.0.remove(name);
        self
    }

    /// The value of `name`; `None` if absent or blank.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&SecretString> {
        self.0.get(name).filter(|value| !value.expose_secret().trim().is_empty())
    }

    /// The plain text of `name`. Keep it only while it is in use.
    #[must_use]
    pub fn expose(&self, name: &str) -> Option<&str> {
        self.get(name).map(secrecy::ExposeSecret::expose_secret)
    }

    /// Fills absent and blank values from `other`.
    #[must_use]
    pub fn or(mut self, other: &Self) -> Self {
        for (name, value) in &other.0 {
            if self.get(name).is_none() {
                self.insert(name.clone(), value.clone());
            }
        }
        self
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// For tests that compare commands; never used to check a secret.
impl PartialEq for Secrets {
    fn eq(&self, other: &Self) -> bool {
        let texts = |secrets: &Self| -> Vec<(String, String)> {
            secrets.0.iter().map(|(name, value)| (name.clone(), value.expose_secret().to_owned())).collect()
        };
        texts(self) == texts(other)
    }
}

/// Tokens of an OAuth login, and the app they were given to.
#[derive(Debug, Clone)]
pub struct OauthCredentials {
    /// Sent with every call.
    pub access_token: SecretString,
    /// Renews the access token; absent if the provider issues none.
    pub refresh_token: Option<SecretString>,
    /// `Bearer`, from the token reply.
    pub token_type: String,
    /// Granted scopes, from the token reply.
    pub scope: Option<String>,
    /// Expiry of the access token.
    pub expires_at: Option<DateTime<Utc>>,
    /// Expiry of the login, which renewing tokens does not extend.
    pub login_expires_at: Option<DateTime<Utc>>,
    /// App key, secret and callback address, if the user entered them while connecting.
    pub app: Secrets,
}

impl OauthCredentials {
    /// Whether the access token expires within five minutes of `now`.
    #[must_use]
    pub fn needs_renewal(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|expires| expires - now < chrono::Duration::minutes(5))
    }

    /// Whether the login itself has expired: only a new login helps.
    #[must_use]
    pub fn login_expired(&self, now: DateTime<Utc>) -> bool {
        self.login_expires_at.is_some_and(|expires| expires <= now)
    }
}

/// Credentials of one connection.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// An OAuth login.
    Oauth2(OauthCredentials),
    /// Keys, by field name.
    ApiKey(Secrets),
    /// Values issued by a linking flow, by name.
    LinkToken(Secrets),
    /// Client certificate, private key and related values, by field name.
    Certificate(Secrets),
}

/// Why stored bytes are not usable credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    /// Damaged, or not credentials.
    #[error("the stored credentials can't be read; connect again")]
    Unreadable,
    /// Written by a newer version.
    #[error("the stored credentials are of a newer version ({found}); update dashtam")]
    Newer {
        /// Its version.
        found: u32,
    },
}

const VERSION: u32 = 1;

/// Name of the kind in the sealed form. Part of the stored format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum CredentialKind {
    Oauth2,
    ApiKey,
    LinkToken,
    Certificate,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    v: u32,
    r#type: CredentialKind,
    #[serde(default)]
    fields: BTreeMap<String, Plain>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    oauth: Option<WireOauth>,
}

#[derive(Serialize, Deserialize)]
struct WireOauth {
    access_token: Plain,
    refresh_token: Option<Plain>,
    token_type: String,
    scope: Option<String>,
    expires_at: Option<DateTime<Utc>>,
    login_expires_at: Option<DateTime<Utc>>,
}

/// A text that is wiped when dropped.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Plain(String);

impl Drop for Plain {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Plain {
    fn of(secret: &SecretString) -> Self {
        Self(secret.expose_secret().to_owned())
    }

    fn into_secret(mut self) -> SecretString {
        SecretString::from(std::mem::take(&mut self.0))
    }
}

impl Credentials {
    const fn kind(&self) -> CredentialKind {
        match self {
            Self::Oauth2(_) => CredentialKind::Oauth2,
            Self::ApiKey(_) => CredentialKind::ApiKey,
            Self::LinkToken(_) => CredentialKind::LinkToken,
            Self::Certificate(_) => CredentialKind::Certificate,
        }
    }

    /// The named values: keys, or the app's values for OAuth.
    #[must_use]
    pub const fn fields(&self) -> &Secrets {
        match self {
            Self::Oauth2(oauth) => &oauth.app,
            Self::ApiKey(fields) | Self::LinkToken(fields) | Self::Certificate(fields) => fields,
        }
    }

    /// The OAuth login, if that is what they are.
    #[must_use]
    pub const fn oauth(&self) -> Option<&OauthCredentials> {
        match self {
            Self::Oauth2(oauth) => Some(oauth),
            Self::ApiKey(_) | Self::LinkToken(_) | Self::Certificate(_) => None,
        }
    }

    /// The form that is sealed. For the vault alone; the bytes wipe themselves.
    #[must_use]
    pub fn to_sealed_bytes(&self) -> Zeroizing<Vec<u8>> {
        let wire = Wire {
            v: VERSION,
            r#type: self.kind(),
            fields: self.fields().0.iter().map(|(name, value)| (name.clone(), Plain::of(value))).collect(),
            oauth: self.oauth().map(|oauth| WireOauth {
                access_token: Plain::of(&oauth.access_token),
                refresh_token: oauth.refresh_token.as_ref().map(Plain::of),
                token_type: oauth.token_type.clone(),
                scope: oauth.scope.clone(),
                expires_at: oauth.expires_at,
                login_expires_at: oauth.login_expires_at,
            }),
        };
        // Room for everything escaped, so that the buffer never grows and leaves a copy behind.
        let length = |text: &str| text.len() * 6 + 16;
        let fields: usize = wire.fields.iter().map(|(name, value)| length(name) + length(&value.0)).sum();
        let tokens = wire.oauth.as_ref().map_or(0, |oauth| {
            let texts = [Some(&oauth.access_token.0), oauth.refresh_token.as_ref().map(|token| &token.0)];
            let plain = [Some(&oauth.token_type), oauth.scope.as_ref()];
            texts.into_iter().chain(plain).flatten().map(|text| length(text)).sum()
        });
        let mut bytes = Zeroizing::new(Vec::with_capacity(512 + fields + tokens));
        // Writing plain structs to memory has no way to fail.
        let written = serde_json::to_writer(&mut *bytes, &wire);
        debug_assert!(written.is_ok());
        bytes
    }

    /// Reads what [`Credentials::to_sealed_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CredentialsError> {
        #[derive(Deserialize)]
        struct Version {
            v: u32,
        }
        let Version { v } = serde_json::from_slice(bytes).map_err(|_| CredentialsError::Unreadable)?;
        if v > VERSION {
            return Err(CredentialsError::Newer { found: v });
        }
        let wire: Wire = serde_json::from_slice(bytes).map_err(|_| CredentialsError::Unreadable)?;
        let fields = Secrets(wire.fields.into_iter().map(|(name, value)| (name, value.into_secret())).collect());
        Ok(match (wire.r#type, wire.oauth) {
            (CredentialKind::Oauth2, Some(oauth)) => Self::Oauth2(OauthCredentials {
                access_token: oauth.access_token.into_secret(),
                refresh_token: oauth.refresh_token.map(Plain::into_secret),
                token_type: oauth.token_type,
                scope: oauth.scope,
                expires_at: oauth.expires_at,
                login_expires_at: oauth.login_expires_at,
                app: fields,
            }),
            (CredentialKind::ApiKey, None) => Self::ApiKey(fields),
            (CredentialKind::LinkToken, None) => Self::LinkToken(fields),
            (CredentialKind::Certificate, None) => Self::Certificate(fields),
            (CredentialKind::Oauth2, None) | (_, Some(_)) => {
                return Err(CredentialsError::Unreadable);
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANARY: &str = "canary-5d1f\"\u{7}";

    fn every_kind() -> Vec<Credentials> {
        let fields = || Secrets::new().with("api_key", CANARY).with("api_secret", CANARY);
        vec![
            Credentials::ApiKey(fields()),
            Credentials::LinkToken(fields()),
            Credentials::Certificate(fields()),
            Credentials::Oauth2(OauthCredentials {
                access_token: CANARY.into(),
                refresh_token: Some(CANARY.into()),
                token_type: "Bearer".into(),
                scope: Some("api".into()),
                expires_at: Some(DateTime::UNIX_EPOCH),
                login_expires_at: None,
                app: fields(),
            }),
        ]
    }

    #[test]
    fn sealed_form_round_trips_and_debug_shows_nothing() {
        for credentials in every_kind() {
            let debug = format!("{credentials:?}");
            assert!(!debug.contains("canary"), "{debug}");
            let bytes = credentials.to_sealed_bytes();
            let back = Credentials::from_bytes(&bytes).unwrap();
            assert_eq!(back.kind(), credentials.kind());
            assert_eq!(back.fields().expose("api_secret"), Some(CANARY));
            assert_eq!(*back.to_sealed_bytes(), *bytes);
        }
    }

    #[test]
    fn foreign_bytes_are_refused_with_what_to_do() {
        assert_eq!(Credentials::from_bytes(b"{}").unwrap_err(), CredentialsError::Unreadable);
        assert_eq!(Credentials::from_bytes(b"{\"v\":9}").unwrap_err(), CredentialsError::Newer { found: 9 });
        let error = Credentials::from_bytes(br#"{"v":1,"type":"oauth2","fields":{}}"#).unwrap_err();
        assert_eq!(error, CredentialsError::Unreadable);
    }

    #[test]
    fn tokens_are_renewed_five_minutes_early() {
        let Some(Credentials::Oauth2(oauth)) = every_kind().pop() else { unreachable!() };
        let at = |seconds| DateTime::UNIX_EPOCH - chrono::Duration::seconds(seconds);
        assert!(!oauth.needs_renewal(at(300)));
        assert!(oauth.needs_renewal(at(299)));
    }
}
