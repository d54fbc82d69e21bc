//! Teller: US banks by mutual TLS: a client certificate identifies the application, an access token the login.
//!
//! INVARIANT: only reads; the certificate is checked before anything is sent with it.

mod connect;
mod errors;
mod map;
#[cfg(test)]
mod tests;
mod wire;

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{
    Auth, BuildContext, CertificateLink, Credentials, FetchPlan, Field, FieldKind, FieldValues, HistoryDepth,
    LinkProvider, LinkStep, Listing, Pace, Piece, Provider, ProviderMetadata, Secrets, ServerEnvironment, Sink,
    Validation, check,
    kit::{self, Api, Call, ClientIdentity, PerAccount, Reply, RowCursor, RowPage, TransactionRequest, rows},
};
use crate::domain::{
    AccountDraft, Capability, IdTrust, ProviderCategory, ProviderError, ProviderErrorKind, Warning, text,
};

const ENVIRONMENTS: &[ServerEnvironment] = &[
    ServerEnvironment { name: "production", label: "Production", origin: "https://api.teller.io" },
    ServerEnvironment { name: "development", label: "Development (real data)", origin: "https://api.teller.io" },
    ServerEnvironment { name: "sandbox", label: "Sandbox (made-up data)", origin: "https://api.teller.io" },
];

const FIELDS: &[Field] = &[
    Field {
        name: "environment",
        label: "Environment",
        help: "The sandbox needs no certificate.",
        kind: FieldKind::Environment(ENVIRONMENTS),
        default: Some("production"),
        check: check::any,
    },
    Field {
        name: "certificate",
        label: "Certificate",
        help: "certificate.pem of the download in the Teller dashboard.",
        kind: FieldKind::SecretFile,
        default: Some(""),
        check: check::any,
    },
    Field {
        name: "private_key",
        label: "Private key",
        help: "private_key.pem of the same download.",
        kind: FieldKind::SecretFile,
        default: Some(""),
        check: check::any,
    },
    Field {
        name: "passphrase",
        label: "Passphrase",
        help: "Only for an encrypted private key.",
        kind: FieldKind::Secret,
        default: Some(""),
        check: check::any,
    },
    Field {
        name: "application_id",
        label: "Application id",
        help: "In the Teller dashboard; only needed to log in with Teller Connect.",
        kind: FieldKind::Text,
        default: Some(""),
        check: check::token,
    },
    Field {
        name: "access_token",
        label: "Access token",
        help: "Leave it blank to log in with Teller Connect in the browser, which returns one.",
        kind: FieldKind::Secret,
        default: Some(""),
        check: check::token,
    },
];

/// The provider's entry in the registry.
pub static METADATA: ProviderMetadata = ProviderMetadata {
    slug: "teller",
    display_name: "Teller",
    summary: "Teller takes no new sign-ups since June 2026; this is for people with an account there. Enter the client \
              certificate of your application, then an access token or its application id to log in with Teller Connect.",
    category: ProviderCategory::Aggregator,
    auth: Auth::Certificate {
        fields: FIELDS,
        build: |context| Ok(build(context)?),
        link: Some(CertificateLink { token_field: "access_token", build: |context| Ok(build(context)?) }),
    },
    capabilities: &[Capability::Accounts, Capability::Transactions],
    required_settings: &[],
    environments: ENVIRONMENTS,
    extra_hosts: &[],
    // Limits are not published.
    pace: Pace { per_minute: 60, burst: 10, per_day: None, sync_interval: Duration::ZERO, publishes_at: None },
    // A pending row posts under a new id, and a new login changes the ids of all rows.
    id_trust: IdTrust::Reusable,
    signs_differ: false,
    judge: errors::judge,
    history: HistoryDepth { days: None, overlap_days: 14 },
    documentation_url: "https://teller.io/docs/api",
    production_ready: false,
};

fn build(context: &BuildContext<'_>) -> Result<Arc<Teller>, ProviderError> {
    let api = Api::new(&METADATA, context)?;
    let settings = &context.settings;
    let (certificate, key) = (settings.get("certificate"), settings.get("private_key"));
    let invalid = |message: String| METADATA.error(ProviderErrorKind::Validation, message);
    let (api, identity) = match (certificate, key) {
        (None, None) if api.environment().name == "sandbox" => (api, None),
        (Some(certificate), key) => {
            let blank = secrecy::SecretString::from("");
            let identity = ClientIdentity::read(certificate, key.unwrap_or(&blank), settings.get("passphrase"))
                .map_err(|error| invalid(error.to_string()))?;
            identity.check(api.http().clock().now()).map_err(|error| invalid(error.to_string()))?;
            (api.with_identity(&identity)?, Some(identity))
        }
        (None, _) => {
            return Err(invalid("this environment needs a client certificate and its private key".into())
                .with_hint("take certificate.pem and private_key.pem from the download in the Teller dashboard"));
        }
    };
    Ok(Arc::new(Teller { api, identity, traits: Mutex::default() }))
}

#[derive(Debug)]
struct Teller {
    api: Api,
    identity: Option<ClientIdentity>,
    /// Traits of the accounts of the newest list.
    traits: Mutex<Traits>,
}

/// Accounts that differ from the common case.
#[derive(Debug, Default)]
struct Traits {
    /// Amounts have the opposite sign.
    cards: HashSet<String>,
    /// The bank offers no rows.
    without_rows: HashSet<String>,
}

/// Position in the rows of an account, which are listed newest first.
#[derive(Serialize, Deserialize)]
struct Place {
    from: Option<NaiveDate>,
    /// The oldest row received.
    before: String,
    /// Whether amounts have the opposite sign.
    is_card: bool,
}

impl Teller {
    async fn send(&self, credentials: &Credentials, call: Call) -> Result<Reply, ProviderError> {
        let token = credentials.require(&METADATA, "access_token")?;
        self.api.send(call.basic(token, "").header("teller-version", "2020-10-12")).await
    }

    async fn list(&self, credentials: &Credentials) -> Result<Listing<wire::Account>, ProviderError> {
        let items = self.send(credentials, Call::get("the accounts", &["accounts"])).await?.whole_list()?;
        let mut listing = Listing::complete(Vec::new());
        listing.items.extend(rows(items, "account", &mut listing.warnings).into_iter().map(|(_, account)| account));
        listing.complete = listing.warnings.is_empty();
        Ok(listing)
    }

    async fn balances(&self, credentials: &Credentials, id: &str) -> Result<wire::Balances, ProviderError> {
        let call = Call::get("the balances", &["accounts", id, "balances"]);
        self.send(credentials, call).await?.json()
    }

    /// An account with its balance. A balance that can't be had leaves the account without one.
    async fn draft(
        &self,
        credentials: &Credentials,
        account: &wire::Account,
        warnings: &mut Vec<Warning>,
    ) -> Result<AccountDraft, ProviderError> {
        let today = self.api.http().clock().today();
        if account.links.as_ref().is_some_and(|links| links.balances.is_none()) {
            return Ok(map::account(account, None, today));
        }
        match self.balances(credentials, &account.id.0).await {
            Ok(balances) => Ok(map::account(account, Some(&balances), today)),
            Err(error) if ends_login(&error) => Err(error),
            Err(error) => {
                let name = account.name.as_deref().and_then(text::clean_line).unwrap_or_default();
                warnings.push(Warning::new(0, format!("{name}: no balance: {}", error.message)));
                let mut draft = map::account(account, None, today);
                draft.is_active &= error.message != errors::CLOSED;
                Ok(draft)
            }
        }
    }

    fn traits(&self) -> MutexGuard<'_, Traits> {
        self.traits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_cards(&self, accounts: &[AccountDraft]) {
        let cards = accounts.iter().filter(|account| account.account_type.is_liability());
        self.traits().cards.extend(cards.map(|account| account.provider_account_id.clone()));
    }

    fn note_without_rows(&self, accounts: &[wire::Account]) {
        let without_rows =
            |account: &&wire::Account| account.links.as_ref().is_some_and(|links| links.transactions.is_none());
        let ids = accounts.iter().filter(without_rows).map(|account| account.id.0.clone());
        self.traits().without_rows.extend(ids);
    }

    fn place(request: &TransactionRequest<'_>) -> Result<Option<Place>, ProviderError> {
        let Some(RowCursor(text)) = request.cursor else { return Ok(None) };
        serde_json::from_str(text).map(Some).map_err(|_| {
            METADATA.error(ProviderErrorKind::InvalidResponse, "the stored position in the list can't be read")
        })
    }
}

const fn ends_login(error: &ProviderError) -> bool {
    matches!(error.kind, ProviderErrorKind::LoginExpired | ProviderErrorKind::Revoked | ProviderErrorKind::Cancelled)
}

#[async_trait]
impl Provider for Teller {
    fn metadata(&self) -> &'static ProviderMetadata {
        &METADATA
    }

    async fn fetch(&self, plan: &FetchPlan<'_>, sink: &mut dyn Sink) -> Result<(), ProviderError> {
        if let Some(listed) = plan.listed {
            // Drafts lack which parts an account offers; the list is one request, its balances are not asked for again.
            let offers = plan.call(|credentials| async move { self.list(&credentials).await }).await?;
            self.note_without_rows(&offers.items);
            self.note_cards(&listed.items);
        }
        let noted = plan.cursor(kit::CERTIFICATE_NOTICE);
        if let Some((warning, note)) = self.identity.as_ref().and_then(|identity| identity.notice(plan.now, noted)) {
            sink.send(Piece::Warning(Warning::new(0, warning))).await?;
            sink.send(Piece::Cursor { key: kit::CERTIFICATE_NOTICE.to_owned(), value: note }).await?;
        }
        kit::fetch(self, plan, sink).await
    }

    async fn check(&self, plan: &FetchPlan<'_>, sink: &mut dyn Sink) -> Result<Validation, ProviderError> {
        let credentials = plan.credentials().await?;
        let listed = self.list(&credentials).await?;
        let institutions: HashSet<&str> =
            listed.items.iter().filter_map(|account| account.institution.as_ref()?.name.as_deref()).collect();
        let institution =
            institutions.iter().next().filter(|_| institutions.len() == 1).and_then(|name| text::clean_line(name));
        let warnings = self.identity.iter().filter_map(|identity| identity.warning(plan.now));
        let warnings = warnings.map(|warning| Warning::new(0, warning)).collect();
        let drafts = self.drafts(&credentials, listed).await?;
        sink.send(Piece::Accounts(drafts)).await?;
        sink.send(Piece::ChunkEnd).await?;
        let ends_at = self.identity.as_ref().map(ClientIdentity::not_after);
        Ok(Validation { institution: institution.map(Into::into), ends_at, warnings, ..Validation::default() })
    }

    async fn end(&self, credentials: &Credentials) -> Result<(), ProviderError> {
        match self.send(credentials, Call::delete("the end of the login", &["accounts"])).await {
            // It was ended before.
            Err(error) if matches!(error.kind, ProviderErrorKind::Revoked | ProviderErrorKind::LoginExpired) => Ok(()),
            other => other.map(|_| ()),
        }
    }
}

#[async_trait]
impl LinkProvider for Teller {
    async fn begin_link(&self, answers: &FieldValues) -> Result<LinkStep, ProviderError> {
        connect::page(self.api.environment().name, answers, None)
    }

    async fn begin_repair(&self, login: &Credentials) -> Result<Option<LinkStep>, ProviderError> {
        let stored = login.fields();
        let Some(enrollment) = stored.expose("enrollment_id") else { return Ok(None) };
        connect::page(self.api.environment().name, stored, Some(enrollment)).map(Some)
    }

    async fn poll_link(&self, _ticket: &Secrets) -> Result<LinkStep, ProviderError> {
        Err(METADATA.error(ProviderErrorKind::Validation, "the page of the login is gone").with_hint("connect again"))
    }

    fn finish_link(&self, ticket: &Secrets, posted: &Secrets) -> Result<Credentials, ProviderError> {
        connect::credentials(ticket, posted)
    }
}

#[async_trait]
impl PerAccount for Teller {
    fn metadata(&self) -> &'static ProviderMetadata {
        &METADATA
    }

    async fn accounts(
        &self,
        credentials: &Credentials,
        _plan: &FetchPlan<'_>,
    ) -> Result<Listing<AccountDraft>, ProviderError> {
        let listed = self.list(credentials).await?;
        self.drafts(credentials, listed).await
    }

    /// A page, newest rows first. The list ends with an empty page, with a page of known rows, or before the first day
    /// asked for: the server may cap a page below any number of rows.
    async fn transactions(
        &self,
        credentials: &Credentials,
        request: &TransactionRequest<'_>,
    ) -> Result<RowPage, ProviderError> {
        let place = Self::place(request)?;
        let from = place.as_ref().map_or(request.from, |place| place.from);
        let id = request.account.provider_account_id;
        if self.traits().without_rows.contains(id) {
            return Ok(RowPage::default());
        }
        let is_card = place.as_ref().map_or_else(|| self.traits().cards.contains(id), |place| place.is_card);
        let call = Call::get("the transactions", &["accounts", id, "transactions"])
            .query_if("from_id", place.as_ref().map(|place| place.before.clone()));
        let reply = self.send(credentials, call).await?;
        let mut page = RowPage { is_blank: reply.is_blank(), ..RowPage::default() };
        let listed = rows::<wire::Transaction>(reply.list()?, "transaction", &mut page.warnings);
        let oldest = listed.iter().filter_map(|(_, row)| map::day(row)).min();
        let last = listed.last().map(|(_, row)| row.id.0.clone());
        // A server that repeats rows must not double them.
        let known = place.as_ref().and_then(|place| listed.iter().rposition(|(_, row)| row.id.0 == place.before));
        for (place, row) in listed.iter().skip(known.map_or(0, |index| index + 1)) {
            match map::transaction(row, *place, is_card, request.account.currency) {
                Ok(draft) => page.rows.push(draft),
                Err(warning) => page.warnings.push(warning),
            }
        }
        let is_before = from.zip(oldest).is_some_and(|(from, oldest)| oldest < from);
        let advances = last.as_ref() != place.as_ref().map(|place| &place.before);
        if let Some(before) = last.filter(|_| advances && !is_before) {
            let next = Place { from, before, is_card };
            page.next = serde_json::to_string(&next).ok().map(RowCursor);
        }
        Ok(page)
    }

    fn provider_time(&self) -> Option<DateTime<Utc>> {
        self.api.provider_time()
    }
}

impl Teller {
    async fn drafts(
        &self,
        credentials: &Credentials,
        listed: Listing<wire::Account>,
    ) -> Result<Listing<AccountDraft>, ProviderError> {
        let mut drafts = Listing { items: Vec::new(), complete: listed.complete, warnings: listed.warnings };
        self.note_without_rows(&listed.items);
        for account in &listed.items {
            drafts.items.push(self.draft(credentials, account, &mut drafts.warnings).await?);
        }
        self.note_cards(&drafts.items);
        Ok(drafts)
    }
}
