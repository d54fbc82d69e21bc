//! The store as a whole.

mod damage;
mod encrypted_backup;
mod history;
mod memory;
mod model;
mod power;
mod put_back;
mod restore;
mod safety;
mod surface;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

use super::{Store, Writer};
use crate::domain::{
    Account, AccountId, AccountType, AssetCode, Change, ChangeCounts, ChangeKind, Connection, ConnectionId,
    ConnectionStatus, TransactionFacts,
};

pub(super) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

pub(super) fn day(number: i32) -> NaiveDate {
    NaiveDate::from_num_days_from_ce_opt(739_000 + number).unwrap()
}

pub(super) fn row(number: i32, cents: i64, provider_id: Option<&str>) -> TransactionFacts {
    let mut facts = TransactionFacts::new(day(number), Decimal::new(cents, 2), AssetCode::USD);
    facts.provider_id = provider_id.map(Into::into);
    facts.payee = Some(format!("Payee {cents}").into());
    facts
}

pub(super) fn connection(id: u64) -> Connection {
    Connection {
        status: ConnectionStatus::Active,
        connected_at: Some(now()),
        ..Connection::new(ConnectionId(id), "ofx_file", format!("Bank {id}"))
    }
}

pub(super) fn account(id: u64, connection: u64) -> Account {
    Account {
        number_masked: "****7890".into(),
        name: format!("Account {id}"),
        institution: "Bank".into(),
        account_type: AccountType::Checking,
        last_synced_at: Some(now()),
        ..Account::new(AccountId(id), ConnectionId(connection), format!("acct-{id}"), AssetCode::USD)
    }
}

pub(super) fn begin(store: &Store, kind: ChangeKind) -> Writer {
    store.begin(kind, "test", now()).unwrap()
}

pub(super) fn commit(writer: Writer) -> Change {
    writer.commit(ChangeCounts::default(), vec![], None, vec![]).unwrap()
}

/// An import into one account, that creates it with its connection when it is missing.
pub(super) fn import(store: &Store, id: u64, rows: Vec<TransactionFacts>) -> Change {
    let mut writer = begin(store, ChangeKind::Import);
    writer.put_connection(&connection(1)).unwrap();
    writer.put_account(&account(id, 1)).unwrap();
    writer.append_transactions(AccountId(id), rows).unwrap();
    commit(writer)
}
