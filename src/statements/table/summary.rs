//! Lines of a table that state a day and a figure but no movement: opening and closing balances, and turnovers between them.
//!
//! Used by the rows. INVARIANT: a line is one only if a whole cell names it so; turnovers count only beside such a balance.

use super::{
    column::{self, Column, ColumnKind},
    grid::Grid,
    plan::TablePlan,
    role::Role,
    words::{Words, key},
};

/// Names of balances that are shorter may be names of shops.
const SHORTEST: usize = 8;

/// The columns of texts in which such lines name themselves.
pub(super) struct SummaryLines {
    columns: Vec<usize>,
    /// Other columns of texts; they count where all of those are empty.
    others: Vec<usize>,
    /// Whether a line of the table names an opening or closing balance.
    has_balance: bool,
}

impl SummaryLines {
    pub(super) fn find(grid: &Grid, plan: &TablePlan<'_>, texts: &[usize], parties: &[usize], words: &Words) -> Self {
        let columns: Vec<usize> = texts.iter().chain(parties).copied().collect();
        let is_other = |column: &&Column| {
            let says_more = matches!(column.role, None | Some(Role::Reference | Role::Id | Role::Type | Role::Text));
            column.kind == ColumnKind::Text && says_more && !columns.contains(&column.index)
        };
        let others: Vec<usize> = plan.columns.iter().filter(is_other).map(|column| column.index).collect();
        let sample = &plan.frame.sample;
        let edges = sample.iter().take(5).chain(sample.iter().rev().take(5)).copied();
        let rows = edges.chain(plan.last.saturating_sub(5)..=plan.last);
        let mut rows = rows.filter(|row| *row < grid.len());
        // In the register of a program the opening balance is a row like any other.
        let is_register = column::clearing(grid, &plan.frame, &plan.columns).is_some();
        let has_balance = !is_register
            && rows.any(|row| {
                columns
                    .iter()
                    .chain(&others)
                    .any(|column| names(grid.cell(row, *column), words, &[Role::KeyOpening, Role::KeyClosing]))
            });
        Self { columns, others, has_balance }
    }

    /// The cell by which a line is one of them.
    pub(super) fn of_row<'g>(&self, grid: &'g Grid, row: usize, words: &Words) -> Option<&'g str> {
        if !self.has_balance {
            return None;
        }
        let all = [Role::KeyOpening, Role::KeyClosing, Role::KeyTotal, Role::KeyIn, Role::KeyOut];
        let filled = |columns: &[usize]| -> Vec<&'g str> {
            // Codes and indicators beside the name do not count.
            columns.iter().map(|column| grid.cell(row, *column)).filter(|cell| key(cell).len() > 2).collect()
        };
        let mut cells = filled(&self.columns);
        if cells.is_empty() {
            cells = filled(&self.others);
        }
        // One cell names the line; a shorter one may repeat its first word.
        let cell = cells.iter().copied().max_by_key(|cell| cell.len())?;
        let length = if names(cell, words, &all[..2]) { 0 } else { 4 };
        let name = key(cell);
        let repeats = |other: &&str| *other == cell || name.starts_with(&format!("{} ", key(other)));
        (cells.iter().all(repeats) && name.len() > length && names(cell, words, &all)).then_some(cell)
    }
}

/// Whether a cell that names a balance names the closing one. `None` for turnovers and totals.
pub(super) fn closes(cell: &str, words: &Words) -> Option<bool> {
    let is = |role: Role| names(cell, words, &[role]);
    match (is(Role::KeyOpening), is(Role::KeyClosing)) {
        (true, false) => Some(false),
        (false, true) => Some(true),
        _ => None,
    }
}

/// Whether a cell is the name of one of these, and nothing else.
fn names(cell: &str, words: &Words, roles: &[Role]) -> bool {
    if cell.is_empty() || cell.len() > 60 {
        return false;
    }
    let is_balance = |role: Role| matches!(role, Role::KeyOpening | Role::KeyClosing);
    words.roles(cell).iter().any(|found| {
        found.score == 100 && roles.contains(&found.role) && (!is_balance(found.role) || key(cell).len() >= SHORTEST)
    })
}
