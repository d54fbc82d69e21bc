//! Credentials that a server repeats in its messages, in any encoding.
//!
//! INVARIANT: no form of a credential listed in [`forms`] is left in the text, in upper or lower case where the encoding
//! allows both.

use std::fmt::Write as _;

use base64::Engine as _;
use zeroize::Zeroizing;

/// Replaces a credential.
const STRUCK: &str = "***";

/// Shortest credential that is looked for in base64: shorter ones would match by chance.
const LEAST_ENCODED: usize = 6;

/// A text to look for, and how.
struct Form {
    text: Zeroizing<String>,
    /// Both cases are the same.
    any_case: bool,
    /// The whole word around it is replaced: its ends depend on the neighbours of the credential.
    whole_word: bool,
}

fn form(text: String, any_case: bool, whole_word: bool) -> Form {
    Form { text: Zeroizing::new(text), any_case, whole_word }
}

/// Every byte as two hex digits with `mark` in front.
fn in_hex(secret: &str, mark: &str) -> String {
    secret.bytes().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{mark}{byte:02x}");
        text
    })
}

/// A credential as it is, reversed, in hex, percent-encoded, and in base64 at each of the three offsets, which covers
/// `Basic` headers that hold it with a name.
fn forms(secret: &str) -> Vec<Form> {
    let (hex, all_percent) = (in_hex(secret, ""), in_hex(secret, "%"));
    let percent = secret.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02x}");
        }
        text
    });
    let mut forms = vec![
        form(secret.to_owned(), false, false),
        form(secret.chars().rev().collect(), false, false),
        form(hex, true, false),
        form(all_percent, true, false),
        form(percent, true, false),
    ];
    if secret.len() >= LEAST_ENCODED {
        for engine in
            [&base64::engine::general_purpose::STANDARD_NO_PAD, &base64::engine::general_purpose::URL_SAFE_NO_PAD]
        {
            for shift in 0..3 {
                let encoded = Zeroizing::new(engine.encode(format!("{}{secret}", &"\0\0"[..shift])));
                // The first and the last character hold bits of the neighbours.
                let first = [0, 2, 3][shift];
                let last = encoded.len() - usize::from(!(secret.len() + shift).is_multiple_of(3));
                forms.push(form(encoded[first..last].to_owned(), false, true));
            }
        }
    }
    forms
}

/// `text` without `secret` in any form.
pub(super) fn struck(text: &str, secret: &str) -> String {
    let mut text = text.to_owned();
    for form in forms(secret) {
        let mut from = 0;
        while let Some(at) = find(&text[from..], &form).map(|at| from + at) {
            let mut range = at..at + form.text.len();
            if form.whole_word {
                let is_part = |c: char| c.is_ascii_alphanumeric() || "+/-_=".contains(c);
                range.start = text[..at].trim_end_matches(is_part).len();
                let tail = &text[range.end..];
                range.end += tail.len() - tail.trim_start_matches(is_part).len();
            }
            from = range.start + STRUCK.len();
            text.replace_range(range, STRUCK);
        }
    }
    text
}

fn find(text: &str, form: &Form) -> Option<usize> {
    if !form.any_case {
        return text.find(form.text.as_str());
    }
    let wanted = form.text.as_bytes();
    (0..=text.len().checked_sub(wanted.len())?)
        .find(|at| text.is_char_boundary(*at) && text.as_bytes()[*at..*at + wanted.len()].eq_ignore_ascii_case(wanted))
        .filter(|at| text.is_char_boundary(at + wanted.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_word_that_only_holds_a_part_stays() {
        assert_eq!(struck("the server is down", "canary-secret"), "the server is down");
        assert_eq!(struck("PKTEST is wrong", "PKTEST"), "*** is wrong");
    }

    proptest! {
        #[test]
        fn no_form_of_a_credential_is_left(secret in "[A-Za-z0-9+/=._~-]{8,40}", name in "[a-z]{0,5}") {
            let engine = base64::engine::general_purpose::STANDARD;
            let (hex, percent) = (in_hex(&secret, "").to_uppercase(), in_hex(&secret, "%").to_uppercase());
            let reversed: String = secret.chars().rev().collect();
            let basic = engine.encode(format!("{name}:{secret}"));
            for shown in [secret.clone(), hex, percent, reversed, engine.encode(&secret), basic] {
                let line = format!("refused <{shown}> by the server");
                let left = struck(&line, &secret);
                prop_assert_eq!(left, "refused <***> by the server");
            }
        }
    }
}
