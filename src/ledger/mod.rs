//! The read side: queries, lists, sums and reports over a consistent view of the store.

pub mod query;
pub mod search;
