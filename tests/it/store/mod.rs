//! The database and the vault across versions and systems.

mod as_known;
mod frozen_databases;
mod keyring;
