//! Any institution by its tables: CSV, TSV and Excel files.
//!
//! INVARIANT: accepts every table, so it comes after the providers of single institutions.

#[cfg(test)]
mod tests;

use super::{Auth, FileSpec, HistoryDepth, Pace, ProviderMetadata, by_status, file};
use crate::domain::{Capability, IdTrust, ProviderCategory};

/// The provider's entry in the registry.
pub static METADATA: ProviderMetadata = ProviderMetadata {
    slug: "csv_file",
    display_name: "Statement file (CSV, Excel)",
    summary: "Download a statement from your institution's web site as CSV, TSV or Excel and import the file. \
              Nothing is sent anywhere.",
    category: ProviderCategory::Other,
    auth: Auth::FileImport(FileSpec {
        formats: &["csv", "tsv", "xlsx", "xls", "txt", "tab"],
        claims: |_| true,
        institution: file::institution,
    }),
    capabilities: &[Capability::Accounts, Capability::Transactions, Capability::Holdings],
    required_settings: &[],
    environments: &[],
    extra_hosts: &[],
    pace: Pace::NONE,
    id_trust: IdTrust::Reusable,
    signs_differ: false,
    judge: by_status,
    history: HistoryDepth { days: None, overlap_days: 0 },
    documentation_url: "https://www.rfc-editor.org/rfc/rfc4180",
    production_ready: true,
};
