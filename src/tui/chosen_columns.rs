//! The columns that the user chose for the lists: a line for each list in a file of the state folder.
//!
//! Used by the runtime. INVARIANT: a line that can't be read is ignored, a name that a list does not have chooses nothing.

use std::path::Path;

use super::component::columns::ColumnChoices;
use crate::files;

/// The name of the file in the state folder.
pub(super) const COLUMNS_FILE: &str = "columns";
/// Most bytes of the file.
const MOST_BYTES: usize = 64 << 10;

/// Reads the choices; none if there is no file.
pub(super) fn read(file: &Path) -> ColumnChoices {
    let text = files::read_text(file, MOST_BYTES).unwrap_or_default();
    let line = |line: &str| {
        let (list, names) = line.split_once(':')?;
        Some((list.trim().to_owned(), names.split_whitespace().map(str::to_owned).collect()))
    };
    text.lines().filter_map(line).collect()
}

/// Replaces the choice for one list; `None` lets the list decide.
pub(super) fn write(file: &Path, list: &str, names: Option<&[&str]>) -> std::io::Result<()> {
    let mut choices = read(file);
    match names {
        Some(names) => choices.insert(list.to_owned(), names.iter().map(|name| (*name).to_owned()).collect()),
        None => choices.remove(list),
    };
    let lines = choices.iter().map(|(list, names)| format!("{list}: {}\n", names.join(" ")));
    files::replace(file, lines.collect::<String>().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_kept_beside_the_others_until_it_is_reset() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(COLUMNS_FILE);
        assert!(read(&file).is_empty());
        write(&file, "accounts", Some(&["type", "as of"])).unwrap();
        write(&file, "holdings", Some(&[])).unwrap();
        assert_eq!(read(&file).get("holdings"), Some(&Vec::new()));
        write(&file, "accounts", None).unwrap();
        assert_eq!(read(&file).keys().collect::<Vec<_>>(), ["holdings"]);
        std::fs::write(&file, "nonsense\naccounts: type\n").unwrap();
        assert_eq!(read(&file).len(), 1);
    }
}
