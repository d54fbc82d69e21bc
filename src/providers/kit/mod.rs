//! Shared parts of adapters: HTTP client, pace, paging, exact numbers, OAuth.
//!
//! Used by the folders of the providers. INVARIANT: the only place in the crate that uses an HTTP or an OAuth library.

mod account_type;
mod api;
mod backoff;
mod call;
mod counters;
mod days;
mod failure;
pub mod fake;
mod http;
mod identity;
mod limiter;
mod loopback;
mod names;
mod number;
mod oauth;
mod occ;
mod origin;
mod per_account;
mod repeated;
mod replies;
mod reply;

pub use account_type::type_of_name;
pub use api::Api;
pub use call::{Attempt, Call, Signer};
pub use counters::{Counters, MemoryCounters};
pub use days::new_york_day;
pub use http::{Http, HttpConfig, HttpLimits, Timer};
pub use identity::{CERTIFICATE_NOTICE, ClientIdentity};
pub use limiter::Spent;
pub use loopback::{LocalPage, LocalPageListener};
pub use names::NameLookup;
pub use number::{IdText, decimal, optional_number, optional_text, or_default};
pub use oauth::{CallbackError, CallbackListener, OauthFlow, RedirectError, parse_redirect};
pub use occ::OptionSymbol;
pub use origin::{OriginError, ServerOrigin};
pub use per_account::{AccountRef, PerAccount, RowCursor, RowPage, TransactionRequest, fetch};
pub use replies::{KeptReply, Replies};
pub use reply::{Reply, cut, rows};
