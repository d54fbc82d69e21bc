//! Whose rows these are and in which currency.
//!
//! Used by the inference and by the rows. INVARIANT: a column of varying counterparties is never taken for the account.

use std::collections::HashMap;

use super::{
    candidates::Candidate,
    column::{Column, ColumnKind, column_named, is_settled, with_role},
    facts::{Facts, account_in},
    frame::Frame,
    grid::Grid,
    layout::Layout,
    model::Model,
    role::Role,
    words,
};
use crate::{domain::AssetCode, statements::iban};

/// Where the account of a row is stated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Owner {
    /// In a column; it may differ between rows.
    Column(usize),
    /// For the whole table.
    Stated(String),
    /// In the file's name.
    Named(String),
    /// Nowhere.
    Unknown,
}

/// The column of currencies that goes with the amounts.
pub(super) fn currency_column(
    grid: &Grid,
    frame: &Frame,
    columns: &[Column],
    layout: Option<&Layout>,
) -> Option<usize> {
    if let Some(names) = layout.and_then(|layout| layout.columns.get("currency")) {
        return names.iter().find_map(|name| column_named(columns, name));
    }
    let amount = columns
        .iter()
        .filter(|column| {
            matches!(column.role, Some(Role::AmountMain | Role::Amount | Role::Debit | Role::Credit))
                && column.kind == ColumnKind::Number
        })
        .max_by_key(|column| {
            let others: Vec<&Column> = columns.iter().filter(|other| other.role == column.role).collect();
            (column.is(Role::AmountMain), is_settled(columns, column, &others), column.score)
        })
        .map(|column| column.index);
    let usable = |column: &&Column| column.kind == ColumnKind::Currency && !column.is(Role::CurrencyOther);
    let named: Vec<&Column> = columns.iter().filter(usable).filter(|column| column.is(Role::Currency)).collect();
    let all: Vec<&Column> = if named.is_empty() {
        let is_open = |column: &&Column| matches!(column.role, None | Some(Role::Text | Role::Type));
        columns.iter().filter(usable).filter(is_open).collect()
    } else {
        named
    };
    // The only currency of a table whose amount is called that of the operation.
    let others: Vec<&Column> =
        columns.iter().filter(|column| column.kind == ColumnKind::Currency && column.is(Role::CurrencyOther)).collect();
    // An amount of the operation that is that of the account in every row is in its currency.
    let differs = |other: &&Column| {
        other.is(Role::AmountOther)
            && amount.is_some_and(|amount| {
                frame.sample.iter().any(|row| grid.cell(*row, other.index) != grid.cell(*row, amount))
            })
    };
    let has_other = columns.iter().any(|column| differs(&column));
    if let ([only], true, false) = (&others[..], all.is_empty(), has_other) {
        return Some(only.index);
    }
    let distance = |column: &&&Column| {
        let amount = amount.unwrap_or(column.index);
        // The column right behind the amount is the likeliest.
        (column.index.abs_diff(amount), column.index < amount)
    };
    all.iter().min_by_key(distance).map(|column| column.index)
}

/// The currency of rows that state none.
pub(super) fn currency(
    columns: &[Column],
    candidate: &Candidate,
    facts: &Facts,
    layout: Option<&Layout>,
) -> Option<AssetCode> {
    let in_header = || match &candidate.model {
        Model::Currencies(_) => None,
        model => model.columns().find_map(|index| columns.get(index)?.currency),
    };
    let in_balance = || candidate.balance.and_then(|beside| columns.get(beside.column)?.currency);
    let by_layout = || layout.and_then(|layout| AssetCode::new(layout.currency.as_deref()?).ok());
    in_header().or(facts.currency).or_else(in_balance).or(facts.sign).or_else(by_layout)
}

/// The one currency that the table states before its amounts are understood.
pub(super) fn stated_currency(
    grid: &Grid,
    frame: &Frame,
    columns: &[Column],
    facts: &Facts,
    currency_column: Option<usize>,
    layout: Option<&Layout>,
) -> Option<AssetCode> {
    let in_column = || {
        let mut found = frame.sample.iter().filter_map(|row| words::currency(grid.cell(*row, currency_column?)));
        let first = found.next()?;
        found.all(|other| other == first).then_some(first)
    };
    let in_header = || {
        let mut found = columns.iter().filter_map(|column| column.currency);
        let first = found.next()?;
        found.all(|other| other == first).then_some(first)
    };
    let by_layout = || layout.and_then(|layout| AssetCode::new(layout.currency.as_deref()?).ok());
    if currency_column.is_some() {
        return in_column();
    }
    in_header().or(facts.currency).or_else(|| currency_in_cells(grid, frame, columns)).or_else(by_layout)
}

/// The one currency that cells of amounts and balances name, where some rows name none.
pub(super) fn currency_in_cells(grid: &Grid, frame: &Frame, columns: &[Column]) -> Option<AssetCode> {
    let numbers = columns.iter().filter(|column| column.kind == ColumnKind::Number);
    let mut found = numbers.flat_map(|column| {
        frame.sample.iter().take(200).filter_map(|row| super::frame::money(grid.cell(*row, column.index))?.currency)
    });
    let first = found.next()?;
    found.all(|other| other == first).then_some(first)
}

/// The account of the rows.
pub(super) fn owner(
    grid: &Grid,
    frame: &Frame,
    columns: &[Column],
    facts: &Facts,
    file_name: &str,
    layout: Option<&Layout>,
) -> Owner {
    if let Some(index) =
        layout.and_then(|layout| layout.columns.get("account")?.first()).and_then(|name| column_named(columns, name))
    {
        return Owner::Column(index);
    }
    let rows = &frame.sample;
    let few = |column: &Column| {
        column.filled > 0
            && (column.distinct == 1 || column.distinct * 2 <= column.filled || rows.len() <= 2 || column.distinct <= 3)
            && (column.filled * 10 >= rows.len() * 8 || column.filled + 1 >= rows.len())
    };
    let mut named: Vec<&Column> = with_role(columns, Role::Account).filter(|column| few(column)).collect();
    let is_iban = |column: &Column| rows.iter().take(20).all(|row| iban::is_iban_cell(grid.cell(*row, column.index)));
    named.sort_by_key(|column| (!is_iban(column), column.distinct, std::cmp::Reverse(column.score), column.index));
    // The lines above the table name its account; a column with many values names other accounts.
    if let Some(iban) = &facts.iban {
        return Owner::Stated(iban.clone());
    }
    if let Some(account) = &facts.account
        && named.first().is_none_or(|column| column.distinct > 1 || frame.header.is_none())
        && !named.first().is_some_and(|column| {
            column.distinct > 1 && column.distinct * 3 <= column.filled && is_number(grid, rows, column)
        })
    {
        return Owner::Stated(account.clone());
    }
    if let Some(column) = named.first() {
        return Owner::Column(column.index);
    }
    if let Some(account) = &facts.account {
        return Owner::Stated(account.clone());
    }
    if frame.header.is_none() {
        let constant = columns.iter().find(|column| {
            column.constant.as_deref().is_some_and(|value| {
                iban::is_iban_cell(value)
                    || (column.index == 0
                        && column.kind != ColumnKind::Date
                        && value.chars().filter(char::is_ascii_digit).count() >= 6)
            })
        });
        if let Some(column) = constant {
            return Owner::Column(column.index);
        }
    }
    in_name(file_name).map_or(Owner::Unknown, Owner::Named)
}

fn is_number(grid: &Grid, rows: &[usize], column: &Column) -> bool {
    rows.iter().take(20).all(|row| account_in(grid.cell(*row, column.index)).is_some())
}

/// An account number in a file name: `fidelity_2TB000009.csv`, `umsaetze_1234567890_20230101.csv`.
pub(super) fn in_name(file_name: &str) -> Option<String> {
    let stem = file_name.rsplit_once('.').map_or(file_name, |(stem, _)| stem);
    if let Some(found) = iban::within(stem) {
        return Some(found);
    }
    let parts = stem.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    let is_account = |part: &&str| {
        let digits = part.chars().filter(char::is_ascii_digit).count();
        let upper = part.chars().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase());
        let is_date = super::date::parse(part).is_some()
            || (part.len() == 8 && (part.starts_with("20") || part.starts_with("19")))
            || part.len() == 14
            || part.len() == 12 && part.starts_with("20");
        upper && digits >= 6 && (7..=20).contains(&part.len()) && !is_date
    };
    let mut found = parts.filter(is_account);
    let first = found.next()?;
    found.next().is_none().then(|| first.to_owned())
}

/// Groups of rows that share account and currency, for following balances.
pub(super) fn groups(grid: &Grid, rows: &[usize], currency: Option<usize>, owner: &Owner) -> Vec<usize> {
    let mut known = HashMap::<(&str, &str), usize>::new();
    let account = if let Owner::Column(column) = owner { Some(*column) } else { None };
    rows.iter()
        .map(|row| {
            let cell = |column: Option<usize>| column.map_or("", |column| grid.cell(*row, column));
            let next = known.len();
            *known.entry((cell(account), cell(currency))).or_insert(next)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_may_hold_an_account() {
        assert_eq!(in_name("fidelity_2TB000009.csv").as_deref(), Some("2TB000009"));
        assert_eq!(in_name("umsaetze_1234567890_20230101-1200.csv").as_deref(), Some("1234567890"));
        assert_eq!(in_name("export_20260131.csv"), None);
        assert_eq!(in_name("statement.csv"), None);
    }
}
