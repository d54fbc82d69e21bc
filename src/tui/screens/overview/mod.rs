//! Screen 1: net worth and its history or the money in and out, changes since the last visit, and matters that need
//! attention.

mod flow;
mod flow_table;
mod history;
mod news;
mod view;
mod worth;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use ratatui::layout::Rect;

use self::{flow::FlowPane, history::HistoryPane, news::NewsItem};
use crate::{
    domain::Money,
    tui::{
        action::{Action, KeyPlace},
        attention::{self, Matter},
        component::{
            hit::ListId,
            pane::{Ask, Ctx, Pane, PaneNews, can_undo},
            scene::Scene,
        },
        msg::{Effect, WorkerAnswer},
        overlay::{ExplainTree, Menu, MenuEntry},
        snapshot::{LedgerSnapshot, Worth},
        widget::{amount, cursor::SelectedRow},
    },
};

/// A part of the screen that can have the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Part {
    #[default]
    Attention,
    News,
    Worth,
    /// The history, or the money in and out in its place.
    History,
}

/// The screen.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches")]
pub(crate) struct Overview {
    /// Without those that were dismissed.
    matters: Vec<Matter>,
    /// Ids of dismissed matters; a matter that changes comes back.
    dismissed: BTreeSet<String>,
    items: Vec<NewsItem>,
    /// The end of the last visit; none while it is not known, or at the first visit.
    visit: Option<DateTime<Utc>>,
    asked: bool,
    focus: Part,
    /// Whether the user chose the focus, or moved in it; before that, the first part with content has it.
    chosen: bool,
    attention: SelectedRow,
    news: SelectedRow,
    history: HistoryPane,
    flow: FlowPane,
    /// Whether the focused part has the whole screen.
    large: bool,
    /// Whether sums are shown by institution instead of by class.
    by_institution: bool,
    /// The currency whose history is shown, as an index of the snapshot's list.
    currency: usize,
}

impl Overview {
    fn worth<'a>(&self, snapshot: &'a LedgerSnapshot) -> Option<&'a Worth> {
        snapshot.worth.get(self.currency).or_else(|| snapshot.worth.first())
    }

    /// Whether a part has the whole screen.
    fn is_large(&self, part: Part) -> bool {
        self.large && self.focus == part
    }

    /// Whether the money in and out has the focus.
    fn in_flow(&self) -> bool {
        self.flow.shown && self.focus == Part::History
    }

    fn open(&mut self, ctx: &mut Ctx<'_>) {
        match self.focus {
            Part::History if self.flow.shown => {
                let currency = self.worth(ctx.snapshot).map(|worth| worth.currency);
                if let Some(query) = currency.and_then(|currency| self.flow.rows(currency)) {
                    ctx.asks.push(Ask::Rows(query));
                }
            }
            Part::Attention => {
                if let Some(matter) = self.matters.get(self.attention.at) {
                    ctx.go(matter.jump);
                }
            }
            Part::News => {
                if let Some(item) = self.items.get(self.news.at) {
                    ctx.go(item.jump);
                }
            }
            Part::Worth | Part::History => self.large = !self.large,
        }
    }

    fn turn_currency(&mut self, forward: bool, ctx: &Ctx<'_>) {
        let count = ctx.snapshot.worth.len().max(1);
        self.currency = if forward { (self.currency + 1) % count } else { (self.currency + count - 1) % count };
    }

    /// Moves the focus to the next or previous part that has something.
    fn turn_focus(&mut self, forward: bool) {
        let parts = [Part::Attention, Part::News, Part::History, Part::Worth];
        let at = parts.iter().position(|part| *part == self.focus).unwrap_or(0);
        for step in 1..=parts.len() {
            let next = if forward { at + step } else { at + parts.len() - step } % parts.len();
            if self.has(parts[next]) {
                self.focus = parts[next];
                return;
            }
        }
    }

    fn has(&self, part: Part) -> bool {
        match part {
            Part::Attention => !self.matters.is_empty(),
            Part::News => !self.items.is_empty(),
            Part::Worth | Part::History => true,
        }
    }

    /// The matters and changes of a snapshot; the cursors stay on their lines.
    fn refresh(&mut self, ctx: &Ctx<'_>) {
        let matter = self.matters.get(self.attention.at).cloned();
        let open = |matter: &Matter| !self.dismissed.contains(&matter.id);
        let mut all = attention::matters(ctx.snapshot, &ctx.moment);
        all.retain(open);
        self.matters = attention::grouped(&all);
        self.matters.retain(open);
        let same = matter.and_then(|known| known.position_in(&self.matters));
        self.attention.at = same.unwrap_or(self.attention.at);
        self.attention.clamp(self.matters.len());
        // The place of an item is its identity: an account or a change. Before the user chose one, the newest is selected.
        let item = self.items.get(self.news.at).map(|item| item.jump).filter(|_| self.chosen);
        self.items = news::since(ctx.snapshot, self.visit, &ctx.moment);
        let same = item.and_then(|jump| self.items.iter().position(|other| other.jump == jump));
        self.news.at = same.unwrap_or(self.news.at);
        self.news.clamp(self.items.len());
        if !self.chosen {
            self.focus = Part::Attention;
        }
        if !self.has(self.focus) {
            self.turn_focus(true);
        }
    }

    fn dismiss(&mut self, ctx: &mut Ctx<'_>) {
        if let Some(matter) = self.matters.get(self.attention.at).filter(|_| self.focus == Part::Attention) {
            self.dismissed.insert(matter.id.clone());
            ctx.effects.push(Effect::WriteDismissed(self.dismissed.clone()));
            ctx.toast("Dismissed until it changes.");
            self.refresh(ctx);
        }
    }

    fn copy(ctx: &mut Ctx<'_>) {
        let choices: Vec<_> = ctx
            .snapshot
            .worth
            .iter()
            .zip('1'..='9')
            .map(|(worth, letter)| MenuEntry {
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

    /// Moves in the focused part; returns whether the action was a movement there.
    fn step(&mut self, action: Action, ctx: &Ctx<'_>) -> bool {
        match self.focus {
            Part::Attention => self.attention.act(action, self.matters.len(), ctx.page / 2),
            Part::News => self.news.act(action, self.items.len(), ctx.page / 2),
            Part::Worth => {
                let count = ctx.snapshot.worth.len();
                let mut currency = SelectedRow { at: self.currency.min(count.saturating_sub(1)) };
                let moved = currency.act(action, count, ctx.page / 2);
                self.currency = currency.at;
                moved
            }
            Part::History => {
                let worth = ctx.snapshot.worth.get(self.currency).or_else(|| ctx.snapshot.worth.first());
                let Some(worth) = worth else { return false };
                if self.flow.shown {
                    self.flow.step(action, worth.currency, ctx.page / 2)
                } else {
                    self.history.step(action, worth)
                }
            }
        }
    }

    /// Groups net worth, or the money in and out, by the other key.
    fn group(&mut self, ctx: &mut Ctx<'_>) {
        if self.in_flow() {
            self.flow.turn(ctx);
        } else {
            self.by_institution = !self.by_institution;
        }
    }

    /// Opens the trees of the focused part's figures, and of net worth.
    fn explain(&self, ctx: &mut Ctx<'_>) {
        let worth = self.worth(ctx.snapshot);
        let chosen = match self.focus {
            Part::Attention => {
                self.matters.get(self.attention.at).and_then(|it| it.figure.clone()).into_iter().collect()
            }
            Part::News => self.items.get(self.news.at).and_then(|it| it.figure.clone()).into_iter().collect(),
            Part::Worth => Vec::new(),
            Part::History => match worth {
                Some(worth) if self.flow.shown => self.flow.figures(worth.currency),
                Some(worth) => self.history.figures(worth),
                None => Vec::new(),
            },
        };
        let all = worth::figures(self, ctx.snapshot);
        ExplainTree::open_all(chosen.into_iter().chain(all).collect(), ctx);
    }
}

impl Pane for Overview {
    fn place(&self) -> KeyPlace {
        KeyPlace::Overview
    }

    fn offers(&self, action: Action, snapshot: &LedgerSnapshot) -> bool {
        match action {
            Action::Open => self.has(self.focus) && !snapshot.is_empty(),
            Action::Dismiss => self.focus == Part::Attention && !self.matters.is_empty(),
            Action::ZoomIn | Action::ZoomOut => !self.flow.shown && !snapshot.worth.is_empty(),
            Action::Copy | Action::Explain | Action::Enlarge | Action::Group | Action::CashFlow => {
                !snapshot.worth.is_empty()
            }
            _ => can_undo(action, snapshot),
        }
    }

    fn act(&mut self, action: Action, ctx: &mut Ctx<'_>) {
        if self.step(action, ctx) {
            self.chosen = true;
            return;
        }
        if self.history.zoom(action) {
            return;
        }
        match action {
            Action::Open => self.open(ctx),
            Action::NextPane | Action::PreviousPane => {
                self.chosen = true;
                self.turn_focus(action == Action::NextPane);
            }
            Action::In => self.turn_currency(true, ctx),
            Action::Out => self.turn_currency(false, ctx),
            Action::Enlarge => self.large = !self.large,
            Action::Dismiss => self.dismiss(ctx),
            Action::Group => self.group(ctx),
            Action::ByClass | Action::ByInstitution => self.by_institution = action == Action::ByInstitution,
            Action::CashFlow => {
                self.flow.toggle(ctx);
                (self.focus, self.chosen) = (Part::History, true);
            }
            Action::Copy => Self::copy(ctx),
            Action::Explain => self.explain(ctx),
            _ => {}
        }
    }

    fn back(&mut self, _ctx: &mut Ctx<'_>) -> bool {
        if self.large {
            self.large = false;
            return true;
        }
        if std::mem::take(&mut self.flow.shown) || self.history.back() {
            return true;
        }
        std::mem::take(&mut self.by_institution)
    }

    fn click(&mut self, list: ListId, index: usize, ctx: &mut Ctx<'_>) {
        if list == ListId::Flow {
            let again = self.flow.pick(index) && self.in_flow();
            (self.focus, self.chosen) = (Part::History, true);
            if again {
                self.open(ctx);
            }
            return;
        }
        let (part, cursor) = match list {
            ListId::Latest => (Part::News, &mut self.news),
            _ => (Part::Attention, &mut self.attention),
        };
        let again = cursor.at == index && self.focus == part;
        cursor.at = index;
        self.focus = part;
        self.chosen = true;
        if again {
            self.open(ctx);
        }
    }

    fn scroll(&mut self, list: ListId, rows: isize, ctx: &mut Ctx<'_>) {
        if list == ListId::Flow {
            if let Some(currency) = self.worth(ctx.snapshot).map(|worth| worth.currency) {
                self.flow.scroll(rows, currency);
            }
        } else if list == ListId::Latest {
            self.news.scroll(rows, self.items.len());
        } else {
            self.attention.scroll(rows, self.matters.len());
        }
    }

    fn receive(&mut self, news: &PaneNews<'_>, ctx: &mut Ctx<'_>) -> bool {
        match news {
            PaneNews::Fresh => {
                if !std::mem::replace(&mut self.asked, true) {
                    ctx.effects.extend([Effect::ReadVisit, Effect::ReadDismissed]);
                }
                self.refresh(ctx);
                self.flow.read(ctx);
                false
            }
            PaneNews::Loaded(WorkerAnswer::CashFlow { ticket, result }) => {
                self.flow.take(*ticket, result, ctx);
                true
            }
            PaneNews::Loaded(WorkerAnswer::Dismissed(ids)) => {
                self.dismissed.extend(ids.iter().cloned());
                self.refresh(ctx);
                true
            }
            PaneNews::Loaded(WorkerAnswer::Visit(visit)) => {
                self.visit = *visit;
                self.refresh(ctx);
                true
            }
            PaneNews::Loaded(_) | PaneNews::Engine(_) | PaneNews::Columns(..) => false,
        }
    }

    fn draw(&self, scene: &mut Scene<'_>, area: Rect) {
        view::draw(self, scene, area);
    }
}
