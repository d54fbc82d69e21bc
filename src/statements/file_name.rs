//! The account that a file name points at, for files that name none inside.
//!
//! Used by the readers of QIF and tables. INVARIANT: days, counters and the words of exports identify nothing, so downloads of
//! one account under changing names give one identity.

use super::iban::iban;
use crate::domain::text;

/// An account as a file name points at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NamedAccount {
    /// An IBAN or account number in the name; may be masked.
    pub(super) number: Option<String>,
    /// The words of the name that are left.
    pub(super) words: Option<String>,
}

/// Words that exports put into file names, folded.
const EXPORT_WORDS: &[&str] = &[
    "account",
    "accounts",
    "activity",
    "bank",
    "card",
    "csv",
    "data",
    "download",
    "downloads",
    "export",
    "file",
    "from",
    "history",
    "kontoauszug",
    "kontoumsaetze",
    "list",
    "movements",
    "movimenti",
    "movimientos",
    "of",
    "ofx",
    "qif",
    "report",
    "statement",
    "statements",
    "to",
    "transaction",
    "transactions",
    "umsaetze",
    "umsatz",
    "umsatzanzeige",
    "untitled",
    "quicken",
    "copy",
    "new",
    "konto",
    "extrait",
    "releve",
    "extrato",
    "extracto",
];

/// Reads a file name without its folders.
#[must_use]
pub(super) fn account(file_name: &str) -> NamedAccount {
    let file = file_name.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let mut number = None;
    let mut words = Vec::new();
    for word in stem.split(|c: char| !(c.is_alphanumeric() || c == '*')).filter(|word| !word.is_empty()) {
        if let Some(found) = iban(word) {
            number = Some(found);
            continue;
        }
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        let masked = word.trim_start_matches(['x', 'X', '*']);
        let is_number = masked.len() >= 4 && masked.bytes().all(|byte| byte.is_ascii_digit());
        if is_number && !is_day(masked) {
            number.get_or_insert_with(|| word.to_owned());
        } else if digits < word.len() && !EXPORT_WORDS.contains(&text::fold(word).as_ref()) && !is_stamp(word) {
            words.push(word);
        }
    }
    let words = text::clean_line(&words.join(" ")).map(String::from);
    NamedAccount { number, words }
}

/// `2024`, `202401`, `20240131` and their turned forms: four to eight digits with a year of this or the last century.
fn is_day(digits: &str) -> bool {
    let year = |part: Option<&str>| part.is_some_and(|part| part.starts_with("19") || part.starts_with("20"));
    match digits.len() {
        4 => year(Some(digits)),
        6 => year(digits.get(..4)) || year(digits.get(2..)) || digits.starts_with(['0', '1', '2', '3']),
        8 => year(digits.get(..4)) || year(digits.get(4..)),
        _ => digits.len() >= 12 && year(digits.get(..4)),
    }
}

/// `01jan`, `q1`, `t123045`: letters and digits of a time or a counter.
fn is_stamp(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit()) && word.bytes().filter(u8::is_ascii_alphabetic).count() <= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> (Option<String>, Option<String>) {
        let found = account(name);
        (found.number, found.words)
    }

    #[test]
    fn numbers_and_words_without_days_and_counters() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(of("Umsaetze_DE89370400440532013000_2024.03.31.csv"), (some("DE89370400440532013000"), None));
        assert_eq!(of("Chase1234_Activity_20240131.CSV"), (None, some("Chase1234")));
        assert_eq!(of("XXXX1234.qif"), (some("XXXX1234"), None));
        assert_eq!(of("export (1).qif"), (None, None));
        assert_eq!(of("checking 2024-01.qif"), (None, some("checking")));
        assert_eq!(of("a/b/Joint savings.qif"), (None, some("Joint savings")));
        assert_eq!(of(""), (None, None));
    }
}
