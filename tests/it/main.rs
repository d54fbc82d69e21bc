//! The tests that need more than one room: one binary, so that the crate is linked once.
#![cfg(test)]

mod again;
mod budget;
mod cli;
mod connect;
mod contract;
mod fills;
mod frozen;
mod groups;
mod harness;
mod http;
mod idle;
mod keyring;
mod live;
mod live_alpaca;
mod live_cli;
mod live_schwab;
mod live_secrets;
mod made_up;
mod oauth;
mod oidc;
mod other_host;
mod process;
mod pty;
mod random;
mod repair;
mod screen;
mod server;
mod statements;
mod statements_differential;
mod statements_hostile;
mod wizard;

#[path = "../benches/data.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the benches, of which each uses a part")]
mod data;
