//! Keys and bodies of everything versioned that is not a row: accounts, snapshots, holdings, user data,
//! sync states, and the bare existence of connections.
//!
//! INVARIANT: keys are prefix-free and big-endian, so that a range over a prefix lists things in order.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    codes,
    error::{Result, StoreError},
    index,
    wire::{Put, Take},
};
use crate::domain::{
    Account, AccountId, AccountType, ChangeId, ConnectionId, Holding, HoldingId, Snapshot, TransactionId,
};

const VERSION: u8 = 1;

/// First byte of a [`Key`]. Part of the stored layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Connection = 1,
    Account = 2,
    AccountUser = 3,
    Snapshot = 4,
    Holding = 5,
    Row = 6,
    RowUser = 7,
    SyncState = 8,
}

/// What a version belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key(Vec<u8>);

impl Key {
    fn of(kind: Kind, parts: &[&[u8]]) -> Self {
        let mut bytes = vec![kind as u8];
        for part in parts {
            bytes.extend_from_slice(part);
        }
        Self(bytes)
    }

    fn number(kind: Kind, id: u64) -> Self {
        Self::of(kind, &[&id.to_be_bytes()])
    }

    pub(super) fn connection(id: ConnectionId) -> Self {
        Self::number(Kind::Connection, id.0)
    }

    pub(super) fn account(id: AccountId) -> Self {
        Self::number(Kind::Account, id.0)
    }

    pub(super) fn account_user(id: AccountId) -> Self {
        Self::number(Kind::AccountUser, id.0)
    }

    pub(super) fn snapshot(account: AccountId, date: NaiveDate) -> Self {
        Self::of(Kind::Snapshot, &[&account.0.to_be_bytes(), &index::day_of(date).to_be_bytes()])
    }

    pub(super) fn snapshots_of(account: AccountId) -> Self {
        Self::number(Kind::Snapshot, account.0)
    }

    pub(super) fn holding(account: AccountId, id: HoldingId) -> Self {
        Self::of(Kind::Holding, &[&account.0.to_be_bytes(), &id.0.to_be_bytes()])
    }

    pub(super) fn holdings_of(account: AccountId) -> Self {
        Self::number(Kind::Holding, account.0)
    }

    pub(super) fn row(id: TransactionId) -> Self {
        Self::number(Kind::Row, id.0)
    }

    pub(super) fn row_user(id: TransactionId) -> Self {
        Self::number(Kind::RowUser, id.0)
    }

    pub(super) fn sync_state(connection: ConnectionId, stream: &str) -> Self {
        let length = u32::try_from(stream.len()).unwrap_or(u32::MAX);
        Self::of(Kind::SyncState, &[&connection.0.to_be_bytes(), &length.to_be_bytes(), stream.as_bytes()])
    }

    pub(super) fn sync_states_of(connection: ConnectionId) -> Self {
        Self::number(Kind::SyncState, connection.0)
    }

    /// All keys of one kind begin with this.
    pub(super) fn every(kind: Kind) -> Self {
        Self::of(kind, &[])
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The id in a key made of a kind and one number.
    fn id(&self, kind: Kind) -> Option<u64> {
        let [first, id @ ..] = self.0.as_slice() else { return None };
        (*first == kind as u8).then(|| id.try_into().ok().map(u64::from_be_bytes)).flatten()
    }

    pub(super) fn kind(&self) -> Option<Kind> {
        use Kind::{Account, AccountUser, Connection, Holding, Row, RowUser, Snapshot, SyncState};
        [Connection, Account, AccountUser, Snapshot, Holding, Row, RowUser, SyncState]
            .into_iter()
            .find(|kind| self.0.first() == Some(&(*kind as u8)))
    }

    /// The number after the kind: the id, or that of the account or connection it belongs to.
    pub(super) fn first_number(&self) -> Option<u64> {
        self.0.get(1..)?.first_chunk().map(|bytes| u64::from_be_bytes(*bytes))
    }

    /// The row, if it is the key of one.
    pub(super) fn as_row(&self) -> Option<TransactionId> {
        self.id(Kind::Row).map(TransactionId)
    }

    /// The row whose user fields these are, if it is such a key.
    pub(super) fn as_row_user(&self) -> Option<TransactionId> {
        self.id(Kind::RowUser).map(TransactionId)
    }

    /// The first key after all that begin with this one.
    pub(super) fn successor(&self) -> Vec<u8> {
        let mut bytes = self.0.clone();
        while let Some(last) = bytes.pop() {
            if last < u8::MAX {
                bytes.push(last + 1);
                break;
            }
        }
        bytes
    }

    /// The key of one of its versions.
    pub(super) fn version(&self, change: u64) -> Vec<u8> {
        let mut bytes = self.0.clone();
        bytes.extend_from_slice(&change.to_be_bytes());
        bytes
    }
}

/// Splits the key of a version.
pub(super) fn split_version(bytes: &[u8]) -> Result<(Key, u64)> {
    let (key, change) = bytes.split_last_chunk::<8>().ok_or_else(|| StoreError::damaged("the key of a version"))?;
    Ok((Key::from_bytes(key), u64::from_be_bytes(*change)))
}

/// What the user says about an account, apart from what the provider says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct AccountUser {
    pub(super) alias: Option<String>,
    pub(super) type_override: Option<AccountType>,
}

/// A versioned JSON body.
pub(super) fn to_json(value: &impl Serialize) -> Result<Vec<u8>> {
    let mut bytes = vec![VERSION];
    serde_json::to_writer(&mut bytes, value).map_err(|error| StoreError::invalid(error.to_string()))?;
    Ok(bytes)
}

pub(super) fn from_json<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    match body.split_first() {
        Some((&VERSION, json)) => serde_json::from_slice(json)
            .map_err(|error| StoreError::damaged(format!("a record can't be read: {error}"))),
        _ => Err(StoreError::damaged("a record of an unknown version")),
    }
}

/// Without the user's part, which is a record of its own.
pub(super) fn account_body(account: &Account) -> Result<Vec<u8>> {
    to_json(&Account { alias: None, type_override: None, ..account.clone() })
}

pub(super) fn to_account(body: &[u8], user: Option<AccountUser>) -> Result<Account> {
    let user = user.unwrap_or_default();
    let account: Account = from_json(body)?;
    Ok(Account { alias: user.alias, type_override: user.type_override, ..account })
}

pub(super) fn to_holding(change: u64, body: &[u8]) -> Result<Holding> {
    let holding: Holding = from_json(body)?;
    Ok(Holding { change_id: ChangeId(change), ..holding })
}

/// Snapshots are many, so they have a layout of their own.
pub(super) fn snapshot_body(snapshot: &Snapshot) -> Vec<u8> {
    let mut body = Vec::with_capacity(64);
    let mut put = Put(&mut body);
    let parts = [snapshot.available, snapshot.holdings_value, snapshot.cash_value];
    put.u8(VERSION);
    put.u8(codes::snapshot_source(snapshot.source));
    put.u8(parts.iter().enumerate().map(|(bit, part)| u8::from(part.is_some()) << bit).sum());
    put.decimal(snapshot.balance);
    parts.into_iter().flatten().for_each(|part| put.decimal(part));
    put.currency(snapshot.currency);
    put.instant(snapshot.captured_at);
    body
}

pub(super) fn to_snapshot(key: &[u8], change: u64, body: &[u8]) -> Result<Snapshot> {
    read_snapshot(key, change, body).ok_or_else(|| StoreError::damaged("a balance can't be read"))
}

fn read_snapshot(key: &[u8], change: u64, body: &[u8]) -> Option<Snapshot> {
    let mut key = Take(key.get(1..)?);
    let account = key.array().map(u64::from_be_bytes)?;
    let day = (key.array().map(u32::from_be_bytes)? ^ 0x8000_0000).cast_signed();
    let mut take = Take(body);
    let [version, source, present] = take.array()?;
    if version != VERSION {
        return None;
    }
    let part = |take: &mut Take<'_>, bit: u8| -> Option<Option<Decimal>> {
        if present & (1 << bit) == 0 { Some(None) } else { Some(Some(take.decimal()?)) }
    };
    let snapshot = Snapshot {
        account_id: AccountId(account),
        date: NaiveDate::from_num_days_from_ce_opt(day)?,
        change_id: ChangeId(change),
        balance: take.decimal()?,
        available: part(&mut take, 0)?,
        holdings_value: part(&mut take, 1)?,
        cash_value: part(&mut take, 2)?,
        currency: take.currency()?,
        source: codes::to_snapshot_source(source)?,
        captured_at: take.instant()?,
    };
    take.finish(snapshot)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::testing;

    proptest! {
        #[test]
        fn snapshots_come_back(snapshot in testing::snapshot()) {
            let key = Key::snapshot(snapshot.account_id, snapshot.date);
            let back = to_snapshot(key.as_bytes(), snapshot.change_id.0, &snapshot_body(&snapshot)).unwrap();
            prop_assert_eq!(back, snapshot);
        }

        #[test]
        fn no_bytes_panic(key in prop::collection::vec(any::<u8>(), 0..20), body in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = to_snapshot(&key, 1, &body);
            let _ = from_json::<Account>(&body);
        }
    }

    #[test]
    fn a_range_over_a_prefix_is_that_prefix() {
        let prefix = Key::snapshots_of(AccountId(255));
        assert!(prefix.as_bytes() < Key::snapshot(AccountId(255), NaiveDate::MIN).as_bytes());
        assert!(Key::snapshot(AccountId(255), NaiveDate::MAX).0 < prefix.successor());
        assert!(prefix.successor() < Key::snapshot(AccountId(256), NaiveDate::MIN).0);
        assert_eq!(Key::from_bytes(&[1, 255]).successor(), [2]);
    }

    #[test]
    fn versions_of_streams_with_a_common_beginning_stay_apart() {
        let (short, long) = (Key::sync_state(ConnectionId(1), "a"), Key::sync_state(ConnectionId(1), "ab"));
        let range = short.version(0)..=short.version(u64::MAX);
        assert!(range.contains(&short.version(7)));
        assert!(!range.contains(&long.version(7)));
        assert_eq!(split_version(&long.version(7)).unwrap(), (long, 7));
    }
}
