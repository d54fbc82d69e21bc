//! The parts a command works with: places, settings, store and engine.

use std::{
    collections::BTreeMap,
    io::Write as _,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use chrono::NaiveDate;
use secrecy::ExposeSecret as _;

use super::{
    args::{Global, OutputFormat, Strictness},
    background_check::BackgroundCheck,
    configured,
    console::Console,
    daily_backup, demo,
    error::CliError,
    moment,
    own_themes::OwnThemes,
    socket::{Client, CommandRunner, Connect, Role, Served, Server, socket_path},
    start_theme::start_theme,
    stored_status,
};
use crate::{
    config::{self, Config, Environment, Log, LogLevel, Overrides, Paths},
    domain::FailureKind,
    files::{self, Privacy, privacy_of},
    ledger::Ledger,
    ports::{Clock, DayClock, Entropy, SystemBrowser, SystemClock, SystemEntropy, VaultChoice},
    providers::{
        Secrets,
        kit::{Http, HttpConfig, OriginError},
    },
    store::{OpenOptions, Store, StoreError},
    sync::{self, EngineConfig, Handle, LiveConfig, Schedule},
    tui::{self, Env, Folders, Keymap, Settings, TerminalClipboard, ThemeName},
    vault::{TimedStore, Vault, VaultOptions},
};

/// Places, settings and the console of the caller; opens nothing.
#[derive(Clone)]
pub(super) struct Setup {
    pub(super) console: Console,
    pub(super) paths: Paths,
    pub(super) config: Config,
    pub(super) environment: Environment,
    /// How often `-v` was given.
    verbose: u8,
    /// The vault of this profile.
    pub(super) vault: Vault,
    /// Removes the throw-away profile when it goes.
    scratch: Option<Arc<Scratch>>,
}

impl Setup {
    pub(super) fn new(global: &Global, console: &Console, strictness: Strictness) -> Result<Self, CliError> {
        let environment = Environment::from_variables(console.variables());
        let environment = environment.map_err(|error| CliError::usage(error.to_string()))?;
        let (console, verbose) = (console.clone(), global.verbose);
        let found = Self::paths(global, &environment);
        if !global.demo {
            let paths = found?;
            let config = settings(&paths, &console, global, strictness)?;
            let vault = vault_of(&paths, &config, &environment);
            return Ok(Self { console, paths, config, environment, verbose, vault, scratch: None });
        }
        // A demo leaves the keyring of the system alone.
        let environment = Environment { vault: Some(VaultChoice::Memory), ..environment };
        let scratch = Scratch::new()?;
        let mut paths = Paths::inside(&scratch.folder);
        // A demo has its own data and the user's settings, where there are any.
        if let Ok(found) = found {
            paths.config = found.config;
        }
        let config = settings(&paths, &console, global, strictness)?;
        let vault = vault_of(&paths, &config, &environment);
        Ok(Self { console, paths, config, environment, verbose, vault, scratch: Some(Arc::new(scratch)) })
    }

    /// From parts that were read already.
    pub(super) fn of(console: Console, paths: Paths, config: Config, environment: Environment) -> Self {
        let vault = vault_of(&paths, &config, &environment);
        Self { console, paths, config, environment, verbose: 0, vault, scratch: None }
    }

    pub(super) fn paths(global: &Global, environment: &Environment) -> Result<Paths, CliError> {
        if let Some(named) = global.config.as_ref().filter(|file| file.try_exists().is_ok_and(|exists| !exists)) {
            return Err(CliError::usage(format!("--config: there is no file {}", named.display())));
        }
        let overrides = Overrides {
            data_dir: global.data_dir.clone(),
            config: global.config.clone(),
            profile: global.profile.clone(),
        };
        Paths::find(&overrides, environment).map_err(|error| CliError::usage(error.to_string()))
    }

    /// How the database of this profile is opened.
    pub(super) fn open_options(&self) -> OpenOptions {
        let companions = vec![self.paths.vault(), self.paths.backups()];
        OpenOptions { keys: Arc::new(self.keys(false)), companions }
    }

    const fn backs_up_daily(&self) -> bool {
        self.config.daily_backup && !self.is_scratch()
    }

    /// Whether it is a throw-away profile.
    pub(super) const fn is_scratch(&self) -> bool {
        self.scratch.is_some()
    }

    fn socket(&self) -> Option<PathBuf> {
        if self.scratch.is_some() { None } else { socket_path(&self.paths.state) }
    }

    /// The process that has the database open, if one listens.
    fn running(&self) -> Result<Option<Client>, CliError> {
        let Some(socket) = self.socket() else { return Ok(None) };
        Ok(match Client::connect(&socket)? {
            Connect::Found(client) => Some(client),
            Connect::Nobody => None,
        })
    }

    /// Whether another process listens.
    pub(super) fn is_in_use(&self) -> bool {
        matches!(self.running(), Ok(Some(_)))
    }

    /// Refuses a command that replaces files another process has open.
    pub(super) fn refuse_in_use(&self, command: &str) -> Result<(), CliError> {
        let Some(client) = self.running()? else { return Ok(()) };
        let text = format!("`{command}` replaces the database, which is open in {}", name_of(&client));
        Err(CliError::new(FailureKind::WrongState, text).hint("end that process, then run this again"))
    }

    /// The database, or the process that has it. Waits for a process that has it and does not listen: it is short.
    pub(super) fn enter(&self) -> Result<Entered, CliError> {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(client) = self.running()? {
                return Ok(Entered::Running(client));
            }
            self.unlock_for(&self.paths.database())?;
            match Store::open_with(&self.paths.database(), &self.open_options()) {
                Err(StoreError::Locked { .. }) if Instant::now() < until => std::thread::sleep(TURN),
                Err(error @ StoreError::Locked { .. }) => {
                    return Err(CliError::from(error).hint("that process does not answer; end it, then run this again"));
                }
                opened => return Ok(Entered::Free(opened?)),
            }
        }
    }

    /// The database for the screen, which needs it for itself. Waits for a running command to end.
    pub(super) fn enter_alone(&self) -> Result<Store, CliError> {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.enter()? {
                Entered::Free(store) => return Ok(store),
                Entered::Running(client) => {
                    if client.process().0 == Role::Screen || Instant::now() >= until {
                        let text = format!("the database is open in {}", name_of(&client));
                        return Err(CliError::new(FailureKind::WrongState, text)
                            .hint("use that one, or end it; commands such as `dashtam accounts` work meanwhile"));
                    }
                    drop(client);
                    std::thread::sleep(TURN);
                }
            }
        }
    }

    /// Starts the engine on an open store and listens for commands of other processes: at once, or, for a command that is
    /// `short`, only when it takes longer. A demo is filled first, through the importer.
    pub(super) fn open(
        self,
        store: Store,
        offline: bool,
        role: Role,
        short: bool,
        serve: Serve,
    ) -> Result<Running, CliError> {
        let log = self.log();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let shifted = self.scratch.as_ref().map(|_| demo::clock());
        let clock: Arc<dyn Clock> = match &shifted {
            Some(shifted) => Arc::clone(shifted) as Arc<dyn Clock>,
            None => Arc::new(SystemClock),
        };
        let live = self.live(&clock, offline)?;
        let vault = live.vault.clone();
        if has_logins(&store)? {
            vault.require();
        }
        let config = EngineConfig {
            store: store.clone(),
            clock: Arc::clone(&clock),
            limits: self.config.import,
            kept_rows: self.config.kept_rows,
            live,
        };
        let handle = runtime.block_on(async { sync::spawn(config) });
        let ledger = Ledger::new(store.clone()).on(clock.today());
        let session = Session { ledger, store, vault, handle, clock, runtime: runtime.handle().clone(), setup: self };
        if let (Some(scratch), Some(clock)) = (&session.setup.scratch, &shifted) {
            let Session { store, ledger, handle, runtime, .. } = &session;
            let shift = |ahead| clock.set(ahead);
            let profile = demo::DemoProfile { store, ledger, handle, runtime, clock: clock.as_ref(), shift: &shift };
            demo::fill(&profile, &scratch.folder)?;
        }
        let listening = Arc::new(Mutex::new(Listening::NotYet));
        if let Some(socket) = session.setup.socket() {
            let base = session.clone();
            let run: CommandRunner = Arc::new(move |served| serve(&base, served));
            let (slot, on) = (Arc::clone(&listening), session.runtime.clone());
            if short {
                session.runtime.spawn(async move {
                    tokio::time::sleep(SHORT).await;
                    listen(&slot, &socket, role, &on, run);
                });
            } else {
                listen(&slot, &socket, role, &on, run);
            }
        }
        let generation = session.store.generation();
        if role == Role::Screen && session.setup.backs_up_daily() {
            daily_backup::start(&session.setup.paths, &session.store, session.clock.now());
        }
        let check = match role {
            Role::Screen => {
                BackgroundCheck::start(session.store.clone(), &session.setup.paths.state, session.clock.now())
            }
            Role::Command => None,
        };
        Ok(Running { session, listening, role, generation, _check: check, runtime, _log: log })
    }
}

/// The settings; `strictness` decides about wrong ones.
fn settings(paths: &Paths, console: &Console, global: &Global, strictness: Strictness) -> Result<Config, CliError> {
    let loaded = configured::load(&paths.config, |_| Vec::new()).map(|loaded| loaded.config);
    match loaded {
        Ok(config) => Ok(config),
        Err(error) if strictness == Strictness::Strict => Err(CliError::new(FailureKind::Config, error.to_string())
            .hint("`dashtam config check` repeats this after each correction")),
        Err(error) => {
            // Scripts read standard error as one JSON document.
            if matches!(global.format, OutputFormat::Table | OutputFormat::Csv) {
                writeln!(console.err(), "warning: {error}\n  the defaults of these settings apply")?;
            }
            Ok(Config::load_lenient(&paths.config))
        }
    }
}

/// Whether a login is stored, sealed by the vault.
fn has_logins(store: &Store) -> Result<bool, StoreError> {
    let reader = store.read()?;
    for connection in reader.connections()? {
        if reader.credential(connection.id)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Runs the command of another process and returns its exit code.
type Serve = fn(&Session, Served) -> u8;

/// A command that takes longer than this listens for the commands of others.
const SHORT: Duration = Duration::from_millis(250);

/// Between two tries to get the database.
const TURN: Duration = Duration::from_millis(5);

/// How long a database is waited for that is in use by a process which does not listen.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long commands of other processes may go on after the screen was left.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The database, or the process that has it.
pub(super) enum Entered {
    Free(Store),
    Running(Client),
}

fn name_of(client: &Client) -> String {
    match client.process() {
        (Role::Screen, process) => format!("another terminal (process {process})"),
        (Role::Command, process) => format!("a running command (process {process})"),
    }
}

/// The state of the socket.
enum Listening {
    NotYet,
    On(Server),
    Over,
}

/// Starts to listen, unless the program is ending. Without a socket the program works, alone.
fn listen(
    listening: &Mutex<Listening>,
    socket: &std::path::Path,
    role: Role,
    runtime: &tokio::runtime::Handle,
    run: CommandRunner,
) {
    let mut listening = listening.lock().unwrap_or_else(PoisonError::into_inner);
    if matches!(*listening, Listening::NotYet) {
        match Server::start(socket, role, runtime, run) {
            Ok(server) => *listening = Listening::On(server),
            Err(error) => tracing::warn!("no commands of other processes: {}: {error}", socket.display()),
        }
    }
}

/// Time that a compaction gets to finish when the program ends. It cannot be cancelled, and the database survives that
/// it is cut off.
const COMPACTION_GRACE: Duration = Duration::from_millis(500);

/// A session with the engine behind it, and the socket for other processes.
pub(super) struct Running {
    pub(super) session: Session,
    listening: Arc<Mutex<Listening>>,
    role: Role,
    /// Commit counter of the store at the start.
    generation: u64,
    /// Stops when dropped.
    _check: Option<BackgroundCheck>,
    runtime: tokio::runtime::Runtime,
    /// Writes its rest when dropped.
    _log: Option<Log>,
}

impl Running {
    /// Stops listening and ends the engine. Commands of other processes are finished; those that are running when the
    /// screen is left are cancelled.
    pub(super) fn close(self) {
        let before =
            std::mem::replace(&mut *self.listening.lock().unwrap_or_else(PoisonError::into_inner), Listening::Over);
        let server = match before {
            Listening::On(server) => Some(server),
            Listening::NotYet | Listening::Over => None,
        };
        if let Some(server) = &server {
            server.stop();
            if self.role == Role::Command {
                server.finish();
            }
        }
        let handle = &self.session.handle;
        handle.send(sync::EngineCommand::Shutdown);
        let in_time = async { tokio::time::timeout(COMPACTION_GRACE, handle.idle()).await.is_ok() };
        if !self.session.runtime.block_on(in_time) && handle.is_compacting() {
            tracing::info!("the compaction of the database was cut off by the end of the program");
            self.runtime.shutdown_background();
            return;
        }
        self.session.runtime.block_on(handle.idle());
        let session = &self.session;
        let is_closed = session.store.is_closed();
        if session.setup.scratch.is_none() && !is_closed && session.store.generation() != self.generation {
            if self.role == Role::Command && self.generation > 0 && session.setup.backs_up_daily() {
                daily_backup::after_command(&session.setup.paths, &session.store, session.clock.now());
            }
            stored_status::store(&session.setup.paths, &session.ledger, session.clock.now());
        }
        if let Some(server) = &server {
            server.finish_within(LAST_WORDS);
        }
    }
}

impl Setup {
    /// The log file, as the program's own log. Without one the program works all the same.
    fn log(&self) -> Option<Log> {
        let level = match self.verbose {
            0 => self.environment.log.unwrap_or(self.config.log),
            1 => LogLevel::Debug,
            _ => LogLevel::Trace,
        };
        match config::open_log(&self.paths.log(), level) {
            Ok(log) => {
                // A second session of one process, as in tests, goes on with the first one's log.
                let _ = tracing::dispatcher::set_global_default(log.dispatch.clone());
                Some(log)
            }
            Err(error) => {
                let _ = writeln!(self.console.err(), "warning: no log: {}: {error}", self.paths.log().display());
                None
            }
        }
    }

    /// Builds the configuration of live connections. Nothing is asked, read or sent yet.
    fn live(&self, clock: &Arc<dyn Clock>, offline: bool) -> Result<LiveConfig, CliError> {
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
        let providers = &self.config.providers;
        let http = HttpConfig { offline, ..HttpConfig::new(Arc::clone(clock), Arc::clone(&entropy)) };
        let http = Http::new(http).map_err(|error| CliError::new(FailureKind::Network, error.to_string()))?;
        let vault = self.vault.clone();
        let mut endpoints = BTreeMap::new();
        let configured = providers.iter().filter_map(|(slug, set)| Some((slug, set.endpoint.as_ref()?)));
        // The environment comes last, so it wins.
        for (slug, origin) in configured.chain(&self.environment.endpoints) {
            let origin = origin.parse().map_err(|error: OriginError| CliError::usage(error.to_string()))?;
            endpoints.insert(slug.clone(), origin);
        }
        let schedule = Schedule { every: self.config.sync.every, overlap_days: self.config.sync.overlap_days };
        let browser = Arc::new(SystemBrowser::new(self.environment.browser.as_deref()));
        let providers = providers.clone();
        Ok(LiveConfig { http, vault, browser, entropy, endpoints, providers, schedule })
    }

    /// The passphrase of the vault, asked for on a terminal; none where a file holds it.
    pub(super) fn passphrase(&self, exists: bool) -> Result<Secrets, CliError> {
        if let Some(file) = &self.environment.passphrase_file {
            // The log has it too; scripts read standard error as one JSON document.
            let is_shared = privacy_of(file).is_ok_and(|privacy| privacy == Privacy::Shared);
            if self.console.terminal.stderr && is_shared {
                let file = file.display();
                let text = format!("warning: other users can read the passphrase file {file}: chmod 600 {file}");
                writeln!(self.console.err(), "{text}")?;
            }
            return Ok(Secrets::new());
        }
        if !self.console.terminal.stdin {
            return Ok(Secrets::new());
        }
        let question = if exists { "Passphrase of the vault" } else { "Passphrase of the new vault" };
        let passphrase = self.console.ask_secret(question)?;
        if !exists && self.console.ask_secret("Once more")?.expose_secret() != passphrase.expose_secret() {
            return Err(CliError::usage("the two passphrases differ; no vault was made"));
        }
        Ok(Secrets::new().with("passphrase", passphrase))
    }
}

/// The vault of a profile, locked.
fn vault_of(paths: &Paths, config: &Config, environment: &Environment) -> Vault {
    Vault::new(VaultOptions {
        choice: environment.vault.unwrap_or(config.vault),
        file: paths.vault(),
        passphrase_file: environment.passphrase_file.clone(),
        keyring: Arc::new(TimedStore::system()),
        entropy: Arc::new(SystemEntropy),
    })
}

/// Everything a command needs to work on the store. Clones share it.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) ledger: Ledger,
    pub(super) store: Store,
    pub(super) handle: Handle,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) runtime: tokio::runtime::Handle,
    pub(super) setup: Setup,
    pub(super) vault: Vault,
}

impl Session {
    /// The same session for the command of another process: its console and variables; paths and settings are those of
    /// this process.
    pub(super) fn of_client(&self, global: &Global, console: &Console) -> Result<Self, CliError> {
        let environment = Environment::from_variables(console.variables());
        let environment = environment.map_err(|error| CliError::usage(error.to_string()))?;
        let setup = Setup { console: console.clone(), environment, verbose: global.verbose, ..self.setup.clone() };
        Ok(Self { handle: self.handle.scoped(), setup, ..self.clone() })
    }

    /// The same session with the data as of the end of a day.
    pub(super) fn as_of(&self, day: NaiveDate) -> Self {
        let clock = Arc::new(DayClock { today: day, clock: Arc::clone(&self.clock) });
        Self { ledger: self.ledger.until(day), clock, ..self.clone() }
    }

    /// The same session with what was known after a change or at a time; its today is the day of that moment.
    pub(super) fn as_known(&self, written: &str) -> Result<Self, CliError> {
        let view = self.ledger.view()?;
        let change = moment::moment(&view, written)?;
        let today = moment::day_of(&view, change, written)?.unwrap_or_else(|| self.clock.today());
        let clock = Arc::new(DayClock { today, clock: Arc::clone(&self.clock) });
        let store = self.store.as_known(change)?;
        Ok(Self { ledger: Ledger::new(store.clone()).on(today), store, clock, ..self.clone() })
    }

    /// Opens the vault of stored logins; a keyring may ask the user.
    pub(super) fn unlock(&self) -> Result<(), CliError> {
        let state = self.vault.state().map_err(|error| CliError::new(FailureKind::Vault, error.to_string()))?;
        let asks = state.kind == VaultChoice::Passphrase && !state.unlocked;
        let passphrase = if asks { self.setup.passphrase(state.exists)? } else { Secrets::new() };
        self.runtime.block_on(self.handle.unlock(passphrase))?;
        Ok(())
    }

    /// Runs the screen until the user leaves it.
    pub(super) fn show_screen(
        &self,
        demo: bool,
        plain: bool,
        as_of: Option<NaiveDate>,
        notice: Option<String>,
        keymap: Keymap,
    ) -> Result<(), CliError> {
        let config = &self.setup.config;
        let plain_colours = plain || self.setup.environment.no_color;
        let (theme, asks_background) = start_theme(config.theme, plain_colours, &self.setup.environment);
        let own = OwnThemes::read(&self.setup.paths.config, &config.theme_file);
        let env = Env {
            clock: Arc::clone(&self.clock),
            browser: Arc::new(SystemBrowser::new(self.setup.environment.browser.as_deref())),
            clipboard: Arc::new(TerminalClipboard),
            engine: self.handle.clone(),
            vault: self.setup.environment.vault.unwrap_or(config.vault),
            providers: Arc::new(config.providers.clone()),
            folders: Folders {
                home: std::env::home_dir(),
                start: self.setup.console.folder().to_owned(),
                recent: (!demo).then(|| self.setup.paths.state.join("recent-folders")),
                log: Some(self.setup.paths.log()),
            },
            profile: self.setup.paths.profile.clone(),
            notice: own.notice(notice),
            commands: config.commands.clone().into(),
            start_theme: own.start.filter(|_| theme != ThemeName::Plain),
            themes: own.themes.into(),
            can_lock: self.vault.can_lock(),
            local_time: |at| at.with_timezone(&chrono::Local).naive_local(),
        };
        let settings = Settings {
            theme,
            asks_background,
            ascii: config.ascii,
            alone: false,
            start: config.start,
            mouse: config.mouse,
            masked: config.privacy,
            demo,
            sync_on_start: config.sync.on_start,
            lock_after: Some(config.lock_after).filter(|after| !after.is_zero()),
            as_of,
        };
        let ledger = self.ledger.clone();
        let ended = if plain {
            self.runtime.block_on(tui::line_mode::run(ledger, env, settings, keymap))
        } else {
            self.runtime.block_on(tui::run(ledger, env, settings, keymap))
        };
        ended.map_err(|error| CliError::new(FailureKind::Screen, error.to_string()))
    }
}

/// A folder that lives as long as the program.
struct Scratch {
    folder: PathBuf,
}

impl Scratch {
    fn new() -> Result<Self, CliError> {
        let base = std::env::temp_dir();
        for attempt in 0..100_u32 {
            let folder = base.join(format!("dashtam-demo-{}-{attempt}", std::process::id()));
            match files::create_folder(&folder) {
                Ok(()) => return Ok(Self { folder }),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(CliError::new(FailureKind::Io, format!("no folder could be made in {}", base.display())))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
