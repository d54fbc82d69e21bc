//! Named actions and their keys: the footer, the help, the palette, `docs/keys.md` and the names in the configuration
//! derive from one table.
//!
//! Used by `update` and by every part that shows hints. INVARIANT: no other module interprets keys, except text typed
//! into a field.

mod aliases;
mod chord;
mod docs;
mod keymap;
mod table;

pub use chord::parse_keys;
pub(crate) use chord::{Chord, pretty};
pub use docs::{KeyLine, key_list};
pub use keymap::Keymap;
pub(crate) use keymap::shown as keys_shown;
pub(crate) use table::{Action, TABLE};

/// The part that has the keys: a screen, an overlay, or a field in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyPlace {
    Overview,
    Accounts,
    Transactions,
    Holdings,
    Connections,
    Activity,
    /// Rows in groups.
    Groups,
    /// Typing a filter.
    Filter,
    /// The file picker's list.
    Picker,
    /// The file picker's path field.
    PickerPath,
    /// The files of a review.
    Review,
    /// The rows of a review.
    ReviewRows,
    /// A review without anything to import.
    ReviewNothing,
    /// A running import.
    Importing,
    Form,
    Menu,
    /// The columns of a list.
    Columns,
    Confirm,
    /// Explanations.
    Page,
    /// The list of keys.
    Help,
    /// The rows of a change.
    Change,
    /// The tree of a figure.
    Explain,
    /// The difference between two states.
    Difference,
    Palette,
    /// Steps of the connection wizard.
    ConnectChoose,
    ConnectAbout,
    ConnectFields,
    ConnectWait,
    ConnectLogin,
    ConnectFailed,
    ConnectAccounts,
    ConnectDone,
    /// The passphrase of the vault.
    Unlock,
}

/// A set of places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyScope(u64);

impl KeyPlace {
    /// Whether it is a screen, without a field or an overlay.
    pub(crate) const fn is_screen(self) -> bool {
        KeyScope::SCREENS.has(self)
    }
}

impl KeyScope {
    pub(crate) const SCREENS: Self = Self::of(&[
        KeyPlace::Overview,
        KeyPlace::Accounts,
        KeyPlace::Transactions,
        KeyPlace::Holdings,
        KeyPlace::Connections,
        KeyPlace::Activity,
        KeyPlace::Groups,
    ]);

    pub(crate) const fn of(places: &[KeyPlace]) -> Self {
        let mut bits = 0;
        let mut index = 0;
        while index < places.len() {
            bits |= 1 << places[index] as u64;
            index += 1;
        }
        Self(bits)
    }

    pub(crate) const fn and(self, places: &[KeyPlace]) -> Self {
        Self(self.0 | Self::of(places).0)
    }

    pub(crate) const fn has(self, place: KeyPlace) -> bool {
        self.0 & (1 << place as u64) != 0
    }

    const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// How actions are grouped in help and docs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyGroup {
    Move,
    Screens,
    Look,
    Data,
    Program,
    Import,
    Connect,
    Overlay,
}

impl KeyGroup {
    pub(crate) const ALL: [Self; 8] =
        [Self::Move, Self::Screens, Self::Look, Self::Data, Self::Program, Self::Import, Self::Connect, Self::Overlay];

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Move => "Moving",
            Self::Screens => "Screens",
            Self::Look => "Finding and looking",
            Self::Data => "Data",
            Self::Program => "Program",
            Self::Import => "Importing",
            Self::Connect => "Connecting",
            Self::Overlay => "Overlays and fields",
        }
    }
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spec {
    pub(crate) action: Action,
    /// Key sequences; the first is the one shown.
    pub(crate) keys: &'static [&'static str],
    /// For the configuration: `half-page-down`.
    pub(crate) name: &'static str,
    /// The effect, for help and palette.
    pub(crate) title: &'static str,
    /// One or two words for the footer; empty: not shown there.
    pub(crate) hint: &'static str,
    pub(crate) group: KeyGroup,
    pub(crate) scope: KeyScope,
}

/// The meaning of a key sequence in a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyMeaning {
    /// It is complete.
    Action(Action),
    /// More keys may follow.
    Prefix,
    /// Nothing.
    Nothing,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_can_be_read_and_means_one_thing() {
        for (index, spec) in TABLE.iter().enumerate() {
            assert!(!spec.keys.is_empty() && !spec.title.is_empty(), "{}", spec.name);
            for keys in spec.keys {
                assert!(Chord::parse_sequence(keys).is_some(), "{}: {keys}", spec.name);
                for other in &TABLE[index + 1..] {
                    assert!(
                        !other.scope.meets(spec.scope) || !other.keys.contains(keys),
                        "{keys} is both {} and {}",
                        spec.name,
                        other.name
                    );
                }
            }
        }
    }

    #[test]
    fn titles_of_the_screens_fit_a_column_of_the_help() {
        for spec in TABLE {
            assert!(spec.title.len() <= 42 || !spec.scope.meets(KeyScope::SCREENS), "{}", spec.title);
        }
    }

    #[test]
    fn names_of_actions_are_unique() {
        let mut names: Vec<_> = TABLE.iter().map(|spec| spec.name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
