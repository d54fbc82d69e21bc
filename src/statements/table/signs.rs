//! Whether positive amounts are money in or out.
//!
//! Used by the inference. INVARIANT: balances decide first, then a layout, then words for the direction, then texts, then
//! the convention of cards; where all are silent it stays open.

use rust_decimal::Decimal;

use super::{
    candidates::Candidate,
    chain::Direction,
    column::Column,
    frame::Frame,
    layout::Layout,
    model::{Model, Way},
    number::Mark,
    sign,
    source::RawTable,
};
use crate::statements::Evidence;

/// The facts known when the sign is decided.
pub(super) struct Case<'a> {
    pub(super) table: &'a RawTable<'a>,
    pub(super) frame: &'a Frame,
    pub(super) columns: &'a [Column],
    pub(super) candidate: &'a Candidate,
    pub(super) mark: Mark,
    pub(super) direction: Direction,
    pub(super) is_card: bool,
    pub(super) layout: Option<&'a Layout>,
}

/// The decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SignChoice {
    Decided {
        invert: bool,
        /// Whether the balances are amounts owed.
        balance: bool,
        reasons: Vec<Evidence>,
    },
    Open,
}

fn decided(invert: bool, reason: impl Into<String>) -> SignChoice {
    SignChoice::Decided { invert, balance: false, reasons: vec![Evidence::supporting(reason)] }
}

pub(super) fn decide(case: &Case<'_>) -> SignChoice {
    let answer = case.table.answers.get("sign").map(str::trim);
    let amounts = case.candidate.model.amounts(case.table.grid, &case.frame.sample, case.mark, case.table.words);
    let weights = sign::texts(case.table.grid, &case.frame.sample, &amounts, case.columns, case.table.words);
    if let Some(choice) = by_balance(case, weights) {
        return choice;
    }
    match answer {
        Some("as-is") => return decided(false, "signs are read as they are, as answered"),
        Some("invert") => return decided(true, "signs are inverted, as answered"),
        _ => {}
    }
    if is_contradicted(case, &amounts, weights) {
        return SignChoice::Open;
    }
    if let Some(invert) = case.layout.and_then(|layout| layout.amount.invert) {
        let text = if invert {
            "positive amounts are money out in this layout"
        } else {
            "signs are as they should be in this layout"
        };
        return decided(invert, text);
    }
    match &case.candidate.model {
        Model::Split { .. } if !case.candidate.is_guess => {
            return decided(false, "money out and money in have separate columns");
        }
        Model::Split { debit: Some(debit), credit: Some(credit), .. } => {
            let column = |index: usize| case.columns.iter().find(|column| column.index == index);
            let is_negative =
                |index: usize| column(index).is_some_and(|column| column.negative > 0 && column.positive == 0);
            if is_negative(*debit) || is_negative(*credit) {
                return decided(is_negative(*credit), "one column holds negative amounts only");
            }
            if let Some(choice) = by_payments(weights) {
                return choice;
            }
            return by_texts(weights).unwrap_or(SignChoice::Open);
        }
        Model::Marked { .. } => return decided(false, "marked amounts are money in, all others money out"),
        Model::Worded { .. } if case.layout.is_some() => {
            return decided(false, "the words of this layout give the direction");
        }
        Model::Worded { signs, .. } if signs.is_open => return by_texts(weights).unwrap_or(SignChoice::Open),
        Model::Worded { signs, .. } => {
            let column = signs.columns.first().and_then(|column| case.columns.get(*column));
            let named = signs.trades || column.is_some_and(|column| column.is(super::role::Role::Indicator));
            let title = column.map(Column::title).unwrap_or_default();
            if named || case.frame.header.is_some() || weights.as_is >= weights.inverted {
                return decided(false, format!("the words of {title} give the direction"));
            }
            return by_texts(weights).unwrap_or(SignChoice::Open);
        }
        _ => {}
    }
    if let Model::Signed { column, .. } = case.candidate.model
        && super::net::column(case.table.grid, case.frame, case.columns) == Some(column)
    {
        return decided(false, "what is left of the amounts after the fees reaches the account");
    }
    if case.layout.is_some_and(|layout| layout.amount.column.is_some())
        && case.layout.is_some_and(|layout| !layout.name.starts_with("learned"))
    {
        return decided(false, "signs are as they should be in this layout");
    }
    by_words(case, &amounts, weights)
}

/// The running balance gives the sign, unless the table is a card's whose balances are owed amounts.
fn by_balance(case: &Case<'_>, weights: sign::Weights) -> Option<SignChoice> {
    let beside = case.candidate.balance.filter(|beside| beside.chain.weight() >= 2_000)?;
    let (invert, before) = beside.pairing.meaning(case.direction);
    let chain = beside.chain;
    // Without a direction of the days and with a balance before or turned amounts, the twin reads as well.
    if case.direction == Direction::Unknown
        && (invert || before)
        && !chain.is_strong()
        && weights.as_is >= weights.inverted
    {
        return None;
    }
    let text = format!("{} of {} balances agree with the amounts", chain.agree, chain.steps);
    // Without a header, thanks for payments show a card.
    let thanks = case.frame.header.is_none() && weights.paid_inverted > 0 && weights.paid_as_is == 0;
    let owes = (case.is_card || thanks)
        && !invert
        && weights.strong_inverted > 0
        && weights.strong_as_is == 0
        && weights.inverted > weights.as_is;
    if owes {
        let reasons = vec![
            Evidence::supporting(text),
            Evidence::supporting("this is a card: payments are negative and balances are owed amounts"),
        ];
        return Some(SignChoice::Decided { invert: true, balance: true, reasons });
    }
    let mut reasons = vec![Evidence::supporting(text)];
    if invert {
        reasons.push(Evidence::supporting("balances fall by positive amounts, so these are money out"));
    }
    if chain.agree < chain.steps {
        reasons.push(Evidence::against(format!(
            "{} of {} balances do not agree",
            chain.steps - chain.agree,
            chain.steps
        )));
    }
    Some(SignChoice::Decided { invert, balance: false, reasons })
}

/// Whether two columns must change their sides, where thanks for payments show which one is money in.
pub(super) fn by_payment_texts(
    table: &RawTable<'_>,
    frame: &Frame,
    columns: &[Column],
    candidate: &Candidate,
    mark: Mark,
) -> Option<bool> {
    let amounts = candidate.model.amounts(table.grid, &frame.sample, mark, table.words);
    let weights = sign::texts(table.grid, &frame.sample, &amounts, columns, table.words);
    match by_payments(weights)? {
        SignChoice::Decided { invert, .. } => Some(invert),
        SignChoice::Open => None,
    }
}

/// Whether a built-in layout reads signs as they are, and rows that thank for a payment are all negative, as in the
/// statement of a card, where most rows are positive. What the user answered is in a learned layout and counts.
fn is_contradicted(case: &Case<'_>, amounts: &[Option<Decimal>], weights: sign::Weights) -> bool {
    let positive = amounts.iter().flatten().filter(|amount| **amount > Decimal::ZERO).count();
    let as_is = case.layout.is_some_and(|layout| {
        !layout.name.starts_with("learned-") && layout.amount.invert == Some(false) && layout.amount.column.is_some()
    });
    let pays = weights.paid_inverted > 0 && weights.paid_as_is == 0 && weights.strong_as_is == 0;
    as_is && !case.is_card && pays && positive * 2 > amounts.iter().flatten().count()
}

/// Thanks for a payment on one side only: that side is money in.
fn by_payments(weights: sign::Weights) -> Option<SignChoice> {
    match (weights.paid_as_is > 0, weights.paid_inverted > 0) {
        (true, false) => Some(decided(false, "payments with thanks go with the signs")),
        (false, true) => Some(decided(true, "payments with thanks go with inverted signs")),
        _ => None,
    }
}

fn by_texts(weights: sign::Weights) -> Option<SignChoice> {
    if weights.inverted > weights.as_is * 2 && weights.inverted >= 2 {
        return Some(decided(true, "texts such as payments, refunds and purchases go with inverted signs"));
    }
    if weights.as_is > weights.inverted * 2 && weights.as_is >= 2 {
        return Some(decided(false, "texts such as payments, refunds and purchases go with the signs"));
    }
    None
}

/// Signs of one column, by a column of words, by texts, by the convention of cards.
fn by_words(case: &Case<'_>, amounts: &[Option<Decimal>], weights: sign::Weights) -> SignChoice {
    let positive = amounts.iter().flatten().filter(|amount| **amount > Decimal::ZERO).count();
    let negative = amounts.iter().flatten().filter(|amount| **amount < Decimal::ZERO).count();
    if let Some(choice) = by_indicator(case, amounts) {
        return choice;
    }
    // A card that lists refunds only, or one that writes what was spent as negative amounts.
    let is_single = negative == 1 && weights.as_is == 0;
    if positive == 0 && case.is_card && weights.as_is == 0 && (weights.strong_inverted > 0 || is_single) {
        return SignChoice::Open;
    }
    if positive == 0 {
        return decided(false, "all amounts are negative, which is money out");
    }
    if negative == 0 {
        // Texts of both kinds beside amounts of one sign: the sign of each row is written elsewhere, or nowhere. Two names of
        // shops may be refunds.
        let is_mixed = weights.as_is > 0 && weights.inverted > 0 && !case.is_card;
        let is_thin = positive < 3 && weights.strong_inverted == 0 && weights.inverted > 0 && !case.is_card;
        if let Some(choice) = by_texts(weights).filter(|_| !is_mixed && !is_thin) {
            return choice;
        }
        // A plus sign before an amount marks money in.
        let plus = case.candidate.model.columns().any(|column| {
            case.columns.get(column).is_some_and(|column| column.signed * 10 >= column.filled * 9 && column.filled > 0)
        });
        if plus {
            return decided(false, "every amount has a plus sign");
        }
        // One or two rows may be refunds.
        if case.is_card && (positive > 2 || weights.inverted > 0) {
            return decided(true, "a card lists what was spent as positive amounts");
        }
        return SignChoice::Open;
    }
    // A plus sign beside minus signs is written where the sign counts.
    if !case.is_card && has_plus_signs(case) {
        return decided(false, "money in is written with a plus sign");
    }
    // A payment to a card that is negative turns all signs over.
    let by_payments = weights.paid_inverted > 0 && weights.paid_as_is == 0 && weights.inverted > weights.as_is;
    let least = if case.is_card { 1 } else { 3 };
    let by_texts = weights.strong_inverted >= least && weights.strong_as_is == 0 && weights.inverted > weights.as_is;
    if by_payments || by_texts {
        return decided(true, "payments and refunds are negative, so positive amounts are money out");
    }
    // Most rows positive, and income among the negative ones: an export of spending, perhaps.
    if !case.is_card && positive > negative && weights.strong_inverted + weights.paid_inverted > 0 && weights.as_is == 0
    {
        return SignChoice::Open;
    }
    if case.is_card && weights.inverted >= 2 && weights.as_is == 0 {
        return decided(true, "purchases are positive and payments negative, so positive amounts are money out");
    }
    // Few rows of a card without a word for the signs as they are show no habit.
    if case.is_card && weights.as_is <= weights.inverted && (positive + negative <= 4 || positive == negative) {
        return SignChoice::Open;
    }
    if case.is_card && positive > negative && weights.strong_as_is <= weights.strong_inverted {
        return decided(true, "a card lists what was spent as positive amounts");
    }
    let invests = case.columns.iter().any(|column| {
        matches!(column.role, Some(super::role::Role::Symbol | super::role::Role::Quantity | super::role::Role::Isin))
    });
    if !case.is_card && !invests && weights.as_is + weights.inverted == 0 && positive >= 5 && positive >= negative * 6 {
        return SignChoice::Open;
    }
    decided(false, "negative amounts are money out")
}

/// Whether amounts of the column are written with a plus sign.
fn has_plus_signs(case: &Case<'_>) -> bool {
    let columns: Vec<usize> = case.candidate.model.columns().collect();
    let cells = |column: usize| case.frame.sample.iter().map(move |row| case.table.grid.cell(*row, column));
    columns.into_iter().flat_map(cells).any(|cell| cell.trim_start().starts_with(['+', '＋']))
}

/// A column of debit and credit beside signed amounts.
fn by_indicator(case: &Case<'_>, amounts: &[Option<Decimal>]) -> Option<SignChoice> {
    let rows = &case.frame.sample;
    for indicator in sign::indicators(case.table.grid, rows, case.columns, case.table.words) {
        let (mut same, mut other) = (0usize, 0usize);
        for (row, amount) in rows.iter().zip(amounts) {
            let Some(amount) = amount.filter(|amount| !amount.is_zero()) else { continue };
            match (indicator.signs.of_row(case.table.grid, *row, case.table.words), amount > Decimal::ZERO) {
                (Way::In, true) | (Way::Out, false) => same += 1,
                (Way::In, false) | (Way::Out, true) => other += 1,
                _ => {}
            }
        }
        let both_words = indicator.into > 0 && indicator.out > 0;
        let title = case.columns.get(indicator.column).map(Column::title).unwrap_or_default();
        if indicator.signs.is_open || same + other == 0 || !(both_words || indicator.named) {
            continue;
        }
        if other == 0 && (both_words || same > 0) {
            return Some(decided(false, format!("the words of {title} agree with the signs")));
        }
        if same == 0 && (both_words || case.is_card || indicator.named) {
            return Some(decided(true, format!("by the words of {title} positive amounts are money out")));
        }
    }
    None
}
