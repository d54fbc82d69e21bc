//! Results of jobs: plain data.

use std::{path::PathBuf, sync::Arc};

use chrono::{DateTime, NaiveDate, Utc};

use super::JobFailure;
use crate::{
    domain::{
        AccountDraft, AccountId, AccountType, Change, ChangeId, Connection, ConnectionId, ConnectionStatus, Money,
        TransactionFacts, Warning,
    },
    providers::{Secrets, kit::CallbackError},
    statements::{Evidence, Verdict},
};

/// Preview of an import.
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

/// Why a file was read the way it was.
#[derive(Debug, Clone, PartialEq)]
pub struct Basis {
    /// How sure the reading is.
    pub verdict: Verdict,
    /// Reasons for and against it.
    pub evidence: Vec<Evidence>,
}

impl Basis {
    /// The verdict, then the reasons for (`+`) and against it (`-`), a line each. Empty where nothing had to be
    /// decided.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        if self.verdict == Verdict::Certain && self.evidence.is_empty() {
            return Vec::new();
        }
        let reason = |evidence: &Evidence| format!("{} {}", if evidence.supports { '+' } else { '-' }, evidence.text);
        std::iter::once(self.verdict.to_string()).chain(self.evidence.iter().map(reason)).collect()
    }
}

impl Default for Basis {
    fn default() -> Self {
        Self { verdict: Verdict::Certain, evidence: Vec::new() }
    }
}

/// Preview of one file.
#[derive(Debug, Clone, PartialEq)]
pub struct FileReview {
    /// The file.
    pub path: PathBuf,
    /// Whether it can be imported.
    pub outcome: Result<(), JobFailure>,
    /// Slug of the provider that recognised it.
    pub provider: String,
    /// Name of the institution.
    pub institution: String,
    /// `qfx`, `ofx` or `qbo`.
    pub format: String,
    /// Whether the very same bytes are in the store and nothing of them was undone since.
    pub already_imported: bool,
    /// How the file was read.
    pub basis: Basis,
    /// Account by account.
    pub accounts: Vec<AccountReview>,
    /// Data that could not be used.
    pub warnings: Vec<Warning>,
}

/// Preview of one account.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountReview {
    /// The account, when it is known already.
    pub account: Option<AccountId>,
    /// Its name on screen.
    pub name: String,
    /// `****7890`.
    pub number_masked: String,
    /// Account type.
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
    /// The rows with what would happen to each, in file order: all, or the first of a large file; empty when the file was
    /// imported already.
    pub rows: Arc<[ReviewRow]>,
}

/// One row of a review.
#[derive(Debug, Clone, PartialEq)]
pub struct ReviewRow {
    /// Its state after the import.
    pub state: RowState,
    /// The row.
    pub facts: TransactionFacts,
}

/// Effect of an import on a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowState {
    /// Add it.
    New,
    /// Add it, marked: it may be the same as another row.
    Doubtful,
    /// Nothing: it is there already.
    Known,
    /// Bring the stored row up to date.
    Amended,
}

impl RowState {
    /// Whether a row of this state is listed where rows of `shown` are: a doubtful one is new.
    #[must_use]
    pub const fn is_shown_as(self, shown: Self) -> bool {
        matches!(
            (self, shown),
            (Self::New | Self::Doubtful, Self::New)
                | (Self::Doubtful, Self::Doubtful)
                | (Self::Known, Self::Known)
                | (Self::Amended, Self::Amended)
        )
    }
}

/// Result of an import.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportReport {
    /// File by file.
    pub files: Vec<FileReport>,
}

/// Result of one file.
#[derive(Debug, Clone, PartialEq)]
pub struct FileReport {
    /// The file.
    pub path: PathBuf,
    /// Slug of the provider that recognised it; empty when none did.
    pub provider: String,
    /// `qfx`, `ofx` or `qbo`.
    pub format: String,
    /// The change, or why there is none. `Ok(None)`: all was known already, nothing was written.
    pub outcome: Result<Option<Change>, JobFailure>,
    /// Whether it was not written because another file asks a question.
    pub is_waiting: bool,
    /// How the file was read.
    pub basis: Basis,
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
    /// Data that could not be used.
    pub warnings: Vec<Warning>,
    /// The result in one sentence.
    pub message: String,
}

/// Request for a connection.
#[derive(Debug, Clone, PartialEq)]
pub struct ConnectRequest {
    /// Slug of the provider.
    pub provider: String,
    /// The connection to repair; `None` makes a new one.
    pub connection: Option<ConnectionId>,
    /// Answers to the provider's fields.
    pub answers: Secrets,
}

/// A login that waits for the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginPrompt {
    /// To open in a browser. Good for this login only.
    pub url: String,
    /// How the login comes to its end.
    pub ending: LoginEnding,
    /// Whether a browser was started.
    pub browser_opened: bool,
    /// When the login is given up.
    pub expires_at: DateTime<Utc>,
}

impl LoginPrompt {
    /// The address that the browser is sent back to; `None` where the login is finished on the page itself.
    #[must_use]
    pub const fn callback_url(&self) -> Option<&str> {
        match &self.ending {
            LoginEnding::Redirect { callback_url, .. } => Some(callback_url.as_str()),
            LoginEnding::Page => None,
        }
    }
}

/// How a login in the browser comes to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginEnding {
    /// The browser is sent back to an address.
    Redirect {
        /// The callback address, exactly as it must be registered.
        callback_url: String,
        /// Whether the redirect is caught here; otherwise why not, and it must be pasted.
        listening: Result<Listening, CallbackError>,
    },
    /// The user finishes on the page, and the provider is asked for the outcome until then.
    Page,
}

/// How the redirect is caught.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listening {
    /// SHA-256 of the certificate that the browser will warn about, for https callbacks.
    pub fingerprint: Option<String>,
}

/// A login that works.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundConnection {
    /// Slug of the provider.
    pub provider: String,
    /// Name of the institution.
    pub institution: String,
    /// The environment in which it works.
    pub environment: Option<String>,
    /// Its accounts.
    pub accounts: Vec<AccountDraft>,
    /// When repairing: none of these accounts was there before, so it may be another person's login.
    pub is_different: bool,
    /// Other connections of the provider that have some of these accounts already.
    pub known: Vec<KnownConnection>,
    /// Warnings about it.
    pub warnings: Vec<Warning>,
}

/// A connection that has accounts which a new login opens too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownConnection {
    /// Which one.
    pub id: ConnectionId,
    /// Its name on screen.
    pub name: String,
    /// Provider ids of the accounts.
    pub accounts: Vec<String>,
}

impl FoundConnection {
    /// The other connection that has this account.
    #[must_use]
    pub fn elsewhere(&self, provider_account_id: &str) -> Option<&KnownConnection> {
        self.known.iter().find(|known| known.accounts.iter().any(|account| account == provider_account_id))
    }

    /// The connection that gets this login instead of a new one, where a new one would have no other account.
    #[must_use]
    pub fn same_as(&self) -> Option<&KnownConnection> {
        let all_known = self.accounts.iter().all(|account| self.elsewhere(&account.provider_account_id).is_some());
        self.known.first().filter(|_| all_known)
    }
}

/// Result of syncs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SyncReport {
    /// Connection by connection.
    pub connections: Vec<ConnectionReport>,
}

/// Result of syncing one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionReport {
    /// Which connection.
    pub id: ConnectionId,
    /// Slug of its provider.
    pub provider: String,
    /// Its name on screen.
    pub name: String,
    /// Its state afterwards.
    pub status: ConnectionStatus,
    /// Account by account.
    pub accounts: Vec<SyncedAccount>,
    /// Rows added.
    pub transactions_imported: u64,
    /// Rows amended.
    pub transactions_updated: u64,
    /// Rows withdrawn.
    pub transactions_removed: u64,
    /// Positions written.
    pub holdings: u64,
    /// The change, unless nothing was new.
    pub change_id: Option<ChangeId>,
    /// Why the whole connection failed or was left alone.
    pub error: Option<JobFailure>,
    /// Data that could not be used.
    pub warnings: Vec<Warning>,
}

impl ConnectionReport {
    /// The report of a connection before anything is done.
    pub(super) fn new(connection: &Connection) -> Self {
        Self {
            id: connection.id,
            provider: connection.provider.clone(),
            name: connection.display_name().to_owned(),
            status: connection.status,
            accounts: Vec::new(),
            transactions_imported: 0,
            transactions_updated: 0,
            transactions_removed: 0,
            holdings: 0,
            change_id: None,
            error: None,
            warnings: Vec::new(),
        }
    }

    /// Whether everything that was asked for arrived.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.error.is_none() && self.accounts.iter().all(|account| account.result == AccountResult::Ok)
    }
}

/// Result of a sync for one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncedAccount {
    /// Which account; `None` when it could not even be stored.
    pub id: Option<AccountId>,
    /// Its name on screen.
    pub name: String,
    /// How it went.
    pub result: AccountResult,
    /// The missing part and the reason.
    pub reason: Option<String>,
}

/// How a sync of one account went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AccountResult {
    /// Everything arrived.
    Ok,
    /// Some of it did.
    Partial,
    /// Nothing did.
    Failed,
}
