//! Any bank by its CAMT files (ISO 20022).
//!
//! INVARIANT: accepts every CAMT file, so it comes after the providers of single institutions.

#[cfg(test)]
mod tests;

use super::{Auth, FileSpec, HistoryDepth, Pace, ProviderMetadata, by_status, file};
use crate::domain::{Capability, IdTrust, ProviderCategory};

/// The provider's entry in the registry.
pub static METADATA: ProviderMetadata = ProviderMetadata {
    slug: "camt_file",
    display_name: "Statement file (CAMT)",
    summary: "Download a statement from your institution's web site as CAMT (camt.052, camt.053, camt.054) and import the file. \
              Nothing is sent anywhere.",
    category: ProviderCategory::Other,
    auth: Auth::FileImport(FileSpec {
        formats: &["xml", "camt", "camt052", "camt053", "camt054"],
        claims: |_| true,
        institution: file::institution,
    }),
    capabilities: &[Capability::Accounts, Capability::Transactions],
    required_settings: &[],
    environments: &[],
    extra_hosts: &[],
    pace: Pace::NONE,
    id_trust: IdTrust::Reusable,
    signs_differ: false,
    judge: by_status,
    history: HistoryDepth { days: None, overlap_days: 0 },
    documentation_url: "https://www.iso20022.org/catalogue-messages/iso-20022-messages-archive",
    production_ready: true,
};
