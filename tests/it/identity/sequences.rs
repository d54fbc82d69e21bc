//! Sequences of files that were met in real life, from the folder that `DASHTAM_SAMPLES` names: each must end with the rows
//! it states, also without its balances (or with a warning), and in every order of its files.

use std::{
    fs,
    io::{Cursor, Read as _, Write as _},
    path::{Path, PathBuf},
};

use dashtam::testing::{
    domain::{TransactionStatus, text},
    sync::ImportRequest,
};
use rust_decimal::Decimal;
use serde_json::Value;

use crate::support::desk::Desk;

/// Day, amount, text, status, currency.
type Row = (String, Decimal, String, String, String);

struct Sequence {
    name: String,
    steps: Vec<Step>,
    rows: Vec<Row>,
    may_warn: bool,
}

#[derive(Clone)]
enum Step {
    Import(PathBuf),
    Undo,
    Redo,
}

/// What is left, and every warning on the way.
struct Result {
    rows: Vec<Row>,
    warnings: Vec<String>,
}

fn sequences() -> Option<Vec<Sequence>> {
    let folder = PathBuf::from(std::env::var_os("DASHTAM_SAMPLES")?).join("ofx/sequences");
    let list: Value = serde_json::from_slice(&fs::read(folder.join("sequences.json")).unwrap()).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let read = |entry: &Value| Sequence {
        name: text(&entry["name"]),
        steps: entry["steps"]
            .as_array()
            .unwrap()
            .iter()
            .map(|step| match step[0].as_str().unwrap() {
                "import" => Step::Import(folder.join(step[1].as_str().unwrap())),
                "undo" => Step::Undo,
                "redo" => Step::Redo,
                other => panic!("unknown step {other}"),
            })
            .collect(),
        rows: {
            let rows = entry["rows"].as_array().unwrap().iter();
            let mut rows: Vec<Row> = rows
                .map(|row| (text(&row[0]), text(&row[1]).parse().unwrap(), text(&row[2]), text(&row[3]), text(&row[4])))
                .collect();
            rows.sort();
            rows
        },
        may_warn: entry.get("else").is_some(),
    };
    Some(list.as_array().unwrap().iter().map(read).collect())
}

async fn run(steps: &[Step]) -> Result {
    let desk = Desk::new(&[]);
    let mut warnings = Vec::new();
    for step in steps {
        match step {
            Step::Import(path) => {
                let request = ImportRequest { paths: vec![path.clone()], ..ImportRequest::default() };
                for file in desk.handle.import(request, |_| {}).await.unwrap().files {
                    file.outcome.unwrap();
                    warnings.extend(file.warnings.into_iter().map(|warning| warning.message));
                }
            }
            Step::Undo => drop(desk.handle.undo(None).await.unwrap()),
            Step::Redo => drop(desk.handle.redo(None).await.unwrap()),
        }
    }
    let mut rows = Vec::new();
    desk.store
        .read()
        .unwrap()
        .scan(|row, _| {
            let facts = row.facts;
            if !matches!(facts.status, TransactionStatus::Cancelled | TransactionStatus::Failed) {
                let text = facts.description().to_owned();
                rows.push((
                    facts.date.to_string(),
                    facts.amount,
                    text,
                    facts.status.to_string(),
                    facts.currency.to_string(),
                ));
            }
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    rows.sort();
    Result { rows, warnings }
}

/// The steps over files from which the balances were taken out.
fn without_balances(steps: &[Step], folder: &Path) -> Vec<Step> {
    let strip = |bytes: &[u8]| -> Vec<u8> {
        let mut left = bytes.to_vec();
        while let Some(start) = find(&left, b"<LEDGERBAL>") {
            let end = start + find(&left[start..], b"</LEDGERBAL>").unwrap() + b"</LEDGERBAL>".len();
            left.drain(start..end);
        }
        left
    };
    steps
        .iter()
        .enumerate()
        .map(|(index, step)| {
            let Step::Import(path) = step else { return step.clone() };
            let bytes = fs::read(path).unwrap();
            let stripped = if bytes.starts_with(b"PK") { repack(&bytes, strip) } else { strip(&bytes) };
            let place = folder.join(format!("{index}-{}", path.file_name().unwrap().to_str().unwrap()));
            fs::write(&place, stripped).unwrap();
            Step::Import(place)
        })
        .collect()
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn repack(bytes: &[u8], each: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).unwrap();
        let mut content = Vec::new();
        member.read_to_end(&mut content).unwrap();
        writer.start_file(member.name().unwrap().into_owned(), zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(&each(&content)).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn orders<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    if items.len() < 2 {
        return vec![items.to_vec()];
    }
    (0..items.len())
        .flat_map(|first| {
            let mut rest = items.to_vec();
            let item = rest.remove(first);
            orders(&rest).into_iter().map(move |mut order| {
                order.insert(0, item.clone());
                order
            })
        })
        .collect()
}

/// Sequences whose files don't say which of them is the newer, with what then depends on the order.
fn depends_on_order(name: &str) -> Option<&'static str> {
    match name {
        "04_renumbered_one_text_changed" | "20_encoding_changed_no_ids" | "21_encoding_mojibake_no_ids" => {
            Some("the spelling of the text is that of the file imported last")
        }
        "17_tip_same_id" => {
            Some("both files cover the same days and state no balance, so the file imported last counts as the newer")
        }
        _ => None,
    }
}

/// Texts by their ASCII letters, since a damaged spelling has no others.
fn bare(rows: &[Row]) -> Vec<Row> {
    let letters = |text: &str| text::skeleton(text).chars().filter(char::is_ascii).take(6).collect::<String>();
    rows.iter()
        .map(|(day, amount, text, status, code)| (day.clone(), *amount, letters(text), status.clone(), code.clone()))
        .collect()
}

#[tokio::test]
async fn every_sequence_ends_with_its_rows() {
    let Some(sequences) = sequences() else {
        println!("skipped: DASHTAM_SAMPLES names no folder of samples");
        return;
    };
    let mut wrong = Vec::new();
    let total = sequences.len();
    for Sequence { name, steps, rows, may_warn } in sequences {
        let result = run(&steps).await;
        if result.rows != rows {
            wrong.push(format!("{name}:\n  {:?}\n  instead of {rows:?}; {:?}", result.rows, result.warnings));
        }
        let folder = tempfile::tempdir().unwrap();
        let stripped = without_balances(&steps, folder.path());
        let result = run(&stripped).await;
        let is_said = result.warnings.iter().any(|warning| warning.contains("may be the same"));
        if result.rows != rows && !is_said {
            wrong.push(format!(
                "{name} without balances:\n  {:?}\n  instead of {rows:?} (may warn: {may_warn})",
                result.rows
            ));
        }
        if steps.iter().any(|step| !matches!(step, Step::Import(_))) {
            continue;
        }
        for order in orders(&steps) {
            let result = run(&order).await;
            let same = match depends_on_order(&name) {
                None => result.rows == rows,
                Some(_) if name == "17_tip_same_id" => result.rows.len() == rows.len(),
                Some(_) => bare(&result.rows) == bare(&rows),
            };
            if !same {
                let files: Vec<_> = order
                    .iter()
                    .map(|step| match step {
                        Step::Import(path) => path.file_name().unwrap().to_str().unwrap().to_owned(),
                        Step::Undo | Step::Redo => String::new(),
                    })
                    .collect();
                wrong.push(format!(
                    "{name} in the order {files:?}:\n  {:?}\n  instead of {rows:?}; {:?}",
                    result.rows, result.warnings
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {total} sequences:\n{}", wrong.len(), wrong.join("\n"));
}
