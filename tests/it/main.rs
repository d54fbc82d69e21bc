//! The tests that need more than one room: one binary, so that the crate is linked once.
#![cfg(test)]

mod contract;
mod frozen;
mod http;
mod keyring;
mod made_up;
mod oauth;
mod server;
