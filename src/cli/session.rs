//! What a command works with: the places, the settings, the store and the engine, put together.

use std::{
    collections::BTreeMap,
    io::{self, IsTerminal as _, Write as _},
    path::PathBuf,
    sync::Arc,
};

use secrecy::{ExposeSecret as _, SecretString};

use super::{args::Global, configured, error::CliError};
use crate::{
    config::{self, Config, Environment, Log, LogLevel, Overrides, Paths},
    domain::FailureKind,
    files::{self, Privacy, privacy_of},
    ledger::Ledger,
    ports::{Clock, Entropy, SystemBrowser, SystemClock, SystemEntropy, VaultChoice},
    providers::{
        Secrets,
        kit::{Http, HttpConfig, OriginError},
    },
    store::Store,
    sync::{self, EngineConfig, Handle, ImportRequest, LiveConfig, Schedule},
    tui::{self, Env, Folders, Keymap, Settings, TerminalClipboard, ThemeName},
    vault::{TimedStore, Vault, VaultOptions},
};

/// Places and settings; opens nothing.
pub(super) struct Setup {
    pub(super) paths: Paths,
    pub(super) config: Config,
    pub(super) environment: Environment,
    /// How often `-v` was given.
    verbose: u8,
    /// Removes the throw-away profile when it goes.
    scratch: Option<Scratch>,
}

impl Setup {
    pub(super) fn new(global: &Global) -> Result<Self, CliError> {
        let environment = Environment::read().map_err(|error| CliError::usage(error.to_string()))?;
        if global.demo {
            let scratch = Scratch::new()?;
            let paths = Paths::inside(&scratch.folder);
            return Ok(Self {
                paths,
                config: Config::default(),
                environment,
                verbose: global.verbose,
                scratch: Some(scratch),
            });
        }
        let paths = Self::paths(global, &environment)?;
        let loaded = Config::load(&paths.config)
            .and_then(|loaded| configured::check(&loaded.config, &paths.config).map(|()| loaded))
            .map_err(|error| {
                CliError::new(FailureKind::Config, error.to_string())
                    .hint("`dashtam config check` says the same after each repair")
            })?;
        Ok(Self { paths, config: loaded.config, environment, verbose: global.verbose, scratch: None })
    }

    /// From what is known already.
    pub(super) const fn of(paths: Paths, config: Config, environment: Environment) -> Self {
        Self { paths, config, environment, verbose: 0, scratch: None }
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

    /// Opens the store and starts the engine. A demo is filled first, through the importer.
    pub(super) fn open(self, offline: bool) -> Result<Session, CliError> {
        let log = self.log();
        let store = Store::open(&self.paths.database())?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let live = self.live(&clock, offline)?;
        let vault = live.vault.clone();
        let config = EngineConfig { store: store.clone(), clock: Arc::clone(&clock), limits: self.config.import, live };
        let handle = runtime.block_on(async { sync::spawn(config) });
        let session = Session {
            ledger: Ledger::new(store.clone()),
            store,
            vault,
            handle,
            clock,
            runtime,
            setup: self,
            _log: log,
        };
        if let Some(scratch) = &session.setup.scratch {
            session.fill_demo(&scratch.folder)?;
        }
        Ok(session)
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
                let _ = writeln!(io::stderr(), "warning: no log: {}: {error}", self.paths.log().display());
                None
            }
        }
    }

    /// What talking to providers needs. Nothing is asked, read or sent yet.
    fn live(&self, clock: &Arc<dyn Clock>, offline: bool) -> Result<LiveConfig, CliError> {
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
        let providers = &self.config.providers;
        let http = HttpConfig { offline, ..HttpConfig::new(Arc::clone(clock), Arc::clone(&entropy)) };
        let http = Http::new(http).map_err(|error| CliError::new(FailureKind::Network, error.to_string()))?;
        let vault = self.vault(Arc::clone(&entropy));
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

    /// The vault of this profile, locked.
    pub(super) fn vault(&self, entropy: Arc<dyn Entropy>) -> Vault {
        Vault::new(VaultOptions {
            choice: self.environment.vault.unwrap_or(self.config.vault),
            file: self.paths.vault(),
            passphrase_file: self.environment.passphrase_file.clone(),
            keyring: Arc::new(TimedStore::system()),
            entropy,
        })
    }

    /// The passphrase of the vault, asked for on a terminal; none where a file holds it.
    fn passphrase(&self, exists: bool) -> Result<Secrets, CliError> {
        if let Some(file) = &self.environment.passphrase_file {
            // The log says it too; scripts read standard error as one JSON document.
            if io::stderr().is_terminal() && privacy_of(file).is_ok_and(|privacy| privacy == Privacy::Shared) {
                let file = file.display();
                writeln!(io::stderr(), "warning: other users can read the passphrase file {file}: chmod 600 {file}")?;
            }
            return Ok(Secrets::new());
        }
        if !io::stdin().is_terminal() {
            return Ok(Secrets::new());
        }
        let ask = |what: &str| {
            write!(io::stderr(), "{what}: ")?;
            io::stderr().flush()?;
            rpassword::read_password().map(SecretString::from)
        };
        let passphrase = ask(if exists { "Passphrase of the vault" } else { "Passphrase of the new vault" })?;
        if !exists && ask("Once more")?.expose_secret() != passphrase.expose_secret() {
            return Err(CliError::usage("the two passphrases differ; nothing was made"));
        }
        Ok(Secrets::new().with("passphrase", passphrase))
    }
}

/// Everything a command that touches data needs.
pub(super) struct Session {
    /// Writes what is left of it when it goes.
    _log: Option<Log>,
    pub(super) ledger: Ledger,
    pub(super) store: Store,
    pub(super) handle: Handle,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) runtime: tokio::runtime::Runtime,
    pub(super) setup: Setup,
    vault: Vault,
}

impl Session {
    fn fill_demo(&self, folder: &std::path::Path) -> Result<(), CliError> {
        let statements = folder.join("statements");
        std::fs::create_dir_all(&statements)?;
        let mut paths = Vec::new();
        for file in crate::demo::statements(self.clock.today()) {
            let path = statements.join(&file.name);
            std::fs::write(&path, file.text)?;
            paths.push(path);
        }
        let request = ImportRequest { paths, ..ImportRequest::default() };
        self.runtime.block_on(self.handle.import(request, |_| {}))?;
        Ok(())
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
    pub(super) fn show_screen(&self, demo: bool, keymap: Keymap) -> Result<(), CliError> {
        let config = &self.setup.config;
        let theme = match config.theme {
            _ if self.setup.environment.no_color => ThemeName::Plain,
            config::Theme::Auto | config::Theme::Dark => ThemeName::Dark,
            config::Theme::Light => ThemeName::Light,
            config::Theme::Sixteen => ThemeName::Ansi,
            config::Theme::Mono => ThemeName::Plain,
        };
        let env = Env {
            clock: Arc::clone(&self.clock),
            browser: Arc::new(SystemBrowser::new(self.setup.environment.browser.as_deref())),
            clipboard: Arc::new(TerminalClipboard),
            engine: self.handle.clone(),
            vault: self.setup.environment.vault.unwrap_or(config.vault),
            providers: Arc::new(config.providers.clone()),
            folders: Folders {
                home: std::env::home_dir(),
                start: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
                recent: (!demo).then(|| self.setup.paths.state.join("recent-folders")),
                log: Some(self.setup.paths.log()),
            },
            local_time: |at| at.with_timezone(&chrono::Local).naive_local(),
        };
        let settings = Settings {
            theme,
            start: config.start,
            mouse: config.mouse,
            masked: config.privacy,
            demo,
            sync_on_start: config.sync.on_start,
            lock_after: Some(config.lock_after).filter(|after| !after.is_zero()),
        };
        let screen = tui::run(self.ledger.clone(), env, settings, keymap);
        self.runtime.block_on(screen).map_err(|error| CliError::new(FailureKind::Screen, error.to_string()))
    }

    /// Finishes what runs.
    pub(super) fn close(self) {
        self.handle.send(sync::Command::Shutdown);
        self.runtime.block_on(self.handle.idle());
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
