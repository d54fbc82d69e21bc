//! Draws the accounts.

use chrono::{Datelike as _, Months};
use ratatui::layout::Rect;

use super::{
    Accounts, Item,
    order::{AccountOrder, ORDERS},
    totals,
};
use crate::{
    domain::{Account, AccountId, Money, text::shown_number},
    ledger::{AccountLine, Standing},
    tui::{
        attention::{closed_by, unexplained},
        component::{
            columns::{ColumnSpec, ShownFrom},
            detail::DetailLine,
            empty,
            hit::ListId,
            scene::{Moment, Scene},
        },
        snapshot::LedgerSnapshot,
        theme::Theme,
        widget::{
            amount::{self, AmountHalves, plain},
            paint::{above, below, top},
            table::{Cell, Size, TableColumn, TableRow, TableView},
        },
    },
};

pub(super) fn draw(accounts: &Accounts, scene: &mut Scene<'_>, area: Rect) {
    let areas = accounts.list.detail.areas(scene.wide, area);
    if let Some(area) = areas.list {
        list(accounts, scene, area);
    }
    if let Some(area) = areas.side {
        let lines = accounts.selected_line(scene.snapshot).map(|line| details(line, scene)).unwrap_or_default();
        accounts.list.detail.draw(scene, area, "Detail", &lines);
    }
}

fn list(accounts: &Accounts, scene: &mut Scene<'_>, area: Rect) {
    let snapshot = scene.snapshot;
    let shown = accounts.shown(snapshot);
    let masked = scene.paint.masked;
    let sums: Vec<String> =
        totals(shown.iter().copied(), scene.snapshot).into_iter().map(|total| amount::money(total, masked)).collect();
    let title = format!("Accounts · {}", snapshot.accounts().len());
    let focused = scene.top && !accounts.list.detail.focused;
    let inner = scene.paint.frame(area, &title, &sums.join("  "), focused);
    if snapshot.accounts().is_empty() {
        empty::no_data(scene, inner);
        return;
    }
    let filter = accounts.list.filter.is_active();
    if filter {
        let found = format!("{} of {}", shown.len(), snapshot.accounts().len());
        accounts.list.filter.draw(scene, top(inner, 1), &found);
    }
    let body = if filter { below(inner, 1) } else { inner };
    let items = accounts.items(snapshot);
    if items.is_empty() {
        empty::no_match(scene, body);
        return;
    }
    let mut specs = accounts.columns.shown(&COLUMNS, body.width);
    if accounts.order != AccountOrder::Institution && specs.iter().all(|spec| spec.column != AccountColumn::Institution)
    {
        // Without headings the institution has a column.
        let own = COLUMNS.iter().find(|spec| spec.column == AccountColumn::Institution).copied();
        specs.splice(1..1, own);
    }
    // While a filter is typed, the columns stay in place.
    let steady = accounts.list.filter.editing;
    let columns: Vec<TableColumn<'_>> = specs.iter().map(|spec| TableColumn { steady, ..spec.table }).collect();
    let place = ORDERS.iter().position(|(order, ..)| *order == accounts.order);
    let table = TableView {
        list: ListId::Accounts,
        columns: &columns,
        len: items.len(),
        selected: accounts.selected_item(&items),
        focused,
        headers: true,
        sorted: place.map(|place| (place, accounts.order.is_ascending() == accounts.reversed)),
    };
    let grouped = accounts.order == AccountOrder::Institution;
    let scene_of = (scene.snapshot, scene.moment, scene.paint.theme);
    table.draw(&mut scene.paint, scene.lists, above(body, 0), |index| match &items[index] {
        Item::Institution(name) => {
            let own = shown.iter().copied().filter(|line| line.account.institution == *name);
            let sums: Vec<String> =
                totals(own, snapshot).into_iter().map(|total| amount::money(total, masked)).collect();
            TableRow::Heading((*name).to_owned(), sums.join("  "))
        }
        Item::Account(line) => {
            TableRow::cells(specs.iter().map(|spec| cell(spec.column, line, grouped, masked, scene_of)).collect())
        }
    });
}

/// A column of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AccountColumn {
    Account,
    Institution,
    Type,
    Number,
    Balance,
    Currency,
    Check,
    Available,
    Rows,
    AsOf,
    Connection,
    Updated,
    Id,
}

/// Every column, in its order on screen.
pub(super) const COLUMNS: [ColumnSpec<AccountColumn>; 13] = [
    ColumnSpec::new(
        AccountColumn::Account,
        "account",
        TableColumn::new("Account", Size::Flex(24)).sort(1),
        ShownFrom::Always,
    ),
    ColumnSpec::new(
        AccountColumn::Institution,
        "institution",
        TableColumn::new("Institution", Size::Fit(0, 24)).rank(5).sort(0),
        ShownFrom::Choice,
    ),
    ColumnSpec::new(
        AccountColumn::Type,
        "type",
        TableColumn::new("Type", Size::Fit(6, 14)).rank(2).sort(2),
        ShownFrom::Width(0),
    ),
    ColumnSpec::new(
        AccountColumn::Number,
        "number",
        TableColumn::new("Number", Size::Fit(0, 16)).rank(6),
        ShownFrom::Choice,
    ),
    ColumnSpec::new(
        AccountColumn::Balance,
        "balance",
        TableColumn::new("Balance", Size::Fit(12, 24)).right().sort(3),
        ShownFrom::Always,
    ),
    ColumnSpec::new(
        AccountColumn::Currency,
        "currency",
        TableColumn::new("", Size::Fit(3, 6)).rank(1),
        ShownFrom::Width(0),
    ),
    ColumnSpec::new(AccountColumn::Check, "check", TableColumn::new("", Size::Fit(0, 1)).rank(1), ShownFrom::Width(0)),
    ColumnSpec::new(
        AccountColumn::Available,
        "available",
        TableColumn::new("Available", Size::Fit(0, 22)).right().rank(4).sort(4),
        ShownFrom::Width(0),
    ),
    ColumnSpec::new(
        AccountColumn::Rows,
        "rows",
        TableColumn::new("Rows", Size::Fit(5, 11)).right().rank(5).sort(5),
        ShownFrom::Width(0),
    ),
    ColumnSpec::new(
        AccountColumn::AsOf,
        "as-of",
        TableColumn::new("As of", Size::Fit(8, 13)).rank(3).sort(6),
        ShownFrom::Width(0),
    ),
    ColumnSpec::new(
        AccountColumn::Connection,
        "connection",
        TableColumn::new("Connection", Size::Fit(0, 20)).rank(7),
        ShownFrom::Width(110),
    ),
    ColumnSpec::new(
        AccountColumn::Updated,
        "updated",
        TableColumn::new("Updated", Size::Fit(0, 13)).rank(8),
        ShownFrom::Width(120),
    ),
    ColumnSpec::new(
        AccountColumn::Id,
        "id",
        TableColumn::new("Id", Size::Fit(0, 6)).right().rank(9),
        ShownFrom::Choice,
    ),
];

/// A cell of an account.
fn cell(
    column: AccountColumn,
    line: &AccountLine,
    grouped: bool,
    masked: bool,
    (snapshot, moment, theme): (&LedgerSnapshot, Moment, &Theme),
) -> Cell {
    let account = &line.account;
    let figure = |amount| AmountHalves::money(amount, account.currency, masked);
    match column {
        AccountColumn::Account => {
            let text = if account.is_active { theme.text } else { theme.muted };
            let closed = if account.is_active { "" } else { " (closed)" };
            let name = if grouped { own_part(account) } else { account.label() };
            Cell::text(format!("{name}{closed}"), text)
        }
        AccountColumn::Institution => Cell::text(account.institution.clone(), theme.muted),
        AccountColumn::Type => Cell::text(account.kind().label(), theme.muted),
        AccountColumn::Number => Cell::text(shown_number(&account.number_masked), theme.muted),
        AccountColumn::Balance => line.balance.map_or_else(
            || Cell::Figure(AmountHalves::unknown(), theme.muted),
            |balance| Cell::Figure(figure(balance.current.amount), theme.amount(balance.current.amount)),
        ),
        AccountColumn::Currency => Cell::text(account.currency.to_string(), theme.muted),
        AccountColumn::Check => snapshot.checks.get(&account.id).map_or(Cell::Empty, |check| {
            if check.agrees() { Cell::text("✓", theme.good) } else { Cell::text("≠", theme.warning) }
        }),
        AccountColumn::Available => line
            .balance
            .and_then(|balance| balance.available)
            .map_or(Cell::Empty, |available| Cell::Figure(figure(available), theme.muted)),
        AccountColumn::Rows => Cell::text(plain(line.transaction_count.into()), theme.muted),
        AccountColumn::AsOf => line.balance.map_or(Cell::Empty, |balance| age(&moment, balance.as_of, theme)),
        AccountColumn::Connection => Cell::text(line.connection.display_name().to_owned(), theme.muted),
        AccountColumn::Updated => {
            account.last_synced_at.map_or(Cell::Empty, |at| Cell::text(moment.ago(at), theme.muted))
        }
        AccountColumn::Id => Cell::text(account.id.to_string(), theme.muted),
    }
}

/// The label of an account without its institution, which is in the heading, unless only the number would be left.
fn own_part(account: &Account) -> String {
    let label = account.label();
    let rest = label.strip_prefix(account.institution.as_str()).map(str::trim_start);
    rest.filter(|rest| rest.starts_with(char::is_alphanumeric)).map(str::to_owned).unwrap_or(label)
}

fn age(moment: &Moment, day: chrono::NaiveDate, theme: &Theme) -> Cell {
    let old = (moment.today - day).num_days() > 45;
    Cell::text(moment.age(day), if old { theme.warning } else { theme.muted })
}

fn details(line: &AccountLine, scene: &Scene<'_>) -> Vec<DetailLine> {
    let account = &line.account;
    let masked = scene.paint.masked;
    let theme = scene.paint.theme;
    let name = own_part(account);
    let mut lines = vec![DetailLine::Heading(account.institution.clone())];
    if name != account.institution {
        lines.push(DetailLine::Heading(name));
    }
    if let Some(balance) = line.balance {
        lines.push(DetailLine::Text(amount::money(balance.current, masked), theme.amount(balance.current.amount)));
        lines.push(DetailLine::Text(
            format!("as of {} · {}", balance.as_of, scene.moment.age(balance.as_of)),
            theme.muted,
        ));
    } else {
        lines.push(DetailLine::Text("balance unknown".to_owned(), theme.muted));
    }
    lines.push(DetailLine::Blank);
    if let Some(points) = scene.snapshot.histories.get(&account.id).filter(|points| points.len() > 1) {
        // A debt is drawn as the sum owed: the line falls when one owes less.
        let debt = account.kind().is_liability();
        let drawn = points.iter().map(|(day, value)| (*day, if debt { -*value } else { *value })).collect();
        lines.push(DetailLine::Chart(drawn));
        if let (Some(first), Some(last)) = (points.first(), points.last()) {
            let change = Money::new(last.1.saturating_sub(first.1), account.currency);
            let text = if debt {
                let word = if change.amount.is_sign_negative() { "more" } else { "less" };
                let owed = amount::money(Money::new(change.amount.abs(), account.currency), masked);
                format!("{owed} {word} owed")
            } else {
                amount::difference(change, masked)
            };
            // On a line of the same length for every account, so that the lines below stay in place.
            lines.push(DetailLine::Text(text, theme.muted));
            lines.push(DetailLine::Text(format!("since {}", first.0), theme.muted));
        }
        lines.push(DetailLine::Blank);
    }
    lines.extend(coverage(account.id, scene));
    // A gap states the difference with its days.
    let check = scene.snapshot.checks.get(&account.id);
    if let Some(check) = check.filter(|check| check.agrees() || scene.snapshot.gaps_of(account.id).is_empty()) {
        let (text, style) = if check.agrees() {
            (format!("✓ rows add up since {}", check.from), theme.good)
        } else {
            let by = check.difference().map(|by| amount::difference(by, masked)).unwrap_or_default();
            (format!("≠ balance and rows since {} differ by {by}", check.from), theme.warning)
        };
        lines.extend([DetailLine::Text(text, style), DetailLine::Blank]);
    }
    lines.extend(gap_lines(account.id, scene));
    let available =
        line.balance.and_then(|balance| balance.available).map(|available| Money::new(available, account.currency));
    let connection = line.connection.display_name().to_owned();
    lines.extend([
        DetailLine::pair("type", account.kind().label()),
        DetailLine::pair("number", shown_number(&account.number_masked)),
        DetailLine::Foot,
        // Lines that some accounts lack come first: the others stay in place.
        DetailLine::pair("named", if account.alias.is_some() { account.name.clone() } else { String::new() }),
        DetailLine::pair("available", available.map(|money| amount::money(money, masked)).unwrap_or_default()),
        DetailLine::pair("connection", if connection == account.institution { String::new() } else { connection }),
        DetailLine::pair("rows", plain(line.transaction_count.into())),
        DetailLine::pair("last update", account.last_synced_at.map(|at| scene.moment.ago(at)).unwrap_or_default()),
        DetailLine::pair("id", account.id.to_string()),
    ]);
    lines
}

/// The newest gaps of an account: the amount, the row that would explain it, and the download that would close it.
fn gap_lines(account: AccountId, scene: &Scene<'_>) -> Vec<DetailLine> {
    let (theme, masked) = (scene.paint.theme, scene.paint.masked);
    let mut lines = Vec::new();
    for gap in scene.snapshot.gaps_of(account).iter().take(GAPS) {
        let by = gap.gap.map(|by| amount::difference(Money::new(by, gap.currency), masked)).unwrap_or_default();
        lines.push(DetailLine::Text(format!("{by}: {}", unexplained(gap)), theme.warning));
        lines.push(DetailLine::Text(closed_by(gap), theme.muted));
        lines.push(DetailLine::Blank);
    }
    lines
}

/// Gaps listed at most.
const GAPS: usize = 3;

/// Months in the strip.
const MONTHS: u32 = 24;

/// The strip of coverage, a mark per month with the weakest standing of its days, and the meaning of the marks. It ends with
/// this month for every account, so that strips can be compared.
fn coverage(account: AccountId, scene: &Scene<'_>) -> Vec<DetailLine> {
    let snapshot = scene.snapshot;
    let Some(history) = snapshot.daily.history(account) else { return Vec::new() };
    let Some(known) = history.first() else { return Vec::new() };
    let this_month = snapshot.today.with_day(1).unwrap_or(snapshot.today);
    let first = this_month.checked_sub_months(Months::new(MONTHS - 1)).unwrap_or(this_month);
    let mut months: Vec<(u32, Standing)> = Vec::new();
    for day in first.iter_days().take_while(|day| *day <= snapshot.today) {
        let standing = history.on(day).map_or(Standing::Unknown, |figure| figure.standing);
        match months.last_mut() {
            // The days of its first month before it was known do not count.
            Some((month, worst)) if *month == day.month() => {
                *worst = if day <= known { standing } else { standing.max(*worst) }
            }
            _ => months.push((day.month(), standing)),
        }
    }
    let mark = |standing: &Standing| match standing {
        Standing::Stated | Standing::Proven => '█',
        Standing::Derived => '▒',
        Standing::Gap => '!',
        Standing::Unknown => '·',
    };
    let strip: String = months.iter().map(|(_, standing)| mark(standing)).collect();
    let has_gap = months.iter().any(|(_, standing)| *standing == Standing::Gap);
    let theme = scene.paint.theme;
    vec![
        DetailLine::Text(format!("months since {}", first.format("%Y-%m")), theme.muted),
        DetailLine::Text(strip, if has_gap { theme.warning } else { theme.muted }),
        DetailLine::Text("█ proven ▒ derived ! gap · none".to_owned(), theme.muted),
        DetailLine::Blank,
    ]
}
