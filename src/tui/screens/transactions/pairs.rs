//! Decisions about rows that may be one.

use crate::{
    domain::{PairStanding, RowPair, TransactionId},
    sync::EngineCommand,
    tui::{
        component::pane::Ctx,
        overlay::{Menu, MenuEntry},
    },
};

/// Letters of the choices.
const LETTERS: [char; 8] = ['m', 'k', '1', '2', '3', '4', '5', '6'];

/// Opens the menu of decisions about a row and those that may be the same.
pub(super) fn open(row: Option<TransactionId>, ctx: &mut Ctx<'_>) {
    let Some(row) = row else { return };
    let mut choices = Vec::new();
    for (pair, twin) in ctx.snapshot.twins(row) {
        let Some(twin) = ctx.snapshot.entry(twin) else { continue };
        let other = super::view::twin_text(&twin, ctx.masked);
        for (title, standing) in [("merge", PairStanding::Same), ("keep apart", PairStanding::Different)] {
            let detail = if standing == PairStanding::Same {
                format!("with row {}: {other}", twin.transaction.id)
            } else {
                format!("for good from row {}", twin.transaction.id)
            };
            let letter = LETTERS.get(choices.len()).copied().unwrap_or(' ');
            choices.push(MenuEntry { letter, title: title.to_owned(), detail, value: RowPair { standing, ..pair } });
        }
    }
    if choices.is_empty() {
        return ctx.toast("No other row may be the same as this one.");
    }
    ctx.push(Menu::new("Two rows or one?", choices, 0, |pair, ctx| {
        ctx.command(|job| EngineCommand::DecidePair { job, pair: *pair });
    }));
}
