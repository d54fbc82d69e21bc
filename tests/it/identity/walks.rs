//! Random walks over imports, undo, redo, merges and splits: in any order, every row that is not undone is there once.
//!
//! `DASHTAM_STEPS` sets the number of steps of a walk.

use std::collections::{BTreeMap, BTreeSet};

use dashtam::testing::domain::{AccountId, ChangeId};

use crate::support::files::{Bench, Line, statement};

/// A small generator of numbers (xorshift): a seed means the same walk everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }
}

/// The rows of a source, by number; twins differ in their number.
fn line(source: usize, row: usize) -> (u32, String, String, String) {
    let twin = row / 2;
    // Rows 6 and 7, and 12 and 13, are equal.
    let content = if twin == 3 || twin == 6 { twin * 2 } else { row };
    let day = 1 + u32::try_from(content).unwrap();
    (day, format!("-{content}.{:02}", 10 + content), format!("s{source}r{row}"), format!("Payee {content}"))
}

/// A file: its source, and its rows.
struct File {
    source: usize,
    rows: BTreeSet<usize>,
    path: std::path::PathBuf,
}

/// A change that can be undone.
enum Made {
    Import(usize, BTreeSet<usize>),
    Merge,
    Split,
}

/// The model: a row is there as long as one change that added it is not undone.
#[derive(Default)]
struct Model {
    changes: BTreeMap<ChangeId, (Made, bool)>,
    undone: Vec<ChangeId>,
}

impl Model {
    fn rows(&self, source: usize) -> BTreeSet<usize> {
        let standing = self.changes.values().filter(|(_, is_done)| *is_done);
        standing
            .filter_map(|(made, _)| match made {
                Made::Import(of, rows) if *of == source => Some(rows),
                _ => None,
            })
            .flatten()
            .copied()
            .collect()
    }

    /// Whether an import of the source is not undone, so that its account is there.
    fn is_there(&self, source: usize) -> bool {
        self.changes.values().any(|(made, is_done)| *is_done && matches!(made, Made::Import(of, _) if *of == source))
    }

    fn is_merged(&self) -> bool {
        let last = self.changes.values().rev().find(|(made, is_done)| *is_done && !matches!(made, Made::Import(..)));
        matches!(last, Some((Made::Merge, _))) && self.is_there(0) && self.is_there(1)
    }

    fn expected(&self) -> BTreeMap<u64, Vec<String>> {
        let text = |rows: BTreeSet<usize>| {
            let mut text: Vec<String> = rows
                .into_iter()
                .map(|row| {
                    let (day, amount, _, name) = line(0, row);
                    format!("{day} {amount} {name}")
                })
                .collect();
            text.sort();
            text
        };
        let (one, two) = (self.rows(0), self.rows(1));
        if self.is_merged() {
            return BTreeMap::from([(1, text(united(&one, &two)))]);
        }
        let both = [(0, one), (1, two)].into_iter().filter(|(source, _)| self.is_there(*source));
        both.map(|(source, rows)| (source as u64 + 1, text(rows))).collect()
    }
}

/// The rows of both sources; of equal rows as many as the source with more of them has.
fn united(one: &BTreeSet<usize>, two: &BTreeSet<usize>) -> BTreeSet<usize> {
    let content = |row: usize| line(0, row).3;
    let mut all = BTreeSet::new();
    for row in 0..16 {
        let alike: Vec<usize> = (0..16).filter(|other| content(*other) == content(row)).collect();
        let count = |rows: &BTreeSet<usize>| alike.iter().filter(|row| rows.contains(row)).count();
        all.extend(alike.iter().take(count(one).max(count(two))).copied());
    }
    all
}

async fn walk(seed: u64, steps: usize) {
    let bench = Bench::new();
    let handle = &bench.desk.handle;
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut files = Vec::new();
    for number in 0..6 {
        let source = number % 2;
        // The first file of a source fixes the number of its account; periods overlap.
        let (from, to) = [(0, 8), (4, 12), (8, 16)][number / 2];
        let rows: BTreeSet<usize> = (from..to).collect();
        let lines: Vec<_> = rows.iter().map(|row| line(source, *row)).collect();
        let lines: Vec<Line<'_>> =
            lines.iter().map(|(day, amount, id, name)| (*day, &**amount, &**id, &**name)).collect();
        let account = if source == 0 { "111" } else { "222" };
        let path = bench.file(&format!("{number}.ofx"), &statement(account, "USD", &lines));
        files.push(File { source, rows, path });
    }
    let mut model = Model::default();
    bench.import(&files[0].path).await;
    bench.import(&files[1].path).await;
    for number in [0, 1] {
        model.changes.insert(ChangeId(number as u64 + 1), (Made::Import(number, files[number].rows.clone()), true));
    }
    let mut log = Vec::new();
    for step in 0..steps {
        let newest = |bench: &Bench| bench.desk.store.read().unwrap().changes(None, 1).unwrap()[0].clone();
        let before = newest(&bench).id;
        match dice.below(12) {
            0..4 => {
                let number = dice.below(files.len());
                let file = &files[number];
                log.push(format!("import {number}"));
                bench.import(&file.path).await;
                let new: BTreeSet<usize> = file.rows.difference(&model.rows(file.source)).copied().collect();
                if newest(&bench).id != before {
                    model.changes.insert(newest(&bench).id, (Made::Import(file.source, new), true));
                }
            }
            4..8 => {
                let standing: Vec<ChangeId> =
                    model.changes.iter().filter(|(_, (_, is_done))| *is_done).map(|(id, _)| *id).collect();
                let Some(newest) = standing.last().copied() else { continue };
                let bare = dice.below(3) > 0;
                let id = if bare { newest } else { standing[dice.below(standing.len())] };
                log.push(format!("undo {id}"));
                let done = handle.undo((!bare).then_some(id)).await.unwrap();
                assert_eq!(done.id, id, "seed {seed}, step {step}: a bare undo takes back the newest");
                model.changes.get_mut(&id).unwrap().1 = false;
                model.undone.push(id);
            }
            8..11 => {
                let Some(last) = model.undone.last().copied() else { continue };
                let bare = dice.below(3) > 0;
                let id = if bare { last } else { model.undone[dice.below(model.undone.len())] };
                log.push(format!("redo {id}"));
                let done = handle.redo((!bare).then_some(id)).await.unwrap();
                assert_eq!(done.id, id, "seed {seed}, step {step}: a bare redo brings back what was undone last");
                model.changes.get_mut(&id).unwrap().1 = true;
                model.undone.retain(|undone| *undone != id);
            }
            _ => {
                let is_merge = !model.is_merged();
                log.push(if is_merge { "merge".into() } else { "split".into() });
                let done = if is_merge {
                    handle.merge_accounts(AccountId(1), AccountId(2)).await
                } else {
                    handle.split_account(AccountId(1)).await
                };
                match done {
                    Ok(id) => {
                        let made = if is_merge { Made::Merge } else { Made::Split };
                        model.changes.insert(id, (made, true));
                    }
                    Err(failure) => assert!(
                        !(model.is_there(0) && model.is_there(1)),
                        "seed {seed}, step {step}: {}",
                        failure.message
                    ),
                }
            }
        }
        assert_eq!(bench.rows(), model.expected(), "seed {seed}, step {step}: {log:?}");
    }
    bench.desk.store.verify().unwrap();
}

#[tokio::test]
async fn every_walk_ends_with_the_rows_of_the_model() {
    let steps = std::env::var("DASHTAM_STEPS").ok().and_then(|steps| steps.parse().ok()).unwrap_or(400);
    for seed in 1..=4 {
        walk(seed, steps / 4).await;
    }
}
