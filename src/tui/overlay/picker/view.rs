//! Draws the picker.

use ratatui::layout::Rect;

use super::{Item, Picker};
use crate::{
    statements::extensions,
    tui::{
        component::{hit::ListId, scene::Scene},
        widget::{
            paint::{above, below, bottom, centred, padded, shrink_left, top},
            table::{Cell, Size, TableColumn, TableRow, TableView},
        },
    },
};

pub(super) fn draw(picker: &Picker, scene: &mut Scene<'_>, area: Rect) {
    let place = centred(area, area.width.min(100), area.height);
    let marked = match picker.marks.len() {
        0 => String::new(),
        1 => "1 marked: Enter imports it".to_owned(),
        count => format!("{count} marked: Enter imports them"),
    };
    let inner = scene.overlay(place, "Import statement files", &marked);
    let theme = scene.paint.theme;
    let line = padded(top(inner, 1));
    let label = if picker.in_list { theme.muted } else { theme.key };
    let used = scene.paint.text(line, "Path ", label);
    picker.field.draw(&mut scene.paint, shrink_left(line, used), !picker.in_list && scene.top, &[]);
    let body = above(below(inner, 2), 1);
    let items = picker.items();
    let foot = padded(bottom(inner, 1));
    let shown = if picker.all {
        "all files".to_owned()
    } else {
        format!("statement files only: .{} …", extensions().take(6).collect::<Vec<_>>().join(" ."))
    };
    let hidden = if picker.hidden { " · hidden ones too" } else { "" };
    let about = match picker.unmarked() {
        _ if picker.marks.is_empty() => format!("{shown}{hidden}"),
        (1, 1) => "1 other file is not a statement: left unmarked".to_owned(),
        // Statements are left unmarked one by one, on purpose.
        (all, others) if all == others && all > 0 => format!("{all} other files are not statements: left unmarked"),
        _ => format!("{shown}{hidden}"),
    };
    scene.paint.text(foot, &about, theme.muted);
    if let Some(error) = &picker.error {
        scene.paint.paragraph(padded(body), error, theme.error);
        return;
    }
    let columns = [
        TableColumn::new("Name", Size::Flex(20)),
        TableColumn::new("Size", Size::Fit(6, 10)).right().rank(2),
        TableColumn::new("Changed", Size::Fit(10, 16)).right().rank(1),
    ];
    let table = TableView {
        list: ListId::Picker,
        columns: &columns,
        len: items.len(),
        selected: (!items.is_empty()).then_some(picker.cursor.at),
        focused: picker.in_list && scene.top,
        headers: true,
        sorted: None,
    };
    let moment = scene.moment;
    table.draw(&mut scene.paint, scene.lists, body, |index| match &items[index] {
        Item::Parent => TableRow::cells(vec![Cell::text("../", theme.muted)]),
        Item::Recent(recent) => TableRow::cells(vec![
            Cell::text(format!("↺ {}", picker.recent[*recent].1), theme.muted),
            Cell::Empty,
            Cell::text("used before", theme.muted),
        ]),
        Item::Entry(entry) => {
            let entry = &picker.entries[*entry];
            let (name, style) = if entry.is_folder {
                (format!("{}/", entry.name), theme.heading)
            } else if entry.is_statement {
                (entry.name.clone(), theme.text)
            } else {
                (entry.name.clone(), theme.muted)
            };
            TableRow::Cells {
                cells: vec![
                    Cell::text(name, style),
                    if entry.is_folder { Cell::Empty } else { Cell::text(size(entry.size), theme.muted) },
                    entry
                        .modified
                        .filter(|_| !entry.is_folder)
                        .map_or(Cell::Empty, |at| Cell::text(moment.ago(at), theme.muted)),
                ],
                marked: picker.is_marked(index, entry),
                style: None,
            }
        }
    });
    let files = items.iter().any(|item| matches!(item, Item::Entry(index) if !picker.entries[*index].is_folder));
    if !files && picker.reading.is_none() && picker.partial().is_empty() {
        let used = u16::try_from(items.len()).unwrap_or(u16::MAX).saturating_add(2);
        let text = "No statement files here. Type another path, or download one from your bank: \
                    choose OFX or QFX, else CSV.";
        scene.paint.paragraph(padded(below(body, used)), text, theme.muted);
    }
}

/// `812 B`, `14 kB`, `2.1 MB`.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", bytes / 1_000),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10),
    }
}
