//! The household adds up, and is the same every time.

use std::collections::{BTreeMap, HashSet};

use rust_decimal::Decimal;

use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The values of a leaf, in order.
fn values<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let open = format!("<{name}>");
    text.lines()
        .filter_map(|line| line.strip_prefix(&open))
        .map(|rest| rest.split("</").next().unwrap_or_default())
        .collect()
}

fn text_of(file: &DemoFile) -> &str {
    std::str::from_utf8(&file.bytes).unwrap()
}

fn amount(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// The parts of all files that belong to one account.
fn parts(files: &[DemoFile], number: &str) -> Vec<String> {
    let groups = ["</STMTRS>", "</CCSTMTRS>", "</INVSTMTRS>"];
    files
        .iter()
        .map(text_of)
        .flat_map(|text| {
            groups.iter().flat_map(move |end| text.split_inclusive(end).filter(move |part| part.ends_with(end)))
        })
        .map(|part| part[part.rfind("TRNRS>\n<TRNUID>").unwrap()..].to_owned())
        .filter(|part| values(part, "ACCTID") == [number])
        .collect()
}

#[test]
fn the_same_day_gives_the_same_files() {
    assert_eq!(statements(day("2026-11-22")), statements(day("2026-11-22")));
}

#[test]
fn a_day_later_most_files_are_the_same() {
    let (one, next) = (statements(day("2026-11-22")), statements(day("2026-11-23")));
    let rows = |files: &[DemoFile], date: &str| {
        let text: String = parts(files, "4000000000004421").join("");
        text.split("<STMTTRN>")
            .filter(|row| row.contains(&format!("<DTPOSTED>{date}")))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert!(!rows(&one, "20260512").is_empty());
    assert_eq!(rows(&one, "20260512"), rows(&next, "20260512"));
}

#[test]
fn balances_are_the_sums_of_the_rows() {
    for today in ["2026-11-22", "2027-01-01", "2028-02-29", "2026-04-02"] {
        let files = statements(day(today));
        for number in ["000000512347890", "4000000000004421", "60117733"] {
            let mut rows: BTreeMap<String, Decimal> = BTreeMap::new();
            for part in parts(&files, number) {
                let ids = values(&part, "FITID").into_iter().map(str::to_owned);
                rows.extend(ids.zip(values(&part, "TRNAMT").into_iter().map(amount)));
                let balances = values(&part, "BALAMT");
                assert_eq!(rows.values().sum::<Decimal>(), amount(balances[0]), "{number} on {today}");
                assert!(number.starts_with('4') || amount(balances[0]) > Decimal::ZERO, "{number} is overdrawn");
            }
        }
    }
}

#[test]
fn the_brokerage_account_adds_up() {
    let files = statements(day("2026-11-22"));
    let (mut cash, mut units) = (BTreeMap::new(), BTreeMap::new());
    for part in parts(&files, "55204417") {
        let (rows, end) = part.split_once("</INVTRANLIST>").unwrap();
        for row in rows.replace("<STMTTRN>", "<INVTRAN>").split("<INVTRAN>").skip(1) {
            let id = values(row, "FITID")[0].to_owned();
            let total = values(row, "TOTAL").into_iter().chain(values(row, "TRNAMT")).map(amount).sum::<Decimal>();
            cash.insert(id.clone(), total);
            if let [number] = values(row, "UNITS")[..] {
                units.insert((values(row, "UNIQUEID")[0].to_owned(), id), amount(number));
            }
        }
        assert_eq!(cash.values().sum::<Decimal>(), amount(values(end, "AVAILCASH")[0]));
        assert!(amount(values(end, "AVAILCASH")[0]) >= Decimal::ZERO);
        for (cusip, held) in values(end, "UNIQUEID").into_iter().zip(values(end, "UNITS")) {
            let bought: Decimal = units.iter().filter(|((other, _), _)| other == cusip).map(|(_, units)| units).sum();
            assert_eq!(bought, amount(held), "{cusip}");
        }
    }
    assert!(files.iter().any(|file| text_of(file).contains("<SELLSTOCK>")));
}

#[test]
fn it_is_two_years_of_a_lively_household() {
    let files = statements(day("2026-11-22"));
    let mut seen = HashSet::new();
    let mut twins = HashSet::new();
    let mut has_twins = false;
    for number in ["000000512347890", "4000000000004421", "60117733", "55204417"] {
        for part in parts(&files, number) {
            for row in part.split("<STMTTRN>").skip(1) {
                let key = |name| values(row, name)[0].to_owned();
                if seen.insert((number, key("FITID"))) {
                    has_twins |= !twins.insert((number, key("DTPOSTED"), key("TRNAMT"), key("NAME")));
                }
                assert!(key("NAME").len() <= 32, "{}", key("NAME"));
            }
        }
    }
    assert!((1_500..2_500).contains(&seen.len()), "{} rows", seen.len());
    assert!(has_twins);
    let all: String = files.iter().map(text_of).collect();
    let last = values(&all, "DTEND").into_iter().max().unwrap().to_owned();
    assert_eq!(last, "20261121120000");
    for needed in ["<CURSYM>EUR", "<CHECKNUM>", "Foreign transaction fee", "<INCOMETYPE>DIV", "<TRNTYPE>INT", "XFER"] {
        assert!(all.contains(needed), "{needed}");
    }
    assert!(files.iter().all(|file| text_of(file).is_ascii()));
    assert_eq!(files.iter().map(|file| &file.name).collect::<HashSet<_>>().len(), files.len());
}
