//! Bodies of records, i.e. of everything versioned other than rows: accounts, snapshots, holdings, user fields and sync
//! states.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    domain::{Account, AccountId, AccountSigns, AccountType, ChangeId, Holding, Snapshot},
    store::{
        error::{Result, StoreError},
        format::{
            bytes::{Decoder, Encoder},
            codes,
        },
    },
};

const VERSION: u8 = 1;

/// The user's fields of an account, stored separately from those of the provider.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(in crate::store) struct AccountUser {
    pub(in crate::store) alias: Option<String>,
    pub(in crate::store) type_override: Option<AccountType>,
    #[serde(default, skip_serializing_if = "AccountSigns::is_unset")]
    pub(in crate::store) signs: AccountSigns,
}

/// A versioned JSON body.
pub(in crate::store) fn to_json(value: &impl Serialize) -> Result<Vec<u8>> {
    let mut bytes = vec![VERSION];
    serde_json::to_writer(&mut bytes, value).map_err(|error| StoreError::invalid(error.to_string()))?;
    Ok(bytes)
}

pub(in crate::store) fn from_json<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    match body.split_first() {
        Some((&VERSION, json)) => serde_json::from_slice(json)
            .map_err(|error| StoreError::damaged(format!("a record can't be read: {error}"))),
        _ => Err(StoreError::damaged("a record of an unknown version")),
    }
}

/// The body without the user's fields, which are a separate record.
pub(in crate::store) fn account_body(account: &Account) -> Result<Vec<u8>> {
    to_json(&Account { alias: None, type_override: None, signs: AccountSigns::default(), ..account.clone() })
}

pub(in crate::store) fn to_account(body: &[u8], user: Option<AccountUser>) -> Result<Account> {
    let user = user.unwrap_or_default();
    let account: Account = from_json(body)?;
    Ok(Account { alias: user.alias, type_override: user.type_override, signs: user.signs, ..account })
}

pub(in crate::store) fn to_holding(change: u64, body: &[u8]) -> Result<Holding> {
    let holding: Holding = from_json(body)?;
    Ok(Holding { change_id: ChangeId(change), ..holding })
}

/// Snapshots are numerous, so they have a binary layout.
pub(in crate::store) fn snapshot_body(snapshot: &Snapshot) -> Vec<u8> {
    let mut body = Vec::with_capacity(64);
    let mut put = Encoder(&mut body);
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

pub(in crate::store) fn to_snapshot(key: &[u8], change: u64, body: &[u8]) -> Result<Snapshot> {
    read_snapshot(key, change, body).ok_or_else(|| StoreError::damaged("a balance can't be read"))
}

fn read_snapshot(key: &[u8], change: u64, body: &[u8]) -> Option<Snapshot> {
    let mut key = Decoder(key.get(1..)?);
    let account = key.array().map(u64::from_be_bytes)?;
    let day = (key.array().map(u32::from_be_bytes)? ^ 0x8000_0000).cast_signed();
    let mut take = Decoder(body);
    let [version, source, present] = take.array()?;
    if version != VERSION {
        return None;
    }
    let part = |take: &mut Decoder<'_>, bit: u8| -> Option<Option<Decimal>> {
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
    use crate::store::{format::keys::ObjectKey, testing};

    proptest! {
        #[test]
        fn snapshots_come_back(snapshot in testing::snapshot()) {
            let key = ObjectKey::snapshot(snapshot.account_id, snapshot.date);
            let back = to_snapshot(key.as_bytes(), snapshot.change_id.0, &snapshot_body(&snapshot)).unwrap();
            prop_assert_eq!(back, snapshot);
        }

        #[test]
        fn no_bytes_panic(key in prop::collection::vec(any::<u8>(), 0..20), body in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = to_snapshot(&key, 1, &body);
            let _ = from_json::<Account>(&body);
        }
    }
}
