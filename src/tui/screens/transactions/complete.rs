//! Tab completion of the filter.

use crate::{
    ledger::query::{Completion, Vocabulary, completions},
    tui::widget::field::TextField,
};

/// The current suggestions.
#[derive(Debug, Default)]
pub(super) struct Complete {
    /// Words of the user's data; read when the filter is opened.
    pub(super) vocabulary: Vocabulary,
    /// The text that is completed.
    base: String,
    found: Vec<Completion>,
    at: usize,
}

impl Complete {
    /// Inserts the next suggestion into the field; returns whether there was one.
    pub(super) fn next(&mut self, field: &mut TextField, forward: bool) -> bool {
        if self.found.is_empty() {
            field.value().clone_into(&mut self.base);
            self.found = completions(&self.base, field.cursor(), &self.vocabulary);
            self.at = if forward { 0 } else { self.found.len().saturating_sub(1) };
        } else {
            let count = self.found.len();
            self.at = if forward { (self.at + 1) % count } else { (self.at + count - 1) % count };
        }
        let Some(chosen) = self.found.get(self.at) else { return false };
        let (Some(before), Some(after)) = (self.base.get(..chosen.range.start), self.base.get(chosen.range.end..))
        else {
            return false;
        };
        let cursor = before.len() + chosen.insert.len();
        field.set_at(format!("{before}{}{after}", chosen.insert), cursor);
        true
    }

    /// Drops the suggestions after an edit.
    pub(super) fn reset(&mut self) {
        self.found.clear();
    }

    /// The suggestions, starting with the chosen one, and the help text of that.
    pub(super) fn offered(&self) -> Option<(Vec<&str>, &'static str)> {
        let chosen = self.found.get(self.at)?;
        let words = self.found.iter().cycle().skip(self.at).take(self.found.len()).map(|one| one.insert.as_str());
        Some((words.collect(), chosen.help))
    }
}
