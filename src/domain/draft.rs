//! Output of adapters and statement readers, before reconciling with stored rows.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{AccountType, AssetCode, HoldingFacts, Text, TransactionFacts, UserFields};

/// Something that could not be used as it stood, and what was done about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// 1-based line in the source; 0 when it concerns the whole.
    pub line: u32,
    /// What, where and what was done, in one sentence.
    pub message: String,
}

impl Warning {
    /// A warning about `line` (0: about the whole source).
    #[must_use]
    pub fn new(line: u32, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }
}

/// An account as a source describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountDraft {
    /// The provider's identity, unique within the connection and stable between fetches.
    pub provider_account_id: String,
    /// The full number where known; only its mask is ever shown.
    pub number: String,
    /// The source's name for it, if it gives one.
    pub name: Option<String>,
    /// Account type.
    pub account_type: AccountType,
    /// Currency of its balance.
    pub currency: AssetCode,
    /// Its balance, if the source states one; absent is not zero.
    pub balance: Option<BalanceDraft>,
    /// False when the source reports it closed.
    pub is_active: bool,
    /// The institution that holds it, where one connection reaches several.
    pub institution: Option<String>,
}

impl AccountDraft {
    /// The provider's identity without the currency that sets accounts of one number apart.
    #[must_use]
    pub fn number_identity(&self) -> &str {
        super::account::without_currency(&self.provider_account_id, self.currency)
    }
}

/// A balance as a source states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BalanceDraft {
    /// The day it was true.
    pub date: NaiveDate,
    /// Money owned; negative when owed.
    pub current: Decimal,
    /// Money available now; on a card the remaining credit.
    pub available: Option<Decimal>,
    /// The part in securities.
    pub holdings_value: Option<Decimal>,
    /// The part in cash.
    pub cash_value: Option<Decimal>,
}

/// Correction of an earlier row by the institution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Correction {
    /// This row takes the place of the one with that provider id.
    Replaces(Text),
    /// The row with that provider id is void; this row only announces it.
    Deletes(Text),
}

/// How far a source's row ids can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdTrust {
    /// An id always means the same row: the ids of most web interfaces.
    Unique,
    /// Ids may be missing, reused or renumbered: a stored row matches only if it also looks like the same row.
    Reusable,
}

/// A row as a source describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionDraft {
    /// As the institution states it.
    pub facts: TransactionFacts,
    /// Whether it corrects an earlier row.
    pub correction: Option<Box<Correction>>,
    /// Provider id of the pending row that this one is the posted form of, where the provider links them.
    pub pending_id: Option<Box<str>>,
    /// Fields of the user that go with the row if it is new: those of a table that this program wrote. Stored rows keep theirs.
    pub user: Option<Box<UserFields>>,
}

impl From<TransactionFacts> for TransactionDraft {
    fn from(facts: TransactionFacts) -> Self {
        Self { facts, correction: None, pending_id: None, user: None }
    }
}

/// A position as a source describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldingDraft {
    /// As the institution states it.
    pub facts: HoldingFacts,
    /// The day it was true.
    pub as_of: NaiveDate,
}
