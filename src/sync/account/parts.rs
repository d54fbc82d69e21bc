//! Rows that several sources of one merged account deliver.
//!
//! Each source keeps all rows that it delivered; rows of two sources that are the same movement are joined to a pair, of which
//! one row is shown. INVARIANT: plans only; a row is joined to at most one row of each other source.

use std::collections::{HashMap, HashSet};

use chrono::{Days, NaiveDate};

use super::{RowRef, RowsPlan};
use crate::{
    domain::{
        AccountId, ChangeId, IdTrust, PairStanding, RowGroups, Transaction, TransactionDraft, TransactionId,
        TransactionStatus,
    },
    store::Reader,
    sync::{
        JobFailure,
        reconcile::{self, Batch, Learned, ListingFacts, Outcome, REACH_DAYS, RowMatch},
    },
};

/// A row of this source and one of another source of the account that are one movement, or may be.
pub(in crate::sync) type Join = (RowRef, TransactionId, PairStanding);

/// A row by its content alone: ids of two sources say nothing about each other.
fn bare(row: &Transaction) -> Transaction {
    let mut row = row.clone();
    row.facts.provider_id = None;
    row
}

/// The rows of `own` that are among `others`, by position. `closing` is the balance that the source of `own` states at the end
/// of a day, where `own` holds all its rows.
pub(in crate::sync) fn compare(
    own: &[Transaction],
    others: &[Transaction],
    learned: &Learned,
    closing: Option<(NaiveDate, rust_decimal::Decimal)>,
) -> Vec<RowMatch> {
    let draft = |row: &Transaction| TransactionDraft::from(bare(row).facts);
    let drafts: Vec<TransactionDraft> = own.iter().map(draft).collect();
    let stored: Vec<Transaction> = others.iter().map(bare).collect();
    let none = HashSet::new();
    let batch = |drafts, stored, listing| Batch {
        drafts,
        stored,
        loaded: Some((NaiveDate::MIN, NaiveDate::MAX)),
        learned,
        trust: IdTrust::Reusable,
        others: &none,
        listing,
    };
    let mut found = reconcile::matches(&batch(&drafts, &stored, ListingFacts { closing, ..ListingFacts::default() }));
    // A pending row of this source may be posted in the other one already.
    let matched: HashSet<usize> = found.iter().map(|found| found.draft).collect();
    let taken: HashSet<TransactionId> = found.iter().map(|found| found.row).collect();
    let waiting: Vec<usize> = (0..own.len())
        .filter(|row| !matched.contains(row) && own[*row].facts.status == TransactionStatus::Pending)
        .collect();
    if waiting.is_empty() {
        return found;
    }
    let posted: Vec<&Transaction> = others.iter().filter(|row| !taken.contains(&row.id)).collect();
    let drafts: Vec<TransactionDraft> = posted.iter().map(|row| draft(row)).collect();
    let pending: Vec<Transaction> = waiting.iter().map(|row| bare(&own[*row])).collect();
    for RowMatch { draft, row, is_doubt } in reconcile::matches(&batch(&drafts, &pending, ListingFacts::default())) {
        if let Some(place) = pending.iter().position(|pending| pending.id == row) {
            found.push(RowMatch { draft: waiting[place], row: posted[draft].id, is_doubt });
        }
    }
    found
}

/// The rows that a plan adds, and rows of the same source around them, that other sources of the account delivered too.
pub(super) fn joins(
    reader: &Reader,
    account: AccountId,
    plan: &RowsPlan,
    pages: &[&[TransactionDraft]],
    learned: &Learned,
) -> Result<Vec<Join>, JobFailure> {
    let merges = reader.merges();
    let parts = merges.parts(merges.head(account));
    if parts.len() < 2 {
        return Ok(Vec::new());
    }
    let mut own = Vec::new();
    let mut places = Vec::new();
    for &page in &plan.order {
        for (index, (draft, outcome)) in pages[page].iter().zip(&plan.pages[page]).enumerate() {
            if *outcome == Outcome::New {
                let facts = plan.replaced.get(&(page, index)).unwrap_or(&draft.facts).clone();
                // Planned rows have no id yet; their position means it.
                let id = TransactionId(u64::MAX - own.len() as u64);
                own.push(Transaction { id, account_id: account, change_id: ChangeId(u64::MAX), facts });
                places.push(RowRef::New(page, index));
            }
        }
    }
    let days = || own.iter().map(|row| row.facts.date);
    let (Some(first), Some(last)) = (days().min(), days().max()) else { return Ok(Vec::new()) };
    let reach = Days::new(REACH_DAYS);
    let from = first.checked_sub_days(reach).unwrap_or(NaiveDate::MIN);
    let to = last.checked_add_days(reach).unwrap_or(NaiveDate::MAX);
    let pairs = reader.all_row_pairs()?;
    let mut groups = RowGroups::of(&pairs);
    let decided: HashMap<(TransactionId, TransactionId), PairStanding> =
        pairs.iter().map(|pair| ((pair.older, pair.newer), pair.standing)).collect();
    let mut of_source: HashSet<TransactionId> = HashSet::new();
    let mut other_rows: Vec<Transaction> = Vec::new();
    for part in parts.iter().filter(|part| **part != account) {
        other_rows.extend(reader.source_rows_between(*part, from, to)?);
    }
    let in_others: HashSet<TransactionId> = other_rows.iter().map(|row| groups.group(row.id)).collect();
    for row in reader.source_rows_between(account, from, to)? {
        let group = groups.group(row.id);
        of_source.insert(group);
        if !in_others.contains(&group) && is_counted(&row) {
            places.push(RowRef::Stored(row.id));
            own.push(row);
        }
    }
    // One row of each movement that this source does not have yet.
    let mut seen = HashSet::new();
    other_rows.retain(|row| {
        let group = groups.group(row.id);
        is_counted(row) && !of_source.contains(&group) && seen.insert(group)
    });
    let found = compare(&own, &other_rows, learned, None).into_iter();
    let joins = found.map(|RowMatch { draft, row, is_doubt }| {
        (places[draft], row, if is_doubt { PairStanding::Open } else { PairStanding::Same })
    });
    let is_news = |join: &Join| match join.0 {
        RowRef::New(..) => true,
        RowRef::Stored(id) => !decided.contains_key(&(id.min(join.1), id.max(join.1))),
    };
    Ok(joins.filter(is_news).collect())
}

/// Whether a row counts: it was not withdrawn.
pub(in crate::sync) const fn is_counted(row: &Transaction) -> bool {
    !matches!(row.facts.status, TransactionStatus::Cancelled | TransactionStatus::Failed)
}
