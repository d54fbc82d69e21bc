//! Providers: the institutions that can be connected, and how to talk to each.
//!
//! `sync` builds an adapter from [`ProviderMetadata`], credentials and settings, and asks it for drafts; the
//! screen and the command line derive their forms from the same metadata. Adding a provider is one
//! folder here and one line in [`registry`]; see `docs/adding-a-provider.md`.
//! INVARIANT: an adapter turns replies into drafts and nothing else: it never reads the environment, the
//! clock of the machine, the store or the terminal, and it keeps no state that outlives a sync.

pub mod alpaca;
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

pub use credentials::{Credentials, CredentialsError, OauthCredentials, Secrets};
pub use field::{Answers, Field, FieldKind, Problem, check};
pub use file::{FileSpec, InstitutionName};
pub use metadata::{
    Accepted, Auth, Build, BuildContext, ClientAuthentication, Environment, History, LinkSpec, OauthSpec, Pace,
    ProviderMetadata, RequiredSetting, endpoint_variable,
};
pub use provider::{
    AccountRef, Authorization, Cursor, LinkProvider, LinkStep, Listing, OauthProvider, Page, Provider,
    TransactionRequest, Validation,
};
pub use registry::{PROVIDERS, UnknownProvider, find};
