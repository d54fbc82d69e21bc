//! The history of net worth: a stretch of days, the day under the cursor, and its drawing.

use chrono::{Days, NaiveDate};
use ratatui::layout::Rect;
use rust_decimal::Decimal;

use crate::{
    domain::{
        AssetCode, Money,
        figures::{round, rounded},
    },
    ledger::explain::Figure,
    tui::{
        action::Action,
        component::scene::Scene,
        snapshot::Worth,
        widget::{
            amount::{self, HIDDEN},
            chart::{Point, blocks, line},
            paint::padded,
        },
    },
};

/// From this height on, the line has an axis; below it only the shape is drawn.
const WITH_AXIS: u16 = 5;

/// The stretch of time that is shown, up to the newest day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Zoom {
    Week,
    Month,
    Quarter,
    #[default]
    Year,
    All,
}

impl Zoom {
    const ALL: [(Self, &'static str, Option<u64>); 5] = [
        (Self::Week, "1 week", Some(7)),
        (Self::Month, "1 month", Some(31)),
        (Self::Quarter, "3 months", Some(92)),
        (Self::Year, "1 year", Some(366)),
        (Self::All, "all", None),
    ];

    fn place(self) -> usize {
        Self::ALL.iter().position(|(zoom, ..)| *zoom == self).unwrap_or(0)
    }
}

/// State of the pane.
#[derive(Debug, Default)]
pub(super) struct HistoryPane {
    zoom: Zoom,
    /// The day under the cursor; none: no cursor is shown.
    day: Option<NaiveDate>,
}

impl HistoryPane {
    /// The points of the stretch shown.
    fn shown<'a>(&self, worth: &'a Worth) -> &'a [Point] {
        let (Some((last, _)), Some(days)) = (worth.series.last(), Zoom::ALL[self.zoom.place()].2) else {
            return &worth.series;
        };
        let from = last.checked_sub_days(Days::new(days)).unwrap_or(*last);
        let start = worth.series.partition_point(|(day, _)| *day < from);
        &worth.series[start..]
    }

    /// The point under the cursor: of its day, else of the last day before.
    fn selected(&self, worth: &Worth) -> Option<Point> {
        let day = self.day?;
        let after = worth.series.partition_point(|(known, _)| *known <= day);
        after.checked_sub(1).and_then(|at| worth.series.get(at)).copied()
    }

    /// Zooms; returns whether the action was for this pane.
    pub(super) fn zoom(&mut self, action: Action) -> bool {
        let place = self.zoom.place();
        let next = match action {
            Action::ZoomIn => place.saturating_sub(1),
            Action::ZoomOut => (place + 1).min(Zoom::ALL.len() - 1),
            _ => return false,
        };
        self.zoom = Zoom::ALL[next].0;
        true
    }

    /// Moves the cursor; returns whether the action was a movement.
    pub(super) fn step(&mut self, action: Action, worth: &Worth) -> bool {
        let points = self.shown(worth);
        let (Some((first, _)), Some((last, _))) = (points.first(), points.last()) else { return false };
        // One step is a day, or about a column of a long stretch.
        let stride = u64::try_from((*last - *first).num_days() / 90).unwrap_or(1).max(1);
        let day = self.day.unwrap_or(*last);
        let back = |days| day.checked_sub_days(Days::new(days));
        let on = |days| day.checked_add_days(Days::new(days));
        let moved = match action {
            Action::Out | Action::Up => back(stride),
            Action::In | Action::Down => on(stride),
            Action::HalfUp => back(stride * 10),
            Action::HalfDown => on(stride * 10),
            Action::First => Some(*first),
            Action::Last => Some(*last),
            _ => return false,
        };
        self.day = moved.map(|day| day.clamp(*first, *last));
        true
    }

    /// Takes the cursor away; false when there is none.
    pub(super) fn back(&mut self) -> bool {
        self.day.take().is_some()
    }

    /// The figures of the pane: the value under the cursor, or the change over the stretch shown.
    pub(super) fn figures(&self, worth: &Worth) -> Vec<Figure> {
        let whole = Box::new(Figure::NetWorth(Some(worth.currency)));
        match (self.selected(worth), self.shown(worth).first()) {
            (Some((day, _)), _) => vec![Figure::On(day, whole)],
            (None, Some((first, _))) => vec![Figure::Change(*first, whole)],
            (None, None) => Vec::new(),
        }
    }

    pub(super) fn draw(&self, worth: &Worth, scene: &mut Scene<'_>, area: Rect, focused: bool) {
        let (masked, currency) = (scene.paint.masked, worth.currency);
        let points = self.shown(worth);
        let title = format!("History · {currency} · {}", Zoom::ALL[self.zoom.place()].1);
        let selected = self.selected(worth);
        let in_cents = |value: Decimal| Money::new(round(value, currency.display_digits()), currency);
        let right = match (selected, points.first(), points.last()) {
            (Some((day, value)), ..) => format!("{day}  {}", amount::money(in_cents(value), masked)),
            (None, Some((first, before)), Some((_, now))) if points.len() > 1 => {
                format!("{} since {first}", amount::difference(in_cents(now.saturating_sub(*before)), masked))
            }
            _ => String::new(),
        };
        let inner = padded(scene.paint.frame(area, &title, &right, focused));
        let theme = scene.paint.theme;
        if points.len() < 2 {
            let text = "Only one day is known so far: the next statement or sync adds to the line.";
            scene.paint.paragraph(inner, text, theme.muted);
        } else if inner.height < WITH_AXIS {
            blocks(&mut scene.paint, inner, points);
        } else {
            let values = || points.iter().map(|(_, value)| *value);
            let spread = values().max().unwrap_or_default() - values().min().unwrap_or_default();
            let label = |value| if masked { HIDDEN.to_owned() } else { short(value, spread, currency) };
            line(&mut scene.paint, inner, points, selected.map(|(day, _)| day), label);
        }
    }
}

/// Rounded to the width of a label, with digits enough to tell labels of values `spread` apart from each other: `128k`,
/// `1.2M`, `18.764M`, else the amount.
fn short(value: Decimal, spread: Decimal, currency: AssetCode) -> String {
    let size = value.abs();
    let (by, sign) = if size >= Decimal::from(1_000_000) {
        (Decimal::from(1_000_000), "M")
    } else if size >= Decimal::from(10_000) {
        (Decimal::ONE_THOUSAND, "k")
    } else {
        return rounded(value, currency);
    };
    let step = spread / by / Decimal::from(4);
    let digits = (1..=3).find(|digits| step.is_zero() || step >= Decimal::new(1, *digits));
    digits.map_or_else(|| rounded(value, currency), |digits| format!("{}{sign}", round(value / by, digits).normalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_have_as_many_digits_as_their_differences_need() {
        let short = |value: i64, spread: i64| short(Decimal::from(value), Decimal::from(spread), AssetCode::USD);
        assert_eq!([short(60_512, 30_000), short(60_512, 0)], ["60.5k", "60.5k"]);
        assert_eq!([short(18_764_020, 10_750), short(18_753_270, 10_750)], ["18.764M", "18.753M"]);
        assert_eq!(short(1_234_567, 10), "1,234,567.00");
        assert_eq!(short(9_999, 10), "9,999.00");
    }

    fn worth(days: u64) -> Worth {
        let first = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        let series = (0..days).map(|day| (first + Days::new(day), Decimal::from(day))).collect();
        Worth {
            currency: AssetCode::USD,
            total: Decimal::ZERO,
            classes: Vec::new(),
            institutions: Vec::new(),
            is_too_large: false,
            series,
        }
    }

    #[test]
    fn zoom_shows_the_newest_days() {
        let (mut history, worth) = (HistoryPane::default(), worth(800));
        assert_eq!(history.shown(&worth).len(), 367);
        assert!(history.zoom(Action::ZoomOut) && history.shown(&worth).len() == 800);
        for days in [367, 93, 32, 8, 8] {
            history.zoom(Action::ZoomIn);
            assert_eq!(history.shown(&worth).len(), days);
        }
    }

    #[test]
    fn the_cursor_stays_inside_and_names_its_value() {
        let (mut history, worth) = (HistoryPane { zoom: Zoom::Week, day: None }, worth(30));
        assert!(history.step(Action::In, &worth));
        assert_eq!(history.selected(&worth).map(|(_, value)| value), Some(Decimal::from(29)));
        history.step(Action::Out, &worth);
        assert_eq!(history.selected(&worth).map(|(_, value)| value), Some(Decimal::from(28)));
        history.step(Action::First, &worth);
        assert_eq!(history.selected(&worth).map(|(_, value)| value), Some(Decimal::from(22)));
        assert!(history.back() && !history.back());
    }
}
