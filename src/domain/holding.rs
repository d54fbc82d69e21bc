//! A position in an account.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{AccountId, AssetCode, AssetType, ChangeId, HoldingId, figures::percent_of};

/// Facts of a position as the institution states them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldingFacts {
    /// The provider's identity of the position; unique within the account.
    pub provider_id: String,
    /// Ticker, or the best identifier there is.
    pub symbol: String,
    /// Name in words.
    pub name: String,
    /// Kind of security.
    pub asset_type: AssetType,
    /// Signed: short positions are negative.
    pub quantity: Decimal,
    /// Price of one unit (options: per share of the underlying).
    pub price: Option<Decimal>,
    /// The day of the price.
    pub price_date: Option<NaiveDate>,
    /// Quantity x price x multiplier as the institution states it; negative when short.
    pub market_value: Option<Decimal>,
    /// Total cost. `None` means unknown, not zero.
    pub cost_basis: Option<Decimal>,
    /// Units of the underlying per unit: 100 for options, else 1.
    pub multiplier: Decimal,
    /// The currency of price, value and cost.
    pub currency: AssetCode,
    /// A sub-account or contribution source (401(k): `PRETAX`, `MATCH`), where there is one.
    #[serde(default)]
    pub source: Option<String>,
}

/// A position as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// Local identity.
    pub id: HoldingId,
    /// The account that holds it.
    pub account_id: AccountId,
    /// The change that wrote this version.
    pub change_id: ChangeId,
    /// As the institution states it.
    pub facts: HoldingFacts,
    /// False once a complete listing no longer held it.
    pub is_active: bool,
    /// The day the position was true.
    pub as_of: NaiveDate,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}

impl HoldingFacts {
    /// The value: as stated, else quantity x price x multiplier, else unknown.
    #[must_use]
    pub fn value(&self) -> Option<Decimal> {
        self.market_value.or_else(|| self.quantity.checked_mul(self.price?)?.checked_mul(self.multiplier))
    }

    /// Value less cost; unknown when either is.
    #[must_use]
    pub fn gain(&self) -> Option<Decimal> {
        self.value()?.checked_sub(self.cost_basis?)
    }

    /// Gain in percent of the cost, two digits; unknown when the cost is unknown or zero.
    #[must_use]
    pub fn gain_percent(&self) -> Option<Decimal> {
        percent_of(self.gain()?, self.cost_basis?.abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn option(quantity: &str, price: &str, cost: Option<&str>) -> HoldingFacts {
        HoldingFacts {
            provider_id: "1".into(),
            symbol: "QQQ".into(),
            name: "put".into(),
            asset_type: AssetType::Option,
            quantity: quantity.parse().unwrap(),
            price: Some(price.parse().unwrap()),
            price_date: None,
            market_value: None,
            cost_basis: cost.map(|cost| cost.parse().unwrap()),
            multiplier: AssetType::Option.default_multiplier(),
            currency: AssetCode::USD,
            source: None,
        }
    }

    #[test]
    fn options_count_a_hundredfold_and_shorts_are_negative() {
        assert_eq!(option("1", "12.915", None).value(), Some("1291.5".parse().unwrap()));
        assert_eq!(option("-2", "1.5", Some("-400")).gain(), Some("100".parse().unwrap()));
        assert_eq!(option("-2", "1.5", Some("-400")).gain_percent(), Some("25".parse().unwrap()));
    }

    #[test]
    fn unknown_cost_is_unknown_gain() {
        assert_eq!(option("1", "2", None).gain(), None);
        assert_eq!(option("1", "2", Some("0")).gain_percent(), None);
    }
}
