//! Days with the name of a month: `10-Mar-2025`, `Mar 12, 2025`, `lundi 3 mars 2025`.
//!
//! Used by readers of text. INVARIANT: a day is read only where the name leaves one meaning.

use chrono::NaiveDate;

use crate::domain::text::fold;

/// First letters of the months, folded: English, German, French, Spanish, Italian, Dutch, Portuguese.
#[rustfmt::skip]
const MONTHS: &[(&str, u32)] = &[
    ("jan", 1), ("ene", 1), ("gen", 1), ("feb", 2), ("fev", 2), ("mar", 3), ("maer", 3), ("mrz", 3), ("maa", 3), ("mrt", 3),
    ("apr", 4), ("avr", 4), ("abr", 4), ("may", 5), ("mai", 5), ("mei", 5), ("mag", 5), ("juin", 6), ("jun", 6), ("giu", 6),
    ("juil", 7), ("jul", 7), ("lug", 7), ("aug", 8), ("aou", 8), ("ago", 8), ("sep", 9), ("set", 9), ("oct", 10),
    ("okt", 10), ("ott", 10), ("out", 10), ("nov", 11), ("dec", 12), ("dez", 12), ("dic", 12),
];

/// First letters of the days of a week, folded, where they are not those of a month.
#[rustfmt::skip]
const WEEKDAYS: &[&str] = &[
    "mon", "tue", "wed", "thu", "fri", "sat", "sun", "die", "mit", "don", "fre", "sam", "son", "lun", "mer", "jeu",
    "ven", "dim", "mie", "jue", "vie", "sab", "dom", "gio", "maandag", "mardi", "martes", "martedi", "montag",
];

/// The month that a word names.
#[must_use]
pub(super) fn month(word: &str) -> Option<u32> {
    let folded = fold(word);
    if WEEKDAYS.iter().any(|day| day.len() > 3 && folded.starts_with(day)) {
        return None;
    }
    MONTHS.iter().find(|(start, _)| folded.starts_with(start)).map(|(_, month)| *month)
}

fn is_weekday(word: &str) -> bool {
    let folded = fold(word);
    WEEKDAYS.iter().any(|day| folded.starts_with(day))
}

/// The day that a text with the name of a month means. A year of two digits is one of this century.
#[must_use]
pub(super) fn named_day(text: &str) -> Option<NaiveDate> {
    let mut numbers: Vec<&str> = Vec::with_capacity(2);
    let mut found = None;
    let mut rest = text.trim();
    while let Some(first) = rest.chars().next() {
        let is_part = |c: char| if first.is_ascii_digit() { c.is_ascii_digit() } else { c.is_alphabetic() };
        let width = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
        let (word, tail) = rest.split_at(width.max(first.len_utf8()));
        if first.is_ascii_digit() {
            // A time of day may follow the date.
            if numbers.len() == 2 {
                break;
            }
            numbers.push(word);
        } else if first.is_alphabetic() {
            match month(word) {
                Some(month) if found.is_none() => found = Some(month),
                None if is_weekday(word) || found.is_some() || fold(word).len() <= 2 => {}
                _ => return None,
            }
        }
        rest = tail;
    }
    let [first, second] = numbers[..] else { return None };
    let (day, year) = if first.len() == 4 { (second, first) } else { (first, second) };
    let year: i32 = match year.len() {
        4 => year.parse().ok()?,
        2 => 2000 + year.parse::<i32>().ok()?,
        _ => return None,
    };
    let in_use = (1900..=2199).contains(&year);
    NaiveDate::from_ymd_opt(year, found?, day.parse().ok().filter(|_| day.len() <= 2)?).filter(|_| in_use)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_any_place() {
        let read = |text| named_day(text).map(|day| day.to_string()).unwrap_or_default();
        for text in [
            "10-Mar-2025",
            "Mar 10, 2025",
            "10 march 25",
            "10. März 2025",
            "lundi 10 mars 2025",
            "2025 Mar 10",
            "Mon, 10 Mar 2025 12:30:00 GMT",
            "10 de marzo de 2025",
            "maandag 10 maart 2025",
            "martes 10 marzo 2025",
        ] {
            assert_eq!(read(text), "2025-03-10", "{text}");
        }
        for text in ["", "10 foo 2025", "Mar 2025", "31 Feb 2025", "10-Mar-Apr-2025", "Mar 100, 2025", "é"] {
            assert_eq!(read(text), "", "{text}");
        }
    }
}
