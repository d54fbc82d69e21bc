//! Logging in through the browser: the authorization code flow, its redirect, and the life of tokens.
//!
//! Used through `OauthProvider`. INVARIANT: PKCE S256 and a one-time state always; a code is decoded exactly
//! once and redeemed at most once; no secret is in a `Debug` or a message.

mod callback;
mod certificate;
mod flow;
mod page;
mod redirect;
#[cfg(test)]
mod tests;

pub use callback::{CallbackError, CallbackListener};
pub use flow::OauthFlow;
pub use redirect::{RedirectError, parse_redirect};
