//! The positions of the screen, computed from stated holdings. Unknown values stay unknown.

use std::{
    cmp::{Ordering, Reverse},
    collections::BTreeMap,
};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::{
    domain::{AssetCode, AssetType, Holding, HoldingId},
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
    fn of(holding: &Holding, account: String) -> Self {
        let facts = &holding.facts;
        Self {
            id: holding.id,
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
    }

    pub(super) fn gain(&self) -> Option<Decimal> {
        self.value?.checked_sub(self.cost?)
    }

    pub(super) fn gain_percent(&self) -> Option<Decimal> {
        let cost = self.cost?.abs();
        Some(self.gain()?.checked_mul(Decimal::ONE_HUNDRED)?.checked_div(cost)?.round_dp(2))
    }

    pub(super) fn haystack(&self) -> String {
        let accounts: Vec<&str> = self.accounts.iter().map(|(account, _)| account.as_str()).collect();
        format!("{} {} {} {}", self.symbol, self.name, self.kind.as_str(), accounts.join(" "))
    }
}

/// All active positions, with their weights.
pub(super) fn positions(snapshot: &LedgerSnapshot, merged: bool) -> Vec<Position> {
    let active = snapshot.holdings.iter().filter(|line| line.holding.is_active);
    let single = active.map(|line| Position::of(&line.holding, snapshot.account_label(line.holding.account_id)));
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
    for (currency, total) in totals(&positions) {
        for position in positions.iter_mut().filter(|position| position.currency == currency) {
            let share =
                position.value.and_then(|value| value.checked_mul(Decimal::ONE_HUNDRED)?.checked_div(total.value));
            position.weight = share.map(|share| share.round_dp(1));
        }
    }
    positions
}

/// Sums of the known values in one currency.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Total {
    pub(super) value: Decimal,
    /// Value and cost of the positions that have both.
    pub(super) compared: (Decimal, Decimal),
    /// Positions without a value or a cost.
    pub(super) unknown: usize,
}

pub(super) fn totals(positions: &[Position]) -> Vec<(AssetCode, Total)> {
    let mut totals: BTreeMap<AssetCode, Total> = BTreeMap::new();
    for position in positions {
        let total = totals.entry(position.currency).or_default();
        total.value = total.value.saturating_add(position.value.unwrap_or_default());
        match (position.value, position.cost) {
            (Some(value), Some(cost)) => {
                total.compared = (total.compared.0.saturating_add(value), total.compared.1.saturating_add(cost));
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
