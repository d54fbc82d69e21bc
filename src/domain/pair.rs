//! Two rows of one account that may be the same movement of money.

use std::collections::HashMap;

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

/// Rows joined by pairs that are the same, directly or indirectly. A group is named by its smallest row.
#[derive(Debug, Clone, Default)]
pub struct RowGroups {
    parent: HashMap<TransactionId, TransactionId>,
}

impl RowGroups {
    /// The groups that the pairs join.
    #[must_use]
    pub fn of(pairs: &[RowPair]) -> Self {
        let mut groups = Self::default();
        for pair in pairs.iter().filter(|pair| pair.standing == PairStanding::Same) {
            let (one, other) = (groups.group(pair.older), groups.group(pair.newer));
            groups.parent.insert(one.max(other), one.min(other));
        }
        groups
    }

    /// The group of a row; the row itself if nothing joins it.
    pub fn group(&mut self, row: TransactionId) -> TransactionId {
        let mut root = row;
        while let Some(parent) = self.parent.get(&root).copied().filter(|parent| *parent != root) {
            root = parent;
        }
        let mut at = row;
        while at != root {
            at = self.parent.insert(at, root).unwrap_or(root);
        }
        root
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_joined_indirectly_are_one_group() {
        let pair = |one, other, standing| RowPair::new(TransactionId(one), TransactionId(other), standing);
        let pairs = [
            pair(5, 3, PairStanding::Same),
            pair(3, 1, PairStanding::Same),
            pair(7, 8, PairStanding::Different),
            pair(9, 5, PairStanding::Same),
        ];
        let mut groups = RowGroups::of(&pairs);
        assert_eq!([1, 3, 5, 9, 7, 8].map(|row| groups.group(TransactionId(row)).0), [1, 1, 1, 1, 7, 8]);
    }
}
