//! Options of imports and syncs.

use std::path::PathBuf;

use chrono::NaiveDate;

use crate::{
    domain::{AccountId, ConnectionId},
    statements::{QuestionAnswers, table::Layout},
};

/// How files are read, beyond what they state themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// Put every row into this account instead of the ones the files name.
    pub account: Option<AccountId>,
    /// The name of the account of a file that names none; an account is made if none has the name.
    pub account_name: Option<String>,
    /// Answers to questions of the files.
    pub answers: QuestionAnswers,
    /// Table layouts that come before the learned ones.
    pub layouts: Vec<Layout>,
    /// Whether answers apply to these files only, rather than to all later ones of their layout.
    pub once: bool,
}

/// Files to import without a review.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportRequest {
    /// Files, in import order.
    pub paths: Vec<PathBuf>,
    /// How the files are read.
    pub options: ImportOptions,
    /// Work out the figures and write nothing.
    pub dry_run: bool,
}

/// A sync on request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SyncRequest {
    /// Which connections; empty means all that can be synced.
    pub connections: Vec<ConnectionId>,
    /// Also where the last sync was moments ago.
    pub force: bool,
    /// Fetch rows from this day on instead of from where the last sync ended.
    pub from: Option<NaiveDate>,
}
