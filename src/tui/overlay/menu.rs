//! A short list to choose from: how to sort, what to copy.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;

use crate::tui::{
    action::{Action, KeyPlace},
    component::{
        hit::ListId,
        pane::{Ask, Ctx, Pane},
        scene::Scene,
    },
    msg::Effect,
    widget::{
        cursor::SelectedRow,
        paint::{above, bottom, centred, padded},
        table::{Cell, Size, TableColumn, TableRow, TableView},
        text::{width, wrap},
    },
};

/// The effect of an entry.
pub(crate) type Choose<T> = fn(&T, &mut Ctx<'_>);

/// One entry.
pub(crate) struct MenuEntry<T> {
    /// A letter that chooses it at once.
    pub(crate) letter: char,
    pub(crate) title: String,
    /// Shown dim behind the title.
    pub(crate) detail: String,
    pub(crate) value: T,
}

/// A menu.
pub(crate) struct Menu<T> {
    title: &'static str,
    choices: Vec<MenuEntry<T>>,
    cursor: SelectedRow,
    choose: Choose<T>,
}

impl<T> Menu<T> {
    pub(crate) fn new(title: &'static str, choices: Vec<MenuEntry<T>>, selected: usize, choose: Choose<T>) -> Self {
        Self { title, choices, cursor: SelectedRow { at: selected }, choose }
    }

    fn choose(&self, index: usize, ctx: &mut Ctx<'_>) {
        if let Some(choice) = self.choices.get(index) {
            (self.choose)(&choice.value, ctx);
            if !ctx.has_question() {
                ctx.asks.insert(0, Ask::Pop);
            }
        }
    }
}

impl Menu<String> {
    /// A menu whose choices are copied to the clipboard.
    pub(crate) fn copy(choices: Vec<MenuEntry<String>>) -> Self {
        Self::new("Copy", choices, 0, |text, ctx| ctx.effects.push(Effect::Copy { what: "", text: text.clone() }))
    }
}

impl Menu<usize> {
    /// The menu of sort orders, of which the one at `at` is chosen. The menu is above its pane, so the choice returns as a
    /// click on the column.
    pub(crate) fn sort(orders: &[(char, &str)], at: usize) -> Self {
        let entry = |(place, (letter, title)): (usize, &(char, &str))| MenuEntry {
            letter: *letter,
            title: (*title).to_owned(),
            detail: if place == at { "chosen; press again to reverse".to_owned() } else { String::new() },
            value: place,
        };
        let choices = orders.iter().enumerate().map(entry).collect();
        Self::new("Sort by", choices, at, |place, ctx| ctx.asks.push(Ask::Column(*place)))
    }
}

impl<T> Menu<T> {
    /// The same menu under another title.
    pub(crate) fn titled(self, title: &'static str) -> Self {
        Self { title, ..self }
    }
}

impl<T: Send> Pane for Menu<T> {
    fn place(&self) -> KeyPlace {
        KeyPlace::Menu
    }

    fn act(&mut self, action: Action, ctx: &mut Ctx<'_>) {
        if !self.cursor.act(action, self.choices.len(), ctx.page) && action == Action::Accept {
            self.choose(self.cursor.at, ctx);
        }
    }

    fn key(&mut self, event: KeyEvent, ctx: &mut Ctx<'_>) {
        let KeyCode::Char(letter) = event.code else { return };
        if let Some(index) = self.choices.iter().position(|choice| choice.letter == letter) {
            self.choose(index, ctx);
        }
    }

    fn click(&mut self, _list: ListId, index: usize, ctx: &mut Ctx<'_>) {
        self.choose(index, ctx);
    }

    fn scroll(&mut self, _list: ListId, rows: isize, _ctx: &mut Ctx<'_>) {
        self.cursor.scroll(rows, self.choices.len());
    }

    fn draw(&self, scene: &mut Scene<'_>, area: Rect) {
        let title = self.choices.iter().map(|choice| width(&choice.title)).max().unwrap_or(0);
        let detail = self.choices.iter().map(|choice| width(&choice.detail)).max().unwrap_or(0);
        let most = usize::from(area.width.saturating_sub(4));
        // Where a detail would be cut, that of the selected entry is below the list instead.
        let is_cut = title + detail + 14 > most;
        let chosen = self.choices.get(self.cursor.at).filter(|_| is_cut).map_or("", |choice| choice.detail.as_str());
        let columns = if is_cut { (title + 14).max(most) } else { title + detail + 14 };
        let columns = u16::try_from(columns).unwrap_or(u16::MAX).min(area.width.saturating_sub(4));
        let inside = usize::from(columns.saturating_sub(4));
        let lines = |choice: &MenuEntry<T>| wrap(&choice.detail, inside).len();
        let foot = if is_cut { self.choices.iter().map(lines).max().unwrap_or(0) + 1 } else { 0 };
        let foot = u16::try_from(foot).unwrap_or(u16::MAX);
        let height = u16::try_from(self.choices.len() + 2).unwrap_or(u16::MAX).saturating_add(foot).min(area.height);
        let inner = scene.overlay(centred(area, columns, height), self.title, "");
        let theme = scene.paint.theme;
        if is_cut {
            scene.paint.paragraph(padded(bottom(inner, foot.saturating_sub(1))), chosen, theme.muted);
        }
        let inner = above(inner, foot);
        let title = u16::try_from(title).unwrap_or(u16::MAX);
        let columns = [
            TableColumn::new("", Size::Fixed(1)),
            if is_cut { TableColumn::new("", Size::Flex(8)) } else { TableColumn::new("", Size::Fixed(title)) },
            TableColumn::new("", Size::Flex(0)).rank(1),
        ];
        let columns = &columns[..if is_cut { 2 } else { 3 }];
        let table = TableView {
            list: ListId::Menu,
            columns,
            len: self.choices.len(),
            selected: Some(self.cursor.at),
            focused: true,
            headers: false,
            sorted: None,
        };
        table.draw(&mut scene.paint, scene.lists, inner, |index| {
            let choice = &self.choices[index];
            TableRow::cells(vec![
                Cell::text(choice.letter.to_string(), theme.key),
                Cell::text(choice.title.clone(), theme.text),
                Cell::text(choice.detail.clone(), theme.muted),
            ])
        });
    }
}
