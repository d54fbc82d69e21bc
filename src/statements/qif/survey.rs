//! One pass over all records for the questions that a single row can't answer: order of dates, decimal mark, century, symbols.
//!
//! Used by the reader. INVARIANT: linear; memory in proportion to the distinct days and securities.

use std::collections::HashMap;

use chrono::{Datelike as _, NaiveDate};

use super::{
    super::amount::{self, Evidence, WrittenNumber},
    date::{self, DateOrder, WrittenDay},
    record::{QifItem, Section, items, value},
};

/// Days of one run of rows, as one order reads them.
#[derive(Default, Clone, Copy)]
struct Run {
    last: Option<NaiveDate>,
    rising: bool,
    falling: bool,
    distinct: usize,
    /// First and last year.
    years: Option<(i32, i32)>,
}

impl Run {
    const fn new() -> Self {
        Self { last: None, rising: true, falling: true, distinct: 0, years: None }
    }

    fn add(&mut self, day: NaiveDate) {
        let year = day.year();
        self.years = Some(self.years.map_or((year, year), |(from, to)| (from.min(year), to.max(year))));
        if let Some(last) = self.last {
            self.rising &= day >= last;
            self.falling &= day <= last;
        }
        if self.last != Some(day) {
            self.distinct += 1;
        }
        self.last = Some(day);
    }

    const fn is_sorted(&self) -> bool {
        self.rising || self.falling
    }
}

/// The result.
pub(super) struct Survey<'a> {
    /// Readable days of each order, in the order of [`DateOrder::ALL`].
    fits: [usize; 3],
    /// The most years that the days of one run lie apart, in each order.
    spans: [i32; 3],
    /// Whether all runs of rows are sorted in an order, and the distinct days of the longest run.
    sorted: [bool; 3],
    longest: usize,
    /// Days that depend on the order.
    open_days: usize,
    /// Those of them that are written with dots.
    dotted: usize,
    /// Whether the two usual orders give different days anywhere.
    differs: bool,
    pub(super) stated: Option<DateOrder>,
    /// Whether any year has an apostrophe, which makes years behind a slash 19xx.
    pub(super) old_years: bool,
    points: usize,
    commas: usize,
    /// Symbols by the name of the security.
    pub(super) symbols: HashMap<&'a str, &'a str>,
}

/// The decision about the order of dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// Why, as a sentence.
    Decided(DateOrder, &'static str),
    /// Both orders are possible.
    Open,
}

impl<'a> Survey<'a> {
    /// Surveys a file.
    #[must_use]
    pub(super) fn of(text: &'a str) -> Self {
        let mut survey = Self {
            fits: [0; 3],
            spans: [0; 3],
            sorted: [true; 3],
            longest: 0,
            open_days: 0,
            dotted: 0,
            differs: false,
            stated: None,
            old_years: false,
            points: 0,
            commas: 0,
            symbols: HashMap::new(),
        };
        let mut section = Section::Bank;
        let mut days: Vec<WrittenDay> = Vec::new();
        for item in items(text) {
            match item {
                QifItem::Section(next, _) => {
                    section = next;
                    survey.end_run(&mut days);
                }
                QifItem::Option(line) => {
                    let option = line.split(':').nth(1).unwrap_or_default().trim();
                    survey.stated = DateOrder::parse(option).or(survey.stated);
                }
                QifItem::Record(record) if section == Section::Securities => {
                    if let Some((name, symbol)) = value(&record, 'N').zip(value(&record, 'S')) {
                        survey.symbols.insert(name, symbol);
                    }
                }
                QifItem::Record(record) if section.has_rows() => {
                    days.extend(value(&record, 'D').and_then(date::parse));
                    for line in record.iter().filter(|line| matches!(line.code, 'T' | 'U' | '$')) {
                        match amount::evidence(line.value.trim_start_matches('=')) {
                            Evidence::Point => survey.points += 1,
                            Evidence::Comma => survey.commas += 1,
                            Evidence::None => {}
                        }
                    }
                }
                QifItem::Record(_) => {}
            }
        }
        survey.end_run(&mut days);
        survey
    }

    fn end_run(&mut self, days: &mut Vec<WrittenDay>) {
        self.old_years |= days.iter().any(|day| day.has_apostrophe());
        let mut runs = [Run::new(); 3];
        for written in days.drain(..) {
            if matches!(written, WrittenDay::Exact(_)) {
                continue;
            }
            self.open_days += 1;
            self.dotted += usize::from(written.has_dots());
            let read = DateOrder::ALL.map(|order| written.day(order, false));
            self.differs |= read[0] != read[1];
            for (index, day) in read.into_iter().enumerate() {
                if let Some(day) = day {
                    self.fits[index] += 1;
                    runs[index].add(day);
                }
            }
        }
        for (index, run) in runs.iter().enumerate() {
            self.sorted[index] &= run.is_sorted();
            self.spans[index] = self.spans[index].max(run.years.map_or(0, |(from, to)| to - from));
        }
        self.longest = self.longest.max(runs[0].distinct.min(runs[1].distinct));
    }

    /// The order of dates: the answer, the file's own statement, the only one that fits, the only one that is sorted.
    #[must_use]
    pub(super) fn order(&self, answer: Option<DateOrder>) -> Decision {
        let fits = |order: usize| self.fits[order] == self.open_days;
        if let Some(order) = answer {
            return Decision::Decided(order, "the order of dates was given");
        }
        if let Some(order) = self.stated {
            return Decision::Decided(order, "the file states the order of its dates");
        }
        if self.open_days == 0 {
            return Decision::Decided(DateOrder::Mdy, "every date has one meaning");
        }
        // Two digits everywhere: the rows of an account lie in a few years.
        let usual = (0..2).filter(|order| fits(*order)).map(|order| self.spans[order]).min();
        if fits(2) && self.spans[2] <= 2 && usual.is_none_or(|usual| usual >= 8) {
            return Decision::Decided(DateOrder::Ymd, "only with the year first the rows lie in a few years");
        }
        match (fits(0), fits(1)) {
            (true, false) => Decision::Decided(DateOrder::Mdy, "a day above 12 shows that the month comes first"),
            (false, true) => Decision::Decided(DateOrder::Dmy, "a day above 12 shows that the day comes first"),
            (true, true) if !self.differs => Decision::Decided(DateOrder::Mdy, "every date has one meaning"),
            (true, true) if self.longest >= 3 && self.sorted[0] != self.sorted[1] => {
                let order = if self.sorted[0] { DateOrder::Mdy } else { DateOrder::Dmy };
                Decision::Decided(order, "the rows are sorted by day in this order only")
            }
            (true, true) if self.dotted == self.open_days => {
                Decision::Decided(DateOrder::Dmy, "dates written with dots have the day first")
            }
            (true, true) if self.has_decimal_comma() => {
                Decision::Decided(DateOrder::Dmy, "countries with a decimal comma write the day first")
            }
            (true, true) => Decision::Open,
            (false, false) => {
                let best = (0..3).max_by_key(|order| (self.fits[*order], 3 - order)).unwrap_or_default();
                Decision::Decided(DateOrder::ALL[best], "most dates fit this order only")
            }
        }
    }

    /// The amount as the file writes numbers. `1,234` has marks of thousands unless other amounts show the comma to be the
    /// decimal mark.
    #[must_use]
    pub(super) fn amount(&self, text: &str) -> Option<rust_decimal::Decimal> {
        Some(match amount::parse(text.trim_start_matches('='))? {
            WrittenNumber::Exact(number) => number,
            WrittenNumber::Ambiguous { decimal, thousands, comma } => {
                let is_decimal = if comma { self.commas > self.points } else { self.points > self.commas };
                if is_decimal { decimal } else { thousands }
            }
        })
    }

    /// Whether dates or decimals are written the European way.
    #[must_use]
    pub(super) const fn has_decimal_comma(&self) -> bool {
        self.commas > self.points
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(days: &[&str]) -> Decision {
        let mut text = "!Type:Bank\n".to_owned();
        for day in days {
            text.push_str(&["D", day, "\nT1.00\n^\n"].concat());
        }
        Survey::of(&text).order(None)
    }

    #[test]
    fn the_whole_file_decides() {
        assert!(matches!(decide(&["1/2/24", "1/20/24"]), Decision::Decided(DateOrder::Mdy, _)));
        assert!(matches!(decide(&["1/2/24", "20/1/24"]), Decision::Decided(DateOrder::Dmy, _)));
        assert!(matches!(decide(&["5/5/24"]), Decision::Decided(_, "every date has one meaning")));
        assert_eq!(decide(&["6/1/94", "6/2/94", "6/3/94"]), Decision::Open);
        assert_eq!(decide(&["6/1/94"]), Decision::Open);
        let sorted = decide(&["1/3/24", "2/3/24", "1/4/24", "3/4/24"]);
        assert!(matches!(sorted, Decision::Decided(DateOrder::Dmy, "the rows are sorted by day in this order only")));
        assert!(matches!(decide(&["1.2.24"]), Decision::Decided(DateOrder::Dmy, _)));
        let comma = Survey::of("!Type:Bank\nD1/2/24\nT-12,50\n^").order(None);
        assert!(matches!(
            comma,
            Decision::Decided(DateOrder::Dmy, "countries with a decimal comma write the day first")
        ));
        // Two accounts years apart are not one account whose days scatter.
        let accounts = "!Type:Bank\nD12/07/22\nT1\n^\n!Type:CCard\nD14/12/08\nT1\n^";
        assert!(matches!(Survey::of(accounts).order(None), Decision::Decided(DateOrder::Dmy, _)));
        assert!(matches!(decide(&["24/01/31", "24/02/11"]), Decision::Decided(DateOrder::Ymd, _)));
        assert!(matches!(
            Survey::of("!Option:DMY\n!Type:Bank\nD1/2/24\nT1\n^").order(None),
            Decision::Decided(DateOrder::Dmy, _)
        ));
    }

    #[test]
    fn amounts_follow_the_other_amounts() {
        let amount = |text: &str, of: &str| Survey::of(text).amount(of).unwrap().to_string();
        assert_eq!(amount("!Type:Bank\nD1/2/24\nT1.234,56\n^", "1,234"), "1.234");
        assert_eq!(amount("!Type:Bank\nD1/2/24\nT1,234\n^", "1,234"), "1234");
        assert_eq!(amount("!Type:Bank\nD1/2/24\nT5.10\n^", "=746.36"), "746.36");
    }
}
