//! Short messages between the pane and the footer. The pane gives up the lines, so that a toast covers no row.
//!
//! News goes after some seconds, an error stays until a key is pressed.

use chrono::{DateTime, Duration, Utc};
use ratatui::layout::Rect;

use crate::tui::widget::{
    paint::{Paint, padded, rows},
    text::wrap,
};

/// Time that a message stays.
const NEWS: Duration = Duration::seconds(5);
/// Most toasts on screen.
const MOST: usize = 3;
/// Most lines of one toast; the whole text of an error is in the log.
const MOST_LINES: usize = 4;

/// Severity of a toast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    News,
    Error,
}

#[derive(Debug, Clone)]
struct Toast {
    level: Level,
    text: String,
    at: DateTime<Utc>,
}

/// The toasts on screen, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Toasts {
    shown: Vec<Toast>,
}

impl Toasts {
    /// Adds one. News replaces older news; errors wait for a key.
    pub(crate) fn push(&mut self, level: Level, text: String, at: DateTime<Utc>) {
        self.shown.retain(|toast| toast.level == Level::Error);
        self.shown.push(Toast { level, text, at });
        if self.shown.len() > MOST {
            self.shown.remove(0);
        }
    }

    /// Drops messages whose time is over.
    pub(crate) fn expire(&mut self, now: DateTime<Utc>) {
        self.shown.retain(|toast| toast.level == Level::Error || now < toast.at + NEWS);
    }

    /// Drops errors, since a key was pressed; returns whether there were any.
    pub(crate) fn acknowledge(&mut self) -> bool {
        let before = self.shown.len();
        self.shown.retain(|toast| toast.level != Level::Error);
        self.shown.len() != before
    }

    /// When the next one goes.
    pub(crate) fn wake_at(&self) -> Option<DateTime<Utc>> {
        self.shown.iter().filter(|toast| toast.level == Level::News).map(|toast| toast.at + NEWS).min()
    }

    /// The lines at a width of `columns`, at most `most`; the newest toast is whole if not all fit.
    fn lines(&self, columns: u16, most: usize) -> Vec<(Level, String)> {
        let room = usize::from(columns.saturating_sub(4)).max(1);
        let mut lines: Vec<(Level, String)> = Vec::new();
        for toast in &self.shown {
            let sign = if toast.level == Level::Error { "✗ " } else { "» " };
            for (index, line) in wrap(&toast.text, room).into_iter().take(MOST_LINES).enumerate() {
                lines.push((toast.level, if index == 0 { format!("{sign}{line}") } else { format!("  {line}") }));
            }
        }
        lines.split_off(lines.len().saturating_sub(most))
    }

    /// Lines that the pane above has to give up.
    pub(crate) fn height(&self, area: Rect) -> u16 {
        u16::try_from(self.lines(area.width, most(area)).len()).unwrap_or(0)
    }

    /// Draws them into `area`, which has the height asked for.
    pub(crate) fn draw(&self, paint: &mut Paint<'_>, area: Rect) {
        for ((level, line), row) in self.lines(area.width, area.height.into()).iter().zip(rows(area)) {
            let style = if *level == Level::Error { paint.theme.error } else { paint.theme.heading };
            paint.text(padded(row), line, style);
        }
    }
}

/// Toasts take at most a third of the screen.
fn most(area: Rect) -> usize {
    usize::from(area.height / 3).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_replaces_news_and_errors_stay_until_a_key() {
        let now = DateTime::UNIX_EPOCH;
        let mut toasts = Toasts::default();
        toasts.push(Level::News, "one".to_owned(), now);
        toasts.push(Level::Error, "two".to_owned(), now);
        toasts.push(Level::News, "three".to_owned(), now);
        let texts = |toasts: &Toasts| toasts.lines(20, 9).into_iter().map(|(_, text)| text).collect::<Vec<_>>();
        assert_eq!(texts(&toasts), ["✗ two", "» three"]);
        toasts.expire(now + NEWS);
        assert_eq!(texts(&toasts), ["✗ two"]);
        assert!(toasts.acknowledge() && texts(&toasts).is_empty() && !toasts.acknowledge());
    }

    #[test]
    fn a_long_error_is_wrapped_and_leaves_room_for_the_pane() {
        let mut toasts = Toasts::default();
        toasts.push(Level::Error, "word ".repeat(100), DateTime::UNIX_EPOCH);
        assert_eq!(toasts.height(Rect::new(0, 0, 60, 20)), 4);
        assert_eq!(toasts.height(Rect::new(0, 0, 60, 6)), 2);
    }
}
