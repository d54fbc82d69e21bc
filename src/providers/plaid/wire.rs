//! Shapes of Plaid's replies (API version 2020-09-14): numbers are JSON numbers, read as text. Only fields that are used are
//! named; all but identities may be missing.

#![expect(clippy::struct_field_names, reason = "the names are those of the interface")]

use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value;

use crate::providers::kit::{IdText, optional_number, optional_text, or_default};

/// `POST /accounts/get`.
#[derive(Deserialize)]
pub(super) struct Accounts {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) accounts: Vec<Value>,
    #[serde(default)]
    pub(super) item: Option<Item>,
}

/// The login at one institution.
#[derive(Deserialize)]
pub(super) struct Item {
    #[serde(default)]
    pub(super) institution_name: Option<String>,
    /// A failure of the login, as Plaid recorded it.
    #[serde(default)]
    pub(super) error: Option<Failure>,
    /// When the user's consent ends, RFC 3339.
    #[serde(default)]
    pub(super) consent_expiration_time: Option<String>,
}

/// An account as every call lists it.
#[derive(Deserialize)]
pub(super) struct Account {
    pub(super) account_id: IdText,
    #[serde(default, deserialize_with = "optional_text")]
    pub(super) mask: Option<IdText>,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) official_name: Option<String>,
    /// `depository`, `credit`, `loan`, `investment`, `brokerage`, `other`.
    #[serde(default, rename = "type")]
    pub(super) class: Option<String>,
    #[serde(default)]
    pub(super) subtype: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) balances: Balances,
}

/// Money owed is positive on credit and loan accounts.
#[derive(Deserialize, Default)]
pub(super) struct Balances {
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) current: Option<Decimal>,
    /// On a card: the credit left.
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) available: Option<Decimal>,
    #[serde(default)]
    pub(super) iso_currency_code: Option<String>,
    #[serde(default)]
    pub(super) unofficial_currency_code: Option<String>,
}

/// `POST /transactions/sync`.
#[derive(Deserialize)]
pub(super) struct SyncPage {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) added: Vec<Value>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) modified: Vec<Value>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) removed: Vec<Removed>,
    pub(super) next_cursor: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) has_more: bool,
    /// `NOT_READY` until the first rows have been collected.
    #[serde(default)]
    pub(super) transactions_update_status: Option<String>,
}

/// A row that was withdrawn.
#[derive(Deserialize)]
pub(super) struct Removed {
    pub(super) transaction_id: IdText,
    #[serde(default, deserialize_with = "optional_text")]
    pub(super) account_id: Option<IdText>,
}

/// A row; money out of the account is positive.
#[derive(Deserialize)]
pub(super) struct Transaction {
    pub(super) transaction_id: IdText,
    pub(super) account_id: IdText,
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) amount: Option<Decimal>,
    #[serde(default)]
    pub(super) iso_currency_code: Option<String>,
    #[serde(default)]
    pub(super) unofficial_currency_code: Option<String>,
    #[serde(default)]
    pub(super) date: Option<String>,
    #[serde(default)]
    pub(super) datetime: Option<String>,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) merchant_name: Option<String>,
    #[serde(default)]
    pub(super) original_description: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) pending: bool,
    #[serde(default, deserialize_with = "optional_text")]
    pub(super) pending_transaction_id: Option<IdText>,
    #[serde(default, deserialize_with = "optional_text")]
    pub(super) check_number: Option<IdText>,
    #[serde(default)]
    pub(super) personal_finance_category: Option<Category>,
    #[serde(default)]
    pub(super) transaction_code: Option<String>,
}

/// Plaid's two levels of categories: `INCOME` and `INCOME_DIVIDENDS`.
#[derive(Deserialize)]
pub(super) struct Category {
    #[serde(default)]
    pub(super) primary: Option<String>,
    #[serde(default)]
    pub(super) detailed: Option<String>,
}

/// `POST /investments/holdings/get`.
#[derive(Deserialize)]
pub(super) struct Holdings {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) holdings: Vec<Value>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) securities: Vec<Value>,
}

/// A position: `quantity` of options counts shares of the underlying; `cost_basis` is the total that was paid.
#[derive(Deserialize)]
pub(super) struct Holding {
    pub(super) account_id: IdText,
    pub(super) security_id: IdText,
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) quantity: Option<Decimal>,
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) institution_price: Option<Decimal>,
    #[serde(default)]
    pub(super) institution_price_as_of: Option<String>,
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) institution_value: Option<Decimal>,
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) cost_basis: Option<Decimal>,
    #[serde(default)]
    pub(super) iso_currency_code: Option<String>,
    #[serde(default)]
    pub(super) unofficial_currency_code: Option<String>,
}

/// A security that holdings and investment rows refer to by its id.
#[derive(Deserialize)]
pub(super) struct Security {
    pub(super) security_id: IdText,
    #[serde(default, deserialize_with = "optional_text")]
    pub(super) ticker_symbol: Option<IdText>,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default, rename = "type")]
    pub(super) class: Option<String>,
    #[serde(default, deserialize_with = "optional_text")]
    pub(super) isin: Option<IdText>,
    #[serde(default, deserialize_with = "optional_text")]
    pub(super) cusip: Option<IdText>,
    #[serde(default)]
    pub(super) is_cash_equivalent: Option<bool>,
}

/// `POST /investments/transactions/get`.
#[derive(Deserialize)]
pub(super) struct InvestmentPage {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) investment_transactions: Vec<Value>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) securities: Vec<Value>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) total_investment_transactions: u64,
}

/// A row of an investment account; cash out of the account is positive, shares bought are positive.
#[derive(Deserialize)]
pub(super) struct InvestmentTransaction {
    pub(super) investment_transaction_id: IdText,
    pub(super) account_id: IdText,
    #[serde(default, deserialize_with = "optional_text")]
    pub(super) security_id: Option<IdText>,
    /// Usually the settlement date.
    #[serde(default)]
    pub(super) date: Option<String>,
    #[serde(default)]
    pub(super) transaction_datetime: Option<String>,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) quantity: Option<Decimal>,
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) amount: Option<Decimal>,
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) price: Option<Decimal>,
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) fees: Option<Decimal>,
    /// `buy`, `sell`, `cancel`, `cash`, `fee`, `transfer`.
    #[serde(default, rename = "type")]
    pub(super) class: Option<String>,
    #[serde(default)]
    pub(super) subtype: Option<String>,
    #[serde(default)]
    pub(super) iso_currency_code: Option<String>,
    #[serde(default)]
    pub(super) unofficial_currency_code: Option<String>,
}

/// `POST /link/token/create`.
#[derive(Deserialize)]
pub(super) struct LinkToken {
    pub(super) link_token: String,
    #[serde(default)]
    pub(super) hosted_link_url: Option<String>,
    #[serde(default)]
    pub(super) expiration: Option<String>,
}

/// `POST /link/token/get`.
#[derive(Deserialize)]
pub(super) struct LinkStatus {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) link_sessions: Vec<LinkSession>,
}

/// One visit of the hosted page.
#[derive(Deserialize)]
pub(super) struct LinkSession {
    #[serde(default)]
    pub(super) finished_at: Option<String>,
    #[serde(default)]
    pub(super) results: Option<LinkResults>,
    /// Older team settings give this in place of `results`.
    #[serde(default)]
    pub(super) on_success: Option<LinkSuccess>,
    #[serde(default)]
    pub(super) exit: Option<LinkExit>,
    /// Older team settings give this in place of `exit`.
    #[serde(default)]
    pub(super) on_exit: Option<LinkExit>,
}

/// The logins that were made during a visit.
#[derive(Deserialize)]
pub(super) struct LinkResults {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) item_add_results: Vec<LinkSuccess>,
}

/// A login that was made.
#[derive(Deserialize)]
pub(super) struct LinkSuccess {
    pub(super) public_token: String,
}

/// A visit that ended without a login.
#[derive(Deserialize)]
pub(super) struct LinkExit {
    #[serde(default)]
    pub(super) error: Option<Failure>,
}

/// `POST /item/public_token/exchange`.
#[derive(Deserialize)]
pub(super) struct Exchange {
    pub(super) access_token: String,
    #[serde(default)]
    pub(super) item_id: Option<String>,
}

/// The body of a failure, with HTTP 400 for most causes.
#[derive(Deserialize)]
pub(super) struct Failure {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) error_type: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) error_code: String,
    #[serde(default)]
    pub(super) error_message: Option<String>,
    #[serde(default)]
    pub(super) display_message: Option<String>,
}
