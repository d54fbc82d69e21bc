//! Rows that a file of another format brought.
//!
//! Each format numbers rows separately and spreads the texts over other fields, so only day, amount and text count. Two formats of one
//! bank list the same rows of a day; a row that both list is one. INVARIANT: claims are one to one, so twins stay as many
//! as the longer of the two lists has; a claimed row keeps what it has and gains only what it lacks.

use std::collections::HashMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{identity::Sides, likeness::are_alike, plan::Outcome};
use crate::domain::{Kind, Transaction, TransactionDraft, TransactionFacts, TransactionStatus};

/// Rows of one day and amount that are compared with a draft; more of them are alike in everything that is looked at.
const MOST: usize = 16;

/// Lets settled drafts that are still open claim rows of other formats.
pub(super) fn claim(sides: &mut Sides<'_>) {
    if sides.batch.others.is_empty() {
        return;
    }
    let is_settled = |status| status == TransactionStatus::Settled;
    let mut rows: HashMap<(NaiveDate, Decimal), Vec<usize>> = HashMap::new();
    for row in (0..sides.stored.len()).rev() {
        if sides.claimed[row].is_none() && sides.is_other(row) && is_settled(sides.stored_status(row)) {
            let face = &sides.stored[row];
            rows.entry((face.date, face.amount)).or_default().push(row);
        }
    }
    if rows.is_empty() {
        return;
    }
    let open: Vec<usize> = (0..sides.drafts.len())
        .filter(|draft| sides.is_open(*draft) && !sides.is_correction(*draft) && is_settled(sides.draft_status(*draft)))
        .collect();
    let passes: [fn(&Sides<'_>, usize, usize) -> bool; 3] = [has_same_text, has_similar_text, is_listed_day];
    for belongs in passes {
        for &draft in &open {
            if !sides.is_open(draft) {
                continue;
            }
            let face = &sides.drafts[draft];
            let Some(same) = rows.get_mut(&(face.date, face.amount)) else { continue };
            let from = same.len().saturating_sub(MOST);
            if let Some(place) = same[from..].iter().rposition(|row| belongs(sides, draft, *row)) {
                let row = same.remove(from + place);
                sides.take(draft, row, true);
            }
        }
    }
}

fn facts<'a>(sides: &'a Sides<'_>, draft: usize, row: usize) -> (&'a TransactionFacts, &'a TransactionFacts) {
    (&sides.batch.drafts[draft].facts, &sides.batch.stored[row].facts)
}

fn has_same_text(sides: &Sides<'_>, draft: usize, row: usize) -> bool {
    sides.drafts[draft].letters == sides.stored[row].letters
}

fn has_similar_text(sides: &Sides<'_>, draft: usize, row: usize) -> bool {
    let (new, old) = facts(sides, draft, row);
    are_alike(new, old)
}

/// An earlier list holds every row of the day, so the draft is one of them, whatever its text.
fn is_listed_day(sides: &Sides<'_>, draft: usize, _row: usize) -> bool {
    sides.batch.learned.holds_whole(sides.drafts[draft].date)
}

/// The facts that a stored row gains from another format. Its own day, amount, texts and id stay.
pub(super) fn news_of(stored: &Transaction, draft: &TransactionDraft) -> Outcome {
    let (old, new) = (&stored.facts, &draft.facts);
    let has_text = old.description.is_some() || old.payee.is_some();
    let mut facts = old.clone();
    facts.provider_id = facts.provider_id.or_else(|| new.provider_id.clone());
    facts.instant = facts.instant.or(new.instant);
    facts.settlement_date = facts.settlement_date.or(new.settlement_date);
    facts.reference = facts.reference.or_else(|| new.reference.clone());
    facts.security = facts.security.or_else(|| new.security.clone());
    facts.foreign = facts.foreign.or_else(|| new.foreign.clone());
    if has_text {
        facts.memo = facts.memo.or_else(|| new.memo.clone());
    } else {
        facts.payee.clone_from(&new.payee);
        facts.description.clone_from(&new.description);
        facts.memo = facts.memo.or_else(|| new.memo.clone());
    }
    if facts.kind == Kind::UNKNOWN {
        facts.kind = new.kind;
    }
    if facts == *old { Outcome::Known } else { Outcome::Amend(stored.id, Box::new(facts)) }
}
