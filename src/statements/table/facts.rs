//! The facts written around a table: account, currency, period, opening and closing balance.
//!
//! Used by the inference. INVARIANT: at most a few dozen lines on either side of the body are read.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{
    date::{self, DateOrder, Day},
    days::Bounds,
    frame::{Frame, money},
    grid::Grid,
    number::{CellNumber, Mark, Shape},
    role::Role,
    words::{self, Words, key},
};
use crate::{domain::AssetCode, statements::iban};

/// Lines read before and after the body.
const LINES: usize = 60;

/// A balance stated beside the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StatedBeside {
    pub(super) number: CellNumber,
    pub(super) day: Option<Day>,
}

impl StatedBeside {
    pub(super) fn amount(&self, mark: Mark) -> Decimal {
        self.number.value(mark)
    }
}

/// Facts around a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) iban: Option<String>,
    pub(super) account: Option<String>,
    pub(super) currency: Option<AssetCode>,
    pub(super) opening: Option<StatedBeside>,
    pub(super) closing: Option<StatedBeside>,
    pub(super) bounds: Bounds,
    /// The currency of a sign behind an amount inside a text.
    pub(super) sign: Option<AssetCode>,
    /// Year and month in a title, for dates without a year.
    pub(super) year_month: Option<(i32, u32)>,
    /// Year and month in the file's name.
    named_month: Option<(i32, u32)>,
    /// All text, as keys, for words that say what the table is.
    pub(super) text: String,
    /// Currency codes that are values on their lines, whatever names them.
    codes: Vec<AssetCode>,
    /// The first day of a period whose last one is on a later line.
    half_period: Option<Day>,
    /// Marks seen in amounts: dot, comma.
    pub(super) marks: [usize; 2],
}

/// Reads the lines before the body and behind its last row.
pub(super) fn read(grid: &Grid, frame: &Frame, last: usize, file_name: &str, words: &Words) -> Facts {
    let mut facts = Facts::default();
    let before = frame.header.unwrap_or(frame.start);
    let head: Vec<usize> = (0..before.min(LINES)).collect();
    let tail: Vec<usize> = (last + 1..grid.len().min(last + 1 + LINES)).collect();
    for rows in [&head, &tail] {
        for row in rows {
            facts.line(grid, *row, words);
        }
    }
    for pair in head.windows(2) {
        facts.small_table(grid, pair[0], pair[1], words);
    }
    facts.bounds.named = days_in_name(file_name);
    facts.named_month = month_in_name(file_name);
    if let (None, [code, rest @ ..]) = (facts.currency, &facts.codes[..])
        && rest.iter().all(|other| other == code)
    {
        facts.currency = Some(*code);
    }
    facts.account = facts.account.take().filter(|account| !account.is_empty());
    facts
}

impl Facts {
    fn line(&mut self, grid: &Grid, row: usize, words: &Words) {
        let cells: Vec<&str> = grid.cells(row).filter(|cell| !cell.is_empty()).collect();
        for (index, cell) in cells.iter().enumerate() {
            self.text.push_str(&key(cell));
            self.text.push(' ');
            if self.iban.is_none()
                && let Some(found) = iban::within(cell)
            {
                self.iban = Some(found);
            }
            if let Some(number) = money(cell) {
                match number.shape {
                    Shape::Decimal(Mark::Dot, _) | Shape::Grouped(Mark::Comma) => self.marks[0] += 1,
                    Shape::Decimal(Mark::Comma, _) | Shape::Grouped(Mark::Dot) => self.marks[1] += 1,
                    _ => {}
                }
            }
            self.year_month = self.year_month.or_else(|| year_month(cell));
            self.bounds.month = self.year_month.map(|(_, month)| month);
            self.sign = self.sign.or_else(|| sign_within(cell));
            if index > 0 && cell.len() == 3 && cell.bytes().all(|byte| byte.is_ascii_uppercase()) {
                self.codes.extend(words::currency(cell));
            }
            if let Some(period) = range(cell) {
                self.bounds.periods.push(period);
            }
            let (name, inner) = split_key(cell);
            let (name, inner) = split_at_day(name).filter(|_| inner.is_none()).unwrap_or((name, inner));
            let rest: Vec<&str> = inner.into_iter().chain(cells[index + 1..].iter().copied()).collect();
            self.pair(name, &rest, words);
        }
    }

    /// A key and what follows it on the line.
    fn pair(&mut self, name: &str, rest: &[&str], words: &Words) {
        let mut roles = words.roles(name);
        // A day behind the name is no part of it: `Beginning balance as of 10/01/2026`.
        let is_balance = |found: &words::Match| matches!(found.role, Role::KeyOpening | Role::KeyClosing);
        if !roles.iter().any(|found| is_balance(found) && found.score >= 82)
            && let whole = words.roles(words::name_of(name))
            && whole.iter().any(|found| is_balance(found) && found.score >= 82)
        {
            roles = whole;
        }
        let has = |role: Role, least: u32| roles.iter().any(|found| found.role == role && found.score >= least);
        let first_money = || {
            let amount = |cell: &&str| money(cell).or_else(|| money(cell.split_once(" as of ")?.0.trim()));
            cut_number(rest).or_else(|| rest.iter().find_map(amount))
        };
        let first_day = || rest.iter().chain(std::iter::once(&name)).find_map(|cell| date_within(cell));
        if has(Role::KeyOpening, 52) {
            if let (None, Some(number)) = (self.opening, first_money()) {
                self.opening = Some(StatedBeside { number, day: first_day() });
            }
        } else if has(Role::KeyClosing, 52)
            && let (None, Some(number)) = (self.closing, first_money())
        {
            self.closing = Some(StatedBeside { number, day: first_day() });
        }
        if has(Role::KeyCurrency, 52) && self.currency.is_none() {
            self.currency = rest.first().and_then(|cell| words::currency(cell));
        }
        if self.currency.is_none() && !rest.is_empty() && first_money().is_some() {
            self.currency = rest.iter().find_map(|cell| words::currency(cell).or_else(|| money(cell)?.currency));
        }
        if self.currency.is_none() && name.is_empty() {
            self.currency = rest.first().and_then(|cell| words::currency(cell.trim_start_matches([':', ' '])));
        }
        if has(Role::KeyAccount, 52) && self.account.is_none() {
            // A number that reads as a day too is one behind a name that means an account only.
            let plain =
                |cell: &&&str| has(Role::KeyAccount, 90) && cell.len() >= 6 && cell.bytes().all(|b| b.is_ascii_digit());
            let number =
                |cell: &&str| account_in(cell).or_else(|| Some(cell).filter(plain).map(|cell| (*cell).to_owned()));
            self.account = rest.first().and_then(number);
            let beside = || rest.first()?.split_whitespace().next_back().and_then(words::currency);
            self.currency = self.currency.or_else(|| beside().filter(|_| self.account.is_some()));
        }
        if has(Role::KeyPeriod, 52) {
            let days: Vec<Day> =
                rest.iter().filter(|cell| range(cell).is_none()).filter_map(|cell| date_within(cell)).collect();
            if let [from, to] = days[..] {
                self.bounds.periods.push((from, to));
            } else if let [day] = days[..] {
                match self.half_period.take() {
                    Some(from) => self.bounds.periods.push((from, day)),
                    None => self.half_period = Some(day),
                }
            }
        }
    }

    /// Two lines that are a header and its values.
    fn small_table(&mut self, grid: &Grid, header: usize, values: usize, words: &Words) {
        let width = grid.width(header).min(grid.width(values));
        if width < 2 || grid.cells(header).any(|cell| money(cell).is_some() || date::parse(cell).is_some()) {
            return;
        }
        for column in 0..width {
            let (name, value) = (grid.cell(header, column), grid.cell(values, column));
            if name.is_empty() || value.is_empty() {
                continue;
            }
            let is = |role: Role| words.roles(name).iter().any(|found| found.role == role && found.score >= 90);
            if is(Role::KeyAccount) && self.account.is_none() {
                self.account = account_in(value);
            }
            if is(Role::KeyCurrency) && self.currency.is_none() {
                self.currency = words::currency(value);
            }
        }
    }

    /// The last day that rows without a year may have: of the stated period, of the month of a title, of a day or month in the
    /// file's name, of a stated balance.
    pub(super) fn last_day(&self, order: DateOrder) -> Option<NaiveDate> {
        let end = |(year, month): (i32, u32)| {
            let (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
            NaiveDate::from_ymd_opt(year, month, 1)?.pred_opt()
        };
        let balance = || self.closing.or(self.opening)?.day?.in_order(order);
        let period = self.period(order).map(|(_, to)| to);
        period
            .or_else(|| self.year_month.and_then(end))
            .or_else(|| self.bounds.named.iter().max().copied())
            .or_else(|| self.named_month.and_then(end))
            .or_else(balance)
    }

    /// A single period, if all its parts are days.
    pub(super) fn period(&self, order: DateOrder) -> Option<(NaiveDate, NaiveDate)> {
        let (from, to) = self.bounds.periods.first()?;
        let (from, to) = (from.in_order(order)?, to.in_order(order)?);
        (from < to).then_some((from, to))
    }
}

/// A number whose groups of thousands were taken for cells: `1,000,000.00` without quotation marks.
fn cut_number(cells: &[&str]) -> Option<CellNumber> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let [first, middle @ .., last] = cells else { return None };
    let (whole, cents) = last.split_once('.')?;
    let head = first.trim_start_matches(['-', '+']);
    let is_cut = (1..=3).contains(&head.len())
        && digits(head)
        && middle.iter().all(|cell| cell.len() == 3 && digits(cell))
        && whole.len() == 3
        && digits(whole)
        && cents.len() == 2
        && digits(cents);
    is_cut.then(|| money(&cells.join(","))).flatten()
}

/// `Key : value` in one cell, or the whole cell as key.
fn split_key(cell: &str) -> (&str, Option<&str>) {
    let at = cell.find([':', '：', '=']);
    match at {
        Some(at) => {
            let after = cell[at..].chars().next().map_or(1, char::len_utf8);
            let value = cell[at + after..].trim().trim_matches(['[', ']', '"']);
            (cell[..at].trim(), (!value.is_empty()).then_some(value))
        }
        None => (cell, None),
    }
}

/// A key, a day and an amount in one cell: `Solde au 16/03/2026 1 234,56 €`. The key keeps the day.
fn split_at_day(cell: &str) -> Option<(&str, Option<&str>)> {
    let mut at = 0;
    let day = cell.split(' ').find_map(|part| {
        at += part.len() + 1;
        (part.len() >= 8 && date::parse(part).is_some()).then_some(at)
    })?;
    let amount = cell.get(day..)?.trim();
    money(amount).is_some().then(|| (cell[..day].trim(), Some(amount)))
}

/// An account number or a masked one in a cell, without the text behind it.
pub(super) fn account_in(cell: &str) -> Option<String> {
    let cell = cell.split(" / ").next().unwrap_or(cell).trim().trim_matches(['[', ']', '"', '\'']);
    let mut words: Vec<&str> = cell.split_whitespace().collect();
    while words.last().is_some_and(|word| words::currency(word).is_some()) {
        words.pop();
    }
    let is_part = |word: &&&str| {
        word.chars().any(|c| c.is_ascii_digit())
            || word.contains("**")
            || word.chars().filter(|c| *c == 'X' || *c == 'x').count() >= 3
    };
    let first = words.iter().position(|word| is_part(&word))?;
    // An IBAN's country and words such as `A/c` may come first.
    let start = if first > 0 && words[first - 1].len() == 2 { first - 1 } else { first };
    let text = words[start..]
        .iter()
        .take_while(|word| {
            is_part(word) && date::parse(word).is_none()
                || word.len() <= 4 && word.chars().all(|c| c.is_ascii_uppercase())
        })
        .copied()
        .collect::<Vec<_>>()
        .join(" ");
    let digits = text.chars().filter(|c| c.is_ascii_digit() || matches!(c, '*' | 'X' | 'x')).count();
    (digits >= 4 && date::parse(&text).is_none() && text.len() <= 40).then_some(text)
}

/// The first date in a text: `Kontostand vom 31.12.2013`.
pub(super) fn date_within(text: &str) -> Option<Day> {
    date::parse(text).or_else(|| {
        text.split([' ', '[', ']', '(', ')', ';'])
            .filter(|part| part.len() >= 8)
            .find_map(|part| date::parse(part.trim_matches([',', ':', '.'])))
    })
}

/// The currency of an amount inside a text: `1 row 28.50元`.
fn sign_within(text: &str) -> Option<AssetCode> {
    ["元", "円", "€", "£", "zł", "Kč", "₽", "₹"].into_iter().find_map(|sign| {
        let at = text.find(sign)?;
        let digit = text[..at].trim_end().ends_with(|c: char| c.is_ascii_digit());
        digit.then(|| words::currency(sign)).flatten()
    })
}

/// Two dates in one cell: `01/02/2026 - 28/02/2026`.
fn range(cell: &str) -> Option<(Day, Day)> {
    if cell.chars().count() > 120 {
        return None;
    }
    let separators = [
        " - ", " – ", " — ", " to ", " bis ", " au ", " a ", " al ", " t/m ", " tot ", " do ", " till ", " til ",
        " až ", " ~ ", "~", " 至 ", "至", " and ", " − ", " -",
    ];
    separators.into_iter().find_map(|separator| {
        let (before, after) = cell.split_once(separator)?;
        let from = before
            .split([' ', ':', '['])
            .next_back()
            .and_then(date::parse)
            .or_else(|| last_words(before).and_then(date::parse))?;
        let to = after
            .trim_start()
            .split([' ', ']', ',', ')'])
            .next()
            .and_then(date::parse)
            .or_else(|| date::parse(first_words(after)))?;
        Some((from, to))
    })
}

fn last_words(text: &str) -> Option<&str> {
    let mut starts: Vec<usize> = text.match_indices(' ').map(|(at, _)| at + 1).collect();
    starts.insert(0, 0);
    starts.len().checked_sub(3).map(|index| &text[starts[index]..])
}

fn first_words(text: &str) -> &str {
    let trimmed = text.trim_start();
    let end = trimmed.match_indices(' ').nth(2).map_or(trimmed.len(), |(at, _)| at);
    &trimmed[..end]
}

/// `2024年01月`, `January 2024`, `01/2024`.
fn year_month(cell: &str) -> Option<(i32, u32)> {
    if let Some(at) = cell.find('年') {
        let year: String = cell[..at].chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect();
        let month: String = cell[at + '年'.len_utf8()..].chars().take_while(char::is_ascii_digit).collect();
        return Some((year.parse().ok()?, month.parse().ok().filter(|month| (1..=12).contains(month))?));
    }
    let parts: Vec<&str> = cell.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).collect();
    parts.windows(2).find_map(|pair| {
        let year: i32 = pair[1].parse().ok().filter(|year| (1990..2100).contains(year) && pair[1].len() == 4)?;
        Some((year, words::month(pair[0])?))
    })
}

/// Days in a file's name: `2026-01-31`, `20260131`.
fn days_in_name(name: &str) -> Vec<NaiveDate> {
    let mut days = Vec::new();
    let bytes = name.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() || (at > 0 && bytes[at - 1].is_ascii_digit()) {
            at += 1;
            continue;
        }
        let long = name
            .get(at..at + 10)
            .filter(|part| part.as_bytes()[4] == part.as_bytes()[7] && !part.as_bytes()[4].is_ascii_digit());
        let short = name.get(at..at + 8).filter(|_| !bytes.get(at + 8).is_some_and(u8::is_ascii_digit));
        let part = long.map(|part| part.replace('_', "-")).or_else(|| short.map(str::to_owned));
        if let Some(day) = part.as_deref().and_then(date::parse)
            && let date::WrittenDay::Fixed(date) = day.written
        {
            days.push(date);
        }
        at += 1;
    }
    days
}

/// A month in a file's name: `2026-10`, `10_2026`, `October 2026`, `202610`.
fn month_in_name(name: &str) -> Option<(i32, u32)> {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    if let Some(found) = year_month(stem) {
        return Some(found);
    }
    let year = |text: &str| text.parse().ok().filter(|year| (1990..2100).contains(year) && text.len() == 4);
    let month = |text: &str| text.parse().ok().filter(|month| (1..=12).contains(month) && text.len() == 2);
    let parts: Vec<&str> = stem.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    let both = |one: &str, other: &str| Some((year(one)?, month(other)?));
    let pairs = parts.windows(2).find_map(|pair| both(pair[0], pair[1]).or_else(|| both(pair[1], pair[0])));
    let joined = || parts.iter().filter(|part| part.len() == 6).find_map(|part| both(&part[..4], &part[4..]));
    pairs.or_else(joined)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_numbers_lie_bare() {
        for (cell, account) in [
            ("123456/01 CHF", Some("123456/01")),
            ("DE02120300000000202051 / Internet-Konto", Some("DE02120300000000202051")),
            ("CH44 3199 9123 0008 8901 2", Some("CH44 3199 9123 0008 8901 2")),
            ("FlexDirect ****12345", Some("****12345")),
            ("1234****5678", Some("1234****5678")),
            ("Account Owner", None),
            ("All", None),
            ("01.01.2026", None),
            ("Brokerage XXXX-1234 as of 11/15/2020", Some("XXXX-1234")),
        ] {
            assert_eq!(account_in(cell).as_deref(), account, "{cell}");
        }
    }

    #[test]
    fn periods_and_names_hold_days() {
        assert!(range("01/02/2026 - 28/02/2026").is_some());
        assert!(range("Period 2026-06-01 - 2026-06-30 Created").is_some());
        assert!(range("January 1, 2024 - December 31, 2025").is_some());
        assert_eq!(range("a - b"), None);
        assert_eq!(days_in_name("export_20260131-2026-02-28.csv").len(), 2);
        assert_eq!(year_month("card (2024年01月)"), Some((2024, 1)));
    }
}
