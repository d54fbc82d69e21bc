//! Balances between snapshots: the running balance behind each row, and whether statements add up.
//!
//! Both stand on settled rows in the currency of the balance. In an account that holds securities the cash part of the
//! balance is meant; where the institution doesn't tell it, nothing is known.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{ListRequest, Sort, View, error::Result};
use crate::{
    columns::Columns,
    domain::{AccountCategory, AccountId, AssetCode, Money, Snapshot, TransactionStatus},
};

/// One balance held against the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check {
    /// The day of the balance before.
    pub from: NaiveDate,
    /// The day of this balance.
    pub to: NaiveDate,
    /// The balance before and all rows since.
    pub expected: Money,
    /// The balance as stated.
    pub stated: Money,
}

impl Check {
    /// Whether it adds up.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.expected == self.stated
    }

    /// What is stated beyond what rows explain; none when that has too many digits.
    #[must_use]
    pub fn difference(&self) -> Option<Money> {
        self.stated.try_sub(self.expected).ok()
    }
}

/// What rows change, as far as a snapshot speaks of it.
fn base(snapshot: &Snapshot, category: AccountCategory) -> Option<Decimal> {
    match (category, snapshot.holdings_value) {
        (AccountCategory::Investment, _) => snapshot.cash_value,
        (_, Some(value)) if !value.is_zero() => snapshot.cash_value,
        _ => Some(snapshot.balance),
    }
}

impl View {
    /// The balance after each row of an account, newest first as [`View::list`] gives them without a query; none for rows
    /// that don't count (pending, failed, withdrawn, in another currency) and where the balance is not known. It starts
    /// from the newest snapshot: rows up to its day lead back from it, later ones come on top.
    pub fn running_balance(&self, account: AccountId) -> Result<Vec<Option<Decimal>>> {
        let category = self.account(account).map(|line| line.account.kind().category());
        let snapshot = self.inner.reader.latest_snapshot(account)?;
        let request = ListRequest { account: Some(account), sort: Sort::default(), ..ListRequest::default() };
        let mut rows = Vec::new();
        if let Some(columns) = self.columns() {
            let place = columns.account_table().iter().position(|id| *id == account);
            let own = |row: &&u32| Some(usize::from(columns.accounts()[**row as usize])) == place;
            rows.extend(columns.newest_first().iter().filter(own).map(|row| row_of(columns, *row)));
        } else {
            let listing = self.list(&request)?;
            for entry in self.entries(&listing, 0, listing.len())? {
                let facts = entry.transaction.facts;
                rows.push(Row {
                    date: facts.date,
                    amount: facts.amount,
                    currency: facts.currency,
                    status: facts.status,
                });
            }
        }
        let known = snapshot
            .as_ref()
            .zip(category)
            .and_then(|(snapshot, category)| Some((snapshot.date, snapshot.currency, base(snapshot, category)?)));
        Ok(match known {
            Some((date, currency, balance)) => running(&rows, date, currency, balance),
            None => vec![None; rows.len()],
        })
    }

    /// Every balance of an account held against the one before; the last is the mark of the account. Empty with fewer
    /// than two balances, or where the cash part is not known.
    pub fn checks(&self, account: AccountId) -> Result<Vec<Check>> {
        self.checks_of(account, &self.snapshots(account)?)
    }

    /// Whether the newest balance of an account is the one before and the rows since.
    pub fn check(&self, account: AccountId) -> Result<Option<Check>> {
        let snapshots = self.snapshots(account)?;
        let newest = &snapshots[snapshots.len().saturating_sub(2)..];
        Ok(self.checks_of(account, newest)?.pop())
    }

    fn checks_of(&self, account: AccountId, snapshots: &[Snapshot]) -> Result<Vec<Check>> {
        let (Some(line), [first, .., last]) = (self.account(account), snapshots) else { return Ok(Vec::new()) };
        let Some(after) = first.date.succ_opt() else { return Ok(Vec::new()) };
        let rows = self.inner.reader.rows_between(account, after, last.date)?;
        let rows: Vec<_> = rows
            .iter()
            .map(|row| &row.facts)
            .map(|facts| Row { date: facts.date, amount: facts.amount, currency: facts.currency, status: facts.status })
            .collect();
        Ok(checks(&rows, snapshots, line.account.kind().category()))
    }
}

/// What of a row matters here.
#[derive(Debug, Clone, Copy)]
struct Row {
    date: NaiveDate,
    amount: Decimal,
    currency: AssetCode,
    status: TransactionStatus,
}

impl Row {
    fn counts(&self, currency: AssetCode) -> bool {
        self.status == TransactionStatus::Settled && self.currency == currency
    }
}

fn row_of(columns: &Columns, row: u32) -> Row {
    Row {
        date: columns.date(row).unwrap_or_default(),
        amount: columns.amount(row).unwrap_or_default(),
        currency: columns.unit(row).map_or(AssetCode::USD, |unit| unit.currency),
        status: columns.statuses()[row as usize],
    }
}

/// `rows` newest first.
fn running(rows: &[Row], on: NaiveDate, currency: AssetCode, balance: Decimal) -> Vec<Option<Decimal>> {
    let later = rows.iter().filter(|row| row.date > on && row.counts(currency));
    let mut after = later.map(|row| row.amount).try_fold(balance, Decimal::checked_add);
    let mut balances = Vec::with_capacity(rows.len());
    for row in rows {
        if !row.counts(currency) {
            balances.push(None);
            continue;
        }
        balances.push(after);
        after = after.and_then(|after| after.checked_sub(row.amount));
    }
    balances
}

/// `rows` by day, those after the first snapshot up to the last.
fn checks(rows: &[Row], snapshots: &[Snapshot], category: AccountCategory) -> Vec<Check> {
    let mut rows = rows.iter().peekable();
    let mut checks = Vec::new();
    for pair in snapshots.windows(2) {
        let (before, now) = (&pair[0], &pair[1]);
        let mut sum = Some(Decimal::ZERO);
        while let Some(row) = rows.next_if(|row| row.date <= now.date) {
            if row.counts(now.currency) {
                sum = sum.and_then(|sum| sum.checked_add(row.amount));
            }
        }
        let known = base(before, category).zip(base(now, category)).zip(sum);
        let Some(((start, stated), sum)) = known.filter(|_| before.currency == now.currency) else { continue };
        let Some(expected) = start.checked_add(sum) else { continue };
        let (expected, stated) = (Money::new(expected, now.currency), Money::new(stated, now.currency));
        checks.push(Check { from: before.date, to: now.date, expected, stated });
    }
    checks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ChangeId, SnapshotSource};
    use TransactionStatus::{Cancelled, Pending, Settled};

    fn day(number: i32) -> NaiveDate {
        NaiveDate::from_num_days_from_ce_opt(739_000 + number).unwrap()
    }

    fn row(date: i32, cents: i64, status: TransactionStatus) -> Row {
        Row { date: day(date), amount: Decimal::new(cents, 2), currency: AssetCode::USD, status }
    }

    fn snapshot(date: i32, cents: i64) -> Snapshot {
        Snapshot {
            account_id: AccountId(1),
            date: day(date),
            change_id: ChangeId(1),
            balance: Decimal::new(cents, 2),
            available: None,
            holdings_value: None,
            cash_value: None,
            currency: AssetCode::USD,
            source: SnapshotSource::AccountSync,
            captured_at: chrono::DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn running_balances_lead_through_the_snapshot() {
        let mut foreign = row(4, 5_000, Settled);
        foreign.currency = AssetCode::new("EUR").unwrap();
        let rows = [
            row(9, -100, Pending),
            row(8, 300, Settled),
            row(5, -1_000, Settled),
            foreign,
            row(4, 700, Cancelled),
            row(3, 2_000, Settled),
        ];
        let shown: Vec<_> = running(&rows, day(5), AssetCode::USD, Decimal::new(10_000, 2))
            .into_iter()
            .map(|balance| balance.map(|balance| balance.to_string()))
            .collect();
        let expected = [None, Some("103.00"), Some("100.00"), None, None, Some("110.00")];
        assert_eq!(shown, expected.map(|balance| balance.map(ToOwned::to_owned)));
        let huge = running(&rows, day(5), AssetCode::USD, Decimal::MAX);
        assert!(huge.iter().all(Option::is_none), "no figure rather than a wrong one");
    }

    #[test]
    fn statements_add_up_or_say_by_how_much_not() {
        let rows = [row(2, 500, Settled), row(3, -200, Settled), row(3, 900, Pending), row(6, 100, Settled)];
        let snapshots = [snapshot(1, 1_000), snapshot(3, 1_300), snapshot(7, 1_500)];
        let found = checks(&rows, &snapshots, AccountCategory::Banking);
        assert_eq!(found.iter().map(Check::agrees).collect::<Vec<_>>(), [true, false]);
        assert_eq!(found[1].difference().unwrap().to_string(), "1.00 USD");
        assert!(checks(&rows, &snapshots, AccountCategory::Investment).is_empty(), "the cash part is not known");
        assert!(checks(&rows, &snapshots[..1], AccountCategory::Banking).is_empty());
    }
}
