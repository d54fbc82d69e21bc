//! Schwab's replies: camel case, numbers as JSON numbers (read as text), two forms of timestamps.

#![expect(clippy::struct_field_names, reason = "the names are those of the interface")]

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::providers::kit::{IdText, optional_number, optional_text, or_default};

/// One of `GET /accounts/accountNumbers`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AccountNumber {
    pub(super) account_number: IdText,
    pub(super) hash_value: String,
}

/// `GET /userPreference`.
#[derive(Deserialize)]
pub(super) struct Preference {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) accounts: Vec<PreferredAccount>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PreferredAccount {
    #[serde(default, deserialize_with = "optional_text")]
    pub(super) account_number: Option<IdText>,
    #[serde(default)]
    pub(super) nick_name: Option<String>,
}

/// One of `GET /accounts`, or `GET /accounts/{hash}`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Account {
    pub(super) securities_account: SecuritiesAccount,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) aggregated_balance: Balances,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SecuritiesAccount {
    /// `CASH` or `MARGIN`.
    #[serde(default)]
    pub(super) r#type: Option<String>,
    pub(super) account_number: IdText,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) positions: Vec<Value>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) current_balances: Balances,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct Balances {
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) liquidation_value: Option<Decimal>,
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) cash_balance: Option<Decimal>,
    /// Cash accounts.
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) total_cash: Option<Decimal>,
    /// Margin accounts.
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) available_funds: Option<Decimal>,
    /// Cash accounts.
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) cash_available_for_trading: Option<Decimal>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Position {
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) long_quantity: Option<Decimal>,
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) short_quantity: Option<Decimal>,
    /// Per share, for options too.
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) average_price: Option<Decimal>,
    /// Negative when short.
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) market_value: Option<Decimal>,
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) long_open_profit_loss: Option<Decimal>,
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) short_open_profit_loss: Option<Decimal>,
    pub(super) instrument: Instrument,
}

#[derive(Deserialize, Default, Clone)]
#[serde(rename_all = "camelCase")]
pub(super) struct Instrument {
    #[serde(default)]
    pub(super) asset_type: Option<String>,
    #[serde(default)]
    pub(super) symbol: Option<String>,
    #[serde(default)]
    pub(super) description: Option<String>,
    #[serde(default)]
    pub(super) cusip: Option<String>,
    /// Kind within the asset type: `EXCHANGE_TRADED_FUND`, `VANILLA`.
    #[serde(default)]
    pub(super) r#type: Option<String>,
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) option_premium_multiplier: Option<Decimal>,
}

/// One of `GET /accounts/{hash}/transactions`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Activity {
    #[serde(default, deserialize_with = "optional_text")]
    pub(super) activity_id: Option<IdText>,
    #[serde(default)]
    pub(super) time: Option<String>,
    #[serde(default)]
    pub(super) trade_date: Option<String>,
    /// Old rows.
    #[serde(default)]
    pub(super) transaction_date: Option<String>,
    #[serde(default)]
    pub(super) settlement_date: Option<String>,
    pub(super) r#type: String,
    /// Old rows: two letters.
    #[serde(default)]
    pub(super) transaction_sub_type: Option<String>,
    #[serde(default)]
    pub(super) status: Option<String>,
    #[serde(default)]
    pub(super) description: Option<String>,
    #[serde(default, deserialize_with = "optional_text")]
    pub(super) order_id: Option<IdText>,
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) net_amount: Option<Decimal>,
    #[serde(default, alias = "transactionItem", deserialize_with = "one_or_many")]
    pub(super) transfer_items: Vec<Leg>,
}

#[derive(Deserialize, Clone)]
#[serde(rename_all = "camelCase")]
pub(super) struct Leg {
    /// Signed quantity: into the account positive.
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) amount: Option<Decimal>,
    /// Signed cash: into the account positive.
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) cost: Option<Decimal>,
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) price: Option<Decimal>,
    #[serde(default)]
    pub(super) fee_type: Option<String>,
    /// `OPENING` or `CLOSING`.
    #[serde(default)]
    pub(super) position_effect: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) instrument: Instrument,
}

/// Old rows have one leg instead of a list of them.
fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Leg>, D::Error> {
    let items = match Value::deserialize(deserializer)? {
        Value::Array(items) => items,
        Value::Null => Vec::new(),
        other => vec![other],
    };
    items.into_iter().map(serde_json::from_value).collect::<Result<_, _>>().map_err(serde::de::Error::custom)
}
