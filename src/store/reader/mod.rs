//! The read side: one consistent snapshot.

pub(super) mod difference;
mod pages;
mod parts;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use redb::{ReadOnlyTable, ReadTransaction, ReadableTable as _, ReadableTableMetadata as _};

use crate::{
    domain::{
        Account, AccountId, Change, ChangeId, Connection, ConnectionId, Holding, RowPair, Snapshot, Transaction,
        TransactionId, UserFields,
    },
    store::{
        columns::chunks::Chunks,
        counters,
        database::open_database::OpenDatabase,
        error::{Result, StoreError},
        format::{
            checksum,
            keys::{self, KeyKind, ObjectKey},
            record,
        },
        history::{journal, versions},
        lookup,
        merges::Merges,
        raw_source::{self, RawSource},
        requests::{self, Requests},
        schema::{
            BY_DATE, CHANGES, CONNECTIONS, COUNTS, CREDENTIALS, Counter, DIGESTS, META, RECORDS, SOURCES, TOUCHED,
            TRANSACTIONS, UNDONE, VERSIONS, ValueBytes,
        },
    },
};

/// A snapshot of the store as it was when [`crate::store::Store::read`] was called. Cheap to create; while it exists, the
/// file keeps its pages.
pub struct Reader {
    pub(in crate::store) txn: ReadTransaction,
    pub(in crate::store) rows: ReadOnlyTable<u64, ValueBytes>,
    pub(in crate::store) by_date: ReadOnlyTable<u128, ()>,
    pub(in crate::store) records: ReadOnlyTable<ValueBytes, ValueBytes>,
    pub(in crate::store) counts: ReadOnlyTable<u64, ValueBytes>,
    merges: Merges,
    /// Computed on first use.
    hidden: OnceLock<BTreeMap<AccountId, Vec<Transaction>>>,
    changes: ReadOnlyTable<u64, ValueBytes>,
    undone: ReadOnlyTable<u64, ValueBytes>,
    generation: u64,
    is_compactable: bool,
    path: PathBuf,
    /// Keeps the database open: a snapshot outlives a compaction.
    database: Arc<OpenDatabase>,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("generation", &self.generation).finish_non_exhaustive()
    }
}

impl Reader {
    pub(in crate::store) fn new(database: Arc<OpenDatabase>, path: &std::path::Path) -> Result<Self> {
        let txn = database.read()?;
        let meta = txn.open_table(META)?;
        let generation = Counter::Generation.get(&meta)?.unwrap_or_default();
        let is_compactable = Counter::Compactable.get(&meta)?.is_some_and(|count| count != 0);
        let records = txn.open_table(RECORDS)?;
        Ok(Self {
            rows: txn.open_table(TRANSACTIONS)?,
            by_date: txn.open_table(BY_DATE)?,
            merges: Merges::read(&records)?,
            hidden: OnceLock::new(),
            records,
            counts: txn.open_table(COUNTS)?,
            changes: txn.open_table(CHANGES)?,
            undone: txn.open_table(UNDONE)?,
            txn,
            generation,
            is_compactable,
            path: path.to_owned(),
            database,
        })
    }

    pub(in crate::store) fn guarded<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.database.watched(&self.path, work)
    }

    /// Whether the file is worth [`crate::store::Store::compact`].
    #[must_use]
    pub const fn is_compactable(&self) -> bool {
        self.is_compactable
    }

    /// The [`crate::store::Store::generation`] of this snapshot.
    #[must_use]
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// All accounts, by id; merged ones as one.
    pub fn accounts(&self) -> Result<Vec<Account>> {
        let accounts = self.source_accounts()?;
        if self.merges.is_empty() {
            return Ok(accounts);
        }
        Ok(self.merges.shown(accounts, &self.connections()?))
    }

    /// One account, or the account that it is merged into.
    pub fn account(&self, id: AccountId) -> Result<Option<Account>> {
        if self.merges.is_empty() {
            return self.source_account(id);
        }
        let head = self.merges.head(id);
        Ok(self.accounts()?.into_iter().find(|account| account.id == head))
    }

    /// All connections, by id.
    pub fn connections(&self) -> Result<Vec<Connection>> {
        self.guarded(|| lookup::connections(&self.records, &self.txn.open_table(CONNECTIONS)?))
    }

    /// One connection.
    pub fn connection(&self, id: ConnectionId) -> Result<Option<Connection>> {
        self.guarded(|| lookup::connection(&self.records, &self.txn.open_table(CONNECTIONS)?, id))
    }

    /// An account's balances, by date.
    pub fn snapshots(&self, account: AccountId) -> Result<Vec<Snapshot>> {
        let head = self.merges.head(account);
        let parts = self.merges.parts(head);
        self.guarded(|| {
            if parts.len() == 1 {
                return lookup::snapshots(&self.records, account);
            }
            let snapshots = parts.into_iter().map(|part| lookup::snapshots(&self.records, part));
            Ok(Merges::snapshots(head, snapshots.collect::<Result<_>>()?))
        })
    }

    /// An account's newest balance.
    pub fn latest_snapshot(&self, account: AccountId) -> Result<Option<Snapshot>> {
        if self.merges.is_empty() {
            return self.guarded(|| lookup::latest_snapshot(&self.records, account));
        }
        Ok(self.snapshots(account)?.pop())
    }

    /// All positions, by account; of a merged one those of the part that listed positions last.
    pub fn holdings(&self) -> Result<Vec<Holding>> {
        let holdings = self.guarded(|| lookup::holdings(&self.records, None))?;
        Ok(self.merges.holdings(holdings))
    }

    /// All versions of all positions whose change is not undone, in no order, in the account of their source.
    pub fn holding_versions(&self) -> Result<Vec<Holding>> {
        self.guarded(|| {
            let mut versions = lookup::holdings(&self.records, None)?;
            let prefix = ObjectKey::every(KeyKind::Holding);
            let end = prefix.successor();
            for entry in self.txn.open_table(VERSIONS)?.range(prefix.as_bytes()..end.as_slice())? {
                let (key, value) = entry?;
                let (_, change) = keys::split_version(key.value())?;
                if self.undone.get(change)?.is_some() {
                    continue;
                }
                let version = checksum::check(key.value(), value.value())?;
                if let Some(body) = versions::body_of(version)? {
                    versions.push(record::to_holding(change, body)?);
                }
            }
            Ok(versions)
        })
    }

    /// The positions that the source of one account lists.
    pub fn holdings_of(&self, account: AccountId) -> Result<Vec<Holding>> {
        self.guarded(|| lookup::holdings(&self.records, Some(account)))
    }

    /// One row.
    pub fn transaction(&self, id: TransactionId) -> Result<Option<Transaction>> {
        let row = self.guarded(|| lookup::transaction(&self.rows, id))?;
        Ok(row.map(|row| self.shown(row)))
    }

    /// The user's fields of a row; empty if there are none.
    pub fn user_fields(&self, id: TransactionId) -> Result<UserFields> {
        self.guarded(|| lookup::user_fields(&self.records, id))
    }

    /// Every row with user fields, by id.
    pub fn all_user_fields(&self) -> Result<Vec<(TransactionId, UserFields)>> {
        self.guarded(|| {
            let all = lookup::records(&self.records, &ObjectKey::every(KeyKind::RowUser), |key, _, body| {
                let id = ObjectKey::from_bytes(key)
                    .as_row_user()
                    .ok_or_else(|| StoreError::damaged("a key of user fields"))?;
                Ok((id, record::from_json(body)?))
            })?;
            let mut found = Vec::with_capacity(all.len());
            for (id, fields) in all {
                // User fields of an undone row are kept for a redo, but not shown.
                if self.rows.get(id.0)?.is_some() {
                    found.push((id, fields));
                }
            }
            Ok(found)
        })
    }

    /// Pairs of rows that may be one, of which both rows are there, by the newer row.
    pub fn row_pairs(&self) -> Result<Vec<RowPair>> {
        self.guarded(|| {
            let all: Vec<RowPair> =
                lookup::records(&self.records, &ObjectKey::every(KeyKind::RowPair), |_, _, body| {
                    record::from_json(body)
                })?;
            let account_of = |row| Ok::<_, StoreError>(lookup::transaction(&self.rows, row)?.map(|row| row.account_id));
            let mut found = Vec::with_capacity(all.len());
            for pair in all {
                if let (Some(one), Some(other)) = (account_of(pair.older)?, account_of(pair.newer)?)
                    && self.merges.head(one) == self.merges.head(other)
                {
                    found.push(pair);
                }
            }
            Ok(found)
        })
    }

    /// Number of rows.
    pub fn transaction_count(&self) -> Result<u64> {
        self.guarded(|| lookup::row_count(&self.rows))
    }

    /// Number of rows of an account.
    pub fn count_of(&self, account: AccountId) -> Result<u64> {
        self.guarded(|| {
            self.merges
                .parts(self.merges.head(account))
                .into_iter()
                .map(|part| lookup::count(&self.counts, part.0))
                .sum()
        })
    }

    /// Entries of the journal before `before` (or from the end), newest first.
    pub fn changes(&self, before: Option<ChangeId>, limit: usize) -> Result<Vec<Change>> {
        self.guarded(|| {
            self.changes
                .range(..before.map_or(u64::MAX, |before| before.0))?
                .rev()
                .take(limit)
                .map(|entry| {
                    let (id, value) = entry?;
                    journal::decode(id.value(), value.value(), self.undone.get(id.value())?.is_some())
                })
                .collect()
        })
    }

    /// One entry of the journal.
    pub fn change(&self, id: ChangeId) -> Result<Option<Change>> {
        self.guarded(|| journal::entry(&self.changes, &self.undone, id))
    }

    /// Number of journal entries.
    pub fn change_count(&self) -> Result<u64> {
        self.guarded(|| Ok(self.changes.len()?))
    }

    /// Rows that a change added, then rows of which it wrote a newer version, then rows whose user fields it wrote. A
    /// row may have been removed since.
    pub fn rows_of_change(&self, id: ChangeId, offset: u64, limit: usize) -> Result<Vec<TransactionId>> {
        self.guarded(|| {
            let table = self.txn.open_table(TOUCHED)?;
            let (mut skip, mut found, mut part) = (offset, Vec::new(), 0);
            while found.len() < limit
                && let Some(touched) = journal::read_touched(&table, id.0, part)?
            {
                for item in touched {
                    let rows = match item {
                        journal::Touched::Added(range) => range,
                        journal::Touched::Version(key) => match key.as_row().or_else(|| key.as_row_user()) {
                            Some(row) => row.0..row.0 + 1,
                            None => continue,
                        },
                    };
                    let skipped = skip.min(rows.end - rows.start);
                    skip -= skipped;
                    found.extend((rows.start + skipped..rows.end).take(limit - found.len()).map(TransactionId));
                }
                part += 1;
            }
            Ok(found)
        })
    }

    /// The bytes a change was read from.
    pub fn raw_source(&self, change: ChangeId) -> Result<Option<RawSource>> {
        self.guarded(|| raw_source::read(&self.txn.open_table(SOURCES)?, change))
    }

    /// The file and the replies that a change was read from.
    pub fn raw_sources(&self, change: ChangeId) -> Result<Vec<RawSource>> {
        self.guarded(|| raw_source::read_all(&self.txn.open_table(SOURCES)?, change))
    }

    /// The change that imported these exact bytes, if it is not undone and no row was removed since: then the import would
    /// add nothing.
    pub fn already_imported(&self, digest: [u8; 32]) -> Result<Option<ChangeId>> {
        self.guarded(|| {
            let digests = self.txn.open_table(DIGESTS)?;
            let Some(value) = digests.get(digest.as_slice())? else { return Ok(None) };
            let change = checksum::check_u64(&digest, value.value())?;
            let removed_rows = Counter::LastRemoval.get(&self.txn.open_table(META)?)?.unwrap_or_default();
            Ok((change > removed_rows && self.undone.get(change)?.is_none()).then_some(ChangeId(change)))
        })
    }

    /// A connection's credential, sealed by the vault.
    pub fn credential(&self, connection: ConnectionId) -> Result<Option<Vec<u8>>> {
        self.guarded(|| match self.txn.open_table(CREDENTIALS)?.get(connection.0)? {
            Some(value) => Ok(Some(checksum::check(&connection.0.to_be_bytes(), value.value())?.to_vec())),
            None => Ok(None),
        })
    }

    /// Credentials without a connection, sealed by the vault: links that were begun and not yet confirmed.
    pub fn unowned_credentials(&self) -> Result<Vec<(ConnectionId, Vec<u8>)>> {
        self.guarded(|| {
            let connections = self.txn.open_table(CONNECTIONS)?;
            let mut unowned = Vec::new();
            for entry in self.txn.open_table(CREDENTIALS)?.iter()? {
                let (key, value) = entry?;
                let id = key.value();
                if connections.get(id)?.is_none() {
                    unowned.push((ConnectionId(id), checksum::check(&id.to_be_bytes(), value.value())?.to_vec()));
                }
            }
            Ok(unowned)
        })
    }

    /// The sync state of a connection's stream (a cursor, a watermark), as it was stored.
    pub fn sync_state(&self, connection: ConnectionId, stream: &str) -> Result<Option<Vec<u8>>> {
        self.guarded(|| lookup::sync_state(&self.records, connection, stream))
    }

    /// The requests recorded for every provider, by slug.
    pub fn requests(&self) -> Result<Vec<Requests>> {
        self.guarded(|| requests::all(&self.txn.open_table(META)?))
    }

    /// The smallest number of a provider's counter that is not reserved; 0 if none ever was.
    pub fn counter(&self, provider: &str) -> Result<u64> {
        self.guarded(|| counters::get(&self.txn.open_table(META)?, provider))
    }

    /// The columnar form of all rows, chunk by chunk; a chunk whose form is missing or of an older layout is rebuilt from
    /// its rows.
    pub fn column_chunks(&self) -> Result<Chunks> {
        self.guarded(|| Chunks::new(&self.txn, Arc::clone(&self.database), &self.path))
    }
}
