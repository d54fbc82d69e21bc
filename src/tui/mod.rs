//! The full-screen program: everything a person sees and presses. Used by `cli`, which calls [`run`].
//!
//! [`Runtime`] feeds messages to `update`, which changes the [`app::App`] and returns effects; `view` draws the state.
//! INVARIANT: the only room that names ratatui, crossterm and tui-input. It never writes to the store and never waits for
//! a disk or a network while it draws.
//!
//! ```text
//! action/     named actions and their keys         component/  parts shared by screens and overlays
//! widget/     drawing primitives                   overlay/    panes on the stack above the screen
//! snapshot/   one consistent reading of the ledger screens/    the table of screens, one folder each
//! update/     message in, effects out              runtime/    the event loop and the side effects
//! ```

mod action;
mod app;
mod attention;
mod chosen_columns;
mod component;
mod dismissed;
mod due;
mod env;
mod idle;
pub mod line_mode;
mod msg;
mod overlay;
mod runtime;
mod screens;
mod snapshot;
mod theme;
mod update;
mod view;
mod widget;

use std::time::Duration;

use ratatui::Terminal;

pub use action::{KeyLine, Keymap, key_list, parse_keys};
pub use app::LEAST;
pub use attention::{AttentionLine, attention};
pub use dismissed::{DISMISSED_FILE, read_dismissed, write_dismissed};
pub use env::{Env, Folders, Settings};
pub use runtime::{Host, Runtime, ScreenError, SystemHost, TerminalClipboard, terminal_size};
pub use theme::{ThemeName, UserTheme};
pub use widget::amount::{percent, plain, share};

use crate::ledger::Ledger;

/// How long the terminal may take to state its background.
const BACKGROUND_LIMIT: Duration = Duration::from_millis(100);

/// Opens the program on the terminal of the process and runs it until the user quits. The caller has checked that
/// stdin and stdout are a terminal, and shuts the engine down afterwards.
///
/// # Errors
/// When the store cannot be read or the terminal fails; the terminal is restored either way.
pub async fn run(ledger: Ledger, env: Env, mut settings: Settings, keymap: Keymap) -> Result<(), ScreenError> {
    let mut host = SystemHost::open(settings.mouse).map_err(|error| ScreenError::Terminal(error.to_string()))?;
    if settings.asks_background && host.has_light_background(BACKGROUND_LIMIT).await == Some(true) {
        settings.theme = ThemeName::Light;
    }
    let pace = runtime::FramePace::default();
    let backend = runtime::LeanBackend::open(pace.clone()).map_err(|error| ScreenError::Terminal(error.to_string()))?;
    let terminal = Terminal::new(backend).map_err(|error| ScreenError::Terminal(error.to_string()))?;
    let mut runtime = Runtime::new(terminal, host, ledger, env, settings, keymap)?.paced(pace);
    let result = runtime.run().await;
    runtime.close();
    result
}
