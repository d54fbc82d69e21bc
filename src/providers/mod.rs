//! Providers: one adapter per institution that can be connected.
//!
//! `sync` builds an adapter from [`ProviderMetadata`], credentials and settings, and fetches drafts from it; the
//! screen and the command line derive their forms from the same metadata. A new provider is one folder here and one
//! line in [`registry`]; see `docs/adding-a-provider.md`.
//! INVARIANT: an adapter only turns replies into drafts. It never reads the environment, the system clock, the store
//! or the terminal, and keeps no state beyond one sync.

pub mod alpaca;
mod auth;
pub mod chase_file;
mod credentials;
mod field;
mod file;
pub mod kit;
mod metadata;
pub mod ofx_file;
mod provider;
pub mod registry;
pub mod schwab;

pub use auth::{Auth, AuthWords, Build, ClientAuthentication, LinkSpec, OauthSpec};
pub use credentials::{Credentials, CredentialsError, OauthCredentials, Secrets};
pub use field::{Answers, Field, FieldKind, Problem, check};
pub use file::{FileSpec, InstitutionName};
pub use metadata::{
    Accepted, BuildContext, Environment, History, Pace, ProviderMetadata, RequiredSetting, endpoint_variable,
};
pub use provider::{
    AccountRef, Authorization, Cursor, LinkProvider, LinkStep, Listing, OauthProvider, Page, Provider,
    TransactionRequest, Validation,
};
pub use registry::{PROVIDERS, UnknownProvider, find, is_file_source, is_live};
