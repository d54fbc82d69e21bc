//! Local identities: one newtype per kind of thing, so that an account can't be passed for a change.
//!
//! Ids are handed out by the store in ascending order and are never used again.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Text that is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {what} id: ids are whole numbers as printed by the list commands")]
pub struct ParseIdError {
    text: String,
    what: &'static str,
}

macro_rules! id {
    ($(#[$meta:meta])* $name:ident, $what:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.trim().parse().map(Self).map_err(|_| ParseIdError { text: text.to_owned(), what: $what })
            }
        }
    };
}

id!(
    /// An account on this machine.
    AccountId, "an account"
);
id!(
    /// A user's link to one provider.
    ConnectionId, "a connection"
);
id!(
    /// A transaction row; ascending in the order in which rows were first stored.
    TransactionId, "a transaction"
);
id!(
    /// A position in an account.
    HoldingId, "a holding"
);
id!(
    /// One entry of the journal; a later change has a higher id.
    ChangeId, "a change"
);
