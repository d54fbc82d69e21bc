//! dashtam: every account a person owns on one keyboard-driven screen.
//!
//! The floors, lowest first: [`domain`]; see `docs/architecture.md` for the whole plan and its rules.

pub mod domain;
