//! The settings: one table from which reading, the documented default file and `config show` all derive.

use std::time::Duration;

use crate::{domain::vocabulary, ports::VaultChoice, statements::Limits};

use super::{
    provider::ProviderSettings,
    value::{Value, show_duration, show_size},
};

vocabulary! {
    /// The colours of the screen.
    pub enum Theme {
        /// As the terminal's background asks for.
        Auto = "auto",
        Dark = "dark",
        Light = "light",
        /// Dark with strong contrasts only.
        Contrast = "contrast",
        /// The sixteen colours of the terminal itself.
        Sixteen = "16",
        Mono = "mono",
    }
}

vocabulary! {
    /// A full-screen view, by its name in the configuration.
    pub enum Screen {
        Overview = "overview",
        Accounts = "accounts",
        Transactions = "transactions",
        Holdings = "holdings",
        Connections = "connections",
        Activity = "activity",
    }
}

vocabulary! {
    /// How much goes into the log file.
    pub enum LogLevel {
        Off = "off",
        Error = "error",
        Warn = "warn",
        Info = "info",
        Debug = "debug",
        Trace = "trace",
    }
}

/// All settings, complete with defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate setting")]
pub struct Config {
    /// Colours; `NO_COLOR` wins over it.
    pub theme: Theme,
    /// Name of the user's theme; empty for none.
    pub theme_file: String,
    /// Whether lines, charts and marks are drawn in ASCII.
    pub ascii: bool,
    /// Mouse input; off leaves selecting text to the terminal.
    pub mouse: bool,
    /// The screen shown first.
    pub start: Screen,
    /// Whether amounts are masked when the screen opens.
    pub privacy: bool,
    /// How large a statement file may be.
    pub import: Limits,
    /// Transactions of an import that are kept in memory between reading and writing.
    pub kept_rows: usize,
    /// When connections are synced.
    pub sync: SyncConfig,
    /// Where the key is kept.
    pub vault: VaultChoice,
    /// Idle time after which a passphrase vault locks; zero for never.
    pub lock_after: Duration,
    /// Whether a backup is made every day.
    pub daily_backup: bool,
    /// How much is logged.
    pub log: LogLevel,
    /// The user's own keys, as written; the action table checks them.
    pub keys: Vec<Binding>,
    /// The user's own commands.
    pub commands: Vec<UserCommand>,
    /// Settings of single providers, as written.
    pub providers: ProviderSettings,
}

/// When connections are synced while the screen is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyncConfig {
    /// Whether due connections are synced when the screen opens.
    pub on_start: bool,
    /// Time between two syncs of a connection; zero for only when asked.
    pub every: Duration,
    /// Days before the newest known row that are asked for again.
    pub overlap_days: u32,
}

/// A table `[commands.NAME]`: a program of the shell that gets the fields of the selected row in its environment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserCommand {
    /// Its name.
    pub name: String,
    /// Its key on the screens; empty for none.
    pub key: String,
    /// The text for `sh -c`; nothing is inserted into it.
    pub run: String,
    /// Line in the file, for messages.
    pub line: usize,
}

/// One line of `[keys]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// Name of the action.
    pub action: String,
    /// Keys that do it; empty takes its keys away.
    pub keys: Vec<String>,
    /// Line in the file, for messages.
    pub line: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            theme: Theme::Auto,
            theme_file: String::new(),
            ascii: false,
            mouse: true,
            start: Screen::Overview,
            privacy: false,
            import: Limits::default(),
            kept_rows: 500_000,
            sync: SyncConfig { on_start: true, every: Duration::from_secs(6 * 3_600), overlap_days: 7 },
            vault: VaultChoice::Auto,
            lock_after: Duration::from_secs(15 * 60),
            daily_backup: true,
            log: LogLevel::Info,
            keys: Vec::new(),
            commands: Vec::new(),
            providers: ProviderSettings::new(),
        }
    }
}

/// One setting: how it is spelled, what it means, how it is read and shown.
pub struct Setting {
    /// Its table.
    pub section: &'static str,
    /// Its key there.
    pub key: &'static str,
    /// Its effect, in one line.
    pub help: &'static str,
    /// Allowed values, for the documentation and for errors.
    pub allowed: fn() -> String,
    pub(super) read: fn(&mut Config, &Value) -> Option<()>,
    pub(super) show: fn(&Config) -> String,
}

impl Setting {
    /// Its value in a configuration, as TOML.
    #[must_use]
    pub fn value(&self, config: &Config) -> String {
        (self.show)(config)
    }

    /// Its value in a configuration, as JSON: `"auto"` is a string, `true` a boolean.
    #[must_use]
    pub fn json_value(&self, config: &Config) -> serde_json::Value {
        let written = self.value(config);
        let table: Result<toml::Table, _> = format!("value = {written}").parse();
        let value = table.ok().and_then(|mut table| table.remove("value"));
        value.and_then(|value| serde_json::to_value(value).ok()).unwrap_or_else(|| written.into())
    }
}

/// A setting that takes one word of a vocabulary.
macro_rules! choice {
    ($section:literal, $key:literal, $help:literal, $type:ty, $($field:ident).+) => {
        Setting {
            section: $section,
            key: $key,
            help: $help,
            allowed: || <$type>::ALL.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", "),
            read: |config, value| value.text().and_then(<$type>::parse).map(|word| config.$($field).+ = word),
            show: |config| format!("\"{}\"", config.$($field).+),
        }
    };
}

/// A setting that is on or off.
macro_rules! switch {
    ($section:literal, $key:literal, $help:literal, $($field:ident).+) => {
        Setting {
            section: $section,
            key: $key,
            help: $help,
            allowed: || "true or false".to_owned(),
            read: |config, value| value.switch().map(|on| config.$($field).+ = on),
            show: |config| config.$($field).+.to_string(),
        }
    };
}

/// A setting that counts something.
macro_rules! number {
    ($section:literal, $key:literal, $help:literal, $least:literal..=$most:literal, $($field:ident).+) => {
        Setting {
            section: $section,
            key: $key,
            help: $help,
            allowed: || format!("a whole number from {} to {}", $least, $most),
            read: |config, value| {
                let number = value.number($least, $most)?;
                config.$($field).+ = number.try_into().ok()?;
                Some(())
            },
            show: |config| config.$($field).+.to_string(),
        }
    };
}

/// A setting that is a length of time.
macro_rules! duration {
    ($section:literal, $key:literal, $help:literal, $($field:ident).+) => {
        Setting {
            section: $section,
            key: $key,
            help: $help,
            allowed: || "a duration such as \"90s\", \"15m\", \"6h\", \"2d\", or \"off\"".to_owned(),
            read: |config, value| value.duration().map(|duration| config.$($field).+ = duration),
            show: |config| show_duration(config.$($field).+),
        }
    };
}

/// Every setting there is, in the order of the documented file.
pub const SETTINGS: &[Setting] = &[
    choice!("screen", "theme", "Colours. NO_COLOR in the environment wins over it.", Theme, theme),
    choice!("screen", "start", "The screen shown first.", Screen, start),
    switch!("screen", "mouse", "Listen to the mouse. Off leaves selecting text to the terminal.", mouse),
    Setting {
        section: "screen",
        key: "theme_file",
        help: "A theme of your own: the file themes/NAME.toml beside this one.",
        allowed: || "the name of such a file, without .toml; \"\" for none".to_owned(),
        read: |config, value| value.text().map(|name| name.trim().clone_into(&mut config.theme_file)),
        show: |config| toml::Value::from(config.theme_file.as_str()).to_string(),
    },
    switch!("screen", "ascii", "Draw lines, charts and marks in ASCII.", ascii),
    switch!("screen", "privacy", "Open with amounts masked; `p` shows them.", privacy),
    Setting {
        section: "import",
        key: "bytes",
        help: "The largest statement file that is read.",
        allowed: || "a size such as 1048576, \"64 MiB\", \"2 GiB\"".to_owned(),
        read: |config, value| value.size().map(|bytes| config.import.bytes = bytes),
        show: |config| show_size(config.import.bytes),
    },
    Setting {
        section: "import",
        key: "unpacked_bytes",
        help: "The most that an archive (zip, gzip) may unpack to, all its files together.",
        allowed: || "a size such as 1048576, \"64 MiB\", \"2 GiB\"".to_owned(),
        read: |config, value| value.size().map(|bytes| config.import.unpacked_bytes = bytes),
        show: |config| show_size(config.import.unpacked_bytes),
    },
    number!(
        "import",
        "unpacked_ratio",
        "Times its own size that an archive may unpack to.",
        1..=1_000_000,
        import.unpacked_ratio
    ),
    number!("import", "rows", "The most transactions accepted from one file.", 1..=1_000_000_000, import.rows),
    number!(
        "import",
        "kept_rows",
        "Transactions that are kept in memory between reading and writing; further files, and files above 320 times as many bytes, are read again.",
        0..=1_000_000_000,
        kept_rows
    ),
    number!("import", "depth", "How deep a file may nest.", 8..=10_000, import.depth),
    number!(
        "import",
        "warnings",
        "Warnings kept for one file; further ones are counted.",
        1..=1_000_000,
        import.warnings
    ),
    switch!("sync", "on_start", "Sync what is due when the screen opens.", sync.on_start),
    duration!("sync", "every", "Time between two syncs of a connection while the screen is open.", sync.every),
    number!(
        "sync",
        "overlap_days",
        "Days before the newest known row that are fetched again.",
        0..=90,
        sync.overlap_days
    ),
    choice!("vault", "kind", "Where the key of stored logins is kept. DASHTAM_VAULT wins over it.", VaultChoice, vault),
    duration!("vault", "lock_after", "Idle time after which a passphrase vault locks.", lock_after),
    switch!("backup", "daily", "Make a backup every day in which something was stored.", daily_backup),
    choice!("log", "level", "How much is written to the log file. Secrets never are.", LogLevel, log),
];
