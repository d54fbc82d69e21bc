//! The columnar form of rows as stored: one blob for the rows of 65,536 pks.
//!
//! [`Builder`] defines the content of a blob; this file splits blobs into pieces with checksums and rebuilds missing ones.
//! INVARIANT: a stored blob describes exactly the rows and user fields that are current in the same transaction.

use std::{
    collections::BTreeSet,
    iter::Peekable,
    path::{Path, PathBuf},
    sync::Arc,
};

use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, Table};

use crate::{
    columns::ColumnsError,
    domain::{Transaction, TransactionId, UserFields},
    store::{
        database::open_database::OpenDatabase,
        error::{Result, StoreError},
        format::{
            checksum,
            keys::{KeyKind, ObjectKey},
            record, row,
        },
        schema::{COLUMNS, RECORDS, TRANSACTIONS, ValueBytes},
    },
};

pub(in crate::store) use crate::columns::{CHUNK_ROWS, ChunkBuilder as Builder};

const FORMAT: u32 = crate::columns::FORMAT_VERSION as u32;

impl From<ColumnsError> for StoreError {
    /// Rows are added in the order of their keys, so only damage can cause this error.
    fn from(error: ColumnsError) -> Self {
        Self::damaged(error.to_string())
    }
}

/// Whole pages of redb: a larger value would be rounded up to a power of two and waste up to half.
const PIECE: usize = (256 << 10) - 128;

fn piece_key(chunk: u64, piece: u64) -> [u8; 16] {
    ((u128::from(chunk) << 64) | u128::from(piece)).to_be_bytes()
}

/// Replaces the blob of a chunk.
pub(in crate::store) fn write(table: &mut Table<(u64, u64), ValueBytes>, chunk: u64, blob: &[u8]) -> Result<()> {
    table.retain_in((chunk, 0)..=(chunk, u64::MAX), |_, _| false)?;
    if blob.is_empty() {
        return Ok(());
    }
    let mut heading = FORMAT.to_le_bytes().to_vec();
    heading.extend_from_slice(&(blob.len() as u64).to_le_bytes());
    table.insert((chunk, 0), checksum::add(&piece_key(chunk, 0), &heading).as_slice())?;
    for (piece, bytes) in (1..).zip(blob.chunks(PIECE)) {
        table.insert((chunk, piece), checksum::add(&piece_key(chunk, piece), bytes).as_slice())?;
    }
    Ok(())
}

/// The stored blob; `None` if there is none of this format.
fn read(table: &impl ReadableTable<(u64, u64), ValueBytes>, chunk: u64) -> Result<Option<Vec<u8>>> {
    let mut pieces = table.range((chunk, 0)..=(chunk, u64::MAX))?;
    let Some(first) = pieces.next() else { return Ok(None) };
    let heading = first?.1;
    let heading = checksum::check(&piece_key(chunk, 0), heading.value())?;
    let Some((format, length)) = heading.split_first_chunk::<4>() else { return Ok(None) };
    let Ok(length) = length.try_into().map(u64::from_le_bytes) else { return Ok(None) };
    if u32::from_le_bytes(*format) != FORMAT {
        return Ok(None);
    }
    let mut blob = Vec::with_capacity(usize::try_from(length).unwrap_or_default().min(64 << 20));
    for entry in pieces {
        let (key, value) = entry?;
        blob.extend_from_slice(checksum::check(&piece_key(chunk, key.value().1), value.value())?);
    }
    Ok((blob.len() as u64 == length).then_some(blob))
}

/// Builds the blob of a chunk from its rows; empty if it has none.
pub(in crate::store) fn build(
    rows: &impl ReadableTable<u64, ValueBytes>,
    records: &impl ReadableTable<ValueBytes, ValueBytes>,
    chunk: u64,
) -> Result<Vec<u8>> {
    let mut builder = Builder::new(chunk);
    let any = fill(&mut builder, rows, records, chunk, u64::MAX)?;
    Ok(if any { builder.finish() } else { Vec::new() })
}

/// Adds the rows of a chunk below `end`; returns whether there were any.
pub(in crate::store) fn fill(
    builder: &mut Builder,
    rows: &impl ReadableTable<u64, ValueBytes>,
    records: &impl ReadableTable<ValueBytes, ValueBytes>,
    chunk: u64,
    end: u64,
) -> Result<bool> {
    let first = chunk.saturating_mul(CHUNK_ROWS);
    let end = end.min(first.saturating_add(CHUNK_ROWS));
    let none = UserFields::default();
    let from = ObjectKey::row_user(TransactionId(first));
    let to = ObjectKey::every(KeyKind::RowUser).successor();
    let mut fields = records.range(from.as_bytes()..to.as_slice())?.peekable();
    let mut any = false;
    for entry in rows.range(first..end)? {
        let (pk, value) = entry?;
        let pk = TransactionId(pk.value());
        let (change, body) = checksum::check_version(&pk.0.to_be_bytes(), value.value())?;
        let row: Transaction = row::decode(pk, change, body)?;
        let fields = fields_of(&mut fields, pk)?;
        builder.push(&row, fields.as_ref().unwrap_or(&none))?;
        any = true;
    }
    Ok(any)
}

/// The user fields of `pk` from records in the order of rows; those of earlier rows are skipped.
pub(in crate::store) fn fields_of(
    fields: &mut Peekable<redb::Range<'_, ValueBytes, ValueBytes>>,
    pk: TransactionId,
) -> Result<Option<UserFields>> {
    let wanted = ObjectKey::row_user(pk);
    loop {
        match fields.peek() {
            None => return Ok(None),
            Some(Ok((key, _))) if key.value() > wanted.as_bytes() => return Ok(None),
            Some(_) => {}
        }
        let Some(entry) = fields.next() else { return Ok(None) };
        let (key, value) = entry?;
        if key.value() == wanted.as_bytes() {
            let (_, body) = checksum::check_version(key.value(), value.value())?;
            return record::from_json(body).map(Some);
        }
    }
}

/// The chunks with rows.
fn present(rows: &impl ReadableTable<u64, ValueBytes>) -> Result<BTreeSet<u64>> {
    let mut found = BTreeSet::new();
    let mut from = 0;
    while let Some(entry) = rows.range(from..)?.next() {
        let chunk = entry?.0.value() / CHUNK_ROWS;
        found.insert(chunk);
        let Some(next) = (chunk + 1).checked_mul(CHUNK_ROWS) else { break };
        from = next;
    }
    Ok(found)
}

/// Columnar forms in the order of chunks, see [`crate::store::Reader::column_chunks`].
pub struct Chunks {
    rows: ReadOnlyTable<u64, ValueBytes>,
    records: ReadOnlyTable<ValueBytes, ValueBytes>,
    columns: ReadOnlyTable<(u64, u64), ValueBytes>,
    left: std::collections::btree_set::IntoIter<u64>,
    path: PathBuf,
    /// Keeps the database open.
    database: Arc<OpenDatabase>,
}

impl Chunks {
    pub(in crate::store) fn new(txn: &ReadTransaction, database: Arc<OpenDatabase>, path: &Path) -> Result<Self> {
        let rows = txn.open_table(TRANSACTIONS)?;
        let left = present(&rows)?.into_iter();
        Ok(Self {
            rows,
            records: txn.open_table(RECORDS)?,
            columns: txn.open_table(COLUMNS)?,
            left,
            path: path.to_owned(),
            database,
        })
    }
}

impl std::fmt::Debug for Chunks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chunks").field("left", &self.left.len()).finish_non_exhaustive()
    }
}

impl Iterator for Chunks {
    type Item = Result<Vec<u8>, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let chunk = self.left.next()?;
        Some(self.database.watched(&self.path, || match read(&self.columns, chunk)? {
            Some(blob) => Ok(blob),
            None => build(&self.rows, &self.records, chunk),
        }))
    }
}
