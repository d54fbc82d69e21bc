//! Sealing of stored logins: the only room that uses the keyring and the cipher.
//!
//! `sync` seals what the store keeps and opens what a provider needs; `cli` chooses where the key lives. The sealed
//! bytes are kept by the caller. All calls may block (a keyring may ask the user, a passphrase takes a
//! tenth of a second): they belong on a blocking thread.
//!
//! INVARIANT: no secret leaves this room except as the answer to [`Vault::open`]; none is ever in a message, a
//! `Debug` or a log; a vault that can't be used is an error, never a weaker vault.

mod database;
mod error;
mod file;
mod header;
mod keyring;
mod passphrase;
mod process;
mod seal;
mod state;
mod timed;

pub use database::VaultKeys;
pub use error::VaultError;
pub use keyring::SystemKeyring;
pub use passphrase::Passphrase;
pub use process::harden_process;
pub use state::{Vault, VaultOptions, VaultProtection};
pub use timed::TimedStore;

#[cfg(test)]
mod tests;
