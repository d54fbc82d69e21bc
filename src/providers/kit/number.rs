//! Numbers and ids of replies, read as text so that no digit is lost.
//!
//! INVARIANT: no number passes through a binary float; numbers are so small that the sum of any reply's has room.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;

/// Exponents beyond which a number is zero or not an amount.
const MAX_EXPONENT: i32 = 60;

/// Digits before the decimal mark that an amount or a quantity may have.
const MAX_WHOLE_DIGITS: u32 = 20;

/// Parses a number, plain or with an exponent, below 10^20. Digits beyond the 28th are rounded.
#[must_use]
pub fn decimal(text: &str) -> Option<Decimal> {
    let text = text.trim();
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else {
        return plain(text);
    };
    let exponent: i32 = exponent.parse().ok()?;
    let value = plain(mantissa)?;
    if value.is_zero() || exponent < -MAX_EXPONENT {
        return Some(Decimal::ZERO);
    }
    if exponent > MAX_EXPONENT {
        return None;
    }
    // Shift the decimal mark in the text, which is exact for all sizes.
    let (sign, digits) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let (whole, fraction) =
        digits.trim_start_matches('+').split_once('.').unwrap_or((digits.trim_start_matches('+'), ""));
    let mark = i32::try_from(whole.len()).ok()? + exponent;
    let digits = format!("{whole}{fraction}");
    let shifted = match usize::try_from(mark) {
        Ok(mark) if mark >= digits.len() => format!("{digits}{}", "0".repeat(mark - digits.len())),
        Ok(mark) => format!("{}.{}", &digits[..mark], &digits[mark..]),
        Err(_) => format!("0.{}{digits}", "0".repeat(usize::try_from(-mark).ok()?)),
    };
    plain(&format!("{sign}{}", if shifted.starts_with('.') { format!("0{shifted}") } else { shifted }))
}

fn plain(text: &str) -> Option<Decimal> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let valid = digits.bytes().any(|byte| byte.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && digits.bytes().filter(|byte| *byte == b'.').count() <= 1;
    if !valid {
        return None;
    }
    // A decimal never has more digits than this.
    let number: Decimal = text[..text.len().min(120)].parse().ok()?;
    (number.trunc().abs() < Decimal::from(10u128.pow(MAX_WHOLE_DIGITS))).then_some(number)
}

fn from_value(value: &Value) -> Result<Option<Decimal>, String> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => return Err("expected a number".into()),
    };
    if matches!(text.as_str(), "" | "-" | "--" | "N/A" | "null") {
        return Ok(None);
    }
    decimal(&text).map(Some).ok_or_else(|| "expected a number below 10^20".into())
}

/// For `Option<Decimal>` fields: a string or a number; absent, null, empty and `N/A` are `None`.
pub fn optional_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
    from_value(&Value::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// An id or short text, which some servers write as a number.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdText(pub String);

impl fmt::Debug for IdText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<'de> Deserialize<'de> for IdText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) if !text.trim().is_empty() => Ok(Self(text)),
            Value::Number(number) => Ok(Self(number.to_string())),
            Value::String(_) | Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                Err(D::Error::custom("expected an id"))
            }
        }
    }
}

/// For `Option<Text>` fields that may be missing, null or empty.
pub fn optional_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<IdText>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) if !text.trim().is_empty() => Some(IdText(text)),
        Value::Number(number) => Some(IdText(number.to_string())),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    })
}

/// For lists, flags and records that may be missing or null.
pub fn or_default<'de, T: Deserialize<'de> + Default, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Deserialize)]
    struct Row {
        #[serde(default, deserialize_with = "optional_number")]
        n: Option<Decimal>,
    }

    fn read(json: &str) -> Result<Option<String>, String> {
        let row: Row = serde_json::from_str(&format!("{{\"n\":{json}}}")).map_err(|error| error.to_string())?;
        let again: Row = serde_json::from_value(serde_json::from_str(&format!("{{\"n\":{json}}}")).unwrap()).unwrap();
        assert_eq!(row.n, again.n);
        Ok(row.n.map(|number| number.to_string()))
    }

    #[test]
    fn digits_survive() {
        assert_eq!(read("0.30000000000000004").unwrap().unwrap(), "0.30000000000000004");
        assert_eq!(read("\"-23140.20\"").unwrap().unwrap(), "-23140.20");
        assert_eq!(read("1e-7").unwrap().unwrap(), "0.0000001");
        assert_eq!(read("-1.5E+3").unwrap().unwrap(), "-1500");
        assert_eq!(read("12345678901234567.25").unwrap().unwrap(), "12345678901234567.25");
        assert_eq!(read("0.1000000000000000055511151231257827021181583404541015625").unwrap().unwrap().len(), 30);
        assert_eq!(read("1e-300").unwrap().unwrap(), "0");
        assert_eq!(read("1003807445992").unwrap().unwrap(), "1003807445992");
    }

    #[test]
    fn nothing_is_not_zero_and_nonsense_is_an_error() {
        for none in ["null", "\"\"", "\" \"", "\"N/A\"", "\"-\""] {
            assert_eq!(read(none), Ok(None), "{none}");
        }
        for bad in [
            "\"NaN\"",
            "\"Infinity\"",
            "1e400",
            "1e20",
            "-200000000000000000000",
            "\"1,5\"",
            "true",
            "[1]",
            "\"0x10\"",
            "\"1.2.3\"",
            "\"1e\"",
        ] {
            assert!(serde_json::from_str::<Row>(&format!("{{\"n\":{bad}}}")).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in "\\PC{0,40}") {
            let _ = decimal(&text);
        }

        #[test]
        fn exponents_agree_with_plain_text(digits in 1_i64..1_000_000, exponent in -14_i32..14) {
            let value = decimal(&format!("{digits}e{exponent}")).unwrap();
            let shift = decimal(&format!("1e{}", exponent.abs())).unwrap();
            let plain = Decimal::from(digits);
            prop_assert_eq!(value, if exponent < 0 { plain / shift } else { plain * shift });
        }
    }
}
