//! Any institution or money program by its QIF files.
//!
//! INVARIANT: accepts every QIF file, so it comes after the providers of single institutions.

#[cfg(test)]
mod tests;

use super::{Auth, FileSpec, HistoryDepth, Pace, ProviderMetadata, by_status, file};
use crate::domain::{Capability, IdTrust, ProviderCategory};

/// The provider's entry in the registry.
pub static METADATA: ProviderMetadata = ProviderMetadata {
    slug: "qif_file",
    display_name: "Statement file (QIF)",
    summary: "Download a statement from your institution's web site as QIF and import the file. \
              Nothing is sent anywhere.",
    category: ProviderCategory::Other,
    auth: Auth::FileImport(FileSpec { formats: &["qif"], claims: |_| true, institution: file::institution }),
    capabilities: &[Capability::Accounts, Capability::Transactions],
    required_settings: &[],
    environments: &[],
    extra_hosts: &[],
    pace: Pace::NONE,
    id_trust: IdTrust::Reusable,
    signs_differ: false,
    judge: by_status,
    history: HistoryDepth { days: None, overlap_days: 0 },
    documentation_url: "https://en.wikipedia.org/wiki/Quicken_Interchange_Format",
    production_ready: true,
};
