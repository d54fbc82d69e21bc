//! The line mode (`--plain`, and TERM=dumb): the same program without a full screen, for screen readers and plain terminals.
//!
//! A line of input is typed as keys, an empty one is Enter; afterwards the lines of the screen that changed are printed. Every
//! action is reachable, by its key or by the palette. INVARIANT: no escape sequence, no glyph outside ASCII except in names.

use std::{
    collections::HashSet,
    io::{BufRead as _, Write as _, stdin, stdout},
};

use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyModifiers};
use futures_util::stream::Pending;
use ratatui::{Terminal, backend::TestBackend};

use super::{Env, Host, Keymap, Runtime, ScreenError, Settings, ThemeName, parse_keys};
use crate::ledger::Ledger;

/// Columns and lines of the screen that is read out: too narrow for panes side by side.
const SIZE: (u16, u16) = (80, 50);

const HELP: &str = "Type keys and press Enter: a letter or digit is its key, <esc> <tab> <down> <ctrl-d> are named keys, an empty \
                    line is Enter. ? lists the keys, : finds an action by name. Printed are the lines that changed; . prints all.";

/// No terminal: keys come from lines.
struct Lines;

impl Host for Lines {
    type Input = Pending<std::io::Result<Input>>;

    fn input(&mut self) -> Self::Input {
        futures_util::stream::pending()
    }

    async fn ended(&mut self) {
        std::future::pending::<()>().await;
    }

    /// The program has the terminal for itself: there is no screen to restore.
    fn shell(&mut self, command: &str, variables: &[(String, String)]) -> std::io::Result<()> {
        let pairs = variables.iter().map(|(name, value)| (name, value));
        std::process::Command::new("sh").arg("-c").arg(command).envs(pairs).status().map(|_| ())
    }

    fn suspend(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Runs the program on standard input and output until the user quits or the input ends.
///
/// # Errors
/// When the store cannot be read or the output fails.
pub async fn run(ledger: Ledger, env: Env, settings: Settings, keymap: Keymap) -> Result<(), ScreenError> {
    let failed = |error: std::io::Error| ScreenError::Terminal(error.to_string());
    let terminal =
        Terminal::new(TestBackend::new(SIZE.0, SIZE.1)).map_err(|error| ScreenError::Terminal(error.to_string()))?;
    let settings = Settings { theme: ThemeName::Plain, ascii: true, alone: true, mouse: false, ..settings };
    let mut runtime = Runtime::new(terminal, Lines, ledger, env, settings, keymap)?;
    let mut shown = Vec::new();
    let mut can_print = print(&[HELP.to_owned()]).map_err(failed)?;
    while can_print {
        runtime.idle().await?;
        runtime.wake()?;
        let lines = lines(&mut runtime);
        can_print = print(&changed(&shown, &lines)).map_err(failed)?;
        shown = lines;
        if runtime.has_ended() {
            break;
        }
        let Some(line) = read().await else { break };
        match line.as_str() {
            "." => shown.clear(),
            "" => runtime.feed(&Input::Key(KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE)))?,
            keys => {
                for key in parse_keys(keys) {
                    runtime.feed(&Input::Key(key))?;
                }
            }
        }
    }
    runtime.close();
    Ok(())
}

/// The next line of input without its end; `None` at the end.
async fn read() -> Option<String> {
    let line = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        stdin().lock().read_line(&mut line).ok().filter(|bytes| *bytes > 0).map(|_| line)
    });
    line.await.ok()?.map(|line| line.trim_end_matches(['\n', '\r']).to_owned())
}

/// Prints lines and a prompt. `false` when the reader of the output is gone.
fn print(lines: &[String]) -> std::io::Result<bool> {
    let text: String = lines.iter().flat_map(|line| [line, "\n"]).chain(["> "]).collect();
    let mut out = stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
        result => result.map(|()| true),
    }
}

/// The text of each line of the screen, without the frames of panes.
fn lines(runtime: &mut Runtime<TestBackend, Lines>) -> Vec<String> {
    let buffer = runtime.backend_mut().buffer();
    let width = usize::from(buffer.area.width).max(1);
    let text = |cells: &[ratatui::buffer::Cell]| {
        let text: String = cells.iter().map(ratatui::buffer::Cell::symbol).collect();
        let bare = text.trim_matches(['+', '-', '|', ' ']);
        if bare.is_empty() {
            String::new()
        } else {
            // A frame in the middle of the screen has blanks before it.
            let inner = text.trim_start_matches(' ');
            let inner = if inner.starts_with(['|', '+']) { inner } else { &text };
            inner.trim_end_matches(['|', ' ']).trim_start_matches('|').to_owned()
        }
    };
    buffer.content.chunks(width).map(text).filter(|line| !line.is_empty()).collect()
}

/// The lines that were not on the screen before.
fn changed(before: &[String], now: &[String]) -> Vec<String> {
    let known: HashSet<&String> = before.iter().collect();
    now.iter().filter(|line| !known.contains(line)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_changed_lines_are_printed() {
        let of = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        assert_eq!(changed(&of(&["a", "b"]), &of(&["a", "c", "b"])), of(&["c"]));
        assert_eq!(changed(&[], &of(&["a"])), of(&["a"]));
    }
}
