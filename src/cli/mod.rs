//! The command line and the composition root: puts the parts together and opens the screen or runs one command.
//!
//! INVARIANT: results go to standard output, everything else to standard error; exit codes are those of
//! `docs/cli.md`; no secret is taken from an argument.

mod account_args;
mod args;
mod attention;
mod background_check;
mod backup;
mod backups_folder;
mod balances;
mod commands;
mod completions;
mod config_args;
mod configured;
mod connect;
mod console;
mod daily_backup;
pub(crate) mod demo;
mod dev;
mod difference;
mod doctor;
mod duplicates;
mod edit;
mod error;
mod explain;
mod help;
mod import;
mod import_args;
mod layouts;
mod lists;
mod moment;
mod output;
mod own_themes;
mod protection;
mod record;
mod row_args;
mod scaffold;
mod session;
mod socket;
mod start_theme;
mod status;
mod stored_status;
mod upkeep;
mod usage;
mod vault;

use std::{io::Write, process::ExitCode};

use clap::Parser as _;

use self::{
    args::{Cli, CliCommand, Global, OutputFormat, Strictness},
    console::Console,
    error::CliError,
    session::{Entered, Session, Setup},
    socket::{Role, Served},
};
use crate::domain::{FailureKind, text};

/// Runs the program on the arguments of this process.
#[must_use]
pub fn main() -> ExitCode {
    crate::config::report_panics();
    let unprotected = crate::vault::harden_process();
    let console = Console::local();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(usage::answer(&error, std::env::args_os().collect(), &console)),
    };
    for what in unprotected {
        let _ = writeln!(console.err(), "warning: {what}");
    }
    let format = cli.global.format;
    let mut out = console.out();
    let result = run(cli, &console, &mut out);
    ExitCode::from(end(result, &console, &mut out, format))
}

/// Writes the rest of the output, reports a failure, and returns the exit code.
fn end(result: Result<u8, CliError>, console: &Console, out: &mut dyn Write, format: OutputFormat) -> u8 {
    let flushed = out.flush().map_err(CliError::from);
    match result.and_then(|code| flushed.map(|()| code)) {
        Ok(code) => code,
        Err(error) => {
            report(&error, console, format);
            error.kind.exit_code()
        }
    }
}

/// Reports a failure on standard error.
fn report(error: &CliError, console: &Console, format: OutputFormat) {
    if error.kind == FailureKind::ClosedPipe {
        return;
    }
    let mut err = console.err();
    let _ = if matches!(format, OutputFormat::Json | OutputFormat::Jsonl) {
        writeln!(err, "{}", serde_json::json!({ "error": error }))
    } else {
        let hint = error.hint.iter().flat_map(|hint| hint.lines()).map(|line| format!("\n  {}", text::clean(line)));
        // A message may have several lines, each of which is made safe.
        let lines: Vec<_> = error.message.lines().map(text::clean).collect();
        writeln!(err, "error: {}{}", lines.join("\n"), hint.collect::<String>())
    };
}

fn run(cli: Cli, console: &Console, out: &mut dyn Write) -> Result<u8, CliError> {
    let Cli { global, command } = cli;
    let format = global.format;
    let Some(command) = command else { return screen(&global, console) };
    // Commands without a store also work with a broken one.
    match command {
        CliCommand::Providers => lists::providers(out, format)?,
        CliCommand::Config { what } => return upkeep::config(&global, console, out, &what),
        CliCommand::Layouts { action } => layouts::run(&global, console, out, format, action)?,
        CliCommand::Restore { file, passphrase_file, identity } => {
            let keys = (passphrase_file.as_deref(), identity.as_deref());
            backup::restore(&global, console, out, format, &file, keys)?;
        }
        CliCommand::Doctor { rescue: Some(to) } => doctor::rescue(&global, console, out, &to)?,
        CliCommand::Vault { what: args::VaultCommand::Recover { from } } => {
            vault::recover(&Setup::new(&global, console, Strictness::Strict)?, out, format, from.as_deref())?;
        }
        CliCommand::Dev { what } => dev::run(console, out, format, what)?,
        CliCommand::Keys => upkeep::keys(&global, console, out, format)?,
        CliCommand::Completions { shell } => completions::print(shell, out)?,
        CliCommand::Man { command, all } => help::manual(console, out, &command, all.as_deref())?,
        CliCommand::Help { topic } => help::help(out, &topic)?,
        CliCommand::Status { short: true } => {
            status::short(&Setup::new(&global, console, Strictness::Lenient)?, out, format)?;
        }
        command => return with_store(&global, console, out, command),
    }
    Ok(0)
}

/// Runs a command in the process that has the database: this one, or the one that has it open.
fn with_store(global: &Global, console: &Console, out: &mut dyn Write, command: CliCommand) -> Result<u8, CliError> {
    loop {
        let setup = Setup::new(global, console, command.strictness());
        // The doctor also runs with a broken configuration, and without making anything.
        if matches!(command, CliCommand::Doctor { .. }) && !setup.as_ref().is_ok_and(Setup::is_in_use) {
            return doctor::run(global, console, out, None);
        }
        let setup = setup?;
        let entered = match (setup.enter(), &command) {
            (Err(error), CliCommand::Vault { what }) if error.kind.is_vault() => {
                return vault::run_locked(&setup, out, global.format, what, error).map(|()| 0);
            }
            (entered, _) => entered?,
        };
        match entered {
            Entered::Running(client) => {
                if let Some(code) = client.run(std::env::args_os().collect(), console)? {
                    return Ok(code);
                }
            }
            Entered::Free(store) => {
                if command.stores() {
                    note(setup.decide_encryption(&store, global.format)?, console, global.format)?;
                }
                let is_short = !command.writes();
                let running = setup.open(store, global.offline, Role::Command, is_short, serve)?;
                let result = commands::run(&running.session, global, out, command);
                // Before commands of other processes are waited for.
                let flushed = out.flush();
                running.close();
                return result.and_then(|code| Ok(flushed.map(|()| code)?));
            }
        }
    }
}

/// Shows a note, unless scripts read standard error as one JSON document.
fn note(text: Option<String>, console: &Console, format: OutputFormat) -> Result<(), CliError> {
    if let Some(text) = text {
        tracing::info!("{text}");
        if matches!(format, OutputFormat::Table | OutputFormat::Csv) {
            writeln!(console.err(), "{text}")?;
        }
    }
    Ok(())
}

/// Runs the command of another process.
fn serve(session: &Session, served: Served) -> u8 {
    let Served { arguments, console, gone } = served;
    let Cli { global, command } = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return usage::answer(&error, arguments, &console),
    };
    let mut out = console.out();
    let result = session.of_client(&global, &console).and_then(|session| {
        let cancel = {
            let handle = session.handle.clone();
            session.runtime.spawn(async move {
                gone.cancelled().await;
                handle.cancel_scope();
            })
        };
        let command = command.ok_or_else(|| CliError::usage("this process runs commands only"))?;
        if session.store.is_closed() && !command.works_locked() {
            session.unlock()?;
        }
        let result = commands::run(&session, &global, &mut out, command);
        cancel.abort();
        result
    });
    end(result, &console, &mut out, global.format)
}

/// Whether the terminal can't place its cursor (`TERM=dumb`).
fn is_dumb(console: &Console) -> bool {
    console.variables().into_iter().any(|(name, value)| name == "TERM" && value == "dumb")
}

/// Opens the full screen, or the line mode.
fn screen(global: &Global, console: &Console) -> Result<u8, CliError> {
    let is_terminal = console.terminal.stdin && console.terminal.stdout;
    let plain = global.plain || is_terminal && is_dumb(console);
    if !plain && !is_terminal {
        return Err(CliError::usage("the screen needs a terminal on standard input and output")
            .hint("in scripts use a command, such as `dashtam accounts`; `dashtam --help` lists them; --plain reads keys by line"));
    }
    if global.as_known.is_some() {
        return Err(CliError::usage("--as-known takes a command").hint("--as-of DATE opens the screen on a day"));
    }
    let setup = Setup::new(global, console, Strictness::Strict)?;
    let keymap = upkeep::keymap(&setup.paths, &setup.config)?;
    let store = setup.enter_alone()?;
    let notice = setup.decide_encryption(&store, OutputFormat::Table)?;
    let running = setup.open(store, global.offline, Role::Screen, false, serve)?;
    let result = running.session.show_screen(global.demo, plain, global.as_of, notice, keymap);
    running.close();
    result.map(|()| 0)
}
