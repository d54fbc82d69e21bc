//! Kinds of rows and their securities, by the words of a layout and by columns of symbols, quantities and prices.
//!
//! Used by the rows. INVARIANT: without a symbol, a layout or words of a transfer the kind stays unknown.

use rust_decimal::Decimal;

use super::{
    column::column_named,
    frame::money,
    grid::Grid,
    number::{self, Mark},
    plan::TablePlan,
    role::Role,
    words::key,
};
use crate::domain::{Kind, Security, Text, TransactionFacts, TransactionSubtype, named_kind, text};

pub(super) struct Kinds {
    column: Option<usize>,
    /// Columns that give the direction, asked where the word of the kind is unknown.
    signs: Vec<usize>,
    words: Vec<(String, TransactionSubtype)>,
    skip: Vec<String>,
    symbol: Option<usize>,
    isin: Option<usize>,
    security: Option<usize>,
    quantity: Option<usize>,
    price: Option<usize>,
    fee: Vec<usize>,
    raw_type: Option<usize>,
}

impl Kinds {
    pub(super) fn new(plan: &TablePlan<'_>) -> Self {
        let first = |role: Role| plan.columns.iter().find(|column| column.is(role)).map(|column| column.index);
        let types = plan.layout.map(|layout| &layout.types);
        let column = types.and_then(|types| types.column.as_deref()).and_then(|name| column_named(&plan.columns, name));
        let mut words: Vec<(String, TransactionSubtype)> = Vec::new();
        for (kind, phrases) in types.into_iter().flat_map(|types| &types.kinds) {
            if let Some(subtype) = TransactionSubtype::parse(kind) {
                words.extend(phrases.iter().map(|phrase| (pattern(phrase), subtype)));
            }
        }
        // The longest phrase that fits counts.
        words.sort_by_key(|(phrase, _)| std::cmp::Reverse(phrase.len()));
        let investing = first(Role::Symbol).or(first(Role::Isin)).is_some();
        let signs = plan.layout.into_iter().flat_map(|layout| &layout.amount.sign_columns);
        Self {
            column,
            signs: signs.filter_map(|name| column_named(&plan.columns, name)).collect(),
            words,
            skip: types.map(|types| types.skip.iter().map(|phrase| pattern(phrase)).collect()).unwrap_or_default(),
            symbol: first(Role::Symbol),
            isin: first(Role::Isin),
            security: first(Role::Security),
            quantity: first(Role::Quantity),
            price: first(Role::Price),
            fee: if investing {
                plan.columns.iter().filter(|column| column.is(Role::Fee)).map(|column| column.index).collect()
            } else {
                Vec::new()
            },
            raw_type: column.or_else(|| first(Role::Type)),
        }
    }

    /// The word by which the layout marks a row that is not a movement.
    pub(super) fn skips<'g>(&self, grid: &'g Grid, row: usize) -> Option<&'g str> {
        if self.skip.is_empty() {
            return None;
        }
        let cell = grid.cell(row, self.column?);
        let phrase = key(cell);
        self.skip.iter().any(|word| fits(&phrase, word)).then_some(cell)
    }

    pub(super) fn apply(&self, grid: &Grid, row: usize, mark: Mark, facts: &mut TransactionFacts) {
        if let Some(column) = self.raw_type {
            facts.raw_type = text::clean_line(grid.cell(row, column));
        }
        if let Some(column) = self.column {
            let phrase = key(grid.cell(row, column));
            let known =
                |phrase: &str| self.words.iter().find(|(word, _)| fits(phrase, word)).map(|(_, subtype)| *subtype);
            let by_sign = || self.signs.iter().find_map(|column| known(&key(grid.cell(row, *column))));
            if let Some(subtype) = known(&phrase).or_else(by_sign) {
                facts.kind = Kind(directed(subtype, facts.amount));
            }
        }
        let cell = |column: Option<usize>| -> Option<Text> {
            let cell = grid.cell(row, column?);
            if number::is_nothing(cell) { None } else { text::clean_line(cell) }
        };
        let symbol = cell(self.symbol).filter(|symbol| symbol.len() <= 40).or_else(|| cell(self.isin));
        let Some(symbol) = symbol else {
            if facts.kind.0 == TransactionSubtype::Unknown
                && let Some(named) = named_kind(facts.amount, &facts.texts())
            {
                facts.kind = Kind(named);
            }
            return;
        };
        let amount = |column: Option<usize>| -> Option<Decimal> {
            Some(money(grid.cell(row, column?)).or_else(|| number::parse(grid.cell(row, column?)))?.value(mark))
        };
        let in_text =
            || self.column.filter(|_| self.quantity.is_none()).and_then(|column| traded(grid.cell(row, column), mark));
        let in_text = in_text().filter(|_| matches!(facts.kind.0, TransactionSubtype::Buy | TransactionSubtype::Sell));
        let quantity =
            amount(self.quantity).or(in_text.map(|(quantity, _)| quantity)).filter(|quantity| !quantity.is_zero());
        let mut fees = self.fee.iter().filter_map(|column| amount(Some(*column)));
        // A sum beyond the range of numbers is as good as none.
        let fees = fees.try_fold(Decimal::ZERO, |sum, fee| sum.checked_add(fee.abs())).unwrap_or_default();
        let trades = matches!(facts.kind.0, TransactionSubtype::Buy | TransactionSubtype::Sell) || quantity.is_some();
        if facts.kind.0 == TransactionSubtype::Unknown {
            let word = self.raw_type.map(|column| key(grid.cell(row, column))).unwrap_or_default();
            if let Some(subtype) = trade(&word, quantity, facts.amount) {
                facts.kind = Kind(subtype);
            }
        }
        let quantity = quantity.map(|quantity| signed(quantity, facts));
        facts.security = Some(Box::new(Security {
            symbol: Some(symbol),
            name: cell(self.security),
            quantity,
            unit_price: amount(self.price).or(in_text.map(|(_, price)| price)).map(|price| price.abs()),
            commission: (trades && !fees.is_zero()).then_some(fees),
            ..Security::default()
        }));
    }
}

/// A trade or dividend that no layout names: by the word of the row, else by shares against money.
fn trade(word: &str, quantity: Option<Decimal>, amount: Decimal) -> Option<TransactionSubtype> {
    let has = |names: &[&str]| word.split(' ').any(|part| names.contains(&part));
    if has(&["dividend", "dividends", "dividende", "dividendo"]) {
        return (amount > Decimal::ZERO).then_some(TransactionSubtype::Dividend);
    }
    let quantity = quantity.filter(|quantity| !quantity.is_zero() && !amount.is_zero())?;
    let is_out = amount < Decimal::ZERO;
    if has(&["buy", "bought", "kauf", "koop", "achat", "compra", "acquisto", "purchase"]) {
        return is_out.then_some(TransactionSubtype::Buy);
    }
    if has(&["sell", "sold", "verkauf", "verkoop", "vente", "venta", "vendita", "sale"]) {
        return (!is_out).then_some(TransactionSubtype::Sell);
    }
    match (word.is_empty(), quantity > Decimal::ZERO, is_out) {
        (true, true, true) => Some(TransactionSubtype::Buy),
        (true, false, false) => Some(TransactionSubtype::Sell),
        _ => None,
    }
}

/// A deposit of a negative amount is a withdrawal: one word of a broker may name both directions.
fn directed(subtype: TransactionSubtype, amount: Decimal) -> TransactionSubtype {
    use TransactionSubtype::{Deposit, TransferIn, TransferOut, WireIn, WireOut, Withdrawal};
    let incoming = amount > Decimal::ZERO;
    match (subtype, incoming) {
        _ if amount.is_zero() => subtype,
        (Deposit | Withdrawal, true) => Deposit,
        (Deposit | Withdrawal, false) => Withdrawal,
        (WireIn | WireOut, true) => WireIn,
        (WireIn | WireOut, false) => WireOut,
        (TransferIn | TransferOut, true) => TransferIn,
        (TransferIn | TransferOut, false) => TransferOut,
        _ => subtype,
    }
}

/// Quantity and price in the text of a trade: `Buy 5 Sample Corp@10.25 USD (US0000000000)`.
fn traded(text: &str, mark: Mark) -> Option<(Decimal, Decimal)> {
    let (before, after) = text.split_once('@')?;
    let value = |text: &str| number::parse(text).map(|number| number.value(mark));
    let quantity = before.split_whitespace().nth(1).and_then(value)?;
    let price = after.split_whitespace().next().and_then(value)?;
    Some((quantity, price))
}

/// Shares go the other way than the money of a trade; other rows keep the sign they have.
fn signed(quantity: Decimal, facts: &TransactionFacts) -> Decimal {
    match facts.kind.0 {
        TransactionSubtype::Buy | TransactionSubtype::BuyToCover => quantity.abs(),
        TransactionSubtype::Sell | TransactionSubtype::ShortSell => -quantity.abs(),
        _ => quantity,
    }
}

fn pattern(phrase: &str) -> String {
    match phrase.strip_suffix('*') {
        Some(head) => format!("{}*", key(head)),
        None => key(phrase),
    }
}

fn fits(phrase: &str, pattern: &str) -> bool {
    pattern.strip_suffix('*').map_or(phrase == pattern, |head| phrase.starts_with(head))
}
