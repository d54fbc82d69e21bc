//! Pending rows: their step to posted, and their end.
//!
//! A posted row takes over a pending one, in this order: the provider's link; the same amount and payee; the same amount;
//! the same payee with up to 30 % more (tips) or less (holds at fuel pumps and hotels). A pending row ends when a later list
//! that covers it does not hold it, or after 45 days. INVARIANT: anything vaguer stays two rows.

use std::collections::HashMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{
    identity::{Claim, Sides},
    likeness::{Face, Likeness},
};
use crate::domain::{TransactionFacts, TransactionId, TransactionStatus, text};

/// Days between a pending row and its posted form with the same amount.
const SAME_AMOUNT_DAYS: i64 = 8;
/// Days between a pending row and its posted form with a larger amount.
const TIP_DAYS: i64 = 3;
/// Days between a pending row and its posted form with a smaller amount.
const HOLD_DAYS: i64 = 5;

/// Lets posted drafts that are still open take over pending rows.
pub(super) fn claim_posted(sides: &mut Sides<'_>) {
    let mut waiting: Vec<usize> = (0..sides.stored.len())
        .filter(|row| sides.claimed[*row].is_none() && sides.stored_status(*row) == TransactionStatus::Pending)
        .collect();
    if waiting.is_empty() {
        return;
    }
    waiting.sort_by_key(|row| (sides.stored[*row].date, sides.batch.stored[*row].id));
    // A row that is stored as posted is no posted form of a pending one, also under another id.
    let mut known: HashMap<&Face, usize> = HashMap::new();
    for row in (0..sides.stored.len()).filter(|row| sides.claimed[*row].is_none()) {
        if sides.stored_status(row) == TransactionStatus::Settled {
            *known.entry(&sides.stored[row]).or_default() += 1;
        }
    }
    let mut is_known = |draft: usize| match known.get_mut(&sides.drafts[draft]) {
        Some(left) if *left > 0 && sides.batch.drafts[draft].pending_id.is_none() => {
            *left -= 1;
            true
        }
        _ => false,
    };
    let posted: Vec<usize> = (0..sides.drafts.len())
        .filter(|draft| {
            sides.is_open(*draft)
                && sides.draft_status(*draft) == TransactionStatus::Settled
                && !sides.is_correction(*draft)
                && !is_known(*draft)
        })
        .collect();
    let passes: [fn(&Sides<'_>, usize, usize) -> bool; 5] = [is_linked, is_same, is_same_amount, is_tip, is_hold];
    for belongs in passes {
        for &draft in &posted {
            if sides.is_open(draft)
                && let Some(place) = waiting.iter().position(|row| belongs(sides, draft, *row))
            {
                sides.take(draft, waiting.remove(place), true);
            }
        }
    }
}

/// Pending drafts of an older list: the posted form of some is stored already, others ended since.
pub(super) fn settle_outdated(sides: &mut Sides<'_>) {
    let listing = &sides.batch.listing;
    let Some(as_of) = listing.pending_as_of.or(sides.coverage.map(|coverage| coverage.as_of(&sides.batch.listing)))
    else {
        return;
    };
    let learned = sides.batch.learned;
    let outdated: Vec<usize> = (0..sides.drafts.len())
        .filter(|draft| {
            let day = sides.drafts[*draft].date;
            sides.is_open(*draft)
                && sides.draft_status(*draft) == TransactionStatus::Pending
                && (learned.has_later_pending_list(day, as_of) || learned.is_outdated(day, as_of))
        })
        .collect();
    // Rows beyond those that the list itself holds as posted: others are those rows.
    let mut surplus: HashMap<Face, isize> = HashMap::new();
    for row in (0..sides.stored.len()).filter(|row| sides.claimed[*row].is_none()) {
        *surplus.entry(sides.stored[row].clone()).or_default() += 1;
    }
    for draft in (0..sides.drafts.len()).filter(|draft| sides.is_open(*draft)) {
        if sides.draft_status(draft) == TransactionStatus::Settled
            && let Some(left) = surplus.get_mut(&sides.drafts[draft])
        {
            *left -= 1;
        }
    }
    for draft in outdated {
        let posted = |row: &usize| {
            let (pending, settled) = (&sides.batch.drafts[draft].facts, &sides.batch.stored[*row].facts);
            sides.claimed[*row].is_none()
                && surplus.get(&sides.stored[*row]).is_some_and(|left| *left > 0)
                && settled.status == TransactionStatus::Settled
                && (same_amount(settled, pending) && like(settled, pending)
                    || tip(settled, pending)
                    || hold(settled, pending))
        };
        let row = (0..sides.stored.len()).find(posted);
        let has_ended = learned.has_later_pending_list(sides.drafts[draft].date, as_of);
        if let Some(row) = row {
            sides.of_draft[draft] = Claim::Retired;
            sides.claimed[row] = Some(draft);
            *surplus.entry(sides.stored[row].clone()).or_default() -= 1;
        } else if has_ended {
            sides.of_draft[draft] = Claim::Retired;
        }
    }
}

fn is_linked(sides: &Sides<'_>, draft: usize, row: usize) -> bool {
    let link = sides.batch.drafts[draft].pending_id.as_deref();
    link.is_some() && link == sides.stored_id(row)
}

fn is_same(sides: &Sides<'_>, draft: usize, row: usize) -> bool {
    is_same_amount(sides, draft, row) && sides.likeness(draft, row) >= Likeness::Similar
}

fn is_same_amount(sides: &Sides<'_>, draft: usize, row: usize) -> bool {
    same_amount(&sides.batch.drafts[draft].facts, &sides.batch.stored[row].facts)
}

fn is_tip(sides: &Sides<'_>, draft: usize, row: usize) -> bool {
    tip(&sides.batch.drafts[draft].facts, &sides.batch.stored[row].facts)
}

fn is_hold(sides: &Sides<'_>, draft: usize, row: usize) -> bool {
    hold(&sides.batch.drafts[draft].facts, &sides.batch.stored[row].facts)
}

fn days_later(posted: &TransactionFacts, pending: &TransactionFacts) -> i64 {
    posted.date.signed_duration_since(pending.date).num_days()
}

fn same_amount(posted: &TransactionFacts, pending: &TransactionFacts) -> bool {
    posted.amount == pending.amount && (0..=SAME_AMOUNT_DAYS).contains(&days_later(posted, pending))
}

fn like(posted: &TransactionFacts, pending: &TransactionFacts) -> bool {
    text::skeleton(posted.description()) == text::skeleton(pending.description()) || same_payee(posted, pending)
}

fn same_payee(posted: &TransactionFacts, pending: &TransactionFacts) -> bool {
    let name = text::skeleton(posted.payee());
    !name.is_empty() && name == text::skeleton(pending.payee())
}

/// The same payee and direction, a few days later.
fn follows(posted: &TransactionFacts, pending: &TransactionFacts, days: i64) -> bool {
    (0..=days).contains(&days_later(posted, pending))
        && posted.amount.is_sign_negative() == pending.amount.is_sign_negative()
        && same_payee(posted, pending)
}

fn tip(posted: &TransactionFacts, pending: &TransactionFacts) -> bool {
    let (posted_amount, held) = (posted.amount.abs(), pending.amount.abs());
    let most = held.checked_mul(Decimal::new(13, 1));
    follows(posted, pending, TIP_DAYS) && posted_amount >= held && most.is_some_and(|most| posted_amount <= most)
}

fn hold(posted: &TransactionFacts, pending: &TransactionFacts) -> bool {
    // A hold is a payment; money that comes in is never held too high.
    pending.amount.is_sign_negative()
        && posted.amount.abs() < pending.amount.abs()
        && follows(posted, pending, HOLD_DAYS)
}

/// Pending rows that a list which covers them does not hold.
pub(super) fn vanished(sides: &Sides<'_>) -> Vec<TransactionId> {
    let listing = &sides.batch.listing;
    let shown = sides.coverage.map(|coverage| coverage.as_of(&sides.batch.listing));
    let today = listing.complete.map(|(_, last)| last).or(listing.pending_as_of).max(shown);
    let is_covered = |day: NaiveDate| {
        listing.complete.is_some_and(|(first, last)| (first..=last).contains(&day))
            || listing
                .pending_as_of
                .is_some_and(|as_of| day <= as_of && !sides.batch.learned.has_later_pending_list(day, as_of))
    };
    let unclaimed = sides.batch.stored.iter().zip(&sides.claimed).filter(|(_, claimed)| claimed.is_none());
    unclaimed
        .filter(|(row, _)| {
            let has_expired = today.is_some_and(|today| row.facts.has_expired(today));
            has_expired || (row.facts.status == TransactionStatus::Pending && is_covered(row.facts.date))
        })
        .map(|(row, _)| row.id)
        .collect()
}
