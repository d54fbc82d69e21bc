//! The complete application in one process: real screen, engine and store; clock, browser and clipboard are made up.
//!
//! Used by the tests of the screen. INVARIANT: nothing sleeps; `idle` waits for the engine and the workers themselves.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path, sync::Arc};

use chrono::{DateTime, Duration, Utc};
use crossterm::event::{Event, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use dashtam::testing::{
    config::{ProviderSettings, UserCommand},
    demo,
    ledger::Ledger,
    ports::{
        VaultChoice,
        fake::{FakeBrowser, FakeClipboard, FakeClock, FakeEntropy, FakeSecretStore},
    },
    providers::kit::{Http, HttpConfig, ServerOrigin, fake::FakeTimer},
    statements::Limits,
    store::Store,
    sync::{self, EngineConfig, LiveConfig, Schedule},
    tui::{Env, Folders, Host, Keymap, Runtime, Settings, parse_keys},
    vault::{Vault, VaultOptions},
};
use futures_util::stream::Pending;
use ratatui::{Terminal, backend::TestBackend};
use tempfile::TempDir;

/// When it is in every test.
pub(crate) const NOW: &str = "2026-11-20T15:00:00Z";

/// No keys come by themselves, nobody ends or suspends the process.
pub(crate) struct NoTerminal {
    pub(crate) suspended: Arc<std::sync::atomic::AtomicUsize>,
    /// Programs of the shell, with their variables.
    pub(crate) shell: ShellCalls,
}

/// Programs that were to run, with their variables.
pub(crate) type ShellCalls = Arc<std::sync::Mutex<Vec<(String, Vec<(String, String)>)>>>;

impl Host for NoTerminal {
    type Input = Pending<std::io::Result<Event>>;

    fn input(&mut self) -> Self::Input {
        futures_util::stream::pending()
    }

    async fn ended(&mut self) {
        std::future::pending::<()>().await;
    }

    fn shell(&mut self, command: &str, variables: &[(String, String)]) -> std::io::Result<()> {
        self.shell.lock().unwrap().push((command.to_owned(), variables.to_vec()));
        Ok(())
    }

    fn suspend(&mut self) -> std::io::Result<()> {
        self.suspended.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Ok(())
    }
}

/// What the user set.
pub(crate) struct Given {
    pub(crate) choice: VaultChoice,
    /// Where providers are found.
    pub(crate) endpoints: BTreeMap<String, ServerOrigin>,
    /// Content of the passphrase file.
    pub(crate) passphrase: Option<&'static str>,
    /// Settings of providers.
    pub(crate) providers: ProviderSettings,
    /// Keys.
    pub(crate) keymap: Keymap,
    /// Commands of the user.
    pub(crate) commands: Vec<UserCommand>,
    /// Name of the profile.
    pub(crate) profile: Option<String>,
    /// Rows of an import that stay in memory.
    pub(crate) kept_rows: usize,
}

impl Default for Given {
    fn default() -> Self {
        Self {
            choice: VaultChoice::Memory,
            endpoints: BTreeMap::new(),
            passphrase: None,
            providers: ProviderSettings::new(),
            keymap: Keymap::default(),
            commands: Vec::new(),
            profile: None,
            kept_rows: usize::MAX,
        }
    }
}

/// The application and what it was given.
pub(crate) struct Harness {
    pub(crate) runtime: Runtime<TestBackend, NoTerminal>,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) clipboard: Arc<FakeClipboard>,
    pub(crate) browser: Arc<FakeBrowser>,
    pub(crate) engine: sync::Handle,
    pub(crate) store: Store,
    pub(crate) vault: Vault,
    pub(crate) suspended: Arc<std::sync::atomic::AtomicUsize>,
    pub(crate) shell: ShellCalls,
    pub(crate) folder: TempDir,
}

impl Harness {
    /// An empty profile on a screen of that size.
    pub(crate) fn new(width: u16, height: u16) -> Self {
        Self::with(width, height, Settings::default())
    }

    pub(crate) fn with(width: u16, height: u16, settings: Settings) -> Self {
        Self::live(width, height, settings, VaultChoice::Memory, BTreeMap::new())
    }

    /// With keys of the user's own.
    pub(crate) fn keyed(width: u16, height: u16, keymap: Keymap) -> Self {
        Self::given(width, height, Settings::default(), Given { keymap, ..Given::default() })
    }

    /// With providers that are found at other origins.
    pub(crate) fn live(
        width: u16,
        height: u16,
        settings: Settings,
        choice: VaultChoice,
        endpoints: BTreeMap<String, ServerOrigin>,
    ) -> Self {
        Self::given(width, height, settings, Given { choice, endpoints, ..Given::default() })
    }

    /// With all that the user may have set.
    pub(crate) fn given(width: u16, height: u16, settings: Settings, given: Given) -> Self {
        let Given { kept_rows, choice, endpoints, passphrase, providers, keymap, commands, profile: given_profile } =
            given;
        let folder = tempfile::tempdir().unwrap();
        let passphrase_file = passphrase.map(|text| {
            let file = folder.path().join("passphrase");
            fs::write(&file, text).unwrap();
            file
        });
        let store = Store::in_memory().unwrap();
        let clock = Arc::new(FakeClock::at(NOW.parse::<DateTime<Utc>>().unwrap()));
        let clipboard = Arc::new(FakeClipboard::default());
        let entropy = Arc::new(FakeEntropy::default());
        let vault = Vault::new(VaultOptions {
            choice,
            file: folder.path().join("vault"),
            passphrase_file,
            keyring: Arc::new(FakeSecretStore::default()),
            entropy: entropy.clone(),
        });
        let browser = Arc::new(FakeBrowser::default());
        // Waiting for a provider's pace moves the clock instead.
        let timer = Arc::new(FakeTimer::new(clock.clone()));
        let live = LiveConfig {
            http: Http::new(HttpConfig { timer, ..HttpConfig::new(clock.clone(), entropy.clone()) }).unwrap(),
            vault: vault.clone(),
            browser: browser.clone(),
            entropy,
            endpoints,
            providers: providers.clone(),
            schedule: Schedule::default(),
        };
        let limits = Limits::default();
        let engine = sync::spawn(EngineConfig { store: store.clone(), clock: clock.clone(), limits, kept_rows, live });
        let files = folder.path().join("files");
        fs::create_dir(&files).unwrap();
        let env = Env {
            clock: clock.clone(),
            browser: browser.clone(),
            clipboard: clipboard.clone(),
            engine: engine.clone(),
            vault: choice,
            providers: Arc::new(providers),
            folders: Folders {
                home: Some(files.clone()),
                start: files,
                recent: Some(folder.path().join("recent")),
                log: Some(folder.path().join("log")),
            },
            commands: commands.into(),
            themes: Arc::new([]),
            start_theme: None,
            profile: given_profile,
            notice: None,
            can_lock: false,
            local_time: |at| at.naive_utc(),
        };
        let suspended = Arc::default();
        let shell = ShellCalls::default();
        let host = NoTerminal { suspended: Arc::clone(&suspended), shell: Arc::clone(&shell) };
        let terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let runtime = Runtime::new(terminal, host, Ledger::new(store.clone()), env, settings, keymap).unwrap();
        Self { runtime, clock, clipboard, browser, engine, store, vault, suspended, shell, folder }
    }

    /// With the made-up household of `--demo`, imported file by file through the engine.
    pub(crate) async fn demo(width: u16, height: u16) -> Self {
        let mut harness = Self::new(width, height);
        let today = NOW.parse::<DateTime<Utc>>().unwrap().date_naive();
        for file in demo::statements(today) {
            let path = harness.write(&file.name, std::str::from_utf8(&file.bytes).unwrap());
            harness.keys("i").idle().await.paste(&path).keys("<enter>").idle().await.keys("<enter>").idle().await;
            // Later files must not find the earlier ones in the folder.
            fs::remove_file(path).unwrap();
        }
        harness.advance(60_000).keys("1");
        harness
    }

    /// With the profile of `--demo`, as the command line fills it: statements, tables, an archive, a connected bank after two
    /// syncs, edits and a balance stated by hand.
    pub(crate) async fn whole_demo(width: u16, height: u16) -> Self {
        let mut harness = Self::new(width, height);
        let (store, engine, clock) = (harness.store.clone(), harness.engine.clone(), Arc::clone(&harness.clock));
        let folder = harness.folder.path().join("demo");
        fs::create_dir(&folder).unwrap();
        let runtime = tokio::runtime::Handle::current();
        let filled = tokio::task::spawn_blocking(move || {
            let now = NOW.parse::<DateTime<Utc>>().unwrap();
            let shift = |ahead| clock.set(now + ahead);
            let ledger = Ledger::new(store.clone());
            let profile = demo::DemoProfile {
                store: &store,
                ledger: &ledger,
                handle: &engine,
                runtime: &runtime,
                clock: clock.as_ref(),
                shift: &shift,
            };
            demo::fill_profile(&profile, &folder)
        });
        filled.await.unwrap().unwrap();
        harness.idle().await;
        harness.advance(60_000).keys("1").idle().await;
        harness
    }

    /// Puts a file into the folder in which the picker begins; gives its path.
    pub(crate) fn write(&mut self, name: &str, text: &str) -> String {
        let path = self.files().join(name);
        fs::write(&path, text).unwrap();
        let hour_ago = NOW.parse::<DateTime<Utc>>().unwrap() - Duration::hours(1);
        fs::File::open(&path).unwrap().set_modified(hour_ago.into()).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub(crate) fn files(&self) -> std::path::PathBuf {
        self.folder.path().join("files")
    }

    /// Types: characters as they are, `<enter>`, `<ctrl-d>` and so on by name.
    pub(crate) fn keys(&mut self, macros: &str) -> &mut Self {
        for key in parse_keys(macros) {
            self.feed(&Event::Key(key));
        }
        self
    }

    pub(crate) fn paste(&mut self, text: &str) -> &mut Self {
        self.feed(&Event::Paste(text.to_owned()));
        self
    }

    pub(crate) fn click(&mut self, column: u16, row: u16) -> &mut Self {
        self.mouse(MouseEventKind::Down(MouseButton::Left), column, row)
    }

    pub(crate) fn mouse(&mut self, kind: MouseEventKind, column: u16, row: u16) -> &mut Self {
        self.feed(&Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
        self
    }

    pub(crate) fn resize(&mut self, width: u16, height: u16) -> &mut Self {
        self.runtime.backend_mut().resize(width, height);
        self.feed(&Event::Resize(width, height));
        self
    }

    pub(crate) fn feed(&mut self, event: &Event) {
        self.runtime.feed(event).unwrap();
    }

    /// Waits until nothing is under way.
    pub(crate) async fn idle(&mut self) -> &mut Self {
        self.runtime.idle().await.unwrap();
        self
    }

    /// Lets time pass, and timers fire.
    pub(crate) fn advance(&mut self, milliseconds: i64) -> &mut Self {
        self.clock.advance(Duration::milliseconds(milliseconds));
        self.runtime.wake().unwrap();
        self
    }

    /// What is on the screen, line by line.
    pub(crate) fn screen(&mut self) -> String {
        self.runtime.repaint().unwrap();
        let buffer = self.runtime.backend_mut().buffer().clone();
        let mut text = String::new();
        for y in 0..buffer.area.height {
            let mut line = String::new();
            let mut skip = 0;
            for x in 0..buffer.area.width {
                let symbol = buffer[(x, y)].symbol();
                if skip == 0 {
                    line.push_str(symbol);
                    skip = unicode_width::UnicodeWidthStr::width(symbol).max(1);
                }
                skip -= 1;
            }
            let _ = writeln!(text, "{}", line.trim_end());
        }
        text
    }

    /// Fails unless the screen holds every one of these texts.
    #[track_caller]
    pub(crate) fn shows(&mut self, texts: &[&str]) -> &mut Self {
        let screen = self.screen();
        for text in texts {
            assert!(screen.contains(text), "no `{text}` on\n{screen}");
        }
        self
    }

    #[track_caller]
    pub(crate) fn hides(&mut self, text: &str) -> &mut Self {
        let screen = self.screen();
        assert!(!screen.contains(text), "`{text}` on\n{screen}");
        self
    }
}

/// A bank statement with rows of `(date, amount, name)`.
pub(crate) fn bank_statement(account: &str, rows: &[(&str, &str, &str)], balance: &str) -> String {
    let mut text = format!(
        "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nSECURITY:NONE\nENCODING:USASCII\nCHARSET:1252\nCOMPRESSION:NONE\n\
         OLDFILEUID:NONE\nNEWFILEUID:NONE\n\n<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS>\
         <DTSERVER>20261120120000<LANGUAGE>ENG<FI><ORG>B1<FID>10898</FI></SONRS></SIGNONMSGSRSV1><BANKMSGSRSV1><STMTTRNRS>\
         <TRNUID>1<STATUS><CODE>0<SEVERITY>INFO</STATUS><STMTRS><CURDEF>USD<BANKACCTFROM><BANKID>322271627<ACCTID>{account}\
         <ACCTTYPE>CHECKING</BANKACCTFROM><BANKTRANLIST><DTSTART>20260101<DTEND>20261120\n"
    );
    for (index, (date, amount, name)) in rows.iter().enumerate() {
        let kind = if amount.starts_with('-') { "DEBIT" } else { "CREDIT" };
        let day = date.replace('-', "");
        let _ = writeln!(
            text,
            "<STMTTRN><TRNTYPE>{kind}<DTPOSTED>{day}<TRNAMT>{amount}<FITID>{account}-{day}-{index}<NAME>{name}</STMTTRN>"
        );
    }
    let _ = writeln!(
        text,
        "</BANKTRANLIST><LEDGERBAL><BALAMT>{balance}<DTASOF>20261119</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
    );
    text
}

/// Compares the screen with the stored one under `tests/it/snapshots`.
#[track_caller]
pub(crate) fn matches(name: &str, harness: &mut Harness) {
    let folder = harness.folder.path().display().to_string();
    matches_text(name, &harness.screen().replace(&folder, "/tmp"));
}

/// As [`matches`], of a screen from which what changes from run to run was taken.
#[track_caller]
pub(crate) fn matches_text(name: &str, screen: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, screen));
}
