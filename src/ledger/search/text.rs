//! Words in the texts: the distinct payees are searched once each, the other texts row by row in one sweep.

use std::{num::NonZero, ops::Range, thread};

use memchr::memmem::Finder;

use super::{RowSet, by_table};
use crate::{
    columns::{Columns, Fields},
    ledger::query::Pattern,
};

/// Below one candidate in so many rows, rows are looked at one by one.
const SPARSE: usize = 32;

/// Bytes from which on a sweep is shared between threads.
const SHARED: usize = 4 << 20;

pub(super) fn search(columns: &Columns, fields: Fields, pattern: &Pattern, within: Option<&RowSet>) -> RowSet {
    if pattern.text.is_empty() {
        return without(columns, fields, within);
    }
    let finder = Finder::new(pattern.text.as_bytes());
    // Where every field of a buffer is looked in, no hit has to be told apart.
    let heads = if fields.in_heads() {
        let in_any = fields.is_all_of_heads() && !pattern.whole;
        let accept = |record: &[u8], hit: usize| if in_any { Ok(()) } else { accept(record, hit, fields, pattern) };
        sweep(columns.heads(), columns.head_ends(), &finder, &accept)
    } else {
        RowSet::none(columns.head_ends().len())
    };
    if let Some(within) = within
        && within.count() < columns.len() / SPARSE
    {
        let mut rows = RowSet::none(columns.len());
        for row in within.iter() {
            let found = heads.contains(columns.heads_of()[row as usize])
                || fields.in_tails() && matches(columns.tail(row), &finder, fields, pattern);
            if found {
                rows.insert(row);
            }
        }
        return rows;
    }
    let mut rows = with_heads(columns, &heads);
    if fields.in_tails() {
        let in_any = fields.is_all_of_tails() && !pattern.whole;
        let accept = |record: &[u8], hit: usize| if in_any { Ok(()) } else { accept(record, hit, fields, pattern) };
        let tails = sweep(columns.tails(), columns.tail_ends(), &finder, &accept);
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
        ends && fields.begin_at(&record[..hit])
    } else {
        fields.hold(&record[..hit])
    };
    if counts {
        return Ok(());
    }
    Err(record[hit..].iter().position(|byte| *byte < b' ').map_or(record.len(), |length| hit + length))
}

/// Whether one record holds it.
fn matches(record: &[u8], finder: &Finder<'_>, fields: Fields, pattern: &Pattern) -> bool {
    finder.find_iter(record).any(|hit| accept(record, hit, fields, pattern).is_ok())
}

/// The rows that have no text in these fields.
fn without(columns: &Columns, fields: Fields, within: Option<&RowSet>) -> RowSet {
    let mut rows = within.cloned().unwrap_or_else(|| RowSet::all(columns.len()));
    for mark in fields.marks() {
        let (needle, any) = ([mark], |_: &[u8], _: usize| Ok(()));
        let finder = Finder::new(&needle);
        rows.remove_all(&with_heads(columns, &sweep(columns.heads(), columns.head_ends(), &finder, &any)));
        rows.remove_all(&sweep(columns.tails(), columns.tail_ends(), &finder, &any));
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
    // Ids stand without anything between them: a hit may reach over a border.
    sweep(columns.references(), columns.reference_ends(), &Finder::new(needle), &|reference, hit| {
        let counts = reference.len() >= hit + needle.len() && (!pattern.whole || reference.len() == needle.len());
        if counts { Ok(()) } else { Err(hit + 1) }
    })
}

/// Gets a record and the place of a hit in it; tells that it counts, or where in the record to look on.
type Accept<'a> = dyn Fn(&[u8], usize) -> Result<(), usize> + Sync + 'a;

/// One pass over a buffer of records, shared between threads when it is long: which records have a hit that counts.
fn sweep(buffer: &[u8], ends: &[u32], finder: &Finder<'_>, accept: &Accept<'_>) -> RowSet {
    let threads =
        if buffer.len() < SHARED { 1 } else { thread::available_parallelism().map_or(1, NonZero::get).min(8) };
    // Each thread writes whole words of the set.
    let share = ends.len().div_ceil(threads).next_multiple_of(64).max(64);
    let mut rows = RowSet::none(ends.len());
    let mut parts = (0..ends.len()).step_by(share).zip(rows.words_mut().chunks_mut(share / 64));
    let part = |first: usize, words: &mut [u64]| {
        sweep_part(buffer, ends, first..(first + share).min(ends.len()), finder, accept, words);
    };
    thread::scope(|scope| {
        let own = parts.next();
        for (first, words) in parts {
            scope.spawn(move || part(first, words));
        }
        if let Some((first, words)) = own {
            part(first, words);
        }
    });
    rows
}

fn sweep_part(
    buffer: &[u8],
    ends: &[u32],
    rows: Range<usize>,
    finder: &Finder<'_>,
    accept: &Accept<'_>,
    words: &mut [u64],
) {
    let start_of = |row: usize| if row == 0 { 0 } else { ends[row - 1] as usize };
    let stop = start_of(rows.end);
    let (mut at, mut row) = (start_of(rows.start), rows.start);
    while let Some(found) = finder.find(&buffer[at..stop]) {
        let hit = at + found;
        row = row_at(ends, row, hit);
        let (start, end) = (start_of(row), ends[row] as usize);
        match accept(&buffer[start..end], hit - start) {
            Ok(()) => {
                let bit = row - rows.start;
                words[bit / 64] |= 1 << (bit % 64);
                at = end;
            }
            Err(on) => at = start + on,
        }
    }
}

/// The first row from `row` on that ends behind `at`: doubling steps, since the next hit is near or far.
fn row_at(ends: &[u32], row: usize, at: usize) -> usize {
    let behind = |row: usize| ends.get(row).is_none_or(|end| *end as usize > at);
    let mut step = 1;
    let mut low = row;
    while !behind(low + step - 1) {
        low += step;
        step *= 2;
    }
    low + ends[low.min(ends.len())..(low + step).min(ends.len())].partition_point(|end| *end as usize <= at)
}
