//! Units of one security in one account, as lots: the oldest leave first.

use std::collections::VecDeque;

use chrono::NaiveDate;
use rust_decimal::{Decimal, RoundingStrategy};

use crate::domain::AssetCode;

/// Cost of some units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LotCost {
    /// For all units; zero or positive.
    pub(super) total: Decimal,
    /// For one unit, with as few digits as keep the total to a millionth.
    pub(super) unit: Decimal,
    pub(super) currency: AssetCode,
    /// The day the units came.
    pub(super) since: NaiveDate,
}

impl LotCost {
    /// Cost of `units` (not zero); `None` if it has no exact form.
    pub(super) fn new(total: Decimal, units: Decimal, currency: AssetCode, since: NaiveDate) -> Option<Self> {
        let exact = total.checked_div(units.abs())?;
        let is_close = |unit: Decimal| {
            let product = unit.checked_mul(units.abs());
            product.is_some_and(|product| product.saturating_sub(total).abs() <= Decimal::new(1, 6))
        };
        let rounded = (2..exact.scale()).step_by(2).map(|digits| exact.round_dp(digits));
        let unit = rounded.into_iter().find(|unit| is_close(*unit)).unwrap_or(exact);
        (!total.is_sign_negative() || total.is_zero()).then_some(Self { total, unit, currency, since })
    }

    /// The cost of a part of `units`.
    fn part(self, part: Decimal, units: Decimal) -> Self {
        if part == units {
            return self;
        }
        let total = self.unit.checked_mul(part.abs()).unwrap_or(self.total);
        let digits = self.currency.display_digits().max(self.total.scale());
        Self { total: total.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero), ..self }
    }
}

/// Units with the same cost. Units of a short position are negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lot {
    pub(super) units: Decimal,
    /// `None` if it is unknown.
    pub(super) cost: Option<LotCost>,
}

/// The lots of a position, the oldest first. All have the same sign.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Lots(VecDeque<Lot>);

impl Lots {
    /// Units held.
    pub(super) fn units(&self) -> Decimal {
        self.0.iter().fold(Decimal::ZERO, |sum, lot| sum.saturating_add(lot.units))
    }

    /// The lots.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Lot> {
        self.0.iter()
    }

    /// Adds units as the newest lot.
    pub(super) fn add(&mut self, lot: Lot) {
        if !lot.units.is_zero() {
            self.0.push_back(lot);
        }
    }

    /// Takes the lots that a movement of `units` closes, the oldest first, and returns them with the units that are left
    /// to open a position. Units of the same sign as the position close nothing.
    pub(super) fn close(&mut self, units: Decimal) -> (Vec<Lot>, Decimal) {
        let (mut closed, mut left) = (Vec::new(), units);
        while let Some(first) = self.0.front_mut() {
            if left.is_zero() || first.units.is_sign_negative() == left.is_sign_negative() {
                break;
            }
            if first.units.abs() <= left.abs() {
                left = left.saturating_add(first.units);
                closed.extend(self.0.pop_front());
            } else {
                let taken = -left;
                let cost = first.cost.map(|cost| cost.part(taken, first.units));
                closed.push(Lot { units: taken, cost });
                first.cost = first.cost.zip(cost).map(|(all, part)| LotCost { total: all.total - part.total, ..all });
                first.units = first.units.saturating_sub(taken);
                left = Decimal::ZERO;
            }
        }
        (closed, left)
    }

    /// Replaces the lots by those after a split that adds `units`: the cost stays. `None` if nothing is held.
    pub(super) fn split(&mut self, units: Decimal) -> Option<(Vec<Lot>, Vec<Lot>)> {
        let held = self.units();
        let factor = held.checked_add(units)?.checked_div(held).filter(|factor| *factor > Decimal::ZERO)?;
        let before: Vec<Lot> = self.0.iter().copied().collect();
        let mut left = held.checked_add(units)?;
        let last = before.len().checked_sub(1)?;
        let mut after = Vec::with_capacity(before.len());
        for (place, lot) in before.iter().enumerate() {
            let units = if place == last { left } else { lot.units.checked_mul(factor)?.round_dp(12) };
            left = left.checked_sub(units)?;
            let cost = lot.cost.and_then(|cost| LotCost::new(cost.total, units, cost.currency, cost.since));
            after.push(Lot { units, cost });
        }
        self.0 = after.iter().copied().collect();
        Some((before, after))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lot(units: i64, total: Option<i64>) -> Lot {
        let cost = total.map(|total| {
            LotCost::new(Decimal::new(total, 2), Decimal::from(units), AssetCode::USD, NaiveDate::default()).unwrap()
        });
        Lot { units: Decimal::from(units), cost }
    }

    #[test]
    fn the_oldest_units_leave_first_and_a_position_can_turn_around() {
        let mut lots = Lots::default();
        lots.add(lot(10, Some(10000)));
        lots.add(lot(5, Some(7501)));
        let (closed, left) = lots.close(Decimal::from(-12));
        assert_eq!(closed.iter().map(|lot| lot.units).collect::<Vec<_>>(), [Decimal::from(10), Decimal::from(2)]);
        assert_eq!(closed[1].cost.unwrap().total, Decimal::new(3000, 2));
        assert_eq!((left, lots.units()), (Decimal::ZERO, Decimal::from(3)));
        assert_eq!(lots.iter().next().unwrap().cost.unwrap().total, Decimal::new(4501, 2));
        let (closed, left) = lots.close(Decimal::from(-5));
        assert_eq!((closed.len(), left), (1, Decimal::from(-2)));
        lots.add(lot(-2, None));
        assert_eq!(lots.close(Decimal::from(-1)), (Vec::new(), Decimal::from(-1)));
    }

    #[test]
    fn a_split_keeps_the_cost() {
        let mut lots = Lots::default();
        lots.add(lot(3, Some(10000)));
        lots.add(lot(4, None));
        let (before, after) = lots.split(Decimal::from(7)).unwrap();
        assert_eq!((before.len(), lots.units()), (2, Decimal::from(14)));
        assert_eq!((after[0].units, after[0].cost.unwrap().total), (Decimal::from(6), Decimal::new(10000, 2)));
        assert_eq!(Lots::default().split(Decimal::ONE), None);
    }

    proptest! {
        #[test]
        fn units_and_costs_are_kept(moves in prop::collection::vec((-20i64..20, 0i64..10_000), 0..30)) {
            let (mut lots, mut units, mut cost) = (Lots::default(), Decimal::ZERO, Decimal::ZERO);
            for (moved, total) in moves {
                units += Decimal::from(moved);
                let (closed, left) = lots.close(Decimal::from(moved));
                cost -= closed.iter().map(|lot| lot.cost.unwrap().total).sum::<Decimal>();
                if let Some(opened) = LotCost::new(Decimal::new(total, 2), left, AssetCode::USD, NaiveDate::default()) {
                    lots.add(Lot { units: left, cost: Some(opened) });
                    cost += opened.total;
                }
                prop_assert_eq!(lots.units(), units);
                prop_assert_eq!(lots.iter().map(|lot| lot.cost.unwrap().total).sum::<Decimal>(), cost);
            }
        }
    }
}
