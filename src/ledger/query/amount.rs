//! Ranges of amounts: `amt>100`, `amt:-20..-5`, `amt:12.5`.

use std::fmt;

use rust_decimal::Decimal;

use super::lex::Op;

/// Amounts between two bounds, either of which may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AmountRange {
    /// Lower bound, and whether it belongs to the range.
    pub low: Option<(Decimal, bool)>,
    /// Upper bound, and whether it belongs to the range.
    pub high: Option<(Decimal, bool)>,
}

impl AmountRange {
    /// Whether an amount lies in it.
    #[must_use]
    pub fn contains(&self, amount: Decimal) -> bool {
        self.low.is_none_or(|(low, included)| amount > low || included && amount == low)
            && self.high.is_none_or(|(high, included)| amount < high || included && amount == high)
    }

    /// Whether everything in this range lies in `other` too.
    #[must_use]
    pub fn within(&self, other: &Self) -> bool {
        let low = other.low.is_none_or(|(outer, outer_in)| {
            self.low.is_some_and(|(inner, inner_in)| inner > outer || inner == outer && (outer_in || !inner_in))
        });
        let high = other.high.is_none_or(|(outer, outer_in)| {
            self.high.is_some_and(|(inner, inner_in)| inner < outer || inner == outer && (outer_in || !inner_in))
        });
        low && high
    }
}

/// Reads the right side of `amt`; the error is a hint.
pub(super) fn parse(op: Op, value: &str) -> Result<AmountRange, String> {
    let number = |text: &str| {
        number(text).ok_or_else(|| format!("`{text}` is not an amount; write amt:12.50, amt>100 or amt:-20..-5"))
    };
    if let Some((low, high)) = value.split_once("..") {
        if op != Op::Has {
            return Err("a range needs no sign of comparison; write amt:-20..-5".to_owned());
        }
        let bound = |text: &str| if text.is_empty() { Ok(None) } else { number(text).map(Some) };
        let (mut low, mut high) = (bound(low)?, bound(high)?);
        if low.is_none() && high.is_none() {
            return Err("write at least one end of the range: amt:100.. or amt:..100".to_owned());
        }
        if low.zip(high).is_some_and(|(low, high)| low > high) {
            std::mem::swap(&mut low, &mut high);
        }
        return Ok(AmountRange { low: low.map(|low| (low, true)), high: high.map(|high| (high, true)) });
    }
    let amount = number(value)?;
    Ok(match op {
        Op::Has | Op::Is => AmountRange { low: Some((amount, true)), high: Some((amount, true)) },
        Op::Above => AmountRange { low: Some((amount, false)), high: None },
        Op::AtLeast => AmountRange { low: Some((amount, true)), high: None },
        Op::Below => AmountRange { low: None, high: Some((amount, false)) },
        Op::AtMost => AmountRange { low: None, high: Some((amount, true)) },
    })
}

/// `1,000.50`, `-3`, `+3`, `$5`, `-$5`; never an exponent.
fn number(text: &str) -> Option<Decimal> {
    let (sign, rest) = match text.split_at_checked(1) {
        Some(("-", rest)) => ("-", rest),
        Some(("+", rest)) => ("", rest),
        _ => ("", text),
    };
    let digits: String = rest.trim_start_matches(['$', '€', '£']).chars().filter(|c| !matches!(c, ',' | '_')).collect();
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && digits.bytes().any(|b| b != b'.');
    if !plain {
        return None;
    }
    let amount = Decimal::from_str_exact(&format!("{sign}{digits}")).ok()?.normalize();
    Some(if amount.is_zero() { Decimal::ZERO } else { amount })
}

/// With its operator, as written after the key: `:12.5`, `>100`, `:-20..-5`.
impl fmt::Display for AmountRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.low, self.high) {
            (Some((low, _)), Some((high, _))) if low == high => write!(f, ":{low}"),
            (Some((low, _)), Some((high, _))) => write!(f, ":{low}..{high}"),
            (Some((low, true)), None) => write!(f, ">={low}"),
            (Some((low, false)), None) => write!(f, ">{low}"),
            (None, Some((high, true))) => write!(f, "<={high}"),
            (None, Some((high, false))) => write!(f, "<{high}"),
            (None, None) => f.write_str(":"),
        }
    }
}
