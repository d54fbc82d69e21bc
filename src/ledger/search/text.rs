//! Words in the texts: payees are searched once for the rows that share them, all other texts row by row.

use std::{ops::Range, thread};

use memchr::{memchr, memmem::Finder};

use super::{RowSet, by_table};
use crate::{
    columns::{Columns, Fields},
    ledger::query::Pattern,
};

/// Below one candidate in so many rows, rows are looked at one by one. The shorter the word, the more rows it is in, and
/// the more often a sweep has to stop.
const fn sparse(needle: usize) -> usize {
    match needle {
        1 => 8,
        2 => 16,
        _ => 32,
    }
}

pub(super) fn search(columns: &Columns, fields: Fields, pattern: &Pattern, within: Option<&RowSet>) -> RowSet {
    if pattern.text.is_empty() {
        return without(columns, fields, within);
    }
    let finder = Needle::new(pattern.text.as_bytes());
    if let Some(within) = within
        && within.count() < columns.len() / sparse(pattern.text.len())
    {
        let holds = |record: &[u8]| matches(record, &finder, fields, pattern);
        let mut rows = RowSet::none(columns.len());
        for row in within.iter() {
            let in_head = || fields.in_heads() && holds(columns.head(columns.heads_of()[row as usize]));
            if in_head() || fields.in_tails() && holds(columns.tail(row)) {
                rows.insert(row);
            }
        }
        return rows;
    }
    // If every field of a buffer is searched, every hit counts.
    let heads = if fields.in_heads() {
        let in_any = fields.is_all_of_heads() && !pattern.whole;
        let accept = |record: &[u8], hit: usize| if in_any { Ok(()) } else { accept(record, hit, fields, pattern) };
        sweep(columns.heads(), columns.head_ends(), &finder, accept)
    } else {
        RowSet::none(columns.head_ends().len())
    };
    let mut rows = with_heads(columns, &heads);
    if fields.in_tails() {
        let in_any = fields.is_all_of_tails() && !pattern.whole;
        let accept = |record: &[u8], hit: usize| if in_any { Ok(()) } else { accept(record, hit, fields, pattern) };
        let tails = sweep(columns.tails(), columns.tail_ends(), &finder, accept);
        rows.add_all(&tails);
    }
    if let Some(within) = within {
        rows.keep_all(within);
    }
    rows
}

/// The rows that have one of these heads.
fn with_heads(columns: &Columns, heads: &RowSet) -> RowSet {
    let table: Vec<bool> = (0..).take(heads.universe()).map(|head| heads.contains(head)).collect();
    by_table(&table, columns.heads_of(), None)
}

/// Whether a hit counts; when it does not, where the next field begins: no later hit in the same field counts either.
fn accept(record: &[u8], hit: usize, fields: Fields, pattern: &Pattern) -> Result<(), usize> {
    let counts = if pattern.whole {
        let ends = record.get(hit + pattern.text.len()).is_none_or(|next| *next < b' ');
        // A whole payee is the one shown, which is the first text of a head: what `by:payee` groups.
        let begins = if fields == Fields::PAYEE { hit == 1 } else { fields.begin_at(&record[..hit]) };
        ends && begins
    } else {
        fields.hold(&record[..hit])
    };
    if counts {
        return Ok(());
    }
    Err(record[hit..].iter().position(|byte| *byte < b' ').map_or(record.len(), |length| hit + length))
}

/// The rows that have no text in these fields.
fn without(columns: &Columns, fields: Fields, within: Option<&RowSet>) -> RowSet {
    let mut rows = within.cloned().unwrap_or_else(|| RowSet::all(columns.len()));
    for mark in fields.marks() {
        let (finder, any) = (Needle::Byte(mark), |_: &[u8], _: usize| Ok(()));
        rows.remove_all(&with_heads(columns, &sweep(columns.heads(), columns.head_ends(), &finder, any)));
        rows.remove_all(&sweep(columns.tails(), columns.tail_ends(), &finder, any));
    }
    rows
}

/// Provider ids.
pub(super) fn search_references(columns: &Columns, pattern: &Pattern) -> RowSet {
    let needle = pattern.text.as_bytes();
    if needle.is_empty() {
        let places = |row: usize| u32::try_from(row).unwrap_or(u32::MAX);
        return RowSet::matching(columns.len(), None, |row| columns.reference_of(places(row)).is_empty());
    }
    // Ids are stored without separators: a hit may span two of them.
    sweep(columns.references(), columns.reference_ends(), &Needle::new(needle), |reference, hit| {
        let counts = reference.len() >= hit + needle.len() && (!pattern.whole || reference.len() == needle.len());
        if counts { Ok(()) } else { Err(hit + 1) }
    })
}

/// Whether one record has a hit that counts.
fn matches(record: &[u8], needle: &Needle<'_>, fields: Fields, pattern: &Pattern) -> bool {
    let mut at = 0;
    while let Some(found) = needle.find(&record[at..]) {
        match accept(record, at + found, fields, pattern) {
            Ok(()) => return true,
            Err(on) => at = on,
        }
    }
    false
}

/// The searched text. A single byte occurs in most rows, and memchr is the cheapest search for it.
enum Needle<'a> {
    Byte(u8),
    Text(Box<Finder<'a>>),
}

impl<'a> Needle<'a> {
    fn new(text: &'a [u8]) -> Self {
        if let [byte] = text { Self::Byte(*byte) } else { Self::Text(Box::new(Finder::new(text))) }
    }

    #[inline]
    fn find(&self, text: &[u8]) -> Option<usize> {
        match self {
            Self::Byte(byte) => memchr(*byte, text),
            Self::Text(finder) => finder.find(text),
        }
    }
}

/// From so many bytes on a buffer is worth a second thread.
const WORTH_A_THREAD: usize = if cfg!(test) { 16 } else { 1 << 20 };

/// Threads for one pass at most.
const MOST_THREADS: usize = 4;

/// One pass over a buffer of records: which of them have a hit that counts. `accept` gets a record and the place of a hit
/// in it; returns Ok if the hit counts, else the place in the record to continue from. A large buffer is split into a
/// part per processor.
fn sweep(
    buffer: &[u8],
    ends: &[u32],
    needle: &Needle<'_>,
    accept: impl Fn(&[u8], usize) -> Result<(), usize> + Sync,
) -> RowSet {
    let mut rows = RowSet::none(ends.len());
    let threads = if buffer.len() < WORTH_A_THREAD {
        1
    } else {
        thread::available_parallelism().map_or(1, |count| count.get().min(MOST_THREADS))
    };
    let words_each = rows.words_mut().len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        let mut parts = rows.words_mut().chunks_mut(words_each).enumerate();
        let first = parts.next();
        let sweep_part = |(part, words): (usize, &mut [u64])| {
            let from = part * words_each * 64;
            let to = ends.len().min(from + words.len() * 64);
            sweep_rows(buffer, ends, from..to, words, needle, &accept);
        };
        for part in parts {
            scope.spawn(move || sweep_part(part));
        }
        first.into_iter().for_each(sweep_part);
    });
    rows
}

/// The pass over the records of `range`, which has a bit each in `words`.
fn sweep_rows(
    buffer: &[u8],
    ends: &[u32],
    range: Range<usize>,
    words: &mut [u64],
    needle: &Needle<'_>,
    accept: &impl Fn(&[u8], usize) -> Result<(), usize>,
) {
    let ends = &ends[..range.end];
    let start_of = |row: usize| if row == 0 { 0 } else { ends[row - 1] as usize };
    let buffer = &buffer[..start_of(range.end)];
    let (mut at, mut row) = (start_of(range.start), range.start);
    while let Some(found) = needle.find(&buffer[at..]) {
        let hit = at + found;
        row = row_at(ends, row, hit);
        let Some(&end) = ends.get(row) else { break };
        let start = start_of(row);
        match accept(&buffer[start..end as usize], hit - start) {
            Ok(()) => {
                words[(row - range.start) / 64] |= 1 << (row % 64);
                at = end as usize;
            }
            Err(on) => at = start + on,
        }
    }
}

/// The first row from `row` on that ends behind `at`: doubling steps, since the next hit is near or far.
#[inline]
fn row_at(ends: &[u32], row: usize, at: usize) -> usize {
    if ends.get(row).is_some_and(|end| *end as usize > at) {
        return row;
    }
    let behind = |row: usize| ends.get(row).is_none_or(|end| *end as usize > at);
    let mut step = 1;
    let mut low = row;
    while !behind(low + step - 1) {
        low += step;
        step *= 2;
    }
    low + ends[low.min(ends.len())..(low + step).min(ends.len())].partition_point(|end| *end as usize <= at)
}
