//! Small traits for the outside world: clock, browser, randomness, keyring, clipboard.
//!
//! Built in `cli`, passed to the rooms that use them, replaced by [`fake`] in tests.
//! INVARIANT: no room above asks the operating system for one of these itself.

mod browser;
mod clipboard;
mod clock;
mod database_key;
mod entropy;
pub mod fake;
mod secret_store;

pub use browser::{Browser, BrowserError, SystemBrowser};
pub use clipboard::{Clipboard, ClipboardError};
pub use clock::{Clock, DayClock, ShiftedClock, SystemClock};
pub use database_key::{DatabaseKeyError, DatabaseKeys, NoDatabaseKeys};
pub use entropy::{Entropy, EntropyError, SystemEntropy};
pub use secret_store::{SecretBytes, SecretStore, SecretStoreError, VaultChoice};
