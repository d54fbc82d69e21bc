//! Decides what a batch of drafts means for the rows already stored: which are new, which are known, which change a
//! known row, and which may be one row with another.
//!
//! Used by imports and syncs. For each draft that is not plainly known there are hypotheses (new, the same as a stored row, a
//! correction of it, its twin); evidence decides, the strongest first: balances, the period of the listing, how the source's
//! ids behave, the content. INVARIANT: pure and linear; one draft claims at most one stored row and one stored row is claimed
//! at most once, so two equal rows stay two and the same batch twice adds nothing; what the evidence leaves open becomes two
//! rows with a doubt, never one; a settled row is never removed, only cancelled by a correction of the institution.

mod across;
mod batch;
mod correction;
mod coverage;
mod doubt;
mod identity;
mod learned;
mod likeness;
mod merge;
mod money;
mod past;
mod pending;
mod plan;

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use rust_decimal::Decimal;

pub(crate) use self::{
    batch::{Batch, ListingFacts, REACH_DAYS},
    learned::{Content, FirstDayDoubt, Learned},
    likeness::are_alike,
    plan::{Doubt, Outcome, Plan},
};
use self::{
    doubt::{FirstDay, PairVerdict, Pairs},
    identity::{Claim, Sides},
    learned::Retired,
    merge::merge,
    money::Agreement,
};
use crate::domain::{IdTrust, Transaction, TransactionDraft, TransactionId, TransactionStatus};

/// Works out what `batch` means. Linear in drafts and stored rows.
pub(crate) fn reconcile(batch: &Batch<'_>) -> Plan {
    let mut plan = Plan { learned: batch.learned.clone(), ..Plan::default() };
    let is_first = batch.stored.is_empty() && batch.learned == &Learned::default();
    if is_first && batch.drafts.iter().all(|draft| draft.correction.is_none()) {
        plan.outcomes = vec![Outcome::New; batch.drafts.len()];
        if let Some(coverage) = coverage::Coverage::of(batch) {
            plan.learned.enter(past::listing(batch, &coverage));
        }
        return plan;
    }
    let decided = decide(batch, &mut plan);
    let sides = &decided.sides;
    let as_of = sides.coverage.map(|coverage| coverage.as_of(&batch.listing));
    let mut retired = Vec::new();
    for (index, draft) in batch.drafts.iter().enumerate() {
        let outcome = match sides.of_draft[index] {
            Claim::Open => Outcome::New,
            Claim::Retired => Outcome::Known,
            Claim::Stored { row, .. } => {
                let known = &batch.stored[row];
                let is_outdated = as_of.is_some_and(|as_of| batch.learned.is_outdated(known.facts.date, as_of));
                let is_old_news = is_outdated && known.facts.status == TransactionStatus::Settled;
                let is_settling = known.facts.status == TransactionStatus::Pending
                    && draft.facts.status == TransactionStatus::Settled;
                if batch.listing.is_export && !is_settling {
                    Outcome::Known
                } else if is_old_news {
                    retired.extend(older_content(sides, row, index));
                    Outcome::Known
                } else if sides.is_other(row) && known.facts.status == TransactionStatus::Settled {
                    retired.extend(older_content(sides, row, index));
                    across::news_of(known, draft)
                } else {
                    news_of(known, draft, batch.trust)
                }
            }
        };
        plan.outcomes.push(outcome);
    }
    plan.learned.retire_all(retired);
    correction::apply(sides, &mut plan);
    plan.doubts.retain(|doubt| plan.outcomes[doubt.draft] == Outcome::New);
    plan.vanished = pending::vanished(sides);
    learn(&decided, &mut plan);
    plan.settled = plan.learned.settle_first_days();
    plan
}

/// Enters the listing of an account's first rows, which are all new, into `learned`. `settled` holds sums of settled rows by
/// day.
pub(crate) fn enter_first(learned: &mut Learned, settled: &BTreeMap<NaiveDate, Decimal>, listing: &ListingFacts) {
    let days = settled.keys().next().copied().zip(settled.keys().next_back().copied());
    if let Some(coverage) = coverage::Coverage::between(days, listing) {
        learned.enter(past::of_rows(settled.iter().map(|(day, sum)| (*day, *sum)), listing, &coverage));
    }
}

/// Both sides of a batch with every claim decided.
struct Decided<'a> {
    sides: Sides<'a>,
    agreement: Agreement,
    renumbered: bool,
    first_day: FirstDay,
}

/// Decides which draft is which stored row; doubts and retired contents go to `plan`.
fn decide<'a>(batch: &'a Batch<'a>, plan: &mut Plan) -> Decided<'a> {
    let mut sides = Sides::of(batch);
    sides.claim();
    across::claim(&mut sides);
    pending::claim_posted(&mut sides);
    pending::settle_outdated(&mut sides);
    let Pairs { all: mut pairs, renumbered, first_day } = doubt::pairs(&sides);
    keep_apart(&sides, &mut pairs);
    let agreement = money::decide(&sides, &mut pairs);
    let mut retired = Vec::new();
    for pair in &pairs {
        match pair.verdict {
            PairVerdict::Same => {
                if !(renumbered && pair.is_renumbered()) {
                    retired.extend(earlier_content(&sides, pair.row, pair.draft));
                }
                sides.take(pair.draft, pair.row, true);
            }
            PairVerdict::Two | PairVerdict::Open => {
                sides.of_draft[pair.draft] = Claim::Open;
                sides.claimed[pair.row] = None;
                if pair.verdict == PairVerdict::Open {
                    plan.doubts.push(Doubt { draft: pair.draft, row: batch.stored[pair.row].id });
                }
            }
        }
    }
    plan.learned.retire_all(retired);
    Decided { sides, agreement, renumbered, first_day }
}

/// A draft and a stored row that are one, or may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowMatch {
    /// Index of the draft.
    pub(crate) draft: usize,
    /// The stored row.
    pub(crate) row: TransactionId,
    /// They may be one: evidence did not decide.
    pub(crate) is_doubt: bool,
}

/// The drafts of `batch` that are stored rows: the same evidence as in [`reconcile`], without a plan to write.
pub(crate) fn matches(batch: &Batch<'_>) -> Vec<RowMatch> {
    let mut plan = Plan { learned: batch.learned.clone(), ..Plan::default() };
    let Decided { sides, .. } = decide(batch, &mut plan);
    let mut found: Vec<RowMatch> =
        plan.doubts.iter().map(|doubt| RowMatch { draft: doubt.draft, row: doubt.row, is_doubt: true }).collect();
    for (row, claim) in sides.claimed.iter().enumerate() {
        if let Some(draft) = *claim {
            found.push(RowMatch { draft, row: batch.stored[row].id, is_doubt: false });
        }
    }
    found
}

/// Pairs that the user keeps apart are two rows.
fn keep_apart(sides: &Sides<'_>, pairs: &mut [doubt::Pair]) {
    let separated = &sides.batch.learned.separated;
    if separated.is_empty() {
        return;
    }
    for pair in pairs {
        let [old, new] = contents(sides, pair.row, pair.draft);
        if new != old && separated.iter().any(|(a, b)| (a == &new && b == &old) || (a == &old && b == &new)) {
            pair.verdict = PairVerdict::Two;
        }
    }
}

/// The content that a row had, where the draft has another: kept, so that an older file finds the row.
fn earlier_content(sides: &Sides<'_>, row: usize, draft: usize) -> Option<Retired> {
    let [old, new] = contents(sides, row, draft);
    (new != old).then(|| Retired::replaced(old, sides.batch.stored[row].id))
}

/// The content that an older listing has for a row, where it is another: kept, so that the same listing finds the row again.
fn older_content(sides: &Sides<'_>, row: usize, draft: usize) -> Option<Retired> {
    let [old, new] = contents(sides, row, draft);
    (new != old).then(|| Retired::replaced(new, sides.batch.stored[row].id))
}

/// The contents of a row and of a draft.
fn contents(sides: &Sides<'_>, row: usize, draft: usize) -> [Content; 2] {
    [
        Content::with(sides.stored_id(row).map(Into::into), &sides.stored[row]),
        Content::with(sides.draft_id(draft).map(Into::into), &sides.drafts[draft]),
    ]
}

fn learn(decided: &Decided<'_>, plan: &mut Plan) {
    let Decided { sides, agreement, renumbered, first_day } = decided;
    let learned = &mut plan.learned;
    learned.ids_reused = sides.ids_reused;
    learned.ids_renumbered |= renumbered;
    let doubts = if *first_day == FirstDay::Cut { &[] } else { plan.doubts.as_slice() };
    let rows = sides.batch.stored.iter().enumerate().filter(|_| !doubts.is_empty());
    let places: HashMap<TransactionId, usize> = rows.map(|(row, known)| (known.id, row)).collect();
    for doubt in doubts {
        let face = &sides.drafts[doubt.draft];
        // The first day of the later one of two listings that touch.
        let is_first = sides.coverage.is_some_and(|coverage| {
            coverage.first == face.date
                || learned.listings.iter().any(|past| past.from == face.date && coverage.first < past.from)
        });
        let old = places.get(&doubt.row).map(|row| &sides.stored[*row]);
        // Ids of rows that are planned only change when they are written.
        let is_stored = doubt.row.0 < u64::MAX / 4;
        if is_first && is_stored && old == Some(face) {
            learned.doubt_first_day(Content::with(sides.draft_id(doubt.draft).map(Into::into), face), doubt.row);
        }
    }
    match first_day {
        FirstDay::Unknown => {}
        FirstDay::Repeated => learned.listings_repeated = learned.listings_repeated.saturating_add(1),
        FirstDay::Cut => learned.listings_cut = learned.listings_cut.saturating_add(1),
    }
    match agreement {
        Agreement::Unknown => {}
        Agreement::Agrees => learned.balances_agreed = learned.balances_agreed.saturating_add(1),
        Agreement::Fails => learned.balances_failed = learned.balances_failed.saturating_add(1),
    }
    if sides.batch.trust == IdTrust::Reusable
        && let Some(coverage) = sides.coverage
    {
        learned.enter(past::listing(sides.batch, &coverage));
    }
}

/// Whether a draft states anything that its stored row lacks.
fn news_of(stored: &Transaction, draft: &TransactionDraft, trust: IdTrust) -> Outcome {
    let was_pending = draft.facts.status == TransactionStatus::Pending;
    if trust == IdTrust::Reusable && was_pending && stored.facts.status == TransactionStatus::Settled {
        return Outcome::Known;
    }
    let merged = merge(&stored.facts, &draft.facts, trust);
    if merged == stored.facts { Outcome::Known } else { Outcome::Amend(stored.id, Box::new(merged)) }
}

#[cfg(test)]
mod tests;
