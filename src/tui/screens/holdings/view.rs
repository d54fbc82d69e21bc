//! Draws the holdings.

use ratatui::layout::Rect;
use rust_decimal::Decimal;

use super::{
    Holdings, ORDERS,
    position::{Position, totals},
};
use crate::{
    domain::{
        Money,
        figures::{percent_of, round},
    },
    tui::{
        component::{
            columns::{ColumnSpec, ShownFrom},
            detail::DetailLine,
            empty,
            hit::ListId,
            scene::Scene,
        },
        theme::Theme,
        widget::{
            amount::{self, AmountHalves, percent},
            chart::bar,
            paint::{above, below, bottom, padded, rows, top},
            table::{Cell, Size, TableColumn, TableRow, TableView},
            text::width,
        },
    },
};

pub(super) fn draw(holdings: &Holdings, scene: &mut Scene<'_>, area: Rect) {
    let areas = holdings.list.detail.areas(scene.wide, area);
    if let Some(area) = areas.list {
        list(holdings, scene, area);
    }
    if let Some(area) = areas.side {
        let lines = holdings.selected_position().map(|position| details(position, scene)).unwrap_or_default();
        holdings.list.detail.draw(scene, area, "Detail", &lines);
    }
}

fn list(holdings: &Holdings, scene: &mut Scene<'_>, area: Rect) {
    let how = if holdings.merged { "merged by symbol" } else { "by account" };
    let focused = scene.top && !holdings.list.detail.focused;
    let shown = holdings.shown();
    let inner = scene.paint.frame(area, &format!("Holdings · {how}"), &shown.len().to_string(), focused);
    if holdings.positions.is_empty() {
        empty::show(
            scene,
            inner,
            "No holdings yet",
            &[("i", "import a statement of a broker"), ("c", "see what can be connected")],
        );
        return;
    }
    let mut body = inner;
    if holdings.list.filter.is_active() {
        holdings.list.filter.draw(scene, top(inner, 1), &format!("{} of {}", shown.len(), holdings.positions.len()));
        body = below(body, 1);
    }
    let sums = totals(&scene.snapshot.holdings);
    let lines = u16::try_from(sums.len()).unwrap_or(u16::MAX).min(body.height / 3);
    sum_lines(&sums, scene, bottom(body, lines));
    let body = above(body, lines);
    if shown.is_empty() {
        empty::no_match(scene, body);
    } else {
        table(holdings, &shown, scene, body, focused);
    }
}

fn sum_lines(sums: &[(crate::domain::AssetCode, super::position::Total)], scene: &mut Scene<'_>, area: Rect) {
    let theme = scene.paint.theme;
    let masked = scene.paint.masked;
    for ((currency, total), line) in sums.iter().zip(rows(area)) {
        let (value, cost) = total.compared;
        let digits = currency.display_digits();
        let gain = Money::new(round(value.saturating_sub(cost), digits), *currency);
        let share = percent_of(value.saturating_sub(cost), cost.abs());
        let share = share.map(|share| format!(" ({}%)", percent(share))).unwrap_or_default();
        let unknown =
            if total.unknown > 0 { format!("   {} without known cost", total.unknown) } else { String::new() };
        let room = usize::from(padded(line).width);
        let sum = amount::money(Money::new(round(total.value, digits), *currency), masked);
        let nothing_known = total.unknown > 0 && value.is_zero() && cost.is_zero();
        let gain_text =
            if nothing_known { String::new() } else { format!("   gain {}{share}", amount::difference(gain, masked)) };
        let used = width("Total ") + width(&sum) + width(&gain_text);
        let unknown = if used + width(&unknown) <= room { unknown } else { String::new() };
        scene.paint.pieces(
            padded(line),
            &[
                ("Total ", theme.header),
                (&sum, theme.heading),
                (&gain_text, theme.amount(gain.amount)),
                (&unknown, theme.muted),
            ],
        );
    }
}

fn table(holdings: &Holdings, shown: &[&Position], scene: &mut Scene<'_>, area: Rect, focused: bool) {
    let theme = scene.paint.theme;
    let masked = scene.paint.masked;
    let specs = holdings.columns.shown(&COLUMNS, area.width);
    // While a filter is typed, the columns stay in place.
    let steady = holdings.list.filter.editing;
    let columns: Vec<TableColumn<'_>> = specs.iter().map(|spec| TableColumn { steady, ..spec.table }).collect();
    let place = ORDERS.iter().position(|(order, ..)| *order == holdings.order);
    let by_text = |place: usize| ORDERS[place].2 == "symbol" || ORDERS[place].2 == "account";
    let table = TableView {
        list: ListId::Holdings,
        columns: &columns,
        len: shown.len(),
        selected: (!shown.is_empty()).then_some(holdings.list.cursor.at),
        focused,
        headers: true,
        sorted: place.map(|place| (place, by_text(place) == holdings.reversed)),
    };
    table.draw(&mut scene.paint, scene.lists, area, |index| {
        TableRow::cells(specs.iter().map(|spec| cell(spec.column, shown[index], masked, theme)).collect())
    });
}

/// A column of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HoldingColumn {
    Symbol,
    Name,
    Type,
    Account,
    Quantity,
    Price,
    Value,
    Currency,
    Cost,
    Gain,
    GainPercent,
    Weight,
    AsOf,
}

/// Every column, in its order on screen.
pub(super) const COLUMNS: [ColumnSpec<HoldingColumn>; 13] = [
    ColumnSpec::new(
        HoldingColumn::Symbol,
        "symbol",
        TableColumn::new("Symbol", Size::Fit(6, 14)).sort(1),
        ShownFrom::Always,
    ),
    ColumnSpec::new(HoldingColumn::Name, "name", TableColumn::new("Name", Size::Flex(10)).rank(5), ShownFrom::Width(0)),
    ColumnSpec::new(
        HoldingColumn::Type,
        "type",
        TableColumn::new("Type", Size::Fit(0, 16)).rank(8),
        ShownFrom::Width(120),
    ),
    ColumnSpec::new(
        HoldingColumn::Account,
        "account",
        TableColumn::new("Account", Size::Fit(8, 28)).rank(6).sort(5),
        ShownFrom::Width(0),
    ),
    ColumnSpec::new(
        HoldingColumn::Quantity,
        "quantity",
        TableColumn::new("Quantity", Size::Fit(8, 18)).right().rank(2),
        ShownFrom::Width(0),
    ),
    ColumnSpec::new(
        HoldingColumn::Price,
        "price",
        TableColumn::new("Price", Size::Fit(8, 16)).right().rank(4),
        ShownFrom::Width(0),
    ),
    ColumnSpec::new(
        HoldingColumn::Value,
        "value",
        TableColumn::new("Value", Size::Fit(10, 22)).right().sort(0),
        ShownFrom::Always,
    ),
    ColumnSpec::new(
        HoldingColumn::Currency,
        "currency",
        TableColumn::new("", Size::Fit(3, 6)).rank(9),
        ShownFrom::Choice,
    ),
    ColumnSpec::new(
        HoldingColumn::Cost,
        "cost",
        TableColumn::new("Cost", Size::Fit(10, 22)).right().rank(7).sort(4),
        ShownFrom::Width(0),
    ),
    ColumnSpec::new(
        HoldingColumn::Gain,
        "gain",
        TableColumn::new("Gain", Size::Fit(9, 20)).right().rank(1).sort(2),
        ShownFrom::Width(0),
    ),
    ColumnSpec::new(
        HoldingColumn::GainPercent,
        "gain-percent",
        TableColumn::new("%", Size::Fit(6, 10)).right().rank(1).sort(3),
        ShownFrom::Width(0),
    ),
    ColumnSpec::new(
        HoldingColumn::Weight,
        "weight",
        TableColumn::new("Wt %", Size::Fit(4, 6)).right().rank(3),
        ShownFrom::Width(0),
    ),
    ColumnSpec::new(
        HoldingColumn::AsOf,
        "as-of",
        TableColumn::new("As of", Size::Fit(0, 10)).rank(8),
        ShownFrom::Width(130),
    ),
];

/// A cell of a position.
fn cell(column: HoldingColumn, position: &Position, masked: bool, theme: &Theme) -> Cell {
    let unknown = || Cell::Figure(AmountHalves::unknown(), theme.muted);
    let money = |value: Option<Decimal>, style| {
        value
            .map_or_else(unknown, |value| Cell::Figure(AmountHalves::computed(value, position.currency, masked), style))
    };
    let signed = |value: Option<Decimal>| value.map_or(theme.muted, |value| theme.amount(value));
    let of = |text: &str, style| Cell::Figure(AmountHalves::of(text), style);
    match column {
        HoldingColumn::Symbol => Cell::text(position.symbol.clone(), theme.text),
        HoldingColumn::Name => Cell::text(position.name.clone(), theme.muted),
        HoldingColumn::Type => Cell::text(position.kind.as_str().replace('_', " "), theme.muted),
        HoldingColumn::Account => {
            let account = match position.accounts.as_slice() {
                [(only, _)] => only.clone(),
                several => format!("{} accounts", several.len()),
            };
            Cell::text(account, theme.muted)
        }
        HoldingColumn::Quantity => Cell::Figure(AmountHalves::quantity(position.quantity, masked), theme.text),
        HoldingColumn::Price => position
            .price
            .map_or_else(unknown, |price| of(&crate::domain::figures::grouped(price, position.currency), theme.muted)),
        HoldingColumn::Value => money(position.value, theme.text),
        HoldingColumn::Currency => Cell::text(position.currency.to_string(), theme.muted),
        HoldingColumn::Cost => money(position.cost, theme.muted),
        HoldingColumn::Gain => money(position.gain(), signed(position.gain())),
        HoldingColumn::GainPercent => {
            position.gain_percent().map_or_else(unknown, |share| of(&percent(share), signed(Some(share))))
        }
        HoldingColumn::Weight => position.weight.map_or(Cell::Empty, |weight| of(&amount::share(weight), theme.muted)),
        HoldingColumn::AsOf => Cell::text(position.as_of.to_string(), theme.muted),
    }
}

fn details(position: &Position, scene: &Scene<'_>) -> Vec<DetailLine> {
    let masked = scene.paint.masked;
    let theme = scene.paint.theme;
    let money = |amount: Option<Decimal>| {
        amount.map_or_else(
            || amount::UNKNOWN.to_owned(),
            |amount| {
                amount::money(Money::new(round(amount, position.currency.display_digits()), position.currency), masked)
            },
        )
    };
    let quantity = |quantity: Decimal| {
        let figure = AmountHalves::quantity(quantity, masked);
        figure.whole + &figure.fraction
    };
    let gain = position.gain();
    let mut lines = vec![
        DetailLine::Heading(position.symbol.clone()),
        DetailLine::Text(position.name.clone(), theme.text),
        DetailLine::Text(position.kind.as_str().replace('_', " "), theme.muted),
        DetailLine::Blank,
        DetailLine::pair("value", money(position.value)),
        DetailLine::pair("cost", money(position.cost)),
        DetailLine::Pair("gain", money(gain), gain.map(|gain| theme.amount(gain))),
        DetailLine::Pair(
            "gain %",
            position.gain_percent().map_or_else(|| amount::UNKNOWN.to_owned(), percent),
            gain.map(|gain| theme.amount(gain)),
        ),
        DetailLine::pair("quantity", quantity(position.quantity)),
        DetailLine::pair(
            "price",
            position.price.map_or_else(
                || amount::UNKNOWN.to_owned(),
                |price| crate::domain::figures::grouped(price, position.currency),
            ),
        ),
        DetailLine::pair("as of", format!("{} · {}", position.as_of, scene.moment.age(position.as_of))),
    ];
    if let Some(weight) = position.weight {
        lines.push(DetailLine::Blank);
        lines.push(DetailLine::pair("weight", format!("{} % of {}", amount::share(weight), position.currency)));
        lines.push(DetailLine::Text(bar(weight, Decimal::ONE_HUNDRED, 24), theme.chart));
    }
    lines.push(DetailLine::Blank);
    for (account, held) in &position.accounts {
        lines.push(DetailLine::Text(account.clone(), theme.text));
        lines.push(DetailLine::pair("  holds", quantity(*held)));
    }
    lines
}
