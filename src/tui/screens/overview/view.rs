//! Draws the overview.

use chrono::Duration;
use ratatui::layout::Rect;
use rust_decimal::Decimal;

use super::{Overview, Part};
use crate::{
    domain::{AccountCategory, Money, figures::rounded},
    tui::{
        component::{empty, hit::ListId, scene::Scene},
        snapshot::Worth,
        widget::{
            amount::{self, HIDDEN},
            chart::bar,
            paint::{below, padded, rows, shrink_left, shrink_right, top},
            table::{Cell, Size, TableColumn, TableRow, TableView},
            text::width,
        },
    },
};

/// Columns of the name and of the figure of a sum.
const NAME: u16 = 18;
const FIGURE: u16 = 15;

pub(super) fn draw(overview: &Overview, scene: &mut Scene<'_>, area: Rect) {
    if scene.snapshot.is_empty() {
        let inner = scene.paint.frame(area, "Overview", "", true);
        empty::no_data(scene, inner);
        return;
    }
    if overview.large {
        match overview.focus {
            Part::Attention => attention(overview, scene, area),
            Part::News => latest(overview, scene, area),
            Part::History => chart(overview, scene, area),
        }
        return;
    }
    let lines: usize = scene.snapshot.worth.iter().map(|worth| sums(overview, worth).len() + 1).sum();
    let wanted = u16::try_from(lines).unwrap_or(u16::MAX).saturating_add(2);
    if scene.wide {
        // The lists get the lines they need, up to half of the screen; the chart gets the rest.
        let most = overview.items.len().max(overview.matters.len());
        let lists = u16::try_from(most).unwrap_or(u16::MAX).saturating_add(2).clamp(4, (area.height / 2).max(4));
        let height = area.height.saturating_sub(lists).max(wanted.min(area.height / 2)).max(10);
        let upper = top(area, height);
        let left = Rect { width: (area.width * 2 / 5).min(60), ..upper };
        worth(overview, scene, left);
        chart(overview, scene, shrink_left(upper, left.width));
        let lower = below(area, height);
        if overview.matters.is_empty() {
            latest(overview, scene, lower);
        } else {
            let half = Rect { width: lower.width / 2, ..lower };
            attention(overview, scene, half);
            latest(overview, scene, shrink_left(lower, half.width));
        }
        return;
    }
    let height = wanted.min(area.height / 3);
    worth(overview, scene, top(area, height));
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

/// The parts of a net worth: by class, or by institution.
fn sums(overview: &Overview, worth: &Worth) -> Vec<(String, Decimal, usize)> {
    if overview.by_institution {
        return worth.institutions.clone();
    }
    worth.classes.iter().map(|(class, sum, count)| (class_name(*class).to_owned(), *sum, *count)).collect()
}

const fn class_name(class: AccountCategory) -> &'static str {
    match class {
        AccountCategory::Banking => "Banking",
        AccountCategory::Credit => "Cards and loans",
        AccountCategory::Investment => "Investments",
        AccountCategory::Other => "Other",
    }
}

fn worth(overview: &Overview, scene: &mut Scene<'_>, area: Rect) {
    let right = if scene.snapshot.worth.len() > 1 { "h l" } else { "" };
    let inner = padded(scene.paint.frame(area, "Net worth", right, false));
    let theme = scene.paint.theme;
    let shown = overview.worth(scene.snapshot).map(|worth| worth.currency);
    let height = |worth: &Worth| sums(overview, worth).len() + 1;
    let all: usize = scene.snapshot.worth.iter().map(height).sum();
    let before: usize = scene.snapshot.worth.iter().take_while(|worth| shown != Some(worth.currency)).map(height).sum();
    // The chosen currency is always visible: lines before it are dropped if necessary.
    let hidden = before.min(all.saturating_sub(inner.height.into()));
    let mut lines = std::iter::repeat_n(Rect::ZERO, hidden).chain(rows(inner));
    for worth in &scene.snapshot.worth {
        let Some(line) = lines.next() else { return };
        let mark = if scene.snapshot.worth.len() > 1 && shown == Some(worth.currency) { "▸ " } else { "" };
        let total = if worth.is_too_large {
            format!("more than 28 digits of {}", worth.currency)
        } else {
            amount::money(Money::new(worth.total, worth.currency), scene.paint.masked)
        };
        let month = scene.moment.today - Duration::days(30);
        let before = worth.on(month).map(|total| (total, "in 30 days".to_owned()));
        let first = || worth.series.first().filter(|first| first.0 > month && first.0 < scene.moment.today);
        let before = before.or_else(|| first().map(|first| (first.1, format!("since {}", first.0))));
        let before = before.filter(|_| !worth.is_too_large);
        let change = before.as_ref().map(|before| Money::new(worth.total.saturating_sub(before.0), worth.currency));
        let text = change
            .zip(before)
            .map(|(change, (_, since))| format!("{} {since}", amount::difference(change, scene.paint.masked)))
            .unwrap_or_default();
        let style = change.map_or(theme.muted, |change| theme.amount(change.amount));
        let used = scene.paint.pieces(line, &[(mark, theme.key), (&total, theme.heading)]);
        let room = shrink_left(line, used + 2);
        if usize::from(room.width) >= width(&text) {
            scene.paint.right(room, &text, style);
        }
        let sums = sums(overview, worth);
        let largest = sums.iter().map(|(_, sum, _)| sum.abs()).max().unwrap_or_default();
        for (name, sum, count) in &sums {
            let Some(line) = lines.next() else { return };
            sum_line(name, *sum, *count, largest, worth, scene, line);
        }
    }
}

fn sum_line(
    name: &str,
    sum: Decimal,
    count: usize,
    largest: Decimal,
    worth: &Worth,
    scene: &mut Scene<'_>,
    line: Rect,
) {
    let theme = scene.paint.theme;
    scene.paint.text(Rect { width: line.width.min(NAME), ..line }, &format!("  {name}"), theme.text);
    let shown = if scene.paint.masked { HIDDEN.to_owned() } else { rounded(sum, worth.currency) };
    let figures = Rect { width: FIGURE, ..shrink_left(line, NAME) };
    scene.paint.right(figures.intersection(line), &shown, theme.amount(sum));
    let count = format!("{count:>3}");
    let rest = shrink_left(line, NAME + FIGURE + 1);
    let bars = shrink_right(rest, 4);
    if bars.width >= 4 && !scene.paint.masked {
        let style = if sum.is_sign_negative() { theme.loss } else { theme.chart };
        scene.paint.text(bars, &bar(sum, largest, usize::from(bars.width)), style);
    }
    scene.paint.right(rest, &count, theme.muted);
}

fn chart(overview: &Overview, scene: &mut Scene<'_>, area: Rect) {
    let focused = scene.top && overview.focus == Part::History;
    match overview.worth(scene.snapshot) {
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
    table.draw(&mut scene.paint, scene.offsets, inner, |index| {
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
        TableColumn::new("", Size::Fit(8, 34)).rank(1),
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
    table.draw(&mut scene.paint, scene.offsets, inner, |index| {
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
