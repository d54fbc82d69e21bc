//! Positions to write and positions to close.
//!
//! A position is known by its id, and several that share one by their order in the listing: lots, sub-accounts. A position
//! without an id is known by its symbol, name and source. INVARIANT: a listing older than the stored positions changes nothing.

use std::collections::HashMap;

use super::ListedPositions;
use crate::domain::{Holding, HoldingDraft, HoldingFacts};

/// The identity of a position within its account.
type Identity = (String, usize);

fn name(facts: &HoldingFacts) -> String {
    let id = facts.provider_id.trim();
    if !id.is_empty() {
        return id.to_owned();
    }
    let source = facts.source.as_deref().unwrap_or_default();
    format!("\u{1}{}\u{1}{}\u{1}{source}", facts.symbol, facts.name)
}

/// Each position with its identity; the occurrence counts those before it under the same name.
fn identities<'f>(facts: impl Iterator<Item = &'f HoldingFacts>) -> Vec<Identity> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    facts
        .map(|facts| {
            let name = name(facts);
            let occurrence = seen.entry(name.clone()).or_default();
            *occurrence += 1;
            (name, *occurrence - 1)
        })
        .collect()
}

/// The stored position of each draft, if there is one. Positions still held come first, then closed ones.
pub(super) fn matches<'h>(drafts: &[HoldingDraft], stored: &'h [Holding]) -> Vec<Option<&'h Holding>> {
    let mut ordered: Vec<&Holding> = stored.iter().collect();
    ordered.sort_by_key(|holding| (!holding.is_active, holding.id));
    let known = identities(ordered.iter().map(|holding| &holding.facts));
    let known: HashMap<Identity, &Holding> = known.into_iter().zip(ordered).collect();
    identities(drafts.iter().map(|draft| &draft.facts)).iter().map(|identity| known.get(identity).copied()).collect()
}

/// A position that is new or changed, with the stored one that it replaces.
pub(in crate::sync) type Changed = (Option<crate::domain::HoldingId>, HoldingDraft);

/// Positions to write and positions to close.
pub(super) fn changed(stored: &[Holding], positions: ListedPositions<'_>) -> (Vec<Changed>, Vec<Holding>) {
    let newest = stored.iter().map(|holding| holding.as_of).max();
    if !positions.is_live && newest.is_some_and(|newest| positions.as_of.is_none_or(|as_of| as_of < newest)) {
        return (Vec::new(), Vec::new());
    }
    let known = matches(positions.items, stored);
    let listed: Vec<_> = known.iter().flatten().map(|holding| holding.id).collect();
    let changed = positions.items.iter().zip(&known).filter(|(draft, known)| {
        known.is_none_or(|holding| !holding.is_active || holding.facts != draft.facts || holding.as_of != draft.as_of)
    });
    let changed = changed.map(|(draft, known)| (known.map(|holding| holding.id), draft.clone())).collect();
    let sold = stored.iter().filter(|holding| positions.complete && holding.is_active && !listed.contains(&holding.id));
    (changed, sold.cloned().collect())
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, NaiveDate, Utc};
    use rust_decimal::Decimal;

    use super::*;
    use crate::domain::{AccountId, AssetCode, AssetType, ChangeId, HoldingId};

    fn draft(id: &str, symbol: &str, units: i64) -> HoldingDraft {
        HoldingDraft {
            facts: HoldingFacts {
                provider_id: id.into(),
                symbol: symbol.into(),
                name: symbol.into(),
                asset_type: AssetType::Equity,
                quantity: Decimal::from(units),
                price: None,
                price_date: None,
                market_value: None,
                cost_basis: None,
                multiplier: Decimal::ONE,
                currency: AssetCode::USD,
                source: None,
            },
            as_of: NaiveDate::default(),
        }
    }

    /// Lists positions as a sync would, and keeps what it writes.
    fn list(stored: &mut Vec<Holding>, drafts: &[HoldingDraft]) -> (usize, usize) {
        let as_of = Some(NaiveDate::default());
        let (changed, sold) = changed(stored, ListedPositions { items: drafts, complete: true, as_of, is_live: false });
        let counts = (changed.len(), sold.len());
        for holding in sold {
            stored.iter_mut().find(|known| known.id == holding.id).unwrap().is_active = false;
        }
        for (id, draft) in changed {
            let id = id.unwrap_or(HoldingId(stored.len() as u64));
            stored.retain(|known| known.id != id);
            stored.push(Holding {
                id,
                account_id: AccountId(1),
                change_id: ChangeId(1),
                facts: draft.facts,
                is_active: true,
                as_of: draft.as_of,
                updated_at: DateTime::<Utc>::UNIX_EPOCH,
            });
        }
        counts
    }

    #[test]
    fn positions_that_share_an_id_or_have_none_stay_apart() {
        let lots = [draft("123", "ACME", 10), draft("123", "ACME", 5), draft("", "GOLD", 1), draft("", "SILVER", 2)];
        let mut stored = Vec::new();
        assert_eq!(list(&mut stored, &lots), (4, 0));
        assert_eq!(list(&mut stored, &lots), (0, 0), "the same listing again changes nothing");
        assert_eq!(list(&mut stored, &[lots[0].clone(), draft("123", "ACME", 7), lots[3].clone()]), (1, 1));
        let mut units: Vec<_> = stored.iter().filter(|held| held.is_active).map(|held| held.facts.quantity).collect();
        units.sort();
        assert_eq!(units, [Decimal::TWO, Decimal::from(7), Decimal::TEN]);
    }
}
