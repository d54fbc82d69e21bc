//! The conditions of a query, and their keys.

use chrono::NaiveDate;

use super::{
    amount::{self, AmountRange},
    by::By,
    date::{self, DateRange},
    lex::{Op, Word},
};
use crate::{
    columns::{Fields, searchable},
    domain::{TransactionStatus, TransactionSubtype, TransactionType},
};

/// A folded text to compare with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// In the form of [`searchable`].
    pub text: String,
    /// Whether the whole text must be equal (`key:=text`; `key:=` alone matches rows without such a text).
    pub whole: bool,
}

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Term {
    /// A text field holds it.
    Text(Fields, Pattern),
    /// The account's name, number or local id.
    Account(Pattern),
    /// The account's institution.
    Institution(Pattern),
    /// One of these types.
    Type(Vec<TransactionType>),
    /// One of these subtypes.
    Subtype(Vec<TransactionSubtype>),
    /// One of these states.
    Status(Vec<TransactionStatus>),
    /// The currency begins with it.
    Currency(Pattern),
    /// The symbol begins with it.
    Symbol(Pattern),
    /// The user's category holds it.
    Category(Pattern),
    /// The provider's id holds it, or it is the local id.
    Id(Pattern),
    /// The signed amount.
    Amount(AmountRange),
    /// The amount without its sign.
    Magnitude(AmountRange),
    /// The day, and how it was written, for showing it again.
    Date(DateRange, String),
}

/// The keys of the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QueryKey {
    Payee,
    Memo,
    Note,
    Account,
    Institution,
    Type,
    Subtype,
    Status,
    Currency,
    Symbol,
    Category,
    Tag,
    Id,
    Amount,
    Magnitude,
    Date,
    From,
    To,
    Last,
    By,
}

/// The spelling and the help text of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyHelp {
    /// The key.
    pub key: QueryKey,
    /// The short spelling, without the colon.
    pub name: &'static str,
    /// The long spelling.
    pub long: &'static str,
    /// The help text.
    pub help: &'static str,
}

const fn key(key: QueryKey, name: &'static str, long: &'static str, help: &'static str) -> KeyHelp {
    KeyHelp { key, name, long, help }
}

/// All keys, in the order in which they are offered.
pub const KEYS: &[KeyHelp] = &[
    key(QueryKey::Payee, "payee", "payee", "who was paid or who paid"),
    key(QueryKey::Memo, "memo", "memo", "the institution's remark"),
    key(QueryKey::Account, "acct", "account", "account name, last digits of its number, or id"),
    key(QueryKey::Institution, "inst", "institution", "institution of the account"),
    key(QueryKey::Amount, "amt", "amount", "signed amount: amt>100 amt:-20..-5 amt:12.5"),
    key(QueryKey::Magnitude, "abs", "abs", "amount without its sign: abs>100"),
    key(QueryKey::Date, "date", "date", "day, month, quarter, year or range: date:2026-03"),
    key(QueryKey::From, "from", "from", "this day and later"),
    key(QueryKey::To, "to", "to", "this day and earlier"),
    key(QueryKey::Last, "last", "last", "the days up to today: last:90d last:2w last:3m last:1y"),
    key(QueryKey::Type, "type", "type", "type of transaction: trade, transfer, income…"),
    key(QueryKey::Subtype, "sub", "subtype", "subtype: buy, dividend, purchase…"),
    key(QueryKey::Status, "status", "status", "pending, settled, failed or cancelled"),
    key(QueryKey::Category, "cat", "category", "your category"),
    key(QueryKey::Tag, "tag", "tag", "your tags"),
    key(QueryKey::Note, "note", "note", "your note"),
    key(QueryKey::Currency, "cur", "currency", "currency or coin"),
    key(QueryKey::Symbol, "sym", "symbol", "symbol of the security"),
    key(QueryKey::Id, "id", "id", "the institution's id of the row, or its id here"),
    key(QueryKey::By, "by", "by", "group the result: by:month by:payee by:account by:type"),
];

impl QueryKey {
    /// The key of a name in lower case, short or long.
    pub(super) fn parse(name: &str) -> Option<Self> {
        KEYS.iter().find(|help| help.name == name || help.long == name).map(|help| help.key)
    }

    /// Its short name.
    pub(super) fn name(self) -> &'static str {
        KEYS.iter().find(|help| help.key == self).map_or("", |help| help.name)
    }
}

/// The result of parsing one word.
pub(super) enum Meaning {
    Term(Term),
    By(By),
}

/// Parses one word; the error is a hint.
pub(super) fn meaning(word: &Word, today: NaiveDate) -> Result<Meaning, String> {
    let Some(name) = &word.key else {
        return free(word).map(Meaning::Term);
    };
    let key = QueryKey::parse(name).ok_or_else(|| unknown_key(name))?;
    if word.value.is_empty() && word.op != Op::Is {
        return Err(format!("write a value behind {name}, for example {}", example(key)));
    }
    let shown = |key: &str| format!("{key}{}{}", sign(word.op), word.value.to_lowercase());
    let term = match key {
        QueryKey::Payee => Term::Text(Fields::PAYEE, pattern(name, word)?),
        QueryKey::Memo => Term::Text(Fields::MEMO, pattern(name, word)?),
        QueryKey::Tag => Term::Text(Fields::TAG, pattern(name, word)?),
        QueryKey::Note => Term::Text(Fields::NOTE, pattern(name, word)?),
        QueryKey::Account => Term::Account(pattern(name, word)?),
        QueryKey::Institution => Term::Institution(pattern(name, word)?),
        QueryKey::Currency => Term::Currency(pattern(name, word)?),
        QueryKey::Symbol => Term::Symbol(pattern(name, word)?),
        QueryKey::Category => Term::Category(pattern(name, word)?),
        QueryKey::Id => Term::Id(pattern(name, word)?),
        QueryKey::Type => Term::Type(members(name, word, TransactionType::ALL, TransactionType::as_str)?),
        QueryKey::Subtype => Term::Subtype(members(name, word, TransactionSubtype::ALL, TransactionSubtype::as_str)?),
        QueryKey::Status => Term::Status(members(name, word, TransactionStatus::ALL, TransactionStatus::as_str)?),
        QueryKey::Amount => Term::Amount(amount::parse(word.op, &word.value)?),
        QueryKey::Magnitude => Term::Magnitude(amount::parse(word.op, &word.value)?),
        QueryKey::Date => Term::Date(date::parse(word.op, &word.value, today)?, shown("date")),
        QueryKey::From => {
            Term::Date(date::parse(only_has(name, word, Op::AtLeast)?, &word.value, today)?, shown("from"))
        }
        QueryKey::To => Term::Date(date::parse(only_has(name, word, Op::AtMost)?, &word.value, today)?, shown("to")),
        QueryKey::Last => {
            only_has(name, word, Op::Has)?;
            Term::Date(date::last(&word.value, today)?, shown("last"))
        }
        QueryKey::By => {
            only_has(name, word, Op::Has)?;
            let by = By::parse(&word.value);
            let hint = || {
                format!("rows are not grouped by `{}`; try {}", word.value, nearest(By::ALL, By::as_str, &word.value))
            };
            return by.map(Meaning::By).ok_or_else(hint);
        }
    };
    Ok(Meaning::Term(term))
}

/// A word without a key: a date when it looks like one and is not quoted, else a text.
fn free(word: &Word) -> Result<Term, String> {
    if !word.quoted
        && let Some((first, last)) = date::unmistakable(&word.value)
    {
        let range = DateRange { from: Some(first), to: Some(last) };
        return Ok(Term::Date(range, format!("date:{}", word.value.to_lowercase())));
    }
    let text = searchable(&word.value).into_owned();
    if text.is_empty() {
        return Err("the quotes are empty; write a text between them".to_owned());
    }
    Ok(Term::Text(Fields::ANY, Pattern { text, whole: false }))
}

fn pattern(name: &str, word: &Word) -> Result<Pattern, String> {
    let whole = match word.op {
        Op::Has => false,
        Op::Is => true,
        Op::Above | Op::AtLeast | Op::Below | Op::AtMost => {
            return Err(format!("{name} is a text and can't be compared; only amt, abs and date can"));
        }
    };
    let text = searchable(&word.value).into_owned();
    if text.is_empty() && !word.value.is_empty() {
        return Err(format!("write a text behind {name}:"));
    }
    Ok(Pattern { text, whole })
}

/// `from:`, `to:`, `last:` and `by:` accept no comparison sign; `instead` is the operator they imply.
fn only_has(name: &str, word: &Word, instead: Op) -> Result<Op, String> {
    if word.op == Op::Has && !word.value.contains("..") {
        return Ok(instead);
    }
    Err(format!("{name}: takes one value and no sign; write {}", QueryKey::parse(name).map_or("", example)))
}

/// The members whose spelling begins with the value, so that a filter works while it is typed.
fn members<T: Copy>(name: &str, word: &Word, all: &[T], spelling: fn(T) -> &'static str) -> Result<Vec<T>, String> {
    let spelled = word.value.trim().to_ascii_lowercase().replace(['-', ' '], "_");
    let found: Vec<T> = match word.op {
        Op::Is => all.iter().copied().filter(|member| spelling(*member) == spelled).collect(),
        Op::Has => {
            let exact = all.iter().copied().filter(|member| spelling(*member) == spelled).collect::<Vec<_>>();
            let begins = || all.iter().copied().filter(|member| spelling(*member).starts_with(&spelled)).collect();
            if exact.is_empty() { begins() } else { exact }
        }
        Op::Above | Op::AtLeast | Op::Below | Op::AtMost => Vec::new(),
    };
    if found.is_empty() {
        return Err(format!("there is no {name} `{}`; try {}", word.value, nearest(all, spelling, &spelled)));
    }
    Ok(found)
}

/// The words closest to the written one.
fn nearest<T: Copy>(all: &[T], spelling: fn(T) -> &'static str, written: &str) -> String {
    let mut words: Vec<_> = all.iter().map(|member| spelling(*member)).collect();
    words.sort_by_key(|spelling| strsim::levenshtein(spelling, written));
    words.truncate(7);
    words.join(", ")
}

fn unknown_key(name: &str) -> String {
    let near = KEYS
        .iter()
        .flat_map(|help| [help.name, help.long])
        .map(|known| (strsim::levenshtein(known, name), known))
        .min()
        .filter(|(distance, _)| *distance <= 2);
    if let Some((_, known)) = near {
        return format!("there is no key {name}:; did you mean {known}:?");
    }
    let keys = KEYS.iter().map(|help| help.name).collect::<Vec<_>>().join(" ");
    format!("there is no key {name}: (keys: {keys}); quote it to look for the text")
}

pub(super) const fn sign(op: Op) -> &'static str {
    match op {
        Op::Has => ":",
        Op::Is => ":=",
        Op::Above => ">",
        Op::AtLeast => ">=",
        Op::Below => "<",
        Op::AtMost => "<=",
    }
}

const fn example(key: QueryKey) -> &'static str {
    match key {
        QueryKey::Payee => "payee:coffee",
        QueryKey::Memo => "memo:rent",
        QueryKey::Note => "note:refund",
        QueryKey::Account => "acct:7890",
        QueryKey::Institution => "inst:chase",
        QueryKey::Type => "type:income",
        QueryKey::Subtype => "sub:dividend",
        QueryKey::Status => "status:pending",
        QueryKey::Currency => "cur:usd",
        QueryKey::Symbol => "sym:aapl",
        QueryKey::Category => "cat:food",
        QueryKey::Tag => "tag:trip",
        QueryKey::Id => "id:20261120",
        QueryKey::Amount => "amt<-100",
        QueryKey::Magnitude => "abs>100",
        QueryKey::Date => "date:2026-03",
        QueryKey::From => "from:2026-03",
        QueryKey::To => "to:2026-03",
        QueryKey::Last => "last:90d",
        QueryKey::By => "by:month",
    }
}
