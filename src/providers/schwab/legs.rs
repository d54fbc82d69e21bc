//! The legs of a transaction sorted into fees and securities, with legs that cancel out removed. Pure.
//!
//! INVARIANT: the shares of the legs add up to the row's net amount, to the cent.

use rust_decimal::{Decimal, RoundingStrategy};

use super::wire::Leg;

/// Rounds to the cent: numbers are binary floats in JSON.
pub(super) fn money(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

/// A row's legs, sorted.
pub(super) struct Legs {
    /// Securities after washing; usually one.
    pub(super) securities: Vec<Leg>,
    /// Paid as commission, positive.
    pub(super) commission: Option<Decimal>,
    /// Paid in other fees, positive.
    pub(super) fees: Option<Decimal>,
    /// The sum of the cash of all legs.
    pub(super) total: Decimal,
}

pub(super) fn sort(items: &[Leg]) -> Legs {
    let mut legs = Legs { securities: Vec::new(), commission: None, fees: None, total: Decimal::ZERO };
    for leg in items {
        let cost = leg.cost.unwrap_or_default();
        legs.total = legs.total.checked_add(cost).unwrap_or(legs.total);
        match (leg.instrument.asset_type.as_deref(), leg.fee_type.as_deref()) {
            (_, Some("COMMISSION")) => legs.commission = Some(legs.commission.unwrap_or_default() - cost),
            (_, Some(_)) => legs.fees = Some(legs.fees.unwrap_or_default() - cost),
            // Cash itself, and the sweep it is swept into.
            (None | Some("CURRENCY" | "CASH_EQUIVALENT"), None) => {}
            (Some(_), None) => wash(&mut legs.securities, leg),
        }
    }
    let paid = |sum: Option<Decimal>| sum.map(money).filter(|sum| *sum > Decimal::ZERO);
    (legs.commission, legs.fees) = (paid(legs.commission), paid(legs.fees));
    // Legs that cancel out are dropped; a row of such legs alone keeps the first.
    let moves = |leg: &Leg| {
        let zero = |number: Option<Decimal>| number.unwrap_or_default().is_zero();
        !(zero(leg.amount) && zero(leg.cost))
    };
    if legs.securities.iter().any(moves) {
        legs.securities.retain(moves);
    } else {
        legs.securities.truncate(1);
    }
    legs.total = money(legs.total);
    legs
}

/// Assignments of covered calls come as -1500, +1500, -1500: legs of one thing at one price are one leg.
fn wash(securities: &mut Vec<Leg>, leg: &Leg) {
    let same = |other: &&mut Leg| {
        other.instrument.symbol == leg.instrument.symbol
            && other.instrument.asset_type == leg.instrument.asset_type
            && other.price == leg.price
    };
    let Some(known) = securities.iter_mut().find(same) else {
        securities.push(leg.clone());
        return;
    };
    let add = |left: Option<Decimal>, right: Option<Decimal>| match (left, right) {
        (Some(left), Some(right)) => left.checked_add(right),
        (one, None) | (None, one) => one,
    };
    known.amount = add(known.amount, leg.amount);
    known.cost = add(known.cost, leg.cost);
}
