//! A table on its way to a decision: its cells and what else is known about the file.
//!
//! Used by the inference.

use super::{grid::Grid, layout::Layout, words::Words};
use crate::statements::QuestionAnswers;

/// A file on its way to a decision.
pub(super) struct RawTable<'a> {
    pub(super) grid: &'a Grid,
    pub(super) file_name: &'a str,
    pub(super) words: &'a Words,
    pub(super) answers: &'a QuestionAnswers,
    pub(super) layouts: &'a [Layout],
}
