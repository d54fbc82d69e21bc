//! Decides per account whether balances and rows carry the household's signs.
//!
//! The protocol means debts and payments out to be negative, but some institutions deliver a debt as a positive balance,
//! charges as positive rows, or both. Two switches per account are remembered with the connection. Evidence, strongest
//! first: the balance equation (the balance moves by the sum of the new rows, or by its opposite), then the words of the
//! rows. Without evidence nothing is inverted.
//!
//! A switch that the user set wins over all evidence.
//!
//! INVARIANT: without the user, a sign is only ever inverted for an account that owes money (cards, credit lines, loans).

use std::collections::HashMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::domain::{AccountSigns, AccountType};

/// Rows of this many days before the newest one are remembered for the next comparison.
const REMEMBERED_DAYS: i64 = 30;
/// The most rows remembered.
const MOST_REMEMBERED: usize = 400;

/// The two switches of an account, and the figures that the next reply is compared with. Kept with the connection.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct SignSwitches {
    /// Balances are delivered with the opposite sign.
    #[serde(default)]
    pub(super) balance_inverted: bool,
    /// Rows are delivered with the opposite sign.
    #[serde(default)]
    pub(super) rows_inverted: bool,
    /// Both switches as the evidence has them, while the user's are in effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    evidence: Option<(bool, bool)>,
    /// Whether balance and rows move in the same direction, once the balance equation has shown it.
    #[serde(default)]
    same_direction: Option<bool>,
    /// The last balance as delivered.
    #[serde(default)]
    balance: Option<Decimal>,
    /// Settled rows of the last reply as delivered: day and amount.
    #[serde(default)]
    rows: Vec<(NaiveDate, Decimal)>,
}

/// One settled row as delivered.
pub(super) struct Delivered<'a> {
    pub(super) day: NaiveDate,
    pub(super) amount: Decimal,
    pub(super) text: &'a str,
}

impl SignSwitches {
    /// Settled rows of the last reply, as delivered.
    pub(super) fn remembered(&self) -> &[(NaiveDate, Decimal)] {
        &self.rows
    }

    /// The switches after a reply with `balance` and `rows`, and whether they differ from before. `own` are the user's.
    pub(super) fn updated(
        &self,
        own: AccountSigns,
        account_type: AccountType,
        balance: Option<Decimal>,
        rows: &[Delivered<'_>],
    ) -> (Self, bool) {
        let mut next = self.clone();
        if let Some((balance, rows)) = next.evidence.take() {
            (next.balance_inverted, next.rows_inverted) = (balance, rows);
        }
        if let Some(same) = self.direction(balance, rows) {
            next.same_direction = Some(same);
        }
        if account_type.is_liability() {
            next.decide(account_type, balance, rows);
        } else {
            next.balance_inverted = false;
            next.rows_inverted = false;
        }
        if !own.is_unset() {
            next.evidence = Some((next.balance_inverted, next.rows_inverted));
            next.balance_inverted = own.balance.unwrap_or(next.balance_inverted);
            next.rows_inverted = own.rows.unwrap_or(next.rows_inverted);
        }
        let changed = (next.balance_inverted, next.rows_inverted) != (self.balance_inverted, self.rows_inverted);
        next.remember(balance, rows);
        (next, changed)
    }

    /// Whether the balance moved by the sum of the new rows (`true`) or by its opposite (`false`); `None` when it did
    /// neither, or when the new rows add up to nothing.
    fn direction(&self, balance: Option<Decimal>, rows: &[Delivered<'_>]) -> Option<bool> {
        let moved = balance?.checked_sub(self.balance?)?;
        let first = self.rows.iter().map(|(day, _)| *day).min()?;
        let mut known: HashMap<(NaiveDate, Decimal), usize> = HashMap::new();
        for (day, amount) in &self.rows {
            *known.entry((*day, amount.normalize())).or_default() += 1;
        }
        let mut sum = Decimal::ZERO;
        for row in rows.iter().filter(|row| row.day >= first) {
            match known.get_mut(&(row.day, row.amount.normalize())) {
                Some(count) if *count > 0 => *count -= 1,
                Some(_) | None => sum = sum.checked_add(row.amount)?,
            }
        }
        match (sum.is_zero(), moved == sum, moved == -sum) {
            (false, true, _) => Some(true),
            (false, false, true) => Some(false),
            _ => None,
        }
    }

    fn decide(&mut self, account_type: AccountType, balance: Option<Decimal>, rows: &[Delivered<'_>]) {
        let Some(balance) = balance.filter(|balance| !balance.is_zero()) else { return };
        let owed_shown_positive = balance > Decimal::ZERO;
        let words = payments_positive(rows);
        let is_loan = matches!(account_type, AccountType::Loan | AccountType::Mortgage);
        match self.same_direction {
            // One of the two is inverted: payments and charges show which, else the sign of the debt does.
            Some(false) => {
                let rows_inverted = words.map_or(!owed_shown_positive, |positive| !positive);
                self.rows_inverted = rows_inverted;
                self.balance_inverted = !rows_inverted;
            }
            // Both are inverted, or neither.
            Some(true) => {
                let inverted = words.map_or(owed_shown_positive && is_loan, |positive| !positive);
                self.rows_inverted = inverted;
                self.balance_inverted = inverted;
            }
            None => {
                if let Some(positive) = words {
                    self.rows_inverted = !positive;
                }
                // A loan is never overpaid for long; a card may be, so only its inverted rows count as evidence.
                if owed_shown_positive && (is_loan || self.rows_inverted) {
                    self.balance_inverted = true;
                }
            }
        }
    }

    fn remember(&mut self, balance: Option<Decimal>, rows: &[Delivered<'_>]) {
        if balance.is_none() {
            return;
        }
        self.balance = balance;
        let newest = rows.iter().map(|row| row.day).max();
        let first = newest.and_then(|day| day.checked_sub_signed(chrono::TimeDelta::days(REMEMBERED_DAYS)));
        let mut kept: Vec<(NaiveDate, Decimal)> = rows
            .iter()
            .filter(|row| first.is_some_and(|first| row.day >= first))
            .map(|row| (row.day, row.amount))
            .collect();
        kept.sort_unstable();
        let excess = kept.len().saturating_sub(MOST_REMEMBERED);
        self.rows = kept.split_off(excess);
    }
}

/// Words of rows that pay a debt down.
const PAYMENT_WORDS: &[&str] = &["payment", "autopay", "auto pay", "thank you", "pymt", "paymnt"];

/// Whether rows that pay the debt are positive while most others are negative (`true`), the other way round (`false`), or
/// not known.
fn payments_positive(rows: &[Delivered<'_>]) -> Option<bool> {
    let (mut payments, mut charges) = (0_i64, 0_i64);
    for row in rows.iter().filter(|row| !row.amount.is_zero()) {
        let sign = if row.amount > Decimal::ZERO { 1 } else { -1 };
        let folded = crate::domain::text::fold(row.text);
        if PAYMENT_WORDS.iter().any(|word| folded.contains(word)) {
            payments += sign;
        } else {
            charges += sign;
        }
    }
    match (payments, charges) {
        (1.., ..=0) => Some(true),
        (..=-1, 0..) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows<'a>(list: &[(u32, &str, &'a str)]) -> Vec<Delivered<'a>> {
        let row = |(day, amount, text): &(u32, &str, &'a str)| Delivered {
            day: NaiveDate::from_ymd_opt(2026, 11, *day).unwrap(),
            amount: amount.parse().unwrap(),
            text,
        };
        list.iter().map(row).collect()
    }

    /// A balance with the rows beside it.
    type Reply<'a> = (&'a str, &'a [(u32, &'a str, &'static str)]);

    fn after(account_type: AccountType, replies: &[Reply<'_>]) -> (bool, bool) {
        let signs = replies.iter().fold(SignSwitches::default(), |signs, (balance, list)| {
            signs.updated(AccountSigns::default(), account_type, Some(balance.parse().unwrap()), &rows(list)).0
        });
        (signs.balance_inverted, signs.rows_inverted)
    }

    /// The user's switches win, and the evidence is back when they are taken away.
    #[test]
    fn switches_set_by_hand_win_and_can_be_taken_back() {
        let own = |balance, rows| AccountSigns { balance, rows };
        let list = [(1, "-30", "SHOES"), (2, "50", "PAYMENT THANK YOU")];
        let step = |signs: &SignSwitches, own, account_type| {
            let (signs, changed) = signs.updated(own, account_type, Some("-100".parse().unwrap()), &rows(&list));
            ((signs.balance_inverted, signs.rows_inverted, changed), signs)
        };
        let card = AccountType::CreditCard;
        let (found, signs) = step(&SignSwitches::default(), own(None, Some(true)), card);
        assert_eq!(found, (false, true, true));
        let (found, signs) = step(&signs, own(Some(true), Some(true)), card);
        assert_eq!(found, (true, true, true));
        let (found, signs) = step(&signs, own(Some(true), Some(true)), card);
        assert_eq!(found, (true, true, false));
        let (found, _) = step(&signs, own(None, None), card);
        assert_eq!(found, (false, false, true), "back to the evidence");
        // Also where evidence alone never inverts.
        assert_eq!(step(&SignSwitches::default(), own(Some(true), None), AccountType::Checking).0, (true, false, true));
    }

    #[test]
    fn intended_signs_stay() {
        let card = &[("-100", &[(1, "-30", "SHOES"), (2, "50", "PAYMENT THANK YOU")][..])];
        assert_eq!(after(AccountType::CreditCard, card), (false, false));
        // An overpaid card does not invert the signs.
        let overpaid = &[("-20", &[(1, "-20", "SHOES")][..]), ("30", &[(1, "-20", "SHOES"), (5, "50", "PAYMENT")][..])];
        assert_eq!(after(AccountType::CreditCard, overpaid), (false, false));
        let checking = &[("100", &[(1, "30", "PAYMENT"), (2, "-50", "RENT")][..])];
        assert_eq!(after(AccountType::Checking, checking), (false, false));
    }

    #[test]
    fn a_debt_shown_positive_is_found_by_the_balance_equation() {
        let card =
            &[("100", &[(1, "-30", "SHOES")][..]), ("106.10", &[(1, "-30", "SHOES"), (4, "-6.10", "KIOSK")][..])];
        assert_eq!(after(AccountType::CreditCard, card), (true, false));
    }

    #[test]
    fn charges_shown_positive_are_found_by_words_and_by_the_equation() {
        let both = &[("71.50", &[(1, "71.50", "SHOES"), (2, "-200", "PAYMENT - THANK YOU")][..])];
        assert_eq!(after(AccountType::CreditCard, both), (true, true));
        let rows_only =
            &[("-100", &[(1, "30", "SHOES")][..]), ("-106.10", &[(1, "30", "SHOES"), (4, "6.10", "KIOSK")][..])];
        assert_eq!(after(AccountType::CreditCard, rows_only), (false, true));
    }

    #[test]
    fn loans_with_a_positive_balance_are_debts() {
        assert_eq!(after(AccountType::Mortgage, &[("90000", &[])]), (true, false));
        let paid = &[("90000", &[(1, "-500", "PAYMENT")][..])];
        assert_eq!(after(AccountType::Loan, paid), (true, true));
        let negative = &[("-90000", &[(1, "500", "PAYMENT")][..])];
        assert_eq!(after(AccountType::Loan, negative), (false, false));
    }

    #[test]
    fn renumbered_rows_are_not_new_rows() {
        let signs = SignSwitches::default()
            .updated(
                AccountSigns::default(),
                AccountType::Savings,
                Some("10".parse().unwrap()),
                &rows(&[(1, "-1", "A"), (1, "-1", "A")]),
            )
            .0;
        let again = rows(&[(1, "-1", "A"), (1, "-1", "A"), (2, "-3", "B")]);
        assert_eq!(signs.direction(Some("7".parse().unwrap()), &again), Some(true));
        assert_eq!(signs.direction(Some("13".parse().unwrap()), &again), Some(false));
        assert_eq!(signs.direction(Some("9".parse().unwrap()), &again), None);
    }
}
