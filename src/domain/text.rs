//! Text from outside made safe to keep and to show.
//!
//! [`clean`] is the one sanitiser, applied where text enters (statement, reply, file name) and once
//! more where it is drawn. [`fold`] is the one form in which texts are compared: for searching and
//! for telling whether two rows say the same.

use std::{borrow::Cow, fmt::Write as _};

use rust_decimal::Decimal;
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

use super::AssetCode;

/// A text of a row or a name: up to 24 bytes in place, since most are short and a million of them are many.
pub type Text = compact_str::CompactString;

/// Combining marks kept on one base character; more is how text climbs over its neighbours.
const MAX_MARKS: usize = 4;

/// Removes what could steer a terminal or disguise text: control characters, bidirectional and
/// zero-width marks (an emoji joiner between two visible characters stays), line separators, tag
/// characters, and stacked combining marks beyond four. Line breaks and tabs become one blank.
///
/// Borrows when nothing had to change, which is nearly always.
#[must_use]
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| (b' '..0x7f).contains(&byte)) || !text.chars().any(needs_care) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut marks = 0;
    for (index, character) in text.char_indices() {
        match character {
            '\n' | '\r' | '\t' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                if !out.ends_with(' ') && !out.is_empty() {
                    out.push(' ');
                }
            }
            '\u{200d}' => {
                let after = text[index + character.len_utf8()..].chars().next();
                if out.chars().next_back().is_some_and(is_pictographic) && after.is_some_and(is_pictographic) {
                    out.push(character);
                }
            }
            _ if is_unsafe(character) => {}
            _ if is_combining_mark(character) => {
                marks += 1;
                if marks <= MAX_MARKS && !out.is_empty() {
                    out.push(character);
                }
                continue;
            }
            _ => out.push(character),
        }
        marks = 0;
    }
    Cow::Owned(out)
}

/// [`clean`], trimmed, runs of blanks folded to one; `None` when nothing is left.
#[must_use]
pub fn clean_line(text: &str) -> Option<Text> {
    let cleaned = clean(text);
    let trimmed = cleaned.trim();
    if trimmed.is_empty() {
        return None;
    }
    if !trimmed.contains("  ") && !trimmed.contains('\u{a0}') {
        return Some(trimmed.into());
    }
    let mut out = String::with_capacity(trimmed.len());
    for word in trimmed.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    Some(out.into())
}

fn needs_care(character: char) -> bool {
    character == '\u{200d}' || is_unsafe(character) || is_combining_mark(character)
}

/// C0, C1, bidirectional controls, zero-width characters, separators, tags and non-characters.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

fn is_pictographic(character: char) -> bool {
    matches!(character, '\u{200d}' | '\u{fe0f}' | '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}')
}

/// The form in which texts are compared: lower case, without accents, so `Café` finds `CAFE`.
#[must_use]
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return Cow::Borrowed(text);
    }
    if text.is_ascii() {
        return Cow::Owned(text.to_ascii_lowercase());
    }
    Cow::Owned(text.nfkd().filter(|character| !is_combining_mark(*character)).flat_map(char::to_lowercase).collect())
}

/// Text reduced to its folded letters and digits, for recognising the same row told twice
/// (banks vary blanks and punctuation between downloads).
#[must_use]
pub fn skeleton(text: &str) -> String {
    fold(text).chars().filter(|character| character.is_alphanumeric()).collect()
}

/// An account number reduced to what may be shown: `****` and its last four characters.
///
/// A number of four characters or fewer shows nothing of itself but its last one.
#[must_use]
pub fn mask_number(number: &str) -> String {
    let characters: Vec<char> = number.chars().filter(|character| character.is_alphanumeric()).collect();
    let shown = if characters.len() > 4 { 4 } else { characters.len().min(1) };
    format!("****{}", characters[characters.len() - shown..].iter().collect::<String>())
}

/// An amount with at least the digits its currency shows, never rounded: `49.5` USD is `49.50`.
#[must_use]
pub fn at_scale_of(amount: Decimal, currency: AssetCode) -> Decimal {
    let (mut scaled, digits) = (amount.normalize(), currency.display_digits());
    if scaled.scale() < digits {
        scaled.rescale(digits);
    }
    scaled
}

/// An amount with thousands marks and at least the digits its currency shows, never rounded.
#[must_use]
pub fn grouped(amount: Decimal, currency: AssetCode) -> String {
    group_thousands(&at_scale_of(amount, currency).to_string())
}

/// An amount rounded (half away from zero, as statements do) to the digits its currency shows.
#[must_use]
pub fn rounded(amount: Decimal, currency: AssetCode) -> String {
    let digits = currency.display_digits();
    let mut shown = amount.round_dp_with_strategy(digits, rust_decimal::RoundingStrategy::MidpointAwayFromZero);
    shown.rescale(digits);
    group_thousands(&shown.to_string())
}

fn group_thousands(plain: &str) -> String {
    let (sign, digits) = plain.strip_prefix('-').map_or(("", plain), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut out = String::with_capacity(plain.len() + whole.len() / 3);
    out.push_str(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        let _ = write!(out, ".{fraction}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_disguises_are_removed() {
        assert_eq!(clean("pay\u{1b}[31mpal\u{7}"), "pay[31mpal");
        assert_eq!(clean("a\u{202e}b\u{200b}c\u{feff}\u{e0041}"), "abc");
        assert_eq!(clean("two\r\nlines\tand\u{2028}more"), "two lines and more");
        assert_eq!(clean("Crédit Agricole").into_owned(), "Crédit Agricole");
        assert_eq!(clean("👩\u{200d}👩"), "👩\u{200d}👩");
        assert_eq!(clean("a\u{200d}b"), "ab");
        assert_eq!(clean(&format!("z{}", "\u{301}".repeat(50))).chars().count(), 5);
    }

    #[test]
    fn folding_ignores_case_and_accents() {
        assert_eq!(fold("Café ÀÉ Straße"), "cafe ae straße");
        assert_eq!(skeleton("AT&T *Bill-PMT 12"), "attbillpmt12");
    }

    #[test]
    fn masks_show_four_at_most() {
        assert_eq!(mask_number("000123457890"), "****7890");
        assert_eq!(mask_number("1234"), "****4");
        assert_eq!(mask_number(""), "****");
    }

    #[test]
    fn grouping() {
        let usd = AssetCode::USD;
        assert_eq!(grouped("0".parse().unwrap(), usd), "0.00");
        assert_eq!(grouped("-999".parse().unwrap(), usd), "-999.00");
        assert_eq!(grouped("1000.1".parse().unwrap(), usd), "1,000.10");
        assert_eq!(rounded("-2.345".parse().unwrap(), usd), "-2.35");
        assert_eq!(rounded("-0.001".parse().unwrap(), usd), "0.00");
    }
}
