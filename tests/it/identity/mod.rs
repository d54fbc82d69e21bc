//! Which rows and accounts are the same.

mod doubts;
mod expired;
mod households;
mod kinds;
mod merge;
mod older;
mod sequences;
mod walks;
