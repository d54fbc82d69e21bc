//! Short news in a corner. News goes by itself, an error stays until a key is pressed.

use chrono::{DateTime, Duration, Utc};
use ratatui::layout::Rect;

use crate::tui::widget::{
    paint::{Paint, padded},
    text::{width, wrap},
};

/// How long news stays.
const NEWS: Duration = Duration::seconds(5);
/// How many are kept on screen.
const MOST: usize = 3;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    News,
    Error,
}

#[derive(Debug, Clone)]
pub(crate) struct Toast {
    pub(crate) level: Level,
    pub(crate) text: String,
    pub(crate) at: DateTime<Utc>,
}

/// Those on screen, oldest first, and all that were said (for the log in Activity).
#[derive(Debug, Default)]
pub(crate) struct Toasts {
    shown: Vec<Toast>,
}

impl Toasts {
    pub(crate) fn push(&mut self, level: Level, text: String, at: DateTime<Utc>) {
        // News takes the place of older news; errors wait for their key.
        self.shown.retain(|toast| toast.level == Level::Error);
        self.shown.push(Toast { level, text, at });
        if self.shown.len() > MOST {
            self.shown.remove(0);
        }
    }

    /// Drops news that has been there long enough.
    pub(crate) fn expire(&mut self, now: DateTime<Utc>) {
        self.shown.retain(|toast| toast.level == Level::Error || now < toast.at + NEWS);
    }

    /// Drops errors, since a key was pressed; says whether there were any.
    pub(crate) fn acknowledge(&mut self) -> bool {
        let before = self.shown.len();
        self.shown.retain(|toast| toast.level != Level::Error);
        self.shown.len() != before
    }

    /// When the next one goes.
    pub(crate) fn wake_at(&self) -> Option<DateTime<Utc>> {
        self.shown.iter().filter(|toast| toast.level == Level::News).map(|toast| toast.at + NEWS).min()
    }

    /// Draws them upwards from the lower right corner of `area`.
    pub(crate) fn draw(&self, paint: &mut Paint<'_>, area: Rect) {
        let mut bottom = area.bottom();
        for toast in self.shown.iter().rev() {
            let room = usize::from(area.width.saturating_sub(6)).min(64);
            if room < 10 {
                return;
            }
            let mut lines = wrap(&toast.text, room);
            lines.truncate(6);
            let widest = lines.iter().map(|line| width(line)).max().unwrap_or(0);
            let columns = u16::try_from(widest).unwrap_or(0) + 4;
            let height = u16::try_from(lines.len()).unwrap_or(0) + 2;
            if bottom < area.top() + height {
                return;
            }
            bottom -= height;
            let place = Rect { x: area.right().saturating_sub(columns + 1), y: bottom, width: columns, height };
            paint.clear(place);
            let error = toast.level == Level::Error;
            let inner = padded(paint.frame(place, if error { "Error" } else { "" }, "", true));
            if error {
                let style = paint.theme.error;
                paint.style(place, style);
            }
            let style = if error { paint.theme.error } else { paint.theme.text };
            for (line, row) in lines.iter().zip(crate::tui::widget::paint::rows(inner)) {
                paint.text(row, line, style);
            }
        }
    }
}
