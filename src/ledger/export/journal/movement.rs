//! Movements of units: which rows move units of a security, and which lots they close and open.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::lots::{Lot, LotCost, Lots};
use crate::domain::{
    AssetCode, AssetType, TransactionFacts, TransactionStatus, TransactionSubtype, TransactionType,
    figures::at_scale_of,
};

/// How the units come or go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MovementWay {
    /// For the amount of the row.
    Trade,
    /// For income that is paid in units; no cash moves.
    Reinvestment,
    /// The cost stays, the number of units changes.
    Split,
    /// Without a price: transfers, mergers, rewards.
    InKind,
}

/// A movement of units in one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Movement {
    pub(super) way: MovementWay,
    pub(super) symbol: String,
    pub(super) asset_type: Option<AssetType>,
    pub(super) date: NaiveDate,
    /// Into the account positive; not zero.
    pub(super) units: Decimal,
    /// Cash of the row; what was reinvested.
    pub(super) amount: Decimal,
    pub(super) currency: AssetCode,
}

/// The lots that a movement closed and opened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Moved {
    pub(super) closed: Vec<Lot>,
    pub(super) opened: Vec<Lot>,
}

impl Movement {
    /// The movement of a settled row; `None` if it moves no units.
    pub(super) fn of(facts: &TransactionFacts) -> Option<Self> {
        let security = facts.security.as_deref().filter(|_| facts.status == TransactionStatus::Settled)?;
        let units = security.quantity.filter(|units| !units.is_zero())?;
        let symbol = security.symbol.as_deref().or(security.name.as_deref()).filter(|text| !text.trim().is_empty())?;
        let subtype = facts.kind.subtype();
        let way = match (facts.kind.transaction_type(), subtype) {
            (_, TransactionSubtype::Reinvestment) => MovementWay::Reinvestment,
            (_, TransactionSubtype::Split) => MovementWay::Split,
            (TransactionType::Trade, _) => MovementWay::Trade,
            // Cash rows that name the units they were paid for.
            (TransactionType::Income | TransactionType::Fee | TransactionType::Tax | TransactionType::Payment, _)
            | (_, TransactionSubtype::CashInLieu | TransactionSubtype::ReturnOfCapital | TransactionSubtype::Journal)
                if !facts.amount.is_zero() =>
            {
                return None;
            }
            _ => MovementWay::InKind,
        };
        let priced = || security.unit_price.and_then(|price| price.checked_mul(units));
        let amount = match way {
            MovementWay::Reinvestment if facts.amount.is_zero() => priced().unwrap_or_default(),
            _ => facts.amount,
        };
        Some(Self {
            way,
            symbol: symbol.to_owned(),
            asset_type: security.asset_type,
            date: facts.date,
            units,
            amount,
            currency: facts.currency,
        })
    }

    /// Units that come or go without a row: to agree with a stated position.
    pub(super) fn adjustment(symbol: &str, date: NaiveDate, units: Decimal, currency: AssetCode) -> Self {
        let (way, amount) = (MovementWay::InKind, Decimal::ZERO);
        Self { way, symbol: symbol.to_owned(), asset_type: None, date, units, amount, currency }
    }

    /// Moves the units in `lots`.
    pub(super) fn apply(&self, lots: &mut Lots) -> Moved {
        if self.way == MovementWay::Split
            && let Some((closed, opened)) = lots.split(self.units)
        {
            return Moved { closed, opened };
        }
        let (closed, left) = lots.close(self.units);
        if left.is_zero() {
            return Moved { closed, opened: Vec::new() };
        }
        let lot = Lot { units: left, cost: self.cost(left) };
        lots.add(lot);
        Moved { closed, opened: vec![lot] }
    }

    /// The cost of `left` of the units.
    fn cost(&self, left: Decimal) -> Option<LotCost> {
        let is_paid = match self.way {
            MovementWay::Trade => self.amount.is_sign_negative() != self.units.is_sign_negative(),
            MovementWay::Reinvestment => true,
            MovementWay::Split | MovementWay::InKind => false,
        };
        if !is_paid || self.amount.is_zero() {
            return None;
        }
        let total = if left == self.units {
            self.amount.abs()
        } else {
            let digits = self.currency.display_digits().max(self.amount.scale());
            self.amount.abs().checked_mul(left)?.checked_div(self.units)?.round_dp(digits)
        };
        LotCost::new(at_scale_of(total, self.currency), left, self.currency, self.date)
    }
}
