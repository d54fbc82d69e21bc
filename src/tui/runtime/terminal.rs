//! The real terminal: raw mode and alternate screen, restored in every case, and the clipboard behind it.

use std::{
    io::{self, IsTerminal as _, Write as _, stderr, stdin, stdout},
    panic,
    thread::{self, ThreadId},
    time::Duration,
};

use crossterm::{
    clipboard::CopyToClipboard,
    cursor::Show,
    event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture},
    execute, queue,
    style::ResetColor,
    terminal::{
        BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
        enable_raw_mode,
    },
};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Host, input::TerminalInput};
use crate::{
    config::describe_panic,
    ports::{Clipboard, ClipboardError},
};

/// The terminal of the process; restored on drop.
pub struct SystemHost {
    mouse: bool,
    /// The first input, until the loop takes it.
    input: Option<TerminalInput>,
    requests: EndRequests,
}

impl SystemHost {
    /// Takes the terminal. From now on a panic of this thread restores it before the report.
    ///
    /// # Errors
    /// When the terminal cannot be read, or raw mode or the alternate screen cannot be set.
    pub fn open(mouse: bool) -> io::Result<Self> {
        let input = TerminalInput::open().checked()?;
        let host = Self { mouse, input: Some(input), requests: EndRequests::listen() };
        tokio::spawn(end_late(EndRequests::listen()));
        restore_on_panic(thread::current().id());
        take(mouse)?;
        Ok(host)
    }

    /// Whether the background of the terminal is light; `None` when the terminal does not answer within `limit`.
    pub async fn has_light_background(&mut self, limit: Duration) -> Option<bool> {
        self.input.as_mut()?.has_light_background(limit).await
    }
}

impl Drop for SystemHost {
    fn drop(&mut self) {
        give_back();
    }
}

impl Host for SystemHost {
    type Input = TerminalInput;

    fn input(&mut self) -> TerminalInput {
        self.input.take().unwrap_or_else(TerminalInput::open)
    }

    async fn ended(&mut self) {
        self.requests.received().await;
    }

    fn is_there(&self) -> bool {
        stdout().is_terminal()
    }

    fn frame(&mut self, begins: bool) -> io::Result<()> {
        let mut out = stdout();
        if begins { queue!(out, BeginSynchronizedUpdate) } else { execute!(out, EndSynchronizedUpdate) }
    }

    fn shell(&mut self, command: &str, variables: &[(String, String)]) -> io::Result<()> {
        give_back();
        let pairs = variables.iter().map(|(name, value)| (name, value));
        let ended = std::process::Command::new("sh").arg("-c").arg(command).envs(pairs).status();
        let mut out = stdout();
        let _ = write!(out, "\r\nPress Enter to return to dashtam. ").and_then(|()| out.flush());
        let _ = io::stdin().read_line(&mut String::new());
        take(self.mouse)?;
        match ended? {
            status if status.success() => Ok(()),
            status => Err(io::Error::other(status.to_string())),
        }
    }

    fn suspend(&mut self) -> io::Result<()> {
        give_back();
        signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP)?;
        take(self.mouse)
    }
}

/// The signals that ask a process to end.
struct EndRequests {
    terminate: Option<Signal>,
    hang_up: Option<Signal>,
}

impl EndRequests {
    fn listen() -> Self {
        Self { terminate: signal(SignalKind::terminate()).ok(), hang_up: signal(SignalKind::hangup()).ok() }
    }

    async fn received(&mut self) {
        tokio::select! {
            () = received(&mut self.terminate) => {}
            () = received(&mut self.hang_up) => {}
        }
    }
}

/// How long the screen may take to end after a signal.
const END_LIMIT: Duration = Duration::from_secs(5);

/// Ends the process where the screen could not: writing to a terminal without a reader blocks its thread. Every commit is
/// whole, so nothing is lost.
async fn end_late(mut requests: EndRequests) {
    requests.received().await;
    tokio::time::sleep(END_LIMIT).await;
    std::process::exit(0);
}

async fn received(signal: &mut Option<Signal>) {
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

/// Restores the terminal as far as possible: errors are ignored, since the terminal may be gone.
fn give_back() {
    let _ = execute!(stdout(), ResetColor, DisableMouseCapture, DisableBracketedPaste, LeaveAlternateScreen, Show);
    let _ = disable_raw_mode();
}

/// Only the thread that draws restores the terminal: the panic of a job is a failed job.
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

/// Columns and lines of the terminal, if there is one that reports them. Without one crossterm would start a program to ask.
#[must_use]
pub fn terminal_size() -> Option<(u16, u16)> {
    let is_there = stdout().is_terminal() || stdin().is_terminal() || stderr().is_terminal();
    is_there.then(crossterm::terminal::size).and_then(Result::ok)
}
