//! Finds the rows that match a query.
//!
//! Used by [`super::View::list`]. Text is looked for with one sweep over the whole text buffer, or row by row where an
//! earlier condition left few rows; everything else is a pass over one column.
//!
//! INVARIANT: finds exactly the rows that testing every row against the query would find (property test).

mod amount;
mod rows;
mod scope;
#[cfg(test)]
pub(in crate::ledger) mod tests;
mod text;

pub use rows::RowSet;
pub use scope::AccountNames;

use super::query::{DateRange, Expr, Pattern, Term};
use crate::{
    columns::{Columns, searchable},
    domain::TransactionId,
};
use chrono::Datelike as _;

/// The rows that match, of those in `within` if given.
#[must_use]
pub fn search(columns: &Columns, scope: &AccountNames, expr: &Expr, within: Option<&RowSet>) -> RowSet {
    Search { columns, scope }.expr(expr, within)
}

struct Search<'a> {
    columns: &'a Columns,
    scope: &'a AccountNames,
}

impl Search<'_> {
    fn expr(&self, expr: &Expr, within: Option<&RowSet>) -> RowSet {
        match expr {
            Expr::All => within.cloned().unwrap_or_else(|| RowSet::all(self.columns.len())),
            Expr::Term(term) => self.term(term, within),
            Expr::Not(inner) => {
                let without = self.expr(inner, within);
                let mut rows = within.cloned().unwrap_or_else(|| RowSet::all(self.columns.len()));
                rows.remove_all(&without);
                rows
            }
            Expr::Or(sides) => {
                let mut rows = RowSet::none(self.columns.len());
                for side in sides {
                    rows.add_all(&self.expr(side, within));
                }
                rows
            }
            Expr::And(parts) => {
                let mut parts: Vec<_> = parts.iter().collect();
                parts.sort_by_key(|part| cost(part));
                let mut left: Option<RowSet> = None;
                for part in parts {
                    let rows = self.expr(part, left.as_ref().or(within));
                    left = Some(rows);
                }
                left.unwrap_or_else(|| self.expr(&Expr::All, within))
            }
        }
    }

    fn term(&self, term: &Term, within: Option<&RowSet>) -> RowSet {
        let columns = self.columns;
        let n = columns.len();
        match term {
            Term::Text(fields, pattern) => text::search(columns, *fields, pattern, within),
            Term::Id(pattern) => self.id(pattern, within),
            Term::Amount(range) => amount::search(columns, range, false, within),
            Term::Magnitude(range) => amount::search(columns, range, true, within),
            Term::Date(range, _) => {
                let (from, to) = days(*range);
                let days = columns.days();
                RowSet::matching(n, within, |row| days[row] >= from && days[row] <= to)
            }
            Term::Account(pattern) => self.accounts(within, |id| self.scope.is_account(id, pattern)),
            Term::Institution(pattern) => self.accounts(within, |id| self.scope.is_institution(id, pattern)),
            Term::Type(members) => {
                let subtypes = columns.subtypes();
                RowSet::matching(n, within, |row| members.contains(&subtypes[row].parent()))
            }
            Term::Subtype(members) => {
                let subtypes = columns.subtypes();
                RowSet::matching(n, within, |row| members.contains(&subtypes[row]))
            }
            Term::Status(members) => {
                let statuses = columns.statuses();
                RowSet::matching(n, within, |row| members.contains(&statuses[row]))
            }
            Term::Currency(pattern) => {
                let table = columns.unit_table().iter().map(|unit| begins(unit.currency.as_str(), pattern));
                by_table(&table.collect::<Vec<_>>(), columns.units(), within)
            }
            Term::Symbol(pattern) => {
                let table = columns.symbol_table().iter().map(|symbol| begins(symbol, pattern));
                by_table(&table.collect::<Vec<_>>(), columns.symbols(), within)
            }
            Term::Category(pattern) => {
                let table = columns.category_table().iter().map(|category| holds(category, pattern));
                by_table(&table.collect::<Vec<_>>(), columns.categories(), within)
            }
        }
    }

    fn accounts(&self, within: Option<&RowSet>, matches: impl Fn(crate::domain::AccountId) -> bool) -> RowSet {
        let table: Vec<_> = self.columns.account_table().iter().map(|id| matches(*id)).collect();
        by_table(&table, self.columns.accounts(), within)
    }

    fn id(&self, pattern: &Pattern, within: Option<&RowSet>) -> RowSet {
        let mut rows = text::search_references(self.columns, pattern);
        if let Some(row) = pattern.text.parse().ok().and_then(|id| self.columns.row_of(TransactionId(id))) {
            rows.insert(row);
        }
        if let Some(within) = within {
            rows.keep_all(within);
        }
        rows
    }
}

/// First and last day as columns count them.
pub(super) fn days(range: DateRange) -> (i32, i32) {
    let from = range.from.map_or(i32::MIN, |day| day.num_days_from_ce());
    let to = range.to.map_or(i32::MAX, |day| day.num_days_from_ce());
    (from, to)
}

/// The rows whose entry in `table` is true.
fn by_table<P: Copy + Into<u32>>(table: &[bool], places: &[P], within: Option<&RowSet>) -> RowSet {
    if table.iter().all(|matches| !matches) {
        return RowSet::none(places.len());
    }
    let matches = |row: usize| {
        let place: u32 = places[row].into();
        table[place as usize]
    };
    RowSet::matching(places.len(), within, matches)
}

pub(super) fn begins(text: &str, pattern: &Pattern) -> bool {
    let text = searchable(text);
    if pattern.whole { text == pattern.text } else { text.starts_with(&pattern.text) }
}

pub(super) fn holds(text: &str, pattern: &Pattern) -> bool {
    let text = searchable(text);
    if pattern.whole { text == pattern.text } else { text.contains(&pattern.text) }
}

/// Cheap conditions first, so that dear ones look at fewer rows; of texts the longest first, which finds the fewest.
fn cost(expr: &Expr) -> (u8, std::cmp::Reverse<usize>) {
    let (rank, length) = match expr {
        Expr::All => (0, 0),
        Expr::Term(Term::Text(_, pattern) | Term::Id(pattern)) => (2, pattern.text.len()),
        Expr::Term(_) => (1, 0),
        Expr::Or(_) => (3, 0),
        Expr::Not(inner) => (cost(inner).0.max(2) + 2, 0),
        Expr::And(_) => (4, 0),
    };
    (rank, std::cmp::Reverse(length))
}
