//! Databases of every released layout still open, with the content they had.

use std::{fs, ops::ControlFlow, path::Path};

use chrono::{DateTime, NaiveDate, Utc};
use dashtam::testing::{
    domain::{
        Account, AccountId, AccountType, AssetCode, AssetType, ChangeCounts, ChangeId, ChangeKind, Connection,
        ConnectionId, ConnectionStatus, ForeignAmount, Holding, HoldingFacts, HoldingId, Kind, Money, Security,
        Snapshot, SnapshotSource, TransactionFacts, TransactionId, TransactionStatus, TransactionSubtype, UserFields,
        Warning,
    },
    store::{NewSource, Store},
};
use rust_decimal::Decimal;

const V1: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/store/v1.redb");

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, day).unwrap()
}

fn connection() -> Connection {
    Connection {
        institution_key: "B1/10898".into(),
        alias: Some("Cards".into()),
        status: ConnectionStatus::Active,
        connected_at: Some(now()),
        last_sync_at: Some(now()),
        ..Connection::new(ConnectionId(1), "chase_file", "Chase")
    }
}

fn account() -> Account {
    Account {
        number_masked: "****7890".into(),
        name: "Freedom".into(),
        institution: "Chase".into(),
        account_type: AccountType::CreditCard,
        last_synced_at: Some(now()),
        ..Account::new(AccountId(1), ConnectionId(1), "4000", AssetCode::USD)
    }
}

/// A row with every field, and one with the least.
fn rows() -> [TransactionFacts; 2] {
    let mut full = TransactionFacts::new(day(20), decimal("-6.50"), AssetCode::USD);
    full.provider_id = Some("202611200001".into());
    full.instant = Some(now());
    full.settlement_date = Some(day(21));
    full.kind = Kind(TransactionSubtype::Purchase);
    full.status = TransactionStatus::Pending;
    full.payee = Some("Café Zürich".into());
    full.description = Some("CAFE ZURICH 0042".into());
    full.memo = Some("two coffees".into());
    full.reference = Some("0042".into());
    full.raw_type = Some("POS".into());
    full.security = Some(Box::new(Security {
        symbol: Some("ACME".into()),
        name: Some("Acme Corp".into()),
        asset_type: Some(AssetType::Option),
        quantity: Some(decimal("-0.000000000000000001")),
        unit_price: Some(decimal("12.9150")),
        commission: Some(decimal("0.65")),
        fees: Some(decimal("0")),
        group: Some("order-1".into()),
    }));
    let euro = AssetCode::new("EUR").unwrap();
    full.foreign =
        Some(Box::new(ForeignAmount { money: Money::new(decimal("-6.00"), euro), rate: decimal("1.08333") }));
    full.origin.line = 214;
    [full, TransactionFacts::new(day(19), decimal("79228162514264337593543950335"), AssetCode::new("ETH2.S").unwrap())]
}

fn snapshot() -> Snapshot {
    Snapshot {
        account_id: AccountId(1),
        date: day(20),
        change_id: ChangeId(1),
        balance: decimal("-120.40"),
        available: Some(decimal("879.60")),
        holdings_value: None,
        cash_value: Some(decimal("0.00")),
        currency: AssetCode::USD,
        source: SnapshotSource::InitialConnection,
        captured_at: now(),
    }
}

fn holding() -> Holding {
    Holding {
        id: HoldingId(1),
        account_id: AccountId(1),
        change_id: ChangeId(1),
        facts: HoldingFacts {
            provider_id: "acme".into(),
            symbol: "ACME".into(),
            name: "Acme Corp".into(),
            asset_type: AssetType::Equity,
            quantity: decimal("1.5"),
            price: Some(decimal("10.25")),
            price_date: Some(day(20)),
            market_value: None,
            cost_basis: Some(decimal("0")),
            multiplier: Decimal::ONE,
            currency: AssetCode::USD,
            source: Some("MATCH".into()),
        },
        is_active: true,
        as_of: day(20),
        updated_at: now(),
    }
}

fn fields() -> UserFields {
    UserFields { category: Some("Food".into()), tags: vec!["out".into()], ..UserFields::default() }
}

/// Four changes: an import, an edit, a sync that amends a row, and the undo of a second import.
fn write(path: &Path) {
    let store = Store::open(path).unwrap();
    let mut writer = store.begin(ChangeKind::Import, "chase_2026-11.qfx", now()).unwrap();
    assert_eq!((writer.new_connection_id(), writer.new_account_id()), (ConnectionId(1), AccountId(1)));
    assert_eq!(writer.new_holding_id(), HoldingId(1));
    writer.put_connection(&connection()).unwrap();
    writer.put_account(&account()).unwrap();
    writer.put_snapshot(&snapshot()).unwrap();
    writer.put_holding(&holding()).unwrap();
    writer.append_transactions(AccountId(1), rows()).unwrap();
    writer.put_source(NewSource::pack("chase_2026-11.qfx", b"OFXHEADER:100".to_vec(), [7; 32]).unwrap()).unwrap();
    writer.put_sync_state(ConnectionId(1), "rows", b"cursor").unwrap();
    writer.put_credential(ConnectionId(1), b"sealed").unwrap();
    let counts = ChangeCounts { transactions_imported: 2, ..ChangeCounts::default() };
    let warnings = vec![Warning::new(12, "a date that is none")];
    writer.commit(counts, vec![AccountId(1)], Some(ConnectionId(1)), warnings).unwrap();
    let mut writer = store.begin(ChangeKind::Edit, "category", now()).unwrap();
    writer.set_user_fields(TransactionId(1), &fields()).unwrap();
    writer
        .set_account_user(AccountId(1), Some("Mine"), None, dashtam::testing::domain::AccountSigns::default())
        .unwrap();
    writer.commit(ChangeCounts::default(), vec![AccountId(1)], None, vec![]).unwrap();
    let mut writer = store.begin(ChangeKind::Import, "chase_2026-12.qfx", now()).unwrap();
    writer.append_transactions(AccountId(1), rows()).unwrap();
    writer.update_transaction(TransactionId(2), &rows()[0]).unwrap();
    let second = writer.commit(ChangeCounts::default(), vec![AccountId(1)], Some(ConnectionId(1)), vec![]).unwrap();
    store.toggle(second.id, true, now()).unwrap();
    store.compact().unwrap();
}

fn says_what_was_written(store: &Store) {
    let reader = store.read().unwrap();
    assert_eq!(reader.connections().unwrap(), [connection()]);
    assert_eq!(reader.accounts().unwrap(), [Account { alias: Some("Mine".into()), ..account() }]);
    assert_eq!(reader.snapshots(AccountId(1)).unwrap(), [snapshot()]);
    assert_eq!(reader.holdings().unwrap(), [holding()]);
    let mut found = Vec::new();
    let each = |row: dashtam::testing::domain::Transaction, fields: &UserFields| {
        found.push((row.facts, fields.clone()));
        ControlFlow::Continue(())
    };
    reader.scan(each).unwrap();
    let [full, least] = rows();
    assert_eq!(found, [(full, fields()), (least, UserFields::default())]);
    assert_eq!(reader.newest(None, 0, 9).unwrap(), [TransactionId(1), TransactionId(2)]);
    assert_eq!(reader.by_provider_id(AccountId(1), "202611200001").unwrap().len(), 1);
    let changes = reader.changes(None, 9).unwrap();
    let summary: Vec<_> = changes.iter().map(|change| (change.kind, change.about, change.undone)).collect();
    assert_eq!(
        summary,
        [
            (ChangeKind::Undo, Some(ChangeId(3)), false),
            (ChangeKind::Import, None, true),
            (ChangeKind::Edit, None, false),
            (ChangeKind::Import, None, false),
        ]
    );
    assert_eq!(changes[3].warnings, [Warning::new(12, "a date that is none")]);
    assert_eq!(reader.raw_source(ChangeId(1)).unwrap().unwrap().bytes, b"OFXHEADER:100");
    assert_eq!(reader.credential(ConnectionId(1)).unwrap().unwrap(), b"sealed");
    assert_eq!(reader.sync_state(ConnectionId(1), "rows").unwrap().unwrap(), b"cursor");
    assert_eq!(reader.column_chunks().unwrap().collect::<Result<Vec<_>, _>>().unwrap().len(), 1);
}

#[test]
fn a_database_of_layout_1_opens_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dashtam.redb");
    fs::copy(V1, &path).unwrap();
    let store = Store::open(&path).unwrap();
    says_what_was_written(&store);
    store.verify().unwrap();
    store.toggle(ChangeId(3), false, now()).unwrap();
    let reader = store.read().unwrap();
    assert_eq!(reader.transaction_count().unwrap(), 4);
    assert_eq!(reader.transaction(TransactionId(2)).unwrap().unwrap().facts, rows()[0]);
    assert_eq!(reader.transaction(TransactionId(3)).unwrap().unwrap().facts, rows()[0]);
    store.verify().unwrap();
}

#[test]
fn todays_database_reads_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dashtam.redb");
    write(&path);
    says_what_was_written(&Store::open(&path).unwrap());
}

/// Run once for each new layout, never for one that was released.
#[test]
#[ignore = "writes fixtures/store"]
fn freeze() {
    assert!(!Path::new(V1).exists(), "the layout is frozen");
    write(Path::new(V1));
}
