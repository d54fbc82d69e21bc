//! SimpleFIN: many banks behind one access address, which a one-time setup token is exchanged for.
//!
//! One request answers for all accounts at once. INVARIANT: a bank's failure concerns its accounts only; figures are never
//! made positive or negative by guessing, see `signs`.

mod fetch;
mod map;
mod problems;
mod relink;
mod signs;
#[cfg(test)]
mod tests;
mod token;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::ExposeSecret as _;

use self::token::{Access, TokenError};
use super::{
    Auth, Credentials, FetchPlan, Field, FieldKind, FieldValues, HistoryDepth, LinkProvider, LinkSpec, LinkStep, Pace,
    Provider, ProviderMetadata, ReplyHead, ReplyVerdict, Secrets, ServerEnvironment, Sink, check,
    kit::{Api, Call, ServerOrigin},
};
use crate::domain::{Capability, IdTrust, ProviderCategory, ProviderError, ProviderErrorKind};

const ENVIRONMENTS: &[ServerEnvironment] =
    &[ServerEnvironment { name: "production", label: "SimpleFIN Bridge", origin: "https://bridge.simplefin.org" }];

const FIELDS: &[Field] = &[
    Field {
        name: "setup_token",
        label: "Setup token",
        help: "At bridge.simplefin.org under Apps, New connection. It works once.",
        kind: FieldKind::Secret,
        default: None,
        check: check::any,
    },
    Field {
        name: "server",
        label: "Server",
        help: "Leave blank for the Bridge. For another server: its host name.",
        kind: FieldKind::Text,
        default: Some(""),
        check: check::any,
    },
    Field {
        name: "pending",
        label: "Pending rows",
        help: "on or off.",
        kind: FieldKind::Text,
        default: Some("on"),
        check: on_or_off,
    },
];

fn on_or_off(text: &str) -> Result<(), &'static str> {
    if matches!(text, "on" | "off") { Ok(()) } else { Err("it is on or off") }
}

/// The provider's entry in the registry.
pub static METADATA: ProviderMetadata = ProviderMetadata {
    slug: "simplefin",
    display_name: "SimpleFIN",
    summary: "Link your banks at bridge.simplefin.org (about 15 dollars a year), create a setup token there and paste it \
              here. It is exchanged for an access address, which is stored sealed.",
    category: ProviderCategory::Aggregator,
    auth: Auth::LinkToken {
        spec: &LinkSpec { fields: FIELDS, opens_page: false },
        build: |context| {
            let pending = context.settings.expose("pending") != Some("off");
            let endpoint = context.endpoint.clone();
            Ok(Arc::new(SimpleFin { api: Api::new(&METADATA, context)?, endpoint, pending }))
        },
    },
    capabilities: &[Capability::Accounts, Capability::Transactions, Capability::Holdings],
    required_settings: &[],
    environments: ENVIRONMENTS,
    extra_hosts: &[],
    // The Bridge allows 24 a day for each access address.
    pace: Pace {
        per_minute: 30,
        burst: 6,
        per_day: Some(20),
        sync_interval: std::time::Duration::ZERO,
        publishes_at: None,
    },
    id_trust: IdTrust::Reusable,
    signs_differ: true,
    judge,
    // 90 days with both ends, the most that one request may ask for.
    history: HistoryDepth { days: Some(89), overlap_days: 30 },
    documentation_url: "https://www.simplefin.org/protocol.html",
    production_ready: false,
};

/// 403 is the Bridge's own word that the access was ended, unless a gateway wrote it.
fn judge(head: &ReplyHead<'_>, body: &[u8]) -> Option<ReplyVerdict> {
    let is_page = head.header("content-type").is_some_and(|kind| kind.contains("html"))
        || body.trim_ascii_start().first() == Some(&b'<');
    (matches!(head.status, 401 | 403) && !is_page).then(|| {
        ReplyVerdict::new(ProviderErrorKind::Revoked, "the access was ended")
            .with_hint("create a new setup token at the Bridge and reconnect; accounts and rows stay")
    })
}

#[derive(Debug)]
struct SimpleFin {
    api: Api,
    /// The override of this provider's origin.
    endpoint: Option<ServerOrigin>,
    /// Whether pending rows are requested.
    pending: bool,
}

impl SimpleFin {
    fn refuse(error: &TokenError) -> ProviderError {
        METADATA.error(ProviderErrorKind::Validation, error.to_string())
    }

    fn access(&self, credentials: &Credentials) -> Result<Access, ProviderError> {
        let text = credentials.require(&METADATA, "access_url")?;
        token::access(text, self.endpoint.as_ref()).map_err(|error| Self::refuse(&error))
    }
}

#[async_trait]
impl Provider for SimpleFin {
    fn metadata(&self) -> &'static ProviderMetadata {
        &METADATA
    }

    async fn fetch(&self, plan: &FetchPlan<'_>, sink: &mut dyn Sink) -> Result<(), ProviderError> {
        let access = self.access(&plan.credentials().await?)?;
        let api = self.api.granted(access.address.as_str())?;
        fetch::Fetch { api: &api, access: &access, pending: self.pending, plan }.run(sink).await
    }

    async fn end(&self, _credentials: &Credentials) -> Result<(), ProviderError> {
        let message = "an access can only be ended at bridge.simplefin.org, under Apps";
        Err(METADATA.error(ProviderErrorKind::Validation, message))
    }
}

#[async_trait]
impl LinkProvider for SimpleFin {
    async fn begin_link(&self, answers: &FieldValues) -> Result<LinkStep, ProviderError> {
        let setup = answers.expose("setup_token").unwrap_or_default();
        let address = token::claim_address(setup, answers.expose("server"), self.endpoint.as_ref())
            .map_err(|error| Self::refuse(&error))?;
        let call = Call::post_form("the setup token", &[]).secret(address.as_str()).secret(setup);
        let reply = self.api.granted(address.as_str())?.send(call).await.map_err(|error| match error.kind {
            ProviderErrorKind::Revoked | ProviderErrorKind::Authentication => METADATA
                .error(ProviderErrorKind::Validation, "the setup token has been used already, or it is not valid")
                .with_hint(
                    "if you did not use it, somebody else may have: end its access at the Bridge and create a new one",
                ),
            _ => error,
        })?;
        let granted = reply.text()?.trim();
        // Checked only after it is stored: what a claim returns can't be had twice.
        if granted.is_empty() {
            return Err(Self::refuse(&TokenError::NotAnAccess));
        }
        let mut values = Secrets::new();
        values.insert("access_url", granted.into());
        if let Some(pending) = answers.get("pending") {
            values.insert("pending", pending.expose_secret().into());
        }
        Ok(LinkStep::Done(Credentials::LinkToken(values)))
    }

    async fn poll_link(&self, _ticket: &Secrets) -> Result<LinkStep, ProviderError> {
        Err(METADATA.error(ProviderErrorKind::Validation, "a setup token needs no page").with_hint("paste a new token"))
    }
}
