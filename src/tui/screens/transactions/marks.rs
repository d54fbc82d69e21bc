//! Marked rows, their sums, and the range that is being marked.

use std::collections::BTreeSet;

use crate::{
    domain::{AssetCode, Money, TransactionId, TransactionStatus},
    ledger::{
        RowList,
        explain::{Figure, RowSumPart},
    },
    tui::snapshot::LedgerSnapshot,
};

/// Most rows that are added up while one marks; with more of them only their number is shown.
const MOST_SUMMED: usize = 2_000;

/// The marks of the screen.
#[derive(Debug, Default)]
pub(super) struct RowMarks {
    rows: BTreeSet<TransactionId>,
    /// By currency; none when there are too many rows.
    sums: Option<Vec<Money>>,
    /// The row at which a range starts, and its line on screen.
    pub(super) range: Option<(TransactionId, usize)>,
}

impl RowMarks {
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn contains(&self, row: TransactionId) -> bool {
        self.rows.contains(&row)
    }

    /// In order of id.
    pub(super) fn ids(&self) -> Vec<TransactionId> {
        self.rows.iter().copied().collect()
    }

    pub(super) fn sums(&self) -> &[Money] {
        self.sums.as_deref().unwrap_or_default()
    }

    /// The figures of the sums, each over the marked rows that count; of the rows of the whole list `None`.
    pub(super) fn figures(&self, snapshot: &LedgerSnapshot) -> Option<Vec<Figure>> {
        if self.rows.len() > MOST_SUMMED {
            return None;
        }
        let mut figures: Vec<(AssetCode, Vec<TransactionId>)> = Vec::new();
        for id in &self.rows {
            let Some(entry) = snapshot.entry(*id) else { continue };
            let facts = &entry.transaction.facts;
            if matches!(facts.status, TransactionStatus::Cancelled | TransactionStatus::Failed) {
                continue;
            }
            match figures.iter_mut().find(|(currency, _)| *currency == facts.currency) {
                Some((_, ids)) => ids.push(*id),
                None => figures.push((facts.currency, vec![*id])),
            }
        }
        Some(figures.into_iter().map(|(_, ids)| Figure::RowSum(RowSumPart::Amount, ids)).collect())
    }

    /// Finds the line of the row at which a range starts; drops the range when the row is not listed.
    pub(super) fn place_range(&mut self, line_of: impl Fn(TransactionId) -> Option<usize>) {
        self.range = self.range.and_then(|(row, _)| Some((row, line_of(row)?)));
    }

    /// Whether a line is between the start of the range and the cursor.
    pub(super) fn in_range(&self, line: usize, cursor: usize) -> bool {
        self.range.is_some_and(|(_, start)| (start.min(cursor)..=start.max(cursor)).contains(&line))
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Marks rows, or unmarks them when all are marked.
    pub(super) fn toggle(&mut self, ids: &[TransactionId], snapshot: &LedgerSnapshot) {
        let marked = ids.iter().all(|id| self.rows.contains(id));
        for id in ids {
            if marked {
                self.rows.remove(id)
            } else {
                self.rows.insert(*id)
            };
        }
        self.recount(snapshot);
    }

    pub(super) fn add(&mut self, ids: &[TransactionId], snapshot: &LedgerSnapshot) {
        self.rows.extend(ids);
        self.recount(snapshot);
    }

    /// Marks every row of the listing, or none when all are marked.
    pub(super) fn toggle_all(&mut self, listing: &RowList, ids: Vec<TransactionId>) {
        let all: BTreeSet<TransactionId> = ids.into_iter().collect();
        if self.rows == all {
            self.clear();
        } else {
            self.rows = all;
            self.sums = Some(listing.sums().into_iter().map(|(total, _)| total).collect());
            self.range = None;
        }
    }

    /// Adds the marked rows up again; rows that are gone lose their mark.
    pub(super) fn recount(&mut self, snapshot: &LedgerSnapshot) {
        if self.rows.len() > MOST_SUMMED {
            self.sums = None;
            return;
        }
        let mut sums: Vec<Money> = Vec::new();
        self.rows.retain(|id| {
            let Some(entry) = snapshot.entry(*id) else { return false };
            let facts = &entry.transaction.facts;
            if !matches!(facts.status, TransactionStatus::Cancelled | TransactionStatus::Failed) {
                match sums.iter_mut().find(|sum| sum.currency == facts.currency) {
                    Some(sum) => *sum = sum.try_add(facts.money()).unwrap_or(*sum),
                    None => sums.push(facts.money()),
                }
            }
            true
        });
        self.sums = Some(sums);
    }
}
