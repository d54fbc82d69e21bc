//! Chase by its statement files: the QFX, OFX, QBO and CSV downloads of its web site.
//!
//! INVARIANT: claims Chase's files and no other institution's.

mod map;
#[cfg(test)]
mod tests;

use super::{Auth, FileSpec, HistoryDepth, Pace, ProviderMetadata, by_status};
use crate::domain::{Capability, IdTrust, ProviderCategory};

/// The provider's entry in the registry.
pub static METADATA: ProviderMetadata = ProviderMetadata {
    slug: "chase_file",
    display_name: "Chase (statement file)",
    summary: "Download your activity from chase.com as QFX, OFX or CSV and import the file. Nothing is sent anywhere.",
    category: ProviderCategory::Bank,
    auth: Auth::FileImport(FileSpec {
        formats: &["qfx", "ofx", "qbo", "csv"],
        claims: map::is_chase,
        institution: map::institution,
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
    documentation_url: "https://www.chase.com/digital/customer-service",
    production_ready: true,
};
