//! dashtam: every account a person owns on one keyboard-driven screen.
//!
//! The floors, lowest first: `domain`; `columns`, `files`, `ports`, `statements`; `config`, `providers`, `store`,
//! `vault`; `demo`, `ledger`, `sync`; `tui`; `cli`; see `docs/architecture.md` for the whole plan and its
//! rules. The rooms are private to the crate, so that the compiler reports each item that nothing uses. Tests and benches
//! reach a room's items through [`testing`]: an item that a new test needs is added there.

pub(crate) mod cli;
pub(crate) mod columns;
pub(crate) mod config;
pub(crate) mod demo;
pub(crate) mod domain;
pub(crate) mod files;
pub(crate) mod ledger;
pub(crate) mod ports;
pub(crate) mod providers;
pub(crate) mod statements;
pub(crate) mod store;
pub(crate) mod sync;
pub(crate) mod tui;
pub(crate) mod vault;

#[doc(hidden)]
pub mod testing;

pub use cli::main;
