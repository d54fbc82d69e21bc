//! Words in the text buffer.

use memchr::memmem::Finder;

use super::RowSet;
use crate::{
    columns::{Columns, Fields},
    ledger::query::Pattern,
};

/// Below one candidate in so many rows, rows are looked at one by one.
const SPARSE: usize = 12;

pub(super) fn search(columns: &Columns, fields: Fields, pattern: &Pattern, within: Option<&RowSet>) -> RowSet {
    let needle = pattern.text.as_bytes();
    if needle.is_empty() {
        return without(columns, fields, within);
    }
    let finder = Finder::new(needle);
    if let Some(within) = within
        && within.count() < columns.len() / SPARSE
    {
        let mut rows = RowSet::none(columns.len());
        within
            .iter()
            .filter(|row| matches(columns.text_of(*row), fields, pattern, &finder))
            .for_each(|row| rows.insert(row));
        return rows;
    }
    let any = fields == Fields::ANY && !pattern.whole;
    let mut rows = sweep(columns.text(), columns.text_ends(), &finder, |record, hit| {
        any || if pattern.whole {
            ends(record, hit + needle.len()) && fields.begin_at(&record[..hit])
        } else {
            fields.hold(&record[..hit])
        }
    });
    if let Some(within) = within {
        rows.keep_all(within);
    }
    rows
}

/// Whether one row matches.
fn matches(record: &[u8], fields: Fields, pattern: &Pattern, finder: &Finder<'_>) -> bool {
    if pattern.whole {
        return fields.of(record).any(|text| text == pattern.text.as_bytes());
    }
    if fields == Fields::ANY {
        return finder.find(record).is_some();
    }
    finder.find_iter(record).any(|hit| fields.hold(&record[..hit]))
}

/// Whether a text of the record ends at `at`.
fn ends(record: &[u8], at: usize) -> bool {
    record.get(at).is_none_or(|next| *next < b' ')
}

/// The rows that have no text in these fields.
fn without(columns: &Columns, fields: Fields, within: Option<&RowSet>) -> RowSet {
    let mut rows = within.cloned().unwrap_or_else(|| RowSet::all(columns.len()));
    for mark in fields.marks() {
        let found = sweep(columns.text(), columns.text_ends(), &Finder::new(&[mark]), |_, _| true);
        rows.remove_all(&found);
    }
    rows
}

/// Provider ids.
pub(super) fn search_references(columns: &Columns, pattern: &Pattern) -> RowSet {
    let needle = pattern.text.as_bytes();
    let length = columns.len();
    if needle.is_empty() {
        let places = |row: usize| u32::try_from(row).unwrap_or(u32::MAX);
        return RowSet::matching(length, None, |row| columns.reference_of(places(row)).is_empty());
    }
    // Ids stand without anything between them: a hit may reach over a border.
    sweep(columns.references(), columns.reference_ends(), &Finder::new(needle), |reference, hit| {
        reference.len() >= hit + needle.len() && (!pattern.whole || reference.len() == needle.len())
    })
}

/// One pass over a buffer: `accept` gets the record of a hit and the place of the hit in it. After an accepted hit the
/// rest of the record is skipped.
fn sweep(buffer: &[u8], ends: &[u32], finder: &Finder<'_>, accept: impl Fn(&[u8], usize) -> bool) -> RowSet {
    let mut rows = RowSet::none(ends.len());
    let (mut at, mut row) = (0usize, 0usize);
    while let Some(found) = finder.find(&buffer[at..]) {
        let hit = at + found;
        row = row_at(ends, row, hit);
        let Some(&end) = ends.get(row) else { break };
        let start = if row == 0 { 0 } else { ends[row - 1] as usize };
        let end = end as usize;
        if accept(&buffer[start..end], hit - start) {
            rows.insert(u32::try_from(row).unwrap_or(u32::MAX));
            at = end;
        } else {
            at = hit + 1;
        }
    }
    rows
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
