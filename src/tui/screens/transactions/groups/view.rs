//! Draws the groups, their bars and the detail of one.

use chrono::{Datelike as _, NaiveDate};
use ratatui::layout::Rect;
use rust_decimal::Decimal;

use super::Groups;
use crate::{
    domain::{AssetCode, Money},
    ledger::{By, Group, GroupKey},
    tui::{
        component::{detail::DetailLine, hit::ListId, scene::Scene},
        snapshot::{Grouped, sum_in},
        widget::{
            amount::{self, AmountHalves, plain},
            chart::{bar, bars, signed_bar},
            paint::{below, padded, shrink_left, top},
            table::{Cell, Size, TableColumn, TableRow, TableView},
        },
    },
};

/// Columns for name and rows, and for each sum; the remaining width goes to sums in further currencies.
const NAME: u16 = 28;
const SUM: u16 = 18;
/// Most currencies in the table; the detail has all of them.
const SUMS: u16 = 6;
/// Least and most columns of a bar behind a group.
const BAR: [u16; 2] = [12, 60];

pub(in crate::tui::screens::transactions) fn draw(groups: &Groups, scene: &mut Scene<'_>, area: Rect, focused: bool) {
    let Some(grouped) = &groups.shown else { return };
    let mut body = area;
    if grouped.by.is_time() && area.height >= 8 {
        let used = over_time(grouped, scene, area);
        body = below(area, used);
    }
    table(groups, grouped, scene, body, focused);
}

fn table(groups: &Groups, grouped: &Grouped, scene: &mut Scene<'_>, area: Rect, focused: bool) {
    let theme = scene.paint.theme;
    let masked = scene.paint.masked;
    let snapshot = scene.snapshot;
    let sums = usize::from((area.width.saturating_sub(NAME) / SUM).clamp(1, SUMS));
    let mut peaks: Vec<(usize, Money)> = grouped.peaks.iter().copied().enumerate().collect();
    // The currency sorted by is always shown.
    if let Some(sorted) =
        grouped.place_of(grouped.sort.key).and_then(|place| place.checked_sub(2)).filter(|at| *at >= sums)
    {
        peaks.swap(sums - 1, sorted);
    }
    peaks.truncate(sums);
    let title = title(grouped.by);
    let mut columns = vec![
        TableColumn::new(title, Size::Flex(10)).sort(0),
        TableColumn::new("Rows", Size::Fit(4, 11)).right().sort(1),
    ];
    for (place, peak) in &peaks {
        columns.push(TableColumn::new(peak.currency.as_str(), Size::Fit(8, 28)).right().sort(place + 2));
    }
    // Currencies without a column of their sums.
    let is_shown = |currency: &AssetCode| peaks.iter().any(|(_, peak)| peak.currency == *currency);
    let has_others = grouped.groups.iter().any(|group| !currencies(group).all(|currency| is_shown(&currency)));
    if has_others {
        columns.push(TableColumn::new("Also", Size::Fit(4, 8)));
    }
    let drawn = grouped.drawn().filter(|_| !grouped.by.is_time());
    let scale = match drawn {
        Some(peak) if !masked => format!("to {}", plain(peak.amount.round())),
        _ => String::new(),
    };
    let sums = u16::try_from(peaks.len()).unwrap_or(SUMS) * SUM;
    let width = area.width.saturating_sub(NAME + sums).clamp(BAR[0], BAR[1]) / 2 * 2;
    columns.push(TableColumn::new(&scale, Size::Fit(0, width)).rank(1));
    // With sums of both signs the bars have an axis in the middle.
    let sign = |negative: bool| {
        let sums = grouped.groups.iter().filter_map(|group| Some(sum_in(group, drawn?.currency)?.amount));
        sums.into_iter().any(|sum| !sum.is_zero() && sum.is_sign_negative() == negative)
    };
    let both = sign(true) && sign(false);
    let table = TableView {
        list: ListId::Groups,
        columns: &columns,
        len: grouped.groups.len(),
        selected: Some(groups.cursor.at),
        focused,
        headers: true,
        sorted: grouped.place_of(grouped.sort.key).map(|place| (place, grouped.sort.descending)),
    };
    table.draw(&mut scene.paint, scene.lists, area, |index| {
        let group = &grouped.groups[index];
        let mut cells = vec![
            Cell::text(snapshot.group_label(&group.key), theme.text),
            Cell::text(plain(group.rows.into()), theme.muted),
        ];
        for (_, peak) in &peaks {
            cells.push(match sum_in(group, peak.currency) {
                Some(sum) => {
                    Cell::Figure(AmountHalves::money(sum.amount, sum.currency, masked), theme.amount(sum.amount))
                }
                None if group.sums.too_large.contains(&peak.currency) => Cell::text("too large", theme.warning),
                None => Cell::Empty,
            });
        }
        if has_others {
            let mut others = currencies(group).filter(|currency| !is_shown(currency));
            let first = others.next();
            let more = others.count();
            cells.push(match first {
                Some(first) if more > 0 => Cell::text(format!("{first} +{more}"), theme.muted),
                Some(first) => Cell::text(first.to_string(), theme.muted),
                None => Cell::Empty,
            });
        }
        let sum = drawn.and_then(|peak| Some((sum_in(group, peak.currency)?.amount, peak.amount)));
        cells.push(sum.map_or(Cell::Empty, |(sum, peak)| {
            let width = usize::from(width);
            let drawn = if both { signed_bar(sum, peak, width) } else { bar(sum, peak, width) };
            Cell::text(drawn, theme.amount(sum))
        }));
        TableRow::cells(cells)
    });
}

/// The currencies of a group.
fn currencies(group: &Group) -> impl Iterator<Item = AssetCode> + '_ {
    group.sums.totals.iter().map(|(total, _)| total.currency).chain(group.sums.too_large.iter().copied())
}

const fn title(by: By) -> &'static str {
    match by {
        By::Day => "Day",
        By::Week => "Week",
        By::Month => "Month",
        By::Quarter => "Quarter",
        By::Year => "Year",
        By::Payee => "Payee",
        By::Account => "Account",
        By::Institution => "Institution",
        By::Type => "Type",
        By::Subtype => "Subtype",
        By::Status => "Status",
        By::Category => "Category",
        By::Symbol => "Symbol",
        By::Currency => "Currency",
    }
}

/// A bar for each period, the oldest first, also for empty ones; returns the lines used.
fn over_time(grouped: &Grouped, scene: &mut Scene<'_>, area: Rect) -> u16 {
    let lines = if area.height >= 16 { 3 + (area.height - 16) / 6 } else { 2 };
    let Some(drawn) = grouped.drawn() else { return 0 };
    let line = padded(top(area, lines));
    let used = scene.paint.text(top(line, 1), drawn.currency.as_str(), scene.paint.theme.muted) + 1;
    let room = shrink_left(line, used);
    let sums = || {
        grouped.groups.iter().filter_map(|group| match group.key {
            GroupKey::Period { from, .. } => Some((number(from, grouped.by), sum_in(group, drawn.currency)?.amount)),
            _ => None,
        })
    };
    let (Some(first), Some(last)) = (sums().map(|(at, _)| at).min(), sums().map(|(at, _)| at).max()) else { return 0 };
    // With more periods than columns, neighbours share a column.
    let shared = ((last - first) / i64::from(room.width.max(1)) + 1).max(1);
    let mut values = vec![Decimal::ZERO; usize::try_from((last - first) / shared + 1).unwrap_or(1)];
    for (at, sum) in sums() {
        if let Some(value) = usize::try_from((at - first) / shared).ok().and_then(|at| values.get_mut(at)) {
            *value = value.saturating_add(sum);
        }
    }
    let drawn = bars(&mut scene.paint, room, &values);
    // The first and the last period below the bars.
    let ends = |at: i64| {
        let group = grouped.groups.iter().find(|group| match group.key {
            GroupKey::Period { from, .. } => number(from, grouped.by) == at,
            _ => false,
        });
        group.map(|group| scene.snapshot.group_label(&group.key)).unwrap_or_default()
    };
    let (from, to) = (ends(first), ends(last));
    let axis = shrink_left(padded(top(below(area, lines), 1)), used);
    let muted = scene.paint.theme.muted;
    let used = scene.paint.text(axis, &from, muted);
    if first != last {
        // The last period is named below its bar, unless that is below the first name.
        let narrowest = used + 2 + u16::try_from(to.len()).unwrap_or(u16::MAX);
        scene.paint.right(Rect { width: drawn.max(narrowest).min(axis.width), ..axis }, &to, muted);
    }
    lines + 1
}

/// The number of a period, counted without gaps.
fn number(from: NaiveDate, by: By) -> i64 {
    let months = i64::from(from.year()) * 12 + i64::from(from.month0());
    match by {
        By::Week => i64::from(from.num_days_from_ce()).div_euclid(7),
        By::Month => months,
        By::Quarter => months / 3,
        By::Year => from.year().into(),
        _ => from.num_days_from_ce().into(),
    }
}

/// The detail of the selected group.
pub(in crate::tui::screens::transactions) fn details(groups: &Groups, scene: &Scene<'_>) -> Vec<DetailLine> {
    let (Some(group), Some(grouped)) = (groups.selected(), &groups.shown) else { return Vec::new() };
    let theme = scene.paint.theme;
    let mut lines = vec![DetailLine::Heading(scene.snapshot.group_label(&group.key))];
    if let GroupKey::Period { from, to } = &group.key {
        lines.push(DetailLine::Text(format!("{from} to {to}"), theme.muted));
    }
    lines.push(DetailLine::Blank);
    for (total, _) in &group.sums.totals {
        lines.push(DetailLine::Text(amount::money(*total, scene.paint.masked), theme.amount(total.amount)));
    }
    for currency in &group.sums.too_large {
        lines.push(DetailLine::Text(format!("{currency}: more digits than can be exact"), theme.warning));
    }
    let uncounted = uncounted(group);
    lines.extend([
        DetailLine::Blank,
        DetailLine::pair("rows", plain(group.rows.into())),
        DetailLine::pair("not summed", if uncounted > 0 { plain(uncounted.into()) } else { String::new() }),
        DetailLine::pair("of", format!("{} groups by {}", plain(grouped.groups.len().into()), grouped.by)),
        DetailLine::Blank,
        DetailLine::Text("Enter shows its rows; Esc returns.".to_owned(), theme.key),
    ]);
    lines
}

/// Rows that are void or failed.
fn uncounted(group: &Group) -> u64 {
    if !group.sums.too_large.is_empty() {
        return 0;
    }
    group.rows.saturating_sub(group.sums.totals.iter().map(|(_, rows)| rows).sum())
}
