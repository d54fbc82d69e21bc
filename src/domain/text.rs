//! Text from outside made safe to keep and to show.
//!
//! [`clean`] is the one sanitiser, applied where text enters (statement, reply, file name) and once
//! more where it is drawn. [`fold`] is the one form in which texts are compared: for searching and
//! for finding out whether two rows have the same text.

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// A text of a row or a name: up to 24 bytes in place, since most are short and a million of them are many.
pub type Text = compact_str::CompactString;

/// Combining marks kept on one base character; more is how text climbs over its neighbours.
const MAX_MARKS: usize = 4;

/// Removes what could steer a terminal or disguise text: escape sequences as a whole, control characters, bidirectional and
/// zero-width marks (one emoji joiner between two visible emoji stays), every other default-ignorable character,
/// characters that look blank, non-characters, and stacked combining marks beyond four. Line breaks, tabs and blanks of
/// any width become one blank.
///
/// Borrows when nothing had to change, which is nearly always.
#[must_use]
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| (b' '..0x7f).contains(&byte)) || !text.chars().any(needs_care) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut marks = 0;
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let after = &rest[character.len_utf8()..];
        rest = after;
        match character {
            '\u{1b}' | '\u{90}' | '\u{98}' | '\u{9b}' | '\u{9d}'..='\u{9f}' => {
                rest = &after[escape(character, after)..];
            }
            '\n' | '\r' | '\t' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                if !out.ends_with(' ') && !out.is_empty() {
                    out.push(' ');
                }
                marks = 0;
            }
            _ if is_blank(character) => {
                out.push(' ');
                marks = 0;
            }
            JOINER | EMOJI_STYLE => {
                let joins = character == EMOJI_STYLE || after.chars().next().is_some_and(is_pictographic);
                if joins && out.chars().next_back().is_some_and(|c| is_pictographic(c) || c == EMOJI_STYLE) {
                    out.push(character);
                }
            }
            // The marks of the base before it go on counting, so that a removed character gives no room for more.
            _ if is_unsafe(character) => {}
            _ if is_combining_mark(character) => {
                marks += 1;
                if marks <= MAX_MARKS && !out.is_empty() {
                    out.push(character);
                }
            }
            _ => {
                out.push(character);
                marks = 0;
            }
        }
    }
    Cow::Owned(out)
}

/// Zero-width joiner.
const JOINER: char = '\u{200d}';

/// Variation selector that asks for the emoji form of the character before it.
const EMOJI_STYLE: char = '\u{fe0f}';

/// Length in bytes of what belongs to the escape sequence that `start` opens: parameters and the final byte of a control
/// sequence, the text of a string up to its terminator, the rest of a short escape. 0 where it has no end.
fn escape(start: char, after: &str) -> usize {
    let (kind, skipped) = match start {
        '\u{1b}' => match after.chars().next() {
            Some(kind @ ('[' | ']' | 'P' | 'X' | '^' | '_')) => (kind, 1),
            _ => ('\0', 0),
        },
        '\u{9b}' => ('[', 0),
        _ => (']', 0),
    };
    let body = &after[skipped..];
    match kind {
        '[' => {
            let end = body.bytes().position(|byte| !(0x20..0x40).contains(&byte)).unwrap_or(body.len());
            let is_final = body.as_bytes().get(end).is_some_and(|byte| (0x40..0x7f).contains(byte));
            skipped + end + usize::from(is_final)
        }
        '\0' => {
            let end = body.bytes().position(|byte| !(0x20..0x30).contains(&byte)).unwrap_or(body.len());
            let is_final = body.as_bytes().get(end).is_some_and(|byte| (0x30..0x7f).contains(byte));
            if is_final { end + 1 } else { 0 }
        }
        _ => {
            let ends = ["\u{7}", "\u{1b}\\", "\u{9c}"];
            let end = ends.iter().filter_map(|end| body.find(end).map(|at| at + end.len())).min();
            // Without an end the text after it is kept.
            skipped + end.unwrap_or(0)
        }
    }
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
    matches!(character, JOINER | EMOJI_STYLE)
        || is_blank(character)
        || is_unsafe(character)
        || is_combining_mark(character)
}

/// A blank of another width than the usual one, or a visible character without ink.
const fn is_blank(character: char) -> bool {
    matches!(
        character,
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{2800}' | '\u{3000}'
    )
}

/// Controls, default-ignorable characters (Unicode, `DerivedCoreProperties`), fillers and non-characters.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || (character as u32) & 0xfffe == 0xfffe
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fdd0}'..='\u{fdef}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

fn is_pictographic(character: char) -> bool {
    matches!(character, '\u{2190}'..='\u{27ff}' | '\u{2900}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}')
}

/// The form in which texts are compared: lower case, without accents, with plain dashes, quotes and blanks, so `Café` finds
/// `CAFE`, and two payees that look alike are alike.
#[must_use]
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return Cow::Borrowed(text);
    }
    if text.is_ascii() {
        return Cow::Owned(text.to_ascii_lowercase());
    }
    let shown =
        text.nfkd().filter(|character| !is_combining_mark(*character) && (*character < ' ' || !is_unsafe(*character)));
    let folded: String = shown.map(plain).flat_map(char::to_lowercase).collect();
    if folded.is_empty() {
        // A text of marks alone keeps them, so that it can be searched for.
        return Cow::Owned(text.nfkd().filter(|character| !is_unsafe(*character)).collect());
    }
    Cow::Owned(folded)
}

/// The ASCII character that looks like a dash, quote or blank.
const fn plain(character: char) -> char {
    match character {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{2043}' => '-',
        '\u{2018}'..='\u{201b}' | '\u{2032}' | '\u{2bc}' => '\'',
        '\u{201c}'..='\u{201f}' | '\u{2033}' => '"',
        '\u{2044}' | '\u{2215}' => '/',
        other if is_blank(other) => ' ',
        other => other,
    }
}

/// Text reduced to its folded letters and digits, for recognising the same row in two sources
/// (banks vary blanks and punctuation between downloads).
#[must_use]
pub fn skeleton(text: &str) -> String {
    fold(text).chars().filter(|character| character.is_alphanumeric()).collect()
}

/// An account number reduced to what may be shown: `****` and its last four characters.
///
/// A number of four characters or fewer shows nothing of itself but its last one, unless the source masked it already
/// (`****4417`).
#[must_use]
pub fn mask_number(number: &str) -> String {
    let characters: Vec<char> = number.chars().filter(|character| character.is_alphanumeric()).collect();
    let is_masked = number.trim_start().starts_with("**");
    let shown = if characters.len() > 4 || is_masked { characters.len().min(4) } else { characters.len().min(1) };
    format!("****{}", characters[characters.len() - shown..].iter().collect::<String>())
}

/// A masked number as people see it: `··7890`; empty if no character of it is known.
#[must_use]
pub fn shown_number(masked: &str) -> String {
    match masked.trim_start_matches('*') {
        "" => String::new(),
        tail => format!("··{tail}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_disguises_are_removed() {
        assert_eq!(clean("pay\u{1b}[31mpal\u{7}"), "paypal");
        assert_eq!(clean("Sign in again\u{1b}[2J at Old Union"), "Sign in again at Old Union");
        assert_eq!(
            clean("a\u{1b}]0;title\u{7}b\u{1b}]8;;x\u{1b}\\c\u{1b}(Bd\u{1b}cf\u{9b}1mg\u{9d}0;t\u{9c}h"),
            "abcdfgh"
        );
        assert_eq!(clean("open\u{1b}]0;no end"), "open0;no end");
        assert_eq!(clean("cut\u{1b}["), "cut");
        assert_eq!(clean("a\u{1b}"), "a");
        assert_eq!(clean("a\u{202e}b\u{200b}c\u{feff}\u{e0041}"), "abc");
        assert_eq!(clean("two\r\nlines\tand\u{2028}more"), "two lines and more");
        assert_eq!(clean("Crédit Agricole").into_owned(), "Crédit Agricole");
        assert_eq!(clean("👩\u{200d}👩"), "👩\u{200d}👩");
        assert_eq!(clean("a\u{200d}b"), "ab");
        assert_eq!(clean("👩\u{200d}\u{200d}\u{200d}👩"), "👩\u{200d}👩");
        assert_eq!(clean("❤\u{fe0f}\u{200d}🔥 a\u{fe0f}b"), "❤\u{fe0f}\u{200d}🔥 ab");
        assert_eq!(clean("z\u{301}\u{301}\u{200b}\u{301}\u{301}\u{301}\u{301}").chars().count(), 5);
        let hidden =
            "\u{34f}\u{115f}\u{1160}\u{17b4}\u{17b5}\u{180b}\u{180f}\u{3164}\u{ffa0}\u{e0000}\u{fdd0}\u{ffff}\u{1fffe}";
        assert_eq!(clean(&format!("a{hidden}b")), "ab");
        assert_eq!(clean("a\u{2800}b\u{a0}c\u{3000}d"), "a b c d");
        assert_eq!(clean(&format!("z{}", "\u{301}".repeat(50))).chars().count(), 5);
    }

    #[test]
    fn folding_ignores_case_and_accents() {
        assert_eq!(fold("Café ÀÉ Straße"), "cafe ae straße");
        assert_eq!(fold("Ｊoe’s – Cafe\u{a0}№1"), fold("joe's - cafe no1"));
        assert_eq!(fold("\u{c63}"), "\u{c63}", "a mark alone");
        assert_eq!(skeleton("AT&T *Bill-PMT 12"), "attbillpmt12");
    }

    proptest::proptest! {
        #[test]
        fn clean_text_stays_clean(text in "[\\PC\u{1b}\u{9b}\u{7}\u{200d}\u{301}\u{fe0f}\u{3164}\\[\\]\\\\;0-9m👩]{0,40}") {
            let once = clean(&text).into_owned();
            proptest::prop_assert!(!once.chars().any(char::is_control), "{once:?}");
            proptest::prop_assert_eq!(clean(&once), once.as_str());
            let folded = fold(&once).into_owned();
            proptest::prop_assert_eq!(fold(&folded), folded.as_str());
        }
    }

    #[test]
    fn masks_show_four_at_most() {
        assert_eq!(mask_number("000123457890"), "****7890");
        assert_eq!(mask_number("1234"), "****4");
        assert_eq!(mask_number(""), "****");
        assert_eq!([shown_number("****7890"), shown_number("****")], ["··7890", ""]);
    }
}
