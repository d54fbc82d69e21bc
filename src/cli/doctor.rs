//! `dashtam doctor`: everything the program depends on, looked at one by one.
//!
//! INVARIANT: nothing is created, repaired or sent.

use std::{
    io::{self, Write},
    path::Path,
};

use chrono::Utc;
use serde::Serialize;

use super::{
    args::{Global, OutputFormat},
    background_check, backups_folder, configured,
    console::Console,
    error::CliError,
    output::{self, ListRecord},
    session::{Session, Setup},
    upkeep,
};
use crate::{
    config::{Config, Environment, Paths},
    domain::{Connection, text},
    files::{Privacy, privacy_of},
    ports::{SecretStore as _, VaultChoice},
    store::{OpenOptions, Store},
    sync::login_ends_soon,
    tui,
    vault::TimedStore,
};

const KEYRING_HINT: &str = "start a keyring, or keep the key behind a passphrase: DASHTAM_VAULT=passphrase";

/// Result of one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    /// As it should be.
    Ok,
    /// It works, and should be looked at.
    Warning,
    /// Something does not work.
    Failed,
}

impl ListRecord for Finding {
    const FIELDS: &'static [&'static str] = &["check", "status", "message", "hint"];
}

/// One thing looked at.
#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    status: Verdict,
    message: String,
    hint: Option<String>,
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, check: &'static str, status: Verdict, message: impl Into<String>) -> &mut Finding {
        self.0.push(Finding { check, status, message: message.into(), hint: None });
        let last = self.0.len() - 1;
        &mut self.0[last]
    }

    fn ok(&mut self, check: &'static str, message: impl Into<String>) {
        self.add(check, Verdict::Ok, message);
    }

    fn warn(&mut self, check: &'static str, message: impl Into<String>, hint: impl Into<String>) {
        self.add(check, Verdict::Warning, message).hint = Some(hint.into());
    }

    fn fail(&mut self, check: &'static str, message: impl Into<String>, hint: impl Into<String>) {
        self.add(check, Verdict::Failed, message).hint = Some(hint.into());
    }
}

/// Looks at everything; 1 when something does not work.
/// `running`: the session whose store is checked, where this process has the database open.
pub(super) fn run(
    global: &Global,
    console: &Console,
    out: &mut dyn Write,
    running: Option<&Session>,
) -> Result<u8, CliError> {
    let format = global.format;
    let mut findings = Findings::default();
    findings.ok("version", format!("dashtam {}, {}", env!("CARGO_PKG_VERSION"), std::env::consts::OS));
    let environment = Environment::from_variables(console.variables()).unwrap_or_else(|error| {
        findings.fail("environment", error.to_string(), "correct or unset it");
        Environment::default()
    });
    let paths = match running {
        Some(session) => session.setup.paths.clone(),
        None => Setup::paths(global, &environment)?,
    };
    let config = configuration(&paths, &mut findings);
    folders(&paths, &environment, &mut findings);
    let setup = Setup::of(console.clone(), paths, config, environment);
    database(&setup.paths, &setup.open_options(), running, &mut findings);
    backups(&setup.paths, &mut findings);
    vault(&setup, &mut findings);
    terminal(console, &mut findings);
    let failed = findings.0.iter().any(|finding| finding.status == Verdict::Failed);
    if format == OutputFormat::Table {
        table(out, &findings.0)?;
    } else {
        output::list(out, format, findings.0.into_iter().map(Ok::<Finding, CliError>), &[], "")?;
    }
    Ok(u8::from(failed))
}

/// Whole sentences, which a table would cut.
fn table(out: &mut dyn Write, findings: &[Finding]) -> io::Result<()> {
    for finding in findings {
        let mark = match finding.status {
            Verdict::Ok => "✓",
            Verdict::Warning => "!",
            Verdict::Failed => "✗",
        };
        writeln!(
            out,
            "{mark} {:<13} {}",
            finding.check,
            text::clean(&finding.message).replace('\n', "\n                ")
        )?;
        if let Some(hint) = &finding.hint {
            writeln!(out, "                → {}", text::clean(hint))?;
        }
    }
    Ok(())
}

fn configuration(paths: &Paths, findings: &mut Findings) -> Config {
    let loaded = configured::load(&paths.config, upkeep::key_problems);
    let shown = paths.config.display();
    match loaded {
        Ok(loaded) => {
            let there = if paths.config.exists() { "" } else { " (not there: the defaults apply)" };
            findings.ok("configuration", format!("{shown}{there}"));
            for warning in &loaded.warnings {
                findings.warn("configuration", warning.to_string(), format!("correct it in {shown}"));
            }
            for (slug, settings) in &loaded.config.providers {
                if let Err(error) = settings.read_answers(slug) {
                    findings.warn("configuration", error.to_string(), "put it there before the next connect");
                }
            }
            loaded.config
        }
        Err(error) => {
            let hint = "correct these lines; the screen and commands that contact institutions do not start before";
            findings.fail("configuration", error.to_string(), hint);
            Config::load_lenient(&paths.config)
        }
    }
}

/// Folders and files that only their owner should read.
fn folders(paths: &Paths, environment: &Environment, findings: &mut Findings) {
    let backups = paths.backups();
    for (what, folder) in [("data", &paths.data), ("state", &paths.state), ("backups", &backups)] {
        let shown = folder.display();
        if !folder.exists() {
            findings.ok("folders", format!("{what}: {shown} (made when it is needed)"));
        } else if !folder.is_dir() {
            findings.fail("folders", format!("{what}: {shown} is not a folder"), "move it away");
        } else if !is_writable(folder) {
            findings.fail("folders", format!("{what}: {shown} can't be written to"), format!("chmod u+rwx {shown}"));
        } else {
            private("folders", what, folder, "700", findings);
        }
    }
    let (database, vault, log) = (paths.database(), paths.vault(), paths.log());
    let named = [("database", Some(&database)), ("vault", Some(&vault)), ("log", Some(&log))];
    for (what, file) in named.into_iter().chain([("passphrase file", environment.passphrase_file.as_ref())]) {
        if let Some(file) = file.filter(|file| file.exists()) {
            private("files", what, file, "600", findings);
        }
    }
}

fn private(check: &'static str, what: &str, path: &Path, mode: &str, findings: &mut Findings) {
    let shown = path.display();
    match privacy_of(path) {
        Ok(Privacy::Private) => findings.ok(check, format!("{what}: {shown}")),
        Ok(Privacy::Shared) => {
            findings.warn(check, format!("{what}: other users can read {shown}"), format!("chmod {mode} {shown}"));
        }
        Err(error) => findings.fail(check, format!("{what}: {shown}: {error}"), "see who may read it"),
    }
}

fn is_writable(folder: &Path) -> bool {
    rustix::fs::access(folder, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK).is_ok()
}

fn database(paths: &Paths, options: &OpenOptions, running: Option<&Session>, findings: &mut Findings) {
    let path = paths.database();
    if !path.exists() {
        return findings.ok("database", "none yet: the first import or connection makes it");
    }
    let store = match running.map_or_else(|| Store::open_with(&path, options), |session| Ok(session.store.clone())) {
        Ok(store) => store,
        Err(error @ crate::store::StoreError::Locked { .. }) => {
            return findings.warn("database", error.to_string(), "it can be checked when the other one has ended");
        }
        Err(error @ crate::store::StoreError::Key(_)) => {
            let text = error.to_string();
            let (text, hint) = text.rsplit_once("; ").unwrap_or((&text, "`dashtam vault status` shows its vault"));
            return findings.warn("database", format!("not checked: {text}"), hint);
        }
        Err(error) => return findings.fail("database", error.to_string(), newest_backup(paths)),
    };
    if let Err(error) = store.verify() {
        return findings.fail("database", error.to_string(), newest_backup(paths));
    }
    let read = store.read().and_then(|reader| {
        Ok((reader.accounts()?.len(), reader.transaction_count()?, reader.change_count()?, reader.connections()?))
    });
    match read {
        Ok((accounts, rows, changes, known)) => {
            findings.ok("database", format!("whole; accounts: {accounts}, transactions: {rows}, changes: {changes}"));
            connections(&known, findings);
        }
        Err(error) => findings.fail("database", error.to_string(), newest_backup(paths)),
    }
}

/// Advice for a damaged database.
fn newest_backup(paths: &Paths) -> String {
    let restore = backups_folder::newest(&paths.backups(), Utc::now()).map_or_else(
        || "no backup was found in the backups folder".to_owned(),
        |(file, _)| format!("dashtam restore {}", file.display()),
    );
    format!("{restore}; or save what is readable: dashtam doctor --rescue OUT")
}

/// The age of the newest backup, and of the last background check.
fn backups(paths: &Paths, findings: &mut Findings) {
    if !paths.database().exists() {
        return;
    }
    let days = |age: std::time::Duration| match age.as_secs() / 86_400 {
        0 => "today".to_owned(),
        1 => "1 day ago".to_owned(),
        days => format!("{days} days ago"),
    };
    match backups_folder::newest(&paths.backups(), Utc::now()) {
        None => findings.ok("backups", "none yet: `dashtam backup` makes one"),
        Some((file, age)) if age.as_secs() > 30 * 86_400 => {
            findings.warn(
                "backups",
                format!("the newest is old ({}): {}", days(age), file.display()),
                "dashtam backup",
            );
        }
        Some((file, age)) => findings.ok("backups", format!("the newest: {} ({})", file.display(), days(age))),
    }
    let progress = background_check::CheckProgress::load(&background_check::progress_file(&paths.state));
    if let Some(at) = progress.finished_at {
        let age = (Utc::now() - at).to_std().unwrap_or_default();
        findings.ok("database", format!("last complete background check: {}", days(age)));
    }
}

/// `doctor --rescue`: copies everything readable of the database into a new one.
pub(super) fn rescue(global: &Global, console: &Console, out: &mut dyn Write, to: &Path) -> Result<(), CliError> {
    let environment = Environment::from_variables(console.variables()).unwrap_or_default();
    let paths = Setup::paths(global, &environment)?;
    let config = Config::load(&paths.config).map(|loaded| loaded.config).unwrap_or_default();
    let setup = Setup::of(console.clone(), paths, config, environment);
    setup.refuse_in_use("doctor --rescue")?;
    let rescued = Store::rescue(&setup.paths.database(), &console.path(to), &setup.open_options())?;
    output::record(out, global.format, &rescued, |out| {
        writeln!(out, "saved into {}:", to.display())?;
        for (table, count) in &rescued.saved {
            let damaged = rescued.damaged.get(table).map(|places| format!(", damaged places: {places}"));
            writeln!(out, "  {table}: {count}{}", damaged.unwrap_or_default())?;
        }
        writeln!(out, "to continue with it: dashtam restore {}", to.display())
    })
}

fn connections(known: &[Connection], findings: &mut Findings) {
    let now = Utc::now();
    for connection in known.iter().filter(|connection| connection.counts()) {
        let name = connection.display_name();
        let renew = format!("dashtam reconnect {}", connection.id);
        let status = connection.status_at(now);
        if status.needs_reauthentication() {
            findings.warn("connections", format!("{name}: {status}"), renew);
        } else if login_ends_soon(connection, now) {
            let left = connection.login_expires_at.map_or(0, |ends| (ends - now).num_hours().max(0));
            findings.warn("connections", format!("{name}: the login ends in {left} h"), renew);
        } else if let Some(error) = &connection.error {
            // The error names the provider itself.
            findings.warn("connections", error.clone(), format!("dashtam sync {}", connection.id));
        } else {
            let ends = connection.login_expires_at.map(|ends| format!(", login ends {}", ends.date_naive()));
            findings.ok("connections", format!("{name}: {}{}", connection.status, ends.unwrap_or_default()));
        }
    }
}

/// Opens an existing vault where that takes no typing; never makes one.
fn vault(setup: &Setup, findings: &mut Findings) {
    let vault = &setup.vault;
    let state = match vault.state() {
        Ok(state) => state,
        Err(error) => {
            return findings.fail("vault", error.to_string(), "`docs/security.md` describes how keys are kept");
        }
    };
    match (state.kind, state.exists) {
        (VaultChoice::Memory, _) => {
            findings.warn("vault", "in memory: logins end with the program", "for tests only: unset DASHTAM_VAULT");
        }
        (VaultChoice::Keyring, false) => match TimedStore::system().load("dashtam doctor") {
            Ok(_) => {
                findings.ok("vault", "none yet: the first connection makes it, kept by the keyring, which answers");
            }
            Err(error) => findings.warn("vault", error.to_string(), KEYRING_HINT),
        },
        (kind, false) => findings.ok("vault", format!("none yet: the first connection makes it, kept by {kind}")),
        (VaultChoice::Passphrase, true) if setup.environment.passphrase_file.is_none() => {
            findings.ok("vault", "behind a passphrase, which is asked for when it is needed");
        }
        (kind, true) => match vault.unlock(None) {
            Ok(()) => findings.ok("vault", format!("kept by {kind}, and it opens")),
            Err(error) => findings.fail("vault", error.to_string(), "stored logins can't be used until it opens"),
        },
    }
}

fn terminal(console: &Console, findings: &mut Findings) {
    if !console.terminal.stdin || !console.terminal.stdout {
        return findings.ok("terminal", "not one: commands work, the screen needs one");
    }
    let (columns, lines) = tui::LEAST;
    match console.terminal.size {
        Some((width, height)) if width < columns || height < lines => findings.warn(
            "terminal",
            format!("{width}x{height}"),
            format!("the screen needs at least {columns}x{lines}"),
        ),
        Some((width, height)) => findings.ok("terminal", format!("{width}x{height}")),
        None => findings.warn("terminal", "its size is unknown", "the screen may not open"),
    }
}
