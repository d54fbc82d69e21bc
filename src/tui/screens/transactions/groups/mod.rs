//! The groups of a `by:` query: their order, the selected one, and the way back from its rows.
//!
//! INVARIANT: the worker that lists the rows also groups and sorts them.

pub(super) mod view;

use crate::{
    domain::{AccountId, AssetCode},
    ledger::{By, Group, GroupKey, GroupSort, GroupSortKey, Query, explain::Figure},
    tui::{
        action::Action,
        component::pane::{Ask, Ctx},
        overlay::{ExplainTree, Menu, MenuEntry, TextPage},
        snapshot::Grouped,
        widget::{
            amount::{self, plain},
            cursor::SelectedRow,
        },
    },
};

/// The groups on screen, and the filters to return to.
#[derive(Debug, Default)]
pub(super) struct Groups {
    shown: Option<Grouped>,
    cursor: SelectedRow,
    /// The last grouping, and the order chosen for it.
    by: Option<By>,
    sort: Option<GroupSort>,
    /// The group to select in the next listing.
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

    /// The order to request.
    pub(super) fn order(&mut self, by: Option<By>) -> Option<GroupSort> {
        if by.is_some() && by != self.by {
            (self.by, self.sort, self.cursor) = (by, None, SelectedRow::default());
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

    /// Keeps the selected group selected in the next listing.
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

    /// Selects a group; returns whether it was selected before.
    pub(super) fn click(&mut self, index: usize) -> bool {
        self.cursor.click(index)
    }

    /// Sorts by an index of the sort menu, or reverses the order.
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

    /// The filter of the selected group's rows; keeps `text`, the filter of the groups, to return to.
    pub(super) fn enter(&mut self, text: &str, ctx: &Ctx<'_>) -> Option<String> {
        let key = self.selected()?.key.clone();
        let narrowed = Query::parse(text, ctx.moment.today).narrowed(&ctx.snapshot.view.term(&key));
        self.above.push((text.to_owned(), key));
        Some(narrowed)
    }

    /// The filter to return to.
    pub(super) fn leave(&mut self) -> Option<String> {
        let (text, key) = self.above.pop()?;
        self.keep = Some(key);
        Some(text)
    }

    /// Drops the way back, since another filter was typed.
    pub(super) fn forget_way(&mut self) {
        self.above.clear();
    }

    pub(super) fn sort_menu(&self, ctx: &mut Ctx<'_>) {
        let Some(grouped) = &self.shown else { return };
        let sums = grouped.peaks.iter().zip("a123456789".chars());
        let sums = sums.map(|(peak, letter)| (letter, format!("sum in {}", peak.currency)));
        let titles = [('n', grouped.by.to_string()), ('r', "rows".to_owned())].into_iter().chain(sums);
        let at = grouped.place_of(grouped.sort.key).unwrap_or(0);
        let choices = titles.enumerate().map(|(place, (letter, title))| MenuEntry {
            letter,
            title,
            detail: if place == at { "chosen; press again to reverse".to_owned() } else { String::new() },
            value: place,
        });
        ctx.push(Menu::new("Sort by", choices.collect(), at, |place, ctx| ctx.asks.push(Ask::Column(*place))));
    }

    pub(super) fn copy_menu(&self, ctx: &mut Ctx<'_>) {
        let Some(group) = self.selected() else { return };
        let label = ctx.snapshot.group_label(&group.key);
        let mut choices = vec![
            MenuEntry { letter: 'n', title: "name".to_owned(), detail: label.clone(), value: label },
            MenuEntry {
                letter: 'r',
                title: "rows".to_owned(),
                detail: plain(group.rows.into()),
                value: group.rows.to_string(),
            },
        ];
        choices.extend(group.sums.totals.iter().zip("a123456789".chars()).map(|((total, _), letter)| MenuEntry {
            letter,
            title: format!("sum in {}", total.currency),
            detail: amount::money(*total, ctx.masked),
            value: total.amount.to_string(),
        }));
        ctx.push(Menu::copy(choices));
    }

    /// Opens the trees of the selected group's sums, that in the currency of the bars first, and of the whole list. `text` is the
    /// filter.
    pub(super) fn explain(&self, text: &str, account: Option<AccountId>, ctx: &mut Ctx<'_>) {
        let (Some(grouped), Some(group)) = (&self.shown, self.selected()) else { return };
        let sums = || group.sums.totals.iter().map(|(total, _)| total.currency);
        let drawn = grouped.drawn().map(|peak| peak.currency).filter(|drawn| sums().any(|currency| currency == *drawn));
        let currencies: Vec<AssetCode> = drawn.into_iter().chain(sums()).collect();
        if currencies.is_empty() {
            ctx.push(TextPage::new("Where this figure comes from", "No row of this group counts in a sum.".to_owned()));
            return;
        }
        let today = ctx.moment.today;
        let rows = Query::parse(text, today).narrowed(&ctx.snapshot.view.term(&group.key));
        let (group, list) = (Query::parse(&rows, today), Query::parse(text, today));
        let of = |query: &Query| -> Vec<Figure> {
            currencies.iter().map(|currency| Figure::counted_rows(account, *currency, query)).collect()
        };
        ExplainTree::open_all([of(&group), of(&list)].concat(), ctx);
    }
}
