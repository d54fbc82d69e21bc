//! The institution behind a file, from its signature.

use crate::{
    domain::text,
    providers::InstitutionName,
    statements::{
        Institution,
        institution::{name, well_known},
    },
};

/// The longest name shown.
const NAME_LENGTH: usize = 60;

/// Named as people know it, by the table of institutions, else by its ORG, else by its numbers. What the table knows is
/// one institution, whatever it calls itself and whichever number a product of it has. The key ignores case and blanks,
/// which banks change between downloads.
pub(super) fn institution(institution: &Institution) -> InstitutionName {
    let part = |part: &Option<String>| part.as_deref().and_then(text::clean_line).map(String::from);
    let said = Institution {
        org: part(&institution.org),
        fid: part(&institution.fid),
        bid: part(&institution.bid),
        bank_id: part(&institution.bank_id),
    };
    let name = name(&said).unwrap_or_else(|| match (&said.fid, &said.bid, &said.bank_id) {
        (Some(number), _, _) | (None, Some(number), _) => format!("Institution {number}"),
        (None, None, Some(number)) => format!("Bank {number}"),
        (None, None, None) => "Unnamed institution".into(),
    });
    // Only what every file of the institution says: card statements have no BANKID, and other products no BID.
    let is_signed = said.org.is_some() || said.fid.is_some();
    let signature = Institution {
        bid: said.bid.clone().filter(|_| !is_signed),
        bank_id: said.bank_id.clone().filter(|_| !is_signed && said.bid.is_none()),
        ..said.clone()
    };
    let key = match (well_known(&signature), said.org, said.fid.or(said.bid)) {
        (Some(known), _, _) => known.into(),
        (None, Some(org), Some(number)) => format!("{org}/{number}"),
        (None, Some(org), None) => org,
        (None, None, Some(number)) => format!("/{number}"),
        (None, None, None) => said.bank_id.map(|bank| format!("bank {bank}")).unwrap_or_default(),
    };
    InstitutionName { name: name.chars().take(NAME_LENGTH).collect(), key: key.to_ascii_lowercase() }
}
