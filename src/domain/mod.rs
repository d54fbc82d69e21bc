//! Values and rules: accounts, transactions, holdings, connections, money.
//!
//! Used by every other floor. INVARIANT: no IO, no async, no wire formats, no terminal, no clock;
//! money is [`rust_decimal::Decimal`] with an [`AssetCode`], never a float.

mod account;
mod asset;
mod change;
mod connection;
mod draft;
mod error;
mod failure;
pub mod figures;
mod holding;
mod id;
mod money;
mod movement;
mod pair;
mod provider;
mod snapshot;
pub mod text;
mod transaction;

pub use account::{Account, AccountCategory, AccountSigns, AccountType, Balance};
pub use asset::{AssetCode, AssetCodeError};
pub use change::{Change, ChangeCounts, ChangeKind};
pub use connection::{Connection, ConnectionStatus, TransitionError};
pub use draft::{AccountDraft, BalanceDraft, Correction, HoldingDraft, IdTrust, TransactionDraft, Warning};
pub use error::{Disposition, ProviderError, ProviderErrorKind};
pub use failure::FailureKind;
pub use holding::{Holding, HoldingFacts};
pub use id::{AccountId, ChangeId, ConnectionId, HoldingId, ParseIdError, TransactionId};
pub use money::{Money, add_exactly};
pub use movement::{MovementPlace, general_kind, named_kind};
pub use pair::{PairStanding, RowGroups, RowPair};
pub use provider::{Capability, ProviderCategory};
pub use snapshot::{Snapshot, SnapshotSource};
pub use text::Text;
pub use transaction::{
    AssetType, ForeignAmount, Kind, Origin, Security, Transaction, TransactionFacts, TransactionStatus,
    TransactionSubtype, TransactionType, UserFields, UserPatch,
};

/// Declares an enum of the field together with its one spelling in JSON, in the store and on the
/// command line, so that the three can never differ.
macro_rules! vocabulary {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        $vis enum $name { $(#[doc = concat!("`", $text, "`.")] $(#[$vmeta])* #[serde(rename = $text)] $variant,)+ }

        impl $name {
            /// Every member, in declaration order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The spelling used in JSON, in the store and on the command line.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The member spelled `text`, in any case; `None` when there is none.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|member| member.as_str().eq_ignore_ascii_case(text))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}
pub(crate) use vocabulary;
