//! Any institution or money program by its QIF files.
//!
//! INVARIANT: accepts every QIF file, so it comes after the providers of single institutions.

#[cfg(test)]
mod tests;

use super::{ProviderMetadata, file::FileFormat};
use crate::domain::Capability;

/// The provider's entry in the registry.
pub static METADATA: ProviderMetadata = FileFormat {
    slug: "qif_file",
    display_name: "Statement file (QIF)",
    summary: "Download a statement from your institution's web site as QIF and import the file. \
              Nothing is sent anywhere.",
    formats: &["qif"],
    capabilities: &[Capability::Accounts, Capability::Transactions],
    documentation_url: "https://en.wikipedia.org/wiki/Quicken_Interchange_Format",
}
.of_any_institution();
