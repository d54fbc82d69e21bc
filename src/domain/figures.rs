//! Amounts as text: the digits that a currency shows, and marks between thousands.
//!
//! Used by tables, exports and the screen.

use std::fmt::Write as _;

use rust_decimal::{Decimal, RoundingStrategy};

use super::AssetCode;

/// An amount with at least the digits its currency shows, never rounded: `49.5` USD is `49.50`.
#[must_use]
pub fn at_scale_of(amount: Decimal, currency: AssetCode) -> Decimal {
    let (mut scaled, digits) = (amount.normalize(), currency.display_digits());
    if scaled.scale() < digits {
        scaled.rescale(digits);
    }
    scaled
}

/// An amount with thousands marks and at least the digits its currency shows, never rounded.
#[must_use]
pub fn grouped(amount: Decimal, currency: AssetCode) -> String {
    group_thousands(&at_scale_of(amount, currency).to_string())
}

/// A number of things with thousands marks: `2,215 rows`, `1 row`.
#[must_use]
pub fn counted(number: impl TryInto<u64>, thing: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    format!("{} {thing}{}", group_thousands(&number.to_string()), if number == 1 { "" } else { "s" })
}

/// Rounds half away from zero, as statements do.
#[must_use]
pub fn round(number: Decimal, digits: u32) -> Decimal {
    number.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero)
}

/// `part` in percent of `whole`, rounded to two digits; `None` for a `whole` of zero.
#[must_use]
pub fn percent_of(part: Decimal, whole: Decimal) -> Option<Decimal> {
    Some(round(part.checked_mul(Decimal::ONE_HUNDRED)?.checked_div(whole)?, 2))
}

/// An amount rounded to the digits its currency shows.
#[must_use]
pub fn rounded(amount: Decimal, currency: AssetCode) -> String {
    let mut shown = round(amount, currency.display_digits());
    shown.rescale(currency.display_digits());
    group_thousands(&shown.to_string())
}

fn group_thousands(plain: &str) -> String {
    let (sign, digits) = plain.strip_prefix('-').map_or(("", plain), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut out = String::with_capacity(plain.len() + whole.len() / 3);
    out.push_str(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        let _ = write!(out, ".{fraction}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_the_digits_of_their_currency() {
        let usd = AssetCode::USD;
        assert_eq!(grouped("0".parse().unwrap(), usd), "0.00");
        assert_eq!(grouped("-999".parse().unwrap(), usd), "-999.00");
        assert_eq!(grouped("1000.1".parse().unwrap(), usd), "1,000.10");
        assert_eq!(rounded("-2.345".parse().unwrap(), usd), "-2.35");
        assert_eq!(rounded("-0.001".parse().unwrap(), usd), "0.00");
        assert_eq!(percent_of("1".parse().unwrap(), "800".parse().unwrap()), Some("0.13".parse().unwrap()));
        assert_eq!(percent_of(Decimal::ONE, Decimal::ZERO), None);
    }
}
