//! Providers: one adapter per institution that can be connected.
//!
//! `sync` builds an adapter from [`ProviderMetadata`], credentials and settings, and fetches drafts from it; the
//! screen and the command line derive their forms from the same metadata. A new provider is one folder here and one
//! line in [`registry`]; see `docs/adding-a-provider.md`.
//! INVARIANT: an adapter only turns replies into drafts. It never reads the environment, the system clock, the store
//! or the terminal, and keeps no state beyond one sync.

mod auth;
mod credentials;
pub mod demo_bank;
mod field;
mod file;
mod judge;
pub mod kit;
mod metadata;
mod piece;
mod plan;
mod provider;
pub mod registry;

/// Declares the folder of every provider as a module.
macro_rules! modules {
    ($($folder:ident,)*) => {
        $(pub mod $folder;)*
    };
}
registry::each_provider!(modules);

pub use auth::{Auth, CertificateLink, ClientAuthentication, LinkSpec, OauthSpec};
pub use credentials::{Credentials, OauthCredentials, Secrets};
pub use field::{Field, FieldKind, FieldProblem, FieldValues, check};
pub use file::{FileSpec, InstitutionName};
pub use judge::{Judge, ReplyHead, ReplyVerdict, by_status};
pub use metadata::{Accepted, BuildContext, HistoryDepth, Pace, ProviderMetadata, RequiredSetting, ServerEnvironment};
pub use piece::{
    CurrencyBalance, FailureScope, LiabilityDraft, Listing, Piece, PriceDraft, RateDraft, ScopedFailure, Sink,
};
pub use plan::{FetchPlan, KnownAccount, LoginAccess, Purpose, Validation};
pub use provider::{Authorization, LinkProvider, LinkStep, OauthProvider, Provider};
pub use registry::{PROVIDERS, find, is_file_source, is_live, listed};
