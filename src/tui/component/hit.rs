//! What drawing discovers and the next frame or a click needs: scroll offsets and what lies where.
//!
//! INVARIANT: nothing here decides anything; throwing it away costs a scroll position.

use std::collections::HashMap;

use ratatui::layout::{Position, Rect};

use crate::tui::action::Action;

/// A list on screen that scrolls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum ListId {
    Accounts,
    Transactions,
    Groups,
    Holdings,
    Connections,
    Activity,
    Attention,
    Latest,
    Picker,
    ReviewFiles,
    ReviewRows,
    Menu,
    Palette,
    Page,
    ChangeRows,
    Explain,
    Form,
    Providers,
    Found,
    Side,
}

/// What a click on a place means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// Do it: hints, tabs.
    Action(Action),
    /// Select that row; once more opens it.
    Row(ListId, usize),
    /// Sort by that column (its place in the screen's sort menu).
    Column(usize),
    /// Nothing, and nothing beneath it: overlays.
    Nothing,
}

/// What the last frame left behind.
#[derive(Debug, Default)]
pub struct ViewMemory {
    pub(crate) offsets: HashMap<ListId, usize>,
    pub(crate) targets: Vec<(Rect, Target)>,
    pub(crate) cursor: Option<Position>,
}

impl ViewMemory {
    /// What lies at a place, topmost first.
    pub(crate) fn target_at(&self, x: u16, y: u16) -> Option<Target> {
        let at = Position { x, y };
        self.targets.iter().rev().find(|(area, _)| area.contains(at)).map(|(_, target)| *target)
    }
}

/// The offset at which `selected` is visible among `len` rows of which `height` fit, moving as little as
/// possible from `offset`, with some rows of context where there is room.
pub(crate) fn scrolled(offset: usize, selected: usize, len: usize, height: usize) -> usize {
    if len <= height || height == 0 {
        return 0;
    }
    let context = if height >= 8 { 2 } else { 0 };
    let lowest = (selected + context + 1).min(len).saturating_sub(height);
    let highest = selected.saturating_sub(context);
    offset.clamp(lowest, highest.max(lowest)).min(len - height)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_selected_row_is_always_visible(offset in 0_usize..200, selected in 0_usize..100, len in 1_usize..100, height in 1_usize..50) {
            let selected = selected.min(len - 1);
            let offset = scrolled(offset, selected, len, height);
            prop_assert!(offset <= selected && selected < offset + height);
            prop_assert!(offset + height <= len.max(height));
        }
    }
}
