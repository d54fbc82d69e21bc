//! Tables that are not statements: their kind, and the file to download instead.
//!
//! Used by the inference. INVARIANT: a table with rows that move money is never refused for its words.

use super::{
    column::{Column, ColumnKind},
    grid::Grid,
    role::Role,
    words::{Region, Set, Words, contains, key},
};
use crate::statements::StatementError;

/// The file to download instead.
const STATEMENT: &str = "download the account's transactions, as OFX or QFX where your bank offers them, else as CSV";

/// The same where European headers show a bank that offers the formats of Europe.
const EUROPEAN: &str =
    "download the account's transactions as CAMT (camt.053) or MT940 where your bank offers them, else as CSV or Excel";

/// The same where banks rarely offer anything but tables.
const TABLES: &str = "download the account's transactions as CSV or Excel, or as OFX where your bank offers it";

/// The error with the formats in the order in which a bank with headers of this language most likely offers them.
pub(super) fn advised(error: StatementError, grid: &Grid, words: &Words) -> StatementError {
    let StatementError::NotAStatement { found, hint } = error else { return error };
    let cells = (0..grid.len().min(20)).flat_map(|row| grid.cells(row));
    let hint = match words.region(cells) {
        _ if hint != STATEMENT => hint,
        Region::Europe => EUROPEAN.to_owned(),
        Region::Tables => TABLES.to_owned(),
        Region::Open => hint,
    };
    StatementError::NotAStatement { found, hint }
}

fn refusal(found: &str) -> StatementError {
    StatementError::not_a_statement(found, STATEMENT)
}

/// A table without a column that may hold amounts.
pub(super) fn no_amounts() -> StatementError {
    refusal("no column of this table holds the amounts of transactions")
}

/// A table without any row that holds a day and an amount.
pub(super) fn no_rows(cells: &[String], words: &Words) -> StatementError {
    let text = cells.iter().map(|cell| key(cell)).collect::<Vec<_>>().join(" ");
    let has = |names: &[&str]| names.iter().any(|name| contains(&text, name));
    if words.count(Set::Positions, &text) >= 1
        && has(&["symbol", "shares", "quantity", "isin", "ticker", "security", "units", "stuck", "anzahl"])
    {
        return refusal("this is a list of positions, not of transactions");
    }
    if has(&["we buy", "we sell", "buy rate", "sell rate", "exchange rate", "bid", "ask"]) {
        return refusal("this is a list of exchange rates, not of transactions");
    }
    if has(&["account", "name", "balance", "amount", "type"]) && has(&["currency", "amount", "balance"]) {
        return refusal("this is a list without dates (accounts or balances), not of transactions");
    }
    refusal("this table has no rows with a date and an amount")
}

/// A statement of several tables, each line of which begins with the name of its section and `Header` or `Data`. One of them
/// may be a history of transactions, which is read like any other.
pub(super) fn in_sections(grid: &Grid) -> Option<StatementError> {
    let starts = |row: usize, names: &[&str]| names.contains(&grid.cell(row, 1));
    let head = grid.len().min(20);
    let is_section = head >= 2
        && starts(0, &["Header"])
        && (0..head).all(|row| starts(row, &["Header", "Data", "Total", "SubTotal"]));
    let has_history = || (0..grid.len()).any(|row| grid.cell(row, 0) == "Transaction History");
    (is_section && !has_history()).then(|| {
        StatementError::not_a_statement(
            "this is an activity statement of Interactive Brokers in sections",
            "download the transaction history as CSV, or the report for Quicken or Money (QFX, OFX)",
        )
    })
}

/// A table with days whose columns say that it lists something else.
pub(super) fn by_columns(columns: &[Column], words: &Words) -> Option<StatementError> {
    let headers: Vec<String> = columns.iter().map(|column| key(&column.header)).collect();
    let count =
        |set: Set| headers.iter().filter(|header| words.count(set, header) > 0 && words.is(set, header)).count();
    let has = |role: Role| columns.iter().any(|column| column.is(role));
    let moves = has(Role::Amount) || has(Role::AmountMain) || (has(Role::Debit) && has(Role::Credit));
    let numbers: Vec<&Column> = columns.iter().filter(|column| column.kind == ColumnKind::Number).collect();
    let figures = |set: Set| numbers.iter().filter(|column| words.is(set, &key(&column.header))).count();
    let texts = columns.iter().filter(|column| column.kind == ColumnKind::Text && column.distinct > 1).count();
    if count(Set::Prices) >= 3 || (figures(Set::Prices) > 0 && figures(Set::Prices) == numbers.len()) {
        return Some(refusal("this is a list of prices, not of transactions"));
    }
    if figures(Set::Plans) >= 1 && (!has(Role::Balance) || figures(Set::Plans) == numbers.len()) {
        return Some(refusal("this is a budget, not a list of transactions"));
    }
    if figures(Set::Loans) >= 2 && texts == 0 {
        return Some(refusal("this is a repayment plan, not a list of transactions"));
    }
    if count(Set::Positions) >= 2 {
        return Some(refusal("this is a list of positions, not of transactions"));
    }
    if is_portfolio(columns) {
        return Some(refusal("this is a list of positions, not of transactions"));
    }
    if count(Set::Orders) >= 2 && !has(Role::Balance) && !has(Role::Debit) {
        return Some(refusal("this is a list of orders or invoices, not of transactions"));
    }
    if count(Set::Lists) >= 2 && !has(Role::Balance) && !has(Role::Debit) {
        return Some(refusal("this is a list of goods, wages, assets or offers, not of transactions"));
    }
    let currencies = columns.iter().filter(|column| column.is_currency_only).count();
    if currencies >= 4 {
        return Some(refusal("this is a list of exchange rates, not of transactions"));
    }
    if moves || numbers.is_empty() {
        return None;
    }
    if numbers.iter().all(|column| matches!(column.role, Some(Role::Balance | Role::BalanceBefore))) && texts == 0 {
        return Some(refusal("this is a list of daily balances, not of transactions"));
    }
    let others = numbers.iter().all(|column| {
        matches!(
            column.role,
            Some(
                Role::Rate
                    | Role::Price
                    | Role::Quantity
                    | Role::Points
                    | Role::Measure
                    | Role::AccountPart
                    | Role::Account
                    | Role::Reference
                    | Role::Id
                    | Role::Symbol
            )
        )
    });
    others.then(|| refusal("this table states no amounts of money that move"))
}

/// Securities with quantity, price and value on one day, without a word for their kind of movement.
fn is_portfolio(columns: &[Column]) -> bool {
    let has = |role: Role| columns.iter().any(|column| column.is(role));
    let mut days = columns.iter().filter(|column| column.kind == ColumnKind::Date);
    let one_day =
        days.next().is_some_and(|column| column.filled > 1 && column.constant.is_some()) && days.next().is_none();
    let moves = has(Role::Type) || has(Role::Indicator) || has(Role::Balance) || has(Role::Debit) || has(Role::Credit);
    let is_security = has(Role::Isin) || has(Role::Symbol);
    let is_signed = columns.iter().any(|column| column.negative > 0 && !column.is(Role::Quantity));
    one_day && is_security && has(Role::Quantity) && (has(Role::Price) || has(Role::Rate)) && !moves && !is_signed
}
