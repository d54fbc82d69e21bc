//! The facts of a stored row and of a draft that is the same row, together.
//!
//! INVARIANT: pure; a draft that states nothing new leaves the stored facts as they are.

use crate::domain::{IdTrust, Kind, Security, TransactionFacts, TransactionStatus};

/// The stored facts brought up to date: fields that the draft has win, others stay. A row never goes back from settled to
/// pending; a cancelled one comes back only when it is settled after all, or when the source's ids can be trusted. The
/// currency of a settled row never changes.
pub(super) fn merge(stored: &TransactionFacts, draft: &TransactionFacts, trust: IdTrust) -> TransactionFacts {
    fn either<T: Clone>(draft: Option<&T>, stored: Option<&T>) -> Option<T> {
        draft.or(stored).cloned()
    }
    let status = match (stored.status, draft.status) {
        (TransactionStatus::Settled, TransactionStatus::Pending) => TransactionStatus::Settled,
        (TransactionStatus::Cancelled, TransactionStatus::Pending) if trust == IdTrust::Reusable => {
            TransactionStatus::Cancelled
        }
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
    let is_settled = stored.status == TransactionStatus::Settled;
    TransactionFacts {
        provider_id: either(draft.provider_id.as_ref(), stored.provider_id.as_ref()),
        date: draft.date,
        instant: draft.instant.or(stored.instant),
        settlement_date: draft.settlement_date.or(stored.settlement_date),
        amount: draft.amount,
        currency: if is_settled { stored.currency } else { draft.currency },
        kind: if draft.kind == Kind::UNKNOWN { stored.kind } else { draft.kind },
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
