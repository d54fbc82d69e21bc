//! Amounts against bounds: the bounds are brought to the scale of each unit once, then mantissas are compared.

use rust_decimal::Decimal;

use super::RowSet;
use crate::{
    columns::{Columns, Unit},
    ledger::query::AmountRange,
};

/// The least and the greatest mantissa within a range.
type Bounds = (i128, i128);

/// `magnitude`: the sign of amounts is not looked at.
pub(super) fn search(columns: &Columns, range: &AmountRange, magnitude: bool, within: Option<&RowSet>) -> RowSet {
    let bounds: Vec<Bounds> = columns.unit_table().iter().map(|unit| bounds(range, *unit)).collect();
    let (units, mantissas) = (columns.units(), columns.mantissas());
    let inside = |mantissa: i128, (low, high): Bounds| {
        let mantissa = if magnitude { mantissa.abs() } else { mantissa };
        mantissa >= low && mantissa <= high
    };
    let length = columns.len();
    if columns.unit_table().iter().any(|unit| unit.wide) {
        let place = |row: usize| u32::try_from(row).unwrap_or(u32::MAX);
        return RowSet::matching(length, within, |row| {
            inside(columns.mantissa(place(row)), bounds[usize::from(units[row])])
        });
    }
    RowSet::matching(length, within, |row| inside(mantissas[row].into(), bounds[usize::from(units[row])]))
}

fn bounds(range: &AmountRange, unit: Unit) -> Bounds {
    let low = range.low.map_or(i128::MIN, |(low, included)| {
        let (floor, exact) = at_scale(low, unit.scale);
        if included && exact { floor } else { floor.saturating_add(1) }
    });
    let high = range.high.map_or(i128::MAX, |(high, included)| {
        let (floor, exact) = at_scale(high, unit.scale);
        if exact && !included { floor.saturating_sub(1) } else { floor }
    });
    (low, high)
}

/// The mantissa of an amount at another scale, rounded down, and whether that is exact. No mantissa of a row has more
/// than 96 bits, so one that does not fit is clamped to the end of the range.
fn at_scale(amount: Decimal, scale: u8) -> (i128, bool) {
    let (mantissa, own, scale) = (amount.mantissa(), amount.scale(), u32::from(scale));
    if scale >= own {
        let end = if mantissa < 0 { i128::MIN / 2 } else { i128::MAX / 2 };
        let scaled = 10i128.checked_pow(scale - own).and_then(|factor| mantissa.checked_mul(factor));
        return (scaled.unwrap_or(end), true);
    }
    let factor = 10i128.checked_pow(own - scale).unwrap_or(i128::MAX);
    (mantissa.div_euclid(factor), mantissa.rem_euclid(factor) == 0)
}
