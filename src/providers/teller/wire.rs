//! Shapes of Teller's replies (API version 2020-10-12): amounts are texts, days are `yyyy-mm-dd`. Only fields that are
//! used are named; all but identities may be missing.

use rust_decimal::Decimal;
use serde::Deserialize;

use crate::providers::kit::{IdText, optional_number, optional_text, or_default};

/// One of `GET /accounts`.
#[derive(Deserialize)]
pub(super) struct Account {
    pub(super) id: IdText,
    #[serde(default)]
    pub(super) name: Option<String>,
    /// `depository` or `credit`.
    #[serde(default, rename = "type")]
    pub(super) class: Option<String>,
    /// `checking`, `savings`, `credit_card` and others.
    #[serde(default)]
    pub(super) subtype: Option<String>,
    /// ISO 4217.
    #[serde(default)]
    pub(super) currency: Option<String>,
    #[serde(default, deserialize_with = "optional_text")]
    pub(super) last_four: Option<IdText>,
    /// `open` or `closed`.
    #[serde(default)]
    pub(super) status: Option<String>,
    #[serde(default)]
    pub(super) institution: Option<Institution>,
    /// Absent in old replies; a missing link means that the account does not offer the resource.
    #[serde(default)]
    pub(super) links: Option<Links>,
}

/// The bank of an enrollment.
#[derive(Deserialize)]
pub(super) struct Institution {
    #[serde(default)]
    pub(super) name: Option<String>,
}

/// Resources of an account, as addresses. Only their presence counts.
#[derive(Deserialize)]
pub(super) struct Links {
    #[serde(default)]
    pub(super) balances: Option<String>,
    #[serde(default)]
    pub(super) transactions: Option<String>,
}

/// `GET /accounts/{id}/balances`: at least one of the two is set.
#[derive(Deserialize)]
pub(super) struct Balances {
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) ledger: Option<Decimal>,
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) available: Option<Decimal>,
}

/// One of `GET /accounts/{id}/transactions`.
#[derive(Deserialize)]
pub(super) struct Transaction {
    pub(super) id: IdText,
    #[serde(default, deserialize_with = "optional_number")]
    pub(super) amount: Option<Decimal>,
    #[serde(default)]
    pub(super) date: Option<String>,
    #[serde(default)]
    pub(super) description: Option<String>,
    /// `posted` or `pending`.
    #[serde(default)]
    pub(super) status: Option<String>,
    #[serde(default, rename = "type")]
    pub(super) code: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) details: Details,
}

/// The facts that Teller adds to a row.
#[derive(Deserialize, Default)]
pub(super) struct Details {
    #[serde(default)]
    pub(super) counterparty: Option<Counterparty>,
}

/// The other side of a row.
#[derive(Deserialize)]
pub(super) struct Counterparty {
    #[serde(default)]
    pub(super) name: Option<String>,
}

/// The body of a failure: `{"error": {"code", "message"}}`.
#[derive(Deserialize)]
pub(super) struct Failure {
    pub(super) error: FailureBody,
}

/// See [`Failure`].
#[derive(Deserialize)]
pub(super) struct FailureBody {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) code: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) message: String,
}
