//! Raw sources: the bytes a change was read from, compressed.

use std::{
    fs::File,
    io::{BufReader, Read},
    os::unix::fs::FileExt as _,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

use redb::{ReadableTable, Table};

use crate::{
    domain::{ChangeId, ConnectionId},
    store::{
        error::{Result, StoreError},
        format::{checksum, record},
        schema::ValueBytes,
    },
};

/// Level 1 packs a statement file to an eighth at 400 MB/s; higher levels gain little for their time.
const LEVEL: i32 = 1;

/// Whole pages of redb, see [`crate::store::columns::chunks`].
const PIECE: usize = (256 << 10) - 128;

/// Bytes that are compressed between two looks at the signal to stop.
const BLOCK: usize = 1 << 20;

/// The bytes a change was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawSource {
    /// File name, or a description of the request.
    pub name: String,
    /// The bytes as received.
    pub bytes: Vec<u8>,
}

#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Heading {
    name: String,
    length: u64,
    /// Of a reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<[u8; 32]>,
    /// The change that has the bytes, if it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kept_in: Option<u64>,
}

/// A change has its file in part 0 and its replies in the parts after it; a part has its heading and its pieces in a row.
const PART: u64 = 1 << 32;

/// A reply to be stored.
#[derive(Debug)]
pub(super) struct NewReply {
    name: String,
    bytes: Arc<[u8]>,
    digest: [u8; 32],
}

impl NewReply {
    pub(super) fn new(connection: ConnectionId, name: &str, bytes: Arc<[u8]>) -> Self {
        // Replies of two connections are stored apart, so that removing one keeps those of the other.
        let mut hasher = blake3::Hasher::new_derive_key("dashtam 2026 reply of a connection");
        hasher.update(&connection.0.to_be_bytes()).update(&bytes);
        Self { name: name.to_owned(), bytes, digest: *hasher.finalize().as_bytes() }
    }

    /// Stores it as the next part of the change, or a reference to the change that has the same bytes.
    pub(super) fn store(
        self,
        sources: &mut Table<(u64, u64), ValueBytes>,
        digests: &mut Table<ValueBytes, ValueBytes>,
        change: u64,
    ) -> Result<()> {
        let known = digests.get(self.digest.as_slice())?;
        let known = known.map(|value| checksum::check_u64(&self.digest, value.value())).transpose()?;
        if known == Some(change) {
            return Ok(());
        }
        let last = sources.range((change, 0)..=(change, u64::MAX))?.next_back().transpose()?;
        let part = last.map_or(1, |(key, _)| key.value().1 / PART + 1) * PART;
        let heading =
            Heading { name: self.name, length: self.bytes.len() as u64, digest: Some(self.digest), kept_in: known };
        sources
            .insert((change, part), checksum::add(&piece_key(change, part), &record::to_json(&heading)?).as_slice())?;
        if known.is_some() {
            return Ok(());
        }
        let packed = zstd::bulk::compress(&self.bytes, LEVEL)
            .map_err(|error| StoreError::invalid(format!("a reply: {error}")))?;
        for (piece, bytes) in (part + 1..).zip(packed.chunks(PIECE)) {
            sources.insert((change, piece), checksum::add(&piece_key(change, piece), bytes).as_slice())?;
        }
        digests.insert(self.digest.as_slice(), checksum::add_u64(&self.digest, change).as_slice())?;
        Ok(())
    }
}

/// A raw source that is being compressed on a separate thread while its rows are parsed and written. Dropping it stops the
/// thread.
#[derive(Debug)]
pub struct NewSource {
    thread: Option<JoinHandle<std::io::Result<Vec<u8>>>>,
    stop: Arc<AtomicBool>,
    heading: Heading,
    digest: [u8; 32],
}

impl NewSource {
    /// Starts to compress `bytes`; `digest` identifies them when they are imported again.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn pack(name: &str, bytes: impl Into<Arc<Vec<u8>>>, digest: [u8; 32]) -> Result<Self> {
        let bytes: Arc<Vec<u8>> = bytes.into();
        Self::start(name, bytes.len() as u64, SharedBytes { bytes, at: 0 }, digest)
    }

    /// Starts to compress the `length` bytes of a file. Storing it fails if they are not those of `digest`.
    ///
    /// # Errors
    /// As [`NewSource::pack`].
    pub fn pack_file(name: &str, file: File, length: u64, digest: [u8; 32]) -> Result<Self> {
        let bytes = HashedFile { file, at: 0, length, hasher: blake3::Hasher::new(), digest };
        Self::start(name, length, BufReader::with_capacity(BLOCK, bytes), digest)
    }

    fn start(name: &str, length: u64, mut bytes: impl Read + Send + 'static, digest: [u8; 32]) -> Result<Self> {
        let heading = Heading { name: name.to_owned(), length, digest: None, kept_in: None };
        let stop = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&stop);
        let work = move || {
            let mut encoder = zstd::Encoder::new(Vec::new(), LEVEL)?;
            let mut part = (&mut bytes).take(BLOCK as u64);
            while std::io::copy(&mut part, &mut encoder)? > 0 {
                if seen.load(Ordering::Relaxed) {
                    return Err(std::io::Error::other("stopped"));
                }
                part.set_limit(BLOCK as u64);
            }
            encoder.finish()
        };
        let thread = std::thread::Builder::new().name("raw-source".into()).spawn(work);
        let thread = thread.map_err(|error| StoreError::io("start a thread for", std::path::Path::new(""), error))?;
        Ok(Self { thread: Some(thread), stop, heading, digest })
    }

    /// Identifies the bytes.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// Waits for the thread and stores the result. Returns the digest.
    pub(super) fn store(mut self, table: &mut Table<(u64, u64), ValueBytes>, change: u64) -> Result<[u8; 32]> {
        let Some(thread) = self.thread.take() else { return Ok(self.digest) };
        let packed = match thread.join() {
            Ok(Ok(packed)) => packed,
            Ok(Err(error)) => return Err(StoreError::invalid(format!("the raw source: {error}"))),
            Err(_) => return Err(StoreError::invalid("the raw source: packing it failed")),
        };
        let heading = record::to_json(&self.heading)?;
        table.insert((change, 0), checksum::add(&piece_key(change, 0), &heading).as_slice())?;
        for (piece, bytes) in (1..).zip(packed.chunks(PIECE)) {
            table.insert((change, piece), checksum::add(&piece_key(change, piece), bytes).as_slice())?;
        }
        Ok(self.digest)
    }
}

/// Bytes in memory, from the start.
struct SharedBytes {
    bytes: Arc<Vec<u8>>,
    at: usize,
}

impl Read for SharedBytes {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let mut rest = &self.bytes[self.at..];
        let read = rest.read(buffer)?;
        self.at += read;
        Ok(read)
    }
}

/// A file from the start, independent of other readers of the handle; its end is an error if the bytes are others.
struct HashedFile {
    file: File,
    at: u64,
    length: u64,
    hasher: blake3::Hasher,
    digest: [u8; 32],
}

impl Read for HashedFile {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read_at(buffer, self.at)?;
        self.hasher.update(&buffer[..read]);
        self.at += read as u64;
        if read == 0 && (self.at != self.length || *self.hasher.finalize().as_bytes() != self.digest) {
            return Err(std::io::Error::other("the file changed while it was imported"));
        }
        Ok(read)
    }
}

impl Drop for NewSource {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn piece_key(change: u64, piece: u64) -> [u8; 16] {
    ((u128::from(change) << 64) | u128::from(piece)).to_be_bytes()
}

/// The raw source of a change.
pub(super) fn read(table: &impl ReadableTable<(u64, u64), ValueBytes>, change: ChangeId) -> Result<Option<RawSource>> {
    match heading(table, change.0, 0)? {
        Some(heading) => unpack(table, change.0, 0, heading).map(Some),
        None => Ok(None),
    }
}

/// The file and the replies of a change, in the order in which they were stored.
pub(super) fn read_all(table: &impl ReadableTable<(u64, u64), ValueBytes>, change: ChangeId) -> Result<Vec<RawSource>> {
    let mut found = Vec::new();
    for (part, heading) in parts(table, change.0)? {
        match heading.kept_in {
            None => found.push(unpack(table, change.0, part, heading)?),
            Some(other) => {
                let same = |(_, known): &(u64, Heading)| known.digest == heading.digest && known.kept_in.is_none();
                // Gone when the data of the connection was removed.
                if let Some((part, known)) = parts(table, other)?.into_iter().find(same) {
                    let source = unpack(table, other, part, known)?;
                    found.push(RawSource { name: heading.name, ..source });
                }
            }
        }
    }
    Ok(found)
}

/// The headings of a change with their places.
fn parts(table: &impl ReadableTable<(u64, u64), ValueBytes>, change: u64) -> Result<Vec<(u64, Heading)>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(entry) = table.range((change, from)..=(change, u64::MAX))?.next() {
        let part = entry?.0.value().1 / PART * PART;
        if let Some(heading) = heading(table, change, part)? {
            found.push((part, heading));
        }
        from = part.saturating_add(PART);
    }
    Ok(found)
}

fn heading(table: &impl ReadableTable<(u64, u64), ValueBytes>, change: u64, part: u64) -> Result<Option<Heading>> {
    match table.get((change, part))? {
        Some(value) => record::from_json(checksum::check(&piece_key(change, part), value.value())?).map(Some),
        None => Ok(None),
    }
}

fn unpack(
    table: &impl ReadableTable<(u64, u64), ValueBytes>,
    change: u64,
    part: u64,
    heading: Heading,
) -> Result<RawSource> {
    let mut packed = Vec::new();
    for entry in table.range((change, part + 1)..(change, part.saturating_add(PART)))? {
        let (key, value) = entry?;
        packed.extend_from_slice(checksum::check(&piece_key(change, key.value().1), value.value())?);
    }
    let damaged = || StoreError::damaged("a raw source can't be unpacked");
    let mut bytes = Vec::new();
    let decoder = zstd::Decoder::new(packed.as_slice()).map_err(|_| damaged())?;
    // Reads one byte more than expected to detect a wrong length without unpacking a bomb.
    decoder.take(heading.length.saturating_add(1)).read_to_end(&mut bytes).map_err(|_| damaged())?;
    if bytes.len() as u64 != heading.length {
        return Err(damaged());
    }
    Ok(RawSource { name: heading.name, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{AccountId, ChangeCounts, ChangeKind},
        store::{
            Store,
            tests::{begin, import, row},
        },
    };

    fn sync(store: &Store, connection: u64, replies: &[&str]) -> ChangeId {
        let mut writer = begin(store, ChangeKind::Sync);
        writer.append_transactions(AccountId(1), vec![row(1, 1, None)]).unwrap();
        for reply in replies {
            writer.put_reply(ConnectionId(connection), "rows", reply.as_bytes().into()).unwrap();
        }
        writer.commit(ChangeCounts::default(), vec![], Some(ConnectionId(1)), vec![]).unwrap().id
    }

    fn kept(store: &Store, change: ChangeId) -> Vec<String> {
        let sources = store.read().unwrap().raw_sources(change).unwrap();
        sources.into_iter().map(|source| String::from_utf8(source.bytes).unwrap()).collect()
    }

    #[test]
    fn replies_of_a_change_are_kept_once_and_go_with_their_connection() {
        let store = Store::in_memory().unwrap();
        import(&store, 1, vec![]);
        let first = sync(&store, 1, &["{\"a\":1}", "{\"b\":2}", "{\"a\":1}"]);
        let second = sync(&store, 1, &["{\"a\":1}", "{\"c\":3}"]);
        assert_eq!(kept(&store, first), ["{\"a\":1}", "{\"b\":2}"]);
        assert_eq!(kept(&store, second), ["{\"a\":1}", "{\"c\":3}"]);
        assert_eq!(store.read().unwrap().raw_source(first).unwrap(), None, "no file");
        store.verify().unwrap();
        let past = store.as_known(second).unwrap();
        assert_eq!(kept(&past, second), kept(&store, second));
        let mut writer = begin(&store, ChangeKind::Edit);
        writer.remove_connection_data(ConnectionId(1)).unwrap();
        writer.commit_unlisted().unwrap();
        assert!(kept(&store, first).is_empty() && kept(&store, second).is_empty());
    }
}
