//! Labels of groups, and the vocabulary for completing queries.

use super::{
    AccountLine, GroupKey, View,
    error::Result,
    query::{Vocabulary, quoted},
    search::AccountNames,
};
use crate::columns::{Columns, Fields, searchable};

impl View {
    /// The label of a group; payees and institutions as written, not folded.
    pub fn label(&self, key: &GroupKey) -> Result<String> {
        Ok(match key {
            GroupKey::Period { from, to } if from == to => from.to_string(),
            GroupKey::Period { from, to } => period_label(*from, *to),
            GroupKey::Payee(text, _) if text.is_empty() => "no payee".to_owned(),
            GroupKey::Payee(text, id) => {
                self.entry(*id)?.map_or_else(|| text.clone(), |entry| entry.payee().to_owned())
            }
            GroupKey::Account(id) => {
                let name = |line: &AccountLine| line.account.display_name().to_owned();
                self.account(*id).map_or_else(|| format!("account {id}"), name)
            }
            GroupKey::Institution(text, id) => {
                self.account(*id).map_or_else(|| text.clone(), |line| line.account.institution.clone())
            }
            GroupKey::Type(value) => value.to_string(),
            GroupKey::Subtype(value) => value.to_string(),
            GroupKey::Status(value) => value.to_string(),
            GroupKey::Category(text) if text.is_empty() => "no category".to_owned(),
            GroupKey::Symbol(text) if text.is_empty() => "no symbol".to_owned(),
            GroupKey::Category(text) | GroupKey::Symbol(text) => text.clone(),
            GroupKey::Currency(value) => value.to_string(),
        })
    }

    /// The term of the query language that finds exactly the rows of a group among those that were grouped.
    #[must_use]
    pub fn term(&self, key: &GroupKey) -> String {
        self.inner.scope.term(key)
    }

    /// The words that queries are completed from; more of them once columns are there.
    #[must_use]
    pub fn vocabulary(&self) -> Vocabulary {
        let distinct = |mut words: Vec<String>| {
            words.retain(|word| !word.is_empty());
            words.sort_by_cached_key(|word| searchable(word).into_owned());
            words.dedup();
            words
        };
        let accounts = self.accounts();
        let mut vocabulary = Vocabulary {
            accounts: distinct(accounts.iter().map(|line| line.account.display_name().to_owned()).collect()),
            institutions: distinct(accounts.iter().map(|line| line.account.institution.clone()).collect()),
            ..Vocabulary::default()
        };
        let Some(columns) = self.columns() else { return vocabulary };
        let owned = |table: &[Box<str>]| distinct(table.iter().map(ToString::to_string).collect());
        vocabulary.currencies =
            distinct(columns.unit_table().iter().map(|unit| unit.currency.as_str().to_owned()).collect());
        vocabulary.symbols = owned(columns.symbol_table());
        vocabulary.categories = owned(columns.category_table());
        vocabulary.tags = distinct(tags(columns));
        vocabulary
    }
}

impl AccountNames {
    /// See [`View::term`].
    pub(super) fn term(&self, key: &GroupKey) -> String {
        let whole = |name: &str, text: &str| {
            let folded = searchable(text);
            if folded.is_empty() { format!("{name}:=") } else { format!("{name}:={}", quoted(&folded)) }
        };
        match key {
            GroupKey::Period { from, to } if from == to => format!("date:{from}"),
            GroupKey::Period { from, to } => format!("date:{}", period_label(*from, *to).to_lowercase()),
            GroupKey::Payee(text, _) => whole("payee", text),
            GroupKey::Account(id) => whole("acct", &self.only(*id)),
            GroupKey::Institution(text, _) => whole("inst", text),
            GroupKey::Type(value) => format!("type:{value}"),
            GroupKey::Subtype(value) => format!("sub:{value}"),
            GroupKey::Status(value) => format!("status:{value}"),
            GroupKey::Category(text) => whole("cat", text),
            GroupKey::Symbol(text) => whole("sym", text),
            GroupKey::Currency(value) => whole("cur", value.as_str()),
        }
    }
}

/// Every tag in use, folded.
fn tags(columns: &Columns) -> Vec<String> {
    let mut found = std::collections::BTreeSet::new();
    for mark in Fields::TAG.marks() {
        for place in memchr::memchr_iter(mark, columns.tails()) {
            let tag = Fields::TAG.of(&columns.tails()[place..]).next().unwrap_or_default();
            if !found.contains(tag) {
                found.insert(tag.to_vec());
            }
        }
    }
    found.into_iter().map(|tag| String::from_utf8_lossy(&tag).into_owned()).collect()
}

/// `2026-03`, `2026-Q1`, `2026`, or first and last day of a week.
fn period_label(from: chrono::NaiveDate, to: chrono::NaiveDate) -> String {
    use chrono::Datelike as _;
    match (to - from).num_days() {
        ..=6 => format!("{from}..{to}"),
        7..=31 => from.format("%Y-%m").to_string(),
        32..=92 => format!("{:04}-Q{}", from.year(), from.month0() / 3 + 1),
        _ => format!("{:04}", from.year()),
    }
}
