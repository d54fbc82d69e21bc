//! The layer between redb and the file: every block of 4,096 bytes is stored with a tag that is verified whenever it is
//! read.
//!
//! ```text
//! 0       file header, twice (2 x 4,096 bytes), see `header`
//! 8,192   block 0, first slot          each slot or block: 4,096 bytes of content, then a trailer:
//! +4,132  block 0, second slot         sequence number (8), nonce (12), tag (16)
//! +4,132  block 1, block 2, …
//! ```
//! The tag covers the content, the number of the block, the sequence number and the id of the file, so a flipped bit, a
//! block moved within the file and a block of another file are all refused. See `tag` for its two forms, and `digest` for an older
//! version of the same block.
//!
//! INVARIANT: a torn write destroys nothing that redb still needs. redb never writes over a page of its last durable commit,
//! and its pages are whole blocks; the one exception is its header, block 0. That block is written alternately to two slots:
//! the slot that was valid at the last sync is not touched until the next sync. A reader takes the valid slot with the
//! higher sequence number.

mod digest;
pub(in crate::store) mod header;
mod layout;
pub(in crate::store) mod tag;
#[cfg(test)]
mod tests;

use std::{
    io::{self, ErrorKind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use redb::StorageBackend;

use digest::Digest;
use header::{BlockHeader, HEADER_BYTES};
use layout::{SLOTS, STRIDE, block_offset, count_of, damaged, slot_offset, truncated};
use tag::{SlotContent, Tagger};

pub(in crate::store) use tag::BLOCK;

/// The slots of block 0.
#[derive(Debug)]
struct Slots {
    /// The slot with the current content; `None` before the first write.
    current: Option<u64>,
    /// Whether it was written since the last sync; if so, the other slot is the durable one.
    dirty: bool,
    /// The highest sequence number in use.
    sequence: u64,
}

/// Blocks over a file or memory.
#[derive(Debug)]
pub(in crate::store) struct Blocks {
    raw: Arc<dyn StorageBackend>,
    tagger: Tagger,
    slots: Mutex<Slots>,
    /// Locked after `slots` where both are.
    digest: Mutex<Digest>,
}

impl Blocks {
    /// Writes the header of a new container into empty storage.
    pub(in crate::store) fn create(
        raw: Arc<dyn StorageBackend>,
        header: &BlockHeader,
        tagger: Tagger,
    ) -> io::Result<Self> {
        let bytes = header.to_bytes();
        raw.set_len(SLOTS)?;
        raw.write(0, &bytes)?;
        raw.write(HEADER_BYTES as u64, &bytes)?;
        let digest = Mutex::new(Digest::new(tagger.digest_key()));
        Ok(Self { raw, tagger, slots: Mutex::new(Slots { current: None, dirty: false, sequence: 0 }), digest })
    }

    /// Opens an existing container. `tagger` belongs to its header.
    pub(in crate::store) fn open(raw: Arc<dyn StorageBackend>, tagger: Tagger) -> io::Result<Self> {
        let mut slots = Slots { current: None, dirty: false, sequence: 0 };
        let mut first = Vec::new();
        for slot in 0..2 {
            let Ok(unit) = read_slot(&*raw, &tagger, slot) else { continue };
            if slots.current.is_none() || unit.sequence > slots.sequence {
                slots = Slots { current: Some(slot), dirty: false, sequence: unit.sequence };
                first = unit.content;
            }
        }
        // redb would take storage without blocks for a new database.
        if slots.current.is_none() || raw.len()? < SLOTS + 2 * STRIDE as u64 {
            return Err(damaged(0));
        }
        let digest = Mutex::new(Digest::stated(tagger.digest_key(), &first, count_of(&*raw)?));
        Ok(Self { raw, tagger, slots: Mutex::new(slots), digest })
    }

    fn digest(&self) -> MutexGuard<'_, Digest> {
        self.digest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts to look for older versions of blocks in a file that was closed cleanly; false if it can't be done.
    pub(in crate::store) fn start_scan(&self) -> bool {
        self.digest().start_scan()
    }

    /// Continues the scan; true when it is finished. Blocks may be written in between.
    pub(in crate::store) fn scan_step(&self) -> io::Result<bool> {
        self.digest().scan_step(&*self.raw)
    }

    /// After an unclean stop, and after redb verified every page: looks for an older version of block 0.
    pub(in crate::store) fn rebuild_digest(&self) -> io::Result<()> {
        // Blocks written since the last sync of block 0 have the number of a version that may be lost.
        let highest = self.slots().sequence + 1;
        let is_valid = |number| self.read_blocks(number, 1, &mut Vec::new()).is_ok();
        self.digest().rebuild(&*self.raw, highest, is_valid)
    }

    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Content of block 0; zeros before its first write.
    fn read_first(&self, slots: &Slots) -> io::Result<Vec<u8>> {
        match slots.current {
            None => Ok(vec![0; BLOCK]),
            Some(slot) => read_slot(&*self.raw, &self.tagger, slot).map(|unit| {
                let mut content = unit.content;
                content.get_mut(digest::PLACE..).unwrap_or_default().fill(0);
                content
            }),
        }
    }

    fn write_first(&self, offset: usize, data: &[u8]) -> io::Result<()> {
        let mut slots = self.slots();
        let mut content = self.read_first(&slots)?;
        content[offset..offset + data.len()].copy_from_slice(data);
        self.digest().put(&mut content);
        let slot = match slots.current {
            None => 0,
            Some(current) if slots.dirty => current,
            Some(current) => 1 - current,
        };
        // One number per sync, so that blocks are at most one ahead of a block 0 that was lost.
        let sequence = slots.sequence + u64::from(!slots.dirty);
        let mut bytes = Vec::with_capacity(STRIDE);
        self.tagger.append(&mut bytes, 0, sequence, &content)?;
        self.raw.write(slot_offset(slot), &bytes)?;
        *slots = Slots { current: Some(slot), dirty: true, sequence };
        Ok(())
    }

    /// Reads whole blocks from `first`, none of them block 0.
    fn read_blocks(&self, first: u64, count: usize, out: &mut Vec<u8>) -> io::Result<()> {
        let mut bytes = vec![0; count * STRIDE];
        self.raw.read(block_offset(first), &mut bytes).map_err(|error| truncated(error, first))?;
        for (number, unit) in (first..).zip(bytes.chunks_exact_mut(STRIDE)) {
            let content = self.tagger.open(number, unit).ok_or_else(|| damaged(number))?;
            out.extend_from_slice(content);
        }
        Ok(())
    }

    fn write_blocks(&self, first: u64, data: &[u8]) -> io::Result<()> {
        let sequence = self.slots().sequence;
        let mut bytes = Vec::with_capacity(data.len() / BLOCK * STRIDE);
        for (number, content) in (first..).zip(data.chunks_exact(BLOCK)) {
            self.tagger.append(&mut bytes, number, sequence, content)?;
        }
        self.digest().write(&*self.raw, first, &bytes, STRIDE)?;
        self.raw.write(block_offset(first), &bytes)
    }

    /// Number of blocks in the storage.
    fn count(&self) -> io::Result<u64> {
        count_of(&*self.raw)
    }
}

fn read_slot(raw: &dyn StorageBackend, tagger: &Tagger, slot: u64) -> io::Result<SlotContent> {
    let mut bytes = vec![0; STRIDE];
    raw.read(slot_offset(slot), &mut bytes).map_err(|error| truncated(error, 0))?;
    let sequence = tag::sequence(&bytes);
    let content = tagger.open(0, &mut bytes).ok_or_else(|| damaged(0))?.to_vec();
    Ok(SlotContent { sequence, content })
}

fn outside() -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, "an offset beyond the address space")
}

impl StorageBackend for Blocks {
    fn len(&self) -> io::Result<u64> {
        Ok(self.count()? * BLOCK as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if out.is_empty() {
            return Ok(());
        }
        let first = offset / BLOCK as u64;
        let last = (offset + out.len() as u64 - 1) / BLOCK as u64;
        let skip = usize::try_from(offset % BLOCK as u64).map_err(|_| outside())?;
        let count = usize::try_from(last - first + 1).map_err(|_| outside())?;
        let mut content = Vec::with_capacity(count * BLOCK);
        let rest = if first == 0 {
            content = self.read_first(&self.slots())?;
            count - 1
        } else {
            count
        };
        if rest > 0 {
            self.read_blocks(first.max(1), rest, &mut content)?;
        }
        out.copy_from_slice(content.get(skip..skip + out.len()).ok_or_else(outside)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let blocks = len.div_ceil(BLOCK as u64);
        // Block 0 has two slots, also while it is the only one.
        let units = if blocks == 0 { 0 } else { blocks + 1 };
        self.digest().resize(&*self.raw, blocks)?;
        self.raw.set_len(SLOTS + units * STRIDE as u64)
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut slots = self.slots();
        self.raw.sync_data()?;
        slots.dirty = false;
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let (mut offset, mut data) = (offset, data);
        while !data.is_empty() {
            let number = offset / BLOCK as u64;
            let skip = usize::try_from(offset % BLOCK as u64).map_err(|_| outside())?;
            let done = if number == 0 {
                let length = data.len().min(BLOCK - skip);
                self.write_first(skip, &data[..length])?;
                length
            } else if skip == 0 && data.len() >= BLOCK {
                let length = data.len() / BLOCK * BLOCK;
                self.write_blocks(number, &data[..length])?;
                length
            } else {
                // redb writes whole pages, so this is never the way of a page that is in use.
                let length = data.len().min(BLOCK - skip);
                let mut content = Vec::with_capacity(BLOCK);
                self.read_blocks(number, 1, &mut content)?;
                content[skip..skip + length].copy_from_slice(&data[..length]);
                self.write_blocks(number, &content)?;
                length
            };
            offset += done as u64;
            data = &data[done..];
        }
        Ok(())
    }
}
