//! The database and the vault across versions and systems.

mod frozen_databases;
mod keyring;
