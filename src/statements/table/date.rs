//! A cell as a day, in every order that fits.
//!
//! Used by every step that looks at days. INVARIANT: the order is never chosen for one cell, only for a file.

use chrono::{Datelike as _, NaiveDate, NaiveTime};

use super::words;

/// The order of a date written in figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum DateOrder {
    Dmy,
    Mdy,
    Ymd,
}

impl DateOrder {
    pub(super) const ALL: [Self; 3] = [Self::Dmy, Self::Mdy, Self::Ymd];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Dmy => "dmy",
            Self::Mdy => "mdy",
            Self::Ymd => "ymd",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|order| order.name().eq_ignore_ascii_case(text.trim()))
    }
}

/// A day as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WrittenDay {
    /// One reading only: year first, or the month in letters.
    Fixed(NaiveDate),
    /// Two figures and a year of four digits or two; the sign between them.
    Open { first: u32, second: u32, year: i32, sign: u8 },
    /// Three figures of two digits, so the year may also come first.
    Short { figures: [u32; 3], sign: u8 },
    /// Day and month without a year.
    Yearless { first: u32, second: u32 },
    /// Day and month in letters, without a year.
    YearlessFixed { day: u32, month: u32 },
}

/// A day and perhaps a time of day in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Day {
    pub(super) written: WrittenDay,
    pub(super) time: Option<NaiveTime>,
}

impl Day {
    /// The day in this order, if there is one.
    pub(super) fn in_order(&self, order: DateOrder) -> Option<NaiveDate> {
        match self.written {
            WrittenDay::Fixed(date) => Some(date),
            WrittenDay::Open { first, second, year, .. } => match order {
                DateOrder::Dmy => NaiveDate::from_ymd_opt(year, second, first),
                DateOrder::Mdy => NaiveDate::from_ymd_opt(year, first, second),
                DateOrder::Ymd => None,
            },
            WrittenDay::Short { figures: [a, b, c], .. } => match order {
                DateOrder::Dmy => NaiveDate::from_ymd_opt(century(c), b, a),
                DateOrder::Mdy => NaiveDate::from_ymd_opt(century(c), a, b),
                DateOrder::Ymd => NaiveDate::from_ymd_opt(century(a), b, c),
            },
            WrittenDay::Yearless { .. } | WrittenDay::YearlessFixed { .. } => None,
        }
    }

    /// Day and month of a date without a year, as (month, day).
    pub(super) fn month_day(&self, order: DateOrder) -> Option<(u32, u32)> {
        match self.written {
            WrittenDay::Yearless { first, second } if order == DateOrder::Dmy => Some((second, first)),
            WrittenDay::Yearless { first, second } => Some((first, second)),
            WrittenDay::YearlessFixed { day, month } => Some((month, day)),
            _ => None,
        }
    }

    pub(super) const fn is_yearless(&self) -> bool {
        matches!(self.written, WrittenDay::Yearless { .. } | WrittenDay::YearlessFixed { .. })
    }
}

/// Years of two digits: up to 69 they are of this century.
fn century(year: u32) -> i32 {
    let year = i32::try_from(year).unwrap_or(0);
    if year < 70 { 2000 + year } else { 1900 + year }
}

/// A cell longer than this is a text.
const LONGEST: usize = 40;

/// The day a cell begins with, if it is a date.
pub(super) fn parse(cell: &str) -> Option<Day> {
    if cell.len() < 4 || cell.len() > LONGEST || !cell.bytes().any(|byte| byte.is_ascii_digit() || byte >= 0x80) {
        return None;
    }
    let bytes = cell.as_bytes();
    // 2026-01-31
    if bytes.len() == 10
        && bytes[4] == bytes[7]
        && matches!(bytes[4], b'-' | b'/' | b'.')
        && let (Some(year), Some(month), Some(day)) = (figure(&bytes[..4]), figure(&bytes[5..7]), figure(&bytes[8..]))
    {
        return fixed(year, month, day, "");
    }
    figures(cell).or_else(|| letters(cell)).or_else(|| joined(cell))
}

/// Day, month in letters and year without anything between them: `03FEB2026`.
fn joined(cell: &str) -> Option<Day> {
    let (day, rest) = cell.split_at_checked(2)?;
    let (month, year) = rest.split_at_checked(3)?;
    let year = (month.bytes().all(|byte| byte.is_ascii_alphabetic()) && matches!(year.len(), 2 | 4)).then_some(year)?;
    let (day, year) = (figure(day.as_bytes())?, figure(year.as_bytes())?);
    let year = if year < 100 { u32::try_from(century(year)).ok()? } else { year };
    fixed(year, words::month(month)?, day, "")
}

fn figure(bytes: &[u8]) -> Option<u32> {
    bytes.iter().try_fold(0u32, |value, byte| byte.is_ascii_digit().then(|| value * 10 + u32::from(byte - b'0')))
}

fn fixed(year: u32, month: u32, day: u32, rest: &str) -> Option<Day> {
    let date = NaiveDate::from_ymd_opt(common_year(year)?, month, day)?;
    Some(Day { written: WrittenDay::Fixed(date), time: time_of(rest)? })
}

/// A year of the common era; years of the Buddhist era, as Thailand counts, are 543 more.
fn common_year(year: u32) -> Option<i32> {
    const BUDDHIST: u32 = 543;
    let year = if (1_900 + BUDDHIST..2_100 + BUDDHIST).contains(&year) { year - BUDDHIST } else { year };
    i32::try_from(year).ok().filter(|year| (1900..2200).contains(year))
}

/// Years of the Republic of China, as Taiwan counts, begin after this one.
const MINGUO: u32 = 1911;

/// Dates in figures.
fn figures(cell: &str) -> Option<Day> {
    let plain: String;
    let cell = if cell.is_ascii() {
        cell
    } else {
        plain = cell.chars().filter_map(plain_character).collect();
        &plain
    };
    if let Some((begins, rest)) = japanese_era(cell) {
        let (year, _, after) = leading(rest)?;
        let rest = after.strip_prefix(['.', '/', '-'])?;
        let (month, _, after) = leading(rest)?;
        let (day, _, rest) = leading(after.strip_prefix(['.', '/', '-'])?)?;
        return fixed((1..=99).contains(&year).then_some(begins + year)?, month, day, rest);
    }
    let bytes = cell.as_bytes();
    if !bytes.first()?.is_ascii_digit() {
        return None;
    }
    let end = bytes.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len());
    if end == 8 || end == 14 {
        return compact(cell, end);
    }
    if end > 4 || end == 0 {
        return None;
    }
    let sign = *bytes.get(end)?;
    if !matches!(sign, b'-' | b'/' | b'.' | b':' | b' ') {
        return None;
    }
    let (first, rest) = (figure(&bytes[..end])?, &cell[end + 1..]);
    let rest = rest.trim_start_matches(' ');
    let (second, length, after) = leading(rest)?;
    if length > 2 {
        return None;
    }
    let again = after.as_bytes().first().copied();
    let third = (again == Some(sign)).then(|| leading(after[1..].trim_start_matches(' '))).flatten();
    match (end, third) {
        (4, Some((third, length, rest))) if length <= 2 && ends_cleanly(rest) => fixed(first, second, third, rest),
        (3, Some((third, length, rest))) if length <= 2 && (80..190).contains(&first) && ends_cleanly(rest) => {
            fixed(first + MINGUO, second, third, rest)
        }
        (1 | 2, Some((year, 4, rest))) if sign != b':' && ends_cleanly(rest) => {
            let year = common_year(year)?;
            possible(Day { written: WrittenDay::Open { first, second, year, sign }, time: time_of(rest)? })
        }
        (1 | 2, Some((third, 2, rest))) if matches!(sign, b'-' | b'/' | b'.') && ends_cleanly(rest) => {
            possible(Day { written: WrittenDay::Short { figures: [first, second, third], sign }, time: time_of(rest)? })
        }
        // 31.12. or 12/31
        (1 | 2, None) if matches!(sign, b'/' | b'.') && (after.is_empty() || after == "." || after == "./") => {
            let padded = sign == b'/' || after.starts_with('.');
            let fits = (1..=31).contains(&first) && (1..=31).contains(&second) && (first <= 12 || second <= 12);
            (padded && fits && end == 2 && length == 2)
                .then_some(Day { written: WrittenDay::Yearless { first, second }, time: None })
        }
        _ => None,
    }
}

/// A date must be possible in some order.
fn possible(day: Day) -> Option<Day> {
    DateOrder::ALL.into_iter().any(|order| day.in_order(order).is_some()).then_some(day)
}

/// The year before the first one of a Japanese era, and the text behind the era's name.
fn japanese_era(cell: &str) -> Option<(u32, &str)> {
    const ERAS: [(&str, u32); 6] =
        [("R", 2018), ("H", 1988), ("S", 1925), ("令和", 2018), ("平成", 1988), ("昭和", 1925)];
    let (name, begins) = ERAS.iter().find(|(name, _)| cell.starts_with(name))?;
    let rest = cell[name.len()..].trim_start_matches('.');
    rest.starts_with(|letter: char| letter.is_ascii_digit()).then_some((*begins, rest))
}

/// Chinese and Japanese figures with their signs, full-width digits.
fn plain_character(character: char) -> Option<char> {
    match character {
        '年' | '月' | '년' | '월' | '－' => Some('-'),
        '日' | '일' => None,
        '０'..='９' => char::from_u32(u32::from(character) - 0xff10 + 0x30),
        '／' => Some('/'),
        '．' => Some('.'),
        '\u{a0}' => Some(' '),
        other => Some(other),
    }
}

/// The number a text begins with, its length, and the rest.
fn leading(text: &str) -> Option<(u32, usize, &str)> {
    let length = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    if length == 0 || length > 4 {
        return None;
    }
    Some((figure(&text.as_bytes()[..length])?, length, &text[length..]))
}

/// Behind a date comes nothing, a blank, a `T`, a comma, a stop, or a time after a hyphen.
fn ends_cleanly(rest: &str) -> bool {
    let is_time = |behind: &str| behind.as_bytes().get(2) == Some(&b':') && time_of(behind).is_some();
    rest.is_empty()
        || rest.starts_with([' ', 'T', ',', '.', ';', 'Z', '/', '('])
        || rest.strip_prefix('-').is_some_and(is_time)
}

/// `20261231`, `31122026`, `20261231093000`.
fn compact(cell: &str, length: usize) -> Option<Day> {
    let bytes = &cell.as_bytes()[..8];
    let rest = &cell[length..];
    if !rest.is_empty() && !rest.starts_with([' ', 'T', '.', '[']) {
        return None;
    }
    let (year, month, day) = (figure(&bytes[..4])?, figure(&bytes[4..6])?, figure(&bytes[6..])?);
    if (1950..2100).contains(&year)
        && let Some(date) = fixed(year, month, day, "")
    {
        return Some(date);
    }
    let (first, second, year) = (figure(&bytes[..2])?, figure(&bytes[2..4])?, figure(&bytes[4..])?);
    let year = i32::try_from(year).ok().filter(|year| (1950..2100).contains(year) && length == 8)?;
    possible(Day { written: WrittenDay::Open { first, second, year, sign: 0 }, time: None })
}

/// `12-Dec-2019`, `10 Feb 18`, `January 1, 2024`, `27 Mar`.
fn letters(cell: &str) -> Option<Day> {
    let mut parts = cell.split([' ', '-', '/', '.', ',']).filter(|part| !part.is_empty());
    let mut first = parts.next()?;
    // The name of a weekday may come first.
    if first.chars().all(char::is_alphabetic) && words::month(first).is_none() {
        first = parts.next()?;
    }
    let second = parts.next()?;
    // Languages put a small word between: `2 de enero de 2026`.
    let mut next_word = || parts.find(|part| !matches!(*part, "de" | "of" | "del"));
    let joined = matches!(second, "de" | "of").then(&mut next_word).flatten();
    let second = joined.unwrap_or(second);
    let by_name = match (day_figure(first), words::month(second), words::month(first), day_figure(second)) {
        (Some(day), Some(month), ..) | (_, _, Some(month), Some(day)) => Some((day, month)),
        _ => None,
    };
    let Some((day, month)) = by_name else {
        // 2026-Jan-31
        let year = first.parse::<u32>().ok().filter(|year| first.len() == 4 && (1900..2200).contains(year))?;
        let (month, day) = (words::month(second)?, day_figure(next_word()?)?);
        return fixed(year, month, day, "");
    };
    let Some(year) = next_word() else {
        NaiveDate::from_ymd_opt(2024, month, day)?;
        return Some(Day { written: WrittenDay::YearlessFixed { day, month }, time: None });
    };
    let year: u32 = year.trim_start_matches('\'').parse().ok()?;
    let year = if year < 100 { u32::try_from(century(year)).ok()? } else { year };
    let rest: Vec<&str> = parts.collect();
    let date = fixed(year, month, day, "")?;
    if rest.is_empty() {
        return Some(date);
    }
    Some(Day { time: time_of(&rest.join(" ")).flatten(), ..date })
        .filter(|_| rest[0].starts_with(|c: char| c.is_ascii_digit()) || rest.len() <= 2)
}

fn day_figure(part: &str) -> Option<u32> {
    let digits = part.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let suffix = &part[digits.len()..];
    if digits.is_empty()
        || digits.len() > 2
        || !(suffix.is_empty() || matches!(suffix, "st" | "nd" | "rd" | "th" | "er"))
    {
        return None;
    }
    digits.parse().ok().filter(|day| (1..=31).contains(day))
}

/// The time behind a date. `None` when the rest is neither a time nor a remark on the date.
#[allow(clippy::option_option, reason = "no rest, a time, or a rest that makes the cell no date")]
fn time_of(rest: &str) -> Option<Option<NaiveTime>> {
    let rest = rest.trim_start_matches([' ', 'T', ',', '/', '.', '-', ';', '(']);
    if rest.is_empty() || rest.starts_with("as of ") || rest.chars().all(|c| c.is_ascii_uppercase()) {
        return Some(None);
    }
    // Behind the time only zones, halves of the day and offsets follow.
    let is_zone = |word: &str| word.len() <= 5 || word.starts_with(['+', '-']);
    if rest.split_whitespace().skip(1).any(|word| !is_zone(word) || word.starts_with(|c: char| c.is_ascii_lowercase()))
    {
        return None;
    }
    let mut figures = rest.split(|c: char| !c.is_ascii_digit());
    let hour: u32 = figures.next()?.parse().ok()?;
    let separator = rest.as_bytes().get(if hour > 9 || rest.starts_with('0') { 2 } else { 1 });
    if !matches!(separator, Some(b':' | b'.' | b'h')) {
        return None;
    }
    let minute: u32 = figures.next()?.parse().ok()?;
    let second = figures.next().and_then(|text| text.parse().ok()).unwrap_or(0);
    let upper = rest.to_ascii_uppercase();
    let hour = match hour {
        12 if upper.contains("AM") => 0,
        1..=11 if upper.contains("PM") => hour + 12,
        hour => hour,
    };
    NaiveTime::from_hms_opt(hour, minute, second.min(59)).map(Some)
}

/// A time of day alone in a cell.
pub(super) fn time(cell: &str) -> Option<NaiveTime> {
    if cell.len() < 4 || !cell.as_bytes()[0].is_ascii_digit() || !cell.contains([':', '.']) {
        return None;
    }
    time_of(cell).flatten()
}

/// A day in a given year, or the one before, so that it is not after `last`.
pub(super) fn with_year((month, day): (u32, u32), last: NaiveDate) -> Option<NaiveDate> {
    let here = NaiveDate::from_ymd_opt(last.year(), month, day);
    here.filter(|date| *date <= last).or_else(|| NaiveDate::from_ymd_opt(last.year() - 1, month, day)).or(here)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dates(cell: &str) -> [Option<String>; 3] {
        DateOrder::ALL.map(|order| parse(cell)?.in_order(order).map(|date| date.to_string()))
    }

    #[test]
    fn one_reading_dates() {
        for (cell, date) in [
            ("2026-01-31", "2026-01-31"),
            ("2026/1/3", "2026-01-03"),
            ("2012:03:01", "2012-03-01"),
            ("20261231", "2026-12-31"),
            ("2024.03.02", "2024-03-02"),
            ("12-Dec-2019", "2019-12-12"),
            ("10 Feb 18", "2018-02-10"),
            ("January 1, 2024", "2024-01-01"),
            ("2024-01-16T10:01:02.811Z", "2024-01-16"),
            ("2024-03-27 08:00:07", "2024-03-27"),
            ("2026年1月3日", "2026-01-03"),
            ("03 Jun 2026", "2026-06-03"),
            ("Mon 03 Jun 2026", "2026-06-03"),
            ("2 de enero de 2026", "2026-01-02"),
            ("02-ene-26", "2026-01-02"),
            ("2026.09.01 (00:00)", "2026-09-01"),
            ("1st March 2024", "2024-03-01"),
            ("2026-Jan-31", "2026-01-31"),
        ] {
            assert_eq!(dates(cell), [Some(date.into()), Some(date.into()), Some(date.into())], "{cell}");
        }
    }

    #[test]
    fn open_dates_keep_every_order() {
        assert_eq!(dates("03/04/2026"), [Some("2026-04-03".into()), Some("2026-03-04".into()), None]);
        assert_eq!(dates("31.12.2026"), [Some("2026-12-31".into()), None, None]);
        assert_eq!(dates("12/31/26"), [None, Some("2026-12-31".into()), None]);
        assert_eq!(dates("24/03/02")[2].as_deref(), Some("2024-03-02"));
        assert_eq!(dates("09/16/2020 as of 09/15/2020")[1].as_deref(), Some("2020-09-16"));
        assert_eq!(dates("27-03-2024 / 14:07")[0].as_deref(), Some("2024-03-27"));
        assert_eq!(parse("6/1/2024 17:42").unwrap().time, NaiveTime::from_hms_opt(17, 42, 0));
    }

    #[test]
    fn other_cells_are_not_dates() {
        for cell in [
            "",
            "12.50",
            "1234.56",
            "20-00-00 12345678",
            "12/2024",
            "99/99/2024",
            "2024",
            "01.03.2024 - 31.03.2024",
            "1.234.567",
            "Pending",
            "3.14",
            "10.03",
            "32.12.2020",
            "EC 74082269",
            "2018-03-30T17:47:21 Karte12",
            "5343-2795",
            "1/5 DATUM 03.04.2018",
        ] {
            assert_eq!(parse(cell), None, "{cell}");
        }
        assert!(parse("12/29").unwrap().is_yearless());
        assert!(parse("29.12.").unwrap().is_yearless());
    }

    #[test]
    fn a_date_without_year_takes_the_newest_that_fits() {
        let last = NaiveDate::from_ymd_opt(2024, 1, 31).unwrap();
        assert_eq!(with_year((12, 29), last), NaiveDate::from_ymd_opt(2023, 12, 29));
        assert_eq!(with_year((1, 5), last), NaiveDate::from_ymd_opt(2024, 1, 5));
    }
}
