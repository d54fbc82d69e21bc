//! Amounts in another currency than the account's.
//!
//! Used by the mappings of rows and positions. INVARIANT: `CURRENCY` names the currency in which the amounts *are* counted,
//! `ORIGCURRENCY` what they *were* counted in before the institution converted them; the two are never confused.

use rust_decimal::{Decimal, RoundingStrategy};

use super::{account, reader::DocumentReader, record::Record, tag::Tag};
use crate::{
    domain::{AssetCode, ForeignAmount, Money},
    statements::warnings::quoted,
};

/// The currency fields of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exchange {
    /// Everything is in the account's currency.
    None,
    /// Amounts are in `code`; times `rate` they are in the account's.
    From {
        /// The currency of the amounts.
        code: AssetCode,
        /// Units of the account's currency for one of `code`.
        rate: Decimal,
    },
    /// Amounts are in `code` and no usable rate is given.
    In(AssetCode),
    /// Amounts are in the account's currency; divided by `rate` they were in `code`.
    Was {
        /// The currency of the purchase.
        code: AssetCode,
        /// Units of the account's currency for one of `code`.
        rate: Decimal,
    },
}

impl Exchange {
    /// The currency that converted amounts are in.
    pub(super) fn currency(self, own: AssetCode) -> AssetCode {
        match self {
            Self::In(code) => code,
            Self::None | Self::From { .. } | Self::Was { .. } => own,
        }
    }

    /// An amount of money, rounded to the digits of the account's currency when it had to be converted.
    pub(super) fn amount(self, stated: Decimal, own: AssetCode) -> Decimal {
        match self {
            Self::From { rate, .. } => stated.checked_mul(rate).map_or(stated, |amount| round(amount, own)),
            Self::None | Self::In(_) | Self::Was { .. } => stated,
        }
    }

    /// A price, converted without rounding to cents.
    pub(super) fn price(self, stated: Decimal) -> Decimal {
        match self {
            Self::From { rate, .. } => stated.checked_mul(rate).map_or(stated, |price| price.round_dp(10).normalize()),
            Self::None | Self::In(_) | Self::Was { .. } => stated,
        }
    }

    /// The amount in the other currency.
    pub(super) fn foreign(self, stated: Decimal) -> Option<Box<ForeignAmount>> {
        match self {
            Self::None | Self::In(_) => None,
            Self::From { code, rate } => Some(Box::new(ForeignAmount { money: Money::new(stated, code), rate })),
            Self::Was { code, rate } => {
                let original = round(stated.checked_div(rate)?, code);
                Some(Box::new(ForeignAmount { money: Money::new(original, code), rate }))
            }
        }
    }
}

/// Rounds as statements do, to the digits of the currency.
pub(super) fn round(amount: Decimal, code: AssetCode) -> Decimal {
    let mut rounded = amount.round_dp_with_strategy(code.display_digits(), RoundingStrategy::MidpointAwayFromZero);
    rounded.rescale(code.display_digits());
    rounded
}

impl DocumentReader<'_, '_, '_> {
    /// Reads `CURRENCY` and `ORIGCURRENCY`.
    pub(super) fn exchange(&mut self, record: &Record<'_, '_>, own: AssetCode) -> Exchange {
        for group in [Tag::Currency, Tag::OrigCurrency] {
            // Some write the code where the group should stand.
            let Some(symbol) = record.leaf_in(group, Tag::CurSym).or_else(|| record.leaf(group)) else { continue };
            let Some(code) = account::currency(symbol.text) else {
                self.warn(symbol.at, || {
                    format!(
                        "{} {} is not a currency code; the row was read as {own}",
                        symbol.tag.name(),
                        quoted(symbol.text)
                    )
                });
                continue;
            };
            if code == own {
                continue;
            }
            let rate = self.optional_number(record.leaf_in(group, Tag::CurRate), false);
            let rate = rate.filter(|rate| *rate > Decimal::ZERO && *rate != Decimal::ONE).map(|rate| rate.normalize());
            match (group, rate) {
                (Tag::Currency, Some(rate)) => return Exchange::From { code, rate },
                (Tag::Currency, None) => {
                    self.warn(symbol.at, || {
                        format!("the row is in {code} without a rate to {own} (CURRATE); it was kept in {code}")
                    });
                    return Exchange::In(code);
                }
                (_, Some(rate)) => return Exchange::Was { code, rate },
                // Without a rate nothing is known of the original amount.
                (_, None) => {}
            }
        }
        Exchange::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions() {
        let eur = AssetCode::new("EUR").unwrap();
        let rate = "1.10".parse().unwrap();
        let from = Exchange::From { code: eur, rate };
        assert_eq!(from.amount("-10.05".parse().unwrap(), AssetCode::USD), "-11.06".parse().unwrap());
        assert_eq!(from.foreign("-10.05".parse().unwrap()).unwrap().money.to_string(), "-10.05 EUR");
        let was = Exchange::Was { code: eur, rate };
        assert_eq!(was.amount("-12.34".parse().unwrap(), AssetCode::USD), "-12.34".parse().unwrap());
        assert_eq!(was.foreign("-12.34".parse().unwrap()).unwrap().money.to_string(), "-11.22 EUR");
    }
}
