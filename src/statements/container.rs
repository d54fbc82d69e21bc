//! Unpacks a file: itself, the inside of a gzip file, or the members of a zip archive.
//!
//! Used by the table of readers. INVARIANT: one member is in memory at a time; unpacking stops at the size limit, however
//! small the packed file is; nothing that an archive holds is left out without a warning.

use std::{
    borrow::Cow,
    io::{Cursor, Read},
};

use flate2::read::MultiGzDecoder;
use zip::{CompressionMethod, ZipArchive, result::ZipResult};

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

/// Bytes that the smallest archive may unpack to.
const ALWAYS: u64 = 1 << 20;

/// Unpacks `bytes` and calls `visit` for each file inside. Returns the members that could not be unpacked, as warnings.
pub(super) fn for_each<'a>(
    bytes: &'a [u8],
    limits: &Limits,
    visit: &mut dyn FnMut(Member<'a>) -> Result<(), StatementError>,
) -> Result<Vec<Warning>, StatementError> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut room = Room::of(bytes.len(), limits);
        let unpacked = room.read(MultiGzDecoder::new(bytes), 0)?.map_err(|()| {
            StatementError::not_a_statement("the gzip file is damaged: its checksum is wrong", "download it again")
        })?;
        visit(Member { name: None, bytes: Cow::Owned(unpacked) })?;
        return Ok(Vec::new());
    }
    if is_zip(bytes) {
        return unzip(bytes, limits, visit);
    }
    visit(Member { name: None, bytes: Cow::Borrowed(bytes) })?;
    Ok(Vec::new())
}

/// The files inside `bytes`, with their paths in an archive; those that can't be unpacked are left out. Used to show a kept
/// source.
#[must_use]
pub fn unpack(bytes: &[u8], limits: &Limits) -> Vec<(Option<String>, Vec<u8>)> {
    let mut files = Vec::new();
    let _ = for_each(bytes, limits, &mut |member| {
        files.push((member.name, member.bytes.into_owned()));
        Ok(())
    });
    files
}

fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

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
    let mut warnings = Vec::new();
    let mut room = Room::of(bytes.len(), limits);
    let count = archive.len();
    let mut listed = Vec::with_capacity(count.min(MOST_ENTRIES));
    for index in 0..count.min(MOST_ENTRIES) {
        let mut left_out = |name: &str, reason: &str| warnings.push(Warning::new(0, format!("{name}: {reason}")));
        let entry = match entry_of(&mut archive, index) {
            Ok(entry) => entry,
            Err(error) => {
                left_out(&format!("file {} of the archive", index + 1), &format!("not read: {error}"));
                continue;
            }
        };
        listed.push(entry.range);
        if entry.is_folder || is_hidden(&entry.name) {
            continue;
        }
        if entry.is_encrypted {
            left_out(&entry.name, "not read: it is encrypted; unpack it with its password and import it");
            continue;
        }
        let Some(source) = archive.by_index(index).ok().filter(|_| entry.is_known_method) else {
            left_out(&entry.name, "not read: it is packed with an unknown method; unpack it and import it");
            continue;
        };
        let Ok(unpacked) = room.read(source, entry.size)? else {
            left_out(&entry.name, "not read: it is damaged in the archive (wrong checksum); download it again");
            continue;
        };
        if is_zip(&unpacked) && !is_workbook(&unpacked) || unpacked.starts_with(&[0x1f, 0x8b]) {
            left_out(&entry.name, "not read: it is an archive inside the archive; unpack it and import it");
            continue;
        }
        visit(Member { name: Some(entry.name), bytes: Cow::Owned(unpacked) })?;
    }
    if count > MOST_ENTRIES {
        let more = count - MOST_ENTRIES;
        warnings.push(Warning::new(0, format!("{more} further files of the archive were not read")));
    } else if has_gap(listed, archive.offset(), archive.central_directory_start()) {
        let message =
            "the archive holds more than its list of files names; some files may be missing, download it again";
        warnings.push(Warning::new(0, message));
    }
    Ok(warnings)
}

/// The entry of a file in the directory of an archive.
struct Entry {
    /// Its path, safe to show.
    name: String,
    is_folder: bool,
    is_encrypted: bool,
    is_known_method: bool,
    /// Stated bytes after unpacking; not to be relied on.
    size: u64,
    /// First byte of its header and first byte behind its data.
    range: (u64, u64),
}

fn entry_of(archive: &mut Archive<'_>, index: usize) -> ZipResult<Entry> {
    let entry = archive.by_index_raw(index)?;
    let raw = entry.name().map(Cow::into_owned).unwrap_or_default();
    let end = entry.data_start().unwrap_or(entry.header_start()).saturating_add(entry.compressed_size());
    Ok(Entry {
        name: text::clean(&raw).into_owned(),
        is_folder: entry.is_dir(),
        is_encrypted: entry.encrypted(),
        is_known_method: matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated),
        size: entry.size(),
        range: (entry.header_start(), end),
    })
}

/// Bytes that may be between two files: a data descriptor with its signature and long sizes.
const DESCRIPTOR: u64 = 24;

/// Whether bytes before the directory belong to no listed file: a damaged directory hides files.
fn has_gap(mut listed: Vec<(u64, u64)>, start: u64, directory: u64) -> bool {
    listed.sort_unstable();
    let mut at = start;
    for (from, to) in listed {
        if from > at.saturating_add(DESCRIPTOR) {
            return true;
        }
        at = at.max(to);
    }
    directory > at.saturating_add(DESCRIPTOR)
}

/// Whether a zip archive is an office document.
fn is_workbook(bytes: &[u8]) -> bool {
    bytes.get(30..38) == Some(b"mimetype") || memchr::memmem::find(bytes, b"[Content_Types].xml").is_some()
}

/// Files that systems add for themselves.
fn is_hidden(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.starts_with("__macosx/") || name.rsplit('/').next().is_some_and(|file| file.starts_with('.'))
}

/// How much may still be unpacked.
struct Room {
    left: u64,
    limit: u64,
    setting: &'static str,
}

impl Room {
    fn of(packed: usize, limits: &Limits) -> Self {
        let by_ratio = (packed as u64).saturating_mul(limits.unpacked_ratio).max(ALWAYS);
        let (limit, setting) =
            [(limits.bytes, "bytes"), (limits.unpacked_bytes, "unpacked_bytes"), (by_ratio, "unpacked_ratio")]
                .into_iter()
                .min_by_key(|(limit, _)| *limit)
                .unwrap_or((limits.bytes, "bytes"));
        Self { left: limit, limit: if setting == "unpacked_ratio" { limits.unpacked_ratio } else { limit }, setting }
    }

    /// Unpacks a stream. The inner error means that the packed data is damaged, its checksum included.
    fn read(&mut self, source: impl Read, size: u64) -> Result<Result<Vec<u8>, ()>, StatementError> {
        let mut unpacked = Vec::with_capacity(usize::try_from(size.min(self.left).min(64 << 20)).unwrap_or(0));
        let outcome = source.take(self.left.saturating_add(1)).read_to_end(&mut unpacked);
        let length = unpacked.len() as u64;
        if length > self.left {
            let what = match self.setting {
                "unpacked_ratio" => "an archive that unpacks to so many times its size".to_owned(),
                _ => "the archive, unpacked,".to_owned(),
            };
            return Err(StatementError::TooLarge { what, limit: self.limit, setting: self.setting });
        }
        self.left -= length;
        Ok(outcome.map(|_| unpacked).map_err(|_| ()))
    }
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

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(content).unwrap();
        gzip.finish().unwrap()
    }

    fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        for (name, content) in files {
            zip.start_file(*name, options).unwrap();
            zip.write_all(content).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn names(members: &[(Option<String>, Vec<u8>)]) -> Vec<&str> {
        members.iter().map(|(name, _)| name.as_deref().unwrap_or_default()).collect()
    }

    #[test]
    fn packed_files_are_unpacked_within_the_limits() {
        let packed = gzip(&vec![b'x'; 100_000]);
        assert_eq!(unpack(&packed, &Limits::default()).unwrap().0[0].1.len(), 100_000);
        let refused = |limits| match unpack(&packed, &limits) {
            Err(StatementError::TooLarge { setting, .. }) => setting,
            other => panic!("{other:?}"),
        };
        assert_eq!(refused(Limits { bytes: 50_000, ..Limits::default() }), "bytes");
        assert_eq!(refused(Limits { unpacked_bytes: 50_000, ..Limits::default() }), "unpacked_bytes");
        let bomb = gzip(&vec![0; 4 << 20]);
        assert!(matches!(
            unpack(&bomb, &Limits::default()),
            Err(StatementError::TooLarge { setting: "unpacked_ratio", limit: 100, .. })
        ));
    }

    #[test]
    fn the_limits_count_all_files_of_an_archive() {
        let file = vec![b'x'; 400_000];
        let packed = zip(&[("a", &file), ("b", &file), ("c", &file)]);
        assert!(matches!(unpack(&packed, &Limits::default()), Err(StatementError::TooLarge { .. })));
    }

    #[test]
    fn every_file_of_an_archive_is_visited_but_hidden_ones() {
        let files: [(&str, &[u8]); 5] = [
            ("readme.txt", b"hi"),
            ("a/one.QFX", b"1"),
            ("__MACOSX/._one.qfx", b"x"),
            ("two.ofx", b"2"),
            ("inner.zip", b"PK\x05\x06"),
        ];
        let (members, warnings) = unpack(&zip(&files), &Limits::default()).unwrap();
        assert_eq!(names(&members), ["readme.txt", "a/one.QFX", "two.ofx"]);
        let nested = "inner.zip: not read: it is an archive inside the archive; unpack it and import it";
        assert_eq!(warnings.iter().map(|warning| warning.message.as_str()).collect::<Vec<_>>(), [nested]);
        assert!(unpack(b"PK\x03\x04junk", &Limits::default()).unwrap_err().to_string().contains("damaged"));
    }

    #[test]
    fn encrypted_files_and_unknown_methods_are_named() {
        let mut packed = zip(&[("a.ofx", b"1"), ("b.ofx", b"2")]);
        // Flag and method of the second file, in its header and in the directory.
        let header =
            |packed: &[u8], mark: &[u8], which: usize| memchr::memmem::find_iter(packed, mark).nth(which).unwrap();
        let (local, central) = (header(&packed, b"PK\x03\x04", 1), header(&packed, b"PK\x01\x02", 1));
        let mut locked = packed.clone();
        locked[local + 6] |= 1;
        locked[central + 8] |= 1;
        let (members, warnings) = unpack(&locked, &Limits::default()).unwrap();
        assert_eq!((names(&members), warnings.len()), (vec!["a.ofx"], 1));
        assert!(warnings[0].message.starts_with("b.ofx: not read: it is encrypted"), "{warnings:?}");
        packed[local + 8] = 98;
        packed[central + 10] = 98;
        let (members, warnings) = unpack(&packed, &Limits::default()).unwrap();
        assert_eq!(names(&members), ["a.ofx"]);
        assert!(warnings[0].message.starts_with("b.ofx: not read: it is packed with an unknown"), "{warnings:?}");
    }

    /// One flipped bit anywhere gives the same content, or less of it with a word about that.
    #[test]
    fn no_flipped_bit_changes_content_in_silence() {
        let files: [(&str, &[u8]); 3] =
            [("a.ofx", b"first statement"), ("b.ofx", b"second statement"), ("c.ofx", b"third statement")];
        let packed = zip(&files);
        let whole: Vec<Vec<u8>> = files.iter().map(|(_, content)| content.to_vec()).collect();
        let gzipped = gzip(b"a statement");
        for bit in 0..packed.len() * 8 {
            let mut hurt = packed.clone();
            hurt[bit / 8] ^= 1 << (bit % 8);
            if let Ok((members, warnings)) = unpack(&hurt, &Limits::default()) {
                let found: Vec<&Vec<u8>> = members.iter().map(|(_, content)| content).collect();
                let same = found.iter().copied().eq(whole.iter());
                let hidden = members.iter().any(|(name, _)| name.is_none());
                let fewer = found.iter().all(|content| whole.contains(content)) && !warnings.is_empty();
                assert!(same || fewer || hidden, "bit {bit}: {:?} {warnings:?}", names(&members));
            }
        }
        for bit in 0..gzipped.len() * 8 {
            let mut hurt = gzipped.clone();
            hurt[bit / 8] ^= 1 << (bit % 8);
            if let Ok((members, _)) = unpack(&hurt, &Limits::default())
                && members[0].1 != hurt
            {
                assert_eq!(members[0].1, b"a statement", "bit {bit}");
            }
        }
    }
}
