//! Tables, schema version and forward migrations.
//!
//! INVARIANT: a released table or value layout never changes its meaning. A new layout gets a new
//! [`VERSION`], a step in [`MIGRATIONS`] and a frozen database in `fixtures/store`.

use redb::{ReadableTable, Table, TableDefinition, WriteTransaction};

use crate::store::{
    error::{Result, StoreError},
    format::{
        checksum,
        keys::{KeyKind, ObjectKey},
    },
};

/// The layout this program writes.
pub(super) const VERSION: u64 = 1;

/// `MIGRATIONS[n]` takes a database from version `n + 1` to `n + 2`.
const MIGRATIONS: &[fn(&WriteTransaction) -> Result<()>] = &[];
const _: () = assert!(MIGRATIONS.len() as u64 + 1 == VERSION);

pub(super) type ValueBytes = &'static [u8];

/// Counters, see [`Counter`]. Value: checksum, u64.
pub(super) const META: TableDefinition<&str, ValueBytes> = TableDefinition::new("meta");
/// pk → checksum, change, row body. The current versions of rows.
pub(super) const TRANSACTIONS: TableDefinition<u64, ValueBytes> = TableDefinition::new("transactions");
/// (account, date, pk) packed by [`super::format::keys::by_date`].
pub(super) const BY_DATE: TableDefinition<u128, ()> = TableDefinition::new("by_date");
/// (account, hash of provider id, pk) packed by [`super::format::keys::by_provider_id`].
pub(super) const BY_PROVIDER_ID: TableDefinition<u128, ()> = TableDefinition::new("by_provider_id");
/// account → checksum, number of rows.
pub(super) const COUNTS: TableDefinition<u64, ValueBytes> = TableDefinition::new("counts");
/// [`super::format::keys::ObjectKey`] → checksum, change, body. The current versions of records.
pub(super) const RECORDS: TableDefinition<ValueBytes, ValueBytes> = TableDefinition::new("records");
/// (key, change) → checksum, tag, body. Every version that is not current.
pub(super) const VERSIONS: TableDefinition<ValueBytes, ValueBytes> = TableDefinition::new("versions");
/// (change, first pk) → packed rows that were added by an undone change.
pub(super) const PARKED: TableDefinition<(u64, u64), ValueBytes> = TableDefinition::new("parked");
/// connection → checksum, content. Not versioned; its existence is, in [`RECORDS`].
pub(super) const CONNECTIONS: TableDefinition<u64, ValueBytes> = TableDefinition::new("connections");
/// change → checksum, journal entry.
pub(super) const CHANGES: TableDefinition<u64, ValueBytes> = TableDefinition::new("changes");
/// Undone change → checksum, id of the undo.
pub(super) const UNDONE: TableDefinition<u64, ValueBytes> = TableDefinition::new("undone");
/// (change, part) → checksum, list of what it touched.
pub(super) const TOUCHED: TableDefinition<(u64, u64), ValueBytes> = TableDefinition::new("touched");
/// (change, piece) → checksum, piece of the compressed raw source; piece 0 is its heading.
pub(super) const SOURCES: TableDefinition<(u64, u64), ValueBytes> = TableDefinition::new("sources");
/// Digest of a raw source → checksum, change.
pub(super) const DIGESTS: TableDefinition<ValueBytes, ValueBytes> = TableDefinition::new("digests");
/// connection → checksum, credential sealed by the vault. Not versioned.
pub(super) const CREDENTIALS: TableDefinition<u64, ValueBytes> = TableDefinition::new("credentials");
/// (chunk, piece) → checksum, piece of the columnar form of 65,536 rows.
pub(super) const COLUMNS: TableDefinition<(u64, u64), ValueBytes> = TableDefinition::new("columns");

/// Runs `$do!(NAME)` for every table.
macro_rules! every_table {
    ($do:ident) => {
        $do!(META);
        $do!(TRANSACTIONS);
        $do!(BY_DATE);
        $do!(BY_PROVIDER_ID);
        $do!(COUNTS);
        $do!(RECORDS);
        $do!(VERSIONS);
        $do!(PARKED);
        $do!(CONNECTIONS);
        $do!(CHANGES);
        $do!(UNDONE);
        $do!(TOUCHED);
        $do!(SOURCES);
        $do!(DIGESTS);
        $do!(CREDENTIALS);
        $do!(COLUMNS);
    };
}
pub(super) use every_table;

/// The numbers in [`META`]. Ids are assigned in ascending order and never reused, so an undo does not change them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counter {
    Schema,
    Generation,
    NextConnection,
    NextAccount,
    NextHolding,
    NextTransaction,
    NextChange,
    /// The last change that removed rows: digests of imports up to it are ignored.
    LastRemoval,
    /// Not zero after a change that left much unused space in the file.
    Compactable,
    /// 1 once it was decided that the file stays plain.
    Plain,
}

impl Counter {
    const fn name(self) -> &'static str {
        match self {
            Self::Schema => "schema",
            Self::Generation => "generation",
            Self::NextConnection => "next_connection",
            Self::NextAccount => "next_account",
            Self::NextHolding => "next_holding",
            Self::NextTransaction => "next_transaction",
            Self::NextChange => "next_change",
            Self::LastRemoval => "last_upset",
            Self::Compactable => "loose",
            Self::Plain => "plain",
        }
    }

    /// The stored number; `None` if it was never written.
    pub(super) fn get(self, meta: &impl ReadableTable<&'static str, ValueBytes>) -> Result<Option<u64>> {
        let name = self.name();
        meta.get(name)?.map(|value| checksum::check_u64(name.as_bytes(), value.value())).transpose()
    }

    pub(super) fn set(self, meta: &mut Table<&'static str, ValueBytes>, value: u64) -> Result<()> {
        let name = self.name();
        meta.insert(name, checksum::add_u64(name.as_bytes(), value).as_slice())?;
        Ok(())
    }
}

/// The next free id of each kind, found by looking at all ids in use.
#[derive(Debug)]
pub(super) struct NextIds {
    pub(super) connection: u64,
    account: u64,
    holding: u64,
    pub(super) transaction: u64,
    pub(super) change: u64,
}

impl Default for NextIds {
    fn default() -> Self {
        Self { connection: 1, account: 1, holding: 1, transaction: 1, change: 1 }
    }
}

impl NextIds {
    /// Notes the id in a key.
    pub(super) fn see(&mut self, key: &ObjectKey) {
        let Some(id) = key.first_number() else { return };
        match key.kind() {
            Some(KeyKind::Connection | KeyKind::SyncState) => self.connection = self.connection.max(id + 1),
            Some(KeyKind::Account | KeyKind::AccountUser | KeyKind::Snapshot) => {
                self.account = self.account.max(id + 1);
            }
            Some(KeyKind::Holding) => {
                self.account = self.account.max(id + 1);
                self.holding = self.holding.max(key.second_number().unwrap_or_default() + 1);
            }
            Some(KeyKind::Row | KeyKind::RowUser) => self.transaction = self.transaction.max(id + 1),
            _ => {}
        }
    }

    pub(super) fn write(&self, meta: &mut Table<&'static str, ValueBytes>) -> Result<()> {
        for (counter, next) in [
            (Counter::NextConnection, self.connection),
            (Counter::NextAccount, self.account),
            (Counter::NextHolding, self.holding),
            (Counter::NextTransaction, self.transaction),
            (Counter::NextChange, self.change),
        ] {
            counter.set(meta, next)?;
        }
        Ok(())
    }
}

/// Creates the tables and counters of a new database.
pub(super) fn create(txn: &WriteTransaction) -> Result<()> {
    macro_rules! open {
        ($table:ident) => {
            txn.open_table($table)?;
        };
    }
    every_table!(open);
    let mut meta = txn.open_table(META)?;
    for counter in [
        Counter::NextConnection,
        Counter::NextAccount,
        Counter::NextHolding,
        Counter::NextTransaction,
        Counter::NextChange,
    ] {
        counter.set(&mut meta, 1)?;
    }
    Counter::Generation.set(&mut meta, 0)?;
    Counter::LastRemoval.set(&mut meta, 0)?;
    Counter::Schema.set(&mut meta, VERSION)
}

/// Whether a database of version `found` must be migrated.
pub(super) fn needs_migration(found: u64) -> Result<bool> {
    if found > VERSION {
        return Err(StoreError::Newer { path: std::path::PathBuf::new(), found, known: VERSION });
    }
    if found == 0 {
        return Err(StoreError::damaged("its schema version is 0"));
    }
    Ok(found < VERSION)
}

/// Brings a database of version `found` to [`VERSION`].
pub(super) fn migrate(txn: &WriteTransaction, found: u64) -> Result<()> {
    let done = usize::try_from(found.saturating_sub(1)).unwrap_or(usize::MAX);
    for step in MIGRATIONS.iter().skip(done) {
        step(txn)?;
    }
    Counter::Schema.set(&mut txn.open_table(META)?, VERSION)
}
