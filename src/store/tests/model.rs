//! Any history of imports, amendments, removals, edits, undos and redos ends where a naive model ends.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::columns::{CHUNK_ROWS, ChunkBuilder};
use crate::domain::{
    AssetType, ChangeId, Holding, HoldingFacts, HoldingId, Snapshot, SnapshotSource, Transaction, TransactionId,
    UserFields,
};

const ACCOUNTS: u64 = 3;

#[derive(Debug, Clone)]
enum Op {
    /// Rows for an account, rows to amend and to remove (by position among those that stand), a balance, a position,
    /// a sync state.
    Write {
        sync: bool,
        parts: Vec<Part>,
        amend: Vec<(usize, i64)>,
        remove: Vec<usize>,
        state: Option<u8>,
    },
    /// The same, dropped instead of committed.
    Abandon(Vec<Part>),
    EditRow {
        row: usize,
        note: Option<u8>,
    },
    EditAccount {
        account: u64,
        alias: Option<u8>,
    },
    RenameConnection(u8),
    Toggle {
        change: usize,
    },
    Compact,
}

#[derive(Debug, Clone)]
struct Part {
    account: u64,
    rows: Vec<(i32, i64, Option<u8>)>,
    balance: Option<(i32, i64)>,
    holding: Option<(u64, i64)>,
}

fn part() -> impl Strategy<Value = Part> {
    let row = (0..6_i32, -500..500_i64, prop::option::of(0..5_u8));
    let rows = prop_oneof![3 => prop::collection::vec(row.clone(), 0..6), 1 => prop::collection::vec(row, 6..40)];
    (1..=ACCOUNTS, rows, prop::option::of((0..3_i32, 0..100_i64)), prop::option::of((1..3_u64, 0..100_i64)))
        .prop_map(|(account, rows, balance, holding)| Part { account, rows, balance, holding })
}

fn op() -> impl Strategy<Value = Op> {
    let parts = || prop::collection::vec(part(), 0..3);
    let amend = prop_oneof![
        prop::collection::vec((any::<usize>(), -500..500_i64), 0..4),
        prop::collection::vec((any::<usize>(), -500..500_i64), 4..30)
    ];
    let remove = prop::collection::vec(any::<usize>(), 0..3);
    prop_oneof![
        4 => (any::<bool>(), parts(), amend, remove, prop::option::of(any::<u8>()))
            .prop_map(|(sync, parts, amend, remove, state)| Op::Write { sync, parts, amend, remove, state }),
        1 => parts().prop_map(Op::Abandon),
        2 => (any::<usize>(), prop::option::of(any::<u8>())).prop_map(|(row, note)| Op::EditRow { row, note }),
        1 => (1..=ACCOUNTS, prop::option::of(any::<u8>())).prop_map(|(account, alias)| Op::EditAccount { account, alias }),
        1 => any::<u8>().prop_map(Op::RenameConnection),
        6 => any::<usize>().prop_map(|change| Op::Toggle { change }),
        1 => Just(Op::Compact),
    ]
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    Connection,
    Account(u64),
    Alias(u64),
    Balance(u64, i32),
    Holding(u64, u64),
    Row(u64),
    Note(u64),
    State,
}

#[derive(Debug, Clone, PartialEq)]
enum Value {
    Exists,
    Text(Option<String>),
    Number(i64),
    Row(u64, Box<TransactionFacts>),
    Bytes(Vec<u8>),
}

/// Every version ever written, and which changes are undone. No cleverness.
#[derive(Debug, Default, Clone)]
struct Model {
    versions: BTreeMap<Name, Vec<(u64, Option<Value>)>>,
    changes: Vec<(u64, bool)>,
    undone: BTreeSet<u64>,
    last_change: u64,
    institution: u8,
    next_row: u64,
}

impl Model {
    fn put(&mut self, change: u64, name: Name, value: Option<Value>) {
        let versions = self.versions.entry(name).or_default();
        versions.retain(|(by, _)| *by != change);
        versions.push((change, value));
    }

    fn version(&self, name: &Name) -> Option<(u64, &Value)> {
        let standing = self.versions.get(name)?.iter().filter(|(change, _)| !self.undone.contains(change));
        let (change, value) = standing.max_by_key(|(change, _)| *change)?;
        value.as_ref().map(|value| (*change, value))
    }

    fn value(&self, name: &Name) -> Option<&Value> {
        self.version(name).map(|(_, value)| value)
    }

    fn rows(&self) -> Vec<Transaction> {
        let names = self.versions.keys();
        names
            .filter_map(|name| match (name, self.version(name)?) {
                (Name::Row(pk), (change, Value::Row(account, facts))) => Some(Transaction {
                    id: TransactionId(*pk),
                    account_id: AccountId(*account),
                    change_id: ChangeId(change),
                    facts: (**facts).clone(),
                }),
                _ => None,
            })
            .collect()
    }
}

fn facts(row: &(i32, i64, Option<u8>)) -> TransactionFacts {
    super::row(row.0, row.1, row.2.map(|id| format!("F{id}")).as_deref())
}

fn holding(account: u64, id: u64, cents: i64) -> Holding {
    Holding {
        id: HoldingId(id),
        account_id: AccountId(account),
        change_id: ChangeId(0),
        facts: HoldingFacts {
            provider_id: id.to_string(),
            symbol: "ACME".into(),
            name: "Acme".into(),
            asset_type: AssetType::Equity,
            quantity: Decimal::new(cents, 2),
            price: None,
            price_date: None,
            market_value: None,
            cost_basis: None,
            multiplier: Decimal::ONE,
            currency: AssetCode::USD,
            source: None,
        },
        is_active: true,
        as_of: day(0),
        updated_at: now(),
    }
}

fn balance(account: u64, date: i32, cents: i64) -> Snapshot {
    Snapshot {
        account_id: AccountId(account),
        date: day(date),
        change_id: ChangeId(0),
        balance: Decimal::new(cents, 2),
        available: None,
        holdings_value: None,
        cash_value: None,
        currency: AssetCode::USD,
        source: SnapshotSource::AccountSync,
        captured_at: now(),
    }
}

/// Writes parts into the store and, under `change`, into the model.
fn write_parts(writer: &mut Writer, model: &mut Model, parts: &[Part]) {
    let change = writer.change_id().0;
    for part in parts {
        let account_id = AccountId(part.account);
        writer.put_account(&account(part.account, 1)).unwrap();
        model.put(change, Name::Account(part.account), Some(Value::Exists));
        let rows: Vec<_> = part.rows.iter().map(facts).collect();
        let ids = writer.append_transactions(account_id, rows.clone()).unwrap();
        assert_eq!(ids.start.0, model.next_row);
        for row in rows {
            let name = Name::Row(model.next_row);
            model.put(change, name, Some(Value::Row(part.account, Box::new(row))));
            model.next_row += 1;
        }
        if let Some((date, cents)) = part.balance {
            writer.put_snapshot(&balance(part.account, date, cents)).unwrap();
            model.put(change, Name::Balance(part.account, date), Some(Value::Number(cents)));
        }
        if let Some((id, cents)) = part.holding {
            writer.put_holding(&holding(part.account, id, cents)).unwrap();
            model.put(change, Name::Holding(part.account, id), Some(Value::Number(cents)));
        }
    }
}

fn pick<T: Clone>(from: &[T], index: usize) -> Option<T> {
    (!from.is_empty()).then(|| from[index % from.len()].clone())
}

fn apply(store: &Store, model: &mut Model, op: &Op) {
    match op {
        Op::Write { sync, parts, amend, remove, state } => {
            let kind = if *sync { ChangeKind::Sync } else { ChangeKind::Import };
            let mut writer = begin(store, kind);
            let change = writer.change_id().0;
            let mut content = connection(1);
            content.institution = format!("Bank {}", model.institution);
            writer.put_connection(&content).unwrap();
            model.put(change, Name::Connection, Some(Value::Exists));
            write_parts(&mut writer, model, parts);
            for (index, cents) in amend {
                let Some(row) = pick(&model.rows(), *index) else { continue };
                let new = facts(&(i32::try_from(cents.rem_euclid(6)).unwrap(), *cents, Some(9)));
                writer.update_transaction(row.id, &new).unwrap();
                model.put(change, Name::Row(row.id.0), Some(Value::Row(row.account_id.0, Box::new(new))));
                model.put(change, Name::Account(row.account_id.0), Some(Value::Exists));
            }
            for index in remove {
                let Some(row) = pick(&model.rows(), *index) else { continue };
                writer.remove_transaction(row.id).unwrap();
                model.put(change, Name::Row(row.id.0), None);
            }
            if let Some(state) = state {
                writer.put_sync_state(ConnectionId(1), "rows", &[*state]).unwrap();
                model.put(change, Name::State, Some(Value::Bytes(vec![*state])));
            }
            committed(writer, model);
        }
        Op::Abandon(parts) => {
            let mut writer = begin(store, ChangeKind::Import);
            writer.put_connection(&connection(1)).unwrap();
            let mut scratch = Model { next_row: model.next_row, ..Model::default() };
            write_parts(&mut writer, &mut scratch, parts);
        }
        Op::EditRow { row, note } => {
            let Some(row) = pick(&model.rows(), *row) else { return };
            let mut writer = begin(store, ChangeKind::Edit);
            let note = note.map(|note| note.to_string());
            let fields = UserFields { note: note.clone(), ..UserFields::default() };
            writer.set_user_fields(row.id, &fields).unwrap();
            model.put(writer.change_id().0, Name::Note(row.id.0), note.map(|note| Value::Text(Some(note))));
            committed(writer, model);
        }
        Op::EditAccount { account, alias } => {
            if model.value(&Name::Account(*account)).is_none() {
                return;
            }
            let mut writer = begin(store, ChangeKind::Edit);
            let alias = alias.map(|alias| alias.to_string());
            writer
                .set_account_user(AccountId(*account), alias.as_deref(), None, crate::domain::AccountSigns::default())
                .unwrap();
            model.put(writer.change_id().0, Name::Alias(*account), Some(Value::Text(alias)));
            committed(writer, model);
        }
        Op::RenameConnection(name) => {
            if model.value(&Name::Connection).is_none() {
                return;
            }
            model.institution = *name;
            let mut writer = begin(store, ChangeKind::Edit);
            let content = writer.connection(ConnectionId(1)).unwrap().unwrap();
            let institution = format!("Bank {name}");
            writer.put_connection(&Connection { institution, ..content }).unwrap();
            writer.commit_unlisted().unwrap();
        }
        Op::Toggle { change } => {
            let Some((id, undo)) = pick(&model.changes, *change).map(|(id, undone)| (id, !undone)) else { return };
            let toggled = store.toggle(ChangeId(id), undo, now()).unwrap();
            assert_eq!((toggled.id.0, toggled.undone), (id, undo));
            assert!(matches!(
                store.toggle(ChangeId(id), undo, now()),
                Err(crate::store::StoreError::NotToggleable { .. })
            ));
            model.changes.iter_mut().filter(|change| change.0 == id).for_each(|change| change.1 = undo);
            if undo {
                model.undone.insert(id)
            } else {
                model.undone.remove(&id)
            };
            model.last_change += 1;
        }
        Op::Compact => store.compact().unwrap(),
    }
}

fn committed(writer: Writer, model: &mut Model) {
    let change = commit(writer);
    model.last_change += 1;
    assert_eq!(change.id.0, model.last_change);
    model.changes.push((change.id.0, false));
}

/// Everything the reader returns, against the model.
fn compare(store: &Store, model: &Model) {
    store.verify().unwrap();
    let reader = store.read().unwrap();
    let rows = model.rows();

    let mut scanned = Vec::new();
    let mut notes = Vec::new();
    let mut chunks = Vec::<ChunkBuilder>::new();
    let scan = |row: Transaction, fields: &UserFields| {
        let chunk = row.id.0 / CHUNK_ROWS;
        if chunks.last().is_none_or(|builder| builder.chunk() != chunk) {
            chunks.push(ChunkBuilder::new(chunk));
        }
        chunks.last_mut().unwrap().push(&row, fields).unwrap();
        notes.extend(fields.note.clone().map(|note| (row.id, note)));
        scanned.push(row);
        std::ops::ControlFlow::Continue(())
    };
    reader.scan(scan).unwrap();
    assert_eq!(scanned, rows);
    // The columnar form is what these very rows and user fields make.
    let stored: Vec<_> = reader.column_chunks().unwrap().map(Result::unwrap).collect();
    assert_eq!(stored, chunks.into_iter().map(ChunkBuilder::finish).collect::<Vec<_>>());
    assert_eq!(reader.transaction_count().unwrap(), rows.len() as u64);

    let expected_notes: Vec<_> = rows
        .iter()
        .filter_map(|row| match model.value(&Name::Note(row.id.0)) {
            Some(Value::Text(Some(note))) => Some((row.id, note.clone())),
            _ => None,
        })
        .collect();
    assert_eq!(notes, expected_notes);
    let all = reader.all_user_fields().unwrap();
    assert_eq!(all.into_iter().map(|(id, fields)| (id, fields.note.unwrap())).collect::<Vec<_>>(), expected_notes);

    let newest = |account: Option<u64>| {
        let mut rows: Vec<_> = rows.iter().filter(|row| account.is_none_or(|id| row.account_id.0 == id)).collect();
        rows.sort_by_key(|row| std::cmp::Reverse((row.facts.date, row.id)));
        rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(reader.newest(None, 0, usize::MAX).unwrap(), newest(None));
    assert_eq!(reader.newest(None, 3, 4).unwrap(), newest(None).into_iter().skip(3).take(4).collect::<Vec<_>>());

    for id in 1..=ACCOUNTS {
        let account_id = AccountId(id);
        let of_account: Vec<_> = rows.iter().filter(|row| row.account_id == account_id).cloned().collect();
        assert_eq!(reader.count_of(account_id).unwrap(), of_account.len() as u64);
        assert_eq!(reader.newest(Some(account_id), 0, usize::MAX).unwrap(), newest(Some(id)));
        let mut between: Vec<_> =
            of_account.iter().filter(|row| (day(1)..=day(3)).contains(&row.facts.date)).cloned().collect();
        between.sort_by_key(|row| (row.facts.date, row.id));
        assert_eq!(reader.rows_between(account_id, day(1), day(3)).unwrap(), between);
        for provider_id in ["F0", "F1", "F9"] {
            let found = reader.by_provider_id(account_id, provider_id).unwrap();
            let with_id = |row: &&Transaction| row.facts.provider_id.as_deref() == Some(provider_id);
            assert_eq!(found, of_account.iter().filter(with_id).cloned().collect::<Vec<_>>());
        }

        let found = reader.account(account_id).unwrap();
        assert_eq!(found.is_some(), model.value(&Name::Account(id)).is_some());
        let alias = match model.value(&Name::Alias(id)) {
            Some(Value::Text(alias)) => alias.clone(),
            _ => None,
        };
        assert_eq!(
            found.and_then(|account| account.alias),
            alias.filter(|_| model.value(&Name::Account(id)).is_some())
        );

        let balances: Vec<_> = (0..3)
            .filter_map(|date| match model.version(&Name::Balance(id, date))? {
                (change, Value::Number(cents)) => {
                    Some(Snapshot { change_id: ChangeId(change), ..balance(id, date, *cents) })
                }
                _ => None,
            })
            .collect();
        assert_eq!(reader.latest_snapshot(account_id).unwrap().as_ref(), balances.last());
        assert_eq!(reader.snapshots(account_id).unwrap(), balances);
        let positions: Vec<_> = (1..3)
            .filter_map(|position| match model.version(&Name::Holding(id, position))? {
                (change, Value::Number(cents)) => {
                    Some(Holding { change_id: ChangeId(change), ..holding(id, position, *cents) })
                }
                _ => None,
            })
            .collect();
        assert_eq!(reader.holdings_of(account_id).unwrap(), positions);
    }

    let state = model.value(&Name::State).map(|state| match state {
        Value::Bytes(bytes) => bytes.clone(),
        _ => vec![],
    });
    assert_eq!(reader.sync_state(ConnectionId(1), "rows").unwrap(), state);
    let found = reader.connection(ConnectionId(1)).unwrap();
    assert_eq!(found.is_some(), model.value(&Name::Connection).is_some());
    if let Some(found) = found {
        assert_eq!(found.institution, format!("Bank {}", model.institution));
    }

    let changes = reader.changes(None, usize::MAX).unwrap();
    assert_eq!(changes.len() as u64, model.last_change);
    for change in changes {
        assert_eq!(change.undone, model.undone.contains(&change.id.0), "change {}", change.id);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, max_shrink_iters: 4000, ..ProptestConfig::default() })]

    #[test]
    fn any_history_ends_where_the_model_ends(ops in prop::collection::vec(op(), 1..24)) {
        let store = Store::in_memory().unwrap();
        let mut model = Model { next_row: 1, ..Model::default() };
        for op in &ops {
            apply(&store, &mut model, op);
            compare(&store, &model);
        }
    }
}

/// Everything that a comparison of two states covers.
#[derive(Debug, Default, PartialEq)]
struct State {
    rows: BTreeMap<u64, (Transaction, UserFields)>,
    accounts: BTreeMap<u64, Account>,
    balances: BTreeMap<(u64, chrono::NaiveDate), Snapshot>,
    holdings: BTreeMap<(u64, u64), Holding>,
}

impl State {
    fn of(store: &Store) -> Self {
        let reader = store.read().unwrap();
        let mut state = Self::default();
        let scan = |row: Transaction, fields: &UserFields| {
            state.rows.insert(row.id.0, (row, fields.clone()));
            std::ops::ControlFlow::Continue(())
        };
        reader.scan(scan).unwrap();
        for account in reader.accounts().unwrap() {
            let balances = reader.snapshots(account.id).unwrap();
            state.balances.extend(balances.into_iter().map(|it| ((it.account_id.0, it.date), it)));
            let positions = reader.holdings_of(account.id).unwrap();
            state.holdings.extend(positions.into_iter().map(|it| ((it.account_id.0, it.id.0), it)));
            state.accounts.insert(account.id.0, account);
        }
        state
    }

    /// This state with the differences between two changes of `store`.
    fn apply(mut self, store: &Store, from: u64, to: u64) -> Self {
        fn put<K: Ord, V: PartialEq + std::fmt::Debug>(
            map: &mut BTreeMap<K, V>,
            key: K,
            before: Option<&V>,
            after: Option<V>,
        ) {
            assert_eq!(map.remove(&key).as_ref(), before, "what the difference calls the state before");
            map.extend(after.map(|after| (key, after)));
        }
        let reader = store.read().unwrap();
        let found = reader.difference(ChangeId(from), ChangeId(to)).unwrap();
        for row in &found.rows {
            let sides = reader.row_difference(row).unwrap();
            put(&mut self.rows, row.id.0, sides.before.as_ref(), sides.after);
        }
        for it in found.accounts {
            let id = it.before.as_ref().or(it.after.as_ref()).unwrap().id.0;
            put(&mut self.accounts, id, it.before.as_ref(), it.after);
        }
        for it in found.snapshots {
            let either = it.before.as_ref().or(it.after.as_ref()).unwrap();
            let key = (either.account_id.0, either.date);
            // Balances of an account that is not there are not shown.
            if self.accounts.contains_key(&key.0) || self.balances.contains_key(&key) {
                put(&mut self.balances, key, it.before.as_ref(), it.after);
            }
        }
        for it in found.holdings {
            let either = it.before.as_ref().or(it.after.as_ref()).unwrap();
            put(&mut self.holdings, (either.account_id.0, either.id.0), it.before.as_ref(), it.after);
        }
        self
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 1000, ..ProptestConfig::default() })]

    #[test]
    fn any_earlier_state_is_known_and_differences_lead_from_one_to_another(ops in prop::collection::vec(op(), 1..16)) {
        let store = Store::in_memory().unwrap();
        let mut model = Model { next_row: 1, ..Model::default() };
        let mut models = BTreeMap::from([(0, model.clone())]);
        for op in &ops {
            apply(&store, &mut model, op);
            models.insert(model.last_change, model.clone());
        }
        let mut states = Vec::new();
        for (change, then) in &models {
            let past = store.as_known(ChangeId(*change)).unwrap();
            // The content of connections is not versioned.
            compare(&past, &Model { institution: model.institution, ..then.clone() });
            states.push((*change, past));
        }
        for (from, before) in &states {
            for (to, after) in &states {
                prop_assert_eq!(State::of(before).apply(&store, *from, *to), State::of(after), "{} to {}", from, to);
            }
        }
        prop_assert!(store.as_known(ChangeId(model.last_change + 1)).is_err());
    }
}
