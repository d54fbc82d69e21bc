//! `dashtam connect`, `reconnect`, `disconnect` and `sync`.

use std::io::Write;

use secrecy::SecretString;
use serde::Serialize;

use super::{
    args::{AnswerArgs, OutputFormat},
    configured,
    console::Console,
    error::{CliError, PARTLY},
    lists,
    output::{self, ListRecord, OutputColumn},
    record::ConnectionRecord,
    session::Session,
};
use crate::{
    config::AnswerSource,
    domain::{Connection, ConnectionId, ConnectionStatus, FailureKind, text},
    providers::{self, Field, FieldProblem, ProviderMetadata, Secrets},
    sync::{
        AccountResult, ConnectRequest, ConnectionReport, EngineCommand, Event, Handle, JobId, LoginEnding, SyncReport,
        SyncRequest, login_ends_soon,
    },
};

/// Connects, or repairs `repairs`, and prints the connection.
pub(super) fn connect(
    session: &Session,
    out: &mut dyn Write,
    format: OutputFormat,
    provider: &str,
    repairs: Option<ConnectionId>,
    args: &AnswerArgs,
) -> Result<u8, CliError> {
    let found = if repairs.is_some() { providers::find(provider) } else { providers::listed(provider) };
    let metadata = found.map_err(|error| {
        let hint = format!("there are: {}", error.known);
        CliError::usage(error.to_string()).hint(hint)
    })?;
    if metadata.is_file() {
        return Err(CliError::usage(format!("{} works with statement files", metadata.display_name))
            .hint("download one from the institution and run `dashtam import FILE`"));
    }
    let configured = configured::answers(&session.setup.config.providers, metadata.slug)?;
    let answers = answers(&session.setup.console, metadata, args, &configured, repairs.is_some())?;
    session.unlock()?;
    let request = ConnectRequest { provider: metadata.slug.to_owned(), connection: repairs, answers };
    let job = session.handle.job();
    let (handle, console) = (session.handle.clone(), session.setup.console.clone());
    let checking = session.handle.connect(job, request, |event| follow(&console, &handle, job, event));
    let found = session.runtime.block_on(checking)?;
    for warning in &found.warnings {
        writeln!(session.setup.console.err(), "warning: {}", text::clean(&warning.message))?;
    }
    if let Some(known) = found.same_as() {
        session.handle.send(EngineCommand::Cancel { job });
        let message = format!("{} (connection {}) has these accounts already", known.name, known.id);
        return Err(CliError::new(FailureKind::AlreadyConnected, message)
            .hint(format!("nothing was changed; to give it this login: dashtam reconnect {} …", known.id)));
    }
    if found.is_different {
        session.handle.send(EngineCommand::Cancel { job });
        return Err(CliError::new(
            FailureKind::DifferentLogin,
            "this login opens none of the accounts of that connection",
        )
        .hint("connect it as a separate connection, or log in as before"));
    }
    for known in &found.known {
        let (count, name) = (known.accounts.len(), text::clean(&known.name));
        writeln!(
            session.setup.console.err(),
            "warning: {count} of these accounts are in {name} (connection {}) and stay there",
            known.id
        )?;
    }
    let report = session.runtime.block_on(session.handle.confirm_connection(job, args.name.clone()))?;
    explain(session, &report)?;
    let id = report.connections.first().map(|connection| connection.id);
    let view = session.ledger.view()?;
    let connection = view.connections().iter().find(|connection| Some(connection.id) == id);
    let connection = connection.ok_or_else(|| CliError::new(FailureKind::Internal, "the new connection is gone"))?;
    let record = ConnectionRecord::new(connection, session, &view);
    let form = if format == OutputFormat::Jsonl { OutputFormat::Jsonl } else { OutputFormat::Json };
    output::record(out, form, &record, |_| Ok(()))?;
    // The connection exists, even if its first sync failed.
    Ok(if exit_code(&report) == 0 { 0 } else { PARTLY })
}

/// The connection that `id` names, and its provider.
pub(super) fn reconnect(
    session: &Session,
    out: &mut dyn Write,
    format: OutputFormat,
    id: &str,
    args: &AnswerArgs,
) -> Result<u8, CliError> {
    let view = session.ledger.view()?;
    let id = lists::find_connection(&view, id)?;
    let connection = view.connections().iter().find(|connection| connection.id == id);
    let connection = connection.ok_or_else(|| {
        CliError::new(FailureKind::NotFound, format!("there is no connection {id}"))
            .hint("`dashtam connections` lists them")
    })?;
    if connection.status == ConnectionStatus::Disconnected {
        return Err(CliError::new(FailureKind::WrongState, format!("{} was disconnected", connection.display_name()))
            .hint(format!("connect it again: dashtam connect {}", connection.provider)));
    }
    connect(session, out, format, &connection.provider, Some(id), args)
}

pub(super) fn disconnect(
    session: &Session,
    out: &mut dyn Write,
    format: OutputFormat,
    id: &str,
    remove_data: bool,
) -> Result<(), CliError> {
    let connection = lists::find_connection(&session.ledger.view()?, id)?;
    let still_valid = session.runtime.block_on(session.handle.disconnect(connection, remove_data))?;
    if let Some(reason) = still_valid {
        writeln!(session.setup.console.err(), "warning: {}", text::clean(&reason))?;
    }
    let view = session.ledger.view()?;
    let known = view.connections().iter().find(|known| known.id == connection);
    let kept = if remove_data { "its data was removed" } else { "its data is kept" };
    writeln!(session.setup.console.err(), "disconnected; login deleted, {kept}")?;
    match known {
        Some(known) if format != OutputFormat::Table => {
            output::record(out, format, &ConnectionRecord::new(known, session, &view), |_| Ok(()))
        }
        _ => Ok(()),
    }
}

/// Prints the prompts of a login. The redirected address is read from standard input meanwhile.
fn follow(console: &Console, handle: &Handle, job: JobId, event: &Event) {
    let mut err = console.err();
    let _ = match event {
        Event::LoginWaiting { login, .. } => {
            let LoginEnding::Redirect { callback_url, listening } = &login.ending else {
                let opened = if login.browser_opened { " (a browser was started)" } else { "" };
                let until = login.expires_at.format("%H:%M UTC");
                let _ = writeln!(
                    err,
                    "Open this address and finish there{opened}:\n\n{}\n\nWaiting until {until}.",
                    login.url
                );
                return;
            };
            let (handle, input) = (handle.clone(), console.clone());
            // Reading blocks until a line comes or the program ends.
            std::thread::spawn(move || {
                let mut line = String::new();
                while input.read_line(&mut line).is_ok_and(|length| length > 0) {
                    if !line.trim().is_empty() {
                        let pasted = Secrets::new().with("redirect", line.trim());
                        handle.send(EngineCommand::SubmitRedirect { job, pasted });
                    }
                    line.clear();
                }
                handle.send(EngineCommand::SubmitRedirect { job, pasted: Secrets::new() });
            });
            let route = match listening {
                Ok(listening) => {
                    let warned = listening.fingerprint.as_ref().map(|fingerprint| {
                        format!("\nThe browser will warn of a certificate made just now, SHA-256 {fingerprint}")
                    });
                    format!("Waiting for the redirect.{}", warned.unwrap_or_default())
                }
                Err(why) => format!("The redirect can't be caught here: {why}"),
            };
            let opened = if login.browser_opened { " (a browser was started)" } else { "" };
            writeln!(
                err,
                "Open this address and log in{opened}:\n\n{}\n\n{route}\nOr paste the address of the last page, \
                 which starts with {}, and press Enter:",
                login.url, callback_url
            )
        }
        Event::PasteRejected { message, .. } => writeln!(err, "{message}"),
        _ => Ok(()),
    };
}

/// Answers from arguments, variables and files; on a terminal the missing ones are asked for.
/// `repairs`: what is not answered stays as it is stored.
fn answers(
    console: &Console,
    metadata: &ProviderMetadata,
    args: &AnswerArgs,
    configured: &Secrets,
    repairs: bool,
) -> Result<Secrets, CliError> {
    let field = |name: &str| {
        metadata.fields().iter().find(|field| field.name == name).ok_or_else(|| {
            let known: Vec<&str> = metadata.fields().iter().map(|field| field.name).collect();
            CliError::usage(format!("{} has no field `{}`", metadata.display_name, text::clean(name)))
                .hint(format!("its fields are: {}", known.join(", ")))
        })
    };
    let mut answers = Secrets::new();
    let mut faults: Vec<CliError> = Vec::new();
    for pair in &args.field {
        let answer = split(pair).and_then(|(name, value)| {
            if field(name)?.is_secret() {
                return Err(CliError::usage(format!(
                    "`{name}` is a secret: other users of this machine can read arguments"
                ))
                .hint(format!("use --field-env {name}=VARIABLE or --field-file {name}=PATH, or let it be asked for")));
            }
            Ok((name, value.into()))
        });
        take(answer, &mut answers, &mut faults);
    }
    for pair in &args.field_env {
        let answer = split(pair).and_then(|(name, variable)| {
            field(name)?;
            let value = console.variable(variable).and_then(|value| value.to_str());
            let value = value.ok_or_else(|| {
                CliError::usage(format!("`{name}`: the variable {} is not set", text::clean(variable)))
            })?;
            Ok((name, value.into()))
        });
        take(answer, &mut answers, &mut faults);
    }
    for pair in &args.field_file {
        let answer = split(pair).and_then(|(name, path)| {
            let is_secret = field(name)?.is_secret();
            let source = AnswerSource::File(console.path(path.as_ref()));
            let value = read(name, &source)?;
            if let Some(warning) = source.exposure().filter(|_| is_secret) {
                writeln!(console.err(), "warning: {}", text::clean(&warning))?;
            }
            Ok((name, value))
        });
        take(answer, &mut answers, &mut faults);
    }
    CliError::all(&faults)?;
    let taken: Vec<&str> = configured.names().filter(|name| answers.get(name).is_none()).collect();
    if !taken.is_empty() && console.terminal.stderr {
        writeln!(console.err(), "taken from the configuration: {}", taken.join(", "))?;
    }
    let mut answers = answers.or(configured);
    if console.terminal.stdin && console.terminal.stderr {
        for field in metadata.fields() {
            if answers.get(field.name).is_none() {
                answers.insert(field.name, ask(console, field, repairs)?);
            }
        }
    }
    let missing = |problem: &FieldProblem| repairs && answers.get(problem.field).is_none();
    let problems = metadata.accept(&answers).err().unwrap_or_default();
    let problems: Vec<FieldProblem> = problems.into_iter().filter(|problem| !missing(problem)).collect();
    if !problems.is_empty() {
        let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
        return Err(CliError::usage(all.join("; "))
            .problems(all)
            .hint(format!("nothing was sent\n{}", super::help::fields(metadata).trim_end())));
    }
    Ok(answers)
}

/// Keeps an answer, or its fault: all faults are reported at once.
fn take(answer: Result<(&str, SecretString), CliError>, answers: &mut Secrets, faults: &mut Vec<CliError>) {
    match answer {
        Ok((name, value)) => answers.insert(name, value),
        Err(fault) => faults.push(fault),
    }
}

fn read(name: &str, source: &AnswerSource) -> Result<SecretString, CliError> {
    source.read().map_err(|error| CliError::usage(format!("`{name}`: {error}")))
}

fn split(pair: &str) -> Result<(&str, &str), CliError> {
    // The pair itself is not repeated: it may hold what should not have been typed.
    pair.split_once('=').ok_or_else(|| CliError::usage("an answer has the form NAME=VALUE"))
}

/// Asks for one field until the answer is valid.
fn ask(console: &Console, field: &Field, repairs: bool) -> Result<SecretString, CliError> {
    loop {
        let mut err = console.err();
        let default = if repairs { Some("as stored") } else { field.default };
        let default = default.map(|default| format!(" [{default}]")).unwrap_or_default();
        writeln!(err, "{} — {}", field.label, field.help)?;
        let choices: Vec<&str> = field.choices().map(|(value, _)| value).collect();
        if !choices.is_empty() {
            writeln!(err, "  one of: {}", choices.join(", "))?;
        }
        let question = format!("{}{default}", field.name);
        drop(err);
        let answer: SecretString = if field.is_secret() {
            let typed = console.ask_secret(&question)?;
            let text = secrecy::ExposeSecret::expose_secret(&typed);
            let file = field.is_path(text).then(|| AnswerSource::File(console.path(text.trim().as_ref())));
            if let Some(warning) = file.as_ref().and_then(AnswerSource::exposure) {
                writeln!(console.err(), "warning: {}", crate::domain::text::clean(&warning))?;
            }
            match file.map(|file| file.read()) {
                None => typed,
                Some(Ok(content)) => content,
                Some(Err(error)) => {
                    writeln!(console.err(), "no such file can be read: {}", error.reason())?;
                    continue;
                }
            }
        } else {
            let mut line = String::new();
            let mut err = console.err();
            write!(err, "{question}: ")?;
            err.flush()?;
            if console.read_line(&mut line)? == 0 {
                return Err(CliError::usage("standard input ended before all fields were answered"));
            }
            line.trim().into()
        };
        let text = secrecy::ExposeSecret::expose_secret(&answer);
        match field.problem(text).filter(|_| !repairs || !text.trim().is_empty()) {
            None => return Ok(answer),
            Some(problem) => writeln!(console.err(), "{problem}")?,
        }
    }
}

#[derive(Serialize)]
struct SyncRecord {
    connections: Vec<ConnectionSyncRecord>,
}

impl ListRecord for ConnectionSyncRecord {
    const FIELDS: &'static [&'static str] = &[
        "id",
        "provider",
        "name",
        "status",
        "accounts",
        "transactions_imported",
        "transactions_updated",
        "transactions_removed",
        "holdings",
        "change_id",
        "error",
    ];
}

#[derive(Serialize)]
struct ConnectionSyncRecord {
    id: String,
    provider: String,
    name: String,
    status: ConnectionStatus,
    accounts: Vec<AccountSyncRecord>,
    transactions_imported: u64,
    transactions_updated: u64,
    transactions_removed: u64,
    holdings: u64,
    change_id: Option<String>,
    error: Option<CliError>,
}

#[derive(Serialize)]
struct AccountSyncRecord {
    id: Option<String>,
    name: String,
    result: AccountResult,
    reason: Option<String>,
}

impl From<&ConnectionReport> for ConnectionSyncRecord {
    fn from(report: &ConnectionReport) -> Self {
        Self {
            id: report.id.to_string(),
            provider: report.provider.clone(),
            name: report.name.clone(),
            status: report.status,
            accounts: report
                .accounts
                .iter()
                .map(|account| AccountSyncRecord {
                    id: account.id.map(|id| id.to_string()),
                    name: account.name.clone(),
                    result: account.result,
                    reason: account.reason.clone(),
                })
                .collect(),
            transactions_imported: report.transactions_imported,
            transactions_updated: report.transactions_updated,
            transactions_removed: report.transactions_removed,
            holdings: report.holdings,
            change_id: report.change_id.map(|id| id.to_string()),
            error: report.error.clone().map(CliError::from),
        }
    }
}

pub(super) fn sync(
    session: &Session,
    out: &mut dyn Write,
    format: OutputFormat,
    ids: &[String],
    force: bool,
    from: Option<chrono::NaiveDate>,
) -> Result<u8, CliError> {
    const COLUMNS: &[OutputColumn<ConnectionSyncRecord>] = &[
        OutputColumn::left("Connection", |row| row.name.clone()),
        OutputColumn::left("Status", |row| row.status.to_string()),
        OutputColumn::right("Accounts", |row| {
            let done = row.accounts.iter().filter(|account| account.result == AccountResult::Ok).count();
            format!("{done} of {}", row.accounts.len())
        }),
        OutputColumn::right("New", |row| row.transactions_imported.to_string()),
        OutputColumn::right("Amended", |row| row.transactions_updated.to_string()),
        OutputColumn::right("Removed", |row| row.transactions_removed.to_string()),
        OutputColumn::right("Holdings", |row| row.holdings.to_string()),
    ];
    let view = session.ledger.view()?;
    let connections = lists::find_connections(&view, ids)?;
    // Without a login there is nothing to unseal; the engine reports what is wrong with the request.
    let is_wanted = |connection: &Connection| connections.is_empty() || connections.contains(&connection.id);
    if session
        .ledger
        .view()?
        .connections()
        .iter()
        .any(|connection| is_wanted(connection) && providers::is_live(connection))
    {
        session.unlock()?;
    }
    let request = SyncRequest { connections, force, from };
    let report = session.runtime.block_on(session.handle.sync(request))?;
    let records = || report.connections.iter().map(ConnectionSyncRecord::from);
    if matches!(format, OutputFormat::Table | OutputFormat::Csv) {
        let empty = "no connection to sync: `dashtam connect` makes one";
        output::list(out, format, records().map(Ok), COLUMNS, empty)?;
    } else {
        output::record(out, format, &SyncRecord { connections: records().collect() }, |_| Ok(()))?;
    }
    out.flush()?;
    explain(session, &report)?;
    Ok(exit_code(&report))
}

/// 0 when everything arrived, 1 when nothing did, 3 for anything between.
fn exit_code(report: &SyncReport) -> u8 {
    let complete = report.connections.iter().filter(|connection| connection.is_complete()).count();
    let failed = report.connections.iter().filter(|connection| connection.error.is_some()).count();
    if complete == report.connections.len() {
        0
    } else if failed == report.connections.len() {
        1
    } else {
        PARTLY
    }
}

/// Failures, warnings and logins that end soon, for people, on standard error.
fn explain(session: &Session, report: &SyncReport) -> Result<(), CliError> {
    let mut err = session.setup.console.err();
    for connection in &report.connections {
        let name = text::clean(&connection.name);
        for warning in &connection.warnings {
            writeln!(err, "warning: {name}: {}", text::clean(&warning.message))?;
        }
        if let Some(error) = &connection.error {
            writeln!(err, "error: {}", text::clean(&error.message))?;
            if let Some(hint) = &error.hint {
                writeln!(err, "  {}", text::clean(hint))?;
            }
        }
        for account in connection.accounts.iter().filter(|account| account.result != AccountResult::Ok) {
            let reason = account.reason.as_deref().unwrap_or("unknown");
            writeln!(err, "warning: {name}: {}: {}", text::clean(&account.name), text::clean(reason))?;
        }
    }
    let now = session.clock.now();
    for connection in session.ledger.view()?.connections().iter().filter(|connection| login_ends_soon(connection, now))
    {
        let left = connection.login_expires_at.map_or(0, |ends| (ends - now).num_hours().max(0));
        let name = text::clean(connection.display_name());
        let id = connection.id;
        writeln!(err, "warning: {name}: the login ends in {left} h; renew it: dashtam reconnect {id}")?;
    }
    Ok(())
}
