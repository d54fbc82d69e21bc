//! Tests of the whole crate, in one binary.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that can't go on fails"
)]

mod statements;
mod statements_differential;
mod statements_hostile;

#[path = "../benches/data.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the benches, of which each uses a part")]
mod data;
