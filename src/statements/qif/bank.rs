//! A record of a bank, card, asset or loan section → a row.
//!
//! Used by the reader. INVARIANT: `T` is the amount, `U` only where there is no `T`; splits are parts of it, never rows.

use rust_decimal::Decimal;

use super::{
    record::{QifLine, Section, value},
    survey::Survey,
};
use crate::domain::{
    Kind, MovementPlace, Text, TransactionFacts, TransactionSubtype as Subtype, general_kind, text::clean_line,
};

/// The amount line: `T`, else `U`.
#[must_use]
pub(super) fn amount_line<'a, 'r>(record: &'r [QifLine<'a>]) -> Option<&'r QifLine<'a>> {
    let of = |code| record.iter().find(|line| line.code == code && !line.value.is_empty());
    of('T').or_else(|| of('U'))
}

/// Adds texts and kind to a row with its day and amount.
pub(super) fn describe(record: &[QifLine<'_>], section: Section, facts: &mut TransactionFacts) {
    let text = |code| value(record, code).and_then(clean_line);
    facts.payee = text('P').or_else(|| text('M'));
    facts.memo = text('M').filter(|memo| facts.payee.as_ref() != Some(memo));
    facts.reference = text('N');
    facts.raw_type = text('L');
    facts.kind = kind(facts, section);
}

/// A category in brackets is a transfer to that account; a number is that of a check.
fn kind(facts: &TransactionFacts, section: Section) -> Kind {
    let incoming = facts.amount.is_sign_positive();
    let is_transfer = facts.raw_type.as_deref().is_some_and(|category| category.starts_with('['));
    let is_opening = facts.payee.as_deref().is_some_and(|payee| payee.eq_ignore_ascii_case("opening balance"));
    let is_check = |number: &Text| number.len() <= 6 && number.bytes().all(|byte| byte.is_ascii_digit());
    Kind(match section {
        _ if is_opening => Subtype::Adjustment,
        _ if is_transfer && incoming => Subtype::TransferIn,
        _ if is_transfer => Subtype::TransferOut,
        Section::Bank if !incoming && facts.reference.as_ref().is_some_and(is_check) => Subtype::Check,
        Section::Bank => general_kind(facts.amount, MovementPlace::Bank, &facts.texts()),
        Section::Card => general_kind(facts.amount, MovementPlace::Card, &facts.texts()),
        Section::Liability => general_kind(facts.amount, MovementPlace::Loan, &facts.texts()),
        _ => Subtype::Unknown,
    })
}

/// The sum of the splits, when there are some and all can be read.
#[must_use]
pub(super) fn split_sum(record: &[QifLine<'_>], survey: &Survey<'_>) -> Option<Decimal> {
    if !record.iter().any(|line| line.code == 'S') {
        return None;
    }
    let mut amounts = record.iter().filter(|line| line.code == '$').peekable();
    amounts.peek()?;
    amounts.try_fold(Decimal::ZERO, |sum, line| sum.checked_add(survey.amount(line.value)?))
}
