//! dashtam: every account a person owns on one keyboard-driven screen.
//!
//! The floors, lowest first: [`domain`]; [`columns`], [`files`], [`ports`], [`statements`]; [`config`], [`providers`], [`store`],
//! [`vault`]; [`demo`], [`ledger`], [`sync`]; [`tui`]; [`cli`]; see `docs/architecture.md` for the whole plan and its
//! rules.

pub mod cli;
pub mod columns;
pub mod config;
pub mod demo;
pub mod domain;
pub mod files;
pub mod ledger;
pub mod ports;
pub mod providers;
pub mod statements;
pub mod store;
pub mod sync;
pub mod tui;
pub mod vault;
