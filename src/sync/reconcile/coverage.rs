//! The days that a listing covers.
//!
//! Used by the passes that believe a listing: a settled row of a covered day that is not listed has another content now, or
//! the listing is not complete. INVARIANT: a stated period is trusted up to the last day that the listing shows to have
//! reached; its last day may be cut by the hour of the download.

use chrono::NaiveDate;

use super::batch::{Batch, ListingFacts};
use crate::domain::TransactionStatus;

/// The days that a listing covers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Coverage {
    pub(super) first: NaiveDate,
    /// Last day as stated, or that of the last row.
    pub(super) last: NaiveDate,
    /// Last day that the listing shows to have reached.
    pub(super) reached: NaiveDate,
    /// Whether the period is stated, so that the first day is listed from its beginning.
    first_is_whole: bool,
}

/// A stated last day this many days after what the listing shows may still be the day of the download.
const DOWNLOAD_DAYS: i64 = 35;

impl Coverage {
    /// The days of a batch: as stated, or those of its settled rows. `None` when neither is there.
    pub(super) fn of(batch: &Batch<'_>) -> Option<Self> {
        let days = || {
            let ordinary = batch.drafts.iter().filter(|draft| draft.correction.is_none());
            ordinary.filter(|draft| draft.facts.status == TransactionStatus::Settled).map(|draft| draft.facts.date)
        };
        Self::between(days().min().zip(days().max()), &batch.listing)
    }

    /// The days of a listing whose settled rows have this first and last day.
    pub(super) fn between(settled: Option<(NaiveDate, NaiveDate)>, listing: &ListingFacts) -> Option<Self> {
        let last = settled.map(|(_, last)| last);
        let Some((start, end)) = listing.period.filter(|(start, end)| start <= end) else {
            return settled.map(|(first, last)| Self { first, last, reached: last, first_is_whole: false });
        };
        // A file downloaded in the middle of its period can't list what came later.
        let shown = last.into_iter().chain(listing.closing.map(|(day, _)| day)).max();
        let reached = shown.map_or(end, |shown| shown.min(end)).max(last.unwrap_or(start)).max(start);
        Some(Self { first: start, last: end.max(reached), reached, first_is_whole: true })
    }

    /// The day that the listing describes.
    pub(super) fn as_of(&self, listing: &ListingFacts) -> NaiveDate {
        let shown = listing.closing.map_or(self.reached, |(day, _)| day.max(self.reached));
        let stated = self.last.signed_duration_since(shown).num_days();
        if (0..=DOWNLOAD_DAYS).contains(&stated) { self.last } else { shown }
    }

    /// Whether the day is in it.
    pub(super) fn holds(&self, day: NaiveDate) -> bool {
        self.first <= day && day <= self.last
    }

    /// Whether the day is neither the first nor the last.
    pub(super) fn is_inside(&self, day: NaiveDate) -> bool {
        self.first < day && day < self.reached
    }

    /// Whether every row of the day must be listed.
    pub(super) fn holds_whole(&self, day: NaiveDate) -> bool {
        let begins = if self.first_is_whole { self.first <= day } else { self.first < day };
        begins && day < self.reached
    }
}
