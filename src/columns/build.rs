//! Writes the blob of one chunk. Used by the store in the transaction that writes the rows.
//!
//! Layout: version, chunk, rows, then one section per column; small tables of distinct values with a position per row,
//! payees as positions in a table (they repeat), provider ids as the difference from the previous row. All numbers are
//! byte sequences, so a blob is the same on every machine.

use std::{borrow::Borrow, collections::HashMap, hash::Hash};

use chrono::Datelike as _;
use foldhash::fast::FixedState;

use super::{
    CHUNK_ROWS, ColumnsError, FORMAT_VERSION, Unit,
    bytes::{put_text, put_varint, put_wide_varint, wide_zigzag, zigzag},
    field,
    heads::Heads,
    orders::OrderColumn,
};
use crate::domain::{
    AccountId, Text, Transaction, TransactionFacts, TransactionId, TransactionStatus, TransactionSubtype, UserFields,
};

/// A hash map with a fast hash. Collisions can only be made by files the user imports, one chunk at a time.
pub(super) type QuickMap<K, V> = HashMap<K, V, FixedState>;

/// Distinct values in order of appearance, and per row the position of its value.
struct Table<K> {
    values: Vec<K>,
    /// Positions by value; filled once there are more values than a linear search handles quickly.
    places: QuickMap<K, u32>,
    rows: Vec<u16>,
}

/// Number of values up to which a linear search is used.
const FEW: usize = 8;

impl<K: Hash + Eq + Clone> Table<K> {
    fn new() -> Self {
        Self { values: Vec::new(), places: QuickMap::default(), rows: Vec::new() }
    }

    /// Adds a row; its value is created only if it is new.
    fn push<Q: Hash + Eq + ?Sized>(&mut self, key: &Q, value: impl FnOnce() -> K)
    where
        K: Borrow<Q>,
    {
        let known = if self.values.len() <= FEW {
            self.values.iter().position(|value| value.borrow() == key)
        } else {
            self.places.get(key).map(|place| *place as usize)
        };
        let place = known.unwrap_or_else(|| self.add(value()));
        #[expect(clippy::cast_possible_truncation, reason = "a chunk holds 65,536 rows at most")]
        self.rows.push(place as u16);
    }

    fn add(&mut self, value: K) -> usize {
        let place = self.values.len();
        self.values.push(value);
        let from = if place == FEW { 0 } else { place.max(FEW) };
        for (place, value) in self.values.iter().enumerate().skip(from) {
            #[expect(clippy::cast_possible_truncation, reason = "a chunk holds 65,536 rows at most")]
            self.places.insert(value.clone(), place as u32);
        }
        place
    }

    /// Values, then positions; a table of one value needs no positions.
    fn write(&self, out: &mut Vec<u8>, mut value: impl FnMut(&mut Vec<u8>, &K)) {
        put_varint(out, self.values.len() as u64);
        for entry in &self.values {
            value(out, entry);
        }
        if self.values.len() > 1 {
            for place in &self.rows {
                put_varint(out, u64::from(*place));
            }
        }
    }
}

/// Collects the rows of one chunk, by ascending id.
pub struct ChunkBuilder {
    chunk: u64,
    last_id: Option<u64>,
    /// First id and length of each run of ids without a gap.
    runs: Vec<(u64, u64)>,
    days: Vec<u8>,
    last_day: i64,
    amounts: Vec<u8>,
    units: Table<Unit>,
    accounts: Table<u64>,
    subtypes: Table<TransactionSubtype>,
    statuses: Table<TransactionStatus>,
    symbols: Table<Text>,
    categories: Table<Text>,
    heads: Heads,
    heads_of: Vec<u8>,
    tail_lengths: Vec<u8>,
    tails: Vec<u8>,
    record: Vec<u8>,
    references: Vec<u8>,
    last_reference: Vec<u8>,
    reference: Vec<u8>,
    orders: OrderColumn,
    rows: u64,
}

impl ChunkBuilder {
    /// An empty chunk: the rows with ids from `chunk * CHUNK_ROWS` on.
    #[must_use]
    pub fn new(chunk: u64) -> Self {
        Self {
            chunk,
            last_id: None,
            runs: Vec::new(),
            days: Vec::new(),
            last_day: 0,
            amounts: Vec::new(),
            units: Table::new(),
            accounts: Table::new(),
            subtypes: Table::new(),
            statuses: Table::new(),
            symbols: Table::new(),
            categories: Table::new(),
            heads: Heads::default(),
            heads_of: Vec::new(),
            tail_lengths: Vec::new(),
            tails: Vec::new(),
            record: Vec::new(),
            references: Vec::new(),
            last_reference: Vec::new(),
            reference: Vec::new(),
            orders: OrderColumn::default(),
            rows: 0,
        }
    }

    /// The number of the chunk.
    #[must_use]
    pub const fn chunk(&self) -> u64 {
        self.chunk
    }

    /// Number of rows so far.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.rows
    }

    /// Whether it is empty.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Adds a row; its id must belong to the chunk and be above the last one.
    pub fn push(&mut self, row: &Transaction, user: &UserFields) -> Result<(), ColumnsError> {
        self.push_facts(row.id, row.account_id, &row.facts, user)
    }

    /// As [`ChunkBuilder::push`], from the parts of a row.
    pub fn push_facts(
        &mut self,
        TransactionId(id): TransactionId,
        AccountId(account): AccountId,
        facts: &TransactionFacts,
        user: &UserFields,
    ) -> Result<(), ColumnsError> {
        if id / CHUNK_ROWS != self.chunk || self.last_id.is_some_and(|last| last >= id) {
            return Err(ColumnsError::Misplaced { id, chunk: self.chunk });
        }
        match self.runs.last_mut() {
            Some((_, length)) if self.last_id == id.checked_sub(1) => *length += 1,
            _ => self.runs.push((id, 1)),
        }
        self.last_id = Some(id);
        self.orders.push(self.rows, AccountId(account), facts);
        self.rows += 1;

        let day = i64::from(facts.date.num_days_from_ce());
        put_varint(&mut self.days, zigzag(day - self.last_day));
        self.last_day = day;

        let mantissa = facts.amount.mantissa();
        let narrow = i64::try_from(mantissa);
        let wide = narrow.is_err();
        let scale = u8::try_from(facts.amount.scale()).unwrap_or(u8::MAX);
        let unit = Unit { currency: facts.currency, scale, wide };
        match narrow {
            Ok(mantissa) => put_varint(&mut self.amounts, zigzag(mantissa)),
            Err(_) => put_wide_varint(&mut self.amounts, wide_zigzag(mantissa)),
        }
        self.units.push(&unit, || unit);

        self.accounts.push(&account, || account);
        self.subtypes.push(&facts.kind.subtype(), || facts.kind.subtype());
        self.statuses.push(&facts.status, || facts.status);
        let none = Text::default();
        let symbol = facts.security.as_ref().and_then(|security| security.symbol.as_ref()).unwrap_or(&none);
        self.symbols.push(symbol, || symbol.clone());
        let category = user.category.as_deref().map(Text::from).unwrap_or_default();
        self.categories.push(&category, || category.clone());

        self.record.clear();
        let head = field::write_record(&mut self.record, facts, user);
        let (head, tail) = self.record.split_at(head);
        // A chunk has fewer payees than a u32 can number.
        self.heads_of.extend_from_slice(&self.heads.intern(head).unwrap_or_default().to_le_bytes()[..2]);
        put_varint(&mut self.tail_lengths, tail.len() as u64);
        self.tails.extend_from_slice(tail);

        self.reference.clear();
        field::push_searchable(&mut self.reference, facts.provider_id.as_deref().unwrap_or_default());
        let shared = self.reference.iter().zip(&self.last_reference).take_while(|(new, old)| new == old).count();
        put_varint(&mut self.references, shared as u64);
        put_text(&mut self.references, &self.reference[shared..]);
        std::mem::swap(&mut self.reference, &mut self.last_reference);
        Ok(())
    }

    /// The blob.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        let sections = self.tails.len() + self.references.len() + self.amounts.len() + self.tail_lengths.len();
        let mut out = Vec::with_capacity(sections * 2);
        out.push(FORMAT_VERSION);
        put_varint(&mut out, self.chunk);
        put_varint(&mut out, self.rows);

        put_varint(&mut out, self.runs.len() as u64);
        let mut next = self.chunk.saturating_mul(CHUNK_ROWS);
        for (first, length) in &self.runs {
            put_varint(&mut out, first - next);
            put_varint(&mut out, *length);
            next = first + length;
        }
        out.extend_from_slice(&self.days);
        self.units.write(&mut out, |out, unit| {
            put_text(out, unit.currency.as_str().as_bytes());
            out.extend([unit.scale, u8::from(unit.wide)]);
        });
        out.extend_from_slice(&self.amounts);
        self.accounts.write(&mut out, |out, account| put_varint(out, *account));
        self.subtypes.write(&mut out, |out, value| put_text(out, value.as_str().as_bytes()));
        self.statuses.write(&mut out, |out, value| put_text(out, value.as_str().as_bytes()));
        self.symbols.write(&mut out, |out, symbol| put_text(out, symbol.as_bytes()));
        self.categories.write(&mut out, |out, category| put_text(out, category.as_bytes()));
        put_varint(&mut out, self.heads.ends.len() as u64);
        let mut start = 0;
        for end in &self.heads.ends {
            put_varint(&mut out, u64::from(end - start));
            start = *end;
        }
        out.extend_from_slice(&self.heads.bytes);
        out.extend_from_slice(&self.heads_of);
        out.extend_from_slice(&self.tail_lengths);
        out.extend_from_slice(&self.tails);
        out.extend_from_slice(&self.references);
        self.orders.write(&mut out);
        out
    }
}
