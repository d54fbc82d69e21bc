//! Daily balances against a brute-force model, and the causes of gaps.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::{
    domain::{ChangeKind, Kind, Snapshot, TransactionFacts, TransactionId},
    ledger::tests::{change, day, facts, loaded, snapshot, store},
    store::Store,
};

/// A row as the model sees it: day, cents, whether it is booked.
type ModelRow = (i32, i64, bool);

#[derive(Debug, Clone)]
struct Model {
    rows: Vec<ModelRow>,
    /// Day to cents.
    stated: BTreeMap<i32, i64>,
}

impl Model {
    /// The rows after one day up to another, added one by one.
    fn sum(&self, after: i32, to: i32) -> i64 {
        self.rows.iter().filter(|(day, _, booked)| *booked && *day > after && *day <= to).map(|row| row.1).sum()
    }

    /// Balance, standing and gap of a day.
    fn on(&self, day: i32) -> Option<(i64, Standing, Option<i64>)> {
        let has_rows = self.rows.iter().any(|row| row.2);
        let before = self.stated.range(..=day).next_back();
        let after = self.stated.range(day + 1..).next();
        match (before, after) {
            (Some((stated_on, balance)), _) if *stated_on == day => Some((*balance, Standing::Stated, None)),
            (Some((from, balance)), after) => {
                let figure = balance + self.sum(*from, day);
                let Some((to, stated)) = after.filter(|_| has_rows) else {
                    return Some((figure, Standing::Derived, None));
                };
                let gap = stated - balance - self.sum(*from, *to);
                if gap == 0 { Some((figure, Standing::Proven, None)) } else { Some((figure, Standing::Gap, Some(gap))) }
            }
            (None, Some((to, stated))) => {
                let first = self.rows.iter().filter(|row| row.2).map(|row| row.0).min()?;
                (first <= day).then(|| (stated - self.sum(day, *to), Standing::Derived, None))
            }
            (None, None) => None,
        }
    }
}

fn model() -> impl Strategy<Value = Model> {
    let rows = proptest::collection::vec((0i32..40, -500i64..500, prop::bool::weighted(0.85)), 0..30);
    // An error of zero makes a stated balance agree with its rows.
    let stated = proptest::collection::btree_map(0i32..42, prop_oneof![3 => Just(0i64), 1 => -50i64..50], 0..6);
    (rows, stated).prop_map(|(rows, errors)| {
        let mut model = Model { rows, stated: BTreeMap::new() };
        let stated = errors.iter().map(|(day, error)| (*day, 1_000 + model.sum(i32::MIN, *day) + error)).collect();
        model.stated = stated;
        model
    })
}

fn write(store: &Store, account: u64, model: &Model) {
    change(store, ChangeKind::Import, |writer| {
        let row = |(day, cents, booked): &ModelRow| {
            let mut row = facts(*day, *cents, "row");
            if !booked {
                row.status = if cents % 2 == 0 { TransactionStatus::Pending } else { TransactionStatus::Cancelled };
            }
            row
        };
        writer.append_transactions(AccountId(account), model.rows.iter().map(row)).unwrap();
        for (day, cents) in &model.stated {
            writer.put_snapshot(&snapshot(account, *day, *cents)).unwrap();
        }
    });
}

fn cents(money: Decimal) -> i64 {
    i64::try_from((money * Decimal::ONE_HUNDRED).mantissa() / 10i128.pow(money.scale())).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]
    #[test]
    fn every_day_is_that_of_the_model(first in model(), second in model()) {
        let store = store(&[]);
        write(&store, 1, &first);
        write(&store, 2, &second);
        let bare = crate::ledger::Ledger::new(store.clone()).view().unwrap();
        for view in [loaded(&store), bare] {
            let daily = view.daily().unwrap();
            for number in -2..45 {
                let mut total = 0;
                for (account, model) in [(1, &first), (2, &second)] {
                    let figure = daily.history(AccountId(account)).unwrap().on(day(number));
                    let expected = model.on(number);
                    let found = figure
                        .map(|figure| (cents(figure.balance.amount), figure.standing, figure.gap.map(cents)));
                    prop_assert_eq!(found, expected, "account {} on day {}", account, number);
                    total += expected.map_or(0, |(balance, _, _)| balance);
                }
                let worth = daily.net_worth(day(number));
                prop_assert_eq!(worth.lines.first().map_or(0, |line| cents(line.total.amount)), total);
            }
            let series = daily.net_worth_series(Every::Day, day(44));
            prop_assert!(series.iter().all(|point| *point == daily.net_worth(point.on)));
            let running = view.running_balance(AccountId(1)).unwrap();
            let ids = view
                .list(&crate::ledger::ListRequest { account: Some(AccountId(1)), ..Default::default() })
                .unwrap()
                .ids(0..usize::MAX)
                .unwrap();
            let mut last_day = None;
            for (balance, id) in running.into_iter().zip(ids) {
                let row = view.entry(id).unwrap().unwrap().transaction.facts;
                if row.status == TransactionStatus::Settled && last_day.replace(row.date) != Some(row.date) {
                    let figure = daily.history(AccountId(1)).unwrap().on(row.date);
                    prop_assert_eq!(balance, figure.map(|figure| figure.balance.amount));
                }
            }
        }
    }

    #[test]
    fn spans_cover_every_day_once_with_its_standing(model in model()) {
        let store = store(&[]);
        write(&store, 1, &model);
        let view = loaded(&store);
        let daily = view.daily().unwrap();
        let history = daily.history(AccountId(1)).unwrap();
        let spans = view.coverage(AccountId(1)).unwrap();
        for pair in spans.windows(2) {
            prop_assert_eq!(pair[0].to.succ_opt(), Some(pair[1].from));
        }
        for span in &spans {
            for date in span.from.iter_days().take_while(|date| *date <= span.to) {
                let standing = history.on(date).map_or(Standing::Unknown, |figure| figure.standing);
                prop_assert!(standing == span.standing || standing == Standing::Stated, "{} {:?}", date, span);
            }
            prop_assert_eq!(span.standing == Standing::Gap, span.gap.is_some());
            prop_assert_eq!(span.standing == Standing::Gap, !span.causes.is_empty());
        }
    }

    /// Deleting, doubling or flipping any one row names the interval, the amount and the row.
    #[test]
    fn a_single_fault_is_named(
        rows in proptest::collection::vec((1i32..30, 1i64..5_000, any::<bool>()), 3..25),
        place in any::<prop::sample::Index>(),
        fault in 0..3,
    ) {
        let mut rows: Vec<ModelRow> = rows.into_iter().map(|(day, cents, out)| (day, if out { -cents } else { cents }, true)).collect();
        let mut model = Model { rows: rows.clone(), stated: BTreeMap::new() };
        model.stated = [0, 10, 20, 30].into_iter().map(|day| (day, 7_000 + model.sum(0, day))).collect();
        let place = place.index(rows.len());
        let (faulty_day, faulty, _) = rows[place];
        match fault {
            0 => { rows.remove(place); }
            1 => rows.push(rows[place]),
            _ => rows[place].1 = -faulty,
        }
        model.rows = rows;
        let store = store(&[]);
        write(&store, 1, &model);
        let spans = loaded(&store).coverage(AccountId(1)).unwrap();
        let gaps: Vec<_> = spans.iter().filter(|span| span.standing == Standing::Gap).collect();
        prop_assert_eq!(gaps.len(), 1);
        let start = (faulty_day - 1) / 10 * 10;
        prop_assert_eq!((gaps[0].from, gaps[0].to), (day(start + 1), day(start + 10)));
        let (expected, kinds): (i64, &[CauseKind]) = match fault {
            0 => (faulty, &[CauseKind::Missing, CauseKind::Doubled, CauseKind::Extra, CauseKind::Flipped, CauseKind::Moved]),
            1 => (-faulty, &[CauseKind::Doubled]),
            _ => (faulty * 2, &[CauseKind::Flipped]),
        };
        prop_assert_eq!(gaps[0].gap.map(cents), Some(expected));
        prop_assert!(gaps[0].causes.iter().any(|cause| kinds.contains(&cause.kind)), "{:?}", gaps[0]);
    }
}

fn only(rows: &[TransactionFacts], snapshots: &[Snapshot]) -> Store {
    let store = store(&[]);
    change(&store, ChangeKind::Import, |writer| {
        writer.append_transactions(AccountId(3), rows.iter().cloned()).unwrap();
        for snapshot in snapshots {
            writer.put_snapshot(snapshot).unwrap();
        }
        writer
            .set_account_user(
                AccountId(3),
                None,
                Some(crate::domain::AccountType::Brokerage),
                crate::domain::AccountSigns::default(),
            )
            .unwrap();
    });
    store
}

#[test]
fn rows_move_the_cash_of_a_broker_and_securities_keep_their_stated_value() {
    let split = |date, cents: i64, cash: i64| Snapshot {
        cash_value: Some(Decimal::new(cash, 2)),
        holdings_value: Some(Decimal::new(cents - cash, 2)),
        ..snapshot(3, date, cents)
    };
    let mut reinvested = facts(4, -900, "fund");
    reinvested.kind = Kind(TransactionSubtype::Reinvestment);
    let rows = [facts(2, 1_000, "in"), reinvested, facts(6, -300, "fee")];
    let store = only(&rows, &[split(3, 50_000, 10_000), split(9, 52_000, 9_700)]);
    let view = loaded(&store);
    let daily = view.daily().unwrap();
    let history = daily.history(AccountId(3)).unwrap();
    let on = |number| history.on(day(number)).map(|figure| (cents(figure.balance.amount), figure.standing));
    assert_eq!(on(2), None, "the value of the securities before the first statement is unknown");
    assert_eq!(on(3), Some((50_000, Standing::Stated)));
    assert_eq!(on(5), Some((50_000, Standing::Derived)), "a reinvestment moves no cash");
    assert_eq!(on(6), Some((49_700, Standing::Derived)));
    let held = history.on(day(8)).unwrap().securities.unwrap();
    assert_eq!((cents(held.value), held.as_of), (40_000, day(3)));
    assert_eq!(on(12), Some((52_000, Standing::Derived)));
    assert!(history.checks().all(Check::agrees), "the cash adds up");
}

#[test]
fn a_total_without_its_cash_is_carried() {
    let store = only(&[facts(4, -900, "bought")], &[snapshot(3, 3, 50_000), snapshot(3, 9, 51_000)]);
    let view = loaded(&store);
    let daily = view.daily().unwrap();
    let history = daily.history(AccountId(3)).unwrap();
    let figure = history.on(day(5)).unwrap();
    assert_eq!((cents(figure.balance.amount), figure.standing), (50_000, Standing::Derived));
    assert_eq!(history.checks().count(), 0);
    assert_eq!(view.running_balance(AccountId(3)).unwrap(), [None]);
}

#[test]
fn currencies_are_rolled_apart_and_too_many_digits_give_no_figure() {
    let mut foreign = facts(4, 777, "abroad");
    foreign.currency = AssetCode::new("EUR").unwrap();
    let store = store(&[]);
    change(&store, ChangeKind::Import, |writer| {
        writer.append_transactions(AccountId(1), [facts(3, 100, "a"), foreign]).unwrap();
        writer.put_snapshot(&snapshot(1, 2, 1_000)).unwrap();
        let mut huge = snapshot(2, 2, 0);
        huge.balance = Decimal::MAX;
        writer.put_snapshot(&huge).unwrap();
        writer.append_transactions(AccountId(2), [facts(3, 100, "b")]).unwrap();
    });
    let daily = loaded(&store).daily().unwrap();
    let on = |account, number| daily.history(AccountId(account)).unwrap().on(day(number));
    assert_eq!(on(1, 9).map(|figure| cents(figure.balance.amount)), Some(1_100));
    assert!(on(2, 2).is_some() && on(2, 3).is_none(), "no figure rather than a rounded one");
    assert_eq!(daily.net_worth(day(3)).lines[0].unknown, 1);
}

#[test]
fn an_account_that_is_closed_counts_until_its_last_news() {
    let store = store(&[]);
    change(&store, ChangeKind::Import, |writer| {
        writer.append_transactions(AccountId(1), [facts(5, -400, "last")]).unwrap();
        writer.put_snapshot(&snapshot(1, 2, 1_000)).unwrap();
        let mut account =
            crate::ledger::search::tests::accounts().into_iter().find(|it| it.id == AccountId(1)).unwrap();
        account.is_active = false;
        writer.put_account(&account).unwrap();
    });
    let daily = loaded(&store).daily().unwrap();
    let total = |number| daily.net_worth(day(number)).lines.first().map(|line| cents(line.total.amount));
    assert_eq!((total(2), total(5), total(6)), (Some(1_000), Some(600), None));
    assert!(daily.net_worth_series(Every::Month, day(9)).last().unwrap().lines.is_empty());
}

#[test]
fn the_opening_balance_is_what_the_first_row_found() {
    let store = only(&[], &[]);
    change(&store, ChangeKind::Import, |writer| {
        writer.append_transactions(AccountId(1), [facts(3, 250, "first"), facts(7, 50, "next")]).unwrap();
        writer.put_snapshot(&snapshot(1, 5, 1_250)).unwrap();
    });
    let daily = loaded(&store).daily().unwrap();
    let history = daily.history(AccountId(1)).unwrap();
    let opening = history.opening().map(|(date, money)| (date, cents(money.amount)));
    assert_eq!(opening, Some((day(3), 1_000)));
    assert_eq!(history.first(), Some(day(3)));
}

#[test]
fn a_pending_row_and_a_row_of_the_day_before_are_named() {
    let mut pending = facts(5, -120, "coffee");
    pending.status = TransactionStatus::Pending;
    let store = store(&[]);
    change(&store, ChangeKind::Import, |writer| {
        writer.append_transactions(AccountId(1), [facts(2, 10, "a"), pending]).unwrap();
        writer.put_snapshot(&snapshot(1, 1, 1_000)).unwrap();
        writer.put_snapshot(&snapshot(1, 6, 890)).unwrap();
        writer.append_transactions(AccountId(2), [facts(2, 10, "b"), facts(7, -70, "late")]).unwrap();
        writer.put_snapshot(&snapshot(2, 1, 1_000)).unwrap();
        writer.put_snapshot(&snapshot(2, 6, 940)).unwrap();
    });
    let view = loaded(&store);
    let cause = |account| {
        let spans = view.coverage(AccountId(account)).unwrap();
        let gap = spans.into_iter().find(|span| span.standing == Standing::Gap).unwrap();
        (gap.causes[0].kind, gap.causes[0].row)
    };
    assert_eq!(cause(1), (CauseKind::NotBooked, Some(TransactionId(2))));
    assert_eq!(cause(2), (CauseKind::Moved, Some(TransactionId(4))));
}

#[test]
fn stray_dates_change_nothing() {
    let stray = |year| {
        let mut row = facts(1, 5, "stray");
        row.date = NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
        row
    };
    let store = store(&[]);
    change(&store, ChangeKind::Import, |writer| {
        writer.append_transactions(AccountId(1), [stray(1), facts(3, 100, "a"), stray(9_999)]).unwrap();
        writer.put_snapshot(&snapshot(1, 2, 1_000)).unwrap();
    });
    let daily = loaded(&store).daily().unwrap();
    assert_eq!(daily.history(AccountId(1)).unwrap().on(day(9)).map(|it| cents(it.balance.amount)), Some(1_100));
    assert!(daily.net_worth_series(Every::Day, day(9)).len() <= 36_526);
}
