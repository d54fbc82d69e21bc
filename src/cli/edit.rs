//! `dashtam edit` and `dashtam account`.

use std::{collections::BTreeSet, io::Write};

use serde::Serialize;

use super::{
    account_args::{AccountCommand, SignOfFigures},
    args::OutputFormat,
    error::CliError,
    lists,
    output::{self, OutputColumn},
    record::AccountRecord,
    row_args::EditArgs,
    session::Session,
};
use crate::{
    domain::{
        Account, AccountId, AccountSigns, ChangeId, FailureKind, TransactionId, UserFields, figures::counted, text,
    },
    ledger::{LedgerEntry, ListRequest, Query, RowRecord, Sort, View},
    providers,
};

#[derive(Serialize)]
struct EditRecord {
    /// Rows whose fields differ afterwards.
    transactions_updated: usize,
    change_id: Option<String>,
    dry_run: bool,
    transactions: Vec<RowRecord>,
}

/// Edits the rows that the arguments name, as one change.
pub(super) fn rows(
    session: &Session,
    out: &mut dyn Write,
    format: OutputFormat,
    args: &EditArgs,
) -> Result<(), CliError> {
    const COLUMNS: &[OutputColumn<RowRecord>] = &[
        OutputColumn::right("Id", |row| row.id.clone()),
        OutputColumn::left("Date", |row| row.date.to_string()),
        OutputColumn::left("Payee", |row| row.payee.clone().unwrap_or_else(|| row.description.clone())),
        OutputColumn::left("Category", |row| row.category.clone().unwrap_or_default()),
        OutputColumn::left("Tags", |row| row.tags.join(" ")),
        OutputColumn::left("Note", |row| row.note.clone().unwrap_or_default()),
    ];
    let view = session.ledger.view()?;
    let mut edited: Vec<LedgerEntry> = Vec::new();
    for entry in wanted(session, &view, args)? {
        let user = changed(&entry.user, args);
        if user != entry.user {
            edited.push(LedgerEntry { user, ..entry });
        }
    }
    let edits: Vec<(TransactionId, UserFields)> =
        edited.iter().map(|entry| (entry.transaction.id, entry.user.clone())).collect();
    let change: Option<ChangeId> = if edits.is_empty() || args.dry_run {
        None
    } else {
        Some(session.runtime.block_on(session.handle.edit_transactions(edits))?)
    };
    let record = EditRecord {
        transactions_updated: edited.len(),
        change_id: change.map(|id| id.to_string()),
        dry_run: args.dry_run,
        transactions: edited.into_iter().map(|entry| lists::record_of(&view, entry)).collect(),
    };
    if matches!(format, OutputFormat::Json | OutputFormat::Jsonl) {
        return output::record(out, format, &record, |_| Ok(()));
    }
    output::list(out, format, record.transactions.iter().map(Ok), COLUMNS, "nothing to change")?;
    let mut err = session.setup.console.err();
    let rows = record.transactions_updated;
    match (record.change_id, args.dry_run) {
        (Some(change), _) => {
            let rows = counted(rows, "row");
            writeln!(err, "change {change}: {rows} edited; `dashtam undo {change}` takes it back")?;
        }
        (None, true) => writeln!(err, "dry run: nothing was written")?,
        (None, false) => {}
    }
    Ok(())
}

/// The rows to edit; every unknown id is named.
fn wanted(session: &Session, view: &View, args: &EditArgs) -> Result<Vec<LedgerEntry>, CliError> {
    if let Some(text) = &args.query {
        let query = Query::parse(text, session.clock.today());
        let account = args.account.as_deref().map(|wanted| lists::find_account(view, wanted)).transpose();
        let faults = [lists::check_query(text, &query).err(), account.clone().err()];
        CliError::all(&faults.into_iter().flatten().collect::<Vec<_>>())?;
        let account = account?;
        let view = view.with_columns(view.load_columns()?);
        let listing = view.list(&ListRequest { account, query, sort: Sort::default() })?;
        return Ok(view.entries(&listing, 0, listing.len())?);
    }
    let (mut entries, mut problems, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    for text in &args.row {
        let Ok(id) = text.parse::<TransactionId>() else {
            problems.push(format!("`{text}` is not the id of a row"));
            continue;
        };
        if !seen.insert(id) {
            continue;
        }
        match view.entry(id)? {
            Some(entry) => entries.push(entry),
            None => problems.push(format!("there is no row {id}")),
        }
    }
    if problems.is_empty() {
        return Ok(entries);
    }
    Err(CliError::new(FailureKind::NotFound, problems.join("; "))
        .problems(problems)
        .hint("`dashtam transactions --format json` lists ids; nothing was changed"))
}

/// The user fields of a row with the edit applied. An empty text removes a field.
fn changed(user: &UserFields, args: &EditArgs) -> UserFields {
    let field = |given: &Option<String>, known: &Option<String>| match given {
        None => known.clone(),
        Some(text) => crate::domain::text::clean_line(text).map(String::from),
    };
    let mut tags = user.tags.clone();
    for tag in &args.tag {
        let name = tag.trim_start_matches(['+', '-']).trim();
        if tag.starts_with('-') {
            tags.retain(|known| known != name);
        } else if !name.is_empty() && !tags.iter().any(|known| known == name) {
            tags.push(name.to_owned());
        }
    }
    UserFields {
        payee: field(&args.payee, &user.payee),
        category: field(&args.category, &user.category),
        tags,
        note: field(&args.note, &user.note),
    }
}

/// Adds or closes an account and prints it.
pub(super) fn account(
    session: &Session,
    out: &mut dyn Write,
    format: OutputFormat,
    what: AccountCommand,
) -> Result<(), CliError> {
    let (id, done) = match what {
        AccountCommand::Add { name, r#type, currency } => {
            let change = session.runtime.block_on(session.handle.add_account(name, r#type, currency))?;
            let change = session.ledger.view()?.change(change)?;
            let id = change.and_then(|change| change.accounts.first().copied());
            (id.ok_or_else(|| CliError::new(FailureKind::Internal, "the new account is missing"))?, "added")
        }
        AccountCommand::Signs { name, balance, rows } => {
            (set_signs(session, &name, balance, rows)?, "set the signs of")
        }
        AccountCommand::Close { name } => {
            let id = lists::find_account(&session.ledger.view()?, &name)?;
            session.runtime.block_on(session.handle.close_account(id))?;
            (id, "closed")
        }
    };
    print_account(session, out, format, id, done)
}

/// Merges two accounts and prints the result.
pub(super) fn merge(
    session: &Session,
    out: &mut dyn Write,
    format: OutputFormat,
    into: &str,
    part: &str,
) -> Result<(), CliError> {
    let view = session.ledger.view()?;
    let (into, part) = (lists::find_account(&view, into)?, lists::find_account(&view, part)?);
    let change = session.runtime.block_on(session.handle.merge_accounts(into, part))?;
    let view = session.ledger.view()?;
    let mut err = session.setup.console.err();
    if let Some(change) = view.change(change)? {
        let rows = change.counts.transactions_updated;
        writeln!(
            err,
            "change {}: {} in both count once; `dashtam split {into}` takes it back",
            change.id,
            counted(rows, "row")
        )?;
        for warning in &change.warnings {
            writeln!(err, "{}", warning.message)?;
        }
    }
    print_account(session, out, format, into, "merged into")
}

/// Splits a merged account and prints it.
pub(super) fn split(
    session: &Session,
    out: &mut dyn Write,
    format: OutputFormat,
    wanted: &str,
) -> Result<(), CliError> {
    let view = session.ledger.view()?;
    let id = part_of(&view, wanted)?.map_or_else(|| lists::find_account(&view, wanted), Ok)?;
    session.runtime.block_on(session.handle.split_account(id))?;
    print_account(session, out, format, id, "split off")
}

/// The part of a merged account with that id, name or end of the number, if exactly one fits.
fn part_of(view: &View, wanted: &str) -> Result<Option<AccountId>, CliError> {
    let mut parts = Vec::new();
    for line in view.accounts() {
        parts.extend(view.parts(line.account.id)?);
    }
    let (folded, tail) = (text::fold(wanted), wanted.trim_start_matches(['*', '·']));
    let is_meant = |part: &Account| {
        part.id.to_string() == wanted
            || text::fold(part.display_name()) == folded
            || (!tail.is_empty() && part.tail() == tail)
    };
    let is_shown = |part: &&Account| {
        view.accounts().iter().any(|line| text::fold(line.account.display_name()) == text::fold(part.display_name()))
    };
    let mut meant = parts.iter().filter(|part| is_meant(part));
    let only = meant.next().filter(|_| meant.next().is_none());
    Ok(only.filter(|part| part.id.to_string() == wanted || !is_shown(part)).map(|part| part.id))
}

/// Sets the signs of an account whose provider's differ by account.
fn set_signs(
    session: &Session,
    name: &str,
    balance: Option<SignOfFigures>,
    rows: Option<SignOfFigures>,
) -> Result<AccountId, CliError> {
    let view = session.ledger.view()?;
    let id = lists::find_account(&view, name)?;
    let line = view.account(id).ok_or_else(|| CliError::new(FailureKind::Internal, "the account is missing"))?;
    let connection = view.connections().iter().find(|connection| connection.id == line.account.connection_id);
    let provider = connection.and_then(|connection| providers::find(&connection.provider).ok());
    if !provider.is_some_and(|provider| provider.signs_differ) {
        let able: Vec<&str> =
            providers::PROVIDERS.iter().filter(|it| it.signs_differ).map(|it| it.display_name).collect();
        return Err(CliError::usage(format!("the signs of {} are certain", line.account.display_name()))
            .hint(format!("only accounts of {} have switches for them", able.join(", "))));
    }
    let switch = |given: Option<SignOfFigures>, known: Option<bool>| match given {
        None => known,
        Some(SignOfFigures::AsIs) => Some(false),
        Some(SignOfFigures::Invert) => Some(true),
        Some(SignOfFigures::Auto) => None,
    };
    let known = line.account.signs;
    let signs = AccountSigns { balance: switch(balance, known.balance), rows: switch(rows, known.rows) };
    if signs != known {
        session.runtime.block_on(session.handle.set_account_signs(id, signs))?;
    }
    let word = |switch: Option<bool>| match switch {
        None => "auto",
        Some(false) => "as-is",
        Some(true) => "invert",
    };
    let (balance, rows) = (word(signs.balance), word(signs.rows));
    writeln!(session.setup.console.err(), "balance {balance}, rows {rows}; applied by the next sync")?;
    Ok(id)
}

/// Prints an account after a change of it.
pub(super) fn print_account(
    session: &Session,
    out: &mut dyn Write,
    format: OutputFormat,
    id: AccountId,
    done: &str,
) -> Result<(), CliError> {
    let view = lists::with_balances(session)?;
    let line = view.account(id).ok_or_else(|| CliError::new(FailureKind::Internal, "the account is missing"))?;
    let record = AccountRecord::with_parts(line, &view)?;
    output::record(out, format, &record, |out| writeln!(out, "{done} account {}: {}", record.id, record.name))
}
