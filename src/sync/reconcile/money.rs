//! The evidence of balances: a stated balance must equal an earlier one and the rows between them.
//!
//! Used to decide the pairs of `doubt`. A balance is a point: an amount of money at the start of a day. Between two points
//! the settled rows must make up the difference. INVARIANT: linear in rows; at most [`MOST_SUMS`] combinations of doubtful
//! rows are tried for a pair of points; a balance proves something only if it moved with the rows before, or if both
//! balances differ and exactly one combination fits.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{
    doubt::{Pair, PairVerdict},
    identity::{Claim, Sides},
    past,
};
use crate::domain::TransactionStatus;

/// Combinations tried for one pair of points, where balances have proven to be true.
const MOST_SUMS: usize = 4096;
/// Combinations tried where they have not: more would let a wrong balance fit by accident.
const FEW_SUMS: usize = 32;
/// Earlier listings compared.
const MOST_LISTINGS: usize = 6;

/// The evidence of this batch's balances about balances in general.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Agreement {
    /// No two balances could be compared.
    #[default]
    Unknown,
    /// Two different balances and the rows between them add up.
    Agrees,
    /// They don't, although no days are missing between them.
    Fails,
}

/// Two points and what is between them.
struct Span {
    from: NaiveDate,
    /// The first day after it.
    to: NaiveDate,
    difference: Decimal,
    /// The balances at both ends were stated and differ.
    moved: bool,
    /// No day between the listings is missing.
    is_closed: bool,
}

/// Decides the drafts that the balances prove, and returns how the balances behaved.
pub(super) fn decide(sides: &Sides<'_>, pairs: &mut [Pair]) -> Agreement {
    let learned = sides.batch.learned;
    let is_trusted = learned.balances_agreed > learned.balances_failed;
    let is_useless = learned.balances_agreed == 0 && learned.balances_failed >= 3;
    if sides.batch.drafts.iter().any(|draft| draft.correction.is_some()) {
        return Agreement::Unknown;
    }
    let mut result = Agreement::Unknown;
    for span in spans(sides, pairs) {
        let solution = solve(sides, pairs, &span, if is_trusted { MOST_SUMS } else { FEW_SUMS });
        match solution {
            Solution::One(verdicts) => {
                if (is_trusted || span.moved) && !is_useless {
                    for (pair, verdict) in pairs.iter_mut().zip(verdicts) {
                        pair.verdict = verdict.unwrap_or(pair.verdict);
                    }
                }
                return if span.moved { Agreement::Agrees } else { result };
            }
            Solution::Several(shared) => {
                if is_trusted {
                    for (pair, verdict) in pairs.iter_mut().zip(shared) {
                        pair.verdict = verdict.unwrap_or(pair.verdict);
                    }
                }
                return result;
            }
            Solution::None if span.is_closed && result == Agreement::Unknown => result = Agreement::Fails,
            Solution::None => {}
        }
    }
    result
}

/// The pairs of points that this batch can be compared over, the nearest listings first. Both days of a pair are on one side of
/// a point, since a row may have moved over it.
fn spans(sides: &Sides<'_>, pairs: &[Pair]) -> Vec<Span> {
    let (Some(coverage), Some((closing_day, closing))) = (sides.coverage, sides.batch.listing.closing) else {
        return Vec::new();
    };
    let Some(after) = closing_day.succ_opt() else { return Vec::new() };
    let new = past::listing(sides.batch, &coverage);
    let days = || pairs.iter().map(|pair| sides.stored[pair.row].date);
    let first = sides.drafts.iter().map(|face| face.date).chain(days()).fold(coverage.first, NaiveDate::min);
    let last = days().fold(closing_day, NaiveDate::max);
    let is_loaded = |from: NaiveDate, to: NaiveDate| {
        sides.batch.loaded.is_some_and(|(first, last)| first <= from && to.pred_opt().is_some_and(|to| to <= last))
    };
    let mut spans = Vec::new();
    let known = sides.batch.learned.listings.iter().rev();
    for past in known.filter(|past| past.closing.is_some()) {
        let is_closed = past.from <= coverage.reached.succ_opt().unwrap_or(coverage.reached)
            && coverage.first <= past.to.succ_opt().unwrap_or(past.to);
        let moved = past.closing.is_some_and(|(_, amount)| amount != closing);
        let start = first.min(coverage.first);
        // From a balance of theirs before this listing to its closing balance; where this listing begins earlier, from its own
        // opening balance to one of theirs after it, or to their last.
        let (from, to, difference) = if let Some((from, balance)) = past.point_before(start) {
            (from, after, closing.saturating_sub(balance))
        } else {
            let later = past.point_after(last).or(past.points.last().copied());
            let (Some((from, opening)), Some((to, balance))) = (new.points.first().copied(), later) else { continue };
            (from, to, balance.saturating_sub(opening))
        };
        if from < to && is_loaded(from, to) {
            spans.push(Span { from, to, difference, moved, is_closed });
        }
        if spans.len() == MOST_LISTINGS {
            break;
        }
    }
    spans
}

enum Solution {
    None,
    /// One combination; a verdict for each pair that the points enclose.
    One(Vec<Option<PairVerdict>>),
    /// Several; the verdicts that they share.
    Several(Vec<Option<PairVerdict>>),
}

/// Which pairs must be two rows so that the rows make up the difference.
fn solve(sides: &Sides<'_>, pairs: &[Pair], span: &Span, most: usize) -> Solution {
    let within = |day: NaiveDate| span.from <= day && day < span.to;
    let mut sum = Decimal::ZERO;
    for (draft, face) in sides.drafts.iter().enumerate() {
        let counts = sides.of_draft[draft] != Claim::Retired;
        if counts && within(face.date) && sides.draft_status(draft) == TransactionStatus::Settled {
            sum = sum.saturating_add(face.amount);
        }
    }
    let mut in_pair = vec![false; sides.stored.len()];
    for pair in pairs {
        in_pair[pair.row] = true;
    }
    for (row, face) in sides.stored.iter().enumerate() {
        let is_listed = in_pair[row] || sides.claimed[row].is_some_and(|draft| sides.of_draft[draft] != Claim::Retired);
        if !is_listed && within(face.date) && sides.stored_status(row) == TransactionStatus::Settled {
            sum = sum.saturating_add(face.amount);
        }
    }
    let missing = span.difference.saturating_sub(sum);

    // Pairs of one amount are alike: only their number counts.
    let mut groups: BTreeMap<Decimal, Vec<usize>> = BTreeMap::new();
    for (index, pair) in pairs.iter().enumerate() {
        let face = &sides.stored[pair.row];
        if within(face.date) && !face.amount.is_zero() && !pair.is_fixed {
            groups.entry(face.amount).or_default().push(index);
        }
    }
    let groups: Vec<(Decimal, Vec<usize>)> = groups.into_iter().collect();
    let fits = combinations(&groups, pairs, missing, most);
    let verdict_of = |counts: &[usize]| -> Vec<Option<PairVerdict>> {
        let mut verdicts = vec![None; pairs.len()];
        for ((_, members), two) in groups.iter().zip(counts) {
            let mut members = members.clone();
            members.sort_by_key(|index| (!pairs[*index].leans_to_two(), std::cmp::Reverse(*index)));
            for (place, index) in members.into_iter().enumerate() {
                verdicts[index] = Some(if place < *two { PairVerdict::Two } else { PairVerdict::Same });
            }
        }
        verdicts
    };
    match fits.as_slice() {
        [] => Solution::None,
        [only] => Solution::One(verdict_of(only)),
        [first, others @ ..] => {
            let mut shared = verdict_of(first);
            for ((position, (_, members)), two) in groups.iter().enumerate().zip(first) {
                if others.iter().any(|other| other[position] != *two) {
                    for index in members {
                        shared[*index] = None;
                    }
                }
            }
            Solution::Several(shared)
        }
    }
}

/// How many pairs of each group must be two rows for `missing`. All combinations where they are few; else only those that
/// come first to mind: all the same, all two, and as the pairs lean.
fn combinations(groups: &[(Decimal, Vec<usize>)], pairs: &[Pair], missing: Decimal, most: usize) -> Vec<Vec<usize>> {
    let total = |counts: &[usize]| {
        groups.iter().zip(counts).fold(Decimal::ZERO, |sum, ((amount, _), count)| {
            sum.saturating_add(amount.saturating_mul(Decimal::from(*count)))
        })
    };
    let product = groups.iter().try_fold(1_usize, |product, (_, members)| product.checked_mul(members.len() + 1));
    if product.is_none_or(|product| product > most) {
        let leaning =
            |(_, members): &(Decimal, Vec<usize>)| members.iter().filter(|index| pairs[**index].leans_to_two()).count();
        let decided = |(_, members): &(Decimal, Vec<usize>)| {
            members.iter().filter(|index| pairs[**index].verdict == PairVerdict::Two).count()
        };
        let mut tried: Vec<Vec<usize>> = vec![
            vec![0; groups.len()],
            groups.iter().map(|(_, members)| members.len()).collect(),
            groups.iter().map(leaning).collect(),
            groups.iter().map(decided).collect(),
        ];
        tried.sort_unstable();
        tried.dedup();
        tried.retain(|counts| total(counts) == missing);
        return tried;
    }
    let mut fits = Vec::new();
    let mut counts = vec![0; groups.len()];
    loop {
        if total(&counts) == missing {
            fits.push(counts.clone());
        }
        let Some(place) = (0..groups.len()).find(|place| counts[*place] < groups[*place].1.len()) else { return fits };
        counts[place] += 1;
        counts[..place].fill(0);
    }
}
