//! The texts that can be copied from the rows.

use std::fmt::Write as _;

use super::{
    Transactions,
    order::{self, FilledOrder},
};
use crate::tui::{
    component::pane::Ctx,
    overlay::{Menu, MenuEntry},
    widget::amount::{self, plain},
};

/// Most rows that are copied at once.
const MOST_COPIED: usize = 10_000;

/// Opens the menu of what can be copied: of the marked rows, else of the selected one.
pub(super) fn open(rows: &Transactions, ctx: &mut Ctx<'_>) {
    if !rows.marks.is_empty() {
        copy_marked(rows, ctx);
        return;
    }
    if let (Some(listing), Some(places)) = (&rows.listing, rows.order()) {
        let Some(order) = FilledOrder::read(listing, places, order::MOST, ctx.snapshot) else { return };
        ctx.push(Menu::copy(order.copies(ctx.masked)));
        return;
    }
    let Some(entry) = rows.entry(ctx) else { return };
    let facts = &entry.transaction.facts;
    let line = format!("{}\t{}\t{} {}", facts.date, entry.payee(), facts.amount, facts.currency);
    let shown = if ctx.masked { String::new() } else { facts.money().to_string() };
    let choice = |letter, title: &str, detail: &str, value: String| MenuEntry {
        letter,
        title: title.to_owned(),
        detail: detail.to_owned(),
        value,
    };
    let mut choices = vec![
        choice('a', "amount", &shown, facts.amount.to_string()),
        choice('p', "payee", entry.payee(), entry.payee().to_owned()),
        choice('d', "date", &facts.date.to_string(), facts.date.to_string()),
        choice('r', "row", "date, payee, amount", line),
    ];
    if let Some(id) = &facts.provider_id {
        choices.push(choice('i', "id", id, id.to_string()));
    }
    ctx.push(Menu::copy(choices));
}

/// The marked rows as lines, and their sums.
fn copy_marked(rows: &Transactions, ctx: &mut Ctx<'_>) {
    let count = rows.marks.len();
    if count > MOST_COPIED {
        ctx.toast(format!("At most {} rows are copied: `dashtam export` writes more.", plain(MOST_COPIED.into())));
        return;
    }
    let mut text = String::new();
    for entry in rows.marks.ids().into_iter().filter_map(|id| ctx.snapshot.entry(id)) {
        let facts = &entry.transaction.facts;
        let _ = writeln!(text, "{}\t{}\t{} {}", facts.date, entry.payee(), facts.amount, facts.currency);
    }
    let choice = |letter, title: String, detail: String, value: String| MenuEntry { letter, title, detail, value };
    let title = format!("{} rows", plain(count.into()));
    let mut choices = vec![choice('r', title, "date, payee, amount".to_owned(), text)];
    choices.extend(rows.marks.sums().iter().zip("a123456789".chars()).map(|(sum, letter)| {
        let detail = amount::money(*sum, ctx.masked);
        choice(letter, format!("sum in {}", sum.currency), detail, sum.amount.to_string())
    }));
    ctx.push(Menu::copy(choices));
}
