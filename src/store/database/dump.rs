//! The content of a database as a stream: what an encrypted backup contains.
//!
//! ```text
//! "dashtam dump" (12 bytes), version u8 (1), schema version u64
//! per table: 1, name;  per entry: 2, key, value;  after its last entry: 3, number of entries (varint)
//! at the end: 4, BLAKE3 of everything before (32 bytes)
//! ```
//! Names, keys and values are preceded by a varint length; keys are big-endian, values are as stored, each with its checksum.
//! Indexes and columns are left out: reading a dump rebuilds them. INVARIANT: a dump is either read completely, with every
//! checksum verified, or refused; memory is bounded by the largest value.

use std::{
    io::{self, Read, Write},
    ops::Bound,
};

use redb::{ReadTransaction, ReadableTable as _, ReadableTableMetadata as _, Table, WriteTransaction};

use crate::{
    domain::TransactionId,
    store::{
        error::{Result, StoreError},
        format::{checksum, row},
        index,
        schema::{
            BY_DATE, BY_PROVIDER_ID, CHANGES, CONNECTIONS, COUNTS, CREDENTIALS, Counter, DIGESTS, META, PARKED,
            RECORDS, SOURCES, TOUCHED, TRANSACTIONS, UNDONE, VERSION, VERSIONS, ValueBytes,
        },
    },
};

const MAGIC: &[u8; 12] = b"dashtam dump";
const DUMP_VERSION: u8 = 1;
const TABLE: u8 = 1;
const ENTRY: u8 = 2;
const END_OF_TABLE: u8 = 3;
const END: u8 = 4;

/// Longest key and value that are read.
const MOST_KEY: u64 = 64 << 10;
const MOST_VALUE: u64 = 1 << 30;

/// Number of rows whose index keys are collected before they are inserted.
const ROWS_AT_ONCE: usize = 1_000_000;

fn pair((first, second): (u64, u64)) -> [u8; 16] {
    ((u128::from(first) << 64) | u128::from(second)).to_be_bytes()
}

/// Calls `$do!(TABLE, key to bytes)` for every table in a dump, in the order of the dump.
macro_rules! dumped_tables {
    ($do:ident) => {
        $do!(META, |name: &str| name.as_bytes().to_vec(), text);
        $do!(TRANSACTIONS, |id: u64| id.to_be_bytes().to_vec(), number);
        $do!(COUNTS, |id: u64| id.to_be_bytes().to_vec(), number);
        $do!(RECORDS, |key: &[u8]| key.to_vec(), bytes);
        $do!(VERSIONS, |key: &[u8]| key.to_vec(), bytes);
        $do!(PARKED, |key| pair(key).to_vec(), numbers);
        $do!(CONNECTIONS, |id: u64| id.to_be_bytes().to_vec(), number);
        $do!(CHANGES, |id: u64| id.to_be_bytes().to_vec(), number);
        $do!(UNDONE, |id: u64| id.to_be_bytes().to_vec(), number);
        $do!(TOUCHED, |key| pair(key).to_vec(), numbers);
        $do!(SOURCES, |key| pair(key).to_vec(), numbers);
        $do!(DIGESTS, |key: &[u8]| key.to_vec(), bytes);
        $do!(CREDENTIALS, |id: u64| id.to_be_bytes().to_vec(), number);
    };
}

/// Writes and hashes.
struct Hashing<W> {
    inner: W,
    hasher: blake3::Hasher,
}

impl<W: Write> Hashing<W> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.inner.write_all(bytes)
    }

    fn put_number(&mut self, mut number: u64) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(10);
        while number >= 0x80 {
            bytes.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        bytes.push(number.to_le_bytes()[0]);
        self.put(&bytes)
    }

    fn put_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.put_number(bytes.len() as u64)?;
        self.put(bytes)
    }
}

fn unwritable(source: io::Error) -> StoreError {
    StoreError::io("write", std::path::Path::new(""), source)
}

/// Writes a snapshot.
pub(in crate::store) fn write(txn: &ReadTransaction, out: impl Write) -> Result<()> {
    let mut out = Hashing { inner: out, hasher: blake3::Hasher::new() };
    let head = [MAGIC.as_slice(), &[DUMP_VERSION], &VERSION.to_le_bytes()].concat();
    out.put(&head).map_err(unwritable)?;
    macro_rules! write_table {
        ($table:ident, $key:expr, $kind:ident) => {{
            let table = txn.open_table($table)?;
            out.put(&[TABLE])
                .and_then(|()| out.put_bytes(redb::TableHandle::name(&$table).as_bytes()))
                .map_err(unwritable)?;
            let mut count = 0_u64;
            for entry in table.iter()? {
                let (key, value) = entry?;
                let key: Vec<u8> = ($key)(key.value());
                checksum::check(&key, value.value())?;
                out.put(&[ENTRY]).and_then(|()| out.put_bytes(&key)).map_err(unwritable)?;
                out.put_bytes(value.value()).map_err(unwritable)?;
                count += 1;
            }
            if table.len()? != count {
                return Err(StoreError::damaged("a table has lost entries"));
            }
            out.put(&[END_OF_TABLE]).and_then(|()| out.put_number(count)).map_err(unwritable)?;
        }};
    }
    dumped_tables!(write_table);
    out.put(&[END]).map_err(unwritable)?;
    let hash = *out.hasher.finalize().as_bytes();
    out.inner.write_all(&hash).map_err(unwritable)
}

/// Reads and hashes.
struct Source<R> {
    inner: R,
    hasher: blake3::Hasher,
}

fn incomplete() -> StoreError {
    StoreError::damaged("it is not a complete backup")
}

impl<R: Read> Source<R> {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<()> {
        self.inner.read_exact(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => incomplete(),
            _ => StoreError::io("read", std::path::Path::new(""), error),
        })?;
        self.hasher.update(buffer);
        Ok(())
    }

    fn byte(&mut self) -> Result<u8> {
        let mut byte = [0];
        self.fill(&mut byte).map(|()| byte[0])
    }

    fn number(&mut self) -> Result<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(incomplete())
    }

    fn bytes(&mut self, most: u64) -> Result<Vec<u8>> {
        let length = self.number()?;
        if length > most {
            return Err(incomplete());
        }
        let mut bytes = Vec::new();
        // Grows with the data, so that a wrong length allocates nothing.
        let mut left = usize::try_from(length).map_err(|_| incomplete())?;
        while left > 0 {
            let part = left.min(1 << 20);
            let start = bytes.len();
            bytes.resize(start + part, 0);
            self.fill(bytes.get_mut(start..).unwrap_or_default())?;
            left -= part;
        }
        Ok(bytes)
    }

    /// The next entry of a table; `None` after its last one.
    fn entry(&mut self, count: &mut u64) -> Result<Option<(Vec<u8>, Vec<u8>)>> {
        match self.byte()? {
            ENTRY => {
                let (key, value) = (self.bytes(MOST_KEY)?, self.bytes(MOST_VALUE)?);
                checksum::check(&key, &value)?;
                *count += 1;
                Ok(Some((key, value)))
            }
            END_OF_TABLE if self.number()? == *count => Ok(None),
            _ => Err(incomplete()),
        }
    }

    fn head(&mut self) -> Result<()> {
        let mut head = [0; MAGIC.len() + 9];
        self.fill(&mut head)?;
        let (magic, rest) = head.split_at(MAGIC.len());
        let schema = rest.get(1..).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes);
        if magic != MAGIC || rest.first() != Some(&DUMP_VERSION) {
            return Err(StoreError::damaged("it is not a backup of dashtam"));
        }
        if schema > VERSION {
            return Err(StoreError::Newer { path: std::path::PathBuf::new(), found: schema, known: VERSION });
        }
        Ok(())
    }

    fn table(&mut self, name: &str) -> Result<()> {
        if self.byte()? == TABLE && self.bytes(MOST_KEY)? == name.as_bytes() { Ok(()) } else { Err(incomplete()) }
    }

    fn end(mut self) -> Result<()> {
        if self.byte()? != END {
            return Err(incomplete());
        }
        let expected = *self.hasher.finalize().as_bytes();
        let mut found = [0; 32];
        self.inner.read_exact(&mut found).map_err(|_| incomplete())?;
        let mut more = [0];
        let is_at_end = self.inner.read(&mut more).is_ok_and(|read| read == 0);
        if found == expected && is_at_end { Ok(()) } else { Err(incomplete()) }
    }
}

fn key_of<const N: usize>(bytes: &[u8]) -> Result<[u8; N]> {
    bytes.try_into().map_err(|_| incomplete())
}

fn number(bytes: &[u8]) -> Result<u64> {
    key_of(bytes).map(u64::from_be_bytes)
}

#[expect(clippy::cast_possible_truncation, reason = "the low half of the key")]
fn numbers(bytes: &[u8]) -> Result<(u64, u64)> {
    let whole = key_of(bytes).map(u128::from_be_bytes)?;
    Ok(((whole >> 64) as u64, whole as u64))
}

#[expect(clippy::unnecessary_wraps, reason = "as the keys of the other tables")]
fn bytes(bytes: &[u8]) -> Result<&[u8]> {
    Ok(bytes)
}

fn text(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|_| incomplete())
}

/// Reads a dump to its end without storing anything.
pub(in crate::store) fn verify(input: impl Read) -> Result<()> {
    let mut source = Source { inner: input, hasher: blake3::Hasher::new() };
    source.head()?;
    macro_rules! skip_table {
        ($table:ident, $key:expr, $kind:ident) => {{
            source.table(redb::TableHandle::name(&$table))?;
            let mut count = 0;
            while let Some((key, _)) = source.entry(&mut count)? {
                $kind(&key)?;
            }
        }};
    }
    dumped_tables!(skip_table);
    source.end()
}

/// Reads one table, whose entries are in the order of their keys.
fn fill<R: Read, K: redb::Key + 'static>(
    source: &mut Source<R>,
    table: &mut Table<'_, K, ValueBytes>,
    name: &str,
    key_of: impl for<'a> Fn(&'a [u8]) -> Result<K::SelfType<'a>>,
) -> Result<()> {
    source.table(name)?;
    table.retain(|_, _| false)?;
    let mut cursor = table.upper_bound_mut(Bound::<K::SelfType<'_>>::Unbounded)?;
    let mut count = 0;
    while let Some((key, value)) = source.entry(&mut count)? {
        cursor.insert_before(key_of(&key)?, value.as_slice())?;
    }
    Ok(cursor.close()?)
}

/// Reads a dump into the tables of an empty database.
pub(in crate::store) fn read(input: impl Read, txn: &WriteTransaction) -> Result<()> {
    let mut source = Source { inner: input, hasher: blake3::Hasher::new() };
    source.head()?;
    macro_rules! read_table {
        ($table:ident, $key:expr, $kind:ident) => {{
            fill(&mut source, &mut txn.open_table($table)?, redb::TableHandle::name(&$table), $kind)?;
        }};
    }
    dumped_tables!(read_table);
    source.end()?;
    Counter::Compactable.set(&mut txn.open_table(META)?, 0)?;
    build_indexes(txn)
}

/// Builds the two indexes from the rows.
pub(in crate::store) fn build_indexes(txn: &WriteTransaction) -> Result<()> {
    let rows = txn.open_table(TRANSACTIONS)?;
    let (mut dates, mut ids) = (txn.open_table(BY_DATE)?, txn.open_table(BY_PROVIDER_ID)?);
    let mut keys = index::IndexBatch::default();
    for (position, entry) in (1..).zip(rows.iter()?) {
        let (pk, value) = entry?;
        let pk = pk.value();
        let (change, body) = checksum::check_version(&pk.to_be_bytes(), value.value())?;
        row::decode(TransactionId(pk), change, body)?;
        keys.push(&row::head(body)?, pk);
        if position % ROWS_AT_ONCE == 0 {
            std::mem::take(&mut keys).insert(&mut dates, &mut ids)?;
        }
    }
    keys.insert(&mut dates, &mut ids)
}
