//! The write side: one change at a time, committed as a whole or not at all.

mod append;
pub(super) mod commit;
mod merge;
mod resume;

use std::{ops::Range, sync::Arc};

use chrono::{DateTime, NaiveDate, Utc};
use redb::ReadableTable as _;

use crate::{
    domain::{
        Account, AccountId, AccountSigns, AccountType, Change, ChangeCounts, ChangeId, ChangeKind, Connection,
        ConnectionId, Holding, HoldingId, Snapshot, Transaction, TransactionFacts, TransactionId, UserFields,
    },
    store::{
        counters,
        database::{open_database::OpenDatabase, shared::WritePermit},
        error::{Result, StoreError},
        format::{
            checksum,
            keys::{self, ObjectKey},
            record::{self, AccountUser},
            row,
        },
        history::{draft::Draft, erase, toggle, versions},
        lookup,
        raw_source::{NewReply, NewSource},
        requests::{self, Requests},
        schema::{BY_PROVIDER_ID, CONNECTIONS, CREDENTIALS, Counter, META, RECORDS, TRANSACTIONS, UNDONE, VERSIONS},
    },
};

/// An uncommitted change. Lookups include what it has written so far. Dropping it leaves nothing.
pub struct Writer {
    draft: Draft,
    ids: Ids,
    entry: EntryHead,
    raw_source: Option<NewSource>,
    replies: Vec<NewReply>,
    /// A write failed part-way, so the change can only be dropped.
    poisoned: bool,
    // Dropped last and in this order, after the transaction.
    database: Arc<OpenDatabase>,
    permit: WritePermit,
}

/// The parts of the journal entry that are given when the change begins.
struct EntryHead {
    kind: ChangeKind,
    source: String,
    at: DateTime<Utc>,
    reading: Vec<String>,
    format: String,
}

/// The next free id of each kind.
#[derive(Debug, Clone, Copy)]
struct Ids {
    connection: u64,
    account: u64,
    holding: u64,
    transaction: u64,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer")
            .field("change", &self.draft.change)
            .field("kind", &self.entry.kind)
            .finish_non_exhaustive()
    }
}

impl Writer {
    pub(in crate::store) fn new(
        permit: WritePermit,
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
            draft: Draft::new(txn, change),
            ids,
            entry: EntryHead { kind, source: source.to_owned(), at, reading: Vec::new(), format: String::new() },
            raw_source: None,
            replies: Vec::new(),
            poisoned: false,
            database,
            permit,
        })
    }

    /// Runs one step; after an I/O failure or damage the change can only be dropped.
    fn run<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let (shared, database) = (Arc::clone(self.permit.database()), Arc::clone(&self.database));
        let result = database.watched(shared.path(), || work(self));
        if let Err(StoreError::Damaged { .. } | StoreError::Io { .. } | StoreError::DiskFull { .. }) = &result {
            self.poisoned = true;
        }
        result
    }

    /// The id this change will have in the journal.
    #[must_use]
    pub const fn change_id(&self) -> ChangeId {
        ChangeId(self.draft.change)
    }

    /// An unused connection id.
    pub fn new_connection_id(&mut self) -> ConnectionId {
        self.ids.connection += 1;
        ConnectionId(self.ids.connection - 1)
    }

    /// An unused account id.
    pub fn new_account_id(&mut self) -> AccountId {
        self.ids.account += 1;
        AccountId(self.ids.account - 1)
    }

    /// An unused holding id.
    pub fn new_holding_id(&mut self) -> HoldingId {
        self.ids.holding += 1;
        HoldingId(self.ids.holding - 1)
    }

    /// Takes the next pks, which join those that this change adds.
    fn take_transactions(&mut self, count: u64) -> Range<u64> {
        let first = self.ids.transaction;
        let end = first.saturating_add(count);
        self.ids.transaction = end;
        self.draft.written.add(first..end);
        first..end
    }

    /// Writes a connection. Its content is not versioned; its existence is.
    pub fn put_connection(&mut self, connection: &Connection) -> Result<()> {
        self.run(|it| {
            let id = connection.id;
            let body = checksum::add(&id.0.to_be_bytes(), &record::to_json(connection)?);
            it.draft.txn.open_table(CONNECTIONS)?.insert(id.0, body.as_slice())?;
            if it.exists(&ObjectKey::connection(id))? {
                it.draft.written.referenced.insert(ObjectKey::connection(id));
                Ok(())
            } else {
                versions::write(&mut it.draft, &ObjectKey::connection(id), Some(&[]))
            }
        })
    }

    /// Writes an account; its alias and type override are written by [`Writer::set_account_user`].
    pub fn put_account(&mut self, account: &Account) -> Result<()> {
        keys::account_number(account.id)?;
        self.run(|it| {
            versions::write(&mut it.draft, &ObjectKey::account(account.id), Some(&record::account_body(account)?))
        })
    }

    /// Writes the balance of an account on a day, replacing an earlier one of that day.
    pub fn put_snapshot(&mut self, snapshot: &Snapshot) -> Result<()> {
        let key = ObjectKey::snapshot(snapshot.account_id, snapshot.date);
        self.run(|it| {
            it.draft.written.refer_to(snapshot.account_id);
            versions::write(&mut it.draft, &key, Some(&record::snapshot_body(snapshot)))
        })
    }

    /// Removes the balance of an account on a day. Undoing the change brings it back.
    pub fn remove_snapshot(&mut self, account: AccountId, date: NaiveDate) -> Result<()> {
        self.run(|it| {
            it.draft.written.refer_to(account);
            versions::write(&mut it.draft, &ObjectKey::snapshot(account, date), None)
        })
    }

    /// Writes a position.
    pub fn put_holding(&mut self, holding: &Holding) -> Result<()> {
        let key = ObjectKey::holding(holding.account_id, holding.id);
        self.run(|it| {
            it.draft.written.refer_to(holding.account_id);
            versions::write(&mut it.draft, &key, Some(&record::to_json(holding)?))
        })
    }

    /// Writes the sync state of a connection's stream. Undoing the change restores the former state.
    pub fn put_sync_state(&mut self, connection: ConnectionId, stream: &str, state: &[u8]) -> Result<()> {
        self.run(|it| versions::write(&mut it.draft, &ObjectKey::sync_state(connection, stream), Some(state)))
    }

    /// Writes a newer version of a row.
    pub fn update_transaction(&mut self, id: TransactionId, facts: &TransactionFacts) -> Result<()> {
        self.run(|it| {
            let account = it.row_account(id)?;
            it.draft.written.refer_to(AccountId(u64::from(account)));
            let mut body = Vec::with_capacity(128);
            row::encode(&mut body, account, facts);
            versions::write(&mut it.draft, &ObjectKey::row(id), Some(&body))
        })
    }

    /// Removes a row (a pending row that never posted). Its user fields are kept for an undo.
    pub fn remove_transaction(&mut self, id: TransactionId) -> Result<()> {
        self.run(|it| {
            it.row_account(id)?;
            it.draft.written.removed_rows = true;
            versions::write(&mut it.draft, &ObjectKey::row(id), None)
        })
    }

    /// Writes all user fields of a row.
    pub fn set_user_fields(&mut self, id: TransactionId, fields: &UserFields) -> Result<()> {
        self.run(|it| {
            it.row_account(id)?;
            let body = if fields.is_empty() { None } else { Some(record::to_json(fields)?) };
            versions::write(&mut it.draft, &ObjectKey::row_user(id), body.as_deref())
        })
    }

    /// Writes the user's alias, type and signs for an account.
    pub fn set_account_user(
        &mut self,
        id: AccountId,
        alias: Option<&str>,
        type_override: Option<AccountType>,
        signs: AccountSigns,
    ) -> Result<()> {
        self.run(|it| {
            it.expect_account(id)?;
            let user = AccountUser { alias: alias.map(str::to_owned), type_override, signs };
            versions::write(&mut it.draft, &ObjectKey::account_user(id), Some(&record::to_json(&user)?))
        })
    }

    /// Stores the bytes this change was read from. One source per change.
    pub fn put_source(&mut self, source: NewSource) -> Result<()> {
        if self.raw_source.is_some() {
            return Err(StoreError::invalid("a second raw source of one change"));
        }
        self.raw_source = Some(source);
        Ok(())
    }

    /// Stores a reply that rows of this change were read from. A reply that the connection sent before is stored once.
    ///
    /// # Errors
    /// None in practice.
    pub fn put_reply(&mut self, connection: ConnectionId, name: &str, bytes: Arc<[u8]>) -> Result<()> {
        self.replies.push(NewReply::new(connection, name, bytes));
        Ok(())
    }

    /// Stores a connection's credential, sealed by the vault. Not versioned.
    pub fn put_credential(&mut self, connection: ConnectionId, sealed: &[u8]) -> Result<()> {
        self.run(|it| {
            let value = checksum::add(&connection.0.to_be_bytes(), sealed);
            it.draft.txn.open_table(CREDENTIALS)?.insert(connection.0, value.as_slice())?;
            Ok(())
        })
    }

    /// Removes a connection's credential. Not versioned.
    pub fn remove_credential(&mut self, connection: ConnectionId) -> Result<()> {
        self.run(|it| {
            it.draft.txn.open_table(CREDENTIALS)?.remove(connection.0)?;
            Ok(())
        })
    }

    /// Permanently removes everything that came through a connection: accounts, rows, balances, positions, the user's
    /// fields for them, every earlier version, raw sources, sync states and the credential. It cannot be undone. The
    /// connection itself and the entries of the journal remain. Returns the number of rows removed.
    pub fn remove_connection_data(&mut self, id: ConnectionId) -> Result<u64> {
        self.run(|it| erase::erase(&mut it.draft, id))
    }

    /// Records how many requests were made to a provider, replacing the former record.
    pub fn put_requests(&mut self, requests: &Requests) -> Result<()> {
        self.run(|it| requests::put(&mut it.draft.txn.open_table(META)?, requests))
    }

    /// Stores the smallest number of a provider's counter that is not reserved.
    pub fn put_counter(&mut self, provider: &str, next: u64) -> Result<()> {
        self.run(|it| counters::put(&mut it.draft.txn.open_table(META)?, provider, next))
    }

    /// Undoes or redoes a change, see [`crate::store::Store::toggle`].
    pub(in crate::store) fn toggle(&mut self, about: &Change, undo: bool) -> Result<ChangeCounts> {
        self.run(|it| toggle::toggle(&mut it.draft, about, undo))
    }

    /// All accounts as their sources have them, by id.
    pub fn accounts(&mut self) -> Result<Vec<Account>> {
        self.run(|it| lookup::accounts(&it.draft.txn.open_table(RECORDS)?))
    }

    /// One account.
    pub fn account(&mut self, id: AccountId) -> Result<Option<Account>> {
        self.run(|it| lookup::account(&it.draft.txn.open_table(RECORDS)?, id))
    }

    /// All connections, by id.
    pub fn connections(&mut self) -> Result<Vec<Connection>> {
        self.run(|it| lookup::connections(&it.draft.txn.open_table(RECORDS)?, &it.draft.txn.open_table(CONNECTIONS)?))
    }

    /// One connection.
    pub fn connection(&mut self, id: ConnectionId) -> Result<Option<Connection>> {
        self.run(|it| {
            lookup::connection(&it.draft.txn.open_table(RECORDS)?, &it.draft.txn.open_table(CONNECTIONS)?, id)
        })
    }

    /// An account's balance on a day.
    pub fn snapshot(&mut self, account: AccountId, date: NaiveDate) -> Result<Option<Snapshot>> {
        self.run(|it| lookup::snapshot(&it.draft.txn.open_table(RECORDS)?, account, date))
    }

    /// An account's newest balance.
    pub fn latest_snapshot(&mut self, account: AccountId) -> Result<Option<Snapshot>> {
        self.run(|it| lookup::latest_snapshot(&it.draft.txn.open_table(RECORDS)?, account))
    }

    /// An account's positions.
    pub fn holdings_of(&mut self, account: AccountId) -> Result<Vec<Holding>> {
        self.run(|it| lookup::holdings(&it.draft.txn.open_table(RECORDS)?, Some(account)))
    }

    /// Accounts that an undo took away, by id: the newest version of each.
    pub fn undone_accounts(&mut self) -> Result<Vec<Account>> {
        self.run(|it| versions::undone_accounts(&it.draft))
    }

    /// Connections that an undo took away, by id.
    pub fn undone_connections(&mut self) -> Result<Vec<Connection>> {
        self.run(|it| {
            let (records, contents) = (it.draft.txn.open_table(RECORDS)?, it.draft.txn.open_table(CONNECTIONS)?);
            lookup::undone_connections(&records, &contents)
        })
    }

    /// One row.
    pub fn transaction(&mut self, id: TransactionId) -> Result<Option<Transaction>> {
        self.run(|it| lookup::transaction(&it.draft.txn.open_table(TRANSACTIONS)?, id))
    }

    /// An account's rows with that provider id.
    pub fn by_provider_id(&mut self, account: AccountId, provider_id: &str) -> Result<Vec<Transaction>> {
        self.run(|it| {
            let (rows, ids) = (it.draft.txn.open_table(TRANSACTIONS)?, it.draft.txn.open_table(BY_PROVIDER_ID)?);
            lookup::by_provider_id(&rows, &ids, keys::account_number(account)?, provider_id)
        })
    }

    /// The user's fields of a row.
    pub fn user_fields(&mut self, id: TransactionId) -> Result<UserFields> {
        self.run(|it| lookup::user_fields(&it.draft.txn.open_table(RECORDS)?, id))
    }

    /// The sync state of a connection's stream.
    pub fn sync_state(&mut self, connection: ConnectionId, stream: &str) -> Result<Option<Vec<u8>>> {
        self.run(|it| lookup::sync_state(&it.draft.txn.open_table(RECORDS)?, connection, stream))
    }

    fn expect_account(&self, id: AccountId) -> Result<()> {
        if self.exists(&ObjectKey::account(id))? { Ok(()) } else { Err(StoreError::not_found(format!("account {id}"))) }
    }

    fn exists(&self, key: &ObjectKey) -> Result<bool> {
        Ok(self.draft.txn.open_table(RECORDS)?.get(key.as_bytes())?.is_some())
    }

    fn row_account(&self, id: TransactionId) -> Result<u32> {
        let rows = self.draft.txn.open_table(TRANSACTIONS)?;
        if let Some(value) = rows.get(id.0)? {
            let (_, body) = checksum::check_version(&id.0.to_be_bytes(), value.value())?;
            return Ok(row::head(body)?.account);
        }
        let (versions, undone) = (self.draft.txn.open_table(VERSIONS)?, self.draft.txn.open_table(UNDONE)?);
        let hidden = versions::standing_body(&versions, &undone, &ObjectKey::row(id))?;
        let (_, body) = hidden.ok_or_else(|| StoreError::not_found(format!("transaction {id}")))?;
        Ok(row::head(&body)?.account)
    }
}
