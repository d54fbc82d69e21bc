//! The keys of the place from which help was opened, and, while a word is searched, the keys of every other place.

use std::cell::Cell;

use crossterm::event::KeyEvent;
use ratatui::layout::Rect;

use crate::tui::{
    action::{Action, KeyGroup, KeyPlace, Keymap, Spec, keys_shown, pretty},
    component::{
        filter::Filter,
        hit::{ClickTarget, ListId},
        pane::{Ctx, Pane},
        scene::Scene,
    },
    snapshot::LedgerSnapshot,
    widget::{
        cursor::SelectedRow,
        paint::{below, centred, padded, rows, shrink_left, top},
    },
};

/// Width of a column of keys.
const COLUMN: u16 = 57;
/// Width of the keys in it.
const KEYS: u16 = 15;

/// The list of keys.
pub(crate) struct Help {
    entries: Vec<Entry>,
    filter: Filter,
    top: SelectedRow,
    /// Lines that can be scrolled over, known once drawn.
    lines: Cell<usize>,
}

struct Entry {
    group: KeyGroup,
    keys: String,
    title: &'static str,
    /// For the search: the name in the configuration and the aliases.
    words: String,
    /// Whether it acts in the place from which help was opened.
    here: bool,
}

/// One line of a column.
enum Line<'a> {
    Heading(&'static str),
    Key(&'a Entry),
    Blank,
}

impl Help {
    pub(crate) fn new(place: KeyPlace, keymap: &Keymap) -> Self {
        let entry = |(spec, keys): (&'static Spec, &[Vec<_>])| {
            let shown: Vec<String> = keys.iter().map(|keys| pretty(&keys_shown(keys))).collect();
            let words = format!("{} {} {}", spec.name, spec.action.aliases(), spec.group.title());
            Entry { group: spec.group, keys: shown.join("  "), title: spec.title, words, here: spec.scope.has(place) }
        };
        let entries = keymap.each().filter(|(_, keys)| !keys.is_empty()).map(entry).collect();
        Self { entries, filter: Filter::default(), top: SelectedRow::default(), lines: Cell::new(1) }
    }

    fn shown(&self) -> Vec<Line<'_>> {
        let found = |entry: &&Entry| self.filter.finds(&format!("{} {} {}", entry.keys, entry.title, entry.words));
        let own = |group: KeyGroup| self.entries.iter().filter(move |entry| entry.here && entry.group == group);
        let mut sections: Vec<(&'static str, Vec<&Entry>)> =
            KeyGroup::ALL.iter().map(|group| (group.title(), own(*group).filter(found).collect())).collect();
        if self.filter.is_active() {
            sections.push(("Elsewhere", self.entries.iter().filter(|entry| !entry.here).filter(found).collect()));
        }
        let mut lines = Vec::new();
        for (title, entries) in sections.into_iter().filter(|(_, entries)| !entries.is_empty()) {
            if !lines.is_empty() {
                lines.push(Line::Blank);
            }
            lines.push(Line::Heading(title));
            lines.extend(entries.into_iter().map(Line::Key));
        }
        lines
    }
}

impl Pane for Help {
    fn place(&self) -> KeyPlace {
        if self.filter.editing { KeyPlace::Filter } else { KeyPlace::Help }
    }

    fn offers(&self, action: Action, _snapshot: &LedgerSnapshot) -> bool {
        !matches!(action, Action::Complete | Action::EarlierFilter)
    }

    fn act(&mut self, action: Action, ctx: &mut Ctx<'_>) {
        match action {
            Action::Filter => self.filter.open(),
            Action::Accept => self.filter.editing = false,
            _ => {
                self.top.act(action, self.lines.get(), ctx.page);
            }
        }
    }

    fn key(&mut self, event: KeyEvent, _ctx: &mut Ctx<'_>) {
        self.filter.key(event);
        self.top = SelectedRow::default();
    }

    fn paste(&mut self, text: &str, _ctx: &mut Ctx<'_>) -> bool {
        self.filter.paste(text)
    }

    fn back(&mut self, _ctx: &mut Ctx<'_>) -> bool {
        self.filter.back()
    }

    fn scroll(&mut self, _list: ListId, rows: isize, _ctx: &mut Ctx<'_>) {
        self.top.scroll(rows, self.lines.get());
    }

    fn draw(&self, scene: &mut Scene<'_>, area: Rect) {
        let lines = self.shown();
        let most = (area.width.saturating_sub(4) / COLUMN).clamp(1, 3);
        let search = u16::from(self.filter.is_active());
        let height = area.height.saturating_sub(2 + search);
        // As many columns as the lines need, and as there is room for.
        let needed = u16::try_from(lines.len().div_ceil(usize::from(height.max(1)))).unwrap_or(u16::MAX);
        let columns = needed.clamp(1, most);
        let place = centred(area, (columns * COLUMN + 4).min(area.width), area.height);
        let inner = padded(scene.overlay(place, "Keys here", "/ finds a key anywhere"));
        let mut body = inner;
        if self.filter.is_active() {
            self.filter.draw(scene, top(inner, 1), "");
            body = below(inner, 1);
        }
        let theme = scene.paint.theme;
        if lines.is_empty() {
            scene.paint.text(body, "No key for these words. : finds commands too.", theme.muted);
            return;
        }
        let fits = usize::from(body.height) * usize::from(columns);
        self.lines.set(lines.len().saturating_sub(fits) + 1);
        let offset = self.top.at.min(lines.len().saturating_sub(fits));
        for row in rows(body) {
            scene.paint.target(row, ClickTarget::Row(ListId::Page, 0));
        }
        for (index, line) in lines.iter().skip(offset).take(fits).enumerate() {
            let (column, row) = (index / usize::from(body.height), index % usize::from(body.height));
            let (column, row) = (u16::try_from(column).unwrap_or(0), u16::try_from(row).unwrap_or(0));
            let line_area = Rect { x: body.x + column * COLUMN, y: body.y + row, height: 1, width: COLUMN - 2 };
            let line_area = line_area.intersection(body);
            match line {
                Line::Heading(text) => {
                    scene.paint.text(line_area, text, theme.heading);
                }
                Line::Key(entry) => {
                    let (key, text) = if entry.here { (theme.key, theme.text) } else { (theme.muted, theme.muted) };
                    scene.paint.text(Rect { width: line_area.width.min(KEYS - 1), ..line_area }, &entry.keys, key);
                    scene.paint.text(shrink_left(line_area, KEYS), entry.title, text);
                }
                Line::Blank => {}
            }
        }
        scene.paint.scrollbar(body, offset, lines.len().max(fits) - fits + usize::from(body.height));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::{action::TABLE, widget::text::width};

    #[test]
    fn every_title_fits_its_column() {
        let room = usize::from(COLUMN - 2 - KEYS);
        let long: Vec<&str> = TABLE.iter().map(|spec| spec.title).filter(|title| width(title) > room).collect();
        assert!(long.is_empty(), "{long:?}");
    }
}
