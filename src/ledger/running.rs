//! The running balance: the balance after each row of an account.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{BalanceHistory, Check, ListRequest, Sort, View, daily::moves_balance, error::Result};
use crate::domain::{AccountId, AssetCode};

impl View {
    /// The balance after each row of an account, newest first as [`View::list`] returns them without a query: after the last
    /// row of a day it is the balance of that day ([`BalanceHistory::on`]), of an account with securities its cash. `None` for rows
    /// that do not move the balance and where the balance is unknown.
    ///
    /// # Errors
    /// As [`View::daily`].
    pub fn running_balance(&self, account: AccountId) -> Result<Vec<Option<Decimal>>> {
        let daily = self.daily()?;
        let Some(history) = daily.history(account) else { return Ok(Vec::new()) };
        let mut rows = Vec::new();
        if let Some(columns) = self.columns() {
            let place = columns.account_table().iter().position(|id| *id == account);
            for &row in columns.newest_first() {
                let at = row as usize;
                if Some(usize::from(columns.accounts()[at])) == place {
                    rows.push(Row {
                        date: columns.date(row).unwrap_or_default(),
                        amount: columns.amount(row).unwrap_or_default(),
                        currency: columns.unit(row).map_or(history.currency(), |unit| unit.currency),
                        moves: moves_balance(columns.statuses()[at], columns.subtypes()[at]),
                    });
                }
            }
        } else {
            let request = ListRequest { account: Some(account), sort: Sort::default(), ..ListRequest::default() };
            let listed = self.list(&request)?;
            for entry in self.entries(&listed, 0, listed.len())? {
                let facts = entry.transaction.facts;
                rows.push(Row {
                    date: facts.date,
                    amount: facts.amount,
                    currency: facts.currency,
                    moves: moves_balance(facts.status, facts.kind.subtype()),
                });
            }
        }
        Ok(running(&rows, history))
    }

    /// Every stated balance of an account compared with the one before, oldest first. Empty while rows are not loaded.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn checks(&self, account: AccountId) -> Result<Vec<Check>> {
        let daily = self.daily_or_stated()?;
        Ok(daily.history(account).map(|history| history.checks().copied().collect()).unwrap_or_default())
    }

    /// The newest stated balance of an account compared with the one before.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn check(&self, account: AccountId) -> Result<Option<Check>> {
        let daily = self.daily_or_stated()?;
        Ok(daily.history(account).and_then(|history| history.comparisons().last().copied().flatten()))
    }
}

/// The parts of a row that matter to a balance.
#[derive(Debug, Clone, Copy)]
struct Row {
    date: NaiveDate,
    amount: Decimal,
    currency: AssetCode,
    moves: bool,
}

/// `rows` newest first.
fn running(rows: &[Row], history: &BalanceHistory) -> Vec<Option<Decimal>> {
    let mut balances = Vec::with_capacity(rows.len());
    let mut day: Option<(NaiveDate, AssetCode, Option<Decimal>)> = None;
    for row in rows {
        let (_, currency, after) = match day {
            Some(known) if known.0 == row.date => known,
            _ => {
                let figure = history.on(row.date);
                let cash = figure.and_then(|figure| {
                    let securities = figure.securities.map_or(Decimal::ZERO, |held| held.value);
                    figure.balance.amount.checked_sub(securities)
                });
                let known = cash.filter(|_| history.has_cash(row.date));
                (row.date, figure.map_or(history.currency(), |figure| figure.balance.currency), known)
            }
        };
        if row.moves && row.currency == currency {
            balances.push(after);
            day = Some((row.date, currency, after.and_then(|after| after.checked_sub(row.amount))));
        } else {
            balances.push(None);
            day = Some((row.date, currency, after));
        }
    }
    balances
}
