//! The command line and the composition root: puts the parts together and opens the screen or runs one command.
//!
//! INVARIANT: results go to standard output, everything else to standard error; exit codes are those of
//! `docs/cli.md`; no secret is taken from an argument.

mod args;
mod configured;
mod connect;
mod doctor;
mod error;
mod import;
mod lists;
mod output;
mod record;
mod session;

use std::{
    io::{self, BufWriter, IsTerminal as _, Write},
    process::ExitCode,
};

use clap::{CommandFactory as _, Parser as _};

use self::{
    args::{Cli, Command, ConfigCommand, ExportFormat, Format, Global},
    error::CliError,
    record::ChangeRecord,
    session::{Session, Setup},
};
use crate::{
    config::{Config, ConfigError, Environment, Paths},
    domain::{Change, ChangeId, ConnectionId, FailureKind, text},
    files,
    ledger::export,
    store::Store,
    tui::{self, Keymap},
    vault,
};

/// Runs the program on the arguments of this process.
#[must_use]
pub fn main() -> ExitCode {
    crate::config::report_panics();
    let unprotected = vault::harden_process();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    for what in unprotected {
        let _ = writeln!(io::stderr(), "warning: {what}");
    }
    let format = cli.global.format;
    let mut out = BufWriter::new(io::stdout().lock());
    let result = run(cli, &mut out).and_then(|code| {
        out.flush()?;
        Ok(code)
    });
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            // What was written before the failure still reaches the reader.
            let _ = out.flush();
            report(&error, format);
            ExitCode::from(error.kind.exit_code())
        }
    }
}

/// Help and version are answers; anything else is wrong usage, said as JSON where JSON was asked for.
fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let arguments: Vec<_> = std::env::args().collect();
    let wants_json = arguments.iter().any(|argument| argument == "--format=json")
        || arguments.windows(2).any(|pair| pair[0] == "--format" && pair[1] == "json");
    if wants_json {
        let text = error.to_string();
        let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
        report(&CliError::usage(message).hint("`dashtam --help` shows what there is"), Format::Json);
    } else {
        let _ = error.print();
    }
    ExitCode::from(FailureKind::Usage.exit_code())
}

/// Says on standard error what failed and what to do.
fn report(error: &CliError, format: Format) {
    if error.kind == FailureKind::ClosedPipe {
        return;
    }
    let mut err = io::stderr().lock();
    let _ = if matches!(format, Format::Json | Format::Jsonl) {
        writeln!(err, "{}", serde_json::json!({ "error": error }))
    } else {
        let hint = error.hint.iter().map(|hint| format!("\n  {}", text::clean(hint)));
        // A message may have several lines, each of which is made safe.
        let lines: Vec<_> = error.message.lines().map(text::clean).collect();
        writeln!(err, "error: {}{}", lines.join("\n"), hint.collect::<String>())
    };
}

fn run(cli: Cli, out: &mut dyn Write) -> Result<u8, CliError> {
    let Cli { global, command } = cli;
    let format = global.format;
    let Some(command) = command else { return screen(&global) };
    // What needs no store comes first, so that it works with a broken one too.
    match command {
        Command::Providers => lists::providers(out, format)?,
        Command::Config { what } => return config(&global, out, &what),
        Command::Restore { file } => restore(&global, out, format, &file)?,
        Command::Doctor => return doctor::run(&global, out, format),
        Command::Keys => keys(&global, out)?,
        Command::Completions { shell } => {
            // Written whole afterwards: the generator panics when a reader goes away.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "dashtam", &mut script);
            out.write_all(&script)?;
        }
        Command::Man => clap_mangen::Man::new(Cli::command()).render(out)?,
        command => {
            let session = Setup::new(&global)?.open(global.offline)?;
            let result = with_session(&session, out, format, command);
            session.close();
            return result;
        }
    }
    Ok(0)
}

fn with_session(session: &Session, out: &mut dyn Write, format: Format, command: Command) -> Result<u8, CliError> {
    match command {
        Command::Import { files, dry_run, account } => {
            let account = account.map(|wanted| lists::find_account(&session.ledger.view()?, &wanted)).transpose()?;
            return import::run(session, out, format, files, dry_run, account);
        }
        Command::Accounts => lists::accounts(session, out, format)?,
        Command::Transactions { rows, by } => lists::transactions(session, out, format, &rows, by.as_deref())?,
        Command::Holdings { account } => lists::holdings(session, out, format, account.as_deref())?,
        Command::Snapshots { account } => lists::snapshots(session, out, format, account.as_deref())?,
        Command::Connections => lists::connections(session, out, format)?,
        Command::Changes { limit } => lists::changes(session, out, format, limit)?,
        Command::NetWorth { on, every } => lists::net_worth(session, out, format, on, every)?,
        Command::Undo { change } => toggle(session, out, format, change.as_deref(), true)?,
        Command::Redo { change } => toggle(session, out, format, change.as_deref(), false)?,
        Command::Connect { provider, answers } => {
            return connect::connect(session, out, format, &provider, None, &answers);
        }
        Command::Reconnect { id, answers } => return connect::reconnect(session, out, format, &id, &answers),
        Command::Disconnect { id, remove_data } => connect::disconnect(session, &id, remove_data)?,
        Command::Sync { ids, force, from } => return connect::sync(session, out, format, &ids, force, from),
        Command::Rename { id, name } => rename(session, &id, name)?,
        Command::Export { to, selection, output } => write_export(session, out, to, selection, output.as_deref())?,
        Command::Backup { file } => backup(session, file)?,
        Command::Restore { .. }
        | Command::Doctor
        | Command::Providers
        | Command::Config { .. }
        | Command::Keys
        | Command::Completions { .. }
        | Command::Man => {}
    }
    Ok(0)
}

/// Opens the full screen.
fn screen(global: &Global) -> Result<u8, CliError> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(CliError::usage("the screen needs a terminal on standard input and output")
            .hint("in scripts use a command, such as `dashtam accounts`; `dashtam --help` lists them"));
    }
    let setup = Setup::new(global)?;
    let keymap = keymap(&setup.paths, &setup.config)?;
    let session = setup.open(global.offline)?;
    let result = session.show_screen(global.demo, keymap);
    session.close();
    result.map(|()| 0)
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

fn rename(session: &Session, id: &str, name: String) -> Result<(), CliError> {
    let name = Some(name).filter(|name| !name.trim().is_empty());
    let wrong = |error: crate::domain::ParseIdError| CliError::usage(error.to_string());
    if let Some(id) = id.strip_prefix("connection:") {
        let connection = id.parse::<ConnectionId>().map_err(wrong)?;
        session.runtime.block_on(session.handle.rename_connection(connection, name))?;
    } else {
        let account = lists::find_account(&session.ledger.view()?, id)?;
        session.runtime.block_on(session.handle.rename_account(account, name))?;
    }
    Ok(())
}

fn write_export(
    session: &Session,
    out: &mut dyn Write,
    to: ExportFormat,
    selection: args::Selection,
    file: Option<&std::path::Path>,
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
    let Some(file) = file else {
        view.export(&listing, form, out)?;
        return Ok(());
    };
    let refused = |error: io::Error| {
        CliError::new(FailureKind::Io, format!("{}: {error}", file.display()))
            .hint("name a file that does not exist yet")
    };
    let mut target = BufWriter::new(files::create(file).map_err(refused)?);
    let rows = view.export(&listing, form, &mut target)?;
    target.flush().map_err(refused)?;
    Ok(writeln!(io::stderr(), "{rows} rows written to {}", file.display())?)
}

fn backup(session: &Session, file: Option<std::path::PathBuf>) -> Result<(), CliError> {
    let file = if let Some(file) = file {
        file
    } else {
        let folder = session.setup.paths.backups();
        files::create_folders(&folder)?;
        folder.join(format!("dashtam-{}.redb", session.clock.now().format("%Y%m%dT%H%M%SZ")))
    };
    session.store.backup(&file)?;
    Ok(writeln!(io::stderr(), "backed up to {}", file.display())?)
}

/// What a restore did.
#[derive(serde::Serialize)]
struct Restored {
    backup: String,
    database: String,
    /// Where the database before is now; none when there was none.
    kept_as: Option<String>,
}

fn restore(global: &Global, out: &mut dyn Write, format: Format, file: &std::path::Path) -> Result<(), CliError> {
    if global.demo {
        return Err(CliError::usage("made-up data is thrown away: there is nothing to restore into"));
    }
    let paths = Setup::new(global)?.paths;
    let database = paths.database();
    let now = chrono::Utc::now().format("before-%Y%m%dT%H%M%SZ").to_string();
    let names = std::iter::once(now.clone()).chain((2..).map(|count| format!("{now}-{count}")));
    let is_free = |name: &String| !std::path::Path::new(&format!("{}.{name}", database.display())).exists();
    let kept_as = names.into_iter().find(is_free).unwrap_or(now);
    let kept = Store::restore(file, &database, &kept_as)?;
    let shown = |path: &std::path::Path| path.display().to_string();
    let done = Restored { backup: shown(file), database: shown(&database), kept_as: kept.as_deref().map(shown) };
    output::object(out, format, &done, |out| {
        writeln!(out, "restored {} from {}", done.database, done.backup)?;
        done.kept_as.iter().try_for_each(|kept| writeln!(out, "what was there before is kept as {kept}"))
    })
}

fn keys(global: &Global, out: &mut dyn Write) -> Result<(), CliError> {
    let setup = Setup::new(global)?;
    Ok(out.write_all(tui::keys_page(&keymap(&setup.paths, &setup.config)?).as_bytes())?)
}

/// The keys in force.
fn keymap(paths: &Paths, config: &Config) -> Result<Keymap, CliError> {
    Keymap::of(&config.keys).map_err(|problems| {
        let error = ConfigError::Invalid { file: paths.config.display().to_string(), problems };
        CliError::new(FailureKind::Config, error.to_string()).hint("`dashtam keys` lists names and keys")
    })
}

fn config(global: &Global, out: &mut dyn Write, what: &ConfigCommand) -> Result<u8, CliError> {
    let environment = Environment::read().map_err(|error| CliError::usage(error.to_string()))?;
    let paths = Setup::paths(global, &environment)?;
    match what {
        ConfigCommand::Path => writeln!(out, "{}", paths.config.display())?,
        ConfigCommand::Check | ConfigCommand::Show => {
            let loaded = Config::load(&paths.config)
                .and_then(|loaded| configured::check(&loaded.config, &paths.config).map(|()| loaded))
                .map_err(|error| CliError::new(FailureKind::Config, error.to_string()))?;
            for warning in &loaded.warnings {
                writeln!(io::stderr(), "warning: {warning}")?;
            }
            keymap(&paths, &loaded.config)?;
            if matches!(what, ConfigCommand::Show) {
                out.write_all(loaded.config.show().as_bytes())?;
            }
        }
    }
    Ok(0)
}
