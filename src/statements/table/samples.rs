//! Reads every table of the folder that `DASHTAM_SAMPLES` names and compares the rows with the right readings beside it.
//!
//! Without the variable the test prints that it was skipped. INVARIANT: no wrong reading is silent, no needless question.

use std::{collections::BTreeMap, fmt::Write as _, fs, ops::ControlFlow, path::Path};

use rust_decimal::Decimal;

use crate::{
    domain::TransactionStatus,
    statements::{Limits, QuestionAnswers, Reading, StatementError, StatementFile, Verdict, read},
};

/// A row as the right reading states it.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    date: String,
    amount: Decimal,
    currency: String,
    balance: Option<Decimal>,
    pending: bool,
    account: String,
}

fn read_file(bytes: &[u8], name: &str, answers: &QuestionAnswers) -> Result<Reading, StatementError> {
    let limits = Limits::default();
    let input = StatementFile { bytes, file_name: name, limits: &limits, layouts: &[], answers };
    read(&input, &mut |_| ControlFlow::Continue(()))
}

fn table(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
    let cells = |line: &str| {
        let mut cells = line.split('\t');
        header.iter().map(|name| ((*name).to_owned(), cells.next().unwrap_or_default().to_owned())).collect()
    };
    lines.map(cells).collect()
}

fn expected_rows(folder: &Path, file: &str) -> BTreeMap<u32, Row> {
    let text = fs::read_to_string(folder.join(format!("rows/{file}.tsv"))).unwrap_or_default();
    let rows = table(&text).into_iter().map(|row| {
        let parsed = Row {
            date: row["date"].clone(),
            amount: row["amount"].parse().unwrap(),
            currency: row["currency"].clone(),
            balance: row["balance"].parse().ok(),
            pending: row["status"] != "booked",
            account: plain(&row["account"]),
        };
        (row["line"].parse().unwrap(), parsed)
    });
    rows.collect()
}

fn plain(account: &str) -> String {
    account.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_uppercase()
}

fn rows_of(reading: &Reading) -> BTreeMap<u32, Row> {
    let mut rows = BTreeMap::new();
    for page in reading.statements.iter().flat_map(|statement| &statement.accounts) {
        let account = if page.account.number.is_empty() {
            page.account.name.clone().unwrap_or_default()
        } else {
            page.account.number.clone()
        };
        for (index, draft) in page.transactions.iter().enumerate() {
            let facts = &draft.facts;
            rows.insert(
                facts.origin.line,
                Row {
                    date: facts.date.to_string(),
                    amount: facts.amount,
                    currency: facts.currency.to_string(),
                    balance: page.running.iter().find(|balance| balance.row == index).map(|balance| balance.amount),
                    pending: facts.status == TransactionStatus::Pending,
                    account: plain(&account),
                },
            );
        }
    }
    rows
}

/// Differences that make a reading wrong.
fn differences(expected: &BTreeMap<u32, Row>, read: &BTreeMap<u32, Row>) -> String {
    let mut text = String::new();
    for (line, row) in expected {
        let Some(found) = read.get(line) else {
            let _ = writeln!(text, "    line {line}: missing, should be {} {}", row.date, row.amount);
            continue;
        };
        let same_date = row.pending || row.date == found.date;
        let same_currency = row.currency.is_empty() || row.currency == found.currency;
        let same_balance = row.balance.is_none() || row.balance == found.balance;
        let same_account = row.account.is_empty() || row.account == found.account;
        if !(same_date
            && row.amount == found.amount
            && row.pending == found.pending
            && same_currency
            && same_balance
            && same_account)
        {
            let _ = writeln!(text, "    line {line}: should be {row:?}\n              is {found:?}");
        }
    }
    for (line, found) in read.iter().filter(|(line, _)| !expected.contains_key(line)) {
        let _ = writeln!(text, "    line {line}: is no row, read as {} {}", found.date, found.amount);
    }
    text.lines().take(6).collect::<Vec<_>>().join("\n")
}

/// The answer of the sample list for a question.
fn answer(id: &str, answer: &str) -> Option<String> {
    let has = |word: &str| answer.contains(word);
    Some(match id {
        "date" => ["dmy", "mdy", "ymd"].into_iter().find(|order| has(order))?.to_owned(),
        "sign" if has("positive") || has("=out") => "invert".to_owned(),
        "sign" => "as-is".to_owned(),
        "amount-column" => answer.to_owned(),
        _ => return None,
    })
}

#[test]
fn every_sample_is_read_right_or_asked_about() {
    let Some(folder) = std::env::var_os("DASHTAM_SAMPLES") else {
        println!("skipped: DASHTAM_SAMPLES names no folder");
        return;
    };
    let folder = Path::new(&folder).join("statements");
    let list = table(&fs::read_to_string(folder.join("expected.tsv")).unwrap());
    let only = std::env::var("ONLY").unwrap_or_default();
    let (mut exact, mut asked, mut needless, mut wrong, mut refused, mut accepted) = (0, 0, 0, 0, 0, 0);
    let mut report = String::new();
    for entry in list {
        let file = &entry["file"];
        if !["csv/", "xlsx/", "reject/"].iter().any(|kind| file.starts_with(kind)) || !file.contains(&only) {
            continue;
        }
        let bytes = fs::read(folder.join(file)).unwrap();
        let name = file.rsplit('/').next().unwrap();
        let outcome = read_file(&bytes, name, &QuestionAnswers::default());
        let expected = expected_rows(&folder, file);
        if file.starts_with("reject/") {
            if outcome.is_ok() {
                accepted += 1;
                let _ = writeln!(report, "ACCEPTED {file}");
            } else {
                exact += 1;
            }
            continue;
        }
        let mut reading = match outcome {
            Ok(reading) => reading,
            Err(error) => {
                refused += 1;
                let _ = writeln!(report, "REFUSED {file}: {error}");
                continue;
            }
        };
        let mut was_asked = false;
        let mut answers = QuestionAnswers::default();
        while let Verdict::Question(question) = reading.verdict.clone() {
            was_asked = true;
            let allowed = entry["ask"].split(';').any(|ask| ask == question.id) || entry["hard"] == "hard";
            let Some(value) =
                answer(&question.id, &entry["answer"]).filter(|_| allowed && answers.get(&question.id).is_none())
            else {
                needless += 1;
                let _ = writeln!(
                    report,
                    "NEEDLESS {file}: {} {:?}",
                    question.id,
                    question.options.iter().map(|o| &o.value).collect::<Vec<_>>()
                );
                break;
            };
            answers.insert(question.id, value);
            reading = read_file(&bytes, name, &answers).unwrap();
        }
        if matches!(reading.verdict, Verdict::Question(_)) {
            continue;
        }
        let drafts = || reading.statements.iter().flat_map(|s| &s.accounts).flat_map(|page| &page.transactions);
        let silent = drafts().filter(|draft| draft.facts.description().is_empty()).count();
        if silent * 4 > drafts().count() {
            let _ = writeln!(report, "TEXTLESS {file}: {silent} rows");
        }
        let differences = differences(&expected, &rows_of(&reading));
        if differences.is_empty() {
            if was_asked { asked += 1 } else { exact += 1 }
        } else {
            wrong += 1;
            let _ = writeln!(report, "WRONG {file} (asked: {was_asked}, {:?})\n{differences}", reading.verdict);
            if !only.is_empty() {
                let _ = writeln!(report, "{:#?}\n{:#?}", reading.evidence, reading.warnings);
            }
        }
    }
    println!(
        "{report}\nexact {exact}, asked rightly {asked}, needless {needless}, wrong {wrong}, refused {refused}, rejects accepted {accepted}"
    );
    assert_eq!((needless, wrong, refused, accepted), (0, 0, 0, 0), "see the list above");
}
