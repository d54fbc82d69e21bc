//! The agreement of a source's rows with those of an account that it may mean.
//!
//! Used to find the account of a file. INVARIANT: pure, linear in rows; only settled rows count, and a row is matched with at
//! most one other.

use std::collections::HashMap;

use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;

use crate::{
    domain::{AssetCode, TransactionFacts, TransactionStatus, text},
    sync::reconcile::are_alike,
};

/// First and last day.
pub(super) type CoveredDays = (NaiveDate, NaiveDate);

/// The rows of one side.
#[derive(Default)]
pub(super) struct ComparedRows<'a> {
    pub(super) rows: Vec<&'a TransactionFacts>,
    /// Days of which every row is among `rows`.
    pub(super) periods: Vec<CoveredDays>,
    /// Balance at the end of a day, settled rows only.
    pub(super) closing: Option<(NaiveDate, Decimal)>,
}

/// How the rows of a source agree with those of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct RowAgreement {
    /// Rows of the source that the account must have, or has.
    pub(super) compared: usize,
    /// Settled rows of the source.
    all: usize,
    /// Those in a currency of the account.
    comparable: usize,
    /// Rows that both have.
    pub(super) found: usize,
    /// Those that have the same id too.
    by_id: usize,
    /// Those that have the same id or the very same text.
    pub(super) exact: usize,
    /// Rows of the account that the source must have and lacks.
    unlisted: usize,
    /// The source has later rows than the account.
    goes_on: bool,
    /// The account has later rows than the source.
    went_on: bool,
    /// The closing balance of one side and the rows after it make up the closing balance of the other.
    adds_up: bool,
}

impl<'a> ComparedRows<'a> {
    pub(super) fn settled(&self) -> impl Iterator<Item = &'a TransactionFacts> {
        self.rows.iter().copied().filter(|facts| facts.status == TransactionStatus::Settled)
    }

    fn last(&self) -> Option<NaiveDate> {
        self.settled().map(|facts| facts.date).max()
    }

    /// The rows that `other` lacks.
    pub(super) fn without(mut self, other: &ComparedRows<'_>) -> Self {
        let mut known = UnmatchedRows::of(other);
        self.rows.retain(|facts| known.take(facts, false).is_none());
        self
    }

    /// Whether a row of the day must be among the rows. Rows of the last days may be posted later.
    fn must_have(&self, day: NaiveDate) -> bool {
        let is_inside =
            |(from, to): &CoveredDays| *from < day && day.checked_add_days(Days::new(2)).is_some_and(|day| day <= *to);
        self.periods.iter().any(is_inside)
    }

    /// Whether the closing balance of `earlier` and the rows of `self` after it make up the closing balance of `self`.
    fn continues_balance_of(&self, earlier: &ComparedRows<'_>) -> bool {
        let (Some((before, opening)), Some((until, closing))) = (earlier.closing, self.closing) else { return false };
        let Some(next) = before.succ_opt() else { return false };
        if before >= until
            || opening == closing
            || opening.is_zero()
            || !self.periods.iter().any(|(from, _)| *from <= next)
        {
            return false;
        }
        let rows = self.settled().filter(|facts| next <= facts.date && facts.date <= until);
        rows.fold(opening, |sum, facts| sum.saturating_add(facts.amount)) == closing
    }
}

/// Rows of one side by day and amount that have no match yet.
struct UnmatchedRows<'a> {
    rows: HashMap<(NaiveDate, Decimal), Vec<&'a TransactionFacts>>,
}

impl<'a> UnmatchedRows<'a> {
    fn of(side: &ComparedRows<'a>) -> Self {
        let mut rows: HashMap<_, Vec<&TransactionFacts>> = HashMap::new();
        for facts in side.settled() {
            rows.entry((facts.date, facts.amount.normalize())).or_default().push(facts);
        }
        Self { rows }
    }

    /// Takes the row that is most like `facts`: the same id, the same text, a text that another export spells so.
    /// Where one number shows that both sides are one account, any text.
    fn take(&mut self, facts: &TransactionFacts, any_text: bool) -> Option<&'a TransactionFacts> {
        let same = self.rows.get_mut(&(facts.date, facts.amount.normalize()))?;
        let letters = text::skeleton(facts.description());
        let place = same.iter().position(|known| have_one_id(known, facts));
        let place = place.or_else(|| same.iter().position(|known| text::skeleton(known.description()) == letters));
        let place = place.or_else(|| same.iter().position(|known| are_alike(known, facts)));
        let place = place.or_else(|| (any_text && !same.is_empty()).then_some(0))?;
        Some(same.swap_remove(place))
    }
}

fn have_one_id(one: &TransactionFacts, other: &TransactionFacts) -> bool {
    one.provider_id.is_some() && one.provider_id == other.provider_id
}

impl RowAgreement {
    /// Compares the rows of a source with those of an account.
    pub(super) fn of(source: &ComparedRows<'_>, account: &ComparedRows<'_>) -> Self {
        Self::between(source, account, false)
    }

    /// Compares rows by day and amount alone. For two sides with the same number, where two formats of a bank may write every
    /// text differently.
    pub(super) fn of_one_number(source: &ComparedRows<'_>, account: &ComparedRows<'_>) -> Self {
        Self::between(source, account, true)
    }

    fn between(source: &ComparedRows<'_>, account: &ComparedRows<'_>, any_text: bool) -> Self {
        let mut known = UnmatchedRows::of(account);
        let mut agreement = Self {
            goes_on: source.last() > account.last(),
            went_on: source.last() < account.last(),
            adds_up: source.continues_balance_of(account) || account.continues_balance_of(source),
            ..Self::default()
        };
        // A list in one currency lacks the rows of another.
        let mut currencies: Vec<AssetCode> = account.rows.iter().map(|known| known.currency).collect();
        currencies.sort_unstable();
        currencies.dedup();
        let has_currency = |facts: &TransactionFacts| currencies.is_empty() || currencies.contains(&facts.currency);
        for facts in source.settled() {
            agreement.all += 1;
            agreement.comparable += usize::from(has_currency(facts));
            let hit = known.take(facts, any_text);
            agreement.found += usize::from(hit.is_some());
            agreement.by_id += usize::from(hit.is_some_and(|hit| have_one_id(hit, facts)));
            let is_exact = |hit: &TransactionFacts| {
                have_one_id(hit, facts) || text::skeleton(hit.description()) == text::skeleton(facts.description())
            };
            agreement.exact += usize::from(hit.is_some_and(is_exact));
            agreement.compared += usize::from(hit.is_some() || (account.must_have(facts.date) && has_currency(facts)));
        }
        agreement.unlisted = known.rows.values().flatten().filter(|facts| source.must_have(facts.date)).count();
        agreement
    }

    /// Rows or balances show that both are one account.
    pub(super) const fn agrees(self) -> bool {
        (self.found >= 1 || (self.adds_up && self.unlisted == 0)) && self.found * 2 >= self.compared
    }

    /// At least `least` rows show that both are two accounts.
    pub(super) const fn contradicts(self, least: usize) -> bool {
        !self.agrees() && self.compared - self.found + self.unlisted >= least
    }

    /// The source repeats rows of the account, too many for an accident, and lacks few of them. Of a source of two rows both.
    pub(super) const fn repeats(self) -> bool {
        let is_no_accident = self.found >= 3 || (self.found == 2 && self.all == 2 && self.unlisted == 0);
        is_no_accident && self.found * 10 >= self.compared * 9 && self.unlisted <= self.found
    }

    /// Every row of the source is a row of the account.
    pub(super) const fn is_all(self) -> bool {
        self.found >= 1 && self.found == self.comparable
    }

    /// The account has every row of the source that it must have, and one at least.
    pub(super) const fn overlaps(self) -> bool {
        self.is_all() || (self.found >= 1 && self.unlisted == 0 && self.found == self.compared)
    }

    /// One side continues the other: it repeats rows of it, too many for an accident, and goes on after them.
    pub(super) const fn continues(self) -> bool {
        let repeats = self.found * 10 >= self.compared * 9;
        let is_whole = self.unlisted == 0;
        let is_no_accident = self.found >= 2 && self.by_id == self.found || self.found >= 1 && self.adds_up;
        let is_likely = self.found >= 3 && (is_whole || self.goes_on);
        repeats && (is_likely || (is_no_accident && is_whole)) && (self.goes_on || self.went_on)
    }

    /// The better of two accounts for one source.
    pub(super) const fn rank(self) -> (usize, bool) {
        (self.found, self.adds_up)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2025, 3, day).unwrap()
    }

    fn rows(list: &[(u32, i64, &str)]) -> Vec<TransactionFacts> {
        list.iter()
            .map(|(on, amount, id)| {
                let mut facts = TransactionFacts::new(day(*on), Decimal::from(*amount), AssetCode::USD);
                facts.provider_id = Some((*id).into());
                facts
            })
            .collect()
    }

    fn side(rows: &[TransactionFacts], period: (u32, u32), closing: Option<(u32, i64)>) -> ComparedRows<'_> {
        ComparedRows {
            rows: rows.iter().collect(),
            periods: vec![(day(period.0), day(period.1))],
            closing: closing.map(|(on, amount)| (day(on), Decimal::from(amount))),
        }
    }

    #[test]
    fn rows_of_covered_days_agree_or_contradict() {
        let account = rows(&[(2, -5, "a"), (10, -6, "b"), (20, -7, "c")]);
        let other = rows(&[(4, -15, "k"), (11, -16, "l"), (19, -17, "m")]);
        let agreement = RowAgreement::of(&side(&other, (1, 31), None), &side(&account, (1, 31), None));
        assert!(agreement.contradicts(6), "{agreement:?}: no row is in both");
        let next = rows(&[(28, -8, "d")]);
        let agreement = RowAgreement::of(&side(&next, (21, 31), None), &side(&account, (1, 20), None));
        assert!(!agreement.agrees() && !agreement.contradicts(1), "{agreement:?}: no day in common");
        let agreement =
            RowAgreement::of(&side(&next, (21, 31), Some((31, 974))), &side(&account, (1, 20), Some((20, 982))));
        assert!(agreement.agrees(), "{agreement:?}: the balances add up");
        let agreement =
            RowAgreement::of(&side(&next, (21, 31), Some((31, 973))), &side(&account, (1, 20), Some((20, 982))));
        assert!(!agreement.agrees(), "{agreement:?}");
    }

    #[test]
    fn a_replaced_card_continues_in_both_directions() {
        let old = rows(&[(2, -5, "a"), (10, -6, "b"), (20, -7, "c")]);
        let new = rows(&[(10, -6, "b"), (20, -7, "c"), (28, -9, "d")]);
        for (source, period, account, known) in [(&new, (9, 31), &old, (1, 22)), (&old, (1, 22), &new, (9, 31))] {
            let agreement = RowAgreement::of(&side(source, period, None), &side(account, known, None));
            assert!(agreement.continues(), "{agreement:?}");
        }
        let one = rows(&[(20, -7, "x"), (28, -9, "d")]);
        assert!(!RowAgreement::of(&side(&one, (15, 31), None), &side(&old, (1, 22), None)).continues());
    }
}
