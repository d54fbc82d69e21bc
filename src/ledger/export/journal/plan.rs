//! Openings and stated balances: what a journal of whole accounts holds besides its rows.
//!
//! INVARIANT: after the last day every account has the balance that the ledger shows: the cash, and the units of each
//! position as it was last stated. A difference between rows and stated balances becomes a separate entry.

use std::{
    collections::{BTreeMap, HashMap},
    ops::ControlFlow,
};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{
    lots::{Lot, LotCost, Lots},
    movement::Movement,
};
use crate::{
    domain::{AccountCategory, AccountId, AssetCode, AssetType, HoldingFacts, TransactionId, TransactionStatus},
    ledger::{
        AccountLine, HoldingLine, View,
        daily::{BalanceHistory, moves_balance},
        error::Result,
    },
};

/// A position: an account and the symbol of a security.
pub(super) type PositionKey = (AccountId, String);

/// The holdings of an account before its first row.
#[derive(Debug, Clone)]
pub(super) enum Opening {
    Cash { account: AccountId, amount: Decimal, currency: AssetCode },
    Units { position: PositionKey, asset_type: Option<AssetType>, lot: Lot, currency: AssetCode },
}

/// A stated balance.
#[derive(Debug, Clone)]
pub(super) enum Check {
    Cash {
        account: AccountId,
        amount: Decimal,
        currency: AssetCode,
    },
    Units {
        position: PositionKey,
        asset_type: Option<AssetType>,
        units: Decimal,
        currency: AssetCode,
    },
    /// Units of an asset that the account's rows count as money.
    Coins {
        account: AccountId,
        amount: Decimal,
        currency: AssetCode,
    },
}

/// The price of a unit on a day.
#[derive(Debug, Clone)]
pub(super) struct Price {
    pub(super) symbol: String,
    pub(super) asset_type: AssetType,
    pub(super) of_one: Decimal,
    pub(super) currency: AssetCode,
}

/// The entries of one day that are not rows.
#[derive(Debug, Clone, Default)]
pub(super) struct PlannedDay {
    pub(super) openings: Vec<Opening>,
    pub(super) checks: Vec<Check>,
    pub(super) prices: Vec<Price>,
}

/// Openings, stated balances and prices by day.
#[derive(Debug, Default)]
pub(in crate::ledger::export) struct JournalPlan {
    pub(super) days: BTreeMap<NaiveDate, PlannedDay>,
    /// Accounts that owe units at some time.
    pub(super) shorts: Vec<AccountId>,
    /// Most digits after the point of the units of a security, by symbol.
    pub(super) digits: HashMap<String, (Option<AssetType>, u32)>,
}

/// Rows of an account, summed.
#[derive(Debug, Default)]
struct Rows {
    /// Cash by day and currency.
    cash: HashMap<AssetCode, BTreeMap<NaiveDate, Decimal>>,
    movements: HashMap<String, Vec<(NaiveDate, bool, TransactionId, Movement)>>,
    first: Option<NaiveDate>,
    last: Option<NaiveDate>,
}

impl JournalPlan {
    /// The plan for all accounts, or one.
    pub(in crate::ledger::export) fn new(view: &View, only: Option<AccountId>) -> Result<Self> {
        let mut rows: HashMap<AccountId, Rows> = HashMap::new();
        let mut digits: HashMap<String, (Option<AssetType>, u32)> = HashMap::new();
        view.inner.reader.scan(|row, _| {
            let facts = &row.facts;
            let wanted = only.is_none_or(|only| only == row.account_id)
                && view.last_day().is_none_or(|last| facts.date <= last)
                && facts.status == TransactionStatus::Settled;
            if wanted {
                let own = rows.entry(row.account_id).or_default();
                own.first = Some(own.first.map_or(facts.date, |first| first.min(facts.date)));
                own.last = own.last.max(Some(facts.date));
                if moves_balance(facts.status, facts.kind.subtype()) {
                    let sum = own.cash.entry(facts.currency).or_default().entry(facts.date).or_default();
                    *sum = sum.saturating_add(facts.amount);
                }
                if let Some(movement) = Movement::of(facts) {
                    let digits = digits.entry(movement.symbol.clone()).or_insert((movement.asset_type, 0));
                    digits.1 = digits.1.max(movement.units.normalize().scale());
                    let place = (facts.date, movement.units.is_sign_negative(), row.id, movement);
                    own.movements.entry(place.3.symbol.clone()).or_default().push(place);
                }
            }
            ControlFlow::Continue(())
        })?;
        let (daily, holdings) = (view.daily()?, view.holdings()?);
        for facts in holdings.iter().map(|line| &line.holding.facts) {
            let digits = digits.entry(facts.symbol.clone()).or_insert((Some(facts.asset_type), 0));
            digits.1 = digits.1.max(facts.quantity.normalize().scale());
        }
        let mut plan = Self { digits, ..Self::default() };
        let nothing = Rows::default();
        for line in view.accounts().iter().filter(|line| only.is_none_or(|only| only == line.account.id)) {
            let own = rows.get(&line.account.id).unwrap_or(&nothing);
            let held: Vec<&HoldingLine> =
                holdings.iter().filter(|it| it.holding.account_id == line.account.id && it.holding.is_active).collect();
            if let Some(history) = daily.history(line.account.id) {
                let checks = cash_checks(history, view.last_day(), own, &held);
                plan.cash(line, own, &checks);
                plan.positions(line, own, &held, checks.iter().map(|check| check.0).max());
            }
        }
        Ok(plan)
    }

    fn day(&mut self, day: NaiveDate) -> &mut PlannedDay {
        self.days.entry(day).or_default()
    }

    fn cash(&mut self, line: &AccountLine, rows: &Rows, checks: &[(NaiveDate, Decimal, AssetCode)]) {
        let account = line.account.id;
        let mut opened = Vec::new();
        for (date, amount, currency) in checks {
            if !opened.contains(currency) {
                opened.push(*currency);
                let days = rows.cash.get(currency);
                let before =
                    days.map(|days| days.range(..=date).fold(Decimal::ZERO, |sum, day| sum.saturating_add(*day.1)));
                let amount = amount.saturating_sub(before.unwrap_or_default());
                let first = rows.first.map_or(*date, |first| first.min(*date));
                if !amount.is_zero() {
                    let opening = Opening::Cash { account, amount, currency: *currency };
                    self.day(first.pred_opt().unwrap_or(first)).openings.push(opening);
                }
            }
            self.day(*date).checks.push(Check::Cash { account, amount: *amount, currency: *currency });
        }
    }

    fn positions(&mut self, line: &AccountLine, rows: &Rows, held: &[&HoldingLine], stated: Option<NaiveDate>) {
        let account = line.account.id;
        let mut targets: BTreeMap<&str, Target> = BTreeMap::new();
        for facts in held.iter().map(|line| &line.holding) {
            let target = targets.entry(&facts.facts.symbol).or_insert_with(|| Target::of(&facts.facts, facts.as_of));
            target.add(&facts.facts, facts.as_of);
        }
        let listed = held
            .iter()
            .map(|line| line.holding.as_of)
            .max()
            .or(stated.filter(|_| line.account.kind().category() == AccountCategory::Investment));
        for (symbol, target) in &targets {
            self.price(symbol, target);
            let coin = rows.cash.keys().find(|code| code.as_str() == *symbol && **code != line.account.currency);
            if let (Some(currency), false) = (coin, rows.movements.contains_key(*symbol)) {
                self.coins(account, rows, *currency, target);
            } else {
                let movements = rows.movements.get(*symbol).map_or(&[][..], Vec::as_slice);
                self.units(account, symbol, movements, Some(target));
            }
        }
        let gone = rows.movements.iter().filter(|(symbol, _)| !targets.contains_key(symbol.as_str()));
        let mut gone: Vec<_> = gone.collect();
        gone.sort_by_key(|(symbol, _)| symbol.as_str());
        for (symbol, movements) in gone {
            // A list of positions that lacks a security states that none is held.
            let none = listed.zip(movements.first()).map(|(on, first)| Target::none(on, &first.3));
            self.units(account, symbol, movements, none.as_ref());
        }
    }

    fn coins(&mut self, account: AccountId, rows: &Rows, currency: AssetCode, target: &Target) {
        let days = rows.cash.get(&currency);
        let moved =
            days.map(|days| days.range(..=target.on).fold(Decimal::ZERO, |sum, day| sum.saturating_add(*day.1)));
        let amount = target.units.saturating_sub(moved.unwrap_or_default());
        let first = rows.first.map_or(target.on, |first| first.min(target.on));
        if !amount.is_zero() {
            self.day(first.pred_opt().unwrap_or(first)).openings.push(Opening::Cash { account, amount, currency });
        }
        self.day(target.on).checks.push(Check::Coins { account, amount: target.units, currency });
    }

    fn units(
        &mut self,
        account: AccountId,
        symbol: &str,
        movements: &[(NaiveDate, bool, TransactionId, Movement)],
        target: Option<&Target>,
    ) {
        let mut movements: Vec<_> = movements.iter().collect();
        movements.sort_unstable_by_key(|(date, leaves, id, _)| (*date, *leaves, *id));
        let moved = |until: NaiveDate| {
            let before = movements.iter().filter(|it| it.0 <= until);
            before.fold(Decimal::ZERO, |sum, it| sum.saturating_add(it.3.units))
        };
        let opening = if let Some(target) = target {
            let missing = target.units.saturating_sub(moved(target.on));
            let before = target.units.is_zero() && missing > Decimal::ZERO
                || !target.units.is_zero() && missing.is_sign_negative() == target.units.is_sign_negative();
            if before { missing } else { Decimal::ZERO }
        } else {
            // Never fewer than none.
            let mut sum = Decimal::ZERO;
            let sums = movements.iter().map(|it| {
                sum = sum.saturating_add(it.3.units);
                sum
            });
            -sums.min().unwrap_or_default().min(Decimal::ZERO)
        };
        let first = movements.iter().map(|it| it.0).chain(target.map(|target| target.on)).min();
        let Some(first) = first else { return };
        let before = first.pred_opt().unwrap_or(first);
        let currency = target.map(|target| target.currency).or(movements.first().map(|it| it.3.currency));
        let Some(currency) = currency else { return };
        let asset_type =
            target.and_then(|target| target.asset_type).or(movements.first().and_then(|it| it.3.asset_type));
        let position = (account, symbol.to_owned());
        let mut lots = Lots::default();
        lots.add(Lot { units: opening, cost: None });
        let mut is_short = opening.is_sign_negative();
        for it in movements.iter().filter(|it| target.is_none_or(|target| it.0 <= target.on)) {
            it.3.apply(&mut lots);
            is_short |= lots.units().is_sign_negative();
        }
        if is_short && !self.shorts.contains(&account) {
            self.shorts.push(account);
        }
        if !opening.is_zero() {
            let cost = target.and_then(|target| target.opening_cost(&lots, opening, before));
            let lot = Lot { units: opening, cost };
            let opening = Opening::Units { position: position.clone(), asset_type, lot, currency };
            self.day(before).openings.push(opening);
        }
        if let Some(target) = target {
            let check = Check::Units { position, asset_type, units: target.units, currency };
            self.day(target.on).checks.push(check);
        }
    }

    fn price(&mut self, symbol: &str, target: &Target) {
        let (Some(value), Some(asset_type)) = (target.value, target.asset_type) else { return };
        let Some(price) = value.checked_div(target.units).filter(|price| *price > Decimal::ZERO) else { return };
        let known = |known: &Price| known.symbol == symbol && known.currency == target.currency;
        let day = self.day(target.on);
        if !day.prices.iter().any(known) {
            let (symbol, currency) = (symbol.to_owned(), target.currency);
            day.prices.push(Price { symbol, asset_type, of_one: price.normalize(), currency });
        }
    }
}

/// A position as it was last stated.
#[derive(Debug)]
struct Target {
    on: NaiveDate,
    units: Decimal,
    value: Option<Decimal>,
    cost: Option<Decimal>,
    currency: AssetCode,
    asset_type: Option<AssetType>,
}

impl Target {
    fn of(facts: &HoldingFacts, on: NaiveDate) -> Self {
        Self {
            on,
            units: Decimal::ZERO,
            value: Some(Decimal::ZERO),
            cost: Some(Decimal::ZERO),
            currency: facts.currency,
            asset_type: Some(facts.asset_type),
        }
    }

    fn none(on: NaiveDate, movement: &Movement) -> Self {
        let (units, currency, asset_type) = (Decimal::ZERO, movement.currency, movement.asset_type);
        Self { on, units, value: None, cost: None, currency, asset_type }
    }

    /// Adds a position in the same security: of another source of money.
    fn add(&mut self, facts: &HoldingFacts, on: NaiveDate) {
        let sum = |sum: Option<Decimal>, own: Option<Decimal>| sum?.checked_add(own?);
        self.on = self.on.max(on);
        self.units = self.units.saturating_add(facts.quantity);
        self.value = sum(self.value, facts.value());
        self.cost = sum(self.cost, facts.cost_basis);
    }

    /// The cost of the units held before the first row: of the part that is left of them, the stated cost less that of the
    /// lots bought since. `lots` are those at the end.
    fn opening_cost(&self, lots: &Lots, opening: Decimal, since: NaiveDate) -> Option<LotCost> {
        let left = lots.iter().next().filter(|lot| lot.cost.is_none())?;
        let mut rest = self.cost?.abs();
        for lot in lots.iter().skip(1) {
            let cost = lot.cost.filter(|cost| cost.currency == self.currency)?;
            rest = rest.checked_sub(cost.total)?;
        }
        if left.units == opening {
            return LotCost::new(rest, opening, self.currency, since);
        }
        let part = LotCost::new(rest, left.units, self.currency, since)?;
        let total = part.unit.checked_mul(opening.abs())?.round_dp(self.currency.display_digits());
        Some(LotCost { total, ..part })
    }
}

/// The days with a known balance of cash.
fn cash_checks(
    history: &BalanceHistory,
    until: Option<NaiveDate>,
    rows: &Rows,
    held: &[&HoldingLine],
) -> Vec<(NaiveDate, Decimal, AssetCode)> {
    let stated: Vec<_> =
        history.stated().iter().filter(|stated| until.is_none_or(|until| stated.date <= until)).collect();
    let Some(last) = stated.last() else { return Vec::new() };
    // Without positions the whole balance is cash.
    let whole = held.is_empty() && rows.movements.is_empty();
    let mut checks: Vec<_> = stated
        .iter()
        .filter_map(|stated| {
            let amount = if whole && stated.securities.is_some() { Some(stated.total) } else { stated.cash };
            Some((stated.date, amount?, stated.currency))
        })
        .collect();
    if last.cash.is_none() {
        let value = held.iter().try_fold(Decimal::ZERO, |sum, line| {
            let facts = &line.holding.facts;
            sum.checked_add(facts.value().filter(|_| facts.currency == last.currency)?)
        });
        let on = rows.last.map_or(last.date, |row| row.max(last.date));
        if let Some(cash) = value.and_then(|value| last.total.checked_sub(value)) {
            checks.push((on, cash, last.currency));
        }
    }
    checks
}
