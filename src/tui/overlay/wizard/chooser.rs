//! The first step: choosing a provider.

use crossterm::event::KeyEvent;
use ratatui::layout::Rect;

use crate::{
    domain::{ProviderCategory, text::fold},
    providers::{PROVIDERS, ProviderMetadata},
    tui::{
        action::Action,
        component::{hit::ListId, scene::Scene},
        widget::{
            cursor::SelectedRow,
            field::TextField,
            paint::{below, padded, shrink_left, top},
            table::{Cell, Size, TableColumn, TableRow, TableView},
        },
    },
};

/// A search field over the providers.
#[derive(Default)]
pub(super) struct Chooser {
    field: TextField,
    cursor: SelectedRow,
}

enum Item {
    Heading(ProviderCategory),
    Provider(&'static ProviderMetadata),
}

impl Chooser {
    fn finds(&self, provider: &ProviderMetadata) -> bool {
        let known = format!("{} {} {}", provider.display_name, provider.slug, provider.category.label());
        let known = fold(&known);
        fold(self.field.value()).split_whitespace().all(|word| known.contains(word))
    }

    fn items(&self) -> Vec<Item> {
        let mut items = Vec::new();
        for category in ProviderCategory::ALL {
            let of = PROVIDERS.iter().filter(|provider| provider.category == *category && self.finds(provider));
            let found: Vec<Item> = of.map(|provider| Item::Provider(provider)).collect();
            if !found.is_empty() {
                items.push(Item::Heading(*category));
                items.extend(found);
            }
        }
        items
    }

    fn providers(&self) -> Vec<&'static ProviderMetadata> {
        let of = |item| match item {
            Item::Provider(provider) => Some(provider),
            Item::Heading(_) => None,
        };
        self.items().into_iter().filter_map(of).collect()
    }

    pub(super) fn selected(&self) -> Option<&'static ProviderMetadata> {
        self.providers().get(self.cursor.at).copied()
    }

    pub(super) fn act(&mut self, action: Action, page: usize) {
        self.cursor.act(action, self.providers().len(), page);
    }

    pub(super) fn key(&mut self, event: KeyEvent) {
        if self.field.key(event) {
            self.cursor = SelectedRow::default();
        }
    }

    pub(super) fn paste(&mut self, text: &str) {
        self.field.paste(text);
        self.cursor = SelectedRow::default();
    }

    pub(super) fn scroll(&mut self, rows: isize) {
        self.cursor.scroll(rows, self.providers().len());
    }

    /// Esc clears the search first; the provider stays selected.
    pub(super) fn back(&mut self) -> bool {
        if self.field.value().is_empty() {
            return false;
        }
        let selected = self.selected().map(|provider| provider.slug);
        self.field = TextField::default();
        let at = self.providers().iter().position(|provider| Some(provider.slug) == selected);
        self.cursor.at = at.unwrap_or_default();
        true
    }

    /// Selects a clicked line; returns whether it was selected before.
    pub(super) fn click(&mut self, index: usize) -> bool {
        let items = self.items();
        if !matches!(items.get(index), Some(Item::Provider(_))) {
            return false;
        }
        let at = items.iter().take(index).filter(|item| matches!(item, Item::Provider(_))).count();
        std::mem::replace(&mut self.cursor.at, at) == at
    }

    pub(super) fn draw(&self, scene: &mut Scene<'_>, area: Rect) {
        let theme = scene.paint.theme;
        let line = padded(top(area, 1));
        let used = scene.paint.text(line, "Find ", theme.key);
        self.field.draw(&mut scene.paint, shrink_left(line, used), scene.top, &[]);
        let items = self.items();
        let body = below(area, 2);
        if items.is_empty() {
            let text = "No provider of that name. Most banks offer statement files: Esc, then i imports one.";
            scene.paint.paragraph(padded(body), text, theme.muted);
            return;
        }
        let places = items.iter().enumerate().filter(|(_, item)| matches!(item, Item::Provider(_)));
        let selected = places.map(|(index, _)| index).nth(self.cursor.at);
        let columns = [TableColumn::new("", Size::Fit(12, 30)), TableColumn::new("", Size::Flex(10)).rank(1)];
        let table = TableView {
            list: ListId::Providers,
            columns: &columns,
            len: items.len(),
            selected,
            focused: scene.top,
            headers: false,
            sorted: None,
        };
        table.draw(&mut scene.paint, scene.lists, body, |index| match &items[index] {
            Item::Heading(category) => TableRow::Heading(category.label().to_owned(), String::new()),
            Item::Provider(provider) => TableRow::cells(vec![
                Cell::text(provider.display_name, theme.text),
                Cell::text(provider.auth.words().label, theme.muted),
            ]),
        });
    }
}
