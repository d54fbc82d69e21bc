//! The screen: everything a person sees and presses.
//!
//! [`Runtime`] feeds messages to `update`, which changes the [`App`] and answers with effects; `view` draws. `cli` calls
//! [`run`]. INVARIANT: the only room that names ratatui, crossterm and tui-input; it never writes to the store and never
//! waits for a disk or a network while it draws.

mod accounts;
mod action;
mod activity;
mod app;
mod connections;
mod data;
mod empty;
mod env;
mod finder;
mod holdings;
mod layer;
mod list;
mod memory;
mod msg;
mod overview;
mod pane;
mod runtime;
mod side;
mod theme;
mod toast;
mod transactions;
mod update;
mod view;
mod widget;
mod wizard;

use std::io::stdout;

use ratatui::{Terminal, backend::CrosstermBackend};

pub use action::{Keymap, keys_page, parse_keys};
pub use app::{App, LEAST};
pub use env::{Env, Folders, Settings};
pub use memory::ViewMemory;
pub use runtime::{Host, Runtime, ScreenError, SystemHost, TerminalClipboard, terminal_size};
pub use theme::ThemeName;

use crate::ledger::Ledger;

/// Opens the screen on the terminal of the process and runs it until the user quits. The caller has checked that
/// stdin and stdout are a terminal, and shuts the engine down afterwards.
///
/// # Errors
/// When the store can't be read or the terminal fails; the terminal is given back either way.
pub async fn run(ledger: Ledger, env: Env, settings: Settings, keymap: Keymap) -> Result<(), ScreenError> {
    let host = SystemHost::open(settings.mouse).map_err(|error| ScreenError::Terminal(error.to_string()))?;
    let terminal =
        Terminal::new(CrosstermBackend::new(stdout())).map_err(|error| ScreenError::Terminal(error.to_string()))?;
    let mut runtime = Runtime::new(terminal, host, ledger, env, settings, keymap)?;
    runtime.run().await
}
