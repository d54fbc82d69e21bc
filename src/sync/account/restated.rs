//! Stored data of an account whose currency was an assumption until a source stated it.
//!
//! INVARIANT: only amounts in the assumed currency change, and only their currency.

use std::collections::HashSet;

use chrono::NaiveDate;

use super::AccountNews;
use crate::{
    domain::{Account, AssetCode, Holding, Snapshot, TransactionFacts, TransactionId},
    store::Reader,
    sync::JobFailure,
};

/// The assumed currency and the stated one.
pub(super) type Recount = (AssetCode, AssetCode);

/// The rows, balances and positions in the currency that is stated now.
#[derive(Default)]
pub(in crate::sync) struct Restated {
    pub(in crate::sync) rows: Vec<(TransactionId, TransactionFacts)>,
    pub(super) balances: Vec<Snapshot>,
    pub(super) holdings: Vec<Holding>,
}

/// The change of currency that `news` means for a known account.
pub(super) fn recount(known: &Account, news: &AccountNews<'_>) -> Option<Recount> {
    let is_change = known.currency_assumed && news.currency_stated && known.currency != news.draft.currency;
    is_change.then_some((known.currency, news.draft.currency))
}

impl Restated {
    /// Everything stored in the assumed currency, but for the rows that are `written` anyway.
    pub(super) fn of(
        reader: &Reader,
        known: &Account,
        (assumed, stated): Recount,
        written: &HashSet<TransactionId>,
    ) -> Result<Self, JobFailure> {
        let mut restated = Self::default();
        for row in reader.source_rows_between(known.id, NaiveDate::MIN, NaiveDate::MAX)? {
            if row.facts.currency == assumed && !written.contains(&row.id) {
                restated.rows.push((row.id, TransactionFacts { currency: stated, ..row.facts }));
            }
        }
        for snapshot in reader.snapshots(known.id)?.into_iter().filter(|snapshot| snapshot.currency == assumed) {
            restated.balances.push(Snapshot { currency: stated, ..snapshot });
        }
        for mut holding in reader.holdings_of(known.id)?.into_iter().filter(|held| held.facts.currency == assumed) {
            holding.facts.currency = stated;
            restated.holdings.push(holding);
        }
        Ok(restated)
    }
}
