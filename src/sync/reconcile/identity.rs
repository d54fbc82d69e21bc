//! Which stored row a draft is about.
//!
//! Four passes, each over what the earlier ones left: the same id and the same content; the same id and plausible
//! content; no id on one side and the same fingerprint; ids numbered anew. The fingerprint is day, amount and
//! the letters and digits of the text; claims are one to one, which is the occurrence number of twins.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{Batch, IdTrust, REACH_DAYS};
use crate::domain::{Transaction, TransactionDraft, TransactionFacts, TransactionStatus, text};

/// What a draft turned out to be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    /// No stored row.
    Nothing,
    /// This stored row, by its place in [`Batch::stored`].
    Stored(usize),
    /// A row that a correction took back.
    Superseded,
}

/// The claims of a batch, seen from both sides.
pub(super) struct Matches {
    pub(super) of_draft: Vec<Claim>,
    pub(super) claimed: Vec<bool>,
}

impl Matches {
    pub(super) fn take(&mut self, draft: usize, stored: usize) {
        self.of_draft[draft] = Claim::Stored(stored);
        self.claimed[stored] = true;
    }

    fn is_open(&self, draft: usize) -> bool {
        self.of_draft[draft] == Claim::Nothing
    }
}

/// Day, amount and the bare text of a row.
type Fingerprint = (NaiveDate, Decimal, String);

fn fingerprint(facts: &TransactionFacts) -> Fingerprint {
    (facts.date, facts.amount.normalize(), skeleton(facts))
}

fn skeleton(facts: &TransactionFacts) -> String {
    text::skeleton(facts.description())
}

/// Decides which stored row each draft is about.
pub(super) fn claim(batch: &Batch<'_>) -> Matches {
    let mut matches =
        Matches { of_draft: vec![Claim::Nothing; batch.drafts.len()], claimed: vec![false; batch.stored.len()] };
    if !batch.superseded.is_empty() {
        for (index, draft) in batch.drafts.iter().enumerate() {
            let superseded = draft.facts.provider_id.as_ref().is_some_and(|id| batch.superseded.contains(id));
            if superseded && draft.correction.is_none() {
                matches.of_draft[index] = Claim::Superseded;
            }
        }
    }
    if batch.stored.is_empty() {
        return matches;
    }
    by_id(batch, &mut matches);
    if (0..batch.drafts.len()).any(|draft| matches.is_open(draft)) {
        by_fingerprint(batch, &mut matches);
    }
    matches
}

/// Passes one and two: the same id.
fn by_id(batch: &Batch<'_>, matches: &mut Matches) {
    let mut stored_by_id: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, row) in batch.stored.iter().enumerate() {
        if let Some(id) = &row.facts.provider_id {
            stored_by_id.entry(id).or_default().push(index);
        }
    }
    let passes: [fn(&TransactionFacts, &TransactionFacts) -> bool; 2] = [is_same, is_plausible];
    for same in passes {
        for (index, draft) in batch.drafts.iter().enumerate() {
            let Some(id) = draft.facts.provider_id.as_deref() else { continue };
            if !matches.is_open(index) {
                continue;
            }
            let Some(candidates) = stored_by_id.get(id) else { continue };
            let hit = candidates.iter().copied().find(|stored| {
                !matches.claimed[*stored]
                    && (batch.trust == IdTrust::Unique || same(&draft.facts, &batch.stored[*stored].facts))
            });
            if let Some(stored) = hit {
                matches.take(index, stored);
            }
        }
    }
}

fn is_same(draft: &TransactionFacts, stored: &TransactionFacts) -> bool {
    draft.date == stored.date && draft.amount == stored.amount && skeleton(draft) == skeleton(stored)
}

/// With a reusable id, two of day, amount and text must still agree, or the stored row was only pending.
fn is_plausible(draft: &TransactionFacts, stored: &TransactionFacts) -> bool {
    let apart = draft.date.signed_duration_since(stored.date).num_days().unsigned_abs();
    let near = apart <= REACH_DAYS;
    near && (draft.amount == stored.amount
        || skeleton(draft) == skeleton(stored)
        || stored.status == TransactionStatus::Pending)
}

/// Passes three and four: rows without an id on one side, and rows that were numbered anew.
fn by_fingerprint(batch: &Batch<'_>, matches: &mut Matches) {
    let mut open: HashMap<Fingerprint, Vec<usize>> = HashMap::new();
    for (index, row) in batch.stored.iter().enumerate().rev() {
        if !matches.claimed[index] {
            open.entry(fingerprint(&row.facts)).or_default().push(index);
        }
    }
    for index in 0..batch.drafts.len() {
        if matches.is_open(index) {
            claim_open(batch, matches, &mut open, index, |draft, stored| {
                draft.facts.provider_id.is_none() || stored.facts.provider_id.is_none()
            });
        }
    }
    if batch.trust == IdTrust::Unique {
        return;
    }
    let listed: HashSet<&str> = batch.drafts.iter().filter_map(|draft| draft.facts.provider_id.as_deref()).collect();
    let all_anew = is_numbered_anew(batch, matches, &open);
    for index in 0..batch.drafts.len() {
        if matches.is_open(index) {
            claim_open(batch, matches, &mut open, index, |_, stored| {
                all_anew || stored.facts.provider_id.as_deref().is_some_and(|id| listed.contains(id))
            });
        }
    }
}

/// Claims the oldest open stored row with the draft's fingerprint that `allowed` lets through.
fn claim_open(
    batch: &Batch<'_>,
    matches: &mut Matches,
    open: &mut HashMap<Fingerprint, Vec<usize>>,
    index: usize,
    allowed: impl Fn(&TransactionDraft, &Transaction) -> bool,
) {
    let draft = &batch.drafts[index];
    let Some(candidates) = open.get_mut(&fingerprint(&draft.facts)) else { return };
    let found = candidates.iter().rposition(|stored| allowed(draft, &batch.stored[*stored]));
    if let Some(place) = found {
        matches.take(index, candidates.remove(place));
    }
}

/// Whether the institution numbered its rows anew since the last file: a file of whole days lists every row of those days,
/// yet at least two stored ones did not come back under their ids, and every one of them came back by its
/// fingerprint. A single equal row under another id proves nothing: it is an honest twin and stays a row of its own.
fn is_numbered_anew(batch: &Batch<'_>, matches: &Matches, open: &HashMap<Fingerprint, Vec<usize>>) -> bool {
    let days = || batch.drafts.iter().map(|draft| draft.facts.date);
    let (Some(first), Some(last)) = (days().min(), days().max()) else { return false };
    let is_missing = |row: &usize| {
        let facts = &batch.stored[*row].facts;
        (first..=last).contains(&facts.date) && facts.status != TransactionStatus::Cancelled
    };
    let mut told: HashMap<Fingerprint, usize> = HashMap::new();
    for (index, draft) in batch.drafts.iter().enumerate() {
        if matches.is_open(index) {
            *told.entry(fingerprint(&draft.facts)).or_default() += 1;
        }
    }
    let mut missing = 0;
    for (key, rows) in open {
        let wanted = rows.iter().filter(|row| is_missing(row)).count();
        if wanted > told.get(key).copied().unwrap_or(0) {
            return false;
        }
        missing += wanted;
    }
    missing >= 2
}
