//! The facts that answers teach about a layout.
//!
//! Used after an import whose questions were answered. INVARIANT: only what was asked is kept; no text of a row, no
//! number and no name goes into a layout.

use super::{
    candidates::Candidate, column::shape, date::DateOrder, layout::Layout, model::Model, plan::TablePlan,
    source::RawTable, statement::fingerprint,
};

/// The layout of the table with the answers in it; `None` when the answers changed nothing.
pub(super) fn layout(table: &RawTable<'_>, plan: &TablePlan<'_>) -> Option<Layout> {
    let mut layout = plan.layout.cloned().unwrap_or_default();
    if layout.name.is_empty() {
        let print = fingerprint(plan, table.grid);
        layout.name = format!("learned-{}", &print[print.len().saturating_sub(12)..]);
        layout.header = plan.frame.headers(table.grid).into_iter().filter(|cell| !cell.trim().is_empty()).collect();
        if layout.header.is_empty() {
            layout.shape = Some(shape(&plan.columns));
        }
    }
    let before = layout.clone();
    let answers = table.answers;
    if let Some(order) = answers.get("date").and_then(DateOrder::parse) {
        layout.date.order = Some(order.name().to_owned());
    }
    if let Some(mark) = answers.get("decimal") {
        layout.amount.decimal = Some(mark.trim().to_owned());
    }
    if answers.get("amount-column").is_some() {
        columns(&plan.candidate, &mut layout);
    }
    match answers.get("sign").map(str::trim) {
        Some(answer @ ("as-is" | "invert")) if matches!(plan.candidate.model, Model::Split { .. }) => {
            let _ = answer;
            columns(&plan.candidate, &mut layout);
        }
        Some("as-is") => layout.amount.invert = Some(false),
        Some("invert") => layout.amount.invert = Some(true),
        _ => {}
    }
    (layout != before).then_some(layout)
}

/// Names the columns of the amounts by their place.
fn columns(candidate: &Candidate, layout: &mut Layout) {
    let place = |column: usize| Some(format!("#{}", column + 1));
    match &candidate.model {
        Model::Signed { column, .. } => layout.amount.column = place(*column),
        Model::Split { debit, credit, .. } => {
            layout.amount.debit = debit.and_then(place);
            layout.amount.credit = credit.and_then(place);
        }
        _ => {}
    }
}
