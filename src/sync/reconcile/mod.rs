//! Decides what a batch of drafts means for the rows already stored: which are new, which are known, which
//! bring news of a known row.
//!
//! Used by imports and syncs. INVARIANT: pure; one draft claims at most one stored row and one stored row is claimed
//! at most once, so that two honest twins stay two and the same batch told twice adds nothing; a posted row is
//! never removed, only marked cancelled on the institution's word.

mod identity;
mod pending;

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;

use crate::domain::{
    Correction, IdTrust, Security, Text, Transaction, TransactionDraft, TransactionFacts, TransactionId,
    TransactionStatus,
};

/// What a source says about one account, and how it may be read.
pub(crate) struct Batch<'a> {
    /// Rows in the source's order.
    pub drafts: &'a [TransactionDraft],
    /// Stored rows of the account that could be meant: those of the drafts' days and [`REACH_DAYS`] around, and
    /// those that a correction names.
    pub stored: &'a [Transaction],
    /// Ids that a correction took out of circulation earlier; a row under such an id is not news.
    pub superseded: &'a HashSet<Text>,
    /// How far ids can be believed.
    pub trust: IdTrust,
    /// The days that the source was read for completely, pending rows included; inside them a pending row that
    /// did not come back is gone. Statement files hold no pending rows and give `None`.
    pub complete: Option<(NaiveDate, NaiveDate)>,
}

/// Days around a draft's date in which a stored row can still be the same one.
pub(crate) const REACH_DAYS: u64 = 10;

/// What happens with one draft.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    /// Add it.
    New,
    /// It is there already, or was taken back by a correction.
    Known,
    /// The stored row becomes this.
    Amend(TransactionId, Box<TransactionFacts>),
    /// The stored row is void.
    Void(TransactionId),
}

/// What a batch means.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Plan {
    /// One outcome a draft, in the drafts' order.
    pub outcomes: Vec<Outcome>,
    /// Pending rows that did not come back from a complete listing: void.
    pub vanished: Vec<TransactionId>,
    /// Ids that corrections of this batch take out of circulation.
    pub superseded: Vec<Text>,
}

impl Plan {
    /// Whether nothing would be written.
    pub(crate) fn is_empty(&self) -> bool {
        self.vanished.is_empty()
            && self.superseded.is_empty()
            && self.outcomes.iter().all(|outcome| matches!(outcome, Outcome::Known))
    }
}

/// Works out what `batch` means. Linear in drafts and stored rows.
pub(crate) fn reconcile(batch: &Batch<'_>) -> Plan {
    let mut matches = identity::claim(batch);
    pending::claim_posted(batch, &mut matches);

    let mut plan = Plan { outcomes: Vec::with_capacity(batch.drafts.len()), ..Plan::default() };
    for (draft, claimed) in batch.drafts.iter().zip(&matches.of_draft) {
        plan.outcomes.push(match claimed {
            identity::Claim::Nothing => Outcome::New,
            identity::Claim::Superseded => Outcome::Known,
            identity::Claim::Stored(index) => news_of(&batch.stored[*index], draft, batch.trust),
        });
    }
    apply_corrections(batch, &mut plan);
    plan.vanished = pending::vanished(batch, &matches);
    plan
}

/// Whether a draft says anything that its stored row does not say.
fn news_of(stored: &Transaction, draft: &TransactionDraft, trust: IdTrust) -> Outcome {
    let merged = merge(&stored.facts, &draft.facts, trust);
    if merged == stored.facts { Outcome::Known } else { Outcome::Amend(stored.id, Box::new(merged)) }
}

/// The stored facts brought up to date: what the draft says wins, what it is silent about stays. A row never goes back
/// from posted to pending, and a void one stays void unless the source's ids can be believed.
fn merge(stored: &TransactionFacts, draft: &TransactionFacts, trust: IdTrust) -> TransactionFacts {
    fn either<T: Clone>(draft: Option<&T>, stored: Option<&T>) -> Option<T> {
        draft.or(stored).cloned()
    }
    let status = match (stored.status, draft.status) {
        (TransactionStatus::Settled, TransactionStatus::Pending) => TransactionStatus::Settled,
        (TransactionStatus::Cancelled, _) if trust == IdTrust::Reusable => TransactionStatus::Cancelled,
        (_, news) => news,
    };
    let security = match (&draft.security, &stored.security) {
        (Some(news), Some(old)) => Some(Box::new(Security {
            symbol: either(news.symbol.as_ref(), old.symbol.as_ref()),
            name: either(news.name.as_ref(), old.name.as_ref()),
            asset_type: news.asset_type.or(old.asset_type),
            quantity: news.quantity.or(old.quantity),
            unit_price: news.unit_price.or(old.unit_price),
            commission: news.commission.or(old.commission),
            fees: news.fees.or(old.fees),
            group: either(news.group.as_ref(), old.group.as_ref()),
        })),
        (news, old) => either(news.as_ref(), old.as_ref()),
    };
    TransactionFacts {
        provider_id: either(draft.provider_id.as_ref(), stored.provider_id.as_ref()),
        date: draft.date,
        instant: draft.instant.or(stored.instant),
        settlement_date: draft.settlement_date.or(stored.settlement_date),
        amount: draft.amount,
        currency: draft.currency,
        kind: if draft.kind == crate::domain::Kind::UNKNOWN { stored.kind } else { draft.kind },
        status,
        payee: either(draft.payee.as_ref(), stored.payee.as_ref()),
        description: either(draft.description.as_ref(), stored.description.as_ref()),
        memo: either(draft.memo.as_ref(), stored.memo.as_ref()),
        reference: either(draft.reference.as_ref(), stored.reference.as_ref()),
        raw_type: either(draft.raw_type.as_ref(), stored.raw_type.as_ref()),
        security,
        foreign: either(draft.foreign.as_ref(), stored.foreign.as_ref()),
        origin: stored.origin,
    }
}

/// Corrections speak of other rows: the one named is amended or voided, whether it is stored or comes in this very
/// batch, and its id is taken out of circulation so that an older file can't bring it back.
fn apply_corrections(batch: &Batch<'_>, plan: &mut Plan) {
    if batch.drafts.iter().all(|draft| draft.correction.is_none()) {
        return;
    }
    let stored: HashMap<&str, &Transaction> =
        batch.stored.iter().filter_map(|row| Some((row.facts.provider_id.as_deref()?, row))).collect();
    let ordinary = batch.drafts.iter().enumerate().filter(|(_, draft)| draft.correction.is_none());
    let in_batch: HashMap<&str, usize> =
        ordinary.filter_map(|(index, draft)| Some((draft.facts.provider_id.as_deref()?, index))).collect();
    let mut seen = HashSet::new();
    for (index, draft) in batch.drafts.iter().enumerate() {
        let (id, replaces) = match draft.correction.as_deref() {
            None => continue,
            Some(Correction::Replaces(id)) => (id, true),
            Some(Correction::Deletes(id)) => (id, false),
        };
        let first_time = !batch.superseded.contains(id) && seen.insert(id);
        if first_time {
            plan.superseded.push(id.clone());
        }
        if let Some(&target) = in_batch.get(&**id)
            && plan.outcomes[target] == Outcome::New
        {
            plan.outcomes[target] = Outcome::Known;
        }
        let target = stored.get(&**id).filter(|row| first_time && row.facts.status != TransactionStatus::Cancelled);
        match (target, replaces) {
            (Some(target), true) => {
                let mut facts = draft.facts.clone();
                facts.origin = target.facts.origin;
                facts.provider_id = facts.provider_id.or_else(|| target.facts.provider_id.clone());
                plan.outcomes[index] = Outcome::Amend(target.id, Box::new(facts));
            }
            (Some(target), false) => plan.outcomes[index] = Outcome::Void(target.id),
            (None, true) => {}
            (None, false) => plan.outcomes[index] = Outcome::Known,
        }
    }
}

#[cfg(test)]
mod tests;
