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
static LISTS: LazyLock<PositionLists> = LazyLock::new(|| toml::from_str::<PositionLists>(TEXT).unwrap_or_default());

#[derive(Default, Deserialize)]
struct PositionLists {
    list: Vec<PositionColumns>,
    broker: Vec<Broker>,
}

/// A broker whose list has columns that others have too.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Broker {
    name: String,
    currency: String,
}

/// The columns of one broker's list; each may have several wordings.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct PositionColumns {
    name: String,
    /// `None` where several brokers have these columns.
    institution: Option<String>,
    currency: String,
    order: String,
    symbol: String,
    security: String,
    quantity: String,
    price: Option<String>,
    value: String,
    cost: Option<String>,
    /// The cost of one unit.
    unit_cost: Option<String>,
    currency_column: Option<String>,
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
    security: Option<usize>,
    quantity: usize,
    price: Option<usize>,
    value: usize,
    cost: Option<usize>,
    unit_cost: Option<usize>,
    currency: Option<usize>,
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
        // Columns of one broker are all there; of those that several have, some may be missing.
        let is_own = self.institution.is_some();
        let (price, security) = (optional(&self.price), find(&self.security));
        let lacks = |wanted: bool, found: Option<usize>| wanted && found.is_none();
        if is_own
            && (lacks(self.account.is_some(), account) || lacks(self.price.is_some(), price) || lacks(true, security))
        {
            return None;
        }
        Some(Places {
            symbol: find(&self.symbol)?,
            security,
            quantity: find(&self.quantity)?,
            price,
            value: find(&self.value)?,
            cost: optional(&self.cost),
            unit_cost: optional(&self.unit_cost),
            currency: optional(&self.currency_column),
            account,
            account_name: optional(&self.account_name),
            kind: optional(&self.kind),
        })
    }

    fn currency(&self) -> AssetCode {
        AssetCode::new(&self.currency).unwrap_or(AssetCode::USD)
    }
}

/// The list that begins in the first `end` rows, with the row of its header.
fn list_within(grid: &Grid, end: usize) -> Option<(&'static PositionColumns, usize)> {
    LISTS.list.iter().find_map(|list| {
        let header = (0..end.min(SEARCHED)).find(|row| list.places(grid, *row).is_some())?;
        // A list without accounts, whose words are common, needs its title.
        let is_titled = |title: &str| (0..header).any(|row| grid.cell(row, 0).starts_with(title));
        list.title.as_deref().is_none_or(is_titled).then_some((list, header))
    })
}

/// The list that a table is. Transactions behind it make it a statement.
fn recognise(grid: &Grid) -> Option<(&'static PositionColumns, usize)> {
    let (list, header) = list_within(grid, grid.len())?;
    let frame = super::frame::find(grid, words::words());
    // Columns that several brokers have are those of trades too, where rows have a day.
    let moves = frame.is_some_and(|frame| list.institution.is_none() || frame.header != Some(header));
    (!moves).then_some((list, header))
}

/// The broker of a list, and the currency of its values where none is stated.
struct Owner {
    name: String,
    currency: Option<AssetCode>,
    base: String,
}

impl Owner {
    /// The broker whose columns these are; else the one that the user names, or the file's name or a line above the list.
    fn of(list: &PositionColumns, header: usize, input: &StatementFile<'_>, grid: &Grid) -> Option<Self> {
        if let Some(name) = &list.institution {
            return Some(Self { name: name.clone(), currency: Some(list.currency()), base: list.base.clone() });
        }
        let known = |text: &str| {
            let text = format!(" {} ", key(text));
            LISTS.broker.iter().find(|broker| {
                let name = key(&broker.name);
                text.contains(&format!(" {name} ")) || text.replace(' ', "").contains(&name.replace(' ', ""))
            })
        };
        let answered = input.answers.get("institution").and_then(clean_line);
        let around = || (0..header).flat_map(|row| grid.cells(row)).find_map(known).or_else(|| known(input.file_name));
        let broker = match &answered {
            Some(name) => known(name),
            None => around(),
        };
        let name = answered.map(String::from).or_else(|| broker.map(|broker| broker.name.clone()))?;
        let layout = super::layout::built_in().iter().find(|layout| layout.institution.as_deref() == Some(&name));
        let base = layout.map_or_else(|| key(&name).replace(' ', "-"), |layout| layout.name.clone());
        Some(Self { name, currency: broker.and_then(|broker| AssetCode::new(&broker.currency).ok()), base })
    }
}

/// Reads a list of positions; `None` for other tables.
pub(super) fn read(
    input: &StatementFile<'_>,
    grid: &Grid,
    format: &'static str,
) -> Option<Result<Reading, StatementError>> {
    let (list, header) = recognise(grid)?;
    let Some(owner) = Owner::of(list, header, input, grid) else {
        return Some(Err(StatementError::not_a_statement(
            "this is a list of positions, not of transactions, and names no broker",
            "name the broker (`--institution NAME`, or `e` in the review) to import the positions, or download the transactions",
        )));
    };
    Some(Reader::new(list, owner, input, grid, header, grid.len()).read(format))
}

/// The positions listed above the rows of a table, whose header is `end`. `newest` is the last day of the rows: the list is of
/// that day or later.
pub(super) fn above(
    input: &StatementFile<'_>,
    grid: &Grid,
    end: usize,
    newest: Option<NaiveDate>,
    format: &'static str,
) -> Option<Reading> {
    let (list, header) = list_within(grid, end)?;
    let owner = Owner::of(list, header, input, grid)?;
    let mut reader = Reader::new(list, owner, input, grid, header, end);
    reader.newest = newest;
    reader.read(format).ok()
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
    owner: Owner,
    input: &'a StatementFile<'a>,
    grid: &'a Grid,
    /// The row behind the list.
    end: usize,
    /// The day of the newest row of transactions in the file.
    newest: Option<NaiveDate>,
    mark: Mark,
    warnings: Warnings,
}

impl<'a> Reader<'a> {
    fn new(
        list: &'static PositionColumns,
        owner: Owner,
        input: &'a StatementFile<'a>,
        grid: &'a Grid,
        header: usize,
        end: usize,
    ) -> Self {
        let warnings = Warnings::new(input.limits.warnings);
        Self { list, owner, input, grid, end, newest: None, mark: mark(grid, header), warnings }
    }

    /// The currency of values that name none.
    fn currency(&self) -> AssetCode {
        self.owner.currency.unwrap_or_else(|| self.list.currency())
    }

    fn read(mut self, format: &'static str) -> Result<Reading, StatementError> {
        let day = self.day()?;
        let mut accounts: Vec<PositionAccount> = Vec::new();
        let mut places = None;
        let mut titled: Option<String> = None;
        for row in 0..self.end {
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
            let found = format!("this list of positions of {} is empty", self.owner.name);
            return Err(StatementError::not_a_statement(found, "download the account's transactions"));
        }
        let currency = self.currency();
        let stated = accounts.iter().find_map(PositionAccount::currency);
        if self.owner.currency.is_none() && stated.is_none() {
            self.warnings.add(0, || format!("the list of positions names no currency; {currency} was assumed"));
        }
        let pages = accounts
            .into_iter()
            .map(|account| {
                let own = account.currency().filter(|_| self.list.institution.is_none());
                account.page(day, own.unwrap_or(currency))
            })
            .collect();
        let institution = Institution {
            name: Some(self.owner.name.clone()),
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
                self.owner.name
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
        let symbol = cell(places.symbol).trim().trim_end_matches('*').trim();
        let name = places.security.map_or("", cell).trim();
        let stated = places.currency.map(cell).and_then(words::currency);
        let value = self.value(row, places.value).map(|(value, currency)| (value, currency.or(stated)));
        let account_number = places.account.map(cell).filter(|cell| !cell.is_empty());
        let account = PositionAccount::of(
            accounts,
            account_number.or(titled),
            places.account_name.map(cell).filter(|cell| !cell.is_empty()),
            &self.owner.base,
        );
        let first = key(if symbol.is_empty() { name } else { symbol });
        if first.starts_with("total") || first.ends_with(" total") {
            account.total = value.map(|(value, _)| value);
            return;
        }
        let Some(quantity) = number(places.quantity).map(|(quantity, _)| quantity) else {
            match value {
                Some((value, currency)) if currency.is_none_or(|code| code == self.currency()) => {
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
            price: places.price.and_then(number).map(|(price, _)| price),
            value: value.map(|(value, _)| value),
            cost: places.cost.and_then(number).map(|(cost, _)| cost).or_else(|| {
                let (unit, _) = places.unit_cost.and_then(number)?;
                unit.checked_mul(quantity)
            }),
            currency: value.and_then(|(_, currency)| currency).or(stated).unwrap_or_else(|| self.currency()),
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
        let rows = (0..self.end.min(SEARCHED)).chain(self.end.saturating_sub(SEARCHED)..self.end);
        let mut alone = rows.filter(|row| self.grid.cells(*row).filter(|cell| !cell.is_empty()).count() <= 2);
        let around = || alone.find_map(|row| self.grid.cells(row).find_map(|cell| date_within(cell)?.in_order(order)));
        let found = answered("as-of").or_else(around).or_else(|| day_in_name(self.input.file_name, order));
        if let Some(day) = found {
            return Ok(day);
        }
        let Some(day) = answered("file-day").max(self.newest) else {
            return Err(StatementError::not_a_statement(
                format!("this list of positions of {} names no day", self.owner.name),
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
        assert_eq!(LISTS.list.len(), TEXT.matches("[[list]]").count());
        for list in &LISTS.list {
            assert!(AssetCode::new(&list.currency).is_ok() && DateOrder::parse(&list.order).is_some(), "{}", list.name);
            let has_base = super::super::layout::built_in().iter().any(|layout| layout.name == list.base);
            assert!(has_base || list.institution.is_none(), "{}", list.name);
        }
    }
}
