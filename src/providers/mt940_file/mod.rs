//! Any bank by its MT940 and MT942 files (SWIFT).
//!
//! INVARIANT: accepts every MT940 file, so it comes after the providers of single institutions.

#[cfg(test)]
mod tests;

use super::{ProviderMetadata, file::FileFormat};
use crate::domain::Capability;

/// The provider's entry in the registry.
pub static METADATA: ProviderMetadata = FileFormat {
    slug: "mt940_file",
    display_name: "Statement file (MT940)",
    summary: "Download a statement from your institution's web site as MT940 or MT942 and import the file. \
              Nothing is sent anywhere.",
    formats: &["sta", "mt940", "mt942", "940", "942", "swi"],
    capabilities: &[Capability::Accounts, Capability::Transactions],
    documentation_url: "https://www.swift.com/standards",
}
.of_any_institution();
