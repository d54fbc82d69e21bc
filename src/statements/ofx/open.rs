//! The statement being read, as data: its account, currency, period and balances.
//!
//! Filled by the methods of the reader in `statement` and `holding`. INVARIANT: of each part the first one stated counts.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{account::AccountName, positions::PositionList, tag::Tag};
use crate::domain::AssetCode;

/// The kind of statement that a row belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StatementKind {
    /// A deposit account or credit line.
    Bank,
    /// A card.
    Card,
    /// A broker's or plan's account.
    Investment,
    /// A loan.
    Loan,
}

/// The statement being read.
pub(super) struct Open {
    pub(super) kind: StatementKind,
    /// Whether it started with its own tag; else rows only suggest it.
    pub(super) explicit: bool,
    /// Whether it started inside another one, by the name of an account.
    pub(super) again: bool,
    pub(super) at: usize,
    pub(super) currency: Option<AssetCode>,
    pub(super) name: Option<AccountName>,
    pub(super) account: Option<usize>,
    pub(super) start: Option<NaiveDate>,
    pub(super) end: Option<NaiveDate>,
    pub(super) as_of: Option<NaiveDate>,
    /// Whether a list of pending rows was there, even an empty one.
    pub(super) lists_pending: bool,
    pub(super) pending_as_of: Option<NaiveDate>,
    pub(super) last_date: Option<NaiveDate>,
    pub(super) ledger: Option<(Decimal, Option<NaiveDate>)>,
    pub(super) available: Option<Decimal>,
    pub(super) positions: PositionList,
}

impl Open {
    /// A statement of which nothing is known yet.
    pub(super) fn new(kind: StatementKind, explicit: bool, at: usize) -> Self {
        Self {
            kind,
            explicit,
            again: false,
            at,
            currency: None,
            name: None,
            account: None,
            start: None,
            end: None,
            as_of: None,
            lists_pending: false,
            pending_as_of: None,
            last_date: None,
            ledger: None,
            available: None,
            positions: PositionList::default(),
        }
    }

    /// The first day stated for each counts.
    pub(super) fn note_period(&mut self, tag: Tag, day: Option<NaiveDate>, pending: bool) {
        let slot = match tag {
            Tag::DtAsOf if pending => &mut self.pending_as_of,
            Tag::DtAsOf => &mut self.as_of,
            Tag::DtStart => &mut self.start,
            _ => &mut self.end,
        };
        *slot = slot.or(day);
    }

    /// Byte offset at which it starts.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    /// The day that the statement states its balances for.
    pub(super) fn day(&self) -> Option<NaiveDate> {
        self.as_of.or(self.end).or(self.last_date).or(self.start)
    }
}
