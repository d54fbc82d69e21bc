//! Completions at the cursor of the filter bar.

use std::ops::Range;

use super::{
    By, date,
    lex::{QueryToken, QueryTokenKind, tokens},
    show::quoted,
    term::{KEYS, QueryKey},
};
use crate::{
    columns::searchable,
    domain::{TransactionStatus, TransactionSubtype, TransactionType},
};

/// The words of the user's own data that values are completed from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Vocabulary {
    /// Account names.
    pub accounts: Vec<String>,
    /// Institutions.
    pub institutions: Vec<String>,
    /// Currencies and coins in use.
    pub currencies: Vec<String>,
    /// Symbols in use.
    pub symbols: Vec<String>,
    /// Categories in use.
    pub categories: Vec<String>,
    /// Tags in use.
    pub tags: Vec<String>,
    /// Payees, the most frequent first.
    pub payees: Vec<String>,
}

/// One suggestion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The bytes of the text that it replaces.
    pub range: Range<usize>,
    /// The replacement.
    pub insert: String,
    /// The help text of a key; empty for values.
    pub help: &'static str,
}

/// Suggestions offered at once.
const MOST: usize = 50;

/// Completions at the cursor (a byte offset): keys at the beginning of a word, values after a key. Values that begin with
/// the typed text come before those that contain it elsewhere.
#[must_use]
pub fn completions(text: &str, cursor: usize, vocabulary: &Vocabulary) -> Vec<Completion> {
    let cursor = (0..=cursor.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    let found = tokens(text);
    let word = found.iter().find_map(|token| match token {
        QueryToken { range, kind: QueryTokenKind::Word(word) } if range.start <= cursor && cursor <= range.end => {
            Some((range, word))
        }
        _ => None,
    });
    let Some((range, word)) = word else {
        return keys("", cursor..cursor);
    };
    match &word.key {
        None if word.quoted => Vec::new(),
        None => keys(&text[range.start..cursor], range.clone()),
        Some(name) if word.value_range.start <= cursor => {
            let Some(key) = QueryKey::parse(name) else { return Vec::new() };
            let typed = text[word.value_range.start..cursor].trim_start_matches('"');
            values(key, typed, &word.value_range, vocabulary)
        }
        Some(_) => keys(&text[range.start..cursor], range.start..word.value_range.start),
    }
}

fn keys(typed: &str, range: Range<usize>) -> Vec<Completion> {
    let typed = typed.to_ascii_lowercase();
    KEYS.iter()
        .filter(|help| help.name.starts_with(&typed) || help.long.starts_with(&typed))
        .map(|help| Completion { range: range.clone(), insert: format!("{}:", help.name), help: help.help })
        .collect()
}

fn values(key: QueryKey, typed: &str, range: &Range<usize>, vocabulary: &Vocabulary) -> Vec<Completion> {
    let owned = |words: &[String]| words.to_vec();
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let all: Vec<String> = match key {
        QueryKey::Account => owned(&vocabulary.accounts),
        QueryKey::Institution => owned(&vocabulary.institutions),
        QueryKey::Currency => owned(&vocabulary.currencies),
        QueryKey::Symbol => owned(&vocabulary.symbols),
        QueryKey::Category => owned(&vocabulary.categories),
        QueryKey::Tag => owned(&vocabulary.tags),
        QueryKey::Payee => owned(&vocabulary.payees),
        QueryKey::Type => TransactionType::ALL.iter().map(ToString::to_string).collect(),
        QueryKey::Subtype => TransactionSubtype::ALL.iter().map(ToString::to_string).collect(),
        QueryKey::Status => TransactionStatus::ALL.iter().map(ToString::to_string).collect(),
        QueryKey::By => By::ALL.iter().map(ToString::to_string).collect(),
        QueryKey::Date | QueryKey::From | QueryKey::To => words(&date::NAMES),
        QueryKey::Last => words(&["7d", "30d", "90d", "3m", "6m", "12m", "1y"]),
        QueryKey::Memo | QueryKey::Note | QueryKey::Id | QueryKey::Amount | QueryKey::Magnitude => Vec::new(),
    };
    let typed = searchable(typed);
    let mut matching: Vec<(bool, String)> = all
        .into_iter()
        .filter_map(|word| {
            let folded = searchable(&word);
            let begins = folded.starts_with(&*typed);
            (begins || folded.contains(&*typed)).then_some((!begins, word))
        })
        .collect();
    matching.sort_by_key(|(inside, _)| *inside);
    matching
        .into_iter()
        .take(MOST)
        .map(|(_, word)| Completion { range: range.clone(), insert: quoted(&word), help: "" })
        .collect()
}
