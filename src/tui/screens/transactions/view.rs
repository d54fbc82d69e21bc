//! Draws the rows and the detail of one.

use ratatui::{layout::Rect, style::Style};

use super::{
    Transactions,
    columns::{self, COLUMNS, RowColumn},
    groups,
    order::{self, FilledOrder, LineContent},
};
use crate::{
    domain::{Money, Text, TransactionFacts, TransactionStatus, TransactionSubtype},
    ledger::{LedgerEntry, RowList},
    tui::{
        component::{columns::ColumnSpec, detail::DetailLine, empty, hit::ListId, scene::Scene},
        snapshot,
        widget::{
            amount::{self, AmountHalves, plain},
            paint::{below, padded, shrink_left, top},
            table::{Cell, TableColumn, TableRow, TableView},
        },
    },
};

pub(super) fn draw(rows: &Transactions, scene: &mut Scene<'_>, area: Rect) {
    let areas = rows.detail.areas(scene.wide, area);
    if let Some(area) = areas.list {
        list(rows, scene, area);
    }
    if let Some(area) = areas.side {
        let lines =
            if rows.groups.are_shown() { groups::view::details(&rows.groups, scene) } else { selected(rows, scene) };
        rows.detail.draw(scene, area, "Detail", &lines);
    }
}

fn selected(rows: &Transactions, scene: &Scene<'_>) -> Vec<DetailLine> {
    if let (Some(listing), Some(places)) = (&rows.listing, rows.order()) {
        let order = FilledOrder::read(listing, places, order::MOST, scene.snapshot);
        return order.map(|order| order::details(&order, scene)).unwrap_or_default();
    }
    let entry = rows.selected_row().and_then(|id| scene.snapshot.entry(id));
    entry.map(|entry| details(&entry, scene)).unwrap_or_default()
}

fn list(rows: &Transactions, scene: &mut Scene<'_>, area: Rect) {
    let snapshot = scene.snapshot;
    let all = match rows.account {
        Some(account) => snapshot.account(account).map_or(0, |line| line.transaction_count),
        None => snapshot.view.transaction_count(),
    };
    let whose = rows.account.map_or_else(|| "all accounts".to_owned(), |account| snapshot.account_label(account));
    let count = if rows.query.is_all() {
        plain(all.into())
    } else {
        let found = rows.listing.as_ref().map_or(0, RowList::len);
        format!("{} of {}", plain(found.into()), plain(all.into()))
    };
    let count = match rows.groups.len() {
        0 => count,
        1 => format!("1 group · {count}"),
        groups => format!("{} groups · {count}", plain(groups.into())),
    };
    let focused = scene.top && !rows.detail.focused;
    let inner = scene.paint.frame(area, &format!("Transactions · {whose}"), &count, focused);
    if snapshot.is_empty() {
        empty::no_data(scene, inner);
        return;
    }
    let mut body = inner;
    if rows.editing || !rows.field.value().is_empty() || !rows.marks.is_empty() || rows.marks.range.is_some() {
        let used = filter(rows, scene, inner);
        body = below(inner, used);
    }
    if rows.listing.is_some() && rows.len() == 0 {
        if rows.query.is_all() {
            empty::show(scene, body, "No rows here yet", &[("i", "import a statement file")]);
        } else {
            empty::no_match(scene, body);
        }
        return;
    }
    if rows.groups.are_shown() {
        groups::view::draw(&rows.groups, scene, body, focused);
    } else {
        table(rows, scene, body, focused);
    }
}

/// The filter with its sum, the hint about an unknown word, and the sum of the marked rows; returns the lines used.
fn filter(rows: &Transactions, scene: &mut Scene<'_>, area: Rect) -> u16 {
    let theme = scene.paint.theme;
    let masked = scene.paint.masked;
    let mut used = 0;
    if rows.editing || !rows.field.value().is_empty() {
        let line = padded(top(area, 1));
        let sums = rows.listing.as_ref().map(|listing| listing_sums(listing, masked)).unwrap_or_default();
        let taken = if rows.query.is_all() { 0 } else { scene.paint.right(line, &sums, theme.muted) + 2 };
        let field = Rect { width: line.width.saturating_sub(taken), ..line };
        let slash = scene.paint.text(field, "/", theme.key);
        let problems = rows.query.problems();
        let marks: Vec<_> = problems.iter().map(|problem| (problem.range.clone(), theme.wrong)).collect();
        rows.field.draw(&mut scene.paint, shrink_left(field, slash), rows.editing && scene.top, &marks);
        used = 1;
        if let Some((words, help)) = rows.complete.offered().filter(|_| rows.editing) {
            let line = padded(top(below(area, used), 1));
            let (chosen, others) =
                words.split_first().map_or(("", String::new()), |(first, rest)| (*first, rest.join("  ")));
            let help = if help.is_empty() { String::new() } else { format!(" {help}") };
            scene
                .paint
                .pieces(line, &[(chosen, theme.hit), (&help, theme.text), ("   ", theme.text), (&others, theme.muted)]);
            used += 1;
        } else if let Some(problem) = problems.first() {
            scene.paint.text(padded(top(below(area, used), 1)), &format!("! {}", problem.hint), theme.warning);
            used += 1;
        }
    }
    if rows.marks.range.is_some() {
        let text = "● range from here: v or Space ends it, Esc drops it";
        scene.paint.text(padded(top(below(area, used), 1)), text, theme.marked);
        used += 1;
    } else if !rows.marks.is_empty() {
        let sums: Vec<String> = rows.marks.sums().iter().map(|sum| amount::money(*sum, masked)).collect();
        let text = format!("● {} marked  {}", plain(rows.marks.len().into()), sums.join("  "));
        scene.paint.text(padded(top(below(area, used), 1)), &text, theme.marked);
        used += 1;
    }
    used
}

fn listing_sums(listing: &RowList, masked: bool) -> String {
    let sums: Vec<String> = listing.sums().iter().map(|(total, _)| amount::money(*total, masked)).collect();
    sums.join("  ")
}

fn sort_place(rows: &Transactions) -> Option<(usize, bool)> {
    let place = columns::SORTS.iter().position(|(key, ..)| *key == rows.sort.key)?;
    Some((place, rows.sort.descending))
}

fn table(rows: &Transactions, scene: &mut Scene<'_>, area: Rect, focused: bool) {
    let theme = scene.paint.theme;
    let masked = scene.paint.masked;
    let snapshot = scene.snapshot;
    let one = rows.account.is_some();
    let running = !rows.running.is_empty() && rows.query.is_all();
    let mut specs = rows.columns.shown(&COLUMNS, area.width);
    if one {
        specs.retain(|spec| spec.column != RowColumn::Account);
    }
    // While a filter is typed, the columns stay in place.
    let steady = |spec: &ColumnSpec<RowColumn>| TableColumn { steady: rows.editing, ..spec.table };
    let columns: Vec<TableColumn<'_>> = specs.iter().map(steady).collect();
    let len = rows.len();
    let table = TableView {
        list: ListId::Transactions,
        columns: &columns,
        len,
        selected: (len > 0).then_some(rows.cursor.at),
        focused,
        headers: true,
        sorted: sort_place(rows),
    };
    table.draw(&mut scene.paint, scene.lists, area, |index| {
        let Some(listing) = &rows.listing else { return TableRow::cells(Vec::new()) };
        let item = rows.orders.item(listing, index);
        let order = match &item {
            LineContent::Order(places) => FilledOrder::read(listing, places.clone(), order::FEW, snapshot),
            LineContent::Row(_) | LineContent::Fill(_) => None,
        };
        let Some(entry) = listing.id(item.first()).and_then(|id| snapshot.entry(id)) else {
            return TableRow::cells(vec![Cell::text("…", theme.muted)]);
        };
        let facts = &entry.transaction.facts;
        let (word, style) = status(snapshot, facts, theme);
        let amount = order.as_ref().map_or(facts.amount, |order| order.sum.amount);
        // The balance after an order is the one after its newest fill.
        let newest = match &item {
            LineContent::Order(places) if !rows.sort.descending => places.end - 1,
            other => other.first(),
        };
        let from_newest = if rows.sort.descending { newest } else { listing.len().saturating_sub(newest + 1) };
        let balance = rows.running.get(from_newest).copied().flatten().filter(|_| running);
        let text = match (&item, &order) {
            (LineContent::Order(_), Some(order)) => {
                let sign = if rows.orders.is_open(listing.line_of(item.first())) { "-" } else { "+" };
                format!("{sign} {}", order.label(masked))
            }
            (LineContent::Fill(_), _) => format!("  {}", shown_payee(&entry, masked)),
            _ => shown_payee(&entry, masked),
        };
        let (word, style) = match snapshot.twins(entry.transaction.id).next() {
            Some(_) if word.is_empty() => ("same?", theme.warning),
            _ => (word, style),
        };
        let note = match &order {
            Some(order) if word.is_empty() => format!("{} fills", plain(order.count.into())),
            _ => foreign(facts, word, rows, snapshot),
        };
        let chosen = match &item {
            _ if rows.marks.in_range(index, rows.cursor.at) => true,
            LineContent::Order(places) if !rows.marks.is_empty() => {
                listing.ids(places.clone()).is_ok_and(|ids| ids.iter().all(|id| rows.marks.contains(*id)))
            }
            LineContent::Order(_) => false,
            LineContent::Row(_) | LineContent::Fill(_) => rows.marks.contains(entry.transaction.id),
        };
        let cells = specs.iter().map(|spec| match spec.column {
            RowColumn::Payee => Cell::text(text.clone(), theme.text),
            RowColumn::Amount => {
                Cell::Figure(AmountHalves::money(amount, facts.currency, masked), theme.amount(amount))
            }
            RowColumn::Balance => balance.map_or(Cell::Empty, |balance| {
                Cell::Figure(AmountHalves::money(balance, facts.currency, masked), theme.muted)
            }),
            RowColumn::Note if order.is_some() => Cell::Empty,
            RowColumn::Status => Cell::text(note.clone(), style),
            of_row => columns::cell(of_row, &entry, snapshot, masked, theme),
        });
        let cells = cells.collect();
        let over = (facts.status == TransactionStatus::Cancelled).then_some(theme.struck);
        TableRow::Cells { cells, marked: chosen, style: over }
    });
}

/// The status unless it is settled; else the currency if the list has several.
fn foreign(
    facts: &TransactionFacts,
    word: &'static str,
    rows: &Transactions,
    snapshot: &snapshot::LedgerSnapshot,
) -> String {
    if !word.is_empty() {
        return word.to_owned();
    }
    let mixed = rows.account.is_none() && snapshot.worth.len() > 1;
    if mixed { facts.currency.to_string() } else { String::new() }
}

fn shown_payee(entry: &LedgerEntry, masked: bool) -> String {
    snapshot::payee(&entry.transaction.facts, entry.user.payee.as_deref(), masked)
}

/// The word of a status; empty for the usual one.
fn status(
    snapshot: &snapshot::LedgerSnapshot,
    facts: &TransactionFacts,
    theme: &crate::tui::theme::Theme,
) -> (&'static str, Style) {
    match facts.status {
        TransactionStatus::Pending if snapshot.view.has_expired(facts) => ("expired", theme.muted),
        TransactionStatus::Settled => ("", theme.muted),
        TransactionStatus::Pending => ("pending", theme.pending),
        TransactionStatus::Failed => ("failed", theme.error),
        TransactionStatus::Cancelled => ("void", theme.muted),
    }
}

/// The detail of a row.
pub(crate) fn details(entry: &LedgerEntry, scene: &Scene<'_>) -> Vec<DetailLine> {
    let theme = scene.paint.theme;
    let masked = scene.paint.masked;
    let facts = &entry.transaction.facts;
    let mut lines = vec![
        DetailLine::Heading(shown_payee(entry, masked)),
        DetailLine::Pair("", String::new(), None),
        DetailLine::Text(
            format!("{}   {}", amount::money(facts.money(), masked), {
                let expired = scene.snapshot.view.has_expired(facts);
                if expired { "expired: pending for too long".to_owned() } else { facts.status.to_string() }
            }),
            theme.amount(facts.amount),
        ),
        DetailLine::Text(format!("{} ({})", facts.date, scene.moment.age(facts.date)), theme.text),
        DetailLine::Text(scene.snapshot.account_label(entry.transaction.account_id), theme.text),
        DetailLine::Text(
            format!(
                "{} · {}",
                facts.kind.transaction_type().as_str().replace('_', " "),
                snapshot::kind_words(facts.kind.subtype())
            ),
            theme.muted,
        ),
        DetailLine::Blank,
        DetailLine::Pair("category", entry.user.category.clone().unwrap_or_default(), Some(theme.heading)),
        DetailLine::Pair(
            "tags",
            entry.user.tags.iter().map(|tag| format!("#{tag}")).collect::<Vec<_>>().join(" "),
            Some(theme.heading),
        ),
        DetailLine::Pair("note", entry.user.note.clone().unwrap_or_default(), Some(theme.heading)),
    ];
    if !entry.user.is_empty() {
        lines.push(DetailLine::Blank);
    }
    let description = facts.description();
    let text = |text: &Option<Text>| text.as_deref().unwrap_or_default().to_owned();
    let is_known = facts.kind.subtype() != TransactionSubtype::Unknown;
    let raw_type = if is_known { String::new() } else { text(&facts.raw_type) };
    lines.extend([
        DetailLine::pair("payee", if entry.user.payee.is_some() { facts.payee().to_owned() } else { String::new() }),
        DetailLine::pair("text", if description == facts.payee() { String::new() } else { description.to_owned() }),
        DetailLine::pair(
            "memo",
            if facts.memo.as_deref() == Some(description) { String::new() } else { text(&facts.memo) },
        ),
        DetailLine::pair(
            "settles",
            facts.settlement_date.filter(|day| *day != facts.date).map(|day| day.to_string()).unwrap_or_default(),
        ),
        DetailLine::pair("at", facts.instant.map(|at| scene.moment.stamp(at)).unwrap_or_default()),
        DetailLine::pair("reference", text(&facts.reference)),
        DetailLine::pair("bank's type", raw_type),
    ]);
    if let Some(foreign) = &facts.foreign {
        lines.push(DetailLine::pair("originally", amount::money(foreign.money, masked)));
    }
    if let Some(security) = &facts.security {
        let number = |value: Option<rust_decimal::Decimal>| {
            value
                .map(|value| AmountHalves::quantity(value, masked))
                .map(|figure| figure.whole + &figure.fraction)
                .unwrap_or_default()
        };
        let money = |value: Option<rust_decimal::Decimal>| {
            value.map(|value| amount::money(Money::new(value, facts.currency), masked)).unwrap_or_default()
        };
        lines.extend([
            DetailLine::Blank,
            DetailLine::pair("symbol", text(&security.symbol)),
            DetailLine::pair("name", text(&security.name)),
            DetailLine::pair("quantity", number(security.quantity)),
            DetailLine::pair("price", number(security.unit_price)),
            DetailLine::pair("commission", money(security.commission)),
            DetailLine::pair("fees", money(security.fees)),
        ]);
    }
    for (_, twin) in scene.snapshot.twins(entry.transaction.id) {
        if let Some(twin) = scene.snapshot.entry(twin) {
            lines.push(DetailLine::Blank);
            lines.push(DetailLine::Text(format!("may be the same as row {}", twin.transaction.id), theme.warning));
            lines.push(DetailLine::Text(twin_text(&twin, masked), theme.muted));
        }
    }
    let (source, line) = origin(entry, scene.snapshot);
    lines.extend([
        DetailLine::Foot,
        // The line comes first: replies have none, and the others stay in place.
        DetailLine::pair("line", line),
        DetailLine::pair("from", source),
        DetailLine::pair("row", entry.transaction.id.to_string()),
        DetailLine::pair("id", text(&facts.provider_id)),
    ]);
    lines
}

/// `2026-10-10 Coffee -4.50 USD`.
pub(super) fn twin_text(entry: &LedgerEntry, masked: bool) -> String {
    let facts = &entry.transaction.facts;
    format!("{} {} {}", facts.date, shown_payee(entry, masked), amount::money(facts.money(), masked))
}

/// The file or connection that a row was read from, and the line in it; empty without one.
fn origin(entry: &LedgerEntry, snapshot: &snapshot::LedgerSnapshot) -> (String, String) {
    let change = entry.transaction.change_id;
    let source = snapshot.change(change).map_or_else(|| format!("change {change}"), |change| change.source.clone());
    match entry.transaction.facts.origin.line {
        0 => (source, String::new()),
        line => (source, line.to_string()),
    }
}
