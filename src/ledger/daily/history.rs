//! The balances of one account by day.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{Standing, flow::Flow};
use crate::{
    domain::{AccountCategory, AccountId, AssetCode, ChangeId, Money, Snapshot, SnapshotSource},
    ledger::AccountLine,
};

/// A balance that an institution or the user stated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BalanceStatement {
    /// The day, at whose end it holds.
    pub date: NaiveDate,
    /// The whole balance; negative when owed.
    pub total: Decimal,
    /// The part that rows change: the whole, or the cash of an account with securities. `None` if it was not stated.
    pub cash: Option<Decimal>,
    /// The part in securities; `None` if there is none.
    pub securities: Option<Decimal>,
    /// Whether the total is that of cash and securities, even where there are none.
    pub is_split: bool,
    /// Money that can be spent; on a card the credit left.
    pub available: Option<Decimal>,
    /// The currency of all figures.
    pub currency: AssetCode,
    /// The change that wrote it.
    pub change_id: ChangeId,
    /// The kind of change.
    pub source: SnapshotSource,
}

impl BalanceStatement {
    fn new(snapshot: &Snapshot, category: AccountCategory) -> Self {
        let securities = snapshot.holdings_value.filter(|value| !value.is_zero());
        let is_split = category == AccountCategory::Investment || securities.is_some();
        let cash = if is_split { snapshot.cash_value } else { Some(snapshot.balance) };
        // The rest of the total is in securities, so that cash and securities always make up the total.
        let securities = cash.filter(|_| is_split).and_then(|cash| snapshot.balance.checked_sub(cash));
        Self {
            date: snapshot.date,
            total: snapshot.balance,
            cash,
            securities: securities.filter(|value| !value.is_zero()),
            is_split,
            available: snapshot.available,
            currency: snapshot.currency,
            change_id: snapshot.change_id,
            source: snapshot.source,
        }
    }
}

/// The securities in a balance, carried at their last stated value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CarriedSecurities {
    /// Their value.
    pub value: Decimal,
    /// The day of the value.
    pub as_of: NaiveDate,
}

/// The balance of an account at the end of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DailyBalance {
    /// The day.
    pub date: NaiveDate,
    /// Owned, or owed when negative.
    pub balance: Money,
    /// The evidence behind it.
    pub standing: Standing,
    /// For [`Standing::Gap`]: the next stated balance less the one before and the rows between; never zero.
    pub gap: Option<Decimal>,
    /// The stated balance that the figure starts from.
    pub stated_on: NaiveDate,
    /// The newest day on or before `date` with a stated balance or a row: the age of the figure.
    pub as_of: NaiveDate,
    /// The rows added since (or, before the first stated balance, taken off): the difference to the stated balance.
    pub rows: Decimal,
    /// Whether rows are part of the figure; `false` also where an account has none.
    pub rows_count: bool,
    /// The part in securities.
    pub securities: Option<CarriedSecurities>,
    /// Money that can be spent, as stated; `None` once a row followed.
    pub available: Option<Decimal>,
}

/// One stated balance compared with the one before.
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
    /// Whether both are equal.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.expected == self.stated
    }

    /// Stated less expected; `None` if it has too many digits.
    #[must_use]
    pub fn difference(&self) -> Option<Money> {
        self.stated.try_sub(self.expected).ok()
    }
}

/// The balances of one account.
#[derive(Debug, Clone)]
pub struct BalanceHistory {
    account: AccountId,
    currency: AssetCode,
    category: AccountCategory,
    /// By ascending day.
    stated: Vec<BalanceStatement>,
    /// By currency of stated balances.
    flows: Vec<(AssetCode, Flow)>,
    /// `checks[n]` compares `stated[n]` with `stated[n + 1]`; `None` where they can't be compared.
    checks: Vec<Option<Check>>,
    /// Whether it counts in sums on any day.
    counts: bool,
    /// The last day on which it counts; `None` if it is open.
    ends: Option<NaiveDate>,
}

impl BalanceHistory {
    pub(super) fn new(line: &AccountLine, snapshots: &[Snapshot], flows: Vec<(AssetCode, Flow)>) -> Self {
        let category = line.account.kind().category();
        let mut history = Self {
            account: line.account.id,
            currency: snapshots.last().map_or(line.account.currency, |newest| newest.currency),
            category,
            stated: snapshots.iter().map(|snapshot| BalanceStatement::new(snapshot, category)).collect(),
            flows,
            checks: Vec::new(),
            counts: line.connection.counts(),
            ends: None,
        };
        history.checks = history.stated.windows(2).map(|pair| history.compare(&pair[0], &pair[1])).collect();
        if !line.account.is_active {
            history.ends = history.evidence(NaiveDate::MAX).or(Some(NaiveDate::MIN));
        }
        history
    }

    fn compare(&self, before: &BalanceStatement, now: &BalanceStatement) -> Option<Check> {
        let flow = self.flow(before.currency)?;
        // Without a single row there is nothing to add up: such an account has balances only.
        if flow.is_empty() || before.currency != now.currency {
            return None;
        }
        let expected = before.cash?.checked_add(flow.between(before.date, now.date)?)?;
        let (expected, stated) = (Money::new(expected, now.currency), Money::new(now.cash?, now.currency));
        Some(Check { from: before.date, to: now.date, expected, stated })
    }

    fn flow(&self, currency: AssetCode) -> Option<&Flow> {
        self.flows.iter().find(|(own, _)| *own == currency).map(|(_, flow)| flow)
    }

    /// The account.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// The currency of the newest stated balance, else of the account.
    #[must_use]
    pub const fn currency(&self) -> AssetCode {
        self.currency
    }

    /// The class of the account.
    #[must_use]
    pub const fn category(&self) -> AccountCategory {
        self.category
    }

    /// The stated balances, oldest first.
    #[must_use]
    pub fn stated(&self) -> &[BalanceStatement] {
        &self.stated
    }

    /// The comparisons of neighbouring stated balances, oldest first.
    #[must_use]
    pub fn checks(&self) -> impl DoubleEndedIterator<Item = &Check> {
        self.checks.iter().flatten()
    }

    /// `comparisons()[n]` compares `stated()[n]` with `stated()[n + 1]`; `None` where they can't be compared.
    #[must_use]
    pub fn comparisons(&self) -> &[Option<Check>] {
        &self.checks
    }

    /// Whether the account counts in sums on a day: its connection is not ended, and it was not closed before.
    #[must_use]
    pub fn counts_on(&self, day: NaiveDate) -> bool {
        self.counts && self.ends.is_none_or(|ends| day <= ends)
    }

    /// The first day with a known balance.
    #[must_use]
    pub fn first(&self) -> Option<NaiveDate> {
        let stated = self.stated.first()?;
        let rows = self.flow(stated.currency).and_then(Flow::first);
        match rows.filter(|rows| *rows < stated.date) {
            Some(rows) if self.on(rows).is_some() => Some(rows),
            _ => Some(stated.date),
        }
    }

    /// The day of the oldest row that moves its balance.
    #[must_use]
    pub fn first_row(&self) -> Option<NaiveDate> {
        self.flow(self.stated.first().map_or(self.currency, |stated| stated.currency)).and_then(Flow::first)
    }

    /// The newest day on or before `day` with a row that moves its balance.
    #[must_use]
    pub fn newest_row(&self, day: NaiveDate) -> Option<NaiveDate> {
        self.flow(self.currency).and_then(|flow| flow.newest(day))
    }

    /// The newest day on or before `day` with a stated balance or a row.
    fn evidence(&self, day: NaiveDate) -> Option<NaiveDate> {
        let later = self.stated.partition_point(|stated| stated.date <= day);
        let stated = later.checked_sub(1).map(|place| self.stated[place].date);
        let rows = self.flows.iter().filter_map(|(_, flow)| flow.newest(day)).max();
        stated.max(rows)
    }

    /// Whether rows move the balance of a day: the stated balance that its figure starts from names the cash.
    #[must_use]
    pub fn has_cash(&self, day: NaiveDate) -> bool {
        let later = self.stated.partition_point(|stated| stated.date <= day);
        self.stated.get(later.saturating_sub(1)).is_some_and(|stated| stated.cash.is_some())
    }

    /// The sum of the rows after one day up to and including another, in the currency of the balance.
    #[must_use]
    pub fn rows_between(&self, after: NaiveDate, to: NaiveDate) -> Option<Money> {
        let sum = self.flow(self.currency).map_or(Some(Decimal::ZERO), |flow| flow.between(after, to))?;
        Some(Money::new(sum, self.currency))
    }

    /// The balance at the end of a day; `None` while it is unknown.
    #[must_use]
    pub fn on(&self, day: NaiveDate) -> Option<DailyBalance> {
        let later = self.stated.partition_point(|stated| stated.date <= day);
        match later.checked_sub(1) {
            Some(place) => self.forward(place, day),
            None => self.backward(day),
        }
    }

    /// From the stated balance at `place` on.
    fn forward(&self, place: usize, day: NaiveDate) -> Option<DailyBalance> {
        let stated = &self.stated[place];
        let rows = match (stated.cash, self.flow(stated.currency)) {
            (Some(_), Some(flow)) => flow.between(stated.date, day)?,
            _ => Decimal::ZERO,
        };
        let check = self.checks.get(place).copied().flatten();
        let gap = check.filter(|check| !check.agrees()).and_then(|check| check.difference());
        let standing = if stated.date == day {
            Standing::Stated
        } else if gap.is_some() {
            Standing::Gap
        } else if check.is_some() && stated.securities.is_none() {
            Standing::Proven
        } else {
            Standing::Derived
        };
        let gap = gap.filter(|_| standing == Standing::Gap).map(|gap| gap.amount);
        self.figure(stated, day, rows, standing, gap)
    }

    /// Before the first stated balance: as far back as there are rows, in an account without securities.
    fn backward(&self, day: NaiveDate) -> Option<DailyBalance> {
        let stated = self.stated.first().filter(|stated| stated.cash.is_some() && stated.securities.is_none())?;
        let flow = self.flow(stated.currency)?;
        flow.first().filter(|first| *first <= day)?;
        let rows = -flow.between(day, stated.date)?;
        self.figure(stated, day, rows, Standing::Derived, None)
    }

    fn figure(
        &self,
        stated: &BalanceStatement,
        date: NaiveDate,
        rows: Decimal,
        standing: Standing,
        gap: Option<Decimal>,
    ) -> Option<DailyBalance> {
        let total = stated.total.checked_add(rows)?;
        Some(DailyBalance {
            date,
            balance: Money::new(total, stated.currency),
            standing,
            gap,
            stated_on: stated.date,
            as_of: self.evidence(date).unwrap_or(stated.date),
            rows,
            rows_count: stated.cash.is_some()
                && self.flow(stated.currency).is_some_and(|flow| {
                    flow.newest(stated.date.max(date)).is_some_and(|newest| newest > stated.date.min(date))
                }),
            securities: stated.securities.map(|value| CarriedSecurities { value, as_of: stated.date }),
            available: stated.available.filter(|_| rows.is_zero() && stated.date <= date),
        })
    }

    /// The balance before the first row: what the account held when its rows begin. `None` if it is unknown.
    #[must_use]
    pub fn opening(&self) -> Option<(NaiveDate, Money)> {
        let first = self.first_row().into_iter().chain(self.stated.first().map(|stated| stated.date)).min()?;
        let figure = self.on(first)?;
        let flow = self.flow(figure.balance.currency);
        let moved = flow.map_or(Some(Decimal::ZERO), |flow| flow.between(first.pred_opt()?, first))?;
        let cash = figure.balance.amount.checked_sub(figure.securities.map_or(Decimal::ZERO, |held| held.value))?;
        Some((first, Money::new(cash.checked_sub(moved)?, figure.balance.currency)))
    }
}
