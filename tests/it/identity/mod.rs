//! Which rows and accounts are the same.

mod kinds;
mod merge;
mod sequences;
mod walks;
