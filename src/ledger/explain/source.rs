//! A place in a kept source, as data.

use crate::domain::ChangeId;

/// Characters of one line shown at most: some files have one line only.
pub(super) const LONGEST_LINE: usize = 600;

/// A place in a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourcePlace {
    /// The change that the source belongs to.
    pub change_id: ChangeId,
    /// The file, or the connection and its reply; for an edit what was edited.
    pub file: String,
    /// 1-based line of the amount (of the record where its amount is computed); `None` in a reply, or where it is unknown.
    pub line: Option<u32>,
    /// 1-based first line of the record.
    pub first_line: Option<u32>,
    /// The path of the amount in a JSON reply.
    pub path: Option<String>,
    /// The text of the record.
    pub text: String,
}

impl SourcePlace {
    /// A text whose change and file are not set yet.
    pub(super) const fn new(text: String) -> Self {
        Self { change_id: ChangeId(0), file: String::new(), line: None, first_line: None, path: None, text }
    }
}
