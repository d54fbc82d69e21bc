//! Events of the real terminal: keys, pasted texts, the mouse, and the size of the window.
//!
//! Reads the terminal itself, since crossterm's reader takes late replies of the terminal for keys and waits for ever for the
//! end of some. Dropping it ends the reading at once, so that a program of the shell gets all keys.

use std::{
    collections::VecDeque,
    fs::{File, OpenOptions},
    future::poll_fn,
    io::{self, IsTerminal as _, Read as _, Write as _},
    os::fd::{AsFd as _, AsRawFd, RawFd},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use futures_util::Stream;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::{
    io::{Interest, unix::AsyncFd},
    signal::unix::{Signal, SignalKind, signal},
    time::{Instant, Sleep, sleep_until},
};
use xterm_color::Color;

use super::sequence::{InputPiece, Splitter};

/// Bytes of one read.
const READ: usize = 4_096;

/// The terminal of the process, for reading.
#[derive(Debug)]
struct Tty(File);

impl Tty {
    /// The standard input if it is a terminal, else the terminal that controls the process.
    fn open() -> io::Result<Self> {
        let input = io::stdin();
        if input.is_terminal() {
            return Ok(Self(input.as_fd().try_clone_to_owned()?.into()));
        }
        OpenOptions::new().read(true).open("/dev/tty").map(Self)
    }

    /// Reads what is there, without waiting.
    fn read(&self, bytes: &mut [u8]) -> io::Result<usize> {
        let mut asked = [PollFd::new(&self.0, PollFlags::IN)];
        if poll(&mut asked, Some(&Timespec::default()))? == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        (&self.0).read(bytes)
    }
}

impl AsRawFd for Tty {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

#[expect(deprecated, reason = "its replacement is unsafe, for types that change their descriptor; a file keeps it")]
fn watched(tty: Tty) -> io::Result<AsyncFd<Tty>> {
    AsyncFd::with_interest(tty, Interest::READABLE)
}

/// The events of the terminal.
pub struct TerminalInput {
    tty: io::Result<AsyncFd<Tty>>,
    resized: Option<Signal>,
    splitter: Splitter,
    /// Wakes the loop to end an unfinished sequence.
    limit: Option<Pin<Box<Sleep>>>,
    events: VecDeque<Event>,
}

impl TerminalInput {
    /// Begins to read. A terminal that cannot be read is the first event.
    pub(super) fn open() -> Self {
        Self {
            tty: Tty::open().and_then(watched),
            resized: signal(SignalKind::window_change()).ok(),
            splitter: Splitter::default(),
            limit: None,
            events: VecDeque::new(),
        }
    }

    /// # Errors
    /// When the terminal cannot be read.
    pub(super) fn checked(self) -> io::Result<Self> {
        match self.tty {
            Ok(_) => Ok(self),
            Err(error) => Err(error),
        }
    }

    fn add(&mut self, pieces: Vec<InputPiece>) {
        self.events.extend(pieces.into_iter().filter_map(event));
        self.limit = self.splitter.until().map(|until| Box::pin(sleep_until(until)));
    }

    /// Asks the terminal whether its background is light. Keys that come meanwhile stay in the input. `None` when the terminal does
    /// not know, or not within `limit`.
    pub(super) async fn has_light_background(&mut self, limit: Duration) -> Option<bool> {
        // Every terminal answers the second question, so that one without an answer to the first is not waited for.
        let mut out = io::stdout();
        out.write_all(b"\x1b]11;?\x07\x1b[c").and_then(|()| out.flush()).ok()?;
        self.splitter.keep_replies(true);
        let answered = poll_fn(|context| {
            while !is_answer(self.splitter.replies()) {
                if ready!(self.poll_bytes(context)).is_err() {
                    break;
                }
            }
            Poll::Ready(())
        });
        // Without an answer in time the terminal counts as one that does not know.
        let _ = tokio::time::timeout(limit, answered).await;
        background(&self.splitter.keep_replies(false)).map(|colour| colour.perceived_lightness() > 0.5)
    }

    /// Reads until an event is there.
    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.events.is_empty() {
            ready!(self.poll_bytes(context))?;
        }
        Poll::Ready(Ok(()))
    }

    /// Reads once.
    fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut bytes = [0; READ];
        loop {
            let tty = match &self.tty {
                Ok(tty) => tty,
                Err(error) => return Poll::Ready(Err(error.kind().into())),
            };
            let mut guard = ready!(tty.poll_read_ready(context))?;
            match guard.try_io(|tty| tty.get_ref().read(&mut bytes)) {
                Ok(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
                Ok(Ok(count)) => {
                    let pieces = self.splitter.take(&bytes[..count], Instant::now());
                    self.add(pieces);
                    return Poll::Ready(Ok(()));
                }
                Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(Err(error)) => return Poll::Ready(Err(error)),
                Err(_would_block) => {}
            }
        }
    }
}

/// Whether replies hold the answer to the second question, the attributes of the terminal.
fn is_answer(replies: &[u8]) -> bool {
    let begin = memchr::memmem::find(replies, b"\x1b[?");
    begin.is_some_and(|begin| replies[begin..].contains(&b'c'))
}

/// The colour of the background in replies.
fn background(replies: &[u8]) -> Option<Color> {
    const BEGIN: &[u8] = b"\x1b]11;";
    let text = &replies[memchr::memmem::find(replies, BEGIN)? + BEGIN.len()..];
    let end = text.iter().position(|byte| matches!(byte, 0x07 | 0x1b | 0x9c))?;
    Color::parse(&text[..end]).ok()
}

impl Stream for TerminalInput {
    type Item = io::Result<Event>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let input = self.get_mut();
        if let Some(event) = input.events.pop_front() {
            return Poll::Ready(Some(Ok(event)));
        }
        if let Some(resized) = &mut input.resized
            && resized.poll_recv(context).is_ready()
        {
            let size = crossterm::terminal::size().map(|(width, height)| Event::Resize(width, height));
            return Poll::Ready(Some(size));
        }
        if let Poll::Ready(Err(error)) = input.poll_read(context) {
            return Poll::Ready(Some(Err(error)));
        }
        while let Some(limit) = &mut input.limit
            && limit.as_mut().poll(context).is_ready()
        {
            let pieces = input.splitter.give_up(Instant::now());
            input.add(pieces);
        }
        input.events.pop_front().map_or(Poll::Pending, |event| Poll::Ready(Some(Ok(event))))
    }
}

/// The event of a piece; `None` for a key that is unknown.
fn event(piece: InputPiece) -> Option<Event> {
    match piece {
        InputPiece::Paste(text) => Some(Event::Paste(text)),
        InputPiece::Alt(character) => Some(Event::Key(KeyEvent::new(KeyCode::Char(character), KeyModifiers::ALT))),
        InputPiece::Key(bytes) => {
            let event = terminput::Event::parse_from(&bytes).ok().flatten()?;
            terminput_crossterm::to_crossterm(event).ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_background_is_found_among_other_replies() {
        let light = |replies: &[u8]| background(replies).map(|colour| colour.perceived_lightness() > 0.5);
        assert_eq!(light(b"\x1b]11;rgb:ffff/ffff/f0f0\x1b\\\x1b[?62;4c"), Some(true));
        assert_eq!(light(b"\x1b[12;40R\x1b]11;rgb:1e/1e/2e\x07\x1b[?62;4c"), Some(false));
        for unknown in [&b"\x1b[?62;4c"[..], b"\x1b]11;what\x07", b"\x1b]11;rgb:ff", b""] {
            assert_eq!(light(unknown), None, "{unknown:?}");
        }
        assert!(is_answer(b"\x1b]11;rgb:1e/1e/2e\x07\x1b[?62;4c") && !is_answer(b"\x1b]11;rgb:cc/cc/cc\x07"));
    }

    #[test]
    fn keys_have_their_names() {
        let key = |bytes: &[u8]| match event(InputPiece::Key(bytes.to_vec())) {
            Some(Event::Key(key)) => Some((key.code, key.modifiers)),
            _ => None,
        };
        let none = KeyModifiers::NONE;
        for (bytes, expected) in [
            (&b"j"[..], (KeyCode::Char('j'), none)),
            (b"J", (KeyCode::Char('J'), KeyModifiers::SHIFT)),
            ("日".as_bytes(), (KeyCode::Char('日'), none)),
            (b"\r", (KeyCode::Enter, none)),
            (b"\x7f", (KeyCode::Backspace, none)),
            (b"\t", (KeyCode::Tab, none)),
            (b"\x04", (KeyCode::Char('d'), KeyModifiers::CONTROL)),
            (b"\x1b", (KeyCode::Esc, none)),
            (b"\x1b[A", (KeyCode::Up, none)),
            (b"\x1bOA", (KeyCode::Up, none)),
            (b"\x1b[1;5C", (KeyCode::Right, KeyModifiers::CONTROL)),
            (b"\x1b[6~", (KeyCode::PageDown, none)),
            (b"\x1b[[A", (KeyCode::F(1), none)),
            (b"\x1bOP", (KeyCode::F(1), none)),
        ] {
            assert_eq!(key(bytes), Some(expected), "{bytes:?}");
        }
        assert_eq!(key(b"\x1b[Z").map(|(_, modifiers)| modifiers), Some(KeyModifiers::SHIFT));
        let mouse = event(InputPiece::Key(b"\x1b[<0;12;3M".to_vec()));
        assert!(matches!(mouse, Some(Event::Mouse(mouse)) if (mouse.column, mouse.row) == (11, 2)), "{mouse:?}");
    }
}
