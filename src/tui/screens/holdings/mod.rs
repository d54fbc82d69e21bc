//! Screen 4: positions, by account or merged by symbol.

mod position;
mod view;

use ratatui::layout::Rect;

use self::position::{Order, Position};
use crate::tui::{
    action::{Action, Place},
    component::{
        hit::ListId,
        list::List,
        pane::{Ask, Ctx, News, Pane},
        scene::Scene,
    },
    overlay::{Choice, Menu, Page},
    snapshot::LedgerSnapshot,
};

/// The orders one can choose; by the letter that chooses them.
const ORDERS: [(Order, char, &str); 6] = [
    (Order::Value, 'v', "value"),
    (Order::Symbol, 's', "symbol"),
    (Order::Gain, 'a', "gain"),
    (Order::GainPercent, 'p', "gain %"),
    (Order::Cost, 'c', "cost"),
    (Order::Account, 'o', "account"),
];

/// The screen.
#[derive(Debug, Default)]
pub(crate) struct Holdings {
    merged: bool,
    order: Order,
    reversed: bool,
    positions: Vec<Position>,
    list: List,
}

impl Holdings {
    fn shown(&self) -> Vec<&Position> {
        self.positions.iter().filter(|position| self.list.filter.finds(&position.haystack())).collect()
    }

    fn selected(&self) -> Option<&Position> {
        self.shown().get(self.list.cursor.at).copied()
    }

    fn recount(&mut self, snapshot: &LedgerSnapshot) {
        self.positions = position::positions(snapshot, self.merged);
        position::sort(&mut self.positions, self.order, self.reversed);
        let len = self.shown().len();
        self.list.cursor.clamp(len);
    }

    fn sort_menu(&self, ctx: &mut Ctx<'_>) {
        let at = ORDERS.iter().position(|(order, ..)| *order == self.order).unwrap_or(0);
        let choices = ORDERS
            .iter()
            .enumerate()
            .map(|(place, (_, letter, title))| Choice {
                letter: *letter,
                title: (*title).to_owned(),
                detail: if place == at { "chosen; once more reverses".to_owned() } else { String::new() },
                value: place,
            })
            .collect();
        ctx.push(Menu::new("Sort by", choices, at, |place, ctx| ctx.asks.push(Ask::Column(*place))));
    }

    fn copy(&self, ctx: &mut Ctx<'_>) {
        let Some(position) = self.selected() else { return };
        let choice = |letter, title: &str, value: String| Choice {
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
    fn place(&self) -> Place {
        self.list.place(Place::Holdings)
    }

    fn list(&mut self) -> Option<&mut List> {
        Some(&mut self.list)
    }

    fn rows(&self, _data: &LedgerSnapshot) -> usize {
        self.shown().len()
    }

    fn act(&mut self, action: Action, ctx: &mut Ctx<'_>) {
        let rows = self.rows(ctx.snapshot);
        if self.list.act(action, rows, ctx.page) {
            return;
        }
        match action {
            Action::Open => {
                self.list.detail.back();
                self.list.detail.act(Action::In, 1);
            }
            Action::Group => {
                self.merged = !self.merged;
                self.recount(ctx.snapshot);
            }
            Action::Sort => self.sort_menu(ctx),
            Action::SortReverse => {
                self.reversed = !self.reversed;
                self.recount(ctx.snapshot);
            }
            Action::Copy => self.copy(ctx),
            Action::Explain => ctx.push(Page::new("Where these figures come from", view::EXPLANATION)),
            _ => {}
        }
    }

    fn click(&mut self, list: ListId, index: usize, _ctx: &mut Ctx<'_>) {
        if list == ListId::Holdings {
            self.list.detail.back();
            self.list.cursor.at = index;
        }
    }

    fn column(&mut self, place: usize, ctx: &mut Ctx<'_>) {
        let Some((order, ..)) = ORDERS.get(place) else { return };
        self.reversed = *order == self.order && !self.reversed;
        self.order = *order;
        self.recount(ctx.snapshot);
    }

    fn hear(&mut self, news: &News<'_>, ctx: &mut Ctx<'_>) -> bool {
        if matches!(news, News::Fresh) {
            self.recount(ctx.snapshot);
        }
        false
    }

    fn draw(&self, scene: &mut Scene<'_>, area: Rect) {
        view::draw(self, scene, area);
    }
}
