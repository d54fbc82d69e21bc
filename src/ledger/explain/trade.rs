//! The amount of a trade whose source states quantity and price only: their product and the fees.

use rust_decimal::Decimal;

use super::{Explainer, Figure, RowPart, place};
use crate::ledger::{LedgerEntry, error::Result};

impl Explainer {
    /// The figures that add up to the amount of a row that its source does not state; none where it states the amount.
    pub(super) fn parts_of_amount(&self, entry: &LedgerEntry) -> Result<Vec<Figure>> {
        let parts = parts(entry);
        if parts.is_empty() || place::states_amount(self.view(), &entry.transaction)? {
            return Ok(Vec::new());
        }
        Ok(parts)
    }
}

/// Value, commission and fees of a row, each with its sign in the amount; none unless they add up to it.
fn parts(entry: &LedgerEntry) -> Vec<Figure> {
    let (id, facts) = (entry.transaction.id, &entry.transaction.facts);
    let Some(security) = facts.security.as_deref() else { return Vec::new() };
    let value = security.quantity.zip(security.unit_price).and_then(|(units, price)| units.checked_mul(price));
    let Some(value) = value.filter(|value| !value.is_zero()) else { return Vec::new() };
    let costs = [(RowPart::Commission, security.commission), (RowPart::Fees, security.fees)];
    let costs: Vec<(RowPart, Decimal)> = costs.into_iter().filter_map(|(part, cost)| Some((part, cost?))).collect();
    let with_costs = [true, false].into_iter().flat_map(|less| [(less, true), (less, false)]);
    for (less, costs_count) in with_costs {
        let costs = if costs_count { costs.as_slice() } else { &[] };
        let start = if less { -value } else { value };
        let total = costs.iter().try_fold(start, |sum, (_, cost)| sum.checked_sub(cost.abs()));
        if total == Some(facts.amount) {
            let signed = |part, less| {
                let figure = Figure::RowPart(id, part);
                if less { Figure::Less(Box::new(figure)) } else { figure }
            };
            let costs = costs.iter().map(|(part, cost)| signed(*part, cost.is_sign_positive()));
            return [signed(RowPart::Value, less)].into_iter().chain(costs).collect();
        }
    }
    Vec::new()
}
