//! The write side: one change at a time, all of it or nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
};

use chrono::{DateTime, NaiveDate, Utc};
use redb::{ReadableTable as _, WriteTransaction};

use super::{
    Permit, chunks,
    error::{Result, StoreError, guarded},
    journal::{self, Touched},
    lookup,
    open::{self, Live},
    record::{self, AccountUser, Key},
    row,
    schema::{
        BY_PROVIDER_ID, CHANGES, COLUMNS, CONNECTIONS, COUNTS, CREDENTIALS, Counter, DIGESTS, META, RECORDS, SOURCES,
        TOUCHED, TRANSACTIONS,
    },
    seal, small,
    source::Packing,
};
use crate::domain::{
    Account, AccountId, AccountType, Change, ChangeCounts, ChangeId, ChangeKind, Connection, ConnectionId, Holding,
    HoldingId, Snapshot, Transaction, TransactionFacts, TransactionId, UserFields, Warning,
};

/// A change in the making. Look-ups see what it has written so far. Dropping it leaves nothing.
pub struct Writer {
    pub(super) txn: WriteTransaction,
    /// The number the change will have.
    pub(super) change: u64,
    kind: ChangeKind,
    source: String,
    at: DateTime<Utc>,
    ids: Ids,
    /// Ranges of pks that this change added, ascending.
    added: Vec<Range<u64>>,
    /// Rows of which it wrote a newer version.
    amended: BTreeSet<u64>,
    /// Everything else of which it wrote a version.
    records: BTreeSet<Key>,
    /// Existing connections and accounts it speaks of, to be witnessed at the commit.
    spoken: BTreeSet<Key>,
    /// By how much the number of rows of an account changes.
    pub(super) counts: BTreeMap<u32, i64>,
    /// Chunks whose columnar form must be made anew from the rows.
    pub(super) stale: BTreeSet<u64>,
    /// The columnar form of the chunk that rows are being appended to.
    pub(super) tail: Option<(u64, chunks::Builder)>,
    source_bytes: Option<(Packing, [u8; 32])>,
    /// Whether it took rows away.
    pub(super) upset: bool,
    /// A write failed half-way: it can only be dropped.
    spoiled: bool,
    // Dropped last, in this order.
    _live: Arc<Live>,
    permit: Permit,
}

#[derive(Debug, Clone, Copy)]
struct Ids {
    connection: u64,
    account: u64,
    holding: u64,
    transaction: u64,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("change", &self.change).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// The entry a commit writes into the journal.
pub(super) struct Entry {
    pub(super) counts: ChangeCounts,
    pub(super) accounts: Vec<AccountId>,
    pub(super) connection_id: Option<ConnectionId>,
    pub(super) warnings: Vec<Warning>,
    pub(super) about: Option<ChangeId>,
}

impl Writer {
    pub(super) fn new(
        permit: Permit,
        live: Arc<Live>,
        kind: ChangeKind,
        source: &str,
        at: DateTime<Utc>,
    ) -> Result<Self> {
        let mut txn = live.db.begin_write()?;
        open::durable(&mut txn);
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
            spoken: BTreeSet::new(),
            counts: BTreeMap::new(),
            stale: BTreeSet::new(),
            tail: None,
            source_bytes: None,
            upset: false,
            spoiled: false,
            _live: live,
            permit,
        })
    }

    /// Runs one step; after a failure of the file nothing can be committed any more.
    pub(super) fn run<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let store = self.permit.store().clone();
        let result = guarded(store.path(), || work(self));
        if let Err(StoreError::Damaged { .. } | StoreError::Io { .. } | StoreError::DiskFull { .. }) = &result {
            self.spoiled = true;
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

    pub(super) fn next_transaction(&self) -> u64 {
        self.ids.transaction
    }

    /// Takes the next pks, which join those that this change adds.
    pub(super) fn take_transactions(&mut self, count: u64) -> Range<u64> {
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
    pub(super) fn has_added(&self, pk: u64) -> bool {
        let after = self.added.partition_point(|range| range.end <= pk);
        self.added.get(after).is_some_and(|range| range.contains(&pk))
    }

    /// Notes that this change wrote a version of `key`.
    pub(super) fn note(&mut self, key: &Key) {
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

    // What it sees.

    /// All accounts, by id.
    pub fn accounts(&mut self) -> Result<Vec<Account>> {
        self.run(|it| lookup::accounts(&it.txn.open_table(RECORDS)?))
    }

    /// One account.
    pub fn account(&mut self, id: AccountId) -> Result<Option<Account>> {
        self.run(|it| lookup::account(&it.txn.open_table(RECORDS)?, id))
    }

    /// All connections, by id.
    pub fn connections(&mut self) -> Result<Vec<Connection>> {
        self.run(|it| lookup::connections(&it.txn.open_table(RECORDS)?, &it.txn.open_table(CONNECTIONS)?))
    }

    /// One connection.
    pub fn connection(&mut self, id: ConnectionId) -> Result<Option<Connection>> {
        self.run(|it| lookup::connection(&it.txn.open_table(RECORDS)?, &it.txn.open_table(CONNECTIONS)?, id))
    }

    /// An account's balance on a day.
    pub fn snapshot(&mut self, account: AccountId, date: NaiveDate) -> Result<Option<Snapshot>> {
        self.run(|it| lookup::snapshot(&it.txn.open_table(RECORDS)?, account, date))
    }

    /// An account's newest balance.
    pub fn latest_snapshot(&mut self, account: AccountId) -> Result<Option<Snapshot>> {
        self.run(|it| lookup::latest_snapshot(&it.txn.open_table(RECORDS)?, account))
    }

    /// An account's positions.
    pub fn holdings_of(&mut self, account: AccountId) -> Result<Vec<Holding>> {
        self.run(|it| lookup::holdings(&it.txn.open_table(RECORDS)?, Some(account)))
    }

    /// One row.
    pub fn transaction(&mut self, id: TransactionId) -> Result<Option<Transaction>> {
        self.run(|it| lookup::transaction(&it.txn.open_table(TRANSACTIONS)?, id))
    }

    /// An account's rows with that provider id.
    pub fn by_provider_id(&mut self, account: AccountId, provider_id: &str) -> Result<Vec<Transaction>> {
        self.run(|it| {
            let (rows, ids) = (it.txn.open_table(TRANSACTIONS)?, it.txn.open_table(BY_PROVIDER_ID)?);
            lookup::by_provider_id(&rows, &ids, small(account)?, provider_id)
        })
    }

    /// What the user says about a row.
    pub fn user_fields(&mut self, id: TransactionId) -> Result<UserFields> {
        self.run(|it| lookup::user_fields(&it.txn.open_table(RECORDS)?, id))
    }

    /// Where a connection's stream stands.
    pub fn sync_state(&mut self, connection: ConnectionId, stream: &str) -> Result<Option<Vec<u8>>> {
        self.run(|it| lookup::sync_state(&it.txn.open_table(RECORDS)?, connection, stream))
    }

    // What it writes.

    /// Writes a connection. Its content is outside undo; that it exists is not.
    pub fn put_connection(&mut self, connection: &Connection) -> Result<()> {
        self.run(|it| {
            let id = connection.id;
            let body = seal::seal(&id.0.to_be_bytes(), &record::to_json(connection)?);
            it.txn.open_table(CONNECTIONS)?.insert(id.0, body.as_slice())?;
            if it.exists(&Key::connection(id))? {
                it.spoken.insert(Key::connection(id));
                Ok(())
            } else {
                it.write(&Key::connection(id), Some(&[]))
            }
        })
    }

    /// Writes an account; its alias and type override are left to [`Writer::set_account_user`].
    pub fn put_account(&mut self, account: &Account) -> Result<()> {
        small(account.id)?;
        self.run(|it| it.write(&Key::account(account.id), Some(&record::account_body(account)?)))
    }

    /// Writes the balance of an account on a day, over an earlier one of that day.
    pub fn put_snapshot(&mut self, snapshot: &Snapshot) -> Result<()> {
        let key = Key::snapshot(snapshot.account_id, snapshot.date);
        self.run(|it| {
            it.speak_of(snapshot.account_id);
            it.write(&key, Some(&record::snapshot_body(snapshot)))
        })
    }

    /// Writes a position.
    pub fn put_holding(&mut self, holding: &Holding) -> Result<()> {
        let key = Key::holding(holding.account_id, holding.id);
        self.run(|it| {
            it.speak_of(holding.account_id);
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
            it.speak_of(AccountId(u64::from(account)));
            let mut body = Vec::with_capacity(128);
            row::encode(&mut body, account, facts);
            it.write(&Key::row(id), Some(&body))
        })
    }

    /// Takes a row away (a pending row that never posted). What the user said about it stays, for an undo.
    pub fn remove_transaction(&mut self, id: TransactionId) -> Result<()> {
        self.run(|it| {
            it.row_account(id)?;
            it.upset = true;
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

    /// Keeps the bytes this change was read from, compressed on another thread until the commit; `digest` is how they
    /// are recognised. One source per change.
    pub fn put_source(&mut self, name: &str, bytes: impl AsRef<[u8]> + Send + 'static, digest: [u8; 32]) -> Result<()> {
        if self.source_bytes.is_some() {
            return Err(StoreError::invalid("a second raw source of one change"));
        }
        self.source_bytes = Some((Packing::start(name, bytes)?, digest));
        Ok(())
    }

    /// Keeps a connection's credential, sealed by the vault. Outside undo.
    pub fn put_credential(&mut self, connection: ConnectionId, sealed: &[u8]) -> Result<()> {
        self.run(|it| {
            let value = seal::seal(&connection.0.to_be_bytes(), sealed);
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

    pub(super) fn expect_account(&self, id: AccountId) -> Result<()> {
        if self.exists(&Key::account(id))? { Ok(()) } else { Err(StoreError::not_found(format!("account {id}"))) }
    }

    fn exists(&self, key: &Key) -> Result<bool> {
        Ok(self.txn.open_table(RECORDS)?.get(key.as_bytes())?.is_some())
    }

    fn row_account(&self, id: TransactionId) -> Result<u32> {
        let rows = self.txn.open_table(TRANSACTIONS)?;
        let value = rows.get(id.0)?.ok_or_else(|| StoreError::not_found(format!("transaction {id}")))?;
        let (_, body) = seal::open_version(&id.0.to_be_bytes(), value.value())?;
        Ok(row::head(body)?.account)
    }

    // How it ends.

    /// Makes the change durable and enters it into the journal. When it returns, no kill and no power cut undoes it.
    pub fn commit(
        self,
        counts: ChangeCounts,
        accounts: Vec<AccountId>,
        connection_id: Option<ConnectionId>,
        warnings: Vec<Warning>,
    ) -> Result<Change> {
        self.commit_entry(Entry { counts, accounts, connection_id, warnings, about: None })
    }

    pub(super) fn commit_entry(mut self, entry: Entry) -> Result<Change> {
        let change = Change {
            id: ChangeId(self.change),
            kind: self.kind,
            at: self.at,
            source: std::mem::take(&mut self.source),
            connection_id: entry.connection_id,
            accounts: entry.accounts,
            counts: entry.counts,
            warnings: entry.warnings,
            about: entry.about,
            undone: false,
        };
        self.run(|it| {
            it.witness(change.connection_id)?;
            it.txn.open_table(CHANGES)?.insert(change.id.0, journal::encode(&change)?.as_slice())?;
            it.write_touched()?;
            it.write_source()?;
            Counter::NextChange.set(&mut it.txn.open_table(META)?, change.id.0 + 1)
        })?;
        let mark = self.change;
        self.finish(mark)?;
        Ok(change)
    }

    /// Makes durable what is outside the journal: credentials, the content of connections that exist, data removed
    /// for good.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] when something was written that belongs into the journal.
    pub fn commit_unlisted(self) -> Result<()> {
        if !self.added.is_empty() || !self.amended.is_empty() || !self.records.is_empty() || self.source_bytes.is_some()
        {
            return Err(StoreError::invalid("data without an entry in the journal"));
        }
        let mark = self.change - 1;
        self.finish(mark)
    }

    /// Notes that the change speaks of an account.
    pub(super) fn speak_of(&mut self, account: AccountId) {
        self.spoken.insert(Key::account(account));
    }

    /// A change that speaks of a connection or an account witnesses that it exists, by a version of its own, so that
    /// undoing the change which created it does not orphan later data. Edits never do.
    fn witness(&mut self, named: Option<ConnectionId>) -> Result<()> {
        if !matches!(self.kind, ChangeKind::Import | ChangeKind::Sync) {
            return Ok(());
        }
        let spoken = std::mem::take(&mut self.spoken);
        for key in spoken.into_iter().chain(named.map(Key::connection)) {
            if self.records.contains(&key) {
                continue;
            }
            let body = lookup::record(&self.txn.open_table(RECORDS)?, &key, |_, body| Ok(body.to_vec()))?;
            if let Some(body) = body {
                self.write(&key, Some(&body))?;
            }
        }
        Ok(())
    }

    fn write_touched(&self) -> Result<()> {
        let added = self.added.iter().cloned().map(Touched::Added);
        let amended = self.amended.iter().map(|pk| Touched::Version(Key::row(TransactionId(*pk))));
        let records = self.records.iter().cloned().map(Touched::Version);
        journal::write_touched(&mut self.txn.open_table(TOUCHED)?, self.change, added.chain(amended).chain(records))
    }

    fn write_source(&mut self) -> Result<()> {
        let Some((packing, digest)) = self.source_bytes.take() else { return Ok(()) };
        packing.store(&mut self.txn.open_table(SOURCES)?, self.change)?;
        let change = seal::seal_u64(&digest, self.change);
        self.txn.open_table(DIGESTS)?.insert(digest.as_slice(), change.as_slice())?;
        Ok(())
    }

    /// Commits; `mark` is the last change whose digest no longer counts if rows were taken away.
    fn finish(mut self, mark: u64) -> Result<()> {
        if self.spoiled {
            return Err(StoreError::invalid("a change of which a part could not be written"));
        }
        let generation = self.run(|it| {
            it.write_chunks()?;
            it.write_counts()?;
            let mut meta = it.txn.open_table(META)?;
            for (counter, value) in [
                (Counter::NextConnection, it.ids.connection),
                (Counter::NextAccount, it.ids.account),
                (Counter::NextHolding, it.ids.holding),
                (Counter::NextTransaction, it.ids.transaction),
            ] {
                counter.set(&mut meta, value)?;
            }
            if it.upset {
                Counter::LastUpset.set(&mut meta, mark)?;
            }
            let generation = Counter::Generation.get(&meta)?.unwrap_or_default() + 1;
            Counter::Generation.set(&mut meta, generation)?;
            Ok(generation)
        });
        let Self { txn, permit, _live: live, .. } = self;
        let store = permit.store().clone();
        let done = match generation {
            Ok(generation) => guarded(store.path(), || Ok(txn.commit()?)).map(|()| generation),
            Err(error) => {
                drop(txn);
                Err(error)
            }
        };
        drop(live);
        match done {
            Ok(generation) => {
                store.0.generation.store(generation, std::sync::atomic::Ordering::Release);
                Ok(())
            }
            Err(error) => {
                // The database is opened anew so that reading goes on; if that fails too, the next one tries again.
                let _ = store.heal();
                Err(error)
            }
        }
    }

    fn write_chunks(&mut self) -> Result<()> {
        self.finish_tail()?;
        let (rows, records) = (self.txn.open_table(TRANSACTIONS)?, self.txn.open_table(RECORDS)?);
        let mut columns = self.txn.open_table(COLUMNS)?;
        for chunk in &self.stale {
            chunks::write(&mut columns, *chunk, &chunks::build(&rows, &records, *chunk)?)?;
        }
        Ok(())
    }

    fn write_counts(&mut self) -> Result<()> {
        let mut counts = self.txn.open_table(COUNTS)?;
        for (account, delta) in std::mem::take(&mut self.counts) {
            let id = u64::from(account);
            let count = lookup::count(&counts, id)?.checked_add_signed(delta);
            match count.ok_or_else(|| StoreError::damaged("fewer rows are counted than there are"))? {
                0 => drop(counts.remove(id)?),
                count => drop(counts.insert(id, seal::seal_u64(&id.to_be_bytes(), count).as_slice())?),
            }
        }
        Ok(())
    }
}
