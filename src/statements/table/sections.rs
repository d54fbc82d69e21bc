//! Parts of a table that repeat its header: each may be of an account, or of pending rows.
//!
//! Used by the rows. INVARIANT: a part begins at a line equal to the header; only lines between two rows are read.

use super::{
    date,
    facts::account_in,
    frame::{Frame, money},
    grid::Grid,
    role::Role,
    words::{Set, Words},
};
use crate::statements::iban;

/// Lines above a header that may name its part.
const ABOVE: usize = 5;
/// Most parts of a table.
const MOST: usize = 1_000;
/// Longest title.
const LONGEST: usize = 40;

/// A part of a table, from its header to the next one.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) header: usize,
    /// The account that the lines above its header name.
    pub(super) account: Option<String>,
    /// Whether its title states that its rows are pending.
    pub(super) is_pending: bool,
}

/// The parts of a table, in order; none where the header does not occur again or all parts are alike.
pub(super) fn find(grid: &Grid, frame: &Frame, words: &Words) -> Vec<Section> {
    let Some(header) = frame.header else { return Vec::new() };
    let Some(named) = (0..grid.width(header)).find(|column| !grid.cell(header, *column).is_empty()) else {
        return Vec::new();
    };
    let name = grid.cell(header, named);
    let is_header = |row: &usize| grid.cell(*row, named) == name && grid.cells(*row).eq(grid.cells(header));
    let headers: Vec<usize> = (header..grid.len()).filter(is_header).take(MOST).collect();
    if headers.len() < 2 {
        return Vec::new();
    }
    let mut known = None;
    let part = |header: usize| {
        known = titles(grid, header).find_map(|line| account(grid, line, words)).or_else(|| known.take());
        Section { header, account: known.clone(), is_pending: is_pending(grid, header, words) }
    };
    let sections: Vec<Section> = headers.into_iter().map(part).collect();
    let is_plain = sections.iter().all(|part| !part.is_pending && part.account == sections[0].account);
    if is_plain { Vec::new() } else { sections }
}

/// Lines above a header that are no rows, nearest first.
fn titles(grid: &Grid, header: usize) -> impl Iterator<Item = usize> {
    let is_row = |row: usize| {
        grid.cells(row).any(|cell| date::parse(cell).is_some()) && grid.cells(row).any(|cell| money(cell).is_some())
    };
    (header.saturating_sub(ABOVE)..header).rev().take_while(move |row| !is_row(*row))
}

fn account(grid: &Grid, row: usize, words: &Words) -> Option<String> {
    let cells: Vec<&str> = grid.cells(row).filter(|cell| !cell.is_empty()).collect();
    let first = cells.first()?;
    if let Some(found) = cells.iter().find_map(|cell| iban::within(cell)) {
        return Some(found);
    }
    let (name, inner) = first.split_once([':', '：']).unwrap_or((first, ""));
    let is_named = words.roles(name).iter().any(|found| found.role == Role::KeyAccount && found.score >= 52);
    let number = |cell: &str| account_in(cell).filter(|_| money(cell).is_none_or(|number| number.digits >= 6));
    is_named.then(|| number(inner).or_else(|| cells[1..].iter().find_map(|cell| number(cell)))).flatten()
}

fn is_pending(grid: &Grid, header: usize, words: &Words) -> bool {
    let mut titles = titles(grid, header).filter(|row| !grid.is_blank(*row));
    titles.next().is_some_and(|row| {
        let mut cells = grid.cells(row).filter(|cell| !cell.is_empty());
        let title = cells.next().filter(|cell| cell.chars().count() <= LONGEST && cells.next().is_none());
        title.is_some_and(|title| words.holds(Set::Pending, title))
    })
}
