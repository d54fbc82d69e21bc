//! The groups that `by:` makes of the rows: which are shown, in which order, and the way back from one of them.
//!
//! INVARIANT: grouping and sorting happen where rows are listed; here is only what came of it.

pub(super) mod view;

use std::sync::Arc;

use crate::{
    domain::{AssetCode, Money},
    ledger::{By, Group, GroupKey, GroupSort, GroupSortKey, LedgerError, RowList, View},
    tui::{
        action::Action,
        layer::{Choice, Menu, Page},
        pane::{Ask, Ctx},
        widget::{
            amount::{self, plain},
            cursor::Cursor,
        },
    },
};

/// The rows of a list in groups.
#[derive(Debug, Clone)]
pub(crate) struct Grouped {
    by: By,
    sort: GroupSort,
    groups: Arc<[Group]>,
    /// The size of the largest sum of each currency; the currency of most rows first.
    peaks: Vec<Money>,
}

impl Grouped {
    /// Groups the rows of a list as its query asks; none when it does not ask. Work for a worker thread.
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

    /// What column a place in the sort menu is: the name, the rows, then a sum for each currency.
    fn key_at(&self, place: usize) -> Option<GroupSortKey> {
        match place {
            0 => Some(GroupSortKey::Name),
            1 => Some(GroupSortKey::Rows),
            _ => self.peaks.get(place - 2).map(|peak| GroupSortKey::Sum(peak.currency)),
        }
    }

    fn place_of(&self, key: GroupSortKey) -> Option<usize> {
        (0..self.peaks.len() + 2).find(|place| self.key_at(*place) == Some(key))
    }

    /// The currency that bars are drawn of: the one sorted by, else that of most rows.
    fn drawn(&self) -> Option<Money> {
        let chosen = match self.sort.key {
            GroupSortKey::Sum(currency) => self.peaks.iter().find(|peak| peak.currency == currency),
            GroupSortKey::Name | GroupSortKey::Rows => None,
        };
        chosen.or_else(|| self.peaks.first()).copied()
    }
}

/// The sum of a group in one currency.
fn sum_in(group: &Group, currency: AssetCode) -> Option<Money> {
    group.sums.totals.iter().map(|(total, _)| *total).find(|total| total.currency == currency)
}

/// The groups on screen, and those above the rows on screen.
#[derive(Debug, Default)]
pub(super) struct Groups {
    shown: Option<Grouped>,
    cursor: Cursor,
    /// What rows are or were last grouped by, and the order chosen for that.
    by: Option<By>,
    sort: Option<GroupSort>,
    /// The group to stand on once groups are there.
    keep: Option<GroupKey>,
    /// Filters that were narrowed to one group, and that group.
    above: Vec<(String, GroupKey)>,
}

impl Groups {
    pub(super) const fn are_shown(&self) -> bool {
        self.shown.is_some()
    }

    pub(super) fn len(&self) -> usize {
        self.shown.as_ref().map_or(0, |grouped| grouped.groups.len())
    }

    pub(super) fn selected(&self) -> Option<&Group> {
        self.shown.as_ref()?.groups.get(self.cursor.at)
    }

    /// The order to ask for.
    pub(super) fn order(&mut self, by: Option<By>) -> Option<GroupSort> {
        if by.is_some() && by != self.by {
            (self.by, self.sort, self.cursor) = (by, None, Cursor::default());
        }
        self.sort
    }

    pub(super) fn listed(&mut self, grouped: Option<&Grouped>) {
        self.shown = grouped.cloned();
        let Some(grouped) = &self.shown else { return };
        let kept = self.keep.take().and_then(|key| grouped.groups.iter().position(|group| group.key == key));
        self.cursor.at = kept.unwrap_or(self.cursor.at);
        self.cursor.clamp(grouped.groups.len());
    }

    /// Stays on the selected group when there are others around it.
    pub(super) fn stay(&mut self) {
        let key = self.selected().map(|group| group.key.clone());
        self.keep = self.keep.take().or(key);
    }

    pub(super) fn act(&mut self, action: Action, page: usize) -> bool {
        let len = self.len();
        self.cursor.act(action, len, page)
    }

    pub(super) fn scroll(&mut self, rows: isize) {
        let len = self.len();
        self.cursor.scroll(rows, len);
    }

    /// Says whether it was the selected one already.
    pub(super) fn click(&mut self, index: usize) -> bool {
        std::mem::replace(&mut self.cursor.at, index) == index
    }

    /// Chooses the order by a place in the sort menu, or turns it around.
    pub(super) fn sort_by(&mut self, place: Option<usize>) -> bool {
        let Some(grouped) = &self.shown else { return false };
        let turned = GroupSort { descending: !grouped.sort.descending, ..grouped.sort };
        self.sort = match place {
            None => Some(turned),
            Some(place) => grouped.key_at(place).map(|key| {
                let descending = key != GroupSortKey::Name || grouped.by.is_time();
                if key == grouped.sort.key { turned } else { GroupSort { key, descending } }
            }),
        };
        self.sort.is_some()
    }

    /// The filter of the selected group's rows; remembers the way back to `text`, the filter that made the groups.
    pub(super) fn enter(&mut self, text: &str, ctx: &Ctx<'_>) -> Option<String> {
        let key = self.selected()?.key.clone();
        let narrowed = super::Query::parse(text, ctx.moment.today).narrowed(&ctx.data.view.term(&key));
        self.above.push((text.to_owned(), key));
        Some(narrowed)
    }

    /// The filter whose group is on screen.
    pub(super) fn leave(&mut self) -> Option<String> {
        let (text, key) = self.above.pop()?;
        self.keep = Some(key);
        Some(text)
    }

    /// Another filter was typed: there is no way back from it.
    pub(super) fn forget_way(&mut self) {
        self.above.clear();
    }

    pub(super) fn sort_menu(&self, ctx: &mut Ctx<'_>) {
        let Some(grouped) = &self.shown else { return };
        let sums = grouped.peaks.iter().zip("a123456789".chars());
        let sums = sums.map(|(peak, letter)| (letter, format!("sum in {}", peak.currency)));
        let titles = [('n', grouped.by.to_string()), ('r', "rows".to_owned())].into_iter().chain(sums);
        let at = grouped.place_of(grouped.sort.key).unwrap_or(0);
        let choices = titles.enumerate().map(|(place, (letter, title))| Choice {
            letter,
            title,
            detail: if place == at { "chosen; once more reverses".to_owned() } else { String::new() },
            value: place,
        });
        ctx.push(Menu::new("Sort by", choices.collect(), at, |place, ctx| ctx.asks.push(Ask::Column(*place))));
    }

    pub(super) fn copy_menu(&self, ctx: &mut Ctx<'_>) {
        let Some(group) = self.selected() else { return };
        let label = ctx.data.group_label(&group.key);
        let mut choices = vec![
            Choice { letter: 'n', title: "name".to_owned(), detail: label.clone(), value: label },
            Choice {
                letter: 'r',
                title: "rows".to_owned(),
                detail: plain(group.rows.into()),
                value: group.rows.to_string(),
            },
        ];
        choices.extend(group.sums.totals.iter().zip("a123456789".chars()).map(|((total, _), letter)| Choice {
            letter,
            title: format!("sum in {}", total.currency),
            detail: amount::money(*total, ctx.masked),
            value: total.amount.to_string(),
        }));
        ctx.push(Menu::new("Copy", choices, 0, crate::tui::accounts::copy));
    }

    pub(super) fn explain(&self, listing: &RowList, ctx: &mut Ctx<'_>) {
        if let Some(grouped) = &self.shown {
            ctx.push(Page::new("Where these figures come from", view::explanation(grouped, listing, ctx)));
        }
    }
}
