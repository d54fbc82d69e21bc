//! The row on which the cursor stays. Pure.
//!
//! INVARIANT: it is an identity. When rows come, go or change places, the cursor follows its row, and so does the start of a range of
//! marks; a row that a filter hides is selected again when it is listed again, unless another one was chosen meanwhile.

use super::order::{LineContent, OpenOrder};
use crate::{domain::TransactionId, ledger::RowList};

/// The row on which the cursor stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ChosenRow {
    row: TransactionId,
    /// Whether it is the line of an order, of which `row` is the first fill.
    is_order: bool,
}

impl ChosenRow {
    /// A row that has a line for itself.
    pub(super) const fn of(row: TransactionId) -> Self {
        Self { row, is_order: false }
    }

    /// The row of a line.
    pub(super) fn at(line: usize, listing: &RowList, orders: &OpenOrder) -> Option<Self> {
        let item = orders.item(listing, line);
        let is_order = matches!(item, LineContent::Order(_));
        Some(Self { row: listing.id(item.first())?, is_order })
    }

    /// The line of the row; none where it is not listed.
    pub(super) fn line(self, listing: &RowList, orders: &OpenOrder) -> Option<usize> {
        let at = line_of(self.row, listing, orders)?;
        let inside = self.is_order && matches!(orders.item(listing, at), LineContent::Fill(_));
        Some(at - usize::from(inside))
    }
}

/// The line of a row: inside its order if that is open.
pub(super) fn line_of(row: TransactionId, listing: &RowList, orders: &OpenOrder) -> Option<usize> {
    Some(orders.shown_at(listing, listing.position_of(row)?))
}
