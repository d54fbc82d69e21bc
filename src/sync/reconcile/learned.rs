//! The record of one account that earlier listings left behind: their periods and balances, how the source's ids behave,
//! and contents that no longer mean a separate row.
//!
//! Kept by the caller as JSON, one record an account, versioned with the change that wrote it. INVARIANT: bounded in
//! size; a record that can't be read counts as empty, which costs evidence but no rows.

use std::collections::HashSet;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::likeness::Face;
use crate::domain::{Text, TransactionFacts, TransactionId};

/// Days by which the date of a settled row moves between listings.
pub(super) const MOVED_DAYS: u64 = 3;
/// Listings kept for one account, the newest by their last day.
const MAX_LISTINGS: usize = 48;
/// Listings whose balance is kept for each of their last days; of older ones fewer days are kept.
const DETAILED: usize = 6;
/// The same for listings that are not among the newest.
const FEW_DAYS: usize = 6;
/// Doubts about first days kept.
const MAX_DOUBTS: usize = 64;
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
    /// Listings that held known rows again, on days that they cover from the beginning.
    pub(super) listings_repeated: u32,
    /// Listings that lacked known rows of such days.
    pub(super) listings_cut: u32,
    /// Rows of first days that are marked as doubts until the source shows whether it repeats rows.
    pub(super) first_day_doubts: Vec<FirstDayDoubt>,
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

/// A new row on the first day of a listing that may be the one that an earlier listing has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FirstDayDoubt {
    /// The content of the new row.
    pub(crate) content: Content,
    /// The row that was stored first.
    pub(crate) row: TransactionId,
}

/// A content that is out of circulation.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
    /// For a guess: the content that replaced it, of a separate row.
    #[serde(default)]
    pub(super) by: Option<Content>,
}

impl Content {
    pub(crate) fn of(facts: &TransactionFacts) -> Self {
        Self::with(facts.provider_id.clone(), &Face::of(facts))
    }

    pub(super) fn with(id: Option<Text>, face: &Face) -> Self {
        Self { id, date: face.date, amount: face.amount, letters: face.letters.clone() }
    }
}

impl Retired {
    /// A content that a row no longer has.
    pub(super) const fn replaced(content: Content, row: TransactionId) -> Self {
        Self { content, row: Some(row), is_void: false, is_guess: false, by: None }
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
            self.retired.push(Retired { content, row: None, is_void: true, is_guess: true, by: None });
        }
    }

    /// From now on `content` belongs to `row`: a user merged two rows.
    pub(crate) fn merge_into(&mut self, content: Content, row: TransactionId) {
        self.retire(Retired::replaced(content, row));
    }

    /// From now on two contents are two rows.
    pub(crate) fn separate(&mut self, one: Content, other: Content) {
        self.separated.push((one, other));
    }

    /// First and last day of every listing.
    pub(crate) fn periods(&self) -> impl Iterator<Item = (NaiveDate, NaiveDate)> + '_ {
        self.listings.iter().map(|listing| (listing.from, listing.to))
    }

    /// The closing balance of the newest listing.
    pub(crate) fn closing(&self) -> Option<(NaiveDate, Decimal)> {
        self.listings.last().and_then(|listing| listing.closing)
    }

    /// The first day from which a comparison of balances with a listing of these days needs the stored rows.
    pub(crate) fn first_needed(&self, first: NaiveDate) -> Option<NaiveDate> {
        self.listings.iter().rev().filter_map(|listing| listing.point_before(first)).map(|(day, _)| day).max()
    }

    /// The last day that such a comparison needs: a later listing may start soon after this one ends, and its first rows may be
    /// rows of this one that moved by some days.
    pub(crate) fn last_needed(&self, last: NaiveDate) -> Option<NaiveDate> {
        let moved = last.checked_add_days(chrono::Days::new(MOVED_DAYS)).unwrap_or(last);
        let after =
            |day| self.listings.iter().filter_map(move |listing| listing.point_after(day)).map(|(day, _)| day).min();
        after(last).max(after(moved))
    }

    /// Rows that had a content with that id before a correction.
    pub(crate) fn rows_of_id(&self, id: &str) -> impl Iterator<Item = TransactionId> {
        let named = self.retired.iter().filter(move |retired| retired.content.id.as_deref() == Some(id));
        named.filter_map(|retired| retired.row)
    }

    /// Takes a content out of circulation. Returns whether it was in it.
    pub(super) fn retire(&mut self, retired: Retired) -> bool {
        if self.retired.contains(&retired) {
            return false;
        }
        self.retired.push(retired);
        if self.retired.len() > MAX_RETIRED {
            self.retired.remove(0);
        }
        true
    }

    /// Takes many contents out of circulation.
    pub(super) fn retire_all(&mut self, retired: Vec<Retired>) {
        if retired.is_empty() {
            return;
        }
        let mut known: HashSet<Retired> = self.retired.iter().cloned().collect();
        self.retired.extend(retired.into_iter().filter(|new| known.insert(new.clone())));
        let surplus = self.retired.len().saturating_sub(MAX_RETIRED);
        self.retired.drain(..surplus);
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

    /// Whether an earlier listing holds every row of the day.
    pub(super) fn holds_whole(&self, day: NaiveDate) -> bool {
        self.listings.iter().any(|known| known.from < day && day < known.to)
    }

    /// Whether a listing of a later day than `as_of` holds every row of the day.
    pub(super) fn holds_later(&self, day: NaiveDate, as_of: NaiveDate) -> bool {
        self.listings.iter().any(|known| known.as_of > as_of && known.from < day && day < known.to)
    }

    /// Whether listings of this source repeat the rows of earlier ones: a source that lists what is new since the last download
    /// does not. Two different rows that were listed again on first days, each with all others of its day, are no accident.
    pub(super) fn repeats_rows(&self) -> bool {
        let looks = self.first_day_doubts.iter().map(|doubt| (doubt.content.amount, &doubt.content.letters));
        let differ = looks.clone().any(|look| looks.clone().next() != Some(look));
        self.listings_cut == 0 && (self.listings_repeated >= 1 || differ)
    }

    /// Notes a doubt about a row of the first day of a listing.
    pub(super) fn doubt_first_day(&mut self, content: Content, row: TransactionId) {
        if self.first_day_doubts.len() < MAX_DOUBTS {
            self.first_day_doubts.push(FirstDayDoubt { content, row });
        }
    }

    /// Takes the doubts about first days that the habit of the source decides; their contents stand for the older rows then.
    pub(super) fn settle_first_days(&mut self) -> Vec<FirstDayDoubt> {
        if !self.repeats_rows() {
            return Vec::new();
        }
        let settled = std::mem::take(&mut self.first_day_doubts);
        self.listings_repeated = self.listings_repeated.max(1);
        for FirstDayDoubt { content, row } in &settled {
            self.retire(Retired::replaced(content.clone(), *row));
        }
        settled
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
