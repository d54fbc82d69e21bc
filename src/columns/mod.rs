//! Transactions in columnar form, for searching, sorting and summing a million rows.
//!
//! The store writes one self-contained blob per chunk of [`CHUNK_ROWS`] rows with a [`ChunkBuilder`]; the ledger
//! reads all blobs into one [`Columns`]. Amounts stay exact: a mantissa and a [`Unit`] (currency and scale).
//! Texts are folded ([`crate::domain::text::fold`]), each field preceded by a mark byte that names it, in two buffers
//! that are each searched in one pass: the heads hold payees, which repeat, once per chunk; the tails hold all other texts row
//! by row.
//!
//! INVARIANT: pure and derived. Everything here can be rebuilt from rows; an invalid blob is an error,
//! never a panic (the store detects flipped bits with checksums).

mod access;
mod build;
mod bytes;
mod field;
mod heads;
mod id_runs;
mod orders;
mod payees;
mod read;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

pub use build::ChunkBuilder;
pub use field::{Fields, searchable};
pub use id_runs::IdRuns;
pub use payees::Payees;

use crate::domain::{AccountId, AssetCode, Transaction, TransactionStatus, TransactionSubtype, UserFields};

/// Rows of one chunk: the chunk of a row is its id divided by this. Fewer in unit tests, so that small histories have
/// several chunks.
pub const CHUNK_ROWS: u64 = if cfg!(test) { 64 } else { 65_536 };

/// The layout of blobs written by this program. Blobs of another version are rebuilt from rows.
pub const FORMAT_VERSION: u8 = 3;

/// Failure to read blobs or to add a row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColumnsError {
    /// The blob was written by another version of the program.
    #[error("the column blob has format {found}, this program reads {FORMAT_VERSION}; it is rebuilt from the rows")]
    Version {
        /// The version in the blob.
        found: u8,
    },
    /// The content of the blob does not match its header.
    #[error("a column blob is damaged ({what}); it is rebuilt from the rows")]
    Damaged {
        /// The invalid part.
        what: &'static str,
    },
    /// A row was added out of order, or to the wrong chunk.
    #[error("row {id} does not belong at this place of chunk {chunk}: rows are pushed by ascending id")]
    Misplaced {
        /// The row.
        id: u64,
        /// The chunk being built.
        chunk: u64,
    },
    /// More text, accounts or currencies than the columns can number.
    #[error("there are more {what} than the columns can number")]
    TooMany {
        /// Plural noun.
        what: &'static str,
    },
}

/// Currency and scale of a mantissa.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Unit {
    /// The currency.
    pub currency: AssetCode,
    /// Digits of the mantissa after the decimal point.
    pub scale: u8,
    /// Whether mantissas need more than 64 bits; these are kept in a separate table.
    pub wide: bool,
}

/// All rows, by ascending id, one vector per column. A row is addressed by its position, a `u32`.
#[derive(Debug, Default)]
pub struct Columns {
    ids: IdRuns,
    days: Vec<i32>,
    mantissas: Vec<i64>,
    wide: Vec<i128>,
    units: Vec<u16>,
    unit_table: Vec<Unit>,
    accounts: Vec<u16>,
    account_table: Vec<AccountId>,
    subtypes: Vec<TransactionSubtype>,
    statuses: Vec<TransactionStatus>,
    symbols: Vec<u32>,
    symbol_table: Vec<Box<str>>,
    categories: Vec<u32>,
    category_table: Vec<Box<str>>,
    heads: Vec<u8>,
    head_ends: Vec<u32>,
    heads_of: Vec<u32>,
    tails: Vec<u8>,
    tail_ends: Vec<u32>,
    references: Vec<u8>,
    reference_ends: Vec<u32>,
    /// Per row the number of its order if that has several fills, else 0; ends with the last row that has one.
    orders: Vec<u32>,
    newest_first: OnceLock<Box<[u32]>>,
    payees: OnceLock<Payees>,
}

impl Columns {
    /// Reads the blobs of all chunks, in ascending order of chunks.
    pub fn from_chunks<B: AsRef<[u8]>>(blobs: impl IntoIterator<Item = B>) -> Result<Self, ColumnsError> {
        let mut assembler = read::Assembler::default();
        for blob in blobs {
            assembler.append(blob.as_ref())?;
        }
        Ok(assembler.finish())
    }

    /// Builds from rows by ascending id, through the same blobs as those in the store.
    pub fn from_rows<'a>(
        rows: impl IntoIterator<Item = (&'a Transaction, &'a UserFields)>,
    ) -> Result<Self, ColumnsError> {
        let mut assembler = read::Assembler::default();
        let mut builder: Option<ChunkBuilder> = None;
        for (row, user) in rows {
            let chunk = row.id.0 / CHUNK_ROWS;
            if builder.as_ref().is_none_or(|builder| builder.chunk() != chunk)
                && let Some(full) = builder.replace(ChunkBuilder::new(chunk))
            {
                assembler.append(&full.finish())?;
            }
            if let Some(builder) = &mut builder {
                builder.push(row, user)?;
            }
        }
        if let Some(last) = builder {
            assembler.append(&last.finish())?;
        }
        Ok(assembler.finish())
    }
}

fn span<'a>(buffer: &'a [u8], ends: &[u32], row: u32) -> &'a [u8] {
    let row = row as usize;
    let start = if row == 0 { 0 } else { ends.get(row - 1).copied().unwrap_or(u32::MAX) };
    let end = ends.get(row).copied().unwrap_or_default();
    buffer.get(start as usize..end as usize).unwrap_or_default()
}
