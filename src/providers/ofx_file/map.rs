//! The institution behind a file, from its signature.

use crate::{
    domain::text,
    providers::InstitutionName,
    statements::{Institution, institution::name},
};

/// The longest name shown.
const NAME_LENGTH: usize = 60;

/// Named as people know it, by the table of institutions, else by its ORG, else by its numbers. The key ignores case and blanks, which banks change between downloads.
pub(super) fn institution(institution: &Institution) -> InstitutionName {
    let part = |part: &Option<String>| part.as_deref().and_then(text::clean_line).map(String::from);
    let (org, fid, bid, bank) =
        (part(&institution.org), part(&institution.fid), part(&institution.bid), part(&institution.bank_id));
    let known = name(institution).as_deref().and_then(text::clean_line).map(String::from);
    let name = known.unwrap_or_else(|| match (&fid, &bid, &bank) {
        (Some(number), _, _) | (None, Some(number), _) => format!("Institution {number}"),
        (None, None, Some(number)) => format!("Bank {number}"),
        (None, None, None) => "Unnamed institution".into(),
    });
    let key = match (org, fid.or(bid)) {
        (Some(org), Some(number)) => format!("{org}/{number}"),
        (Some(org), None) => org,
        (None, Some(number)) => format!("/{number}"),
        (None, None) => bank.map(|bank| format!("bank {bank}")).unwrap_or_default(),
    };
    InstitutionName { name: name.chars().take(NAME_LENGTH).collect(), key: key.to_ascii_lowercase() }
}
