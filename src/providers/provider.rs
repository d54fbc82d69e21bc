//! What an adapter can be asked, and what it answers with.
//!
//! Called by the engine, which loops over pages and writes. INVARIANT: every call may be dropped at any
//! await and leaves nothing half done (that is how work is cancelled); nothing is written anywhere.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use secrecy::{ExposeSecret as _, SecretString};

use super::{Answers, Credentials, OauthCredentials, ProviderMetadata, Secrets, kit::OauthFlow};
use crate::domain::{
    AccountDraft, AssetCode, BalanceDraft, HoldingDraft, ProviderError, ProviderErrorKind, TransactionDraft, Warning,
};

/// An institution's adapter.
#[async_trait]
pub trait Provider: Send + Sync + fmt::Debug {
    /// What it says about itself.
    fn metadata(&self) -> &'static ProviderMetadata;

    /// One cheap call that tells whether the credentials work, and where.
    async fn validate_credentials(&self, credentials: &Credentials) -> Result<Validation, ProviderError>;

    /// Every account the credentials open.
    async fn fetch_accounts(&self, credentials: &Credentials) -> Result<Listing<AccountDraft>, ProviderError>;

    /// One page of rows. Ask again with [`Page::next`] until there is none; a provider without the
    /// capability answers with an empty last page.
    async fn fetch_transactions(
        &self,
        _credentials: &Credentials,
        _request: &TransactionRequest<'_>,
    ) -> Result<Page, ProviderError> {
        Ok(Page::default())
    }

    /// Every position of an account. A provider without the capability answers with an incomplete, empty listing.
    async fn fetch_holdings(
        &self,
        _credentials: &Credentials,
        _account: AccountRef<'_>,
    ) -> Result<Listing<HoldingDraft>, ProviderError> {
        Ok(Listing::unknown())
    }

    /// End-of-day balances from `from` (or as far back as the provider goes) on.
    async fn fetch_balance_history(
        &self,
        _credentials: &Credentials,
        _account: AccountRef<'_>,
        _from: Option<NaiveDate>,
    ) -> Result<Listing<BalanceDraft>, ProviderError> {
        Ok(Listing::unknown())
    }
}

/// A provider that is logged in to through the browser. What differs between them is in its [`super::OauthSpec`].
#[async_trait]
pub trait OauthProvider: Provider {
    /// Its flow, built from the spec and the configured app.
    fn flow(&self) -> &OauthFlow;

    /// Begins a login: an address to open, and what only this login knows.
    fn authorization(&self) -> Result<Authorization, ProviderError> {
        self.flow().authorization()
    }

    /// Redeems the code of the redirect. It is single use: never retried.
    async fn exchange_code(
        &self,
        authorization: &Authorization,
        code: &SecretString,
    ) -> Result<Credentials, ProviderError> {
        self.flow().exchange(authorization, code).await.map(Credentials::Oauth2)
    }

    /// Renews the access token. Where the provider rotates refresh tokens the new one is in the answer and must
    /// be stored durably before it is used; otherwise the old one is kept. `LoginExpired` means: log in again.
    async fn refresh(&self, credentials: &OauthCredentials) -> Result<OauthCredentials, ProviderError> {
        self.flow().refresh(credentials).await
    }

    /// Gives the tokens back, where the provider offers that.
    async fn revoke(&self, credentials: &OauthCredentials) -> Result<(), ProviderError> {
        self.flow().revoke(credentials).await
    }
}

/// A provider that is linked through a page of its own or a one-time token.
#[async_trait]
pub trait LinkProvider: Provider {
    /// Begins a link from the answers to its fields.
    async fn begin_link(&self, answers: &Answers) -> Result<LinkStep, ProviderError>;

    /// Asks whether the user has finished.
    async fn poll_link(&self, ticket: &Secrets) -> Result<LinkStep, ProviderError>;
}

/// Where a linking flow is.
#[derive(Debug, Clone)]
pub enum LinkStep {
    /// The user finishes it on this page; ask again after a while.
    Open {
        /// Contains a one-time token: shown to the user, never logged.
        url: SecretString,
        /// What [`LinkProvider::poll_link`] needs.
        ticket: Secrets,
        /// How long to wait before asking.
        poll_after: Duration,
    },
    /// Not finished; ask again after a while.
    Waiting {
        /// How long to wait before asking.
        poll_after: Duration,
    },
    /// Linked.
    Done(Credentials),
}

/// A login under way. Single use, worth ten minutes.
#[derive(Clone)]
pub struct Authorization {
    /// Opened in the browser; shown to the user.
    pub url: String,
    /// The address the browser returns to, byte for byte as registered.
    pub callback_url: String,
    /// Ties the redirect to this login.
    pub state: SecretString,
    /// Proves to the token endpoint that it was this login.
    pub verifier: SecretString,
    /// Value that `iss` must have in the redirect, where the provider announces one.
    pub issuer: Option<String>,
    /// When it began.
    pub created_at: DateTime<Utc>,
}

/// Shows neither address nor state.
impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization")
            .field("callback_url", &self.callback_url)
            .field("created_at", &self.created_at)
            .finish_non_exhaustive()
    }
}

/// What a check of credentials found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Validation {
    /// The environment in which they work, where it is not the one asked for.
    pub environment: Option<&'static str>,
    /// Name of the institution, where it differs from the provider's.
    pub institution: Option<String>,
    /// The accounts they open, where the check told them anyway.
    pub accounts: Vec<AccountDraft>,
    /// For people: what to know about this connection.
    pub warnings: Vec<Warning>,
}

/// The account that is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountRef<'a> {
    /// As the adapter named it.
    pub provider_account_id: &'a str,
    /// As the adapter said.
    pub currency: AssetCode,
}

/// A complete or partial list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing<T> {
    /// What there is.
    pub items: Vec<T>,
    /// Whether that is all: only then does absence mean anything.
    pub complete: bool,
    /// What could not be used as it stood; its `line` is the position in the reply.
    pub warnings: Vec<Warning>,
}

impl<T> Listing<T> {
    /// All there is.
    #[must_use]
    pub const fn complete(items: Vec<T>) -> Self {
        Self { items, complete: true, warnings: Vec::new() }
    }

    /// Nothing is known.
    #[must_use]
    pub const fn unknown() -> Self {
        Self { items: Vec::new(), complete: false, warnings: Vec::new() }
    }
}

/// Which rows are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransactionRequest<'a> {
    /// Of which account.
    pub account: AccountRef<'a>,
    /// First day; `None` is as far back as the provider goes.
    pub from: Option<NaiveDate>,
    /// Last day, included.
    pub to: NaiveDate,
    /// Where the last page ended, or the checkpoint of the last sync. It carries its own window: with a cursor,
    /// `from` and `to` are not looked at.
    pub cursor: Option<&'a Cursor>,
}

/// A place in a provider's rows, meaningful to its adapter alone. Holds no secrets; may be stored.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cursor(pub String);

/// Some rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// In the provider's order.
    pub rows: Vec<TransactionDraft>,
    /// Provider ids of rows that the provider took back.
    pub removed: Vec<String>,
    /// Ask again with it; `None` ends this fetch, and the window is complete.
    pub next: Option<Cursor>,
    /// On the last page of providers that count changes rather than days: where the next sync starts.
    pub checkpoint: Option<Cursor>,
    /// What could not be used as it stood; its `line` is the position in the reply.
    pub warnings: Vec<Warning>,
}

impl Credentials {
    /// The text of a named value, or the failure to say so.
    pub fn require(&self, metadata: &ProviderMetadata, name: &str) -> Result<&str, ProviderError> {
        self.fields().expose(name).ok_or_else(|| {
            metadata
                .error(ProviderErrorKind::Authentication, format!("the stored credentials have no `{name}`"))
                .with_hint("reconnect it")
        })
    }

    /// The access token, or the failure to say so.
    pub fn access_token(&self, metadata: &ProviderMetadata) -> Result<&str, ProviderError> {
        self.oauth().map(|oauth| oauth.access_token.expose_secret()).ok_or_else(|| {
            metadata.error(ProviderErrorKind::Authentication, "there is no login stored").with_hint("reconnect it")
        })
    }
}
