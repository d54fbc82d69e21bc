//! Draws the overview.

use chrono::Duration;
use ratatui::layout::Rect;
use rust_decimal::Decimal;

use super::{LATEST, Overview};
use crate::{
    domain::{AccountCategory, Money, text::rounded},
    tui::{
        component::{empty, hit::ListId, scene::Scene},
        overlay::summary,
        snapshot::Worth,
        widget::{
            amount::{self, HIDDEN},
            chart::{bar, history},
            paint::{below, padded, rows, shrink_left, shrink_right, top},
            table::{Cell, Column, Row, Size, Table},
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
    let classes: usize = scene.snapshot.worth.iter().map(|worth| worth.classes.len() + 1).sum();
    let wanted = u16::try_from(classes).unwrap_or(u16::MAX).saturating_add(2);
    if scene.wide {
        let height = wanted.clamp(10, (area.height / 2).max(10));
        let upper = top(area, height);
        let left = Rect { width: (area.width * 2 / 5).min(60), ..upper };
        worth(overview, scene, left);
        chart(overview, scene, shrink_left(upper, left.width));
        let lower = below(area, height);
        let half = Rect { width: lower.width / 2, ..lower };
        attention(overview, scene, half);
        latest(overview, scene, shrink_left(lower, half.width));
        return;
    }
    let height = wanted.min(area.height / 3);
    worth(overview, scene, top(area, height));
    let rest = below(area, height);
    let chart_height = if rest.height >= 16 { rest.height / 3 } else { 0 };
    if chart_height > 0 {
        chart(overview, scene, top(rest, chart_height));
    }
    let rest = below(rest, chart_height);
    let matters =
        u16::try_from(overview.matters.len()).unwrap_or(u16::MAX).saturating_add(2).clamp(3, (rest.height / 2).max(3));
    attention(overview, scene, top(rest, matters));
    latest(overview, scene, below(rest, matters));
}

fn worth(overview: &Overview, scene: &mut Scene<'_>, area: Rect) {
    let right = if scene.snapshot.worth.len() > 1 { "h l" } else { "" };
    let inner = padded(scene.paint.frame(area, "Net worth", right, false));
    let theme = scene.paint.theme;
    let shown = overview.worth(scene.snapshot).map(|worth| worth.currency);
    let height = |worth: &Worth| worth.classes.len() + 1;
    let all: usize = scene.snapshot.worth.iter().map(height).sum();
    let before: usize = scene.snapshot.worth.iter().take_while(|worth| shown != Some(worth.currency)).map(height).sum();
    // The chosen currency is in sight; lines before it give way where room is short.
    let hidden = before.min(all.saturating_sub(inner.height.into()));
    let mut lines = std::iter::repeat_n(Rect::ZERO, hidden).chain(rows(inner));
    for worth in &scene.snapshot.worth {
        let Some(line) = lines.next() else { return };
        let mark = if scene.snapshot.worth.len() > 1 && shown == Some(worth.currency) { "▸ " } else { "" };
        let total = amount::money(Money::new(worth.total, worth.currency), scene.paint.masked);
        let month = scene.moment.today - Duration::days(30);
        let before = worth.on(month).map(|total| (total, "in 30 days".to_owned()));
        let first = || worth.series.first().filter(|first| first.0 > month && first.0 < scene.moment.today);
        let before = before.or_else(|| first().map(|first| (first.1, format!("since {}", first.0))));
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
        let largest = worth.classes.iter().map(|(_, sum, _)| sum.abs()).max().unwrap_or_default();
        for (class, sum, count) in &worth.classes {
            let Some(line) = lines.next() else { return };
            class_line(*class, *sum, *count, largest, worth, scene, line);
        }
    }
}

fn class_line(
    class: AccountCategory,
    sum: Decimal,
    count: usize,
    largest: Decimal,
    worth: &Worth,
    scene: &mut Scene<'_>,
    line: Rect,
) {
    let theme = scene.paint.theme;
    let name = match class {
        AccountCategory::Banking => "banking",
        AccountCategory::Credit => "owed",
        AccountCategory::Investment => "investment",
        AccountCategory::Other => "other",
    };
    scene.paint.text(Rect { width: line.width.min(13), ..line }, &format!("  {name}"), theme.text);
    let shown = if scene.paint.masked { HIDDEN.to_owned() } else { rounded(sum, worth.currency) };
    let figures = Rect { width: 16, ..shrink_left(line, 12) };
    scene.paint.right(figures.intersection(line), &shown, theme.amount(sum));
    let count = format!("{count:>3}");
    let rest = shrink_left(line, 29);
    let bars = shrink_right(rest, 4);
    if bars.width >= 4 && !scene.paint.masked {
        let style = if sum.is_sign_negative() { theme.loss } else { theme.chart };
        scene.paint.text(bars, &bar(sum, largest, usize::from(bars.width)), style);
    }
    scene.paint.right(rest, &count, theme.muted);
}

fn chart(overview: &Overview, scene: &mut Scene<'_>, area: Rect) {
    let Some(worth) = overview.worth(scene.snapshot) else {
        scene.paint.frame(area, "History", "", false);
        return;
    };
    let inner = padded(scene.paint.frame(area, &format!("History · {}", worth.currency), "", false));
    let theme = scene.paint.theme;
    if worth.series.len() < 2 {
        scene.paint.paragraph(
            inner,
            "Balances are known for one day only: the next statement or sync adds to the line.",
            theme.muted,
        );
        return;
    }
    let (masked, currency) = (scene.paint.masked, worth.currency);
    history(
        &mut scene.paint,
        inner,
        &worth.series,
        |value| if masked { HIDDEN.to_owned() } else { short(value, currency) },
    );
}

/// Rounded to what a label can hold: `128k`, `1.2M`, else the amount.
fn short(value: Decimal, currency: crate::domain::AssetCode) -> String {
    let scaled = |by: u32, sign: &str| format!("{}{sign}", (value / Decimal::from(by)).round_dp(1).normalize());
    let size = value.abs();
    if size >= Decimal::from(1_000_000) {
        scaled(1_000_000, "M")
    } else if size >= Decimal::from(10_000) {
        scaled(1_000, "k")
    } else {
        rounded(value, currency)
    }
}

fn attention(overview: &Overview, scene: &mut Scene<'_>, area: Rect) {
    let focused = scene.top && !overview.in_latest;
    let count = if overview.matters.is_empty() { String::new() } else { overview.matters.len().to_string() };
    let inner = scene.paint.frame(area, "Needs attention", &count, focused);
    let theme = scene.paint.theme;
    if overview.matters.is_empty() {
        scene.paint.pieces(padded(inner), &[("✓ ", theme.good), ("Nothing needs attention.", theme.muted)]);
        return;
    }
    let columns = [Column::new("", Size::Fixed(1)), Column::new("", Size::Flex(10))];
    let table = Table {
        list: ListId::Attention,
        columns: &columns,
        len: overview.matters.len(),
        selected: Some(overview.attention.at),
        focused,
        headers: false,
        sorted: None,
    };
    table.draw(&mut scene.paint, scene.offsets, inner, |index| {
        let matter = &overview.matters[index];
        let style = if matter.pressing { theme.error } else { theme.warning };
        Row::cells(vec![
            Cell::text(if matter.pressing { "!" } else { "·" }, style),
            Cell::text(matter.text.clone(), theme.text),
        ])
    });
}

fn latest(overview: &Overview, scene: &mut Scene<'_>, area: Rect) {
    let focused = scene.top && overview.in_latest;
    let age = scene.snapshot.newest().map(|at| scene.moment.ago(at)).unwrap_or_default();
    let inner = scene.paint.frame(area, "What changed last", &age, focused);
    let theme = scene.paint.theme;
    let moment = scene.moment;
    let changes = &scene.snapshot.changes;
    let columns =
        [Column::new("", Size::Fit(8, 14)), Column::new("", Size::Flex(12)), Column::new("", Size::Fit(8, 34)).rank(1)];
    let table = Table {
        list: ListId::Latest,
        columns: &columns,
        len: changes.len().min(LATEST),
        selected: (!changes.is_empty()).then_some(overview.latest.at),
        focused,
        headers: false,
        sorted: None,
    };
    table.draw(&mut scene.paint, scene.offsets, inner, |index| {
        let change = &changes[index];
        let what = if change.undone { "undone".to_owned() } else { summary(change) };
        Row::Cells {
            cells: vec![
                Cell::text(moment.ago(change.at), theme.muted),
                Cell::text(format!("{} · {}", change.kind, change.source), theme.text),
                Cell::text(what, theme.muted),
            ],
            marked: false,
            style: change.undone.then_some(theme.struck),
        }
    });
}
