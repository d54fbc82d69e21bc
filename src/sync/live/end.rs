//! Ending a login at its provider, when a connection is ended here.
//!
//! INVARIANT: a failure never keeps a connection from being ended here; it is reported.

use std::{sync::Arc, time::Duration};

use super::Live;
use crate::{
    domain::ConnectionId,
    providers::{self, Credentials},
};

/// Longest time to wait for the provider.
const PATIENCE: Duration = Duration::from_secs(15);

impl Live {
    /// Ends the login of a connection at its provider. Returns the reason if it may still work there.
    pub(super) async fn end_login(self: &Arc<Self>, id: ConnectionId) -> Option<String> {
        let opened = self.blocking(move |live| {
            let Some(connection) = live.store.read()?.connection(id)? else { return Ok(None) };
            let Ok(metadata) = providers::find(&connection.provider) else { return Ok(None) };
            if metadata.is_file() || live.store.read()?.credential(id)?.is_none() {
                return Ok(None);
            }
            let credentials = live.open_credentials(&connection)?;
            Ok(Some((connection, metadata, credentials)))
        });
        let (connection, metadata, credentials) = match opened.await {
            Ok(None) => return None,
            Ok(Some(opened)) => opened,
            Err(failure) => return Some(format!("the login was not ended at the provider: {}", failure.message)),
        };
        let built = self.build(metadata, connection.environment.as_deref(), credentials.fields().clone(), None);
        let ending = async {
            let (provider, oauth) = built?;
            match (oauth, &credentials) {
                (Some(oauth), Credentials::Oauth2(tokens)) => oauth.revoke(tokens).await,
                _ => provider.end(&credentials).await,
            }
        };
        match tokio::time::timeout(PATIENCE, ending).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(format!("the login may still work at {}: {}", metadata.display_name, error.message)),
            Err(_) => Some(format!("the login may still work at {}: it does not answer", metadata.display_name)),
        }
    }
}
