//! Figures beside sums of balances and rows: counts, shares, gaps, parts of rows, parts of net worth.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{
    BalancePart, Figure,
    address::RowPart,
    node::{Node, NodeKind},
};
use crate::{
    domain::{AccountId, AssetCode, Holding, HoldingId, Money},
    ledger::{AccountLine, BalanceHistory, Check, HoldingLine, View, error::Result},
};

/// Whether a figure is explained here.
pub(super) const fn is_part(figure: &Figure) -> bool {
    matches!(
        figure,
        Figure::HoldingPercent(_)
            | Figure::HoldingWeight(_)
            | Figure::HoldingsValue(_)
            | Figure::Available(_)
            | Figure::Gap(..)
            | Figure::RowCount(_)
            | Figure::ConnectionRows(_)
            | Figure::ClassWorth(..)
            | Figure::InstitutionWorth(..)
            | Figure::RowPart(..)
    )
}

/// The figure; `None` for an unknown address.
pub(super) fn node(view: &View, day: NaiveDate, figure: &Figure) -> Result<Option<Node>> {
    Ok(match figure {
        Figure::HoldingPercent(id) => held(view, *id)?.and_then(|line| {
            let label = format!("gain of {} in percent of its cost", line.holding.facts.symbol);
            quotient(figure, label, line.holding.facts.gain_percent())
        }),
        Figure::HoldingWeight(id) => held(view, *id)?.and_then(|line| {
            let label = format!("share of {} in all positions in percent", line.holding.facts.symbol);
            quotient(figure, label, line.weight)
        }),
        Figure::HoldingsValue(currency) => {
            let counting = counting(view, *currency)?;
            let total = counting.iter().try_fold(Decimal::ZERO, |sum, held| sum.checked_add(held.facts.value()?));
            let label = format!("value of all positions in {currency}");
            total.map(|total| Node::sum(figure, label, Money::new(total, *currency), counting.len()))
        }
        Figure::Available(account) => {
            let daily = view.daily()?;
            let found = daily.history(*account).and_then(|history| history.on(day));
            found.and_then(|found| {
                let label = format!("available on {}", found.stated_on);
                let currency = Some(found.balance.currency);
                Some(Node::leaf(figure, label, found.available?, currency, NodeKind::Stated))
            })
        }
        Figure::Gap(account, date) => check(view, *account, *date)?.and_then(|check| {
            let label = format!("unexplained from {} to {}", check.from, check.to);
            Some(Node::sum(figure, label, check.difference()?, 3))
        }),
        Figure::RowCount(account) => view.account(*account).map(|line| {
            let label = format!("rows of {}", line.account.display_name());
            Node::leaf(figure, label, line.transaction_count.into(), None, NodeKind::Count)
        }),
        Figure::ConnectionRows(connection) => {
            let own: Vec<&AccountLine> =
                view.accounts().iter().filter(|line| line.connection.id == *connection).collect();
            let known = view.connections().iter().find(|known| known.id == *connection);
            known.map(|known| Node {
                figure: figure.clone(),
                label: format!("rows of {}", known.display_name()),
                value: Some(own.iter().map(|line| line.transaction_count).sum::<u64>().into()),
                currency: None,
                kind: NodeKind::Sum,
                inputs: own.len(),
            })
        }
        Figure::ClassWorth(currency, class) => {
            let label = format!("{class} in {currency}");
            worth(view, day, figure, label, *currency)?
        }
        Figure::InstitutionWorth(currency, name) => {
            let label = format!("{name} in {currency}");
            worth(view, day, figure, label, *currency)?
        }
        Figure::RowPart(id, part) => view.entry(*id)?.and_then(|entry| {
            let facts = &entry.transaction.facts;
            let security = facts.security.as_deref();
            let (value, currency) = match part {
                RowPart::Quantity => (security?.quantity?, None),
                RowPart::Price => (security?.unit_price?, Some(facts.currency)),
                RowPart::Commission => (security?.commission?, Some(facts.currency)),
                RowPart::Fees => (security?.fees?, Some(facts.currency)),
                RowPart::Foreign => facts.foreign.as_ref().map(|it| (it.money.amount, Some(it.money.currency)))?,
                RowPart::Value => (security?.quantity?.checked_mul(security?.unit_price?)?, Some(facts.currency)),
            };
            let label = format!("{part} of {} {}", facts.date, entry.payee());
            if *part == RowPart::Value {
                return Some(Node {
                    kind: NodeKind::Product,
                    inputs: 2,
                    ..Node::leaf(figure, label, value, currency, NodeKind::Row)
                });
            }
            Some(Node::leaf(figure, label, value, currency, NodeKind::Row))
        }),
        _ => None,
    })
}

/// The addresses of its inputs. `moving` are the rows that move a balance, as a query.
pub(super) fn inputs(view: &View, day: NaiveDate, figure: &Figure, moving: &str) -> Result<Vec<Figure>> {
    Ok(match figure {
        Figure::HoldingPercent(id) => vec![Figure::HoldingGain(*id), Figure::HoldingCost(*id)],
        Figure::HoldingWeight(id) => match held(view, *id)? {
            Some(line) => vec![Figure::HoldingValue(*id), Figure::HoldingsValue(line.holding.facts.currency)],
            None => Vec::new(),
        },
        Figure::HoldingsValue(currency) => {
            counting(view, *currency)?.iter().map(|held| Figure::HoldingValue(held.id)).collect()
        }
        Figure::Gap(account, date) => match check(view, *account, *date)? {
            Some(check) => {
                let daily = view.daily()?;
                let part = |day| stated_cash(daily.history(*account), day);
                let first = check.from.succ_opt().unwrap_or(check.to);
                vec![
                    Figure::Stated(*account, *date, part(*date)),
                    Figure::Less(Box::new(Figure::Stated(*account, check.from, part(check.from)))),
                    Figure::Rows {
                        account: Some(*account),
                        currency: check.stated.currency,
                        subtracted: true,
                        query: format!("date:{first}..{} {moving}", check.to),
                    },
                ]
            }
            None => Vec::new(),
        },
        Figure::ConnectionRows(connection) => {
            let own = view.accounts().iter().filter(|line| line.connection.id == *connection);
            own.map(|line| Figure::RowCount(line.account.id)).collect()
        }
        Figure::RowPart(id, RowPart::Value) => {
            vec![Figure::RowPart(*id, RowPart::Quantity), Figure::RowPart(*id, RowPart::Price)]
        }
        Figure::ClassWorth(currency, _) | Figure::InstitutionWorth(currency, _) => {
            let found = parts_of_worth(view, day, figure, *currency)?;
            found.into_iter().map(|(account, _)| Figure::Balance(account)).collect()
        }
        _ => Vec::new(),
    })
}

/// The part of a stated balance that is its cash.
pub(super) fn stated_cash(history: Option<&BalanceHistory>, day: NaiveDate) -> BalancePart {
    let stated = history.and_then(|history| history.stated().iter().find(|stated| stated.date == day));
    if stated.is_some_and(|stated| stated.securities.is_some()) { BalancePart::Cash } else { BalancePart::Whole }
}

fn quotient(figure: &Figure, label: String, value: Option<Decimal>) -> Option<Node> {
    let value = value?;
    Some(Node {
        figure: figure.clone(),
        label,
        value: Some(value),
        currency: None,
        kind: NodeKind::Quotient,
        inputs: 2,
    })
}

fn held(view: &View, id: HoldingId) -> Result<Option<HoldingLine>> {
    Ok(view.holdings()?.into_iter().find(|line| line.holding.id == id))
}

/// The positions that count, of known value.
fn counting(view: &View, currency: AssetCode) -> Result<Vec<Holding>> {
    let lines = view.holdings()?.into_iter();
    let own = lines
        .filter(|line| line.counts && line.holding.facts.value().is_some() && line.holding.facts.currency == currency);
    Ok(own.map(|line| line.holding).collect())
}

/// The comparison that ends on a day.
fn check(view: &View, account: AccountId, to: NaiveDate) -> Result<Option<Check>> {
    let daily = view.daily()?;
    Ok(daily.history(account).and_then(|history| history.checks().find(|check| check.to == to).copied()))
}

fn worth(view: &View, day: NaiveDate, figure: &Figure, label: String, currency: AssetCode) -> Result<Option<Node>> {
    let found = parts_of_worth(view, day, figure, currency)?;
    let sum = found.iter().try_fold(Decimal::ZERO, |sum, (_, amount)| sum.checked_add(*amount));
    let total = sum.filter(|_| !found.is_empty());
    Ok(total.map(|total| Node::sum(figure, label, Money::new(total, currency), found.len())))
}

/// The balances of a class or an institution that count.
fn parts_of_worth(
    view: &View,
    day: NaiveDate,
    figure: &Figure,
    currency: AssetCode,
) -> Result<Vec<(AccountId, Decimal)>> {
    let daily = view.daily()?;
    let belongs = |history: &&BalanceHistory| match figure {
        Figure::ClassWorth(_, class) => history.category() == *class,
        Figure::InstitutionWorth(_, name) => {
            view.account(history.account()).is_some_and(|line| line.account.institution == *name)
        }
        _ => false,
    };
    let own = daily.histories().iter().filter(|history| history.counts_on(day)).filter(belongs);
    let known = own.filter_map(|history| Some((history.account(), history.on(day)?.balance)));
    let same = known.filter(|(_, balance)| balance.currency == currency);
    Ok(same.map(|(account, balance)| (account, balance.amount)).collect())
}
