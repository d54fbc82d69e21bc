//! Screen 6: the journal. Every import, sync and edit, what it did, and its undo; the end of the log beside it.

mod log;
mod view;

use ratatui::layout::Rect;

use crate::{
    domain::{Change, ChangeId},
    tui::{
        action::{Action, Place},
        component::{
            filter::Filter,
            hit::ListId,
            list::{List, RowId},
            pane::{Ctx, News, Pane},
            scene::Scene,
        },
        msg::{Jump, Loaded},
        overlay::{ChangePage, Choice, Menu, Page},
        snapshot::LedgerSnapshot,
    },
};

/// The screen.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    list: List,
    /// A change to stand on once the reading that holds it is there.
    wanted: Option<ChangeId>,
    /// The end of the log file, the newest line last.
    log: Vec<String>,
}

impl Activity {
    fn shown<'a>(&self, snapshot: &'a LedgerSnapshot) -> Vec<&'a Change> {
        snapshot
            .changes
            .iter()
            .filter(|change| self.list.filter.finds(&format!("{} {}", change.kind, change.source)))
            .collect()
    }

    fn selected_change<'a>(&self, snapshot: &'a LedgerSnapshot) -> Option<&'a Change> {
        self.shown(snapshot).get(self.list.cursor.at).copied()
    }

    fn select(&mut self, change: ChangeId, snapshot: &LedgerSnapshot) {
        self.list.filter = Filter::default();
        match snapshot.changes.iter().position(|known| known.id == change) {
            Some(at) => self.list.cursor.at = at,
            None => self.wanted = Some(change),
        }
    }

    fn open(&self, ctx: &mut Ctx<'_>) {
        if let Some(change) = self.selected_change(ctx.snapshot) {
            let about = change.about.and_then(|about| ctx.snapshot.change(about)).unwrap_or(change);
            let mut page = ChangePage::new(about.clone());
            ctx.effects.push(page.first());
            ctx.push(page);
        }
    }
}

impl Pane for Activity {
    fn place(&self) -> Place {
        self.list.place(Place::Activity)
    }

    fn list(&mut self) -> Option<&mut List> {
        Some(&mut self.list)
    }

    fn rows(&self, snapshot: &LedgerSnapshot) -> usize {
        self.shown(snapshot).len()
    }

    fn selected(&self, snapshot: &LedgerSnapshot) -> Option<RowId> {
        self.selected_change(snapshot).map(|change| RowId::Change(change.id))
    }

    fn jump(&mut self, to: Jump, ctx: &mut Ctx<'_>) {
        if let Jump::Change(change) = to {
            self.select(change, ctx.snapshot);
        }
    }

    fn act(&mut self, action: Action, ctx: &mut Ctx<'_>) {
        let rows = self.rows(ctx.snapshot);
        if self.list.act(action, rows, ctx.page) {
            return;
        }
        match action {
            Action::Open => self.open(ctx),
            Action::Explain => ctx.push(Page::new("What the journal is", view::EXPLANATION)),
            Action::Copy => {
                if let Some(change) = self.selected_change(ctx.snapshot) {
                    let choice = |letter, title: &str, value: String| Choice {
                        letter,
                        title: title.to_owned(),
                        detail: value.clone(),
                        value,
                    };
                    let choices =
                        vec![choice('s', "source", change.source.clone()), choice('i', "id", change.id.to_string())];
                    ctx.push(Menu::copy(choices));
                }
            }
            _ => {}
        }
    }

    fn click(&mut self, list: ListId, index: usize, ctx: &mut Ctx<'_>) {
        if list == ListId::Activity && self.list.pick(index) {
            self.open(ctx);
        }
    }

    fn hear(&mut self, news: &News<'_>, ctx: &mut Ctx<'_>) -> bool {
        if matches!(news, News::Fresh) {
            if let Some(at) =
                self.wanted.and_then(|wanted| ctx.snapshot.changes.iter().position(|known| known.id == wanted))
            {
                self.list.cursor.at = at;
                self.wanted = None;
            }
            self.settle(ctx.snapshot);
        }
        if let News::Loaded(Loaded::Log(lines)) = news {
            self.log.clone_from(lines);
            return true;
        }
        false
    }

    fn draw(&self, scene: &mut Scene<'_>, area: Rect) {
        view::draw(self, scene, area);
    }
}
