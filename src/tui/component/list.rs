//! The list of a screen: its selected row, a filter line, and the detail of the row beside it.
//!
//! A pane that returns its list from [`super::pane::Pane::list`] gets typing, pasting, stepping back and the wheel for it.
//! INVARIANT: the selection is the identity of a row. When rows come, go or change places, the cursor follows the row;
//! only when the row itself is gone does the cursor keep its place.

use super::{detail::Detail, filter::Filter};
use crate::{
    domain::{AccountId, ChangeId, ConnectionId, HoldingId, TransactionId},
    tui::{
        action::{Action, KeyPlace},
        widget::cursor::SelectedRow,
    },
};

/// Identity of a row in a list of the screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowId {
    Account(AccountId),
    Change(ChangeId),
    Connection(ConnectionId),
    /// A provider that can be connected, by its slug.
    Provider(&'static str),
    /// A position, by its first holding.
    Holding(HoldingId),
    Transaction(TransactionId),
}

/// The list of a pane.
#[derive(Debug, Default)]
pub(crate) struct List {
    /// Over the rows that can be selected.
    pub(crate) cursor: SelectedRow,
    pub(crate) detail: Detail,
    pub(crate) filter: Filter,
    selected: Option<RowId>,
    /// Whether the list was on screen yet; before that, the first row is selected.
    visited: bool,
}

impl List {
    /// Where keys go on a screen whose own place is `own`.
    pub(crate) fn place(&self, own: KeyPlace) -> KeyPlace {
        if self.filter.editing { KeyPlace::Filter } else { own }
    }

    /// Whether an action does something in a list of the screens: actions on a row need a row, and the list itself is out
    /// of reach while the detail has the focus and covers it.
    pub(crate) fn offers(&self, action: Action, rows: usize) -> bool {
        match action {
            Action::Filter => (rows > 0 || self.filter.is_active()) && !self.detail.focused,
            // Only the filter of rows completes words and keeps earlier texts.
            Action::Complete | Action::EarlierFilter => !self.filter.editing,
            Action::Open | Action::Sort | Action::SortReverse | Action::Group => rows > 0 && !self.detail.focused,
            Action::Edit | Action::Copy | Action::Explain | Action::Mark => rows > 0,
            _ => true,
        }
    }

    /// Moves the cursor over `rows`, of which `page` are visible, or scrolls the detail, or opens and closes the filter.
    /// Returns whether the action was one of these.
    pub(crate) fn act(&mut self, action: Action, rows: &[RowId], page: usize) -> bool {
        if self.detail.act(action, page, rows.len()) {
            return true;
        }
        if self.cursor.act(action, rows.len(), page) {
            self.remember(rows);
            self.detail.rewind();
            return true;
        }
        match action {
            Action::Filter if rows.is_empty() && !self.filter.is_active() => {}
            Action::Filter => self.filter.open(),
            Action::Accept => {
                self.filter.editing = false;
                self.remember(rows);
            }
            _ => return false,
        }
        true
    }

    /// Selects a clicked row. Returns whether it was selected before, so that the click opens it.
    pub(crate) fn pick(&mut self, at: usize, rows: &[RowId]) -> bool {
        let again = self.cursor.at == at && !self.detail.focused;
        self.cursor.at = at;
        self.remember(rows);
        again
    }

    pub(crate) fn scroll(&mut self, by: isize, rows: &[RowId]) {
        self.cursor.scroll(by, rows.len());
        self.remember(rows);
    }

    /// The list is on screen now: from here on the cursor follows its row.
    pub(crate) const fn visit(&mut self) {
        self.visited = true;
    }

    /// Selects a row that may come later; the filter must not hide it.
    pub(crate) fn select(&mut self, row: RowId, rows: &[RowId]) {
        self.filter = Filter::default();
        self.visited = true;
        self.selected = Some(row);
        if let Some(at) = rows.iter().position(|known| *known == row) {
            self.cursor.at = at;
        }
    }

    /// Takes in a change of the rows.
    pub(crate) fn settle(&mut self, rows: &[RowId]) {
        let known = self.selected.filter(|_| self.visited);
        if let Some(at) = known.and_then(|row| rows.iter().position(|other| *other == row)) {
            self.cursor.at = at;
            return;
        }
        self.cursor.clamp(rows.len());
        // A row that is filtered out or not there yet stays wanted until another one is chosen.
        if self.selected.is_none() || !self.visited {
            self.remember(rows);
        }
    }

    /// Takes in a change of the filter: where it hides the selected row, the cursor goes to the first one.
    pub(crate) fn refilter(&mut self, rows: &[RowId]) {
        if self.selected.is_none_or(|row| !rows.contains(&row)) {
            self.cursor = SelectedRow::default();
        }
        self.settle(rows);
    }

    /// The row of the cursor is the selected one from here on; without rows the selected one stays.
    fn remember(&mut self, rows: &[RowId]) {
        self.selected = rows.get(self.cursor.at).copied().or(self.selected);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(ids: &[u64]) -> Vec<RowId> {
        ids.iter().map(|id| RowId::Change(ChangeId(*id))).collect()
    }

    #[test]
    fn the_cursor_follows_its_row() {
        let mut list = List::default();
        list.settle(&rows(&[3, 2, 1]));
        list.visit();
        list.act(Action::Down, &rows(&[3, 2, 1]), 10);
        list.settle(&rows(&[4, 3, 2, 1]));
        assert_eq!(list.cursor.at, 2);
        list.settle(&rows(&[1, 2, 3, 4]));
        assert_eq!(list.cursor.at, 1);
    }

    #[test]
    fn a_row_that_is_gone_leaves_the_cursor_in_place_and_comes_back_selected() {
        let mut list = List::default();
        list.settle(&rows(&[3, 2, 1]));
        list.visit();
        list.act(Action::Last, &rows(&[3, 2, 1]), 10);
        list.settle(&rows(&[3, 2]));
        assert_eq!(list.cursor.at, 1);
        list.settle(&rows(&[3, 2, 1]));
        assert_eq!(list.cursor.at, 2);
    }

    #[test]
    fn before_it_is_on_screen_the_first_row_is_selected() {
        let mut list = List::default();
        list.settle(&rows(&[1]));
        list.settle(&rows(&[2, 1]));
        assert_eq!(list.cursor.at, 0);
        list.visit();
        list.settle(&rows(&[3, 2, 1]));
        assert_eq!(list.cursor.at, 1, "the row that was first when the list was opened");
    }
}
