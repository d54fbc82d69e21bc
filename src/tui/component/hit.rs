//! Results of drawing that the next frame or a click needs: scroll offsets and click targets.
//!
//! INVARIANT: losing it costs a scroll position and nothing else.

use std::collections::HashMap;

use ratatui::layout::{Position, Rect};

use crate::{config::Screen, tui::action::Action};

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
    Flow,
    Picker,
    ReviewFiles,
    ReviewRows,
    Menu,
    Palette,
    Page,
    ChangeRows,
    Explain,
    Difference,
    Form,
    Providers,
    Found,
    Side,
}

/// The target of a click.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClickTarget {
    /// Execute an action: hints and tabs.
    Action(Action),
    /// Select a row; a click on the selected row opens it.
    Row(ListId, usize),
    /// Sort by a column, by its index in the sort menu of the screen.
    Column(usize),
    /// No effect, also not on what is below: overlays.
    Nothing,
}

/// A list as it was drawn last.
#[derive(Debug, Clone, Default)]
pub(crate) struct ListMemory {
    /// The first row.
    pub(crate) offset: usize,
    /// The widths of its columns by title, for columns that keep theirs.
    pub(crate) widths: HashMap<String, u16>,
    /// The width of its area, the number of its rows and their order: while these stay, columns only grow, so that a list
    /// that scrolls does not move sideways.
    pub(crate) shape: (u16, usize, Option<(usize, bool)>),
}

/// The click targets, scroll offsets and cursor of the last frame.
#[derive(Debug, Default)]
pub struct ViewMemory {
    pub(crate) lists: HashMap<ListId, ListMemory>,
    pub(crate) targets: Vec<(Rect, ClickTarget)>,
    pub(crate) cursor: Option<Position>,
    /// The detail beside a list that has the focus, and its screen.
    pub(crate) beside: Option<(Screen, Rect)>,
}

impl ViewMemory {
    /// The topmost target at a position.
    pub(crate) fn target_at(&self, x: u16, y: u16) -> Option<ClickTarget> {
        let at = Position { x, y };
        self.targets.iter().rev().find(|(area, _)| area.contains(at)).map(|(_, target)| *target)
    }
}

/// The scroll offset at which `selected` is visible among `len` rows of which `height` fit. Moves as little as
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
