//! Screen 6: the journal of imports, syncs and edits, with undo; the end of the log is beside it.

mod log;
mod view;

use ratatui::layout::Rect;

use crate::{
    domain::{Change, ChangeId},
    tui::{
        action::{Action, KeyPlace},
        component::{
            hit::ListId,
            list::{List, RowId},
            pane::{Ctx, Pane, PaneNews},
            scene::Scene,
        },
        msg::WorkerAnswer,
        overlay::{ChangePage, DifferencePage, Menu, MenuEntry, TextPage},
        snapshot::LedgerSnapshot,
    },
};

/// The screen.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    list: List,
    /// The end of the log file, the newest line last.
    log: Vec<String>,
    /// Marked changes, at most two.
    marks: Vec<ChangeId>,
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

    /// Marks the selected change or takes its mark away; a third mark replaces the oldest.
    fn mark(&mut self, snapshot: &LedgerSnapshot) {
        let Some(id) = self.selected_change(snapshot).map(|change| change.id) else { return };
        let known = self.marks.len();
        self.marks.retain(|marked| *marked != id);
        if self.marks.len() == known {
            self.marks.push(id);
            self.marks.drain(..self.marks.len().saturating_sub(2));
        }
    }

    /// Compares two marked changes, one with the selected one, or the selected one with the state before it.
    fn compare(&self, ctx: &mut Ctx<'_>) {
        let Some(selected) = self.selected_change(ctx.snapshot).map(|change| change.id) else { return };
        let (one, other) = match self.marks.as_slice() {
            [one, other] => (*one, *other),
            [one] if *one != selected => (*one, selected),
            _ => (ChangeId(selected.0.saturating_sub(1)), selected),
        };
        DifferencePage::open(one.min(other), one.max(other), ctx);
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
    fn place(&self) -> KeyPlace {
        self.list.place(KeyPlace::Activity)
    }

    fn offers(&self, action: Action, snapshot: &LedgerSnapshot) -> bool {
        let change = self.selected_change(snapshot);
        let can = match action {
            Action::Undo => change.is_some_and(Change::can_undo),
            Action::Redo => change.is_some_and(Change::can_redo),
            Action::Compare => change.is_some(),
            _ => true,
        };
        can && self.list.offers(action, self.rows(snapshot).len())
    }

    fn list(&mut self) -> Option<&mut List> {
        Some(&mut self.list)
    }

    fn rows(&self, snapshot: &LedgerSnapshot) -> Vec<RowId> {
        self.shown(snapshot).into_iter().map(|change| RowId::Change(change.id)).collect()
    }

    fn selected(&self, snapshot: &LedgerSnapshot) -> Option<RowId> {
        self.selected_change(snapshot).map(|change| RowId::Change(change.id))
    }

    fn act(&mut self, action: Action, ctx: &mut Ctx<'_>) {
        let rows = self.rows(ctx.snapshot);
        if self.list.act(action, &rows, ctx.page) {
            return;
        }
        match action {
            Action::Open => self.open(ctx),
            Action::Mark => self.mark(ctx.snapshot),
            Action::Compare => self.compare(ctx),
            Action::Explain => ctx.push(TextPage::new("The journal", view::EXPLANATION)),
            Action::Copy => {
                if let Some(change) = self.selected_change(ctx.snapshot) {
                    let choice = |letter, title: &str, value: String| MenuEntry {
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
        if list == ListId::Activity && self.list.pick(index, &self.rows(ctx.snapshot)) {
            self.open(ctx);
        }
    }

    fn receive(&mut self, news: &PaneNews<'_>, ctx: &mut Ctx<'_>) -> bool {
        if matches!(news, PaneNews::Fresh) {
            self.settle(ctx.snapshot);
        }
        if let PaneNews::Loaded(WorkerAnswer::Log(lines)) = news {
            self.log.clone_from(lines);
            return true;
        }
        false
    }

    fn draw(&self, scene: &mut Scene<'_>, area: Rect) {
        view::draw(self, scene, area);
    }
}
