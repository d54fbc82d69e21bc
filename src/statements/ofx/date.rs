//! Dates as banks write them → the calendar day as written.
//!
//! Used by the mappings. INVARIANT: a day is never shifted between time zones; what was not written is not invented.

use chrono::{Datelike as _, NaiveDate};

use crate::statements::month::named_day;

/// The content of a date field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Day {
    /// A day.
    Of(NaiveDate),
    /// A day that does not exist as written or can be read in two ways, and the one taken for it.
    Guessed(NaiveDate),
    /// Only zeros: the bank's way of leaving it out.
    Zero,
    /// Digits that make no day.
    Impossible,
    /// No digits at all: the field is damaged.
    Damaged,
}

impl Day {
    /// The day, if there is one.
    #[must_use]
    pub(super) const fn date(self) -> Option<NaiveDate> {
        match self {
            Self::Of(date) | Self::Guessed(date) => Some(date),
            Self::Zero | Self::Impossible | Self::Damaged => None,
        }
    }
}

/// Reads `20240310`, `202403101200`, `20240310120000.000[-5:EST]`, `2024-03-10`, `10/03/2024` and the like. Only the
/// day counts. `month_first` decides what `03/04/2024` means.
#[must_use]
pub(super) fn parse(text: &str, month_first: bool) -> Day {
    let text = text.trim();
    let bytes = text.as_bytes();
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits >= 8 {
        return compact(&bytes[..digits], digits == bytes.len());
    }
    if !bytes.iter().any(u8::is_ascii_digit) {
        return Day::Damaged;
    }
    if bytes.iter().all(|byte| !byte.is_ascii_digit() || *byte == b'0') {
        return Day::Zero;
    }
    if digits == 6 && (bytes.len() == 6 || bytes[6] == b'[') {
        let (year, month, day) = (number(&bytes[..2]), number(&bytes[2..4]), number(&bytes[4..6]));
        return calendar(2000 + year, month, day).map_or(Day::Impossible, Day::Guessed);
    }
    match separated(text, month_first) {
        Day::Impossible => named_day(text).map_or(Day::Impossible, Day::Of),
        day => day,
    }
}

fn number(digits: &[u8]) -> i32 {
    digits.iter().fold(0, |sum, digit| sum * 10 + i32::from(digit - b'0'))
}

/// A day within the years that a statement can cover.
fn calendar(year: i32, month: i32, day: i32) -> Option<NaiveDate> {
    if !(1900..=2199).contains(&year) {
        return None;
    }
    NaiveDate::from_ymd_opt(year, u32::try_from(month).ok()?, u32::try_from(day).ok()?)
}

/// `YYYYMMDD` and more digits.
fn compact(digits: &[u8], alone: bool) -> Day {
    let (year, month, day) = (number(&digits[..4]), number(&digits[4..6]), number(&digits[6..8]));
    if let Some(date) = calendar(year, month, day) {
        return Day::Of(date);
    }
    if digits.iter().all(|digit| *digit == b'0') || (year, month, day) == (0, 0, 0) {
        return Day::Zero;
    }
    if (29..=31).contains(&day) && calendar(year, month, 1).is_some() {
        // 31 February is the last of February.
        return (1..=3).find_map(|less| calendar(year, month, day - less)).map_or(Day::Impossible, Day::Guessed);
    }
    if alone && digits.len() == 8 {
        let (day, month, year) = (number(&digits[..2]), number(&digits[2..4]), number(&digits[4..8]));
        return calendar(year, month, day).map_or(Day::Impossible, Day::Guessed);
    }
    Day::Impossible
}

/// `2024-03-10`, `10.03.2024`, `3/10/24`, also with a time behind.
fn separated(text: &str, month_first: bool) -> Day {
    let mut parts = [0i32; 3];
    let mut widths = [0usize; 3];
    let mut rest = text;
    for index in 0..3 {
        let width = rest.bytes().take_while(u8::is_ascii_digit).count();
        if width == 0 || width > 4 {
            return Day::Impossible;
        }
        parts[index] = number(&rest.as_bytes()[..width]);
        widths[index] = width;
        rest = &rest[width..];
        if index < 2 {
            let Some(after) = rest.strip_prefix(['-', '/', '.', ' ']) else { return Day::Impossible };
            rest = after.trim_start();
        }
    }
    let [first, second, third] = parts;
    if widths[0] == 4 {
        return calendar(first, second, third).map_or(Day::Impossible, Day::Of);
    }
    let year = if widths[2] <= 2 { third + 2000 } else { third };
    let (day_first, month_first_date) = (calendar(year, second, first), calendar(year, first, second));
    match (day_first, month_first_date) {
        (Some(date), None) | (None, Some(date)) => Day::Of(date),
        (Some(date), Some(_)) if date.day() == date.month() => Day::Of(date),
        (Some(_), Some(date)) if month_first => Day::Guessed(date),
        (Some(date), Some(_)) => Day::Guessed(date),
        (None, None) => Day::Impossible,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> String {
        match parse(text, false) {
            Day::Of(date) => date.to_string(),
            Day::Guessed(date) => format!("~{date}"),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn every_form_seen() {
        for text in [
            "20240310",
            " 20240310 ",
            "2024031012",
            "202403101200",
            "20240310120000",
            "20240310240000",
            "20240310120000.000[-5:EST]",
            "20240310120000[-3]",
            "20240310120000.000 [-5:EST]",
            "20240310235959[+10:AEST]",
            "20240310[EST]",
            "20240310120000[-05:00]",
            "20240310120000[0:GMT]",
            "20240310093914:014",
            "20240310048208.398",
            "20240310T120000Z",
            "2024-03-10",
            "2024-03-10T23:00:00-05:00",
            "2024/03/10 12:00",
            "2024.3.10",
        ] {
            assert_eq!(day(text), "2024-03-10", "{text}");
        }
        assert_eq!(day("30/06/2025"), "2025-06-30");
        assert_eq!(day("06/30/2025"), "2025-06-30");
        assert_eq!(day("5.5.2024"), "2024-05-05");
    }

    #[test]
    fn guesses_are_reported() {
        assert_eq!(day("20240231"), "~2024-02-29");
        assert_eq!(day("20230230120000"), "~2023-02-28");
        assert_eq!(day("20240631"), "~2024-06-30");
        assert_eq!(day("10032024"), "~2024-03-10");
        assert_eq!(day("240310"), "~2024-03-10");
        assert_eq!(day("03/04/2024"), "~2024-04-03");
        assert_eq!(parse("03/04/2024", true), Day::Guessed("2024-03-04".parse().unwrap()));
    }

    #[test]
    fn texts_that_are_not_days() {
        assert_eq!(day("00000000000000"), "Zero");
        assert_eq!(day("0"), "Zero");
        assert_eq!(day("0000-00-00"), "Zero");
        assert_eq!(day("201120000000"), "Impossible");
        assert_eq!(day("99999999"), "Impossible");
        assert_eq!(day("2024"), "Impossible");
        assert_eq!(day("9999999999999999999999"), "Impossible");
        assert_eq!(day("yesterday"), "Damaged");
        assert_eq!(day(""), "Damaged");
    }
}
