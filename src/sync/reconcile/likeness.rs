//! Comparing two rows: the prepared form of a row, and how alike two texts are.
//!
//! Used by every pass of this room. INVARIANT: pure; only texts of rows that already agree in day and amount, or in
//! their id, are compared letter by letter.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::domain::{Text, TransactionFacts, text};

/// A row prepared for comparison.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Face {
    pub(super) date: NaiveDate,
    /// Without trailing zeros.
    pub(super) amount: Decimal,
    /// Folded letters and digits of the description.
    pub(super) letters: Text,
}

impl Face {
    pub(super) fn of(facts: &TransactionFacts) -> Self {
        Self { date: facts.date, amount: facts.amount.normalize(), letters: text::skeleton(facts.description()).into() }
    }

    /// Days between two rows.
    pub(super) fn days_to(&self, other: &Self) -> u64 {
        self.date.signed_duration_since(other.date).num_days().unsigned_abs()
    }
}

/// How alike the texts of two rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Likeness {
    /// Two texts that name different rows: instalments, or nothing in common.
    Different,
    /// The same letters, other digits: a number of a check, a branch or a terminal.
    Digits,
    /// One is a shorter form of the other, or one is missing.
    Similar,
    /// The same but for letters that an encoding lost.
    Damaged,
    /// The same letters and digits.
    Same,
}

/// Compares the texts of two rows whose prepared forms are given.
pub(super) fn likeness(one: (&Face, &TransactionFacts), other: (&Face, &TransactionFacts)) -> Likeness {
    of_texts((&one.0.letters, one.1.description()), (&other.0.letters, other.1.description()))
}

/// Compares two texts, each after its folded letters and digits.
fn of_texts((a, left): (&str, &str), (b, right): (&str, &str)) -> Likeness {
    if a == b {
        return Likeness::Same;
    }
    if a.is_empty() || b.is_empty() {
        return Likeness::Similar;
    }
    if (is_damaged(left) || is_damaged(right)) && agrees_where_legible(left, right) {
        return Likeness::Damaged;
    }
    let has_digits = |letters: &str| letters.contains(char::is_numeric);
    if has_digits(a) && has_digits(b) && without_digits(a).eq(without_digits(b)) {
        return if are_instalments(left, right) { Likeness::Different } else { Likeness::Digits };
    }
    if is_short_form(a, b) || shares_words(left, right) { Likeness::Similar } else { Likeness::Different }
}

/// Whether two rows of one day and amount can be the same, as two formats spell them: one may have as payee what the other
/// has as description or memo.
pub(crate) fn are_alike(one: &TransactionFacts, other: &TransactionFacts) -> bool {
    if likeness((&Face::of(one), one), (&Face::of(other), other)) >= Likeness::Similar {
        return true;
    }
    let texts = |facts: &TransactionFacts| -> Vec<(String, Text)> {
        let all = [&facts.description, &facts.payee, &facts.memo];
        let texts = all.into_iter().flatten().map(|text| (text::skeleton(text), text.clone()));
        texts.filter(|(letters, _)| !letters.is_empty()).collect()
    };
    let others = texts(other);
    let is_like = |(a, left): &(String, Text)| {
        others.iter().any(|(b, right)| of_texts((a, left), (b, right)) >= Likeness::Similar)
    };
    texts(one).iter().any(is_like)
}

fn without_digits(letters: &str) -> impl Iterator<Item = char> {
    letters.chars().filter(|letter| !letter.is_numeric())
}

/// Whether both texts hold a counter such as `02/05`.
pub(super) fn are_instalments(left: &str, right: &str) -> bool {
    is_instalment(left) && is_instalment(right)
}

/// A counter such as `02/05` or `2 de 5`.
fn is_instalment(text: &str) -> bool {
    let folded = text::fold(text);
    let mut before = None;
    for word in folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let number = word.parse::<u32>().ok().filter(|number| (1..=120).contains(number));
        if let (Some(first), Some(last)) = (before, number)
            && first <= last
        {
            return true;
        }
        let joins = matches!(word, "de" | "of" | "von" | "di" | "sur" | "van");
        before = number.or(before.filter(|_| joins));
    }
    false
}

/// One text is the beginning, the end or a long common beginning of the other.
fn is_short_form(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let length = short.chars().count();
    let common = short.chars().zip(long.chars()).take_while(|(x, y)| x == y).count();
    (length >= 3 && long.contains(short)) || (common >= 5 && common * 3 >= length * 2)
}

/// At least half of the words of the shorter text, and one of four letters, are in the other.
fn shares_words(left: &str, right: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        let folded = text::fold(text);
        folded.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 1).map(str::to_owned).collect()
    };
    let (a, b) = (words(left), words(right));
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let common = short.iter().filter(|word| long.contains(word));
    let has_letters = |word: &&String| word.len() >= 4 && word.chars().any(char::is_alphabetic);
    common.clone().any(|word| has_letters(&word)) && common.count() * 2 >= short.len()
}

/// Whether letters were lost or garbled: a question mark inside a word, a replacement character, or the pairs that UTF-8
/// makes when it is read as Latin-1.
fn is_damaged(text: &str) -> bool {
    let mut before = ' ';
    for letter in text.chars() {
        if letter == '\u{fffd}' || matches!(before, 'Ã' | 'Â' | 'Ä' | 'Å') && !letter.is_ascii() {
            return true;
        }
        if before == '?' && letter.is_alphanumeric() {
            return true;
        }
        before = letter;
    }
    text.len() > 1 && text.ends_with('?')
}

/// A text with its illegible places as `None`: whatever is not ASCII, and question marks.
fn legible(text: &str) -> Vec<Option<char>> {
    let mut out = Vec::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() {
            out.push(Some(letter.to_ascii_lowercase()));
        } else if letter == '?' || !letter.is_ascii() {
            out.push(None);
        }
    }
    out
}

/// Whether two texts agree when every illegible place matches up to three letters. Quadratic in the length of two short
/// texts, so long ones are cut.
fn agrees_where_legible(left: &str, right: &str) -> bool {
    const LONGEST: usize = 96;
    let (mut a, mut b) = (legible(left), legible(right));
    a.truncate(LONGEST);
    b.truncate(LONGEST);
    let readable = |letters: &[Option<char>]| letters.iter().filter(|letter| letter.is_some()).count();
    let (few, many) = (readable(&a).min(readable(&b)), a.len().max(b.len()));
    if few < 3 || few * 2 < many {
        return false;
    }
    // reached[j]: whether the first i of `a` can agree with the first j of `b`.
    let width = b.len() + 1;
    let mut reached = vec![false; (a.len() + 1) * width];
    reached[0] = true;
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            if !reached[i * width + j] {
                continue;
            }
            if let (Some(Some(x)), Some(Some(y))) = (a.get(i), b.get(j))
                && x == y
            {
                reached[(i + 1) * width + j + 1] = true;
            }
            if a.get(i) == Some(&None) {
                for step in 1..=3.min(b.len() - j) {
                    reached[(i + 1) * width + j + step] = true;
                }
            }
            if b.get(j) == Some(&None) {
                for step in 1..=3.min(a.len() - i) {
                    reached[(i + step) * width + j + 1] = true;
                }
            }
        }
    }
    reached[reached.len() - 1]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::AssetCode;

    fn compared(left: &str, right: &str) -> Likeness {
        let facts = |text: &str| {
            let mut facts = TransactionFacts::new(NaiveDate::default(), Decimal::ONE, AssetCode::USD);
            facts.payee = Some(text.into());
            facts
        };
        let (a, b) = (facts(left), facts(right));
        likeness((&Face::of(&a), &a), (&Face::of(&b), &b))
    }

    #[test]
    fn texts_are_compared_by_what_banks_do_to_them() {
        for (left, right, expected) in [
            ("Café  Müller", "CAFE MULLER", Likeness::Same),
            ("Padaria São João", "Padaria S?o Jo?o", Likeness::Damaged),
            ("Müller São João", "MÃ¼ller SÃ£o JoÃ£o", Likeness::Damaged),
            ("Padaria S??o Jo??o", "Padaria São João", Likeness::Damaged),
            ("Sao Joao Padaria", "S\u{fffd}o Jo\u{fffd}o Padaria", Likeness::Damaged),
            ("Padaria São João", "Farm?cia", Likeness::Different),
            ("Store 12 NY", "Store 12 New York", Likeness::Similar),
            ("BAKERY 0123", "Bakery", Likeness::Similar),
            ("CARD PAYMENT BLUE BOTTLE OAKLAND", "Blue Bottle", Likeness::Similar),
            ("", "Bakery", Likeness::Similar),
            ("CHECK 101", "CHECK 102", Likeness::Digits),
            ("TOK LOJA PARC 02/05", "TOK LOJA PARC 03/05", Likeness::Different),
            ("LOJA 1 de 3", "LOJA 2 de 3", Likeness::Different),
            ("Bakery", "Metro", Likeness::Different),
        ] {
            assert_eq!(compared(left, right), expected, "{left} / {right}");
            assert_eq!(compared(right, left), expected, "{right} / {left}");
        }
    }
}
