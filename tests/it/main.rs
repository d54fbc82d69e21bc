//! Integration tests, one binary.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed expectation is a failed test")]

mod contract;
mod http;
mod made_up;
mod oauth;
mod server;
