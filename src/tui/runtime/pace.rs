//! Frames in two parts: after a key the list first, the detail beside it when the keys rest.
//!
//! Used by the backend of the real terminal. A detail that is replaced on every key of a held key would be sent and never
//! read; neither would the end of a list while a filter is typed. INVARIANT: with the frame after, nothing is held back any more.

use std::{cell::Cell as Known, collections::BTreeMap, rc::Rc, time::Duration};

use ratatui::{buffer::Cell, layout::Rect};
use tokio::time::Instant;
use unicode_width::UnicodeWidthStr as _;

use super::encoder::FrameEncoder;

/// Bytes up to which a frame is sent whole: 400 with the marks of its begin and end.
const WHOLE: usize = 384;
/// Bytes up to which a frame without its detail is sent: 1,500 with the marks.
const LONG: usize = 1_484;
/// How long no key may come before the rest is sent.
const REST: Duration = Duration::from_millis(60);
/// How long the rest is held back while keys come.
const LONGEST: Duration = Duration::from_millis(400);

/// Areas of a frame that may come later.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Later {
    /// Beside the list; held back from frames that are not short.
    pub(super) beside: Option<Rect>,
    /// The lower half of the screen; held back from frames that still are long.
    pub(super) end: Option<Rect>,
}

/// State of a frame, shared by the event loop and the backend.
#[derive(Debug, Clone, Default)]
pub(crate) struct FramePace {
    inner: Rc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// The area of the next frame that may come later.
    later: Known<Later>,
    held: Known<bool>,
    /// Since when something is held back, and when it is sent.
    times: Known<Option<(Instant, Instant)>>,
}

impl FramePace {
    /// When what is held back has to be drawn.
    pub(super) fn rest_at(&self) -> Option<Instant> {
        self.inner.times.get().map(|(_, rest)| rest)
    }

    /// Lets the backend hold back areas of the next frame, unless that has lasted long enough.
    pub(super) fn allow(&self, later: Later, now: Instant) {
        let is_due = self.rest_at().is_some_and(|rest| rest <= now);
        self.inner.later.set(if is_due { Later::default() } else { later });
    }

    /// A frame was drawn.
    pub(super) fn drawn(&self, now: Instant) {
        let since = self.inner.times.get().map_or(now, |(since, _)| since);
        self.inner.times.set(self.inner.held.get().then(|| (since, (now + REST).min(since + LONGEST))));
    }

    pub(super) fn later(&self) -> Later {
        self.inner.later.take()
    }

    pub(super) fn hold(&self, held: bool) {
        self.inner.held.set(held);
    }
}

/// The encoder of frames, with the cells that come later.
#[derive(Debug, Default)]
pub(super) struct PacedEncoder {
    encoder: FrameEncoder,
    held: BTreeMap<(u16, u16), Cell>,
}

impl PacedEncoder {
    /// The terminal has this size, shows nothing and has no style.
    pub(super) fn cleared(&mut self, width: u16, height: u16) {
        self.held.clear();
        self.encoder.cleared(width, height);
    }

    /// The cursor was moved there.
    pub(super) fn moved(&mut self, x: u16, y: u16) {
        self.encoder.moved(x, y);
    }

    /// Whether the terminal does not show all cells yet.
    pub(super) fn holds(&self) -> bool {
        !self.held.is_empty()
    }

    /// The bytes that show `cells`, given by row and column, and all that was held back, except for what comes later.
    pub(super) fn frame<'a>(&mut self, cells: impl Iterator<Item = (u16, u16, &'a Cell)>, later: Later) -> String {
        if self.held.is_empty() && later.beside.or(later.end).is_none() {
            return self.encoder.frame(cells);
        }
        let mut wanted = std::mem::take(&mut self.held);
        for (x, y, cell) in cells {
            if cell.symbol().width() > 1 {
                // Its second half: an older cell there would cut it.
                wanted.remove(&(y, x + 1));
            }
            wanted.insert((y, x), cell.clone());
        }
        let (mut best, mut bytes) = self.without(&wanted, &[]);
        for (least, areas) in [(WHOLE, [None, later.beside]), (LONG, [later.end, later.beside])] {
            if bytes.len() <= least || areas == [None; 2] {
                continue;
            }
            let (part, shorter) = self.without(&wanted, &areas);
            if shorter.len() < bytes.len() {
                self.held =
                    wanted.iter().filter(|(at, _)| is_in(&areas, **at)).map(|(at, cell)| (*at, cell.clone())).collect();
                (best, bytes) = (part, shorter);
            }
        }
        self.encoder = best;
        bytes
    }

    /// The frame of the cells outside some areas, and the encoder after it.
    fn without(&self, cells: &BTreeMap<(u16, u16), Cell>, areas: &[Option<Rect>]) -> (FrameEncoder, String) {
        let mut encoder = self.encoder.clone();
        let outside = cells.iter().filter(|(at, _)| !is_in(areas, **at));
        let bytes = encoder.frame(outside.map(|((y, x), cell)| (*x, *y, cell)));
        (encoder, bytes)
    }
}

/// Whether one of the areas holds a cell, given by row and column.
fn is_in(areas: &[Option<Rect>], (y, x): (u16, u16)) -> bool {
    areas.iter().flatten().any(|area| area.contains((x, y).into()))
}

#[cfg(test)]
mod tests {
    use ratatui::{buffer::Buffer, style::Style};

    use super::*;

    const AREA: Rect = Rect { x: 0, y: 0, width: 60, height: 16 };
    const SIDE: Rect = Rect { x: 30, y: 0, width: 30, height: 16 };
    const LATER: Later = Later { beside: Some(SIDE), end: None };

    /// A list of short words with a detail of long lines beside it.
    fn buffer(word: &str, detail: &str) -> Buffer {
        let mut buffer = Buffer::empty(AREA);
        for y in 0..AREA.height {
            buffer.set_string(0, y, word, Style::new());
            buffer.set_string(SIDE.x, y, format!("{y} {}", detail.repeat(24)), Style::new());
        }
        buffer
    }

    fn contents(terminal: &vt100::Parser) -> String {
        terminal.screen().contents()
    }

    fn terminal() -> vt100::Parser {
        let cells = |cells: u16| std::num::NonZeroU16::new(cells).unwrap();
        vt100::Parser::new(cells(AREA.height), cells(AREA.width), 0)
    }

    #[test]
    fn a_long_detail_comes_with_the_next_frame() {
        let (mut encoder, mut terminal) = (PacedEncoder::default(), terminal());
        encoder.cleared(AREA.width, AREA.height);
        let frames = [buffer("one", "a"), buffer("two", "b"), buffer("six", "c")];
        let first = encoder.frame(Buffer::empty(AREA).diff(&frames[0]).into_iter(), Later::default());
        terminal.process(first.as_bytes());
        assert!(!encoder.holds());
        for pair in frames.windows(2) {
            let bytes = encoder.frame(pair[0].diff(&pair[1]).into_iter(), LATER);
            assert!(bytes.len() < 200 && encoder.holds(), "{bytes:?}");
            terminal.process(bytes.as_bytes());
        }
        let shown = contents(&terminal);
        assert!(shown.contains("six") && shown.contains("aaaa") && !shown.contains("bbbb"), "{shown}");
        terminal.process(encoder.frame(std::iter::empty(), Later::default()).as_bytes());
        let shown = contents(&terminal);
        assert!(shown.contains("six") && shown.contains("cccc") && !shown.contains("aaaa"), "{shown}");
        assert!(!encoder.holds());
    }

    #[test]
    fn a_short_frame_is_sent_whole() {
        let mut encoder = PacedEncoder::default();
        encoder.cleared(AREA.width, AREA.height);
        let before = buffer("one", "a");
        encoder.frame(Buffer::empty(AREA).diff(&before).into_iter(), Later::default());
        let mut after = before.clone();
        after.set_string(SIDE.x, 3, "short", Style::new());
        assert!(encoder.frame(before.diff(&after).into_iter(), LATER).contains("short"));
        assert!(!encoder.holds());
    }

    #[test]
    fn the_end_of_a_list_that_is_replaced_while_typing_comes_with_the_next_frame() {
        let (area, end) = (Rect::new(0, 0, 100, 40), Rect::new(0, 20, 100, 20));
        let list = |letter: &str| {
            let mut buffer = Buffer::empty(area);
            for y in 0..area.height {
                buffer.set_string(0, y, letter.repeat(60), Style::new());
            }
            buffer
        };
        let mut encoder = PacedEncoder::default();
        encoder.cleared(area.width, area.height);
        let later = Later { beside: Some(Rect::new(90, 0, 10, 40)), end: Some(end) };
        let bytes = encoder.frame(Buffer::empty(area).diff(&list("a")).into_iter(), later);
        assert!(bytes.matches('a').count() == 20 * 60 && encoder.holds(), "{bytes:?}");
        let bytes = encoder.frame(list("a").diff(&list("b")).into_iter(), Later::default());
        assert!(bytes.matches('b').count() == 40 * 60 && !bytes.contains('a') && !encoder.holds(), "{bytes:?}");
    }

    #[test]
    fn what_is_held_back_is_drawn_when_the_keys_rest_or_too_long_have_come() {
        let (pace, begun) = (FramePace::default(), Instant::now());
        let key = |now: Instant| {
            pace.allow(LATER, now);
            let later = pace.later();
            pace.hold(later.beside.is_some());
            pace.drawn(now);
            later.beside.is_some()
        };
        assert!(key(begun));
        assert_eq!(pace.rest_at(), Some(begun + REST));
        let mut now = begun;
        while now + REST / 2 < begun + LONGEST {
            now += REST / 2;
            assert!(key(now));
        }
        assert_eq!(pace.rest_at(), Some(begun + LONGEST));
        assert!(!key(now + REST / 2), "nothing more is held back");
        assert_eq!(pace.rest_at(), None);
    }
}
