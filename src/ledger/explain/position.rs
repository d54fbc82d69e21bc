//! The positions behind the securities of a stated balance: those that were known after the change that stated it.

use std::{collections::HashMap, sync::Arc};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{
    Explainer, Figure, HeldPart, SourcePlace,
    node::{Node, NodeKind},
    place,
};
use crate::{
    domain::{AccountId, AssetCode, ChangeId, Holding, HoldingId},
    ledger::{View, error::Result, holdings},
};

/// The securities of a stated balance and the positions behind them.
pub(super) struct StatedSecurities {
    change: ChangeId,
    currency: AssetCode,
    /// Those of known value in the currency of the balance, the largest first.
    positions: Vec<Holding>,
    /// The securities less the values of the positions.
    rest: Decimal,
}

impl StatedSecurities {
    /// The number of inputs; without positions there are none.
    pub(super) fn len(&self) -> usize {
        if self.positions.is_empty() { 0 } else { self.positions.len() + usize::from(!self.rest.is_zero()) }
    }

    /// The inputs: the values of the positions, and the rest where there is one.
    pub(super) fn figures(&self, account: AccountId, date: NaiveDate) -> Vec<Figure> {
        if self.positions.is_empty() {
            return Vec::new();
        }
        let value = |held: &Holding| Figure::StatedPosition(account, date, held.id, HeldPart::Value);
        let rest = (!self.rest.is_zero()).then_some(Figure::StatedRest(account, date));
        self.positions.iter().map(value).chain(rest).collect()
    }

    /// The parts whose product is a position's value; none where the value is stated and is another one than their product,
    /// or where no price is stated.
    pub(super) fn factors(&self, view: &View, id: HoldingId) -> Result<Vec<HeldPart>> {
        let Some(held) = self.positions.iter().find(|held| held.id == id).filter(|held| is_product(held)) else {
            return Ok(Vec::new());
        };
        if !place::has_stated_price(view, self.change, held)? && !place::has_stated_price(view, held.change_id, held)? {
            return Ok(Vec::new());
        }
        let multiplier = (held.facts.multiplier != Decimal::ONE).then_some(HeldPart::Multiplier);
        Ok([HeldPart::Quantity, HeldPart::Price].into_iter().chain(multiplier).collect())
    }
}

/// Whether the value of a position is exactly quantity x price x multiplier.
fn is_product(held: &Holding) -> bool {
    let facts = &held.facts;
    let product = facts.price.and_then(|price| facts.quantity.checked_mul(price)?.checked_mul(facts.multiplier));
    product.is_some() && product == facts.value()
}

impl Explainer {
    /// Whether a figure is a price that its source does not state: its value divided by its quantity.
    pub(super) fn has_computed_price(&self, figure: &Figure, held: &Holding) -> Result<bool> {
        let is_price = matches!(figure, Figure::HoldingPrice(_)) && held.facts.price.is_some();
        Ok(is_price && !place::has_stated_price(self.view(), held.change_id, held)?)
    }

    /// `None` where the day has no stated balance with securities.
    pub(super) fn stated_securities(&self, account: AccountId, date: NaiveDate) -> Result<Option<StatedSecurities>> {
        let daily = self.view().daily()?;
        let stated = daily.history(account).map(|history| history.stated().iter());
        let Some(stated) = stated.and_then(|mut stated| stated.find(|stated| stated.date == date)) else {
            return Ok(None);
        };
        let Some(securities) = stated.securities else { return Ok(None) };
        let change = place::evidence(self.view(), stated.change_id)?;
        let mut positions = positions_known(self.view(), account, date, change)?;
        positions.retain(|held| held.facts.currency == stated.currency && held.facts.value().is_some());
        positions.sort_by_key(|held| (held.facts.value().map(|value| -value.abs()), held.id));
        let mut values = positions.iter().filter_map(|held| held.facts.value());
        let rest = values.try_fold(securities, Decimal::checked_sub);
        let currency = stated.currency;
        Ok(rest.map(|rest| StatedSecurities { change, currency, positions, rest }))
    }

    /// A position behind a stated balance, or what the positions leave unexplained.
    pub(super) fn stated_position(&self, figure: &Figure) -> Result<Option<Node>> {
        let (Figure::StatedPosition(account, date, ..) | Figure::StatedRest(account, date)) = figure else {
            return Ok(None);
        };
        let Some(found) = self.stated_securities(*account, *date)? else { return Ok(None) };
        let currency = Some(found.currency);
        let Figure::StatedPosition(_, _, id, part) = figure else {
            let label = format!("securities stated for {date} without a position");
            let is_rest = found.len() > found.positions.len();
            return Ok(is_rest.then(|| Node::leaf(figure, label, found.rest, currency, NodeKind::Stated)));
        };
        let Some(held) = found.positions.iter().find(|held| held.id == *id) else { return Ok(None) };
        let facts = &held.facts;
        let value = match part {
            HeldPart::Value => facts.value(),
            HeldPart::Quantity => Some(facts.quantity),
            HeldPart::Price => facts.price,
            HeldPart::Multiplier => Some(facts.multiplier),
        };
        let label = match part {
            HeldPart::Multiplier => format!("units in one contract of {}", facts.symbol),
            part => format!("{part} of {} on {}", facts.symbol, held.as_of),
        };
        let currency = currency.filter(|_| matches!(part, HeldPart::Value | HeldPart::Price));
        let inputs = if *part == HeldPart::Value { found.factors(self.view(), *id)?.len() } else { 0 };
        let kind = if inputs > 0 { NodeKind::Product } else { NodeKind::Stated };
        Ok(value.map(|value| Node { kind, inputs, ..Node::leaf(figure, label, value, currency, kind) }))
    }

    /// The place of a figure of a position behind a stated balance.
    pub(super) fn place_of_stated_position(&self, figure: &Figure) -> Result<Option<SourcePlace>> {
        let Figure::StatedPosition(account, date, id, _) = figure else { return Ok(None) };
        let (Some(found), Some(node)) = (self.stated_securities(*account, *date)?, self.node(figure)?) else {
            return Ok(None);
        };
        let held = found.positions.iter().find(|held| held.id == *id);
        let Some((held, amount)) = held.zip(node.value.filter(|_| node.inputs == 0)) else { return Ok(None) };
        // A position that did not change is in the source of an earlier change too.
        for change in [found.change, held.change_id] {
            if let Some(place) = place::place_of_position(self.view(), change, held, amount)? {
                return Ok(Some(place));
            }
        }
        Ok(None)
    }
}

/// The positions of an account at the end of a day, as known after a change.
fn positions_known(view: &View, account: AccountId, day: NaiveDate, change: ChangeId) -> Result<Vec<Holding>> {
    let reader = &view.inner.reader;
    let mut last = view.inner.positions.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let versions = match &*last {
        Some(versions) => Arc::clone(versions),
        None => Arc::clone(last.insert(reader.holding_versions()?.into())),
    };
    drop(last);
    let merges = reader.merges();
    let own = versions.iter().filter(|held| merges.head(held.account_id) == account && held.change_id <= change);
    let stated: HashMap<ChangeId, NaiveDate> =
        reader.snapshots(account)?.iter().map(|snapshot| (snapshot.change_id, snapshot.date)).collect();
    let held = holdings::on(own.cloned().collect(), day, |held| stated.get(&held.change_id).copied());
    let held = merges.holdings(held);
    Ok(held.into_iter().filter(|held| held.is_active).collect())
}
