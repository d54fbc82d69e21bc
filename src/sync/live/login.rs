//! Credentials in use: opened, renewed when they expire, stored durably before they are used.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use tokio::sync::{Mutex as AsyncMutex, RwLock};

use super::{JobFailure, Live, SyncError, lock};
use crate::{
    domain::{ChangeKind, Connection, ConnectionId, FailureKind, ProviderError, ProviderErrorKind},
    providers::{
        Auth, BuildContext, Credentials, LinkProvider, LoginAccess, OauthProvider, Provider, ProviderMetadata, Secrets,
        kit::Replies,
    },
};

/// An adapter with the credentials to use it.
pub(super) struct AdapterSession {
    live: Arc<Live>,
    connection: ConnectionId,
    metadata: &'static ProviderMetadata,
    provider: Arc<dyn Provider>,
    oauth: Option<Arc<dyn OauthProvider>>,
    credentials: RwLock<Credentials>,
    /// Whether the credentials were renewed in this pass because they were refused.
    was_renewed: AtomicBool,
    failure: Mutex<Option<JobFailure>>,
}

/// An adapter, also in its form with a browser login if it has one.
pub(super) type Adapter = (Arc<dyn Provider>, Option<Arc<dyn OauthProvider>>);

impl Live {
    /// Builds an adapter for a provider in one of its environments.
    pub(super) fn build(
        &self,
        metadata: &'static ProviderMetadata,
        environment: Option<&str>,
        settings: Secrets,
        replies: Option<Replies>,
    ) -> Result<Adapter, ProviderError> {
        let context = BuildContext { replies, ..self.context(metadata, environment, settings) };
        if matches!(metadata.auth, Auth::Oauth { .. }) {
            let oauth = metadata.oauth_provider(&context)?;
            return Ok((Arc::clone(&oauth) as Arc<dyn Provider>, Some(oauth)));
        }
        Ok((metadata.provider(&context)?, None))
    }

    /// The adapter of a provider with its linking flow.
    pub(super) fn build_link(
        &self,
        metadata: &'static ProviderMetadata,
        environment: Option<&str>,
        settings: Secrets,
    ) -> Result<Arc<dyn LinkProvider>, ProviderError> {
        metadata.link_provider(&self.context(metadata, environment, settings))
    }

    fn context<'a>(
        &'a self,
        metadata: &ProviderMetadata,
        environment: Option<&'a str>,
        settings: Secrets,
    ) -> BuildContext<'a> {
        BuildContext {
            http: &self.config.http,
            environment,
            endpoint: self.config.endpoints.get(metadata.slug).cloned(),
            settings,
            counters: Arc::clone(&self.counters),
            replies: None,
        }
    }

    /// A connection that was not ended.
    fn usable(&self, id: ConnectionId) -> Result<Connection, JobFailure> {
        let connection = self.store.read()?.connection(id)?.filter(Connection::counts);
        connection.ok_or_else(|| JobFailure::new(FailureKind::NotFound, "the connection was ended meanwhile"))
    }

    /// Seals renewed credentials and stores them, unless the connection was ended meanwhile.
    fn store_credentials(&self, id: ConnectionId, provider: &str, credentials: &Credentials) -> Result<(), JobFailure> {
        self.usable(id)?;
        let sealed = self.seal(id, provider, credentials)?;
        let mut writer = self.store.begin(ChangeKind::Edit, "credentials", self.clock.now())?;
        writer.put_credential(id, &sealed)?;
        Ok(writer.commit_unlisted()?)
    }

    pub(super) fn seal(
        &self,
        id: ConnectionId,
        provider: &str,
        credentials: &Credentials,
    ) -> Result<Vec<u8>, JobFailure> {
        self.unlock(None)?;
        Ok(self.config.vault.seal(id, provider, &credentials.to_sealed_bytes())?)
    }

    pub(super) fn open_credentials(&self, connection: &Connection) -> Result<Credentials, JobFailure> {
        let sealed = self.store.read()?.credential(connection.id)?;
        let sealed = sealed.ok_or_else(|| {
            JobFailure::new(FailureKind::NoCredentials, format!("{} has no stored login", connection.display_name()))
                .with_hint(format!("reconnect it: dashtam reconnect {}", connection.id))
        })?;
        self.unlock(None)?;
        let plain = self.config.vault.open(connection.id, &connection.provider, &sealed)?;
        Credentials::from_bytes(&plain).map_err(|error| JobFailure::caused(FailureKind::NoCredentials, error))
    }
}

impl AdapterSession {
    pub(super) async fn open(
        live: &Arc<Live>,
        connection: &Connection,
        metadata: &'static ProviderMetadata,
        replies: &Replies,
    ) -> Result<Self, SyncError> {
        let wanted = connection.clone();
        let opened = live.blocking(move |live| live.open_credentials(&wanted)).await;
        let credentials = opened.map_err(|failure| match failure.kind {
            // Only a new login helps.
            FailureKind::NoCredentials => {
                let error = metadata.error(ProviderErrorKind::Authentication, failure.message.clone());
                SyncError::Provider(failure.hint.iter().fold(error, ProviderError::with_hint))
            }
            _ => SyncError::Local(failure),
        })?;
        let (provider, oauth) = live.build(
            metadata,
            connection.environment.as_deref(),
            credentials.fields().clone(),
            Some(replies.clone()),
        )?;
        Ok(Self {
            live: Arc::clone(live),
            connection: connection.id,
            metadata,
            provider,
            oauth,
            credentials: RwLock::new(credentials),
            was_renewed: AtomicBool::new(false),
            failure: Mutex::default(),
        })
    }

    /// The adapter.
    pub(super) fn provider(&self) -> &Arc<dyn Provider> {
        &self.provider
    }

    /// The error of a refused pass: fresh credentials that are refused mean that access was withdrawn.
    pub(super) fn verdict(&self, error: ProviderError) -> ProviderError {
        let is_withdrawn = error.kind == ProviderErrorKind::Authentication && self.was_renewed.load(Ordering::Relaxed);
        if is_withdrawn { ProviderError { kind: ProviderErrorKind::Revoked, ..error } } else { error }
    }

    /// A failure of this machine while credentials were renewed.
    pub(super) fn take_failure(&self) -> Option<JobFailure> {
        lock(&self.failure).take()
    }

    /// Turns a failed renewal into the adapter's vocabulary; a local failure is kept for the report.
    fn to_provider_error(&self, error: SyncError) -> ProviderError {
        match error {
            SyncError::Provider(error) => error,
            SyncError::Local(failure) => {
                let error = self.metadata.error(ProviderErrorKind::Cancelled, failure.message.clone());
                *lock(&self.failure) = Some(failure);
                error
            }
        }
    }

    /// New credentials for `stale` ones: those another caller just got, or renewed ones, stored before they are used.
    async fn replace(&self, stale: &Credentials) -> Result<Credentials, SyncError> {
        let Some(oauth) = &self.oauth else { return Ok(stale.clone()) };
        let gate: Arc<AsyncMutex<()>> = Arc::clone(lock(&self.live.renewals).entry(self.connection).or_default());
        let renewal = Renewal {
            live: Arc::clone(&self.live),
            connection: self.connection,
            metadata: self.metadata,
            oauth: Arc::clone(oauth),
            stale: stale.clone(),
        };
        // A separate task: once the provider has answered, the old token may be invalid, so the new one is stored even
        // if the job that requested it is cancelled.
        let in_use = self.live.use_vault();
        let renewing = self.live.renewing.spawn(async move {
            let _in_use = in_use;
            let _gate = gate.lock_owned().await;
            renewal.run().await
        });
        let renewed = renewing.await.unwrap_or_else(|_| Err(SyncError::Local(JobFailure::panicked())))?;
        *self.credentials.write().await = renewed.clone();
        Ok(renewed)
    }
}

#[async_trait]
impl LoginAccess for AdapterSession {
    async fn credentials(&self) -> Result<Credentials, ProviderError> {
        let credentials = self.credentials.read().await.clone();
        let now = self.live.clock.now();
        if credentials.oauth().is_some_and(|oauth| oauth.login_expired(now)) {
            return Err(login_over(self.metadata));
        }
        if credentials.oauth().is_some_and(|oauth| oauth.needs_renewal(now)) {
            return self.replace(&credentials).await.map_err(|error| self.to_provider_error(error));
        }
        Ok(credentials)
    }

    async fn renew(&self, refused: &Credentials) -> Result<Option<Credentials>, ProviderError> {
        if self.oauth.is_none() || self.was_renewed.swap(true, Ordering::Relaxed) {
            return Ok(None);
        }
        self.replace(refused).await.map(Some).map_err(|error| self.to_provider_error(error))
    }
}

fn login_over(metadata: &ProviderMetadata) -> ProviderError {
    metadata.error(ProviderErrorKind::LoginExpired, "the login has ended").with_hint("log in again")
}

/// One renewal of a login. A connection has one at a time.
struct Renewal {
    live: Arc<Live>,
    connection: ConnectionId,
    metadata: &'static ProviderMetadata,
    oauth: Arc<dyn OauthProvider>,
    /// The credentials in use when the renewal was requested.
    stale: Credentials,
}

impl Renewal {
    async fn run(self) -> Result<Credentials, SyncError> {
        // Another sync may have renewed it while this one waited.
        let connection = self.connection;
        let stored = self.live.blocking(move |live| live.open_credentials(&live.usable(connection)?));
        let stored = stored.await?;
        if !same_token(&stored, &self.stale) {
            return Ok(stored);
        }
        let Some(current) = stored.oauth() else { return Ok(stored) };
        if current.login_expired(self.live.clock.now()) {
            return Err(login_over(self.metadata).into());
        }
        let renewed = Credentials::Oauth2(self.oauth.refresh(current).await?);
        let (slug, kept) = (self.metadata.slug, renewed.clone());
        self.live.writing(move |live| live.store_credentials(connection, slug, &kept)).await?;
        Ok(renewed)
    }
}

fn same_token(left: &Credentials, right: &Credentials) -> bool {
    use secrecy::ExposeSecret as _;
    let token =
        |credentials: &Credentials| credentials.oauth().map(|oauth| oauth.access_token.expose_secret().to_owned());
    token(left) == token(right)
}
