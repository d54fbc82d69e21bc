//! The read side: queries, lists, sums and reports over a consistent view of the store.

mod aggregate;
mod order;
pub mod query;
pub mod search;
mod sum;

pub use aggregate::{Group, GroupKey, aggregate};
pub use order::{Sort, SortKey, order};
pub use query::{By, Query};
pub use sum::{Sums, counts, sums};
