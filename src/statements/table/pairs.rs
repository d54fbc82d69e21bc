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

/// Stems of headers that announce kinds of transactions, which may happen to be two.
const KINDS: &[&str] = &[
    "tip", "typ", "jenis", "区分", "类型", "類型", "구분", "종류", "turu", "laji", "вид", "סוג", "druh", "art", "soort",
];

/// Whether a header announces kinds of transactions: a word that is unknown beside one that is known may go either way.
pub(super) fn announces_kinds(header: &str) -> bool {
    key(header).split(' ').any(|word| KINDS.iter().any(|kind| word.starts_with(kind) || word.ends_with(kind)))
}

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
