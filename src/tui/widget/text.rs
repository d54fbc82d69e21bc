//! Measures, cuts and wraps text by display width.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr;

use crate::domain::text::clean;

/// Columns of `text` on screen, counted by grapheme as it is drawn.
pub(crate) fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.graphemes(true).map(UnicodeWidthStr::width).sum() }
}

/// Fewest columns of a name before the end of its number; in less room the number is cut too.
const LEAST_NAME: usize = 4;

/// `text` cleaned and cut to `columns`, with `…` where it was cut: at the end, or before the end of an account's number.
pub(crate) fn fit(text: &str, columns: usize) -> Cow<'_, str> {
    let safe = clean(text);
    if width(&safe) <= columns {
        return safe;
    }
    if columns == 0 {
        return Cow::Borrowed("");
    }
    let number = number_end(&safe);
    let number = if width(number) + LEAST_NAME <= columns { number } else { "" };
    let name = &safe[..safe.len() - number.len()];
    let mut out = head(name, columns - 1 - width(number)).to_owned();
    out.push('…');
    out.push_str(number);
    Cow::Owned(out)
}

/// The ` ··7890` at the end of an account's label; else empty.
fn number_end(text: &str) -> &str {
    let Some(at) = text.rfind(" ··") else { return "" };
    let is_number = |digits: &str| (1..=4).contains(&digits.len()) && digits.chars().all(char::is_alphanumeric);
    if is_number(&text[at + " ··".len()..]) { &text[at..] } else { "" }
}

/// The longest prefix of `text` of at most `columns`.
pub(crate) fn head(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (index, grapheme) in text.grapheme_indices(true) {
        used += grapheme.width();
        if used > columns {
            return &text[..index];
        }
    }
    text
}

/// `text` in lines of at most `columns`, broken at blanks where possible.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let safe = clean(paragraph);
        let mut line = String::new();
        for word in safe.split(' ') {
            let mut word = word;
            loop {
                let gap = usize::from(!line.is_empty());
                if width(&line) + gap + width(word) <= columns {
                    if gap == 1 {
                        line.push(' ');
                    }
                    line.push_str(word);
                    break;
                }
                if !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                    continue;
                }
                let part = head(word, columns);
                if part.is_empty() {
                    break;
                }
                lines.push(part.to_owned());
                word = &word[part.len()..];
                if word.is_empty() {
                    break;
                }
            }
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_end_of_a_number_stays_where_its_name_is_cut() {
        assert_eq!(fit("Lakeshore Brokerage ··4417", 22), "Lakeshore Brok… ··4417");
        assert_eq!(fit("Lakeshore Brokerage ··4417", 11), "Lak… ··4417");
        assert_eq!(fit("Lakeshore Brokerage ··4417", 10), "Lakeshore…");
        assert_eq!(fit("Dots ·· in a text", 8), "Dots ··…");
    }

    #[test]
    fn cutting_respects_wide_characters() {
        assert_eq!(fit("日本語テキスト", 6), "日本…");
        assert_eq!(fit("日本語", 6), "日本語");
        assert_eq!(fit("coffee", 3), "co…");
        assert_eq!(fit("coffee", 0), "");
        assert_eq!(fit("a\u{1b}[31mb", 9), "ab");
    }

    #[test]
    fn wrapping_breaks_at_blanks_and_cuts_long_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrap("a\n\nb", 5), ["a", "", "b"]);
    }

    proptest! {
        #[test]
        fn nothing_is_ever_too_wide(text in ".{0,40}", columns in 0_usize..20) {
            prop_assert!(width(&fit(&text, columns)) <= columns);
            for line in wrap(&text, columns.max(2)) {
                prop_assert!(width(&line) <= columns.max(2));
            }
        }
    }
}
