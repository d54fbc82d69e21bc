//! Draws net worth: a total for each currency, and its parts by class or by institution.

use chrono::{Duration, NaiveDate};
use ratatui::layout::Rect;
use rust_decimal::Decimal;

use super::{Overview, Part};
use crate::{
    domain::{AccountCategory, Money, figures::rounded},
    ledger::explain::Figure,
    tui::{
        component::scene::Scene,
        snapshot::{LedgerSnapshot, Worth},
        widget::{
            amount::{self, HIDDEN},
            chart::{Point, bar},
            paint::{padded, rows, shrink_left, shrink_right},
            text::width,
        },
    },
};

/// Columns of a figure, and the least ones of a name and of a bar.
const FIGURE: u16 = 15;
const NAME: usize = 18;
const BAR: u16 = 4;

/// A line below a total.
enum WorthLine {
    Heading(&'static str),
    /// Name, sum and number of accounts.
    Sum(String, Decimal, usize),
}

/// The lines below the total of a currency. With the whole screen there is room for both groupings.
fn lines_of(overview: &Overview, worth: &Worth) -> Vec<WorthLine> {
    let classes = worth.classes.iter().map(|(class, sum, count)| (class_name(*class).to_owned(), *sum, *count));
    let institutions = worth.institutions.iter().cloned();
    let sum = |(name, sum, count)| WorthLine::Sum(name, sum, count);
    if overview.is_large(Part::Worth) {
        let by_class = [WorthLine::Heading("By class")].into_iter().chain(classes.map(sum));
        let by_bank = [WorthLine::Heading("By institution")].into_iter().chain(institutions.map(sum));
        return by_class.chain(by_bank).collect();
    }
    if overview.by_institution { institutions.map(sum).collect() } else { classes.map(sum).collect() }
}

const fn class_name(class: AccountCategory) -> &'static str {
    match class {
        AccountCategory::Banking => "Banking",
        AccountCategory::Credit => "Cards and loans",
        AccountCategory::Investment => "Investments",
        AccountCategory::Other => "Other",
    }
}

/// Lines of the pane with its frame.
pub(super) fn height(overview: &Overview, scene: &Scene<'_>) -> u16 {
    let lines: usize = scene.snapshot.worth.iter().map(|worth| lines_of(overview, worth).len() + 1).sum();
    u16::try_from(lines).unwrap_or(u16::MAX).saturating_add(2)
}

pub(super) fn draw(overview: &Overview, scene: &mut Scene<'_>, area: Rect) {
    let focused = scene.top && overview.focus == Part::Worth;
    let right = if scene.snapshot.worth.len() > 1 { "h l currency" } else { "" };
    let title = match (overview.is_large(Part::Worth), overview.by_institution) {
        (true, _) => "Net worth",
        (false, true) => "Net worth · by institution",
        (false, false) => "Net worth · by class",
    };
    let inner = padded(scene.paint.frame(area, title, right, focused));
    let theme = scene.paint.theme;
    let several = scene.snapshot.worth.len() > 1;
    let shown = overview.worth(scene.snapshot).map(|worth| worth.currency);
    let parts: Vec<(&Worth, Vec<WorthLine>)> =
        scene.snapshot.worth.iter().map(|worth| (worth, lines_of(overview, worth))).collect();
    let height = |(_, lines): &(&Worth, Vec<WorthLine>)| lines.len() + 1;
    let all: usize = parts.iter().map(height).sum();
    let before: usize = parts.iter().take_while(|(worth, _)| shown != Some(worth.currency)).map(height).sum();
    // The chosen currency is always visible: lines before it are dropped if necessary.
    let hidden = before.min(all.saturating_sub(inner.height.into()));
    let mut places = std::iter::repeat_n(Rect::ZERO, hidden).chain(rows(inner));
    let longest = parts.iter().flat_map(|(_, lines)| lines).map(|line| match line {
        WorthLine::Sum(name, ..) => width(name) + 2,
        WorthLine::Heading(_) => 0,
    });
    let most = usize::from(inner.width.saturating_sub(FIGURE + 5 + BAR));
    let name = u16::try_from(longest.max().unwrap_or(0).max(NAME).min(most.max(NAME))).unwrap_or(0);
    for (worth, lines) in &parts {
        let Some(line) = places.next() else { return };
        let mark = if several && shown == Some(worth.currency) { "▸ " } else { "" };
        total(worth, mark, scene, line);
        let sums =
            lines.iter().filter_map(|line| if let WorthLine::Sum(_, sum, _) = line { Some(sum.abs()) } else { None });
        let largest = sums.max().unwrap_or_default();
        for part in lines {
            let Some(line) = places.next() else { return };
            match part {
                WorthLine::Heading(title) => {
                    scene.paint.text(shrink_left(line, 2), title, theme.header);
                }
                WorthLine::Sum(title, sum, count) => {
                    scene.paint.text(Rect { width: line.width.min(name), ..line }, &format!("  {title}"), theme.text);
                    sum_line(*sum, *count, largest, worth, scene, shrink_left(line, name));
                }
            }
        }
    }
}

/// Days over which the change of a total is shown.
const MONTH: i64 = 30;

/// The total a month ago, else of the first known day since.
fn before(worth: &Worth, today: NaiveDate) -> Option<Point> {
    let month = today - Duration::days(MONTH);
    let first = || worth.series.first().filter(|first| first.0 > month && first.0 < today).copied();
    worth.on(month).map(|total| (month, total)).or_else(first)
}

/// The figures of the pane, the chosen currency first.
pub(super) fn figures(overview: &Overview, snapshot: &LedgerSnapshot) -> Vec<Figure> {
    let chosen = overview.worth(snapshot);
    let others = snapshot.worth.iter().filter(|worth| chosen.is_none_or(|chosen| chosen.currency != worth.currency));
    let mut figures = Vec::new();
    for worth in chosen.into_iter().chain(others) {
        let currency = worth.currency;
        let whole = Figure::NetWorth(Some(currency));
        let change = before(worth, snapshot.today).map(|(day, _)| Figure::Change(day, Box::new(whole.clone())));
        figures.extend([whole].into_iter().chain(change));
        figures.extend(worth.classes.iter().map(|(class, ..)| Figure::ClassWorth(currency, *class)));
        let banks = worth.institutions.iter().map(|(name, ..)| Figure::InstitutionWorth(currency, name.clone()));
        figures.extend(banks);
    }
    figures
}

/// A total, and its change in a month or since the first known day.
fn total(worth: &Worth, mark: &str, scene: &mut Scene<'_>, line: Rect) {
    let theme = scene.paint.theme;
    let total = if worth.is_too_large {
        format!("more than 28 digits of {}", worth.currency)
    } else {
        amount::money(Money::new(worth.total, worth.currency), scene.paint.masked)
    };
    let before = before(worth, scene.moment.today).filter(|_| !worth.is_too_large);
    let change = before.as_ref().map(|before| Money::new(worth.total.saturating_sub(before.1), worth.currency));
    let text = change
        .zip(before)
        .map(|(change, (day, _))| {
            let month = scene.moment.today - day == Duration::days(MONTH);
            let since = if month { "in 30 days".to_owned() } else { format!("since {day}") };
            format!("{} {since}", amount::difference(change, scene.paint.masked))
        })
        .unwrap_or_default();
    let style = change.map_or(theme.muted, |change| theme.amount(change.amount));
    let used = scene.paint.pieces(line, &[(mark, theme.key), (&total, theme.heading)]);
    let room = shrink_left(line, used + 2);
    if usize::from(room.width) >= width(&text) {
        scene.paint.right(room, &text, style);
    }
}

/// A sum, its bar, and the number of accounts.
fn sum_line(sum: Decimal, count: usize, largest: Decimal, worth: &Worth, scene: &mut Scene<'_>, line: Rect) {
    let theme = scene.paint.theme;
    let shown = if scene.paint.masked { HIDDEN.to_owned() } else { rounded(sum, worth.currency) };
    scene.paint.right(Rect { width: FIGURE.min(line.width), ..line }, &shown, theme.amount(sum));
    let rest = shrink_left(line, FIGURE + 1);
    let bars = shrink_right(rest, 4);
    if bars.width >= BAR && !scene.paint.masked {
        let style = if sum.is_sign_negative() { theme.loss } else { theme.chart };
        scene.paint.text(bars, &bar(sum, largest, usize::from(bars.width)), style);
    }
    scene.paint.right(rest, &format!("{count:>3}"), theme.muted);
}
