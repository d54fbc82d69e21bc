//! The write side: one engine task owns every write, and everything that changes data passes through it.
//!
//! The screen and the command line send a [`Command`] through a [`Handle`] and hear [`Event`]s.
//! INVARIANT: no other room writes to the store; `reconcile` is pure; the engine never draws.

mod message;
mod reconcile;

pub use message::{
    AccountReview, Command, Event, Failure, FileFailure, FileReport, FileReview, ImportReport, ImportReview, JobId,
    Progress, ReviewRow, RowState, Stage,
};
