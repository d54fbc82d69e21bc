//! Paths as people type and paste them.

use std::path::{Path, PathBuf};

use crate::{statements::extensions, tui::env::Folders};

/// Whether a file of that name can be imported.
pub(crate) fn is_importable(name: &str) -> bool {
    Path::new(name)
        .extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| extensions().any(|known| known.eq_ignore_ascii_case(extension)))
}

/// A typed path split at its last separator: the resolved folder, and the rest.
pub(super) fn split<'a>(typed: &'a str, folders: &Folders) -> (PathBuf, &'a str) {
    let typed = if typed == "~" { "~/" } else { typed };
    let (folder, rest) = typed.rfind('/').map_or(("", typed), |at| typed.split_at(at + 1));
    (resolve(folder, folders), rest)
}

/// `~` and relative paths made absolute.
pub(super) fn resolve(typed: &str, folders: &Folders) -> PathBuf {
    if let Some(home) = &folders.home {
        if typed == "~" {
            return home.clone();
        }
        if let Some(rest) = typed.strip_prefix("~/") {
            return home.join(rest);
        }
    }
    folders.start.join(typed)
}

/// A folder as text: with `~`, and a separator at the end.
pub(super) fn written(folder: &Path, folders: &Folders) -> String {
    let short =
        folders.home.as_ref().filter(|home| home.as_os_str() != "/").and_then(|home| folder.strip_prefix(home).ok());
    let mut text = match short {
        Some(rest) if rest.as_os_str().is_empty() => "~".to_owned(),
        Some(rest) => format!("~/{}", rest.display()),
        None => folder.display().to_string(),
    };
    if !text.ends_with('/') {
        text.push('/');
    }
    text
}

/// Whether pasted text is one path or several, as terminals paste dropped files.
pub(crate) fn looks_like_path(text: &str) -> bool {
    let text = text.trim_start();
    let bare = text.trim_start_matches(['\'', '"']);
    text.len() < 8_192 && ["/", "~/", "./", "../", "file://"].iter().any(|start| bare.starts_with(start))
}

/// The paths in pasted text: one per line, or quoted and escaped as in a shell, or `file://` addresses.
pub(super) fn pasted(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let words: Vec<String> = lines.into_iter().flat_map(words).collect();
    words.into_iter().map(|word| word.strip_prefix("file://").map_or(word.clone(), decoded)).collect()
}

/// Splits at blanks, but only where what follows begins another path; blanks inside a name stay.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut rest = line.chars().peekable();
    while let Some(character) = rest.next() {
        match (character, quote) {
            (_, Some(open)) if character == open => quote = None,
            ('\'' | '"', None) if word.is_empty() => quote = Some(character),
            ('\\', None) if rest.peek().is_some() => word.extend(rest.next()),
            (' ', None)
                if matches!(rest.peek(), Some('/' | '~' | '\'' | '"'))
                    || rest.clone().collect::<String>().starts_with("file://") =>
            {
                words.push(std::mem::take(&mut word));
            }
            _ => word.push(character),
        }
    }
    words.push(word);
    words.retain(|word| !word.trim().is_empty());
    words
}

/// A `file://` address without host, percent signs decoded.
fn decoded(address: &str) -> String {
    let path = address.find('/').map_or("", |at| &address[at..]);
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        let hex = |byte: u8| char::from(byte).to_digit(16);
        let mut ahead = rest.clone();
        if byte == b'%'
            && let (Some(high), Some(low)) = (ahead.next().and_then(hex), ahead.next().and_then(hex))
        {
            bytes.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
            rest = ahead;
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn folders() -> Folders {
        Folders { home: Some("/home/me".into()), start: "/work".into(), ..Folders::default() }
    }

    #[test]
    fn typed_paths_are_resolved() {
        let folders = folders();
        assert_eq!(split("~/Down", &folders), ("/home/me".into(), "Down"));
        assert_eq!(split("/a/b/c.qfx", &folders), ("/a/b".into(), "c.qfx"));
        assert_eq!(split("x", &folders), ("/work".into(), "x"));
        assert_eq!(split("~", &folders), ("/home/me".into(), ""));
        assert_eq!(written(Path::new("/home/me/Downloads"), &folders), "~/Downloads/");
        assert_eq!(written(Path::new("/"), &folders), "/");
        assert_eq!(written(Path::new("/home/me"), &folders), "~/");
    }

    #[test]
    fn pasted_paths_are_unquoted_and_decoded() {
        assert_eq!(pasted("'/a b/c.qfx' /d.ofx\n"), ["/a b/c.qfx", "/d.ofx"]);
        assert_eq!(pasted("/a\\ b/c.qfx"), ["/a b/c.qfx"]);
        assert_eq!(pasted("/a b/c.qfx"), ["/a b/c.qfx"]);
        assert_eq!(pasted("file:///a%20b/%C3%A9.qfx\r\nfile://host/x"), ["/a b/é.qfx", "/x"]);
        assert_eq!(pasted("file:///100%.qfx"), ["/100%.qfx"]);
        assert!(looks_like_path("'/tmp/a.qfx'") && looks_like_path("file:///a") && !looks_like_path("coffee"));
    }

    #[test]
    fn statements_are_known_by_their_ending() {
        assert!(
            is_importable("A.QFX") && is_importable("b.tar.gz") && !is_importable("c.pdf") && !is_importable("qfx")
        );
    }

    proptest! {
        #[test]
        fn any_paste_can_be_read(text in ".{0,60}") {
            for path in pasted(&text) {
                let _ = split(&path, &folders());
            }
        }
    }
}
