//! A backend that keeps writes in memory. A damaged database is read through it, so that its file is never written to.

use std::{
    collections::HashMap,
    io::{self, ErrorKind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use redb::StorageBackend;

const BLOCK: usize = super::blocks::BLOCK;

#[derive(Debug)]
struct Written {
    length: u64,
    blocks: HashMap<u64, Vec<u8>>,
}

/// Reads from the storage below, unless a block was written.
#[derive(Debug)]
pub(in crate::store) struct BlockOverlay {
    below: Arc<dyn StorageBackend>,
    written: Mutex<Written>,
    /// Damaged blocks read as zeros instead of failing: the caller skips what can't be decoded.
    tolerant: bool,
}

impl BlockOverlay {
    /// # Errors
    /// When the length of the storage can't be read.
    pub(in crate::store) fn new(below: Arc<dyn StorageBackend>, tolerant: bool) -> io::Result<Self> {
        let length = below.len()?;
        Ok(Self { below, written: Mutex::new(Written { length, blocks: HashMap::new() }), tolerant })
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn block(&self, written: &Written, number: u64) -> io::Result<Vec<u8>> {
        if let Some(content) = written.blocks.get(&number) {
            return Ok(content.clone());
        }
        let mut content = vec![0; BLOCK];
        let offset = number * BLOCK as u64;
        let available = self.below.len()?.saturating_sub(offset).min(BLOCK as u64);
        let part = content.get_mut(..usize::try_from(available).unwrap_or(BLOCK)).unwrap_or_default();
        match self.below.read(offset, part) {
            Err(error) if self.tolerant && error.kind() == ErrorKind::InvalidData => Ok(vec![0; BLOCK]),
            other => other.map(|()| content),
        }
    }

    /// Calls `each` with the block number, the range within the block and the range within the data.
    fn pieces(
        offset: u64,
        length: usize,
        mut each: impl FnMut(u64, std::ops::Range<usize>, std::ops::Range<usize>) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut done = 0;
        while done < length {
            let at = offset + done as u64;
            let skip = usize::try_from(at % BLOCK as u64).unwrap_or_default();
            let part = (BLOCK - skip).min(length - done);
            each(at / BLOCK as u64, skip..skip + part, done..done + part)?;
            done += part;
        }
        Ok(())
    }
}

impl StorageBackend for BlockOverlay {
    fn len(&self) -> io::Result<u64> {
        Ok(self.written().length)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let written = self.written();
        if offset.saturating_add(out.len() as u64) > written.length {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Self::pieces(offset, out.len(), |number, within, of_data| {
            out[of_data].copy_from_slice(&self.block(&written, number)?[within]);
            Ok(())
        })
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut written = self.written();
        written.length = len;
        written.blocks.retain(|number, _| number * (BLOCK as u64) < len);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut written = self.written();
        Self::pieces(offset, data.len(), |number, within, of_data| {
            let mut content = self.block(&written, number)?;
            content[within].copy_from_slice(&data[of_data]);
            written.blocks.insert(number, content);
            Ok(())
        })
    }
}
