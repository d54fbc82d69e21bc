//! The result of this room: what a batch means.

use super::learned::{FirstDayDoubt, Learned};
use crate::domain::{TransactionFacts, TransactionId};

/// The decision about one draft.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    /// Add it.
    New,
    /// It is there already, or was taken back by a correction.
    Known,
    /// The stored row becomes this.
    Amend(TransactionId, Box<TransactionFacts>),
    /// The stored row is void.
    Void(TransactionId),
}

/// A new row that may be the same as a stored one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Doubt {
    /// Index of the draft, whose outcome is [`Outcome::New`].
    pub(crate) draft: usize,
    /// The stored row.
    pub(crate) row: TransactionId,
}

/// The effect of a batch.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Plan {
    /// One outcome a draft, in the drafts' order.
    pub(crate) outcomes: Vec<Outcome>,
    /// Pending rows that ended without being posted: void.
    pub(crate) vanished: Vec<TransactionId>,
    /// New rows that may be the same as stored ones.
    pub(crate) doubts: Vec<Doubt>,
    /// Corrections, by the index of their drafts, of rows that are not there yet.
    pub(crate) early_corrections: Vec<usize>,
    /// Earlier doubts that this batch decides: the new row of each is the one that was stored first.
    pub(crate) settled: Vec<FirstDayDoubt>,
    /// The record for later batches; kept only when something is written.
    pub(crate) learned: Learned,
}

#[cfg(test)]
impl Plan {
    /// Whether nothing would be written.
    pub(crate) fn is_empty(&self) -> bool {
        self.vanished.is_empty()
            && self.early_corrections.is_empty()
            && self.outcomes.iter().all(|outcome| matches!(outcome, Outcome::Known))
    }
}
