//! `:61:` → a statement line: days, amount, type and references.
//!
//! Used by the reader. INVARIANT: reads what banks write, not only what the standard allows; without a day or an amount there
//! is not an entry.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::balance::{amount, day, day_near};

/// A statement line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StatementLine<'a> {
    /// When interest starts.
    pub(super) value: NaiveDate,
    /// When it was booked; the value day where the line leaves it out.
    pub(super) booked: NaiveDate,
    /// Signed: money in is positive. A reversed credit (RC) is negative, a reversed debit (RD) positive.
    pub(super) amount: Decimal,
    /// Whether it is only expected (EC, ED).
    pub(super) expected: bool,
    /// Four characters: `NTRF`, `FMSC`, `S103`.
    pub(super) kind: Option<&'a str>,
    /// The customer's reference; `None` for NONREF.
    pub(super) reference: Option<&'a str>,
    /// The bank's reference, behind `//`; `None` for NONREF.
    pub(super) bank_reference: Option<&'a str>,
    /// The rest of the line beyond the references, where a bank writes a name.
    pub(super) extra: Option<&'a str>,
}

/// The width of a reference in the standard.
const REFERENCE: usize = 16;

/// Reads a line: `0211011102DR800,NSTONONREF//55555`.
#[must_use]
pub(super) fn entry(line: &str) -> Option<StatementLine<'_>> {
    // Blanks fill the place of a missing booking day, and some banks write one between the days.
    let width = line.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b' ').count();
    let (digits, rest) = line.split_at(width);
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    let (value, booked) = days(&digits)?;
    let (negative, expected, rest) = mark(rest)?;
    let rest = rest.trim_start();
    // The third letter of the currency, or a letter for the kind of funds.
    let rest = match rest.as_bytes() {
        [b'A'..=b'Z' | b'a'..=b'z', b'0'..=b'9' | b',' | b'.' | b' ', ..] => rest[1..].trim_start(),
        _ => rest,
    };
    let width = rest.bytes().take_while(|byte| byte.is_ascii_digit() || matches!(byte, b',' | b'.')).count();
    let number = amount(&rest[..width])?;
    let rest = &rest[width..];
    let (kind, rest) = kind(rest);
    let (reference, bank_reference, extra) = references(rest);
    Some(StatementLine {
        value,
        booked,
        amount: if negative { -number } else { number },
        expected,
        kind,
        reference: named(reference),
        bank_reference: named(bank_reference),
        extra: Some(extra.trim()).filter(|extra| !extra.is_empty()),
    })
}

/// The value day and the booking day: `YYMMDD`, `YYMMDDMMDD`, `YYYYMMDD`, `YYYYMMDDMMDD` or `YYMMDDYYMMDD`.
fn days(digits: &str) -> Option<(NaiveDate, NaiveDate)> {
    match digits.len() {
        6 | 8 => day(digits).map(|value| (value, value)),
        10 => {
            let value = day(&digits[..6])?;
            Some((value, day_near(&digits[6..], value).unwrap_or(value)))
        }
        12 => {
            let long = digits.starts_with("19") || digits.starts_with("20");
            if let Some(value) = day(&digits[..8]).filter(|_| long)
                && let Some(booked) = day_near(&digits[8..], value)
            {
                return Some((value, booked));
            }
            Some((day(&digits[..6])?, day(&digits[6..])?))
        }
        _ => None,
    }
}

/// The sign, whether the line is only expected, and the rest.
fn mark(text: &str) -> Option<(bool, bool, &str)> {
    let letter = |at: usize| text.as_bytes().get(at).map(u8::to_ascii_uppercase);
    let side = |at: usize| match letter(at)? {
        b'C' => Some(false),
        b'D' => Some(true),
        _ => None,
    };
    match letter(0)? {
        b'R' => Some((!side(1)?, false, &text[2..])),
        b'E' => Some((side(1)?, true, &text[2..])),
        _ => Some((side(0)?, false, &text[1..])),
    }
}

/// The type: N, F or S and three characters. A line without one starts its references at once.
fn kind(text: &str) -> (Option<&str>, &str) {
    let is_kind = |kind: &str| {
        kind.starts_with(['N', 'F', 'S', 'n', 'f', 's'])
            && kind.bytes().skip(1).all(|byte| byte.is_ascii_alphanumeric() || byte == b' ')
    };
    if let Some(kind) = text.get(..4).filter(|kind| is_kind(kind)) {
        return (Some(kind.trim_end()), &text[4..]);
    }
    let short = text.trim();
    let alone = short.len() < 4 && is_kind(short);
    if alone { (Some(short).filter(|kind| !kind.is_empty()), "") } else { (None, text) }
}

/// The customer's reference, the bank's, and the text behind them on the same line.
fn references(text: &str) -> (&str, &str, &str) {
    if let Some((customer, bank)) = text.split_once("//")
        && customer.chars().count() <= REFERENCE
    {
        let (bank, extra) = split_at_width(bank);
        return (customer, bank, extra);
    }
    let (customer, extra) = split_at_width(text);
    (customer, "", extra)
}

/// A reference padded to its full width with a text behind it; unpadded ones may be longer than the standard allows.
fn split_at_width(text: &str) -> (&str, &str) {
    let Some((at, _)) = text.char_indices().nth(REFERENCE) else { return (text, "") };
    let (reference, extra) = text.split_at(at);
    if reference.contains(' ') { (reference, extra) } else { (text, "") }
}

/// A reference that identifies something.
fn named(reference: &str) -> Option<&str> {
    let reference = reference.trim();
    let blank = reference.is_empty()
        || ["NONREF", "NOREF", "NONE", "KREF+", "EREF", "KREF", "NOTPROVIDED"]
            .iter()
            .any(|word| reference.eq_ignore_ascii_case(word))
        || reference.bytes().all(|byte| matches!(byte, b'0' | b'-' | b'.'));
    (!blank).then_some(reference)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> (String, String, String, Option<&str>, Option<&str>, Option<&str>) {
        let found = entry(line).unwrap();
        let days = (found.value.to_string(), found.booked.to_string());
        (days.0, days.1, found.amount.to_string(), found.kind, found.reference, found.bank_reference)
    }

    fn row<'a>(
        value: &str,
        booked: &str,
        amount: &str,
        kind: &'a str,
        reference: Option<&'a str>,
        bank: Option<&'a str>,
    ) -> (String, String, String, Option<&'a str>, Option<&'a str>, Option<&'a str>) {
        (value.into(), booked.into(), amount.into(), Some(kind), reference, bank)
    }

    #[test]
    fn lines_of_many_banks() {
        assert_eq!(
            read("0211011102DR800,NSTONONREF//55555"),
            row("2002-11-01", "2002-11-02", "-800", "NSTO", None, Some("55555"))
        );
        assert_eq!(
            read("240312    DD212,39NMSCNONREF//"),
            row("2024-03-12", "2024-03-12", "-212.39", "NMSC", None, None)
        );
        assert_eq!(read("1710111011DF2402,00S   X"), row("2017-10-11", "2017-10-11", "-2402.00", "S", Some("X"), None));
        assert_eq!(
            read("0310201020RC20000,00FMSCREF 1//8327"),
            row("2003-10-20", "2003-10-20", "-20000.00", "FMSC", Some("REF 1"), Some("8327"))
        );
        assert_eq!(read("160421RD0,02NMSCKREF+"), row("2016-04-21", "2016-04-21", "0.02", "NMSC", None, None));
        assert_eq!(
            read("131017D6800,NCHK16703074"),
            row("2013-10-17", "2013-10-17", "-6800", "NCHK", Some("16703074"), None)
        );
        assert_eq!(
            read("20240102 0103C1.234,56NTRFX"),
            row("2024-01-02", "2024-01-03", "1234.56", "NTRF", Some("X"), None)
        );
    }

    #[test]
    fn a_name_behind_a_padded_reference() {
        let found = entry("110527D000000001213,28N0440121470966      W.P. Jansen     ").unwrap();
        assert_eq!((found.reference, found.extra), (Some("0121470966"), Some("W.P. Jansen")));
        let long = entry("1405070507C500,NTRFNONREF//B4E07XM00J000023AB").unwrap();
        assert_eq!(long.bank_reference, Some("B4E07XM00J000023AB"));
    }

    #[test]
    fn broken_lines_are_not_entries() {
        for line in ["", "é", "3622687806CR1368378,92NMSC37935531", "240101X1,00N", "240101C", "240101R1,00", "2401"] {
            assert_eq!(entry(line), None, "{line}");
        }
    }
}
