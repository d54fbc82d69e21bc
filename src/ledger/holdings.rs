//! Positions as a list shows them: with the account's name, merged by symbol, with their weight.

use std::{cmp::Reverse, collections::BTreeMap};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::AccountLine;
use crate::domain::{AssetCode, Holding, HoldingId, figures::percent_of};

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
    /// Whether it counts in sums: its account is open, and its connection is not ended.
    pub counts: bool,
}

pub(super) fn lines(holdings: Vec<Holding>, accounts: &[AccountLine]) -> Vec<HoldingLine> {
    let mut lines: Vec<HoldingLine> = Vec::new();
    for holding in holdings.into_iter().filter(|holding| holding.is_active) {
        let line = accounts.iter().find(|line| line.account.id == holding.account_id);
        let account_name = line
            .map_or_else(|| format!("account {}", holding.account_id), |line| line.account.display_name().to_owned());
        let counts = line.is_some_and(|line| line.connection.counts() && line.account.is_active);
        lines.push(HoldingLine { holding, account_name, weight: None, counts });
    }
    let mut totals: Vec<(AssetCode, Option<Decimal>)> = Vec::new();
    for line in lines.iter().filter(|line| line.counts) {
        let facts = &line.holding.facts;
        let Some(value) = facts.value() else { continue };
        match totals.iter_mut().find(|(currency, _)| *currency == facts.currency) {
            Some((_, total)) => *total = total.and_then(|total| total.checked_add(value)),
            None => totals.push((facts.currency, Some(value))),
        }
    }
    for line in &mut lines {
        let facts = &line.holding.facts;
        let total = totals.iter().find(|(currency, _)| *currency == facts.currency).and_then(|(_, total)| *total);
        line.weight =
            total.filter(|_| line.counts).zip(facts.value()).and_then(|(total, value)| percent_of(value, total));
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
