//! Two rows of one account that may be the same movement of money.

use serde::{Deserialize, Serialize};

use super::{TransactionId, vocabulary};

vocabulary! {
    /// Decision about a pair.
    pub enum PairStanding {
        /// Undecided; both rows count.
        Open = "open",
        /// One movement: the user merged the rows.
        Same = "same",
        /// Two movements: the user keeps the rows apart.
        Different = "different",
    }
}

/// A pair of rows, the older one first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowPair {
    /// The row that was stored first.
    pub older: TransactionId,
    /// The row that was stored later.
    pub newer: TransactionId,
    /// The decision about it.
    pub standing: PairStanding,
}

impl RowPair {
    /// A pair of two rows in any order.
    #[must_use]
    pub fn new(one: TransactionId, other: TransactionId, standing: PairStanding) -> Self {
        Self { older: one.min(other), newer: one.max(other), standing }
    }

    /// A pair without a decision.
    #[must_use]
    pub fn open(one: TransactionId, other: TransactionId) -> Self {
        Self::new(one, other, PairStanding::Open)
    }

    /// Whether the row is one of the two.
    #[must_use]
    pub fn has(&self, row: TransactionId) -> bool {
        self.older == row || self.newer == row
    }
}
