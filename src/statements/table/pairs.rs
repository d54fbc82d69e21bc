//! Words for the direction of money that are clear as a pair only.
//!
//! Used by the columns and by the signs.

use super::{
    model::{Way, way},
    words::{Words, key},
};

/// Two words of one column that are clear as a pair only: money out, money in.
pub(super) const PAIRS: &[(&str, &str)] = &[
    ("d", "c"),
    ("d", "k"),
    ("d", "h"),
    ("d", "a"),
    ("d", "p"),
    ("d", "u"),
    ("s", "h"),
    ("t", "j"),
    ("t", "k"),
    ("b", "a"),
    ("b", "d"),
    ("c", "a"),
    ("z", "o"),
    ("db", "kr"),
    ("o", "i"),
    ("u", "i"),
    ("wn", "ma"),
    ("ma", "ha"),
    ("χ", "π"),
    ("д", "к"),
    ("дт", "кт"),
    ("ח", "ז"),
    ("支", "收"),
    ("付", "收"),
    ("出", "入"),
];

/// The two words of a header that announces both: `Cargo/Abono`, `S/H`. Money out comes first.
pub(super) fn opposites(header: &str, words: &Words) -> Option<(String, String)> {
    let phrase = key(header);
    let mut parts = phrase.split(' ');
    let (Some(first), Some(second), None) = (parts.next(), parts.next(), parts.next()) else { return None };
    let pair = |out: &str, into: &str| Some((out.to_owned(), into.to_owned()));
    if PAIRS.contains(&(first, second)) {
        return pair(first, second);
    }
    if PAIRS.contains(&(second, first)) {
        return pair(second, first);
    }
    match (way(first, words), way(second, words)) {
        (Way::Out, Way::In) => pair(first, second),
        (Way::In, Way::Out) => pair(second, first),
        _ => None,
    }
}
