//! Account numbers as files write them: with and without leading zeros, dashes, blanks, and masked.
//!
//! Used to find the account that a file means. INVARIANT: pure; two numbers that differ in more than their form are never
//! equal here.

use crate::domain::{AccountType, AssetCode};

/// An account's identity without its form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AccountNumber {
    /// Bank code, letters and digits without leading zeros; empty when not stated.
    bank: String,
    /// The number, letters and digits without leading zeros; of a masked one the part before the mask.
    head: String,
    /// The end of a masked number.
    tail: Option<String>,
    /// The type that the identity states.
    pub(super) stated_type: Option<AccountType>,
}

/// How two numbers compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Closeness {
    /// Two numbers.
    Different,
    /// One is masked, and its visible part agrees.
    Masked,
    /// The same but for their form.
    Equal,
}

impl AccountNumber {
    /// Takes an identity of the form `bank/number/type/currency` apart; all but the number may be missing.
    pub(super) fn of(identity: &str, currency: AssetCode) -> Self {
        let mut rest = identity;
        if let Some((before, last)) = rest.rsplit_once('/')
            && last.eq_ignore_ascii_case(&currency.to_string())
        {
            rest = before;
        }
        let mut stated_type = None;
        if let Some((before, last)) = rest.rsplit_once('/')
            && let Some(known) = AccountType::parse(last)
        {
            stated_type = Some(known);
            rest = before;
        }
        let (bank, number) = rest.split_once('/').unwrap_or(("", rest));
        let (head, tail) = split_mask(number);
        Self { bank: bare(bank), head: if tail.is_some() { letters(&head) } else { bare(&head) }, tail, stated_type }
    }

    /// Whether the number alone names one account of the world: with a bank code, or as long as that of a card.
    pub(super) fn is_unique(&self) -> bool {
        let digits = self.head.bytes().filter(u8::is_ascii_digit).count();
        self.tail.is_none() && (digits >= 12 || (self.bank.len() >= 6 && digits >= 5))
    }

    /// Whether no digit of the number is stated: it is missing, wholly masked, or a name such as `Savings 2`.
    pub(super) fn is_bare(&self) -> bool {
        let has_tail = self.tail.as_deref().is_some_and(|tail| tail.bytes().any(|byte| byte.is_ascii_digit()));
        // Zeros alone fill a field that is not given.
        let is_zero = !self.head.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
        let count = |is_counted: fn(&u8) -> bool| self.head.bytes().filter(is_counted).count();
        let is_name = 2 * count(u8::is_ascii_digit) < count(u8::is_ascii_alphabetic);
        !has_tail && (is_zero || (is_name && self.bank.is_empty()))
    }

    /// Whether the numbers are the same, whatever the bank codes: formats name one bank by its BIC, its code or not at all.
    pub(super) fn has_digits_of(&self, other: &Self) -> bool {
        let digits = self.head.bytes().filter(u8::is_ascii_digit).count();
        self.tail.is_none() && other.tail.is_none() && self.head == other.head && digits >= 6
    }

    /// Compares two numbers and their bank codes.
    pub(super) fn closeness(&self, other: &Self) -> Closeness {
        let banks_agree = self.bank.is_empty() || other.bank.is_empty() || self.bank == other.bank;
        if !banks_agree {
            return Closeness::Different;
        }
        match (&self.tail, &other.tail) {
            (None, None) if self.head == other.head && !self.head.is_empty() => Closeness::Equal,
            (None, None) => Closeness::Different,
            (Some(tail), None) => masked(&self.head, tail, &other.head),
            (None, Some(tail)) => masked(&other.head, tail, &self.head),
            (Some(one), Some(other_tail)) => {
                let tails = one.ends_with(other_tail.as_str()) || other_tail.ends_with(one.as_str());
                let heads = self.head.starts_with(&other.head) || other.head.starts_with(&self.head);
                match (one == other_tail && self.head == other.head, tails && heads) {
                    (true, _) => Closeness::Equal,
                    (false, true) => Closeness::Masked,
                    (false, false) => Closeness::Different,
                }
            }
        }
    }
}

fn letters(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect()
}

/// Letters and digits without leading zeros.
fn bare(text: &str) -> String {
    let all = letters(text);
    let trimmed = all.trim_start_matches('0');
    if trimmed.is_empty() { all } else { trimmed.to_owned() }
}

fn masked(head: &str, tail: &str, full: &str) -> Closeness {
    let fits = full.len() >= tail.len() && full.ends_with(tail) && full.starts_with(head.trim_start_matches('0'));
    if fits { Closeness::Masked } else { Closeness::Different }
}

/// The visible beginning and end of a masked number; the whole and nothing where it is not masked.
fn split_mask(number: &str) -> (String, Option<String>) {
    const LEAST: usize = 3;
    let is_mask = |letter: char| matches!(letter, '*' | '•' | '#' | '·' | '…' | '●' | 'X' | 'x');
    let signs: Vec<(usize, char)> = number.char_indices().filter(|(_, letter)| is_mask(*letter)).collect();
    let (Some((first, sign)), Some((last, end))) = (signs.first().copied(), signs.last().copied()) else {
        return (number.to_owned(), None);
    };
    let inside = &number[first..last];
    let is_run = inside.chars().all(|letter| is_mask(letter) || matches!(letter, ' ' | '-' | '.'));
    // One X is a letter of a number; several, or one at the beginning, are a mask.
    let is_letter = sign.eq_ignore_ascii_case(&'x') && signs.len() == 1 && first > 0;
    let tail = letters(&number[last + end.len_utf8()..]);
    if !is_run || is_letter || tail.len() < LEAST {
        return (number.to_owned(), None);
    }
    (number[..first].to_owned(), Some(tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_equal_but_for_their_form() {
        let number = |identity: &str| AccountNumber::of(identity, AssetCode::USD);
        for (one, other, expected) in [
            ("0033/12345-6", "0033/123456", Closeness::Equal),
            ("091000019/55512345", "91000019/55512345", Closeness::Equal),
            ("55512345", "91000019/0055512345", Closeness::Equal),
            ("1/55 512 345/savings", "1/55512345/USD", Closeness::Equal),
            ("4000123412341234", "XXXXXXXXXXXX1234", Closeness::Masked),
            ("4000123412341234", "****1234", Closeness::Masked),
            ("4000123412341234", "4000 12** **** 1234", Closeness::Masked),
            ("XXXX-XXXX-XXXX-1234", "x1234", Closeness::Equal),
            ("4000123412341234", "5100****1234", Closeness::Different),
            ("4000000000001234", "5100000000001234", Closeness::Different),
            ("1/700", "2/700", Closeness::Different),
            ("1/700", "1/70", Closeness::Different),
            ("12X4567", "124567", Closeness::Different),
        ] {
            assert_eq!(number(one).closeness(&number(other)), expected, "{one} {other}");
            assert_eq!(number(other).closeness(&number(one)), expected, "{other} {one}");
        }
        assert_eq!(number("1/7/savings").stated_type, Some(AccountType::Savings));
    }
}
