//! The `/` filter of lists that are held in memory: it keeps rows that contain every word typed.

use crossterm::event::KeyEvent;
use ratatui::layout::Rect;

use super::scene::Scene;
use crate::{
    domain::text::fold,
    tui::widget::{
        field::TextField,
        paint::{padded, shrink_left},
    },
};

/// The text of the filter.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    field: TextField,
    pub(crate) editing: bool,
}

impl Filter {
    pub(crate) fn open(&mut self) {
        self.editing = true;
    }

    /// Takes a key while typing.
    pub(crate) fn key(&mut self, event: KeyEvent) {
        if self.editing {
            self.field.key(event);
        }
    }

    pub(crate) fn paste(&mut self, text: &str) -> bool {
        if self.editing {
            self.field.paste(text);
        }
        self.editing
    }

    /// Esc: clears the filter; false when there is none.
    pub(crate) fn back(&mut self) -> bool {
        let was = self.is_active();
        *self = Self::default();
        was
    }

    /// Whether its line is shown.
    pub(crate) fn is_active(&self) -> bool {
        self.editing || !self.field.value().is_empty()
    }

    /// Whether a row with that text passes.
    pub(crate) fn finds(&self, text: &str) -> bool {
        let typed = self.field.value();
        if typed.is_empty() {
            return true;
        }
        let text = fold(text);
        fold(typed).split_whitespace().all(|word| text.contains(word))
    }

    /// Draws the line, with `right` at its end.
    pub(crate) fn draw(&self, scene: &mut Scene<'_>, line: Rect, right: &str) {
        let line = padded(line);
        let theme = scene.paint.theme;
        let used = scene.paint.right(line, right, theme.muted);
        let field = Rect { width: line.width.saturating_sub(used + 2), ..line };
        let slash = scene.paint.text(field, "/", theme.key);
        self.field.draw(&mut scene.paint, shrink_left(field, slash), self.editing && scene.top, &[]);
    }
}
