//! What is said to the engine and what it says: plain data, so that tests can compare it.

use std::{path::PathBuf, sync::Arc};

use chrono::NaiveDate;

use crate::domain::{
    AccountId, AccountType, Change, ChangeId, ConnectionId, Money, TransactionFacts, TransactionId, UserFields, Warning,
};

/// One piece of work under way, numbered by whoever asked for it ([`super::Handle::job`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(pub u64);

/// What the engine can be asked to do. Sent by the screen and the command line.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Read files and work out what importing them would do; nothing is written. Answer: `ImportReviewed`.
    ReviewImport {
        /// The job.
        job: JobId,
        /// Files, in the order in which they will be imported.
        paths: Vec<PathBuf>,
        /// Put every row into this account instead of the ones the files name.
        account: Option<AccountId>,
    },
    /// Write a reviewed import. Answer: `ImportFinished`.
    CommitImport {
        /// The job of the review.
        job: JobId,
    },
    /// Forget a reviewed import, or stop a job under way; nothing of it stays.
    Cancel {
        /// The job.
        job: JobId,
    },
    /// Take a change back; without an id, the newest that stands. Answer: `ChangeToggled`.
    Undo {
        /// The job.
        job: JobId,
        /// Which change.
        change: Option<ChangeId>,
    },
    /// Bring an undone change back; without an id, the one undone last. Answer: `ChangeToggled`.
    Redo {
        /// The job.
        job: JobId,
        /// Which change.
        change: Option<ChangeId>,
    },
    /// The user's own name for an account; `None` returns to the provider's. Answer: `Edited`.
    RenameAccount {
        /// The job.
        job: JobId,
        /// Which account.
        account: AccountId,
        /// The new name.
        name: Option<String>,
    },
    /// The user's correction of an account's type; `None` returns to the provider's. Answer: `Edited`.
    SetAccountType {
        /// The job.
        job: JobId,
        /// Which account.
        account: AccountId,
        /// The type that applies.
        account_type: Option<AccountType>,
    },
    /// The user's own name for a connection. Answer: `Edited`.
    RenameConnection {
        /// The job.
        job: JobId,
        /// Which connection.
        connection: ConnectionId,
        /// The new name.
        name: Option<String>,
    },
    /// What the user says about a row, as a whole. Answer: `Edited`.
    EditTransaction {
        /// The job.
        job: JobId,
        /// Which row.
        transaction: TransactionId,
        /// All its user fields.
        fields: UserFields,
    },
    /// Finish or cancel what runs, then stop.
    Shutdown,
}

/// What the engine tells. Every job ends with exactly one of its answers or `JobFailed`.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A job moved on; at most some twenty a second.
    Progress {
        /// The job.
        job: JobId,
        /// How far.
        progress: Progress,
    },
    /// What an import would do.
    ImportReviewed {
        /// The job.
        job: JobId,
        /// File by file.
        review: Arc<ImportReview>,
    },
    /// What an import did. Files that failed are in it; the others are kept.
    ImportFinished {
        /// The job.
        job: JobId,
        /// File by file.
        report: ImportReport,
    },
    /// A change was undone or brought back.
    ChangeToggled {
        /// The job.
        job: JobId,
        /// The change, as it stands now.
        change: Change,
    },
    /// An edit was written.
    Edited {
        /// The job.
        job: JobId,
        /// Its entry in the journal.
        change: ChangeId,
    },
    /// A job ended without doing what it was asked; nothing of it stays.
    JobFailed {
        /// The job.
        job: JobId,
        /// Why.
        failure: Failure,
    },
    /// The store holds something new: views taken before are of the past.
    StoreChanged,
}

/// How far a job is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What it is busy with.
    pub stage: Stage,
    /// File or connection it is about.
    pub subject: String,
    /// Done so far, in the unit of `total`.
    pub done: u64,
    /// All there is to do; 0 when unknown.
    pub total: u64,
}

/// The stages of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Reading a file: bytes.
    Reading,
    /// Comparing with what is stored: rows.
    Comparing,
    /// Writing: rows.
    Writing,
    /// Talking to a provider: accounts.
    Fetching,
}

impl Stage {
    /// For people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Comparing => "comparing",
            Self::Writing => "writing",
            Self::Fetching => "fetching",
        }
    }
}

/// A failure in the words of the command line's error object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// A stable word: `not_found`, `invalid_file`, `store`, `cancelled`, `nothing_to_undo`, …
    pub kind: &'static str,
    /// What happened, where.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

/// What importing some files would do.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportReview {
    /// File by file, in import order.
    pub files: Vec<FileReview>,
}

impl ImportReview {
    /// Rows that would be written: added or amended.
    #[must_use]
    pub fn writes(&self) -> usize {
        self.files.iter().flat_map(|file| &file.accounts).map(|account| account.new + account.amended).sum()
    }

    /// Whether committing would do anything at all, an account or a balance included.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.iter().all(|file| file.outcome.is_err() || file.already_imported)
    }
}

/// What importing one file would do.
#[derive(Debug, Clone, PartialEq)]
pub struct FileReview {
    /// The file.
    pub path: PathBuf,
    /// Whether it can be imported.
    pub outcome: Result<(), FileFailure>,
    /// Slug of the provider that recognised it.
    pub provider: String,
    /// Name of the institution.
    pub institution: String,
    /// `qfx`, `ofx` or `qbo`.
    pub format: String,
    /// Whether the very same bytes are in the store and nothing of them was undone since.
    pub already_imported: bool,
    /// Account by account.
    pub accounts: Vec<AccountReview>,
    /// What could not be used as it stood.
    pub warnings: Vec<Warning>,
}

/// Why one file can't be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFailure {
    /// A stable word: `not_found`, `unreadable`, `empty_file`, `unsupported_format`, `no_account`, …
    pub kind: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

/// What an import would do to one account.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountReview {
    /// The account, when it is known already.
    pub account: Option<AccountId>,
    /// Its name on screen.
    pub name: String,
    /// `****7890`.
    pub number_masked: String,
    /// What kind of account.
    pub account_type: AccountType,
    /// Rows not known before.
    pub new: usize,
    /// Rows known before, unchanged.
    pub known: usize,
    /// Rows known before of which something changed.
    pub amended: usize,
    /// Positions the file lists.
    pub holdings: usize,
    /// First and last day of the rows.
    pub period: Option<(NaiveDate, NaiveDate)>,
    /// The statement's balance and its day.
    pub balance: Option<(Money, NaiveDate)>,
    /// Every row with what would happen to it, in file order; empty when the file was imported already.
    pub rows: Arc<[ReviewRow]>,
}

/// One row of a review.
#[derive(Debug, Clone, PartialEq)]
pub struct ReviewRow {
    /// What would happen to it.
    pub state: RowState,
    /// The row.
    pub facts: TransactionFacts,
}

/// What an import would do with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowState {
    /// Add it.
    New,
    /// Nothing: it is there already.
    Known,
    /// Bring the stored row up to date.
    Amended,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportReport {
    /// File by file.
    pub files: Vec<FileReport>,
}

/// What an import did with one file.
#[derive(Debug, Clone, PartialEq)]
pub struct FileReport {
    /// The file.
    pub path: PathBuf,
    /// Slug of the provider that recognised it; empty when none did.
    pub provider: String,
    /// `qfx`, `ofx` or `qbo`.
    pub format: String,
    /// The change, or why there is none. `Ok(None)`: all was known already, nothing was written.
    pub outcome: Result<Option<Change>, FileFailure>,
    /// Accounts seen for the first time.
    pub accounts_imported: u64,
    /// Accounts known before.
    pub accounts_updated: u64,
    /// Rows added.
    pub transactions_imported: u64,
    /// Rows amended.
    pub transactions_updated: u64,
    /// Rows that were there already.
    pub transactions_skipped: u64,
    /// What could not be used as it stood.
    pub warnings: Vec<Warning>,
    /// The result in one sentence.
    pub message: String,
}
