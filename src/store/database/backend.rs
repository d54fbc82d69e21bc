//! What redb reads and writes through.
//!
//! redb stops for good at the first failed write; to go on, the database is opened anew over the same
//! medium. INVARIANT: once retired, a medium touches its bytes no more, so that the old database can't
//! disturb the new one.

use std::{
    fs::File,
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
};

use redb::StorageBackend;

/// One opening of a file or of memory.
#[derive(Debug, Clone)]
pub(in crate::store) struct Backend {
    bytes: Arc<dyn StorageBackend>,
    failed: Arc<AtomicBool>,
    retired: Arc<AtomicBool>,
}

impl Backend {
    /// A file that is locked by whoever opened it.
    pub(in crate::store) fn file(file: Arc<File>) -> Self {
        Self::over(Arc::new(FileBackend::new(file)))
    }

    /// Memory that ends with the store.
    pub(in crate::store) fn memory() -> Self {
        Self::over(Arc::new(redb::backends::InMemoryBackend::new()))
    }

    pub(in crate::store) fn over(bytes: Arc<dyn StorageBackend>) -> Self {
        Self { bytes, failed: Arc::default(), retired: Arc::default() }
    }

    /// The same bytes, opened anew; this opening ends.
    pub(in crate::store) fn reopened(&self) -> Self {
        self.retired.store(true, Ordering::Release);
        Self::over(Arc::clone(&self.bytes))
    }

    /// Whether a read or write failed since it was opened.
    pub(in crate::store) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    fn attempt<T>(&self, work: impl FnOnce(&dyn StorageBackend) -> io::Result<T>) -> io::Result<T> {
        if self.retired.load(Ordering::Acquire) {
            return Err(io::Error::other("an earlier read or write failed; look again"));
        }
        work(&*self.bytes).inspect_err(|_| self.failed.store(true, Ordering::Release))
    }
}

impl StorageBackend for Backend {
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

/// Bytes written after which they are sent to the disk without waiting for the next sync.
const AHEAD: u64 = 32 << 20;

/// A file without redb's own locking: ours is held as long as the file is open.
///
/// Of a large change much is on the disk already when its commit syncs, because a thread syncs now and then while more
/// is being prepared. INVARIANT: what such a sync fails with is told by the next write or sync, at the latest by the one
/// that a commit waits for.
#[derive(Debug)]
struct FileBackend {
    file: Arc<File>,
    written: AtomicU64,
    ahead: Mutex<Option<JoinHandle<io::Result<()>>>>,
}

impl FileBackend {
    fn new(file: Arc<File>) -> Self {
        Self { file, written: AtomicU64::new(0), ahead: Mutex::default() }
    }

    /// Counts what was written and begins to sync it when it is much.
    fn note_written(&self, bytes: usize) -> io::Result<()> {
        if self.written.fetch_add(bytes as u64, Ordering::Relaxed) < AHEAD {
            return Ok(());
        }
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        if ahead.as_ref().is_some_and(|thread| !thread.is_finished()) {
            return Ok(());
        }
        self.written.store(0, Ordering::Relaxed);
        outcome(ahead.take())?;
        let file = Arc::clone(&self.file);
        // Without a thread the next sync does it all.
        *ahead = std::thread::Builder::new().name("disk".into()).spawn(move || file.sync_data()).ok();
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner).take();
        outcome(ahead).and(self.file.sync_data())
    }
}

fn outcome(ahead: Option<JoinHandle<io::Result<()>>>) -> io::Result<()> {
    ahead.map_or(Ok(()), |thread| thread.join().unwrap_or_else(|_| Err(io::Error::other("a sync of the file failed"))))
}

#[cfg(unix)]
impl StorageBackend for FileBackend {
    fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&*self.file, out, offset)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.sync()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(&*self.file, data, offset)?;
        self.note_written(data.len())
    }
}

#[cfg(not(unix))]
impl StorageBackend for FileBackend {
    fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        use std::os::windows::fs::FileExt as _;
        let mut done = 0;
        while done < out.len() {
            match self.file.seek_read(&mut out[done..], offset + done as u64)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => done += read,
            }
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.sync()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        use std::os::windows::fs::FileExt as _;
        let mut done = 0;
        while done < data.len() {
            done += self.file.seek_write(&data[done..], offset + done as u64)?;
        }
        self.note_written(data.len())
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_an_early_sync_fails_with_is_told() {
        // It takes whatever is written and can't be synced.
        let file = File::options().write(true).open("/dev/null").unwrap();
        let direct = FileBackend::new(Arc::new(file));
        let bytes = vec![0; usize::try_from(AHEAD).unwrap()];
        let told = std::iter::repeat_with(|| direct.write(0, &bytes)).find_map(Result::err);
        assert_eq!(told.unwrap().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(direct.sync().unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}
