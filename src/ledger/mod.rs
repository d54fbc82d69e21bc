//! The read side: queries, lists, sums and reports over a consistent view of the store.
//!
//! Used by the screen and the command line. [`Ledger::view`] is cheap (accounts, balances, connections) and shows the
//! newest rows at once; searching, sorting and summing need the columns, which a worker thread loads
//! ([`View::load_columns`]) and hands back ([`View::with_columns`]).
//!
//! INVARIANT: nothing here writes; every figure is exact or absent; no clock: who knows the day passes it.

mod aggregate;
mod error;
pub mod export;
mod holdings;
mod listing;
mod order;
pub mod query;
mod running;
pub mod search;
mod sum;
#[cfg(test)]
mod tests;
mod view;
mod worth;

pub use aggregate::{Group, GroupKey, aggregate};
pub use error::LedgerError;
pub use holdings::{HoldingLine, MergedHolding, merged_by_symbol};
pub use listing::Listing;
pub use order::{Sort, SortKey, order};
pub use query::{By, Query};
pub use running::Check;
pub use sum::{Sums, counts, sums};
pub use view::{AccountLine, Entry, Ledger, ListRequest, View};
pub use worth::{Every, NetWorth, WorthLine};
