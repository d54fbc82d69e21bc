//! The read side: queries, lists, sums and reports over a consistent view of the store.

mod order;
pub mod query;
pub mod search;

pub use order::{Sort, SortKey, order};
pub use query::{By, Query};
