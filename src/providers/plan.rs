//! The plan of a fetch: the data the engine already has, the data to fetch, and the login to use.
//!
//! Built by the engine, read by adapters. INVARIANT: no day of a plan lies after today.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, Days, NaiveDate, Utc};

use super::{Credentials, Listing, ProviderMetadata};
use crate::domain::{AccountDraft, AccountSigns, AccountType, AssetCode, ProviderError, ProviderErrorKind, Warning};

/// Why a provider is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Check a new login: the accounts, and whatever else the same requests return.
    Check,
    /// Fetch all news.
    Sync,
}

/// A fetch to perform.
pub struct FetchPlan<'a> {
    /// Why.
    pub purpose: Purpose,
    /// Credentials, renewed when needed.
    pub login: &'a dyn LoginAccess,
    /// Now.
    pub now: DateTime<Utc>,
    /// The user's calendar day.
    pub today: NaiveDate,
    /// Fetch rows from this day on, whatever the cursors say.
    pub from: Option<NaiveDate>,
    /// Smallest overlap with what was fetched before, in days.
    pub overlap_days: u32,
    /// Stored cursors by key.
    pub cursors: &'a BTreeMap<String, String>,
    /// Accounts that are stored.
    pub known: &'a [KnownAccount],
    /// Provider ids of accounts that the user does not want.
    pub excluded: &'a [String],
    /// The list of accounts that the check of this login returned a moment ago, if there was one.
    pub listed: Option<&'a Listing<AccountDraft>>,
}

/// A stored account, as far as adapters need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownAccount {
    /// The provider's identity.
    pub provider_account_id: String,
    /// The provider's name for it.
    pub name: String,
    /// The type stated before.
    pub account_type: AccountType,
    /// Its currency.
    pub currency: AssetCode,
    /// The institution that holds it.
    pub institution: String,
    /// The user's signs.
    pub signs: AccountSigns,
}

impl<'a> FetchPlan<'a> {
    /// A plan without history: everything the login offers.
    #[must_use]
    pub const fn new(
        purpose: Purpose,
        login: &'a dyn LoginAccess,
        now: DateTime<Utc>,
        today: NaiveDate,
        cursors: &'a BTreeMap<String, String>,
    ) -> Self {
        Self {
            purpose,
            login,
            now,
            today,
            from: None,
            overlap_days: 0,
            cursors,
            known: &[],
            excluded: &[],
            listed: None,
        }
    }

    /// The cursor stored under `key`.
    #[must_use]
    pub fn cursor(&self, key: &str) -> Option<&str> {
        self.cursors.get(key).map(String::as_str)
    }

    /// Whether the user chose this account.
    #[must_use]
    pub fn includes(&self, provider_account_id: &str) -> bool {
        !self.excluded.iter().any(|excluded| excluded == provider_account_id)
    }

    /// The stored account of that provider id.
    #[must_use]
    pub fn known(&self, provider_account_id: &str) -> Option<&'a KnownAccount> {
        self.known.iter().find(|known| known.provider_account_id == provider_account_id)
    }

    /// First day to fetch when everything up to `complete_until` was fetched before: that day less the overlap, at
    /// most as far back as the provider goes. `None` means from the beginning.
    #[must_use]
    pub fn first_day(&self, metadata: &ProviderMetadata, complete_until: Option<NaiveDate>) -> Option<NaiveDate> {
        let history = metadata.history;
        let overlap = Days::new(u64::from(history.overlap_days.max(self.overlap_days)));
        let oldest = history.days.and_then(|days| self.today.checked_sub_days(Days::new(u64::from(days))));
        // A clock that was ahead may have left a day in the future.
        let resumed = complete_until.and_then(|until| until.min(self.today).checked_sub_days(overlap));
        self.from.or(resumed).or(oldest)
    }

    /// The credentials to use now.
    pub async fn credentials(&self) -> Result<Credentials, ProviderError> {
        self.login.credentials().await
    }

    /// Runs one request with the login, and once more with a renewed login if the provider refuses it.
    pub async fn call<T, F>(&self, work: impl Fn(Credentials) -> F) -> Result<T, ProviderError>
    where
        F: Future<Output = Result<T, ProviderError>> + Send,
    {
        let credentials = self.login.credentials().await?;
        match work(credentials.clone()).await {
            Err(error) if error.kind == ProviderErrorKind::Authentication => {
                match self.login.renew(&credentials).await? {
                    Some(renewed) => work(renewed).await,
                    None => Err(error),
                }
            }
            other => other,
        }
    }
}

/// Access to the credentials of a connection.
#[async_trait]
pub trait LoginAccess: Send + Sync {
    /// The credentials, renewed first if they are about to expire.
    async fn credentials(&self) -> Result<Credentials, ProviderError>;

    /// New credentials in place of `refused` ones; `None` if they can't be renewed or already were in this pass.
    async fn renew(&self, refused: &Credentials) -> Result<Option<Credentials>, ProviderError>;
}

/// A login that never changes: keys, and credentials that were issued a moment ago.
#[async_trait]
impl LoginAccess for Credentials {
    async fn credentials(&self) -> Result<Credentials, ProviderError> {
        Ok(self.clone())
    }

    async fn renew(&self, _refused: &Credentials) -> Result<Option<Credentials>, ProviderError> {
        Ok(None)
    }
}

/// The result of a check, apart from the pieces it handed over.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Validation {
    /// The environment in which the login works, if it is not the requested one.
    pub environment: Option<&'static str>,
    /// Name of the institution, if it differs from the provider's.
    pub institution: Option<String>,
    /// When the login ends, if that is known and the credentials do not say so.
    pub ends_at: Option<DateTime<Utc>>,
    /// Notes for the user about this connection.
    pub warnings: Vec<Warning>,
}
