//! Amounts, prices and units as banks write them → exact decimals.
//!
//! Used by the readers of text. INVARIANT: a number is either exact or refused; where one mark can mean two
//! things, both readings are given and the file as a whole decides.

use rust_decimal::Decimal;

/// A number as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WrittenNumber {
    /// It can mean one thing only.
    Exact(Decimal),
    /// `1,234` or `1.234`: the mark divides thousands or is the decimal mark.
    Ambiguous {
        /// Read as a decimal mark.
        decimal: Decimal,
        /// Read as a mark of thousands.
        thousands: Decimal,
        /// Whether the mark is a comma.
        comma: bool,
    },
}

/// The evidence of a number about the decimal mark of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Evidence {
    /// Nothing.
    None,
    /// The point is the decimal mark.
    Point,
    /// The comma is.
    Comma,
}

/// Digits and marks of a number, cleaned of signs, blanks and currency signs.
struct Parts {
    negative: bool,
    digits: [u8; Parts::LONGEST],
    length: usize,
    /// Digits before the last mark; `length` when there is none.
    last_mark: usize,
    commas: usize,
    points: usize,
    last_comma: bool,
}

impl Parts {
    const LONGEST: usize = 64;
}

/// Reads a number; `None` if the text is not one.
#[must_use]
pub(super) fn parse(text: &str) -> Option<WrittenNumber> {
    plain(text.as_bytes()).or_else(|| {
        if let Some(number) = scientific(text) {
            return Some(WrittenNumber::Exact(number));
        }
        interpret(&parts(text)?).map(|(number, _)| number)
    })
}

/// The evidence of `text` about the decimal mark of its file.
#[must_use]
pub(super) fn evidence(text: &str) -> Evidence {
    parts(text).and_then(|parts| interpret(&parts)).map_or(Evidence::None, |(_, evidence)| evidence)
}

/// The common form, `-12.34`, without detours. Leaves anything else, and three decimals, to the long way.
fn plain(bytes: &[u8]) -> Option<WrittenNumber> {
    let (negative, digits) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, bytes),
    };
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let mut mantissa = 0i64;
    let mut point = None;
    for (index, byte) in digits.iter().enumerate() {
        match byte {
            b'0'..=b'9' => mantissa = mantissa * 10 + i64::from(byte - b'0'),
            b'.' if point.is_none() && index > 0 => point = Some(index),
            _ => return None,
        }
    }
    let scale = point.map_or(0, |point| digits.len() - point - 1);
    if scale > 2 || (point.is_some() && scale == 0) {
        return None;
    }
    let mantissa = if negative { -mantissa } else { mantissa };
    Some(WrittenNumber::Exact(Decimal::new(mantissa, u32::try_from(scale).ok()?)))
}

/// `1.5E-7`.
fn scientific(text: &str) -> Option<Decimal> {
    let exponent = text.find(['e', 'E'])?;
    let (head, tail) = (&text[..exponent], &text[exponent + 1..]);
    let digits = tail.strip_prefix(['+', '-']).unwrap_or(tail);
    let numeric = head.ends_with(|c: char| c.is_ascii_digit() || c == '.')
        && !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && digits.len() <= 2;
    if !numeric {
        return None;
    }
    Decimal::from_scientific(text.trim_start_matches('+')).ok().map(|number| number.normalize())
}

/// Takes a number apart: signs before or behind, brackets, currency signs and codes at the ends, blanks and
/// apostrophes between thousands.
fn parts(text: &str) -> Option<Parts> {
    let mut parts = Parts {
        negative: false,
        digits: [0; Parts::LONGEST],
        length: 0,
        last_mark: usize::MAX,
        commas: 0,
        points: 0,
        last_comma: false,
    };
    let text = text.trim();
    let first = text.find(|c: char| c.is_ascii_digit())?;
    let last = text.rfind(|c: char| c.is_ascii_digit())?;
    // A mark may stand before the first digit: `-.50`.
    let before = text[..first].trim_end_matches(['.', ',']);
    // …but that of `Rs.500` belongs to the currency.
    let start = if before.ends_with(char::is_alphabetic) { first } else { before.len() };
    let (prefix, suffix) = (&text[..start], &text[last + 1..]);
    sign(prefix, suffix, &mut parts)?;
    for character in text[start..=last].chars() {
        match character {
            '0'..='9' => {
                if parts.length == Parts::LONGEST {
                    return None;
                }
                parts.digits[parts.length] = u8::try_from(character).ok()? - b'0';
                parts.length += 1;
            }
            ',' | '.' => {
                parts.last_comma = character == ',';
                if parts.last_comma {
                    parts.commas += 1;
                } else {
                    parts.points += 1;
                }
                parts.last_mark = parts.length;
            }
            ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\'' | '’' | '_' => {}
            _ => return None,
        }
    }
    // `12.` ends in a mark that divides nothing.
    if parts.last_mark == usize::MAX {
        parts.last_mark = parts.length;
    }
    Some(parts)
}

/// Reads the sign from the text around the digits; `None` when that is more than a sign and a currency.
fn sign(prefix: &str, suffix: &str, parts: &mut Parts) -> Option<()> {
    let mut minuses = 0;
    let mut open = false;
    for character in prefix.chars() {
        match character {
            '-' | '\u{2212}' | '\u{2013}' => minuses += 1,
            '(' => open = true,
            '+' | ' ' | '\u{a0}' | '\u{202f}' => {}
            letter if letter.is_alphabetic() || is_currency_sign(letter) => {}
            _ => return None,
        }
    }
    let mut letters = String::new();
    for character in suffix.chars() {
        match character {
            '-' | '\u{2212}' | '\u{2013}' => minuses += 1,
            ')' if open => {}
            '+' | ' ' | '\u{a0}' | '\u{202f}' | '.' | ',' => {}
            letter if letter.is_alphabetic() && letters.len() < 8 => letters.push(letter.to_ascii_uppercase()),
            currency if is_currency_sign(currency) => {}
            _ => return None,
        }
    }
    if prefix.chars().filter(|c| c.is_alphabetic()).count() > 4 || minuses > 1 {
        return None;
    }
    let debit = matches!(letters.as_str(), "D" | "DR" | "DB");
    parts.negative = minuses == 1 || open || debit;
    Some(())
}

const fn is_currency_sign(character: char) -> bool {
    matches!(character, '$' | '€' | '£' | '¥' | '₹' | '₽' | '₺' | '₩' | '₪' | '₫' | '₦' | '฿' | '.')
}

/// Whether letters follow the number that are neither a currency nor a mark of its sign: `56.77invalid`.
#[must_use]
pub(super) fn has_words(text: &str) -> bool {
    let Some(last) = text.rfind(|c: char| c.is_ascii_digit()) else { return false };
    let word: String = text[last + 1..].chars().filter(|c| c.is_alphabetic()).collect();
    let upper = word.to_uppercase();
    let known =
        ["", "C", "CR", "D", "DR", "DB", "K", "KR", "KČ", "ZŁ", "FT", "LEI", "РУБ", "KN", "R", "RS", "EURO", "E"];
    let is_currency = word.len() == 3 && crate::domain::AssetCode::new(&upper).is_ok_and(|code| code.is_iso());
    !is_currency && !known.contains(&upper.as_str())
}

fn interpret(parts: &Parts) -> Option<(WrittenNumber, Evidence)> {
    let after = parts.length - parts.last_mark;
    let exact = |scale| build(parts, scale).map(WrittenNumber::Exact);
    let of_mark = if parts.last_comma { Evidence::Comma } else { Evidence::Point };
    match (parts.commas, parts.points) {
        (0, 0) => Some((exact(0)?, Evidence::None)),
        // Both occur: the last one is the decimal mark, unless it occurs again.
        (commas, points) if commas > 0 && points > 0 => {
            let again = if parts.last_comma { commas > 1 } else { points > 1 };
            if again { Some((exact(0)?, Evidence::None)) } else { Some((exact(after)?, of_mark)) }
        }
        (1, 0) | (0, 1) => {
            let leading_zero = parts.last_mark == 0 || parts.digits[0] == 0;
            if after == 3 && parts.last_mark <= 3 && !leading_zero {
                let number = WrittenNumber::Ambiguous {
                    decimal: build(parts, 3)?,
                    thousands: build(parts, 0)?,
                    comma: parts.last_comma,
                };
                return Some((number, Evidence::None));
            }
            let evidence = if after == 0 { Evidence::None } else { of_mark };
            Some((exact(after)?, evidence))
        }
        // The same mark again and again divides thousands, so the other is the decimal mark.
        _ if after == 3 => Some((exact(0)?, if parts.last_comma { Evidence::Point } else { Evidence::Comma })),
        _ => None,
    }
}

/// The digits with `scale` of them behind the mark. Needless zeros behind the second decimal go.
fn build(parts: &Parts, scale: usize) -> Option<Decimal> {
    let digits = &parts.digits[..parts.length];
    let kept =
        digits.len() - digits.iter().rev().take(scale.saturating_sub(2)).take_while(|digit| **digit == 0).count();
    let scale = scale - (digits.len() - kept);
    let mut mantissa = 0i128;
    for digit in &digits[..kept] {
        mantissa = mantissa.checked_mul(10)?.checked_add(i128::from(*digit))?;
    }
    let mantissa = if parts.negative { -mantissa } else { mantissa };
    Decimal::try_from_i128_with_scale(mantissa, u32::try_from(scale).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> String {
        match parse(text) {
            None => "none".to_owned(),
            Some(WrittenNumber::Exact(number)) => number.to_string(),
            Some(WrittenNumber::Ambiguous { decimal, thousands, .. }) => format!("{decimal}|{thousands}"),
        }
    }

    #[test]
    fn every_form_seen() {
        for (text, expected) in [
            ("-12.34", "-12.34"),
            ("+12.34", "12.34"),
            ("12,34", "12.34"),
            ("12.34-", "-12.34"),
            ("-.50", "-0.50"),
            (",5", "0.5"),
            ("-1,234.56", "-1234.56"),
            ("1.234,56", "1234.56"),
            ("1,234,567", "1234567"),
            ("1.234.567,8", "1234567.8"),
            ("1 234,56", "1234.56"),
            ("1\u{a0}234,56", "1234.56"),
            ("1'234.50", "1234.50"),
            ("- 12.34", "-12.34"),
            ("(12.34)", "-12.34"),
            ("$120", "120"),
            ("-$120.00", "-120.00"),
            ("$-120.00", "-120.00"),
            ("R$ 5.326,43", "5326.43"),
            ("12.34 EUR", "12.34"),
            ("EUR -12.34", "-12.34"),
            ("12,34 D", "-12.34"),
            ("12,34 C", "12.34"),
            ("\u{2212}5", "-5"),
            ("12.", "12"),
            ("0.123", "0.123"),
            ("1234.567", "1234.567"),
            ("+0000000000100.00000", "100.00"),
            ("000000025.635000000", "25.635"),
            ("137.1428571430000000000000000", "137.142857143"),
            ("0.0000000000001", "0.0000000000001"),
            ("1.5E-7", "0.00000015"),
            ("1E3", "1000"),
            ("0", "0"),
            ("-0.00", "0.00"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn one_mark_with_three_digits_is_ambiguous() {
        assert_eq!(read("-1,234"), "-1.234|-1234");
        assert_eq!(read("1.234"), "1.234|1234");
        assert_eq!(read("0,123"), "0.123");
    }

    #[test]
    fn texts_that_are_not_amounts() {
        for text in ["", "abc", "--5", "1-2", "12.3.4", "1,2,3", "NaN", "inf", "1/2", "5%", "12 apples and 3", "1e999"]
        {
            assert_eq!(read(text), "none", "{text}");
        }
        assert_eq!(read(&"9".repeat(40)), "none");
        assert_eq!(read(&"9".repeat(400)), "none");
    }

    #[test]
    fn evidence_of_the_mark() {
        assert_eq!(evidence("12.34"), Evidence::Point);
        assert_eq!(evidence("12,34"), Evidence::Comma);
        assert_eq!(evidence("1,234"), Evidence::None);
        assert_eq!(evidence("1.234.567"), Evidence::Comma);
        assert_eq!(evidence("12"), Evidence::None);
    }

    proptest! {
        #[test]
        fn any_decimal_survives_in_both_styles(cents in -10i64.pow(14)..10i64.pow(14)) {
            let number = Decimal::new(cents, 2);
            let text = number.to_string();
            prop_assert_eq!(parse(&text), Some(WrittenNumber::Exact(number)));
            prop_assert_eq!(parse(&text.replace('.', ",")), Some(WrittenNumber::Exact(number)));
        }

        #[test]
        fn nothing_panics(text in "\\PC{0,40}") {
            let _ = (parse(&text), evidence(&text));
        }
    }
}
