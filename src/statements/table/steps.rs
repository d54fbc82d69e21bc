//! The direction of unsigned amounts by the steps of a running balance, and the words that go with it.
//!
//! Used by the inference. INVARIANT: every step must be as large as the amount beside it; one that is not proves nothing.

use std::collections::HashMap;

use rust_decimal::Decimal;

use super::{
    chain::Direction,
    column::{Column, ColumnKind},
    grid::Grid,
    model::SignWords,
    words::key,
};

/// Different words that a column of directions may hold.
const MOST_WORDS: usize = 12;

/// The column whose words go with the direction of each step, with these words.
pub(super) fn vocabulary(grid: &Grid, rows: &[usize], columns: &[Column], ways: &[Option<bool>]) -> Option<SignWords> {
    let words_of = |column: &Column| -> Option<SignWords> {
        let mut known = HashMap::<String, bool>::new();
        for (row, way) in rows.iter().zip(ways) {
            let Some(way) = way else { continue };
            let word = key(grid.cell(*row, column.index));
            if word.is_empty() || known.insert(word, *way).is_some_and(|before| before != *way) {
                return None;
            }
        }
        let of = |wanted: bool| known.iter().filter(|(_, way)| **way == wanted).map(|(word, _)| word.clone()).collect();
        let signs =
            SignWords { columns: vec![column.index], incoming: of(true), outgoing: of(false), ..SignWords::default() };
        (known.len() <= MOST_WORDS).then_some(signs)
    };
    let mut texts: Vec<&Column> = columns
        .iter()
        .filter(|column| column.kind == ColumnKind::Text && (2..=MOST_WORDS).contains(&column.distinct))
        .collect();
    texts.sort_by_key(|column| column.distinct);
    texts.into_iter().find_map(words_of)
}

/// Whether each amount raised its balance; `None` for rows that no earlier balance explains. `None` at all unless three steps
/// are as large as their amounts, none is not, and both directions occur.
pub(super) fn ways(
    amounts: &[Option<Decimal>],
    balances: &[Option<Decimal>],
    groups: &[usize],
    direction: Direction,
) -> Option<Vec<Option<bool>>> {
    match direction {
        Direction::OldestFirst => walk(amounts, balances, groups, false),
        Direction::NewestFirst => walk(amounts, balances, groups, true),
        Direction::Unknown => walk(amounts, balances, groups, false).or_else(|| walk(amounts, balances, groups, true)),
    }
}

fn walk(
    amounts: &[Option<Decimal>],
    balances: &[Option<Decimal>],
    groups: &[usize],
    is_newest_first: bool,
) -> Option<Vec<Option<bool>>> {
    let mut last = HashMap::<usize, Decimal>::new();
    let mut found = vec![None; amounts.len()];
    let (mut rises, mut falls) = (0usize, 0usize);
    for step in 0..amounts.len() {
        let at = if is_newest_first { amounts.len() - 1 - step } else { step };
        let (Some(amount), Some(balance)) = (amounts[at], balances[at]) else { continue };
        let before = last.insert(groups[at], balance);
        let Some(before) = before else { continue };
        let change = balance.checked_sub(before)?;
        if amount.is_zero() {
            continue;
        }
        if change.abs() != amount.abs() {
            return None;
        }
        found[at] = Some(change > Decimal::ZERO);
        if change > Decimal::ZERO { rises += 1 } else { falls += 1 }
    }
    (rises + falls >= 3 && rises > 0 && falls > 0).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(text: &[&str]) -> Vec<Option<Decimal>> {
        text.iter().map(|number| number.parse().ok()).collect()
    }

    #[test]
    fn steps_as_large_as_the_amounts_give_the_direction() {
        let amounts = numbers(&["10", "4", "7", "1"]);
        let balances = numbers(&["110", "106", "113", "112"]);
        let ways = ways(&amounts, &balances, &[0; 4], Direction::OldestFirst).unwrap();
        assert_eq!(ways, [None, Some(false), Some(true), Some(false)]);
        assert_eq!(walk(&amounts, &numbers(&["110", "106", "114", "113"]), &[0; 4], false), None);
        assert_eq!(walk(&amounts[..2], &balances[..2], &[0; 2], false), None, "one step shows no habit");
    }
}
