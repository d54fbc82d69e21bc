//! The columns of the rows, and the cells that need nothing but the row.

use rust_decimal::Decimal;

use crate::{
    domain::{Security, Text, TransactionFacts, TransactionSubtype},
    ledger::{LedgerEntry, Sort, SortKey},
    tui::{
        component::columns::{ColumnSpec, ShownFrom},
        snapshot::{LedgerSnapshot, kind_words},
        theme::Theme,
        widget::{
            amount::AmountHalves,
            table::{Cell, Size, TableColumn},
        },
    },
};

/// A column of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowColumn {
    Date,
    Settled,
    Payee,
    Account,
    Category,
    Tags,
    Kind,
    Memo,
    Note,
    Reference,
    Symbol,
    Quantity,
    Price,
    Amount,
    Balance,
    Status,
}

/// The sort orders, each with its letter.
pub(super) const SORTS: [(SortKey, char, &str); 6] = [
    (SortKey::Date, 'd', "date"),
    (SortKey::Payee, 'p', "payee"),
    (SortKey::Amount, 'a', "amount"),
    (SortKey::Account, 'c', "account"),
    (SortKey::Type, 't', "type"),
    (SortKey::Status, 'u', "status"),
];

/// The order after a click on the header at a place of [`SORTS`]: a second click reverses it.
pub(super) fn sort_by(place: usize, now: Sort) -> Option<Sort> {
    let (key, ..) = *SORTS.get(place)?;
    let descending = if key == now.key { !now.descending } else { matches!(key, SortKey::Date | SortKey::Amount) };
    Some(Sort { key, descending })
}

const fn text(title: &'static str, most: u16, rank: u8) -> TableColumn<'static> {
    TableColumn::new(title, Size::Fit(0, most)).rank(rank)
}

/// Every column, in its order on screen.
pub(super) const COLUMNS: [ColumnSpec<RowColumn>; 16] = [
    ColumnSpec::new(RowColumn::Date, "date", TableColumn::new("Date", Size::Fixed(10)).sort(0), ShownFrom::Width(0)),
    ColumnSpec::new(RowColumn::Settled, "settled", text("Settled", 10, 9), ShownFrom::Choice),
    ColumnSpec::new(RowColumn::Payee, "payee", TableColumn::new("Payee", Size::Flex(18)).sort(1), ShownFrom::Always),
    ColumnSpec::new(RowColumn::Account, "account", text("Account", 24, 3).sort(3), ShownFrom::Width(0)),
    ColumnSpec::new(RowColumn::Category, "category", text("Category", 18, 5), ShownFrom::Width(0)),
    ColumnSpec::new(RowColumn::Tags, "tags", text("Tags", 18, 7), ShownFrom::Width(130)),
    ColumnSpec::new(RowColumn::Kind, "kind", text("Kind", 16, 6).sort(4), ShownFrom::Width(100)),
    ColumnSpec::new(RowColumn::Memo, "memo", text("Memo", 36, 8), ShownFrom::Width(120)),
    ColumnSpec::new(RowColumn::Note, "note", text("Note", 28, 8), ShownFrom::Width(130)),
    ColumnSpec::new(RowColumn::Reference, "reference", text("Reference", 14, 9), ShownFrom::Choice),
    ColumnSpec::new(RowColumn::Symbol, "symbol", text("Symbol", 12, 7), ShownFrom::Choice),
    ColumnSpec::new(RowColumn::Quantity, "quantity", text("Quantity", 16, 8).right(), ShownFrom::Choice),
    ColumnSpec::new(RowColumn::Price, "price", text("Price", 16, 9).right(), ShownFrom::Choice),
    ColumnSpec::new(
        RowColumn::Amount,
        "amount",
        TableColumn::new("Amount", Size::Fit(10, 24)).right().sort(2),
        ShownFrom::Always,
    ),
    ColumnSpec::new(RowColumn::Balance, "balance", text("Balance", 24, 1).right(), ShownFrom::Width(0)),
    ColumnSpec::new(RowColumn::Status, "status", text("", 9, 4).vital(), ShownFrom::Width(0)),
];

/// A cell of a row; empty for columns that need more than the row.
pub(super) fn cell(
    column: RowColumn,
    entry: &LedgerEntry,
    snapshot: &LedgerSnapshot,
    masked: bool,
    theme: &Theme,
) -> Cell {
    let facts = &entry.transaction.facts;
    let muted = |text: String| Cell::text(text, theme.muted);
    let maybe = |text: Option<&Text>| text.map_or(Cell::Empty, |text| muted(text.to_string()));
    let figure = |pick: fn(&Security) -> Option<Decimal>| {
        let value = facts.security.as_deref().and_then(pick);
        value.map_or(Cell::Empty, |value| Cell::Figure(AmountHalves::quantity(value, masked), theme.muted))
    };
    match column {
        RowColumn::Date => Cell::text(facts.date.to_string(), theme.text),
        RowColumn::Settled => facts.settlement_date.map_or(Cell::Empty, |day| muted(day.to_string())),
        RowColumn::Account => muted(snapshot.account_label(entry.transaction.account_id)),
        RowColumn::Category => muted(entry.user.category.clone().unwrap_or_default()),
        RowColumn::Tags => muted(entry.user.tags.iter().map(|tag| format!("#{tag}")).collect::<Vec<_>>().join(" ")),
        RowColumn::Kind => muted(kind(facts)),
        RowColumn::Memo => muted(memo(facts)),
        RowColumn::Note => muted(entry.user.note.clone().unwrap_or_default()),
        RowColumn::Reference => maybe(facts.reference.as_ref()),
        RowColumn::Symbol => maybe(facts.security.as_ref().and_then(|security| security.symbol.as_ref())),
        RowColumn::Quantity => figure(|security| security.quantity),
        RowColumn::Price => figure(|security| security.unit_price),
        RowColumn::Payee | RowColumn::Amount | RowColumn::Balance | RowColumn::Status => Cell::Empty,
    }
}

/// `card payment`; empty where nothing is known.
fn kind(facts: &TransactionFacts) -> String {
    let subtype = facts.kind.subtype();
    if subtype == TransactionSubtype::Unknown { String::new() } else { kind_words(subtype) }
}

/// The bank's remark, unless the payee column shows it.
fn memo(facts: &TransactionFacts) -> String {
    facts.memo.as_deref().filter(|memo| *memo != facts.payee()).unwrap_or_default().to_owned()
}
