//! The type of an account, read from its name.
//!
//! For providers that state no type, or only a class of types. The user can correct the result.

use crate::domain::{AccountType, text};

/// Words of account names with the type each implies; the first match wins, so narrow terms come first.
const TERMS: &[(&str, AccountType)] = &[
    ("roth", AccountType::RothIra),
    ("rollover", AccountType::Ira),
    ("ira", AccountType::Ira),
    ("401k", AccountType::K401),
    ("401 k", AccountType::K401),
    ("403b", AccountType::B403),
    ("403 b", AccountType::B403),
    ("hsa", AccountType::Hsa),
    ("health savings", AccountType::Hsa),
    ("mortgage", AccountType::Mortgage),
    ("home equity line", AccountType::LineOfCredit),
    ("heloc", AccountType::LineOfCredit),
    ("line of credit", AccountType::LineOfCredit),
    ("credit line", AccountType::LineOfCredit),
    ("loan", AccountType::Loan),
    ("loans", AccountType::Loan),
    ("lending", AccountType::Loan),
    ("financing", AccountType::Loan),
    ("money market", AccountType::MoneyMarket),
    ("certificate of deposit", AccountType::Cd),
    ("certificate", AccountType::Cd),
    ("cd", AccountType::Cd),
    ("checking", AccountType::Checking),
    ("chequing", AccountType::Checking),
    ("current account", AccountType::Checking),
    ("debit card", AccountType::Checking),
    ("savings", AccountType::Savings),
    ("saver", AccountType::Savings),
    ("credit card", AccountType::CreditCard),
    ("visa", AccountType::CreditCard),
    ("mastercard", AccountType::CreditCard),
    ("amex", AccountType::CreditCard),
    ("american express", AccountType::CreditCard),
    ("discover it", AccountType::CreditCard),
    ("card", AccountType::CreditCard),
    ("brokerage", AccountType::Brokerage),
    ("investment", AccountType::Brokerage),
    ("investments", AccountType::Brokerage),
    ("investing", AccountType::Brokerage),
    ("individual", AccountType::Brokerage),
];

/// The type that the words of `name` imply; `None` when no word does. Case, accents and punctuation do not matter.
#[must_use]
pub fn type_of_name(name: &str) -> Option<AccountType> {
    let folded = text::fold(name);
    let mut words = String::with_capacity(folded.len() + 2);
    words.push(' ');
    for word in folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        words.push_str(word);
        words.push(' ');
    }
    let holds = |term: &str| {
        words.match_indices(term).any(|(at, _)| words[..at].ends_with(' ') && words[at + term.len()..].starts_with(' '))
    };
    TERMS.iter().find(|(term, _)| holds(term)).map(|(_, account_type)| *account_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrow_terms_win_and_parts_of_words_do_not_count() {
        let of = type_of_name;
        assert_eq!(of("Roth Contributory IRA"), Some(AccountType::RothIra));
        assert_eq!(of("My 401(k) plan"), Some(AccountType::K401));
        assert_eq!(of("Health Savings Account"), Some(AccountType::Hsa));
        assert_eq!(of("HOME EQUITY LINE OF CREDIT"), Some(AccountType::LineOfCredit));
        assert_eq!(of("Auto Loan ...1234"), Some(AccountType::Loan));
        assert_eq!(of("Rewards Visa"), Some(AccountType::CreditCard));
        assert_eq!(of("Debit Card Checking"), Some(AccountType::Checking));
        assert_eq!(of("Cardinal Fund"), None);
        assert_eq!(of("Mirage"), None);
        assert_eq!(of(""), None);
    }
}
