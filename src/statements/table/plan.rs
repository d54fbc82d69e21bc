//! The decision about a table: which columns, which order, which signs; and the doubt that is left.
//!
//! Made by the inference, used by the rows, the question and the statement.

use super::{
    account::Owner,
    candidates::Candidate,
    chain::Direction,
    column::Column,
    date::DateOrder,
    days::{self, DateColumns},
    facts::Facts,
    frame::Frame,
    grid::Grid,
    layout::Layout,
    number::Mark,
};
use crate::{domain::AssetCode, statements::Evidence};

/// Which figures change their sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Turn {
    /// Positive amounts are money out.
    pub(super) amounts: bool,
    /// Balances are amounts owed.
    pub(super) balances: bool,
}

/// How the table is read.
#[derive(Debug, Clone)]
pub(super) struct TablePlan<'a> {
    pub(super) frame: Frame,
    pub(super) columns: Vec<Column>,
    pub(super) dates: DateColumns,
    pub(super) order: DateOrder,
    pub(super) mark: Mark,
    pub(super) candidate: Candidate,
    pub(super) turn: Turn,
    pub(super) currency_column: Option<usize>,
    /// The currency of rows that state none.
    pub(super) currency: Option<AssetCode>,
    /// Whether the table states it, rather than its language or nothing.
    pub(super) is_currency_stated: bool,
    pub(super) owner: Owner,
    pub(super) status_column: Option<usize>,
    pub(super) facts: Facts,
    /// Last row with a day.
    pub(super) last: usize,
    pub(super) layout: Option<&'a Layout>,
    pub(super) is_card: bool,
    pub(super) direction: Direction,
    pub(super) evidence: Vec<Evidence>,
}

impl TablePlan<'_> {
    /// Whether all days of the table lack a year.
    pub(super) fn lacks_year(&self, grid: &Grid) -> bool {
        let mut days = self.frame.sample.iter().flat_map(|row| days::days_of(grid, *row, &self.dates)).peekable();
        days.peek().is_some() && days.all(|day| day.is_yearless())
    }
}

/// An undecided point, with the values that are possible, the first one being that of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum OpenPoint {
    Date(Vec<DateOrder>),
    Decimal,
    Sign,
    /// Candidates of equal standing; indices into the list.
    Amount(Vec<Candidate>),
}
