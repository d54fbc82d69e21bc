//! Screen 1: what everything is worth, how that went, what is new, what needs attention.

mod attention;
mod view;

use ratatui::layout::Rect;

use self::attention::Matter;
use crate::{
    domain::Money,
    ledger::explain::Figure,
    tui::{
        action::{Action, Place},
        component::{
            hit::ListId,
            pane::{Ctx, News, Pane, can_undo},
            scene::Scene,
        },
        msg::Jump,
        overlay::{Choice, ExplainTree, Menu},
        snapshot::{LedgerSnapshot, Worth},
        widget::{amount, cursor::Cursor},
    },
};

/// Changes listed.
const LATEST: usize = 50;

/// The screen.
#[derive(Debug, Default)]
pub(crate) struct Overview {
    matters: Vec<Matter>,
    attention: Cursor,
    latest: Cursor,
    /// Whether the latest changes have the keys, rather than what needs attention.
    in_latest: bool,
    /// The currency whose history is shown.
    currency: usize,
}

impl Overview {
    fn worth<'a>(&self, snapshot: &'a LedgerSnapshot) -> Option<&'a Worth> {
        snapshot.worth.get(self.currency).or_else(|| snapshot.worth.first())
    }

    fn open(&self, ctx: &mut Ctx<'_>) {
        if self.in_latest {
            if let Some(change) = ctx.snapshot.changes.get(self.latest.at) {
                ctx.go(Jump::Change(change.id));
            }
        } else if let Some(matter) = self.matters.get(self.attention.at) {
            ctx.go(matter.jump);
        }
    }

    fn turn_currency(&mut self, forward: bool, ctx: &Ctx<'_>) {
        let count = ctx.snapshot.worth.len().max(1);
        self.currency = if forward { (self.currency + 1) % count } else { (self.currency + count - 1) % count };
    }

    fn copy(ctx: &mut Ctx<'_>) {
        let choices: Vec<_> = ctx
            .snapshot
            .worth
            .iter()
            .zip('1'..='9')
            .map(|(worth, letter)| Choice {
                letter,
                title: format!("net worth in {}", worth.currency),
                detail: amount::money(Money::new(worth.total, worth.currency), ctx.masked),
                value: worth.total.to_string(),
            })
            .collect();
        if !choices.is_empty() {
            ctx.push(Menu::copy(choices));
        }
    }
}

impl Pane for Overview {
    fn place(&self) -> Place {
        Place::Overview
    }

    fn offers(&self, action: Action, snapshot: &LedgerSnapshot) -> bool {
        let rows = if self.in_latest { snapshot.changes.len() } else { self.matters.len() };
        match action {
            Action::Open => rows > 0,
            Action::Copy | Action::Explain => !snapshot.worth.is_empty(),
            _ => can_undo(action, snapshot),
        }
    }

    fn act(&mut self, action: Action, ctx: &mut Ctx<'_>) {
        let len = if self.in_latest { ctx.snapshot.changes.len().min(LATEST) } else { self.matters.len() };
        let cursor = if self.in_latest { &mut self.latest } else { &mut self.attention };
        if cursor.act(action, len, ctx.page / 2) {
            return;
        }
        match action {
            Action::Open => self.open(ctx),
            Action::NextPane | Action::PreviousPane => self.in_latest = !self.in_latest,
            Action::In => self.turn_currency(true, ctx),
            Action::Out => self.turn_currency(false, ctx),
            Action::Copy => Self::copy(ctx),
            Action::Explain => {
                let currency = self.worth(ctx.snapshot).map(|worth| worth.currency);
                ExplainTree::open(Figure::NetWorth(currency), ctx);
            }
            _ => {}
        }
    }

    fn click(&mut self, list: ListId, index: usize, ctx: &mut Ctx<'_>) {
        let in_latest = list == ListId::Latest;
        let cursor = if in_latest { &mut self.latest } else { &mut self.attention };
        let again = cursor.at == index && self.in_latest == in_latest;
        cursor.at = index;
        self.in_latest = in_latest;
        if again {
            self.open(ctx);
        }
    }

    fn scroll(&mut self, list: ListId, rows: isize, ctx: &mut Ctx<'_>) {
        if list == ListId::Latest {
            self.latest.scroll(rows, ctx.snapshot.changes.len().min(LATEST));
        } else {
            self.attention.scroll(rows, self.matters.len());
        }
    }

    fn hear(&mut self, news: &News<'_>, ctx: &mut Ctx<'_>) -> bool {
        if matches!(news, News::Fresh) {
            self.matters = attention::matters(ctx.snapshot, &ctx.moment);
            self.in_latest |= self.matters.is_empty();
            self.attention.clamp(self.matters.len());
            self.latest.clamp(ctx.snapshot.changes.len().min(LATEST));
        }
        false
    }

    fn draw(&self, scene: &mut Scene<'_>, area: Rect) {
        view::draw(self, scene, area);
    }
}
