//! The positions of an investment statement, and the balance they add up to.
//!
//! Filled by the reader. INVARIANT: lots of one security in one sub-account are one position; nothing is computed from nothing.

use std::collections::HashMap;

use rust_decimal::Decimal;

use crate::domain::{AssetType, HoldingFacts};

/// Positions, cash and totals read so far.
#[derive(Default)]
pub(super) struct PositionList {
    /// Whether there was a list of positions.
    pub(super) listed: bool,
    pub(super) held: Vec<OfxPosition>,
    by_id: HashMap<String, usize>,
    pub(super) cash: Option<Decimal>,
    pub(super) margin: Option<Decimal>,
    pub(super) plan_cash: Option<Decimal>,
    pub(super) total: Option<Decimal>,
    pub(super) plan: bool,
}

/// One position.
pub(super) struct OfxPosition {
    pub(super) facts: HoldingFacts,
    /// The value in the account's currency.
    value: Option<Decimal>,
}

impl PositionList {
    pub(super) fn is_empty(&self) -> bool {
        !self.listed && self.held.is_empty() && self.cash.is_none() && self.total.is_none()
    }

    /// Whether it is a retirement plan (401(k)).
    pub(super) const fn is_plan(&self) -> bool {
        self.plan
    }

    pub(super) const fn mark_plan(&mut self) {
        self.plan = true;
    }

    /// Adds a position; lots of one security in one sub-account are one position.
    pub(super) fn add(&mut self, facts: HoldingFacts, value: Option<Decimal>) {
        if let Some(&index) = self.by_id.get(&facts.provider_id) {
            let held = &mut self.held[index];
            held.facts.quantity = held.facts.quantity.saturating_add(facts.quantity);
            held.facts.market_value = sum(held.facts.market_value, facts.market_value);
            held.facts.cost_basis = sum(held.facts.cost_basis, facts.cost_basis);
            held.value = sum(held.value, value);
        } else {
            self.by_id.insert(facts.provider_id.clone(), self.held.len());
            self.held.push(OfxPosition { facts, value });
        }
    }

    /// Cash, securities and all of it together. A sweep fund that is listed as a position and stated as cash once more
    /// counts once, as cash.
    pub(super) fn totals(&self) -> Option<(Decimal, Option<Decimal>, Option<Decimal>)> {
        let cash = self.cash.or(self.plan_cash.filter(|cash| !cash.is_zero()));
        let values = self.held.iter().filter_map(|held| held.value);
        let mut securities = values.fold(Decimal::ZERO, Decimal::saturating_add);
        let sweep = self.held.iter().filter(|held| held.facts.asset_type == AssetType::CashEquivalent);
        let swept = sweep.filter_map(|held| held.value).fold(Decimal::ZERO, Decimal::saturating_add);
        if cash == Some(swept) {
            securities = securities.saturating_sub(swept);
        }
        let holdings = self.listed.then_some(securities);
        let computed = match (cash, holdings) {
            (None, None) => None,
            (None, Some(_)) if self.held.is_empty() => None,
            (cash, holdings) => {
                let debt = self.margin.filter(Decimal::is_sign_negative).unwrap_or_default();
                Some(cash.unwrap_or_default().saturating_add(holdings.unwrap_or_default()).saturating_add(debt))
            }
        };
        let stated = self.total.filter(|total| !total.is_zero() || computed.is_none());
        Some((stated.or(computed)?, holdings, cash))
    }
}

fn sum(left: Option<Decimal>, right: Option<Decimal>) -> Option<Decimal> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.saturating_add(right)),
        (None, _) | (_, None) => None,
    }
}
