//! The contents of the columns of a table: their kind by their cells, their role by header and kind.
//!
//! Used by the inference. INVARIANT: a header is a hint only; a role never contradicts the cells.

use std::collections::HashMap;

use super::{
    date,
    frame::{Frame, money},
    grid::Grid,
    number::{self, Shape},
    pairs,
    role::Role,
    words::{self, Match, Set, Words},
};
use crate::domain::AssetCode;

/// The kind of the cells of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ColumnKind {
    Blank,
    Date,
    Number,
    Currency,
    Text,
}

impl ColumnKind {
    /// Its name in layouts.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Blank => "blank",
            Self::Date => "date",
            Self::Number => "number",
            Self::Currency => "currency",
            Self::Text => "text",
        }
    }
}

/// A column of the body.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) index: usize,
    pub(super) header: String,
    /// The currency in the header.
    pub(super) currency: Option<AssetCode>,
    /// Whether the header is nothing but a currency.
    pub(super) is_currency_only: bool,
    pub(super) matches: Vec<Match>,
    pub(super) role: Option<Role>,
    pub(super) score: u32,
    pub(super) kind: ColumnKind,
    /// Cells that are not empty.
    pub(super) filled: usize,
    pub(super) positive: usize,
    pub(super) negative: usize,
    /// Cells with a sign of any kind, a currency, or digits behind the mark.
    pub(super) money_like: usize,
    pub(super) signed: usize,
    /// Different values, at most 200 counted.
    pub(super) distinct: usize,
    /// The value of a column that holds one value only.
    pub(super) constant: Option<String>,
}

impl Column {
    pub(super) fn is(&self, role: Role) -> bool {
        self.role == Some(role)
    }

    /// Numbers that look like money rather than like counts or codes.
    pub(super) fn looks_like_money(&self) -> bool {
        self.kind == ColumnKind::Number && self.money_like > 0 && self.money_like * 2 >= self.positive + self.negative
    }

    /// The header for people, or the number of the column.
    pub(super) fn title(&self) -> String {
        if self.header.is_empty() { format!("column {}", self.index + 1) } else { format!("\"{}\"", self.header) }
    }
}

/// Examines the columns on the sample rows.
pub(super) fn examine(grid: &Grid, frame: &Frame, words: &Words) -> Vec<Column> {
    let headers = frame.headers(grid);
    let width = headers.len().max(frame.sample.iter().map(|row| grid.width(*row)).max().unwrap_or(0));
    let mut columns: Vec<Column> = (0..width)
        .map(|index| examine_one(grid, frame, words, index, headers.get(index).map_or("", String::as_str)))
        .collect();
    pair_up(grid, frame, &mut columns);
    columns
}

/// A header that may name the amount or one side of it names the side where the other side is beside it.
fn pair_up(grid: &Grid, frame: &Frame, columns: &mut [Column]) {
    for (side, other) in [(Role::Debit, Role::Credit), (Role::Credit, Role::Debit)] {
        let Some(partner) = columns.iter().find(|column| column.is(other)).map(|column| column.index) else { continue };
        if columns.iter().any(|column| column.is(side) && column.kind == ColumnKind::Number) {
            continue;
        }
        let amount = |row: usize, column: usize| money(grid.cell(row, column)).is_some_and(|number| !number.is_zero());
        for column in columns.iter_mut().filter(|column| column.is(Role::Amount) || column.is(Role::AmountMain)) {
            let score = column.score;
            let may_be = column.matches.iter().any(|found| found.role == side && found.score >= score);
            let apart = || {
                let both = |row: &&usize| amount(**row, column.index) && amount(**row, partner);
                frame.sample.iter().filter(both).count() * 10 <= frame.sample.len()
            };
            if may_be && apart() {
                column.role = Some(side);
            }
        }
    }
}

fn examine_one(grid: &Grid, frame: &Frame, words: &Words, index: usize, header: &str) -> Column {
    let (bare, currency) = words::without_currency(header);
    let mut column = Column {
        index,
        header: header.to_owned(),
        currency,
        is_currency_only: currency.is_some() && bare.is_empty() && words::side(header).is_none(),
        matches: words.roles(header),
        role: None,
        score: 0,
        kind: ColumnKind::Blank,
        filled: 0,
        positive: 0,
        negative: 0,
        money_like: 0,
        signed: 0,
        distinct: 0,
        constant: None,
    };
    let (mut days, mut numbers, mut currencies, mut pending) = (0, 0, 0, 0);
    let mut values = HashMap::<&str, usize>::new();
    for row in &frame.sample {
        let cell = grid.cell(*row, index);
        if number::is_nothing(cell) {
            continue;
        }
        column.filled += 1;
        if values.len() < 200 {
            *values.entry(cell).or_default() += 1;
        }
        let is_day = date::parse(cell).is_some();
        days += usize::from(is_day);
        currencies += usize::from(words::currency(cell).is_some());
        if let Some(number) = money(cell) {
            numbers += 1;
            column.positive += usize::from(!number.is_negative && !number.is_zero());
            column.negative += usize::from(number.is_negative && !number.is_zero());
            column.signed += usize::from(number.is_signed);
            let shaped = !matches!(number.shape, Shape::Whole);
            column.money_like += usize::from(shaped || number.is_signed || number.currency.is_some());
        } else {
            pending += usize::from(words.is(Set::Pending, cell));
        }
    }
    let filled = column.filled;
    column.distinct = values.len();
    if let (1, Some(value)) = (values.len(), values.keys().next()) {
        column.constant = Some((*value).to_owned());
    }
    let most = |count: usize| count * 10 >= filled * 9;
    // A few cells, one of them garbled, under a header that is certain.
    let is_named_money = || {
        let is_money =
            |role: Role| matches!(role, Role::Amount | Role::AmountMain | Role::Debit | Role::Credit | Role::Balance);
        column.matches.first().is_some_and(|found| found.score == 100 && is_money(found.role))
    };
    column.kind = if filled == 0 {
        ColumnKind::Blank
    } else if (most(days + pending) && days > 0) || (days * 4 >= filled * 3 && days >= 3) {
        ColumnKind::Date
    } else if most(numbers)
        || (numbers * 10 >= filled * 7 && filled >= 5)
        || (numbers * 2 >= filled && filled < 5 && is_named_money())
    {
        ColumnKind::Number
    } else if most(currencies) {
        ColumnKind::Currency
    } else {
        ColumnKind::Text
    };
    let telling = |set: Set| frame.sample.iter().filter(|row| words.is(set, grid.cell(**row, index))).count();
    let fits_words = |role: Role| match role {
        // Debit or credit in most cells, else it is a text.
        Role::Indicator => {
            let is_type = column.matches.iter().any(|found| found.role != Role::Indicator && found.score == 100);
            filled == 0
                || (telling(Set::In) + telling(Set::Out) + telling(Set::Neutral)) * 2 >= filled
                || (values.len() == 2 && !is_type)
        }
        Role::Status => values.len() <= 6.max(filled / 3),
        _ => true,
    };
    let best = column
        .matches
        .iter()
        .find(|found| !found.role.is_key() && suits(found.role, &column) && fits_words(found.role))
        .copied();
    if let Some(found) = best.filter(|found| found.score >= 52) {
        (column.role, column.score) = (Some(found.role), found.score);
    }
    if column.kind == ColumnKind::Text && column.role.is_none() && pairs::opposites(header, words).is_some() {
        (column.role, column.score) = (Some(Role::Indicator), 90);
    }
    if column.kind == ColumnKind::Number && counts(grid, &frame.sample, index) {
        (column.role, column.score) = (Some(Role::Reference), 100);
    }
    if column.is_currency_only && column.kind == ColumnKind::Number {
        column.role = Some(Role::Amount);
        column.score = 60;
    }
    column
}

/// Whether the cells of a column number the rows: whole numbers, each one more or one less than the one before.
fn counts(grid: &Grid, rows: &[usize], index: usize) -> bool {
    let number = |row: &usize| {
        let cell = grid.cell(*row, index);
        cell.bytes().all(|byte| byte.is_ascii_digit()).then(|| cell.parse::<i64>().ok()).flatten()
    };
    let numbers: Vec<Option<i64>> = rows.iter().map(number).collect();
    let by = |step: i64| numbers.windows(2).all(|pair| matches!(pair, [Some(one), Some(other)] if other - one == step));
    numbers.len() >= 3 && (by(1) || by(-1))
}

/// Whether a role goes with the cells.
fn suits(role: Role, column: &Column) -> bool {
    match column.kind {
        ColumnKind::Blank => true,
        ColumnKind::Date => role.is_date() || matches!(role, Role::Time),
        ColumnKind::Number => {
            !role.is_date()
                && !matches!(
                    role,
                    Role::Currency
                        | Role::CurrencyOther
                        | Role::Status
                        | Role::Indicator
                        | Role::Party
                        | Role::Time
                        | Role::Isin
                        | Role::Security
                )
        }
        ColumnKind::Currency => {
            matches!(role, Role::Currency | Role::CurrencyOther | Role::Text | Role::Reference | Role::Symbol)
        }
        ColumnKind::Text => {
            !role.is_date()
                && !matches!(
                    role,
                    Role::Amount
                        | Role::AmountMain
                        | Role::AmountOther
                        | Role::Debit
                        | Role::Credit
                        | Role::Balance
                        | Role::BalanceBefore
                        | Role::Currency
                        | Role::CurrencyOther
                        | Role::Fee
                        | Role::Rate
                        | Role::Price
                        | Role::Quantity
                        | Role::Measure
                )
        }
    }
}

/// Headers of the marks by which a program for budgets or accounts notes what its owner compared with the bank.
const CLEARING: &[&str] = &["cleared", "clr", "reconciled", "reconcile", "clear status", "cleared status"];

/// The column of such marks: they say nothing about the bank, so that a row without one is booked like any other.
pub(super) fn clearing(grid: &Grid, frame: &Frame, columns: &[Column]) -> Option<usize> {
    let holds =
        |column: &Column, word: &str| frame.sample.iter().any(|row| words::key(grid.cell(*row, column.index)) == word);
    let is_mark = |column: &&Column| {
        let named = CLEARING.contains(&words::key(&column.header).as_str());
        let both = || (holds(column, "uncleared") || holds(column, "not cleared")) && holds(column, "cleared");
        let is_noted = named || holds(column, "reconciled") || both();
        column.kind == ColumnKind::Text && !holds(column, "pending") && is_noted
    };
    columns.iter().find(is_mark).map(|column| column.index)
}

/// The column that states whether a row is booked: by its header, else by its cells.
pub(super) fn status(grid: &Grid, frame: &Frame, columns: &[Column], words: &Words) -> Option<usize> {
    let clearing = clearing(grid, frame, columns);
    let telling = |column: &Column| {
        let states = |row: &&usize| {
            let cell = grid.cell(**row, column.index);
            words.is(Set::Pending, cell) || words.is(Set::Failed, cell)
        };
        frame.sample.iter().filter(states).count()
    };
    let named = with_role(columns, Role::Status).filter(|column| Some(column.index) != clearing);
    if let Some(column) = named.max_by_key(|column| (telling(column), std::cmp::Reverse(column.index))) {
        return Some(column.index);
    }
    let is_status = |column: &&Column| {
        let unnamed = matches!(column.role, None | Some(Role::Type)) && Some(column.index) != clearing;
        let states = |row: &usize| {
            let cell = grid.cell(*row, column.index);
            words.is(Set::Pending, cell) || words.is(Set::Failed, cell)
        };
        unnamed && column.kind == ColumnKind::Text && column.distinct <= 3 && frame.sample.iter().any(states)
    };
    columns.iter().find(is_status).map(|column| column.index)
}

/// Whether an amount has one currency right behind it where that of another amount varies: it is in the currency of the
/// account.
pub(super) fn is_settled(columns: &[Column], amount: &Column, amounts: &[&Column]) -> bool {
    let behind = |column: &Column| columns.get(column.index + 1).filter(|next| next.kind == ColumnKind::Currency);
    let varies = |other: &&Column| other.index != amount.index && behind(other).is_some_and(|next| next.distinct > 1);
    behind(amount).is_some_and(|next| next.distinct == 1 && next.filled >= amount.filled) && amounts.iter().any(varies)
}

/// Columns with a role.
pub(super) fn with_role(columns: &[Column], role: Role) -> impl Iterator<Item = &Column> {
    columns.iter().filter(move |column| column.is(role))
}

/// Kinds of the columns, as a layout of a table without a header states them.
pub(super) fn shape(columns: &[Column]) -> String {
    columns.iter().map(|column| column.kind.name()).collect::<Vec<_>>().join(" ")
}

/// The column of a header cell, `>Total` for the one right of that cell, or `#3` for the third.
pub(super) fn column_named(columns: &[Column], name: &str) -> Option<usize> {
    if let Some(number) = name.strip_prefix('#').and_then(|number| number.parse::<usize>().ok()) {
        return number.checked_sub(1).filter(|index| *index < columns.len());
    }
    if let Some(left) = name.strip_prefix('>') {
        return column_named(columns, left).map(|index| index + 1).filter(|index| *index < columns.len());
    }
    let wanted = words::key(name);
    columns.iter().find(|column| words::key(&column.header) == wanted).map(|column| column.index)
}
