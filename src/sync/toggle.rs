//! Undo and redo: which change is meant, and whether it may be.
//!
//! INVARIANT: everything is checked on the state that would result, before anything is durable; a refused undo or redo leaves
//! the store and the journal as they were. A redo never makes two rows of one: rows that came again meanwhile are found as an
//! import would find them.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    JobFailure,
    edit::missing,
    reconcile::{self, Batch, Learned, ListingFacts, Outcome},
};
use crate::{
    domain::{
        AccountId, Change, ChangeId, ChangeKind, FailureKind, IdTrust, Transaction, TransactionDraft, TransactionFacts,
        TransactionId, TransactionStatus, text,
    },
    store::{Reader, Store, Writer},
};

/// Rows read from the journal at a time.
const PAGE: usize = 4096;

/// Undoes or redoes a change: the named one, or the newest that can be.
pub(super) fn toggle(
    store: &Store,
    change: Option<ChangeId>,
    undo: bool,
    now: DateTime<Utc>,
) -> Result<Change, JobFailure> {
    let reader = store.read()?;
    let target = match change {
        Some(id) => {
            let change = reader.change(id)?.ok_or_else(|| missing("change", &id.to_string(), "changes"))?;
            check_state(&change, undo)?;
            change
        }
        None => newest(&reader, undo)?,
    };
    if undo {
        let login = match target.connection_id {
            Some(id) if reader.credential(id)?.is_some() => reader.connection(id)?,
            _ => None,
        };
        return store.toggle_if(target.id, true, now, |writer| {
            // A change that connected is taken back by disconnecting: a login never stays behind out of sight.
            if let Some(mut connection) = login
                && writer.connection(connection.id)?.is_none()
            {
                connection.mark_disconnected();
                writer.remove_credential(connection.id)?;
                writer.put_connection(&connection)?;
            }
            Ok(())
        });
    }
    let meanwhile = came_meanwhile(&reader, target.id)?;
    let rows = rows_of(&reader, target.id)?;
    let others: HashMap<ChangeId, HashSet<TransactionId>> =
        meanwhile.iter().map(|id| Ok((*id, rows_of(&reader, *id)?))).collect::<Result<_, JobFailure>>()?;
    drop(reader);
    store.toggle_if(target.id, false, now, |writer| {
        let twin = match twin_account(writer, &target.accounts)? {
            Some(account) => Some(format!("account {account} came again")),
            None => {
                twin_rows(writer, &rows, &others)?.map(|change| format!("its rows came again with change {change}"))
            }
        };
        match twin {
            None => Ok(()),
            Some(why) => {
                let hint = others.keys().max().map_or_else(
                    || "`dashtam changes` lists the changes".to_owned(),
                    |change| format!("undo change {change} first"),
                );
                let message = format!("change {} can't be brought back: {why}", target.id);
                Err(JobFailure::new(FailureKind::CannotRedo, message).with_hint(hint))
            }
        }
    })
}

fn check_state(change: &Change, undo: bool) -> Result<(), JobFailure> {
    let can = if undo { change.can_undo() } else { change.can_redo() };
    if can {
        return Ok(());
    }
    let why = match (undo, change.undone) {
        (true, true) => "it is undone already",
        (false, false) => "it was not undone",
        (true, false) | (false, true) => "an undo or redo is not undone itself; toggle the change it was about",
    };
    let what = if undo { "undone" } else { "brought back" };
    Err(JobFailure::new(FailureKind::CannotUndo, format!("change {} can't be {what}: {why}", change.id)))
}

/// Imports and syncs whose rows were added, or brought back, since the change was undone.
fn came_meanwhile(reader: &Reader, target: ChangeId) -> Result<Vec<ChangeId>, JobFailure> {
    let mut found = Vec::new();
    for change in reader.changes(None, usize::MAX)? {
        if change.kind == ChangeKind::Undo && change.about == Some(target) {
            break;
        }
        let is_news = |change: &Change| matches!(change.kind, ChangeKind::Import | ChangeKind::Sync) && !change.undone;
        if is_news(&change) {
            found.push(change.id);
        } else if change.kind == ChangeKind::Redo
            && let Some(about) = change.about.map(|about| reader.change(about)).transpose()?.flatten()
            && is_news(&about)
        {
            found.push(about.id);
        }
    }
    found.retain(|id| *id != target);
    Ok(found)
}

fn rows_of(reader: &Reader, change: ChangeId) -> Result<HashSet<TransactionId>, JobFailure> {
    let mut rows = HashSet::new();
    for offset in (0..).step_by(PAGE) {
        let ids = reader.rows_of_change(change, offset, PAGE)?;
        let is_last = ids.len() < PAGE;
        rows.extend(ids);
        if is_last {
            break;
        }
    }
    Ok(rows)
}

/// A change among `others` that has a row which is also among `rows`, as far as both stand.
fn twin_rows(
    writer: &mut Writer,
    rows: &HashSet<TransactionId>,
    others: &HashMap<ChangeId, HashSet<TransactionId>>,
) -> Result<Option<ChangeId>, JobFailure> {
    let mut back: HashMap<AccountId, Vec<TransactionDraft>> = HashMap::new();
    for id in sorted(rows) {
        if let Some(row) = writer.transaction(id)?.filter(is_counted) {
            back.entry(row.account_id).or_default().push(row.facts.into());
        }
    }
    for (change, ids) in others {
        let mut stored: HashMap<AccountId, Vec<Transaction>> = HashMap::new();
        for id in sorted(ids).into_iter().filter(|id| !rows.contains(id)) {
            if let Some(row) = writer.transaction(id)?.filter(is_counted) {
                stored.entry(row.account_id).or_default().push(row);
            }
        }
        for (account, stored) in stored {
            let Some(drafts) = back.get(&account) else { continue };
            let batch = Batch {
                drafts,
                stored: &stored,
                loaded: Some((NaiveDate::MIN, NaiveDate::MAX)),
                learned: &Learned::default(),
                trust: IdTrust::Reusable,
                listing: ListingFacts::default(),
            };
            let plan = reconcile::reconcile(&batch);
            let letters = |facts: &TransactionFacts| text::skeleton(facts.description());
            let is_same_text = |doubt: &reconcile::Doubt| {
                stored
                    .iter()
                    .any(|row| row.id == doubt.row && letters(&row.facts) == letters(&drafts[doubt.draft].facts))
            };
            if plan.doubts.iter().any(is_same_text) || plan.outcomes.iter().any(|outcome| *outcome != Outcome::New) {
                return Ok(Some(*change));
            }
        }
    }
    Ok(None)
}

fn is_counted(row: &Transaction) -> bool {
    !matches!(row.facts.status, TransactionStatus::Cancelled | TransactionStatus::Failed)
}

fn sorted(ids: &HashSet<TransactionId>) -> Vec<TransactionId> {
    let mut ids: Vec<TransactionId> = ids.iter().copied().collect();
    ids.sort_unstable();
    ids
}

/// One of `accounts` that two counting connections of one source would have.
fn twin_account(writer: &mut Writer, accounts: &[AccountId]) -> Result<Option<AccountId>, JobFailure> {
    let connections = writer.connections()?;
    let mut known = HashMap::new();
    for account in writer.accounts()? {
        let connection = connections.iter().find(|connection| connection.id == account.connection_id);
        let Some(connection) = connection.filter(|connection| connection.counts()) else { continue };
        let name = (
            connection.provider.clone(),
            connection.institution_key.clone(),
            account.provider_account_id.clone(),
            account.currency,
        );
        if let Some(other) = known.insert(name, account.id)
            && (accounts.contains(&other) || accounts.contains(&account.id))
        {
            return Ok(Some(account.id));
        }
    }
    Ok(None)
}

/// The change that a bare undo or redo is about: the newest that stands, or the one undone last.
fn newest(reader: &Reader, undo: bool) -> Result<Change, JobFailure> {
    let mut before = None;
    loop {
        let page = reader.changes(before, 256)?;
        let Some(last) = page.last() else { break };
        before = Some(last.id);
        for change in &page {
            if undo && change.can_undo() {
                return Ok(change.clone());
            }
            if !undo && change.kind == ChangeKind::Undo {
                let about = change.about.map(|about| reader.change(about)).transpose()?.flatten();
                if let Some(about) = about.filter(Change::can_redo) {
                    return Ok(about);
                }
            }
        }
    }
    let (kind, what) =
        if undo { (FailureKind::NothingToUndo, "undo") } else { (FailureKind::NothingToRedo, "bring back") };
    Err(JobFailure::new(kind, format!("there is nothing to {what}")))
}
