//! The input of this room: one listing of an account and the stored rows that it could mean.

use std::collections::HashSet;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::learned::Learned;
use crate::domain::{IdTrust, Transaction, TransactionDraft, TransactionId};

/// One listing of an account, and how it may be read.
pub(crate) struct Batch<'a> {
    /// Rows in the source's order.
    pub(crate) drafts: &'a [TransactionDraft],
    /// Stored rows of the account that could be meant: those of the drafts' days and [`REACH_DAYS`] around, those that a
    /// correction names, and those that the comparison of balances needs.
    pub(crate) stored: &'a [Transaction],
    /// First and last day for which `stored` holds every row.
    pub(crate) loaded: Option<(NaiveDate, NaiveDate)>,
    /// The facts learned from earlier listings.
    pub(crate) learned: &'a Learned,
    /// How far ids can be trusted.
    pub(crate) trust: IdTrust,
    /// Stored rows that a file of another format brought: their ids and texts are those of that format.
    pub(crate) others: &'a HashSet<TransactionId>,
    /// The source's statements about the listing as a whole.
    pub(crate) listing: ListingFacts,
}

/// A source's statements about a listing as a whole.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ListingFacts {
    /// First and last day it states to cover.
    pub(crate) period: Option<(NaiveDate, NaiveDate)>,
    /// Its closing balance at the end of a day, settled rows only.
    pub(crate) closing: Option<(NaiveDate, Decimal)>,
    /// The day for which it lists all pending rows.
    pub(crate) pending_as_of: Option<NaiveDate>,
    /// Days that were read completely, pending rows included: a pending row of them that did not come back is gone.
    pub(crate) complete: Option<(NaiveDate, NaiveDate)>,
    /// It is an export of this program, with kinds and texts as the user saw them: of a known row it only states that a pending
    /// one was settled.
    pub(crate) is_export: bool,
}

/// Days around a draft's date in which a stored row can still be the same one.
pub(crate) const REACH_DAYS: u64 = 10;
