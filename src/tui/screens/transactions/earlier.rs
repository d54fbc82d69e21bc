//! Earlier filters of this session: ctrl-p and ctrl-n go through them while one types.

/// Most filters that are kept.
const MOST: usize = 50;

/// The filters, oldest first, and the one that is shown.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    filters: Vec<String>,
    /// The shown filter, counted from the end; none while a new one is typed.
    at: Option<usize>,
    /// The text typed before the first step back.
    typed: String,
}

impl Earlier {
    /// Adds a filter that was accepted, as the newest one.
    pub(super) fn add(&mut self, filter: &str) {
        self.at = None;
        if filter.trim().is_empty() {
            return;
        }
        self.filters.retain(|known| known != filter);
        self.filters.push(filter.to_owned());
        if self.filters.len() > MOST {
            self.filters.remove(0);
        }
    }

    /// One filter back, or forward; `None` at either end.
    pub(super) fn step(&mut self, back: bool, typed: &str) -> Option<String> {
        let next = match (self.at, back) {
            (None, true) => {
                typed.clone_into(&mut self.typed);
                Some(0)
            }
            (Some(at), true) => Some(at + 1),
            (None, false) => return None,
            (Some(at), false) => at.checked_sub(1),
        };
        let Some(next) = next else {
            self.at = None;
            return Some(self.typed.clone());
        };
        let place = self.filters.len().checked_sub(next + 1)?;
        self.at = Some(next);
        self.filters.get(place).cloned()
    }

    /// A key was typed: the next step back starts at the newest filter.
    pub(super) fn reset(&mut self) {
        self.at = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_go_back_and_return_to_the_text_typed() {
        let mut earlier = Earlier::default();
        for filter in ["coffee", "rent", "coffee", " "] {
            earlier.add(filter);
        }
        assert_eq!(earlier.step(false, "new"), None);
        assert_eq!(earlier.step(true, "new").as_deref(), Some("coffee"));
        assert_eq!(earlier.step(true, "coffee").as_deref(), Some("rent"));
        assert_eq!(earlier.step(true, "rent"), None);
        assert_eq!(earlier.step(false, "rent").as_deref(), Some("coffee"));
        assert_eq!(earlier.step(false, "coffee").as_deref(), Some("new"));
    }
}
