//! Entries: the part of a journal that is the same for every tool, and the making of an entry from a row.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{
    lots::{LotCost, Lots},
    movement::{Moved, Movement, MovementWay},
    names::Names,
};
use crate::{
    domain::{
        AccountId, AssetCode, TransactionFacts, TransactionStatus, TransactionSubtype, TransactionType,
        figures::at_scale_of,
    },
    ledger::{LedgerEntry, daily::moves_balance},
};

/// A dated entry whose postings balance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) date: NaiveDate,
    pub(super) flag: char,
    /// The provider's id, else the row's.
    pub(super) code: Option<String>,
    pub(super) payee: String,
    pub(super) narration: String,
    /// Name and text.
    pub(super) notes: Vec<(&'static str, String)>,
    pub(super) tags: Vec<String>,
    pub(super) postings: Vec<Posting>,
}

/// One line of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Posting {
    pub(super) account: String,
    pub(super) amount: Decimal,
    pub(super) commodity: String,
    pub(super) value: PostingValue,
    /// The tool can compute the amount, with its own rounding.
    pub(super) computed: bool,
}

/// The value of a posting's units in money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PostingValue {
    /// They are money, or have no known cost.
    None,
    /// Units of a lot; with the price of one unit where they are sold.
    Lot { cost: LotCost, currency: String, price: Option<Decimal> },
    /// Traded for a total.
    Total { total: Decimal, currency: String },
}

impl Entry {
    pub(super) fn plain(date: NaiveDate, flag: char, payee: &str) -> Self {
        Self {
            date,
            flag,
            code: None,
            payee: payee.to_owned(),
            narration: String::new(),
            notes: Vec::new(),
            tags: Vec::new(),
            postings: Vec::new(),
        }
    }

    /// The entry of a row. `lots` are those of the row's security in its account; `None` writes trades at their total, for a
    /// selection of rows.
    pub(super) fn of(row: &LedgerEntry, names: &mut Names, lots: Option<&mut Lots>) -> Self {
        let facts = &row.transaction.facts;
        let description = facts.description();
        let narration =
            if description == row.payee() { facts.memo.as_deref().unwrap_or_default() } else { description };
        let texts = [("memo", facts.memo.as_deref()), ("note", row.user.note.as_deref())];
        let mut entry = Self {
            date: facts.date,
            flag: if facts.status == TransactionStatus::Settled { '*' } else { '!' },
            code: Some(facts.provider_id.as_deref().map_or_else(|| row.transaction.id.to_string(), ToOwned::to_owned)),
            payee: row.payee().to_owned(),
            narration: narration.to_owned(),
            notes: texts.into_iter().filter_map(|(name, text)| Some((name, text?.to_owned()))).collect(),
            tags: row.user.tags.clone(),
            postings: Vec::new(),
        };
        entry.notes.push(("dashtam_id", row.transaction.id.to_string()));
        let counter = counter(row);
        let counter = names.path(&counter.iter().map(String::as_str).collect::<Vec<_>>());
        let mut balance = Balance::new(names, row.transaction.account_id, facts.currency);
        balance.row(facts, lots, counter);
        entry.postings = balance.postings;
        entry
    }

    /// Units that a position gains or loses, against one account.
    pub(super) fn units(
        &mut self,
        names: &mut Names,
        account: AccountId,
        movement: &Movement,
        moved: &Moved,
        counter: &str,
    ) {
        let mut balance = Balance::new(names, account, movement.currency);
        balance.units(movement, moved);
        balance.close(counter, counter);
        self.postings.append(&mut balance.postings);
    }

    /// Money that an account gains, against another account.
    pub(super) fn money(&mut self, account: String, amount: Decimal, commodity: &str, counter: String) {
        for (account, amount) in [(account, amount), (counter, -amount)] {
            let commodity = commodity.to_owned();
            self.postings.push(Posting { account, amount, commodity, value: PostingValue::None, computed: false });
        }
    }
}

/// Collects postings and what they lack to balance.
struct Balance<'a> {
    names: &'a mut Names,
    own: String,
    currency: AssetCode,
    postings: Vec<Posting>,
    /// Sums by commodity, and whether they are computed from the cost of lots.
    sums: Vec<(String, Decimal, bool)>,
}

impl<'a> Balance<'a> {
    fn new(names: &'a mut Names, account: AccountId, currency: AssetCode) -> Self {
        let own = names.own(account);
        Self { names, own, currency, postings: Vec::new(), sums: Vec::new() }
    }

    fn row(&mut self, facts: &TransactionFacts, lots: Option<&mut Lots>, counter: String) {
        let cash = if moves_balance(facts.status, facts.kind.subtype()) || facts.status == TransactionStatus::Pending {
            facts.amount
        } else {
            Decimal::ZERO
        };
        let Some(movement) = Movement::of(facts) else {
            if facts.kind.subtype() == TransactionSubtype::Journal {
                // Between parts of the account: in and out.
                self.post(self.own.clone(), facts.amount, PostingValue::None);
                return self.close(&self.own.clone(), &counter);
            }
            self.post(self.own.clone(), cash, PostingValue::None);
            return self.close(&counter, &counter);
        };
        if !cash.is_zero() {
            self.post(self.own.clone(), cash, PostingValue::None);
        }
        let moved = if let Some(lots) = lots { movement.apply(lots) } else { self.at_total(&movement) };
        self.units(&movement, &moved);
        let counter = match movement.way {
            MovementWay::Reinvestment => self.names.path(&["Income", "Dividends"]),
            MovementWay::Split => self.names.path(&["Equity", "Corporate actions"]),
            MovementWay::Trade | MovementWay::InKind => counter,
        };
        let is_gain = movement.way == MovementWay::Trade && moved.closed.iter().any(|lot| lot.cost.is_some());
        let money = if is_gain { self.names.path(&["Income", "Capital gains"]) } else { counter.clone() };
        self.close(&money, &counter);
    }

    /// Without lots: the units for the amount of the row.
    fn at_total(&mut self, movement: &Movement) -> Moved {
        let is_paid = movement.amount.is_sign_negative() != movement.units.is_sign_negative();
        let is_priced = movement.way == MovementWay::Trade && is_paid || movement.way == MovementWay::Reinvestment;
        if !is_priced || movement.amount.is_zero() {
            return movement.apply(&mut Lots::default());
        }
        let value = self.total(movement.amount.abs());
        let commodity = self.names.security(&movement.symbol, movement.asset_type);
        self.post_units(movement.units, commodity, value);
        Moved::default()
    }

    fn total(&mut self, total: Decimal) -> PostingValue {
        let currency = self.names.currency(self.currency);
        PostingValue::Total { total: at_scale_of(total, self.currency), currency }
    }

    fn units(&mut self, movement: &Movement, moved: &Moved) {
        let commodity = self.names.security(&movement.symbol, movement.asset_type);
        let is_sale = movement.way == MovementWay::Trade;
        let price = movement.amount.abs().checked_div(movement.units.abs()).filter(|_| is_sale);
        // Lots without a cost share the amount of the trade by their units.
        let is_paid = movement.amount.is_sign_negative() != movement.units.is_sign_negative();
        for lot in &moved.closed {
            let value = match lot.cost {
                Some(cost) => {
                    let price = price.filter(|_| cost.currency == movement.currency);
                    PostingValue::Lot { cost, currency: self.names.currency(cost.currency), price }
                }
                None if is_sale && is_paid && !movement.amount.is_zero() => {
                    let all = lot.units == -movement.units;
                    let digits = self.currency.display_digits().max(movement.amount.scale());
                    let part = price.and_then(|price| price.checked_mul(lot.units.abs()));
                    let part = part.unwrap_or_default().round_dp(digits);
                    self.total(if all { movement.amount.abs() } else { part })
                }
                None => PostingValue::None,
            };
            self.post_units(-lot.units, commodity.clone(), value);
        }
        for lot in &moved.opened {
            let value = match lot.cost {
                Some(cost) => PostingValue::Lot { cost, currency: self.names.currency(cost.currency), price: None },
                None => PostingValue::None,
            };
            self.post_units(lot.units, commodity.clone(), value);
        }
    }

    fn post(&mut self, account: String, amount: Decimal, value: PostingValue) {
        let commodity = self.names.currency(self.currency);
        let amount = at_scale_of(amount, self.currency);
        self.add(&commodity, amount, false);
        self.postings.push(Posting { account, amount, commodity, value, computed: false });
    }

    fn post_units(&mut self, units: Decimal, commodity: String, value: PostingValue) {
        let signed = |total: Decimal| if units.is_sign_negative() { -total } else { total };
        match &value {
            PostingValue::None => self.add(&commodity, units, false),
            PostingValue::Lot { cost, currency, .. } => self.add(currency, signed(cost.total), true),
            PostingValue::Total { total, currency } => self.add(currency, signed(*total), false),
        }
        let (account, amount) = (self.own.clone(), units.normalize());
        self.postings.push(Posting { account, amount, commodity, value, computed: false });
    }

    fn add(&mut self, commodity: &str, amount: Decimal, of_lot: bool) {
        match self.sums.iter_mut().find(|(known, ..)| known == commodity) {
            Some((_, sum, lots)) => {
                *sum = sum.saturating_add(amount);
                *lots |= of_lot;
            }
            None => self.sums.push((commodity.to_owned(), amount, of_lot)),
        }
    }

    /// Balances with one posting per commodity that is left over: money to one account, units to another.
    fn close(&mut self, money: &str, units: &str) {
        let currency = self.names.currency(self.currency);
        let sums = std::mem::take(&mut self.sums);
        let computable = sums.iter().filter(|(_, _, of_lot)| *of_lot).count() == 1;
        let single = self.postings.len() == 1;
        for (commodity, sum, of_lot) in sums {
            // The costs of lots are rounded by each tool, so the rest is left to it.
            if sum.is_zero() && !single && !of_lot {
                continue;
            }
            let account = if of_lot || commodity == currency { money } else { units };
            if sum.is_zero() && of_lot && self.postings.iter().all(|posting| !is_rounded(posting)) {
                continue;
            }
            let computed = of_lot && computable;
            let (account, amount) = (account.to_owned(), -sum);
            self.postings.push(Posting { account, amount, commodity, value: PostingValue::None, computed });
        }
    }
}

/// Whether the cost of the units by their unit cost differs from the total.
fn is_rounded(posting: &Posting) -> bool {
    matches!(&posting.value, PostingValue::Lot { cost, .. } if cost.unit.checked_mul(posting.amount.abs()) != Some(cost.total))
}

/// The account at the other side of a row.
fn counter(row: &LedgerEntry) -> Vec<String> {
    let facts = &row.transaction.facts;
    let (of_type, subtype) = (facts.kind.transaction_type(), facts.kind.subtype());
    let side = match of_type {
        TransactionType::Income => "Income",
        TransactionType::Fee | TransactionType::Tax => "Expenses",
        TransactionType::Payment if subtype != TransactionSubtype::Unknown => "Expenses",
        _ if facts.amount.is_sign_negative() => "Expenses",
        _ => "Income",
    };
    let parts: &[&str] = match (of_type, subtype) {
        (TransactionType::Income, TransactionSubtype::Dividend) => &["Income", "Dividends"],
        (TransactionType::Income, TransactionSubtype::Interest) => &["Income", "Interest"],
        (TransactionType::Income, TransactionSubtype::CapitalGain) => &["Income", "Capital gains"],
        (TransactionType::Income, TransactionSubtype::Distribution) => &["Income", "Distributions"],
        (TransactionType::Income, TransactionSubtype::StakingReward) => &["Income", "Staking rewards"],
        (TransactionType::Income, _) => &["Income", "Other"],
        (TransactionType::Fee, TransactionSubtype::Commission) => &["Expenses", "Fees", "Commission"],
        (TransactionType::Fee, TransactionSubtype::AccountFee) => &["Expenses", "Fees", "Account"],
        (TransactionType::Fee, TransactionSubtype::MarginInterest) => &["Expenses", "Fees", "Margin interest"],
        (TransactionType::Fee, _) => &["Expenses", "Fees", "Other"],
        (TransactionType::Tax, _) => &["Expenses", "Taxes"],
        (TransactionType::Payment, TransactionSubtype::Check) => &["Expenses", "Checks"],
        (TransactionType::Payment, _) => &["Expenses", "Purchases"],
        (TransactionType::Transfer, _) => &["Equity", "Transfers"],
        (TransactionType::Conversion, _) => &["Equity", "Conversions"],
        (TransactionType::Trade, _) => &["Equity", "Trades"],
        (TransactionType::CorporateAction, _) => &["Equity", "Corporate actions"],
        (TransactionType::Other, TransactionSubtype::Adjustment) => &["Equity", "Adjustments"],
        (TransactionType::Other, _) => &[side, "Unknown"],
    };
    match &row.user.category {
        Some(category) if !category.trim().is_empty() => {
            let own = category.split(':').map(str::trim).filter(|part| !part.is_empty()).map(ToOwned::to_owned);
            std::iter::once(side.to_owned()).chain(own).collect()
        }
        _ => parts.iter().map(|part| (*part).to_owned()).collect(),
    }
}
