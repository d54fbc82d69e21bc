//! The commands that work on the store.

use std::{
    io::{self, BufWriter, Write},
    path::Path,
};

use super::{
    args::{self, BalanceCommand, Command, ExportFormat, Format, Global},
    backup, balances, connect, doctor, duplicates, edit,
    error::CliError,
    explain, import, lists, output,
    record::{ChangeRecord, ConnectionRecord},
    session::Session,
    status, vault,
};
use crate::{
    domain::{Change, ChangeId, ConnectionId, FailureKind, text},
    files,
    ledger::export,
};

/// Runs one command and returns its exit code.
pub(super) fn run(session: &Session, global: &Global, out: &mut dyn Write, command: Command) -> Result<u8, CliError> {
    let format = global.format;
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
        Command::Import(arguments) => return import::run(session, out, format, &arguments),
        Command::Accounts => lists::accounts(session, out, format)?,
        Command::Transactions { rows, by } => lists::transactions(session, out, format, &rows, by.as_deref())?,
        Command::Holdings { account } => lists::holdings(session, out, format, account.as_deref())?,
        Command::Snapshots { account, every: None } => lists::snapshots(session, out, format, account.as_deref())?,
        Command::Snapshots { account, every: Some(every) } => {
            balances::daily(session, out, format, account.as_deref(), every)?;
        }
        Command::Balance { what: BalanceCommand::Set { account, amount, on } } => {
            balances::set(session, out, format, &account, amount, on)?;
        }
        Command::CashFlow { every, by } => explain::cash_flow(session, out, format, every, by.is_some())?,
        Command::Explain { figure, limit } => explain::explain(session, out, format, &figure, limit)?,
        Command::Source { of, raw } => explain::source(session, out, format, &of, raw)?,
        Command::Coverage { account } => balances::coverage(session, out, format, account.as_deref())?,
        Command::Connections => lists::connections(session, out, format)?,
        Command::Changes { limit } => lists::changes(session, out, format, limit)?,
        Command::NetWorth { on, every } => balances::net_worth(session, out, format, on, every)?,
        Command::Undo { change } => toggle(session, out, format, change.as_deref(), true)?,
        Command::Redo { change } => toggle(session, out, format, change.as_deref(), false)?,
        Command::Connect { provider, answers } => {
            return connect::connect(session, out, format, &provider, None, &answers);
        }
        Command::Reconnect { id, answers } => return connect::reconnect(session, out, format, &id, &answers),
        Command::Disconnect { id, remove_data } => connect::disconnect(session, out, format, &id, remove_data)?,
        Command::Sync { ids, force, from } => return connect::sync(session, out, format, &ids, force, from),
        Command::Duplicates { resolve } => duplicates::run(session, out, format, &resolve)?,
        Command::Edit(args) => edit::rows(session, out, format, &args)?,
        Command::Account { what } => edit::account(session, out, format, what)?,
        Command::Vault { what } => vault::run(session, out, format, &what)?,
        Command::Rename { id, name } => rename(session, out, format, &id, name)?,
        Command::Export { to, selection, output, force } => {
            write_export(session, out, format, to, selection, output.as_deref().map(|file| (file, force)))?;
        }
        Command::Backup { file, lock } => {
            let file = backup::backup(session, file, &lock)?;
            report_file(session, out, format, &file, None)?;
        }
        Command::Status { .. } => status::run(session, out, format)?,
        Command::Doctor { .. } => return doctor::run(global, &session.setup.console, out, Some(session)),
        Command::Restore { .. }
        | Command::Providers
        | Command::Config { .. }
        | Command::Layouts { .. }
        | Command::Keys
        | Command::Completions { .. }
        | Command::Man { .. }
        | Command::Help { .. } => {
            return Err(CliError::new(FailureKind::Internal, "this command needs no store"));
        }
    }
    Ok(0)
}

fn toggle(
    session: &Session,
    out: &mut dyn Write,
    format: Format,
    change: Option<&str>,
    undo: bool,
) -> Result<(), CliError> {
    let change = change.map(str::parse::<ChangeId>).transpose().map_err(|error| CliError::usage(error.to_string()))?;
    let handle = &session.handle;
    let change =
        session.runtime.block_on(async { if undo { handle.undo(change).await } else { handle.redo(change).await } })?;
    output::object(out, format, &ChangeRecord::from(&change), |out| {
        writeln!(out, "{} change {}: {}", if undo { "undone" } else { "brought back" }, change.id, rows_of(&change))
    })
}

/// `import of chase.qfx, 120 rows`.
fn rows_of(change: &Change) -> String {
    let rows = change.counts.transactions_imported + change.counts.transactions_updated;
    let plural = if rows == 1 { "" } else { "s" };
    format!("{} of {}, {rows} row{plural}", change.kind, text::clean(&change.source))
}

fn rename(session: &Session, out: &mut dyn Write, format: Format, id: &str, name: String) -> Result<(), CliError> {
    let name = Some(name).filter(|name| !name.trim().is_empty());
    let wrong = |error: crate::domain::ParseIdError| CliError::usage(error.to_string());
    if let Some(id) = id.strip_prefix("connection:") {
        let connection = id.parse::<ConnectionId>().map_err(wrong)?;
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
    transactions: Option<u64>,
}

/// Writes to standard output, or to a file; with `true` the file may exist and is replaced whole.
fn write_export(
    session: &Session,
    out: &mut dyn Write,
    format: Format,
    to: ExportFormat,
    selection: args::Selection,
    file: Option<(&Path, bool)>,
) -> Result<(), CliError> {
    let rows = args::TransactionArgs { selection, ..args::TransactionArgs::default() };
    let view = lists::searchable(session, &rows, false)?;
    let (listing, _) = lists::listing(session, &view, &rows)?;
    if let Some(by) = listing.request().query.by() {
        let text = format!("--query: an export has rows, not groups, so `by:{by}` makes no sense in it");
        return Err(CliError::usage(text).hint("leave it out, or take `dashtam transactions --by`"));
    }
    let form = match to {
        ExportFormat::Csv => export::Format::Csv,
        ExportFormat::Json => export::Format::Json,
        ExportFormat::Ledger => export::Format::Ledger,
        ExportFormat::Hledger => export::Format::Hledger,
        ExportFormat::Beancount => export::Format::Beancount,
    };
    let Some((file, force)) = file.map(|(file, force)| (session.setup.console.path(file), force)) else {
        view.export(&listing, form, out)?;
        return Ok(());
    };
    let refused = |error: io::Error| {
        let hint = if error.kind() == io::ErrorKind::AlreadyExists {
            "name a file that does not exist yet, or add --force to replace it"
        } else {
            "name a file in a folder that can be written to"
        };
        CliError::new(FailureKind::Io, format!("{}: {error}", file.display())).hint(hint)
    };
    let place = if force { files::beside(&file, "new") } else { file.clone() };
    if force {
        files::remove_if_there(&place).map_err(refused)?;
    }
    let mut target = BufWriter::new(files::create(&place).map_err(refused)?);
    let rows = view.export(&listing, form, &mut target)?;
    target.flush().map_err(refused)?;
    if force {
        files::put_in_place(&place, &file).map_err(refused)?;
    }
    report_file(session, out, format, &file, Some(rows))
}

/// Reports a written file: as JSON on standard output, else in words on standard error.
fn report_file(
    session: &Session,
    out: &mut dyn Write,
    format: Format,
    file: &Path,
    rows: Option<u64>,
) -> Result<(), CliError> {
    let record = WrittenRecord { file: file.display().to_string(), transactions: rows };
    output::record(out, format, &record, |_| {
        let mut err = session.setup.console.err();
        match rows {
            Some(rows) => writeln!(err, "{rows} rows written to {}", record.file),
            None => writeln!(err, "backed up to {}", record.file),
        }
    })
}
