//! The one question that a table leaves open, with what each answer would give.
//!
//! Used by the table reader. INVARIANT: at most three rows a preview, those that differ most between the answers.

use super::{
    candidates::Candidate,
    column::Column,
    date::DateOrder,
    model::Model,
    number::Mark,
    plan::{OpenPoint, TablePlan, Turn},
    rows,
    source::RawTable,
};
use std::ops::ControlFlow;

use rust_decimal::Decimal;

use crate::{
    domain::{TransactionFacts, figures},
    statements::{Question, QuestionOption, warnings::Warnings},
};

/// Rows shown for an answer.
const SHOWN: usize = 3;

/// The question about a doubt.
pub(super) fn question(table: &RawTable<'_>, plan: &TablePlan<'_>, doubt: &OpenPoint) -> Question {
    match doubt {
        OpenPoint::Date(orders) => {
            let readings: Vec<(String, String, TablePlan<'_>)> = orders
                .iter()
                .map(|order| {
                    (
                        order.name().to_owned(),
                        order_label(*order).to_owned(),
                        TablePlan { order: *order, ..plan.clone() },
                    )
                })
                .collect();
            ask(table, "date", "In which order are the dates written?", readings)
        }
        OpenPoint::Decimal => {
            let readings = [
                (Mark::Dot, ".", "1.234 is one and a bit, 1,234 is over a thousand"),
                (Mark::Comma, ",", "1,234 is one and a bit, 1.234 is over a thousand"),
            ]
            .map(|(mark, value, label)| (value.to_owned(), label.to_owned(), TablePlan { mark, ..plan.clone() }));
            ask(table, "decimal", "Which character is the decimal mark?", readings.into())
        }
        OpenPoint::Sign => ask(table, "sign", &sign_text(plan), sign_readings(plan)),
        OpenPoint::Amount(candidates) => {
            let readings = candidates
                .iter()
                .map(|candidate| {
                    (
                        candidate.value(),
                        label(plan, candidate),
                        TablePlan { candidate: candidate.clone(), ..plan.clone() },
                    )
                })
                .collect();
            if let [first, second, ..] = &candidates[..]
                && first.is_turned(second)
            {
                return ask(table, "sign", &sign_text(plan), sign_readings(plan));
            }
            ask(table, "amount-column", "Which column holds the amounts?", readings)
        }
    }
}

fn order_label(order: DateOrder) -> &'static str {
    match order {
        DateOrder::Dmy => "day first: 03/04 is 3 April",
        DateOrder::Mdy => "month first: 03/04 is 4 March",
        DateOrder::Ymd => "year first",
    }
}

fn sign_text(plan: &TablePlan<'_>) -> String {
    match &plan.candidate.model {
        Model::Split { debit: Some(_), credit: Some(_), .. } => "Which of the two columns is money out?".to_owned(),
        Model::Split { debit: Some(only), .. } | Model::Split { credit: Some(only), .. } => {
            let title = plan.columns.get(*only).map(Column::title).unwrap_or_default();
            format!("Is {title} money in or money out?")
        }
        Model::Worded { .. } => "Which way do the words give the money?".to_owned(),
        _ => "Are positive amounts money in or money out?".to_owned(),
    }
}

fn sign_readings<'a>(plan: &TablePlan<'a>) -> Vec<(String, String, TablePlan<'a>)> {
    let title =
        |index: Option<usize>| index.and_then(|index| plan.columns.get(index)).map(Column::title).unwrap_or_default();
    let labels = match &plan.candidate.model {
        Model::Split { debit: Some(debit), credit: Some(credit), .. } => {
            [format!("{} is money out", title(Some(*debit))), format!("{} is money out", title(Some(*credit)))]
        }
        Model::Split { debit: Some(only), .. } => {
            [format!("{} is money out", title(Some(*only))), format!("{} is money in", title(Some(*only)))]
        }
        Model::Split { credit: Some(only), .. } => {
            [format!("{} is money in", title(Some(*only))), format!("{} is money out", title(Some(*only)))]
        }
        Model::Worded { signs, .. } if !signs.outgoing.is_empty() && !signs.incoming.is_empty() => {
            let words = |list: &[String]| list.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
            [format!("{} is money out", words(&signs.outgoing)), format!("{} is money out", words(&signs.incoming))]
        }
        _ => ["positive amounts are money in".to_owned(), "positive amounts are money out".to_owned()],
    };
    let [as_is, invert] = labels;
    vec![
        ("as-is".to_owned(), as_is, TablePlan { turn: Turn { amounts: false, ..plan.turn }, ..plan.clone() }),
        ("invert".to_owned(), invert, TablePlan { turn: Turn { amounts: true, ..plan.turn }, ..plan.clone() }),
    ]
}

fn label(plan: &TablePlan<'_>, candidate: &Candidate) -> String {
    let titles: Vec<String> =
        candidate.model.columns().filter_map(|index| plan.columns.get(index)).map(Column::title).collect();
    match candidate.model {
        Model::Split { .. } => format!(
            "{} is money out, {} is money in",
            titles.first().map_or("", String::as_str),
            titles.last().map_or("", String::as_str)
        ),
        _ => titles.join(" and "),
    }
}

fn ask(table: &RawTable<'_>, id: &str, text: &str, readings: Vec<(String, String, TablePlan<'_>)>) -> Question {
    let read: Vec<Vec<TransactionFacts>> = readings
        .iter()
        .map(|(_, _, plan)| {
            let mut go_on = |_| ControlFlow::Continue(());
            let rows = rows::read(table.grid, plan, table.words, usize::MAX, &mut Warnings::new(0), &mut go_on);
            let books = rows.into_iter().flat_map(|rows| rows.books);
            let mut all: Vec<TransactionFacts> = books.flat_map(|book| book.rows).map(|row| row.facts).collect();
            all.sort_by_key(|facts| facts.origin.line);
            all
        })
        .collect();
    let lines = differing(&read);
    let options = readings
        .into_iter()
        .zip(&read)
        .map(|((value, label, _), rows)| QuestionOption { value, label, preview: preview(rows, &lines) })
        .collect();
    Question {
        id: id.to_owned(),
        text: text.to_owned(),
        options,
        lines: lines.into_iter().map(|line| (line, String::new())).collect(),
        evidence: Vec::new(),
    }
}

/// Lines whose rows differ most between the readings: by days first, then by amounts, then the first ones.
fn differing(readings: &[Vec<TransactionFacts>]) -> Vec<u32> {
    let [first, second, ..] = readings else { return Vec::new() };
    let mut scored: Vec<(i64, u32)> = Vec::new();
    for row in first {
        let Some(other) =
            second.binary_search_by_key(&row.origin.line, |facts| facts.origin.line).ok().map(|at| &second[at])
        else {
            continue;
        };
        let days = (row.date - other.date).num_days().abs();
        let amounts = i64::from(row.amount != other.amount);
        if days + amounts > 0 {
            scored.push((days, row.origin.line));
        }
    }
    scored.sort_by_key(|(score, line)| (std::cmp::Reverse(*score), *line));
    let mut lines: Vec<u32> = scored.into_iter().take(SHOWN).map(|(_, line)| line).collect();
    if lines.is_empty() {
        lines = first.iter().take(SHOWN).map(|row| row.origin.line).collect();
    }
    lines.sort_unstable();
    lines
}

fn preview(rows: &[TransactionFacts], lines: &[u32]) -> Vec<String> {
    let mut shown: Vec<String> = rows
        .iter()
        .filter(|row| lines.contains(&row.origin.line))
        .map(|row| format!("line {}: {}  {}  {}", row.origin.line, row.date, row.money(), row.payee()))
        .collect();
    let days = || rows.iter().map(|row| row.date);
    if let (Some(first), Some(last)) = (days().min(), days().max()) {
        // Amounts of several currencies have no sum.
        let currency = rows[0].currency;
        let rows_of_one = rows.iter().map(|row| (row.currency == currency).then_some(row.amount));
        let sum = rows_of_one.into_iter().try_fold(Decimal::ZERO, |sum, amount| sum.checked_add(amount?));
        let sum = sum.map_or_else(String::new, |sum| format!(", sum {} {currency}", figures::grouped(sum, currency)));
        shown.push(format!("{} from {first} to {last}{sum}", figures::counted(rows.len(), "row")));
    }
    shown
}
