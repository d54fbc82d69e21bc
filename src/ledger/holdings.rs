//! Positions as a list shows them: with the account's name, merged by symbol, with their weight.

use std::{cmp::Reverse, collections::BTreeMap};

use chrono::NaiveDate;
use rust_decimal::{Decimal, RoundingStrategy};

use super::AccountLine;
use crate::domain::{AssetCode, AssetType, Holding, HoldingId};

/// A position that is still held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldingLine {
    /// The position; value, gain and gain in percent are methods of its facts.
    pub holding: Holding,
    /// The name of the account that holds it.
    pub account_name: String,
    /// Its share in percent, two digits, of all positions of known value in its currency; none when its own value is
    /// unknown, or its connection is ended.
    pub weight: Option<Decimal>,
}

/// Positions in the same thing, of all accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedHolding {
    /// Ticker, or the best identifier there is.
    pub symbol: String,
    /// Name in words, of the largest position.
    pub name: String,
    /// Kind of security, of the largest position.
    pub asset_type: AssetType,
    /// The currency of price, value and cost: the same symbol in two currencies is two things.
    pub currency: AssetCode,
    /// Signed; short positions take from long ones.
    pub quantity: Decimal,
    /// The price of the newest position that has one.
    pub price: Option<Decimal>,
    /// Unknown when that of any part is.
    pub value: Option<Decimal>,
    /// Unknown when that of any part is.
    pub cost_basis: Option<Decimal>,
    /// Value less cost.
    pub gain: Option<Decimal>,
    /// Gain in percent of the cost, two digits.
    pub gain_percent: Option<Decimal>,
    /// The sum of the parts' weights.
    pub weight: Option<Decimal>,
    /// How many positions it is made of.
    pub positions: usize,
}

pub(super) fn lines(holdings: Vec<Holding>, accounts: &[AccountLine]) -> Vec<HoldingLine> {
    let mut counting = Vec::new();
    let mut lines: Vec<HoldingLine> = Vec::new();
    for holding in holdings.into_iter().filter(|holding| holding.is_active) {
        let line = accounts.iter().find(|line| line.account.id == holding.account_id);
        let account_name = line
            .map_or_else(|| format!("account {}", holding.account_id), |line| line.account.display_name().to_owned());
        counting.push(line.is_some_and(|line| line.connection.counts() && line.account.is_active));
        lines.push(HoldingLine { holding, account_name, weight: None });
    }
    let mut totals: Vec<(AssetCode, Option<Decimal>)> = Vec::new();
    for line in lines.iter().zip(&counting).filter_map(|(line, counts)| counts.then_some(line)) {
        let facts = &line.holding.facts;
        let Some(value) = facts.value() else { continue };
        match totals.iter_mut().find(|(currency, _)| *currency == facts.currency) {
            Some((_, total)) => *total = total.and_then(|total| total.checked_add(value)),
            None => totals.push((facts.currency, Some(value))),
        }
    }
    for (line, counts) in lines.iter_mut().zip(counting) {
        let facts = &line.holding.facts;
        let total = totals.iter().find(|(currency, _)| *currency == facts.currency).and_then(|(_, total)| *total);
        line.weight = total.filter(|_| counts).zip(facts.value()).and_then(|(total, value)| percent(value, total));
    }
    lines.sort_by_cached_key(|line| {
        let facts = &line.holding.facts;
        (facts.currency, Reverse(facts.value().map(|value| value.abs())), facts.symbol.clone(), line.holding.id)
    });
    lines
}

/// The positions at the end of a day, from all their versions. `stated` finds the day for which the change of a version stated
/// the account: a position that was no longer listed then is not held from that day on.
pub(super) fn on(
    versions: Vec<Holding>,
    day: NaiveDate,
    stated: impl Fn(&Holding) -> Option<NaiveDate>,
) -> Vec<Holding> {
    let since = |version: &Holding| {
        if version.is_active { version.as_of } else { stated(version).unwrap_or(version.updated_at.date_naive()) }
    };
    let mut newest: BTreeMap<HoldingId, Holding> = BTreeMap::new();
    for version in versions.into_iter().filter(|version| since(version) <= day) {
        match newest.get(&version.id) {
            Some(known) if (since(known), known.change_id) >= (since(&version), version.change_id) => {}
            _ => {
                newest.insert(version.id, version);
            }
        }
    }
    newest.into_values().collect()
}

/// Puts positions in the same symbol and currency together, largest first within a currency.
#[must_use]
pub fn merged_by_symbol(lines: &[HoldingLine]) -> Vec<MergedHolding> {
    let mut groups: Vec<Vec<&HoldingLine>> = Vec::new();
    let same = |left: &HoldingLine, right: &HoldingLine| {
        let (left, right) = (&left.holding.facts, &right.holding.facts);
        left.symbol == right.symbol && left.currency == right.currency && left.multiplier == right.multiplier
    };
    for line in lines {
        match groups.iter_mut().find(|group| same(group[0], line)) {
            Some(group) => group.push(line),
            None => groups.push(vec![line]),
        }
    }
    let mut merged: Vec<_> = groups.iter().filter_map(|group| merge(group)).collect();
    merged.sort_by_cached_key(|it| (it.currency, Reverse(it.value.map(|value| value.abs())), it.symbol.clone()));
    merged
}

fn merge(group: &[&HoldingLine]) -> Option<MergedHolding> {
    let sum = |of: fn(&HoldingLine) -> Option<Decimal>| {
        group.iter().try_fold(Decimal::ZERO, |sum, line| sum.checked_add(of(line)?))
    };
    let largest = &group.iter().max_by_key(|line| line.holding.facts.value().map(|value| value.abs()))?.holding.facts;
    let newest = group.iter().filter(|line| line.holding.facts.price.is_some()).max_by_key(|line| line.holding.as_of);
    let (value, cost_basis) = (sum(|line| line.holding.facts.value()), sum(|line| line.holding.facts.cost_basis));
    let gain = value.zip(cost_basis).and_then(|(value, cost)| value.checked_sub(cost));
    Some(MergedHolding {
        symbol: largest.symbol.clone(),
        name: largest.name.clone(),
        asset_type: largest.asset_type,
        currency: largest.currency,
        quantity: sum(|line| Some(line.holding.facts.quantity))?,
        price: newest.and_then(|line| line.holding.facts.price),
        value,
        cost_basis,
        gain,
        gain_percent: gain.zip(cost_basis).and_then(|(gain, cost)| percent(gain, cost.abs())),
        weight: sum(|line| line.weight),
        positions: group.len(),
    })
}

fn percent(part: Decimal, whole: Decimal) -> Option<Decimal> {
    let ratio = part.checked_mul(Decimal::ONE_HUNDRED)?.checked_div(whole)?;
    Some(ratio.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero))
}
