//! Any institution by its OFX files.
//!
//! INVARIANT: accepts every OFX file, so it comes after the providers of single institutions.

#[cfg(test)]
mod tests;

use super::{Auth, FileSpec, HistoryDepth, Pace, ProviderMetadata, by_status, file};
use crate::domain::{Capability, IdTrust, ProviderCategory};

/// The provider's entry in the registry.
pub static METADATA: ProviderMetadata = ProviderMetadata {
    slug: "ofx_file",
    display_name: "Statement file (QFX, OFX)",
    summary: "Download a statement from your institution's web site as QFX, OFX or QBO and import the file. \
              Nothing is sent anywhere.",
    category: ProviderCategory::Other,
    auth: Auth::FileImport(FileSpec {
        formats: &["qfx", "ofx", "qbo", "ofc"],
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
    documentation_url: "https://financialdataexchange.org/ofx",
    production_ready: true,
};
