//! What a provider is whose data comes as statement files.
//!
//! Used by the import to name the institution behind a file. INVARIANT: pure; it looks at what the reader
//! found and at nothing else.

use crate::statements::Institution;

/// How statement files of one provider are recognised and named.
#[derive(Debug, Clone, Copy)]
pub struct FileSpec {
    /// File name endings it comes with, lower case, without the dot.
    pub formats: &'static [&'static str],
    /// Whether a file from `institution` is this provider's.
    pub claims: fn(&Institution) -> bool,
    /// Who that institution is.
    pub institution: fn(&Institution) -> InstitutionName,
}

/// The institution behind a statement file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstitutionName {
    /// For people, safe to show.
    pub name: String,
    /// Tells two institutions of one provider apart; the same for every file of one institution.
    pub key: String,
}
