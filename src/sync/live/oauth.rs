//! Browser login: the redirect is caught on this machine or pasted, whichever comes first.

use std::{sync::Arc, time::Duration};

use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::mpsc;

use super::{JobFailure, JobId, Live, lock};
use crate::{
    domain::{ConnectionStatus, FailureKind},
    providers::{
        Accepted, Authorization, Credentials, ProviderMetadata,
        kit::{CallbackError, CallbackListener, RedirectError, parse_redirect},
    },
    sync::{Listening, LoginEnding, LoginPrompt},
};

/// A step of a login in progress that the user sees.
pub(in crate::sync) enum LoginStep {
    /// The user must log in with a browser.
    Waiting(LoginPrompt),
    /// The pasted text does not belong to this login, with the reason.
    PasteRejected(String),
}

/// Receives the steps of a login in progress.
pub(in crate::sync) type Prompt = dyn Fn(LoginStep) + Send + Sync;

/// Time limit of a login.
const PATIENCE: Duration = Duration::from_secs(300);

impl Live {
    /// Logs in to an OAuth provider.
    pub(super) async fn log_in(
        self: &Arc<Self>,
        job: JobId,
        metadata: &'static ProviderMetadata,
        accepted: &Accepted,
        prompt: &Prompt,
    ) -> Result<Credentials, JobFailure> {
        let built = self.build(metadata, accepted.environment, accepted.values.clone(), None);
        let (_, oauth) = built.map_err(JobFailure::from)?;
        let oauth = oauth.ok_or_else(|| {
            JobFailure::new(FailureKind::Validation, format!("{} can't be connected from here", metadata.display_name))
        })?;
        let authorization = oauth.authorization().map_err(JobFailure::from)?;
        let (sender, pasted) = mpsc::unbounded_channel();
        lock(&self.pasting).insert(job, sender);
        let listener = CallbackListener::bind(&authorization).await;
        prompt(LoginStep::Waiting(LoginPrompt {
            url: authorization.url.clone(),
            ending: LoginEnding::Redirect {
                callback_url: authorization.callback_url.clone(),
                listening: match &listener {
                    Ok(listener) => Ok(Listening { fingerprint: listener.fingerprint().map(str::to_owned) }),
                    Err(error) => Err(error.clone()),
                },
            },
            browser_opened: self.open_browser(authorization.url.clone()).await,
            expires_at: self.clock.now() + PATIENCE,
        }));
        let code = wait_for_code(listener, pasted, &authorization, prompt).await;
        let code = code.map_err(|error| {
            JobFailure::new(FailureKind::LoginFailed, format!("{}: {error}", metadata.display_name))
                .with_hint("start the login again")
                .with_source(error)
        })?;
        oauth.exchange_code(&authorization, &code).await.map_err(JobFailure::from)
    }

    /// Opens the browser on a blocking thread, since starting it may hang; waits at most two seconds.
    pub(super) async fn open_browser(self: &Arc<Self>, url: String) -> bool {
        let browser = Arc::clone(&self.config.browser);
        let opened = tokio::task::spawn_blocking(move || browser.open(&url).is_ok());
        matches!(tokio::time::timeout(Duration::from_secs(2), opened).await, Ok(Ok(true)))
    }
}

/// Why a login got no code.
#[derive(Debug, thiserror::Error)]
enum LoginError {
    #[error(transparent)]
    Callback(#[from] CallbackError),
    #[error(transparent)]
    Redirect(#[from] RedirectError),
    #[error("{0}; standard input is closed, so nothing can be pasted either")]
    NoWay(CallbackError),
}

/// The code, from the listener or from a paste. A paste that does not belong to this login is ignored. Without listener
/// and paste, the wait ends at once.
async fn wait_for_code(
    listener: Result<CallbackListener, CallbackError>,
    mut pasted: mpsc::UnboundedReceiver<SecretString>,
    authorization: &Authorization,
    prompt: &Prompt,
) -> Result<SecretString, LoginError> {
    let (listener, reason) = match listener {
        Ok(listener) => (Some(listener), None),
        Err(error) => (None, Some(error)),
    };
    let mut is_closed = false;
    let caught = async {
        if let Some(listener) = listener {
            return listener.wait(PATIENCE).await;
        }
        tokio::time::sleep(PATIENCE).await;
        Err(CallbackError::TimedOut)
    };
    tokio::pin!(caught);
    loop {
        tokio::select! {
            caught = &mut caught => return Ok(caught?),
            text = pasted.recv(), if !is_closed => match text.map(|text| parse_redirect(text.expose_secret(), authorization)) {
                Some(Ok(code)) => return Ok(code),
                Some(Err(error @ RedirectError::Denied { .. })) => return Err(error.into()),
                // The address of another tab, or a part of one: the user can try again.
                Some(Err(error)) => prompt(LoginStep::PasteRejected(error.to_string())),
                None => match &reason {
                    Some(reason) => return Err(LoginError::NoWay(reason.clone())),
                    None => is_closed = true,
                },
            },
        }
    }
}

/// Whether a connection's login ends within a day, about which screen and `sync` warn.
#[must_use]
pub fn login_ends_soon(connection: &crate::domain::Connection, now: chrono::DateTime<chrono::Utc>) -> bool {
    connection.status == ConnectionStatus::Active
        && connection.login_expires_at.is_some_and(|ends| ends - now <= chrono::TimeDelta::days(1))
}
