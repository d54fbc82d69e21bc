//! The step from pending to posted, and pending rows that never post.
//!
//! In this order: the provider's own link; the same amount, posted up to eight days later, the oldest pending row
//! first; the same payee with up to 30 % more (tips, holds) within three days. Anything vaguer stays two rows.

use rust_decimal::Decimal;

use super::{
    Batch,
    identity::{Claim, Matches},
};
use crate::domain::{TransactionFacts, TransactionStatus, text};

/// Days between a pending row and its posted form with the same amount.
const SAME_AMOUNT_DAYS: i64 = 8;
/// Days between a pending row and its posted form with a somewhat larger amount.
const LARGER_AMOUNT_DAYS: i64 = 3;

/// Lets posted drafts that are still unclaimed take over pending rows.
pub(super) fn claim_posted(batch: &Batch<'_>, matches: &mut Matches) {
    let mut waiting: Vec<usize> = (0..batch.stored.len())
        .filter(|row| !matches.claimed[*row] && batch.stored[*row].facts.status == TransactionStatus::Pending)
        .collect();
    if waiting.is_empty() {
        return;
    }
    waiting.sort_by_key(|row| (batch.stored[*row].facts.date, batch.stored[*row].id));
    let posted: Vec<usize> = (0..batch.drafts.len())
        .filter(|draft| {
            matches.of_draft[*draft] == Claim::Nothing
                && batch.drafts[*draft].facts.status == TransactionStatus::Settled
                && batch.drafts[*draft].correction.is_none()
        })
        .collect();

    let linked = |draft: usize, row: usize| {
        let link = batch.drafts[draft].pending_id.as_deref();
        link.is_some() && link == batch.stored[row].facts.provider_id.as_deref()
    };
    let equal = |draft: usize, row: usize| is_same_amount(&batch.drafts[draft].facts, &batch.stored[row].facts);
    let larger = |draft: usize, row: usize| is_larger_amount(&batch.drafts[draft].facts, &batch.stored[row].facts);
    let passes: [&dyn Fn(usize, usize) -> bool; 3] = [&linked, &equal, &larger];
    for belongs in passes {
        for &draft in &posted {
            if matches.of_draft[draft] != Claim::Nothing {
                continue;
            }
            if let Some(place) = waiting.iter().position(|row| belongs(draft, *row)) {
                matches.take(draft, waiting.remove(place));
            }
        }
    }
}

fn days_later(posted: &TransactionFacts, pending: &TransactionFacts) -> i64 {
    posted.date.signed_duration_since(pending.date).num_days()
}

fn is_same_amount(posted: &TransactionFacts, pending: &TransactionFacts) -> bool {
    posted.amount == pending.amount && (0..=SAME_AMOUNT_DAYS).contains(&days_later(posted, pending))
}

fn is_larger_amount(posted: &TransactionFacts, pending: &TransactionFacts) -> bool {
    let within = (0..=LARGER_AMOUNT_DAYS).contains(&days_later(posted, pending));
    let same_direction = posted.amount.is_sign_negative() == pending.amount.is_sign_negative();
    let most = pending.amount.abs().checked_mul(Decimal::new(13, 1));
    let in_reach = posted.amount.abs() >= pending.amount.abs() && most.is_some_and(|most| posted.amount.abs() <= most);
    let name = text::skeleton(posted.payee());
    within && same_direction && in_reach && !name.is_empty() && name == text::skeleton(pending.payee())
}

/// Pending rows of the completely read days that did not come back.
pub(super) fn vanished(batch: &Batch<'_>, matches: &Matches) -> Vec<crate::domain::TransactionId> {
    let Some((first, last)) = batch.complete else { return Vec::new() };
    let unclaimed = batch.stored.iter().zip(&matches.claimed).filter(|(_, claimed)| !**claimed);
    unclaimed
        .filter(|(row, _)| row.facts.status == TransactionStatus::Pending && (first..=last).contains(&row.facts.date))
        .map(|(row, _)| row.id)
        .collect()
}
