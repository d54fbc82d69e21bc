//! The interfaces that adapters implement.
//!
//! Called by the engine. INVARIANT: a call may be dropped at any await and leaves nothing half done (this is how
//! work is cancelled); an adapter writes nothing.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};

use super::{
    Credentials, FetchPlan, FieldValues, OauthCredentials, ProviderMetadata, Purpose, Secrets, Sink, Validation,
    kit::{LocalPage, OauthFlow},
};
use crate::domain::{ProviderError, ProviderErrorKind};

/// Interface every provider adapter implements.
#[async_trait]
pub trait Provider: Send + Sync + fmt::Debug {
    /// The provider's entry in the registry.
    fn metadata(&self) -> &'static ProviderMetadata;

    /// Fetches what the plan asks for and sends it to `sink`, piece by piece.
    ///
    /// An error ends the pass: the login is refused, or the accounts can't be listed. A failure of one account or one
    /// kind of data is a [`super::Piece::Problem`] instead.
    async fn fetch(&self, plan: &FetchPlan<'_>, sink: &mut dyn Sink) -> Result<(), ProviderError>;

    /// Checks a new login with as few requests as possible, and sends at least its accounts to `sink`. `plan` has
    /// [`Purpose::Check`].
    async fn check(&self, plan: &FetchPlan<'_>, sink: &mut dyn Sink) -> Result<Validation, ProviderError> {
        debug_assert_eq!(plan.purpose, Purpose::Check);
        self.fetch(plan, sink).await.map(|()| Validation::default())
    }

    /// Ends the login at the provider, where the provider offers that. After an error it may still work there.
    async fn end(&self, _credentials: &Credentials) -> Result<(), ProviderError> {
        Ok(())
    }
}

/// An adapter with a browser login. The differences between providers are in [`super::OauthSpec`].
#[async_trait]
pub trait OauthProvider: Provider {
    /// The flow, built from the spec and the configured app.
    fn flow(&self) -> &OauthFlow;

    /// Begins a login: the address to open, and the values that identify this login.
    fn authorization(&self) -> Result<Authorization, ProviderError> {
        self.flow().authorization()
    }

    /// Exchanges the code of the redirect. A code works once, so this is never retried.
    async fn exchange_code(
        &self,
        authorization: &Authorization,
        code: &SecretString,
    ) -> Result<Credentials, ProviderError> {
        self.flow().exchange(authorization, code).await.map(Credentials::Oauth2)
    }

    /// Renews the access token. If the provider rotates refresh tokens, the reply contains the new one, which must be
    /// stored durably before it is used; otherwise the old one is kept. `LoginExpired` means that only a new login
    /// helps.
    async fn refresh(&self, credentials: &OauthCredentials) -> Result<OauthCredentials, ProviderError> {
        self.flow().refresh(credentials).await
    }

    /// Revokes the tokens, where the provider offers that.
    async fn revoke(&self, credentials: &OauthCredentials) -> Result<(), ProviderError> {
        self.flow().revoke(credentials).await
    }
}

/// An adapter that is linked through a hosted page or a one-time token.
#[async_trait]
pub trait LinkProvider: Provider {
    /// Begins a link from the answers to its fields.
    async fn begin_link(&self, answers: &FieldValues) -> Result<LinkStep, ProviderError>;

    /// Begins the repair of an existing login in place; `None` if the provider needs a new link instead.
    async fn begin_repair(&self, _credentials: &Credentials) -> Result<Option<LinkStep>, ProviderError> {
        Ok(None)
    }

    /// Asks whether the user has completed the link.
    async fn poll_link(&self, ticket: &Secrets) -> Result<LinkStep, ProviderError>;

    /// The credentials from the form of a page on this machine ([`LinkStep::Local`]). Sends no request: the engine
    /// stores them first.
    fn finish_link(&self, _ticket: &Secrets, _posted: &Secrets) -> Result<Credentials, ProviderError> {
        Err(self.metadata().error(ProviderErrorKind::Validation, "has no login on a page of this machine"))
    }
}

/// State of a linking flow.
#[derive(Debug, Clone)]
pub enum LinkStep {
    /// The user completes it on this page; poll after a while.
    Open {
        /// Contains a one-time token: shown to the user, never logged.
        url: SecretString,
        /// Input of [`LinkProvider::poll_link`].
        ticket: Secrets,
        /// Time to wait before polling.
        poll_after: Duration,
    },
    /// The user completes it on a page that this program serves on loopback.
    Local {
        /// The page.
        page: LocalPage,
        /// Input of [`LinkProvider::finish_link`].
        ticket: Secrets,
    },
    /// Not completed; poll again after a while.
    Waiting {
        /// Time to wait before polling.
        poll_after: Duration,
    },
    /// Linked.
    Done(Credentials),
}

/// A login in progress. Used once, within ten minutes.
#[derive(Clone)]
pub struct Authorization {
    /// Opened in the browser; shown to the user.
    pub url: String,
    /// The address the browser returns to, byte for byte as registered.
    pub callback_url: String,
    /// Binds the redirect to this login.
    pub state: SecretString,
    /// Proves to the token endpoint that this login was begun here (PKCE).
    pub verifier: SecretString,
    /// Expected value of `iss` in the redirect, if the provider sends it.
    pub issuer: Option<String>,
    /// When it began.
    pub created_at: DateTime<Utc>,
}

/// Hides address, state and verifier.
impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization")
            .field("callback_url", &self.callback_url)
            .field("created_at", &self.created_at)
            .finish_non_exhaustive()
    }
}

impl Credentials {
    /// The text of a named value, or an error that names it.
    pub fn require(&self, metadata: &ProviderMetadata, name: &str) -> Result<&str, ProviderError> {
        self.fields().expose(name).ok_or_else(|| {
            metadata
                .error(ProviderErrorKind::NotConfigured, format!("the stored credentials have no `{name}`"))
                .with_hint("reconnect it")
        })
    }

    /// The access token, or an error if there is none.
    pub fn access_token(&self, metadata: &ProviderMetadata) -> Result<&str, ProviderError> {
        self.oauth().map(|oauth| oauth.access_token.expose_secret()).ok_or_else(|| {
            metadata.error(ProviderErrorKind::NotConfigured, "there is no stored login").with_hint("reconnect it")
        })
    }
}
