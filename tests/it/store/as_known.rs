//! Random histories of imports, syncs, edits, undos and redos: the state as known after a change is, byte for byte, what an
//! export showed then.

use std::fmt::Write as _;

use chrono::{DateTime, Days, NaiveDate, Utc};
use dashtam::testing::{
    domain::{
        Account, AccountId, AccountType, AssetCode, AssetType, ChangeCounts, ChangeId, ChangeKind, Connection,
        ConnectionId, ConnectionStatus, Holding, HoldingFacts, HoldingId, Snapshot, SnapshotSource, TransactionFacts,
        TransactionId, TransactionStatus, UserFields,
    },
    ledger::{Ledger, ListRequest, export},
    store::{Store, Writer},
};
use rust_decimal::Decimal;

use crate::support::data::Random;

/// Histories of one run; the environment variable `HISTORIES` sets another number.
const HISTORIES: u64 = 60;

fn cents(numbers: &mut Random) -> Decimal {
    Decimal::new(i64::try_from(numbers.below(20_000)).unwrap() - 10_000, 2)
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

fn day(number: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + Days::new(number)
}

fn connection() -> Connection {
    Connection {
        status: ConnectionStatus::Active,
        connected_at: Some(now()),
        ..Connection::new(ConnectionId(1), "ofx_file", "Bank")
    }
}

fn account(id: u64, name: u64) -> Account {
    Account {
        number_masked: format!("****000{id}"),
        name: format!("Account {name}"),
        institution: "Bank".into(),
        account_type: [AccountType::Checking, AccountType::CreditCard, AccountType::Brokerage]
            [usize::try_from(id % 3).unwrap()],
        last_synced_at: Some(now()),
        ..Account::new(AccountId(id), ConnectionId(1), format!("A{id}"), AssetCode::USD)
    }
}

fn facts(numbers: &mut Random) -> TransactionFacts {
    let mut facts = TransactionFacts::new(day(numbers.below(60)), cents(numbers), AssetCode::USD);
    facts.payee = Some(format!("Payee {}", numbers.below(9)).into());
    facts.provider_id = Some(format!("F{}", numbers.below(1_000)).into());
    if numbers.below(4) == 0 {
        facts.status = TransactionStatus::Pending;
    }
    facts
}

fn rows(store: &Store) -> Vec<TransactionId> {
    store.read().unwrap().newest(None, 0, usize::MAX).unwrap()
}

fn pick(numbers: &mut Random, from: &[TransactionId]) -> Option<TransactionId> {
    (!from.is_empty()).then(|| from[usize::try_from(numbers.below(from.len() as u64)).unwrap()])
}

fn news(numbers: &mut Random, writer: &mut Writer, known: &[TransactionId]) {
    writer.put_connection(&connection()).unwrap();
    let id = 1 + numbers.below(3);
    let kind = account(id, numbers.below(4));
    writer.put_account(&kind).unwrap();
    let new: Vec<_> = (0..numbers.below(12)).map(|_| facts(numbers)).collect();
    writer.append_transactions(AccountId(id), new).unwrap();
    for _ in 0..numbers.below(4) {
        let Some(row) = pick(numbers, known) else { break };
        writer.update_transaction(row, &facts(numbers)).unwrap();
    }
    if numbers.below(3) == 0
        && let Some(row) = pick(numbers, known)
    {
        writer.remove_transaction(row).unwrap();
    }
    if numbers.below(2) == 0 {
        let snapshot = Snapshot {
            account_id: AccountId(id),
            date: day(numbers.below(60)),
            change_id: ChangeId(0),
            balance: cents(numbers),
            available: None,
            holdings_value: None,
            cash_value: None,
            currency: AssetCode::USD,
            source: SnapshotSource::Statement,
            captured_at: now(),
        };
        writer.put_snapshot(&snapshot).unwrap();
    }
    if numbers.below(3) == 0 {
        let holding = Holding {
            id: HoldingId(1 + numbers.below(2)),
            account_id: AccountId(id),
            change_id: ChangeId(0),
            facts: HoldingFacts {
                provider_id: "ACME".into(),
                symbol: "ACME".into(),
                name: "Acme".into(),
                asset_type: AssetType::Equity,
                quantity: cents(numbers),
                price: None,
                price_date: None,
                market_value: Some(cents(numbers)),
                cost_basis: None,
                multiplier: Decimal::ONE,
                currency: AssetCode::USD,
                source: None,
            },
            is_active: numbers.below(4) > 0,
            as_of: day(numbers.below(60)),
            updated_at: now(),
        };
        writer.put_holding(&holding).unwrap();
    }
}

fn step(numbers: &mut Random, store: &Store) {
    let known = rows(store);
    let end = |writer: Writer| drop(writer.commit(ChangeCounts::default(), vec![], None, vec![]).unwrap());
    match numbers.below(10) {
        0..=3 => {
            let kind = if numbers.below(2) == 0 { ChangeKind::Import } else { ChangeKind::Sync };
            let mut writer = store.begin(kind, "news", now()).unwrap();
            news(numbers, &mut writer, &known);
            end(writer);
        }
        4 | 5 => {
            let Some(row) = pick(numbers, &known) else { return };
            let mut writer = store.begin(ChangeKind::Edit, "edit", now()).unwrap();
            let note = (numbers.below(4) > 0).then(|| format!("note {}", numbers.below(5)));
            let category = (numbers.below(2) == 0).then(|| "Food".to_owned());
            writer.set_user_fields(row, &UserFields { note, category, ..UserFields::default() }).unwrap();
            end(writer);
        }
        6 => {
            let accounts = store.read().unwrap().accounts().unwrap();
            let Some(first) = accounts.first() else { return };
            let mut writer = store.begin(ChangeKind::Edit, "edit", now()).unwrap();
            let alias = (numbers.below(3) > 0).then(|| format!("Mine {}", numbers.below(5)));
            writer.set_account_user(first.id, alias.as_deref(), None, first.signs).unwrap();
            end(writer);
        }
        _ => {
            let changes = store.read().unwrap().changes(None, usize::MAX).unwrap();
            let able: Vec<_> = changes.iter().filter(|change| change.can_undo() || change.can_redo()).collect();
            if !able.is_empty() {
                let change = able[usize::try_from(numbers.below(able.len() as u64)).unwrap()];
                store.toggle(change.id, !change.undone, now()).unwrap();
            }
        }
    }
}

/// Everything that is shown: the rows as JSON and CSV, accounts with balances of every day, positions, the journal.
fn shown(store: &Store) -> String {
    let view = Ledger::new(store.clone()).view().unwrap();
    let view = view.with_columns(view.load_columns().unwrap());
    let list = view.list(&ListRequest::default()).unwrap();
    let mut bytes = Vec::new();
    for format in [export::ExportFormat::Json, export::ExportFormat::Csv] {
        view.export(&list, format, &mut bytes).unwrap();
    }
    let mut text = String::from_utf8(bytes).unwrap();
    for line in view.accounts() {
        let _ = writeln!(text, "{:?} {} {:?}", line.account, line.transaction_count, view.snapshots(line.account.id));
    }
    for number in [0, 20, 40, 60] {
        let _ = writeln!(text, "{:?}", view.net_worth(day(number)));
        let _ = writeln!(text, "{:?}", view.until(Some(day(number))).unwrap().holdings());
    }
    let _ = writeln!(text, "{:?} {:?}", view.holdings(), view.changes(None, usize::MAX));
    text
}

#[test]
fn the_state_as_known_after_a_change_is_what_was_shown_then() {
    let histories = std::env::var("HISTORIES").ok().and_then(|text| text.parse().ok()).unwrap_or(HISTORIES);
    let mut compared = 0_u64;
    for seed in 0..histories {
        let store = Store::in_memory().unwrap();
        let mut numbers = Random::new(seed);
        let mut exports = vec![(ChangeId(0), shown(&store))];
        for _ in 0..4 + numbers.below(10) {
            step(&mut numbers, &store);
            let newest = store.read().unwrap().changes(None, 1).unwrap();
            if let Some(change) = newest.first().filter(|change| change.id > exports[exports.len() - 1].0) {
                exports.push((change.id, shown(&store)));
            }
        }
        for (change, export) in &exports {
            let past = store.as_known(*change).unwrap();
            assert!(shown(&past) == *export, "history {seed}, change {change}");
            compared += 1;
        }
    }
    assert!(compared > histories * 3, "{compared}");
}
