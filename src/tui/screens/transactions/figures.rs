//! The figures that the screen shows, for their trees: those of the selected row or order, of the marks and of the list.

use super::{
    Transactions,
    order::{self, FilledOrder},
};
use crate::{
    domain::TransactionId,
    ledger::explain::{Figure, RowPart},
    tui::{component::pane::Ctx, overlay::ExplainTree},
};

/// The figures of one row.
fn of_row(id: TransactionId) -> impl Iterator<Item = Figure> {
    let parts = [RowPart::Quantity, RowPart::Price, RowPart::Commission, RowPart::Fees, RowPart::Foreign];
    let parts = parts.into_iter().map(move |part| Figure::RowPart(id, part));
    [Figure::Row(id), Figure::BalanceAfter(id)].into_iter().chain(parts)
}

/// Opens the trees.
pub(super) fn explain(rows: &Transactions, ctx: &mut Ctx<'_>) {
    let mut figures: Vec<Figure> = Vec::new();
    let Some(listing) = &rows.listing else { return };
    if let Some(places) = rows.order() {
        let order = FilledOrder::read(listing, places, order::MOST, ctx.snapshot);
        figures.extend(order.iter().flat_map(FilledOrder::figures));
    } else if let Some(id) = rows.selected_row() {
        figures.extend(of_row(id));
        figures.extend(ctx.snapshot.twins(id).map(|(_, twin)| Figure::Row(twin)));
    }
    let all = || {
        let sums = listing.sums().into_iter().map(|(total, _)| total.currency);
        sums.map(|currency| Figure::counted_rows(rows.account, currency, &rows.query)).collect::<Vec<_>>()
    };
    if !rows.marks.is_empty() {
        figures.extend(rows.marks.figures(ctx.snapshot).unwrap_or_else(all));
    }
    figures.extend(all());
    ExplainTree::open_all(figures, ctx);
}
