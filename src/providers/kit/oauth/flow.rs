//! The authorization code flow of one provider, from its spec and the user's app.

use std::{fmt, future::Future, pin::Pin};

use chrono::TimeDelta;
use oauth2::{
    AsyncHttpClient, AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet,
    EndpointSet, HttpRequest, HttpResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken,
    RequestTokenError, Scope, TokenResponse, TokenUrl,
    basic::{BasicClient, BasicTokenResponse},
    http::header::AUTHORIZATION,
    url::form_urlencoded,
};
use secrecy::{ExposeSecret as _, SecretString};

use super::super::{Api, Call, failure::FailedAttempt};
use crate::{
    domain::{ProviderError, ProviderErrorKind},
    providers::{Authorization, ClientAuthentication, OauthCredentials, OauthSpec, Secrets},
};

/// The authorization code flow of one provider with one app.
#[derive(Clone)]
pub struct OauthFlow {
    api: Api,
    spec: &'static OauthSpec,
    app: Secrets,
}

impl fmt::Debug for OauthFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OauthFlow").field(&self.api).finish()
    }
}

type Client = BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

impl OauthFlow {
    /// The flow for the app in the settings.
    #[must_use]
    pub fn new(api: Api, spec: &'static OauthSpec, settings: &Secrets) -> Self {
        let mut app = Secrets::new();
        for field in spec.fields {
            if let Some(value) = settings.get(field.name) {
                app.insert(field.name, value.clone());
            }
        }
        Self { api, spec, app }
    }

    fn error(&self, kind: ProviderErrorKind, message: &str) -> ProviderError {
        self.api.metadata().error(kind, message)
    }

    /// The callback address, byte for byte as registered for the app.
    #[must_use]
    pub fn callback_url(&self) -> &str {
        self.app.expose("callback_url").map_or(self.spec.callback_url, str::trim)
    }

    fn setting(&self, name: &str) -> Result<String, ProviderError> {
        self.app.expose(name).map(|value| value.trim().to_owned()).ok_or_else(|| {
            self.error(ProviderErrorKind::NotConfigured, &format!("`{name}` of the app is missing"))
                .with_hint("reconnect it, giving key and secret of your app")
        })
    }

    fn client(&self, callback_url: &str) -> Result<Client, ProviderError> {
        let invalid = |_| self.error(ProviderErrorKind::NotConfigured, "an address of its login is not valid");
        let address = |address: &str| self.api.address(address).map(|url| url.to_string());
        let authentication = match self.spec.client_authentication {
            ClientAuthentication::Basic => AuthType::BasicAuth,
            ClientAuthentication::Body => AuthType::RequestBody,
        };
        let callback = RedirectUrl::new(callback_url.to_owned()).map_err(|_| {
            self.error(ProviderErrorKind::Validation, "the callback address is not an address")
                .with_hint("enter it exactly as registered for your app")
        })?;
        Ok(BasicClient::new(ClientId::new(self.setting(self.spec.id_field)?))
            .set_client_secret(ClientSecret::new(self.setting(self.spec.secret_field)?))
            .set_auth_uri(AuthUrl::new(address(self.spec.authorize_url)?).map_err(invalid)?)
            .set_token_uri(TokenUrl::new(address(self.spec.token_url)?).map_err(invalid)?)
            .set_redirect_uri(callback)
            .set_auth_type(authentication))
    }

    fn random(&self) -> Result<String, ProviderError> {
        let mut bytes = [0; 32];
        self.api.http().entropy().fill(&mut bytes).map_err(|error| {
            self.error(ProviderErrorKind::Unavailable, "the system gives no random bytes").with_hint(error.to_string())
        })?;
        let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        Ok(digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect())
    }

    /// Begins a login.
    pub fn authorization(&self) -> Result<Authorization, ProviderError> {
        let callback_url = self.callback_url().to_owned();
        let (state, verifier) = (self.random()?, self.random()?);
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(verifier.clone()));
        let client = self.client(&callback_url)?;
        let mut request = client
            .authorize_url(|| CsrfToken::new(state.clone()))
            .set_pkce_challenge(challenge)
            .add_scopes(self.spec.scopes.iter().map(|scope| Scope::new((*scope).to_owned())));
        for (name, value) in self.spec.extra {
            request = request.add_extra_param(*name, *value);
        }
        let (url, _) = request.url();
        Ok(Authorization {
            url: url.into(),
            callback_url,
            state: state.into(),
            verifier: verifier.into(),
            issuer: self.spec.issuer.map(str::to_owned),
            created_at: self.api.http().clock().now(),
        })
    }

    /// Exchanges a code for tokens.
    pub async fn exchange(
        &self,
        authorization: &Authorization,
        code: &SecretString,
    ) -> Result<OauthCredentials, ProviderError> {
        let hidden = vec![code.clone(), authorization.verifier.clone()];
        let client = self.client(&authorization.callback_url)?;
        let verifier = PkceCodeVerifier::new(authorization.verifier.expose_secret().to_owned());
        let exchange = Exchange { flow: self, subject: "the login", hidden };
        let reply = client
            .exchange_code(AuthorizationCode::new(code.expose_secret().to_owned()))
            .set_pkce_verifier(verifier)
            .request_async(&exchange)
            .await
            .map_err(|error| self.refused(error, false))?;
        let now = self.api.http().clock().now();
        let lifetime = self.spec.login_lifetime.and_then(|lifetime| TimeDelta::from_std(lifetime).ok());
        let mut credentials = self.credentials(&reply);
        credentials.login_expires_at = lifetime.map(|lifetime| now + lifetime);
        Ok(credentials)
    }

    /// Renews an access token; the expiry of the login does not change.
    pub async fn refresh(&self, old: &OauthCredentials) -> Result<OauthCredentials, ProviderError> {
        let expired = || self.error(ProviderErrorKind::LoginExpired, "the login has expired").with_hint("log in again");
        let token = old.refresh_token.as_ref().ok_or_else(expired)?;
        if old.login_expired(self.api.http().clock().now()) {
            return Err(expired());
        }
        let client = self.client(self.callback_url())?;
        let exchange = Exchange { flow: self, subject: "the renewal of the login", hidden: vec![token.clone()] };
        let reply = client
            .exchange_refresh_token(&RefreshToken::new(token.expose_secret().to_owned()))
            .request_async(&exchange)
            .await
            .map_err(|error| self.refused(error, true))?;
        let mut renewed = self.credentials(&reply);
        renewed.refresh_token = renewed.refresh_token.or_else(|| old.refresh_token.clone());
        renewed.login_expires_at = old.login_expires_at;
        renewed.scope = renewed.scope.or_else(|| old.scope.clone());
        Ok(renewed)
    }

    /// Revokes the longest-lived token, if the provider has an endpoint for it.
    pub async fn revoke(&self, credentials: &OauthCredentials) -> Result<(), ProviderError> {
        let Some(address) = self.spec.revoke_url else { return Ok(()) };
        let (token, kind) = match &credentials.refresh_token {
            Some(token) => (token, "refresh_token"),
            None => (&credentials.access_token, "access_token"),
        };
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("token", token.expose_secret())
            .append_pair("token_type_hint", kind)
            .append_pair("client_id", &self.setting(self.spec.id_field)?)
            .append_pair("client_secret", &self.setting(self.spec.secret_field)?)
            .finish()
            .into_bytes();
        let call = Call::post_encoded("the end of the login", address, body).secret(token.expose_secret());
        self.api.send(call).await.map(|_| ())
    }

    fn credentials(&self, reply: &BasicTokenResponse) -> OauthCredentials {
        let now = self.api.http().clock().now();
        let scopes =
            reply.scopes().map(|scopes| scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" "));
        OauthCredentials {
            access_token: reply.access_token().secret().as_str().into(),
            refresh_token: reply.refresh_token().map(|token| token.secret().as_str().into()),
            token_type: reply.token_type().as_ref().to_owned(),
            scope: scopes,
            expires_at: reply
                .expires_in()
                .and_then(|lifetime| TimeDelta::from_std(lifetime).ok())
                .and_then(|lifetime| now.checked_add_signed(lifetime)),
            login_expires_at: None,
            app: self.app.clone(),
        }
    }

    /// The meaning of a refusal by the token endpoint. The library's own errors can quote a body and are not shown. Only
    /// `invalid_grant`, or the provider's own verdict, ends a login: anything else may pass.
    fn refused<T: oauth2::ErrorResponse>(&self, error: RequestTokenError<Refused, T>, renewal: bool) -> ProviderError {
        let RequestTokenError::Request(Refused(failure)) = error else {
            let message = "its answer to the login does not follow the standard (no access token)";
            return self.error(ProviderErrorKind::InvalidResponse, message).with_hint("start the login again later");
        };
        let status = failure.status.map(|status| status.as_u16());
        let quoted =
            failure.quote.as_ref().or(failure.code.as_ref()).map(|quote| format!(": {quote}")).unwrap_or_default();
        let app = matches!(failure.code.as_deref(), Some("invalid_client" | "unauthorized_client"));
        match status {
            Some(400..=403) if renewal && failure.code.as_deref() == Some("invalid_grant") => self
                .error(ProviderErrorKind::LoginExpired, &format!("the login can't be renewed{quoted}"))
                .with_hint("log in again"),
            Some(400..=403) if renewal && app => self
                .error(ProviderErrorKind::NotConfigured, &format!("it refuses the app{quoted}"))
                .with_hint("check key and secret of your app, and that the app is approved"),
            Some(400..=403) if renewal && !ends_login(&failure.error.kind) => self
                .error(ProviderErrorKind::Unavailable, &format!("the login could not be renewed now{quoted}"))
                .with_hint("it is tried again later"),
            Some(400..=403) if renewal => failure.error,
            Some(400 | 401) if app || (status == Some(401) && failure.code.is_none()) => self
                .error(ProviderErrorKind::Authentication, &format!("it refuses the app{quoted}"))
                .with_hint("check key and secret of your app, and that the app is approved"),
            Some(400 | 401) => {
                self.error(ProviderErrorKind::Authentication, &format!("it refuses the code{quoted}")).with_hint(
                    "start the login again: a code lasts for seconds and works once, and the callback address must be \
                     exactly the registered one",
                )
            }
            Some(_) | None => failure.error,
        }
    }
}

/// Whether the provider's own verdict ends the login.
const fn ends_login(kind: &ProviderErrorKind) -> bool {
    matches!(kind, ProviderErrorKind::LoginExpired | ProviderErrorKind::Revoked)
}

/// HTTP client for the OAuth library: sends each form once, through [`Api`].
struct Exchange<'a> {
    flow: &'a OauthFlow,
    subject: &'static str,
    hidden: Vec<SecretString>,
}

/// Carries a failure through the OAuth library.
struct Refused(Box<FailedAttempt>);

impl fmt::Debug for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0.error, f)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.error, f)
    }
}

impl std::error::Error for Refused {}

impl<'c> AsyncHttpClient<'c> for Exchange<'_> {
    type Error = Refused;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Refused>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let authorization = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
            let mut hidden = self.hidden.clone();
            hidden.extend(self.flow.app.get(self.flow.spec.secret_field).cloned());
            let authorization = authorization.map(SecretString::from);
            let token_url = self.flow.spec.token_url;
            let call = Call::post_encoded(self.subject, token_url, request.into_body()).authorization(authorization);
            let call = hidden.iter().fold(call, |call, secret| call.secret(secret.expose_secret()));
            let reply = self.flow.api.exchange(call).await.map_err(|failure| Refused(Box::new(failure)))?;
            Ok(HttpResponse::new(reply.into_body()))
        })
    }
}
