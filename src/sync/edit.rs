//! Changes that the user makes by hand.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

use super::{JobFailure, account, failure::missing, merge, naming, reconcile::Content};
use crate::{
    domain::{
        Account, AccountCategory, AccountId, AccountSigns, AccountType, ChangeCounts, ChangeId, ChangeKind,
        ConnectionId, FailureKind, PairStanding, RowPair, Snapshot, SnapshotSource, Transaction, TransactionId,
        UserFields, figures::counted, text,
    },
    store::{Reader, Store, Writer},
};

/// One edit.
pub(super) enum Edit {
    RenameAccount(AccountId, Option<String>),
    SetAccountType(AccountId, Option<AccountType>),
    SetAccountSigns(AccountId, AccountSigns),
    RenameConnection(ConnectionId, Option<String>),
    Transactions(Vec<(TransactionId, UserFields)>),
    Pair(RowPair),
    /// The balance of an account at the end of a day, confirmed by the user.
    Balance(AccountId, NaiveDate, Decimal),
}

/// Longest name a user may give.
const MAX_NAME: usize = 100;

/// Writes an edit as a separate change.
pub(super) fn apply(store: &Store, edit: &Edit, now: DateTime<Utc>) -> Result<ChangeId, JobFailure> {
    let begin = |source: String| store.begin(ChangeKind::Edit, &source, now).map_err(JobFailure::from);
    let (writer, accounts) = match edit {
        Edit::RenameAccount(id, _) | Edit::SetAccountType(id, _) | Edit::SetAccountSigns(id, _) => {
            let known = store.read()?.account(*id)?;
            let account = known.ok_or_else(|| missing("account", &id.to_string(), "accounts"))?;
            let mut alias = account.alias.clone();
            let mut kind = account.type_override;
            let mut signs = account.signs;
            let source = match edit {
                Edit::RenameAccount(_, name) => {
                    alias = valid_name(name.as_deref())?;
                    format!("name of {}", account.display_name())
                }
                Edit::SetAccountType(_, account_type) => {
                    kind = *account_type;
                    format!("type of {}", account.display_name())
                }
                Edit::SetAccountSigns(_, switches) => {
                    signs = *switches;
                    format!("signs of {}", account.display_name())
                }
                Edit::RenameConnection(..) | Edit::Transactions(..) | Edit::Balance(..) | Edit::Pair(_) => {
                    String::new()
                }
            };
            let mut writer = begin(source)?;
            writer.set_account_user(*id, alias.as_deref(), kind, signs)?;
            (writer, vec![*id])
        }
        Edit::Balance(id, date, amount) => {
            let reader = store.read()?;
            let account = reader.account(*id)?.ok_or_else(|| missing("account", &id.to_string(), "accounts"))?;
            let snapshot = stated_by_user(&reader, &account, *date, *amount, now)?;
            drop(reader);
            let mut writer = begin(format!("balance of {} on {date}", account.display_name()))?;
            writer.put_snapshot(&snapshot)?;
            (writer, vec![*id])
        }
        Edit::RenameConnection(id, name) => {
            let known = store.read()?.connection(*id)?;
            let connection = known.ok_or_else(|| missing("connection", &id.to_string(), "connections"))?;
            let alias = valid_name(name.as_deref())?;
            let mut writer = begin(format!("name of {}", connection.display_name()))?;
            naming::put(&mut writer, &connection, alias)?;
            (writer, Vec::new())
        }
        Edit::Transactions(edits) => {
            let reader = store.read()?;
            let mut accounts = BTreeSet::new();
            let mut source = counted(edits.len(), "row");
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
        Edit::Pair(pair) => decide_pair(store, *pair, now)?,
    };
    let counts = ChangeCounts {
        transactions_updated: match edit {
            Edit::Transactions(edits) => u64::try_from(edits.len()).unwrap_or(u64::MAX),
            Edit::Pair(_) => 1,
            Edit::RenameAccount(..)
            | Edit::SetAccountType(..)
            | Edit::SetAccountSigns(..)
            | Edit::RenameConnection(..)
            | Edit::Balance(..) => 0,
        },
        accounts_updated: u64::from(matches!(
            edit,
            Edit::RenameAccount(..) | Edit::SetAccountType(..) | Edit::SetAccountSigns(..) | Edit::Balance(..)
        )),
        ..ChangeCounts::default()
    };
    Ok(writer.commit(counts, accounts, None, Vec::new())?.id)
}

/// The snapshot of a balance that the user states. The value of securities is kept from the last
/// statement and the rest is cash.
fn stated_by_user(
    reader: &Reader,
    account: &Account,
    date: NaiveDate,
    amount: Decimal,
    now: DateTime<Utc>,
) -> Result<Snapshot, JobFailure> {
    // A day further, since the day of the user may be ahead of UTC.
    if now.date_naive().succ_opt().is_some_and(|tomorrow| date > tomorrow) {
        let message = format!("a balance can't be stated for {date}: that day has not come yet");
        return Err(JobFailure::new(FailureKind::Validation, message).with_hint("name today or a day before"));
    }
    let before = reader.snapshots(account.id)?.into_iter().rev().find(|snapshot| snapshot.date <= date);
    let holdings_value = before.as_ref().and_then(|snapshot| snapshot.holdings_value);
    let is_split = holdings_value.is_some() || account.kind().category() == AccountCategory::Investment;
    let cash_value = amount.checked_sub(holdings_value.unwrap_or_default()).filter(|_| is_split);
    Ok(Snapshot {
        account_id: account.id,
        date,
        change_id: ChangeId(0),
        balance: amount,
        available: None,
        holdings_value,
        cash_value,
        currency: before.map_or(account.currency, |snapshot| snapshot.currency),
        source: SnapshotSource::Manual,
        captured_at: now,
    })
}

/// Merges two rows, or keeps them apart. Of merged rows the older settled one stays, with the user's fields of either.
fn decide_pair(store: &Store, pair: RowPair, now: DateTime<Utc>) -> Result<(Writer, Vec<AccountId>), JobFailure> {
    let reader = store.read()?;
    let row = |id: TransactionId| {
        reader.transaction(id)?.ok_or_else(|| missing("transaction", &id.to_string(), "transactions"))
    };
    let (older, newer) = (row(pair.older)?, row(pair.newer)?);
    let refuse = |why: &str| {
        let message = format!("rows {} and {} can't be one: {why}", pair.older, pair.newer);
        JobFailure::new(FailureKind::Validation, message)
            .with_hint("`dashtam duplicates` lists the pairs that may be one")
    };
    if pair.older == pair.newer {
        return Err(refuse("it is the same row"));
    }
    if older.account_id != newer.account_id {
        return Err(refuse("they are in two accounts"));
    }
    let title = |row: &Transaction| format!("{} {}", row.facts.date, row.facts.payee());
    let verb = if pair.standing == PairStanding::Same { "merged" } else { "kept apart" };
    let mut writer = store.begin(ChangeKind::Edit, &format!("{verb}: {}", title(&newer)), now)?;
    match pair.standing {
        PairStanding::Same => drop(merge::put(&reader, &mut writer, &[pair])?),
        PairStanding::Different => {
            writer.put_row_pair(&pair)?;
            // Each source has its own record of what is kept apart.
            let sources = [reader.source_account_of(pair.older)?, reader.source_account_of(pair.newer)?];
            let mut sources: Vec<Account> = sources.into_iter().flatten().collect();
            sources.dedup_by_key(|account| account.id);
            for account in sources {
                let mut learned = account::read_learned(&reader, &account)?;
                learned.separate(Content::of(&older.facts), Content::of(&newer.facts));
                account::put_learned(&mut writer, &account, &learned)?;
            }
        }
        PairStanding::Open => return Err(refuse("no decision was given")),
    }
    Ok((writer, vec![older.account_id]))
}

/// A name fit for one line, or none when nothing is left of it.
fn valid_name(name: Option<&str>) -> Result<Option<String>, JobFailure> {
    let name = name.and_then(text::clean_line);
    match name {
        Some(name) if name.chars().count() > MAX_NAME => {
            Err(JobFailure::new(FailureKind::TooLong, format!("a name has at most {MAX_NAME} characters")))
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
