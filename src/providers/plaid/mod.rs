//! Plaid: banks, cards, loans and brokers through one login per institution, made on a page that Plaid hosts.
//!
//! The user's own Plaid keys are needed. INVARIANT: the paid call for balances is never sent; a cursor is stored only with
//! all pages that it covers.

mod errors;
mod fetch;
mod map;
#[cfg(test)]
mod tests;
mod wire;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::{
    Auth, Credentials, FetchPlan, Field, FieldKind, FieldValues, HistoryDepth, LinkProvider, LinkSpec, LinkStep, Pace,
    Provider, ProviderMetadata, Secrets, ServerEnvironment, Sink, Validation, check,
    kit::{Api, Call, Reply},
};
use crate::domain::{Capability, IdTrust, ProviderCategory, ProviderError, ProviderErrorKind, text};

const ENVIRONMENTS: &[ServerEnvironment] = &[
    ServerEnvironment { name: "production", label: "Production (real data)", origin: "https://production.plaid.com" },
    ServerEnvironment { name: "sandbox", label: "Sandbox (made-up data)", origin: "https://sandbox.plaid.com" },
];

const FIELDS: &[Field] = &[
    Field {
        name: "environment",
        label: "Environment",
        help: "Each environment has its own secret.",
        kind: FieldKind::Environment(ENVIRONMENTS),
        default: Some("production"),
        check: check::any,
    },
    Field {
        name: "client_id",
        label: "Client id",
        help: "On dashboard.plaid.com under Developers, Keys.",
        kind: FieldKind::Text,
        default: None,
        check: check::token,
    },
    Field {
        name: "secret",
        label: "Secret",
        help: "On the same page; choose the one of the environment.",
        kind: FieldKind::Secret,
        default: None,
        check: check::token,
    },
];

/// Days of history to request at the first login, the most there are; Plaid can't extend them later.
const DAYS_REQUESTED: u32 = 730;
/// Time between two questions whether the page is finished.
const POLL_AFTER: Duration = Duration::from_secs(3);

/// The provider's entry in the registry.
pub static METADATA: ProviderMetadata = ProviderMetadata {
    slug: "plaid",
    display_name: "Plaid",
    summary: "Enter the keys of your own Plaid account (the free trial allows ten logins), then log in to the bank on \
              Plaid's page. The access token is stored sealed; the bank's password stays with Plaid.",
    category: ProviderCategory::Aggregator,
    auth: Auth::LinkToken {
        spec: &LinkSpec { fields: FIELDS, opens_page: true },
        build: |context| Ok(Arc::new(Plaid { api: Api::new(&METADATA, context)? })),
    },
    capabilities: &[Capability::Accounts, Capability::Transactions, Capability::Holdings],
    required_settings: &[],
    environments: ENVIRONMENTS,
    extra_hosts: &[],
    // About 50 a minute are allowed for each login.
    pace: Pace { per_minute: 40, burst: 10, per_day: None, sync_interval: Duration::ZERO, publishes_at: None },
    id_trust: IdTrust::Unique,
    signs_differ: false,
    judge: errors::judge,
    history: HistoryDepth { days: Some(DAYS_REQUESTED), overlap_days: 7 },
    documentation_url: "https://plaid.com/docs/api",
    production_ready: false,
};

#[derive(Debug)]
struct Plaid {
    api: Api,
}

impl Plaid {
    /// Sends a call with the keys; `secrets` are texts of the body that no message may repeat.
    async fn send(&self, keys: &Secrets, call: Call) -> Result<Reply, ProviderError> {
        let key = |name: &str| {
            keys.expose(name).ok_or_else(|| {
                METADATA
                    .error(ProviderErrorKind::NotConfigured, format!("the stored keys have no `{name}`"))
                    .with_hint("reconnect it")
            })
        };
        let call = call.header("plaid-client-id", key("client_id")?).header("plaid-secret", key("secret")?);
        self.api.send(call).await
    }

    /// A call about the login of `credentials`, which only reads.
    async fn ask(
        &self,
        credentials: &Credentials,
        subject: &'static str,
        path: &[&str],
        mut body: Value,
    ) -> Result<Reply, ProviderError> {
        let token = credentials.require(&METADATA, "access_token")?;
        body["access_token"] = token.into();
        self.send(credentials.fields(), Call::post_json(subject, path, &body).idempotent().secret(token)).await
    }

    /// Opens Plaid's page: for a new login, or to repair the one of `access_token`.
    async fn open_page(&self, keys: &Secrets, access_token: Option<&str>) -> Result<LinkStep, ProviderError> {
        let mut body = json!({
            "client_name": "dashtam",
            "language": "en",
            "country_codes": ["US", "CA"],
            "user": {"client_user_id": "dashtam"},
            "hosted_link": {},
        });
        if let Some(token) = access_token {
            body["access_token"] = token.into();
        } else {
            body["products"] = json!(["transactions"]);
            body["optional_products"] = json!(["investments"]);
            body["transactions"] = json!({"days_requested": DAYS_REQUESTED});
        }
        let mut call = Call::post_json("the login page", &["link", "token", "create"], &body);
        if let Some(token) = access_token {
            call = call.secret(token);
        }
        let reply = self.send(keys, call).await?;
        let token: wire::LinkToken = reply.json()?;
        let Some(url) = token.hosted_link_url else {
            return Err(METADATA
                .error(ProviderErrorKind::Forbidden, "it offers no hosted page for these keys")
                .with_hint("enable Hosted Link in the Plaid dashboard"));
        };
        let mut ticket = keys.clone().with("link_token", token.link_token);
        if let Some(expiration) = token.expiration {
            ticket.insert("expires_at", expiration.into());
        }
        if let Some(access_token) = access_token {
            ticket.insert("access_token", access_token.into());
        }
        Ok(LinkStep::Open { url: url.into(), ticket, poll_after: POLL_AFTER })
    }

    /// The outcome of the finished visits of the page; `None` while there is none.
    async fn visited(&self, ticket: &Secrets) -> Result<Option<Outcome>, ProviderError> {
        let token = ticket.expose("link_token").unwrap_or_default();
        let body = json!({ "link_token": token });
        let call = Call::post_json("the login page", &["link", "token", "get"], &body).idempotent().secret(token);
        let status: wire::LinkStatus = self.send(ticket, call).await?.json()?;
        let mut exit = None;
        for session in status.link_sessions {
            let added = session.results.into_iter().flat_map(|results| results.item_add_results);
            if let Some(success) = added.chain(session.on_success).next() {
                return Ok(Some(Outcome::Linked(success.public_token.into())));
            }
            let left = session.exit.or(session.on_exit);
            match (session.finished_at, left) {
                (_, Some(left)) => exit = Some(Outcome::Left(left.error)),
                // A repaired login adds none: the visit is finished without an exit.
                (Some(_), None) if ticket.get("access_token").is_some() => return Ok(Some(Outcome::Repaired)),
                (Some(_) | None, None) => {}
            }
        }
        Ok(exit)
    }

    async fn exchange(&self, keys: &Secrets, public_token: &str) -> Result<wire::Exchange, ProviderError> {
        let body = json!({ "public_token": public_token });
        let call = Call::post_json("the login", &["item", "public_token", "exchange"], &body).secret(public_token);
        self.send(keys, call).await?.json()
    }
}

/// How a visit of the page ended.
enum Outcome {
    /// A login was made; its one-time token.
    Linked(secrecy::SecretString),
    /// The login of the ticket works again.
    Repaired,
    /// The user left, or the bank refused.
    Left(Option<wire::Failure>),
}

/// The keys and, once there is one, the login.
fn credentials(ticket: &Secrets, access_token: &str, item_id: Option<&str>) -> Credentials {
    let mut values = Secrets::new();
    for name in ["client_id", "secret"] {
        if let Some(value) = ticket.get(name) {
            values.insert(name, value.clone());
        }
    }
    values.insert("access_token", access_token.into());
    if let Some(id) = item_id {
        values.insert("item_id", id.into());
    }
    Credentials::LinkToken(values)
}

#[async_trait]
impl Provider for Plaid {
    fn metadata(&self) -> &'static ProviderMetadata {
        &METADATA
    }

    async fn fetch(&self, plan: &FetchPlan<'_>, sink: &mut dyn Sink) -> Result<(), ProviderError> {
        fetch::Fetch { plaid: self, plan }.run(sink).await.map(|_| ())
    }

    async fn check(&self, plan: &FetchPlan<'_>, sink: &mut dyn Sink) -> Result<Validation, ProviderError> {
        let institution = fetch::Fetch { plaid: self, plan }.run(sink).await?;
        Ok(Validation { institution, ..Validation::default() })
    }

    async fn end(&self, credentials: &Credentials) -> Result<(), ProviderError> {
        let token = credentials.require(&METADATA, "access_token")?;
        let body = json!({ "access_token": token });
        let call = Call::post_json("the end of the login", &["item", "remove"], &body).idempotent().secret(token);
        match self.send(credentials.fields(), call).await {
            // It was removed before.
            Err(error) if error.kind == ProviderErrorKind::Revoked => Ok(()),
            other => other.map(|_| ()),
        }
    }
}

#[async_trait]
impl LinkProvider for Plaid {
    async fn begin_link(&self, answers: &FieldValues) -> Result<LinkStep, ProviderError> {
        self.open_page(answers, None).await
    }

    async fn begin_repair(&self, login: &Credentials) -> Result<Option<LinkStep>, ProviderError> {
        let Some(token) = login.fields().expose("access_token") else { return Ok(None) };
        match self.open_page(login.fields(), Some(token)).await {
            Ok(step) => Ok(Some(step)),
            // The login was ended at Plaid: only a new one helps.
            Err(error) if error.kind == ProviderErrorKind::Revoked => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn poll_link(&self, ticket: &Secrets) -> Result<LinkStep, ProviderError> {
        match self.visited(ticket).await? {
            None => Ok(LinkStep::Waiting { poll_after: POLL_AFTER }),
            Some(Outcome::Linked(public_token)) => {
                let login = self.exchange(ticket, public_token.expose_secret()).await?;
                Ok(LinkStep::Done(credentials(ticket, &login.access_token, login.item_id.as_deref())))
            }
            Some(Outcome::Repaired) => {
                Ok(LinkStep::Done(credentials(ticket, ticket.expose("access_token").unwrap_or_default(), None)))
            }
            Some(Outcome::Left(failure)) => {
                let reason = failure.and_then(|failure| failure.display_message.or(failure.error_message));
                let message = reason
                    .as_deref()
                    .and_then(text::clean_line)
                    .unwrap_or_else(|| "the page was left before the login was finished".into());
                Err(METADATA.error(ProviderErrorKind::Validation, message).with_hint("connect again to try once more"))
            }
        }
    }
}
