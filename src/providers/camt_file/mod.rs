//! Any bank by its CAMT files (ISO 20022).
//!
//! INVARIANT: accepts every CAMT file, so it comes after the providers of single institutions.

#[cfg(test)]
mod tests;

use super::{ProviderMetadata, file::FileFormat};
use crate::domain::Capability;

/// The provider's entry in the registry.
pub static METADATA: ProviderMetadata = FileFormat {
    slug: "camt_file",
    display_name: "Statement file (CAMT)",
    summary: "Download a statement from your institution's web site as CAMT (camt.052, camt.053, camt.054) and import the file. \
              Nothing is sent anywhere.",
    formats: &["xml", "camt", "camt052", "camt053", "camt054"],
    capabilities: &[Capability::Accounts, Capability::Transactions],
    documentation_url: "https://www.iso20022.org/catalogue-messages/iso-20022-messages-archive",
}
.of_any_institution();
