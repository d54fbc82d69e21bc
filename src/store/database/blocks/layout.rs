//! Where slots and blocks are in the storage.

use std::io::{self, ErrorKind};

use redb::StorageBackend;

use super::{
    header::HEADER_BYTES,
    tag::{BLOCK, TRAILER},
};

/// Bytes of a block in the file.
pub(super) const STRIDE: usize = BLOCK + TRAILER;

/// Where the slots of block 0 begin.
pub(super) const SLOTS: u64 = 2 * HEADER_BYTES as u64;

/// Content of a block that fails its check. Carried inside an [`io::Error`] of kind [`ErrorKind::InvalidData`].
#[derive(Debug, thiserror::Error)]
#[error("block {number} is damaged")]
pub(in crate::store) struct DamagedBlock {
    number: u64,
}

pub(super) fn damaged(number: u64) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, DamagedBlock { number })
}

pub(super) fn count_of(raw: &dyn StorageBackend) -> io::Result<u64> {
    Ok(raw.len()?.saturating_sub(SLOTS) / STRIDE as u64).map(|units| units.saturating_sub(1))
}

pub(super) fn slot_offset(slot: u64) -> u64 {
    SLOTS + slot * STRIDE as u64
}

/// Position of a block other than block 0.
pub(super) fn block_offset(number: u64) -> u64 {
    SLOTS + (number + 1) * STRIDE as u64
}

/// A read beyond the end means a truncated file.
pub(super) fn truncated(error: io::Error, number: u64) -> io::Error {
    match error.kind() {
        ErrorKind::UnexpectedEof | ErrorKind::InvalidInput => damaged(number),
        _ => error,
    }
}
