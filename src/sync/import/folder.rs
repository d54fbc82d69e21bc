//! Folders among the paths of an import: each means the statement files below it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    domain::{FailureKind, text},
    statements,
    sync::JobFailure,
};

/// Most files of one folder; more than that is a mistake in the choice of the folder.
const MOST_FILES: usize = 10_000;
/// Deepest folder below the one that was named.
const MOST_LEVELS: usize = 16;

/// A file to read, or why a path has none.
pub(super) type FolderFile = Result<PathBuf, (PathBuf, JobFailure)>;

/// Replaces folders by the statement files below them, sorted by path; other paths stay as they are. Hidden files and
/// links to folders are left out, and so are files whose name has no ending of a statement or an archive. A folder
/// without such files gives a failure.
pub(super) fn expand(paths: Vec<PathBuf>) -> Vec<FolderFile> {
    let mut found = Vec::with_capacity(paths.len());
    for path in paths {
        if path.is_dir() { add_folder(&path, &mut found) } else { found.push(Ok(path)) }
    }
    found
}

fn add_folder(folder: &Path, found: &mut Vec<FolderFile>) {
    let mut files = Vec::new();
    let mut problems = Vec::new();
    walk(folder, MOST_LEVELS, &mut files, &mut problems);
    let shown = text::clean(&folder.to_string_lossy()).into_owned();
    if files.len() > MOST_FILES {
        let failure =
            JobFailure::new(FailureKind::Unreadable, format!("{shown}: more than {MOST_FILES} statement files"))
                .with_hint("choose a smaller folder");
        found.push(Err((folder.to_owned(), failure)));
        return;
    }
    if files.is_empty() && problems.is_empty() {
        let endings: Vec<String> = statements::extensions().map(|ending| format!(".{ending}")).collect();
        let failure = JobFailure::new(FailureKind::Unreadable, format!("{shown}: no statement file in this folder"))
            .with_hint(format!("statement files end in {}", endings.join(" ")));
        found.push(Err((folder.to_owned(), failure)));
        return;
    }
    found.extend(problems.into_iter().map(|(path, error)| {
        let shown = text::clean(&path.to_string_lossy()).into_owned();
        Err((path, JobFailure::new(FailureKind::Unreadable, format!("{shown}: the folder cannot be read: {error}"))))
    }));
    found.extend(files.into_iter().map(Ok));
}

/// Adds the files of one folder, then those of its folders.
fn walk(folder: &Path, levels: usize, files: &mut Vec<PathBuf>, problems: &mut Vec<(PathBuf, io::Error)>) {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return problems.push((folder.to_owned(), error)),
    };
    let mut paths: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    paths.sort();
    let is_hidden = |path: &PathBuf| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    let (folders, others): (Vec<PathBuf>, Vec<PathBuf>) = paths
        .into_iter()
        .filter(|path| !is_hidden(path))
        .partition(|path| fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir()));
    files.extend(others.into_iter().filter(|path| path.is_file() && is_statement(path)));
    let Some(levels) = levels.checked_sub(1) else { return };
    for below in &folders {
        if files.len() <= MOST_FILES {
            walk(below, levels, files, problems);
        }
    }
}

fn is_statement(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    ending.is_some_and(|ending| statements::extensions().any(|known| known == ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(found: &[FolderFile]) -> Vec<String> {
        let name = |path: &PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned());
        found.iter().filter_map(|file| file.as_ref().ok().and_then(name)).collect()
    }

    #[test]
    fn a_folder_stands_for_the_statements_below_it() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("2025/q1")).unwrap();
        fs::create_dir_all(at(".hidden")).unwrap();
        for name in ["b.QFX", "a.ofx", "notes.md", ".c.ofx", "2025/q1/d.qbo", "2025/e.zip", ".hidden/f.ofx"] {
            fs::write(at(name), "").unwrap();
        }
        std::os::unix::fs::symlink(folder.path(), at("2025/circle")).unwrap();
        let found = expand(vec![folder.path().to_owned(), PathBuf::from("/nowhere/x.ofx")]);
        assert_eq!(names(&found), ["a.ofx", "b.QFX", "e.zip", "d.qbo", "x.ofx"]);
    }

    #[test]
    fn a_folder_without_statements_is_a_failure_that_names_the_endings() {
        let folder = tempfile::tempdir().unwrap();
        let found = expand(vec![folder.path().to_owned()]);
        let [Err((path, failure))] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(path, folder.path());
        assert!(failure.message.ends_with("no statement file in this folder"), "{}", failure.message);
        assert!(failure.hint.as_ref().is_some_and(|hint| hint.contains(".qfx")), "{:?}", failure.hint);
    }
}
