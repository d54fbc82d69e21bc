//! The cursor of a list.

use crate::tui::action::Action;

/// The index of the selected row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct SelectedRow {
    pub(crate) at: usize,
}

impl SelectedRow {
    /// Selects a row; returns whether it was selected before, so that a second click opens it.
    pub(crate) const fn click(&mut self, row: usize) -> bool {
        std::mem::replace(&mut self.at, row) == row
    }

    /// Moves over `len` rows, of which `page` are visible. Returns whether the action was a movement.
    pub(crate) fn act(&mut self, action: Action, len: usize, page: usize) -> bool {
        let half = (page / 2).max(1);
        self.at = match action {
            Action::Down => self.at.saturating_add(1),
            Action::Up => self.at.saturating_sub(1),
            Action::HalfDown => self.at.saturating_add(half),
            Action::HalfUp => self.at.saturating_sub(half),
            Action::First => 0,
            Action::Last => usize::MAX,
            _ => return false,
        };
        self.clamp(len);
        true
    }

    /// Moves by `delta` rows.
    pub(crate) fn scroll(&mut self, delta: isize, len: usize) {
        self.at = self.at.saturating_add_signed(delta);
        self.clamp(len);
    }

    /// Keeps it below `len`.
    pub(crate) fn clamp(&mut self, len: usize) {
        self.at = self.at.min(len.saturating_sub(1));
    }
}
