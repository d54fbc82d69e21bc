//! What a screen of one list has: a selected row, a detail side, and a line that narrows the list.
//!
//! A pane that hands its own out in [`super::pane::Pane::list`] gets typing, pasting, going back and the wheel for it.

use super::{detail::Detail, filter::Filter};
use crate::domain::{AccountId, ChangeId, ConnectionId, TransactionId};
use crate::tui::{
    action::{Action, Place},
    widget::cursor::Cursor,
};

/// Identity of a row in a list of the screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowId {
    Account(AccountId),
    Change(ChangeId),
    Connection(ConnectionId),
    Transaction(TransactionId),
}

/// The list of a pane.
#[derive(Debug, Default)]
pub(crate) struct List {
    /// Over the rows that can be selected.
    pub(crate) cursor: Cursor,
    pub(crate) detail: Detail,
    pub(crate) filter: Filter,
}

impl List {
    /// Where keys go on a screen whose own place is `own`.
    pub(crate) fn place(&self, own: Place) -> Place {
        if self.filter.editing { Place::Filter } else { own }
    }

    /// Moves over `len` rows of which `page` are visible, or in the side, or opens and closes the line; says whether the
    /// action was for it.
    pub(crate) fn act(&mut self, action: Action, len: usize, page: usize) -> bool {
        if self.detail.act(action, page) {
            return true;
        }
        if self.cursor.act(action, len, page) {
            self.detail.rewind();
            return true;
        }
        match action {
            Action::Filter => self.filter.open(),
            Action::Accept => self.filter.editing = false,
            _ => return false,
        }
        true
    }

    /// Selects a clicked row; says whether it was selected before, so that the click opens it.
    pub(crate) fn pick(&mut self, at: usize) -> bool {
        let again = self.cursor.at == at && !self.detail.focused;
        self.cursor.at = at;
        again
    }
}
