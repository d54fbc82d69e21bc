//! Scenes from the life of one row, spelled out.

use super::*;
use crate::domain::{ChangeId, TransactionId};

/// Amends row 1 to `cents` in a separate change.
fn amend(store: &Store, cents: i64) -> ChangeId {
    let mut writer = begin(store, ChangeKind::Sync);
    writer.update_transaction(TransactionId(1), &row(1, cents, None)).unwrap();
    commit(writer).id
}

fn cents(store: &Store) -> Option<i64> {
    let row = store.read().unwrap().transaction(TransactionId(1)).unwrap();
    row.map(|row| i64::try_from(row.facts.amount.mantissa()).unwrap())
}

fn undo(store: &Store, change: ChangeId) {
    store.toggle(change, true, now()).unwrap();
}

fn redo(store: &Store, change: ChangeId) {
    store.toggle(change, false, now()).unwrap();
}

#[test]
fn amendments_are_undone_in_any_order() {
    let store = Store::in_memory().unwrap();
    import(&store, 1, vec![row(1, 100, None)]);
    let (second, third) = (amend(&store, 200), amend(&store, 300));
    undo(&store, second);
    assert_eq!(cents(&store), Some(300), "a later amendment stays");
    undo(&store, third);
    assert_eq!(cents(&store), Some(100));
    redo(&store, second);
    assert_eq!(cents(&store), Some(200));
    redo(&store, third);
    assert_eq!(cents(&store), Some(300));
    store.verify().unwrap();
}

#[test]
fn a_row_whose_import_is_undone_lives_on_as_a_later_change_amended_it() {
    let store = Store::in_memory().unwrap();
    let first = import(&store, 1, vec![row(1, 100, None), row(1, 1, None)]).id;
    let second = amend(&store, 200);
    undo(&store, first);
    assert_eq!((cents(&store), store.read().unwrap().transaction_count().unwrap()), (Some(200), 1));
    undo(&store, second);
    assert_eq!((cents(&store), store.read().unwrap().transaction_count().unwrap()), (None, 0));
    redo(&store, first);
    assert_eq!((cents(&store), store.read().unwrap().transaction_count().unwrap()), (Some(100), 2));
    store.verify().unwrap();
}

#[test]
fn a_removed_row_comes_back_when_its_removal_is_undone() {
    let store = Store::in_memory().unwrap();
    let first = import(&store, 1, vec![row(1, 100, None)]).id;
    let mut writer = begin(&store, ChangeKind::Sync);
    writer.remove_transaction(TransactionId(1)).unwrap();
    let second = commit(writer).id;
    assert_eq!(cents(&store), None);
    undo(&store, first);
    redo(&store, first);
    assert_eq!(cents(&store), None, "the removal stays");
    undo(&store, second);
    assert_eq!(cents(&store), Some(100));
    store.verify().unwrap();
}

#[test]
fn a_balance_of_the_same_day_gives_way_and_comes_back() {
    let store = Store::in_memory().unwrap();
    import(&store, 1, vec![]);
    let put = |balance: i64| {
        let mut writer = begin(&store, ChangeKind::Import);
        let snapshot = crate::domain::Snapshot {
            account_id: AccountId(1),
            date: day(1),
            change_id: ChangeId(0),
            balance: Decimal::new(balance, 2),
            available: None,
            holdings_value: None,
            cash_value: None,
            currency: AssetCode::USD,
            source: crate::domain::SnapshotSource::AccountSync,
            captured_at: now(),
        };
        writer.put_snapshot(&snapshot).unwrap();
        assert_eq!(writer.snapshot(AccountId(1), day(1)).unwrap().unwrap().change_id, writer.change_id());
        commit(writer).id
    };
    let (first, second) = (put(1), put(2));
    let balances = || {
        let found = store.read().unwrap().snapshots(AccountId(1)).unwrap();
        found.into_iter().map(|snapshot| (snapshot.change_id, snapshot.balance)).collect::<Vec<_>>()
    };
    assert_eq!(balances(), [(second, Decimal::new(2, 2))]);
    undo(&store, second);
    assert_eq!(balances(), [(first, Decimal::new(1, 2))]);
    undo(&store, first);
    assert_eq!(balances(), []);
}
