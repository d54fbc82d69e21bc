//! The storage that redb reads and writes: a file or memory.
//!
//! redb refuses all work after the first failed write; to continue, the database is opened again over the same bytes.
//! INVARIANT: a retired backend does not access its bytes any more, so the old database can't disturb the new one.

use std::{
    fs::File,
    io,
    sync::{
        Arc, Mutex, OnceLock, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use redb::StorageBackend;

use crate::store::database::{blocks::Blocks, overlay::BlockOverlay};

/// One opening of a file or of memory.
#[derive(Debug, Clone)]
pub(in crate::store) struct Backend {
    bytes: Arc<dyn StorageBackend>,
    failed: Arc<AtomicBool>,
    /// The first damage that was found, which later openings over the same bytes share.
    damage: Arc<OnceLock<String>>,
    retired: Arc<AtomicBool>,
    /// The blocks below, unless writes stay in memory or the file has no container.
    blocks: Option<Weak<Blocks>>,
}

impl Backend {
    /// The bytes of a file that its opener has locked.
    pub(in crate::store) fn raw_file(file: Arc<File>) -> Arc<dyn StorageBackend> {
        Arc::new(FileBackend::new(file))
    }

    /// Memory that ends with the store.
    pub(in crate::store) fn memory() -> Self {
        Self::over(Arc::new(redb::backends::InMemoryBackend::new()))
    }

    pub(in crate::store) fn over(bytes: Arc<dyn StorageBackend>) -> Self {
        Self { bytes, failed: Arc::default(), damage: Arc::default(), retired: Arc::default(), blocks: None }
    }

    /// Over the blocks of a container.
    pub(in crate::store) fn over_blocks(blocks: Blocks) -> Self {
        let blocks = Arc::new(blocks);
        Self { blocks: Some(Arc::downgrade(&blocks)), ..Self::over(blocks) }
    }

    fn blocks(&self) -> Option<Arc<Blocks>> {
        self.blocks.as_ref().and_then(Weak::upgrade)
    }

    /// After an unclean stop: looks for an older version of block 0 and computes the digest of all blocks again.
    pub(in crate::store) fn rebuild_digest(&self) -> io::Result<()> {
        self.blocks().map_or(Ok(()), |blocks| self.note_damage(blocks.rebuild_digest()))
    }

    /// After a clean close: starts to look for older versions of blocks. A large file is scanned on a thread.
    pub(in crate::store) fn start_scan(&self, is_small: bool) -> io::Result<()> {
        let Some(blocks) = self.blocks().filter(|blocks| blocks.start_scan()) else { return Ok(()) };
        drop(blocks);
        if is_small {
            return self.finish_scan();
        }
        let backend = Self { bytes: Arc::new(redb::backends::InMemoryBackend::new()), ..self.clone() };
        let scan = move || while backend.scan_step().is_ok_and(|is_done| !is_done) {};
        // Without a thread the next change scans.
        let _ = std::thread::Builder::new().name("blocks".into()).spawn(scan);
        Ok(())
    }

    /// Waits until the scan is finished.
    pub(in crate::store) fn finish_scan(&self) -> io::Result<()> {
        while !self.scan_step()? {}
        Ok(())
    }

    fn scan_step(&self) -> io::Result<bool> {
        self.blocks().map_or(Ok(true), |blocks| self.note_damage(blocks.scan_step()))
    }

    fn note_damage<T>(&self, result: io::Result<T>) -> io::Result<T> {
        result.inspect_err(|error| {
            if error.kind() == io::ErrorKind::InvalidData {
                self.mark_damaged(&error.to_string());
            }
        })
    }

    /// A new backend over the same bytes; this one is retired.
    pub(in crate::store) fn reopened(&self) -> Self {
        self.retired.store(true, Ordering::Release);
        Self { bytes: Arc::clone(&self.bytes), failed: Arc::default(), retired: Arc::default(), ..self.clone() }
    }

    /// A backend without bytes, for the time in which the database is closed.
    pub(in crate::store) fn emptied(&self) -> Self {
        Self { damage: Arc::clone(&self.damage), ..Self::memory() }
    }

    /// A way to retire this backend that does not keep its bytes, nor the key in them.
    pub(in crate::store) fn leash(&self) -> Leash {
        Leash { retired: Arc::clone(&self.retired), bytes: Arc::downgrade(&self.bytes) }
    }

    /// As [`Backend::reopened`]; later writes stay in memory.
    pub(in crate::store) fn reopened_in_memory(&self) -> io::Result<Self> {
        let next = self.reopened();
        Ok(Self { bytes: Arc::new(BlockOverlay::new(next.bytes, false)?), blocks: None, ..next })
    }

    /// A separate backend over the same bytes, whose writes stay in memory.
    pub(in crate::store) fn in_memory(&self) -> io::Result<Self> {
        Ok(Self::over(Arc::new(BlockOverlay::new(Arc::clone(&self.bytes), false)?)))
    }

    /// The first damage that was found.
    pub(in crate::store) fn damage(&self) -> Option<&str> {
        self.damage.get().map(String::as_str)
    }

    /// Records damage, after which nothing is written any more.
    pub(in crate::store) fn mark_damaged(&self, what: &str) {
        let _ = self.damage.set(what.to_owned());
        self.failed.store(true, Ordering::Release);
    }

    /// Whether a read or write failed since it was opened.
    pub(in crate::store) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    fn attempt<T>(&self, work: impl FnOnce(&dyn StorageBackend) -> io::Result<T>) -> io::Result<T> {
        if self.retired.load(Ordering::Acquire) {
            return Err(io::Error::other("an earlier read or write failed; try again"));
        }
        work(&*self.bytes).inspect_err(|error| {
            if error.kind() == io::ErrorKind::InvalidData {
                self.mark_damaged(&error.to_string());
            }
            self.failed.store(true, Ordering::Release);
        })
    }
}

/// See [`Backend::leash`].
#[derive(Debug)]
pub(in crate::store) struct Leash {
    retired: Arc<AtomicBool>,
    bytes: Weak<dyn StorageBackend>,
}

impl Leash {
    /// Retires the backend, unless its database is dropped already. A snapshot that still exists fails from now on.
    pub(in crate::store) fn retire(&self) {
        // Usually the database is being dropped: its last write is waited for.
        let until = Instant::now() + DROPPING;
        while self.bytes.strong_count() > 0 && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.retired.store(true, Ordering::Release);
    }
}

/// How long a closed database may take to be dropped.
const DROPPING: Duration = Duration::from_millis(200);

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

/// Bytes written after which a sync is started in the background.
const AHEAD: u64 = 32 << 20;

/// A file without the locking of redb: the store holds the lock as long as the file is open.
///
/// A thread syncs from time to time while a large change is being written, so that its commit has less to sync.
/// INVARIANT: an error of such a sync is returned by the next write or sync, at the latest by the sync of the commit.
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

    /// Counts written bytes and starts a background sync when there are many.
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
        // Without a thread the next sync does all the work.
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_a_background_sync_is_returned() {
        // Accepts any write and can't be synced.
        let file = File::options().write(true).open("/dev/null").unwrap();
        let direct = FileBackend::new(Arc::new(file));
        let bytes = vec![0; usize::try_from(AHEAD).unwrap()];
        let error = std::iter::repeat_with(|| direct.write(0, &bytes)).find_map(Result::err);
        assert_eq!(error.unwrap().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(direct.sync().unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}
