//! Days as QIF files write them.
//!
//! Used by the survey and the reader. INVARIANT: a day that allows several orders keeps them all until the file decides.

use chrono::NaiveDate;

use super::super::month::named_day;

/// The order of day, month and year in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DateOrder {
    /// Month, day, year.
    Mdy,
    /// Day, month, year.
    Dmy,
    /// Year, month, day.
    Ymd,
}

impl DateOrder {
    /// In the order in which they are tried.
    pub(super) const ALL: [Self; 3] = [Self::Mdy, Self::Dmy, Self::Ymd];

    /// As answers and options name it.
    #[must_use]
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Mdy => "mdy",
            Self::Dmy => "dmy",
            Self::Ymd => "ymd",
        }
    }

    /// For people.
    #[must_use]
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Mdy => "month/day/year",
            Self::Dmy => "day/month/year",
            Self::Ymd => "year/month/day",
        }
    }

    /// The order of that name, in any case.
    #[must_use]
    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|order| order.name().eq_ignore_ascii_case(name))
    }
}

/// A day as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WrittenDay {
    /// It has one meaning: `2024-01-31`, `31 Jan 2024`.
    Exact(NaiveDate),
    /// Three numbers whose order the file decides.
    Numbers {
        first: i32,
        second: i32,
        third: i32,
        /// Digits of the first number.
        width: usize,
        /// Digits of the last number.
        last_width: usize,
        apostrophe: bool,
        /// Whether dots separate the numbers.
        dots: bool,
    },
}

/// Reads `1/20/08`, `3/29' 0`, `29/12'2010`, `31.12.2024`, `2024-01-31`, `20240131`, `26 Jan 2026` or `Jan 26, 2026`.
#[must_use]
pub(super) fn parse(text: &str) -> Option<WrittenDay> {
    if text.contains(char::is_alphabetic) {
        return named_day(text).map(WrittenDay::Exact);
    }
    let mut numbers: Vec<(i32, usize)> = Vec::with_capacity(3);
    let (mut apostrophe, mut dots) = (false, false);
    let mut rest = text.trim();
    while let Some(first) = rest.chars().next() {
        let width = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        if width > 0 {
            if width > 8 || numbers.len() == 3 {
                return None;
            }
            numbers.push((rest[..width].parse().ok()?, width));
            rest = &rest[width..];
        } else if matches!(first, '/' | '.' | '-' | '\'' | ' ' | ',' | '’') {
            apostrophe |= matches!(first, '\'' | '’');
            dots |= first == '.';
            rest = &rest[first.len_utf8()..];
        } else {
            return None;
        }
    }
    match numbers[..] {
        [(packed, 8)] => calendar(packed / 10_000, packed / 100 % 100, packed % 100).map(WrittenDay::Exact),
        [(year, 4), (month, _), (day, _)] => calendar(year, month, day).map(WrittenDay::Exact),
        [(first, width), (second, second_width), (third, last_width)] if second_width <= 2 && width <= 2 => {
            Some(WrittenDay::Numbers { first, second, third, width, last_width, apostrophe, dots })
        }
        _ => None,
    }
}

impl WrittenDay {
    /// The day in that order; `None` when the calendar lacks it. with `old`, short years are 19xx.
    #[must_use]
    pub(super) fn day(self, order: DateOrder, old: bool) -> Option<NaiveDate> {
        match self {
            Self::Exact(day) => Some(day),
            Self::Numbers { first, second, third, width, last_width, apostrophe, .. } => {
                let last = || full_year(third, last_width, apostrophe, old);
                match order {
                    DateOrder::Mdy => calendar(last(), first, second),
                    DateOrder::Dmy => calendar(last(), second, first),
                    DateOrder::Ymd if last_width <= 2 => calendar(full_year(first, width, false, old), second, third),
                    DateOrder::Ymd => None,
                }
            }
        }
    }

    /// Whether dots separate its numbers.
    #[must_use]
    pub(super) const fn has_dots(self) -> bool {
        matches!(self, Self::Numbers { dots: true, .. })
    }

    /// Whether it marks its century with an apostrophe.
    #[must_use]
    pub(super) const fn has_apostrophe(self) -> bool {
        matches!(self, Self::Numbers { apostrophe: true, .. })
    }
}

/// One or two digits behind an apostrophe are 20xx. Behind a slash Quicken means 19xx (`old`: the file has apostrophes), other
/// programs the century in which statements exist: 70 to 99 are 19xx.
fn full_year(year: i32, width: usize, apostrophe: bool, old: bool) -> i32 {
    match width {
        4 => year,
        _ if apostrophe => 2000 + year,
        _ if old || year >= 70 => 1900 + year,
        _ => 2000 + year,
    }
}

fn calendar(year: i32, month: i32, day: i32) -> Option<NaiveDate> {
    if !(1900..=2199).contains(&year) {
        return None;
    }
    NaiveDate::from_ymd_opt(year, u32::try_from(month).ok()?, u32::try_from(day).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, order: DateOrder) -> String {
        parse(text).and_then(|written| written.day(order, false)).map(|day| day.to_string()).unwrap_or_default()
    }

    #[test]
    fn every_form() {
        assert_eq!(read("1/20/08", DateOrder::Mdy), "2008-01-20");
        assert_eq!(read("1/20/08", DateOrder::Dmy), "");
        assert_eq!(read("3/29' 0", DateOrder::Mdy), "2000-03-29");
        assert_eq!(read("29/12'2010", DateOrder::Dmy), "2010-12-29");
        assert_eq!(read("6/22/95", DateOrder::Mdy), "1995-06-22");
        assert_eq!(read("31.12.2024", DateOrder::Dmy), "2024-12-31");
        assert_eq!(read("24-01-31", DateOrder::Ymd), "2024-01-31");
        for exact in ["2024-01-31", "20240131", "31 Jan 2024", "Jan 31, 2024", "31. Januar 2024", "2024 janv. 31"] {
            assert_eq!(read(exact, DateOrder::Mdy), "2024-01-31", "{exact}");
        }
        assert_eq!(read("1 août 2024", DateOrder::Mdy), "2024-08-01");
        assert_eq!(read("1 Dez 24", DateOrder::Mdy), "2024-12-01");
        for wrong in ["", "x", "1/2", "99999999999", "1/2/3/4", "13 Foo 2024", "1é2"] {
            assert_eq!(read(wrong, DateOrder::Mdy), "", "{wrong}");
        }
        assert_eq!(parse("6/22/24").unwrap().day(DateOrder::Mdy, true).unwrap().to_string(), "1924-06-22");
    }
}
