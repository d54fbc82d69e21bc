//! Values of leaves: numbers and days, and what is done where they are none.
//!
//! Used by the mappings. INVARIANT: every value that is not taken as written has a warning.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{
    date::{self, Day},
    open::Open,
    reader::DocumentReader,
    record::Leaf,
    survey::DecimalMarks,
    text,
};
use crate::{
    domain::AssetCode,
    statements::{
        amount::{self, WrittenNumber},
        warnings::quoted,
    },
};

impl DocumentReader<'_, '_, '_> {
    /// The number in a leaf, `None` if it is not a number. `money` numbers have the digits of their currency, so three
    /// decimals are suspicious there; prices and units have any.
    pub(super) fn number(&mut self, leaf: &Leaf<'_>, money: bool) -> Option<Decimal> {
        if let Some(WrittenNumber::Exact(number)) = amount::parse(leaf.text) {
            self.warn_of_words(leaf, number);
            return Some(number);
        }
        let plain = text::value(leaf);
        match amount::parse(&plain)? {
            WrittenNumber::Exact(number) => {
                self.warn_of_words(leaf, number);
                Some(number)
            }
            WrittenNumber::Ambiguous { decimal, thousands, comma } => {
                let marks = self.survey().marks();
                let (number, certain) = match (marks, comma) {
                    (DecimalMarks::Point, true) | (DecimalMarks::Comma, false) => (thousands, true),
                    (DecimalMarks::Point, false) | (DecimalMarks::Comma, true) => (decimal, true),
                    (DecimalMarks::Mixed | DecimalMarks::Undecided, true) => (thousands, false),
                    (DecimalMarks::Mixed | DecimalMarks::Undecided, false) => (decimal, !money),
                };
                if !certain {
                    self.warn(leaf.at, || {
                        format!(
                            "{} {} can mean {thousands} or {decimal}, and nothing else in the file decides it; it was read as {number}",
                            leaf.tag.name(),
                            quoted(&plain)
                        )
                    });
                }
                Some(number)
            }
        }
    }

    fn warn_of_words(&mut self, leaf: &Leaf<'_>, number: Decimal) {
        if leaf.text.bytes().any(|byte| byte.is_ascii_alphabetic()) && amount::has_words(leaf.text) {
            self.warn(leaf.at, || {
                format!(
                    "{} {} has words behind the number; it was read as {number}",
                    leaf.tag.name(),
                    quoted(leaf.text)
                )
            });
        }
    }

    /// Whether a blank stood between the tag and the text.
    pub(super) fn follows_blank(&self, leaf: &Leaf<'_>) -> bool {
        let start = leaf.text.as_ptr().addr() - self.source.as_ptr().addr();
        start.checked_sub(1).is_some_and(|before| self.source.as_bytes()[before] == b' ')
    }

    /// An optional number of a row; a value that is not a number is a warning.
    pub(super) fn optional_number(&mut self, leaf: Option<&Leaf<'_>>, money: bool) -> Option<Decimal> {
        let leaf = leaf?;
        let number = self.number(leaf, money);
        if number.is_none() {
            self.warn(leaf.at, || {
                format!("{} {} is not a number; it was left out", leaf.tag.name(), quoted(leaf.text))
            });
        }
        number
    }

    pub(super) fn day_of(&self, leaf: &Leaf<'_>) -> Day {
        let month_first =
            self.english && self.open.as_ref().and_then(|open| open.currency).is_none_or(|code| code == AssetCode::USD);
        match date::parse(leaf.text, month_first) {
            day @ Day::Of(_) => day,
            _ => date::parse(&text::value(leaf), month_first),
        }
    }

    /// A day that a row can do without.
    pub(super) fn optional_day(&self, leaf: Option<&Leaf<'_>>) -> Option<NaiveDate> {
        self.day_of(leaf?).date()
    }

    /// The day of a row: the first of `leaves` that gives one; else, unless the text there is damaged, that of the
    /// row before, the statement's or the file's. `None` when there is nothing to go by.
    pub(super) fn row_day(&mut self, row: &str, at: usize, leaves: &[Option<&Leaf<'_>>]) -> Option<NaiveDate> {
        let mut first = None;
        let mut instead = None;
        for leaf in leaves.iter().copied().flatten() {
            match self.day_of(leaf) {
                Day::Of(date) => {
                    instead = Some((date, leaf));
                    break;
                }
                Day::Guessed(date) => {
                    self.warn(leaf.at, || {
                        format!("{} {} is not a plain date; it was read as {date}", leaf.tag.name(), quoted(leaf.text))
                    });
                    self.note_day(date);
                    return Some(date);
                }
                problem @ (Day::Zero | Day::Impossible | Day::Damaged) => {
                    first.get_or_insert((problem, leaf));
                }
            }
        }
        match (first, instead) {
            (None | Some((Day::Zero, _)), Some((date, _))) => {
                self.note_day(date);
                Some(date)
            }
            (Some((_, bad)), Some((date, leaf))) => {
                self.warn(bad.at, || {
                    format!(
                        "{} {} is not a date; {} was taken: {date}",
                        bad.tag.name(),
                        quoted(bad.text),
                        leaf.tag.name()
                    )
                });
                self.note_day(date);
                Some(date)
            }
            (Some((Day::Damaged, bad)), None) => {
                self.warn(bad.at, || {
                    format!("{} {} is not a date; the {row} was left out", bad.tag.name(), quoted(bad.text))
                });
                None
            }
            (problem, None) => {
                let open = self.open.as_ref();
                let last = open.and_then(|open| open.last_date);
                let day = last.or_else(|| open.and_then(Open::day)).or(self.server_day);
                let (at, what) = match problem {
                    Some((_, bad)) => (bad.at, format!("{} {} is not a date", bad.tag.name(), quoted(bad.text))),
                    None => (at, format!("a {row} has no date")),
                };
                self.warn(at, || match (day, last) {
                    (Some(day), Some(_)) => format!("{what}; that of the row before was taken: {day}"),
                    (Some(day), None) => format!("{what}; that of the statement was taken: {day}"),
                    (None, _) => format!("{what}, nor does the file give another; the {row} was left out"),
                });
                day
            }
        }
    }

    fn note_day(&mut self, date: NaiveDate) {
        if let Some(open) = &mut self.open {
            open.last_date = Some(date);
        }
    }
}
