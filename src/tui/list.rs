//! What a screen of one list has: a selected row, a detail side, and a line that narrows the list.
//!
//! A pane that hands its own out in [`super::pane::Pane::list`] gets typing, pasting, going back and the wheel for it.

use super::{
    action::{Action, Place},
    finder::Finder,
    side::Split,
    widget::cursor::Cursor,
};

#[derive(Debug, Default)]
pub(crate) struct List {
    /// Over the rows that can be selected.
    pub(crate) cursor: Cursor,
    pub(crate) split: Split,
    pub(crate) finder: Finder,
}

impl List {
    /// Where keys go on a screen whose own place is `own`.
    pub(crate) fn place(&self, own: Place) -> Place {
        if self.finder.editing { Place::Filter } else { own }
    }

    /// Moves over `len` rows of which `page` are visible, or in the side, or opens and closes the line; says whether the
    /// action was for it.
    pub(crate) fn act(&mut self, action: Action, len: usize, page: usize) -> bool {
        if self.split.act(action, page) {
            return true;
        }
        if self.cursor.act(action, len, page) {
            self.split.rewind();
            return true;
        }
        match action {
            Action::Filter => self.finder.open(),
            Action::Accept => self.finder.editing = false,
            _ => return false,
        }
        true
    }

    /// Selects a clicked row; says whether it was selected before, so that the click opens it.
    pub(crate) fn pick(&mut self, at: usize) -> bool {
        let again = self.cursor.at == at && !self.split.in_side;
        self.cursor.at = at;
        again
    }
}
