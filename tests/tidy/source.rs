//! Reading source text well enough to judge it: comments, strings and test code are blanked out.

use std::path::{Path, PathBuf};

/// The folder of the project.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder, in order; none when it isn't there. Build folders are left out.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    paths.sort();
    paths
        .into_iter()
        .flat_map(|path| match path.is_dir() {
            true if path.ends_with("target") || path.ends_with("node_modules") => Vec::new(),
            true => files_below(&path),
            false => vec![path],
        })
        .collect()
}

/// Every Rust file below a folder of the project.
pub(crate) fn rust_files(folder: &str) -> Vec<File> {
    files_below(&root().join(folder))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| File::read(&path))
        .collect()
}

/// One name that a `use` brings in.
pub(crate) struct UsePath {
    /// `crate`, `tui`, `view`.
    pub(crate) segments: Vec<String>,
    pub(crate) alias: Option<String>,
    /// Whether it is a `pub use`.
    pub(crate) public: bool,
}

/// Every name that the `use` lines of a file bring in, groups taken apart.
pub(crate) fn use_paths(file: &File) -> Vec<UsePath> {
    let mut found = Vec::new();
    for at in file.places("use") {
        let line_start = file.code[..at].rfind(['\n', ';', '}', '{']).map_or(0, |end| end + 1);
        let before = file.code[line_start..at].trim();
        if !(before.is_empty() || before.starts_with("pub")) {
            continue;
        }
        let Some(end) = file.code[at..].find(';') else { continue };
        let tree = file.code[at + "use".len()..at + end].split_whitespace().collect::<Vec<_>>().join(" ");
        for path in leaves(&tree) {
            let (path, alias) =
                path.split_once(" as ").map_or((path.as_str(), None), |(path, alias)| (path, Some(alias)));
            let segments = path.split("::").map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
            let mut segments: Vec<String> = segments.collect();
            if segments.len() > 1 && segments.last().is_some_and(|last| last == "self" || last == "*") {
                segments.pop();
            }
            let alias = alias.map(|alias| alias.trim().to_owned());
            found.push(UsePath { segments, alias, public: before.starts_with("pub") });
        }
    }
    found
}

/// `a::{b, c::{d, e}}` gives `a::b`, `a::c::d` and `a::c::e`.
fn leaves(tree: &str) -> Vec<String> {
    let Some(open) = tree.find('{') else { return vec![tree.trim().to_owned()] };
    let (prefix, inner) = (tree[..open].trim(), tree[open + 1..].trim_end());
    let inner = inner.strip_suffix('}').unwrap_or(inner);
    let (mut depth, mut start, mut parts) = (0_usize, 0, Vec::new());
    for (at, c) in inner.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&inner[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&inner[start..]);
    let parts = parts.into_iter().filter(|part| !part.trim().is_empty());
    parts.flat_map(leaves).map(|leaf| format!("{prefix}{leaf}")).collect()
}

/// A source file.
pub(crate) struct File {
    /// From the project's folder, with `/`.
    pub(crate) path: String,
    /// As it stands.
    pub(crate) text: String,
    /// Without comments, strings and test code; every line keeps its number.
    pub(crate) code: String,
}

impl File {
    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        Self::of(&path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/"), &text)
    }

    /// A file of that path and text.
    pub(crate) fn of(path: &str, text: &str) -> Self {
        let mut file = Self { path: path.to_owned(), text: text.to_owned(), code: String::new() };
        if !file.is_unit_test() {
            file.code = without_tests(&blanked(&file.text));
        }
        file
    }

    /// Paths in the code, outside of `use`, that start with `crate::` or `super::`.
    pub(crate) fn inline_paths(&self) -> Vec<Vec<String>> {
        let mut found = Vec::new();
        for start in ["crate", "super"] {
            for at in self.places(start).filter(|at| self.code[at + start.len()..].starts_with("::")) {
                let before = self.code[..at].trim_end();
                let in_use = before.ends_with("use") || before.ends_with([':', '{', ',']) && self.is_in_use(at);
                if !before.ends_with("::") && !in_use && !before.ends_with("(in") && !before.ends_with("pub(") {
                    let end = self.code[at..].find(|c: char| !is_word(c) && c != ':').unwrap_or(self.code.len() - at);
                    let path = self.code[at..at + end].trim_end_matches(':');
                    found.push(path.split("::").map(str::to_owned).collect());
                }
            }
        }
        found
    }

    /// Whether a place is inside a `use` statement.
    fn is_in_use(&self, at: usize) -> bool {
        let start = self.code[..at].rfind(';').map_or(0, |end| end + 1);
        self.code[start..at].split_whitespace().any(|word| word == "use")
    }

    /// Whether it holds nothing but the tests of the module beside it.
    pub(crate) fn is_unit_test(&self) -> bool {
        self.path.starts_with("src/") && (self.path.ends_with("/tests.rs") || self.path.contains("/tests/"))
    }

    /// The room it belongs to; `None` for the crate's own files and for anything outside src.
    pub(crate) fn room(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("src/")?;
        let room = inside.split('/').next()?.trim_end_matches(".rs");
        (!matches!(room, "lib" | "main" | "testing")).then_some(room)
    }

    /// How many `super::` lead to the root of the crate.
    fn depth(&self) -> usize {
        let inside = self
            .path
            .trim_start_matches("src/")
            .trim_start_matches("tests/it/")
            .trim_end_matches(".rs")
            .trim_end_matches("/mod");
        inside.split('/').count()
    }

    /// What the code names directly under the root of the crate, in `use` lines and inline, with line numbers.
    pub(crate) fn crate_paths(&self) -> Vec<(usize, String)> {
        let climbed = "super::".repeat(self.depth());
        let mut found = Vec::new();
        for prefix in ["crate::", climbed.as_str()] {
            for (at, _) in self.code.match_indices(prefix) {
                let before = self.code[..at].chars().next_back();
                let rest = &self.code[at + prefix.len()..];
                if before.is_some_and(|c| is_word(c) || c == ':') || rest.starts_with("super::") {
                    continue;
                }
                found.extend(first_names(rest).into_iter().map(|name| (self.line_of(at), name)));
            }
        }
        found
    }

    /// Lines on which a crate is named as the start of a path or in a `use`.
    pub(crate) fn names(&self, name: &str) -> Vec<usize> {
        self.places(name)
            .filter(|at| {
                let before = self.code[..*at].trim_end();
                let after = self.code[at + name.len()..].trim_start();
                let starts_a_path = after.starts_with("::") && !before.ends_with("::");
                starts_a_path || (before.ends_with("use") && after.starts_with([';', ' ']))
            })
            .map(|at| self.line_of(at))
            .collect()
    }

    /// Names that follow `name::` in the code.
    pub(crate) fn variants(&self, name: &str) -> Vec<String> {
        let rest = self.places(name).filter_map(|at| self.code[at + name.len()..].strip_prefix("::"));
        rest.map(|rest| rest.chars().take_while(|c| is_word(*c)).collect()).collect()
    }

    /// Lines on which a word stands in the code.
    pub(crate) fn words(&self, word: &str) -> Vec<usize> {
        self.places(word).map(|at| self.line_of(at)).collect()
    }

    fn places<'a>(&'a self, word: &'a str) -> impl Iterator<Item = usize> + 'a {
        self.code.match_indices(word).map(|(at, _)| at).filter(|at| {
            let before = self.code[..*at].chars().next_back();
            let after = self.code[at + word.len()..].chars().next();
            !before.is_some_and(is_word) && !after.is_some_and(is_word)
        })
    }

    fn line_of(&self, at: usize) -> usize {
        1 + self.code[..at].matches('\n').count()
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// `a::b` gives `a`; `{a::{b, c}, d}` gives `a` and `d`.
fn first_names(rest: &str) -> Vec<String> {
    let word = |text: &str| text.trim_start().chars().take_while(|c| is_word(*c)).collect::<String>();
    let Some(group) = rest.strip_prefix('{') else { return vec![word(rest)] };
    let mut names = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                names.push(word(&group[start..at]));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.push(word(&group[start..at]));
                start = at + 1;
            }
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// The text with comments, strings and character literals blanked; lines stay.
fn blanked(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'/' if bytes[at..].starts_with(b"//") => line_end(bytes, at),
            b'/' if bytes[at..].starts_with(b"/*") => comment_end(bytes, at),
            b'"' => string_end(bytes, at + 1),
            b'r' if !out.last().is_some_and(|c: &u8| is_word(char::from(*c)) && *c != b'b') => raw_end(bytes, at),
            b'\'' => character_end(bytes, at),
            _ => at,
        };
        if end == at {
            out.push(bytes[at]);
            at += 1;
        } else {
            out.extend(bytes[at..end].iter().map(|byte| if *byte == b'\n' { b'\n' } else { b' ' }));
            at = end;
        }
    }
    String::from_utf8(out).unwrap_or_default()
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    at + bytes[at..].iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len() - at)
}

fn comment_end(bytes: &[u8], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0);
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    bytes.len()
}

fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The end of `r"…"` or `r#"…"#`; `at` itself when it is none.
fn raw_end(bytes: &[u8], at: usize) -> usize {
    let hashes = bytes[at + 1..].iter().take_while(|byte| **byte == b'#').count();
    if bytes.get(at + 1 + hashes) != Some(&b'"') {
        return at;
    }
    let close = [b"\"".as_slice(), &vec![b'#'; hashes]].concat();
    let body = at + 2 + hashes;
    bytes[body..]
        .windows(close.len())
        .position(|window| window == close)
        .map_or(bytes.len(), |p| body + p + close.len())
}

/// The end of a character literal; `at` itself for a lifetime.
fn character_end(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at + 1) {
        Some(b'\\') => bytes[at + 3..].iter().position(|byte| *byte == b'\'').map_or(at, |p| at + 3 + p + 1),
        Some(first) => {
            let width = match first {
                0..0x80 => 1,
                0x80..0xe0 => 2,
                0xe0..0xf0 => 3,
                _ => 4,
            };
            if bytes.get(at + 1 + width) == Some(&b'\'') { at + 2 + width } else { at }
        }
        None => at,
    }
}

/// Blanks what follows each `#[cfg(test)]`: a block in braces, or a line that ends in `;`.
fn without_tests(code: &str) -> String {
    let mut out = code.to_owned();
    while let Some(start) = out.find("#[cfg(test)]") {
        let (mut depth, mut end) = (0, out.len());
        for (at, c) in out[start..].char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ';' if depth == 0 => {}
                _ => continue,
            }
            if depth == 0 {
                end = start + at + 1;
                break;
            }
        }
        let blank: String = out[start..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        out.replace_range(start..end, &blank);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File::of(path, text)
    }

    fn paths(path: &str, text: &str) -> Vec<String> {
        file(path, text).crate_paths().into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn paths_are_found_in_use_lines_and_inline() {
        assert_eq!(paths("src/a/b.rs", "use crate::{domain::{self, X}, store, sync::Y};"), ["domain", "store", "sync"]);
        assert_eq!(paths("src/a/b.rs", "fn f(x: &'static crate::tui::X) {}"), ["tui"]);
        assert_eq!(paths("src/a/b.rs", "use super::super::store::X; use super::near;"), ["store"]);
        assert_eq!(paths("src/a/mod.rs", "use super::store::X;"), ["store"]);
        assert_eq!(file("src/a.rs", "\n\ncrate::x::y()").crate_paths(), [(3, "x".to_owned())]);
    }

    #[test]
    fn comments_strings_and_tests_do_not_count() {
        let text = "// crate::a\n/* crate::b /* */ crate::c */ \"crate::d \\\" crate::e\" r#\"crate::f\"# '\"' crate::g\n\
                    #[cfg(test)]\nmod tests { use crate::h; fn f() { {} } }\ncrate::i::j();\n#[cfg(test)]\nmod t;\ncrate::k";
        assert_eq!(paths("src/x/y.rs", text), ["g", "i", "k"]);
    }

    #[test]
    fn crates_are_found_only_as_the_start_of_a_path() {
        let lines = file("src/a.rs", "use redb::X;\nlet redb = 1;\ncrate::redb::x();\n  redb::Y\nuse redb;\nxredb::z")
            .names("redb");
        assert_eq!(lines, [1, 4, 5]);
    }
}
