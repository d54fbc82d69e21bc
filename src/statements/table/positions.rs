//! Lists of positions that brokers write as tables, for those whose columns are known.
//!
//! Used by the table reader before anything is inferred. The lists are data in `assets/positions.toml`. INVARIANT: a list without
//! a day is refused; a line that is neither a position, cash nor a total is a warning with its number.

use std::sync::LazyLock;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;

use super::{
    date::{self, DateOrder},
    facts::date_within,
    grid::Grid,
    number::{self, Mark, NumberUse, Shape},
    position::{ListedPosition, PositionAccount},
    words::{self, key},
};
use crate::{
    domain::{AssetCode, AssetType, IdTrust, text::clean_line},
    statements::{
        Evidence, Institution, Reading, Statement, StatementError, StatementFile, Verdict,
        warnings::{Warnings, quoted},
    },
};

const TEXT: &str = include_str!("../../../assets/positions.toml");

/// Rows before a header.
const SEARCHED: usize = 20;

/// The one parsed form of the lists.
static LISTS: LazyLock<Vec<PositionColumns>> =
    LazyLock::new(|| toml::from_str::<PositionLists>(TEXT).map(|lists| lists.list).unwrap_or_default());

#[derive(Deserialize)]
struct PositionLists {
    list: Vec<PositionColumns>,
}

/// The columns of one broker's list; each may have several wordings.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct PositionColumns {
    name: String,
    institution: String,
    currency: String,
    order: String,
    symbol: String,
    security: String,
    quantity: String,
    price: String,
    value: String,
    cost: Option<String>,
    account: Option<String>,
    account_name: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    /// Start of the line that names the account and the day.
    title: Option<String>,
    base: String,
}

/// Positions of columns in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Places {
    symbol: usize,
    security: usize,
    quantity: usize,
    price: usize,
    value: usize,
    cost: Option<usize>,
    account: Option<usize>,
    account_name: Option<usize>,
    kind: Option<usize>,
}

impl PositionColumns {
    /// The columns in a row that is the header of this list.
    fn places(&self, grid: &Grid, row: usize) -> Option<Places> {
        let find = |wordings: &str| {
            wordings.split('|').find_map(|name| grid.cells(row).position(|cell| key(cell) == key(name)))
        };
        let optional = |wordings: &Option<String>| wordings.as_deref().and_then(find);
        let account = optional(&self.account);
        if self.account.is_some() && account.is_none() {
            return None;
        }
        Some(Places {
            symbol: find(&self.symbol)?,
            security: find(&self.security)?,
            quantity: find(&self.quantity)?,
            price: find(&self.price)?,
            value: find(&self.value)?,
            cost: optional(&self.cost),
            account,
            account_name: optional(&self.account_name),
            kind: optional(&self.kind),
        })
    }

    fn currency(&self) -> AssetCode {
        AssetCode::new(&self.currency).unwrap_or(AssetCode::USD)
    }
}

/// The list that a table is. Transactions behind it make it a statement.
fn recognise(grid: &Grid) -> Option<(&'static PositionColumns, usize)> {
    let (list, header) = LISTS.iter().find_map(|list| {
        let row = (0..grid.len().min(SEARCHED)).find(|row| list.places(grid, *row).is_some())?;
        Some((list, row))
    })?;
    // A list without accounts, whose words are common, needs its title.
    let titled = list.title.as_deref().is_none_or(|title| (0..header).any(|row| grid.cell(row, 0).starts_with(title)));
    let moves = super::frame::find(grid, words::words()).is_some_and(|frame| frame.header != Some(header));
    (titled && !moves).then_some((list, header))
}

/// Reads a list of positions; `None` for other tables.
pub(super) fn read(
    input: &StatementFile<'_>,
    grid: &Grid,
    format: &'static str,
) -> Option<Result<Reading, StatementError>> {
    let (list, header) = recognise(grid)?;
    Some(
        Reader { list, input, grid, mark: mark(grid, header), warnings: Warnings::new(input.limits.warnings) }
            .read(format),
    )
}

/// The positions that a list above the rows of a table names, with the line of the first.
pub(super) fn above(grid: &Grid, header: usize) -> Option<(u32, Vec<String>)> {
    let (row, places) = LISTS.iter().find_map(|list| {
        (0..header.min(SEARCHED)).find_map(|row| list.places(grid, row).map(|places| (row, places)))
    })?;
    let listed = (row + 1..header).take_while(|row| !grid.is_blank(*row));
    let listed: Vec<usize> = listed.filter(|row| !grid.cell(*row, places.quantity).is_empty()).collect();
    let name = |row: &usize| {
        let symbol = grid.cell(*row, places.symbol);
        if symbol.is_empty() { grid.cell(*row, places.security) } else { symbol }.to_owned()
    };
    Some((grid.line(*listed.first()?), listed.iter().map(name).collect()))
}

/// The decimal mark that the numbers show.
fn mark(grid: &Grid, header: usize) -> Mark {
    let (mut dots, mut commas) = (0usize, 0usize);
    for cell in (header + 1..grid.len()).flat_map(|row| grid.cells(row)) {
        match number::parse(cell).map(|number| number.shape) {
            Some(Shape::Decimal(Mark::Dot, _) | Shape::Grouped(Mark::Comma)) => dots += 1,
            Some(Shape::Decimal(Mark::Comma, _) | Shape::Grouped(Mark::Dot)) => commas += 1,
            _ => {}
        }
    }
    if commas > dots { Mark::Comma } else { Mark::Dot }
}

struct Reader<'a> {
    list: &'static PositionColumns,
    input: &'a StatementFile<'a>,
    grid: &'a Grid,
    mark: Mark,
    warnings: Warnings,
}

impl Reader<'_> {
    fn read(mut self, format: &'static str) -> Result<Reading, StatementError> {
        let day = self.day()?;
        let mut accounts: Vec<PositionAccount> = Vec::new();
        let mut places = None;
        let mut titled: Option<String> = None;
        for row in 0..self.grid.len() {
            if let Some(found) = self.list.places(self.grid, row) {
                places = Some(found);
            } else if self.grid.is_blank(row) {
                places = None;
            } else if let Some(places) = places.filter(|places: &Places| self.grid.width(row) > places.quantity) {
                self.line(row, places, titled.as_deref(), &mut accounts);
            } else if let Some(number) = title_number(self.grid.cell(row, 0)) {
                titled = Some(number);
            }
        }
        accounts.retain(|account| !account.is_empty());
        if accounts.is_empty() {
            let found = format!("this list of positions of {} is empty", self.list.institution);
            return Err(StatementError::not_a_statement(found, "download the account's transactions"));
        }
        let pages = accounts.into_iter().map(|account| account.page(day, self.list.currency())).collect();
        let institution = Institution {
            name: Some(self.list.institution.clone()),
            layout: Some(self.list.name.clone()),
            ..Institution::default()
        };
        self.warnings.end_document();
        Ok(Reading {
            format,
            statements: vec![Statement {
                format,
                id_trust: IdTrust::Reusable,
                member: None,
                document: 1,
                institution,
                accounts: pages,
            }],
            warnings: self.warnings.finish(),
            verdict: Verdict::Certain,
            evidence: vec![Evidence::supporting(format!(
                "the columns are those of the positions that {} lists",
                self.list.institution
            ))],
        })
    }

    /// One line: a position, cash, or a total.
    fn line(&mut self, row: usize, places: Places, titled: Option<&str>, accounts: &mut Vec<PositionAccount>) {
        let grid = self.grid;
        let cell = |place: usize| grid.cell(row, place);
        let number = |place: usize| {
            let cell = cell(place);
            let found = number::parse(cell).filter(|number| number.sort != NumberUse::Code)?;
            Some((found.value(self.mark), found.currency)).filter(|_| !number::is_nothing(cell))
        };
        let (symbol, name) = (cell(places.symbol).trim().trim_end_matches('*').trim(), cell(places.security).trim());
        let value = self.value(row, places.value);
        let account_number = places.account.map(cell).filter(|cell| !cell.is_empty());
        let account = PositionAccount::of(
            accounts,
            account_number.or(titled),
            places.account_name.map(cell).filter(|cell| !cell.is_empty()),
            &self.list.base,
        );
        let first = key(if symbol.is_empty() { name } else { symbol });
        if first.starts_with("total") || first.ends_with(" total") {
            account.total = value.map(|(value, _)| value);
            return;
        }
        let Some(quantity) = number(places.quantity).map(|(quantity, _)| quantity) else {
            match value {
                Some((value, currency)) if currency.is_none_or(|code| code == self.list.currency()) => {
                    account.add_cash(value);
                }
                _ => {
                    let text = grid.cells(row).find(|cell| !cell.is_empty()).unwrap_or_default();
                    self.warnings.add(grid.line(row), || {
                        format!("the line {} states no position, so it is not imported", quoted(text))
                    });
                }
            }
            return;
        };
        let identity = if symbol.is_empty() { name } else { symbol };
        let Some(identity) = clean_line(identity) else { return };
        account.add(ListedPosition {
            symbol: identity.trim_start_matches('-').to_owned(),
            name: clean_line(name).map_or_else(|| identity.to_string(), String::from),
            asset_type: asset_type(&identity, places.kind.map(cell).unwrap_or_default()),
            quantity,
            price: number(places.price).map(|(price, _)| price),
            value: value.map(|(value, _)| value),
            cost: places.cost.and_then(number).map(|(cost, _)| cost),
            currency: value.and_then(|(_, currency)| currency).unwrap_or_else(|| self.list.currency()),
        });
    }

    /// A value and its currency: `$12.50`, `USD 12.50`, or the code and the number in two cells.
    fn value(&self, row: usize, place: usize) -> Option<(Decimal, Option<AssetCode>)> {
        let cell = self.grid.cell(row, place);
        if let Some(code) = words::currency(cell) {
            let next = number::parse(self.grid.cell(row, place + 1))?;
            return Some((next.value(self.mark), Some(code)));
        }
        let found = number::parse(cell).filter(|_| !number::is_nothing(cell))?;
        Some((found.value(self.mark), found.currency))
    }

    /// The day of the list: an answer, a day around it, one in the file's name, or the day of the file itself.
    fn day(&mut self) -> Result<NaiveDate, StatementError> {
        let order = DateOrder::parse(&self.list.order).unwrap_or(DateOrder::Mdy);
        let answered = |id: &str| self.input.answers.get(id).and_then(|text| text.trim().parse::<NaiveDate>().ok());
        let rows = (0..self.grid.len().min(SEARCHED)).chain(self.grid.len().saturating_sub(SEARCHED)..self.grid.len());
        let mut alone = rows.filter(|row| self.grid.cells(*row).filter(|cell| !cell.is_empty()).count() <= 2);
        let around = || alone.find_map(|row| self.grid.cells(row).find_map(|cell| date_within(cell)?.in_order(order)));
        let found = answered("as-of").or_else(around).or_else(|| day_in_name(self.input.file_name, order));
        if let Some(day) = found {
            return Ok(day);
        }
        let Some(day) = answered("file-day") else {
            return Err(StatementError::not_a_statement(
                format!("this list of positions of {} names no day", self.list.institution),
                "rename the file so that its name ends with the day, such as positions-2026-01-31.csv",
            ));
        };
        self.warnings.add(0, || format!("the list of positions names no day; {day}, the day of the file, was taken"));
        Ok(day)
    }
}

/// A day in a file's name: `Portfolio_Positions_Jan-04-2026.csv`.
fn day_in_name(name: &str, order: DateOrder) -> Option<NaiveDate> {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let parts = stem.split(['_', ' ', '(', ')']).flat_map(|part| {
        // `positions-2026-01-31` and `Individual-Positions-2026-01-31-120000`
        let cuts = part.match_indices('-').map(|(at, _)| &part[at + 1..]);
        std::iter::once(part).chain(cuts).collect::<Vec<_>>()
    });
    let day = |part: &str| {
        let head = part.get(..10).unwrap_or(part);
        date::parse(part).or_else(|| date::parse(head))?.in_order(order)
    };
    parts.filter(|part| part.len() >= 8).find_map(day)
}

/// The end of an account number in a title: `Positions for account Individual ...123 as of 2026/01/31`.
fn title_number(cell: &str) -> Option<String> {
    let (_, rest) = cell.split_once("...").or_else(|| cell.split_once("XXX"))?;
    let digits: String = rest.trim_start_matches(['X', '-', '.']).chars().take_while(char::is_ascii_digit).collect();
    (digits.len() >= 3).then(|| format!("***{digits}"))
}

fn asset_type(symbol: &str, kind: &str) -> AssetType {
    let kind = key(kind);
    let has = |word: &str| kind.contains(word);
    if symbol.starts_with('-') || has("option") {
        AssetType::Option
    } else if has("etf") {
        AssetType::Etf
    } else if has("fund") {
        AssetType::MutualFund
    } else if has("fixed") || has("bond") {
        AssetType::FixedIncome
    } else if has("equity") || has("stock") {
        AssetType::Equity
    } else {
        AssetType::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_has_its_columns() {
        assert_eq!(LISTS.len(), TEXT.matches("[[list]]").count());
        for list in LISTS.iter() {
            assert!(AssetCode::new(&list.currency).is_ok() && DateOrder::parse(&list.order).is_some(), "{}", list.name);
            assert!(super::super::layout::built_in().iter().any(|layout| layout.name == list.base), "{}", list.name);
        }
    }
}
