//! Figures over time, drawn with eighth blocks. The one place where money becomes a float.

use chrono::NaiveDate;
use ratatui::{layout::Rect, style::Modifier};
use rust_decimal::{Decimal, prelude::ToPrimitive as _};

use super::{
    paint::{Paint, above, below, bottom, rows, shrink_left, top},
    text::width,
};

/// What is left of a bar behind its whole columns.
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

/// The range to draw: a little room, and zero as the floor when everything is far above it relative to its swing.
fn range(values: &[f64]) -> (f64, f64) {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if (high - low).abs() < f64::EPSILON {
        let room = if high.abs() < f64::EPSILON { 1.0 } else { high.abs() * 0.1 };
        return (low - room, high + room);
    }
    (low - (high - low) * 0.12, high)
}

/// A chart as high as `area`, with its extremes at the left and its first and last day beneath.
pub(crate) fn history(paint: &mut Paint<'_>, area: Rect, points: &[Point], label: impl Fn(Decimal) -> String) {
    if area.height < 3 || area.width < 16 || points.is_empty() {
        return;
    }
    let lowest = points.iter().map(|(_, value)| *value).min().unwrap_or_default();
    let highest = points.iter().map(|(_, value)| *value).max().unwrap_or_default();
    let (low_label, high_label) = (label(lowest), label(highest));
    let labels = u16::try_from(width(&low_label).max(width(&high_label))).unwrap_or(0).min(area.width / 3);
    let plot = above(shrink_left(area, labels + 1), 1);
    let muted = paint.theme.muted;
    let gutter = Rect { width: labels, ..area };
    paint.right(top(gutter, 1), &high_label, muted);
    if lowest != highest {
        paint.right(bottom(above(gutter, 1), 1), &low_label, muted);
    }
    blocks(paint, plot, points);
    let axis = bottom(shrink_left(area, labels + 1), 1);
    if let (Some((first, _)), Some((last, _))) = (points.first(), points.last()) {
        let used = paint.text(axis, &first.to_string(), muted);
        if last != first && axis.width > used * 2 + 1 {
            paint.right(axis, &last.to_string(), muted);
        }
    }
}

/// Only the shape, in one or more lines.
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

/// Signed figures side by side: what is above zero stands up, what is below hangs down, and where there is only one of
/// them it has all the room. At most as many figures as columns.
pub(crate) fn bars(paint: &mut Paint<'_>, area: Rect, values: &[Decimal]) {
    if area.is_empty() || values.is_empty() {
        return;
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
    // Both sides have one scale.
    let scale = (gain / up.max(1.0)).max(loss / (height - up).max(1.0)) / 8.0;
    let eighths = |value: Decimal| (size(Some(&value)) / scale).round().to_usize().unwrap_or(0).max(1);
    let up = up.to_u16().unwrap_or(0);
    let count = u16::try_from(values.len()).unwrap_or(u16::MAX);
    let step = (area.width / count).clamp(1, 4);
    let wide = if step > 2 { step - 1 } else { step };
    for (x, value) in (area.x..area.right()).step_by(usize::from(step)).zip(values) {
        if value.is_zero() {
            continue;
        }
        let (height, hangs) = (eighths(*value), value.is_sign_negative());
        let lines = if hangs { below(area, up) } else { top(area, up) };
        let style = paint.theme.amount(*value);
        for (line, row) in rows(lines).enumerate() {
            let before = if hangs { line } else { usize::from(lines.height) - 1 - line };
            let filled = height.saturating_sub(before * 8).min(8);
            // There are no blocks that hang: what is left of one that stands, the other way round.
            let (block, style) = match filled {
                0 => continue,
                8 => ("█", style),
                part if hangs => (EIGHTHS[8 - part], style.add_modifier(Modifier::REVERSED)),
                part => (EIGHTHS[part], style),
            };
            paint.text(Rect { x, width: wide.min(area.right() - x), ..row }, &block.repeat(usize::from(wide)), style);
        }
    }
}

/// A bar of `part` in `whole`.
pub(crate) fn bar(part: Decimal, whole: Decimal, columns: usize) -> String {
    let share = part.abs().checked_div(whole.abs()).and_then(|share| share.to_f64()).unwrap_or(0.0).clamp(0.0, 1.0);
    let eighths = (share * 8.0 * columns.to_f64().unwrap_or(0.0)).round().to_usize().unwrap_or(0);
    let mut out = "█".repeat(eighths / 8);
    out.push_str(PARTS[eighths % 8]);
    out
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
    fn bars_have_eighths() {
        assert_eq!(bar(Decimal::ONE, Decimal::TWO, 3), "█▌");
        assert_eq!(bar(Decimal::ONE, Decimal::ZERO, 3), "");
        assert_eq!(bar(Decimal::TEN, Decimal::ONE, 2), "██");
    }
}
