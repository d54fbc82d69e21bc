//! The decimal mark of a file.
//!
//! Used by the inference. INVARIANT: decided by cells that show it, those of amounts before all others.

use super::{
    column::{Column, ColumnKind},
    facts::Facts,
    frame::{Frame, money},
    layout::Layout,
    number::{self, Mark, NumberUse, Shape},
    role::Role,
    source::RawTable,
};
use crate::domain::AssetCode;

/// The decimal mark, or that both are possible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DecimalMark {
    /// With the reason; empty where nothing had to be decided.
    Decided(Mark, String),
    Open,
}

#[derive(Default, Clone, Copy)]
struct Votes {
    dot: usize,
    comma: usize,
    open: usize,
    /// Cells of whole numbers below and from a thousand.
    small: usize,
    large: usize,
}

impl Votes {
    fn count(&mut self, shape: Shape, whole: bool, is_large: bool) {
        match shape {
            Shape::Decimal(Mark::Dot, _) | Shape::Grouped(Mark::Comma) => self.dot += 1,
            Shape::Decimal(Mark::Comma, _) | Shape::Grouped(Mark::Dot) => self.comma += 1,
            Shape::Open(_) => self.open += 1,
            Shape::Whole if whole && is_large => self.large += 1,
            Shape::Whole => self.small += 1,
        }
    }

    fn decided(&self) -> Option<Mark> {
        match (self.dot, self.comma) {
            (0, 0) => None,
            (dot, comma) if dot >= comma => Some(Mark::Dot),
            _ => Some(Mark::Comma),
        }
    }
}

fn is_amount(column: &Column) -> bool {
    column.role.is_none()
        || matches!(
            column.role,
            Some(
                Role::Amount
                    | Role::AmountMain
                    | Role::AmountOther
                    | Role::Debit
                    | Role::Credit
                    | Role::Balance
                    | Role::BalanceBefore
                    | Role::Fee
            )
        )
}

/// Decides the mark.
pub(super) fn decide(
    table: &RawTable<'_>,
    frame: &Frame,
    columns: &[Column],
    facts: &Facts,
    layout: Option<&Layout>,
    currency: Option<AssetCode>,
) -> DecimalMark {
    let RawTable { grid, words, answers, .. } = *table;
    let answer = answers.get("decimal");
    let mut amounts = Votes::default();
    let mut others = Votes::default();
    let mut open_mark = Mark::Comma;
    let mut is_fine = false;
    for column in columns.iter().filter(|column| column.kind == ColumnKind::Number || column.kind == ColumnKind::Blank)
    {
        for row in &frame.sample {
            let cell = grid.cell(*row, column.index);
            let Some(number) =
                money(cell).or_else(|| number::parse(cell).filter(|number| number.sort != NumberUse::Code))
            else {
                continue;
            };
            if let Shape::Open(mark) = number.shape
                && is_amount(column)
            {
                open_mark = mark;
            }
            is_fine |= matches!(number.shape, Shape::Open(_)) && is_amount(column) && {
                let last = cell.bytes().rev().find(u8::is_ascii_digit);
                last.is_some_and(|digit| digit != b'0')
            };
            if number.is_zero() && number.shape == Shape::Whole {
                continue;
            }
            let votes = if is_amount(column) { &mut amounts } else { &mut others };
            votes.count(number.shape, true, number.digits > 3);
        }
    }
    if amounts.open == 0 {
        return DecimalMark::Decided(amounts.decided().unwrap_or(Mark::Dot), String::new());
    }
    let named = |mark: Mark| if mark == Mark::Dot { "point" } else { "comma" };
    let decided =
        |mark: Mark, why: &str| DecimalMark::Decided(mark, format!("the decimal mark is the {}: {why}", named(mark)));
    if let Some(mark) = amounts.decided() {
        return decided(mark, "other amounts show it");
    }
    let other = if open_mark == Mark::Comma { Mark::Dot } else { Mark::Comma };
    // Whole numbers below a thousand beside groups of three: the mark groups thousands.
    if amounts.small > 0 && amounts.large == 0 {
        return decided(other, "amounts below a thousand have no mark");
    }
    if amounts.large > 0 {
        return decided(open_mark, "whole amounts above a thousand have no mark");
    }
    // Three digits behind every mark are a group, unless the currency has thousandths or they are hundredths with a zero.
    if let Some(code) =
        currency.filter(|code| code.is_iso() && (code.display_digits() == 0 || (is_fine && code.display_digits() == 2)))
    {
        return decided(other, &format!("{code} has no thousandths"));
    }
    if currency.is_none() && is_fine && words.has_no_thousandths(columns.iter().map(|column| column.header.as_str())) {
        return decided(other, "no currency of the language has thousandths");
    }
    match (facts.marks, others.decided()) {
        ([dots, 0], _) if dots > 0 => return decided(Mark::Dot, "amounts above the table show it"),
        ([0, commas], _) if commas > 0 => return decided(Mark::Comma, "amounts above the table show it"),
        (_, Some(mark)) => return decided(mark, "other columns show it"),
        _ => {}
    }
    let asked = answer.or_else(|| layout.and_then(|layout| layout.amount.decimal.as_deref()));
    match asked.map(str::trim) {
        Some("." | "point" | "dot") => decided(Mark::Dot, "as answered"),
        Some("," | "comma") => decided(Mark::Comma, "as answered"),
        _ => DecimalMark::Open,
    }
}
