//! Tables whose amounts no header names: whether they may be money at all.
//!
//! Used by the inference. INVARIANT: a table with a proof by balances, a layout or a currency is never refused here.

use super::{
    candidates::Candidate,
    column::{Column, ColumnKind},
    frame::{Frame, money},
    grid::Grid,
    number::Shape,
    role::Role,
};
use crate::statements::StatementError;

/// Most columns that a refusal lists.
const LISTED: usize = 6;

/// Refuses a table whose amounts were found by their form only and do not have the form of money: neither cents,
/// nor signs beside a text.
pub(super) fn check(grid: &Grid, frame: &Frame, columns: &[Column], chosen: &Candidate) -> Result<(), StatementError> {
    // A step or two agree by chance, unless the header names the balance.
    let is_named = |index: usize| columns.get(index).is_some_and(|column| column.is(Role::Balance));
    let is_proven = chosen.balance.is_some_and(|beside| {
        beside.chain.is_strong() || (beside.chain.agree > 0 && (frame.header.is_none() || is_named(beside.column)))
    });
    if !chosen.is_guess || is_proven {
        return Ok(());
    }
    let used: Vec<usize> = chosen.model.columns().collect();
    let has_text = columns.iter().any(|column| {
        let describes = matches!(column.role, None | Some(Role::Text | Role::Party | Role::Type | Role::Reference));
        column.kind == ColumnKind::Text && describes && !used.contains(&column.index)
    });
    let has_cents = used.iter().any(|column| has_cents(grid, frame, *column));
    let of_used = || used.iter().filter_map(|index| columns.get(*index));
    let has_signs = of_used().any(|column| column.negative > 0) && of_used().any(|column| column.positive > 0);
    let is_whole = used.iter().all(|column| is_whole(grid, frame, *column));
    if has_text && (has_cents || is_whole && has_signs) {
        return Ok(());
    }
    if frame.header.is_none() {
        let found = "this table has numbers beside its dates, but neither texts nor a header that names them as money";
        return if has_text || has_cents { Ok(()) } else { Err(StatementError::not_a_statement(found, HINT)) };
    }
    // A pair of columns that share the rows among them is money out and in, whatever its name.
    if has_text && used.len() > 1 {
        return Ok(());
    }
    let names: Vec<String> =
        columns.iter().filter(|column| !column.header.is_empty()).take(LISTED).map(Column::title).collect();
    let found = format!("no column of this table is named as an amount of money (its columns: {})", names.join(", "));
    Err(StatementError::not_a_statement(found, HINT))
}

const HINT: &str = "if these are transactions, name the column of their amounts \"Amount\" and import the file again; \
                    else download the account's transactions, as OFX or QFX where your bank offers them, else as CSV";

/// Whether most cells of a column have two digits behind the mark, or groups of thousands.
fn has_cents(grid: &Grid, frame: &Frame, column: usize) -> bool {
    let (mut cents, mut all) = (0, 0);
    for number in frame.sample.iter().filter_map(|row| money(grid.cell(*row, column))) {
        all += 1;
        cents += usize::from(matches!(number.shape, Shape::Decimal(_, 2) | Shape::Grouped(_) | Shape::Open(_)));
    }
    cents * 2 >= all && cents > 0
}

/// Whether no cell of a column has a fraction.
fn is_whole(grid: &Grid, frame: &Frame, column: usize) -> bool {
    let mut numbers = frame.sample.iter().filter_map(|row| money(grid.cell(*row, column)));
    numbers.all(|number| !matches!(number.shape, Shape::Decimal(..)))
}
