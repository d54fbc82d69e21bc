//! Charles Schwab through its Trader API: every account of a login, positions and transactions.
//!
//! INVARIANT: only reads. Accounts are identified by their plain number, which is stable; the hash used in paths may
//! change per app and is fetched in every sync.

mod legs;
mod map;
#[cfg(test)]
mod tests;
mod wire;

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use super::{
    Auth, ClientAuthentication, Credentials, FetchPlan, Field, FieldKind, HistoryDepth, Listing, OauthProvider,
    OauthSpec, Pace, Provider, ProviderMetadata, ReplyHead, ReplyVerdict, RequiredSetting, ServerEnvironment, Sink,
    check,
    kit::{self, AccountRef, Api, Call, OauthFlow, PerAccount, Reply, RowCursor, RowPage, TransactionRequest, rows},
};
use crate::domain::{
    AccountDraft, Capability, HoldingDraft, IdTrust, ProviderCategory, ProviderError, ProviderErrorKind, Warning,
};

/// Days of one request: a longer range is refused.
const CHUNK_DAYS: u64 = 365;
/// Most rows of one reply: more are cut off silently, so a full reply is requested again in halves.
const ROWS: usize = 3_000;
/// Lifetime of a login: a refresh token ends seven days after the login, however often it is used.
const LOGIN: Duration = Duration::from_secs(7 * 24 * 3_600);

static OAUTH: OauthSpec = OauthSpec {
    authorize_url: "https://api.schwabapi.com/v1/oauth/authorize",
    token_url: "https://api.schwabapi.com/v1/oauth/token",
    revoke_url: None,
    scopes: &[],
    extra: &[],
    client_authentication: ClientAuthentication::Basic,
    issuer: None,
    callback_url: "https://127.0.0.1:8182",
    login_lifetime: Some(LOGIN),
    id_field: "app_key",
    secret_field: "app_secret",
    fields: FIELDS,
};

const FIELDS: &[Field] = &[
    Field {
        name: "app_key",
        label: "App key",
        help: "On developer.schwab.com, in the details of your app.",
        kind: FieldKind::Secret,
        default: None,
        check: check::token,
    },
    Field {
        name: "app_secret",
        label: "App secret",
        help: "Beside the app key.",
        kind: FieldKind::Secret,
        default: None,
        check: check::token,
    },
    Field {
        name: "callback_url",
        label: "Callback URL",
        help: "Exactly as registered for the app, port and slash included.",
        kind: FieldKind::Text,
        default: Some("https://127.0.0.1:8182"),
        check: |text| {
            let is_https = text.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"));
            if is_https { Ok(()) } else { Err("Schwab accepts https addresses only") }
        },
    },
];

/// The provider's entry in the registry.
pub static METADATA: ProviderMetadata = ProviderMetadata {
    slug: "schwab",
    display_name: "Charles Schwab",
    summary: "Log in on schwab.com in your browser, with an app of your own from developer.schwab.com. App key, secret \
              and tokens are stored sealed; Schwab asks for a new login every seven days.",
    category: ProviderCategory::Brokerage,
    auth: Auth::Oauth {
        spec: &OAUTH,
        build: |context| {
            let api = Api::new(&METADATA, context)?;
            let flow = OauthFlow::new(api.clone(), &OAUTH, &context.settings);
            Ok(Arc::new(Schwab { api, flow, hashes: OnceCell::new() }))
        },
    },
    capabilities: &[Capability::Accounts, Capability::Transactions, Capability::Holdings],
    required_settings: &[
        RequiredSetting { name: "app_key", description: "the key of your app on developer.schwab.com" },
        RequiredSetting { name: "app_secret", description: "its secret" },
    ],
    environments: &[ServerEnvironment { name: "production", label: "Production", origin: "https://api.schwabapi.com" }],
    extra_hosts: &[],
    // 120 a minute are allowed.
    pace: Pace { per_minute: 110, burst: 10, per_day: None, sync_interval: Duration::ZERO, publishes_at: None },
    id_trust: IdTrust::Unique,
    signs_differ: false,
    judge,
    history: HistoryDepth { days: Some(4 * 365), overlap_days: 10 },
    documentation_url: "https://developer.schwab.com",
    production_ready: false,
};

/// Schwab's own words for a login that has ended: its token endpoint answers neither `invalid_grant` nor one status.
fn judge(head: &ReplyHead<'_>, body: &[u8]) -> Option<ReplyVerdict> {
    const ENDED: [&str; 3] = ["refresh_token_authentication_error", "unsupported_token_type", "refresh token invalid"];
    if !matches!(head.status, 400..=403) {
        return None;
    }
    let text = std::str::from_utf8(body).ok()?.to_ascii_lowercase();
    let is_ended = text.trim_start().starts_with('{') && ENDED.iter().any(|word| text.contains(word));
    is_ended.then(|| {
        ReplyVerdict::new(ProviderErrorKind::LoginExpired, "the login can't be renewed").with_hint("log in again")
    })
}

#[derive(Debug)]
struct Schwab {
    api: Api,
    flow: OauthFlow,
    /// Plain number → hash, for one sync.
    hashes: OnceCell<HashMap<String, String>>,
}

/// The days that remain to be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    from: NaiveDate,
    to: NaiveDate,
}

impl Schwab {
    async fn send(&self, credentials: &Credentials, call: Call) -> Result<Reply, ProviderError> {
        self.api.send(call.bearer(credentials.access_token(&METADATA)?)).await
    }

    async fn hash(&self, credentials: &Credentials, number: &str) -> Result<&str, ProviderError> {
        let hashes = self.hashes.get_or_try_init(|| async {
            let call = Call::get("account numbers", &["trader", "v1", "accounts", "accountNumbers"]);
            let items = self.send(credentials, call).await?.list()?;
            let pairs = rows::<wire::AccountNumber>(items, "account number", &mut Vec::new());
            Ok::<_, ProviderError>(
                pairs.into_iter().map(|(_, pair)| (pair.account_number.0, pair.hash_value)).collect(),
            )
        });
        hashes.await?.get(number).map(String::as_str).ok_or_else(|| {
            METADATA
                .error(ProviderErrorKind::InvalidResponse, "this login no longer opens the account")
                .with_hint("log in again and tick every account on Schwab's page")
        })
    }

    /// Nicknames by account number; `None` with a warning if they can't be read.
    async fn nicknames(
        &self,
        credentials: &Credentials,
        warnings: &mut Vec<Warning>,
    ) -> Option<HashMap<String, String>> {
        let call = Call::get("preferences", &["trader", "v1", "userPreference"]);
        let listed = match self.send(credentials, call).await {
            Ok(reply) if reply.is_blank() => Err("the reply is empty".to_owned()),
            Ok(reply) => reply.list().map_err(|error| error.message),
            Err(error) => Err(error.message),
        };
        match listed {
            Ok(items) => Some(map::nicknames(rows(items, "preference", &mut Vec::new()))),
            Err(reason) => {
                warnings.push(Warning::new(0, format!("account names can't be read: {reason}")));
                None
            }
        }
    }

    fn place(&self, request: &TransactionRequest<'_>) -> Result<Place, ProviderError> {
        if let Some(RowCursor(text)) = request.cursor {
            return serde_json::from_str(text).map_err(|_| {
                METADATA.error(ProviderErrorKind::InvalidResponse, "the stored position in the list can't be read")
            });
        }
        let clock = self.api.http().clock();
        // The range is in UTC, where the day after the user's may have begun.
        let to = if request.to >= clock.today() { request.to.max(clock.now().date_naive()) } else { request.to };
        let oldest = clock.today() - Days::new(u64::from(METADATA.history.days.unwrap_or_default()));
        Ok(Place { from: request.from.unwrap_or(oldest).max(oldest).min(to), to })
    }

    /// The rows of some days; `None` if Schwab refuses days that far back.
    async fn days(
        &self,
        credentials: &Credentials,
        hash: &str,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<Option<Reply>, ProviderError> {
        let call = Call::get("transactions", &["trader", "v1", "accounts", hash, "transactions"])
            .query("startDate", format!("{from}T00:00:00.000Z"))
            .query("endDate", format!("{to}T23:59:59.999Z"))
            .query("types", map::TYPES)
            .bearer(credentials.access_token(&METADATA)?);
        let recent = self.api.http().clock().today() - Days::new(CHUNK_DAYS);
        if to >= recent {
            return self.api.send(call).await.map(Some);
        }
        self.api.send_unless_refused(call).await
    }
}

#[async_trait]
impl Provider for Schwab {
    fn metadata(&self) -> &'static ProviderMetadata {
        &METADATA
    }

    async fn fetch(&self, plan: &FetchPlan<'_>, sink: &mut dyn Sink) -> Result<(), ProviderError> {
        kit::fetch(self, plan, sink).await
    }
}

#[async_trait]
impl PerAccount for Schwab {
    fn metadata(&self) -> &'static ProviderMetadata {
        &METADATA
    }

    async fn accounts(
        &self,
        credentials: &Credentials,
        plan: &FetchPlan<'_>,
    ) -> Result<Listing<AccountDraft>, ProviderError> {
        let reply = self.send(credentials, Call::get("accounts", &["trader", "v1", "accounts"])).await?;
        let items = reply.list()?;
        let mut listing = Listing::complete(Vec::new());
        if items.is_empty() {
            listing.complete = !reply.is_blank();
            let message = "this login opens no accounts; log in again and tick every account on Schwab's page";
            listing.warnings.push(Warning::new(0, message));
            return Ok(listing);
        }
        let accounts = rows::<wire::Account>(items, "account", &mut listing.warnings);
        listing.complete = listing.warnings.is_empty();
        let nicknames = self.nicknames(credentials, &mut listing.warnings).await;
        let today = self.api.http().clock().today();
        listing.items.extend(accounts.iter().map(|(_, account)| {
            let known = plan.known(&account.securities_account.account_number.0);
            map::account(account, nicknames.as_ref(), known, today)
        }));
        Ok(listing)
    }

    /// A page is one range of days: a year, or less where a year holds too many rows.
    async fn transactions(
        &self,
        credentials: &Credentials,
        request: &TransactionRequest<'_>,
    ) -> Result<RowPage, ProviderError> {
        let Place { from, to } = self.place(request)?;
        let hash = self.hash(credentials, request.account.provider_account_id).await?;
        let mut page = RowPage::default();
        let mut length = CHUNK_DAYS;
        let (items, end) = loop {
            let end = to.min(from + Days::new(length - 1));
            let Some(reply) = self.days(credentials, hash, from, end).await? else {
                page.warnings.push(Warning::new(0, format!("Schwab has no rows for {from} to {end}")));
                break (Vec::new(), end);
            };
            page.is_blank |= reply.is_blank();
            let items = reply.list()?;
            length = u64::try_from((end - from).num_days() + 1).unwrap_or(1);
            if items.len() < ROWS {
                break (items, end);
            }
            if length == 1 {
                page.warnings.push(Warning::new(0, format!("{from} has more rows than Schwab returns")));
                break (items, end);
            }
            length /= 2;
        };
        let activities = rows::<wire::Activity>(items, "transaction", &mut page.warnings);
        page.rows = map::transactions(&activities, request.account.currency, &mut page.warnings);
        if end < to {
            let next = Place { from: end + Days::new(1), to };
            page.next = serde_json::to_string(&next).ok().map(RowCursor);
        }
        Ok(page)
    }

    async fn holdings(
        &self,
        credentials: &Credentials,
        account: AccountRef<'_>,
    ) -> Result<Listing<HoldingDraft>, ProviderError> {
        let hash = self.hash(credentials, account.provider_account_id).await?;
        let call = Call::get("positions", &["trader", "v1", "accounts", hash]).query("fields", "positions");
        let reply = self.send(credentials, call).await?;
        if reply.is_blank() {
            return Ok(Listing::complete(Vec::new()));
        }
        let found: wire::Account = reply.json()?;
        let mut listing = Listing::complete(Vec::new());
        let positions = rows::<wire::Position>(found.securities_account.positions, "position", &mut listing.warnings);
        let today = self.api.http().clock().today();
        listing.items =
            positions.iter().filter_map(|(_, position)| map::holding(position, account.currency, today)).collect();
        // A position that can't be read must not look sold.
        listing.complete = listing.warnings.is_empty();
        Ok(listing)
    }

    fn provider_time(&self) -> Option<DateTime<Utc>> {
        self.api.provider_time()
    }
}

#[async_trait]
impl OauthProvider for Schwab {
    fn flow(&self) -> &OauthFlow {
        &self.flow
    }
}
