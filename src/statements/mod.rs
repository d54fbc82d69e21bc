//! Statement files: bytes in, a [`Statement`] and warnings out.
//!
//! Used by the import in `sync`. INVARIANT: pure; no IO, no clock, no panic on any input, linear time.

pub mod container;
pub mod institution;
pub mod ofx;

use chrono::NaiveDate;

use crate::domain::{AccountDraft, HoldingDraft, TransactionDraft, Warning};

/// Who issued a statement, as the file says. Every part may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Institution {
    /// `FI > ORG`: `B1`, `Vanguard`.
    pub org: Option<String>,
    /// `FI > FID`: `10898`.
    pub fid: Option<String>,
    /// `INTU.BID`, Intuit's number of the bank.
    pub bid: Option<String>,
    /// `BANKID` or `BROKERID` of the first account: routing number, sort code, broker's domain.
    pub bank_id: Option<String>,
}

/// One statement inside a file: an account, the rows of one period, what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementAccount {
    /// The account with its balance.
    pub account: AccountDraft,
    /// Its rows, in file order.
    pub transactions: Vec<TransactionDraft>,
    /// Its positions; empty for bank and card accounts.
    pub holdings: Vec<HoldingDraft>,
    /// Whether the file lists all positions (an `INVPOSLIST` was there, even an empty one).
    pub holdings_complete: bool,
    /// The first and last day the statement speaks for, where it says so.
    pub period: Option<(NaiveDate, NaiveDate)>,
}

/// What a file holds. Accounts that occur in several statements of one file are merged into one entry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Statement {
    /// Who issued it.
    pub institution: Institution,
    /// Its accounts, in file order.
    pub accounts: Vec<StatementAccount>,
    /// What could not be used as it stood, in file order.
    pub warnings: Vec<Warning>,
}

/// How much of a file is accepted before it is refused as hostile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file, after unpacking.
    pub bytes: u64,
    /// Aggregates open at once.
    pub depth: usize,
    /// Transactions in the file.
    pub rows: usize,
    /// Warnings kept; further ones are counted in a last one.
    pub warnings: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 2 << 30, depth: 200, rows: 20_000_000, warnings: 1_000 }
    }
}

/// Why a file yields nothing at all. Whatever yields a row is a [`Statement`] with warnings instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// No bytes, or only blanks.
    #[error("the file is empty")]
    Empty,
    /// It is something else; says what to download instead.
    #[error("{found}; {hint}")]
    NotAStatement {
        /// What it seems to be.
        found: String,
        /// What to do instead.
        hint: String,
    },
    /// An OFX file in which no account is named.
    #[error("the file names no account; download the statement again, choosing QFX or OFX")]
    NoAccount,
    /// Beyond [`Limits`].
    #[error(
        "{what} is more than the limit of {limit}; raise `[import] {setting}` in the configuration if the file is genuine"
    )]
    TooLarge {
        /// What there is too much of, with its figure.
        what: String,
        /// The limit.
        limit: u64,
        /// The name of the setting.
        setting: &'static str,
    },
    /// The institution answered with an error instead of a statement (`STATUS` with `SEVERITY` `ERROR`).
    #[error("the institution answered with error {code}{}", .message.as_ref().map(|text| format!(": {text}")).unwrap_or_default())]
    Refused {
        /// The OFX status code.
        code: String,
        /// Its message, if it gives one.
        message: Option<String>,
    },
    /// The caller stopped it.
    #[error("stopped")]
    Cancelled,
}
