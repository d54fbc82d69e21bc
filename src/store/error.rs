//! Errors of the store, with messages for users.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{domain::ChangeId, ports::DatabaseKeyError};

/// A failure of the store. A failed write leaves nothing.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has the file open.
    #[error("{} is open in another dashtam; close that one, or choose another folder with --data-dir or --profile", .path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The content of the file is invalid. The file is never deleted or overwritten.
    #[error("{} is damaged: {what}. The file was left as it is; restore a backup, or move it away to start with an empty one", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The finding.
        what: String,
    },
    /// A later version of dashtam wrote the file.
    #[error("{} was written by a newer dashtam (format {found}; this version reads up to {known}); update dashtam to open it", .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Schema version in the file.
        found: u64,
        /// The newest version this program reads.
        known: u64,
    },
    /// The disk is full. Earlier data is intact.
    #[error("no space left for {}: nothing of this change was kept, everything before it is intact; free some space and try again", .path.display())]
    DiskFull {
        /// The file.
        path: PathBuf,
    },
    /// The key of an encrypted database is not available.
    #[error("can't open the database: {0}")]
    Key(DatabaseKeyError),
    /// The database is encrypted and was closed when its vault was locked.
    #[error("the database is locked with its vault; unlock it first")]
    Closed,
    /// A backup could not be encrypted or decrypted.
    #[error("{0}")]
    Backup(String),
    /// The operating system refused.
    #[error("can't {doing} {}: {source}", .path.display())]
    Io {
        /// The attempted operation, as in "can't … the file".
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The requested object does not exist.
    #[error("there is no {what}")]
    NotFound {
        /// The object, with its id.
        what: String,
    },
    /// The change can't be undone or redone now.
    #[error("change {change} can't be {verb}: {why}")]
    NotToggleable {
        /// The change.
        change: ChangeId,
        /// `undone` or `brought back`.
        verb: &'static str,
        /// The reason.
        why: &'static str,
    },
    /// The caller passed a value that can't be stored. A bug in the program.
    #[error("the store can't keep this: {what}")]
    Invalid {
        /// The value and the reason.
        what: String,
    },
    /// The database is in use.
    #[error("the database is in use; try again when nothing else reads or writes it")]
    Busy,
}

/// Result of the functions of the store.
pub(super) type Result<T, E = StoreError> = std::result::Result<T, E>;

impl StoreError {
    pub(super) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged { path: PathBuf::new(), what: what.into() }
    }

    pub(super) fn invalid(what: impl Into<String>) -> Self {
        Self::Invalid { what: what.into() }
    }

    pub(super) fn not_found(what: impl Into<String>) -> Self {
        Self::NotFound { what: what.into() }
    }

    /// Builds the error of a failed system call on `path`.
    pub(super) fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        if is_full(&source) {
            Self::DiskFull { path: path.into() }
        } else {
            Self::Io { doing, path: path.into(), source }
        }
    }

    /// Adds the path to an error that was created without it.
    pub(super) fn at(mut self, file: &Path) -> Self {
        match &mut self {
            Self::Locked { path }
            | Self::Damaged { path, .. }
            | Self::Newer { path, .. }
            | Self::DiskFull { path }
            | Self::Io { path, .. } => {
                if path.as_os_str().is_empty() {
                    *path = file.into();
                }
            }
            Self::NotFound { .. }
            | Self::NotToggleable { .. }
            | Self::Invalid { .. }
            | Self::Key(_)
            | Self::Backup(_)
            | Self::Closed
            | Self::Busy => {}
        }
        self
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
}

impl From<redb::Error> for StoreError {
    fn from(error: redb::Error) -> Self {
        match error {
            redb::Error::DatabaseAlreadyOpen => Self::Locked { path: PathBuf::new() },
            redb::Error::Io(source) if source.kind() == io::ErrorKind::UnexpectedEof => {
                Self::damaged("the file is truncated")
            }
            redb::Error::Io(source) if source.kind() == io::ErrorKind::InvalidData => Self::damaged(source.to_string()),
            redb::Error::Io(source) => Self::io("read or write", Path::new(""), source),
            redb::Error::PreviousIo | redb::Error::DatabaseClosed => Self::Io {
                doing: "go on with",
                path: PathBuf::new(),
                source: io::Error::other("an earlier read or write failed; look again"),
            },
            redb::Error::TransactionInProgress => Self::Busy,
            redb::Error::ValueTooLarge(bytes) => Self::invalid(format!("a value of {bytes} bytes")),
            other => Self::damaged(other.to_string()),
        }
    }
}

macro_rules! through_redb {
    ($($name:ident)+) => {$(
        impl From<redb::$name> for StoreError {
            fn from(error: redb::$name) -> Self {
                redb::Error::from(error).into()
            }
        }
    )+};
}
through_redb!(StorageError TableError DatabaseError TransactionError CommitError CursorError CompactionError SetDurabilityError);

/// Runs `work` and adds `path` to its errors. A panic inside it, which only a damaged file can cause, becomes
/// [`StoreError::Damaged`].
pub(super) fn guarded<T>(path: &Path, work: impl FnOnce() -> Result<T>) -> Result<T> {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|error| error.at(path)),
        Err(panic) => {
            let what = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("its structure is invalid");
            Err(StoreError::Damaged { path: path.into(), what: crate::domain::text::clean(what).into_owned() })
        }
    }
}

impl StoreError {
    pub(super) fn index_without_row() -> Self {
        Self::damaged("an index refers to a missing transaction")
    }
}
