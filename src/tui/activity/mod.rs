//! Screen 6: the journal. Every import, sync and edit, what it did, and its undo; the end of the log beside it.

mod log;
mod view;

use crossterm::event::KeyEvent;
use ratatui::layout::Rect;

use super::{
    action::{Action, Place},
    data::Data,
    finder::Finder,
    layer::{ChangePage, Choice, Menu, Page},
    memory::ListId,
    msg::Loaded,
    pane::{Ctx, News, Pane, Scene},
    side::Split,
    widget::cursor::Cursor,
};
use crate::domain::{Change, ChangeId};

/// The screen.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    cursor: Cursor,
    split: Split,
    finder: Finder,
    /// A change to stand on once the reading that holds it is there.
    wanted: Option<ChangeId>,
    /// The end of the log file, the newest line last.
    log: Vec<String>,
}

impl Activity {
    fn shown<'a>(&self, data: &'a Data) -> Vec<&'a Change> {
        data.changes.iter().filter(|change| self.finder.finds(&format!("{} {}", change.kind, change.source))).collect()
    }

    pub(crate) fn selected<'a>(&self, data: &'a Data) -> Option<&'a Change> {
        self.shown(data).get(self.cursor.at).copied()
    }

    pub(crate) fn select(&mut self, change: ChangeId, data: &Data) {
        self.finder = Finder::default();
        match data.changes.iter().position(|known| known.id == change) {
            Some(at) => self.cursor.at = at,
            None => self.wanted = Some(change),
        }
    }

    fn open(&self, ctx: &mut Ctx<'_>) {
        if let Some(change) = self.selected(ctx.data) {
            let about = change.about.and_then(|about| ctx.data.change(about)).unwrap_or(change);
            let mut page = ChangePage::new(about.clone());
            ctx.effects.push(page.first());
            ctx.push(page);
        }
    }
}

impl Pane for Activity {
    fn place(&self) -> Place {
        if self.finder.editing { Place::Filter } else { Place::Activity }
    }

    fn act(&mut self, action: Action, ctx: &mut Ctx<'_>) {
        let len = self.shown(ctx.data).len();
        if self.split.act(action, ctx.page) {
            return;
        }
        if self.cursor.act(action, len, ctx.page) {
            self.split.rewind();
            return;
        }
        match action {
            Action::Open => self.open(ctx),
            Action::Filter => self.finder.open(),
            Action::Accept => self.finder.editing = false,
            Action::Explain => ctx.push(Page::new("What the journal is", view::EXPLANATION)),
            Action::Copy => {
                if let Some(change) = self.selected(ctx.data) {
                    let choice = |letter, title: &str, value: String| Choice {
                        letter,
                        title: title.to_owned(),
                        detail: value.clone(),
                        value,
                    };
                    let choices =
                        vec![choice('s', "source", change.source.clone()), choice('i', "id", change.id.to_string())];
                    ctx.push(Menu::new("Copy", choices, 0, super::accounts::copy));
                }
            }
            _ => {}
        }
    }

    fn key(&mut self, event: KeyEvent, ctx: &mut Ctx<'_>) {
        self.finder.key(event);
        self.cursor.clamp(self.shown(ctx.data).len());
    }

    fn paste(&mut self, text: &str, _ctx: &mut Ctx<'_>) -> bool {
        self.finder.paste(text)
    }

    fn back(&mut self, _ctx: &mut Ctx<'_>) -> bool {
        self.split.back() || self.finder.back()
    }

    fn click(&mut self, list: ListId, index: usize, ctx: &mut Ctx<'_>) {
        if list == ListId::Activity {
            let again = self.cursor.at == index && !self.split.in_side;
            self.cursor.at = index;
            if again {
                self.open(ctx);
            }
        }
    }

    fn scroll(&mut self, list: ListId, rows: isize, ctx: &mut Ctx<'_>) {
        if list == ListId::Side {
            self.split.wheel(rows);
        } else {
            self.cursor.scroll(rows, self.shown(ctx.data).len());
        }
    }

    fn hear(&mut self, news: &News<'_>, ctx: &mut Ctx<'_>) -> bool {
        if matches!(news, News::Fresh) {
            if let Some(at) =
                self.wanted.and_then(|wanted| ctx.data.changes.iter().position(|known| known.id == wanted))
            {
                self.cursor.at = at;
                self.wanted = None;
            }
            self.cursor.clamp(self.shown(ctx.data).len());
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
