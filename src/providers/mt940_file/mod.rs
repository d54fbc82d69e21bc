//! Any bank by its MT940 and MT942 files (SWIFT).
//!
//! INVARIANT: accepts every MT940 file, so it comes after the providers of single institutions.

#[cfg(test)]
mod tests;

use super::{Auth, FileSpec, HistoryDepth, Pace, ProviderMetadata, by_status, file};
use crate::domain::{Capability, IdTrust, ProviderCategory};

/// The provider's entry in the registry.
pub static METADATA: ProviderMetadata = ProviderMetadata {
    slug: "mt940_file",
    display_name: "Statement file (MT940)",
    summary: "Download a statement from your institution's web site as MT940 or MT942 and import the file. \
              Nothing is sent anywhere.",
    category: ProviderCategory::Other,
    auth: Auth::FileImport(FileSpec {
        formats: &["sta", "mt940", "mt942", "940", "942", "swi"],
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
    documentation_url: "https://www.swift.com/standards",
    production_ready: true,
};
