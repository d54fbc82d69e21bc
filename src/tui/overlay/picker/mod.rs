//! Chooses statement files: the list of a folder, and a path field with completion above it.
//!
//! Opens with the focus on the list; `/` or Tab moves to the path. INVARIANT: folders are read by workers; keys typed
//! meanwhile are queued in order.

mod path;
mod view;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;

pub(crate) use path::{is_importable, looks_like_path};

use super::review::Review;
use crate::{
    sync::{EngineCommand, ImportOptions},
    tui::{
        action::{Action, KeyPlace},
        component::{
            hit::ListId,
            pane::{Ctx, Pane, PaneNews},
            scene::Scene,
        },
        msg::{Effect, FolderEntry, WorkerAnswer},
        widget::{cursor::SelectedRow, field::TextField},
    },
};

/// The file picker.
#[expect(clippy::struct_excessive_bools, reason = "each is an independent switch")]
pub(crate) struct Picker {
    field: TextField,
    /// The folder that is listed or being read.
    folder: PathBuf,
    /// Ticket of the folder being read.
    reading: Option<u64>,
    entries: Vec<FolderEntry>,
    error: Option<String>,
    /// Folders of earlier imports, and how they are written.
    recent: Vec<(PathBuf, String)>,
    /// Whether the first folder was not chosen by the user, so that a recent one may replace it.
    untouched: bool,
    /// Marked files and folders.
    marks: BTreeSet<PathBuf>,
    /// The other end of a range that is being marked, as an index of the items.
    range: Option<usize>,
    cursor: SelectedRow,
    /// Whether the list has the focus; else the path field.
    in_list: bool,
    hidden: bool,
    all: bool,
    /// Input that came while the folder was being read.
    waiting: Vec<Waiting>,
}

/// Input that waits for the folder.
enum Waiting {
    Act(Action),
    Key(KeyEvent),
    Paste(String),
}

/// One row of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Item {
    Parent,
    Entry(usize),
    /// By its place in `recent`.
    Recent(usize),
}

/// Opens the picker.
pub(crate) fn open(ctx: &mut Ctx<'_>) {
    let folders = &ctx.env.folders;
    let folder = folders.start.clone();
    let mut picker = Picker {
        field: TextField::new(path::written(&folder, folders)),
        folder,
        reading: None,
        entries: Vec::new(),
        error: None,
        recent: Vec::new(),
        untouched: true,
        marks: BTreeSet::new(),
        range: None,
        cursor: SelectedRow::default(),
        in_list: true,
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

    /// Goes to a folder and writes its path into the field.
    fn enter(&mut self, folder: &Path, ctx: &mut Ctx<'_>) {
        self.field.set(path::written(folder, &ctx.env.folders));
        self.cursor = SelectedRow::default();
        self.range = None;
        self.follow(ctx);
        if self.reading.is_none() {
            self.select_first_file();
        }
    }

    /// Reads the folder that the field names, if it changed.
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

    /// The text behind the last separator.
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
            let others = self.recent.iter().enumerate().filter(|(_, (folder, _))| *folder != self.folder);
            items.extend(others.map(|(index, _)| Item::Recent(index)));
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

    /// Imports the marks, if there are any; else opens the folder or imports the file of the selected line.
    fn import_or_open(&mut self, ctx: &mut Ctx<'_>) {
        if self.marks.is_empty() {
            self.open_selected(ctx);
        } else {
            self.end_range();
            self.import(self.marks.iter().cloned().collect(), ctx);
        }
    }

    /// Opens the folder of the selected line; a file is imported, with all marks.
    fn open_selected(&mut self, ctx: &mut Ctx<'_>) {
        self.end_range();
        match self.items().get(self.cursor.at).copied() {
            Some(Item::Parent) => self.up(ctx),
            Some(Item::Recent(index)) => {
                let folder = self.recent[index].0.clone();
                self.enter(&folder, ctx);
            }
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
            None => {}
        }
    }

    fn up(&mut self, ctx: &mut Ctx<'_>) {
        if let Some(parent) = self.folder.parent().map(Path::to_owned) {
            self.enter(&parent, ctx);
        }
    }

    /// Enter in the field: opens the named entry, else the selected one.
    fn accept(&mut self, ctx: &mut Ctx<'_>) {
        let partial = self.partial().to_owned();
        let named = self.entries.iter().find(|entry| entry.name == partial).cloned();
        match named {
            Some(entry) if entry.is_folder => {
                let path = self.path_of(&entry);
                self.in_list = true;
                self.enter(&path, ctx);
            }
            Some(entry) => {
                let path = self.path_of(&entry);
                self.import(vec![path], ctx);
            }
            // A folder is typed: its list is next, so that no file is imported that was not chosen.
            None if partial.is_empty() => {
                self.in_list = true;
                self.select_first_file();
            }
            None if self.items().is_empty() && !partial.is_empty() => {
                self.error = Some(format!("No file or folder `{partial}` here."));
            }
            None => self.open_selected(ctx),
        }
    }

    /// Tab: completes the common prefix, else moves to the list.
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
        self.cursor = SelectedRow::default();
        self.follow(ctx);
    }

    /// Marks the selected file or folder, or unmarks it; ends a range.
    fn mark(&mut self) {
        if self.range.is_some() {
            self.end_range();
            return;
        }
        if let Some(Item::Entry(index)) = self.items().get(self.cursor.at) {
            let path = self.path_of(&self.entries[*index]);
            if !self.marks.remove(&path) {
                self.marks.insert(path);
            }
        }
        self.cursor.act(Action::Down, self.items().len(), 1);
    }

    /// Marks every statement of the list, or unmarks all when every one is marked.
    fn mark_all(&mut self) {
        self.range = None;
        let items = self.items();
        let files = items.iter().filter_map(|item| match item {
            Item::Entry(index) if self.entries[*index].is_statement => Some(self.path_of(&self.entries[*index])),
            Item::Entry(_) | Item::Parent | Item::Recent(_) => None,
        });
        let files: BTreeSet<PathBuf> = files.collect();
        if files.is_subset(&self.marks) {
            self.marks.retain(|path| !files.contains(path));
        } else {
            self.marks.extend(files);
        }
    }

    /// Files of the list that are not marked, and how many of them are no statements by their content.
    fn unmarked(&self) -> (usize, usize) {
        let items = self.items();
        let files = items.iter().filter_map(|item| match item {
            Item::Entry(index) => Some(&self.entries[*index]).filter(|entry| !entry.is_folder),
            Item::Parent | Item::Recent(_) => None,
        });
        let left: Vec<&FolderEntry> = files.filter(|entry| !self.marks.contains(&self.path_of(entry))).collect();
        (left.len(), left.iter().filter(|entry| !entry.is_statement).count())
    }

    /// Marks the files between the start of the range and the cursor.
    fn end_range(&mut self) {
        if let Some(start) = self.range.take() {
            let (first, last) = (start.min(self.cursor.at), start.max(self.cursor.at));
            for item in self.items().into_iter().take(last + 1).skip(first) {
                if let Item::Entry(index) = item {
                    self.marks.insert(self.path_of(&self.entries[index]));
                }
            }
        }
    }

    /// Whether an item is marked, or inside the range that is being marked.
    fn is_marked(&self, at: usize, entry: &FolderEntry) -> bool {
        let in_range =
            self.range.is_some_and(|start| (start.min(self.cursor.at)..=start.max(self.cursor.at)).contains(&at));
        in_range || self.marks.contains(&self.path_of(entry))
    }

    /// Selects the next entry whose name starts with a letter.
    fn jump_to(&mut self, letter: char) {
        let items = self.items();
        let starts = |item: &Item| match item {
            Item::Entry(index) => self.entries[*index]
                .name
                .chars()
                .next()
                .is_some_and(|first| first.to_lowercase().eq(letter.to_lowercase())),
            Item::Parent | Item::Recent(_) => false,
        };
        let count = items.len();
        let next = (1..=count).map(|step| (self.cursor.at + step) % count).find(|at| starts(&items[*at]));
        self.cursor.at = next.unwrap_or(self.cursor.at);
    }

    /// Changes which entries are listed; the same entry stays selected.
    fn relist(&mut self, change: impl FnOnce(&mut Self)) {
        let selected = self.items().get(self.cursor.at).copied();
        change(self);
        self.range = None;
        let items = self.items();
        if let Some(at) = selected.and_then(|item| items.iter().position(|known| *known == item)) {
            self.cursor.at = at;
        }
    }

    fn import(&mut self, paths: Vec<PathBuf>, ctx: &mut Ctx<'_>) {
        ctx.effects.push(Effect::Remember(self.folder.clone()));
        let job = ctx.command(|job| EngineCommand::ReviewImport {
            job,
            paths: paths.clone(),
            options: ImportOptions::default(),
        });
        ctx.push(Review::new(job, paths));
    }

    fn list_action(&mut self, action: Action, ctx: &mut Ctx<'_>) {
        let len = self.items().len();
        match action {
            _ if self.cursor.act(action, len, ctx.page) => {}
            Action::Open => self.import_or_open(ctx),
            Action::In => self.open_selected(ctx),
            Action::Out => self.up(ctx),
            Action::Mark => self.mark(),
            Action::MarkAll => self.mark_all(),
            Action::MarkRange if self.range.is_some() => self.end_range(),
            Action::MarkRange => self.range = Some(self.cursor.at),
            Action::EditPath => {
                self.end_range();
                self.in_list = false;
            }
            Action::ToggleHidden => self.relist(|picker| picker.hidden = !picker.hidden),
            Action::ToggleAllFiles => self.relist(|picker| picker.all = !picker.all),
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
                    self.cursor = SelectedRow::default();
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

    /// Handles queued input until another folder has to be read.
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

/// The common prefix of all names.
fn common_start(entries: &[&FolderEntry]) -> String {
    let Some(first) = entries.first() else { return String::new() };
    let shared = entries.iter().fold(first.name.chars().count(), |length, entry| {
        first.name.chars().zip(entry.name.chars()).take(length).take_while(|(left, right)| left == right).count()
    });
    first.name.chars().take(shared).collect()
}

impl Pane for Picker {
    fn place(&self) -> KeyPlace {
        if self.in_list { KeyPlace::Picker } else { KeyPlace::PickerPath }
    }

    fn act(&mut self, action: Action, ctx: &mut Ctx<'_>) {
        let settles = matches!(
            action,
            Action::Accept
                | Action::Complete
                | Action::Open
                | Action::In
                | Action::Mark
                | Action::MarkAll
                | Action::MarkRange
        );
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
            if let KeyCode::Char(letter) = event.code
                && event.modifiers.difference(KeyModifiers::SHIFT).is_empty()
            {
                if self.reading.is_some() {
                    self.waiting.push(Waiting::Key(event));
                } else {
                    self.jump_to(letter);
                }
            }
            return;
        }
        if self.untouched && self.field.value() == path::written(&self.folder, &ctx.env.folders) {
            // An absolute path replaces the proposed folder.
            if let KeyCode::Char('/' | '~') = event.code {
                self.field.set("");
            }
        }
        if self.field.key(event) {
            self.untouched = false;
            self.error = None;
            self.cursor = SelectedRow::default();
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
        if self.range.take().is_some() {
            return true;
        }
        if !self.in_list {
            // Back to the list of the whole folder.
            let partial = self.partial().len();
            let folder = self.field.value()[..self.field.value().len() - partial].to_owned();
            self.relist(|picker| picker.field.set(folder));
            self.in_list = true;
            self.error = None;
            self.cursor.clamp(self.items().len());
            return true;
        }
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

    fn receive(&mut self, news: &PaneNews<'_>, ctx: &mut Ctx<'_>) -> bool {
        match news {
            PaneNews::Loaded(WorkerAnswer::Folder { ticket, result, .. }) if self.reading == Some(*ticket) => {
                self.reading = None;
                match result {
                    Ok(entries) => {
                        self.entries.clone_from(entries);
                        self.error = None;
                    }
                    Err(error) => {
                        self.entries.clear();
                        self.error = Some(error.to_string());
                    }
                }
                if self.partial().is_empty() {
                    self.select_first_file();
                }
                self.catch_up(ctx);
                true
            }
            PaneNews::Loaded(WorkerAnswer::Recent(recent)) => {
                let written = |folder: &PathBuf| (folder.clone(), path::written(folder, &ctx.env.folders));
                self.recent = recent.iter().map(written).collect();
                if self.untouched
                    && self.waiting.is_empty()
                    && self.marks.is_empty()
                    && let Some(last) = recent.first().cloned()
                {
                    self.enter(&last, ctx);
                }
                true
            }
            PaneNews::Loaded(_) | PaneNews::Engine(_) | PaneNews::Fresh | PaneNews::Columns(..) => false,
        }
    }

    fn draw(&self, scene: &mut Scene<'_>, area: Rect) {
        view::draw(self, scene, area);
    }
}
