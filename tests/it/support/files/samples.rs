//! Samples of statement files in the folder that `DASHTAM_SAMPLES` names, each with its right reading.

use std::{
    collections::BTreeMap,
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use dashtam::testing::{
    domain::TransactionStatus,
    statements::{self, Limits, QuestionAnswers, Reading, StatementAccount, StatementFile, Verdict},
};
use rust_decimal::Decimal;

/// Day, amount, currency, and whether the row is settled. The other date of a row may differ between formats.
pub(crate) type Row = (String, Decimal, String, bool);

/// A sample with its right reading.
pub(crate) struct Sample {
    pub(crate) name: String,
    /// `bank`, `card`, `wallet`, `investment` or `aggregate`.
    pub(crate) kind: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) answers: QuestionAnswers,
    pub(crate) reading: Reading,
}

pub(crate) fn pages(reading: &Reading) -> impl Iterator<Item = &StatementAccount> {
    reading.statements.iter().flat_map(|statement| &statement.accounts)
}

pub(crate) fn rows(reading: &Reading) -> Vec<Row> {
    let facts = pages(reading).flat_map(|page| &page.transactions).map(|draft| &draft.facts);
    let mut rows: Vec<Row> = facts
        .filter(|facts| !matches!(facts.status, TransactionStatus::Cancelled | TransactionStatus::Failed))
        .map(|facts| {
            let is_settled = facts.status == TransactionStatus::Settled;
            (facts.date.to_string(), facts.amount.normalize(), facts.currency.to_string(), is_settled)
        })
        .collect();
    rows.sort();
    rows
}

fn read(bytes: &[u8], file_name: &str, answers: &QuestionAnswers) -> Option<Reading> {
    let limits = Limits::default();
    let input = StatementFile { bytes, file_name, limits: &limits, layouts: &[], answers };
    statements::read(&input, &mut |_| ControlFlow::Continue(())).ok()
}

/// Answers every question: with the value that `is_right` accepts.
pub(crate) fn answered(
    bytes: &[u8],
    file_name: &str,
    is_right: &dyn Fn(&str, &str, &Reading) -> bool,
) -> Option<(Reading, QuestionAnswers)> {
    let mut answers = QuestionAnswers::default();
    let mut reading = read(bytes, file_name, &answers)?;
    for _ in 0..4 {
        let Verdict::Question(question) = reading.verdict.clone() else { return Some((reading, answers)) };
        let mut tried = question.options.iter().filter_map(|option| {
            let mut more = answers.clone();
            more.insert(question.id.clone(), option.value.clone());
            let reading = read(bytes, file_name, &more)?;
            is_right(&question.id, &option.value, &reading).then_some((reading, more))
        });
        (reading, answers) = tried.next()?;
    }
    None
}

/// Whether a value answers a question as the table of the samples has it.
fn is_listed(answer: &str, id: &str, value: &str) -> bool {
    match id {
        "sign" => (value == "invert") == (answer.contains("positive") || answer.contains("=out")),
        _ => answer.contains(value),
    }
}

pub(crate) fn samples() -> Option<Vec<Sample>> {
    let root = PathBuf::from(std::env::var_os("DASHTAM_SAMPLES")?).join("statements");
    let table = fs::read_to_string(root.join("expected.tsv")).unwrap();
    let names: Vec<&str> = table.lines().next().unwrap().split('\t').collect();
    let only = std::env::var("ONLY").unwrap_or_default();
    let read = |line: &str| {
        let entry: BTreeMap<&str, &str> = names.iter().copied().zip(line.split('\t')).collect();
        let file = entry["file"];
        if file.starts_with("reject/") || !file.contains(&only) {
            return None;
        }
        let bytes = fs::read(root.join(file)).unwrap();
        let answer = entry["answer"];
        let name = file.to_owned();
        let (reading, answers) = answered(&bytes, base(file), &|id, value, _| is_listed(answer, id, value))
            .unwrap_or_else(|| panic!("{file} is not read"));
        Some(Sample { name, kind: entry["kind"].to_owned(), bytes, answers, reading })
    };
    Some(table.lines().skip(1).filter_map(read).collect())
}

pub(crate) fn base(file: &str) -> &str {
    file.rsplit('/').next().unwrap()
}

pub(crate) fn lines_of(page: &StatementAccount) -> impl Iterator<Item = u32> {
    page.transactions.iter().map(|draft| draft.facts.origin.line)
}

pub(crate) fn ending(name: &str) -> &str {
    Path::new(name).extension().and_then(|ending| ending.to_str()).unwrap_or_default()
}
