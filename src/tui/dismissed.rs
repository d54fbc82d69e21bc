//! Matters that the user dismissed: a set of ids in a file of the state folder.
//!
//! Used by the Overview and by `dashtam attention`. INVARIANT: the file holds no name, number or amount, since it is not
//! encrypted; a matter that changes has another id, so it comes back.

use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::Path,
};

use crate::files;

/// The name of the file in the state folder.
pub const DISMISSED_FILE: &str = "dismissed";
/// Most bytes of the file.
const MOST_BYTES: usize = 1 << 20;
/// Most ids kept, the others belong to matters of long ago.
const MOST: usize = 1_000;

/// The id of a matter, from everything that makes it this one.
#[must_use]
pub(super) fn matter_id(content: &str) -> String {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Reads the ids; none if there is no file.
#[must_use]
pub fn read_dismissed(file: &Path) -> BTreeSet<String> {
    let text = files::read_text(file, MOST_BYTES).unwrap_or_default();
    text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Replaces the ids.
///
/// # Errors
/// When the file can't be written.
pub fn write_dismissed(file: &Path, ids: &BTreeSet<String>) -> std::io::Result<()> {
    let mut text = String::new();
    for id in ids.iter().take(MOST) {
        text.push_str(id);
        text.push('\n');
    }
    files::replace(file, text.as_bytes())
}
