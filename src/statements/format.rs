//! Interface of a reader: one kind of statement file, as data.
//!
//! Implemented by each folder of this room and listed in [`super::registry`]. INVARIANT: both functions are pure,
//! linear and never panic.

use std::{borrow::Cow, ops::ControlFlow};

use super::{Limits, QuestionAnswers, Reading, StatementError, decode, table::Layout};
use crate::domain::IdTrust;

/// Called with the bytes done so far; may stop the reading.
pub type ReadProgress<'a> = dyn FnMut(u64) -> ControlFlow<()> + 'a;

/// One kind of statement file.
#[derive(Debug)]
pub struct StatementFormat {
    /// The name of its folder: `ofx`, `table`.
    pub name: &'static str,
    /// For people, with its article: `an MT940 statement`.
    pub label: &'static str,
    /// File name endings, lower case, without the dot.
    pub extensions: &'static [&'static str],
    /// How far its row ids can be trusted.
    pub id_trust: IdTrust,
    /// Judges from the head of the file whether the reader can read it.
    pub sniff: fn(&StatementFile<'_>) -> Sniff,
    /// Reads one unpacked file.
    pub read: fn(&StatementFile<'_>, &mut ReadProgress<'_>) -> Result<Reading, StatementError>,
}

/// How sure a reader is that a file is of its kind. The surest reader gets the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sniff {
    /// Another kind.
    No,
    /// Only its shape fits: lines with equal separators.
    Possible,
    /// Its marks are there, but not where they belong.
    Likely,
    /// Its marks are where they belong.
    Certain,
}

/// A file to read.
#[derive(Debug, Clone, Copy)]
pub struct StatementFile<'a> {
    /// Its content.
    pub bytes: &'a [u8],
    /// Its name without folders; may be empty.
    pub file_name: &'a str,
    /// When to refuse it.
    pub limits: &'a Limits,
    /// Learned table layouts; the built-in ones are always known.
    pub layouts: &'a [Layout],
    /// Answers to questions of an earlier reading.
    pub answers: &'a QuestionAnswers,
}

/// Bytes that a reader may look at to recognise a file.
const HEAD: usize = 64 << 10;

impl<'a> StatementFile<'a> {
    /// The first 64 KiB as text.
    #[must_use]
    pub fn head(&self) -> Cow<'a, str> {
        decode::decode(&self.bytes[..self.bytes.len().min(HEAD)])
    }

    /// Whether the file name ends with one of the extensions, in any case.
    #[must_use]
    pub fn has_extension(&self, extensions: &[&str]) -> bool {
        let ending = self.file_name.rsplit_once('.').map_or("", |(_, ending)| ending);
        extensions.iter().any(|known| known.eq_ignore_ascii_case(ending))
    }
}
