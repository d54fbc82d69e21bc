//! Rows in order: pages from the newest, a span of days, everything.

use std::{collections::BinaryHeap, ops::ControlFlow};

use chrono::NaiveDate;
use redb::ReadableTableMetadata as _;

use crate::{
    domain::{AccountId, Transaction, TransactionId, UserFields},
    store::{
        columns::chunks,
        error::{Result, StoreError},
        format::{
            checksum,
            keys::{self, KeyKind, ObjectKey},
            row,
        },
        lookup,
        reader::Reader,
        schema::BY_PROVIDER_ID,
    },
};

impl Reader {
    /// Row ids from newest to oldest (date, then id), of one account or merged over all. Skipping costs time in
    /// proportion to `offset`.
    pub fn newest(&self, account: Option<AccountId>, offset: u64, limit: usize) -> Result<Vec<TransactionId>> {
        self.guarded(|| {
            let accounts = match account {
                Some(account) => self.numbers(account)?,
                None => lookup::accounts_with_rows(&self.counts)?,
            };
            let mut sources = Vec::with_capacity(accounts.len());
            let mut heads = BinaryHeap::with_capacity(accounts.len());
            for account in accounts {
                let low = keys::pack(account, 0, 0);
                let high = keys::pack(account, u32::MAX, u64::MAX);
                let mut keys = self.by_date.range(low..=high)?.rev();
                if let Some(first) = keys.next() {
                    let key = first?.0.value();
                    heads.push((date_and_pk(key), key, sources.len()));
                    sources.push(keys);
                }
            }
            let (mut skip, mut found) = (offset, Vec::with_capacity(limit.min(1024)));
            while let Some((_, key, source)) = heads.pop() {
                if found.len() == limit {
                    break;
                }
                if skip > 0 {
                    skip -= 1;
                } else {
                    found.push(self.indexed(key)?);
                }
                if let Some(next) = sources.get_mut(source).and_then(Iterator::next) {
                    let key = next?.0.value();
                    heads.push((date_and_pk(key), key, source));
                }
            }
            Ok(found)
        })
    }

    /// An account's rows from `from` to `to`, both included, by date, then id.
    pub fn rows_between(&self, account: AccountId, from: NaiveDate, to: NaiveDate) -> Result<Vec<Transaction>> {
        self.guarded(|| {
            let mut rows = Vec::new();
            let parts = self.numbers(account)?;
            for part in &parts {
                let low = keys::pack(*part, keys::day_of(from), 0);
                let high = keys::pack(*part, keys::day_of(to), u64::MAX);
                if low > high {
                    return Ok(Vec::new());
                }
                for entry in self.by_date.range(low..=high)? {
                    let pk = self.indexed(entry?.0.value())?;
                    let row = lookup::transaction(&self.rows, pk)?.ok_or_else(StoreError::index_without_row)?;
                    rows.push(self.shown(row));
                }
            }
            if parts.len() > 1 {
                rows.sort_by_key(|row| (row.facts.date, row.id));
            }
            Ok(rows)
        })
    }

    /// Number of rows of an account until the end of a day; `None` counts all.
    pub fn count_until(&self, account: AccountId, day: Option<NaiveDate>) -> Result<u64> {
        let Some(day) = day else { return self.count_of(account) };
        self.guarded(|| {
            let account = keys::account_number(account)?;
            let keys = keys::pack(account, 0, 0)..=keys::pack(account, keys::day_of(day), u64::MAX);
            let mut count = 0;
            for entry in self.by_date.range(keys)? {
                entry?;
                count += 1;
            }
            Ok(count)
        })
    }

    /// The numbers of an account and those merged with it.
    fn numbers(&self, account: AccountId) -> Result<Vec<u32>> {
        let merges = self.merges();
        merges.parts(merges.head(account)).into_iter().map(keys::account_number).collect()
    }

    /// The row of a key of the date index, if its content matches the key.
    pub(super) fn indexed(&self, key: u128) -> Result<TransactionId> {
        let pk = keys::pk(key);
        let value = self.rows.get(pk.0)?.ok_or_else(StoreError::index_without_row)?;
        let (_, body) = checksum::check_version(&pk.0.to_be_bytes(), value.value())?;
        if keys::by_date(&row::head(body)?, pk.0) == key { Ok(pk) } else { Err(StoreError::index_without_row()) }
    }

    /// An account's rows with that provider id: several, since institutions reuse ids.
    pub fn by_provider_id(&self, account: AccountId, provider_id: &str) -> Result<Vec<Transaction>> {
        self.guarded(|| {
            let ids = self.txn.open_table(BY_PROVIDER_ID)?;
            let mut rows = Vec::new();
            for part in self.numbers(account)? {
                rows.extend(lookup::by_provider_id(&self.rows, &ids, part, provider_id)?);
            }
            Ok(rows.into_iter().map(|row| self.shown(row)).collect())
        })
    }

    /// Calls `each` with every row and its user fields, by id, until it breaks.
    pub fn scan(&self, mut each: impl FnMut(Transaction, &UserFields) -> ControlFlow<()>) -> Result<()> {
        self.scan_rows(|_| true, &mut each)
    }

    /// As [`Reader::scan`], for one account: used to compare a large file with the stored rows.
    pub fn scan_account(
        &self,
        account: AccountId,
        mut each: impl FnMut(Transaction, &UserFields) -> ControlFlow<()>,
    ) -> Result<()> {
        let parts = self.numbers(account)?;
        self.scan_rows(|body| row::head(body).is_ok_and(|head| parts.contains(&head.account)), &mut each)
    }

    /// Scans the rows whose body is `wanted`. Only the work of the store is guarded: a panic in `each` reaches the caller.
    fn scan_rows(
        &self,
        wanted: impl Fn(&[u8]) -> bool,
        each: &mut dyn FnMut(Transaction, &UserFields) -> ControlFlow<()>,
    ) -> Result<()> {
        let none = UserFields::default();
        let (mut rows, mut fields) = self.guarded(|| {
            let prefix = ObjectKey::every(KeyKind::RowUser);
            let end = prefix.successor();
            Ok((self.rows.range(0..)?, self.records.range(prefix.as_bytes()..end.as_slice())?.peekable()))
        })?;
        let mut seen = 0;
        loop {
            let next = self.guarded(|| {
                for entry in rows.by_ref() {
                    let (pk, value) = entry?;
                    let pk = TransactionId(pk.value());
                    seen += 1;
                    let (change, body) = checksum::check_version(&pk.0.to_be_bytes(), value.value())?;
                    if wanted(body) {
                        let fields = chunks::fields_of(&mut fields, pk)?;
                        return Ok(Some((self.shown(row::decode(pk, change, body)?), fields)));
                    }
                }
                if seen == self.rows.len()? { Ok(None) } else { Err(StoreError::damaged("a table has lost entries")) }
            })?;
            let Some((row, fields)) = next else { return Ok(()) };
            if each(row, fields.as_ref().unwrap_or(&none)).is_break() {
                return Ok(());
            }
        }
    }
}

/// A packed key without its account, so that keys of different accounts compare by date and pk.
const fn date_and_pk(key: u128) -> u128 {
    key & (u128::MAX >> 32)
}
