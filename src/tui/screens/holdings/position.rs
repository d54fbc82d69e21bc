//! The positions of the screen, computed from stated holdings. Unknown values stay unknown.

use std::{
    cmp::{Ordering, Reverse},
    collections::BTreeMap,
};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::{
    domain::{AssetCode, AssetType, HoldingId, figures::percent_of},
    ledger::{
        HoldingLine,
        explain::{Figure, PositionPart},
    },
    tui::snapshot::LedgerSnapshot,
};

/// A sort order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum PositionOrder {
    #[default]
    Value,
    Symbol,
    Gain,
    GainPercent,
    Cost,
    Account,
}

/// One line: a holding, or all holdings of one symbol.
#[derive(Debug, Clone)]
pub(super) struct Position {
    /// Id of its first holding.
    pub(super) id: HoldingId,
    /// Its holdings, and those of them that count in sums.
    ids: Vec<HoldingId>,
    counting: Vec<HoldingId>,
    /// The value of those that count.
    counted: Decimal,
    pub(super) symbol: String,
    pub(super) name: String,
    pub(super) kind: AssetType,
    /// Its accounts, with the quantity in each.
    pub(super) accounts: Vec<(String, Decimal)>,
    pub(super) quantity: Decimal,
    /// None when merged holdings have different prices.
    pub(super) price: Option<Decimal>,
    pub(super) value: Option<Decimal>,
    pub(super) cost: Option<Decimal>,
    pub(super) currency: AssetCode,
    /// Share of the total value in its currency, in percent.
    pub(super) weight: Option<Decimal>,
    pub(super) as_of: NaiveDate,
}

impl Position {
    fn of(line: &HoldingLine, account: String) -> Self {
        let holding = &line.holding;
        let facts = &holding.facts;
        let counts = line.counts && facts.value().is_some();
        Self {
            id: holding.id,
            ids: vec![holding.id],
            counting: if counts { vec![holding.id] } else { Vec::new() },
            counted: facts.value().filter(|_| counts).unwrap_or_default(),
            symbol: facts.symbol.clone(),
            name: facts.name.clone(),
            kind: facts.asset_type,
            accounts: vec![(account, facts.quantity)],
            quantity: facts.quantity,
            price: facts.price,
            value: facts.value(),
            cost: facts.cost_basis,
            currency: facts.currency,
            weight: None,
            as_of: holding.as_of,
        }
    }

    /// Adds another holding of the same symbol. A value that one of them lacks is unknown for the sum.
    fn merge(&mut self, other: Self) {
        let add = |left: Option<Decimal>, right: Option<Decimal>| left?.checked_add(right?);
        self.quantity = self.quantity.saturating_add(other.quantity);
        self.price = self.price.filter(|price| other.price == Some(*price));
        self.value = add(self.value, other.value);
        self.cost = add(self.cost, other.cost);
        self.as_of = self.as_of.min(other.as_of);
        self.accounts.extend(other.accounts);
        self.ids.extend(other.ids);
        self.counting.extend(other.counting);
        self.counted = self.counted.saturating_add(other.counted);
    }

    pub(super) fn gain(&self) -> Option<Decimal> {
        self.value?.checked_sub(self.cost?)
    }

    pub(super) fn gain_percent(&self) -> Option<Decimal> {
        percent_of(self.gain()?, self.cost?.abs())
    }

    /// Its figures on the screen, the most asked for first.
    pub(super) fn figures(&self) -> Vec<Figure> {
        let whole = |part| match (self.ids.as_slice(), part) {
            ([id], PositionPart::Value) => Figure::HoldingValue(*id),
            ([id], PositionPart::Cost) => Figure::HoldingCost(*id),
            ([id], PositionPart::Gain) => Figure::HoldingGain(*id),
            ([id], PositionPart::Quantity) => Figure::HoldingQuantity(*id),
            ([id], PositionPart::GainPercent) => Figure::HoldingPercent(*id),
            (ids, part) => Figure::Positions(part, ids.to_vec()),
        };
        let first = if self.gain().is_some() { PositionPart::Gain } else { PositionPart::Value };
        let parts = [first, PositionPart::Value, PositionPart::Cost, PositionPart::GainPercent, PositionPart::Quantity];
        let mut figures: Vec<Figure> = parts.into_iter().map(whole).collect();
        figures.push(Figure::HoldingPrice(self.id));
        // The units that each account holds.
        figures.extend(self.ids.iter().map(|id| Figure::HoldingQuantity(*id)));
        if !self.counting.is_empty() {
            figures.push(Figure::Positions(PositionPart::Weight, self.counting.clone()));
        }
        figures
    }

    pub(super) fn haystack(&self) -> String {
        let accounts: Vec<&str> = self.accounts.iter().map(|(account, _)| account.as_str()).collect();
        format!("{} {} {} {}", self.symbol, self.name, self.kind.as_str(), accounts.join(" "))
    }
}

/// All active positions, with their weights.
pub(super) fn positions(snapshot: &LedgerSnapshot, merged: bool) -> Vec<Position> {
    let active = snapshot.holdings.iter().filter(|line| line.holding.is_active);
    let single = active.map(|line| Position::of(line, snapshot.account_label(line.holding.account_id)));
    let mut positions: Vec<Position> = if merged {
        let mut by_symbol: BTreeMap<(String, AssetCode, &'static str), Position> = BTreeMap::new();
        for position in single {
            let key = (position.symbol.clone(), position.currency, position.kind.as_str());
            match by_symbol.get_mut(&key) {
                Some(known) => known.merge(position),
                None => {
                    by_symbol.insert(key, position);
                }
            }
        }
        by_symbol.into_values().collect()
    } else {
        single.collect()
    };
    for (currency, total) in totals(&snapshot.holdings) {
        for position in positions.iter_mut().filter(|position| position.currency == currency) {
            let share = percent_of(position.counted, total.value);
            position.weight = share.filter(|_| !position.counting.is_empty());
        }
    }
    positions
}

/// Sums of the known values in one currency, over the positions that count.
#[derive(Debug, Clone, Default)]
pub(super) struct Total {
    pub(super) value: Decimal,
    /// Value and cost of the positions that have both.
    pub(super) compared: (Decimal, Decimal),
    /// These positions.
    compared_ids: Vec<HoldingId>,
    /// Positions without a value or a cost.
    pub(super) unknown: usize,
}

impl Total {
    /// Its figures on the screen.
    pub(super) fn figures(&self, currency: AssetCode) -> Vec<Figure> {
        let parts = [PositionPart::Gain, PositionPart::GainPercent];
        let compared = parts.into_iter().filter(|_| !self.compared_ids.is_empty());
        let compared = compared.map(|part| Figure::Positions(part, self.compared_ids.clone()));
        [Figure::HoldingsValue(currency)].into_iter().chain(compared).collect()
    }
}

pub(super) fn totals(lines: &[HoldingLine]) -> Vec<(AssetCode, Total)> {
    let mut totals: BTreeMap<AssetCode, Total> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.counts && line.holding.is_active) {
        let facts = &line.holding.facts;
        let total = totals.entry(facts.currency).or_default();
        total.value = total.value.saturating_add(facts.value().unwrap_or_default());
        match (facts.value(), facts.cost_basis) {
            (Some(value), Some(cost)) => {
                total.compared = (total.compared.0.saturating_add(value), total.compared.1.saturating_add(cost));
                total.compared_ids.push(line.holding.id);
            }
            _ => total.unknown += 1,
        }
    }
    let mut totals: Vec<_> = totals.into_iter().collect();
    totals.sort_by_key(|(_, total)| Reverse(total.value));
    totals
}

/// The largest first, texts from A to Z, unknown values last; `reversed` turns this around.
pub(super) fn sort(positions: &mut [Position], order: PositionOrder, reversed: bool) {
    let known_first = |left: Option<Decimal>, right: Option<Decimal>| match (left, right) {
        (Some(left), Some(right)) if reversed => left.cmp(&right),
        (Some(left), Some(right)) => right.cmp(&left),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    };
    let text = |left: &str, right: &str| if reversed { right.cmp(left) } else { left.cmp(right) };
    positions.sort_by(|left, right| {
        let first = match order {
            PositionOrder::Value => known_first(left.value, right.value),
            PositionOrder::Symbol => text(&left.symbol, &right.symbol),
            PositionOrder::Gain => known_first(left.gain(), right.gain()),
            PositionOrder::GainPercent => known_first(left.gain_percent(), right.gain_percent()),
            PositionOrder::Cost => known_first(left.cost, right.cost),
            PositionOrder::Account => text(&left.accounts[0].0, &right.accounts[0].0),
        };
        first.then_with(|| left.symbol.cmp(&right.symbol))
    });
}
