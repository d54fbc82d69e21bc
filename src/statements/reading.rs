//! The result of reading a file: statements, warnings, and how sure the reading is.
//!
//! Filled by the readers, used by the import in `sync` and by everything that shows a reading.
//! INVARIANT: plain data; every amount is signed from the account's side (money in is positive).

use std::{collections::BTreeMap, fmt};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{Evidence, Question};
use crate::domain::{AccountDraft, HoldingDraft, IdTrust, TransactionDraft, TransactionFacts, Warning};

/// Everything that a file yields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The exact kind of file, in lower case: `qfx`, `camt053`, `mt940`, `csv`. For an archive that of its first statement.
    pub format: &'static str,
    /// In file order; one institution each.
    pub statements: Vec<Statement>,
    /// Everything that could not be used as written, by line. In an archive the message starts with the member's name.
    pub warnings: Vec<Warning>,
    /// How sure the reading is.
    pub verdict: Verdict,
    /// Why it was read this way.
    pub evidence: Vec<Evidence>,
}

impl Reading {
    /// Adds what another part of the file yields.
    pub(super) fn join(&mut self, other: Self) {
        self.statements.extend(other.statements);
        self.warnings.extend(other.warnings);
        self.evidence.extend(other.evidence);
        self.verdict = std::mem::replace(&mut self.verdict, Verdict::Certain).and(other.verdict);
    }
}

/// How sure a reading is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The file's own balances confirm it.
    Proven {
        /// Stated balances that agree with the rows.
        agree: usize,
        /// Stated balances that were compared.
        of: usize,
    },
    /// Only one reading is possible.
    Certain,
    /// Two or more readings are possible; nothing may be written before the answer.
    Question(Question),
}

impl Verdict {
    /// The verdict on two parts together: as sure as the less sure one; an open question comes first.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Question(question), _) | (_, Self::Question(question)) => Self::Question(question),
            (Self::Proven { agree, of }, Self::Proven { agree: more, of: others }) => {
                Self::Proven { agree: agree + more, of: of + others }
            }
            _ => Self::Certain,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Proven { agree, of } => write!(f, "proven: {agree} of {of} balances agree"),
            Self::Certain => f.write_str("certain: one reading is possible"),
            Self::Question(question) => write!(f, "question: {}", question.text),
        }
    }
}

/// The part of a file that comes from one institution and one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The exact kind of document, as [`Reading::format`].
    pub format: &'static str,
    /// How far the rows' ids can be trusted.
    pub id_trust: IdTrust,
    /// The archive member it was read from; `None` outside archives.
    pub member: Option<String>,
    /// 1-based position of the document in its file or member.
    pub document: u32,
    /// The institution that issued it.
    pub institution: Institution,
    /// Its pages in file order. One account may have several pages.
    pub accounts: Vec<StatementAccount>,
}

/// The issuer of a statement, as stated in the file. Every part may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Institution {
    /// The short or full name that the institution uses: `B1`, `Vanguard`.
    pub name: Option<String>,
    /// A number that identifies the institution; unique together with `name` only.
    pub number: Option<String>,
    /// The number of the institution in the register of a program that reads its files.
    pub register_number: Option<String>,
    /// Bank code of the first account: routing number, sort code, national bank code, or a broker's domain.
    pub bank_code: Option<String>,
    /// Business Identifier Code (ISO 9362), 8 or 11 characters.
    pub bic: Option<String>,
    /// Name of the table layout that the file matched.
    pub layout: Option<String>,
}

/// One page of a statement: one account and one period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementAccount {
    /// The account with the newest balance that the page states.
    pub account: AccountDraft,
    /// False when the file names no currency and that of the account is an assumption.
    pub currency_stated: bool,
    /// Its rows, in file order.
    pub transactions: Vec<TransactionDraft>,
    /// Its rows, where the file is so large that they stay in it until they are written; then `transactions` is empty.
    pub rows_in_file: Option<Box<RowsInFile>>,
    /// Its positions; empty for bank and card accounts.
    pub holdings: Vec<HoldingDraft>,
    /// Whether the page lists all positions, even if there are none.
    pub holdings_complete: bool,
    /// First and last day that the page states to cover.
    pub period: Option<(NaiveDate, NaiveDate)>,
    /// Whether the page lists every settled row of `period`.
    pub complete: bool,
    /// The day for which the page lists all pending rows: an earlier pending row that is not listed has ended.
    pub pending_as_of: Option<NaiveDate>,
    /// The booked balance before the first row.
    pub opening: Option<StatedBalance>,
    /// The booked balance after the last row.
    pub closing: Option<StatedBalance>,
    /// Booked balances stated beside single rows, in row order.
    pub running: Vec<RowBalance>,
}

/// The rows of a page that stay in the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowsInFile {
    /// Their list among the lists of the file, from 0.
    pub list: usize,
    /// How many they are.
    pub count: u64,
    /// First and last day of all of them.
    pub first_day: Option<NaiveDate>,
    /// See `first_day`.
    pub last_day: Option<NaiveDate>,
    /// Sums of the settled rows by day, in the currency of the account.
    pub settled: BTreeMap<NaiveDate, Decimal>,
    /// The last row is older than the first.
    pub newest_first: bool,
    /// The first rows of the file, for a look at them.
    pub shown: Vec<TransactionFacts>,
}

/// A balance that belongs to the rows of its page: opening + settled rows = closing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatedBalance {
    /// The day that the statement gives for it.
    pub date: NaiveDate,
    /// Money owned; negative when owed. In the account's currency.
    pub amount: Decimal,
}

/// The balance after a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowBalance {
    /// Index in [`StatementAccount::transactions`].
    pub row: usize,
    /// Money owned; negative when owed.
    pub amount: Decimal,
}

impl StatementAccount {
    /// A page without rows.
    #[must_use]
    pub const fn new(account: AccountDraft) -> Self {
        Self {
            account,
            currency_stated: true,
            transactions: Vec::new(),
            rows_in_file: None,
            holdings: Vec::new(),
            holdings_complete: false,
            period: None,
            complete: false,
            pending_as_of: None,
            opening: None,
            closing: None,
            running: Vec::new(),
        }
    }
}
