//! Description of a provider, as data.
//!
//! Read by the wizard, the provider list, the command line, the engine's schedule and the tests.
//! INVARIANT: every difference between providers that matters outside their folders is declared here; no other
//! room compares slugs.

use std::{sync::Arc, time::Duration};

use chrono::NaiveTime;

use super::{
    Auth, Credentials, Field, FieldKind, FieldProblem, FieldValues, FileSpec, Judge, LinkProvider, OauthProvider,
    OauthSpec, Provider, Secrets,
    kit::{Counters, Http, Replies, ServerOrigin},
    registry,
};
use crate::domain::{Capability, IdTrust, ProviderCategory, ProviderError, ProviderErrorKind};

/// One institution that can be connected.
#[derive(Debug)]
pub struct ProviderMetadata {
    /// Name in commands, settings and the store: lower-case letters, digits, `-`, `_`. Never changes.
    pub slug: &'static str,
    /// Name on screen.
    pub display_name: &'static str,
    /// How connecting works and which values are stored, in at most two sentences.
    pub summary: &'static str,
    /// Kind of institution.
    pub category: ProviderCategory,
    /// How a user connects.
    pub auth: Auth,
    /// Kinds of data it offers.
    pub capabilities: &'static [Capability],
    /// Values that must be configured or answered before an adapter can be built.
    pub required_settings: &'static [RequiredSetting],
    /// Its servers; the first one is the default. Empty for statement files.
    pub environments: &'static [ServerEnvironment],
    /// Hosts it may use besides those of its environments.
    pub extra_hosts: &'static [&'static str],
    /// Limits on requests.
    pub pace: Pace,
    /// How far its row ids can be trusted.
    pub id_trust: IdTrust,
    /// Whether its accounts may deliver figures with the opposite sign, so that the user can set that for each.
    pub signs_differ: bool,
    /// Reads replies before the general table of statuses does; `judge::by_status` if it has no rules.
    pub judge: Judge,
    /// How far back its data goes.
    pub history: HistoryDepth,
    /// The institution's documentation of its interface or its downloads.
    pub documentation_url: &'static str,
    /// Whether it was tested with real accounts.
    pub production_ready: bool,
}

/// One of a provider's servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerEnvironment {
    /// Name in answers and in the store: `production`, `sandbox`, `paper`.
    pub name: &'static str,
    /// Name on screen.
    pub label: &'static str,
    /// Scheme and host: `https://api.example.com`.
    pub origin: &'static str,
}

/// A value that must be present before an adapter is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequiredSetting {
    /// Name of the setting and of the field that asks for it.
    pub name: &'static str,
    /// Meaning of the value, for people.
    pub description: &'static str,
}

/// Limits on requests to a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Sustained requests a minute.
    pub per_minute: u32,
    /// Requests that may go out at once after a pause.
    pub burst: u32,
    /// Requests a UTC day, where the provider counts them.
    pub per_day: Option<u32>,
    /// Shortest time between two syncs of one connection; a tenth earlier is accepted.
    pub sync_interval: Duration,
    /// Time of day (UTC) at which a provider with daily data publishes it: the next sync waits for it.
    pub publishes_at: Option<NaiveTime>,
}

impl Pace {
    /// The same pace with at most `per_day` requests a day.
    #[must_use]
    pub fn at_most(self, per_day: Option<u32>) -> Self {
        Self { per_day: [self.per_day, per_day].into_iter().flatten().min(), ..self }
    }

    /// For providers without requests.
    pub const NONE: Self =
        Self { per_minute: 0, burst: 0, per_day: None, sync_interval: Duration::ZERO, publishes_at: None };
}

/// How far back a provider's data goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryDepth {
    /// Days before today that it still serves; `None` means all.
    pub days: Option<u32>,
    /// Days before the watermark that a later sync fetches again, since rows change after they appear.
    pub overlap_days: u32,
}

/// Inputs of an adapter's builder. Adapters read nothing else.
#[derive(Debug, Clone)]
pub struct BuildContext<'a> {
    /// The one HTTP client of the program.
    pub http: &'a Http,
    /// Name of the environment; `None` is the default one.
    pub environment: Option<&'a str>,
    /// Replaces scheme, host and port of every address of this provider (`DASHTAM_ENDPOINT_<SLUG>`).
    pub endpoint: Option<ServerOrigin>,
    /// Durable numbers: counters of signatures and requests of the day.
    pub counters: Arc<dyn Counters>,
    /// Keeps the replies, where they are stored.
    pub replies: Option<Replies>,
    /// Configured values by setting name, then those sealed with the connection.
    pub settings: Secrets,
}

/// Answers to a provider's fields that passed all checks.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// The chosen environment.
    pub environment: Option<&'static str>,
    /// All other values, trimmed, by field name.
    pub values: Secrets,
}

impl ProviderMetadata {
    /// The fields to ask for, in order.
    #[must_use]
    pub const fn fields(&self) -> &'static [Field] {
        self.auth.fields()
    }

    /// Whether it offers this kind of data.
    #[must_use]
    pub fn can(&self, capability: Capability) -> bool {
        self.capabilities.contains(&capability)
    }

    /// Whether its data comes from statement files instead of a connection.
    #[must_use]
    pub const fn is_file(&self) -> bool {
        self.file().is_some()
    }

    /// How its statement files are recognised, if it is a file provider.
    #[must_use]
    pub const fn file(&self) -> Option<&FileSpec> {
        match &self.auth {
            Auth::FileImport(spec) => Some(spec),
            Auth::Oauth { .. } | Auth::ApiKey { .. } | Auth::LinkToken { .. } | Auth::Certificate { .. } => None,
        }
    }

    /// Its OAuth login, if it has one.
    #[must_use]
    pub const fn oauth(&self) -> Option<&'static OauthSpec> {
        match &self.auth {
            Auth::Oauth { spec, .. } => Some(spec),
            Auth::FileImport(_) | Auth::ApiKey { .. } | Auth::LinkToken { .. } | Auth::Certificate { .. } => None,
        }
    }

    /// A failure at this provider.
    #[must_use]
    pub fn error(&self, kind: ProviderErrorKind, message: impl Into<String>) -> ProviderError {
        ProviderError::new(self.display_name, kind, message)
    }

    /// The environment of that name, or the default one.
    pub fn environment(&self, name: Option<&str>) -> Result<&'static ServerEnvironment, ProviderError> {
        let found = match name {
            Some(name) => self.environments.iter().find(|environment| environment.name == name),
            None => self.environments.first(),
        };
        found.ok_or_else(|| {
            let known: Vec<&str> = self.environments.iter().map(|environment| environment.name).collect();
            self.error(ProviderErrorKind::NotConfigured, format!("has no environment `{}`", name.unwrap_or("default")))
                .with_hint(format!("choose one of: {}", known.join(", ")))
        })
    }

    /// Checks the answers to all fields and returns all problems at once.
    pub fn accept(&self, answers: &FieldValues) -> Result<Accepted, Vec<FieldProblem>> {
        let mut problems = Vec::new();
        let mut accepted = Accepted { environment: None, values: Secrets::new() };
        for field in self.fields() {
            let text = answers.expose(field.name).unwrap_or_default().trim();
            if let Some(problem) = field.problem(text) {
                problems.push(problem);
                continue;
            }
            let value = if text.is_empty() { field.default.unwrap_or_default() } else { text };
            if let FieldKind::Environment(environments) = field.kind {
                accepted.environment =
                    environments.iter().map(|environment| environment.name).find(|name| *name == value);
            } else {
                accepted.values.insert(field.name, value.into());
            }
        }
        if problems.is_empty() { Ok(accepted) } else { Err(problems) }
    }

    /// The credentials made of the answers, if the login needs no further step.
    #[must_use]
    pub fn credentials(&self, accepted: &Accepted) -> Option<Credentials> {
        match &self.auth {
            Auth::ApiKey { .. } => Some(Credentials::ApiKey(accepted.values.clone())),
            Auth::Certificate { link: Some(link), .. } if accepted.values.get(link.token_field).is_none() => None,
            Auth::Certificate { .. } => Some(Credentials::Certificate(accepted.values.clone())),
            Auth::Oauth { .. } | Auth::LinkToken { .. } | Auth::FileImport(_) => None,
        }
    }

    /// Checks that all required settings are present; the error names those missing and where to set them.
    pub fn check_settings(&self, settings: &Secrets) -> Result<(), ProviderError> {
        let missing: Vec<&RequiredSetting> =
            self.required_settings.iter().filter(|setting| settings.get(setting.name).is_none()).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let what: Vec<String> =
            missing.iter().map(|setting| format!("`{}` ({})", setting.name, setting.description)).collect();
        let others: Vec<&str> = registry::PROVIDERS
            .iter()
            .filter(|other| other.slug != self.slug && other.required_settings.is_empty())
            .map(|other| other.slug)
            .collect();
        Err(self.error(ProviderErrorKind::NotConfigured, format!("{} missing", what.join(" and "))).with_hint(format!(
            "give it when connecting (dashtam connect {slug}), or set it under [providers.{slug}] in the \
             configuration: {keys}; providers that need no settings: {others}",
            slug = self.slug,
            keys = missing.iter().map(|setting| self.key_of(setting.name)).collect::<Vec<_>>().join(", "),
            others = others.join(", "),
        )))
    }

    /// The configuration key of a field; a secret is given by file or environment variable.
    #[must_use]
    pub fn key_of(&self, field: &str) -> String {
        let secret = self.fields().iter().any(|known| known.name == field && known.is_secret());
        if secret { format!("{field}_file or {field}_env") } else { field.to_owned() }
    }

    /// Builds an adapter after checking the settings.
    pub fn provider(&self, context: &BuildContext<'_>) -> Result<Arc<dyn Provider>, ProviderError> {
        self.check_settings(&context.settings)?;
        match self.auth {
            Auth::ApiKey { build, .. } | Auth::Certificate { build, .. } => build(context),
            Auth::Oauth { build, .. } => build(context).map(|provider| provider as Arc<dyn Provider>),
            Auth::LinkToken { build, .. } => build(context).map(|provider| provider as Arc<dyn Provider>),
            Auth::FileImport(_) => Err(self
                .error(ProviderErrorKind::Validation, "works with statement files; there is nothing to connect to")
                .with_hint("download a QFX or OFX file and import it: dashtam import FILE")),
        }
    }

    /// Builds an adapter with its OAuth flow.
    pub fn oauth_provider(&self, context: &BuildContext<'_>) -> Result<Arc<dyn OauthProvider>, ProviderError> {
        self.check_settings(&context.settings)?;
        match self.auth {
            Auth::Oauth { build, .. } => build(context),
            Auth::ApiKey { .. } | Auth::Certificate { .. } | Auth::LinkToken { .. } | Auth::FileImport(_) => {
                Err(self.error(ProviderErrorKind::Validation, "does not log in through the browser"))
            }
        }
    }

    /// Builds an adapter with its linking flow.
    pub fn link_provider(&self, context: &BuildContext<'_>) -> Result<Arc<dyn LinkProvider>, ProviderError> {
        self.check_settings(&context.settings)?;
        match &self.auth {
            Auth::LinkToken { build, .. } => build(context),
            Auth::Certificate { link: Some(link), .. } => (link.build)(context),
            Auth::ApiKey { .. } | Auth::Certificate { .. } | Auth::Oauth { .. } | Auth::FileImport(_) => {
                Err(self.error(ProviderErrorKind::Validation, "has no linking page"))
            }
        }
    }
}
