//! Keys of stored things: records and their versions, and the two indexes of rows.
//!
//! INVARIANT: keys of records are prefix-free and big-endian, so that a range over a prefix lists things in order; keys
//! of an index sort by account, then date or hash, then row.

use chrono::{Datelike as _, NaiveDate};

use crate::{
    domain::{AccountId, ConnectionId, HoldingId, TransactionId},
    store::{
        error::{Result, StoreError},
        format::row::Head,
    },
};

/// First byte of a [`ObjectKey`]. Part of the stored layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(in crate::store) enum KeyKind {
    Connection = 1,
    Account = 2,
    AccountUser = 3,
    Snapshot = 4,
    Holding = 5,
    Row = 6,
    RowUser = 7,
    SyncState = 8,
    RowPair = 9,
    AccountMerge = 10,
}

/// Key of a versioned object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::store) struct ObjectKey(Vec<u8>);

impl ObjectKey {
    fn of(kind: KeyKind, parts: &[&[u8]]) -> Self {
        let mut bytes = vec![kind as u8];
        for part in parts {
            bytes.extend_from_slice(part);
        }
        Self(bytes)
    }

    fn number(kind: KeyKind, id: u64) -> Self {
        Self::of(kind, &[&id.to_be_bytes()])
    }

    pub(in crate::store) fn connection(id: ConnectionId) -> Self {
        Self::number(KeyKind::Connection, id.0)
    }

    pub(in crate::store) fn account(id: AccountId) -> Self {
        Self::number(KeyKind::Account, id.0)
    }

    pub(in crate::store) fn account_user(id: AccountId) -> Self {
        Self::number(KeyKind::AccountUser, id.0)
    }

    /// The account that `part` is merged into.
    pub(in crate::store) fn account_merge(part: AccountId) -> Self {
        Self::number(KeyKind::AccountMerge, part.0)
    }

    pub(in crate::store) fn snapshot(account: AccountId, date: NaiveDate) -> Self {
        Self::of(KeyKind::Snapshot, &[&account.0.to_be_bytes(), &day_of(date).to_be_bytes()])
    }

    pub(in crate::store) fn snapshots_of(account: AccountId) -> Self {
        Self::number(KeyKind::Snapshot, account.0)
    }

    pub(in crate::store) fn holding(account: AccountId, id: HoldingId) -> Self {
        Self::of(KeyKind::Holding, &[&account.0.to_be_bytes(), &id.0.to_be_bytes()])
    }

    pub(in crate::store) fn holdings_of(account: AccountId) -> Self {
        Self::number(KeyKind::Holding, account.0)
    }

    pub(in crate::store) fn row(id: TransactionId) -> Self {
        Self::number(KeyKind::Row, id.0)
    }

    pub(in crate::store) fn row_user(id: TransactionId) -> Self {
        Self::number(KeyKind::RowUser, id.0)
    }

    pub(in crate::store) fn sync_state(connection: ConnectionId, stream: &str) -> Self {
        let length = u32::try_from(stream.len()).unwrap_or(u32::MAX);
        Self::of(KeyKind::SyncState, &[&connection.0.to_be_bytes(), &length.to_be_bytes(), stream.as_bytes()])
    }

    pub(in crate::store) fn sync_states_of(connection: ConnectionId) -> Self {
        Self::number(KeyKind::SyncState, connection.0)
    }

    pub(in crate::store) fn row_pair(older: TransactionId, newer: TransactionId) -> Self {
        Self::of(KeyKind::RowPair, &[&newer.0.to_be_bytes(), &older.0.to_be_bytes()])
    }

    /// The common prefix of all keys of a kind.
    pub(in crate::store) fn every(kind: KeyKind) -> Self {
        Self::of(kind, &[])
    }

    pub(in crate::store) fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    pub(in crate::store) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The id in a key made of a kind and one number.
    fn id(&self, kind: KeyKind) -> Option<u64> {
        let [first, id @ ..] = self.0.as_slice() else { return None };
        (*first == kind as u8).then(|| id.try_into().ok().map(u64::from_be_bytes)).flatten()
    }

    pub(in crate::store) fn kind(&self) -> Option<KeyKind> {
        use KeyKind::{
            Account, AccountMerge, AccountUser, Connection, Holding, Row, RowPair, RowUser, Snapshot, SyncState,
        };
        [Connection, Account, AccountUser, Snapshot, Holding, Row, RowUser, SyncState, RowPair, AccountMerge]
            .into_iter()
            .find(|kind| self.0.first() == Some(&(*kind as u8)))
    }

    /// The number after the kind: the id, or that of the account or connection it belongs to.
    pub(in crate::store) fn first_number(&self) -> Option<u64> {
        self.0.get(1..)?.first_chunk().map(|bytes| u64::from_be_bytes(*bytes))
    }

    /// The last number of a key made of two.
    pub(in crate::store) fn last_number(&self) -> Option<u64> {
        self.0.last_chunk().map(|bytes| u64::from_be_bytes(*bytes))
    }

    /// The second number of a key with two.
    pub(in crate::store) fn second_number(&self) -> Option<u64> {
        self.0.get(9..)?.first_chunk().map(|bytes| u64::from_be_bytes(*bytes))
    }

    /// The row, if it is the key of one.
    pub(in crate::store) fn as_row(&self) -> Option<TransactionId> {
        self.id(KeyKind::Row).map(TransactionId)
    }

    /// The row whose user fields these are, if it is such a key.
    pub(in crate::store) fn as_row_user(&self) -> Option<TransactionId> {
        self.id(KeyKind::RowUser).map(TransactionId)
    }

    /// The first key after all that begin with this one.
    pub(in crate::store) fn successor(&self) -> Vec<u8> {
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
    pub(in crate::store) fn version(&self, change: u64) -> Vec<u8> {
        let mut bytes = self.0.clone();
        bytes.extend_from_slice(&change.to_be_bytes());
        bytes
    }
}

/// Splits the key of a version.
pub(in crate::store) fn split_version(bytes: &[u8]) -> Result<(ObjectKey, u64)> {
    let (key, change) = bytes.split_last_chunk::<8>().ok_or_else(|| StoreError::damaged("the key of a version"))?;
    Ok((ObjectKey::from_bytes(key), u64::from_be_bytes(*change)))
}

/// Accounts are numbered in 32 bits in rows and index keys.
pub(in crate::store) fn account_number(account: AccountId) -> Result<u32> {
    u32::try_from(account.0).map_err(|_| StoreError::invalid(format!("account {account}: ids go up to {}", u32::MAX)))
}

/// Order-preserving form of a date.
const fn day(days_from_ce: i32) -> u32 {
    days_from_ce.cast_unsigned() ^ 0x8000_0000
}

pub(in crate::store) fn day_of(date: NaiveDate) -> u32 {
    day(date.num_days_from_ce())
}

/// 32-bit hash of a provider id. Candidates are compared by the stored id.
pub(in crate::store) fn hash(provider_id: &[u8]) -> u32 {
    crc32fast::hash(provider_id)
}

/// account (32 bits), date or hash (32 bits), pk (64 bits).
pub(in crate::store) const fn pack(account: u32, middle: u32, pk: u64) -> u128 {
    ((account as u128) << 96) | ((middle as u128) << 64) | pk as u128
}

/// The pk in a packed key.
#[expect(clippy::cast_possible_truncation, reason = "the low half of the key is the pk")]
pub(in crate::store) const fn pk(key: u128) -> TransactionId {
    TransactionId(key as u64)
}

pub(in crate::store) fn by_date(head: &Head<'_>, pk: u64) -> u128 {
    pack(head.account, day_of(head.date), pk)
}

pub(in crate::store) fn by_provider_id(head: &Head<'_>, pk: u64) -> Option<u128> {
    head.provider_id.map(|id| pack(head.account, hash(id), pk))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_over_a_prefix_is_that_prefix() {
        let prefix = ObjectKey::snapshots_of(AccountId(255));
        assert!(prefix.as_bytes() < ObjectKey::snapshot(AccountId(255), NaiveDate::MIN).as_bytes());
        assert!(ObjectKey::snapshot(AccountId(255), NaiveDate::MAX).0 < prefix.successor());
        assert!(prefix.successor() < ObjectKey::snapshot(AccountId(256), NaiveDate::MIN).0);
        assert_eq!(ObjectKey::from_bytes(&[1, 255]).successor(), [2]);
    }

    #[test]
    fn versions_of_streams_with_a_common_beginning_stay_apart() {
        let (short, long) = (ObjectKey::sync_state(ConnectionId(1), "a"), ObjectKey::sync_state(ConnectionId(1), "ab"));
        let range = short.version(0)..=short.version(u64::MAX);
        assert!(range.contains(&short.version(7)));
        assert!(!range.contains(&long.version(7)));
        assert_eq!(split_version(&long.version(7)).unwrap(), (long, 7));
    }

    #[test]
    fn keys_sort_by_account_date_row() {
        let date = |year| NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
        let key = |account, year, pk| by_date(&Head { account, date: date(year), provider_id: None }, pk);
        let sorted = [key(1, -5, 9), key(1, 1999, 3), key(1, 2026, 1), key(1, 2026, 2), key(2, -5, 1)];
        assert!(sorted.is_sorted());
        assert_eq!(pk(sorted[1]), TransactionId(3));
    }
}
