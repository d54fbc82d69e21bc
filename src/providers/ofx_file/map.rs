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
        name: part(&institution.name),
        number: part(&institution.number),
        register_number: part(&institution.register_number),
        bank_code: part(&institution.bank_code),
        ..Institution::default()
    };
    let name = name(&said).unwrap_or_else(|| match (&said.number, &said.register_number, &said.bank_code) {
        (Some(number), _, _) | (None, Some(number), _) => format!("Institution {number}"),
        (None, None, Some(number)) => format!("Bank {number}"),
        (None, None, None) => "Unnamed institution".into(),
    });
    // Only what every file of the institution says: card statements have no BANKID, and other products no BID.
    let is_signed = said.name.is_some() || said.number.is_some();
    let signature = Institution {
        register_number: said.register_number.clone().filter(|_| !is_signed),
        bank_code: said.bank_code.clone().filter(|_| !is_signed && said.register_number.is_none()),
        ..said.clone()
    };
    let key = match (well_known(&signature), said.name, said.number.or(said.register_number)) {
        (Some(known), _, _) => known.into(),
        (None, Some(org), Some(number)) => format!("{org}/{number}"),
        (None, Some(org), None) => org,
        (None, None, Some(number)) => format!("/{number}"),
        (None, None, None) => said.bank_code.map(|bank| format!("bank {bank}")).unwrap_or_default(),
    };
    InstitutionName { name: name.chars().take(NAME_LENGTH).collect(), key: key.to_ascii_lowercase() }
}
