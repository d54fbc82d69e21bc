//! How Chase signs its files.

use crate::{providers::InstitutionName, statements::Institution};

/// Chase's FID, and its BID in Quicken files.
const FID: &str = "10898";
/// Its BID in `QuickBooks` files.
const QUICKBOOKS_BID: &str = "2430";
/// Its ORG.
const ORG: &str = "B1";

/// Either number identifies it; the ORG does only where the file has no number at all.
pub(super) fn is_chase(institution: &Institution) -> bool {
    let is = |part: &Option<String>, value: &str| {
        part.as_deref().is_some_and(|part| part.trim().trim_start_matches('0') == value)
    };
    if institution.layout.as_deref().is_some_and(|layout| layout.starts_with("chase")) {
        return true;
    }
    match &institution.number {
        Some(_) => is(&institution.number, FID),
        None if institution.register_number.is_some() => {
            is(&institution.register_number, FID) || is(&institution.register_number, QUICKBOOKS_BID)
        }
        None => is(&institution.name, ORG),
    }
}

/// One institution, whichever product wrote the file.
pub(super) fn institution(_: &Institution) -> InstitutionName {
    InstitutionName { name: "Chase".into(), key: format!("{ORG}/{FID}") }
}
