//! Connecting: check a login, show its accounts, store it on confirmation; repairing and ending a connection.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Utc};

use super::{CheckedPieces, JobFailure, JobId, Live, Occasion, SyncOrder, SyncReport, lock, oauth::Prompt};
use crate::{
    config::{AnswerSource, ConfiguredError},
    domain::{
        Account, AccountDraft, AccountId, ChangeCounts, ChangeKind, Connection, ConnectionId, ConnectionStatus,
        Disposition, FailureKind, IdTrust, ProviderError, SnapshotSource, Warning,
    },
    providers::{
        self, Accepted, Auth, Credentials, FetchPlan, Field, Piece, ProviderMetadata, Purpose, Secrets, Validation,
        kit::Replies,
    },
    store::Writer,
    sync::{
        ConnectRequest, Event, FoundConnection, KnownConnection,
        account::{self, AccountNews, Writing},
        ended,
    },
};

/// A login that works and waits for confirmation. Nothing of it is stored.
pub(in crate::sync) struct Checked {
    pub(super) metadata: &'static ProviderMetadata,
    pub(super) credentials: Credentials,
    pub(super) found: FoundConnection,
    /// The connection to repair.
    pub(super) repairs: Option<ConnectionId>,
    /// The data that the check fetched, for the first sync.
    pub(super) pieces: Arc<CheckedPieces>,
    /// The id under which the credentials are sealed already, if they came from a link.
    pub(super) reserved: Option<ConnectionId>,
    /// When the login ends, if that is stated.
    pub(super) ends_at: Option<DateTime<Utc>>,
}

/// The outcome of a check.
struct Found {
    connection: FoundConnection,
    pieces: Arc<CheckedPieces>,
    ends_at: Option<DateTime<Utc>>,
}

/// The user's choices for a checked login.
pub(in crate::sync) struct Kept {
    pub(in crate::sync) alias: Option<String>,
    pub(in crate::sync) excluded: Vec<String>,
    pub(in crate::sync) renews: Option<ConnectionId>,
}

impl Live {
    /// Checks a login and finds its accounts. `prompt` is called when the user must act in a browser.
    pub(in crate::sync) async fn connect(
        self: &Arc<Self>,
        job: JobId,
        request: ConnectRequest,
        prompt: &Prompt,
    ) -> Result<FoundConnection, JobFailure> {
        let metadata =
            providers::find(&request.provider).map_err(|error| JobFailure::caused(FailureKind::NotFound, error))?;
        // A token that was given now is used as it is; a stored one that has ended leads to the page of a new login.
        let page = metadata.auth.certificate_link().map(|link| link.token_field);
        let page = page.filter(|token| request.connection.is_some() && is_blank(&request.answers, token));
        let (answers, exposed) = self
            .blocking(move |live| {
                let (answers, exposed) = read_files(metadata.fields(), request.answers)?;
                let answers = answers.or(&live.configured(metadata.slug)?);
                Ok(match request.connection {
                    Some(id) => (live.answered_before(id, answers)?, exposed),
                    None => (answers, exposed),
                })
            })
            .await?;
        let accepted = metadata.accept(&answers).map_err(|problems| {
            let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
            JobFailure::new(FailureKind::Validation, format!("{}: {}", metadata.display_name, all.join("; ")))
        })?;
        // The vault is opened before any request: a login that can't be stored is useless.
        self.blocking(|live| live.unlock(None)).await?;
        let linked = async |accepted: &Accepted| {
            let linked = self.link(metadata, accepted, request.connection, prompt).await?;
            Ok::<_, JobFailure>((linked.credentials, Some(linked.reserved)))
        };
        let (mut credentials, mut reserved) = match (metadata.credentials(&accepted), &metadata.auth) {
            // Values that a login page returned stay with a token that stays.
            (Some(Credentials::Certificate(values)), _) if page.is_some() => {
                (Credentials::Certificate(values.or(&answers.without("environment"))), None)
            }
            (Some(credentials), _) => (credentials, None),
            (None, Auth::Oauth { .. }) => (self.log_in(job, metadata, &accepted, prompt).await?, None),
            (None, _) => linked(&accepted).await?,
        };
        let mut found = self.check(metadata, accepted.environment, &credentials).await;
        if let (Err(error), Some(token), None) = (&found, page, reserved)
            && error.disposition() == Disposition::Reauthenticate
        {
            let values = accepted.values.clone().without(token);
            (credentials, reserved) = linked(&Accepted { values, ..accepted.clone() }).await?;
            found = self.check(metadata, accepted.environment, &credentials).await;
        }
        let Found { connection: mut found, pieces, ends_at } = found.map_err(JobFailure::from)?;
        found.warnings.extend(exposed);
        let found = self.compare(found, request.connection).await?;
        let checked = Checked {
            metadata,
            credentials,
            found: found.clone(),
            repairs: request.connection,
            pieces,
            reserved,
            ends_at,
        };
        lock(&self.checked).insert(job, checked);
        Ok(found)
    }

    /// Configured answers for a provider.
    fn configured(&self, slug: &str) -> Result<Secrets, JobFailure> {
        let mut answers = Secrets::new();
        if let Some(config) = self.config.providers.get(slug) {
            let read = config.read_answers(slug).map_err(|error| JobFailure::from(&error))?;
            for (field, answer) in read {
                answers.insert(field, answer);
            }
        }
        Ok(answers)
    }

    /// Answers for a new login of a connection: blank fields are filled from the stored login, if it can be opened.
    fn answered_before(&self, id: ConnectionId, mut answers: Secrets) -> Result<Secrets, JobFailure> {
        let connection = self.store.read()?.connection(id)?.ok_or_else(|| no_connection(id))?;
        if let (None, Some(environment)) = (answers.get("environment"), &connection.environment) {
            answers.insert("environment", environment.as_str().into());
        }
        self.unlock(None)?;
        Ok(match self.open_credentials(&connection) {
            Ok(stored) => answers.or(stored.fields()),
            // Stored values are only needed for fields left blank; validation reports those still missing.
            Err(_) => answers,
        })
    }

    async fn check(
        self: &Arc<Self>,
        metadata: &'static ProviderMetadata,
        environment: Option<&'static str>,
        credentials: &Credentials,
    ) -> Result<Found, ProviderError> {
        let replies = Replies::default();
        let settings = credentials.fields().clone();
        let (provider, _) = self.build(metadata, environment, settings, Some(replies.clone()))?;
        let cursors = BTreeMap::new();
        let plan = FetchPlan::new(Purpose::Check, credentials, self.clock.now(), self.clock.today(), &cursors);
        let mut pieces: Vec<Piece> = Vec::new();
        let Validation { environment: works_in, institution, ends_at, mut warnings } =
            provider.check(&plan, &mut pieces).await?;
        let mut accounts = Vec::new();
        for piece in &pieces {
            match piece {
                Piece::Accounts(listing) => {
                    accounts.extend(listing.items.iter().cloned());
                    warnings.extend(listing.warnings.iter().cloned());
                }
                Piece::Warning(warning) => warnings.push(warning.clone()),
                Piece::Problem(problem) => warnings.push(Warning::new(0, problem.error.message.clone())),
                _ => {}
            }
        }
        if accounts.is_empty() && warnings.is_empty() {
            warnings.push(Warning::new(0, "the login works, but it opens no accounts"));
        }
        let connection = FoundConnection {
            provider: metadata.slug.to_owned(),
            institution: institution.unwrap_or_else(|| metadata.display_name.to_owned()),
            environment: works_in
                .or(environment)
                .or(metadata.environments.first().map(|place| place.name))
                .map(str::to_owned),
            accounts,
            is_different: false,
            known: Vec::new(),
            warnings,
        };
        Ok(Found { connection, pieces: Arc::new(CheckedPieces { pieces, replies: replies.take() }), ends_at })
    }

    /// Checks whether a repaired login opens none of the known accounts, and which accounts other connections have.
    pub(super) async fn compare(
        self: &Arc<Self>,
        mut found: FoundConnection,
        repairs: Option<ConnectionId>,
    ) -> Result<FoundConnection, JobFailure> {
        self.blocking(move |live| {
            let reader = live.store.read()?;
            let accounts = reader.source_accounts()?;
            let of = |id: ConnectionId| accounts.iter().filter(move |account| account.connection_id == id);
            let is_found = |account: &&Account| {
                found.accounts.iter().any(|draft| draft.provider_account_id == account.provider_account_id)
            };
            // A bank that was linked again may list its accounts under new ids, unless the provider's ids always stay.
            let ids_stay = providers::find(&found.provider).is_ok_and(|it| it.id_trust == IdTrust::Unique);
            let is_alike = |account: &Account| {
                !ids_stay
                    && found.accounts.iter().any(|draft| {
                        draft.name.as_deref() == Some(account.name.as_str())
                            && draft.currency == account.currency
                            && draft.institution.as_ref().is_none_or(|institution| *institution == account.institution)
                    })
            };
            let is_different = repairs
                .is_some_and(|id| of(id).next().is_some() && !of(id).any(|known| is_found(&known) || is_alike(known)));
            let others = reader
                .connections()?
                .into_iter()
                .filter(|other| other.provider == found.provider && other.counts() && Some(other.id) != repairs);
            let known = others.map(|other| KnownConnection {
                id: other.id,
                name: other.display_name().to_owned(),
                accounts: of(other.id).filter(is_found).map(|account| account.provider_account_id.clone()).collect(),
            });
            let known = known.filter(|known| !known.accounts.is_empty()).collect();
            found.is_different = is_different;
            found.known = known;
            Ok(found)
        })
        .await
    }

    /// Stores a checked connection and syncs it for the first time.
    pub(in crate::sync) async fn confirm(
        self: &Arc<Self>,
        job: JobId,
        kept: Kept,
        order: SyncOrder,
    ) -> Result<SyncReport, JobFailure> {
        let checked = lock(&self.checked).remove(&job);
        // Locking the vault also drops checked logins, so a locked vault is reported first.
        self.blocking(|live| live.unlock(None)).await?;
        let mut checked =
            checked.ok_or_else(|| JobFailure::new(FailureKind::NotFound, "there is no checked login to keep"))?;
        checked.repairs =
            checked.repairs.or(kept.renews.filter(|id| checked.found.known.iter().any(|known| known.id == *id)));
        if let (None, Some(known)) = (checked.repairs, checked.found.same_as()) {
            return Err(already_connected(&known.name, known.id));
        }
        // A repaired connection has its first sync behind it.
        let occasion = if checked.repairs.is_some() { Occasion::Asked { force: true } } else { order.occasion };
        // A repaired login may list known accounts under new ids, which the sync recognises and the check can't.
        let pieces = Some(Arc::clone(&checked.pieces)).filter(|_| checked.repairs.is_none());
        let connection = self.writing(move |live| live.keep_connection(checked, kept)).await?;
        self.shared.publish(&Event::StoreChanged);
        self.sync(vec![connection], SyncOrder { occasion, checked: pieces, ..order }).await
    }

    pub(super) fn keep_connection(&self, checked: Checked, kept: Kept) -> Result<ConnectionId, JobFailure> {
        let Checked { metadata, credentials, found, repairs, pieces: _, reserved, ends_at } = checked;
        let Kept { alias, mut excluded, renews: _ } = kept;
        let now = self.clock.now();
        let wrong_state = |error: crate::domain::TransitionError| JobFailure::caused(FailureKind::WrongState, error);
        let login_expires_at = credentials.oauth().and_then(|oauth| oauth.login_expires_at).or(ends_at);
        if let Some(id) = repairs {
            let mut writer = self.store.begin(ChangeKind::Sync, "reconnect", now)?;
            let mut connection = writer.connection(id)?.ok_or_else(|| no_connection(id))?;
            leave_out_taken(&mut writer, &found, Some(id), &mut excluded)?;
            if connection.status != ConnectionStatus::Active {
                connection.mark_connected(now).map_err(wrong_state)?;
            }
            connection.environment = found.environment;
            connection.login_expires_at = login_expires_at;
            connection.error = None;
            connection.next_sync_at = Some(now);
            connection.alias = alias.or(connection.alias);
            excluded.retain(|account| !connection.excluded_accounts.contains(account));
            connection.excluded_accounts.extend(excluded);
            writer.put_connection(&connection)?;
            writer.put_credential(id, &self.seal(id, metadata.slug, &credentials)?)?;
            if let Some(reserved) = reserved {
                writer.remove_credential(reserved)?;
            }
            writer.commit_unlisted()?;
            return Ok(id);
        }
        let mut writer = self.store.begin(ChangeKind::Sync, &format!("connected {}", found.institution), now)?;
        leave_out_taken(&mut writer, &found, None, &mut excluded)?;
        let former = former_connection(&mut writer, metadata, &found)?;
        let mut connection = if let Some(former) = former {
            if let Some(reserved) = reserved.filter(|reserved| *reserved != former.id) {
                writer.remove_credential(reserved)?;
            }
            ended::put(&mut writer, former.id, false)?;
            let alias = alias.or_else(|| former.alias.clone());
            Connection { alias, ..former }
        } else {
            Connection {
                alias,
                ..Connection::new(reserved.unwrap_or_else(|| writer.new_connection_id()), metadata.slug, "")
            }
        };
        let id = connection.id;
        connection.institution.clone_from(&found.institution);
        connection.environment.clone_from(&found.environment);
        connection.excluded_accounts = excluded;
        connection.next_sync_at = Some(now);
        connection.login_expires_at = login_expires_at;
        if connection.counts() {
            connection.mark_connected(now).map_err(wrong_state)?;
        } else {
            connection.mark_reconnected(now).map_err(wrong_state)?;
        }
        writer.put_connection(&connection)?;
        writer.put_credential(id, &self.seal(id, metadata.slug, &credentials)?)?;
        let accounts = self.write_accounts(&mut writer, &connection, metadata, &found.accounts)?;
        let counts = ChangeCounts { accounts_created: accounts.len() as u64, ..ChangeCounts::default() };
        writer.commit(counts, accounts, Some(id), Vec::new())?;
        Ok(id)
    }

    /// Stores the accounts of a connection that it doesn't have yet, so that it has them even if its first sync fails.
    fn write_accounts(
        &self,
        writer: &mut Writer,
        connection: &Connection,
        metadata: &ProviderMetadata,
        accounts: &[AccountDraft],
    ) -> Result<Vec<AccountId>, JobFailure> {
        let reader = self.store.read()?;
        let writing = Writing { connection, now: self.clock.now(), source: SnapshotSource::InitialConnection };
        let stored = writer.accounts()?;
        let is_stored = |draft: &AccountDraft| {
            stored.iter().any(|account| {
                account.connection_id == connection.id && account.provider_account_id == draft.provider_account_id
            })
        };
        let wanted = accounts
            .iter()
            .filter(|draft| !connection.excluded_accounts.contains(&draft.provider_account_id) && !is_stored(draft));
        wanted
            .map(|draft| {
                let news = AccountNews {
                    draft,
                    currency_stated: true,
                    pages: Vec::new(),
                    removed: &[],
                    trust: metadata.id_trust,
                    format: "",
                    holdings: None,
                    history: &[],
                    replaces_history: false,
                };
                let plan = account::plan(&reader, connection, None, &account::Planned::default(), &news)?;
                Ok(account::write(&writing, writer, plan, Vec::new())?.id)
            })
            .collect()
    }

    /// Ends a connection: removes its credentials, and its data if requested. The login is ended at the provider first;
    /// returns the reason if it may still work there.
    pub(in crate::sync) async fn disconnect(
        self: &Arc<Self>,
        id: ConnectionId,
        remove_data: bool,
    ) -> Result<Option<String>, JobFailure> {
        let still_valid = self.end_login(id).await;
        self.writing(move |live| {
            let known = live.store.read()?.connection(id)?.ok_or_else(|| no_connection(id))?;
            let source = format!("disconnected {}", known.display_name());
            let mut writer = live.store.begin(ChangeKind::Edit, &source, live.clock.now())?;
            let mut connection = writer.connection(id)?.ok_or_else(|| no_connection(id))?;
            let counted = connection.counts();
            writer.remove_credential(id)?;
            connection.mark_disconnected();
            writer.put_connection(&connection)?;
            if remove_data {
                writer.remove_connection_data(id)?;
            }
            if remove_data || !counted {
                return Ok(writer.commit_unlisted()?);
            }
            ended::put(&mut writer, id, true)?;
            let accounts = writer.accounts()?.into_iter().filter(|account| account.connection_id == id);
            let accounts: Vec<AccountId> = accounts.map(|account| account.id).collect();
            let counts = ChangeCounts { accounts_updated: accounts.len() as u64, ..ChangeCounts::default() };
            writer.commit(counts, accounts, Some(id), Vec::new())?;
            Ok(())
        })
        .await?;
        Ok(still_valid)
    }
}

/// Leaves out the accounts that another connection of the provider has: they would count twice. Looks at the state that the
/// commit under way changes.
///
/// # Errors
/// When no account is left that another connection doesn't have.
fn leave_out_taken(
    writer: &mut Writer,
    found: &FoundConnection,
    own: Option<ConnectionId>,
    excluded: &mut Vec<String>,
) -> Result<(), JobFailure> {
    let accounts = writer.accounts()?;
    let mut others = writer.connections()?;
    others.retain(|other| Some(other.id) != own && other.counts() && other.provider == found.provider);
    let is_taken = |draft: &AccountDraft| {
        let id = &draft.provider_account_id;
        others.iter().find(|other| {
            accounts.iter().any(|account| account.connection_id == other.id && account.provider_account_id == *id)
        })
    };
    let taken: Vec<_> = found.accounts.iter().filter_map(|draft| Some((draft, is_taken(draft)?))).collect();
    if let Some((_, other)) = taken.first().filter(|_| taken.len() == found.accounts.len()) {
        return Err(already_connected(other.display_name(), other.id));
    }
    excluded.extend(taken.into_iter().map(|(draft, _)| draft.provider_account_id.clone()));
    Ok(())
}

/// The connection of the provider that the user ended and that had most of the accounts: it is continued.
fn former_connection(
    writer: &mut Writer,
    metadata: &ProviderMetadata,
    found: &FoundConnection,
) -> Result<Option<Connection>, JobFailure> {
    let mut accounts = writer.accounts()?;
    accounts.extend(writer.undone_accounts()?);
    let known = |connection: &Connection| {
        let own = accounts.iter().filter(|account| account.connection_id == connection.id);
        let listed = |id: &str| found.accounts.iter().any(|draft| draft.provider_account_id == id);
        own.filter(|account| listed(&account.provider_account_id)).count()
    };
    let ended = writer.connections()?.into_iter();
    let ended = ended.filter(|connection| !connection.counts() && connection.provider == metadata.slug);
    Ok(ended.filter(|connection| known(connection) > 0).max_by_key(|connection| (known(connection), connection.id)))
}

impl From<&ConfiguredError> for JobFailure {
    fn from(error: &ConfiguredError) -> Self {
        Self::new(FailureKind::Config, error.to_string()).with_hint(
            "put it there, or take the line out of the file that `dashtam config path` names and answer when asked",
        )
    }
}

/// Replaces paths by the content of their files, for fields that accept files; warns of files that other users can read.
fn read_files(fields: &[Field], mut answers: Secrets) -> Result<(Secrets, Vec<Warning>), JobFailure> {
    let mut exposed = Vec::new();
    for field in fields {
        let Some(path) = answers.expose(field.name).filter(|text| field.is_path(text)) else { continue };
        let source = AnswerSource::File(path.trim().into());
        let content = source.read().map_err(|error| {
            let why = error.reason();
            JobFailure::new(
                FailureKind::Validation,
                format!("{}: it is neither PEM text nor a file that can be read: {why}", field.label),
            )
        })?;
        exposed.extend(source.exposure().map(|message| Warning::new(0, message)));
        answers.insert(field.name, content);
    }
    Ok((answers, exposed))
}

fn is_blank(answers: &Secrets, field: &str) -> bool {
    answers.expose(field).is_none_or(|text| text.trim().is_empty())
}

fn already_connected(name: &str, id: ConnectionId) -> JobFailure {
    JobFailure::new(FailureKind::AlreadyConnected, format!("{name} has these accounts already"))
        .with_hint(format!("give it this login: dashtam reconnect {id}"))
}

fn no_connection(id: ConnectionId) -> JobFailure {
    JobFailure::new(FailureKind::NotFound, format!("there is no connection {id}"))
        .with_hint("`dashtam connections` lists them")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::{FieldKind, check};

    const FIELDS: [Field; 2] = [
        Field {
            name: "key",
            label: "Private key",
            help: "",
            kind: FieldKind::SecretFile,
            default: None,
            check: check::any,
        },
        Field { name: "token", label: "Token", help: "", kind: FieldKind::Secret, default: None, check: check::any },
    ];

    #[test]
    fn a_path_gives_way_to_what_is_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key.pem");
        let pem = "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----";
        std::fs::write(&file, format!("{pem}\n")).unwrap();
        let path = file.to_str().unwrap();
        let answers = |key: &str| Secrets::new().with("key", key).with("token", path);
        for key in [path, pem] {
            let (read, _) = read_files(&FIELDS, answers(key)).unwrap();
            assert_eq!((read.expose("key"), read.expose("token")), (Some(pem), Some(path)));
        }
        let missing = read_files(&FIELDS, answers("/nowhere/key.pem")).unwrap_err();
        assert!(missing.message.starts_with("Private key: it is neither PEM text nor a file"), "{missing}");
        assert!(!missing.message.contains("nowhere"), "it may be a secret that lost its heading");
        assert!(read_files(&FIELDS, answers(folder.path().to_str().unwrap())).is_err());
        assert!(read_files(&FIELDS, Secrets::new()).unwrap().0.is_empty());
    }

    #[test]
    fn a_file_that_others_can_read_is_named() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key.pem");
        std::fs::write(&file, "-----BEGIN PRIVATE KEY-----").unwrap();
        let answers = || Secrets::new().with("key", file.to_str().unwrap());
        for (mode, warned) in [(0o600, false), (0o400, false), (0o640, true), (0o604, true)] {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            let (_, exposed) = read_files(&FIELDS, answers()).unwrap();
            assert_eq!(exposed.len(), usize::from(warned), "{mode:o}: {exposed:?}");
            assert!(exposed.iter().all(|warning| warning.message.contains("chmod 600")), "{exposed:?}");
        }
    }
}
