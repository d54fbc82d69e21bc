//! Table layouts: how the statement tables (CSV, XLSX) of an institution are to be read.
//!
//! Used by the import in `sync`. INVARIANT: a layout holds no personal data.

/// How one kind of table is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Its name, unique among all layouts.
    pub name: String,
}
