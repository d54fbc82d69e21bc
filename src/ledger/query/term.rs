//! The conditions that rows are held against, and the keys that write them.

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
    /// Whether the whole text must be equal (`key:=text`; nothing behind the sign means that there is no text).
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
#[expect(missing_docs, reason = "KEYS says what each is for")]
pub enum Key {
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

/// How a key is written and what it looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyHelp {
    /// The key.
    pub key: Key,
    /// As written, without the colon.
    pub name: &'static str,
    /// Written out.
    pub long: &'static str,
    /// What it looks at.
    pub help: &'static str,
}

const fn key(key: Key, name: &'static str, long: &'static str, help: &'static str) -> KeyHelp {
    KeyHelp { key, name, long, help }
}

/// All keys, in the order in which they are offered.
pub const KEYS: &[KeyHelp] = &[
    key(Key::Payee, "payee", "payee", "who was paid or who paid"),
    key(Key::Memo, "memo", "memo", "the institution's remark"),
    key(Key::Account, "acct", "account", "account name, last digits of its number, or id"),
    key(Key::Institution, "inst", "institution", "institution of the account"),
    key(Key::Amount, "amt", "amount", "signed amount: amt>100 amt:-20..-5 amt:12.5"),
    key(Key::Magnitude, "abs", "abs", "amount without its sign: abs>100"),
    key(Key::Date, "date", "date", "day, month, quarter, year or range: date:2026-03"),
    key(Key::From, "from", "from", "this day and later"),
    key(Key::To, "to", "to", "this day and earlier"),
    key(Key::Last, "last", "last", "the days up to today: last:90d last:2w last:3m last:1y"),
    key(Key::Type, "type", "type", "type of transaction: trade, transfer, income…"),
    key(Key::Subtype, "sub", "subtype", "subtype: buy, dividend, purchase…"),
    key(Key::Status, "status", "status", "pending, settled, failed or cancelled"),
    key(Key::Category, "cat", "category", "your category"),
    key(Key::Tag, "tag", "tag", "your tags"),
    key(Key::Note, "note", "note", "your note"),
    key(Key::Currency, "cur", "currency", "currency or coin"),
    key(Key::Symbol, "sym", "symbol", "symbol of the security"),
    key(Key::Id, "id", "id", "the institution's id of the row, or its id here"),
    key(Key::By, "by", "by", "group the result: by:month by:payee by:account by:type"),
];

impl Key {
    /// The key of a name in lower case, short or long.
    pub(super) fn parse(name: &str) -> Option<Self> {
        KEYS.iter().find(|help| help.name == name || help.long == name).map(|help| help.key)
    }

    /// Its short name.
    pub(super) fn name(self) -> &'static str {
        KEYS.iter().find(|help| help.key == self).map_or("", |help| help.name)
    }
}

/// What one word of a query comes to.
pub(super) enum Meaning {
    Term(Term),
    By(By),
}

/// Understands one word; the error is a hint.
pub(super) fn meaning(word: &Word, today: NaiveDate) -> Result<Meaning, String> {
    let Some(name) = &word.key else {
        return free(word).map(Meaning::Term);
    };
    let key = Key::parse(name).ok_or_else(|| unknown_key(name))?;
    if word.value.is_empty() && word.op != Op::Is {
        return Err(format!("write a value behind {name}, for example {}", example(key)));
    }
    let shown = |key: &str| format!("{key}{}{}", sign(word.op), word.value.to_lowercase());
    let term = match key {
        Key::Payee => Term::Text(Fields::PAYEE, pattern(name, word)?),
        Key::Memo => Term::Text(Fields::MEMO, pattern(name, word)?),
        Key::Tag => Term::Text(Fields::TAG, pattern(name, word)?),
        Key::Note => Term::Text(Fields::NOTE, pattern(name, word)?),
        Key::Account => Term::Account(pattern(name, word)?),
        Key::Institution => Term::Institution(pattern(name, word)?),
        Key::Currency => Term::Currency(pattern(name, word)?),
        Key::Symbol => Term::Symbol(pattern(name, word)?),
        Key::Category => Term::Category(pattern(name, word)?),
        Key::Id => Term::Id(pattern(name, word)?),
        Key::Type => Term::Type(members(name, word, TransactionType::ALL, TransactionType::as_str)?),
        Key::Subtype => Term::Subtype(members(name, word, TransactionSubtype::ALL, TransactionSubtype::as_str)?),
        Key::Status => Term::Status(members(name, word, TransactionStatus::ALL, TransactionStatus::as_str)?),
        Key::Amount => Term::Amount(amount::parse(word.op, &word.value)?),
        Key::Magnitude => Term::Magnitude(amount::parse(word.op, &word.value)?),
        Key::Date => Term::Date(date::parse(word.op, &word.value, today)?, shown("date")),
        Key::From => Term::Date(date::parse(only_has(name, word, Op::AtLeast)?, &word.value, today)?, shown("from")),
        Key::To => Term::Date(date::parse(only_has(name, word, Op::AtMost)?, &word.value, today)?, shown("to")),
        Key::Last => {
            only_has(name, word, Op::Has)?;
            Term::Date(date::last(&word.value, today)?, shown("last"))
        }
        Key::By => {
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
        return Err("there is nothing to look for between the quotes".to_owned());
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
        return Err(format!("there is nothing to look for behind {name}"));
    }
    Ok(Pattern { text, whole })
}

/// `from:`, `to:`, `last:` and `by:` take no sign of comparison; `instead` is what they stand for.
fn only_has(name: &str, word: &Word, instead: Op) -> Result<Op, String> {
    if word.op == Op::Has && !word.value.contains("..") {
        return Ok(instead);
    }
    Err(format!("{name}: takes one value and no sign; write {}", Key::parse(name).map_or("", example)))
}

/// The members whose spelling begins with the value, so that a filter works while it is typed.
fn members<T: Copy>(name: &str, word: &Word, all: &[T], spelling: fn(T) -> &'static str) -> Result<Vec<T>, String> {
    let wanted = word.value.trim().to_ascii_lowercase().replace(['-', ' '], "_");
    let found: Vec<T> = match word.op {
        Op::Is => all.iter().copied().filter(|member| spelling(*member) == wanted).collect(),
        Op::Has => {
            let exact = all.iter().copied().filter(|member| spelling(*member) == wanted).collect::<Vec<_>>();
            let begins = || all.iter().copied().filter(|member| spelling(*member).starts_with(&wanted)).collect();
            if exact.is_empty() { begins() } else { exact }
        }
        Op::Above | Op::AtLeast | Op::Below | Op::AtMost => Vec::new(),
    };
    if found.is_empty() {
        return Err(format!("there is no {name} `{}`; try {}", word.value, nearest(all, spelling, &wanted)));
    }
    Ok(found)
}

/// The words most like what was written.
fn nearest<T: Copy>(all: &[T], spelling: fn(T) -> &'static str, wanted: &str) -> String {
    let mut words: Vec<_> = all.iter().map(|member| spelling(*member)).collect();
    words.sort_by_key(|spelling| distance(spelling, wanted));
    words.truncate(7);
    words.join(", ")
}

fn unknown_key(name: &str) -> String {
    let near = KEYS
        .iter()
        .flat_map(|help| [help.name, help.long])
        .map(|known| (distance(known, name), known))
        .min()
        .filter(|(distance, _)| *distance <= 2);
    if let Some((_, known)) = near {
        return format!("there is no key {name}:; did you mean {known}:?");
    }
    let keys = KEYS.iter().map(|help| help.name).collect::<Vec<_>>().join(" ");
    format!("there is no key {name}: (keys: {keys}); quote it to look for the text")
}

/// Letters to add, drop or change to make one word of the other.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<u8> = right.bytes().take(40).collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, a) in left.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], line + 1);
        for (column, b) in right.iter().enumerate() {
            let change = diagonal + usize::from(a != *b);
            diagonal = row[column + 1];
            row[column + 1] = change.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
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

const fn example(key: Key) -> &'static str {
    match key {
        Key::Payee => "payee:coffee",
        Key::Memo => "memo:rent",
        Key::Note => "note:refund",
        Key::Account => "acct:7890",
        Key::Institution => "inst:chase",
        Key::Type => "type:income",
        Key::Subtype => "sub:dividend",
        Key::Status => "status:pending",
        Key::Currency => "cur:usd",
        Key::Symbol => "sym:aapl",
        Key::Category => "cat:food",
        Key::Tag => "tag:trip",
        Key::Id => "id:20261120",
        Key::Amount => "amt<-100",
        Key::Magnitude => "abs>100",
        Key::Date => "date:2026-03",
        Key::From => "from:2026-03",
        Key::To => "to:2026-03",
        Key::Last => "last:90d",
        Key::By => "by:month",
    }
}
