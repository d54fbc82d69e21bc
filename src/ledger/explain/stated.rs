//! The place of a stated balance: its line in a text, its path in a reply.
//!
//! The same amount may be in many places: of a row, of another account, of another kind of balance. The place with the most
//! evidence is taken, the first one of equals.

use std::{cmp::Reverse, fmt::Write as _};

use chrono::{Datelike as _, NaiveDate};
use rust_decimal::Decimal;
use serde_json::Value;

use super::{
    BalancePart,
    number::{number_at, shortened},
    reply::{at_path, with_id},
    source::SourcePlace,
};

/// Characters from which a text names an account.
const SHORTEST: usize = 4;
/// Words beside a balance.
const WORDS: [&str; 8] = ["BAL", "CASH", "MKTVAL", "UNITS", "PRICE", "SALDO", ":62", ":60"];

/// A balance that was stated.
pub(super) struct StatedFigure {
    pub(super) part: BalancePart,
    pub(super) amount: Decimal,
    /// The day; `None` if it is not known.
    pub(super) date: Option<NaiveDate>,
    /// Texts that name its account.
    pub(super) own: Vec<String>,
    /// Texts that name the other accounts of the source.
    pub(super) others: Vec<String>,
}

/// The texts in an id that may name an account in a source.
pub(super) fn names(id: &str) -> impl Iterator<Item = String> + '_ {
    let parts = id.split(|c: char| !c.is_alphanumeric()).filter(|part| part.len() >= SHORTEST);
    parts.filter(|part| part.contains(|c: char| c.is_ascii_digit())).map(str::to_ascii_uppercase)
}

/// Marks of a line that names an account.
const ACCOUNT_MARKS: [&str; 6] = ["ACCTID>", "<IBAN>", ":IBAN>", "<ID>", ":ID>", ":25:"];
/// The line in which a table begins at the latest that has its newest day first.
const HEADING: u32 = 2;

/// The part of a file that a place is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Unknown,
    Row,
    Balance,
    /// The balance at the beginning.
    Opening,
    Available,
}

/// The beginnings of parts, in capitals; tags may have a prefix.
const MARKS: [(&str, Part); 22] = [
    ("STMTTRN>", Part::Row),
    ("INVTRAN>", Part::Row),
    ("NTRY>", Part::Row),
    (":61:", Part::Row),
    ("/STMTTRN>", Part::Unknown),
    ("/INVTRAN>", Part::Unknown),
    ("/NTRY>", Part::Unknown),
    ("/BANKTRANLIST>", Part::Unknown),
    ("/INVTRANLIST>", Part::Unknown),
    ("LEDGERBAL>", Part::Balance),
    ("INVBAL>", Part::Balance),
    ("<BAL>", Part::Balance),
    (":BAL>", Part::Balance),
    (":62", Part::Balance),
    ("CLBD", Part::Balance),
    (":60", Part::Opening),
    ("OPBD", Part::Opening),
    ("PRCD", Part::Opening),
    ("AVAILBAL>", Part::Available),
    (":64:", Part::Available),
    ("CLAV", Part::Available),
    ("ITAV", Part::Available),
];

/// The part that a text of capitals ends in, if something in it begins one.
fn part_at_end(text: &str) -> Option<Part> {
    let last = MARKS.iter().filter_map(|(mark, part)| Some((text.rfind(mark)? + mark.len(), mark.len(), *part)));
    last.max_by_key(|(end, length, _)| (*end, *length)).map(|(_, _, part)| part)
}

impl StatedFigure {
    fn of_part(&self, part: Part) -> i32 {
        match (self.part, part) {
            (BalancePart::Available, Part::Balance) => 3,
            (BalancePart::Available, Part::Available) | (_, Part::Balance) => 6,
            (_, Part::Available) => 2,
            (_, Part::Opening) => 1,
            (_, Part::Row) => -4,
            (_, Part::Unknown) => 0,
        }
    }

    /// Whether a text of capitals names its account (`true`) or another one.
    fn names_own(&self, text: &str) -> Option<bool> {
        let last = |names: &[String]| names.iter().filter_map(|name| text.rfind(name.as_str())).max();
        match (last(&self.own), last(&self.others)) {
            (None, None) => None,
            (own, other) => Some(own > other),
        }
    }

    /// Its day in the forms of tables.
    fn dates(&self) -> Vec<String> {
        let Some(date) = self.date else { return Vec::new() };
        let (year, month, day) = (date.year(), date.month(), date.day());
        let short = year % 100;
        let marked = |mark: &str| {
            [
                format!("{year}{mark}{month:02}{mark}{day:02}"),
                format!("{day:02}{mark}{month:02}{mark}{year}"),
                format!("{month:02}{mark}{day:02}{mark}{year}"),
                format!("{day}{mark}{month}{mark}{year}"),
                format!("{month}{mark}{day}{mark}{year}"),
                format!("{day:02}{mark}{month:02}{mark}{short:02}"),
                format!("{month:02}{mark}{day:02}{mark}{short:02}"),
            ]
        };
        ["-", "/", "."].into_iter().flat_map(marked).chain([date.format("%Y%m%d").to_string()]).collect()
    }

    /// The line of the figure among texts, each with its name.
    pub(super) fn line<'a>(&self, texts: impl Iterator<Item = &'a (String, String)>) -> Option<SourcePlace> {
        let found = texts.filter_map(|(file, text)| Some((self.line_in(text)?, file)));
        // The first one of equals.
        let best = found.fold(None, |best: Option<((i32, SourcePlace), &String)>, now| match best {
            Some(best) if best.0.0 >= now.0.0 => Some(best),
            _ => Some(now),
        });
        best.map(|((_, place), file)| SourcePlace { file: file.clone(), ..place })
    }

    /// The line of the figure in a text, with its evidence.
    fn line_in(&self, text: &str) -> Option<(i32, SourcePlace)> {
        let is_tagged = text.lines().any(|line| line.contains('<') && line.contains('>') || line.starts_with(":2"));
        let dates = if is_tagged { Vec::new() } else { self.dates() };
        let (mut part, mut section) = (Part::Unknown, None);
        let mut first_dated: Option<u32> = None;
        let mut best: Option<(i32, u32, &str)> = None;
        for (number, line) in (1u32..).zip(text.lines()) {
            let upper = line.to_ascii_uppercase();
            if ACCOUNT_MARKS.iter().any(|mark| upper.contains(mark)) {
                section = self.names_own(&upper).or(section);
            }
            let is_of_day = dates.iter().any(|date| line.contains(date));
            if is_of_day {
                first_dated.get_or_insert(number);
            }
            if let Some(at) = number_at(line, self.amount) {
                let here = upper.get(..at).and_then(part_at_end).unwrap_or(part);
                let own = if is_tagged { section } else { self.names_own(&upper) };
                let score = self.of_part(here)
                    + own.map_or(0, |own| if own { 8 } else { -8 })
                    + i32::from(is_of_day) * 3
                    + i32::from(here != Part::Row && WORDS.iter().any(|word| upper.contains(word)));
                // Of the lines of one day the last one, where earlier days are above it.
                let is_later = is_of_day && first_dated > Some(HEADING);
                if best.is_none_or(|(most, ..)| score > most || score == most && is_later) {
                    best = Some((score, number, line));
                }
            }
            part = part_at_end(&upper).unwrap_or(part);
        }
        let (score, number, line) = best?;
        let text = shortened(line, self.amount).into_owned();
        Some((score, SourcePlace { line: Some(number), first_line: Some(number), ..SourcePlace::new(text) }))
    }

    /// The path of the figure in the objects of a reply with the id of its account.
    pub(super) fn path(&self, text: &str, id: &str) -> Option<SourcePlace> {
        let value: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).ok()?;
        let mut objects = Vec::new();
        with_id(&value, id, &mut String::from("$"), &mut objects);
        let mut found: Vec<(i32, usize, String, &Value)> = Vec::new();
        for (base, object) in objects {
            let mut paths = Vec::new();
            amount_paths(object, self.amount, &mut base.clone(), &mut paths);
            for path in paths {
                found.push((self.of_path(&base, &path), found.len(), path, object));
            }
        }
        let (_, _, path, object) = found.into_iter().max_by_key(|(score, at, ..)| (*score, Reverse(*at)))?;
        at_path(path, object)
    }

    fn of_path(&self, base: &str, path: &str) -> i32 {
        let inside = path.get(base.len()..).unwrap_or_default();
        let key = inside.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| key.contains(word));
        let is_available = has(&["avail", "spend", "buying"]);
        let of_key = match self.part {
            BalancePart::Available => i32::from(is_available) * 3,
            _ if is_available => -3,
            BalancePart::Cash => i32::from(has(&["cash"])) * 3,
            BalancePart::Securities => i32::from(has(&["long", "secur", "holding", "market"])) * 3,
            BalancePart::Whole => i32::from(has(&["balance", "current", "equity", "total", "value", "ledger"])) * 2,
        };
        // Rows and positions are in lists, which the id of an account may be in too.
        let lists = i32::try_from(inside.matches('[').count()).unwrap_or(i32::MAX).min(9);
        let is_row = ["transaction", "activit", "holding", "position"].iter().any(|word| base.contains(word));
        of_key - 4 * lists - 4 * i32::from(is_row)
    }
}

/// The paths of all numbers and numeric texts with a value, whatever their sign.
fn amount_paths(value: &Value, amount: Decimal, path: &mut String, found: &mut Vec<String>) {
    let length = path.len();
    let equals = |text: &str| {
        let number = Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text));
        number.is_ok_and(|number| number.abs() == amount.abs())
    };
    match value {
        Value::Number(number) if equals(&number.to_string()) => found.push(path.clone()),
        Value::String(text) if equals(text) => found.push(path.clone()),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let _ = write!(path, "[{index}]");
                amount_paths(item, amount, path, found);
                path.truncate(length);
            }
        }
        Value::Object(fields) => {
            for (name, item) in fields {
                path.push('.');
                path.push_str(name);
                amount_paths(item, amount, path, found);
                path.truncate(length);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(part: BalancePart, amount: &str, own: &str) -> StatedFigure {
        let others = ["11111111", "22222222"].into_iter().filter(|other| *other != own).map(str::to_owned).collect();
        let date = NaiveDate::from_ymd_opt(2026, 11, 7);
        StatedFigure { part, amount: amount.parse().unwrap(), date, own: names(own).collect(), others }
    }

    fn line(text: &str, part: BalancePart, amount: &str, own: &str) -> Option<u32> {
        figure(part, amount, own).line([(String::new(), text.to_owned())].iter())?.line
    }

    #[test]
    fn a_balance_is_in_the_part_of_its_account_and_never_a_row() {
        let account = |number: &str| {
            format!(
                "<ACCTID>{number}\n<STMTTRN><TRNAMT>-500.00<NAME>CASH TO 22222222</STMTTRN>\n</BANKTRANLIST>\n<LEDGERBAL><BALAMT>500.00\n\
                 </LEDGERBAL><AVAILBAL>\n<BALAMT>500.00</AVAILBAL>\n"
            )
        };
        let text = account("11111111") + &account("22222222");
        for (number, first) in [("11111111", 4), ("22222222", 10)] {
            assert_eq!(line(&text, BalancePart::Whole, "500", number), Some(first), "{number}");
            assert_eq!(line(&text, BalancePart::Available, "500", number), Some(first + 2), "{number}");
        }
        let camt = "<Bal><Tp>OPBD</Tp>\n<Amt>80.00</Amt></Bal>\n<Bal><Tp>CLBD</Tp>\n<Amt>80.00</Amt></Bal>\n<Ntry>\n<Amt>80.00</Amt></Ntry>";
        assert_eq!(line(camt, BalancePart::Whole, "80", "11111111"), Some(4));
        let mt940 = ":20:1\n:25:1/11111111\n:60F:C261101EUR80,00\n:61:2611051105D80,00N\n:62F:C261107EUR80,00";
        assert_eq!(line(mt940, BalancePart::Whole, "80", "11111111"), Some(5));
    }

    #[test]
    fn a_balance_in_a_table_is_in_the_line_of_its_day() {
        let text = "Date,Text,Amount,Balance\n2026-11-05,Rent,-800.00,495.50\n2026-11-06,Twin,495.50,991.00\n\
                    2026-11-07,Back,-495.50,495.50";
        assert_eq!(line(text, BalancePart::Whole, "495.50", "11111111"), Some(4));
    }

    #[test]
    fn a_balance_in_a_reply_is_in_its_field() {
        let text = r#"{"accounts":[{"id":"A123","balances":{"available":500,"current":"500.00"}}],
            "transactions":[{"account_id":"A123","amount":500}]}"#;
        let path = |part| figure(part, "500", "A123").path(text, "A123").unwrap().path.unwrap();
        assert_eq!(path(BalancePart::Whole), "$.accounts[0].balances.current");
        assert_eq!(path(BalancePart::Available), "$.accounts[0].balances.available");
    }
}
