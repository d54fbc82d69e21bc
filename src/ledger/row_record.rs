//! The one shape of a row for scripts: `transactions`, `export --to json` and `export --to csv` share it.

use std::{fmt::Display, io};

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use rust_decimal::Decimal;
use serde::Serialize;

use super::LedgerEntry;
use crate::domain::{
    Account, AssetType, Text, TransactionStatus, TransactionSubtype, TransactionType, figures::at_scale_of,
};

/// A row. Ids are strings; amounts are decimal strings with at least the digits of their currency; quantities and prices
/// have the digits of their source.
#[derive(Debug, Serialize)]
pub struct RowRecord {
    /// Row id.
    pub id: String,
    /// Account id.
    pub account_id: String,
    /// Display name of the account.
    pub account: Option<String>,
    /// Id given by the provider.
    pub provider_transaction_id: Option<String>,
    /// Day of the row.
    pub date: NaiveDate,
    /// Exact moment, where the provider states one.
    pub instant: Option<String>,
    /// Day of settlement.
    pub settlement_date: Option<NaiveDate>,
    /// Effect on the account's cash.
    pub amount: Decimal,
    /// Currency of the amount, commission and fees.
    pub currency: String,
    /// Type.
    #[serde(rename = "type")]
    pub transaction_type: TransactionType,
    /// Subtype.
    pub subtype: TransactionSubtype,
    /// Status.
    pub status: TransactionStatus,
    /// It is pending and was not posted in time; for tables only.
    #[serde(skip)]
    pub expired: bool,
    /// The provider's text.
    pub description: String,
    /// The user's payee, else the provider's.
    pub payee: Option<String>,
    /// Second line of text.
    pub memo: Option<String>,
    /// Symbol of the security.
    pub symbol: Option<String>,
    /// Name of the security.
    pub security_name: Option<String>,
    /// Type of the security.
    pub asset_type: Option<AssetType>,
    /// Units, negative when they leave the account.
    pub quantity: Option<Decimal>,
    /// Price of a unit.
    pub unit_price: Option<Decimal>,
    /// Commission.
    pub commission: Option<Decimal>,
    /// Other fees.
    pub fees: Option<Decimal>,
    /// Amount in the currency of the purchase.
    pub foreign_amount: Option<Decimal>,
    /// That currency.
    pub foreign_currency: Option<String>,
    /// Cheque number or reference.
    pub reference: Option<String>,
    /// The user's category.
    pub category: Option<String>,
    /// The user's tags.
    pub tags: Vec<String>,
    /// The user's note.
    pub note: Option<String>,
    /// Change that wrote the row.
    pub change_id: String,
    /// Line in the source file.
    pub source_line: Option<u32>,
}

/// Writes the text of one cell.
pub type WriteCell<'a> = dyn FnMut(&dyn Display) -> io::Result<()> + 'a;

fn or_empty<T: Display>(value: Option<&T>) -> &dyn Display {
    value.map_or(&"" as &dyn Display, |value| value)
}

impl RowRecord {
    /// The names of its fields in JSON and of its columns in CSV, in their order.
    pub const FIELDS: &'static [&'static str] = &[
        "id",
        "account_id",
        "account",
        "provider_transaction_id",
        "date",
        "instant",
        "settlement_date",
        "amount",
        "currency",
        "type",
        "subtype",
        "status",
        "description",
        "payee",
        "memo",
        "symbol",
        "security_name",
        "asset_type",
        "quantity",
        "unit_price",
        "commission",
        "fees",
        "foreign_amount",
        "foreign_currency",
        "reference",
        "category",
        "tags",
        "note",
        "change_id",
        "source_line",
    ];

    /// Writes its fields as cells, in the order of [`Self::FIELDS`]: an absent one is empty, tags are separated by blanks.
    ///
    /// # Errors
    /// The first error of `write`.
    pub fn cells(&self, write: &mut WriteCell<'_>) -> io::Result<()> {
        let tags = self.tags.join(" ");
        let cells: [&dyn Display; Self::FIELDS.len()] = [
            &self.id,
            &self.account_id,
            or_empty(self.account.as_ref()),
            or_empty(self.provider_transaction_id.as_ref()),
            &self.date,
            or_empty(self.instant.as_ref()),
            or_empty(self.settlement_date.as_ref()),
            &self.amount,
            &self.currency,
            &self.transaction_type,
            &self.subtype,
            &self.status,
            &self.description,
            or_empty(self.payee.as_ref()),
            or_empty(self.memo.as_ref()),
            or_empty(self.symbol.as_ref()),
            or_empty(self.security_name.as_ref()),
            or_empty(self.asset_type.as_ref()),
            or_empty(self.quantity.as_ref()),
            or_empty(self.unit_price.as_ref()),
            or_empty(self.commission.as_ref()),
            or_empty(self.fees.as_ref()),
            or_empty(self.foreign_amount.as_ref()),
            or_empty(self.foreign_currency.as_ref()),
            or_empty(self.reference.as_ref()),
            or_empty(self.category.as_ref()),
            &tags,
            or_empty(self.note.as_ref()),
            &self.change_id,
            or_empty(self.source_line.as_ref()),
        ];
        cells.into_iter().try_for_each(write)
    }

    /// The record of a row; `account` is its account, if known.
    #[must_use]
    pub fn new(entry: LedgerEntry, account: Option<&Account>) -> Self {
        let LedgerEntry { transaction, user } = entry;
        let facts = transaction.facts;
        let description = facts.description().to_owned();
        let own = |text: Option<Text>| text.map(String::from);
        let security = facts.security.map(|security| *security).unwrap_or_default();
        let scaled = |amount: Option<Decimal>| amount.map(|amount| at_scale_of(amount, facts.currency));
        Self {
            id: transaction.id.to_string(),
            account_id: transaction.account_id.to_string(),
            account: account.map(|account| account.display_name().to_owned()),
            provider_transaction_id: own(facts.provider_id),
            date: facts.date,
            instant: facts.instant.map(|at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true)),
            settlement_date: facts.settlement_date,
            amount: at_scale_of(facts.amount, facts.currency),
            currency: facts.currency.to_string(),
            transaction_type: facts.kind.transaction_type(),
            subtype: facts.kind.subtype(),
            status: facts.status,
            expired: false,
            description,
            payee: user.payee.or_else(|| own(facts.payee)),
            memo: own(facts.memo),
            symbol: own(security.symbol),
            security_name: own(security.name),
            asset_type: security.asset_type,
            quantity: security.quantity,
            unit_price: security.unit_price,
            commission: scaled(security.commission),
            fees: scaled(security.fees),
            foreign_amount: facts
                .foreign
                .as_ref()
                .map(|foreign| at_scale_of(foreign.money.amount, foreign.money.currency)),
            foreign_currency: facts.foreign.as_ref().map(|foreign| foreign.money.currency.to_string()),
            reference: own(facts.reference),
            category: user.category,
            tags: user.tags,
            note: user.note,
            change_id: transaction.change_id.to_string(),
            source_line: (facts.origin.line > 0).then_some(facts.origin.line),
        }
    }
}
