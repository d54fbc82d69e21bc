//! Every built-in layout reads its fixture in `fixtures/statements/tables` right and without a question.
//!
//! A fixture is `NAME.csv` with `NAME.rows.tsv` beside it: line, date, amount, currency, balance, and for brokers the kind
//! of the row, symbol and quantity.

use std::{collections::BTreeSet, fmt::Write as _, fs, ops::ControlFlow, path::PathBuf};

use super::{Layout, built_in};
use crate::statements::{Limits, QuestionAnswers, Reading, StatementError, StatementFile, Verdict, read};

fn folder(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn reading(bytes: &[u8], name: &str) -> Result<Reading, StatementError> {
    let limits = Limits::default();
    let input =
        StatementFile { bytes, file_name: name, limits: &limits, layouts: &[], answers: &QuestionAnswers::default() };
    read(&input, &mut |_| ControlFlow::Continue(()))
}

/// The rows as the fixture states them, with what is read instead of a cell that is blank there.
fn rows(reading: &Reading, wanted: &[Vec<&str>]) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for page in reading.statements.iter().flat_map(|statement| &statement.accounts) {
        for (index, draft) in page.transactions.iter().enumerate() {
            let facts = &draft.facts;
            let balance =
                page.running.iter().find(|balance| balance.row == index).map(|balance| balance.amount.to_string());
            let security = facts.security.as_deref();
            all.push((
                facts.origin.line,
                vec![
                    facts.origin.line.to_string(),
                    facts.date.to_string(),
                    facts.amount.normalize().to_string(),
                    facts.currency.to_string(),
                    balance.unwrap_or_default(),
                    facts.kind.subtype().to_string(),
                    security.and_then(|security| security.symbol.clone()).unwrap_or_default().to_string(),
                    security
                        .and_then(|security| security.quantity)
                        .map(|quantity| quantity.normalize().to_string())
                        .unwrap_or_default(),
                ],
            ));
        }
    }
    all.sort();
    let mut rows: Vec<Vec<String>> = all.into_iter().map(|(_, row)| row).collect();
    for (row, wanted) in rows.iter_mut().zip(wanted) {
        for (cell, wanted) in row.iter_mut().zip(wanted).filter(|(_, wanted)| wanted.is_empty()) {
            (*wanted).clone_into(cell);
        }
    }
    rows
}

#[test]
fn every_layout_reads_its_fixture() {
    let mut broken = String::new();
    for layout in built_in() {
        let name = format!("{}.csv", layout.name);
        let path = folder("fixtures/statements/tables").join(&name);
        let (Ok(bytes), Ok(expected)) = (fs::read(&path), fs::read_to_string(path.with_extension("rows.tsv"))) else {
            let _ = writeln!(broken, "{}: no fixture {name} with rows", layout.name);
            continue;
        };
        let wanted: Vec<Vec<&str>> = expected.lines().skip(1).map(|line| line.split('\t').collect()).collect();
        let reading = match reading(&bytes, &name) {
            Ok(reading) => reading,
            Err(error) => {
                let _ = writeln!(broken, "{}: {error}", layout.name);
                continue;
            }
        };
        if let Verdict::Question(question) = &reading.verdict {
            let _ = writeln!(broken, "{}: asks {}", layout.name, question.id);
        }
        let used = reading.statements[0].institution.layout.as_deref();
        if used != Some(&layout.name) {
            let _ = writeln!(broken, "{}: read by {used:?}", layout.name);
        }
        let plain = |cell: &str| {
            cell.parse::<rust_decimal::Decimal>()
                .map_or_else(|_| cell.to_owned(), |number| number.normalize().to_string())
        };
        let wanted_rows: Vec<Vec<String>> =
            wanted.iter().map(|row| row.iter().map(|cell| plain(cell)).collect()).collect();
        let found: Vec<Vec<String>> =
            rows(&reading, &wanted).iter().map(|row| row.iter().map(|cell| plain(cell)).collect()).collect();
        if found != wanted_rows {
            let _ = writeln!(
                broken,
                "{}: rows differ\n  should be {wanted_rows:?}\n  is        {found:?}\n  {:?}",
                layout.name, reading.warnings
            );
        }
    }
    assert!(broken.is_empty(), "{broken}");
}

#[test]
fn layouts_are_whole_and_the_list_is_that_of_the_folder() {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder("assets/layouts")).unwrap() {
        let path = entry.unwrap().path();
        let layout = Layout::parse(&fs::read_to_string(&path).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(path.file_stem().unwrap().to_str(), Some(layout.name.as_str()));
        assert_eq!(Layout::parse(&layout.to_toml()).unwrap(), layout, "{}", layout.name);
        names.insert(layout.name);
    }
    let listed: BTreeSet<String> = built_in().iter().map(|layout| layout.name.clone()).collect();
    assert_eq!(listed, names, "src/statements/table/built_in.rs lists the files of assets/layouts");
    assert!(names.len() >= 60, "{} layouts", names.len());
}
