//! Figures made of other figures: of another day, changes, sums over chosen rows, positions or accounts.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{
    Explainer, Figure,
    address::{PositionPart, RowPart, RowSumPart},
    inputs::MOVING,
    node::{Node, NodeKind},
    parts,
};
use crate::{
    domain::{
        AccountId, AssetCode, Holding, HoldingId, Money, TransactionId,
        figures::{counted, percent_of, round},
    },
    ledger::{LedgerEntry, error::Result},
};

/// Decimals of an average price.
const AVERAGE_DIGITS: u32 = 6;

impl Explainer {
    /// The same figures at the end of another day.
    pub(super) fn at(&self, day: NaiveDate) -> Self {
        Self::new(self.view().clone(), day)
    }

    /// A figure made of others; `None` for an unknown address.
    pub(super) fn compound(&self, figure: &Figure) -> Result<Option<Node>> {
        Ok(match figure {
            Figure::On(day, inner) => self.at(*day).node(inner)?.map(|node| {
                let named = node.label.contains(&day.to_string());
                let label = if named { node.label.clone() } else { format!("{} on {day}", node.label) };
                Node { figure: figure.clone(), label, ..node }
            }),
            Figure::Less(inner) => self.node(inner)?.map(|node| Node {
                figure: figure.clone(),
                label: format!("less {}", node.label),
                value: node.value.map(|value| -value),
                currency: node.currency,
                kind: NodeKind::Opposite,
                inputs: 1,
            }),
            Figure::Change(day, inner) => {
                let Some((now, before)) = self.node(inner)?.zip(self.at(*day).node(inner)?) else { return Ok(None) };
                let label = format!("change since {day}: {}", now.label);
                if now.kind == NodeKind::Currencies {
                    let inputs = self.changes(*day, inner)?.len();
                    return Ok(Some(Node { figure: figure.clone(), label, inputs, ..now }));
                }
                let change = now.value.zip(before.value).and_then(|(now, before)| now.checked_sub(before));
                change.filter(|_| now.currency == before.currency).map(|change| Node {
                    figure: figure.clone(),
                    label,
                    value: Some(change),
                    currency: now.currency,
                    kind: NodeKind::Sum,
                    inputs: 2,
                })
            }
            Figure::Cash(account) => self.cash(figure, *account)?,
            Figure::BalanceAfter(id) => match self.balance_after(*id)? {
                Some((entry, amount, later)) => {
                    let label = format!("balance after {} {}", entry.transaction.facts.date, entry.payee());
                    let total = Money::new(amount, entry.transaction.facts.currency);
                    Some(Node::sum(figure, label, total, 1 + later.len()))
                }
                None => None,
            },
            Figure::Balances(currency, accounts) => {
                let own = self.counting(*currency, accounts)?;
                let total = own.iter().try_fold(Decimal::ZERO, |sum, (_, amount)| sum.checked_add(*amount));
                let label = format!("balances of {} in {currency}", counted(own.len(), "account"));
                total
                    .filter(|_| !own.is_empty())
                    .map(|total| Node::sum(figure, label, Money::new(total, *currency), own.len()))
            }
            Figure::Positions(part, ids) => self.positions(figure, *part, ids)?,
            Figure::RowSum(part, ids) => self.row_sum(figure, *part, ids)?,
            _ => None,
        })
    }

    /// The addresses of its inputs.
    pub(super) fn compound_inputs(&self, figure: &Figure) -> Result<Vec<Figure>> {
        Ok(match figure {
            Figure::On(day, inner) => {
                self.at(*day).addresses(inner)?.into_iter().map(|input| on(*day, input)).collect()
            }
            Figure::Less(inner) => vec![inner.as_ref().clone()],
            Figure::Change(day, inner) => {
                if self.node(inner)?.is_some_and(|node| node.kind == NodeKind::Currencies) {
                    return self.changes(*day, inner);
                }
                vec![inner.as_ref().clone(), Figure::Less(Box::new(on(*day, inner.as_ref().clone())))]
            }
            Figure::Cash(account) => {
                let daily = self.view().daily()?;
                let history = daily.history(*account);
                let Some(found) = history.and_then(|history| history.on(self.day())) else { return Ok(Vec::new()) };
                let part = parts::stated_cash(history, found.stated_on);
                let stated = Figure::Stated(*account, found.stated_on, part);
                [stated].into_iter().chain(self.rows_between(*account, &found)).collect()
            }
            Figure::BalanceAfter(id) => match self.balance_after(*id)? {
                Some((entry, _, later)) => {
                    let day = on(entry.transaction.facts.date, Figure::Cash(entry.transaction.account_id));
                    let later = later.into_iter().map(|id| Figure::Less(Box::new(Figure::Row(id))));
                    [day].into_iter().chain(later).collect()
                }
                None => Vec::new(),
            },
            Figure::Balances(currency, accounts) => {
                self.counting(*currency, accounts)?.into_iter().map(|(account, _)| Figure::Balance(account)).collect()
            }
            Figure::Positions(PositionPart::GainPercent, ids) => {
                [PositionPart::Gain, PositionPart::Cost].map(|part| Figure::Positions(part, ids.clone())).to_vec()
            }
            Figure::Positions(PositionPart::Weight, ids) => {
                let currency = self.held(ids)?.first().map(|held| held.facts.currency);
                let all = currency.map(Figure::HoldingsValue);
                [Figure::Positions(PositionPart::Value, ids.clone())].into_iter().chain(all).collect()
            }
            Figure::Positions(part, ids) => ids.iter().map(|id| position(*part, *id)).collect(),
            Figure::RowSum(RowSumPart::Average, ids) => {
                [RowSumPart::Value, RowSumPart::Quantity].map(|part| Figure::RowSum(part, ids.clone())).to_vec()
            }
            Figure::RowSum(part, ids) => {
                let known = self.parts_of_rows(*part, ids)?;
                known.into_iter().map(|(id, _, _)| row_part(*part, id)).collect()
            }
            _ => Vec::new(),
        })
    }

    /// The changes of the inputs of a figure since a day, of those that were known then.
    fn changes(&self, day: NaiveDate, inner: &Figure) -> Result<Vec<Figure>> {
        let mut known = Vec::new();
        for input in self.addresses(inner)? {
            let change = Figure::Change(day, Box::new(input));
            known.extend(self.node(&change)?.map(|_| change));
        }
        Ok(known)
    }

    /// The balance of an account without its securities.
    fn cash(&self, figure: &Figure, account: AccountId) -> Result<Option<Node>> {
        let (daily, line) = (self.view().daily()?, self.view().account(account));
        let history = daily.history(account).filter(|history| history.has_cash(self.day()));
        let found = history.and_then(|history| history.on(self.day()));
        Ok(found.zip(line).and_then(|(found, line)| {
            let securities = found.securities.map_or(Decimal::ZERO, |held| held.value);
            let word = if found.securities.is_some() { "cash" } else { "balance" };
            let label = format!("{word} of {} on {}", line.account.display_name(), self.day());
            let amount = found.balance.amount.checked_sub(securities)?;
            let total = Money::new(amount, found.balance.currency);
            Some(Node::sum(figure, label, total, 1 + usize::from(found.rows_count)))
        }))
    }

    /// A row that moves the balance, the balance after it, and the later rows of its day.
    fn balance_after(&self, id: TransactionId) -> Result<Option<(LedgerEntry, Decimal, Vec<TransactionId>)>> {
        let Some(entry) = self.view().entry(id)? else { return Ok(None) };
        let (facts, account) = (&entry.transaction.facts, entry.transaction.account_id);
        let list = self.list(Some(account), &format!("date:{} {MOVING} cur:={}", facts.date, facts.currency))?;
        let Some(place) = list.position_of(id) else { return Ok(None) };
        let day = self.at(facts.date).node(&Figure::Cash(account))?;
        let after = day.filter(|node| node.currency == Some(facts.currency)).and_then(|node| node.value);
        let later = if place == 0 { Some(Decimal::ZERO) } else { list.sum(0..place).map(|sum| sum.amount) };
        let Some(amount) = after.zip(later).and_then(|(after, later)| after.checked_sub(later)) else {
            return Ok(None);
        };
        Ok(Some((entry, amount, list.ids(0..place)?)))
    }

    /// The accounts among `accounts` that count, with their balances in a currency.
    fn counting(&self, currency: AssetCode, accounts: &[AccountId]) -> Result<Vec<(AccountId, Decimal)>> {
        let daily = self.view().daily()?;
        let histories = accounts.iter().filter_map(|account| daily.history(*account));
        let own = histories.filter(|history| history.counts_on(self.day()));
        let known = own.filter_map(|history| Some((history.account(), history.on(self.day())?.balance)));
        let same = known.filter(|(_, balance)| balance.currency == currency);
        Ok(same.map(|(account, balance)| (account, balance.amount)).collect())
    }

    fn held(&self, ids: &[HoldingId]) -> Result<Vec<Holding>> {
        let mut all: Vec<Holding> = self.view().holdings()?.into_iter().map(|line| line.holding).collect();
        all.retain(|held| ids.contains(&held.id));
        Ok(all)
    }

    fn positions(&self, figure: &Figure, part: PositionPart, ids: &[HoldingId]) -> Result<Option<Node>> {
        let held = self.held(ids)?;
        let Some(first) = held.first() else { return Ok(None) };
        if held.len() != ids.len() || held.iter().any(|other| other.facts.currency != first.facts.currency) {
            return Ok(None);
        }
        let same = held.iter().all(|other| other.facts.symbol == first.facts.symbol);
        let name = if same { first.facts.symbol.clone() } else { counted(held.len(), "position") };
        let sum = |of: fn(&Holding) -> Option<Decimal>| {
            held.iter().try_fold(Decimal::ZERO, |sum, held| sum.checked_add(of(held)?))
        };
        let value = || sum(|held| held.facts.value());
        let cost = || sum(|held| held.facts.cost_basis);
        let gain = || value()?.checked_sub(cost()?);
        let currency = first.facts.currency;
        let found = match part {
            PositionPart::Value => value(),
            PositionPart::Cost => cost(),
            PositionPart::Gain => gain(),
            PositionPart::Quantity => sum(|held| Some(held.facts.quantity)),
            PositionPart::GainPercent => gain().zip(cost()).and_then(|(gain, cost)| percent_of(gain, cost.abs())),
            PositionPart::Weight => {
                let all = self.node(&Figure::HoldingsValue(currency))?.and_then(|node| node.value);
                value().zip(all).and_then(|(value, all)| percent_of(value, all))
            }
        };
        let (kind, currency, inputs) = match part {
            PositionPart::Value | PositionPart::Cost | PositionPart::Gain => (NodeKind::Sum, Some(currency), ids.len()),
            PositionPart::Quantity => (NodeKind::Sum, None, ids.len()),
            PositionPart::GainPercent | PositionPart::Weight => (NodeKind::Quotient, None, 2),
        };
        let label = format!("{} of {name}", part.as_str().replace('-', " in "));
        let node = Node { figure: figure.clone(), label, value: found, currency, kind, inputs };
        Ok(found.is_some().then_some(node))
    }

    /// A part of each row that has it, with its currency.
    fn parts_of_rows(
        &self,
        part: RowSumPart,
        ids: &[TransactionId],
    ) -> Result<Vec<(TransactionId, Decimal, Option<AssetCode>)>> {
        let mut known = Vec::new();
        for id in ids {
            if let Some(Node { value: Some(value), currency, .. }) = self.node(&row_part(part, *id))? {
                known.push((*id, value, currency));
            }
        }
        Ok(known)
    }

    fn row_sum(&self, figure: &Figure, part: RowSumPart, ids: &[TransactionId]) -> Result<Option<Node>> {
        if part == RowSumPart::Average {
            let of = |part| self.row_sum(figure, part, ids);
            let (Some(value), Some(quantity)) = (of(RowSumPart::Value)?, of(RowSumPart::Quantity)?) else {
                return Ok(None);
            };
            let average = value.value.zip(quantity.value).and_then(|(value, quantity)| value.checked_div(quantity));
            let label = "average price".to_owned();
            return Ok(average.filter(|_| value.inputs == quantity.inputs).map(|average| Node {
                label,
                value: Some(round(average, AVERAGE_DIGITS)),
                kind: NodeKind::Ratio,
                inputs: 2,
                ..value
            }));
        }
        let known = self.parts_of_rows(part, ids)?;
        let Some((_, _, currency)) = known.first().copied() else { return Ok(None) };
        let one_currency = known.iter().all(|(_, _, other)| *other == currency);
        let total = known.iter().try_fold(Decimal::ZERO, |sum, (_, value, _)| sum.checked_add(*value));
        let label = format!("{part} of {}", counted(known.len(), "row"));
        Ok(total.filter(|_| one_currency).map(|total| Node {
            figure: figure.clone(),
            label,
            value: Some(total),
            currency,
            kind: NodeKind::Sum,
            inputs: known.len(),
        }))
    }
}

impl Figure {
    /// Whether it is made of other figures.
    pub(super) const fn is_compound(&self) -> bool {
        matches!(
            self,
            Self::On(..)
                | Self::Less(_)
                | Self::Change(..)
                | Self::Cash(_)
                | Self::BalanceAfter(_)
                | Self::Balances(..)
                | Self::Positions(..)
                | Self::RowSum(..)
        )
    }
}

/// A figure at the end of a day; the same figure where its address names its days.
fn on(day: NaiveDate, figure: Figure) -> Figure {
    match figure {
        Figure::NetWorth(_)
        | Figure::Balance(_)
        | Figure::Cash(_)
        | Figure::Available(_)
        | Figure::ClassWorth(..)
        | Figure::InstitutionWorth(..)
        | Figure::Balances(..) => Figure::On(day, Box::new(figure)),
        Figure::Less(inner) => Figure::Less(Box::new(on(day, *inner))),
        other => other,
    }
}

const fn position(part: PositionPart, id: HoldingId) -> Figure {
    match part {
        PositionPart::Value => Figure::HoldingValue(id),
        PositionPart::Cost => Figure::HoldingCost(id),
        PositionPart::Gain => Figure::HoldingGain(id),
        PositionPart::Quantity => Figure::HoldingQuantity(id),
        PositionPart::GainPercent => Figure::HoldingPercent(id),
        PositionPart::Weight => Figure::HoldingWeight(id),
    }
}

const fn row_part(part: RowSumPart, id: TransactionId) -> Figure {
    match part {
        RowSumPart::Amount => Figure::Row(id),
        RowSumPart::Quantity => Figure::RowPart(id, RowPart::Quantity),
        RowSumPart::Value | RowSumPart::Average => Figure::RowPart(id, RowPart::Value),
        RowSumPart::Commission => Figure::RowPart(id, RowPart::Commission),
        RowSumPart::Fees => Figure::RowPart(id, RowPart::Fees),
    }
}
