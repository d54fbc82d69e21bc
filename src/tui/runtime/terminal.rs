//! The real terminal: taking it, giving it back whatever happens, and the clipboard behind it.

use std::{
    io::{self, Write as _, stdout},
    panic,
    thread::{self, ThreadId},
};

use crossterm::{
    clipboard::CopyToClipboard,
    cursor::Show,
    event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture, EventStream},
    execute,
    terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode},
};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Host;
use crate::{
    config::describe_panic,
    ports::{Clipboard, ClipboardError},
};

/// The terminal of the process; given back when this is dropped.
pub struct SystemHost {
    mouse: bool,
    terminate: Option<Signal>,
    hang_up: Option<Signal>,
}

impl SystemHost {
    /// Takes the terminal. From now on a panic of this thread gives it back before it is reported.
    ///
    /// # Errors
    /// When the terminal can't be taken.
    pub fn open(mouse: bool) -> io::Result<Self> {
        let host =
            Self { mouse, terminate: signal(SignalKind::terminate()).ok(), hang_up: signal(SignalKind::hangup()).ok() };
        restore_on_panic(thread::current().id());
        take(mouse)?;
        Ok(host)
    }
}

impl Drop for SystemHost {
    fn drop(&mut self) {
        give_back();
    }
}

impl Host for SystemHost {
    type Input = EventStream;

    fn input(&mut self) -> EventStream {
        EventStream::new()
    }

    async fn ended(&mut self) {
        tokio::select! {
            () = told(&mut self.terminate) => {}
            () = told(&mut self.hang_up) => {}
        }
    }

    fn suspend(&mut self) -> io::Result<()> {
        give_back();
        signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP)?;
        take(self.mouse)
    }
}

async fn told(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

fn take(mouse: bool) -> io::Result<()> {
    enable_raw_mode()?;
    execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste)?;
    if mouse {
        execute!(stdout(), EnableMouseCapture)?;
    }
    Ok(())
}

/// As far as possible: a terminal that is gone must not keep the process from ending.
fn give_back() {
    let _ = execute!(stdout(), DisableMouseCapture, DisableBracketedPaste, LeaveAlternateScreen, Show);
    let _ = disable_raw_mode();
}

/// Only the thread that draws may give the terminal back: a job's panic is a failed job, not the end.
fn restore_on_panic(thread: ThreadId) {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if thread::current().id() == thread {
            give_back();
            report(info);
        } else {
            tracing::error!("a worker failed: {}", describe_panic(info));
        }
    }));
}

/// The clipboard of the terminal (OSC 52), which also works over SSH.
#[derive(Debug, Clone, Copy, Default)]
pub struct TerminalClipboard;

impl Clipboard for TerminalClipboard {
    fn copy(&self, text: &str) -> Result<(), ClipboardError> {
        let mut out = stdout();
        execute!(out, CopyToClipboard::to_clipboard_from(text))
            .and_then(|()| out.flush())
            .map_err(|error| ClipboardError(error.to_string()))
    }
}

/// Columns and lines of the terminal, where it tells them.
#[must_use]
pub fn terminal_size() -> Option<(u16, u16)> {
    crossterm::terminal::size().ok()
}
