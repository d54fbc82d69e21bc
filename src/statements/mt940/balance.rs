//! `:60F:`, `:62F:`, `:64:` → a balance; days and amounts in the form all fields share.
//!
//! Used by the reader and the entries. INVARIANT: an amount is exact or refused; a day that the calendar lacks is the last of
//! its month.

use chrono::{Datelike as _, NaiveDate};
use rust_decimal::Decimal;

use crate::domain::AssetCode;

/// A balance as a field states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BalanceField {
    pub(super) date: NaiveDate,
    pub(super) currency: AssetCode,
    /// Negative where the mark is D.
    pub(super) amount: Decimal,
}

/// Reads `C100722EUR44,89`.
#[must_use]
pub(super) fn balance(text: &str) -> Option<BalanceField> {
    let text = text.trim();
    let negative = match text.bytes().next()? {
        b'C' | b'c' => false,
        b'D' | b'd' => true,
        _ => return None,
    };
    let rest = text.get(1..)?.trim_start();
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let date = day(rest.get(..digits)?)?;
    let rest = rest[digits..].trim_start();
    let currency = AssetCode::new(rest.get(..3)?).ok()?;
    let number = amount(rest.get(3..)?.trim())?;
    Some(BalanceField { date, currency, amount: if negative { -number } else { number } })
}

/// Reads `YYMMDD` or `YYYYMMDD`.
#[must_use]
pub(super) fn day(digits: &str) -> Option<NaiveDate> {
    let number = |part: Option<&str>| part?.parse::<u32>().ok();
    let (year, month, day) = match digits.len() {
        6 => (century(number(digits.get(..2))?), number(digits.get(2..4))?, number(digits.get(4..))?),
        8 => (i32::try_from(number(digits.get(..4))?).ok()?, number(digits.get(4..6))?, number(digits.get(6..))?),
        _ => return None,
    };
    clamped(year, month, day)
}

/// Statements of this kind exist since the nineties.
fn century(year: u32) -> i32 {
    let year = i32::try_from(year).unwrap_or_default();
    if year >= 80 { 1900 + year } else { 2000 + year }
}

/// The day, or the last of the month where the month is shorter: 30 February is written by banks that count 30 days.
fn clamped(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
    if !(1..=31).contains(&day) || !(1900..=2199).contains(&year) {
        return None;
    }
    (0..=3).find_map(|less| NaiveDate::from_ymd_opt(year, month, day - less.min(day - 1)))
}

/// The day `MMDD` in the year that brings it nearest to `near`.
#[must_use]
pub(super) fn day_near(digits: &str, near: NaiveDate) -> Option<NaiveDate> {
    let month = digits.get(..2)?.parse().ok()?;
    let day = digits.get(2..4)?.parse().ok()?;
    let candidates = (near.year() - 1..=near.year() + 1).filter_map(|year| clamped(year, month, day));
    candidates.min_by_key(|date| (*date - near).num_days().abs())
}

/// Reads `1234,56`, `1234,`, `,56`, `1234.56` and `1.234,56`.
#[must_use]
pub(super) fn amount(text: &str) -> Option<Decimal> {
    let comma = text.contains(',');
    let mut plain = String::with_capacity(text.len() + 1);
    for character in text.chars() {
        match character {
            '0'..='9' => plain.push(character),
            ',' if comma && !plain.contains('.') => plain.push('.'),
            '.' if comma => {}
            '.' if !plain.contains('.') => plain.push('.'),
            _ => return None,
        }
    }
    if !plain.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if plain.starts_with('.') {
        plain.insert(0, '0');
    }
    plain.trim_end_matches('.').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn balances() {
        let found = balance("D100723EUR9945,09").unwrap();
        assert_eq!((found.date.to_string(), found.amount.to_string()), ("2010-07-23".into(), "-9945.09".into()));
        assert_eq!(balance("C131130CHF0,").unwrap().amount, Decimal::ZERO);
        assert_eq!(balance("C021131EUR1,").unwrap().date.to_string(), "2002-11-30");
        assert_eq!(balance("C110614EUR000000000473,17 ").unwrap().amount.to_string(), "473.17");
        assert_eq!(balance("C160201INR11 27421,94"), None);
        assert_eq!(balance("C141387INR1,"), None);
        assert_eq!(balance("Cé"), None);
    }

    #[test]
    fn amounts_and_days() {
        let read = |text| amount(text).map(|amount| amount.to_string());
        assert_eq!(read("1.234,56").as_deref(), Some("1234.56"));
        assert_eq!(read("1234.5").as_deref(), Some("1234.5"));
        assert_eq!(read(",5").as_deref(), Some("0.5"));
        assert_eq!(read("1,2,3"), None);
        assert_eq!(read(","), None);
        assert_eq!(read("99999999999999999999999999999999999"), None);
        let near = NaiveDate::from_ymd_opt(2009, 12, 31).unwrap();
        assert_eq!(day_near("0102", near).unwrap().to_string(), "2010-01-02");
        assert_eq!(day_near("1230", near).unwrap().to_string(), "2009-12-30");
        assert_eq!(day("960229").unwrap().to_string(), "1996-02-29");
        assert_eq!(day_near("0000", near), None);
    }
}
