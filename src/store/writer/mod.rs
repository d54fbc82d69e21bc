//! The write side: one change at a time, all of it or nothing.

mod append;
pub(super) mod commit;
mod lookups;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
};

use chrono::{DateTime, Utc};
use redb::{ReadableTable as _, WriteTransaction};

use crate::{
    domain::{
        Account, AccountId, AccountType, ChangeId, ChangeKind, Connection, ConnectionId, Holding, HoldingId, Snapshot,
        TransactionFacts, TransactionId, UserFields,
    },
    store::{
        Permit,
        columns::append::Tail,
        database::open::OpenDatabase,
        error::{Result, StoreError, guarded},
        format::{
            checksum,
            keys::{self, Key},
            record::{self, AccountUser},
            row,
        },
        raw_source::NewSource,
        schema::{CONNECTIONS, CREDENTIALS, Counter, META, RECORDS, TRANSACTIONS},
    },
};

/// A change in the making. Look-ups see what it has written so far. Dropping it leaves nothing.
pub struct Writer {
    pub(in crate::store) txn: WriteTransaction,
    /// The number the change will have.
    pub(in crate::store) change: u64,
    pub(in crate::store) kind: ChangeKind,
    pub(in crate::store) source: String,
    pub(in crate::store) at: DateTime<Utc>,
    pub(in crate::store) ids: Ids,
    /// Ranges of pks that this change added, ascending.
    pub(in crate::store) added: Vec<Range<u64>>,
    /// Rows of which it wrote a newer version.
    pub(in crate::store) amended: BTreeSet<u64>,
    /// Everything else of which it wrote a version.
    pub(in crate::store) records: BTreeSet<Key>,
    /// Existing connections and accounts it speaks of, to be witnessed at the commit.
    pub(in crate::store) referenced: BTreeSet<Key>,
    /// By how much the number of rows of an account changes.
    pub(in crate::store) counts: BTreeMap<u32, i64>,
    /// Chunks whose columnar form must be made anew from the rows.
    pub(in crate::store) stale: BTreeSet<u64>,
    /// The columnar form of rows that are being appended.
    pub(in crate::store) tail: Tail,
    pub(in crate::store) raw_source: Option<NewSource>,
    /// Whether it took rows away.
    pub(in crate::store) removed_rows: bool,
    /// A write failed half-way: it can only be dropped.
    pub(in crate::store) poisoned: bool,
    // Dropped last, in this order.
    pub(in crate::store) database: Arc<OpenDatabase>,
    pub(in crate::store) permit: Permit,
}

#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Ids {
    pub(in crate::store) connection: u64,
    pub(in crate::store) account: u64,
    pub(in crate::store) holding: u64,
    pub(in crate::store) transaction: u64,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("change", &self.change).field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Writer {
    pub(in crate::store) fn new(
        permit: Permit,
        database: Arc<OpenDatabase>,
        kind: ChangeKind,
        source: &str,
        at: DateTime<Utc>,
    ) -> Result<Self> {
        let txn = database.write()?;
        let (change, ids) = {
            let meta = txn.open_table(META)?;
            let next =
                |counter: Counter| counter.get(&meta)?.ok_or_else(|| StoreError::damaged("a counter is missing"));
            let ids = Ids {
                connection: next(Counter::NextConnection)?,
                account: next(Counter::NextAccount)?,
                holding: next(Counter::NextHolding)?,
                transaction: next(Counter::NextTransaction)?,
            };
            (next(Counter::NextChange)?, ids)
        };
        Ok(Self {
            txn,
            change,
            kind,
            source: source.to_owned(),
            at,
            ids,
            added: Vec::new(),
            amended: BTreeSet::new(),
            records: BTreeSet::new(),
            referenced: BTreeSet::new(),
            counts: BTreeMap::new(),
            stale: BTreeSet::new(),
            tail: Tail::default(),
            raw_source: None,
            removed_rows: false,
            poisoned: false,
            database,
            permit,
        })
    }

    /// Runs one step; after a failure of the file nothing can be committed any more.
    pub(in crate::store) fn run<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let store = self.permit.store().clone();
        let result = guarded(store.path(), || work(self));
        if let Err(StoreError::Damaged { .. } | StoreError::Io { .. } | StoreError::DiskFull { .. }) = &result {
            self.poisoned = true;
        }
        result
    }

    /// The number this change will have in the journal.
    #[must_use]
    pub const fn change_id(&self) -> ChangeId {
        ChangeId(self.change)
    }

    /// A number no connection has or had.
    pub fn new_connection_id(&mut self) -> ConnectionId {
        self.ids.connection += 1;
        ConnectionId(self.ids.connection - 1)
    }

    /// A number no account has or had.
    pub fn new_account_id(&mut self) -> AccountId {
        self.ids.account += 1;
        AccountId(self.ids.account - 1)
    }

    /// A number no holding has or had.
    pub fn new_holding_id(&mut self) -> HoldingId {
        self.ids.holding += 1;
        HoldingId(self.ids.holding - 1)
    }

    pub(in crate::store) fn next_transaction(&self) -> u64 {
        self.ids.transaction
    }

    /// Takes the next pks, which join those that this change adds.
    pub(in crate::store) fn take_transactions(&mut self, count: u64) -> Range<u64> {
        let first = self.ids.transaction;
        let end = first.saturating_add(count);
        self.ids.transaction = end;
        match self.added.last_mut() {
            Some(last) if last.end == first => last.end = end,
            _ => self.added.push(first..end),
        }
        first..end
    }

    /// Whether this change added the row.
    pub(in crate::store) fn has_added(&self, pk: u64) -> bool {
        let after = self.added.partition_point(|range| range.end <= pk);
        self.added.get(after).is_some_and(|range| range.contains(&pk))
    }

    /// Notes that this change wrote a version of `key`.
    pub(in crate::store) fn note(&mut self, key: &Key) {
        match key.as_row() {
            Some(row) if self.has_added(row.0) => {}
            Some(row) => {
                self.amended.insert(row.0);
            }
            None => {
                self.records.insert(key.clone());
            }
        }
    }

    /// Writes a connection. Its content is outside undo; that it exists is not.
    pub fn put_connection(&mut self, connection: &Connection) -> Result<()> {
        self.run(|it| {
            let id = connection.id;
            let body = checksum::add(&id.0.to_be_bytes(), &record::to_json(connection)?);
            it.txn.open_table(CONNECTIONS)?.insert(id.0, body.as_slice())?;
            if it.exists(&Key::connection(id))? {
                it.referenced.insert(Key::connection(id));
                Ok(())
            } else {
                it.write(&Key::connection(id), Some(&[]))
            }
        })
    }

    /// Writes an account; its alias and type override are left to [`Writer::set_account_user`].
    pub fn put_account(&mut self, account: &Account) -> Result<()> {
        keys::account_number(account.id)?;
        self.run(|it| it.write(&Key::account(account.id), Some(&record::account_body(account)?)))
    }

    /// Writes the balance of an account on a day, over an earlier one of that day.
    pub fn put_snapshot(&mut self, snapshot: &Snapshot) -> Result<()> {
        let key = Key::snapshot(snapshot.account_id, snapshot.date);
        self.run(|it| {
            it.add_reference(snapshot.account_id);
            it.write(&key, Some(&record::snapshot_body(snapshot)))
        })
    }

    /// Writes a position.
    pub fn put_holding(&mut self, holding: &Holding) -> Result<()> {
        let key = Key::holding(holding.account_id, holding.id);
        self.run(|it| {
            it.add_reference(holding.account_id);
            it.write(&key, Some(&record::to_json(holding)?))
        })
    }

    /// Writes where a connection's stream stands. Undoing the change brings the former place back.
    pub fn put_sync_state(&mut self, connection: ConnectionId, stream: &str, state: &[u8]) -> Result<()> {
        self.run(|it| it.write(&Key::sync_state(connection, stream), Some(state)))
    }

    /// Brings a row up to date.
    pub fn update_transaction(&mut self, id: TransactionId, facts: &TransactionFacts) -> Result<()> {
        self.run(|it| {
            let account = it.row_account(id)?;
            it.add_reference(AccountId(u64::from(account)));
            let mut body = Vec::with_capacity(128);
            row::encode(&mut body, account, facts);
            it.write(&Key::row(id), Some(&body))
        })
    }

    /// Takes a row away (a pending row that never posted). What the user said about it stays, for an undo.
    pub fn remove_transaction(&mut self, id: TransactionId) -> Result<()> {
        self.run(|it| {
            it.row_account(id)?;
            it.removed_rows = true;
            it.write(&Key::row(id), None)
        })
    }

    /// Writes what the user says about a row, as a whole.
    pub fn set_user_fields(&mut self, id: TransactionId, fields: &UserFields) -> Result<()> {
        self.run(|it| {
            it.row_account(id)?;
            let body = if fields.is_empty() { None } else { Some(record::to_json(fields)?) };
            it.write(&Key::row_user(id), body.as_deref())
        })
    }

    /// Writes the user's own name and type for an account.
    pub fn set_account_user(
        &mut self,
        id: AccountId,
        alias: Option<&str>,
        type_override: Option<AccountType>,
    ) -> Result<()> {
        self.run(|it| {
            it.expect_account(id)?;
            let user = AccountUser { alias: alias.map(str::to_owned), type_override };
            it.write(&Key::account_user(id), Some(&record::to_json(&user)?))
        })
    }

    /// Keeps the bytes this change was read from. One source per change.
    pub fn put_source(&mut self, source: NewSource) -> Result<()> {
        if self.raw_source.is_some() {
            return Err(StoreError::invalid("a second raw source of one change"));
        }
        self.raw_source = Some(source);
        Ok(())
    }

    /// Keeps a connection's credential, sealed by the vault. Outside undo.
    pub fn put_credential(&mut self, connection: ConnectionId, sealed: &[u8]) -> Result<()> {
        self.run(|it| {
            let value = checksum::add(&connection.0.to_be_bytes(), sealed);
            it.txn.open_table(CREDENTIALS)?.insert(connection.0, value.as_slice())?;
            Ok(())
        })
    }

    /// Forgets a connection's credential. Outside undo.
    pub fn remove_credential(&mut self, connection: ConnectionId) -> Result<()> {
        self.run(|it| {
            it.txn.open_table(CREDENTIALS)?.remove(connection.0)?;
            Ok(())
        })
    }

    pub(in crate::store) fn expect_account(&self, id: AccountId) -> Result<()> {
        if self.exists(&Key::account(id))? { Ok(()) } else { Err(StoreError::not_found(format!("account {id}"))) }
    }

    fn exists(&self, key: &Key) -> Result<bool> {
        Ok(self.txn.open_table(RECORDS)?.get(key.as_bytes())?.is_some())
    }

    fn row_account(&self, id: TransactionId) -> Result<u32> {
        let rows = self.txn.open_table(TRANSACTIONS)?;
        let value = rows.get(id.0)?.ok_or_else(|| StoreError::not_found(format!("transaction {id}")))?;
        let (_, body) = checksum::check_version(&id.0.to_be_bytes(), value.value())?;
        Ok(row::head(body)?.account)
    }
}
