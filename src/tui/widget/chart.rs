//! Figures over time and bars. The one place where money becomes a float.
//!
//! Lines are ratatui's `Chart`. Shapes without an axis and signed bars are drawn here: `Sparkline` and `BarChart` take
//! unsigned numbers only, and debts and spending are negative.

use chrono::NaiveDate;
use ratatui::{
    layout::Rect,
    style::{Modifier, Style},
    symbols::Marker,
    widgets::{Axis, Chart, Dataset, GraphType, Widget as _},
};
use rust_decimal::{Decimal, prelude::ToPrimitive as _};

use super::paint::{Paint, below, rows, top};

/// The last, partial column of a bar, by eighths.
const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
const EIGHTHS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// A figure on a day.
pub(crate) type Point = (NaiveDate, Decimal);

/// One value for each column: the last known at the end of the column's share of the period.
fn sampled(points: &[Point], columns: usize) -> Vec<f64> {
    let (Some((first, _)), Some((last, _))) = (points.first(), points.last()) else { return Vec::new() };
    let days = (*last - *first).num_days().max(1);
    let mut values = Vec::with_capacity(columns);
    let mut index = 0;
    for column in 0..columns {
        let share = i64::try_from(column + 1).unwrap_or(i64::MAX);
        let until =
            *first + chrono::Duration::days(days.saturating_mul(share) / i64::try_from(columns).unwrap_or(1).max(1));
        while index + 1 < points.len() && points[index + 1].0 <= until {
            index += 1;
        }
        values.push(points[index].1.to_f64().unwrap_or(0.0));
    }
    values
}

/// The range to draw: from a little below the smallest value to the largest.
fn range(values: &[f64]) -> (f64, f64) {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if (high - low).abs() < f64::EPSILON {
        let room = if high.abs() < f64::EPSILON { 1.0 } else { high.abs() * 0.1 };
        return (low - room, high + room);
    }
    (low - (high - low) * 0.12, high)
}

/// A line over time with both axes, and a mark at `cursor`.
pub(crate) fn line(
    paint: &mut Paint<'_>,
    area: Rect,
    points: &[Point],
    cursor: Option<NaiveDate>,
    label: impl Fn(Decimal) -> String,
) {
    let (Some((first, _)), Some((last, _))) = (points.first().copied(), points.last().copied()) else { return };
    let values = points.iter().map(|(_, value)| *value);
    let (lowest, highest) = (values.clone().min().unwrap_or_default(), values.max().unwrap_or_default());
    let x = |day: NaiveDate| (day - first).num_days().to_f64().unwrap_or(0.0);
    let float = |value: Decimal| value.to_f64().unwrap_or(0.0);
    let line: Vec<(f64, f64)> = points.iter().map(|(day, value)| (x(*day), float(*value))).collect();
    let (mut low, mut high) = (float(lowest), float(highest));
    if (high - low).abs() < f64::EPSILON {
        let room = if high.abs() < f64::EPSILON { 1.0 } else { high.abs() * 0.1 };
        (low, high) = (low - room, high + room);
    }
    let mark: Vec<(f64, f64)> = cursor.map(|day| vec![(x(day), low), (x(day), high)]).unwrap_or_default();
    let theme = paint.theme;
    let data = |points, style| {
        Dataset::default().marker(Marker::Braille).graph_type(GraphType::Line).style(style).data(points)
    };
    let sets = vec![data(&mark, theme.muted), data(&line, theme.chart)];
    let middle = first + (last - first) / 2;
    let days: Vec<String> = if area.width >= 60 {
        vec![first.to_string(), middle.to_string(), last.to_string()]
    } else {
        vec![first.to_string(), last.to_string()]
    };
    let sums = if lowest == highest {
        // One value needs one label, beside the line.
        vec![String::new(), label(lowest), String::new()]
    } else if area.height >= 9 {
        vec![label(lowest), label((lowest + highest) / Decimal::TWO), label(highest)]
    } else {
        vec![label(lowest), label(highest)]
    };
    let chart = Chart::new(sets)
        .x_axis(Axis::default().style(theme.muted).bounds([0.0, x(last).max(1.0)]).labels(days))
        .y_axis(Axis::default().style(theme.muted).bounds([low, high]).labels(sums))
        .legend_position(None)
        .style(theme.text);
    chart.render(area.intersection(paint.buffer.area), paint.buffer);
}

/// The shape of a series without an axis.
pub(crate) fn blocks(paint: &mut Paint<'_>, area: Rect, points: &[Point]) {
    if area.is_empty() || points.is_empty() {
        return;
    }
    let values = sampled(points, usize::from(area.width));
    let (low, high) = range(&values);
    let steps = f64::from(area.height) * 8.0;
    let style = paint.theme.chart;
    let heights: Vec<usize> = values
        .iter()
        .map(|value| (((value - low) / (high - low)) * steps).round().to_usize().unwrap_or(0).max(1))
        .collect();
    for (from_top, line) in rows(area).enumerate() {
        let floor = (usize::from(area.height) - 1 - from_top) * 8;
        let text: String = heights.iter().map(|height| EIGHTHS[height.saturating_sub(floor).min(8)]).collect();
        paint.text(line, &text, style);
    }
}

/// Signed figures side by side: positive ones above the axis, negative ones below it. With one sign only, it gets all
/// the lines. At most as many figures as columns. Returns the columns used.
pub(crate) fn bars(paint: &mut Paint<'_>, area: Rect, values: &[Decimal]) -> u16 {
    if area.is_empty() || values.is_empty() {
        return 0;
    }
    let size = |value: Option<&Decimal>| value.and_then(|value| value.abs().to_f64()).unwrap_or(0.0);
    let (gain, loss) = (
        size(values.iter().filter(|value| **value > Decimal::ZERO).max()),
        size(values.iter().filter(|value| **value < Decimal::ZERO).min()),
    );
    let height = f64::from(area.height);
    let up = match (gain > 0.0, loss > 0.0) {
        (true, true) => (height * gain / (gain + loss)).round().clamp(1.0, (height - 1.0).max(1.0)),
        (true, false) => height,
        (false, _) => 0.0,
    };
    // Both sides have the same scale.
    let scale = (gain / up.max(1.0)).max(loss / (height - up).max(1.0)) / 8.0;
    let eighths = |value: Decimal| (size(Some(&value)) / scale).round().to_usize().unwrap_or(0).max(1);
    let up = up.to_u16().unwrap_or(0);
    let count = u16::try_from(values.len()).unwrap_or(u16::MAX);
    let step = (area.width / count).clamp(1, 8);
    let wide = if step > 2 { step - 1 } else { step };
    for (x, value) in (area.x..area.right()).step_by(usize::from(step)).zip(values) {
        if value.is_zero() {
            continue;
        }
        let hangs = value.is_sign_negative();
        let lines = if hangs { below(area, up) } else { top(area, up) };
        let column = Rect { x, width: wide.min(area.right() - x), ..lines };
        let style = paint.theme.amount(*value);
        pillar(paint, column, eighths(*value), hangs, style);
    }
    (count.saturating_mul(step) - (step - wide)).min(area.width)
}

/// A pillar of so many eighths of a line, from the lower end of `column` up, or from its upper end down.
fn pillar(paint: &mut Paint<'_>, column: Rect, eighths: usize, hangs: bool, style: Style) {
    for (line, row) in rows(column).enumerate() {
        let before = if hangs { line } else { usize::from(column.height) - 1 - line };
        let filled = eighths.saturating_sub(before * 8).min(8);
        // Unicode has no blocks for the upper part of a cell: the complement is drawn reversed.
        let (block, style) = match filled {
            0 => continue,
            8 => ("█", style),
            part if hangs => (EIGHTHS[8 - part], style.add_modifier(Modifier::REVERSED)),
            part => (EIGHTHS[part], style),
        };
        paint.text(row, &block.repeat(usize::from(row.width)), style);
    }
}

/// A pair of pillars in each column, from one axis: `up` above it, `down` (not positive) below it, on one scale.
pub(crate) fn pillars(paint: &mut Paint<'_>, columns: &[Rect], up: &[Decimal], down: &[Decimal]) {
    let size = |value: &Decimal| value.abs().to_f64().unwrap_or(0.0);
    let largest = |values: &[Decimal]| values.iter().map(size).fold(0.0, f64::max);
    let (above, under) = (largest(up), largest(down));
    let height = columns.first().map_or(0, |column| column.height);
    if above + under <= 0.0 || height < 2 {
        return;
    }
    let over = (f64::from(height) * above / (above + under)).round().to_u16().unwrap_or(0).clamp(1, height - 1);
    let scale = (above / f64::from(over)).max(under / f64::from(height - over)) / 8.0;
    let (gain, loss) = (paint.theme.gain, paint.theme.loss);
    for (column, (into, out)) in columns.iter().zip(up.iter().zip(down)) {
        for (value, hangs, style) in [(into, false, gain), (out, true, loss)] {
            let eighths =
                if value.is_zero() { 0 } else { (size(value) / scale).round().to_usize().unwrap_or(0).max(1) };
            let lines = if hangs { below(*column, over) } else { top(*column, over) };
            pillar(paint, lines, eighths, hangs, style);
        }
    }
}

/// A bar of `part` in `whole`; that of a part which is not zero is never empty.
pub(crate) fn bar(part: Decimal, whole: Decimal, columns: usize) -> String {
    let share = part.abs().checked_div(whole.abs()).and_then(|share| share.to_f64()).unwrap_or(0.0).clamp(0.0, 1.0);
    let eighths = (share * 8.0 * columns.to_f64().unwrap_or(0.0)).round().to_usize().unwrap_or(0);
    let eighths = if share > 0.0 { eighths.max(1) } else { 0 };
    let mut out = "█".repeat(eighths / 8);
    out.push_str(PARTS[eighths % 8]);
    out
}

/// A bar of `part` in `whole` on an axis in the middle of `columns`: negative ones grow to the left.
pub(crate) fn signed_bar(part: Decimal, whole: Decimal, columns: usize) -> String {
    let half = columns / 2;
    let share = part.abs().checked_div(whole.abs()).and_then(|share| share.to_f64()).unwrap_or(0.0).clamp(0.0, 1.0);
    let steps = (share * 2.0 * half.to_f64().unwrap_or(0.0)).round().to_usize().unwrap_or(0);
    let steps = if share > 0.0 { steps.max(1) } else { 0 };
    let (full, odd) = (steps / 2, steps % 2);
    if part.is_sign_negative() {
        let blank = half - (full + odd).min(half);
        format!("{}{}{}", " ".repeat(blank), if odd == 1 { "▐" } else { "" }, "█".repeat(full))
    } else {
        format!("{}{}{}", " ".repeat(half), "█".repeat(full), if odd == 1 { "▌" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, day).unwrap()
    }

    #[test]
    fn a_column_shows_the_last_value_known_by_then() {
        let points = [(day(1), Decimal::ONE), (day(11), Decimal::TEN)];
        assert_eq!(sampled(&points, 2), [1.0, 10.0]);
        assert_eq!(sampled(&points[..1], 3), [1.0; 3]);
        assert!(sampled(&[], 3).is_empty());
    }

    #[test]
    fn negative_bars_grow_to_the_left() {
        assert_eq!(signed_bar(Decimal::NEGATIVE_ONE, Decimal::TWO, 8), "  ██");
        assert_eq!(signed_bar(Decimal::ONE, Decimal::TWO, 8), "    ██");
        assert_eq!(signed_bar(-Decimal::TWO, Decimal::TWO, 8), "████");
        assert_eq!(signed_bar(Decimal::from(-3), Decimal::from(8), 8), "  ▐█");
        assert_eq!(signed_bar(Decimal::NEGATIVE_ONE, Decimal::from(900), 8), "   ▐");
        assert_eq!(signed_bar(Decimal::ZERO, Decimal::from(900), 8), "    ");
    }

    #[test]
    fn bars_have_eighths() {
        assert_eq!(bar(Decimal::ONE, Decimal::TWO, 3), "█▌");
        assert_eq!(bar(Decimal::ONE, Decimal::ZERO, 3), "");
        assert_eq!(bar(Decimal::ONE, Decimal::from(900), 3), "▏");
        assert_eq!(bar(Decimal::TEN, Decimal::ONE, 2), "██");
    }
}
