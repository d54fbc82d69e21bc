//! Days and ranges of days, absolute or relative to today.

use chrono::{Datelike as _, Days, Months, NaiveDate};

use super::lex::Op;

/// Days from one to another, both included; either end may be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateRange {
    /// First day.
    pub from: Option<NaiveDate>,
    /// Last day.
    pub to: Option<NaiveDate>,
}

impl DateRange {
    /// Whether a day lies in it.
    #[must_use]
    pub fn contains(self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| day >= from) && self.to.is_none_or(|to| day <= to)
    }

    /// Whether every day of this range lies in `other` too.
    #[must_use]
    pub fn within(self, other: Self) -> bool {
        other.from.is_none_or(|outer| self.from.is_some_and(|inner| inner >= outer))
            && other.to.is_none_or(|outer| self.to.is_some_and(|inner| inner <= outer))
    }
}

/// Names that `date:` completes to.
pub(super) const NAMES: [&str; 11] = [
    "today",
    "yesterday",
    "this-week",
    "last-week",
    "this-month",
    "last-month",
    "this-quarter",
    "last-quarter",
    "this-year",
    "last-year",
    "tomorrow",
];

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Reads the right side of `date`; the error is a hint.
pub(super) fn parse(op: Op, value: &str, today: NaiveDate) -> Result<DateRange, String> {
    let period = |text: &str| {
        period(text, today).ok_or_else(|| {
            format!("`{text}` is not a date; write 2026, 2026-03, 2026-03-15, 2026-q1, today or last-month")
        })
    };
    if let Some((from, to)) = value.split_once("..") {
        if op != Op::Has {
            return Err("a range needs no sign of comparison; write date:2026-01..2026-03".to_owned());
        }
        let from = if from.is_empty() { None } else { Some(period(from)?) };
        let to = if to.is_empty() { None } else { Some(period(to)?) };
        return match (from, to) {
            (None, None) => Err("write at least one end of the range: date:2026-03.. or date:..2026-03".to_owned()),
            (Some((from, _)), Some((_, to))) if from > to => Err("the range ends before it begins".to_owned()),
            (from, to) => Ok(DateRange { from: from.map(|(first, _)| first), to: to.map(|(_, last)| last) }),
        };
    }
    let (first, last) = period(value)?;
    Ok(match op {
        Op::Has | Op::Is => DateRange { from: Some(first), to: Some(last) },
        Op::Above => DateRange { from: last.succ_opt(), to: None },
        Op::AtLeast => DateRange { from: Some(first), to: None },
        Op::Below => DateRange { from: None, to: first.pred_opt() },
        Op::AtMost => DateRange { from: None, to: Some(last) },
    })
}

/// Reads `90d`, `2w`, `3m`, `1y`: so many days (weeks …) that end today, today included.
pub(super) fn last(value: &str, today: NaiveDate) -> Result<DateRange, String> {
    let hint = || format!("`{value}` is not a length of time; write last:90d, last:2w, last:3m or last:1y");
    let digits = value.bytes().take_while(u8::is_ascii_digit).count();
    let (count, unit) = value.split_at(digits);
    let count: u32 = count.parse().map_err(|_| hint())?;
    let before = match unit.to_ascii_lowercase().as_str() {
        "" | "d" | "day" | "days" => today.checked_sub_days(Days::new(count.into())),
        "w" | "week" | "weeks" => today.checked_sub_days(Days::new(u64::from(count) * 7)),
        "m" | "month" | "months" => today.checked_sub_months(Months::new(count)),
        "q" | "quarter" | "quarters" => count.checked_mul(3).and_then(|m| today.checked_sub_months(Months::new(m))),
        "y" | "year" | "years" => count.checked_mul(12).and_then(|m| today.checked_sub_months(Months::new(m))),
        _ => return Err(hint()),
    };
    Ok(DateRange { from: before.and_then(|day| day.succ_opt()), to: Some(today) })
}

/// First and last day of what a text names.
pub(super) fn period(text: &str, today: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
    absolute(text).or_else(|| relative(&text.to_ascii_lowercase(), today))
}

/// `2026`, `2026-03`, `2026-03-15`, `2026-q1` (slashes and dots as well as dashes, `20260315` too).
pub(super) fn absolute(text: &str) -> Option<(NaiveDate, NaiveDate)> {
    let numeric = text.bytes().all(|byte| byte.is_ascii_digit());
    if numeric && text.len() == 8 {
        let day = date(&text[..4], &text[4..6], &text[6..])?;
        return Some((day, day));
    }
    let mut parts = text.split(['-', '/', '.']);
    let year_text = parts.next()?;
    if year_text.len() != 4 || !year_text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let year: i32 = year_text.parse().ok()?;
    let (second, third, more) = (parts.next(), parts.next(), parts.next());
    match (second, third, more) {
        (None, None, None) => months_from(year, 1, 12),
        (Some(part), None, None) => {
            if let Some(quarter) = part.strip_prefix(['q', 'Q']).and_then(|quarter| quarter.parse::<u32>().ok()) {
                return if (1..=4).contains(&quarter) { months_from(year, quarter * 3 - 2, 3) } else { None };
            }
            months_from(year, short_number(part)?, 1)
        }
        (Some(month), Some(day), None) => date(year_text, month, day).map(|day| (day, day)),
        _ => None,
    }
}

/// A bare word that is read as a date: `2026`, `2026-03`, `2026-03-15`, `2026-q1`; years 1900 to 2099, with dashes.
pub(super) fn unmistakable(text: &str) -> Option<(NaiveDate, NaiveDate)> {
    let (first, last) = absolute(text)?;
    let dashes = text.len() != 8 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (dashes && (1900..2100).contains(&first.year())).then_some((first, last))
}

fn short_number(text: &str) -> Option<u32> {
    let plain = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

fn date(year: &str, month: &str, day: &str) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year.parse().ok()?, short_number(month)?, short_number(day)?)
}

/// First and last day of `count` months.
fn months_from(year: i32, month: u32, count: u32) -> Option<(NaiveDate, NaiveDate)> {
    let first = NaiveDate::from_ymd_opt(year, month, 1)?;
    Some((first, first.checked_add_months(Months::new(count))?.pred_opt()?))
}

fn relative(text: &str, today: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
    let one = |day: Option<NaiveDate>| day.map(|day| (day, day));
    match text {
        "today" => return one(Some(today)),
        "yesterday" => return one(today.pred_opt()),
        "tomorrow" => return one(today.succ_opt()),
        _ => {}
    }
    let which = [("this", 0), ("last", -1), ("previous", -1), ("next", 1)];
    for (word, step) in which {
        if let Some(unit) = text.strip_prefix(word) {
            return around(unit.trim_start_matches(['-', '_', ' ']), step, today);
        }
    }
    let month = MONTHS.iter().position(|month| month == &text || text.len() == 3 && month.starts_with(text))?;
    let month = u32::try_from(month + 1).ok()?;
    let year = if month <= today.month() { today.year() } else { today.year() - 1 };
    months_from(year, month, 1)
}

/// The week (from Monday), month, quarter or year of today, or the one before or after it.
fn around(unit: &str, step: i32, today: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
    let shifted = |first: NaiveDate, months: u32| {
        let by = Months::new(months);
        match step {
            0 => Some(first),
            1 => first.checked_add_months(by),
            _ => first.checked_sub_months(by),
        }
    };
    let months = match unit {
        "day" => {
            let day = today.checked_add_signed(chrono::TimeDelta::days(step.into()))?;
            return Some((day, day));
        }
        "week" => {
            let monday = today.week(chrono::Weekday::Mon).checked_first_day()?;
            let first = monday.checked_add_signed(chrono::TimeDelta::weeks(step.into()))?;
            return Some((first, first.checked_add_days(Days::new(6))?));
        }
        "month" => 1,
        "quarter" => 3,
        "year" => 12,
        _ => return None,
    };
    let first = NaiveDate::from_ymd_opt(today.year(), today.month0() / months * months + 1, 1)?;
    let first = shifted(first, months)?;
    months_from(first.year(), first.month(), months)
}
