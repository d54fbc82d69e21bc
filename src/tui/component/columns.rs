//! The columns of a list, of which the user chooses those that are shown.
//!
//! INVARIANT: a column that identifies a row is always there; without a choice the list decides by its width.

use std::collections::BTreeMap;

use crate::tui::widget::table::{Size, TableColumn};

/// A list whose columns can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnList {
    Accounts,
    Transactions,
    Holdings,
}

impl ColumnList {
    /// In the file of choices.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Transactions => "transactions",
            Self::Holdings => "holdings",
        }
    }

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Accounts => "Columns of Accounts",
            Self::Transactions => "Columns of Transactions",
            Self::Holdings => "Columns of Holdings",
        }
    }
}

/// When a column is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ShownFrom {
    /// Always; it can't be hidden.
    Always,
    /// Without a choice from this width of the list on.
    Width(u16),
    /// Only when it is chosen.
    Choice,
}

/// A column of a list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ColumnSpec<C> {
    pub(crate) column: C,
    /// In the file of choices, and in the menu.
    pub(crate) name: &'static str,
    pub(crate) table: TableColumn<'static>,
    pub(crate) from: ShownFrom,
}

impl<C> ColumnSpec<C> {
    pub(crate) const fn new(column: C, name: &'static str, table: TableColumn<'static>, from: ShownFrom) -> Self {
        Self { column, name, table, from }
    }
}

/// The choice for one list; none: the list decides.
#[derive(Debug, Default)]
pub(crate) struct ColumnChoice {
    names: Option<Vec<String>>,
}

impl ColumnChoice {
    /// The columns to show in a list of that width.
    pub(crate) fn shown<C: Copy>(&self, specs: &[ColumnSpec<C>], width: u16) -> Vec<ColumnSpec<C>> {
        let shown = specs.iter().filter(|spec| match (spec.from, &self.names) {
            (ShownFrom::Always, _) => true,
            (_, Some(names)) => names.iter().any(|name| name == spec.name),
            (ShownFrom::Width(from), None) => width >= from,
            (ShownFrom::Choice, None) => false,
        });
        let mut shown: Vec<ColumnSpec<C>> = shown.copied().collect();
        for spec in &mut shown {
            // A column that only a choice brings stays where it is empty, so that choosing it has an effect.
            if let (ShownFrom::Choice, Size::Fit(0, most)) = (spec.from, spec.table.size) {
                spec.table.size = Size::Fit(1, most);
            }
        }
        shown
    }

    /// The columns that can be chosen: name, whether it is shown, whether it is shown without a choice.
    pub(crate) fn entries<C>(&self, specs: &[ColumnSpec<C>]) -> Vec<(&'static str, bool, bool)> {
        let free = specs.iter().filter(|spec| spec.from != ShownFrom::Always);
        let entry = |spec: &ColumnSpec<C>| {
            let usual = matches!(spec.from, ShownFrom::Width(_));
            let shown = self.names.as_ref().map_or(usual, |names| names.iter().any(|name| name == spec.name));
            (spec.name, shown, usual)
        };
        free.map(entry).collect()
    }

    /// Takes in a choice; without names the list decides.
    pub(crate) fn choose(&mut self, names: Option<Vec<String>>) {
        self.names = names;
    }
}

/// Choices by list.
pub(crate) type ColumnChoices = BTreeMap<String, Vec<String>>;

#[cfg(test)]
mod tests {
    use super::*;

    fn specs() -> [ColumnSpec<u8>; 4] {
        let table = TableColumn::new("", Size::Fit(0, 9));
        [
            ColumnSpec::new(0, "name", table, ShownFrom::Always),
            ColumnSpec::new(1, "date", table, ShownFrom::Width(0)),
            ColumnSpec::new(2, "memo", table, ShownFrom::Width(100)),
            ColumnSpec::new(3, "tags", table, ShownFrom::Choice),
        ]
    }

    fn shown(choice: &ColumnChoice, width: u16) -> Vec<u8> {
        choice.shown(&specs(), width).iter().map(|spec| spec.column).collect()
    }

    #[test]
    fn the_width_decides_until_the_user_does() {
        let mut choice = ColumnChoice::default();
        assert_eq!(shown(&choice, 80), [0, 1]);
        assert_eq!(shown(&choice, 100), [0, 1, 2]);
        choice.choose(Some(vec!["tags".to_owned(), "unknown".to_owned()]));
        assert_eq!(shown(&choice, 200), [0, 3]);
        assert_eq!(choice.entries(&specs()), [("date", false, true), ("memo", false, true), ("tags", true, false)]);
        choice.choose(None);
        assert_eq!(shown(&choice, 80), [0, 1]);
    }
}
