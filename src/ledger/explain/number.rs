//! Numbers in the lines of a source, whatever marks group their digits.

use std::borrow::Cow;

use rust_decimal::Decimal;

use super::source::LONGEST_LINE;

/// A line with at most [`LONGEST_LINE`] characters, those around the amount.
pub(super) fn shortened(line: &str, amount: Decimal) -> Cow<'_, str> {
    if line.chars().count() <= LONGEST_LINE {
        return Cow::Borrowed(line);
    }
    let at = number_at(line, amount).unwrap_or(0);
    let before = line[..at].chars().count().saturating_sub(LONGEST_LINE / 2);
    Cow::Owned(line.chars().skip(before).take(LONGEST_LINE).collect())
}

/// Whether a line has the amount as a number, whatever its sign and its separators.
pub(super) fn contains(line: &str, amount: Decimal) -> bool {
    number_at(line, amount).is_some()
}

/// The place of the amount in a line, in bytes.
pub(super) fn number_at(line: &str, amount: Decimal) -> Option<usize> {
    numbers(line).find(|(_, number)| *number == amount.abs()).map(|(at, _)| at)
}

/// Whether a text has the amount in units of 10 to the power of `-scale`: cents, satoshis.
pub(super) fn contains_scaled(text: &str, amount: Decimal, scale: u32) -> bool {
    amount.checked_mul(Decimal::from(10_u64.pow(scale))).is_some_and(|scaled| contains(text, scaled))
}

/// The numbers in a line with their places; one with a doubtful separator in both its readings.
fn numbers(line: &str) -> impl Iterator<Item = (usize, Decimal)> {
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '\'' | '’');
    let mut found = Vec::new();
    let mut start = None;
    for (at, c) in line.char_indices().chain(std::iter::once((line.len(), ' '))) {
        match (is_part(c), start) {
            (true, None) => start = Some(at),
            (false, Some(first)) => {
                let text = line[first..at].trim_matches(|c: char| !c.is_ascii_digit() && c != '.' && c != ',');
                found.extend(readings(text).map(|number| (first, number)));
                start = None;
            }
            _ => {}
        }
    }
    found.into_iter()
}

fn readings(text: &str) -> impl Iterator<Item = Decimal> {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let whole = digits(text).parse::<Decimal>().ok();
    let parted = text.rsplit_once(['.', ',']).and_then(|(before, after)| {
        let fraction = digits(after);
        Decimal::from_str_exact(&format!(
            "{}.{fraction}",
            if digits(before).is_empty() { "0".into() } else { digits(before) }
        ))
        .ok()
    });
    // A row of the kind `a,b,c` is several numbers.
    let listed: Vec<Decimal> = text.split(',').filter_map(|part| Decimal::from_str_exact(part).ok()).collect();
    whole.into_iter().chain(parted).chain(listed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn numbers_are_found_in_either_writing() {
        for line in ["1.234,56", "x 1,234.56-", "1'234.56", "a;1234,56;b", "7,1234.56,8"] {
            assert!(contains(line, amount("-1234.56")), "{line}");
        }
        assert!(!contains("1234.57 123456789", amount("1234.56")));
    }
}
