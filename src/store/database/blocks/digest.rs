//! A digest of all blocks, which finds an older version of a block that was put back, and a write that a disk lost.
//!
//! The trailer of a block identifies one version of it. The digest is the XOR of a keyed hash of number and trailer of every
//! block except block 0, which holds the digest in bytes that redb leaves unused, authenticated with the rest of it. A write
//! takes the trailer that it replaces out of the digest and adds the new one, so keeping it up costs no scan.
//!
//! INVARIANT: after a clean close the digest in block 0 is that of the file. After an unclean stop it is not, since blocks
//! that no commit uses may have been written; every page is verified by redb then, and the digest is computed again.

use std::io;

use redb::StorageBackend;
use zeroize::Zeroizing;

use super::{
    layout::{block_offset, damaged, truncated},
    tag::{BLOCK, TRAILER},
};

/// Where block 0 keeps the digest: a marker, then the digest.
pub(super) const PLACE: usize = BLOCK - MARKER.len() - BYTES;
const MARKER: &[u8; 8] = b"\x01digest1";
const BYTES: usize = 32;

/// Blocks whose trailers are read in one step of a scan.
const STEP: u64 = 1024;

/// The version of a block, as its trailer states it.
type Trailer = [u8; TRAILER];

/// The digest of a file while it is open.
pub(super) struct Digest {
    key: Box<Zeroizing<[u8; BYTES]>>,
    /// `None` for a file that was created before there were digests.
    current: Option<[u8; BYTES]>,
    /// Number of blocks, block 0 included.
    pub(super) count: u64,
    scan: Option<Scan>,
}

/// A scan that compares the digest with the file, while blocks may be written.
struct Scan {
    next: u64,
    found: [u8; BYTES],
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Digest").field("count", &self.count).finish_non_exhaustive()
    }
}

impl Digest {
    /// The digest of an empty file.
    pub(super) fn new(key: Zeroizing<[u8; BYTES]>) -> Self {
        Self { key: Box::new(key), current: Some([0; BYTES]), count: 0, scan: None }
    }

    /// The digest that block 0 of an existing file states.
    pub(super) fn stated(key: Zeroizing<[u8; BYTES]>, first: &[u8], count: u64) -> Self {
        let stated = first.get(PLACE..).and_then(|bytes| bytes.strip_prefix(MARKER));
        Self { key: Box::new(key), current: stated.and_then(|bytes| bytes.try_into().ok()), count, scan: None }
    }

    /// Writes it into the content of block 0.
    pub(super) fn put(&self, first: &mut [u8]) {
        if let (Some(current), Some(place)) = (&self.current, first.get_mut(PLACE..)) {
            let (marker, digest) = place.split_at_mut(MARKER.len());
            marker.copy_from_slice(MARKER);
            digest.copy_from_slice(current);
        }
    }

    fn hash(&self, number: u64, trailer: &Trailer) -> [u8; BYTES] {
        // Never written.
        if *trailer == [0; TRAILER] {
            return [0; BYTES];
        }
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(&number.to_le_bytes());
        hasher.update(trailer);
        *hasher.finalize().as_bytes()
    }

    /// Takes a changed block into account.
    fn change(&mut self, number: u64, old: &Trailer, new: &Trailer) {
        let (old, new) = (self.hash(number, old), self.hash(number, new));
        let flip = |digest: &mut [u8; BYTES]| {
            digest.iter_mut().zip(old.iter().zip(new)).for_each(|(byte, (old, new))| *byte ^= old ^ new);
        };
        if let Some(current) = &mut self.current {
            flip(current);
        }
        if let Some(scan) = self.scan.as_mut().filter(|scan| number < scan.next) {
            flip(&mut scan.found);
        }
    }

    /// Takes blocks that are about to be written into account.
    pub(super) fn write(
        &mut self,
        raw: &dyn StorageBackend,
        first: u64,
        units: &[u8],
        stride: usize,
    ) -> io::Result<()> {
        if self.current.is_none() {
            return Ok(());
        }
        for (number, unit) in (first..).zip(units.chunks_exact(stride)) {
            let old = if number < self.count { trailer(raw, number)? } else { [0; TRAILER] };
            let new = unit.get(BLOCK..).and_then(|bytes| bytes.try_into().ok()).unwrap_or([0; TRAILER]);
            self.change(number, &old, &new);
        }
        self.count = self.count.max(first + (units.len() / stride) as u64);
        Ok(())
    }

    /// Takes a new number of blocks into account, before the storage is cut.
    pub(super) fn resize(&mut self, raw: &dyn StorageBackend, count: u64) -> io::Result<()> {
        if self.current.is_some() {
            for number in count.max(1)..self.count {
                let old = trailer(raw, number)?;
                self.change(number, &old, &[0; TRAILER]);
            }
        }
        self.count = count;
        Ok(())
    }

    /// Starts to compare the digest with the file; false if the file has none.
    pub(super) fn start_scan(&mut self) -> bool {
        self.scan = self.current.map(|_| Scan { next: 1, found: [0; BYTES] });
        self.scan.is_some()
    }

    /// Reads some trailers. True when the scan is finished or none is running.
    pub(super) fn scan_step(&mut self, raw: &dyn StorageBackend) -> io::Result<bool> {
        let Some(Scan { next, mut found }) = self.scan.take() else { return Ok(true) };
        let end = self.count.min(next + STEP);
        for number in next..end {
            let hash = self.hash(number, &trailer(raw, number)?);
            found.iter_mut().zip(hash).for_each(|(byte, other)| *byte ^= other);
        }
        if end < self.count {
            self.scan = Some(Scan { next: end, found });
            return Ok(false);
        }
        if self.current.is_some_and(|current| current != found) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, PutBack));
        }
        Ok(true)
    }

    /// Computes it again after an unclean stop. `is_newer` verifies a block whose sequence number is too high for this block
    /// 0: then block 0 is an older version that was put back.
    pub(super) fn rebuild(
        &mut self,
        raw: &dyn StorageBackend,
        highest: u64,
        mut is_valid: impl FnMut(u64) -> bool,
    ) -> io::Result<()> {
        if self.current.is_none() {
            return Ok(());
        }
        let mut found = [0; BYTES];
        for number in 1..self.count {
            let trailer = trailer(raw, number)?;
            let sequence = trailer.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
            // A torn write in unused space can leave any number; then the block is not valid.
            if sequence > highest && is_valid(number) {
                return Err(damaged(0));
            }
            let hash = self.hash(number, &trailer);
            found.iter_mut().zip(hash).for_each(|(byte, other)| *byte ^= other);
        }
        self.current = Some(found);
        self.scan = None;
        Ok(())
    }
}

/// The digest in block 0 is not that of the file.
#[derive(Debug, thiserror::Error)]
#[error("a block is an older version of itself: it was put back, or the disk lost a write")]
struct PutBack;

fn trailer(raw: &dyn StorageBackend, number: u64) -> io::Result<Trailer> {
    let mut bytes = [0; TRAILER];
    let read = raw.read(block_offset(number) + BLOCK as u64, &mut bytes);
    read.map(|()| bytes).map_err(|error| truncated(error, number))
}
