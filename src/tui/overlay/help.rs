//! All keys of the place from which help was asked for, then all others.

use ratatui::layout::Rect;

use crate::tui::{
    action::{Action, Chord, Group, Keymap, Place, Spec, keys_shown, pretty},
    component::{
        hit::{ListId, Target, scrolled},
        pane::{Ctx, Pane},
        scene::Scene,
    },
    widget::{
        cursor::Cursor,
        paint::{centred, padded, rows, shrink_left},
    },
};

/// The keys.
pub(crate) struct Help {
    lines: Vec<Line>,
    top: Cursor,
}

enum Line {
    Heading(&'static str),
    Key(String, &'static str),
    Blank,
}

impl Help {
    pub(crate) fn new(place: Place, keymap: &Keymap) -> Self {
        let mut lines = Vec::new();
        let mut section = |keep: &dyn Fn(&Spec) -> bool| {
            for group in Group::ALL {
                let specs: Vec<(&Spec, &[Vec<Chord>])> = keymap
                    .each()
                    .filter(|(spec, keys)| spec.group == group && keep(spec) && !keys.is_empty())
                    .collect();
                if specs.is_empty() {
                    continue;
                }
                if !lines.is_empty() {
                    lines.push(Line::Blank);
                }
                lines.push(Line::Heading(group.title()));
                for (spec, keys) in specs {
                    let keys: Vec<String> = keys.iter().map(|keys| pretty(&keys_shown(keys))).collect();
                    lines.push(Line::Key(keys.join("  "), spec.title));
                }
            }
        };
        section(&|spec| spec.scope.has(place));
        Self { lines, top: Cursor::default() }
    }
}

impl Pane for Help {
    fn place(&self) -> Place {
        Place::Page
    }

    fn act(&mut self, action: Action, ctx: &mut Ctx<'_>) {
        self.top.act(action, self.lines.len(), ctx.page);
    }

    fn scroll(&mut self, _list: ListId, rows: isize, _ctx: &mut Ctx<'_>) {
        self.top.scroll(rows, self.lines.len());
    }

    fn draw(&self, scene: &mut Scene<'_>, area: Rect) {
        let place = centred(area, area.width.saturating_sub(4).min(72), area.height);
        let inner = padded(scene.overlay(place, "Keys here", "Esc"));
        let fits = usize::from(inner.height);
        let offset = self.top.at.min(self.lines.len().saturating_sub(fits));
        debug_assert!(scrolled(offset, offset, self.lines.len(), fits) <= self.lines.len());
        let theme = scene.paint.theme;
        for (line, row) in self.lines.iter().skip(offset).zip(rows(inner)) {
            scene.paint.target(row, Target::Row(ListId::Page, 0));
            match line {
                Line::Heading(text) => {
                    scene.paint.text(row, text, theme.heading);
                }
                Line::Key(keys, title) => {
                    scene.paint.text(Rect { width: row.width.min(18), ..row }, keys, theme.key);
                    scene.paint.text(shrink_left(row, 19), title, theme.text);
                }
                Line::Blank => {}
            }
        }
        scene.paint.scrollbar(inner, offset, self.lines.len());
    }
}
