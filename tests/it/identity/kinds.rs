//! Habits of banks and of people who download files, as sequences of made-up files: each must end with its rows, also without
//! its balances (or marked), and in every order of its files.

use dashtam::testing::{
    domain::{AccountId, ChangeId, TransactionStatus},
    sync::ImportRequest,
};

use crate::support::{
    desk::Desk,
    sequence_text::{EndRow, TextSequence, parse},
};

struct End {
    rows: Vec<EndRow>,
    accounts: usize,
    warnings: Vec<String>,
}

async fn run(sequence: &TextSequence, steps: &[Vec<String>], with_balances: bool) -> End {
    let desk = Desk::new(&[]);
    let folder = tempfile::tempdir().unwrap();
    let paths = sequence.write(folder.path(), with_balances);
    let mut warnings = Vec::new();
    for step in steps {
        let number = |index: usize| step.get(index).map(|word| word.parse::<u64>().unwrap());
        match step[0].as_str() {
            "import" => {
                let account = step.iter().find_map(|word| word.strip_prefix("account="));
                let account = account.map(|id| AccountId(id.parse().unwrap()));
                let names = step[1..].iter().filter(|word| !word.contains('='));
                let mut request = ImportRequest {
                    paths: names.map(|name| paths[name].clone()).collect(),
                    ..ImportRequest::default()
                };
                request.options.account = account;
                for file in desk.handle.import(request, |_| {}).await.unwrap().files {
                    file.outcome.unwrap();
                    warnings.extend(file.warnings.into_iter().map(|warning| warning.message));
                }
            }
            "undo" => drop(desk.handle.undo(number(1).map(ChangeId)).await.unwrap()),
            // A redo may be refused; the rows decide.
            "redo" => drop(desk.handle.redo(number(1).map(ChangeId)).await),
            "merge" => {
                let [one, other] = [1, 2].map(|index| AccountId(number(index).unwrap()));
                desk.handle.merge_accounts(one, other).await.unwrap();
            }
            other => panic!("unknown step {other}"),
        }
    }
    desk.store.verify().unwrap();
    let reader = desk.store.read().unwrap();
    let mut rows: Vec<EndRow> = Vec::new();
    reader
        .scan(|row, _| {
            let facts = row.facts;
            if !matches!(facts.status, TransactionStatus::Cancelled | TransactionStatus::Failed) {
                let text = facts.description().to_owned();
                let (status, currency) = (facts.status.to_string(), facts.currency.to_string());
                rows.push((facts.date.to_string(), facts.amount, text, status, currency));
            }
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    rows.sort();
    End { rows, accounts: reader.accounts().unwrap().len(), warnings }
}

fn orders<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    let Some(last) = items.len().checked_sub(1).filter(|last| *last > 0) else { return vec![items.to_vec()] };
    let insert = |order: Vec<T>| {
        (0..=last).rev().map(move |place| {
            let mut order = order.clone();
            order.insert(place, items[last].clone());
            order
        })
    };
    orders(&items[..last]).into_iter().flat_map(insert).collect()
}

/// The fault of an end, if it has one. Where no true balance decides, rows too many must be marked.
fn fault(sequence: &TextSequence, end: &End, is_decided: bool) -> Option<String> {
    let accounts: usize = sequence.options.get("accounts").map_or(1, |count| count.parse().unwrap());
    if end.rows == sequence.rows && end.accounts == accounts {
        return None;
    }
    let warns = |words: &str| end.warnings.iter().any(|warning| warning.contains(words));
    let is_marked =
        (end.accounts == accounts && warns("may be the same")) || warns("counts twice") || warns("count twice");
    let is_whole = sequence.rows.iter().all(|row| end.rows.contains(row));
    let may_be_open = !is_decided || sequence.options.contains_key("marked");
    if may_be_open && is_marked && is_whole {
        return None;
    }
    Some(format!("{} accounts\n  {:?}\n  instead of {:?}\n  {:?}", end.accounts, end.rows, sequence.rows, end.warnings))
}

#[tokio::test]
async fn habits_of_banks_lose_double_and_invent_nothing() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/identity/sequences.txt");
    let only = std::env::var("DASHTAM_SEQUENCE").unwrap_or_default();
    let mut wrong = Vec::new();
    let mut count = 0;
    for sequence in parse(&std::fs::read_to_string(path).unwrap()).iter().filter(|one| one.name.contains(&only)) {
        count += 1;
        let is_import = |step: &Vec<String>| step[0] == "import" && step.iter().all(|word| !word.contains('='));
        let may_turn = sequence.steps.iter().all(is_import) && !sequence.options.contains_key("orders");
        let mut all = if may_turn { orders(&sequence.steps) } else { vec![sequence.steps.clone()] };
        // Of the orders of many files every fifth.
        let every = if all.len() > 6 { 5 } else { 1 };
        all = all.into_iter().step_by(every).collect();
        for steps in all {
            let mut check = |end: &End, is_decided: bool, how: &str| {
                if let Some(fault) = fault(sequence, end, is_decided) {
                    wrong.push(format!("{}{how} {steps:?}: {fault}", sequence.name));
                }
            };
            check(&run(sequence, &steps, true).await, true, "");
            if sequence.has_balances() {
                check(&run(sequence, &steps, false).await, false, " without balances");
            }
        }
    }
    assert!(count >= 1 && (count >= 60 || !only.is_empty()), "{count} sequences");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
