//! Browser login: the authorization code flow, its redirect, and the renewal of tokens.
//!
//! Used through `OauthProvider`. INVARIANT: always PKCE S256 and a one-time state; a code is decoded exactly once and
//! exchanged at most once; `Debug` and messages contain no secret.

mod callback;
mod certificate;
mod flow;
mod redirect;
#[cfg(test)]
mod tests;

pub use callback::{CallbackError, CallbackListener};
pub use flow::OauthFlow;
pub use redirect::{RedirectError, parse_redirect};
