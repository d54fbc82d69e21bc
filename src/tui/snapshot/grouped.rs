//! Rows of a listing in groups, as `by:` in a query asks for. Computed on a worker thread with the listing.

use std::sync::Arc;

use crate::{
    domain::{AssetCode, Money},
    ledger::{By, Group, GroupSort, GroupSortKey, LedgerError, RowList, View},
};

/// The groups of a list of rows.
#[derive(Debug, Clone)]
pub(crate) struct Grouped {
    pub(crate) by: By,
    pub(crate) sort: GroupSort,
    pub(crate) groups: Arc<[Group]>,
    /// The largest absolute sum of each currency; the currency of most rows first.
    pub(crate) peaks: Vec<Money>,
}

impl Grouped {
    /// Groups rows by the `by:` of their query; `None` without one. Runs on a worker thread.
    pub(crate) fn read(view: &View, listing: &RowList, sort: Option<GroupSort>) -> Result<Option<Self>, LedgerError> {
        let Some(by) = listing.request().query.by() else { return Ok(None) };
        let currencies = listing.sums().into_iter().map(|(total, _)| total.currency).chain(listing.too_large());
        let mut peaks: Vec<Money> = currencies.map(Money::zero).collect();
        let largest = GroupSort {
            key: peaks.first().map_or(GroupSortKey::Rows, |peak| GroupSortKey::Sum(peak.currency)),
            descending: true,
        };
        let newest = GroupSort { key: GroupSortKey::Name, descending: true };
        let sort = sort.unwrap_or(if by.is_time() { newest } else { largest });
        let groups = view.aggregates(listing, by, Some(sort))?;
        for (total, _) in groups.iter().flat_map(|group| &group.sums.totals) {
            if let Some(peak) = peaks.iter_mut().find(|peak| peak.currency == total.currency) {
                peak.amount = peak.amount.max(total.amount.abs());
            }
        }
        Ok(Some(Self { by, sort, groups: groups.into(), peaks }))
    }

    /// The column at an index of the sort menu: the name, the rows, then a sum for each currency.
    pub(crate) fn key_at(&self, place: usize) -> Option<GroupSortKey> {
        match place {
            0 => Some(GroupSortKey::Name),
            1 => Some(GroupSortKey::Rows),
            _ => self.peaks.get(place - 2).map(|peak| GroupSortKey::Sum(peak.currency)),
        }
    }

    pub(crate) fn place_of(&self, key: GroupSortKey) -> Option<usize> {
        (0..self.peaks.len() + 2).find(|place| self.key_at(*place) == Some(key))
    }

    /// The currency of the bars: the one sorted by, else the one of most rows.
    pub(crate) fn drawn(&self) -> Option<Money> {
        let chosen = match self.sort.key {
            GroupSortKey::Sum(currency) => self.peaks.iter().find(|peak| peak.currency == currency),
            GroupSortKey::Name | GroupSortKey::Rows => None,
        };
        chosen.or_else(|| self.peaks.first()).copied()
    }
}

/// The sum of a group in one currency.
pub(crate) fn sum_in(group: &Group, currency: AssetCode) -> Option<Money> {
    group.sums.totals.iter().map(|(total, _)| *total).find(|total| total.currency == currency)
}
