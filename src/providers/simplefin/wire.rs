//! Shapes of SimpleFIN replies, versions 1 and 2: amounts are texts, moments are Unix seconds. Only fields that are used are
//! named; all but identities may be missing.

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::providers::kit::{IdText, optional_number, optional_text, or_default};

/// `GET {access}/accounts`.
#[derive(Deserialize)]
pub(super) struct AccountSet {
    /// Version 1: messages for people.
    #[serde(default, deserialize_with = "or_default")]
    pub(super) errors: Vec<Value>,
    /// Version 2: failures with a code and a scope.
    #[serde(default, deserialize_with = "or_default")]
    pub(super) errlist: Vec<Value>,
    /// Version 2: the logins at institutions.
    #[serde(default, deserialize_with = "or_default")]
    pub(super) connections: Vec<Value>,
    pub(super) accounts: Vec<Value>,
}

/// A failure that concerns a part of the reply.
#[derive(Deserialize)]
pub(super) struct Problem {
    #[serde(default)]
    pub(super) code: Option<String>,
    /// Named `message` in an early draft of version 2.
    #[serde(default, alias = "message")]
    pub(super) msg: Option<String>,
    #[serde(default, deserialize_with = "optional_text")]
    pub(super) conn_id: Option<IdText>,
    #[serde(default, deserialize_with = "optional_text")]
    pub(super) account_id: Option<IdText>,
}

/// A login at an institution (version 2).
#[derive(Deserialize)]
pub(super) struct Connection {
    pub(super) conn_id: IdText,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) org_name: Option<String>,
}

/// The institution of an account (version 1).
#[derive(Deserialize)]
pub(super) struct Organisation {
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) domain: Option<String>,
}

/// One account with its rows and positions.
#[derive(Deserialize)]
pub(super) struct Account {
    pub(super) id: IdText,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default, deserialize_with = "optional_text")]
    pub(super) conn_id: Option<IdText>,
    #[serde(default)]
    pub(super) org: Option<Organisation>,
    /// ISO 4217, or the address of a private unit.
    #[serde(default)]
    pub(super) currency: Option<String>,
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) balance: Option<Decimal>,
    #[serde(default, rename = "available-balance", deserialize_with = "optional_number")]
    pub(super) available_balance: Option<Decimal>,
    /// When the balance was true, in Unix seconds.
    #[serde(default, rename = "balance-date", deserialize_with = "optional_seconds")]
    pub(super) balance_date: Option<i64>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) transactions: Vec<Value>,
    /// An extension of the Bridge; absent where an account has no positions.
    #[serde(default)]
    pub(super) holdings: Option<Vec<Value>>,
}

/// One row.
#[derive(Deserialize)]
pub(super) struct Transaction {
    pub(super) id: IdText,
    /// Unix seconds; 0 while pending.
    #[serde(default, deserialize_with = "optional_seconds")]
    pub(super) posted: Option<i64>,
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) amount: Option<Decimal>,
    #[serde(default)]
    pub(super) description: Option<String>,
    #[serde(default)]
    pub(super) payee: Option<String>,
    #[serde(default)]
    pub(super) memo: Option<String>,
    #[serde(default, deserialize_with = "optional_seconds")]
    pub(super) transacted_at: Option<i64>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) pending: bool,
}

/// One position.
#[derive(Deserialize)]
pub(super) struct Holding {
    #[serde(default, deserialize_with = "optional_text")]
    pub(super) id: Option<IdText>,
    #[serde(default)]
    pub(super) currency: Option<String>,
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) cost_basis: Option<Decimal>,
    #[serde(default)]
    pub(super) description: Option<String>,
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) market_value: Option<Decimal>,
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) shares: Option<Decimal>,
    #[serde(default, deserialize_with = "optional_text")]
    pub(super) symbol: Option<IdText>,
}

/// Unix seconds as a number or a text, with or without a fraction.
fn optional_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    use rust_decimal::prelude::ToPrimitive as _;
    Ok(optional_number(deserializer)?.and_then(|seconds| seconds.trunc().to_i64()))
}
