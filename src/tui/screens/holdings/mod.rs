//! Screen 4: positions, by account or merged by symbol.

mod position;
mod view;

use ratatui::layout::Rect;

use self::position::{Position, PositionOrder};
use crate::tui::{
    action::{Action, KeyPlace},
    component::{
        columns::{ColumnChoice, ColumnList},
        hit::ListId,
        list::{List, RowId},
        pane::{Ctx, Pane, PaneNews, can_undo, hear_columns},
        scene::Scene,
    },
    overlay::{ColumnMenu, ExplainTree, Menu, MenuEntry},
    snapshot::LedgerSnapshot,
};

/// The sort orders, each with its letter.
const ORDERS: [(PositionOrder, char, &str); 6] = [
    (PositionOrder::Value, 'v', "value"),
    (PositionOrder::Symbol, 's', "symbol"),
    (PositionOrder::Gain, 'a', "gain"),
    (PositionOrder::GainPercent, 'p', "gain %"),
    (PositionOrder::Cost, 'c', "cost"),
    (PositionOrder::Account, 'o', "account"),
];

/// The screen.
#[derive(Debug, Default)]
pub(crate) struct Holdings {
    merged: bool,
    order: PositionOrder,
    reversed: bool,
    positions: Vec<Position>,
    columns: ColumnChoice,
    list: List,
}

impl Holdings {
    fn shown(&self) -> Vec<&Position> {
        self.positions.iter().filter(|position| self.list.filter.finds(&position.haystack())).collect()
    }

    fn ids(&self) -> Vec<RowId> {
        self.shown().into_iter().map(|position| RowId::Holding(position.id)).collect()
    }

    fn selected_position(&self) -> Option<&Position> {
        self.shown().get(self.list.cursor.at).copied()
    }

    fn recount(&mut self, snapshot: &LedgerSnapshot) {
        self.positions = position::positions(snapshot, self.merged);
        position::sort(&mut self.positions, self.order, self.reversed);
        let rows = self.ids();
        self.list.settle(&rows);
    }

    /// Merges by symbol, or shows each account; the symbol stays selected.
    fn toggle_merged(&mut self, snapshot: &LedgerSnapshot) {
        let symbol = self.selected_position().map(|position| (position.symbol.clone(), position.currency));
        self.merged = !self.merged;
        self.recount(snapshot);
        let same = |position: &&Position| symbol.as_ref() == Some(&(position.symbol.clone(), position.currency));
        if let Some(at) = self.shown().iter().position(same) {
            let rows = self.ids();
            self.list.pick(at, &rows);
        }
    }

    fn sort_menu(&self, ctx: &mut Ctx<'_>) {
        let at = ORDERS.iter().position(|(order, ..)| *order == self.order).unwrap_or(0);
        let titles: Vec<(char, &str)> = ORDERS.iter().map(|(_, letter, title)| (*letter, *title)).collect();
        ctx.push(Menu::sort(&titles, at));
    }

    fn copy(&self, ctx: &mut Ctx<'_>) {
        let Some(position) = self.selected_position() else { return };
        let choice = |letter, title: &str, value: String| MenuEntry {
            letter,
            title: title.to_owned(),
            detail: String::new(),
            value,
        };
        let mut choices =
            vec![choice('s', "symbol", position.symbol.clone()), choice('n', "name", position.name.clone())];
        choices.push(choice('q', "quantity", position.quantity.to_string()));
        if let Some(value) = position.value {
            choices.push(choice('v', "value", value.to_string()));
        }
        ctx.push(Menu::copy(choices));
    }
}

impl Pane for Holdings {
    fn place(&self) -> KeyPlace {
        self.list.place(KeyPlace::Holdings)
    }

    fn offers(&self, action: Action, snapshot: &LedgerSnapshot) -> bool {
        can_undo(action, snapshot) && self.list.offers(action, self.rows(snapshot).len())
    }

    fn list(&mut self) -> Option<&mut List> {
        Some(&mut self.list)
    }

    fn rows(&self, _snapshot: &LedgerSnapshot) -> Vec<RowId> {
        self.ids()
    }

    fn selected(&self, _snapshot: &LedgerSnapshot) -> Option<RowId> {
        self.selected_position().map(|position| RowId::Holding(position.id))
    }

    fn act(&mut self, action: Action, ctx: &mut Ctx<'_>) {
        let rows = self.rows(ctx.snapshot);
        if self.list.act(action, &rows, ctx.page) {
            return;
        }
        match action {
            Action::Open => {
                self.list.detail.back();
                self.list.detail.act(Action::In, 1, rows.len());
            }
            Action::Group => self.toggle_merged(ctx.snapshot),
            Action::Sort => self.sort_menu(ctx),
            Action::SortReverse => {
                self.reversed = !self.reversed;
                self.recount(ctx.snapshot);
            }
            Action::Columns => ctx.push(ColumnMenu::new(ColumnList::Holdings, self.columns.entries(&view::COLUMNS))),
            Action::Copy => self.copy(ctx),
            Action::Explain => {
                let chosen = self.selected_position().map(Position::figures).unwrap_or_default();
                let totals = position::totals(&ctx.snapshot.holdings);
                let sums = totals.iter().flat_map(|(currency, total)| total.figures(*currency));
                ExplainTree::open_all(chosen.into_iter().chain(sums).collect(), ctx);
            }
            _ => {}
        }
    }

    fn click(&mut self, list: ListId, index: usize, _ctx: &mut Ctx<'_>) {
        if list == ListId::Holdings {
            self.list.detail.back();
            let rows = self.ids();
            self.list.pick(index, &rows);
        }
    }

    fn column(&mut self, place: usize, ctx: &mut Ctx<'_>) {
        let Some((order, ..)) = ORDERS.get(place) else { return };
        self.reversed = *order == self.order && !self.reversed;
        self.order = *order;
        self.recount(ctx.snapshot);
    }

    fn receive(&mut self, news: &PaneNews<'_>, ctx: &mut Ctx<'_>) -> bool {
        if matches!(news, PaneNews::Fresh) {
            self.recount(ctx.snapshot);
        }
        hear_columns(&mut self.columns, ColumnList::Holdings, news)
    }

    fn draw(&self, scene: &mut Scene<'_>, area: Rect) {
        view::draw(self, scene, area);
    }
}
