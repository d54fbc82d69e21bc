//! What adapters share: the HTTP client, pace, paging, exact numbers, OAuth.
//!
//! Used by the folders of the providers. INVARIANT: the only place of the crate that names an HTTP or an
//! OAuth library.

mod account_type;
mod api;
mod backoff;
mod failure;
pub mod fake;
mod http;
mod identity;
mod limiter;
mod number;
mod oauth;
mod occ;
mod origin;
mod page;
mod reply;

pub use account_type::type_of_name;
pub use api::{Api, Call};
pub use http::{Http, HttpConfig, HttpLimits, HttpSetupError, Timer, TokioTimer};
pub use identity::{ClientIdentity, IdentityError, WARN_DAYS};
pub use limiter::Spent;
pub use number::{Text, decimal, optional_number, optional_text};
pub use oauth::{CallbackError, CallbackListener, OauthFlow, RedirectError, parse_redirect};
pub use occ::OptionSymbol;
pub use origin::{Origin, OriginError};
pub use page::{MAX_PAGES, Pages};
pub use reply::{Reply, cut, rows};
