//! Amounts as text: split at the decimal mark so that columns align, and hidden on demand.

use rust_decimal::Decimal;

use super::text::width;
use crate::domain::{
    AssetCode, Money,
    figures::{grouped, round, rounded},
};

/// The text of a hidden amount, always of the same length.
pub(crate) const HIDDEN: &str = "•••••";

/// The text of an unknown amount.
pub(crate) const UNKNOWN: &str = "—";

/// The two halves of a figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AmountHalves {
    /// Up to the decimal mark, sign included.
    pub(crate) whole: String,
    /// The mark and what follows it.
    pub(crate) fraction: String,
}

impl AmountHalves {
    /// Splits a formatted number.
    pub(crate) fn of(text: &str) -> Self {
        match text.split_once('.') {
            Some((whole, fraction)) => Self { whole: whole.to_owned(), fraction: format!(".{fraction}") },
            None => Self { whole: text.to_owned(), fraction: String::new() },
        }
    }

    /// An amount of money, with at least its currency's digits.
    pub(crate) fn money(amount: Decimal, currency: AssetCode, masked: bool) -> Self {
        if masked { Self::of(HIDDEN) } else { Self::of(&grouped(amount, currency)) }
    }

    /// A computed amount, rounded to what its currency shows.
    pub(crate) fn computed(amount: Decimal, currency: AssetCode, masked: bool) -> Self {
        if masked { Self::of(HIDDEN) } else { Self::of(&rounded(amount, currency)) }
    }

    /// A quantity with its significant digits.
    pub(crate) fn quantity(quantity: Decimal, masked: bool) -> Self {
        if masked { Self::of(HIDDEN) } else { Self::of(&plain(quantity)) }
    }

    /// An unknown figure.
    pub(crate) fn unknown() -> Self {
        Self::of(UNKNOWN)
    }

    pub(crate) fn widths(&self) -> (usize, usize) {
        (width(&self.whole), width(&self.fraction))
    }

    /// Padded so that the decimal mark follows `whole` columns, with `fraction` columns behind it.
    pub(crate) fn aligned(&self, whole: usize, fraction: usize) -> String {
        let before = whole.saturating_sub(width(&self.whole));
        let after = fraction.saturating_sub(width(&self.fraction));
        format!("{:before$}{}{}{:after$}", "", self.whole, self.fraction, "")
    }
}

/// A number with thousands separators and without trailing zeros.
#[must_use]
pub fn plain(number: Decimal) -> String {
    let text = number.normalize().to_string();
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), ""), |(whole, fraction)| (whole, fraction));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let mut out = String::from(sign);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// `1,234.56 USD`; when hidden, only the currency is left.
pub(crate) fn money(money: Money, masked: bool) -> String {
    if masked { format!("{HIDDEN} {}", money.currency) } else { money.to_string() }
}

/// As [`money`], with a plus sign for positive differences.
pub(crate) fn difference(difference: Money, masked: bool) -> String {
    let sign = if difference.is_positive() && !masked { "+" } else { "" };
    format!("{sign}{}", money(difference, masked))
}

/// A percentage with its sign.
#[must_use]
pub fn percent(value: Decimal) -> String {
    let sign = if value > Decimal::ZERO { "+" } else { "" };
    let mut shown = round(value, 2);
    shown.rescale(2);
    format!("{sign}{shown}")
}

/// A share of a whole in percent, with one digit.
#[must_use]
pub fn share(percent: Decimal) -> String {
    let mut shown = round(percent, 1);
    shown.rescale(1);
    shown.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_stand_under_each_other() {
        let figures: Vec<_> = ["-6.50", "1,000", "0.00000001"].iter().map(|text| AmountHalves::of(text)).collect();
        let whole = figures.iter().map(|figure| figure.widths().0).max().unwrap();
        let fraction = figures.iter().map(|figure| figure.widths().1).max().unwrap();
        let lines: Vec<_> = figures.iter().map(|figure| figure.aligned(whole, fraction)).collect();
        assert_eq!(lines, ["   -6.50      ", "1,000         ", "    0.00000001"]);
    }

    #[test]
    fn hidden_amounts_reveal_no_size() {
        let small = AmountHalves::money(Decimal::ONE, AssetCode::USD, true);
        let large = AmountHalves::money(Decimal::new(-123_456_789, 2), AssetCode::USD, true);
        assert_eq!(small, large);
        assert!(!difference(Money::from_cents(500, AssetCode::USD), true).contains('5'));
    }

    #[test]
    fn quantities_keep_their_own_digits() {
        assert_eq!(plain("1234567.500".parse().unwrap()), "1,234,567.5");
        assert_eq!(plain("-0.10".parse().unwrap()), "-0.1");
        assert_eq!(percent("12.5".parse().unwrap()), "+12.50");
        assert_eq!(percent("0.125".parse().unwrap()), "+0.13");
        assert_eq!([share("12.25".parse().unwrap()), share(Decimal::ONE)], ["12.3", "1.0"]);
    }
}
