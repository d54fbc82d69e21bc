//! An amount in one asset.

use std::{cmp::Ordering, fmt};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::AssetCode;

/// The sum, or nothing if it has more than 28 digits: `Decimal` itself would round it.
#[must_use]
pub fn add_exactly(one: Decimal, other: Decimal) -> Option<Decimal> {
    let sum = one.checked_add(other)?;
    let needed = one.normalize().scale().max(other.normalize().scale());
    (sum.scale() >= needed).then_some(sum)
}

/// A signed, exact amount counted in one asset. Positive is money coming in, or money owned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// The exact amount; compared by value, so 1.0 equals 1.00.
    pub amount: Decimal,
    /// Currency or other asset.
    pub currency: AssetCode,
}

/// Why two amounts can't be combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Two different assets met in one calculation.
    #[error("{left} and {right} can't be added or compared: they are different currencies")]
    CurrencyMismatch {
        /// Left operand.
        left: AssetCode,
        /// Right operand.
        right: AssetCode,
    },
    /// The result has more digits than 28.
    #[error("the amount is too large to be exact (28 digits at most)")]
    Overflow,
}

impl Money {
    /// An amount of `currency`.
    #[must_use]
    pub const fn new(amount: Decimal, currency: AssetCode) -> Self {
        Self { amount, currency }
    }

    /// Nothing, in `currency`.
    #[must_use]
    pub const fn zero(currency: AssetCode) -> Self {
        Self::new(Decimal::ZERO, currency)
    }

    /// An amount given in minor units of two digits.
    #[must_use]
    pub fn from_cents(cents: i64, currency: AssetCode) -> Self {
        Self::new(Decimal::new(cents, 2), currency)
    }

    fn same(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::CurrencyMismatch { left: self.currency, right: other.currency })
        }
    }

    /// The sum.
    ///
    /// # Errors
    /// When the assets differ or the result has more than 28 digits.
    pub fn try_add(self, other: Self) -> Result<Self, MoneyError> {
        self.same(other)?;
        let amount = add_exactly(self.amount, other.amount).ok_or(MoneyError::Overflow)?;
        Ok(Self::new(amount, self.currency))
    }

    /// The difference.
    ///
    /// # Errors
    /// As [`Money::try_add`].
    pub fn try_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.try_add(-other)
    }

    /// The amount times a bare number (a quantity, a rate).
    ///
    /// # Errors
    /// When the result has more than 28 digits.
    pub fn try_mul(self, factor: Decimal) -> Result<Self, MoneyError> {
        let amount = self.amount.checked_mul(factor).ok_or(MoneyError::Overflow)?;
        Ok(Self::new(amount, self.currency))
    }

    /// Which is larger.
    ///
    /// # Errors
    /// When the assets differ.
    pub fn try_cmp(self, other: Self) -> Result<Ordering, MoneyError> {
        self.same(other)?;
        Ok(self.amount.cmp(&other.amount))
    }

    /// Without its sign.
    #[must_use]
    pub fn abs(self) -> Self {
        Self::new(self.amount.abs(), self.currency)
    }

    /// Above zero.
    #[must_use]
    pub fn is_positive(self) -> bool {
        self.amount > Decimal::ZERO
    }

    /// Below zero.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.amount < Decimal::ZERO
    }

    /// Exactly nothing.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.amount.is_zero()
    }
}

impl std::ops::Neg for Money {
    type Output = Self;

    fn neg(self) -> Self {
        Self::new(-self.amount, self.currency)
    }
}

/// `1,234.56 USD`: grouped by thousands, with at least the digits the currency shows; a finer amount
/// keeps all its digits, since rounding is for columns, not for text that people copy.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", super::figures::grouped(self.amount, self.currency), self.currency)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn usd(text: &str) -> Money {
        Money::new(text.parse().unwrap(), AssetCode::USD)
    }

    #[test]
    fn a_sum_is_exact_or_missing() {
        let dec = |text: &str| text.parse::<Decimal>().unwrap();
        assert_eq!(add_exactly(dec("1.5"), dec("2.25")), Some(dec("3.75")));
        assert_eq!(add_exactly(dec("818383135798083890.0"), dec("0.000000002114977792")), None);
        assert_eq!(add_exactly(dec("79228162514264337593543950335"), dec("0.0")), Some(Decimal::MAX));
    }

    #[test]
    fn shows_grouped_with_the_currencys_digits() {
        assert_eq!(usd("-1234567.5").to_string(), "-1,234,567.50 USD");
        assert_eq!(Money::new("1234".parse().unwrap(), AssetCode::new("JPY").unwrap()).to_string(), "1,234 JPY");
        assert_eq!(Money::new("0.5".parse().unwrap(), AssetCode::new("BTC").unwrap()).to_string(), "0.50000000 BTC");
        assert_eq!(usd("0.005").to_string(), "0.005 USD");
    }

    #[test]
    fn currencies_never_mix() {
        let euro = Money::from_cents(1, AssetCode::new("EUR").unwrap());
        assert!(matches!(usd("1").try_add(euro), Err(MoneyError::CurrencyMismatch { .. })));
        assert!(usd("1").try_cmp(euro).is_err());
    }

    #[test]
    fn overflow_is_an_error_not_a_panic() {
        let most = Money::new(Decimal::MAX, AssetCode::USD);
        assert_eq!(most.try_add(usd("1")), Err(MoneyError::Overflow));
        assert_eq!(most.try_mul(Decimal::TEN), Err(MoneyError::Overflow));
    }

    proptest! {
        #[test]
        fn addition_and_subtraction_are_inverse(left in -10i64.pow(15)..10i64.pow(15), right in -10i64.pow(15)..10i64.pow(15)) {
            let (left, right) = (Money::from_cents(left, AssetCode::USD), Money::from_cents(right, AssetCode::USD));
            prop_assert_eq!(left.try_add(right).unwrap().try_sub(right).unwrap(), left);
        }
    }
}
