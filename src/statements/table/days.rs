//! The columns with days and the order in which days are written.
//!
//! Used by the inference. INVARIANT: one order for the whole file; a tie is a question, never a guess.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

use super::{
    chain::Direction,
    column::{Column, ColumnKind},
    date::{self, DateOrder, Day, WrittenDay},
    frame::Frame,
    grid::Grid,
    role::Role,
    words::{ShortYear, key},
};

/// Which columns hold the days of a row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct DateColumns {
    /// In the order in which a row takes its day from them.
    pub(super) order: Vec<usize>,
    /// Other days of the row.
    pub(super) others: Vec<usize>,
    /// A column with the time of day.
    pub(super) time: Option<usize>,
}

/// The evidence that decided the order of days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Decision {
    /// Every date has one reading only.
    Plain,
    Decided(DateOrder, String),
    /// These are left.
    Open(Vec<DateOrder>),
}

/// Booking day before transaction day before value day.
pub(super) fn columns(columns: &[Column], grid: &Grid, frame: &Frame) -> DateColumns {
    let dated: Vec<&Column> = columns.iter().filter(|column| column.kind == ColumnKind::Date).collect();
    let has_trade_day = dated.iter().any(|column| key(&column.header).starts_with("trade "));
    let is_settlement = |column: &Column| key(&column.header).starts_with("settle");
    let is_note = |column: &Column| {
        let name = key(&column.header);
        ["created", "updated", "modified", "imported", "entered"].iter().any(|word| name.starts_with(word))
    };
    let mut ranked: Vec<(u32, usize)> = Vec::new();
    for column in &dated {
        let rank = match column.role {
            // The settlement of a trade is its value day.
            Some(Role::DateBook | Role::DateTxn) if is_settlement(column) && has_trade_day => 2,
            // The day on which a program noted the row is not that of the row.
            Some(Role::DateBook | Role::DateTxn) if is_note(column) => 3,
            Some(Role::DateBook) => 0,
            Some(Role::DateTxn) => 1,
            Some(Role::DateValue) => 2,
            None if column.header.is_empty() => 1,
            None => 3,
            _ => continue,
        };
        ranked.push((rank, column.index));
    }
    // Two booking columns: the later one is the booking, as with a header that occurs twice.
    ranked.sort_by_key(|(rank, _)| *rank);
    let mut order: Vec<usize> = ranked.iter().map(|(_, index)| *index).collect();
    if order.is_empty() {
        order = dated.iter().map(|column| column.index).collect();
    }
    if let [first, second, ..] = ranked[..]
        && first.0 == second.0
        && later(grid, frame, first.1, second.1)
    {
        order.swap(0, 1);
    }
    let others = dated.iter().map(|column| column.index).filter(|index| !order.contains(index)).collect();
    let is_time = |column: &&Column| {
        column.is(Role::Time)
            || (column.kind == ColumnKind::Text
                && frame.sample.iter().take(20).all(|row| date::time(grid.cell(*row, column.index)).is_some()))
    };
    let time = columns.iter().find(is_time).map(|column| column.index);
    DateColumns { order, others, time }
}

/// Whether days of the second column are never before those of the first, and sometimes later, in some order.
fn later(grid: &Grid, frame: &Frame, first: usize, second: usize) -> bool {
    DateOrder::ALL.into_iter().any(|order| {
        let pairs = frame.sample.iter().filter_map(|row| {
            let day = |column| date::parse(grid.cell(*row, column))?.in_order(order);
            Some((day(first)?, day(second)?))
        });
        let (mut any, mut all, mut near) = (false, true, true);
        for (one, other) in pairs {
            any |= other > one;
            all &= other >= one;
            near &= (other - one).num_days() <= 31;
        }
        any && all && near
    })
}

/// Days of a row, as far as the cells hold any.
pub(super) fn days_of(grid: &Grid, row: usize, columns: &DateColumns) -> impl Iterator<Item = Day> {
    columns.order.iter().chain(&columns.others).filter_map(move |column| date::parse(grid.cell(row, *column)))
}

/// Dates around the table that limit its days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Bounds {
    /// First and last day of a stated period.
    pub(super) periods: Vec<(Day, Day)>,
    /// The month of a title.
    pub(super) month: Option<u32>,
    /// Days in the file's name, as periods or as a last day.
    pub(super) named: Vec<NaiveDate>,
}

/// Decides the order of days for all rows.
///
/// `short_year`: how the language of the header writes years of two digits, which decides where the days leave it open.
pub(super) fn decide(
    grid: &Grid,
    rows: &[usize],
    columns: &DateColumns,
    bounds: &Bounds,
    short_year: ShortYear,
) -> Decision {
    let mut possible = vec![DateOrder::Dmy, DateOrder::Mdy, DateOrder::Ymd];
    let (mut open, mut signs) = (0usize, [false; 256]);
    let mut short = false;
    for row in rows {
        for day in days_of(grid, *row, columns) {
            match day.written {
                WrittenDay::Open { first, second, sign, .. } => {
                    open += 1;
                    signs[usize::from(sign)] = true;
                    if first > 12 {
                        possible.retain(|order| *order != DateOrder::Mdy);
                    }
                    if second > 12 {
                        possible.retain(|order| *order != DateOrder::Dmy);
                    }
                    possible.retain(|order| *order != DateOrder::Ymd);
                }
                WrittenDay::Short { sign, .. } => {
                    open += 1;
                    short = true;
                    signs[usize::from(sign)] = true;
                    possible.retain(|order| day.in_order(*order).is_some());
                }
                WrittenDay::Yearless { first, second } => {
                    open += 1;
                    if first > 12 {
                        possible.retain(|order| *order != DateOrder::Mdy);
                    }
                    if second > 12 {
                        possible.retain(|order| *order != DateOrder::Dmy);
                    }
                    possible.retain(|order| *order != DateOrder::Ymd);
                }
                WrittenDay::Fixed(_) | WrittenDay::YearlessFixed { .. } => {}
            }
            if possible.is_empty() {
                return Decision::Open(Vec::new());
            }
        }
    }
    if open == 0 {
        return Decision::Plain;
    }
    if short && possible.len() > 1 {
        drop_absurd(grid, rows, columns, &mut possible, short_year);
    }
    if let [order] = possible[..] {
        return Decision::Decided(order, format!("a day above 12 leaves {} only", name(order)));
    }
    // With dots, days come first everywhere.
    if signs[usize::from(b'.')]
        && !signs[usize::from(b'/')]
        && !signs[usize::from(b'-')]
        && possible.contains(&DateOrder::Dmy)
    {
        return Decision::Decided(DateOrder::Dmy, "dates written with dots have the day first".to_owned());
    }
    by_evidence(grid, rows, columns, bounds, &possible, short_year)
}

pub(super) const fn name(order: DateOrder) -> &'static str {
    match order {
        DateOrder::Dmy => "day first",
        DateOrder::Mdy => "month first",
        DateOrder::Ymd => "year first",
    }
}

/// Takes away readings of two-digit years under which the days lie decades apart, if another keeps them together.
fn drop_absurd(
    grid: &Grid,
    rows: &[usize],
    columns: &DateColumns,
    possible: &mut Vec<DateOrder>,
    short_year: ShortYear,
) {
    let span = |order: DateOrder| {
        let days = rows.iter().flat_map(|row| days_of(grid, *row, columns)).filter_map(|day| day.in_order(order));
        let (first, last) =
            days.fold((NaiveDate::MAX, NaiveDate::MIN), |(first, last), day| (first.min(day), last.max(day)));
        (last - first).num_days()
    };
    let spans: Vec<(DateOrder, i64)> = possible.iter().map(|order| (*order, span(*order))).collect();
    let least = spans.iter().map(|(_, span)| *span).min().unwrap_or(0);
    possible.retain(|order| spans.iter().any(|(known, span)| known == order && (*span < 3_650 || *span <= least * 3)));
    // Year first with two digits holds where nothing else does, where every other order spreads the days over years that it
    // keeps together, and where the language writes it so. Few days of an unknown language leave it open.
    let of = |order: DateOrder| spans.iter().find(|(known, _)| *known == order).map(|(_, span)| *span);
    if possible.len() > 1
        && let Some(years) = of(DateOrder::Ymd).filter(|_| possible.contains(&DateOrder::Ymd))
    {
        let others = possible.iter().filter(|order| **order != DateOrder::Ymd).filter_map(|order| of(*order));
        let least = others.min().unwrap_or(0);
        if (least >= 300 && years * 8 <= least) || (short_year == ShortYear::First && years <= least) {
            possible.retain(|order| *order == DateOrder::Ymd);
        } else if short_year == ShortYear::Last || years > least {
            possible.retain(|order| *order != DateOrder::Ymd);
        }
    }
}

fn by_evidence(
    grid: &Grid,
    rows: &[usize],
    columns: &DateColumns,
    bounds: &Bounds,
    possible: &[DateOrder],
    short_year: ShortYear,
) -> Decision {
    let keep = |test: &dyn Fn(DateOrder) -> Option<bool>| -> Option<DateOrder> {
        let verdicts: Vec<(DateOrder, Option<bool>)> = possible.iter().map(|order| (*order, test(*order))).collect();
        let held: Vec<DateOrder> =
            verdicts.iter().filter(|(_, held)| *held == Some(true)).map(|(order, _)| *order).collect();
        let broken = verdicts.iter().any(|(_, held)| *held == Some(false));
        match held[..] {
            [order] if broken => Some(order),
            _ => None,
        }
    };
    let decided =
        |order: DateOrder, why: &str| Decision::Decided(order, format!("{why} only with the {}", name(order)));
    if let Some(order) = keep(&|order| inside_periods(grid, rows, columns, &bounds.periods, order)) {
        return decided(order, "all days lie in the stated period");
    }
    if let Some(order) = keep(&|order| near_month(grid, rows, columns, bounds.month, order)) {
        return decided(order, "the days lie in the month of the title");
    }
    if let Some(order) = keep(&|order| short_lags(grid, rows, columns, order)) {
        return decided(order, "the two days of each row lie close together");
    }
    if let Some(order) = keep(&|order| monotonic(grid, rows, columns, order)) {
        return decided(order, "the days are in order");
    }
    if let Some(order) = keep(&|order| inside_name(grid, rows, columns, &bounds.named, order)) {
        return decided(order, "the days go with the file's name");
    }
    // Languages that write the year first write the month before the day.
    let is_yearless = rows.iter().flat_map(|row| days_of(grid, *row, columns)).all(|day| day.is_yearless());
    if is_yearless && short_year == ShortYear::First && possible.contains(&DateOrder::Mdy) {
        let why = "the language of the header writes the month before the day";
        return Decision::Decided(DateOrder::Mdy, why.to_owned());
    }
    // Orders that read every date alike need no decision.
    let same = rows.iter().flat_map(|row| days_of(grid, *row, columns)).all(|day| {
        let mut readings = possible.iter().map(|order| day.in_order(*order));
        let first = readings.next().flatten();
        readings.all(|reading| reading == first)
    });
    match possible.first() {
        Some(order) if same => Decision::Decided(*order, "both orders give the same days".to_owned()),
        _ => Decision::Open(possible.to_vec()),
    }
}

/// Dates without a year lie in the month of the title or the one before.
fn near_month(
    grid: &Grid,
    rows: &[usize],
    columns: &DateColumns,
    month: Option<u32>,
    order: DateOrder,
) -> Option<bool> {
    let last = month?;
    let before = if last == 1 { 12 } else { last - 1 };
    let mut months = rows.iter().flat_map(|row| days_of(grid, *row, columns)).filter(Day::is_yearless).peekable();
    months.peek()?;
    Some(months.all(|day| day.month_day(order).is_some_and(|(month, _)| month == last || month == before)))
}

fn first_days<'a>(
    grid: &'a Grid,
    rows: &'a [usize],
    columns: &'a DateColumns,
    order: DateOrder,
) -> impl Iterator<Item = NaiveDate> + 'a {
    rows.iter().filter_map(move |row| day_of(grid, *row, columns, order))
}

/// The day of a row in this order.
pub(super) fn day_of(grid: &Grid, row: usize, columns: &DateColumns, order: DateOrder) -> Option<NaiveDate> {
    columns.order.iter().find_map(|column| date::parse(grid.cell(row, *column))?.in_order(order))
}

fn inside_periods(
    grid: &Grid,
    rows: &[usize],
    columns: &DateColumns,
    periods: &[(Day, Day)],
    order: DateOrder,
) -> Option<bool> {
    let mut verdict = None;
    for (from, to) in periods {
        let (Some(from), Some(to)) = (from.in_order(order), to.in_order(order)) else { return Some(false) };
        let (from, to) = (from.min(to), from.max(to));
        let inside = first_days(grid, rows, columns, order)
            .all(|day| day >= from - chrono::Duration::days(5) && day <= to + chrono::Duration::days(5));
        verdict = Some(verdict.unwrap_or(true) && inside);
    }
    verdict
}

/// Days of the file's name: a last day or a period.
fn inside_name(
    grid: &Grid,
    rows: &[usize],
    columns: &DateColumns,
    named: &[NaiveDate],
    order: DateOrder,
) -> Option<bool> {
    let last = named.iter().max()?;
    let first = (named.len() > 1).then(|| named.iter().min()).flatten();
    Some(first_days(grid, rows, columns, order).all(|day| day <= *last && first.is_none_or(|first| day >= *first)))
}

/// Two dates of a row lie within two weeks of each other in all rows.
fn short_lags(grid: &Grid, rows: &[usize], columns: &DateColumns, order: DateOrder) -> Option<bool> {
    let all: Vec<usize> = columns.order.iter().chain(&columns.others).copied().collect();
    let mut lags = Vec::new();
    for row in rows {
        let days: Vec<NaiveDate> =
            all.iter().filter_map(|column| date::parse(grid.cell(*row, *column))?.in_order(order)).collect();
        if let [first, second, ..] = days[..] {
            lags.push((second - first).num_days().abs());
        }
    }
    let moved = lags.iter().filter(|lag| **lag > 0).count();
    if moved < 2 {
        return None;
    }
    let far = lags.iter().filter(|lag| **lag > 21).count();
    if far == 0 { Some(true) } else { (far * 2 >= moved).then_some(false) }
}

/// The days rise or fall over three distinct ones at least.
fn monotonic(grid: &Grid, rows: &[usize], columns: &DateColumns, order: DateOrder) -> Option<bool> {
    let days: Vec<NaiveDate> = first_days(grid, rows, columns, order).collect();
    let mut distinct = days.clone();
    distinct.dedup();
    if distinct.len() < 3 {
        return None;
    }
    let rising = distinct.is_sorted();
    let falling = distinct.is_sorted_by(|one, other| one >= other);
    Some(rising || falling)
}

/// The order of the lines by their days and times.
pub(super) fn direction(grid: &Grid, rows: &[usize], columns: &DateColumns, order: DateOrder) -> Direction {
    let moment = |row: &usize| -> Option<NaiveDateTime> {
        let (day, time) = columns.order.iter().find_map(|column| {
            let day = date::parse(grid.cell(*row, *column))?;
            Some((day.in_order(order)?, day.time))
        })?;
        let time = time.or_else(|| date::time(grid.cell(*row, columns.time?)));
        Some(day.and_time(time.unwrap_or(NaiveTime::MIN)))
    };
    let moments: Vec<NaiveDateTime> = rows.iter().filter_map(moment).collect();
    let (mut rises, mut falls) = (0usize, 0usize);
    for pair in moments.windows(2) {
        rises += usize::from(pair[1] > pair[0]);
        falls += usize::from(pair[1] < pair[0]);
    }
    if rises > falls * 4 {
        Direction::OldestFirst
    } else if falls > rises * 4 {
        Direction::NewestFirst
    } else {
        Direction::Unknown
    }
}
