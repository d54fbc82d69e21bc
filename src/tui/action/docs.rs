//! Generates `docs/keys.md` from the table.

#[cfg(test)]
use std::fmt::Write as _;

use super::{KeyGroup, Keymap, keymap::shown, pretty};

/// An action with its keys, for `dashtam keys`.
#[derive(Debug, Clone, serde::Serialize)]
pub struct KeyLine {
    /// Heading.
    pub group: &'static str,
    /// Keys as people write them, separated by blanks; empty when the user took them away.
    pub keys: String,
    /// The effect of the action.
    pub title: &'static str,
    /// Name in the configuration.
    pub name: &'static str,
}

/// Every action with its keys, group by group.
#[must_use]
pub fn key_list(keymap: &Keymap) -> Vec<KeyLine> {
    let of_group = |group: KeyGroup| {
        keymap.each().filter(move |(spec, _)| spec.group == group).map(move |(spec, keys)| KeyLine {
            group: group.title(),
            keys: keys.iter().map(|keys| pretty(&shown(keys))).collect::<Vec<_>>().join(" "),
            title: spec.title,
            name: spec.name,
        })
    };
    KeyGroup::ALL.into_iter().flat_map(of_group).collect()
}

/// The page `docs/keys.md`.
#[cfg(test)]
fn keys_page(keymap: &Keymap) -> String {
    let mut page = String::from(
        "# Keys\n\nGenerated from the action table (`src/tui/action/table.rs`); `UPDATE_DOCS=1 cargo test` rewrites it.\n\
         The footer shows the most useful ones, `?` all of them, `:` finds one by name.\n\nSet your own keys in the \
         configuration (`dashtam config path`), by the names of the last column. They replace the keys of an action; `[]` removes \
         them:\n\n```toml\n[keys]\nsync-all = \"f5\"\nfirst = [\"g g\", \"home\", \"alt-a\"]\nexplain = []\n```\n\nA key with \
         two meanings in one place is an error, reported with its line at the start and by `dashtam config check`.\n",
    );
    for group in KeyGroup::ALL {
        let _ = write!(page, "\n## {}\n\n| Key | Effect | Name |\n|---|---|---|\n", group.title());
        for (spec, keys) in keymap.each().filter(|(spec, _)| spec.group == group) {
            let keys: Vec<String> = keys.iter().map(|keys| format!("`{}`", pretty(&shown(keys)))).collect();
            let _ = writeln!(page, "| {} | {} | {} |", keys.join(" "), spec.title, spec.name);
        }
    }
    page
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/keys.md");
        let page = super::keys_page(&super::Keymap::default());
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, &page).unwrap();
        }
        let stored = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(stored, page, "docs/keys.md is stale: UPDATE_DOCS=1 cargo test rewrites it");
    }
}
