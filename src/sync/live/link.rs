//! Linking: a one-time token is exchanged, or a page is completed in the browser.
//!
//! INVARIANT: what a provider hands out only once is stored sealed before anything else is asked, so that a stop at any
//! point loses nothing: connecting again with the same answers goes on where it stopped. It is stored as a credential
//! without a connection; confirming the connection makes it the connection's own.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret as _, SecretString};

use super::{
    JobFailure, Live,
    oauth::{LoginStep, Prompt},
};
use crate::{
    domain::{ChangeKind, ConnectionId, Disposition, FailureKind, ProviderError},
    providers::{
        Accepted, Credentials, LinkProvider, LinkStep, ProviderMetadata, Secrets,
        kit::{LocalPage, LocalPageListener},
    },
    sync::{LoginEnding, LoginPrompt},
};

/// Time a page is waited for, where the provider states none.
const PATIENCE: TimeDelta = TimeDelta::minutes(30);
/// Time after which a page that was never completed is forgotten: providers keep an outcome for about six hours.
const KEPT: TimeDelta = TimeDelta::hours(6);
/// Shortest time between two questions.
const LEAST_POLL: Duration = Duration::from_millis(200);

/// Credentials from a link.
pub(super) struct Linked {
    pub(super) credentials: Credentials,
    /// The connection id under which they are sealed.
    pub(super) reserved: ConnectionId,
}

/// A link that was begun and not confirmed.
struct Pending {
    id: ConnectionId,
    state: State,
}

enum State {
    /// A page that may have been completed.
    Page(Page),
    /// Credentials.
    Login(Credentials),
}

struct Page {
    url: SecretString,
    ticket: Secrets,
    begun_at: DateTime<Utc>,
}

impl Page {
    /// End of the time in which the page can be completed.
    fn expires_at(&self) -> DateTime<Utc> {
        let stated = self.ticket.expose("expires_at").and_then(|text| DateTime::parse_from_rfc3339(text).ok());
        stated.map_or(self.begun_at + PATIENCE, |stated| stated.to_utc())
    }
}

impl Live {
    /// Links a provider, or repairs the login of `repairs` in place.
    pub(super) async fn link(
        self: &Arc<Self>,
        metadata: &'static ProviderMetadata,
        accepted: &Accepted,
        repairs: Option<ConnectionId>,
        prompt: &Prompt,
    ) -> Result<Linked, JobFailure> {
        let adapter = self.build_link(metadata, accepted.environment, accepted.values.clone())?;
        let key = fingerprint(accepted, repairs);
        let wanted = key.clone();
        let pending = self.writing(move |live| live.pending_link(metadata, &wanted)).await?;
        let mut id = None;
        let mut step = None;
        if let Some(pending) = pending {
            match pending.state {
                State::Login(credentials) => return Ok(Linked { credentials, reserved: pending.id }),
                State::Page(page) => {
                    id = Some(pending.id);
                    step = resumed(&*adapter, page, self.clock.now()).await;
                }
            }
        }
        let step = match step {
            Some(step) => step,
            None => self.begin(&*adapter, metadata, accepted, repairs).await?,
        };
        let linking = Linking { live: self, metadata, adapter: &*adapter, key: &key };
        match step {
            LinkStep::Done(credentials) => linking.keep(id, credentials).await,
            LinkStep::Open { url, ticket, poll_after } => {
                let page = Page { url, ticket, begun_at: self.clock.now() };
                linking.wait(id, page, poll_after, prompt).await
            }
            LinkStep::Local { page, ticket } => linking.serve(id, page, &ticket, prompt).await,
            LinkStep::Waiting { .. } => Err(no_page(metadata)),
        }
    }

    async fn begin(
        self: &Arc<Self>,
        adapter: &dyn LinkProvider,
        metadata: &'static ProviderMetadata,
        accepted: &Accepted,
        repairs: Option<ConnectionId>,
    ) -> Result<LinkStep, JobFailure> {
        if let Some(id) = repairs {
            let stored = self.blocking(move |live| {
                let connection = live.store.read()?.connection(id)?;
                Ok(connection.and_then(|connection| live.open_credentials(&connection).ok()))
            });
            if let Some(login) = stored.await? {
                // Answers that were given now win over stored ones.
                let values = accepted.values.clone().or(login.fields());
                let login = match login {
                    Credentials::LinkToken(_) => Credentials::LinkToken(values),
                    Credentials::Certificate(_) => Credentials::Certificate(values),
                    other => other,
                };
                if let Some(step) = adapter.begin_repair(&login).await? {
                    return Ok(step);
                }
            }
        }
        tracing::debug!(provider = metadata.slug, "begin a link");
        Ok(adapter.begin_link(&accepted.values).await?)
    }

    /// The stored link that began with the same answers. Pages that can't have an outcome any more are removed.
    fn pending_link(&self, metadata: &'static ProviderMetadata, key: &str) -> Result<Option<Pending>, JobFailure> {
        self.unlock(None)?;
        let mut found = None;
        let mut outdated = Vec::new();
        for (id, sealed) in self.store.read()?.unowned_credentials()? {
            // A link of another provider does not open under this provider's name.
            let Ok(plain) = self.config.vault.open(id, metadata.slug, &sealed) else { continue };
            let Some((stored_key, state)) = Credentials::from_bytes(&plain).ok().as_ref().and_then(read_state) else {
                continue;
            };
            match state {
                State::Page(page) if page.begun_at + KEPT < self.clock.now() => outdated.push(id),
                state if stored_key == key => found = Some(Pending { id, state }),
                _ => {}
            }
        }
        if !outdated.is_empty() {
            let mut writer = self.store.begin(ChangeKind::Edit, "links", self.clock.now())?;
            for id in outdated {
                writer.remove_credential(id)?;
            }
            writer.commit_unlisted()?;
        }
        Ok(found)
    }

    /// Seals a link; reserves a connection id for a new one.
    fn store_link(
        &self,
        metadata: &'static ProviderMetadata,
        id: Option<ConnectionId>,
        state: &Credentials,
    ) -> Result<ConnectionId, JobFailure> {
        self.unlock(None)?;
        let mut writer = self.store.begin(ChangeKind::Edit, "link", self.clock.now())?;
        let id = id.unwrap_or_else(|| writer.new_connection_id());
        writer.put_credential(id, &self.seal(id, metadata.slug, state)?)?;
        writer.commit_unlisted()?;
        Ok(id)
    }

    fn remove_link(&self, id: ConnectionId) -> Result<(), JobFailure> {
        let mut writer = self.store.begin(ChangeKind::Edit, "link", self.clock.now())?;
        writer.remove_credential(id)?;
        Ok(writer.commit_unlisted()?)
    }
}

/// A link in progress.
struct Linking<'a> {
    live: &'a Arc<Live>,
    metadata: &'static ProviderMetadata,
    adapter: &'a dyn LinkProvider,
    key: &'a str,
}

impl Linking<'_> {
    /// Stores the credentials before anything is asked with them.
    async fn keep(&self, id: Option<ConnectionId>, credentials: Credentials) -> Result<Linked, JobFailure> {
        let state = login_state(self.key, &credentials);
        let metadata = self.metadata;
        let reserved = self.live.writing(move |live| live.store_link(metadata, id, &state)).await?;
        Ok(Linked { credentials, reserved })
    }

    /// Shows the page and asks until it is completed.
    async fn wait(
        &self,
        id: Option<ConnectionId>,
        page: Page,
        poll_after: Duration,
        prompt: &Prompt,
    ) -> Result<Linked, JobFailure> {
        let state = page_state(self.key, &page);
        let metadata = self.metadata;
        let id = self.live.writing(move |live| live.store_link(metadata, id, &state)).await?;
        let url = page.url.expose_secret().to_owned();
        let expires_at = page.expires_at();
        prompt(LoginStep::Waiting(LoginPrompt {
            browser_opened: self.live.open_browser(url.clone()).await,
            url,
            ending: LoginEnding::Page,
            expires_at,
        }));
        let mut pause = poll_after;
        loop {
            self.live.config.http.sleep(pause.max(LEAST_POLL)).await;
            match self.adapter.poll_link(&page.ticket).await {
                Ok(LinkStep::Done(credentials)) => return self.keep(Some(id), credentials).await,
                Ok(LinkStep::Waiting { poll_after } | LinkStep::Open { poll_after, .. }) => pause = poll_after,
                Ok(LinkStep::Local { .. }) => return Err(no_page(self.metadata)),
                // A failed question is no evidence about the page.
                Err(error) if may_pass(&error) => {}
                Err(error) => {
                    self.live.writing(move |live| live.remove_link(id)).await?;
                    return Err(error.into());
                }
            }
            if self.live.clock.now() >= expires_at {
                return Err(
                    too_late(self.metadata).with_hint("connect again; if you finished it meanwhile, that is found")
                );
            }
        }
    }

    /// Serves a page on this machine until its form comes. The browser is only shown that the login is stored when it is.
    async fn serve(
        &self,
        id: Option<ConnectionId>,
        page: LocalPage,
        ticket: &Secrets,
        prompt: &Prompt,
    ) -> Result<Linked, JobFailure> {
        let listener = LocalPageListener::bind(page, &*self.live.config.entropy).await.map_err(|reason| {
            let message = format!("{}: the login page can't be served here ({reason})", self.metadata.display_name);
            JobFailure::new(FailureKind::LoginFailed, message).with_hint("enter the token instead")
        })?;
        let url = listener.url();
        prompt(LoginStep::Waiting(LoginPrompt {
            browser_opened: self.live.open_browser(url.clone()).await,
            url,
            ending: LoginEnding::Page,
            expires_at: self.live.clock.now() + PATIENCE,
        }));
        let waited = tokio::time::timeout(PATIENCE.to_std().unwrap_or_default(), listener.wait());
        let posted =
            waited.await.map_err(|_| too_late(self.metadata).with_hint("connect again, or enter the token"))?;
        let kept = match self.adapter.finish_link(ticket, &posted.values) {
            Ok(credentials) => self.keep(id, credentials).await,
            Err(error) => Err(error.into()),
        };
        posted.answer(kept.is_ok()).await;
        kept
    }
}

fn no_page(metadata: &ProviderMetadata) -> JobFailure {
    let message = format!("{} names no page to finish the login on", metadata.display_name);
    JobFailure::new(FailureKind::LoginFailed, message)
}

fn too_late(metadata: &ProviderMetadata) -> JobFailure {
    let message = format!("{}: the page was not finished in time", metadata.display_name);
    JobFailure::new(FailureKind::LoginFailed, message)
}

/// Whether a failed question is worth repeating.
fn may_pass(error: &ProviderError) -> bool {
    matches!(error.disposition(), Disposition::Retry { .. })
}

/// The outcome of a page from an earlier start, or the page again while it can still be completed.
async fn resumed(adapter: &dyn LinkProvider, page: Page, now: DateTime<Utc>) -> Option<LinkStep> {
    match adapter.poll_link(&page.ticket).await {
        Ok(LinkStep::Done(credentials)) => Some(LinkStep::Done(credentials)),
        Ok(LinkStep::Waiting { poll_after }) if now < page.expires_at() => {
            Some(LinkStep::Open { url: page.url, ticket: page.ticket, poll_after })
        }
        Ok(_) | Err(_) => None,
    }
}

/// Identifies a link by its answers, so that the same answers go on with it. Stored sealed only.
fn fingerprint(accepted: &Accepted, repairs: Option<ConnectionId>) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut add = |part: &str| {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    };
    add(accepted.environment.unwrap_or_default());
    add(&repairs.map(|id| id.to_string()).unwrap_or_default());
    for name in accepted.values.names() {
        add(name);
        add(accepted.values.expose(name).unwrap_or_default());
    }
    hasher.finalize().to_hex().to_string()
}

/// Names of the values of a stored link; values of the ticket carry [`TICKET`] before their name.
const KEY: &str = "link.key";
const URL: &str = "link.url";
const BEGUN_AT: &str = "link.begun_at";
const LOGIN: &str = "link.login";
const TICKET: &str = "ticket.";

fn page_state(key: &str, page: &Page) -> Credentials {
    let mut values =
        Secrets::new().with(KEY, key).with(URL, page.url.expose_secret()).with(BEGUN_AT, page.begun_at.to_rfc3339());
    for name in page.ticket.names() {
        if let Some(value) = page.ticket.get(name) {
            values.insert(format!("{TICKET}{name}"), value.clone());
        }
    }
    Credentials::LinkToken(values)
}

fn login_state(key: &str, credentials: &Credentials) -> Credentials {
    let bytes = credentials.to_sealed_bytes();
    // The plain form is JSON.
    let text = std::str::from_utf8(&bytes).unwrap_or_default();
    Credentials::LinkToken(Secrets::new().with(KEY, key).with(LOGIN, text))
}

fn read_state(stored: &Credentials) -> Option<(String, State)> {
    let values = stored.fields();
    let key = values.expose(KEY)?.to_owned();
    if let Some(login) = values.expose(LOGIN) {
        return Some((key, State::Login(Credentials::from_bytes(login.as_bytes()).ok()?)));
    }
    let mut ticket = Secrets::new();
    for name in values.names() {
        if let (Some(own), Some(value)) = (name.strip_prefix(TICKET), values.get(name)) {
            ticket.insert(own, value.clone());
        }
    }
    let begun_at = DateTime::parse_from_rfc3339(values.expose(BEGUN_AT)?).ok()?.to_utc();
    Some((key, State::Page(Page { url: values.get(URL)?.clone(), ticket, begun_at })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_link_is_read_back() {
        let page = Page {
            url: "https://page.example/x".into(),
            ticket: Secrets::new().with("link_token", "t").with("expires_at", "2026-11-20T10:00:00Z"),
            begun_at: "2026-11-20T09:50:00Z".parse().unwrap(),
        };
        let (key, State::Page(read)) = read_state(&page_state("k", &page)).unwrap() else { panic!("a page") };
        assert_eq!((key.as_str(), read.url.expose_secret()), ("k", "https://page.example/x"));
        assert_eq!(read.ticket, page.ticket);
        assert_eq!(read.expires_at().to_rfc3339(), "2026-11-20T10:00:00+00:00");
        let login = Credentials::LinkToken(Secrets::new().with("access_url", "https://u:p@x.example"));
        let (_, State::Login(read)) = read_state(&login_state("k", &login)).unwrap() else { panic!("a login") };
        assert_eq!(read.fields().expose("access_url"), Some("https://u:p@x.example"));
        assert!(read_state(&login).is_none());
    }

    #[test]
    fn other_answers_are_another_link() {
        let accepted =
            |token: &str| Accepted { environment: Some("sandbox"), values: Secrets::new().with("setup_token", token) };
        let one = fingerprint(&accepted("a"), None);
        assert_eq!(one, fingerprint(&accepted("a"), None));
        assert_ne!(one, fingerprint(&accepted("b"), None));
        assert_ne!(one, fingerprint(&accepted("a"), Some(ConnectionId(1))));
    }
}
