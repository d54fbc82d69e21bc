//! An account at an institution.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{AccountId, AssetCode, ConnectionId, Money, vocabulary};

vocabulary! {
    /// Type of an account.
    pub enum AccountType {
        Brokerage = "brokerage",
        Ira = "ira",
        RothIra = "roth_ira",
        K401 = "401k",
        B403 = "403b",
        Hsa = "hsa",
        Checking = "checking",
        Savings = "savings",
        MoneyMarket = "money_market",
        Cd = "cd",
        CreditCard = "credit_card",
        LineOfCredit = "line_of_credit",
        Loan = "loan",
        Mortgage = "mortgage",
        Other = "other",
    }
}

vocabulary! {
    /// The class an account type belongs to.
    pub enum AccountCategory {
        Banking = "banking",
        Credit = "credit",
        Investment = "investment",
        Other = "other",
    }
}

impl AccountType {
    /// The class of this type. `Credit` means every liability.
    #[must_use]
    pub const fn category(self) -> AccountCategory {
        match self {
            Self::Brokerage | Self::Ira | Self::RothIra | Self::K401 | Self::B403 | Self::Hsa => {
                AccountCategory::Investment
            }
            Self::Checking | Self::Savings | Self::MoneyMarket | Self::Cd => AccountCategory::Banking,
            Self::CreditCard | Self::LineOfCredit | Self::Loan | Self::Mortgage => AccountCategory::Credit,
            Self::Other => AccountCategory::Other,
        }
    }

    /// Whether money here is set aside for retirement (HSA included, as in the field's tax forms).
    #[must_use]
    pub const fn is_retirement(self) -> bool {
        matches!(self, Self::Ira | Self::RothIra | Self::K401 | Self::B403 | Self::Hsa)
    }

    /// Whether a balance here is money owed, shown negative.
    #[must_use]
    pub const fn is_liability(self) -> bool {
        matches!(self.category(), AccountCategory::Credit)
    }

    /// For people: `credit card`, `401(k)`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Brokerage => "brokerage",
            Self::Ira => "IRA",
            Self::RothIra => "Roth IRA",
            Self::K401 => "401(k)",
            Self::B403 => "403(b)",
            Self::Hsa => "HSA",
            Self::Checking => "checking",
            Self::Savings => "savings",
            Self::MoneyMarket => "money market",
            Self::Cd => "CD",
            Self::CreditCard => "credit card",
            Self::LineOfCredit => "line of credit",
            Self::Loan => "loan",
            Self::Mortgage => "mortgage",
            Self::Other => "other",
        }
    }
}

/// Which way round a source delivers the figures of an account, as set by the user. `None` leaves it to the evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AccountSigns {
    /// Whether balances come with the opposite sign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance: Option<bool>,
    /// Whether rows come with the opposite sign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<bool>,
}

impl AccountSigns {
    /// Whether both are left to the evidence.
    #[must_use]
    pub const fn is_unset(&self) -> bool {
        self.balance.is_none() && self.rows.is_none()
    }
}

/// An account as stored. Its balance is not here: it is the newest [`super::Snapshot`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Local identity.
    pub id: AccountId,
    /// The connection it came through.
    pub connection_id: ConnectionId,
    /// The provider's identity; unique within the connection.
    pub provider_account_id: String,
    /// `****` and at most four characters.
    pub number_masked: String,
    /// The provider's or the statement's name for it.
    pub name: String,
    /// The user's own name for it; wins over `name` on every screen and is never touched by a sync.
    #[serde(default)]
    pub alias: Option<String>,
    /// The institution that holds it.
    pub institution: String,
    /// As stated by the provider; [`Account::kind`] is the type in effect.
    pub account_type: AccountType,
    /// The user's type, where the provider states none or a wrong one.
    #[serde(default)]
    pub type_override: Option<AccountType>,
    /// The user's signs, where the provider's differ by account.
    #[serde(default, skip_serializing_if = "AccountSigns::is_unset")]
    pub signs: AccountSigns,
    /// The currency its balance is counted in.
    pub currency: AssetCode,
    /// No source stated the currency yet: the first one that does decides it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub currency_assumed: bool,
    /// False once the provider closed it or stopped listing it.
    pub is_active: bool,
    /// Complete account listings in a row that did not hold it; two make it inactive.
    #[serde(default)]
    pub missed_listings: u8,
    /// Time of the last sync or import that listed it.
    pub last_synced_at: Option<DateTime<Utc>>,
}

impl Account {
    /// An open account of which only its identity is known.
    #[must_use]
    pub fn new(
        id: AccountId,
        connection_id: ConnectionId,
        provider_account_id: impl Into<String>,
        currency: AssetCode,
    ) -> Self {
        Self {
            id,
            connection_id,
            provider_account_id: provider_account_id.into(),
            number_masked: String::new(),
            name: String::new(),
            alias: None,
            institution: String::new(),
            account_type: AccountType::Other,
            type_override: None,
            signs: AccountSigns::default(),
            currency,
            currency_assumed: false,
            is_active: true,
            missed_listings: 0,
            last_synced_at: None,
        }
    }

    /// The name to show: the user's, else the provider's.
    #[must_use]
    pub fn display_name(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.name)
    }

    /// The type in effect: the user's, else the provider's.
    #[must_use]
    pub fn kind(&self) -> AccountType {
        self.type_override.unwrap_or(self.account_type)
    }

    /// The provider's identity without the currency that sets accounts of one number apart.
    #[must_use]
    pub fn number_identity(&self) -> &str {
        without_currency(&self.provider_account_id, self.currency)
    }

    /// `Checking ··7890`: its name and the end of its number, unless the name holds that already.
    #[must_use]
    pub fn label(&self) -> String {
        let (name, tail) = (self.display_name(), self.tail());
        if tail.is_empty() || name.ends_with(tail) { name.to_owned() } else { format!("{name} ··{tail}") }
    }

    /// The last four characters of the number, for `··7890`.
    #[must_use]
    pub fn tail(&self) -> &str {
        self.number_masked.trim_start_matches('*')
    }
}

/// An identity of the form `number/currency` without its currency.
pub(super) fn without_currency(identity: &str, currency: AssetCode) -> &str {
    let parts = identity.rsplit_once('/');
    parts.filter(|(_, code)| currency.as_str() == *code).map_or(identity, |(number, _)| number)
}

/// Balance of an account, from its newest snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// Money owned, or owed when negative.
    pub current: Money,
    /// Money available now; on a card the remaining credit.
    pub available: Option<Decimal>,
    /// The day it was true.
    pub as_of: NaiveDate,
}
