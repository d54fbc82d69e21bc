//! Every action by name, and every account to go to.

use crossterm::event::KeyEvent;
use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{CaseMatching, Normalization, Pattern},
};
use ratatui::layout::Rect;

use crate::tui::{
    action::{Action, Keymap, Place, Spec, keys_shown, pretty},
    component::{
        hit::ListId,
        pane::{Ask, Ctx, News, Pane},
        scene::Scene,
    },
    msg::Jump,
    snapshot,
    widget::{
        cursor::Cursor,
        field::Field,
        paint::{below, centred, inset, padded, top},
        table::{Cell, Column, Row, Size, Table},
    },
};

/// What an entry does.
#[derive(Debug, Clone, Copy)]
enum Does {
    Act(Action),
    Go(Jump),
}

struct Entry {
    title: String,
    keys: String,
    does: Does,
}

/// The palette.
pub(crate) struct Palette {
    place: Place,
    field: Field,
    entries: Vec<Entry>,
    /// Places of the entries that match, best first.
    hits: Vec<usize>,
    cursor: Cursor,
    filled: bool,
}

impl Palette {
    pub(crate) fn new(place: Place, keymap: &Keymap) -> Self {
        let mut palette = Self {
            place,
            field: Field::default(),
            entries: Vec::new(),
            hits: Vec::new(),
            cursor: Cursor::default(),
            filled: false,
        };
        palette.fill_actions(keymap);
        palette.find();
        palette
    }

    fn fill_actions(&mut self, keymap: &Keymap) {
        let own = [Action::Palette, Action::Back, Action::Down, Action::Up, Action::In, Action::Out];
        let here = |spec: &Spec| spec.scope.has(self.place) && !own.contains(&spec.action);
        for (spec, keys) in keymap.each().filter(|(spec, _)| here(spec)) {
            let keys = keys.first().map(|keys| pretty(&keys_shown(keys))).unwrap_or_default();
            self.entries.push(Entry { title: spec.title.to_owned(), keys, does: Does::Act(spec.action) });
        }
    }

    /// Accounts are known only when something happens with the data at hand.
    fn fill_accounts(&mut self, ctx: &Ctx<'_>) {
        if std::mem::replace(&mut self.filled, true) {
            return;
        }
        for line in ctx.snapshot.accounts() {
            let title = format!("Rows of {}", snapshot::label(&line.account));
            self.entries.push(Entry {
                title,
                keys: line.account.institution.clone(),
                does: Does::Go(Jump::Rows(line.account.id)),
            });
        }
    }

    fn find(&mut self) {
        self.cursor = Cursor::default();
        let typed = self.field.value();
        if typed.trim().is_empty() {
            self.hits = (0..self.entries.len()).collect();
            return;
        }
        let mut matcher = Matcher::new(Config::DEFAULT);
        let pattern = Pattern::parse(typed, CaseMatching::Ignore, Normalization::Smart);
        let mut buffer = Vec::new();
        let mut scored: Vec<(u32, usize)> = self
            .entries
            .iter()
            .enumerate()
            .filter_map(|(index, entry)| {
                let score = pattern.score(Utf32Str::new(&entry.title, &mut buffer), &mut matcher)?;
                Some((score, index))
            })
            .collect();
        scored.sort_by_key(|(score, index)| (std::cmp::Reverse(*score), *index));
        self.hits = scored.into_iter().map(|(_, index)| index).collect();
    }

    fn run(&self, at: usize, ctx: &mut Ctx<'_>) {
        let Some(entry) = self.hits.get(at).map(|index| &self.entries[*index]) else { return };
        match entry.does {
            Does::Act(action) => ctx.asks.extend([Ask::Pop, Ask::Act(action)]),
            // Not beneath the overlay that it was opened over.
            Does::Go(jump) => ctx.asks.extend([Ask::Clear, Ask::Go(jump)]),
        }
    }
}

impl Pane for Palette {
    fn place(&self) -> Place {
        Place::Palette
    }

    fn act(&mut self, action: Action, ctx: &mut Ctx<'_>) {
        if !self.cursor.act(action, self.hits.len(), ctx.page) && action == Action::Accept {
            self.run(self.cursor.at, ctx);
        }
    }

    fn key(&mut self, event: KeyEvent, ctx: &mut Ctx<'_>) {
        self.fill_accounts(ctx);
        if self.field.key(event) {
            self.find();
        }
    }

    fn paste(&mut self, text: &str, ctx: &mut Ctx<'_>) -> bool {
        self.fill_accounts(ctx);
        self.field.paste(text);
        self.find();
        true
    }

    fn click(&mut self, _list: ListId, index: usize, ctx: &mut Ctx<'_>) {
        self.run(index, ctx);
    }

    fn scroll(&mut self, _list: ListId, rows: isize, _ctx: &mut Ctx<'_>) {
        self.cursor.scroll(rows, self.hits.len());
    }

    fn hear(&mut self, _news: &News<'_>, _ctx: &mut Ctx<'_>) -> bool {
        false
    }

    fn draw(&self, scene: &mut Scene<'_>, area: Rect) {
        let place = top(centred(area, area.width.saturating_sub(4).min(64), area.height), area.height.min(18));
        scene.overlay(place, "Command", "");
        let inner = inset(place);
        let theme = scene.paint.theme;
        let line = padded(top(inner, 1));
        let used = scene.paint.text(line, ": ", theme.key);
        self.field.draw(&mut scene.paint, crate::tui::widget::paint::shrink_left(line, used), true, &[]);
        let body = below(inner, 1);
        if self.hits.is_empty() {
            scene.paint.text(padded(body), "Nothing of that name.", theme.muted);
            return;
        }
        let columns = [Column::new("", Size::Flex(20)), Column::new("", Size::Fit(2, 12)).right().rank(1)];
        let table = Table {
            list: ListId::Palette,
            columns: &columns,
            len: self.hits.len(),
            selected: Some(self.cursor.at),
            focused: true,
            headers: false,
            sorted: None,
        };
        table.draw(&mut scene.paint, scene.offsets, body, |at| {
            let entry = &self.entries[self.hits[at]];
            Row::cells(vec![Cell::text(entry.title.clone(), theme.text), Cell::text(entry.keys.clone(), theme.muted)])
        });
    }
}
