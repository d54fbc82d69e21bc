//! Kinds of files that no reader takes: recognised, named, refused with what to do instead.
//!
//! Used by the table of readers and by the unpacker. INVARIANT: looks at the head of a file only.

use super::{StatementError, decode::head};

/// Advice for nearly every kind.
pub(super) const DOWNLOAD: &str = "choose \"QFX\", \"OFX\", \"Quicken\" or \"Money\" where your bank offers downloads";

/// Kinds recognised by their first bytes.
const MAGIC: &[(&[u8], &str)] = &[
    (b"%PDF", "this is a PDF, made for printing"),
    (b"\x89PNG", "this is an image"),
    (b"\xff\xd8\xff", "this is an image"),
    (b"GIF8", "this is an image"),
    (b"II*\0", "this is an image"),
    (b"MM\0*", "this is an image"),
    (b"{\\rtf", "this is a text document"),
    (b"SQLite format 3", "this is a database"),
    (b"7z\xbc\xaf\x27\x1c", "this is a 7z archive; unpack it first"),
    (b"Rar!\x1a\x07", "this is a RAR archive; unpack it first"),
    (b"BZh", "this is a bzip2 archive; unpack it first"),
    (b"\xfd7zXZ\0", "this is an xz archive; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "this is a Zstandard archive; unpack it first"),
    (b"\x7fELF", "this is a program"),
    (b"MZ\x90", "this is a program"),
];

/// The kind of a file that no reader can take, by its first bytes.
#[must_use]
pub(super) fn by_magic(bytes: &[u8]) -> Option<&'static str> {
    let start = bytes.trim_ascii_start();
    if bytes.get(257..262) == Some(b"ustar") {
        return Some("this is a tar archive; unpack it first");
    }
    MAGIC.iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, found)| *found)
}

/// One text kind: a test on the trimmed head in lower case, the finding, the advice.
struct TextKind {
    matches: fn(&str) -> bool,
    found: &'static str,
    hint: &'static str,
}

/// Kinds recognised by their text; the first that matches counts.
const TEXTS: &[TextKind] = &[
    TextKind {
        matches: |text| text.starts_with("<!doctype html") || text.contains("<html") || text.contains("<head>"),
        found: "this is a web page",
        hint: "often a login or error page saved by mistake; sign in and download the statement again as QFX or OFX",
    },
    TextKind {
        matches: |text| text.contains("urn:iso:std:iso:20022:tech:xsd:pain."),
        found: "this is a payment order (ISO 20022 pain), which states no booked transactions",
        hint: "download the statement of the account as CAMT, QFX or MT940",
    },
    TextKind {
        matches: |text| text.contains("urn:iso:std:iso:20022"),
        found: "this is an ISO 20022 message of another kind",
        hint: "download the statement of the account as camt.053",
    },
    TextKind {
        matches: |text| text.contains("<ofc>"),
        found: "this is an OFC file, the forerunner of OFX",
        hint: DOWNLOAD,
    },
    TextKind { matches: |text| text.starts_with(['{', '[']), found: "this is JSON", hint: DOWNLOAD },
    TextKind { matches: |text| text.starts_with('<'), found: "this is XML or HTML of another kind", hint: DOWNLOAD },
    TextKind { matches: looks_like_table, found: "this is a table (CSV)", hint: DOWNLOAD },
];

/// Names a text that no reader takes, and what to download instead.
#[must_use]
pub(super) fn describe(text: &str) -> StatementError {
    let head = head(text, 4_096);
    let start = head.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if head.chars().filter(|c| c.is_control() && !c.is_whitespace()).count() * 30 > head.chars().count() {
        return StatementError::not_a_statement("this is not a text file", DOWNLOAD);
    }
    let lower = start.to_ascii_lowercase();
    match TEXTS.iter().find(|kind| (kind.matches)(&lower)) {
        Some(kind) => StatementError::not_a_statement(kind.found, kind.hint),
        None => StatementError::not_a_statement("this text is not a statement of any known kind", DOWNLOAD),
    }
}

/// Whether the first lines have the same number of separators.
fn looks_like_table(text: &str) -> bool {
    [',', ';', '\t', '|'].into_iter().any(|separator| {
        let mut counts =
            text.lines().filter(|line| !line.trim().is_empty()).take(3).map(|line| line.matches(separator).count());
        let first = counts.next().unwrap_or(0);
        first >= 2 && counts.all(|count| count + 2 >= first)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> String {
        describe(text).to_string()
    }

    #[test]
    fn other_kinds_are_named() {
        assert!(found("<!DOCTYPE html><html>").starts_with("this is a web page"));
        assert!(found("Date,Amount,Payee\n2024-01-01,1.00,x\n").starts_with("this is a table (CSV)"));
        assert!(found("Datum;Betrag;Text\n01.01.2024;1,00;x").starts_with("this is a table (CSV)"));
        assert!(
            found("<?xml?><Document xmlns='urn:iso:std:iso:20022:tech:xsd:pain.001.001.03'>").contains("payment order")
        );
        assert!(found("{\"a\": 1}").starts_with("this is JSON"));
        assert!(found("hello").starts_with("this text is not a statement"));
        for (bytes, name) in [(b"%PDF-1.7".as_slice(), "PDF"), (b"\x89PNG\r\n", "image")] {
            assert!(by_magic(bytes).unwrap().contains(name));
        }
    }
}
