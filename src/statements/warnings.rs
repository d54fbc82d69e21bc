//! Warnings about content that could not be used as written, collected up to a limit.
//!
//! Used by the readers. INVARIANT: memory stays bounded however broken a file is; nothing is dropped uncounted.

use super::decode::head;
use crate::domain::{Warning, text};

/// The warnings of one file.
pub(super) struct Warnings {
    kept: Vec<Warning>,
    limit: usize,
    dropped: usize,
    /// Where the warnings of the current document start.
    document: usize,
}

impl Warnings {
    /// An empty collection that keeps `limit` warnings.
    #[must_use]
    pub(super) const fn new(limit: usize) -> Self {
        Self { kept: Vec::new(), limit, dropped: 0, document: 0 }
    }

    /// Adds one; `message` is only made when it is kept.
    pub(super) fn add(&mut self, line: u32, message: impl FnOnce() -> String) {
        if self.kept.len() < self.limit {
            self.kept.push(Warning::new(line, message()));
        } else {
            self.dropped += 1;
        }
    }

    /// Brings the warnings of the document that has ended into line order.
    pub(super) fn end_document(&mut self) {
        self.kept[self.document..].sort_by_key(|warning| warning.line);
        self.document = self.kept.len();
    }

    /// All of them, the uncounted ones summed up in a last one.
    #[must_use]
    pub(super) fn finish(mut self) -> Vec<Warning> {
        if self.dropped > 0 {
            let plural = if self.dropped == 1 { "problem was" } else { "problems were" };
            self.kept.push(Warning::new(0, format!("{} further {plural} found but not listed", self.dropped)));
        }
        self.kept
    }
}

/// A value for a warning: short, clean, in quotes.
#[must_use]
pub(super) fn quoted(raw: &str) -> String {
    let cleaned = text::clean(head(raw, 200)).into_owned();
    let mut shown: String = cleaned.chars().take(40).collect();
    if shown.len() < cleaned.len() {
        shown.push('…');
    }
    format!("`{shown}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_the_limit_only_a_count_is_kept() {
        let mut warnings = Warnings::new(2);
        for line in [3, 1, 2, 4] {
            warnings.add(line, || format!("at {line}"));
        }
        warnings.end_document();
        let kept = warnings.finish();
        assert_eq!(kept.iter().map(|warning| warning.line).collect::<Vec<_>>(), [1, 3, 0]);
        assert!(kept[2].message.starts_with("2 further problems"));
    }
}
