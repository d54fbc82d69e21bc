//! Which rows and accounts are the same.

mod expired;
mod kinds;
mod merge;
mod sequences;
mod walks;
