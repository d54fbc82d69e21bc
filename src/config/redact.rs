//! The last net under secrets on their way into the log: what looks like one is struck out.
//!
//! The first net is that nothing logs them. INVARIANT: any text is taken.

use std::{borrow::Cow, ops::Range};

/// Replaces a secret.
const STRUCK: &str = "[redacted]";

/// Endings of names whose value is a secret, in lower case.
const NAMES: &[&str] = &[
    "token",
    "secret",
    "password",
    "passphrase",
    "api_key",
    "api-key",
    "apikey",
    "api_secret",
    "private_key",
    "privatekey",
    "authorization",
    "cookie",
    "credential",
    "credentials",
    "assertion",
    "signature",
    "verifier",
    "api-sign",
];

/// Length from which a run of letters and digits is treated as a key or token.
const OPAQUE: usize = 16;

/// The text without what looks like a secret: values of telling names, addresses' logins and queries, PEM blocks,
/// long words of mixed letters and digits.
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for find in [pem, login, query, named_value, opaque] {
        let mut from = 0;
        while let Some(range) = find(&text, from) {
            if &text[range.clone()] == STRUCK {
                from = range.end;
                continue;
            }
            from = range.start + STRUCK.len();
            text.to_mut().replace_range(range, STRUCK);
        }
    }
    text
}

/// `-----BEGIN … KEY-----` and all up to its end, or to the end of the text.
fn pem(text: &str, from: usize) -> Option<Range<usize>> {
    let start = from + text[from..].find("-----BEGIN ")?;
    let body = start + "-----BEGIN ".len();
    let end = text[body..].find("-----END ").map_or(text.len(), |at| {
        let name = body + at + "-----END ".len();
        text[name..].find("-----").map_or(text.len(), |close| name + close + 5)
    });
    Some(start..end)
}

/// The part before `@` in `https://user:password@host`.
fn login(text: &str, from: usize) -> Option<Range<usize>> {
    addresses(text, from).find_map(|address| {
        let authority = &text[address.clone()];
        let authority = &authority[..authority.find(['/', '?', '#']).unwrap_or(authority.len())];
        let at = authority.rfind('@')?;
        (at > 0).then(|| address.start..address.start + at)
    })
}

/// The part after `?` or `#` in an address.
fn query(text: &str, from: usize) -> Option<Range<usize>> {
    addresses(text, from).find_map(|address| {
        let mark = address.start + text[address.clone()].find(['?', '#'])? + 1;
        (mark < address.end).then_some(mark..address.end)
    })
}

/// The part after `://`, up to a blank or quote, of addresses that end after `from`.
fn addresses(text: &str, from: usize) -> impl Iterator<Item = Range<usize>> {
    text.match_indices("://").filter_map(move |(at, mark)| {
        let start = at + mark.len();
        let length =
            text[start..].find(|c: char| c.is_whitespace() || "\"'<>`".contains(c)).unwrap_or(text.len() - start);
        // Parts up to `from` are done with; the rest of the same address may hold more.
        let start = start.max(from);
        (start < start.max(at + mark.len() + length)).then_some(start..at + mark.len() + length)
    })
}

/// The value in `api_key=…`, `"access_token": "…"`, `Authorization: Bearer …`.
fn named_value(text: &str, from: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let mut at = from;
    while let Some(offset) = text[at..].find([':', '=']) {
        let mark = at + offset;
        at = mark + 1;
        let name = text[..mark].trim_end_matches([' ', '"', '\'', '\\']).to_ascii_lowercase();
        if !NAMES.iter().any(|ending| name.ends_with(ending)) {
            continue;
        }
        let mut start = mark + 1;
        while bytes.get(start).is_some_and(|byte| b" \"'\\=:".contains(byte)) {
            start += 1;
        }
        let quoted = bytes[mark + 1..start].iter().any(|byte| b"\"'".contains(byte));
        let rest = &text[start..];
        // A scheme such as `Bearer` is not the secret, and what follows it is.
        let scheme = ["bearer ", "basic ", "token "]
            .iter()
            .find(|word| rest.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word)));
        start += scheme.map_or(0, |word| word.len());
        let ends = |c: char| if quoted { "\"'\n".contains(c) } else { c.is_whitespace() || "\"',;&)}]".contains(c) };
        let rest = &text[start..];
        if rest.starts_with(STRUCK) {
            at = start + STRUCK.len();
            continue;
        }
        let length = rest.find(ends).unwrap_or(rest.len());
        if length > 0 {
            return Some(start..start + length);
        }
    }
    None
}

/// A long word of mixed letters and digits: a key, a token, base64, hex.
fn opaque(text: &str, from: usize) -> Option<Range<usize>> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '+' || c == '=' || c == '%';
    let mut at = from;
    while let Some(offset) = text[at..].find(is_part) {
        let start = at + offset;
        let length = text[start..].find(|c| !is_part(c)).unwrap_or(text.len() - start);
        let word = &text[start..start + length];
        let letters = word.bytes().filter(u8::is_ascii_alphabetic).count();
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        if word.len() >= OPAQUE && letters > 0 && digits > 0 {
            return Some(start..start + length);
        }
        at = start + length;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_that_looks_like_a_secret_is_struck_out() {
        for (text, expected) in [
            ("GET https://api.example/v2?key=abc&x=1 failed", "GET https://api.example/v2?[redacted] failed"),
            ("https://user:pass@bridge.example/accounts", "https://[redacted]@bridge.example/accounts"),
            (
                "https://u:p@a.example/x?y and https://v@b.example#z",
                "https://[redacted]@a.example/x?[redacted] and https://[redacted]@b.example#[redacted]",
            ),
            (r#"{"access_token":"abc","expires_in":30}"#, r#"{"access_token":"[redacted]","expires_in":30}"#),
            ("Authorization: Bearer abc.def", "Authorization: Bearer [redacted]"),
            ("api_key=abc, next", "api_key=[redacted], next"),
            ("App-Secret: 'two words' rest", "App-Secret: '[redacted]' rest"),
            ("key PKAB12CD34EF56GH78IJ was refused", "key [redacted] was refused"),
            ("a -----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY----- b", "a [redacted] b"),
            ("cut -----BEGIN PRIVATE KEY-----\nMIIE", "cut [redacted]"),
        ] {
            assert_eq!(redact(text), expected);
        }
    }

    #[test]
    fn ordinary_lines_stay_as_they_are() {
        for text in [
            "imported Chase7890_Activity_20261120.qfx: 204 rows, 3 warnings",
            "connection 3 (Alpaca): 429, next try at 2026-11-22T10:00:00Z",
            "https://api.example/v2/account/activities answered 200 in 120 ms",
            "the token was renewed; state=active",
        ] {
            assert!(matches!(redact(text), Cow::Borrowed(_)), "{}", redact(text));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_taken(text in "(?s)([a-z:/@?#=\"' ]|token|://|-----BEGIN |\\PC){0,60}") {
            let _ = redact(&text);
        }

        #[test]
        fn a_secret_never_survives_behind_its_name(secret in "[A-Za-z0-9+/_.-]{6,80}", quote in "[\"']?", mark in "[:=] ?") {
            let line = format!("before access_token{quote}{mark}{quote}{secret}{quote} after");
            prop_assert!(!redact(&line).contains(&secret), "{}", redact(&line));
        }

        #[test]
        fn a_secret_never_survives_in_an_address(secret in "[A-Za-z0-9+_.%-]{6,80}", path in "(/[a-z]{0,9}){0,3}") {
            let line = format!("at https://user:{secret}@bank.example{path}?k={secret}#{secret} it ended");
            let left = redact(&line).into_owned();
            prop_assert!(!left.contains(&secret), "{left}");
            prop_assert!(left.contains("bank.example") && left.ends_with(" it ended"), "{left}");
        }
    }
}
