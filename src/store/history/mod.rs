//! Versions of rows and records, the journal, undo and redo, and permanent removal.

pub(super) mod bulk_undo;
pub(super) mod draft;
pub(super) mod erase;
pub(super) mod horizon;
pub(super) mod journal;
pub(super) mod pairs;
pub(super) mod toggle;
pub(super) mod versions;
