//! The reading of a text as a file, for the tests of tables.

use std::ops::ControlFlow;

use crate::statements::{Limits, QuestionAnswers, Reading, StatementError, StatementFile, read};

/// Reads a text as a download without answers and layouts.
pub(super) fn read_text(text: &str) -> Result<Reading, StatementError> {
    read_named(text, "download.csv")
}

/// As [`read_text`], as a file of that name.
pub(super) fn read_named(text: &str, file_name: &str) -> Result<Reading, StatementError> {
    read_until(text, file_name, |_| true)
}

/// As [`read_named`], for as long as `go_on` agrees to the bytes done.
pub(super) fn read_until(
    text: &str,
    file_name: &str,
    mut go_on: impl FnMut(u64) -> bool,
) -> Result<Reading, StatementError> {
    let (limits, answers) = (Limits::default(), QuestionAnswers::default());
    let input = StatementFile { bytes: text.as_bytes(), file_name, limits: &limits, layouts: &[], answers: &answers };
    read(&input, &mut |at| if go_on(at) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
}
