//! The menu of a list's columns: each is shown or hidden at once, below the menu.

use ratatui::layout::Rect;

use crate::tui::{
    action::{Action, KeyPlace},
    component::{
        columns::ColumnList,
        hit::ListId,
        pane::{Ask, Ctx, Pane},
        scene::Scene,
    },
    widget::{
        cursor::SelectedRow,
        paint::centred,
        table::{Cell, Size, TableColumn, TableRow, TableView},
    },
};

/// One column.
#[derive(Debug, Clone, Copy)]
struct ColumnEntry {
    name: &'static str,
    shown: bool,
    /// Whether it is shown without a choice where there is room.
    usual: bool,
}

/// The menu.
#[derive(Debug)]
pub(crate) struct ColumnMenu {
    list: ColumnList,
    entries: Vec<ColumnEntry>,
    cursor: SelectedRow,
}

impl ColumnMenu {
    /// Entries: name, whether it is shown, whether it is shown without a choice.
    pub(crate) fn new(list: ColumnList, entries: Vec<(&'static str, bool, bool)>) -> Self {
        let entries = entries.into_iter().map(|(name, shown, usual)| ColumnEntry { name, shown, usual }).collect();
        Self { list, entries, cursor: SelectedRow::default() }
    }

    fn toggle(&mut self, ctx: &mut Ctx<'_>) {
        let Some(entry) = self.entries.get_mut(self.cursor.at) else { return };
        entry.shown = !entry.shown;
        let names = self.entries.iter().filter(|entry| entry.shown).map(|entry| entry.name).collect();
        ctx.asks.push(Ask::Columns(self.list, Some(names)));
    }

    fn reset(&mut self, ctx: &mut Ctx<'_>) {
        for entry in &mut self.entries {
            entry.shown = entry.usual;
        }
        ctx.asks.push(Ask::Columns(self.list, None));
    }
}

impl Pane for ColumnMenu {
    fn place(&self) -> KeyPlace {
        KeyPlace::Columns
    }

    fn act(&mut self, action: Action, ctx: &mut Ctx<'_>) {
        if self.cursor.act(action, self.entries.len(), ctx.page) {
            return;
        }
        match action {
            Action::Mark => self.toggle(ctx),
            Action::MarkAll => self.reset(ctx),
            _ => {}
        }
    }

    fn click(&mut self, _list: ListId, index: usize, ctx: &mut Ctx<'_>) {
        self.cursor.at = index;
        self.cursor.clamp(self.entries.len());
        self.toggle(ctx);
    }

    fn scroll(&mut self, _list: ListId, rows: isize, _ctx: &mut Ctx<'_>) {
        self.cursor.scroll(rows, self.entries.len());
    }

    fn draw(&self, scene: &mut Scene<'_>, area: Rect) {
        let height = u16::try_from(self.entries.len() + 2).unwrap_or(u16::MAX).min(area.height);
        let inner = scene.overlay(centred(area, 36, height), self.list.title(), "");
        let columns = [TableColumn::new("", Size::Fixed(3)), TableColumn::new("", Size::Flex(10))];
        let table = TableView {
            list: ListId::Menu,
            columns: &columns,
            len: self.entries.len(),
            selected: Some(self.cursor.at),
            focused: true,
            headers: false,
            sorted: None,
        };
        let theme = scene.paint.theme;
        table.draw(&mut scene.paint, scene.lists, inner, |index| {
            let entry = self.entries[index];
            let (mark, style) = if entry.shown { ("[x]", theme.good) } else { ("[ ]", theme.muted) };
            TableRow::cells(vec![
                Cell::text(mark, style),
                Cell::text(entry.name, if entry.shown { theme.text } else { theme.muted }),
            ])
        });
    }
}
