//! What adapters share: the HTTP client, paging, exact numbers, OAuth.
//!
//! Used by the folders of the providers. INVARIANT: the only place of the crate that names an HTTP or an
//! OAuth library.

mod http;
mod origin;

pub use http::Http;
pub use origin::{Origin, OriginError};
