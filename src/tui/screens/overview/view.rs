//! Draws the overview.

use ratatui::layout::Rect;

use super::{Overview, Part, news::NewsItem, worth};
use crate::{
    domain::Money,
    tui::{
        component::{empty, hit::ListId, scene::Scene},
        widget::{
            amount,
            paint::{below, padded, shrink_left, top},
            table::{Cell, Size, TableColumn, TableRow, TableView},
            text::width,
        },
    },
};

pub(super) fn draw(overview: &Overview, scene: &mut Scene<'_>, area: Rect) {
    if scene.snapshot.is_empty() {
        let inner = scene.paint.frame(area, "Overview", "", true);
        empty::no_data(scene, inner);
        return;
    }
    // A table of months takes the whole of a narrow screen.
    let is_flow = overview.flow.shown && overview.focus == Part::History;
    if overview.large || is_flow && !scene.wide {
        match overview.focus {
            Part::Worth => worth::draw(overview, scene, area),
            Part::Attention => attention(overview, scene, area),
            Part::News => latest(overview, scene, area),
            Part::History => chart(overview, scene, area),
        }
        return;
    }
    let wanted = worth::height(overview, scene);
    if scene.wide {
        // The lists get the lines they need, up to half of the screen; the chart gets the rest.
        let beside = split(overview, area.width);
        let lines = |count: usize| u16::try_from(count).unwrap_or(u16::MAX).saturating_add(2);
        let (matters, items) = (lines(overview.matters.len()), lines(overview.items.len()));
        let most = if beside.is_some() { matters.max(items) } else { matters.saturating_add(items) };
        let lists = most.clamp(4, (area.height / 2).max(4));
        let height = area.height.saturating_sub(lists).max(wanted.min(area.height / 2)).max(10);
        let upper = top(area, height);
        let left = Rect { width: (area.width * 2 / 5).min(60), ..upper };
        worth::draw(overview, scene, left);
        chart(overview, scene, shrink_left(upper, left.width));
        let lower = below(area, height);
        if overview.matters.is_empty() {
            latest(overview, scene, lower);
        } else if let Some(columns) = beside.or((lower.height < 10).then_some(lower.width / 2)) {
            attention(overview, scene, Rect { width: columns, ..lower });
            latest(overview, scene, shrink_left(lower, columns));
        } else {
            let matters = matters.clamp(3, lower.height / 2);
            attention(overview, scene, top(lower, matters));
            latest(overview, scene, below(lower, matters));
        }
        return;
    }
    let height = wanted.min(area.height * 2 / 5);
    worth::draw(overview, scene, top(area, height));
    let rest = below(area, height);
    let chart_height = if rest.height >= 16 { rest.height / 3 } else { 3 };
    chart(overview, scene, top(rest, chart_height));
    let rest = below(rest, chart_height);
    let matters = match u16::try_from(overview.matters.len()).unwrap_or(u16::MAX) {
        0 => 0,
        matters => matters.saturating_add(2).clamp(3, (rest.height / 2).max(3)),
    };
    if matters > 0 {
        attention(overview, scene, top(rest, matters));
    }
    latest(overview, scene, below(rest, matters));
}

/// The columns of the pane of matters where it and the news fit side by side without a cut; else one is above the other.
fn split(overview: &Overview, columns: u16) -> Option<u16> {
    const FRAME: usize = 6;
    let money = |money: Option<Money>| money.map_or(0, |money| width(&amount::difference(money, false)) + 2);
    let matters = overview.matters.iter().map(|matter| width(&matter.text) + money(matter.money) + 3);
    let matters = matters.max().unwrap_or(0) + FRAME;
    let widest = |of: fn(&NewsItem) -> usize| overview.items.iter().map(of).max().unwrap_or(0);
    let last = widest(|item| width(&item.summary)).max(overview.items.iter().map(|item| money(item.money)).max()?);
    // Flexible columns grow in steps.
    let news = widest(|item| width(&item.when)) + widest(|item| width(&item.text)) + last + 10 + FRAME;
    let spare = usize::from(columns).checked_sub(matters + news)?;
    u16::try_from(matters + spare / 2).ok()
}

fn chart(overview: &Overview, scene: &mut Scene<'_>, area: Rect) {
    let focused = scene.top && overview.focus == Part::History;
    match overview.worth(scene.snapshot) {
        Some(worth) if overview.flow.shown => overview.flow.draw(worth.currency, scene, area, focused),
        Some(worth) => overview.history.draw(worth, scene, area, focused),
        None => {
            scene.paint.frame(area, "History", "", focused);
        }
    }
}

fn attention(overview: &Overview, scene: &mut Scene<'_>, area: Rect) {
    let focused = scene.top && overview.focus == Part::Attention;
    let count = overview.matters.len().to_string();
    let inner = scene.paint.frame(area, "Needs attention", &count, focused);
    let theme = scene.paint.theme;
    let columns = [
        TableColumn::new("", Size::Fixed(1)),
        TableColumn::new("", Size::Flex(10)),
        TableColumn::new("", Size::Fit(0, 24)).right(),
    ];
    let table = TableView {
        list: ListId::Attention,
        columns: &columns,
        len: overview.matters.len(),
        selected: Some(overview.attention.at),
        focused,
        headers: false,
        sorted: None,
    };
    let masked = scene.paint.masked;
    table.draw(&mut scene.paint, scene.lists, inner, |index| {
        let matter = &overview.matters[index];
        let style = if matter.pressing { theme.error } else { theme.warning };
        TableRow::cells(vec![
            Cell::text(if matter.pressing { "!" } else { "·" }, style),
            Cell::text(matter.text.clone(), theme.text),
            matter.money.map_or(Cell::Empty, |money| Cell::text(amount::difference(money, masked), theme.warning)),
        ])
    });
}

fn latest(overview: &Overview, scene: &mut Scene<'_>, area: Rect) {
    let focused = scene.top && overview.focus == Part::News;
    let (title, right) = match overview.visit {
        Some(visit) => ("Changed since your last visit", scene.moment.ago(visit)),
        None => ("What changed", scene.snapshot.newest().map(|at| scene.moment.ago(at)).unwrap_or_default()),
    };
    let inner = scene.paint.frame(area, title, &right, focused);
    let theme = scene.paint.theme;
    if overview.items.is_empty() {
        let text =
            if overview.matters.is_empty() { "Nothing new, and nothing needs attention." } else { "Nothing new." };
        scene.paint.text(padded(inner), text, theme.muted);
        return;
    }
    let columns = [
        TableColumn::new("", Size::Fit(8, 14)),
        TableColumn::new("", Size::Flex(12)),
        TableColumn::new("", Size::Flex(8)),
    ];
    let table = TableView {
        list: ListId::Latest,
        columns: &columns,
        len: overview.items.len(),
        selected: Some(overview.news.at),
        focused,
        headers: false,
        sorted: None,
    };
    let masked = scene.paint.masked;
    table.draw(&mut scene.paint, scene.lists, inner, |index| {
        let item = &overview.items[index];
        let last = match item.money {
            Some(change) => Cell::text(amount::difference(change, masked), theme.amount(change.amount)),
            None => Cell::text(item.summary.clone(), theme.muted),
        };
        TableRow::cells(vec![
            Cell::text(item.when.clone(), theme.muted),
            Cell::text(item.text.clone(), theme.text),
            last,
        ])
    });
}
