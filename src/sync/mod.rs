//! The write side: one engine task owns every write, and everything that changes data passes through it.
//!
//! The screen and the command line send an [`EngineCommand`] through a [`Handle`] and receive [`Event`]s.
//! INVARIANT: no other room writes to the store; `reconcile` is pure; the engine never draws.

mod account;
mod edit;
mod ended;
mod engine;
mod failure;
mod handle;
mod import;
mod live;
mod manual;
mod merge;
mod message;
mod naming;
mod options;
mod reconcile;
mod report;
mod request;
mod toggle;

pub use ended::login_needed;
pub use engine::{EngineConfig, spawn};
pub use failure::JobFailure;
pub use handle::{EventStream, Handle};
pub use live::{LiveConfig, Schedule, due_at, login_ends_soon};
pub use message::{EngineCommand, Event, JobId, JobProgress, Stage};
pub use options::{ImportOptions, ImportRequest, SyncRequest};
pub use report::{
    AccountResult, AccountReview, Basis, ConnectRequest, ConnectionReport, FileReport, FileReview, FoundConnection,
    ImportReport, ImportReview, KnownConnection, Listening, LoginEnding, LoginPrompt, ReviewRow, RowState, SyncReport,
    SyncedAccount,
};
