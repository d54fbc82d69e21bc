//! The user's own themes, and which of them the screen begins with. A bad theme is a warning, never an error.

use std::path::Path;

use crate::{config::user_themes, tui::UserTheme};

/// The themes beside the configuration.
#[derive(Debug, Default)]
pub(super) struct OwnThemes {
    pub(super) themes: Vec<UserTheme>,
    /// The place of the theme that the settings name.
    pub(super) start: Option<usize>,
    problems: Vec<String>,
}

impl OwnThemes {
    /// Reads all of them; `wanted` is empty for none.
    pub(super) fn read(config: &Path, wanted: &str) -> Self {
        let (files, problems) = user_themes(config);
        let mut own = Self { problems, ..Self::default() };
        for file in &files {
            match UserTheme::of(file) {
                Ok(theme) => own.themes.push(theme),
                Err(error) => own.problems.push(error),
            }
        }
        own.start = own.themes.iter().position(|theme| theme.name == wanted);
        if own.start.is_none() && !wanted.is_empty() {
            own.problems.push(format!("there is no usable theme `{wanted}`; the default applies"));
        }
        own
    }

    /// The text to show at the start.
    pub(super) fn notice(&self, other: Option<String>) -> Option<String> {
        let texts: Vec<String> = other.into_iter().chain(self.problems.iter().cloned()).collect();
        (!texts.is_empty()).then(|| texts.join("; "))
    }
}
