//! What a provider says about itself, as data.
//!
//! Read by the wizard, the provider list, the command line, the engine's schedule and the tests.
//! INVARIANT: everything that differs between providers outside their own folder is stated here; no other
//! room asks for a slug to decide what to do.

use std::{sync::Arc, time::Duration};

use super::{
    Answers, Credentials, Field, FieldKind, FileSpec, LinkProvider, OauthProvider, Problem, Provider, Secrets,
    kit::{Http, Origin},
    registry,
};
use crate::domain::{AuthType, Capability, CredentialType, ProviderCategory, ProviderError, ProviderErrorKind};

/// One institution that can be connected.
#[derive(Debug)]
pub struct ProviderMetadata {
    /// Its name in commands, settings and the store: lower-case letters, digits, `-`, `_`; never changes.
    pub slug: &'static str,
    /// Its name for people.
    pub display_name: &'static str,
    /// How connecting works and what is stored, in two sentences at most.
    pub summary: &'static str,
    /// What kind of institution.
    pub category: ProviderCategory,
    /// How one connects.
    pub auth: Auth,
    /// What is stored of it.
    pub credential_type: CredentialType,
    /// What it can tell.
    pub capabilities: &'static [Capability],
    /// What must be configured or answered before an adapter can be built.
    pub required_settings: &'static [RequiredSetting],
    /// Where it lives; the first one is the default. Empty for statement files.
    pub environments: &'static [Environment],
    /// Hosts it may be asked at besides those of its environments.
    pub extra_hosts: &'static [&'static str],
    /// How fast it may be asked.
    pub pace: Pace,
    /// How far back it goes.
    pub history: History,
    /// Where the institution describes its interface, or its downloads.
    pub documentation_url: &'static str,
    /// Whether it has been used with real accounts.
    pub production_ready: bool,
    /// Makes an adapter.
    pub build: Build,
}

/// How one connects.
#[derive(Debug)]
pub enum Auth {
    /// In the browser, with the authorization code flow.
    Oauth(&'static OauthSpec),
    /// With keys from the institution's web site.
    ApiKey(&'static [Field]),
    /// Not at all: with statement files.
    FileImport(FileSpec),
    /// Through a linking page or a one-time token.
    LinkToken(LinkSpec),
    /// With a client certificate.
    Certificate(&'static [Field]),
}

/// An authorization code flow, as data.
#[derive(Debug)]
pub struct OauthSpec {
    /// Opened in the browser.
    pub authorize_url: &'static str,
    /// Where codes and refresh tokens are redeemed.
    pub token_url: &'static str,
    /// Where a token is given back, if anywhere.
    pub revoke_url: Option<&'static str>,
    /// What is asked for.
    pub scopes: &'static [&'static str],
    /// Added to the authorization address.
    pub extra: &'static [(&'static str, &'static str)],
    /// How the app proves itself to the token endpoint.
    pub client_authentication: ClientAuthentication,
    /// Value of `iss` in the redirect, where the provider announces one.
    pub issuer: Option<&'static str>,
    /// The address that must be registered for the app, unless the user registered another one.
    pub callback_url: &'static str,
    /// How long a login lasts, however often tokens are renewed.
    pub login_lifetime: Option<Duration>,
    /// Name of the field with the client id.
    pub id_field: &'static str,
    /// Name of the field with the client secret.
    pub secret_field: &'static str,
    /// What is asked before the browser opens, unless configured.
    pub fields: &'static [Field],
}

/// How an app proves itself to a token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// In the `Authorization` header.
    Basic,
    /// In the form.
    Body,
}

/// A linking flow.
#[derive(Debug)]
pub struct LinkSpec {
    /// What is asked first.
    pub fields: &'static [Field],
    /// Whether a page is opened that the user finishes.
    pub opens_page: bool,
}

/// One of the places where a provider lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Environment {
    /// In answers and in the store: `production`, `sandbox`, `paper`.
    pub name: &'static str,
    /// For people.
    pub label: &'static str,
    /// Scheme and host: `https://api.example.com`.
    pub origin: &'static str,
}

/// A value that must be there before an adapter is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequiredSetting {
    /// Its name, the same as the field that asks for it.
    pub name: &'static str,
    /// What it is, for people.
    pub what: &'static str,
}

/// How fast a provider may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Sustained requests a minute.
    pub per_minute: u32,
    /// Requests that may go out at once after a pause.
    pub burst: u32,
    /// Requests a UTC day, where the provider counts them.
    pub per_day: Option<u32>,
    /// The least time between two syncs of one connection.
    pub sync_interval: Duration,
}

impl Pace {
    /// With no more requests a day than this, where the provider allows more.
    #[must_use]
    pub fn at_most(self, per_day: Option<u32>) -> Self {
        Self { per_day: [self.per_day, per_day].into_iter().flatten().min(), ..self }
    }

    /// For providers that are never asked.
    pub const NONE: Self = Self { per_minute: 0, burst: 0, per_day: None, sync_interval: Duration::ZERO };
}

/// How far back a provider goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct History {
    /// Days before today that it still tells; `None` is everything.
    pub days: Option<u32>,
    /// Days that a later sync asks for again, since rows change after the fact.
    pub overlap_days: u32,
}

/// Makes an adapter from what is configured.
#[derive(Debug, Clone, Copy)]
pub enum Build {
    /// Statement files have none.
    File,
    /// From keys or certificates.
    Plain(fn(&BuildContext<'_>) -> Result<Arc<dyn Provider>, ProviderError>),
    /// With an OAuth flow.
    Oauth(fn(&BuildContext<'_>) -> Result<Arc<dyn OauthProvider>, ProviderError>),
    /// With a linking flow.
    Link(fn(&BuildContext<'_>) -> Result<Arc<dyn LinkProvider>, ProviderError>),
}

/// What an adapter is built from. Adapters read nothing else.
#[derive(Debug, Clone)]
pub struct BuildContext<'a> {
    /// The one HTTP client of the program.
    pub http: &'a Http,
    /// Which environment; `None` is the default one.
    pub environment: Option<&'a str>,
    /// Replaces scheme, host and port of every address of this provider (`DASHTAM_ENDPOINT_<SLUG>`).
    pub endpoint: Option<Origin>,
    /// Configured values by setting name, then those sealed with the connection.
    pub settings: Secrets,
}

/// The name of the variable that moves a provider's addresses to another origin.
#[must_use]
pub fn endpoint_variable(slug: &str) -> String {
    format!("DASHTAM_ENDPOINT_{}", slug.to_ascii_uppercase().replace('-', "_"))
}

/// Answers to a provider's fields that passed every check.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// The chosen environment.
    pub environment: Option<&'static str>,
    /// Everything else, trimmed, by field name.
    pub values: Secrets,
}

impl Auth {
    /// Its name.
    #[must_use]
    pub const fn auth_type(&self) -> AuthType {
        match self {
            Self::Oauth(_) => AuthType::Oauth,
            Self::ApiKey(_) => AuthType::ApiKey,
            Self::FileImport(_) => AuthType::FileImport,
            Self::LinkToken(_) => AuthType::LinkToken,
            Self::Certificate(_) => AuthType::Certificate,
        }
    }

    /// What is asked of the user.
    #[must_use]
    pub const fn fields(&self) -> &'static [Field] {
        match self {
            Self::Oauth(spec) => spec.fields,
            Self::ApiKey(fields) | Self::Certificate(fields) => fields,
            Self::LinkToken(spec) => spec.fields,
            Self::FileImport(_) => &[],
        }
    }
}

impl ProviderMetadata {
    /// What is asked of the user, in order.
    #[must_use]
    pub const fn fields(&self) -> &'static [Field] {
        self.auth.fields()
    }

    /// Whether it can tell this.
    #[must_use]
    pub fn can(&self, capability: Capability) -> bool {
        self.capabilities.contains(&capability)
    }

    /// Its statement files, if that is how it works.
    #[must_use]
    pub const fn file(&self) -> Option<&FileSpec> {
        match &self.auth {
            Auth::FileImport(spec) => Some(spec),
            Auth::Oauth(_) | Auth::ApiKey(_) | Auth::LinkToken(_) | Auth::Certificate(_) => None,
        }
    }

    /// Its OAuth flow, if it has one.
    #[must_use]
    pub const fn oauth(&self) -> Option<&'static OauthSpec> {
        match &self.auth {
            Auth::Oauth(spec) => Some(spec),
            Auth::FileImport(_) | Auth::ApiKey(_) | Auth::LinkToken(_) | Auth::Certificate(_) => None,
        }
    }

    /// A failure at this provider.
    #[must_use]
    pub fn error(&self, kind: ProviderErrorKind, message: impl Into<String>) -> ProviderError {
        ProviderError::new(self.display_name, kind, message)
    }

    /// The environment of that name, or the default one.
    pub fn environment(&self, name: Option<&str>) -> Result<&'static Environment, ProviderError> {
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

    /// Checks answers to every field; all problems at once.
    pub fn accept(&self, answers: &Answers) -> Result<Accepted, Vec<Problem>> {
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

    /// The credentials that answers amount to, where no further step is needed.
    #[must_use]
    pub fn credentials(&self, accepted: &Accepted) -> Option<Credentials> {
        match self.auth {
            Auth::ApiKey(_) => Some(Credentials::ApiKey(accepted.values.clone())),
            Auth::Certificate(_) => Some(Credentials::Certificate(accepted.values.clone())),
            Auth::Oauth(_) | Auth::LinkToken(_) | Auth::FileImport(_) => None,
        }
    }

    /// Whether everything required is there; names what is missing and where to set it.
    pub fn check_settings(&self, settings: &Secrets) -> Result<(), ProviderError> {
        let missing: Vec<&RequiredSetting> =
            self.required_settings.iter().filter(|setting| settings.get(setting.name).is_none()).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let what: Vec<String> =
            missing.iter().map(|setting| format!("`{}` ({})", setting.name, setting.what)).collect();
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

    /// The key that answers a field in the configuration, where no secret may stand itself.
    #[must_use]
    pub fn key_of(&self, field: &str) -> String {
        let secret = self.fields().iter().any(|known| known.name == field && known.is_secret());
        if secret { format!("{field}_file or {field}_env") } else { field.to_owned() }
    }

    /// An adapter. Settings are checked first.
    pub fn provider(&self, context: &BuildContext<'_>) -> Result<Arc<dyn Provider>, ProviderError> {
        self.check_settings(&context.settings)?;
        match self.build {
            Build::Plain(build) => build(context),
            Build::Oauth(build) => build(context).map(|provider| provider as Arc<dyn Provider>),
            Build::Link(build) => build(context).map(|provider| provider as Arc<dyn Provider>),
            Build::File => Err(self
                .error(ProviderErrorKind::Validation, "works with statement files, there is nothing to connect to")
                .with_hint("download a QFX or OFX file and import it: dashtam import FILE")),
        }
    }

    /// An adapter with its OAuth flow.
    pub fn oauth_provider(&self, context: &BuildContext<'_>) -> Result<Arc<dyn OauthProvider>, ProviderError> {
        self.check_settings(&context.settings)?;
        match self.build {
            Build::Oauth(build) => build(context),
            Build::Plain(_) | Build::Link(_) | Build::File => {
                Err(self.error(ProviderErrorKind::Validation, "does not log in through the browser"))
            }
        }
    }

    /// An adapter with its linking flow.
    pub fn link_provider(&self, context: &BuildContext<'_>) -> Result<Arc<dyn LinkProvider>, ProviderError> {
        self.check_settings(&context.settings)?;
        match self.build {
            Build::Link(build) => build(context),
            Build::Plain(_) | Build::Oauth(_) | Build::File => {
                Err(self.error(ProviderErrorKind::Validation, "has no linking page"))
            }
        }
    }
}
