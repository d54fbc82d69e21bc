//! The commands that work on the store.

use std::{
    io::{self, BufWriter, Write},
    path::Path,
};

use super::{
    account_args::BalanceCommand,
    args::{CliCommand, ExportTarget, Global, OutputFormat},
    attention, backup, balances, connect, difference, doctor, duplicates, edit,
    error::CliError,
    explain, import, lists, output,
    record::{ChangeRecord, ConnectionRecord},
    row_args,
    session::Session,
    status, vault,
};
use crate::{
    domain::{Change, ChangeId, FailureKind, figures::counted, text},
    files,
    ledger::export,
    sync::login_needed,
};

/// Runs one command and returns its exit code.
pub(super) fn run(
    session: &Session,
    global: &Global,
    out: &mut dyn Write,
    command: CliCommand,
) -> Result<u8, CliError> {
    let format = global.format;
    let known;
    let session = match &global.as_known {
        Some(_) if !command.is_view() => {
            return Err(CliError::usage("--as-known shows an earlier state, which only lists, sums and exports take")
                .hint("leave it out"));
        }
        Some(written) => {
            known = session.as_known(written)?;
            &known
        }
        None => session,
    };
    let past;
    let session = match global.as_of {
        Some(_) if command.writes() => {
            return Err(CliError::usage("--as-of shows the past, which a command can't change").hint("leave it out"));
        }
        Some(day) => {
            past = session.as_of(day);
            &past
        }
        None => session,
    };
    match command {
        CliCommand::Import(arguments) => return import::run(session, out, format, &arguments),
        CliCommand::Accounts { columns } => lists::accounts(session, out, format, &columns.columns)?,
        CliCommand::Transactions { rows, by, columns } => {
            lists::transactions(session, out, format, &rows, by.as_deref(), &columns.columns)?;
        }
        CliCommand::Holdings { account, columns } => {
            lists::holdings(session, out, format, account.as_deref(), &columns.columns)?;
        }
        CliCommand::Snapshots { account, every: None } => lists::snapshots(session, out, format, account.as_deref())?,
        CliCommand::Snapshots { account, every: Some(every) } => {
            balances::daily(session, out, format, account.as_deref(), every)?;
        }
        CliCommand::Balance { what: BalanceCommand::Set { account, amount, on } } => {
            balances::set(session, out, format, &account, amount, on)?;
        }
        CliCommand::CashFlow { every, by } => explain::cash_flow(session, out, format, every, by)?,
        CliCommand::Explain { figure, limit } => explain::explain(session, out, format, &figure, limit)?,
        CliCommand::Diff { from, to, limit } => difference::diff(session, out, format, [&from, &to], limit)?,
        CliCommand::Source { of, raw } => explain::source(session, out, format, &of, raw)?,
        CliCommand::Coverage { account } => balances::coverage(session, out, format, account.as_deref())?,
        CliCommand::Connections => lists::connections(session, out, format)?,
        CliCommand::Changes { limit } => lists::changes(session, out, format, limit)?,
        CliCommand::NetWorth { on, every } => balances::net_worth(session, out, format, on, every)?,
        CliCommand::Undo { change } => toggle(session, out, format, change.as_deref(), true)?,
        CliCommand::Redo { change } => toggle(session, out, format, change.as_deref(), false)?,
        CliCommand::Connect { provider, answers } => {
            return connect::connect(session, out, format, &provider, None, &answers);
        }
        CliCommand::Reconnect { id, answers } => return connect::reconnect(session, out, format, &id, &answers),
        CliCommand::Disconnect { id, remove_data } => connect::disconnect(session, out, format, &id, remove_data)?,
        CliCommand::Sync { ids, force, from } => return connect::sync(session, out, format, &ids, force, from),
        CliCommand::Merge { account, other } => edit::merge(session, out, format, &account, &other)?,
        CliCommand::Split { account } => edit::split(session, out, format, &account)?,
        CliCommand::Duplicates { resolve } => duplicates::run(session, out, format, &resolve)?,
        CliCommand::Edit(args) => edit::rows(session, out, format, &args)?,
        CliCommand::Account { what } => edit::account(session, out, format, what)?,
        CliCommand::Vault { what } => vault::run(session, out, format, &what)?,
        CliCommand::Rename { id, name } => rename(session, out, format, &id, name)?,
        CliCommand::Export { to, selection, output, force } => {
            write_export(session, out, format, to, selection, output.as_deref().map(|file| (file, force)))?;
        }
        CliCommand::Backup { file, lock } => {
            let file = backup::backup(session, file, &lock)?;
            let rows = session.ledger.view()?.transaction_count();
            report_file(session, out, format, "backed up to", &file, rows)?;
        }
        CliCommand::Attention { dismiss, restore, all } => {
            attention::run(session, out, format, &dismiss, &restore, all)?;
        }
        CliCommand::Status { .. } => status::run(session, out, format)?,
        CliCommand::Doctor { .. } => return doctor::run(global, &session.setup.console, out, Some(session)),
        CliCommand::Restore { .. }
        | CliCommand::Providers
        | CliCommand::Config { .. }
        | CliCommand::Layouts { .. }
        | CliCommand::Dev { .. }
        | CliCommand::Keys
        | CliCommand::Completions { .. }
        | CliCommand::Man { .. }
        | CliCommand::Help { .. } => {
            return Err(CliError::new(FailureKind::Internal, "this command needs no store"));
        }
    }
    Ok(0)
}

fn toggle(
    session: &Session,
    out: &mut dyn Write,
    format: OutputFormat,
    change: Option<&str>,
    undo: bool,
) -> Result<(), CliError> {
    let change = change.map(str::parse::<ChangeId>).transpose().map_err(|error| CliError::usage(error.to_string()))?;
    let handle = &session.handle;
    let change =
        session.runtime.block_on(async { if undo { handle.undo(change).await } else { handle.redo(change).await } })?;
    let needed = login_needed(&session.store, &change)?;
    output::record(out, format, &ChangeRecord::from(&change), |out| {
        writeln!(out, "{} change {}: {}", if undo { "undone" } else { "brought back" }, change.id, rows_of(&change))?;
        match needed {
            Some(id) => {
                writeln!(
                    out,
                    "its accounts count again, but its login was deleted: `dashtam reconnect {id}` logs in again"
                )
            }
            None => Ok(()),
        }
    })
}

/// `import of chase.qfx, 120 rows`.
fn rows_of(change: &Change) -> String {
    let rows = change.counts.transactions_imported + change.counts.transactions_updated;
    format!("{} of {}, {}", change.kind, text::clean(&change.source), counted(rows, "row"))
}

fn rename(
    session: &Session,
    out: &mut dyn Write,
    format: OutputFormat,
    id: &str,
    name: String,
) -> Result<(), CliError> {
    let name = Some(name).filter(|name| !name.trim().is_empty());
    if id.starts_with("connection:") {
        let connection = lists::find_connection(&session.ledger.view()?, id)?;
        session.runtime.block_on(session.handle.rename_connection(connection, name))?;
        let view = session.ledger.view()?;
        let found = view.connections().iter().find(|known| known.id == connection);
        let found = found.ok_or_else(|| CliError::new(FailureKind::Internal, "the connection is missing"))?;
        let record = ConnectionRecord::new(found, session, &view);
        output::record(out, format, &record, |out| writeln!(out, "renamed connection {}: {}", record.id, record.name))
    } else {
        let account = lists::find_account(&session.ledger.view()?, id)?;
        session.runtime.block_on(session.handle.rename_account(account, name))?;
        edit::print_account(session, out, format, account, "renamed")
    }
}

#[derive(serde::Serialize)]
struct WrittenRecord {
    file: String,
    transactions: u64,
}

/// Writes to standard output, or to a file, which is written whole or not at all; with `true` it may exist and is replaced.
fn write_export(
    session: &Session,
    out: &mut dyn Write,
    format: OutputFormat,
    to: ExportTarget,
    selection: row_args::Selection,
    file: Option<(&Path, bool)>,
) -> Result<(), CliError> {
    let rows = row_args::TransactionArgs { selection, ..row_args::TransactionArgs::default() };
    let view = lists::searchable(session, &rows, false)?;
    let (listing, _) = lists::listing(session, &view, &rows, Vec::new())?;
    if let Some(by) = listing.request().query.by() {
        let text = format!("--query: an export has rows, not groups, so `by:{by}` makes no sense in it");
        return Err(CliError::usage(text).hint("leave it out, or take `dashtam transactions --by`"));
    }
    let form = match to {
        ExportTarget::Csv => export::ExportFormat::Csv,
        ExportTarget::Json => export::ExportFormat::Json,
        ExportTarget::Ledger => export::ExportFormat::Ledger,
        ExportTarget::Hledger => export::ExportFormat::Hledger,
        ExportTarget::Beancount => export::ExportFormat::Beancount,
    };
    // `-` is standard output, as elsewhere.
    let named = file.filter(|(file, _)| *file != Path::new("-"));
    let Some((file, force)) = named.map(|(file, force)| (session.setup.console.path(file), force)) else {
        view.export(&listing, form, out)?;
        return Ok(());
    };
    let refused = |error: io::Error| {
        let hint = match error.kind() {
            io::ErrorKind::AlreadyExists => "name a file that does not exist yet, or add --force to replace it",
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "free some space and try again",
            _ => "name a file in a folder that can be written to",
        };
        CliError::new(FailureKind::Io, format!("{}: {error}", file.display())).hint(hint)
    };
    if let Ok(metadata) = file.symlink_metadata() {
        if !metadata.is_file() {
            return Err(refused(io::Error::other("it is not a regular file, so it is not replaced")));
        }
        if !force {
            return Err(refused(io::ErrorKind::AlreadyExists.into()));
        }
    }
    // Written beside, so that a failure leaves nothing half-written.
    let beside = files::beside(&file, "new");
    files::remove_if_there(&beside).map_err(refused)?;
    let written = write_beside(&beside, |target| Ok(view.export(&listing, form, target)?), refused);
    let placed = written.and_then(|rows| files::put_in_place(&beside, &file).map(|()| rows).map_err(refused));
    if placed.is_err() {
        // The first failure counts.
        let _ = files::remove_if_there(&beside);
    }
    report_file(session, out, format, "written to", &file, placed?)
}

/// Writes a new file whole.
fn write_beside(
    file: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<u64, CliError>,
    refused: impl Fn(io::Error) -> CliError,
) -> Result<u64, CliError> {
    let mut target = BufWriter::new(files::create(file).map_err(&refused)?);
    let rows = write(&mut target)?;
    target.flush().map_err(refused)?;
    Ok(rows)
}

/// Reports a written file with its number of rows: as JSON on standard output, else in words on standard error.
fn report_file(
    session: &Session,
    out: &mut dyn Write,
    format: OutputFormat,
    done: &str,
    file: &Path,
    rows: u64,
) -> Result<(), CliError> {
    let record = WrittenRecord { file: file.display().to_string(), transactions: rows };
    output::record(out, format, &record, |_| {
        writeln!(session.setup.console.err(), "{} {done} {}", counted(rows, "row"), record.file)
    })
}
