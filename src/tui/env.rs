//! The dependencies of the screen on the outside world, and its settings.
//!
//! Built in `cli`, faked in tests. INVARIANT: the screen has no other access to the machine.

use std::{path::PathBuf, sync::Arc, time::Duration};

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

use crate::{
    config::{ProviderSettings, Screen, UserCommand},
    ports::{Browser, Clipboard, Clock, VaultChoice},
    sync::Handle,
    tui::theme::{ThemeName, UserTheme},
};

/// Dependencies on the outside world.
#[derive(Clone)]
pub struct Env {
    /// The current time.
    pub clock: Arc<dyn Clock>,
    /// Opens web pages.
    pub browser: Arc<dyn Browser>,
    /// The clipboard of `y`.
    pub clipboard: Arc<dyn Clipboard>,
    /// The engine, which executes every write.
    pub engine: Handle,
    /// The configured place of the vault's key.
    pub vault: VaultChoice,
    /// Settings of single providers.
    pub providers: Arc<ProviderSettings>,
    /// The user's own commands.
    pub commands: Arc<[UserCommand]>,
    /// The user's own themes.
    pub themes: Arc<[UserTheme]>,
    /// Which of them is shown at the start, instead of the theme of the settings.
    pub start_theme: Option<usize>,
    /// Folders.
    pub folders: Folders,
    /// The name of the profile, always on screen; `None` for the usual one.
    pub profile: Option<String>,
    /// Shown at the start: the decision about a new profile.
    pub notice: Option<String>,
    /// Whether the vault was opened with a typed passphrase before the screen started, so that it can be locked.
    pub can_lock: bool,
    /// Converts to the time zone of the user.
    pub local_time: fn(DateTime<Utc>) -> NaiveDateTime,
}

/// Paths.
#[derive(Debug, Clone, Default)]
pub struct Folders {
    /// The folder of `~`.
    pub home: Option<PathBuf>,
    /// The first folder of the file picker without a recent one.
    pub start: PathBuf,
    /// The file of recent import folders; `None`: they are not stored.
    pub recent: Option<PathBuf>,
    /// The log file, whose end Activity shows; `None` without one.
    pub log: Option<PathBuf>,
}

/// Settings of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent setting")]
pub struct Settings {
    /// Colours.
    pub theme: ThemeName,
    /// Whether the terminal is asked for its background, and gets the light theme where that is light.
    pub asks_background: bool,
    /// Whether lines, charts and marks are drawn in ASCII.
    pub ascii: bool,
    /// Whether an overlay is drawn without the panes below it, for a screen that is read out.
    pub alone: bool,
    /// The screen shown first.
    pub start: Screen,
    /// Whether the mouse is captured; without it the text selection of the terminal works.
    pub mouse: bool,
    /// Whether amounts are hidden from the start.
    pub masked: bool,
    /// Whether the data is made up (`--demo`).
    pub demo: bool,
    /// Whether connections that are due at the start are synced.
    pub sync_on_start: bool,
    /// Time without input until a vault with a typed passphrase is locked; `None`: never.
    pub lock_after: Option<Duration>,
    /// The day shown at the start; `None`: today.
    pub as_of: Option<NaiveDate>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: ThemeName::Dark,
            asks_background: false,
            ascii: false,
            alone: false,
            start: Screen::Overview,
            mouse: true,
            masked: false,
            demo: false,
            sync_on_start: true,
            lock_after: None,
            as_of: None,
        }
    }
}
