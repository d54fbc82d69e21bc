//! The columnar form of rows as it is stored: chunks, and the chunk that new rows are appended to.

pub(super) mod append;
pub(super) mod chunks;
