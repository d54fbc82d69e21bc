//! Alpaca's replies: every number is a string. Only used fields are declared; all but identities may be missing.

#![expect(clippy::struct_field_names, reason = "the names are those of the interface")]

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;

use crate::providers::kit::{IdText, decimal, optional_number, optional_text, or_default};

/// `GET /v2/account`.
#[derive(Deserialize)]
pub(super) struct Account {
    pub(super) id: IdText,
    #[serde(default, deserialize_with = "optional_text")]
    pub(super) account_number: Option<IdText>,
    #[serde(default)]
    pub(super) status: Option<String>,
    #[serde(default)]
    pub(super) currency: Option<String>,
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) cash: Option<Decimal>,
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) equity: Option<Decimal>,
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) portfolio_value: Option<Decimal>,
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) long_market_value: Option<Decimal>,
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) short_market_value: Option<Decimal>,
    #[serde(default)]
    pub(super) created_at: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) account_blocked: bool,
}

/// One of `GET /v2/positions`.
#[derive(Deserialize)]
pub(super) struct Position {
    #[serde(default, deserialize_with = "optional_text")]
    pub(super) asset_id: Option<IdText>,
    pub(super) symbol: IdText,
    #[serde(default)]
    pub(super) asset_class: Option<String>,
    /// `long` or `short`.
    #[serde(default)]
    pub(super) side: Option<String>,
    #[serde(deserialize_with = "number")]
    pub(super) qty: Decimal,
    /// Negative when short.
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) market_value: Option<Decimal>,
    /// For options already a hundredfold.
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) cost_basis: Option<Decimal>,
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) current_price: Option<Decimal>,
}

/// One of `GET /v2/account/activities`: a fill, or anything else that moved money or shares.
#[derive(Deserialize)]
pub(super) struct Activity {
    pub(super) id: IdText,
    pub(super) activity_type: String,
    #[serde(default)]
    pub(super) activity_sub_type: Option<String>,
    /// Fills: the moment.
    #[serde(default)]
    pub(super) transaction_time: Option<String>,
    /// Others: the day.
    #[serde(default)]
    pub(super) date: Option<String>,
    /// Others: signed. Fills have none.
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) net_amount: Option<Decimal>,
    #[serde(default)]
    pub(super) description: Option<String>,
    /// `executed`, `correct`, `canceled`.
    #[serde(default)]
    pub(super) status: Option<String>,
    #[serde(default)]
    pub(super) side: Option<String>,
    #[serde(default, deserialize_with = "optional_text")]
    pub(super) symbol: Option<IdText>,
    #[serde(default, deserialize_with = "optional_text")]
    pub(super) cusip: Option<IdText>,
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) qty: Option<Decimal>,
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) price: Option<Decimal>,
    #[serde(default, deserialize_with = "optional_text")]
    pub(super) order_id: Option<IdText>,
    #[serde(default, deserialize_with = "optional_text")]
    pub(super) group_id: Option<IdText>,
    /// The row that a correction or cancellation refers to, if it is named.
    #[serde(default, deserialize_with = "optional_text", alias = "previous_execution_id")]
    pub(super) previous_id: Option<IdText>,
}

/// `GET /v2/account/portfolio/history`: columns of equal length.
#[derive(Deserialize)]
pub(super) struct PortfolioHistory {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) timestamp: Vec<i64>,
    #[serde(default, deserialize_with = "numbers")]
    pub(super) equity: Vec<Option<Decimal>>,
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    optional_number(deserializer)?.ok_or_else(|| D::Error::custom("expected a number"))
}

/// Numbers with holes: days before the account was opened are null.
fn numbers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Option<Decimal>>, D::Error> {
    let values = Vec::<Value>::deserialize(deserializer)?;
    Ok(values
        .iter()
        .map(|value| match value {
            Value::Number(number) => decimal(&number.to_string()),
            Value::String(text) => decimal(text),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        })
        .collect())
}
