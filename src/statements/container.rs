//! Unpacks a file: itself, the inside of a gzip file, or the members of a zip archive.
//!
//! Used by the table of readers. INVARIANT: one member is in memory at a time; unpacking stops at the size limit, however
//! small the packed file is; nothing that an archive holds is left out without a warning.

use std::{
    borrow::Cow,
    io::{Cursor, Read},
};

use flate2::read::MultiGzDecoder;
use zip::{ZipArchive, read::ZipFile};

use super::{Limits, StatementError};
use crate::domain::{Warning, text};

/// Files of an archive that are looked at.
const MOST_ENTRIES: usize = 10_000;

/// An unpacked file.
pub(super) struct Member<'a> {
    /// Its path in the archive; `None` when the file was no archive.
    pub(super) name: Option<String>,
    /// Its content.
    pub(super) bytes: Cow<'a, [u8]>,
}

/// Unpacks `bytes` and calls `visit` for each file inside. Returns the members that could not be unpacked, as warnings.
pub(super) fn for_each<'a>(
    bytes: &'a [u8],
    limits: &Limits,
    visit: &mut dyn FnMut(Member<'a>) -> Result<(), StatementError>,
) -> Result<Vec<Warning>, StatementError> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let unpacked = read_limited(MultiGzDecoder::new(bytes), limits.bytes, limits)?
            .map_err(|()| StatementError::not_a_statement("the gzip file is damaged", "download it again"))?;
        visit(Member { name: None, bytes: Cow::Owned(unpacked) })?;
        return Ok(Vec::new());
    }
    if is_zip(bytes) {
        return unzip(bytes, limits, visit);
    }
    visit(Member { name: None, bytes: Cow::Borrowed(bytes) })?;
    Ok(Vec::new())
}

fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

fn unzip<'a>(
    bytes: &'a [u8],
    limits: &Limits,
    visit: &mut dyn FnMut(Member<'a>) -> Result<(), StatementError>,
) -> Result<Vec<Warning>, StatementError> {
    let damaged = |_| StatementError::not_a_statement("the zip archive is damaged", "download it again");
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    let office = |name: &str| name.eq_ignore_ascii_case("[content_types].xml") || name.eq_ignore_ascii_case("mimetype");
    if archive.file_names().flatten().take(MOST_ENTRIES).any(|name| office(&name)) {
        // A workbook: the table reader unpacks it.
        visit(Member { name: None, bytes: Cow::Borrowed(bytes) })?;
        return Ok(Vec::new());
    }
    let mut left_out = Vec::new();
    let mut left = limits.bytes;
    let count = archive.len();
    for index in 0..count.min(MOST_ENTRIES) {
        let entry = match archive.by_index(index) {
            Ok(entry) => entry,
            Err(error) => {
                left_out.push(Warning::new(0, format!("file {} of the archive can't be read: {error}", index + 1)));
                continue;
            }
        };
        let name = shown_name(&entry);
        if entry.is_dir() || is_hidden(&name) {
            continue;
        }
        let Ok(unpacked) = read_limited(entry, left, limits)? else {
            left_out.push(Warning::new(0, format!("{name}: damaged in the archive; nothing of it was read")));
            continue;
        };
        left = left.saturating_sub(unpacked.len() as u64);
        if is_zip(&unpacked) {
            left_out.push(Warning::new(0, format!("{name}: an archive inside the archive; unpack it and import it")));
            continue;
        }
        visit(Member { name: Some(name), bytes: Cow::Owned(unpacked) })?;
    }
    if count > MOST_ENTRIES {
        let more = count - MOST_ENTRIES;
        left_out.push(Warning::new(0, format!("{more} further files of the archive were not looked at")));
    }
    Ok(left_out)
}

/// The member's path, safe to show.
fn shown_name<R: Read + ?Sized>(entry: &ZipFile<'_, R>) -> String {
    let raw = entry.name().map(Cow::into_owned).unwrap_or_default();
    text::clean(&raw).into_owned()
}

/// Files that systems add for themselves.
fn is_hidden(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.starts_with("__macosx/") || name.rsplit('/').next().is_some_and(|file| file.starts_with('.'))
}

/// Unpacks at most `left` bytes. The inner error means that the packed data is damaged, its checksum included.
fn read_limited(source: impl Read, left: u64, limits: &Limits) -> Result<Result<Vec<u8>, ()>, StatementError> {
    let mut unpacked = Vec::new();
    let outcome = source.take(left.saturating_add(1)).read_to_end(&mut unpacked);
    if unpacked.len() as u64 > left {
        return Err(StatementError::TooLarge {
            what: format!("more than {left} bytes after unpacking"),
            limit: limits.bytes,
            setting: "bytes",
        });
    }
    Ok(outcome.map(|_| unpacked).map_err(|_| ()))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    type Unpacked = (Vec<(Option<String>, Vec<u8>)>, Vec<Warning>);

    fn unpack(bytes: &[u8], limits: &Limits) -> Result<Unpacked, StatementError> {
        let mut members = Vec::new();
        let warnings = for_each(bytes, limits, &mut |member| {
            members.push((member.name, member.bytes.into_owned()));
            Ok(())
        })?;
        Ok((members, warnings))
    }

    #[test]
    fn packed_files_are_unpacked_within_the_limit() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(&vec![b'x'; 100_000]).unwrap();
        let packed = gzip.finish().unwrap();
        assert_eq!(unpack(&packed, &Limits::default()).unwrap().0[0].1.len(), 100_000);
        let small = Limits { bytes: 50_000, ..Limits::default() };
        assert!(matches!(unpack(&packed, &small), Err(StatementError::TooLarge { .. })));
        assert!(unpack(&packed[..packed.len() - 6], &Limits::default()).unwrap_err().to_string().contains("damaged"));
    }

    #[test]
    fn every_file_of_an_archive_is_visited_but_hidden_ones() {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        for (name, text) in [("readme.txt", "hi"), ("a/one.QFX", "1"), ("__MACOSX/._one.qfx", "x"), ("two.ofx", "2")] {
            zip.start_file(name, options).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        zip.start_file("inner.zip", options).unwrap();
        zip.write_all(b"PK\x05\x06").unwrap();
        let packed = zip.finish().unwrap().into_inner();
        let (members, warnings) = unpack(&packed, &Limits::default()).unwrap();
        let names: Vec<_> = members.iter().map(|(name, _)| name.as_deref().unwrap_or_default()).collect();
        assert_eq!(names, ["readme.txt", "a/one.QFX", "two.ofx"]);
        assert_eq!(warnings[0].message, "inner.zip: an archive inside the archive; unpack it and import it");
        assert!(unpack(b"PK\x03\x04junk", &Limits::default()).unwrap_err().to_string().contains("damaged"));
    }
}
