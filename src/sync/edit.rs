//! What the user changes by hand, and taking changes back.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};

use super::Failure;
use crate::{
    domain::{
        AccountId, AccountType, Change, ChangeCounts, ChangeId, ChangeKind, ConnectionId, FailureKind, TransactionId,
        UserFields, text,
    },
    store::{Reader, Store},
};

/// One edit.
pub(super) enum Edit {
    RenameAccount(AccountId, Option<String>),
    SetAccountType(AccountId, Option<AccountType>),
    RenameConnection(ConnectionId, Option<String>),
    Transactions(Vec<(TransactionId, UserFields)>),
}

/// Longest name a user may give.
const MAX_NAME: usize = 100;

/// Writes an edit as a change of its own.
pub(super) fn apply(store: &Store, edit: &Edit, now: DateTime<Utc>) -> Result<ChangeId, Failure> {
    let begin = |source: String| store.begin(ChangeKind::Edit, &source, now).map_err(Failure::from);
    let (writer, accounts) = match edit {
        Edit::RenameAccount(id, _) | Edit::SetAccountType(id, _) => {
            let known = store.read()?.account(*id)?;
            let account = known.ok_or_else(|| missing("account", &id.to_string(), "accounts"))?;
            let mut alias = account.alias.clone();
            let mut kind = account.type_override;
            let source = match edit {
                Edit::RenameAccount(_, name) => {
                    alias = valid_name(name.as_deref())?;
                    format!("name of {}", account.display_name())
                }
                Edit::SetAccountType(_, account_type) => {
                    kind = *account_type;
                    format!("type of {}", account.display_name())
                }
                Edit::RenameConnection(..) | Edit::Transactions(..) => String::new(),
            };
            let mut writer = begin(source)?;
            writer.set_account_user(*id, alias.as_deref(), kind)?;
            (writer, vec![*id])
        }
        Edit::RenameConnection(id, name) => {
            let known = store.read()?.connection(*id)?;
            let mut connection = known.ok_or_else(|| missing("connection", &id.to_string(), "connections"))?;
            let mut writer = begin(format!("name of {}", connection.display_name()))?;
            connection.alias = valid_name(name.as_deref())?;
            writer.put_connection(&connection)?;
            (writer, Vec::new())
        }
        Edit::Transactions(edits) => {
            let reader = store.read()?;
            let mut accounts = BTreeSet::new();
            let mut source = format!("{} rows", edits.len());
            for (id, _) in edits {
                let row = reader.transaction(*id)?;
                let row = row.ok_or_else(|| missing("transaction", &id.to_string(), "transactions"))?;
                accounts.insert(row.account_id);
                if edits.len() == 1 {
                    source = format!("{} {}", row.facts.date, row.facts.payee());
                }
            }
            drop(reader);
            let mut writer = begin(source)?;
            for (id, fields) in edits {
                writer.set_user_fields(*id, &cleaned(fields))?;
            }
            (writer, accounts.into_iter().collect())
        }
    };
    let counts = ChangeCounts {
        transactions_updated: match edit {
            Edit::Transactions(edits) => u64::try_from(edits.len()).unwrap_or(u64::MAX),
            Edit::RenameAccount(..) | Edit::SetAccountType(..) | Edit::RenameConnection(..) => 0,
        },
        accounts_updated: u64::from(matches!(edit, Edit::RenameAccount(..) | Edit::SetAccountType(..))),
        ..ChangeCounts::default()
    };
    Ok(writer.commit(counts, accounts, None, Vec::new())?.id)
}

/// Undoes or redoes a change: the named one, or the newest that can be.
pub(super) fn toggle(
    store: &Store,
    change: Option<ChangeId>,
    undo: bool,
    now: DateTime<Utc>,
) -> Result<Change, Failure> {
    let reader = store.read()?;
    let can = |change: &Change| if undo { change.can_undo() } else { change.can_redo() };
    let target = match change {
        Some(id) => {
            let change = reader.change(id)?.ok_or_else(|| missing("change", &id.to_string(), "changes"))?;
            if !can(&change) {
                let why = match (undo, change.undone) {
                    (true, true) => "it is undone already",
                    (false, false) => "it was not undone",
                    (true, false) | (false, true) => {
                        "an undo or redo is not undone itself; toggle the change it was about"
                    }
                };
                let what = if undo { "undone" } else { "brought back" };
                return Err(Failure::new(FailureKind::CannotUndo, format!("change {id} can't be {what}: {why}")));
            }
            change.id
        }
        None => newest(&reader, undo)?,
    };
    let came_again = !undo && has_later_news(&reader, target)?;
    drop(reader);
    let change = store.toggle(target, undo, now)?;
    if came_again && let Some(twin) = twin_of(store, target)? {
        store.toggle(target, true, now)?;
        let message = format!("change {target} can't be brought back: its rows came again with change {twin}");
        return Err(Failure::new(FailureKind::CannotRedo, message).with_hint(format!("undo change {twin} first")));
    }
    Ok(change)
}

/// Whether anything was fetched or imported after the change.
fn has_later_news(reader: &Reader, id: ChangeId) -> Result<bool, Failure> {
    let later = reader.changes(None, usize::MAX)?.into_iter().take_while(|later| later.id > id);
    let is_news = |later: Change| matches!(later.kind, ChangeKind::Import | ChangeKind::Sync) && !later.undone;
    Ok(later.into_iter().any(is_news))
}

/// A later change that holds a row which this one holds too: both at once would tell it twice.
fn twin_of(store: &Store, id: ChangeId) -> Result<Option<ChangeId>, Failure> {
    const PAGE: usize = 4096;
    let reader = store.read()?;
    if let Some(twin) = twin_account(&reader, id)? {
        return Ok(Some(twin));
    }
    for offset in (0..).step_by(PAGE) {
        let ids = reader.rows_of_change(id, offset, PAGE)?;
        for row in ids.iter().filter_map(|row| reader.transaction(*row).transpose()) {
            let row = row?;
            let facts = &row.facts;
            let others = match &facts.provider_id {
                Some(provider_id) => reader.by_provider_id(row.account_id, provider_id)?,
                None => reader.rows_between(row.account_id, facts.date, facts.date)?,
            };
            let skeleton = text::skeleton(facts.description());
            let twin = others.into_iter().find(|other| {
                other.id != row.id
                    && other.change_id > id
                    && (other.facts.date, other.facts.amount) == (facts.date, facts.amount)
                    && text::skeleton(other.facts.description()) == skeleton
            });
            if let Some(twin) = twin {
                return Ok(Some(twin.change_id));
            }
        }
        if ids.len() < PAGE {
            break;
        }
    }
    Ok(None)
}

/// A later change that speaks of an account which this one made anew: an undo took the account away, perhaps with its
/// connection, and it came again under another id.
fn twin_account(reader: &Reader, id: ChangeId) -> Result<Option<ChangeId>, Failure> {
    let connections = reader.connections()?;
    let accounts = reader.accounts()?;
    let mut known = HashMap::new();
    let mut twin = None;
    for account in &accounts {
        let connection = connections.iter().find(|connection| connection.id == account.connection_id);
        let Some(connection) = connection.filter(|connection| connection.counts()) else { continue };
        let name = (&connection.provider, &connection.institution_key, &account.provider_account_id);
        if known.insert(name, account.id).is_some() {
            twin = Some(account.id);
        }
    }
    let Some(twin) = twin else { return Ok(None) };
    // The journal tells the newest first; wanted is the one that brought the account again.
    let mut oldest_first = reader.changes(None, usize::MAX)?.into_iter().rev();
    let speaks = |change: &Change| !change.undone && change.id != id && change.accounts.contains(&twin);
    Ok(oldest_first.find(speaks).map(|change| change.id))
}

/// The change that a bare undo or redo is about: the newest that stands, or the one undone last.
fn newest(reader: &Reader, undo: bool) -> Result<ChangeId, Failure> {
    let mut before = None;
    loop {
        let page = reader.changes(before, 256)?;
        let Some(last) = page.last() else { break };
        before = Some(last.id);
        for change in &page {
            if undo && change.can_undo() {
                return Ok(change.id);
            }
            if !undo && change.kind == ChangeKind::Undo {
                let about = change.about.map(|about| reader.change(about)).transpose()?.flatten();
                if let Some(about) = about.filter(Change::can_redo) {
                    return Ok(about.id);
                }
            }
        }
    }
    let (kind, what) =
        if undo { (FailureKind::NothingToUndo, "undo") } else { (FailureKind::NothingToRedo, "bring back") };
    Err(Failure::new(kind, format!("there is nothing to {what}")))
}

fn missing(what: &str, id: &str, list: &str) -> Failure {
    Failure::new(FailureKind::NotFound, format!("there is no {what} {id}"))
        .with_hint(format!("`dashtam {list}` lists them"))
}

/// A name fit for one line, or none when nothing is left of it.
fn valid_name(name: Option<&str>) -> Result<Option<String>, Failure> {
    let name = name.and_then(text::clean_line);
    match name {
        Some(name) if name.chars().count() > MAX_NAME => {
            Err(Failure::new(FailureKind::TooLong, format!("a name has at most {MAX_NAME} characters")))
        }
        name => Ok(name.map(String::from)),
    }
}

fn cleaned(fields: &UserFields) -> UserFields {
    let line = |text: &Option<String>| text.as_deref().and_then(text::clean_line).map(String::from);
    let mut tags: Vec<String> = Vec::new();
    for tag in fields.tags.iter().filter_map(|tag| text::clean_line(tag)) {
        if !tags.iter().any(|known| **known == *tag) {
            tags.push(tag.into());
        }
    }
    UserFields { payee: line(&fields.payee), category: line(&fields.category), tags, note: line(&fields.note) }
}
