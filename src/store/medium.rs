//! What redb reads and writes through.
//!
//! redb stops for good at the first failed write; to go on, the database is opened anew over the same
//! medium. INVARIANT: once retired, a medium touches its bytes no more, so that the old database can't
//! disturb the new one.

use std::{
    fs::File,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use redb::StorageBackend;

/// One opening of a file or of memory.
#[derive(Debug, Clone)]
pub(super) struct Medium {
    bytes: Arc<dyn StorageBackend>,
    failed: Arc<AtomicBool>,
    retired: Arc<AtomicBool>,
}

impl Medium {
    /// A file that is locked by whoever opened it.
    pub(super) fn file(file: Arc<File>) -> Self {
        Self::over(Arc::new(Direct(file)))
    }

    /// Memory that ends with the store.
    pub(super) fn memory() -> Self {
        Self::over(Arc::new(redb::backends::InMemoryBackend::new()))
    }

    pub(super) fn over(bytes: Arc<dyn StorageBackend>) -> Self {
        Self { bytes, failed: Arc::default(), retired: Arc::default() }
    }

    /// The same bytes, opened anew; this opening ends.
    pub(super) fn succeed(&self) -> Self {
        self.retired.store(true, Ordering::Release);
        Self::over(Arc::clone(&self.bytes))
    }

    /// Whether a read or write failed since it was opened.
    pub(super) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    fn attempt<T>(&self, work: impl FnOnce(&dyn StorageBackend) -> io::Result<T>) -> io::Result<T> {
        if self.retired.load(Ordering::Acquire) {
            return Err(io::Error::other("an earlier read or write failed; look again"));
        }
        work(&*self.bytes).inspect_err(|_| self.failed.store(true, Ordering::Release))
    }
}

impl StorageBackend for Medium {
    fn len(&self) -> io::Result<u64> {
        self.attempt(StorageBackend::len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.attempt(|bytes| bytes.read(offset, out))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.attempt(|bytes| bytes.set_len(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.attempt(StorageBackend::sync_data)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.attempt(|bytes| bytes.write(offset, data))
    }
}

/// A file without redb's own locking: ours is held as long as the file is open.
#[derive(Debug)]
struct Direct(Arc<File>);

#[cfg(unix)]
impl StorageBackend for Direct {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&*self.0, out, offset)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(&*self.0, data, offset)
    }
}

#[cfg(not(unix))]
impl StorageBackend for Direct {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        use std::os::windows::fs::FileExt as _;
        let mut done = 0;
        while done < out.len() {
            match self.0.seek_read(&mut out[done..], offset + done as u64)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => done += read,
            }
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        use std::os::windows::fs::FileExt as _;
        let mut done = 0;
        while done < data.len() {
            done += self.0.seek_write(&data[done..], offset + done as u64)?;
        }
        Ok(())
    }
}
