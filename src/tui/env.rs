//! The outside world as the screen sees it, and the settings it starts with.
//!
//! Built in `cli`, faked in tests. INVARIANT: no module of the screen asks the machine for anything else.

use std::{path::PathBuf, sync::Arc, time::Duration};

use chrono::{DateTime, NaiveDateTime, Utc};

use crate::{
    config::{ProviderSettings, Screen},
    ports::{Browser, Clipboard, Clock, VaultChoice},
    sync::Handle,
    tui::theme::ThemeName,
};

/// What the screen needs from outside.
#[derive(Clone)]
pub struct Env {
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Opens pages of institutions.
    pub browser: Arc<dyn Browser>,
    /// Where `y` copies to.
    pub clipboard: Arc<dyn Clipboard>,
    /// The engine that does all writing.
    pub engine: Handle,
    /// Where the key of stored logins is kept, as the user set it.
    pub vault: VaultChoice,
    /// What the configuration says of single providers.
    pub providers: Arc<ProviderSettings>,
    /// Folders.
    pub folders: Folders,
    /// A moment on the user's wall clock.
    pub local_time: fn(DateTime<Utc>) -> NaiveDateTime,
}

/// Where things are.
#[derive(Debug, Clone, Default)]
pub struct Folders {
    /// What `~` stands for.
    pub home: Option<PathBuf>,
    /// Where the file picker begins when there is no recent folder.
    pub start: PathBuf,
    /// The file that remembers folders from which files were imported; `None`: they are forgotten at the end.
    pub recent: Option<PathBuf>,
    /// The log file, of which Activity shows the end; `None`: there is none.
    pub log: Option<PathBuf>,
}

/// How the screen is to look and behave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct Settings {
    /// Colours.
    pub theme: ThemeName,
    /// The screen shown first.
    pub start: Screen,
    /// Whether wheel and clicks are used; when not, the terminal's own selection works.
    pub mouse: bool,
    /// Whether amounts are hidden from the start.
    pub masked: bool,
    /// Whether it shows made-up data.
    pub demo: bool,
    /// Whether connections that are due when it opens are synced.
    pub sync_on_start: bool,
    /// Time without a key after which a vault with a typed passphrase is locked; `None`: never.
    pub lock_after: Option<Duration>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: ThemeName::Dark,
            start: Screen::Overview,
            mouse: true,
            masked: false,
            demo: false,
            sync_on_start: true,
            lock_after: None,
        }
    }
}
