//! Sample files of other formats in the folder that `DASHTAM_SAMPLES` names, against their right readings.

use std::{
    collections::BTreeMap,
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use dashtam::testing::{
    domain::{AccountType, TransactionStatus},
    statements::{self, Limits, QuestionAnswers, Reading, StatementAccount, StatementError, StatementFile, Verdict},
};
use rust_decimal::Decimal;

/// Files whose table is not followed in one point, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    // The closing balance `11 27421,94` has a blank inside; the table has 11. It is refused with a warning.
    ("mt940/railslove+cmxl__headers.sta", "closing"),
    // `:25:` occurs again with a text; the table has that text as the account.
    ("mt940/svenstaro+mt940-rs__betterplace_sepa_snippet_broken.sta", "account"),
];

fn is_exception(file: &str, point: &str) -> bool {
    EXCEPTIONS.iter().any(|(known, what)| *known == file && *what == point)
}

/// One line of `expected.tsv`, by the names of its columns.
type Expected<'a> = BTreeMap<&'a str, &'a str>;

fn read(path: &Path, answers: &QuestionAnswers) -> Result<Reading, StatementError> {
    let bytes = fs::read(path).unwrap();
    let file_name = path.file_name().unwrap().to_string_lossy();
    let limits = Limits::default();
    let input = StatementFile { bytes: &bytes, file_name: &file_name, limits: &limits, layouts: &[], answers };
    statements::read(&input, &mut |_| ControlFlow::Continue(()))
}

/// Answers the question that the table allows.
fn read_and_answer(path: &Path, expected: &Expected<'_>) -> Result<Reading, String> {
    let reading = read(path, &QuestionAnswers::default()).map_err(|error| error.to_string())?;
    let Verdict::Question(question) = &reading.verdict else { return Ok(reading) };
    if expected["ask"].is_empty() {
        return Err(format!("asks {}: {}", question.id, question.text));
    }
    let mut answers = QuestionAnswers::default();
    answers.insert(question.id.clone(), expected["answer"]);
    read(path, &answers).map_err(|error| error.to_string())
}

/// Day, amount, currency and whether it is pending.
type Row = (String, Decimal, String, bool);

fn rows_of(reading: &Reading, with_currency: bool) -> Vec<Row> {
    let pages = reading.statements.iter().flat_map(|statement| &statement.accounts);
    // Investment actions are not part of the tables.
    let pages = pages.filter(|page| page.account.account_type != AccountType::Brokerage);
    let rows = pages.flat_map(|page| &page.transactions).map(|draft| &draft.facts);
    let mut rows: Vec<Row> = rows
        .map(|facts| {
            let currency = if with_currency { facts.currency.to_string() } else { String::new() };
            (facts.date.to_string(), facts.amount, currency, facts.status == TransactionStatus::Pending)
        })
        .collect();
    rows.sort();
    rows
}

fn expected_rows(path: &Path) -> Vec<Row> {
    let text = fs::read_to_string(path).unwrap();
    let mut rows: Vec<Row> = text
        .lines()
        .skip(1)
        .map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            let amount: Decimal = columns[3].parse().unwrap();
            (columns[1].to_owned(), amount.normalize(), columns[4].to_owned(), columns[6] == "pending")
        })
        .collect();
    rows.sort();
    rows
}

/// What differs between a reading and its line of the table.
fn differences(file: &str, root: &Path, expected: &Expected<'_>) -> Vec<String> {
    let reading = match read_and_answer(&root.join(file), expected) {
        Ok(reading) => reading,
        Err(error) => return vec![error],
    };
    let mut wrong = Vec::new();
    if reading.format != expected["format"] && expected["format"] != "mt942" {
        wrong.push(format!("format {} instead of {}", reading.format, expected["format"]));
    }
    let wanted = expected_rows(&root.join("rows").join(format!("{file}.tsv")));
    let with_currency = wanted.iter().all(|(_, _, currency, _)| !currency.is_empty());
    let found: Vec<Row> = rows_of(&reading, with_currency)
        .into_iter()
        .map(|(date, amount, currency, pending)| (date, amount.normalize(), currency, pending))
        .collect();
    if found != wanted {
        let missing: Vec<&Row> = wanted.iter().filter(|row| !found.contains(row)).collect();
        let extra: Vec<&Row> = found.iter().filter(|row| !wanted.contains(row)).collect();
        wrong.push(format!("{} rows instead of {}: missing {missing:?}, extra {extra:?}", found.len(), wanted.len()));
    }
    let pages: Vec<&StatementAccount> = reading.statements.iter().flat_map(|statement| &statement.accounts).collect();
    let closing = expected["closing"];
    if let Ok(closing) = closing.parse::<Decimal>()
        && !is_exception(file, "closing")
    {
        let last = pages.iter().rev().find_map(|page| page.account.balance);
        if last.map(|balance| balance.current) != Some(closing) {
            wrong.push(format!("closing {last:?} instead of {closing}"));
        }
    }
    if !is_exception(file, "account") {
        for account in expected["account"].split(" | ").filter(|account| !account.is_empty()) {
            let is_it = |page: &&&StatementAccount| {
                let draft = &page.account;
                draft.number == account
                    || draft.provider_account_id == account
                    || draft.name.as_deref() == Some(account)
                    || account == format!("{}{}", draft.number, draft.currency)
            };
            if !pages.iter().any(|page| is_it(&page)) {
                let found: Vec<&str> = pages.iter().map(|page| page.account.provider_account_id.as_str()).collect();
                wrong.push(format!("no account {account} but {found:?}"));
            }
        }
    }
    let proof = expected["proof"].split_once(" statements: ").or_else(|| expected["proof"].split_once(" opening"));
    if let Some((figures, _)) = proof
        && let Some((agree, of)) = figures.split_once('/')
    {
        let compared: Vec<bool> = pages
            .iter()
            .filter_map(|page| Some((page.opening?, page.closing?, page)))
            .map(|(opening, closing, page)| {
                let settled = page.transactions.iter().filter(|row| row.facts.status == TransactionStatus::Settled);
                opening.amount + settled.map(|row| row.facts.amount).sum::<Decimal>() == closing.amount
            })
            .collect();
        let found = compared.iter().filter(|agrees| **agrees).count();
        if found.to_string() != agree {
            wrong.push(format!("{found} of {} balances agree instead of {agree} of {of}", compared.len()));
        }
    }
    wrong
}

/// Every QIF, CAMT and MT940 sample reads exactly as in its table.
#[test]
fn samples_of_other_formats_read_exactly() {
    let Some(root) = std::env::var_os("DASHTAM_SAMPLES").map(|root| PathBuf::from(root).join("statements")) else {
        eprintln!("skipped: DASHTAM_SAMPLES names no folder of sample files");
        return;
    };
    let table = fs::read_to_string(root.join("expected.tsv")).unwrap();
    let names: Vec<&str> = table.lines().next().unwrap().split('\t').collect();
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in table.lines().skip(1) {
        let expected: Expected<'_> = names.iter().copied().zip(line.split('\t')).collect();
        let file = expected["file"];
        if !["qif/", "camt/", "mt940/"].iter().any(|folder| file.starts_with(folder)) {
            continue;
        }
        count += 1;
        wrong.extend(differences(file, &root, &expected).into_iter().map(|found| format!("{file}: {found}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(count > 40, "only {count} samples found");
}
