//! The rows of the last filter, which `n` and `N` find among all rows.

use crate::ledger::RowList;

/// The rows of the last filter.
#[derive(Debug, Default)]
pub(super) struct Hits {
    found: Option<RowList>,
}

impl Hits {
    pub(super) fn remember(&mut self, listing: &RowList) {
        self.found = Some(listing.clone());
    }

    /// The nearest index in `listing` before or after `at` with such a row.
    pub(super) fn next(&self, listing: &RowList, at: usize, forward: bool) -> Option<usize> {
        let found = self.found.as_ref()?;
        let is_hit = |index: usize| listing.id(index).is_some_and(|id| found.contains(id));
        if forward {
            (at + 1..listing.len()).find(|index| is_hit(*index))
        } else {
            (0..at.min(listing.len())).rev().find(|index| is_hit(*index))
        }
    }
}
