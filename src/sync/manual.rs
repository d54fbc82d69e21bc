//! Accounts that the user keeps by hand.

use chrono::{DateTime, Utc};

use super::JobFailure;
use crate::{
    domain::{
        Account, AccountId, AccountType, AssetCode, ChangeCounts, ChangeId, ChangeKind, Connection, ConnectionStatus,
        FailureKind, text,
    },
    store::Store,
};

/// Slug of the connection that holds these accounts. No provider has it, so nothing is ever fetched for it.
const MANUAL: &str = "manual";

/// Adds an account that no file and no provider delivers.
pub(super) fn add_account(
    store: &Store,
    name: &str,
    account_type: AccountType,
    currency: AssetCode,
    now: DateTime<Utc>,
) -> Result<ChangeId, JobFailure> {
    let name = text::clean_line(name).ok_or_else(|| JobFailure::new(FailureKind::Usage, "an account needs a name"))?;
    let reader = store.read()?;
    let folded = text::fold(&name).into_owned();
    if let Some(taken) = reader.accounts()?.iter().find(|account| text::fold(account.display_name()) == folded) {
        let message = format!("there is an account `{}` (id {}) already", taken.display_name(), taken.id);
        return Err(JobFailure::new(FailureKind::WrongState, message).with_hint("choose another name"));
    }
    let known = reader.connections()?.into_iter().find(|connection| connection.provider == MANUAL);
    drop(reader);
    let mut writer = store.begin(ChangeKind::Edit, &format!("new account {name}"), now)?;
    let connection_id = if let Some(connection) = known {
        connection.id
    } else {
        let id = writer.new_connection_id();
        writer.put_connection(&Connection {
            institution_key: MANUAL.to_owned(),
            status: ConnectionStatus::Active,
            connected_at: Some(now),
            ..Connection::new(id, MANUAL, "Kept by hand")
        })?;
        id
    };
    let id = writer.new_account_id();
    writer.put_account(&Account {
        name: name.to_string(),
        institution: "Kept by hand".to_owned(),
        account_type,
        ..Account::new(id, connection_id, format!("{MANUAL}-{id}"), currency)
    })?;
    let counts = ChangeCounts { accounts_created: 1, ..ChangeCounts::default() };
    Ok(writer.commit(counts, vec![id], Some(connection_id), Vec::new())?.id)
}

/// Closes an account: its rows stay, its balance leaves net worth.
pub(super) fn close_account(store: &Store, id: AccountId, now: DateTime<Utc>) -> Result<ChangeId, JobFailure> {
    let reader = store.read()?;
    let account = reader.account(id)?;
    let account = account.ok_or_else(|| {
        JobFailure::new(FailureKind::NotFound, format!("there is no account {id}"))
            .with_hint("`dashtam accounts` lists them")
    })?;
    if !account.is_active {
        return Err(JobFailure::new(FailureKind::WrongState, format!("{} is closed already", account.display_name())));
    }
    let mut writer = store.begin(ChangeKind::Edit, &format!("closed {}", account.display_name()), now)?;
    // Every source of a merged account.
    for part in reader.merges().parts(account.id) {
        if let Some(part) = reader.source_account(part)? {
            writer.put_account(&Account { is_active: false, ..part })?;
        }
    }
    let counts = ChangeCounts { accounts_updated: 1, ..ChangeCounts::default() };
    Ok(writer.commit(counts, vec![id], None, Vec::new())?.id)
}
