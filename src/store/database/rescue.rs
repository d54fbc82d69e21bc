//! Rescue: copies everything readable of a damaged database into a new one.
//!
//! INVARIANT: the damaged file is only read.

use std::{collections::BTreeMap, fs::File, path::Path, sync::Arc};

use redb::{StorageBackend, TableDefinition};

use crate::{
    files,
    store::{
        database::{
            backend::Backend,
            container::BlockProtection,
            dump,
            file::{self, FoundFile},
            open::OpenOptions,
            open_database::{DatabasePlace, OpenDatabase},
            overlay::BlockOverlay,
            verify,
        },
        error::{Result, StoreError, guarded},
        format::{checksum, keys, record, row},
        history::journal,
        schema::{
            self, CHANGES, CONNECTIONS, COUNTS, CREDENTIALS, Counter, DIGESTS, META, PARKED, RECORDS, SOURCES, TOUCHED,
            TRANSACTIONS, UNDONE, VERSIONS, ValueBytes,
        },
    },
};

/// Result of a rescue.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Rescued {
    /// Number of entries saved, by table.
    pub saved: BTreeMap<&'static str, u64>,
    /// Number of damaged places that were skipped, by table.
    pub damaged: BTreeMap<&'static str, u64>,
}

/// The damaged database, opened again after every failure.
struct Source {
    raw: Arc<dyn StorageBackend>,
    path: std::path::PathBuf,
    database: Option<OpenDatabase>,
}

impl Source {
    fn open(from: &Path, options: &OpenOptions) -> Result<(Self, BlockProtection)> {
        let handle = files::open_to_read(from).map_err(|source| StoreError::io("read", from, source))?;
        let found = file::inspect(&handle, from)?;
        let raw = Backend::raw_file(Arc::new(handle));
        let (raw, protection): (Arc<dyn StorageBackend>, _) = match &found {
            FoundFile::New => return Err(StoreError::damaged("it is empty").at(from)),
            FoundFile::Bare => (raw, BlockProtection::Checksummed),
            FoundFile::Container(header) => {
                let protection = BlockProtection::of(header, &*options.keys)?;
                (Arc::new(protection.open(raw, header).map_err(|error| error.at(from))?), protection)
            }
        };
        Ok((Self { raw, path: from.to_owned(), database: None }, protection))
    }

    /// The database, opened again after a failure; damaged blocks read as zeros where they keep it from being opened.
    fn database(&mut self) -> Result<&OpenDatabase> {
        if self.database.is_none() {
            let attach = |tolerant, as_clean| {
                let overlay = BlockOverlay::new(Arc::clone(&self.raw), tolerant)
                    .map_err(|source| StoreError::io("read", &self.path, source))?;
                if as_clean {
                    // Otherwise redb would read every page, and fail at the first damaged one.
                    file::mark_clean(&overlay)?;
                }
                OpenDatabase::attach(&self.path, Backend::over(Arc::new(overlay)), DatabasePlace::default(), false)
            };
            self.database =
                Some(attach(false, false).or_else(|_| attach(false, true)).or_else(|_| attach(true, true))?);
        }
        self.database.as_ref().ok_or(StoreError::Busy)
    }

    /// Calls `each` with every readable entry from a position on. Returns the last position reached, and whether the end was.
    fn walk<K: Position>(
        &mut self,
        table: TableDefinition<'static, K, ValueBytes>,
        from: u128,
        limit: usize,
        each: &mut dyn FnMut(&[u8], &[u8]),
    ) -> (Option<u128>, bool) {
        let mut last = None;
        let path = self.path.clone();
        let done = self.database().and_then(|database| {
            guarded(&path, || {
                let table = database.read()?.open_table(table)?;
                let start = K::at(from);
                for (number, entry) in table.range::<K::SelfType<'_>>(K::borrow(&start)..)?.enumerate() {
                    if number == limit {
                        break;
                    }
                    let (key, value) = entry?;
                    let key = K::bytes(&key.value());
                    last = Some(position(&key));
                    each(&key, value.value());
                }
                Ok(())
            })
        });
        if done.is_err() {
            self.database = None;
        }
        (last, done.is_ok())
    }

    /// As [`Source::walk`], over the whole table: damaged parts are skipped. Returns their number.
    fn rescue<K: Position>(
        &mut self,
        table: TableDefinition<'static, K, ValueBytes>,
        mut each: impl FnMut(&[u8], &[u8]) -> Result<()>,
    ) -> Result<u64> {
        let (mut from, mut damaged, mut failure) = (0_u128, 0, None);
        loop {
            let mut save = |key: &[u8], value: &[u8]| {
                if checksum::check(key, value).is_err() {
                    damaged += 1;
                } else if let Err(error) = each(key, value) {
                    failure.get_or_insert(error);
                }
            };
            let (last, is_end) = self.walk(table, from, usize::MAX, &mut save);
            if let Some(error) = failure {
                return Err(error);
            }
            if is_end {
                return Ok(damaged);
            }
            damaged += 1;
            let bad = last.map_or(from, |last| last.saturating_add(1));
            let Some(next) = self.after_gap(table, bad) else { return Ok(damaged) };
            from = next;
        }
    }

    /// The first readable position above `bad`: by doubling steps, then by bisection.
    fn after_gap<K: Position>(&mut self, table: TableDefinition<'static, K, ValueBytes>, bad: u128) -> Option<u128> {
        let mut is_readable = |at: u128| self.walk(table, at, 1, &mut |_, _| {}).1;
        let (mut low, mut step) = (bad, K::UNIT);
        let mut high = loop {
            let at = bad.checked_add(step)?;
            if is_readable(at) {
                break at;
            }
            (low, step) = (at, step.checked_mul(2)?);
        };
        while high - low > K::UNIT {
            let middle = low + (high - low) / 2;
            if is_readable(middle) { high = middle } else { low = middle }
        }
        Some(high)
    }
}

/// The first 16 bytes of a key as a number, in the order of keys.
fn position(key: &[u8]) -> u128 {
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(key) {
        *to = *from;
    }
    u128::from_be_bytes(bytes)
}

/// A type of keys whose order is that of their first 16 bytes.
trait Position: redb::Key + 'static {
    /// Distance of neighbouring keys.
    const UNIT: u128;
    type Owned;
    fn at(position: u128) -> Self::Owned;
    fn borrow(owned: &Self::Owned) -> Self::SelfType<'_>;
    fn bytes(key: &Self::SelfType<'_>) -> Vec<u8>;
}

impl Position for u64 {
    const UNIT: u128 = 1 << 64;
    type Owned = Self;
    fn at(position: u128) -> Self {
        let rounded_up = Self::from(position & u128::from(Self::MAX) != 0);
        ((position >> 64) as Self).saturating_add(rounded_up)
    }
    fn borrow(owned: &Self) -> Self {
        *owned
    }
    fn bytes(key: &Self) -> Vec<u8> {
        key.to_be_bytes().to_vec()
    }
}

impl Position for (u64, u64) {
    const UNIT: u128 = 1;
    type Owned = Self;
    #[expect(clippy::cast_possible_truncation, reason = "the two halves")]
    fn at(position: u128) -> Self {
        ((position >> 64) as u64, position as u64)
    }
    fn borrow(owned: &Self) -> Self {
        *owned
    }
    fn bytes(key: &Self) -> Vec<u8> {
        ((u128::from(key.0) << 64) | u128::from(key.1)).to_be_bytes().to_vec()
    }
}

impl Position for &'static [u8] {
    const UNIT: u128 = 1;
    type Owned = [u8; 16];
    fn at(position: u128) -> [u8; 16] {
        position.to_be_bytes()
    }
    fn borrow(owned: &[u8; 16]) -> &[u8] {
        owned
    }
    fn bytes(key: &&[u8]) -> Vec<u8> {
        key.to_vec()
    }
}

/// See [`crate::store::Store::rescue`].
pub(in crate::store) fn rescue(from: &Path, to: &Path, options: &OpenOptions) -> Result<Rescued> {
    let (mut source, protection) = Source::open(from, options)?;
    source.database().map_err(|error| error.at(from))?;
    let file = Arc::new(file::create_locked(to)?);
    let done = guarded(to, || copy(&mut source, to, &file, &protection));
    if done.is_err() {
        file::remove_if_there(to)?;
    }
    done
}

fn copy(source: &mut Source, to: &Path, file: &Arc<File>, protection: &BlockProtection) -> Result<Rescued> {
    let place = DatabasePlace { file: Some(Arc::clone(file)), protection: protection.clone(), was_unclean: false };
    let target = OpenDatabase::create(to, protection.create_file(file)?, place)?;
    let txn = target.write()?;
    let mut rescued = Rescued::default();
    let mut counts = BTreeMap::<u64, u64>::new();
    let mut next = schema::NextIds::default();
    macro_rules! rescue_table {
        ($table:ident, $key:ident => $owned:expr, $each:expr) => {{
            let mut table = txn.open_table($table)?;
            let name = redb::TableHandle::name(&$table);
            let mut saved = 0;
            let damaged = source.rescue($table, |$key, value| {
                // An entry whose content is invalid was written by a faulty version; it is left out.
                if ($each)($key, value).is_some() {
                    table.insert($owned, value)?;
                    saved += 1;
                }
                Ok(())
            })?;
            rescued.saved.insert(name, saved);
            if damaged > 0 {
                rescued.damaged.insert(name, damaged);
            }
        }};
    }
    let number = |key: &[u8]| key.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
    let pair = |key: &[u8]| (number(key), number(key.get(8..).unwrap_or_default()));
    rescue_table!(TRANSACTIONS, key => number(key), |key: &[u8], value: &[u8]| {
        let (change, body) = checksum::check_version(key, value).ok()?;
        row::decode(crate::domain::TransactionId(number(key)), change, body).ok()?;
        *counts.entry(u64::from(row::head(body).ok()?.account)).or_default() += 1;
        next.transaction = next.transaction.max(number(key) + 1);
        next.change = next.change.max(change + 1);
        Some(())
    });
    rescue_table!(RECORDS, key => key, |key: &[u8], value: &[u8]| {
        let (change, _) = checksum::check_version(key, value).ok()?;
        next.change = next.change.max(change + 1);
        next.see(&keys::ObjectKey::from_bytes(key));
        Some(())
    });
    rescue_table!(VERSIONS, key => key, |key: &[u8], _: &[u8]| {
        let (key, change) = keys::split_version(key).ok()?;
        next.change = next.change.max(change + 1);
        next.see(&key);
        Some(())
    });
    rescue_table!(PARKED, key => pair(key), |_: &[u8], _: &[u8]| Some(()));
    rescue_table!(CONNECTIONS, key => number(key), |key: &[u8], value: &[u8]| {
        record::from_json::<crate::domain::Connection>(checksum::check(key, value).ok()?).ok()?;
        next.connection = next.connection.max(number(key) + 1);
        Some(())
    });
    rescue_table!(CHANGES, key => number(key), |key: &[u8], value: &[u8]| {
        next.change = next.change.max(number(key) + 1);
        journal::decode(number(key), value, false).ok().map(|_| ())
    });
    rescue_table!(UNDONE, key => number(key), |_: &[u8], _: &[u8]| Some(()));
    rescue_table!(TOUCHED, key => pair(key), |_: &[u8], _: &[u8]| Some(()));
    rescue_table!(SOURCES, key => pair(key), |_: &[u8], _: &[u8]| Some(()));
    // Without digests a file can be imported again, which brings lost rows back.
    rescued.saved.insert(redb::TableHandle::name(&DIGESTS), 0);
    rescue_table!(CREDENTIALS, key => number(key), |_: &[u8], _: &[u8]| Some(()));
    {
        let mut table = txn.open_table(COUNTS)?;
        for (account, count) in &counts {
            table.insert(account, checksum::add_u64(&account.to_be_bytes(), *count).as_slice())?;
        }
    }
    next.write(&mut txn.open_table(META)?)?;
    Counter::Generation.set(&mut txn.open_table(META)?, 1)?;
    dump::build_indexes(&txn)?;
    txn.commit()?;
    verify::all(&target)?;
    target.trim_and_close()?;
    Ok(rescued)
}
