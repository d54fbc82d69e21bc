//! Texts in the form that a journal can hold: nothing becomes a comment, a directive or another account.

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// A tool for plain-text accounting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ledger::export) enum JournalTool {
    Ledger,
    Hledger,
    Beancount,
}

/// A text on one line that no comment sign or doubled blank cuts short.
pub(super) fn line(text: &str) -> String {
    words(text).replace(';', ",")
}

fn words(text: &str) -> String {
    let words: Vec<_> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// A part of an account name: no colon, which begins the next part, and nothing that means a virtual account.
pub(super) fn name_part(text: &str) -> String {
    let plain = line(text).replace([':', '(', ')', '[', ']', '<', '>', '"', '@', '='], " ");
    let words: Vec<_> = plain.split(' ').filter(|word| !word.is_empty()).collect();
    let name = words.join(" ");
    let name = name.trim_start_matches(['*', '!', '-', '#', '%', '|', '~', '&']).trim();
    if name.is_empty() { "Unknown".to_owned() } else { name.to_owned() }
}

/// A part of an account name for beancount: a capital or an ASCII digit first, then letters, ASCII digits and dashes.
pub(super) fn component(text: &str) -> String {
    let plain = text.nfkc().filter(|c| !is_combining_mark(*c));
    let plain: String =
        plain.map(|c| if c.is_ascii_digit() || (c.is_alphabetic() && !c.is_numeric()) { c } else { '-' }).collect();
    let joined = plain.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    let Some(first) = joined.chars().next() else { return "Unknown".to_owned() };
    let capital: String = first.to_uppercase().collect();
    if first.is_ascii_digit() || capital.chars().next().is_some_and(char::is_uppercase) {
        format!("{capital}{}", &joined[first.len_utf8()..])
    } else {
        // A script without capitals.
        format!("X{joined}")
    }
}

/// A tag: letters, digits, dash and underscore.
pub(super) fn tag(text: &str) -> String {
    let plain: String =
        text.trim().chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).collect();
    plain.trim_matches('-').to_owned()
}

/// A text in quotes, on one line.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", words(text).replace('\\', "\\\\").replace('"', "\\\""))
}

/// A commodity for ledger and hledger: in quotes when it is more than letters.
pub(super) fn commodity(symbol: &str) -> String {
    let plain = line(symbol).replace(['"', ','], "");
    let plain = if plain.is_empty() { "X".to_owned() } else { plain };
    if plain.bytes().all(|byte| byte.is_ascii_alphabetic()) { plain } else { format!("\"{plain}\"") }
}

/// A commodity for beancount: 2 to 24 capitals, digits, dots, dashes and underscores; a capital first, a capital or digit
/// last.
pub(super) fn beancount_commodity(symbol: &str) -> String {
    let plain: String = symbol
        .trim()
        .nfkc()
        .map(|c| c.to_ascii_uppercase())
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '-' })
        .collect();
    let joined = plain.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    let mut code = joined;
    if !code.starts_with(|c: char| c.is_ascii_uppercase()) || code.len() < 2 {
        code.insert(0, 'X');
    }
    code.truncate(24);
    let code = code.trim_end_matches(['.', '-', '_']);
    if code.len() < 2 { format!("{code}X") } else { code.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_parts_follow_the_rules_of_beancount() {
        for (text, part) in [
            ("blue card", "Blue-card"),
            ("Ábc ··22", "Ábc-22"),
            ("401(k)", "401-k"),
            ("銀行 口座", "X銀行-口座"),
            ("Ⅳ ①", "IV-1"),
            ("…", "Unknown"),
            ("e\u{301}tat", "État"),
        ] {
            assert_eq!(component(text), part);
        }
    }

    #[test]
    fn commodities_follow_the_rules_of_each_tool() {
        for (symbol, code) in [
            ("VTI", "VTI"),
            ("F", "XF"),
            ("BRK.B", "BRK.B"),
            ("037833100", "X037833100"),
            ("AAPL  261218C00150000", "AAPL-261218C00150000"),
            ("", "XX"),
            ("eth2.s", "ETH2.S"),
            ("A-", "XA"),
            ("THE LONGEST NAME OF A FUND THERE IS", "THE-LONGEST-NAME-OF-A-FU"),
        ] {
            assert_eq!(beancount_commodity(symbol), code, "{symbol}");
        }
        assert_eq!((commodity("VTI"), commodity("BRK.B")), ("VTI".to_owned(), "\"BRK.B\"".to_owned()));
    }
}
