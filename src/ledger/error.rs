//! What can go wrong while reading.

use crate::{columns::ColumnsError, store::StoreError};

/// A failure of the read side.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The rows can't be brought into columns.
    #[error(transparent)]
    Columns(#[from] ColumnsError),
    /// Searching and sorting need the columns, which were not loaded yet. A mistake in the program.
    #[error("the rows are not loaded yet; try again in a moment")]
    NeedsColumns,
    /// An exported file could not be written.
    #[error("the export can't be written: {0}")]
    Write(#[from] std::io::Error),
}

/// What the read side returns.
pub(super) type Result<T, E = LedgerError> = std::result::Result<T, E>;
