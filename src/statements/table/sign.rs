//! Which way positive amounts go, from words: texts of the rows, a column of debit and credit, words of card statements.
//!
//! Used by the inference. INVARIANT: words weigh less than arithmetic and are only asked where it is silent.

use rust_decimal::Decimal;

use super::{
    column::{Column, ColumnKind},
    grid::Grid,
    model::{Way, way},
    role::Role,
    words::{Set, Words, key},
};

/// Rows whose texts are weighed.
const WEIGHED: usize = 150;

/// Weights for positive amounts being money in, and for their being money out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Weights {
    pub(super) as_is: usize,
    pub(super) inverted: usize,
    /// Words that decide alone, such as a payment with thanks on a card.
    pub(super) strong_as_is: usize,
    pub(super) strong_inverted: usize,
    /// Negative and positive rows that thank for a payment, as cards do.
    pub(super) paid_inverted: usize,
    pub(super) paid_as_is: usize,
}

/// Weighs the texts of the rows against the signs of their amounts.
pub(super) fn texts(
    grid: &Grid,
    rows: &[usize],
    amounts: &[Option<Decimal>],
    columns: &[Column],
    words: &Words,
) -> Weights {
    let texts: Vec<usize> = columns
        .iter()
        .filter(|column| {
            matches!(column.kind, ColumnKind::Text)
                && (column.role.is_none()
                    || matches!(
                        column.role,
                        Some(Role::Text | Role::Party | Role::Type | Role::Reference | Role::Indicator)
                    ))
        })
        .map(|column| column.index)
        .collect();
    let mut weights = Weights::default();
    for (row, amount) in rows.iter().zip(amounts).take(WEIGHED) {
        let Some(amount) = amount.filter(|amount| !amount.is_zero()) else { continue };
        let text = key(&texts.iter().map(|column| grid.cell(*row, *column)).collect::<Vec<_>>().join(" "));
        let (into, out) = (words.count(Set::TextIn, &text), words.count(Set::TextOut, &text));
        let positive = amount > Decimal::ZERO;
        let paid = words.count(Set::CardPayment, &text) > 0;
        weights.paid_as_is += usize::from(paid && positive);
        weights.paid_inverted += usize::from(paid && !positive);
        match (into > 0, out > 0, positive) {
            (true, false, true) => {
                weights.as_is += 2;
                weights.strong_as_is += 1;
            }
            (true, false, false) => {
                weights.inverted += 2;
                weights.strong_inverted += 1;
            }
            (false, true, true) => weights.inverted += 1,
            (false, true, false) => weights.as_is += 1,
            (true, true, true) if into > out => weights.as_is += 1,
            (true, true, false) if into > out => weights.inverted += 1,
            _ => {}
        }
    }
    weights
}

/// A column whose cells say debit or credit, and how many of them do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Indicator {
    pub(super) column: usize,
    pub(super) into: usize,
    pub(super) out: usize,
    pub(super) neutral: usize,
    pub(super) unknown: usize,
    /// Whether its header says that it is one.
    pub(super) named: bool,
}

/// Columns of words for the direction, best first.
pub(super) fn indicators(grid: &Grid, rows: &[usize], columns: &[Column], words: &Words) -> Vec<Indicator> {
    let mut found = Vec::new();
    for column in columns.iter().filter(|column| column.kind == ColumnKind::Text && column.distinct <= 12) {
        let mut indicator = Indicator {
            column: column.index,
            into: 0,
            out: 0,
            neutral: 0,
            unknown: 0,
            named: column.is(Role::Indicator),
        };
        for row in rows {
            match way(grid.cell(*row, column.index), words) {
                Way::In => indicator.into += 1,
                Way::Out => indicator.out += 1,
                Way::Neutral => indicator.neutral += 1,
                Way::Unknown => indicator.unknown += 1,
            }
        }
        let known = indicator.into + indicator.out + indicator.neutral;
        let may_be =
            indicator.named || column.header.is_empty() || matches!(column.role, None | Some(Role::Type | Role::Text));
        if may_be && indicator.into + indicator.out > 0 && known * 10 >= rows.len() * 8 {
            found.push(indicator);
        }
    }
    found.sort_by_key(|indicator| (!indicator.named, indicator.unknown, indicator.into == 0 || indicator.out == 0));
    found
}

/// Whether headers and surroundings name a card.
pub(super) fn is_card(columns: &[Column], around: &str, file_name: &str, words: &Words) -> bool {
    let headers: usize = columns.iter().map(|column| words.count(Set::Card, &key(&column.header)).min(1)).sum();
    let bank = columns.iter().any(|column| column.is(Role::Balance));
    let near = words.count(Set::Card, around).min(2) + words.count(Set::Card, &key(file_name)).min(1);
    headers >= 2 || (headers >= 1 && !bank) || near >= 2 || (near >= 1 && headers >= 1) || (near >= 1 && !bank)
}
