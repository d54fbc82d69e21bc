//! Choosing statement files: a path field with completion above, the folder below.
//!
//! INVARIANT: folders are read by workers; keys typed meanwhile are kept in order.

mod path;
mod view;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use crossterm::event::KeyEvent;
use ratatui::layout::Rect;

pub(crate) use path::looks_like_path;

use super::review::Review;
use crate::{
    sync::Command,
    tui::{
        action::{Action, Place},
        component::{
            hit::ListId,
            pane::{Ctx, News, Pane},
            scene::Scene,
        },
        msg::{Effect, FolderEntry, Loaded},
        widget::{cursor::Cursor, field::Field},
    },
};

/// The picker.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct Picker {
    field: Field,
    /// The folder that is shown or being read.
    folder: PathBuf,
    /// The ticket of the reading under way.
    reading: Option<u64>,
    entries: Vec<FolderEntry>,
    error: Option<String>,
    recent: Vec<PathBuf>,
    /// Whether the first folder was chosen by us, so that a recent one may take its place.
    untouched: bool,
    marks: BTreeSet<PathBuf>,
    cursor: Cursor,
    in_list: bool,
    hidden: bool,
    all: bool,
    /// What was pressed while the folder was being read.
    waiting: Vec<Waiting>,
}

/// Something pressed too early.
enum Waiting {
    Act(Action),
    Key(KeyEvent),
    Paste(String),
}

/// One row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    Parent,
    Entry(usize),
    Recent(PathBuf),
}

/// Opens the picker.
pub(crate) fn open(ctx: &mut Ctx<'_>) {
    let folders = &ctx.env.folders;
    let folder = folders.start.clone();
    let mut picker = Picker {
        field: Field::new(path::written(&folder, folders)),
        folder,
        reading: None,
        entries: Vec::new(),
        error: None,
        recent: Vec::new(),
        untouched: true,
        marks: BTreeSet::new(),
        cursor: Cursor::default(),
        in_list: false,
        hidden: false,
        all: false,
        waiting: Vec::new(),
    };
    picker.read(ctx);
    ctx.effects.push(Effect::ReadRecent);
    ctx.push(picker);
}

impl Picker {
    fn read(&mut self, ctx: &mut Ctx<'_>) {
        let ticket = ctx.ticket();
        self.reading = Some(ticket);
        ctx.effects.push(Effect::ReadFolder { ticket, path: self.folder.clone() });
    }

    /// Goes to a folder and says so in the field.
    fn enter(&mut self, folder: &Path, ctx: &mut Ctx<'_>) {
        self.field.set(path::written(folder, &ctx.env.folders));
        self.cursor = Cursor::default();
        self.follow(ctx);
        if self.reading.is_none() {
            self.select_first_file();
        }
    }

    /// Reads the folder that the field names now, if it is another one.
    fn follow(&mut self, ctx: &mut Ctx<'_>) {
        let (folder, _) = path::split(self.field.value(), &ctx.env.folders);
        if folder != self.folder {
            self.folder = folder;
            self.entries.clear();
            self.error = None;
            self.read(ctx);
        }
        self.cursor.clamp(self.items().len());
    }

    /// What is typed behind the last separator.
    fn partial(&self) -> &str {
        let typed = self.field.value();
        if typed == "~" { "" } else { typed.rfind('/').map_or(typed, |at| &typed[at + 1..]) }
    }

    fn is_shown(&self, entry: &FolderEntry, partial: &str) -> bool {
        let hidden = entry.name.starts_with('.') && !self.hidden && !partial.starts_with('.');
        let useful = entry.is_folder || self.all || path::is_importable(&entry.name);
        let fits = entry.name.to_lowercase().contains(&partial.to_lowercase());
        !hidden && useful && fits
    }

    fn items(&self) -> Vec<Item> {
        let partial = self.partial();
        let mut items = Vec::new();
        if partial.is_empty() && self.folder.parent().is_some() {
            items.push(Item::Parent);
        }
        let shown = self.entries.iter().enumerate().filter(|(_, entry)| self.is_shown(entry, partial));
        items.extend(shown.map(|(index, _)| Item::Entry(index)));
        if partial.is_empty() {
            items.extend(self.recent.iter().filter(|folder| **folder != self.folder).cloned().map(Item::Recent));
        }
        items
    }

    fn select_first_file(&mut self) {
        let items = self.items();
        let is_file = |item: &Item| matches!(item, Item::Entry(index) if !self.entries[*index].is_folder);
        let is_entry = |item: &Item| matches!(item, Item::Entry(_));
        self.cursor.at = items.iter().position(is_file).or_else(|| items.iter().position(is_entry)).unwrap_or(0);
    }

    fn path_of(&self, entry: &FolderEntry) -> PathBuf {
        self.folder.join(&entry.file)
    }

    fn open_selected(&mut self, ctx: &mut Ctx<'_>) {
        match self.items().get(self.cursor.at).cloned() {
            Some(Item::Parent) => self.up(ctx),
            Some(Item::Recent(folder)) => self.enter(&folder, ctx),
            Some(Item::Entry(index)) => {
                let path = self.path_of(&self.entries[index]);
                if self.entries[index].is_folder {
                    self.enter(&path, ctx);
                } else if self.marks.is_empty() {
                    self.import(vec![path], ctx);
                } else {
                    self.import(self.marks.iter().cloned().collect(), ctx);
                }
            }
            None if !self.marks.is_empty() => self.import(self.marks.iter().cloned().collect(), ctx),
            None => {}
        }
    }

    fn up(&mut self, ctx: &mut Ctx<'_>) {
        if let Some(parent) = self.folder.parent().map(Path::to_owned) {
            self.enter(&parent, ctx);
        }
    }

    /// Enter in the field: what it names, else what is selected.
    fn accept(&mut self, ctx: &mut Ctx<'_>) {
        let partial = self.partial().to_owned();
        let named = self.entries.iter().find(|entry| entry.name == partial).cloned();
        match named {
            Some(entry) if entry.is_folder => {
                let path = self.path_of(&entry);
                self.enter(&path, ctx);
            }
            Some(entry) => {
                let path = self.path_of(&entry);
                self.import(vec![path], ctx);
            }
            None if partial.is_empty()
                && self.marks.is_empty()
                && !matches!(self.items().get(self.cursor.at), Some(Item::Entry(_))) =>
            {
                self.in_list = true;
                self.select_first_file();
            }
            None if self.items().is_empty() && !partial.is_empty() => {
                self.error = Some(format!("There is no `{partial}` here."));
            }
            None => self.open_selected(ctx),
        }
    }

    /// Tab: as much as is certain, then into the list.
    fn complete(&mut self, ctx: &mut Ctx<'_>) {
        let partial = self.partial().to_owned();
        let starts = |entry: &&FolderEntry| {
            entry.name.to_lowercase().starts_with(&partial.to_lowercase()) && self.is_shown(entry, &partial)
        };
        let candidates: Vec<&FolderEntry> = self.entries.iter().filter(starts).collect();
        let common = common_start(&candidates);
        let folder_typed = self.field.value()[..self.field.value().len() - partial.len()].to_owned();
        let completed = match candidates.as_slice() {
            [only] if !partial.is_empty() => {
                format!("{folder_typed}{}{}", only.name, if only.is_folder { "/" } else { "" })
            }
            [] => String::new(),
            _ if !partial.is_empty() && common.len() > partial.len() => format!("{folder_typed}{common}"),
            _ => String::new(),
        };
        if completed.is_empty() || completed == self.field.value() {
            self.in_list = true;
            if partial.is_empty() {
                self.select_first_file();
            }
            return;
        }
        self.field.set(completed);
        self.cursor = Cursor::default();
        self.follow(ctx);
    }

    fn mark(&mut self) {
        if let Some(Item::Entry(index)) = self.items().get(self.cursor.at) {
            let entry = &self.entries[*index];
            if !entry.is_folder {
                let path = self.path_of(entry);
                if !self.marks.remove(&path) {
                    self.marks.insert(path);
                }
            }
        }
        self.cursor.act(Action::Down, self.items().len(), 1);
    }

    fn import(&mut self, paths: Vec<PathBuf>, ctx: &mut Ctx<'_>) {
        ctx.effects.push(Effect::Remember(self.folder.clone()));
        let job = ctx.command(|job| Command::ReviewImport { job, paths: paths.clone(), account: None });
        ctx.push(Review::new(job, paths));
    }

    fn list_action(&mut self, action: Action, ctx: &mut Ctx<'_>) {
        let len = self.items().len();
        match action {
            Action::Up if self.cursor.at == 0 => self.in_list = false,
            _ if self.cursor.act(action, len, ctx.page) => {}
            Action::Open | Action::In => self.open_selected(ctx),
            Action::Out => self.up(ctx),
            Action::Mark => self.mark(),
            Action::EditPath => self.in_list = false,
            Action::ToggleHidden => self.hidden = !self.hidden,
            Action::ToggleAllFiles => self.all = !self.all,
            Action::HomeFolder => {
                if let Some(home) = ctx.env.folders.home.clone() {
                    self.enter(&home, ctx);
                }
            }
            _ => {}
        }
        self.cursor.clamp(self.items().len());
    }

    fn field_action(&mut self, action: Action, ctx: &mut Ctx<'_>) {
        match action {
            Action::Accept => self.accept(ctx),
            Action::Complete => self.complete(ctx),
            Action::Down | Action::PreviousPane => {
                self.in_list = true;
                if !self.partial().is_empty() {
                    self.cursor = Cursor::default();
                }
            }
            _ => {}
        }
    }

    fn pasted(&mut self, text: &str, ctx: &mut Ctx<'_>) {
        let paths = path::pasted(text);
        match paths.as_slice() {
            [] => return,
            [only] if looks_like_path(only) => self.field.set(only.clone()),
            [only] => self.field.paste(only),
            [first, ..] => {
                self.marks.extend(paths.iter().map(|path| path::resolve(path, &ctx.env.folders)));
                let (folder, _) = path::split(first, &ctx.env.folders);
                self.in_list = true;
                self.enter(&folder, ctx);
                return;
            }
        }
        self.in_list = false;
        self.follow(ctx);
    }

    /// Does what was pressed while the folder was being read, until another folder is to be read.
    fn catch_up(&mut self, ctx: &mut Ctx<'_>) {
        let mut waiting = std::mem::take(&mut self.waiting).into_iter();
        for early in waiting.by_ref() {
            match early {
                Waiting::Act(action) => self.act(action, ctx),
                Waiting::Key(event) => self.key(event, ctx),
                Waiting::Paste(text) => self.pasted(&text, ctx),
            }
            if self.reading.is_some() {
                break;
            }
        }
        self.waiting.extend(waiting);
    }
}

/// The longest start that all names share.
fn common_start(entries: &[&FolderEntry]) -> String {
    let Some(first) = entries.first() else { return String::new() };
    let shared = entries.iter().fold(first.name.chars().count(), |length, entry| {
        first.name.chars().zip(entry.name.chars()).take(length).take_while(|(left, right)| left == right).count()
    });
    first.name.chars().take(shared).collect()
}

impl Pane for Picker {
    fn place(&self) -> Place {
        if self.in_list { Place::Picker } else { Place::PickerPath }
    }

    fn act(&mut self, action: Action, ctx: &mut Ctx<'_>) {
        let settles = matches!(action, Action::Accept | Action::Complete | Action::Open | Action::In | Action::Mark);
        if self.reading.is_some() && (settles || !self.waiting.is_empty()) {
            self.waiting.push(Waiting::Act(action));
            return;
        }
        if self.in_list { self.list_action(action, ctx) } else { self.field_action(action, ctx) }
    }

    fn key(&mut self, event: KeyEvent, ctx: &mut Ctx<'_>) {
        if !self.waiting.is_empty() {
            self.waiting.push(Waiting::Key(event));
            return;
        }
        if self.in_list {
            return;
        }
        if self.untouched && self.field.value() == path::written(&self.folder, &ctx.env.folders) {
            // A path typed over the folder we proposed takes its place.
            if let crossterm::event::KeyCode::Char('/' | '~') = event.code {
                self.field.set("");
            }
        }
        if self.field.key(event) {
            self.untouched = false;
            self.error = None;
            self.cursor = Cursor::default();
            self.follow(ctx);
        }
    }

    fn paste(&mut self, text: &str, ctx: &mut Ctx<'_>) -> bool {
        self.untouched = false;
        if self.waiting.is_empty() {
            self.pasted(text, ctx);
        } else {
            self.waiting.push(Waiting::Paste(text.to_owned()));
        }
        true
    }

    fn back(&mut self, _ctx: &mut Ctx<'_>) -> bool {
        self.waiting.clear();
        if self.marks.is_empty() {
            return false;
        }
        self.marks.clear();
        true
    }

    fn click(&mut self, _list: ListId, index: usize, ctx: &mut Ctx<'_>) {
        let again = self.in_list && self.cursor.at == index;
        self.in_list = true;
        self.cursor.at = index;
        if again {
            self.open_selected(ctx);
        }
    }

    fn scroll(&mut self, _list: ListId, rows: isize, _ctx: &mut Ctx<'_>) {
        self.in_list = true;
        self.cursor.scroll(rows, self.items().len());
    }

    fn hear(&mut self, news: &News<'_>, ctx: &mut Ctx<'_>) -> bool {
        match news {
            News::Loaded(Loaded::Folder { ticket, result, .. }) if self.reading == Some(*ticket) => {
                self.reading = None;
                match result {
                    Ok(entries) => {
                        self.entries.clone_from(entries);
                        self.error = None;
                    }
                    Err(error) => {
                        self.entries.clear();
                        self.error = Some(error.clone());
                    }
                }
                if self.partial().is_empty() {
                    self.select_first_file();
                }
                self.catch_up(ctx);
                true
            }
            News::Loaded(Loaded::Recent(recent)) => {
                self.recent.clone_from(recent);
                if self.untouched
                    && self.waiting.is_empty()
                    && let Some(last) = recent.first().cloned()
                {
                    self.enter(&last, ctx);
                }
                true
            }
            News::Loaded(_) | News::Engine(_) | News::Fresh => false,
        }
    }

    fn draw(&self, scene: &mut Scene<'_>, area: Rect) {
        view::draw(self, scene, area);
    }
}
