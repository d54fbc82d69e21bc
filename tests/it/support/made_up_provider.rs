//! A provider that exists in tests only: what a second OAuth provider takes is this file.

use std::sync::Arc;

use async_trait::async_trait;
use dashtam::testing::{
    domain::{AccountDraft, AccountType, AssetCode, Capability, IdTrust, ProviderCategory, ProviderError},
    providers::{
        Auth, ClientAuthentication, Credentials, FetchPlan, Field, FieldKind, HistoryDepth, Listing, OauthProvider,
        OauthSpec, Pace, Provider, ProviderMetadata, ServerEnvironment, Sink, by_status, check,
        kit::{self, Api, Call, OauthFlow, PerAccount, rows},
    },
};
use serde::Deserialize;

const fn field(name: &'static str) -> Field {
    Field { name, label: name, help: "made up", kind: FieldKind::Secret, default: None, check: check::token }
}

static OAUTH: OauthSpec = OauthSpec {
    authorize_url: "https://login.bank.example/authorize",
    token_url: "https://login.bank.example/token",
    revoke_url: Some("https://login.bank.example/revoke"),
    scopes: &["accounts", "offline"],
    extra: &[("prompt", "consent")],
    client_authentication: ClientAuthentication::Body,
    issuer: Some("https://login.bank.example"),
    callback_url: "http://127.0.0.1:8765/back",
    login_lifetime: None,
    id_field: "client_id",
    secret_field: "client_secret",
    fields: &[field("client_id"), field("client_secret")],
};

pub(crate) static METADATA: ProviderMetadata = ProviderMetadata {
    slug: "made_up",
    display_name: "Bank of Tests",
    summary: "Exists in tests only.",
    category: ProviderCategory::Bank,
    auth: Auth::Oauth {
        spec: &OAUTH,
        build: |context| {
            let api = Api::new(&METADATA, context)?;
            Ok(Arc::new(MadeUp { flow: OauthFlow::new(api.clone(), &OAUTH, &context.settings), api }))
        },
    },
    capabilities: &[Capability::Accounts],
    required_settings: &[],
    environments: &[ServerEnvironment { name: "production", label: "Production", origin: "https://api.bank.example" }],
    extra_hosts: &["login.bank.example"],
    pace: Pace {
        per_minute: 600,
        burst: 50,
        per_day: None,
        sync_interval: std::time::Duration::ZERO,
        publishes_at: None,
    },
    id_trust: IdTrust::Unique,
    signs_differ: false,
    judge: by_status,
    history: HistoryDepth { days: None, overlap_days: 7 },
    documentation_url: "https://bank.example/docs",
    production_ready: false,
};

#[derive(Debug)]
struct MadeUp {
    api: Api,
    flow: OauthFlow,
}

#[derive(Deserialize)]
struct Account {
    id: String,
}

#[async_trait]
impl Provider for MadeUp {
    fn metadata(&self) -> &'static ProviderMetadata {
        &METADATA
    }

    async fn fetch(&self, plan: &FetchPlan<'_>, sink: &mut dyn Sink) -> Result<(), ProviderError> {
        kit::fetch(self, plan, sink).await
    }
}

#[async_trait]
impl PerAccount for MadeUp {
    fn metadata(&self) -> &'static ProviderMetadata {
        &METADATA
    }

    async fn accounts(
        &self,
        credentials: &Credentials,
        _: &FetchPlan<'_>,
    ) -> Result<Listing<AccountDraft>, ProviderError> {
        let call = Call::get("accounts", &["accounts"]).bearer(credentials.access_token(&METADATA)?);
        let items = self.api.send(call).await?.list()?;
        let accounts = rows::<Account>(items, "account", &mut Vec::new());
        Ok(Listing::complete(accounts.into_iter().map(|(_, account)| draft(account.id)).collect()))
    }
}

#[async_trait]
impl OauthProvider for MadeUp {
    fn flow(&self) -> &OauthFlow {
        &self.flow
    }
}

fn draft(id: String) -> AccountDraft {
    AccountDraft {
        number: id.clone(),
        provider_account_id: id,
        name: None,
        account_type: AccountType::Checking,
        currency: AssetCode::USD,
        balance: None,
        is_active: true,
        institution: None,
    }
}
