//! Raw sources: the bytes a change was read from, compressed.

use std::{
    io::{Read as _, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

use redb::{ReadableTable, Table};

use crate::{
    domain::ChangeId,
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
        let heading = Heading { name: name.to_owned(), length: bytes.len() as u64 };
        let stop = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&stop);
        let work = move || {
            let mut encoder = zstd::Encoder::new(Vec::new(), LEVEL)?;
            for part in bytes.chunks(1 << 20) {
                if seen.load(Ordering::Relaxed) {
                    return Err(std::io::Error::other("stopped"));
                }
                encoder.write_all(part)?;
            }
            encoder.finish()
        };
        let thread = std::thread::Builder::new().name("raw-source".into()).spawn(work);
        let thread = thread.map_err(|error| StoreError::io("start a thread for", std::path::Path::new(""), error))?;
        Ok(Self { thread: Some(thread), stop, heading, digest })
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
    let mut pieces = table.range((change.0, 0)..=(change.0, u64::MAX))?;
    let Some(first) = pieces.next() else { return Ok(None) };
    let heading: Heading = record::from_json(checksum::check(&piece_key(change.0, 0), first?.1.value())?)?;
    let mut packed = Vec::new();
    for entry in pieces {
        let (key, value) = entry?;
        packed.extend_from_slice(checksum::check(&piece_key(change.0, key.value().1), value.value())?);
    }
    let damaged = || StoreError::damaged("a raw source can't be unpacked");
    let mut bytes = Vec::new();
    let decoder = zstd::Decoder::new(packed.as_slice()).map_err(|_| damaged())?;
    // Reads one byte more than expected to detect a wrong length without unpacking a bomb.
    decoder.take(heading.length.saturating_add(1)).read_to_end(&mut bytes).map_err(|_| damaged())?;
    if bytes.len() as u64 != heading.length {
        return Err(damaged());
    }
    Ok(Some(RawSource { name: heading.name, bytes }))
}
