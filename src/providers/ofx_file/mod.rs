//! Any institution by its OFX files.
//!
//! INVARIANT: accepts every OFX file, so it comes after the providers of single institutions.

#[cfg(test)]
mod tests;

use super::{ProviderMetadata, file::FileFormat};
use crate::domain::Capability;

/// The provider's entry in the registry.
pub static METADATA: ProviderMetadata = FileFormat {
    slug: "ofx_file",
    display_name: "Statement file (QFX, OFX)",
    summary: "Download a statement from your institution's web site as QFX, OFX or QBO and import the file. \
              Nothing is sent anywhere.",
    formats: &["qfx", "ofx", "qbo", "ofc"],
    capabilities: &[Capability::Accounts, Capability::Transactions, Capability::Holdings],
    documentation_url: "https://financialdataexchange.org/ofx",
}
.of_any_institution();
