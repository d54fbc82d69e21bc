//! Balance of an account on one day.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{AccountId, AssetCode, ChangeId, vocabulary};

vocabulary! {
    /// The kind of change that stated a balance.
    pub enum SnapshotSource {
        AccountSync = "account_sync",
        HoldingsSync = "holdings_sync",
        ManualSync = "manual_sync",
        ScheduledSync = "scheduled_sync",
        InitialConnection = "initial_connection",
        /// A statement file stated it.
        Statement = "statement",
        /// The user stated it.
        Manual = "manual",
    }
}

/// An account's balance on one day; at most one per account and day; the last one wins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Whose balance.
    pub account_id: AccountId,
    /// The institution's calendar day on which it was true.
    pub date: NaiveDate,
    /// The change that wrote this version.
    pub change_id: ChangeId,
    /// Money owned; negative when owed.
    pub balance: Decimal,
    /// Money available then; on a card the remaining credit.
    pub available: Option<Decimal>,
    /// The part in securities.
    pub holdings_value: Option<Decimal>,
    /// The part in cash.
    pub cash_value: Option<Decimal>,
    /// Currency of the figures.
    pub currency: AssetCode,
    /// Its source.
    pub source: SnapshotSource,
    /// When it was taken.
    pub captured_at: DateTime<Utc>,
}
