//! dashtam: every account a person owns on one keyboard-driven screen.
//!
//! The floors, lowest first: [`domain`], [`statements`], [`columns`], [`sync`]; see `docs/architecture.md` for the whole
//! plan and its rules.

pub mod columns;
pub mod domain;
pub mod ledger;
pub mod statements;
pub mod store;
pub mod sync;
