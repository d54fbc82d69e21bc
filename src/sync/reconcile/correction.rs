//! Corrections: a row that replaces or deletes an earlier one, also one that is a correction itself.
//!
//! INVARIANT: a corrected content is out of circulation, so that an older file can't bring it back, and only that content:
//! banks use ids again. A correction that was applied is not applied twice.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::{
    batch::{Batch, REACH_DAYS},
    identity::{Claim, Sides},
    learned::{Content, Retired},
    likeness::{Face, Likeness, likeness},
    plan::{Outcome, Plan},
};
use crate::domain::{Correction, Text, TransactionFacts, TransactionStatus};

/// Positions of rows by their id.
type Places<'a> = HashMap<&'a str, Vec<usize>>;

/// Where the row that a correction names is.
enum Target {
    /// A row of this batch.
    Draft(usize),
    /// A stored row.
    Stored(usize),
}

/// Applies the corrections of the batch to `plan`, in file order.
pub(super) fn apply(sides: &Sides<'_>, plan: &mut Plan) {
    let batch = sides.batch;
    if batch.drafts.iter().all(|draft| draft.correction.is_none()) {
        return;
    }
    let mut stored: HashMap<&str, Vec<usize>> = HashMap::new();
    for (row, known) in batch.stored.iter().enumerate() {
        if let Some(id) = known.facts.provider_id.as_deref() {
            stored.entry(id).or_default().push(row);
        }
    }
    let mut listed: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, draft) in batch.drafts.iter().enumerate().filter(|(_, draft)| draft.correction.is_none()) {
        if let Some(id) = draft.facts.provider_id.as_deref() {
            listed.entry(id).or_default().push(index);
        }
    }
    for (index, draft) in batch.drafts.iter().enumerate() {
        let (id, replaces) = match draft.correction.as_deref() {
            None => continue,
            Some(Correction::Replaces(id)) => (id, true),
            Some(Correction::Deletes(id)) => (id, false),
        };
        // A row that replaces itself was turned around: an amount that it had before is not the one it has.
        let is_own = draft.facts.provider_id.as_deref() == Some(&**id);
        let is_row = match sides.of_draft[index] {
            Claim::Stored { row, .. } if replaces && !is_own => Some(row),
            _ => None,
        };
        let was_applied = replaces
            && match sides.of_draft[index] {
                Claim::Open => false,
                Claim::Retired => !is_own,
                Claim::Stored { row, .. } => is_own && batch.stored[row].facts.amount == draft.facts.amount,
            };
        if was_applied {
            plan.outcomes[index] = Outcome::Known;
        } else {
            let target = target(batch, plan, id, &draft.facts, (&stored, &listed));
            // The row that replaced this correction came before it and is a row already: what it corrects ends.
            let was_replaced = is_row.is_some() || (sides.is_superseded[index] && !is_own);
            let replaces = replaces && !was_replaced;
            match target {
                // Applied before.
                Some(Target::Stored(row)) if Some(row) == is_row => plan.outcomes[index] = Outcome::Known,
                Some(Target::Draft(other)) => on_draft(plan, index, other, replaces, &draft.facts),
                Some(Target::Stored(row)) => {
                    plan.outcomes[index] = on_stored(batch, row, replaces, &draft.facts);
                    // Content that this batch lists under the old form belongs to the row now.
                    for other in listed.get(&**id).into_iter().flatten() {
                        let is_claim =
                            matches!(sides.of_draft[*other], Claim::Stored { row: claimed, .. } if claimed == row);
                        if is_claim {
                            plan.outcomes[*other] = Outcome::Known;
                        }
                    }
                }
                None if replaces => {}
                None => plan.outcomes[index] = Outcome::Known,
            }
            let content = match target {
                Some(Target::Draft(other)) => Some(&batch.drafts[other].facts),
                Some(Target::Stored(row)) => Some(&batch.stored[row].facts),
                None => None,
            };
            let is_known = is_row.is_some() && matches!(target, Some(Target::Stored(row)) if Some(row) == is_row);
            let was_applied = is_known || content.is_none() && was_corrected(batch, plan, id, &draft.facts);
            if !was_applied && retire(plan, id, &draft.facts, content) && content.is_none() {
                plan.early_corrections.push(index);
            }
        }
        if replaces && let Some(own) = draft.facts.provider_id.as_deref() {
            listed.entry(own).or_default().push(index);
        }
    }
}

/// Whether a correction can be about a row of that id: near in time, or alike in amount or text. Banks use ids again.
fn can_mean(news: &TransactionFacts, row: &TransactionFacts) -> bool {
    let (new, old) = (Face::of(news), Face::of(row));
    let alike = new.amount == old.amount || likeness((&new, news), (&old, row)) >= Likeness::Similar;
    new.days_to(&old) <= REACH_DAYS || alike
}

/// Whether the row with that id ended by a correction before.
fn was_corrected(batch: &Batch<'_>, plan: &Plan, id: &Text, news: &TransactionFacts) -> bool {
    let mut ended = batch.stored.iter().filter(|row| row.facts.status == TransactionStatus::Cancelled);
    let mut retired = plan.learned.retired.iter().filter(|retired| retired.is_void && !retired.is_guess);
    let near = |date: NaiveDate| date.signed_duration_since(news.date).num_days().unsigned_abs() <= 2 * REACH_DAYS;
    ended.any(|row| row.facts.provider_id.as_ref() == Some(id) && can_mean(news, &row.facts))
        || retired.any(|retired| retired.content.id.as_ref() == Some(id) && near(retired.content.date))
}

/// The row with that id that is nearest in time, if it is still there.
fn target(
    batch: &Batch<'_>,
    plan: &Plan,
    id: &str,
    news: &TransactionFacts,
    (stored, listed): (&Places<'_>, &Places<'_>),
) -> Option<Target> {
    let apart = |date: NaiveDate| date.signed_duration_since(news.date).num_days().unsigned_abs();
    let in_batch = listed.get(id).into_iter().flatten().filter(|draft| {
        matches!(plan.outcomes[**draft], Outcome::New | Outcome::Amend(..))
            && can_mean(news, &batch.drafts[**draft].facts)
    });
    let in_batch = in_batch.map(|draft| (apart(batch.drafts[*draft].facts.date), 0, Target::Draft(*draft)));
    let in_store = stored.get(id).into_iter().flatten().filter(|row| {
        let facts = &batch.stored[**row].facts;
        facts.status != TransactionStatus::Cancelled && can_mean(news, facts)
    });
    let in_store = in_store.map(|row| (apart(batch.stored[*row].facts.date), 1, Target::Stored(*row)));
    // A correction may name the first of a chain, whose row has the id of a later one now.
    let renamed =
        plan.learned.retired.iter().filter(|retired| retired.content.id.as_deref() == Some(id)).filter_map(|retired| {
            let row = batch.stored.iter().position(|known| Some(known.id) == retired.row)?;
            let facts = &batch.stored[row].facts;
            (facts.status != TransactionStatus::Cancelled && can_mean(news, facts))
                .then(|| (apart(retired.content.date), 2, Target::Stored(row)))
        });
    in_batch.chain(in_store).chain(renamed).min_by_key(|(apart, rank, _)| (*apart, *rank)).map(|(.., target)| target)
}

fn on_draft(plan: &mut Plan, index: usize, other: usize, replaces: bool, facts: &TransactionFacts) {
    let before = std::mem::replace(&mut plan.outcomes[other], Outcome::Known);
    plan.outcomes[index] = match (before, replaces) {
        (Outcome::Amend(id, _), true) => Outcome::Amend(id, Box::new(facts.clone())),
        (Outcome::Amend(id, _), false) => Outcome::Void(id),
        (_, true) => Outcome::New,
        (_, false) => Outcome::Known,
    };
}

fn on_stored(batch: &Batch<'_>, row: usize, replaces: bool, news: &TransactionFacts) -> Outcome {
    let target = &batch.stored[row];
    if !replaces {
        return Outcome::Void(target.id);
    }
    let mut facts = news.clone();
    facts.origin = target.facts.origin;
    facts.provider_id = facts.provider_id.or_else(|| target.facts.provider_id.clone());
    Outcome::Amend(target.id, Box::new(facts))
}

/// Takes the corrected content out of circulation; without a row, the id for the days around the correction.
/// Returns whether that is news.
fn retire(plan: &mut Plan, id: &Text, news: &TransactionFacts, content: Option<&TransactionFacts>) -> bool {
    let row = plan.outcomes.iter().find_map(|outcome| match outcome {
        Outcome::Amend(row, facts)
            if **facts == *news || facts.provider_id == news.provider_id && news.provider_id.is_some() =>
        {
            Some(*row)
        }
        _ => None,
    });
    plan.learned.retire(if let Some(facts) = content {
        Retired { content: Content::of(facts), row, is_void: true, is_guess: false, by: None }
    } else {
        let content = Content { id: Some(id.clone()), ..Content::of(news) };
        Retired { content, row: None, is_void: true, is_guess: true, by: Some(Content::of(news)) }
    })
}
