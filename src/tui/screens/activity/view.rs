//! Draws the journal.

use ratatui::layout::Rect;

use super::{Activity, log};
use crate::{
    domain::{Change, ChangeKind},
    tui::{
        component::{detail::DetailLine, empty, hit::ListId, scene::Scene},
        overlay::summary,
        widget::{
            amount::plain,
            paint::{below, top},
            table::{Cell, Size, TableColumn, TableRow, TableView},
        },
    },
};

pub(super) const EXPLANATION: &str = "# The journal\nEvery import, sync and edit is one change. It is written completely or not \
    at all, and it is kept.\n\n# Undo\nu undoes a change, also an older one: its rows are removed, amended rows \
    get their former values, and later changes stay. Your edits are kept. U redoes it.\n\n# Comparing\n\
    d shows what a change added, removed and amended. Space marks a change; with two marks d compares their states.\n\n# Files\n\
    The raw file of each import is kept in the store, so that every row can be traced to its line.";

pub(super) fn draw(activity: &Activity, scene: &mut Scene<'_>, area: Rect) {
    let areas = activity.list.detail.areas(scene.wide, area);
    if let Some(area) = areas.list {
        list(activity, scene, area);
    }
    if let Some(area) = areas.side {
        let mut lines =
            activity.selected_change(scene.snapshot).map(|change| details(change, scene)).unwrap_or_default();
        lines.extend(log::lines(&activity.log, scene));
        activity.list.detail.draw(scene, area, "Detail", &lines);
    }
}

fn list(activity: &Activity, scene: &mut Scene<'_>, area: Rect) {
    let snapshot = scene.snapshot;
    let shown = activity.shown(snapshot);
    let focused = scene.top && !activity.list.detail.focused;
    let count = if shown.len() == 1 { "1 change".to_owned() } else { format!("{} changes", plain(shown.len().into())) };
    let inner = scene.paint.frame(area, "Activity", &count, focused);
    if snapshot.changes.is_empty() {
        empty::no_data(scene, inner);
        return;
    }
    let mut body = inner;
    if activity.list.filter.is_active() {
        activity.list.filter.draw(scene, top(inner, 1), &format!("{} of {}", shown.len(), snapshot.changes.len()));
        body = below(body, 1);
    }
    if shown.is_empty() {
        empty::no_match(scene, body);
        return;
    }
    let columns = [
        TableColumn::new("When", Size::Fit(9, 16)),
        TableColumn::new("What", Size::Fixed(6)),
        TableColumn::new("Source", Size::Flex(20)),
        TableColumn::new("Added", Size::Fit(5, 11)).right(),
        TableColumn::new("Amended", Size::Fit(5, 9)).right().rank(2),
        TableColumn::new("Already there", Size::Fit(5, 13)).right().rank(3),
        TableColumn::new("", Size::Fit(0, 12)).rank(1),
    ];
    let theme = scene.paint.theme;
    let moment = scene.moment;
    let table = TableView {
        list: ListId::Activity,
        columns: &columns,
        len: shown.len(),
        selected: (!shown.is_empty()).then_some(activity.list.cursor.at),
        focused,
        headers: true,
        sorted: None,
    };
    table.draw(&mut scene.paint, scene.lists, body, |index| {
        let change = shown[index];
        let number = |count: u64, style| {
            if count == 0 { Cell::text("·", theme.muted) } else { Cell::text(plain(count.into()), style) }
        };
        let (note, style) = match (change.undone, change.warnings.len()) {
            (true, _) => ("undone".to_owned(), theme.warning),
            (false, 0) => (String::new(), theme.muted),
            (false, 1) => ("! 1 warning".to_owned(), theme.warning),
            (false, count) => (format!("! {count} warnings"), theme.warning),
        };
        TableRow::Cells {
            cells: vec![
                Cell::text(moment.ago(change.at), theme.muted),
                Cell::text(change.kind.as_str(), theme.text),
                Cell::text(change.source.clone(), theme.text),
                number(change.counts.transactions_imported, theme.good),
                number(change.counts.transactions_updated, theme.warning),
                number(change.counts.transactions_skipped, theme.muted),
                Cell::text(note, style),
            ],
            marked: activity.marks.contains(&change.id),
            style: change.undone.then_some(theme.struck),
        }
    });
}

fn details(change: &Change, scene: &Scene<'_>) -> Vec<DetailLine> {
    let theme = scene.paint.theme;
    let mut lines = vec![
        DetailLine::Heading(change.source.clone()),
        DetailLine::Text(format!("{} · {}", change.kind, scene.moment.stamp(change.at)), theme.text),
        DetailLine::Text(summary(change), theme.text),
        DetailLine::Blank,
    ];
    if change.undone {
        lines.push(DetailLine::Text("undone; U redoes it".to_owned(), theme.warning));
        lines.push(DetailLine::Blank);
    } else if change.can_undo() {
        lines.push(DetailLine::Text("Enter shows its rows; u undoes it".to_owned(), theme.muted));
        lines.push(DetailLine::Blank);
    }
    if let Some(about) = change.about.and_then(|about| scene.snapshot.change(about)) {
        lines.push(DetailLine::pair("about", format!("{} of {}", about.kind, about.source)));
    }
    let connection = change.connection_id.and_then(|id| scene.snapshot.connection(id));
    lines.push(DetailLine::pair(
        "connection",
        connection.map(|connection| connection.display_name().to_owned()).unwrap_or_default(),
    ));
    lines.push(DetailLine::pair("change", change.id.to_string()));
    if !change.accounts.is_empty() && !matches!(change.kind, ChangeKind::Undo | ChangeKind::Redo) {
        lines.push(DetailLine::Blank);
        lines.push(DetailLine::Heading("Accounts".to_owned()));
        lines.extend(
            change.accounts.iter().map(|account| DetailLine::Text(scene.snapshot.account_label(*account), theme.text)),
        );
    }
    if !change.reading.is_empty() {
        lines.push(DetailLine::Blank);
        lines.push(DetailLine::Heading("Reading".to_owned()));
        for line in change.reading.iter().take(40) {
            let style = if line.starts_with("- ") { theme.warning } else { theme.text };
            lines.push(DetailLine::Text(line.clone(), style));
        }
    }
    if !change.warnings.is_empty() {
        lines.push(DetailLine::Blank);
        lines.push(DetailLine::Heading(format!("Warnings · {}", change.warnings.len())));
        for warning in change.warnings.iter().take(50) {
            let place = if warning.line > 0 { format!("line {}: ", warning.line) } else { String::new() };
            lines.push(DetailLine::Text(format!("{place}{}", warning.message), theme.warning));
        }
    }
    lines
}
