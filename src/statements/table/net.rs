//! An amount, its fee, and what is left of it in a third column.
//!
//! Used by the candidates. INVARIANT: arithmetic on every row that states all three decides, no header does.

use rust_decimal::Decimal;

use super::{
    column::{Column, ColumnKind},
    frame::{Frame, money},
    grid::Grid,
    number::Mark,
    role::Role,
};

/// The column that holds the amounts less the fees: what reaches the account.
pub(super) fn column(grid: &Grid, frame: &Frame, columns: &[Column]) -> Option<usize> {
    let numbers = || columns.iter().filter(|column| column.kind == ColumnKind::Number);
    let gross =
        || numbers().filter(|column| matches!(column.role, Some(Role::Amount | Role::AmountMain | Role::AmountOther)));
    let fees = || numbers().filter(|column| column.is(Role::Fee));
    let nets = || {
        let usable = |column: &&Column| {
            matches!(
                column.role,
                None | Some(
                    Role::Amount | Role::AmountMain | Role::AmountOther | Role::Debit | Role::Credit | Role::Text
                )
            )
        };
        numbers().filter(usable)
    };
    fees().find_map(|fee| {
        gross().find_map(|gross| {
            let others = nets().filter(|net| net.index != gross.index);
            others.map(|net| net.index).find(|net| {
                [Mark::Dot, Mark::Comma]
                    .into_iter()
                    .any(|mark| is_rest(grid, frame, [gross.index, fee.index, *net], mark))
            })
        })
    })
}

/// Whether the third column is the first less the second in every row, and not always the same as the first.
fn is_rest(grid: &Grid, frame: &Frame, columns: [usize; 3], mark: Mark) -> bool {
    let (mut rows, mut with_fee) = (0, 0);
    for row in &frame.sample {
        let [gross, fee, net] = columns.map(|column| money(grid.cell(*row, column)).map(|number| number.value(mark)));
        let (Some(gross), Some(net)) = (gross, net.filter(|net| !net.is_zero())) else { continue };
        let fee = fee.unwrap_or(Decimal::ZERO);
        if gross.checked_sub(fee.abs()) != Some(net) {
            return false;
        }
        rows += 1;
        with_fee += usize::from(!fee.is_zero());
    }
    rows >= 2 && with_fee >= 1
}
