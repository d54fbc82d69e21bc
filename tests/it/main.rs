//! The tests that need more than one room: one binary, so that the crate is linked once.
#![cfg(test)]

mod balances;
mod cli;
mod identity;
mod live;
mod screen;
mod statements;
mod store;
mod support;
