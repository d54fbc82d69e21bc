//! What a file is before it is read: packed, or something that is no statement at all.
//!
//! Used by the OFX reader. INVARIANT: unpacking stops at the size limit, however small the packed file is.

use std::{
    borrow::Cow,
    io::{Cursor, Read},
};

use flate2::read::MultiGzDecoder;
use zip::ZipArchive;

use super::{Limits, StatementError};

/// Files of an archive that are looked at.
const MOST_ENTRIES: usize = 1_000;

/// What to do instead, for nearly every other format.
const DOWNLOAD: &str = "choose \"QFX\", \"OFX\", \"Quicken\" or \"Money\" where your bank offers downloads";

/// The documents inside a file: itself, or what is packed in it.
pub fn unpack<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Vec<Cow<'a, [u8]>>, StatementError> {
    if let Some(found) = by_magic(bytes) {
        return Err(no_statement(found, DOWNLOAD));
    }
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let unpacked = read_limited(MultiGzDecoder::new(bytes), limits.bytes, limits)?;
        if let Some(found) = by_magic(&unpacked) {
            return Err(no_statement(found, DOWNLOAD));
        }
        return Ok(vec![Cow::Owned(unpacked)]);
    }
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return unzip(bytes, limits);
    }
    Ok(vec![Cow::Borrowed(bytes)])
}

fn unzip<'a>(bytes: &[u8], limits: &Limits) -> Result<Vec<Cow<'a, [u8]>>, StatementError> {
    let damaged = || no_statement("the zip archive is damaged", "download it again");
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| damaged())?;
    let names: Vec<String> =
        archive.file_names().flatten().map(|name| name.to_ascii_lowercase()).take(MOST_ENTRIES).collect();
    if names.iter().any(|name| name == "[content_types].xml" || name == "mimetype") {
        return Err(no_statement("this is a spreadsheet or text document", DOWNLOAD));
    }
    let is_statement = |name: &str| {
        std::path::Path::new(name).extension().is_some_and(|extension| {
            ["ofx", "qfx", "qbo", "ofc"].iter().any(|known| extension.eq_ignore_ascii_case(known))
        })
    };
    let only_statements = names.iter().any(|name| is_statement(name));
    let mut documents = Vec::new();
    let mut left = limits.bytes;
    for index in 0..archive.len().min(MOST_ENTRIES) {
        let Ok(entry) = archive.by_index(index) else { continue };
        let Ok(name) = entry.name().map(|name| name.to_ascii_lowercase()) else { continue };
        let hidden = name.starts_with("__macosx") || name.rsplit('/').next().is_some_and(|name| name.starts_with('.'));
        if entry.is_dir() || hidden || (only_statements && !is_statement(&name)) {
            continue;
        }
        let unpacked = read_limited(entry, left, limits)?;
        left = left.saturating_sub(unpacked.len() as u64);
        if by_magic(&unpacked).is_none() {
            documents.push(Cow::Owned(unpacked));
        }
    }
    if documents.is_empty() {
        return Err(no_statement("the zip archive holds no statement", DOWNLOAD));
    }
    Ok(documents)
}

/// Unpacks at most `left` bytes. A stream that breaks off gives what came before.
fn read_limited(source: impl Read, left: u64, limits: &Limits) -> Result<Vec<u8>, StatementError> {
    let mut unpacked = Vec::new();
    let outcome = source.take(left.saturating_add(1)).read_to_end(&mut unpacked);
    if unpacked.len() as u64 > left {
        return Err(StatementError::TooLarge {
            what: format!("more than {left} bytes after unpacking"),
            limit: limits.bytes,
            setting: "bytes",
        });
    }
    if outcome.is_err() && unpacked.is_empty() {
        return Err(no_statement("the packed file is damaged", "download it again"));
    }
    Ok(unpacked)
}

fn no_statement(found: &str, hint: &str) -> StatementError {
    StatementError::NotAStatement { found: found.to_owned(), hint: hint.to_owned() }
}

/// First bytes of formats that are told by them.
const MAGIC: [(&[u8], &str); 10] = [
    (b"%PDF", "this is a PDF, made for printing"),
    (b"\x89PNG", "this is an image"),
    (b"\xff\xd8\xff", "this is an image"),
    (b"GIF8", "this is an image"),
    (b"II*\0", "this is an image"),
    (b"MM\0*", "this is an image"),
    (b"\xd0\xcf\x11\xe0", "this is an Excel sheet or Word document"),
    (b"{\\rtf", "this is a text document"),
    (b"SQLite format 3", "this is a database"),
    (b"7z\xbc\xaf\x27\x1c", "this is a 7z archive; unpack it first"),
];

/// Formats told by their first bytes.
fn by_magic(bytes: &[u8]) -> Option<&'static str> {
    let head = bytes.trim_ascii_start();
    MAGIC.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, found)| *found)
}

/// Says what a text without any OFX in it seems to be, and what to download instead.
#[must_use]
pub fn describe(text: &str) -> StatementError {
    let head = super::ofx::head(text, 4_096);
    let start = head.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if head.chars().filter(|c| c.is_control() && !c.is_whitespace()).count() * 30 > head.chars().count() {
        return no_statement("this is no text", DOWNLOAD);
    }
    let lower = start.to_ascii_lowercase();
    let has = |needle: &str| lower.contains(needle);
    if lower.starts_with("<!doctype html") || has("<html") || has("<head>") {
        let hint =
            "often a login or error page saved by mistake; sign in and download the statement again as QFX or OFX";
        return no_statement("this is a web page", hint);
    }
    if ["!type:", "!account", "!option:", "!clear:"].iter().any(|tag| lower.starts_with(tag)) {
        return no_statement("this is a QIF file, which carries neither identities nor account numbers", DOWNLOAD);
    }
    if has("camt.05") || has("bktocstmr") {
        return no_statement("this is a CAMT (ISO 20022) statement", DOWNLOAD);
    }
    if start.starts_with(":20:") || start.starts_with("{1:") || (has("\n:20:") && has("\n:61:")) {
        return no_statement("this is an MT940 statement", DOWNLOAD);
    }
    if has("<ofc>") {
        return no_statement("this is an OFC file, the forerunner of OFX", DOWNLOAD);
    }
    if start.starts_with(['{', '[']) {
        return no_statement("this is JSON", DOWNLOAD);
    }
    if start.starts_with('<') {
        return no_statement("this is XML or HTML of another kind", DOWNLOAD);
    }
    if lower.starts_with("ofxheader") {
        return no_statement("the file ends after the OFX header", "download it again");
    }
    if looks_like_table(start) {
        return no_statement("this is a table (CSV)", DOWNLOAD);
    }
    no_statement("there is no OFX in this file", DOWNLOAD)
}

/// Lines with the same number of separators.
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
    use std::io::Write;

    use super::*;

    fn found(text: &str) -> String {
        describe(text).to_string()
    }

    #[test]
    fn other_formats_are_named() {
        assert!(found("<!DOCTYPE html><html>").starts_with("this is a web page"));
        assert!(found("!Type:Bank\nD01/02/2024").starts_with("this is a QIF file"));
        assert!(found("Date,Amount,Payee\n2024-01-01,1.00,x\n").starts_with("this is a table (CSV)"));
        assert!(found("Datum;Betrag;Text\n01.01.2024;1,00;x").starts_with("this is a table (CSV)"));
        assert!(found(":20:STARTUMSE\n:25:1").starts_with("this is an MT940"));
        assert!(found("<?xml?><Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.02'>").contains("CAMT"));
        assert!(found("{\"a\": 1}").starts_with("this is JSON"));
        assert!(found("hello").starts_with("there is no OFX"));
        for (bytes, name) in
            [(b"%PDF-1.7".as_slice(), "PDF"), (b"\x89PNG\r\n", "image"), (b"\xd0\xcf\x11\xe0\xa1", "Excel")]
        {
            assert!(unpack(bytes, &Limits::default()).unwrap_err().to_string().contains(name));
        }
    }

    #[test]
    fn packed_files_are_unpacked_within_the_limit() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(&vec![b'x'; 100_000]).unwrap();
        let packed = gzip.finish().unwrap();
        assert_eq!(unpack(&packed, &Limits::default()).unwrap()[0].len(), 100_000);
        let small = Limits { bytes: 50_000, ..Limits::default() };
        assert!(matches!(unpack(&packed, &small), Err(StatementError::TooLarge { .. })));
        assert_eq!(unpack(&packed[..packed.len() - 6], &Limits::default()).unwrap()[0].len(), 100_000);
    }

    #[test]
    fn archives_give_their_statements_only() {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        for (name, text) in [("readme.txt", "hi"), ("a/one.QFX", "1"), ("__MACOSX/._one.qfx", "x"), ("two.ofx", "2")] {
            zip.start_file(name, options).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        let packed = zip.finish().unwrap().into_inner();
        let documents = unpack(&packed, &Limits::default()).unwrap();
        assert_eq!(documents.iter().map(AsRef::as_ref).collect::<Vec<&[u8]>>(), [b"1", b"2"]);
        assert!(unpack(b"PK\x03\x04junk", &Limits::default()).unwrap_err().to_string().contains("damaged"));
    }
}
