//! The rule that tells the figures on a screen from its other numbers.
//!
//! It is strict: a number is a figure, unless it is a date, a time, the count of the thing that is named beside it, or part of a
//! name that is stored. A word with a digit that is none of these is a fault.

use std::collections::{BTreeSet, HashSet};

use dashtam::testing::{
    ledger::{Ledger, ListRequest},
    store::Store,
};

/// Words behind a count: `3 rows`, `2 h ago`, `9 of 2,344`.
const COUNTED: &[&str] = &[
    "row",
    "rows",
    "account",
    "accounts",
    "change",
    "changes",
    "day",
    "days",
    "week",
    "weeks",
    "month",
    "months",
    "year",
    "years",
    "h",
    "min",
    "s",
    "warning",
    "warnings",
    "holdings",
    "position",
    "positions",
    "new",
    "already",
    "amended",
    "added",
    "removed",
    "without",
    "more",
    "of",
    "holding",
    "pairs",
    "currencies",
    "groups",
    "files",
    "matters",
    "requests/min",
];
/// Words before a count or an identity: `9 of 2,344`, `row 17`, `Accounts · 8`, the count in the title of a list.
const BEFORE: &[&str] =
    &["of", "rows", "row", "id", "line", "change", "Accounts", "Rows", "Balances", "Holdings", "attention"];

/// A number that the screen shows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shown {
    /// A figure, with the currency behind it: `+1,234.50 USD` is `1,234.50 USD`.
    Figure(String),
    /// The number of inputs of a figure, behind its bar.
    Inputs(usize),
}

/// The stored names that have a digit.
#[derive(Default)]
pub(crate) struct Names {
    /// The longest first.
    phrases: Vec<String>,
    ids: HashSet<String>,
}

impl Names {
    pub(crate) fn of(store: &Store) -> Self {
        let mut all: BTreeSet<String> = ["401(k)", "403(b)", "MT940"].map(str::to_owned).into();
        let mut ids = HashSet::new();
        let view = Ledger::new(store.clone()).view().unwrap();
        let view = view.with_columns(view.load_columns().unwrap());
        for line in view.accounts() {
            let account = &line.account;
            all.extend([account.display_name(), &account.institution, &account.name].map(str::to_owned));
            ids.insert(account.provider_account_id.clone());
        }
        for line in view.holdings().unwrap() {
            all.extend([line.holding.facts.name, line.holding.facts.symbol]);
        }
        for change in view.changes(None, usize::MAX).unwrap() {
            all.insert(change.source);
            all.extend(change.warnings.iter().map(|warning| warning.message.clone()));
        }
        let list = view.list(&ListRequest::default()).unwrap();
        for id in list.ids(0..list.len()).unwrap() {
            let entry = view.entry(id).unwrap().unwrap();
            let (facts, user) = (&entry.transaction.facts, &entry.user);
            all.insert(entry.payee().to_owned());
            all.extend(facts.description.iter().chain(&facts.memo).map(ToString::to_string));
            all.extend(user.note.iter().chain(&user.category).cloned());
            all.extend(facts.security.iter().flat_map(|it| it.name.iter().map(ToString::to_string)));
            ids.extend(facts.provider_id.iter().map(ToString::to_string));
        }
        // An amount with its currency is no name, wherever it is stored.
        let is_word = |word: &str| word.chars().any(char::is_alphabetic) && !is_currency(word);
        let has_digit = |text: &String| text.chars().any(|c| c.is_ascii_digit()) && text.split(' ').any(is_word);
        let tails = view.accounts().iter().map(|line| format!("··{}", line.account.tail()));
        let mut phrases: Vec<String> = all.into_iter().filter(has_digit).chain(tails).collect();
        phrases.sort_by_key(|text| std::cmp::Reverse(text.len()));
        Self { phrases, ids }
    }

    /// The text without its names. A list cuts a name at an ellipsis, a detail at the end of a line.
    fn left_out(&self, text: &str) -> String {
        // The first line has the screens by their keys.
        let mut text = text.lines().filter(|line| !line.starts_with(" dashtam")).collect::<Vec<_>>().join("\n");
        for phrase in &self.phrases {
            text = without(&text, phrase);
            let cuts: Vec<usize> = text.match_indices('…').map(|(at, _)| at).collect();
            for at in cuts.into_iter().rev() {
                let cut = (3..=phrase.len()).rev().filter(|end| phrase.is_char_boundary(*end));
                let found = cut.map(|end| &phrase[..end]).find(|cut| text[..at].ends_with(cut));
                if let Some(found) = found {
                    text.replace_range(at - found.len()..at, "¶");
                }
            }
            let words: Vec<&str> = phrase.split(' ').collect();
            for split in 1..words.len() {
                let (head, tail) = (words[..split].join(" "), words[split..].join(" "));
                let lines: Vec<String> = text.lines().map(str::to_owned).collect();
                let wraps = |at: usize| {
                    let own = |line: &str| line.trim_matches(['│', '┃', ' ']).to_owned();
                    own(&lines[at]) == head && lines.get(at + 1).is_some_and(|next| own(next) == tail)
                };
                if let Some(at) = (0..lines.len()).find(|at| wraps(*at)) {
                    let kept: Vec<&str> = lines[..at].iter().chain(&lines[at + 2..]).map(String::as_str).collect();
                    text = kept.join("\n");
                }
            }
        }
        text
    }
}

/// A text without a phrase, where it is not part of a longer word or number.
fn without(text: &str, phrase: &str) -> String {
    let (mut left, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(phrase) {
        let end = at + phrase.len();
        let begins = rest[..at].chars().next_back().or(left.chars().next_back());
        let is_whole = !begins.is_some_and(char::is_alphanumeric)
            && !rest[end..].starts_with(|c: char| c.is_alphanumeric() || c == '.' || c == ',');
        left.push_str(&rest[..at]);
        left.push_str(if is_whole { "¶" } else { phrase });
        rest = &rest[end..];
    }
    left + rest
}

/// Whether a text is digits in this form, `0` for each digit: `0000-00-00`.
fn has_form(word: &str, form: &str) -> bool {
    word.len() == form.len()
        && word
            .bytes()
            .zip(form.bytes())
            .all(|(byte, form)| if form == b'0' { byte.is_ascii_digit() } else { byte == form })
}

fn is_time(word: &str) -> bool {
    ["0000-00-00", "0000-00", "00:00", "00:00:00", "0000-Q0", "0000-W00"].iter().any(|form| has_form(word, form))
}

fn is_number(word: &str) -> bool {
    let digits = word.strip_prefix('-').unwrap_or(word);
    digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.ends_with(|c: char| c.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b',')
}

/// The currencies of the profiles that are walked over.
fn is_currency(word: &str) -> bool {
    ["USD", "EUR", "JPY", "BTC"].contains(&word)
}

/// The numbers in a text, and the words with digits that no rule names.
pub(crate) fn numbers(text: &str, names: &Names) -> (BTreeSet<Shown>, Vec<String>) {
    let (mut found, mut unknown) = (BTreeSet::new(), Vec::new());
    let text = names.left_out(text);
    for line in text.lines() {
        // A bar is one word; braille is a curve.
        let is_bar = |c: char| ('▁'..='▏').contains(&c) || c == '▒';
        let is_frame = |c: char| c.is_whitespace() || "│┃┌┐└┘─▸▾›·→(){}%".contains(c) || ('⠀'..='⣿').contains(&c);
        let mut spaced = String::new();
        for c in line.chars() {
            let previous_is_bar = spaced.ends_with('█');
            if is_bar(c) {
                spaced.push_str(if previous_is_bar { "" } else { " █" });
            } else {
                spaced.push_str(if previous_is_bar { " " } else { "" });
                spaced.push(c);
            }
        }
        let words: Vec<&str> = spaced.split(is_frame).filter(|word| !word.is_empty()).collect();
        for (at, word) in words.iter().enumerate() {
            if !word.contains(|c: char| c.is_ascii_digit()) {
                continue;
            }
            let word = word.trim_start_matches(['+', '!', '/']).trim_end_matches([',', ';', ':', '.']);
            let (before, next) =
                (if at > 0 { words[at - 1] } else { "" }, words.get(at + 1).copied().unwrap_or_default());
            let next_word = next.trim_end_matches([',', ';', ':', '.']);
            if is_time(word) || names.ids.contains(word) {
                continue;
            }
            if !is_number(word) {
                unknown.push(format!("{word} in `{}`", line.trim()));
            } else if !word.contains('.') && before == "█" {
                found.insert(Shown::Inputs(word.parse().unwrap()));
            } else if !word.contains('.') && !is_currency(next_word) && line.trim_start().starts_with('┌') {
                // A title has the count of its list; sums have their currency there.
            } else if word.contains('.')
                || is_currency(next_word)
                || !COUNTED.contains(&next_word) && !BEFORE.contains(&before)
            {
                let currency = if is_currency(next_word) { format!(" {next_word}") } else { String::new() };
                found.insert(Shown::Figure(format!("{word}{currency}")));
            }
        }
    }
    (found, unknown)
}

/// The figures alone.
pub(crate) fn figures(text: &str, names: &Names) -> BTreeSet<String> {
    let shown = numbers(text, names).0.into_iter();
    shown.filter_map(|it| if let Shown::Figure(text) = it { Some(text) } else { None }).collect()
}
