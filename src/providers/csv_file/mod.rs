//! Any institution by its tables: CSV, TSV and Excel files.
//!
//! INVARIANT: accepts every table, so it comes after the providers of single institutions.

#[cfg(test)]
mod tests;

use super::{ProviderMetadata, file::FileFormat};
use crate::domain::Capability;

/// The provider's entry in the registry.
pub static METADATA: ProviderMetadata = FileFormat {
    slug: "csv_file",
    display_name: "Statement file (CSV, Excel)",
    summary: "Download a statement from your institution's web site as CSV, TSV or Excel and import the file. \
              Nothing is sent anywhere.",
    formats: &["csv", "tsv", "xlsx", "xls", "ods", "txt", "tab"],
    capabilities: &[Capability::Accounts, Capability::Transactions, Capability::Holdings],
    documentation_url: "https://www.rfc-editor.org/rfc/rfc4180",
}
.of_any_institution();
