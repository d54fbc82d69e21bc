//! Commands and events of the engine: plain data, so that tests can compare it.

use std::{path::PathBuf, sync::Arc};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{
    ConnectRequest, FoundConnection, ImportOptions, ImportReport, ImportReview, JobFailure, LoginPrompt, SyncReport,
};
use crate::{
    domain::{
        AccountId, AccountSigns, AccountType, AssetCode, Change, ChangeId, ConnectionId, RowPair, TransactionId,
        UserFields,
    },
    providers::Secrets,
};

/// Number of one piece of work, from [`super::Handle::job`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(pub u64);

/// Commands of the engine. Sent by the screen and the command line.
#[derive(Debug, Clone, PartialEq)]
pub enum EngineCommand {
    /// Read files and work out what importing them would do; nothing is written. Answer: `ImportReviewed`.
    ReviewImport {
        /// The job.
        job: JobId,
        /// Files, in the order in which they will be imported.
        paths: Vec<PathBuf>,
        /// How the files are read.
        options: ImportOptions,
    },
    /// Read files and import them without a review between. Answer: `ImportFinished`.
    Import {
        /// The job.
        job: JobId,
        /// Files, in the order in which they will be imported.
        paths: Vec<PathBuf>,
        /// How the files are read.
        options: ImportOptions,
        /// Only work out the figures; write nothing.
        dry_run: bool,
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
    /// Undo a change; without an id, the newest that is not undone. Answer: `ChangeToggled`.
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
    /// The balance of an account at the end of a day, confirmed by the user. Answer: `Edited`.
    StateBalance {
        /// The job.
        job: JobId,
        /// Which account.
        account: AccountId,
        /// The day.
        date: NaiveDate,
        /// Owned, or owed when negative.
        amount: Decimal,
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
    /// The user's signs for an account whose provider's differ; the next sync applies them. Answer: `Edited`.
    SetAccountSigns {
        /// The job.
        job: JobId,
        /// Which account.
        account: AccountId,
        /// Both switches.
        signs: AccountSigns,
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
    /// Merge two rows that are one, or keep them apart for good. Answer: `Edited`.
    DecidePair {
        /// The job.
        job: JobId,
        /// The rows, with `same` or `different`.
        pair: RowPair,
    },
    /// Set the user's fields of rows, as one change. Answer: `Edited`.
    EditTransactions {
        /// The job.
        job: JobId,
        /// Each row with all its user fields.
        edits: Vec<(TransactionId, UserFields)>,
    },
    /// Add an account that is kept by hand. Answer: `Edited`.
    AddAccount {
        /// The job.
        job: JobId,
        /// Its name, unique among the accounts.
        name: String,
        /// Its type.
        account_type: AccountType,
        /// Its currency.
        currency: AssetCode,
    },
    /// Close an account: its rows stay, its balance leaves net worth. Answer: `Edited`.
    CloseAccount {
        /// The job.
        job: JobId,
        /// Which account.
        account: AccountId,
    },
    /// Show two accounts as one from now on; rows that both have are shown once. Answer: `Edited`.
    MergeAccounts {
        /// The job.
        job: JobId,
        /// The account that stays.
        into: AccountId,
        /// The account that is shown under it.
        part: AccountId,
    },
    /// Show the accounts that were merged into one each for itself again. Answer: `Edited`.
    SplitAccount {
        /// The job.
        job: JobId,
        /// The merged account, or one of its parts.
        account: AccountId,
    },
    /// Check a login and find its accounts; nothing is kept yet. An OAuth login answers with `LoginWaiting` on
    /// the way. Answer: `ConnectionChecked`.
    Connect {
        /// The job.
        job: JobId,
        /// The provider and the answers to its fields.
        request: ConnectRequest,
    },
    /// The text pasted for a login: the redirected address, its query, or the bare code.
    SubmitRedirect {
        /// The job of the login.
        job: JobId,
        /// The pasted text, under the name `redirect`; empty when nothing more will be pasted.
        pasted: Secrets,
    },
    /// Keep a checked connection and sync it for the first time. Answer: `Synced`.
    ConfirmConnection {
        /// The job of the check.
        job: JobId,
        /// The user's name for it.
        alias: Option<String>,
        /// Provider ids of accounts to leave out. Accounts of another connection stay with it.
        excluded: Vec<String>,
        /// Make it the new login of this connection, one of [`FoundConnection::known`], instead of a new connection.
        renews: Option<ConnectionId>,
    },
    /// End a connection and wipe its credentials. Answer: `Disconnected`.
    Disconnect {
        /// The job.
        job: JobId,
        /// Which connection.
        connection: ConnectionId,
        /// Also remove its accounts with everything in them.
        remove_data: bool,
    },
    /// Sync connections. Answer: `Synced`.
    Sync {
        /// The job.
        job: JobId,
        /// Which connections; empty means all that can be synced.
        connections: Vec<ConnectionId>,
        /// Also where the last sync was moments ago.
        force: bool,
        /// Fetch rows from this day on instead of from where the last sync ended.
        from: Option<NaiveDate>,
    },
    /// Sync the connections that are due by the schedule. Answer: `Synced`.
    SyncDue {
        /// The job.
        job: JobId,
    },
    /// Open the vault, with the passphrase under the name `passphrase` where it has one. Answer: `Unlocked`.
    Unlock {
        /// The job.
        job: JobId,
        /// The passphrase.
        passphrase: Secrets,
    },
    /// Lock a vault whose passphrase was typed: at once, or when the running work is done. No answer; `VaultLocked`
    /// follows.
    LockVault,
    /// Delete every stored login and set the vault aside. Answer: `VaultReset`.
    ResetVault {
        /// The job.
        job: JobId,
    },
    /// Encrypt the database file with a key of the vault, or decrypt it. The vault must be unlocked. Answer:
    /// `EncryptionSet`.
    SetEncryption {
        /// The job.
        job: JobId,
        /// Whether it is encrypted afterwards.
        encrypted: bool,
    },
    /// Give back the room that the database no longer needs, worth it after a large first import.
    /// Answer: `Compacted`.
    Compact {
        /// The job.
        job: JobId,
    },
    /// Finish or cancel what runs, then stop.
    Shutdown,
}

/// Events of the engine. Every job ends with exactly one of its answers or `JobFailed`.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A job moved on; at most some twenty a second.
    Progress {
        /// The job.
        job: JobId,
        /// How far.
        progress: JobProgress,
    },
    /// Preview of an import.
    ImportReviewed {
        /// The job.
        job: JobId,
        /// File by file.
        review: Arc<ImportReview>,
    },
    /// Result of an import. Files that failed are in it; the others are kept.
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
        /// The change in its new state.
        change: Change,
        /// The connection that counts again and whose login was deleted: it must log in again.
        login_needed: Option<ConnectionId>,
    },
    /// An edit was written.
    Edited {
        /// The job.
        job: JobId,
        /// Its entry in the journal.
        change: ChangeId,
    },
    /// A login waits for the browser, or for the pasted address.
    LoginWaiting {
        /// The job.
        job: JobId,
        /// The prompt.
        login: LoginPrompt,
    },
    /// The pasted text does not end the login, which keeps waiting.
    PasteRejected {
        /// The job.
        job: JobId,
        /// Why.
        message: String,
    },
    /// A login works; these are its accounts. Nothing is kept before `ConfirmConnection`.
    ConnectionChecked {
        /// The job.
        job: JobId,
        /// Accounts and warnings.
        found: FoundConnection,
    },
    /// Syncs ended, well or not.
    Synced {
        /// The job.
        job: JobId,
        /// Connection by connection.
        report: SyncReport,
    },
    /// A connection was ended.
    Disconnected {
        /// The job.
        job: JobId,
        /// Which one.
        connection: ConnectionId,
        /// Why its login may still work at the provider.
        still_valid: Option<String>,
    },
    /// The vault is open.
    Unlocked {
        /// The job.
        job: JobId,
    },
    /// Every stored login was deleted, and the next login makes a new vault.
    VaultReset {
        /// The job.
        job: JobId,
    },
    /// The vault was opened with a typed passphrase, so that it can be locked again.
    VaultOpened,
    /// The vault was locked; its keys are wiped from memory.
    VaultLocked {
        /// Whether an encrypted database was closed with it.
        closed: bool,
    },
    /// The database file was rewritten, encrypted or plain.
    EncryptionSet {
        /// The job.
        job: JobId,
        /// Whether it is encrypted.
        encrypted: bool,
    },
    /// The database takes no more room than it needs.
    Compacted {
        /// The job.
        job: JobId,
    },
    /// A job ended without doing what it was asked; nothing of it stays.
    JobFailed {
        /// The job.
        job: JobId,
        /// Why.
        failure: JobFailure,
    },
    /// The store has changed: views taken before are outdated.
    StoreChanged,
}

impl Event {
    /// The job that this event ends.
    #[must_use]
    pub const fn answers(&self) -> Option<JobId> {
        match self {
            Self::ImportReviewed { job, .. }
            | Self::ImportFinished { job, .. }
            | Self::ChangeToggled { job, .. }
            | Self::Edited { job, .. }
            | Self::ConnectionChecked { job, .. }
            | Self::Synced { job, .. }
            | Self::Disconnected { job, .. }
            | Self::Unlocked { job }
            | Self::VaultReset { job }
            | Self::EncryptionSet { job, .. }
            | Self::Compacted { job }
            | Self::JobFailed { job, .. } => Some(*job),
            Self::Progress { .. }
            | Self::LoginWaiting { .. }
            | Self::PasteRejected { .. }
            | Self::VaultOpened
            | Self::VaultLocked { .. }
            | Self::StoreChanged => None,
        }
    }

    /// The job that this event is about, if it is about one.
    #[must_use]
    pub const fn job(&self) -> Option<JobId> {
        match self {
            Self::Progress { job, .. } | Self::LoginWaiting { job, .. } | Self::PasteRejected { job, .. } => Some(*job),
            other => other.answers(),
        }
    }
}

/// How far a job is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobProgress {
    /// Its current stage.
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
    /// Giving back room of the database.
    Compacting,
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
            Self::Compacting => "compacting",
        }
    }
}
