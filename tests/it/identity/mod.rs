//! Which rows and accounts are the same.

mod merge;
mod sequences;
mod walks;
