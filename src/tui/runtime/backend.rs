//! The backend of the real terminal: ratatui's, with frames that are as short as possible.

use std::io::{self, Stdout, Write as _, stdout};

use ratatui::{
    backend::{Backend, ClearType, CrosstermBackend, WindowSize},
    buffer::Cell,
    layout::{Position, Size},
};

use super::pace::{FramePace, PacedEncoder};

/// Draws on standard output.
pub(crate) struct LeanBackend {
    inner: CrosstermBackend<Stdout>,
    encoder: PacedEncoder,
    pace: FramePace,
    /// Whether the cursor is hidden; `None` if that is unknown.
    hidden: Option<bool>,
}

impl LeanBackend {
    /// For an empty alternate screen.
    pub(crate) fn open(pace: FramePace) -> io::Result<Self> {
        let inner = CrosstermBackend::new(stdout());
        let size = inner.size()?;
        let mut encoder = PacedEncoder::default();
        encoder.cleared(size.width, size.height);
        Ok(Self { inner, encoder, pace, hidden: None })
    }
}

impl Backend for LeanBackend {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let bytes = self.encoder.frame(content, self.pace.later());
        self.pace.hold(self.encoder.holds());
        stdout().write_all(bytes.as_bytes())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        if self.hidden.replace(true) == Some(true) { Ok(()) } else { self.inner.hide_cursor() }
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        if self.hidden.replace(false) == Some(false) { Ok(()) } else { self.inner.show_cursor() }
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        self.inner.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let position = position.into();
        self.encoder.moved(position.x, position.y);
        self.inner.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    /// Clears the whole terminal, whatever the region: the next frame is drawn whole.
    fn clear_region(&mut self, _: ClearType) -> io::Result<()> {
        let size = self.size()?;
        stdout().write_all(b"\x1b[0m")?;
        self.inner.clear()?;
        self.encoder.cleared(size.width, size.height);
        self.hidden = None;
        Ok(())
    }

    fn size(&self) -> io::Result<Size> {
        self.inner.size()
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.inner.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        stdout().flush()
    }
}
