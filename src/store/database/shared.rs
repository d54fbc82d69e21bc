//! The open database as clones of a store share it: who may write, and which opening is current.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::store::{
    database::{backend::Leash, open, open_database::OpenDatabase},
    error::{Result, StoreError, guarded},
};

/// One database file of this process.
pub(in crate::store) struct SharedDatabase {
    path: PathBuf,
    current: RwLock<Arc<OpenDatabase>>,
    writing: Mutex<bool>,
    written: Condvar,
    generation: AtomicU64,
    /// The opening before the database was closed.
    closing: Mutex<Option<Leash>>,
}

impl SharedDatabase {
    pub(in crate::store) fn new(database: OpenDatabase, path: &Path) -> Result<Self> {
        let generation = guarded(path, || database.generation())?;
        Ok(Self {
            path: path.to_owned(),
            current: RwLock::new(Arc::new(database)),
            writing: Mutex::new(false),
            written: Condvar::new(),
            generation: AtomicU64::new(generation),
            closing: Mutex::default(),
        })
    }

    pub(in crate::store) fn path(&self) -> &Path {
        &self.path
    }

    /// The current opening.
    pub(in crate::store) fn current(&self) -> Arc<OpenDatabase> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Continues with another opening. Only the holder of the permit does so.
    pub(in crate::store) fn replace(&self, database: OpenDatabase, _: &WritePermit) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(database);
    }

    /// The leash of the opening that was closed.
    pub(in crate::store) fn closing(&self) -> MutexGuard<'_, Option<Leash>> {
        self.closing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(in crate::store) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    pub(in crate::store) fn set_generation(&self, generation: u64) {
        self.generation.store(generation, Ordering::Release);
    }

    fn writing(&self) -> MutexGuard<'_, bool> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until no other change is in progress.
    pub(in crate::store) fn permit(self: &Arc<Self>) -> WritePermit {
        let mut writing =
            self.written.wait_while(self.writing(), |writing| *writing).unwrap_or_else(PoisonError::into_inner);
        *writing = true;
        WritePermit(Arc::clone(self))
    }

    /// The permit, if no change is in progress.
    pub(in crate::store) fn try_permit(self: &Arc<Self>) -> Option<WritePermit> {
        let mut writing = self.writing();
        if *writing {
            return None;
        }
        *writing = true;
        Some(WritePermit(Arc::clone(self)))
    }

    /// Opens the database again when a read or write failed (a full disk): redb refuses all work after that. A damaged
    /// database is opened so that its file is not written to.
    pub(in crate::store) fn reopen_after_failure(&self, permit: &WritePermit) -> Result<()> {
        let current = self.current();
        if current.backend.has_failed() {
            let reopen = if current.backend.damage().is_some() { open::reopen_read_only } else { open::reopen };
            self.replace(reopen(&current, &self.path)?, permit);
        }
        Ok(())
    }

    /// # Errors
    /// [`StoreError::Damaged`] once damage was found: then the database is read-only.
    pub(in crate::store) fn check_writable(&self) -> Result<()> {
        match self.current().backend.damage() {
            None => Ok(()),
            Some(what) => Err(StoreError::damaged(what).at(&self.path)),
        }
    }
}

/// The exclusive right to write.
pub(in crate::store) struct WritePermit(Arc<SharedDatabase>);

impl WritePermit {
    pub(in crate::store) fn database(&self) -> &Arc<SharedDatabase> {
        &self.0
    }
}

impl Drop for WritePermit {
    fn drop(&mut self) {
        *self.0.writing() = false;
        self.0.written.notify_one();
    }
}
