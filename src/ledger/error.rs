//! Errors of the read side.

use crate::{columns::ColumnsError, store::StoreError};

/// A failure of the read side.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The columns could not be built.
    #[error(transparent)]
    Columns(#[from] ColumnsError),
    /// Searching and sorting need the columns, which are not loaded yet. A bug in the caller.
    #[error("the rows are not loaded yet; try again in a moment")]
    NeedsColumns,
    /// An exported file could not be written.
    #[error("the export can't be written: {0}")]
    Write(#[from] std::io::Error),
}

/// A result of the read side.
pub(super) type Result<T, E = LedgerError> = std::result::Result<T, E>;
