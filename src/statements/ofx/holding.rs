//! Positions, cash and totals of an investment statement → holdings and a balance.
//!
//! Used by the reader. INVARIANT: what the statement states is kept as stated; only what it leaves out is computed,
//! and nothing is computed from nothing.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{
    book::DocumentItem,
    exchange::{Exchange, round},
    open::{Open, StatementKind},
    reader::DocumentReader,
    record::{Leaf, Record},
    tag::Tag,
    text,
};
use crate::domain::{BalanceDraft, HoldingDraft, HoldingFacts};

/// Whether a balance of that name is the worth of the whole account. The names are each broker's own.
fn is_total(name: &str) -> bool {
    let letters: String = crate::domain::text::skeleton(name);
    matches!(
        letters.as_str(),
        "networth"
            | "totalaccountvalue"
            | "accountvalue"
            | "accounttotal"
            | "totalvalue"
            | "netaccountvalue"
            | "totalassets"
            | "netliquidationvalue"
            | "netliquidation"
            | "totalbalance"
            | "accountbalance"
            | "totalequity"
            | "portfoliovalue"
            | "totalportfoliovalue"
            | "totalaccountbalance"
    )
}

impl<'a> DocumentReader<'a, '_, '_> {
    /// `INVBAL`: cash and margin.
    pub(super) fn read_cash(&mut self, leaf: &Leaf<'a>) {
        let Some(number) = self.optional_number(Some(leaf), true) else { return };
        let Some(open) = &mut self.open else { return };
        match leaf.tag {
            Tag::AvailCash => open.positions.cash = open.positions.cash.or(Some(number)),
            Tag::MarginBalance => open.positions.margin = open.positions.margin.or(Some(number)),
            _ => {}
        }
    }

    /// `BAL` (a broker's own balance, of which the total counts), `INV401K` and `INV401KBAL`.
    pub(super) fn read_plan_or_total(&mut self, record: &Record<'a, '_>) {
        if !record.complete || self.open.as_ref().is_none_or(|open| open.kind != StatementKind::Investment) {
            return;
        }
        if record.tag == Tag::Bal {
            let name = record.leaf(Tag::Name).and_then(text::line).unwrap_or_default();
            let percent = record.leaf(Tag::BalType).is_some_and(|leaf| leaf.text.eq_ignore_ascii_case("PERCENT"));
            if percent || !is_total(&name) {
                return;
            }
            let total = self.optional_number(record.leaf(Tag::Value), true);
            if let Some(open) = &mut self.open {
                open.positions.total = open.positions.total.or(total);
            }
            return;
        }
        let cash = self.optional_number(record.leaf(Tag::CashBal), true);
        let total = self.optional_number(record.leaf(Tag::Total), true);
        let Some(open) = &mut self.open else { return };
        open.positions.plan = true;
        if record.tag == Tag::Inv401kBal {
            open.positions.plan_cash = cash;
            open.positions.total = open.positions.total.or(total);
        }
    }

    /// A position.
    pub(super) fn position(&mut self, record: &Record<'a, '_>) {
        if !record.complete {
            self.warn(record.at, || "the file ends inside a position; it was left out".to_owned());
            return;
        }
        let _ = self.account(record.at, StatementKind::Investment);
        let Some(id) = record.leaf(Tag::UniqueId).and_then(text::identity) else {
            self.warn(record.at, || "a position names no security (UNIQUEID); it was left out".to_owned());
            return;
        };
        let Some(units) = self.optional_number(record.leaf(Tag::Units), false) else {
            self.warn(record.at, || format!("the position in `{id}` has no number of units (UNITS); it was left out"));
            return;
        };
        let short = record.leaf(Tag::PosType).is_some_and(|leaf| leaf.text.eq_ignore_ascii_case("SHORT"));
        let quantity = if short { -units.abs() } else { units }.normalize();
        let price = self.optional_number(record.leaf(Tag::UnitPrice), false).map(|price| price.normalize());
        let stated = self.optional_number(record.leaf(Tag::MktVal), true);
        let market_value = stated.map(|value| if quantity.is_sign_negative() { -value.abs() } else { value });
        let average = self.optional_number(record.leaf(Tag::AvgCostBasis), false);
        let cost_basis = self
            .optional_number(record.leaf(Tag::CostBasis), true)
            .or_else(|| average.and_then(|average| average.checked_mul(quantity)));
        let own = self.currency();
        let exchange = self.exchange(record, own);
        // A position stays in its own currency; only its share of the balance is converted.
        let currency = match exchange {
            Exchange::From { code, .. } | Exchange::In(code) => code,
            Exchange::None | Exchange::Was { .. } => own,
        };
        let source = record.leaf(Tag::Inv401kSource).and_then(text::line).map(String::from);
        let held_in = record.leaf(Tag::HeldInAcct).and_then(text::line);
        let security = self.security(&id, record.tag);
        let multiplier = fitting(security.multiplier, quantity, price, market_value);
        let facts = HoldingFacts {
            provider_id: position_id(&id, short, source.as_deref(), held_in.as_deref()),
            symbol: security.symbol.into(),
            name: security.name.map_or_else(|| id.to_string(), Into::into),
            asset_type: security.asset_type,
            quantity,
            price,
            price_date: self.optional_day(record.leaf(Tag::DtPriceAsOf)),
            market_value,
            cost_basis,
            multiplier,
            currency,
            source,
        };
        let value = match (exchange, facts.market_value) {
            (Exchange::In(_), _) => None,
            (_, Some(stated)) => Some(exchange.amount(stated, own)),
            (_, None) => facts.value().map(|value| round(exchange.amount(value, own), own)),
        };
        let Some(open) = &mut self.open else { return };
        open.positions.listed = true;
        if facts.source.is_some() {
            open.positions.plan = true;
        }
        open.positions.add(facts, value);
    }

    /// Hands the positions over and gives the balance of an investment statement.
    pub(super) fn settle_positions(
        &mut self,
        open: &mut Open,
        account: usize,
        day: Option<NaiveDate>,
    ) -> Option<BalanceDraft> {
        let positions = std::mem::take(&mut open.positions);
        if positions.listed {
            self.book.holdings_complete(account);
        }
        let totals = positions.totals();
        let priced = positions.held.iter().filter_map(|held| held.facts.price_date).max();
        let day = day.or(priced);
        for held in positions.held {
            let Some(as_of) = day.or(held.facts.price_date) else {
                self.warn(open.at(), || {
                    format!("the position in {} has no date, nor has the statement; it was left out", held.facts.symbol)
                });
                continue;
            };
            // Positions are not counted against the limit on rows, so this can't fail.
            let _ = self.hand_over(DocumentItem::Holding(account, HoldingDraft { facts: held.facts, as_of }));
        }
        let (current, holdings_value, cash_value) = totals?;
        Some(BalanceDraft { date: day?, current, available: cash_value, holdings_value, cash_value })
    }
}

/// The multiplier that makes the stated value of the stated price: some brokers count bonds in pieces.
fn fitting(usual: Decimal, quantity: Decimal, price: Option<Decimal>, value: Option<Decimal>) -> Decimal {
    let gross = price.and_then(|price| quantity.checked_mul(price));
    let (Some(gross), Some(value)) = (gross, value) else { return usual };
    let distance = |multiplier: Decimal| gross.saturating_mul(multiplier).saturating_sub(value).abs();
    if usual < Decimal::ONE && distance(Decimal::ONE) < distance(usual) { Decimal::ONE } else { usual }
}

/// A position's identity in its account: the security, and what sets two positions in it apart.
fn position_id(security: &str, short: bool, source: Option<&str>, held_in: Option<&str>) -> String {
    let mut id = security.to_owned();
    if short {
        id.push_str("/short");
    }
    let usual = |held: &str| ["CASH", "OTHER", "SHORT"].iter().any(|usual| held.eq_ignore_ascii_case(usual));
    let held_in = held_in.filter(|held| !usual(held));
    for part in [source, held_in].into_iter().flatten() {
        id.push('/');
        id.push_str(part);
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_that_share_an_id_stay_apart() {
        assert_eq!(position_id("1", false, None, Some("CASH")), "1");
        assert_eq!(position_id("1", true, None, Some("MARGIN")), "1/short/MARGIN");
        assert_eq!(position_id("1", false, Some("MATCH"), Some("OTHER")), "1/MATCH");
    }

    #[test]
    fn totals_are_recognised_by_name() {
        assert!(is_total("Networth") && is_total("Net Worth") && is_total("Total Account Value"));
        assert!(!is_total("Margin Equity") && !is_total("Buying Power"));
    }
}
