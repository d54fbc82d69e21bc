//! Alpaca: a broker with API keys; one account per key pair, live or paper.
//!
//! INVARIANT: only reads; no request can place an order.

mod map;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Auth, Credentials, FetchPlan, Field, FieldKind, HistoryDepth, Listing, Pace, Piece, Provider, ProviderMetadata,
    ServerEnvironment, Sink, Validation, by_status, check,
    kit::{self, AccountRef, Api, Call, PerAccount, Reply, RowCursor, RowPage, TransactionRequest, new_york_day, rows},
};
use crate::domain::{
    AccountDraft, BalanceDraft, Capability, HoldingDraft, IdTrust, ProviderCategory, ProviderError, ProviderErrorKind,
    Warning,
};

const ENVIRONMENTS: &[ServerEnvironment] = &[
    ServerEnvironment { name: "live", label: "Live (real money)", origin: "https://api.alpaca.markets" },
    ServerEnvironment { name: "paper", label: "Paper (simulated)", origin: "https://paper-api.alpaca.markets" },
];

/// Rows per page, the maximum.
const PAGE_SIZE: usize = 100;

const FIELDS: &[Field] = &[
    Field {
        name: "environment",
        label: "Environment",
        help: "Keys of a paper account begin with PK, live ones with AK; the other one is tried when a key fits it.",
        kind: FieldKind::Environment(ENVIRONMENTS),
        default: Some("live"),
        check: check::any,
    },
    Field {
        name: "api_key",
        label: "API key ID",
        help: "On the dashboard, under API Keys.",
        kind: FieldKind::Secret,
        default: None,
        check: check::token,
    },
    Field {
        name: "api_secret",
        label: "API secret key",
        help: "Shown once, when the key is generated.",
        kind: FieldKind::Secret,
        default: None,
        check: check::token,
    },
];

/// The provider's entry in the registry.
pub static METADATA: ProviderMetadata = ProviderMetadata {
    slug: "alpaca",
    display_name: "Alpaca",
    summary: "Create an API key on alpaca.markets and enter key and secret here. They are stored sealed and used for \
              reading only.",
    category: ProviderCategory::Brokerage,
    auth: Auth::ApiKey { fields: FIELDS, build: |context| Ok(Arc::new(Alpaca { api: Api::new(&METADATA, context)? })) },
    capabilities: &[Capability::Accounts, Capability::Transactions, Capability::Holdings, Capability::BalanceHistory],
    required_settings: &[],
    environments: ENVIRONMENTS,
    extra_hosts: &[],
    // 200 a minute are allowed.
    pace: Pace {
        per_minute: 180,
        burst: 20,
        per_day: None,
        sync_interval: std::time::Duration::ZERO,
        publishes_at: None,
    },
    id_trust: IdTrust::Unique,
    signs_differ: false,
    judge: by_status,
    history: HistoryDepth { days: None, overlap_days: 7 },
    documentation_url: "https://docs.alpaca.markets/reference",
    production_ready: false,
};

#[derive(Debug)]
struct Alpaca {
    api: Api,
}

/// Position in the activities: the window and the last row received.
#[derive(Serialize, Deserialize)]
struct Place {
    after: Option<NaiveDate>,
    until: Option<NaiveDate>,
    token: Option<String>,
}

impl Alpaca {
    async fn send(&self, credentials: &Credentials, call: Call) -> Result<Reply, ProviderError> {
        let call = call
            .header("apca-api-key-id", credentials.require(&METADATA, "api_key")?)
            .header("apca-api-secret-key", credentials.require(&METADATA, "api_secret")?);
        self.api.send(call).await
    }

    /// The broker's calendar day.
    fn today(&self) -> NaiveDate {
        new_york_day(self.api.http().clock().now())
    }

    async fn account(&self, credentials: &Credentials) -> Result<wire::Account, ProviderError> {
        self.send(credentials, Call::get("the account", &["v2", "account"])).await?.json()
    }

    fn draft(&self, account: &wire::Account) -> AccountDraft {
        map::account(account, self.api.environment().name == "paper", self.today())
    }

    fn place(&self, request: &TransactionRequest<'_>) -> Result<Place, ProviderError> {
        if let Some(RowCursor(text)) = request.cursor {
            return serde_json::from_str(text).map_err(|_| {
                METADATA.error(ProviderErrorKind::InvalidResponse, "the stored position in the list can't be read")
            });
        }
        let is_past = request.to < self.today();
        Ok(Place {
            // Both ends are exclusive.
            after: request.from.and_then(|day| day.checked_sub_days(Days::new(1))),
            until: request.to.checked_add_days(Days::new(1)).filter(|_| is_past),
            token: None,
        })
    }

    /// The rows of one kind and day, to find the row that a correction refers to.
    async fn same_day(
        &self,
        credentials: &Credentials,
        row: &wire::Activity,
    ) -> Result<Vec<wire::Activity>, ProviderError> {
        let Some(day) = map::day(row) else { return Ok(Vec::new()) };
        let call = Call::get("activities of a day", &["v2", "account", "activities"])
            .query("activity_types", row.activity_type.clone())
            .query("date", day.to_string())
            .query("page_size", PAGE_SIZE.to_string());
        let items = self.send(credentials, call).await?.list()?;
        Ok(rows(items, "activity", &mut Vec::new()).into_iter().map(|(_, row)| row).collect())
    }
}

#[async_trait]
impl Provider for Alpaca {
    fn metadata(&self) -> &'static ProviderMetadata {
        &METADATA
    }

    async fn fetch(&self, plan: &FetchPlan<'_>, sink: &mut dyn Sink) -> Result<(), ProviderError> {
        kit::fetch(self, plan, sink).await
    }

    /// Keys work in one of the two environments only, so the other one is tried before they are refused.
    async fn check(&self, plan: &FetchPlan<'_>, sink: &mut dyn Sink) -> Result<Validation, ProviderError> {
        let credentials = plan.credentials().await?;
        let (draft, account, environment) = match self.account(&credentials).await {
            Ok(account) => (self.draft(&account), account, None),
            Err(refusal) if refusal.kind == ProviderErrorKind::Authentication => {
                let found = self.other_environment(&credentials).await;
                let (draft, account, environment) = found.ok_or_else(|| ProviderError {
                    hint: Some("copy key and secret again; a secret is shown only when its key is generated".into()),
                    ..refusal
                })?;
                (draft, account, Some(environment))
            }
            Err(error) => return Err(error),
        };
        let warnings = map::notes(&account, environment);
        sink.send(Piece::Accounts(Listing::complete(vec![draft]))).await?;
        sink.send(Piece::ChunkEnd).await?;
        Ok(Validation { environment: environment.map(|it| it.name), warnings, ..Validation::default() })
    }
}

impl Alpaca {
    async fn other_environment(
        &self,
        credentials: &Credentials,
    ) -> Option<(AccountDraft, wire::Account, &'static ServerEnvironment)> {
        let here = self.api.environment();
        for other in ENVIRONMENTS.iter().filter(|other| *other != here && !self.api.is_overridden()) {
            let there = Self { api: self.api.at(other) };
            if let Ok(account) = there.account(credentials).await {
                return Some((there.draft(&account), account, other));
            }
        }
        None
    }
}

#[async_trait]
impl PerAccount for Alpaca {
    fn metadata(&self) -> &'static ProviderMetadata {
        &METADATA
    }

    async fn accounts(
        &self,
        credentials: &Credentials,
        _plan: &FetchPlan<'_>,
    ) -> Result<Listing<AccountDraft>, ProviderError> {
        let account = self.account(credentials).await?;
        Ok(Listing::complete(vec![self.draft(&account)]))
    }

    async fn transactions(
        &self,
        credentials: &Credentials,
        request: &TransactionRequest<'_>,
    ) -> Result<RowPage, ProviderError> {
        let place = self.place(request)?;
        let call = Call::get("activities", &["v2", "account", "activities"])
            .query("direction", "asc")
            .query("page_size", PAGE_SIZE.to_string())
            .query_if("after", place.after.map(|day| day.to_string()))
            .query_if("until", place.until.map(|day| day.to_string()))
            .query_if("page_token", place.token.clone());
        let reply = self.send(credentials, call).await?;
        let items = reply.list()?;
        let is_full = items.len() >= PAGE_SIZE;
        let last = items.last().and_then(|item| item.get("id")).and_then(Value::as_str).map(str::to_owned);
        let mut page = RowPage { is_blank: reply.is_blank(), ..RowPage::default() };
        let activities = rows::<wire::Activity>(items, "activity", &mut page.warnings);
        for (index, (line, row)) in activities.iter().enumerate() {
            let earlier = if map::corrects_unnamed(row) {
                let known = map::corrected(row, activities[..index].iter().map(|(_, row)| row));
                match known {
                    Some(id) => Some(id),
                    None => map::corrected(row, self.same_day(credentials, row).await?.iter()),
                }
            } else {
                row.previous_id.as_ref().map(|id| id.0.clone())
            };
            match map::transaction(row, *line, request.account.currency, earlier) {
                Ok(draft) => page.rows.push(draft),
                Err(warning) => page.warnings.push(warning),
            }
        }
        if let (true, Some(last)) = (is_full, last) {
            let next = Place { token: Some(last), ..place };
            page.next = serde_json::to_string(&next).ok().map(RowCursor);
        }
        Ok(page)
    }

    async fn holdings(
        &self,
        credentials: &Credentials,
        account: AccountRef<'_>,
    ) -> Result<Listing<HoldingDraft>, ProviderError> {
        let items = self.send(credentials, Call::get("positions", &["v2", "positions"])).await?.list()?;
        let mut listing = Listing::complete(Vec::new());
        let today = self.today();
        for (_, position) in rows::<wire::Position>(items, "position", &mut listing.warnings) {
            listing.items.push(map::holding(&position, account.currency, today));
        }
        // A position that can't be read must not look sold.
        listing.complete = listing.warnings.is_empty();
        Ok(listing)
    }

    async fn balance_history(
        &self,
        credentials: &Credentials,
        _account: AccountRef<'_>,
        from: Option<NaiveDate>,
    ) -> Result<Listing<BalanceDraft>, ProviderError> {
        let today = self.today();
        let from = match from {
            Some(from) => Some(from),
            None => self.account(credentials).await?.created_at.as_deref().and_then(map::written_day),
        };
        let call = Call::get("the balance history", &["v2", "account", "portfolio", "history"])
            .query("period", map::period(from, today))
            .query("timeframe", "1D");
        let reply = self.send(credentials, call).await?;
        if reply.is_blank() {
            return Ok(Listing {
                warnings: vec![Warning::new(0, "the balance history came back empty; it is asked for again")],
                ..Listing::unknown()
            });
        }
        let history: wire::PortfolioHistory = reply.json()?;
        Ok(Listing::complete(map::balances(&history, from, today)))
    }

    fn provider_time(&self) -> Option<DateTime<Utc>> {
        self.api.provider_time()
    }
}
