//! The record of one account that earlier listings left behind: their periods and balances, how the source's ids behave,
//! and contents that no longer stand for a row of their own.
//!
//! Kept by the caller as JSON, one record an account, versioned with the change that wrote it. INVARIANT: bounded in
//! size; a record that can't be read counts as empty, which costs evidence but no rows.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::likeness::Face;
use crate::domain::{Text, TransactionFacts, TransactionId};

/// Listings kept for one account, the newest by their last day.
const MAX_LISTINGS: usize = 48;
/// Listings whose balance is kept for each of their last days; of older ones fewer days are kept.
const DETAILED: usize = 6;
/// The same for listings that are not among the newest.
const FEW_DAYS: usize = 6;
/// Contents kept; the oldest go first.
const MAX_RETIRED: usize = 5_000;

/// The evidence of earlier listings of one account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Learned {
    /// Ascending by their last day.
    pub(super) listings: Vec<PastListing>,
    /// An id was seen with two contents.
    pub(super) ids_reused: bool,
    /// A whole listing came with new ids for known rows.
    pub(super) ids_renumbered: bool,
    /// Pairs of balances that moved with the rows.
    pub(super) balances_agreed: u32,
    /// Pairs of balances that did not.
    pub(super) balances_failed: u32,
    /// Contents that stand for no row, or for a row that has another content now.
    pub(super) retired: Vec<Retired>,
    /// Contents that the user keeps apart, two and two.
    pub(super) separated: Vec<(Content, Content)>,
}

/// One listing of the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PastListing {
    /// First day that it covers.
    pub(super) from: NaiveDate,
    /// Last day that it covers.
    pub(super) to: NaiveDate,
    /// The day it is about.
    pub(super) as_of: NaiveDate,
    /// The day for which it listed all pending rows.
    #[serde(default)]
    pub(super) pending_as_of: Option<NaiveDate>,
    /// Its closing balance, which is also the last point.
    #[serde(default)]
    pub(super) closing: Option<(NaiveDate, Decimal)>,
    /// Balances at the start of days, ascending.
    #[serde(default)]
    pub(super) points: Vec<(NaiveDate, Decimal)>,
}

/// The identity of a row as a source states it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Content {
    /// The provider's id.
    pub(super) id: Option<Text>,
    pub(super) date: NaiveDate,
    /// Without trailing zeros.
    pub(super) amount: Decimal,
    /// Folded letters and digits of the description.
    pub(super) letters: Text,
}

/// A content that is out of circulation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Retired {
    pub(super) content: Content,
    /// The row that has another content now.
    #[serde(default)]
    pub(super) row: Option<TransactionId>,
    /// A correction took the content back: it belongs to no row.
    #[serde(default)]
    pub(super) is_void: bool,
    /// The correction came before the row it corrects, so only id and day are known, the day to within the reach.
    #[serde(default)]
    pub(super) is_guess: bool,
}

impl Content {
    pub(crate) fn of(facts: &TransactionFacts) -> Self {
        Self::with(facts.provider_id.clone(), &Face::of(facts))
    }

    pub(super) fn with(id: Option<Text>, face: &Face) -> Self {
        Self { id, date: face.date, amount: face.amount, letters: face.letters.clone() }
    }
}

impl Learned {
    /// Reads the stored form; anything else is an empty record.
    pub(crate) fn from_json(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).unwrap_or_default()
    }

    /// The stored form.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Takes the contents that the older form of this record, a list of ids, kept out of circulation.
    pub(crate) fn take_superseded_ids(&mut self, ids: impl IntoIterator<Item = Text>) {
        for id in ids {
            let content =
                Content { id: Some(id), date: NaiveDate::MIN, amount: Decimal::ZERO, letters: Text::default() };
            self.retired.push(Retired { content, row: None, is_void: true, is_guess: true });
        }
    }

    /// From now on `content` belongs to `row`: a user merged two rows.
    pub(crate) fn merge_into(&mut self, content: Content, row: TransactionId) {
        self.retire(Retired { content, row: Some(row), is_void: false, is_guess: false });
    }

    /// From now on two contents are two rows.
    pub(crate) fn separate(&mut self, one: Content, other: Content) {
        self.separated.push((one, other));
    }

    /// The first day from which a comparison of balances with a listing of these days needs the stored rows.
    pub(crate) fn first_needed(&self, first: NaiveDate) -> Option<NaiveDate> {
        self.listings.iter().rev().filter_map(|listing| listing.point_before(first)).map(|(day, _)| day).max()
    }

    /// The last day that such a comparison needs: a later listing may start soon after this one ends.
    pub(crate) fn last_needed(&self, last: NaiveDate) -> Option<NaiveDate> {
        self.listings.iter().filter_map(|listing| listing.point_after(last)).map(|(day, _)| day).min()
    }

    /// Rows that had a content with that id before a correction.
    pub(crate) fn rows_of_id(&self, id: &str) -> impl Iterator<Item = TransactionId> {
        let named = self.retired.iter().filter(move |retired| retired.content.id.as_deref() == Some(id));
        named.filter_map(|retired| retired.row)
    }

    pub(super) fn retire(&mut self, retired: Retired) {
        if self.retired.contains(&retired) {
            return;
        }
        self.retired.push(retired);
        if self.retired.len() > MAX_RETIRED {
            self.retired.remove(0);
        }
    }

    /// Enters a listing, over an earlier one of the same period and day.
    pub(super) fn enter(&mut self, listing: PastListing) {
        self.listings.retain(|known| (known.from, known.to, known.as_of) != (listing.from, listing.to, listing.as_of));
        let place = self.listings.partition_point(|known| (known.to, known.as_of) <= (listing.to, listing.as_of));
        self.listings.insert(place, listing);
        if self.listings.len() > MAX_LISTINGS {
            self.listings.remove(0);
        }
        let older = self.listings.len().saturating_sub(DETAILED);
        for listing in &mut self.listings[..older] {
            let first = listing.points.first().copied();
            let cut = listing.points.len().saturating_sub(FEW_DAYS);
            if cut > 1 {
                listing.points.drain(..cut);
                listing.points.splice(0..0, first);
            }
        }
    }

    /// Whether a listing of a later day than `as_of` covers `day`: then the batch is outdated for that day.
    pub(super) fn is_outdated(&self, day: NaiveDate, as_of: NaiveDate) -> bool {
        self.listings.iter().any(|known| known.as_of > as_of && known.from <= day && day <= known.to)
    }

    /// Whether a later list of pending rows than that of `as_of` could have held a row of `day`.
    pub(super) fn has_later_pending_list(&self, day: NaiveDate, as_of: NaiveDate) -> bool {
        self.listings.iter().filter_map(|known| known.pending_as_of).any(|listed| listed > as_of && listed >= day)
    }
}

impl PastListing {
    /// The last point that is not after `day`.
    pub(super) fn point_before(&self, day: NaiveDate) -> Option<(NaiveDate, Decimal)> {
        let end = self.points.partition_point(|(at, _)| *at <= day);
        end.checked_sub(1).map(|index| self.points[index])
    }

    /// The first point after `day`.
    pub(super) fn point_after(&self, day: NaiveDate) -> Option<(NaiveDate, Decimal)> {
        self.points.get(self.points.partition_point(|(at, _)| *at <= day)).copied()
    }
}
