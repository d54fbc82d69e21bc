//! Providers whose data comes as statement files: which files are theirs, and how the institution behind a file is named.
//!
//! Used by the import. INVARIANT: pure; only the kind of file and the institution that it states decide.

use super::{Auth, HistoryDepth, Pace, ProviderMetadata, by_status};
use crate::{
    domain::{Capability, IdTrust, ProviderCategory, text},
    statements::{
        Institution,
        institution::{UNNAMED, name, well_known},
    },
};

/// How statement files of one provider are recognised and named.
#[derive(Debug, Clone, Copy)]
pub struct FileSpec {
    /// Kinds of files, as [`crate::statements::Statement::format`], and further file name endings; lower case, without the dot.
    pub formats: &'static [&'static str],
    /// Whether a file of one of these kinds from that institution is this provider's.
    pub claims: fn(&Institution) -> bool,
    /// The name of that institution.
    pub institution: fn(&Institution) -> InstitutionName,
}

/// One format of statement files, from any institution.
pub(super) struct FileFormat {
    pub(super) slug: &'static str,
    pub(super) display_name: &'static str,
    pub(super) summary: &'static str,
    pub(super) formats: &'static [&'static str],
    pub(super) capabilities: &'static [Capability],
    pub(super) documentation_url: &'static str,
}

impl FileFormat {
    /// The entry in the registry. It accepts every file of the format, so it comes after the providers of single institutions.
    pub(super) const fn of_any_institution(self) -> ProviderMetadata {
        let spec = FileSpec { formats: self.formats, claims: |_| true, institution };
        ProviderMetadata {
            slug: self.slug,
            display_name: self.display_name,
            summary: self.summary,
            category: ProviderCategory::Other,
            auth: Auth::FileImport(spec),
            capabilities: self.capabilities,
            required_settings: &[],
            environments: &[],
            extra_hosts: &[],
            pace: Pace::NONE,
            id_trust: IdTrust::Reusable,
            signs_differ: false,
            judge: by_status,
            history: HistoryDepth { days: None, overlap_days: 0 },
            documentation_url: self.documentation_url,
            production_ready: true,
        }
    }
}

/// The institution behind a statement file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstitutionName {
    /// For people, safe to show.
    pub name: String,
    /// Distinguishes two institutions of one provider; the same for every file of one institution.
    pub key: String,
}

/// The longest name shown.
const NAME_LENGTH: usize = 60;

/// Names an institution as people know it: by the table of institutions, else by its stated name, else by its numbers. An
/// institution in the table is one institution, whatever it calls itself and whichever number a product of it has. The key
/// ignores case and blanks, which banks change between downloads.
#[must_use]
pub(super) fn institution(institution: &Institution) -> InstitutionName {
    let part = |part: &Option<String>| part.as_deref().and_then(text::clean_line).map(String::from);
    let stated = Institution {
        name: part(&institution.name),
        number: part(&institution.number),
        register_number: part(&institution.register_number),
        bank_code: part(&institution.bank_code),
        bic: part(&institution.bic),
        layout: None,
    };
    let name = name(&stated).unwrap_or_else(|| {
        let number = stated.number.as_ref().or(stated.register_number.as_ref());
        let code = stated.bic.as_ref().or(stated.bank_code.as_ref());
        match (number, code) {
            (Some(number), _) => format!("Institution {number}"),
            (None, Some(code)) => format!("Bank {code}"),
            (None, None) => UNNAMED.into(),
        }
    });
    // Only the parts that every file of the institution states: card statements have no bank code, and other products no
    // register number.
    let is_signed = stated.name.is_some() || stated.number.is_some();
    let has_register = stated.register_number.is_some();
    let signature = Institution {
        register_number: stated.register_number.clone().filter(|_| !is_signed),
        bank_code: stated.bank_code.clone().filter(|_| !is_signed && !has_register),
        ..stated.clone()
    };
    let key = match (well_known(&signature), stated.name, stated.number.or(stated.register_number)) {
        (Some(known), _, _) => known.into(),
        (None, Some(name), Some(number)) => format!("{name}/{number}"),
        (None, Some(name), None) => name,
        (None, None, Some(number)) => format!("/{number}"),
        (None, None, None) => {
            let code = stated.bank_code.or_else(|| stated.bic.map(|bic| bic.chars().take(8).collect()));
            code.map(|code| format!("bank {code}")).unwrap_or_default()
        }
    };
    InstitutionName { name: name.chars().take(NAME_LENGTH).collect(), key: key.to_ascii_lowercase() }
}
