//! The pieces an adapter hands over while it fetches, and the sink that takes them.
//!
//! Sent by adapters, taken by the engine and by tests. INVARIANT: a chunk is everything between two chunk ends; a
//! chunk is stored as a whole, together with its cursor, or not at all.

use async_trait::async_trait;
use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::domain::{
    AccountDraft, AssetCode, BalanceDraft, Capability, HoldingDraft, ProviderError, TransactionDraft, Warning,
};

/// Takes pieces. Waits while a chunk is written, so an adapter never runs ahead of the store.
#[async_trait]
pub trait Sink: Send {
    /// Takes one piece. After an error the adapter stops and returns that error.
    async fn send(&mut self, piece: Piece) -> Result<(), ProviderError>;
}

/// One piece of news. Accounts are named by their `provider_account_id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Accounts of the connection. Must precede all other pieces about these accounts.
    Accounts(Listing<AccountDraft>),
    /// Rows of one account.
    Rows {
        /// Which account.
        account: String,
        /// In the provider's order.
        rows: Vec<TransactionDraft>,
    },
    /// Days of one account whose rows, pending ones included, were all handed over in this pass.
    Window {
        /// Which account.
        account: String,
        /// First day; `None` is the beginning of the account.
        from: Option<NaiveDate>,
        /// Last day, included.
        to: NaiveDate,
    },
    /// Settled rows of one account whose ids are unique: all from this day on were handed over in this chunk, so a stored one
    /// that was not is withdrawn.
    Everything {
        /// Which account.
        account: String,
        /// First day.
        from: NaiveDate,
    },
    /// Rows that the provider withdrew.
    Removed {
        /// Which account; `None` where the provider does not name it.
        account: Option<String>,
        /// Provider ids of the rows.
        ids: Vec<String>,
    },
    /// Positions of one account.
    Holdings {
        /// Which account.
        account: String,
        /// The positions.
        listing: Listing<HoldingDraft>,
    },
    /// Balances of one account in several currencies, its own included.
    Balances {
        /// Which account.
        account: String,
        /// The day they are stated for.
        date: NaiveDate,
        /// One per currency.
        balances: Vec<CurrencyBalance>,
    },
    /// End-of-day balances of earlier days. A stated day replaces what an earlier sync captured during that day.
    BalanceHistory {
        /// Which account.
        account: String,
        /// In any order.
        balances: Vec<BalanceDraft>,
    },
    /// Terms of a debt.
    Liability {
        /// Which account.
        account: String,
        /// The terms.
        terms: LiabilityDraft,
    },
    /// Exchange rates.
    Rates(Vec<RateDraft>),
    /// Prices of securities.
    Prices(Vec<PriceDraft>),
    /// A position in the provider's data under a key of the adapter's choice. Ends the chunk.
    Cursor {
        /// Key in [`super::FetchPlan::cursor`]. Use the provider's account id in keys of single accounts.
        key: String,
        /// Meaningful to the adapter alone. Holds no secrets.
        value: String,
    },
    /// Ends a chunk that needs no cursor.
    ChunkEnd,
    /// Something that could not be fetched. The rest of the pass goes on.
    Problem(ScopedFailure),
    /// Something that could not be used as it was.
    Warning(Warning),
    /// The provider changed its data while it was read: drop everything this pass handed over and read again.
    BeginAgain,
    /// Progress in accounts.
    Progress {
        /// Accounts completed.
        done: u64,
        /// All accounts; 0 if unknown.
        total: u64,
    },
}

/// A complete or partial list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing<T> {
    /// The items.
    pub items: Vec<T>,
    /// Whether these are all items. Only then an absent item means that it is gone.
    pub complete: bool,
    /// Items that could not be used; `line` is the position in the reply.
    pub warnings: Vec<Warning>,
}

impl<T> Listing<T> {
    /// A complete list.
    #[must_use]
    pub const fn complete(items: Vec<T>) -> Self {
        Self { items, complete: true, warnings: Vec::new() }
    }

    /// An empty list that may lack items.
    #[must_use]
    pub const fn unknown() -> Self {
        Self { items: Vec::new(), complete: false, warnings: Vec::new() }
    }
}

/// A balance in one of several currencies of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct CurrencyBalance {
    /// The currency.
    pub currency: AssetCode,
    /// Money owned; negative when owed.
    pub current: Decimal,
    /// Money that can be spent now.
    pub available: Option<Decimal>,
}

/// Terms of a card, loan or mortgage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct LiabilityDraft {
    /// Credit limit, positive.
    #[serde(default)]
    pub limit: Option<Decimal>,
    /// Yearly interest in percent.
    #[serde(default)]
    pub interest_percent: Option<Decimal>,
    /// Smallest payment due, positive.
    #[serde(default)]
    pub minimum_payment: Option<Decimal>,
    /// Day on which the payment is due.
    #[serde(default)]
    pub due_date: Option<NaiveDate>,
    /// Balance of the last statement, positive when owed.
    #[serde(default)]
    pub statement_balance: Option<Decimal>,
}

/// The exchange rate of a day: one unit of `from` costs `rate` units of `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RateDraft {
    /// The day.
    pub date: NaiveDate,
    /// Priced currency.
    pub from: AssetCode,
    /// Currency of the price.
    pub to: AssetCode,
    /// Units of `to` per unit of `from`.
    pub rate: Decimal,
}

/// The price of a security on a day.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PriceDraft {
    /// The day.
    pub date: NaiveDate,
    /// Ticker, or the provider's identifier.
    pub symbol: String,
    /// Price of one unit.
    pub price: Decimal,
    /// Currency of the price.
    pub currency: AssetCode,
}

/// A failure that concerns a part of the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopedFailure {
    /// The affected part.
    pub scope: FailureScope,
    /// The failure.
    pub error: ProviderError,
}

/// The part of a connection that a failure concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailureScope {
    /// All of it, although the pass goes on.
    Connection,
    /// One of several institutions behind the connection, by the name its accounts carry.
    Institution(String),
    /// One account.
    Account(String),
    /// One kind of data of one account.
    Part(String, Capability),
}

impl ScopedFailure {
    /// A problem with one kind of data of one account.
    #[must_use]
    pub fn part(account: &str, part: Capability, error: ProviderError) -> Self {
        Self { scope: FailureScope::Part(account.to_owned(), part), error }
    }

    /// A problem with one account.
    #[must_use]
    pub fn account(account: &str, error: ProviderError) -> Self {
        Self { scope: FailureScope::Account(account.to_owned()), error }
    }
}

/// Collects pieces: for checks of new connections and for tests.
#[async_trait]
impl Sink for Vec<Piece> {
    async fn send(&mut self, piece: Piece) -> Result<(), ProviderError> {
        if piece == Piece::BeginAgain {
            self.clear();
        } else {
            self.push(piece);
        }
        Ok(())
    }
}
