//! `docs/keys.md`, written from the table.

use std::fmt::Write as _;

use super::{Group, TABLE, pretty};

/// The page `docs/keys.md`, also printed by `dashtam keys`.
#[must_use]
pub fn keys_page() -> String {
    let mut page = String::from(
        "# Keys\n\nWritten from the action table (`src/tui/action/table.rs`); `UPDATE_DOCS=1 cargo test` rewrites it.\n\
         The footer shows the most useful ones, `?` all of them, `:` finds one by name.\n",
    );
    for group in Group::ALL {
        let _ = write!(page, "\n## {}\n\n| Key | What it does | Name |\n|---|---|---|\n", group.title());
        for spec in TABLE.iter().filter(|spec| spec.group == group) {
            let keys: Vec<String> = spec.keys.iter().map(|keys| format!("`{}`", pretty(keys))).collect();
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
        let page = super::keys_page();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, &page).unwrap();
        }
        let stored = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(stored, page, "docs/keys.md is stale: UPDATE_DOCS=1 cargo test rewrites it");
    }
}
