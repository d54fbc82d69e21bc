//! The promises of each call.

use std::ops::ControlFlow;

use super::*;
use crate::{
    domain::{ChangeId, TransactionId, UserFields, Warning},
    store::{NewSource, RawSource, StoreError},
};

fn digest(number: u8) -> [u8; 32] {
    [number; 32]
}

fn ids(range: std::ops::RangeInclusive<u64>) -> Vec<TransactionId> {
    range.map(TransactionId).collect()
}

#[test]
fn a_dropped_writer_leaves_nothing_and_no_number_is_lost() {
    let store = Store::in_memory().unwrap();
    let generation = store.generation();
    let mut writer = begin(&store, ChangeKind::Import);
    writer.put_account(&account(1, 1)).unwrap();
    writer.append_transactions(AccountId(1), [row(1, 1, None)]).unwrap();
    writer.put_source(NewSource::pack("a.qfx", vec![1, 2, 3], digest(1)).unwrap()).unwrap();
    drop(writer);
    let reader = store.read().unwrap();
    assert_eq!((reader.transaction_count().unwrap(), reader.change_count().unwrap()), (0, 0));
    assert_eq!(reader.already_imported(digest(1)).unwrap(), None);
    assert_eq!(store.generation(), generation);
    assert_eq!(import(&store, 1, vec![row(1, 1, None)]).id, ChangeId(1));
    assert_eq!(store.generation(), generation + 1);
}

#[test]
fn a_snapshot_sees_neither_later_commits_nor_their_compaction() {
    let store = Store::in_memory().unwrap();
    import(&store, 1, vec![row(1, 1, None)]);
    let reader = store.read().unwrap();
    import(&store, 1, vec![row(2, 2, None)]);
    store.compact().unwrap();
    import(&store, 1, vec![row(3, 3, None)]);
    assert_eq!(reader.transaction_count().unwrap(), 1);
    assert_eq!(reader.newest(None, 0, 9).unwrap(), ids(1..=1));
    assert_eq!(store.read().unwrap().transaction_count().unwrap(), 3);
}

#[test]
fn a_large_import_leaves_a_loose_file_until_it_is_compacted() {
    let store = Store::in_memory().unwrap();
    import(&store, 1, vec![row(1, 1, None)]);
    assert!(!store.read().unwrap().is_compactable());
    import(&store, 1, (0..100).map(|amount| row(1, amount, None)).collect());
    import(&store, 1, vec![row(2, 1, None)]);
    assert!(store.read().unwrap().is_compactable());
    store.compact().unwrap();
    assert!(!store.read().unwrap().is_compactable());
}

#[test]
fn numbers_are_never_used_again() {
    let store = Store::in_memory().unwrap();
    let first = import(&store, 1, vec![row(1, 1, None), row(1, 2, None)]);
    store.toggle(first.id, true, now()).unwrap();
    let mut writer = begin(&store, ChangeKind::Import);
    assert_eq!(writer.new_account_id(), AccountId(1));
    assert_eq!(writer.new_account_id(), AccountId(2));
    writer.put_account(&account(2, 1)).unwrap();
    let added = writer.append_transactions(AccountId(2), [row(1, 1, None)]).unwrap();
    assert_eq!(added, TransactionId(3)..TransactionId(4));
    commit(writer);
    assert_eq!(begin(&store, ChangeKind::Edit).new_account_id(), AccountId(3));
}

#[test]
fn undo_takes_exactly_its_rows_and_redo_brings_them_back_under_their_numbers() {
    let store = Store::in_memory().unwrap();
    let first = import(&store, 1, (0..100).map(|n| row(n, i64::from(n), Some(&n.to_string()))).collect());
    let second = import(&store, 1, (50..150).map(|n| row(n, i64::from(n), Some(&n.to_string()))).collect());
    let undo = store.toggle(first.id, true, now()).unwrap();
    assert!(undo.undone);
    let reader = store.read().unwrap();
    assert_eq!(reader.transaction_count().unwrap(), 100);
    assert_eq!(reader.by_provider_id(AccountId(1), "60").unwrap().len(), 1);
    assert_eq!(reader.rows_of_change(second.id, 0, 500).unwrap(), ids(101..=200));
    assert!(reader.account(AccountId(1)).unwrap().is_some(), "the second import has the account too");
    let entry = reader.changes(None, 1).unwrap().remove(0);
    assert_eq!((entry.kind, entry.about, entry.counts.transactions_removed), (ChangeKind::Undo, Some(first.id), 100));
    store.toggle(first.id, false, now()).unwrap();
    let reader = store.read().unwrap();
    assert_eq!(reader.transaction_count().unwrap(), 200);
    let row = reader.transaction(TransactionId(7)).unwrap().unwrap();
    assert_eq!((row.change_id, row.facts.provider_id.as_deref()), (first.id, Some("6")));
    assert!(!reader.change(first.id).unwrap().unwrap().undone);
    store.verify().unwrap();
}

#[test]
fn only_imports_syncs_and_edits_can_be_undone() {
    let store = Store::in_memory().unwrap();
    let first = import(&store, 1, vec![row(1, 1, None)]);
    assert!(matches!(store.toggle(first.id, false, now()), Err(StoreError::NotToggleable { .. })));
    assert!(matches!(store.toggle(ChangeId(9), true, now()), Err(StoreError::NotFound { .. })));
    store.toggle(first.id, true, now()).unwrap();
    let undo = store.read().unwrap().changes(None, 1).unwrap()[0].id;
    assert!(matches!(store.toggle(undo, true, now()), Err(StoreError::NotToggleable { .. })));
    assert_eq!(store.read().unwrap().change_count().unwrap(), 2, "refused toggles leave no entry");
}

#[test]
fn a_source_comes_back_and_its_digest_counts_until_something_is_taken_away() {
    let store = Store::in_memory().unwrap();
    let bytes: Vec<u8> = (0..2_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let mut writer = begin(&store, ChangeKind::Import);
    writer.put_source(NewSource::pack("a.qfx", bytes.clone(), digest(1)).unwrap()).unwrap();
    assert!(matches!(
        writer.put_source(NewSource::pack("b.qfx", vec![], digest(2)).unwrap()),
        Err(StoreError::Invalid { .. })
    ));
    let change = commit(writer);
    let reader = store.read().unwrap();
    assert_eq!(reader.raw_source(change.id).unwrap(), Some(RawSource { name: "a.qfx".into(), bytes }));
    assert_eq!(reader.raw_source(ChangeId(9)).unwrap(), None);
    assert_eq!(reader.already_imported(digest(1)).unwrap(), Some(change.id));
    assert_eq!(reader.already_imported(digest(2)).unwrap(), None);

    store.toggle(change.id, true, now()).unwrap();
    assert_eq!(store.read().unwrap().already_imported(digest(1)).unwrap(), None);
    store.toggle(change.id, false, now()).unwrap();
    assert_eq!(store.read().unwrap().already_imported(digest(1)).unwrap(), None, "what came between is unknown");
    let mut writer = begin(&store, ChangeKind::Import);
    writer.put_source(NewSource::pack("a.qfx", vec![7], digest(1)).unwrap()).unwrap();
    let again = commit(writer);
    assert_eq!(store.read().unwrap().already_imported(digest(1)).unwrap(), Some(again.id));
    let mut writer = begin(&store, ChangeKind::Sync);
    writer.put_account(&account(1, 1)).unwrap();
    let added = writer.append_transactions(AccountId(1), [row(1, 1, None)]).unwrap();
    writer.remove_transaction(added.start).unwrap();
    commit(writer);
    assert_eq!(store.read().unwrap().already_imported(digest(1)).unwrap(), None);
}

#[test]
fn credentials_and_connection_contents_stay_out_of_undo() {
    let store = Store::in_memory().unwrap();
    let change = import(&store, 1, vec![row(1, 1, None)]);
    let mut writer = begin(&store, ChangeKind::Sync);
    writer.put_credential(ConnectionId(1), b"sealed").unwrap();
    let content = Connection { status: ConnectionStatus::Expired, ..connection(1) };
    writer.put_connection(&content).unwrap();
    writer.commit_unlisted().unwrap();
    store.toggle(change.id, true, now()).unwrap();
    let reader = store.read().unwrap();
    assert_eq!(reader.credential(ConnectionId(1)).unwrap(), Some(b"sealed".to_vec()));
    assert_eq!(reader.connections().unwrap(), []);
    store.toggle(change.id, false, now()).unwrap();
    assert_eq!(store.read().unwrap().connections().unwrap(), [content]);
    let mut writer = begin(&store, ChangeKind::Edit);
    writer.remove_credential(ConnectionId(1)).unwrap();
    writer.commit_unlisted().unwrap();
    assert_eq!(store.read().unwrap().credential(ConnectionId(1)).unwrap(), None);
}

#[test]
fn a_change_of_the_journal_is_not_committed_without_an_entry() {
    let store = Store::in_memory().unwrap();
    let mut writer = begin(&store, ChangeKind::Edit);
    writer.put_account(&account(1, 1)).unwrap();
    assert!(matches!(writer.commit_unlisted(), Err(StoreError::Invalid { .. })));
    assert_eq!(store.read().unwrap().accounts().unwrap(), []);
}

#[test]
fn the_user_s_words_about_accounts_and_rows_survive_imports() {
    let store = Store::in_memory().unwrap();
    import(&store, 1, vec![row(1, 1, Some("A"))]);
    let mut writer = begin(&store, ChangeKind::Edit);
    writer
        .set_account_user(AccountId(1), Some("Mine"), Some(AccountType::Hsa), crate::domain::AccountSigns::default())
        .unwrap();
    let fields = UserFields { tags: vec!["x".into()], ..UserFields::default() };
    writer.set_user_fields(TransactionId(1), &fields).unwrap();
    let edit = commit(writer);
    import(&store, 1, vec![row(2, 2, Some("B"))]);
    let mut writer = begin(&store, ChangeKind::Import);
    writer.put_account(&Account { name: "Renamed".into(), ..account(1, 1) }).unwrap();
    writer.update_transaction(TransactionId(1), &row(1, 5, Some("A"))).unwrap();
    commit(writer);
    let reader = store.read().unwrap();
    let found = reader.account(AccountId(1)).unwrap().unwrap();
    assert_eq!((found.display_name(), found.name.as_str(), found.kind()), ("Mine", "Renamed", AccountType::Hsa));
    assert_eq!(reader.user_fields(TransactionId(1)).unwrap(), fields);
    assert_eq!(reader.rows_of_change(edit.id, 0, 9).unwrap(), ids(1..=1));
    store.toggle(edit.id, true, now()).unwrap();
    let reader = store.read().unwrap();
    assert_eq!(reader.account(AccountId(1)).unwrap().unwrap().display_name(), "Renamed");
    assert!(reader.user_fields(TransactionId(1)).unwrap().is_empty());
}

#[test]
fn the_journal_is_paged_and_lists_added_before_amended() {
    let store = Store::in_memory().unwrap();
    import(&store, 1, vec![row(1, 1, None), row(2, 2, None), row(3, 3, None)]);
    let mut writer = begin(&store, ChangeKind::Import);
    writer.update_transaction(TransactionId(2), &row(2, 9, None)).unwrap();
    writer.append_transactions(AccountId(1), [row(4, 4, None), row(5, 5, None)]).unwrap();
    let counts = ChangeCounts { transactions_imported: 2, transactions_updated: 1, ..ChangeCounts::default() };
    let warnings = vec![Warning::new(3, "odd")];
    let second = writer.commit(counts, vec![AccountId(1)], Some(ConnectionId(1)), warnings.clone()).unwrap();
    let reader = store.read().unwrap();
    let found = reader.change(second.id).unwrap().unwrap();
    assert_eq!(found, second);
    assert_eq!((found.counts, found.warnings), (counts, warnings));
    let rows = |offset, limit| reader.rows_of_change(second.id, offset, limit).unwrap();
    assert_eq!(rows(0, 9), [TransactionId(4), TransactionId(5), TransactionId(2)]);
    assert_eq!(rows(1, 1), [TransactionId(5)]);
    assert_eq!(rows(2, 9), [TransactionId(2)]);
    assert_eq!(rows(3, 9), []);
    let numbers = |before, limit| {
        reader.changes(before, limit).unwrap().into_iter().map(|change| change.id.0).collect::<Vec<_>>()
    };
    assert_eq!((numbers(None, 1), numbers(Some(second.id), 9)), (vec![2], vec![1]));
}

#[test]
fn unknown_accounts_and_rows_are_refused() {
    let store = Store::in_memory().unwrap();
    let mut writer = begin(&store, ChangeKind::Import);
    let refused = |result: Result<(), StoreError>| assert!(matches!(result, Err(StoreError::NotFound { .. })));
    refused(writer.append_transactions(AccountId(1), [row(1, 1, None)]).map(drop));
    refused(writer.update_transaction(TransactionId(1), &row(1, 1, None)));
    refused(writer.remove_transaction(TransactionId(1)));
    refused(writer.set_user_fields(TransactionId(1), &UserFields::default()));
    refused(writer.set_account_user(AccountId(1), None, None, crate::domain::AccountSigns::default()));
    assert!(matches!(writer.put_account(&account(1 << 32, 1)), Err(StoreError::Invalid { .. })));
}

#[test]
fn a_scan_stops_on_request_and_passes_panics_of_the_caller_on() {
    let store = Store::in_memory().unwrap();
    import(&store, 1, vec![row(1, 1, None), row(2, 2, None)]);
    import(&store, 2, vec![row(3, 3, None)]);
    let reader = store.read().unwrap();
    let mut seen = 0;
    let one = |_, _: &UserFields| {
        seen += 1;
        ControlFlow::Break(())
    };
    reader.scan(one).unwrap();
    assert_eq!(seen, 1);
    let mut found = Vec::new();
    let each = |row: crate::domain::Transaction, _: &UserFields| {
        found.push(row.id.0);
        ControlFlow::Continue(())
    };
    reader.scan_account(AccountId(2), each).unwrap();
    assert_eq!(found, [3]);
    let panics = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| reader.scan(|_, _| panic!("the caller's"))));
    assert!(panics.is_err());
}

#[test]
fn removal_of_a_connection_s_data_is_for_good_and_touches_nothing_else() {
    let store = Store::in_memory().unwrap();
    let mut writer = begin(&store, ChangeKind::Import);
    for id in 1..=2 {
        writer.put_connection(&connection(id)).unwrap();
        writer.put_account(&account(id, id)).unwrap();
    }
    writer.append_transactions(AccountId(1), [row(1, 1, Some("A")), row(2, 2, Some("B"))]).unwrap();
    writer.append_transactions(AccountId(2), [row(3, 3, Some("A"))]).unwrap();
    let mixed = commit(writer);
    let mut writer = begin(&store, ChangeKind::Sync);
    writer.append_transactions(AccountId(1), [row(4, 4, Some("C"))]).unwrap();
    writer.update_transaction(TransactionId(1), &row(1, 9, Some("A"))).unwrap();
    writer.put_source(NewSource::pack("one.qfx", b"SECRET ONE".to_vec(), digest(1)).unwrap()).unwrap();
    writer.put_sync_state(ConnectionId(1), "rows", b"cursor").unwrap();
    writer.put_credential(ConnectionId(1), b"sealed").unwrap();
    let sync = writer.commit(ChangeCounts::default(), vec![], Some(ConnectionId(1)), vec![]).unwrap();
    store.toggle(mixed.id, true, now()).unwrap();

    let mut writer = begin(&store, ChangeKind::Edit);
    assert_eq!(writer.remove_connection_data(ConnectionId(1)).unwrap(), 2, "the amended row and the synced one");
    writer.commit_unlisted().unwrap();
    store.toggle(mixed.id, false, now()).unwrap();
    store.toggle(sync.id, true, now()).unwrap();
    store.toggle(sync.id, false, now()).unwrap();

    let reader = store.read().unwrap();
    assert_eq!(reader.newest(None, 0, 9).unwrap(), ids(3..=3));
    assert_eq!(reader.accounts().unwrap(), [account(2, 2)]);
    assert_eq!(reader.connections().unwrap().len(), 2);
    assert_eq!(reader.raw_source(sync.id).unwrap(), None);
    assert_eq!(reader.already_imported(digest(1)).unwrap(), None);
    assert_eq!(reader.sync_state(ConnectionId(1), "rows").unwrap(), None);
    assert_eq!(reader.credential(ConnectionId(1)).unwrap(), None);
    store.verify().unwrap();
}
