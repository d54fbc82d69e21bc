//! The columnar form of transactions: what a search, a sort or a sum over a million rows runs on.
//!
//! The store writes one self-contained blob per chunk of [`CHUNK_ROWS`] rows with a [`ChunkBuilder`]; the ledger
//! reads all blobs into one [`Columns`]. Amounts stay exact: a mantissa and a [`Unit`] (currency and scale).
//! Texts are folded ([`crate::domain::text::fold`]), each field behind a mark that says which it is, and lie in two
//! buffers that one sweep each searches: payees, which repeat, once a chunk in the heads; all other texts row by row in the
//! tails.
//!
//! INVARIANT: pure and derived. Everything here can be rebuilt from rows; a blob that makes no sense is an error,
//! never a panic (flipped bits are found by the store, which seals what it keeps).

mod build;
mod bytes;
mod field;
mod heads;
mod id_runs;
mod payees;
mod read;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use chrono::NaiveDate;
use rust_decimal::Decimal;

pub use build::ChunkBuilder;
pub use field::{Fields, searchable};
pub use id_runs::IdRuns;
pub use payees::Payees;

use crate::domain::{
    AccountId, AssetCode, Transaction, TransactionId, TransactionStatus, TransactionSubtype, UserFields,
};

/// Rows of one chunk: the chunk of a row is its id divided by this. Fewer in unit tests, so that small histories have
/// several chunks.
pub const CHUNK_ROWS: u64 = if cfg!(test) { 64 } else { 65_536 };

/// The layout of blobs written by this program. Blobs of another version are rebuilt from rows.
pub const FORMAT_VERSION: u8 = 1;

/// Why blobs could not be read, or a row not be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColumnsError {
    /// The blob was written by another version of the program.
    #[error("the column blob has format {found}, this program knows {FORMAT_VERSION}; it is rebuilt from the rows")]
    Version {
        /// The version it says.
        found: u8,
    },
    /// The blob does not hold what its header promises.
    #[error("a column blob is damaged ({what}); it is rebuilt from the rows")]
    Damaged {
        /// The part that does not fit.
        what: &'static str,
    },
    /// A row was given out of order, or to the wrong chunk.
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
        /// What there is too much of.
        what: &'static str,
    },
}

/// What a column of mantissas is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Unit {
    /// The currency.
    pub currency: AssetCode,
    /// Decimal digits of the mantissa after the mark.
    pub scale: u8,
    /// Whether mantissas need more than 64 bits; they then stand in a table of their own.
    pub wide: bool,
}

/// All rows, by ascending id, one vector per column. A row is addressed by its place, a `u32`.
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

    /// Builds from rows by ascending id, through the same blobs as the store's.
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

    /// Rows held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.days.len()
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.days.is_empty()
    }

    /// The row at a place.
    #[must_use]
    pub fn id(&self, row: u32) -> Option<TransactionId> {
        self.ids.id(row).map(TransactionId)
    }

    /// The place of a row.
    #[must_use]
    pub fn row_of(&self, id: TransactionId) -> Option<u32> {
        self.ids.row(id.0)
    }

    /// Calendar days, counted from the common era as chrono does.
    #[must_use]
    pub fn days(&self) -> &[i32] {
        &self.days
    }

    /// The day of a row.
    #[must_use]
    pub fn date(&self, row: u32) -> Option<NaiveDate> {
        self.days.get(row as usize).copied().and_then(NaiveDate::from_num_days_from_ce_opt)
    }

    /// Mantissas; for a wide unit a place in a table, see [`Columns::mantissa`].
    #[must_use]
    pub fn mantissas(&self) -> &[i64] {
        &self.mantissas
    }

    /// Per row the place of its unit in [`Columns::unit_table`].
    #[must_use]
    pub fn units(&self) -> &[u16] {
        &self.units
    }

    /// The units in use.
    #[must_use]
    pub fn unit_table(&self) -> &[Unit] {
        &self.unit_table
    }

    /// The exact mantissa of a row, to be read with the scale of its unit; 0 where there is no such row.
    #[must_use]
    pub fn mantissa(&self, row: u32) -> i128 {
        let row = row as usize;
        let Some(&mantissa) = self.mantissas.get(row) else { return 0 };
        if !self.unit_table[usize::from(self.units[row])].wide {
            return i128::from(mantissa);
        }
        usize::try_from(mantissa).ok().and_then(|place| self.wide.get(place)).copied().unwrap_or_default()
    }

    /// The unit of a row.
    #[must_use]
    pub fn unit(&self, row: u32) -> Option<Unit> {
        let unit = *self.units.get(row as usize)?;
        self.unit_table.get(usize::from(unit)).copied()
    }

    /// The exact amount of a row.
    #[must_use]
    pub fn amount(&self, row: u32) -> Option<Decimal> {
        let scale = u32::from(self.unit(row)?.scale);
        Decimal::try_from_i128_with_scale(self.mantissa(row), scale).ok()
    }

    /// Per row the place of its account in [`Columns::account_table`].
    #[must_use]
    pub fn accounts(&self) -> &[u16] {
        &self.accounts
    }

    /// The accounts in use.
    #[must_use]
    pub fn account_table(&self) -> &[AccountId] {
        &self.account_table
    }

    /// The account of a row.
    #[must_use]
    pub fn account(&self, row: u32) -> Option<AccountId> {
        let account = *self.accounts.get(row as usize)?;
        self.account_table.get(usize::from(account)).copied()
    }

    /// Second levels of the classification; the first follows from it.
    #[must_use]
    pub fn subtypes(&self) -> &[TransactionSubtype] {
        &self.subtypes
    }

    /// How far each row has come.
    #[must_use]
    pub fn statuses(&self) -> &[TransactionStatus] {
        &self.statuses
    }

    /// Per row the place of its symbol in [`Columns::symbol_table`].
    #[must_use]
    pub fn symbols(&self) -> &[u32] {
        &self.symbols
    }

    /// Symbols as written; no symbol is the empty text.
    #[must_use]
    pub fn symbol_table(&self) -> &[Box<str>] {
        &self.symbol_table
    }

    /// Per row the place of its category in [`Columns::category_table`].
    #[must_use]
    pub fn categories(&self) -> &[u32] {
        &self.categories
    }

    /// The user's categories as written; no category is the empty text.
    #[must_use]
    pub fn category_table(&self) -> &[Box<str>] {
        &self.category_table
    }

    /// The folded payees, once for each chunk they occur in, with their marks; see [`Fields`].
    #[must_use]
    pub fn heads(&self) -> &[u8] {
        &self.heads
    }

    /// Where in [`Columns::heads`] each ends.
    #[must_use]
    pub fn head_ends(&self) -> &[u32] {
        &self.head_ends
    }

    /// Per row the place of its head.
    #[must_use]
    pub fn heads_of(&self) -> &[u32] {
        &self.heads_of
    }

    /// The head at a place.
    #[must_use]
    pub fn head(&self, place: u32) -> &[u8] {
        span(&self.heads, &self.head_ends, place)
    }

    /// The folded texts of all rows that are no payees, with their marks, row after row.
    #[must_use]
    pub fn tails(&self) -> &[u8] {
        &self.tails
    }

    /// Where in [`Columns::tails`] each row ends.
    #[must_use]
    pub fn tail_ends(&self) -> &[u32] {
        &self.tail_ends
    }

    /// The folded texts of one row that are no payees.
    #[must_use]
    pub fn tail(&self, row: u32) -> &[u8] {
        span(&self.tails, &self.tail_ends, row)
    }

    /// The folded payee of a row as the list shows it (the user's word first); empty when there is none.
    #[must_use]
    pub fn payee_of(&self, row: u32) -> &[u8] {
        field::leading_text(self.heads_of.get(row as usize).map_or(&[], |head| self.head(*head)))
    }

    /// The folded provider id of a row; empty when there is none.
    #[must_use]
    pub fn reference_of(&self, row: u32) -> &[u8] {
        span(&self.references, &self.reference_ends, row)
    }

    /// The folded provider ids of all rows, without anything between them.
    #[must_use]
    pub fn references(&self) -> &[u8] {
        &self.references
    }

    /// Where in [`Columns::references`] each row ends.
    #[must_use]
    pub fn reference_ends(&self) -> &[u32] {
        &self.reference_ends
    }

    /// All rows, newest day first and within a day the highest id first. Made once, when first asked for.
    #[must_use]
    pub fn newest_first(&self) -> &[u32] {
        self.newest_first.get_or_init(|| newest_first(&self.days))
    }

    /// All payees, numbered. Made once, when first asked for.
    #[must_use]
    pub fn payees(&self) -> &Payees {
        self.payees.get_or_init(|| Payees::new(self))
    }

    /// Bytes held.
    #[must_use]
    pub fn memory(&self) -> usize {
        let per_row = 4 + 8 + 2 + 2 + 1 + 1 + 4 + 4 + 4 + 4 + 4;
        let tables = self.wide.len() * 16 + (self.symbol_table.len() + self.category_table.len()) * 32;
        let texts = self.heads.len() + self.head_ends.len() * 4 + self.tails.len() + self.references.len();
        self.len() * per_row + tables + texts + self.newest_first.get().map_or(0, |order| order.len() * 4)
    }
}

fn span<'a>(buffer: &'a [u8], ends: &[u32], row: u32) -> &'a [u8] {
    let row = row as usize;
    let start = if row == 0 { 0 } else { ends.get(row - 1).copied().unwrap_or(u32::MAX) };
    let end = ends.get(row).copied().unwrap_or_default();
    buffer.get(start as usize..end as usize).unwrap_or_default()
}

/// One counting sort over the range of days; a comparison sort where a stray date makes the range huge.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rows are numbered by u32, offsets are positive"
)]
fn newest_first(days: &[i32]) -> Box<[u32]> {
    let (Some(&oldest), Some(&newest)) = (days.iter().min(), days.iter().max()) else { return Box::default() };
    let range = (i64::from(newest) - i64::from(oldest)) as usize + 1;
    if range > days.len().max(1 << 16) {
        let mut order: Vec<u32> = (0..days.len() as u32).collect();
        order.sort_unstable_by_key(|&row| std::cmp::Reverse((days[row as usize], row)));
        return order.into();
    }
    let mut places = vec![0u32; range + 1];
    for &day in days {
        places[(newest - day) as usize + 1] += 1;
    }
    for place in 1..places.len() {
        places[place] += places[place - 1];
    }
    let mut order = vec![0u32; days.len()];
    for (row, &day) in days.iter().enumerate().rev() {
        let place = &mut places[(newest - day) as usize];
        order[*place as usize] = row as u32;
        *place += 1;
    }
    order.into()
}
