//! What can go wrong with the store, in words for people.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::domain::ChangeId;

/// A failure of the store. Nothing of a failed write stays.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has the file open.
    #[error("{} is open in another dashtam; close that one, or choose another folder with --data-dir or --profile", .path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The file holds bytes that no dashtam wrote. It is never deleted or overwritten.
    #[error("{} is damaged: {what}. The file was left as it is; restore a backup, or move it aside to begin anew", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        what: String,
    },
    /// A later version of dashtam wrote the file.
    #[error("{} was written by a newer dashtam (format {found}, this one knows up to {known}); update dashtam to open it", .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Schema version in the file.
        found: u64,
        /// The newest this program knows.
        known: u64,
    },
    /// The disk is full. What was stored before is intact.
    #[error("no space left for {}: nothing of this change was kept, everything before it is intact; free some space and try again", .path.display())]
    DiskFull {
        /// The file.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("can't {doing} {}: {source}", .path.display())]
    Io {
        /// What was tried, as in "can't … the file".
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Something that is not in the store was spoken of.
    #[error("there is no {what}")]
    NotFound {
        /// What was looked for, with its id.
        what: String,
    },
    /// The change can't be undone or brought back now.
    #[error("change {change} can't be {verb}: {why}")]
    NotToggleable {
        /// The change.
        change: ChangeId,
        /// `undone` or `brought back`.
        verb: &'static str,
        /// Why not.
        why: &'static str,
    },
    /// The caller asked for something the store can't keep. A mistake in the program.
    #[error("the store can't keep this: {what}")]
    Invalid {
        /// What and why.
        what: String,
    },
    /// Compacting needs the file for itself.
    #[error("the database is in use; try again when nothing else reads or writes it")]
    Busy,
}

/// What every function of the store returns.
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

    /// Names the file in an error that was raised where it was not known.
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
            Self::NotFound { .. } | Self::NotToggleable { .. } | Self::Invalid { .. } | Self::Busy => {}
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
                Self::damaged("the file is shorter than it says")
            }
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

/// Runs `work` so that a panic inside it, which only bytes that redb did not write can cause, becomes
/// [`StoreError::Damaged`]; names `path` in the errors.
pub(super) fn guarded<T>(path: &Path, work: impl FnOnce() -> Result<T>) -> Result<T> {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|error| error.at(path)),
        Err(panic) => {
            let what = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("its structure makes no sense");
            Err(StoreError::Damaged { path: path.into(), what: crate::domain::text::clean(what).into_owned() })
        }
    }
}

impl StoreError {
    pub(super) fn index_without_row() -> Self {
        Self::damaged("an index speaks of a transaction that is not there")
    }
}
