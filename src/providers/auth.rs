//! The ways to connect, each with its fields, its words and the function that builds the adapter.
//!
//! Read by the wizard, the command line, the engine and the registry's tests.
//! INVARIANT: an [`Auth`] cannot be built without the builder of its kind, so metadata and adapter always agree.

use std::{sync::Arc, time::Duration};

use super::{BuildContext, Field, FileSpec, LinkProvider, OauthProvider, Provider};
use crate::domain::ProviderError;

/// Builds an adapter.
pub type Build<T> = fn(&BuildContext<'_>) -> Result<Arc<T>, ProviderError>;

/// How a user connects to a provider.
#[derive(Debug)]
pub enum Auth {
    /// Browser login with the authorization code flow.
    Oauth {
        /// Addresses, scopes and fields of the login.
        spec: &'static OauthSpec,
        /// Builds the adapter.
        build: Build<dyn OauthProvider>,
    },
    /// Keys created on the institution's web site.
    ApiKey {
        /// Asked for when connecting.
        fields: &'static [Field],
        /// Builds the adapter.
        build: Build<dyn Provider>,
    },
    /// A hosted page or a one-time token that is exchanged for credentials.
    LinkToken {
        /// Fields and form of the link.
        spec: &'static LinkSpec,
        /// Builds the adapter.
        build: Build<dyn LinkProvider>,
    },
    /// A TLS client certificate.
    Certificate {
        /// Asked for when connecting.
        fields: &'static [Field],
        /// Builds the adapter.
        build: Build<dyn Provider>,
        /// Builds the adapter for a login on a page, used when the fields lack the token of a login.
        link: Option<CertificateLink>,
    },
    /// Statement files; there is nothing to connect to.
    FileImport(FileSpec),
}

/// A login on a page, for providers with client certificates.
#[derive(Debug)]
pub struct CertificateLink {
    /// Name of the field that is left blank to log in on the page.
    pub token_field: &'static str,
    /// Builds the adapter.
    pub build: Build<dyn LinkProvider>,
}

/// Words that describe a way to connect on screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuthWords {
    /// Name in JSON output: `api_key`.
    pub name: &'static str,
    /// In lists of providers: `API key`.
    pub label: &'static str,
    /// Title of the step that asks for the fields: `Keys`.
    pub fields_step: &'static str,
    /// Title of the step that tries them: `Check`.
    pub check_step: &'static str,
    /// The values that are stored sealed, within a sentence: `the keys`.
    pub stored: &'static str,
}

impl Auth {
    /// The words for this way to connect.
    #[must_use]
    pub const fn words(&self) -> AuthWords {
        match self {
            Self::Oauth { .. } => AuthWords {
                name: "oauth",
                label: "browser login",
                fields_step: "Your app",
                check_step: "Login",
                stored: "app key, app secret and tokens",
            },
            Self::ApiKey { .. } => AuthWords {
                name: "api_key",
                label: "API key",
                fields_step: "Keys",
                check_step: "Check",
                stored: "the keys",
            },
            Self::LinkToken { .. } => AuthWords {
                name: "link_token",
                label: "link or token",
                fields_step: "Details",
                check_step: "Link",
                stored: "the access token",
            },
            Self::Certificate { .. } => AuthWords {
                name: "certificate",
                label: "certificate",
                fields_step: "Certificate",
                check_step: "Check",
                stored: "certificate and keys",
            },
            Self::FileImport(_) => AuthWords {
                name: "file_import",
                label: "import a file",
                fields_step: "Details",
                check_step: "Check",
                stored: "nothing",
            },
        }
    }

    /// The login on a page that a provider with client certificates offers.
    #[must_use]
    pub const fn certificate_link(&self) -> Option<&CertificateLink> {
        match self {
            Self::Certificate { link, .. } => link.as_ref(),
            Self::Oauth { .. } | Self::ApiKey { .. } | Self::LinkToken { .. } | Self::FileImport(_) => None,
        }
    }

    /// The fields to ask for, in order.
    #[must_use]
    pub const fn fields(&self) -> &'static [Field] {
        match self {
            Self::Oauth { spec, .. } => spec.fields,
            Self::ApiKey { fields, .. } | Self::Certificate { fields, .. } => fields,
            Self::LinkToken { spec, .. } => spec.fields,
            Self::FileImport(_) => &[],
        }
    }
}

/// An authorization code flow, as data.
#[derive(Debug)]
pub struct OauthSpec {
    /// Opened in the browser.
    pub authorize_url: &'static str,
    /// Exchanges codes and refresh tokens for access tokens.
    pub token_url: &'static str,
    /// Revokes tokens (RFC 7009), if the provider has such an endpoint.
    pub revoke_url: Option<&'static str>,
    /// Requested scopes.
    pub scopes: &'static [&'static str],
    /// Extra parameters of the authorization address.
    pub extra: &'static [(&'static str, &'static str)],
    /// How the app authenticates at the token endpoint.
    pub client_authentication: ClientAuthentication,
    /// Expected value of `iss` in the redirect (RFC 9207), if the provider sends it.
    pub issuer: Option<&'static str>,
    /// The callback address to register for the app, unless the user registered another one.
    pub callback_url: &'static str,
    /// Lifetime of a login, which renewing tokens does not extend.
    pub login_lifetime: Option<Duration>,
    /// Name of the field with the client id.
    pub id_field: &'static str,
    /// Name of the field with the client secret.
    pub secret_field: &'static str,
    /// Asked for before the browser opens, unless configured.
    pub fields: &'static [Field],
}

/// How an app authenticates at a token endpoint (RFC 6749, section 2.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// In the `Authorization` header.
    Basic,
    /// In the form.
    Body,
}

/// A linking flow, as data.
#[derive(Debug)]
pub struct LinkSpec {
    /// Asked for first.
    pub fields: &'static [Field],
    /// Whether the user completes the link on a page in the browser.
    pub opens_page: bool,
}
