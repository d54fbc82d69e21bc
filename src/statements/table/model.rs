//! How a row states its amount: one signed column, two columns, a column with words for the sign, several currencies.
//!
//! Used by the inference and by the rows. INVARIANT: a row without an amount gives none, never zero.

use rust_decimal::Decimal;

use super::{
    frame::money,
    grid::Grid,
    number::{self, Mark},
    words::{Set, Words},
};
use crate::domain::AssetCode;

/// Words of a column that give the direction of the money.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct SignWords {
    /// Columns of the words; the first one that gives a direction counts.
    pub(super) columns: Vec<usize>,
    /// Whether the words are those of brokers: buy, sell, dividend.
    pub(super) trades: bool,
    /// Words for money in and out as a layout or the pair in the column gives them, as keys; empty lists fall back on the
    /// general words.
    pub(super) incoming: Vec<String>,
    pub(super) outgoing: Vec<String>,
    /// Columns of the amount and of the currency of rows of money in, where they are others.
    pub(super) amount_in: Option<usize>,
    pub(super) currency_in: Option<usize>,
    /// The column of fees that money out bears on top.
    pub(super) fee_out: Option<usize>,
    /// Whether the two words are unknown, so that the lists may be the wrong way round.
    pub(super) is_open: bool,
}

/// Which way the money of a row goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    In,
    Out,
    Neutral,
    Unknown,
}

impl SignWords {
    /// The direction of a row.
    pub(super) fn of_row(&self, grid: &Grid, row: usize, words: &Words) -> Way {
        let mut ways = self.columns.iter().map(|column| self.way(grid.cell(row, *column), words));
        ways.find(|way| *way != Way::Unknown).unwrap_or(Way::Unknown)
    }

    fn way(&self, cell: &str, words: &Words) -> Way {
        if self.trades {
            let phrase = super::words::key(cell);
            return match (words.count(Set::TradeIn, &phrase) > 0, words.count(Set::TradeOut, &phrase) > 0) {
                (true, false) => Way::In,
                (false, true) => Way::Out,
                _ => Way::Unknown,
            };
        }
        if !self.incoming.is_empty() || !self.outgoing.is_empty() {
            let phrase = super::words::key(cell);
            let lists = |list: &[String]| {
                list.iter().any(|word| {
                    phrase == *word || (word.ends_with('*') && phrase.starts_with(word.trim_end_matches('*')))
                })
            };
            return if lists(&self.outgoing) {
                Way::Out
            } else if lists(&self.incoming) {
                Way::In
            } else {
                Way::Unknown
            };
        }
        way(cell, words)
    }
}

/// The direction a word in a cell gives.
pub(super) fn way(cell: &str, words: &Words) -> Way {
    let cell = cell.trim_matches(['\'', '"']);
    match (words.is(Set::In, cell), words.is(Set::Out, cell)) {
        (true, false) => Way::In,
        (false, true) => Way::Out,
        (false, false) if words.is(Set::Neutral, cell) => Way::Neutral,
        _ => Way::Unknown,
    }
}

/// How the amount of a row is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Model {
    /// One column with signs; a fee column is taken off, a tax column added with its signs.
    Signed { column: usize, fee: Option<usize>, tax: Option<usize> },
    /// One column for money out and one for money in. With `signed`, minus signs inside them count. A fee is money out too.
    Split { debit: Option<usize>, credit: Option<usize>, fee: Option<usize>, signed: bool },
    /// A column without signs and one with words.
    Worded { column: usize, signs: SignWords },
    /// A column without minus signs: a plus sign, or a word for money in beside it, marks money in, all else is money out.
    Marked { column: usize, marker: Option<usize> },
    /// One column for each currency.
    Currencies(Vec<(usize, AssetCode)>),
}

/// A number in a cell that may be an amount, none for cells that state nothing.
fn value(grid: &Grid, row: usize, column: usize, mark: Mark) -> Option<Decimal> {
    let cell = grid.cell(row, column);
    if number::is_nothing(cell) {
        return None;
    }
    money(cell).map(|number| number.value(mark))
}

impl Model {
    /// Columns that it reads.
    pub(super) fn columns(&self) -> impl Iterator<Item = usize> + '_ {
        let (named, currencies): ([Option<usize>; 2], &[(usize, AssetCode)]) = match self {
            Self::Signed { column, .. } | Self::Worded { column, .. } | Self::Marked { column, .. } => {
                ([Some(*column), None], &[])
            }
            Self::Split { debit, credit, .. } => ([*debit, *credit], &[]),
            Self::Currencies(columns) => ([None, None], columns),
        };
        named.into_iter().flatten().chain(currencies.iter().map(|(column, _)| *column))
    }

    /// The amount of a row as the columns give it.
    pub(super) fn amount(&self, grid: &Grid, row: usize, mark: Mark, words: &Words) -> Option<Decimal> {
        match self {
            Self::Signed { column, fee, tax } => {
                let amount = value(grid, row, *column, mark)?;
                if (fee.is_some() || tax.is_some()) && self.unreadable(grid, row).is_some() {
                    return None;
                }
                let beside = |column: &Option<usize>| column.and_then(|column| value(grid, row, column, mark));
                amount.checked_sub(beside(fee).unwrap_or_default().abs())?.checked_add(beside(tax).unwrap_or_default())
            }
            Self::Split { debit, credit, fee, signed } => {
                // An amount that can't be read is not zero.
                if self.unreadable(grid, row).is_some() {
                    return None;
                }
                let side = |column: &Option<usize>| column.and_then(|column| value(grid, row, column, mark));
                let (out, into, fee) = (side(debit), side(credit), side(fee));
                if out.is_none() && into.is_none() && fee.is_none_or(|fee| fee.is_zero()) {
                    return None;
                }
                let (out, into) = (out.unwrap_or_default(), into.unwrap_or_default());
                let amount = if *signed { into.checked_sub(out) } else { into.abs().checked_sub(out.abs()) };
                amount?.checked_sub(fee.unwrap_or_default().abs())
            }
            Self::Worded { column, signs } => {
                let way = signs.of_row(grid, row, words);
                let incoming = signs.amount_in.filter(|_| way == Way::In);
                let amount = incoming.and_then(|column| value(grid, row, column, mark));
                let amount = amount.or_else(|| value(grid, row, *column, mark))?;
                let fee = signs.fee_out.and_then(|fee| value(grid, row, fee, mark)).unwrap_or_default();
                Some(match way {
                    Way::In => amount.abs(),
                    Way::Out => (-amount.abs()).checked_sub(fee.abs())?,
                    Way::Neutral | Way::Unknown => amount,
                })
            }
            Self::Marked { column, marker } => {
                let amount = value(grid, row, *column, mark)?;
                let plus = money(grid.cell(row, *column)).is_some_and(|number| number.is_signed && !number.is_negative);
                let marked = marker.is_some_and(|marker| way(grid.cell(row, marker), words) == Way::In);
                Some(if plus || marked { amount.abs() } else { -amount.abs() })
            }
            Self::Currencies(columns) => columns.iter().find_map(|(column, _)| value(grid, row, *column, mark)),
        }
    }

    /// The amounts of rows as the columns give them.
    pub(super) fn amounts(&self, grid: &Grid, rows: &[usize], mark: Mark, words: &Words) -> Vec<Option<Decimal>> {
        rows.iter().map(|row| self.amount(grid, *row, mark, words)).collect()
    }

    /// The currency that the columns themselves give.
    pub(super) fn currency(&self, grid: &Grid, row: usize) -> Option<AssetCode> {
        let in_cell = |column: usize| money(grid.cell(row, column)).and_then(|number| number.currency);
        match self {
            Self::Currencies(columns) => columns
                .iter()
                .find(|(column, _)| money(grid.cell(row, *column)).is_some())
                .map(|(_, currency)| *currency),
            other => other.columns().find_map(in_cell),
        }
    }

    /// Whether any of the cells that should hold the amount has text instead of a number.
    pub(super) fn unreadable(&self, grid: &Grid, row: usize) -> Option<usize> {
        let (fee, tax) = match self {
            Self::Signed { fee, tax, .. } => (*fee, *tax),
            Self::Split { fee, .. } => (*fee, None),
            _ => (None, None),
        };
        self.columns().chain(fee).chain(tax).find(|column| {
            let cell = grid.cell(row, *column);
            !number::is_nothing(cell) && money(cell).is_none()
        })
    }
}
