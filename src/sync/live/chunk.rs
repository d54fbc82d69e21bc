//! Pieces gathered until their chunk ends, by account.
//!
//! INVARIANT: a row that is delivered twice within a chunk under one unique id is one row; the later version counts.

use std::collections::{BTreeMap, HashMap, hash_map::Entry};

use chrono::NaiveDate;

use crate::{
    domain::{AccountDraft, BalanceDraft, HoldingDraft, IdTrust, Text, TransactionDraft, Warning},
    providers::{CurrencyBalance, LiabilityDraft, Listing, PriceDraft, RateDraft},
};

/// The pieces of one chunk.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    /// The list of accounts, if it is part of the chunk.
    pub(super) listing: Option<Listing<AccountDraft>>,
    /// By provider id.
    pub(super) accounts: BTreeMap<String, AccountPieces>,
    /// Removed rows whose account is not named.
    pub(super) removed: Vec<String>,
    pub(super) rates: Vec<RateDraft>,
    pub(super) prices: Vec<PriceDraft>,
    /// Cursor that ends the chunk.
    pub(super) cursor: Option<(String, String)>,
    pub(super) warnings: Vec<Warning>,
}

/// The pieces of one account.
#[derive(Debug, Default)]
pub(super) struct AccountPieces {
    pub(super) rows: Vec<TransactionDraft>,
    /// Position of each provider id in `rows`.
    places: HashMap<Text, usize>,
    pub(super) removed: Vec<String>,
    pub(super) window: Option<(NaiveDate, NaiveDate)>,
    /// The day from which on every row was delivered.
    pub(super) everything_from: Option<NaiveDate>,
    pub(super) holdings: Option<Listing<HoldingDraft>>,
    pub(super) balances: Option<(NaiveDate, Vec<CurrencyBalance>)>,
    pub(super) history: Vec<BalanceDraft>,
    pub(super) terms: Option<LiabilityDraft>,
}

impl Chunk {
    pub(super) fn account(&mut self, id: String) -> &mut AccountPieces {
        self.accounts.entry(id).or_default()
    }

    /// Whether there is nothing to store.
    pub(super) fn is_empty(&self) -> bool {
        self.listing.is_none()
            && self.accounts.is_empty()
            && self.removed.is_empty()
            && self.rates.is_empty()
            && self.prices.is_empty()
            && self.cursor.is_none()
    }
}

impl AccountPieces {
    /// Moves days after `today` back to it.
    pub(super) fn clamp(&mut self, today: NaiveDate) {
        self.history.retain(|balance| balance.date <= today);
        for holding in self.holdings.iter_mut().flat_map(|listing| &mut listing.items) {
            holding.as_of = holding.as_of.min(today);
            holding.facts.price_date = holding.facts.price_date.map(|day| day.min(today));
        }
    }

    /// Adds rows in order.
    pub(super) fn add(&mut self, rows: Vec<TransactionDraft>, trust: IdTrust) {
        self.rows.reserve(rows.len());
        for row in rows {
            let id = row.facts.provider_id.clone().filter(|_| trust == IdTrust::Unique);
            let Some(id) = id else {
                self.rows.push(row);
                continue;
            };
            match self.places.entry(id) {
                Entry::Occupied(place) => {
                    if let Some(known) = self.rows.get_mut(*place.get()) {
                        *known = row;
                    }
                }
                Entry::Vacant(place) => {
                    place.insert(self.rows.len());
                    self.rows.push(row);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AssetCode, TransactionFacts};

    fn row(id: Option<&str>, cents: i64) -> TransactionDraft {
        let amount = rust_decimal::Decimal::new(cents, 2);
        let mut facts = TransactionFacts::new(NaiveDate::MIN, amount, AssetCode::USD);
        facts.provider_id = id.map(Into::into);
        facts.into()
    }

    #[test]
    fn a_row_delivered_twice_is_one_where_ids_are_unique() {
        let rows = || vec![row(Some("a"), 1), row(None, 2), row(None, 2), row(Some("a"), 3)];
        let amounts = |trust| {
            let mut pieces = AccountPieces::default();
            pieces.add(rows(), trust);
            pieces.rows.iter().map(|row| row.facts.amount.mantissa()).collect::<Vec<_>>()
        };
        assert_eq!(amounts(IdTrust::Unique), [3, 2, 2]);
        assert_eq!(amounts(IdTrust::Reusable), [1, 2, 2, 3], "honest twins stay two");
    }
}
