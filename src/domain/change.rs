//! One entry of the journal.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{AccountId, ChangeId, ConnectionId, Warning, vocabulary};

vocabulary! {
    /// Origin of a change.
    pub enum ChangeKind {
        Import = "import",
        Sync = "sync",
        Edit = "edit",
        Undo = "undo",
        Redo = "redo",
    }
}

/// Counts of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ChangeCounts {
    /// Accounts seen for the first time.
    pub accounts_created: u64,
    /// Accounts known before that the source listed again.
    pub accounts_updated: u64,
    /// Rows added.
    pub transactions_imported: u64,
    /// Rows known before of which something changed.
    pub transactions_updated: u64,
    /// Rows known before and unchanged.
    pub transactions_skipped: u64,
    /// Rows withdrawn by the institution, or pending rows that never posted.
    pub transactions_removed: u64,
    /// Positions written.
    pub holdings: u64,
}

/// One import, sync, edit, undo or redo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Its place in the journal.
    pub id: ChangeId,
    /// Its kind.
    pub kind: ChangeKind,
    /// When.
    pub at: DateTime<Utc>,
    /// Where from: a file name, a connection's name, what was edited.
    pub source: String,
    /// The connection it belongs to, if it belongs to one.
    pub connection_id: Option<ConnectionId>,
    /// Accounts it touched.
    pub accounts: Vec<AccountId>,
    /// Its counts.
    pub counts: ChangeCounts,
    /// Data that could not be used.
    #[serde(default)]
    pub warnings: Vec<Warning>,
    /// How an imported file was read: the verdict, then the reasons for (`+`) and against it (`-`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reading: Vec<String>,
    /// The exact kind of an imported file: `qfx`, `camt053`, `csv`; empty otherwise, and in changes of earlier versions.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub format: String,
    /// For an undo or redo: the change it was about.
    #[serde(default)]
    pub about: Option<ChangeId>,
    /// Whether it is undone at the moment.
    #[serde(default)]
    pub undone: bool,
}

impl Change {
    /// Whether it can be undone now: imports, syncs and edits that are not undone.
    #[must_use]
    pub const fn can_undo(&self) -> bool {
        matches!(self.kind, ChangeKind::Import | ChangeKind::Sync | ChangeKind::Edit) && !self.undone
    }

    /// Whether it can be brought back.
    #[must_use]
    pub const fn can_redo(&self) -> bool {
        matches!(self.kind, ChangeKind::Import | ChangeKind::Sync | ChangeKind::Edit) && self.undone
    }
}
