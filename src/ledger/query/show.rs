//! The normal form of a query: what it was understood as, in its own language.

use std::fmt;

use super::{
    Expr, Query, date,
    term::{Pattern, QueryKey, Term},
};
use crate::{
    columns::Fields,
    domain::{TransactionStatus, TransactionSubtype, TransactionType},
};

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let group = self.by.is_some() && matches!(self.expr, Expr::Or(_));
        if group {
            write!(f, "({})", self.expr)?;
        } else {
            write!(f, "{}", self.expr)?;
        }
        match self.by {
            Some(by) if self.is_all() => write!(f, "by:{by}"),
            Some(by) => write!(f, " by:{by}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => Ok(()),
            Self::Term(term) => write!(f, "{term}"),
            Self::Not(inner) if matches!(**inner, Self::Term(_)) => write!(f, "-{inner}"),
            Self::Not(inner) => write!(f, "-({inner})"),
            Self::And(parts) => {
                for (index, part) in parts.iter().enumerate() {
                    let blank = if index == 0 { "" } else { " " };
                    match part {
                        Self::Or(_) => write!(f, "{blank}({part})")?,
                        Self::All | Self::And(_) | Self::Not(_) | Self::Term(_) => write!(f, "{blank}{part}")?,
                    }
                }
                Ok(())
            }
            Self::Or(parts) => {
                for (index, part) in parts.iter().enumerate() {
                    let or = if index == 0 { "" } else { " or " };
                    write!(f, "{or}{part}")?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(Fields::ANY, pattern) => f.write_str(&quoted(&pattern.text)),
            Self::Text(Fields::PAYEE, pattern) => keyed(f, QueryKey::Payee, pattern),
            Self::Text(Fields::MEMO, pattern) => keyed(f, QueryKey::Memo, pattern),
            Self::Text(Fields::TAG, pattern) => keyed(f, QueryKey::Tag, pattern),
            Self::Text(_, pattern) => keyed(f, QueryKey::Note, pattern),
            Self::Account(pattern) => keyed(f, QueryKey::Account, pattern),
            Self::Institution(pattern) => keyed(f, QueryKey::Institution, pattern),
            Self::Currency(pattern) => keyed(f, QueryKey::Currency, pattern),
            Self::Symbol(pattern) => keyed(f, QueryKey::Symbol, pattern),
            Self::Category(pattern) => keyed(f, QueryKey::Category, pattern),
            Self::Id(pattern) => keyed(f, QueryKey::Id, pattern),
            Self::Type(members) => listed(f, QueryKey::Type, &spelled(members, TransactionType::as_str)),
            Self::Subtype(members) => listed(f, QueryKey::Subtype, &spelled(members, TransactionSubtype::as_str)),
            Self::Status(members) => listed(f, QueryKey::Status, &spelled(members, TransactionStatus::as_str)),
            Self::Amount(range) => write!(f, "{}{range}", QueryKey::Amount.name()),
            Self::Magnitude(range) => write!(f, "{}{range}", QueryKey::Magnitude.name()),
            Self::Date(_, shown) => f.write_str(shown),
        }
    }
}

fn keyed(f: &mut fmt::Formatter<'_>, key: QueryKey, pattern: &Pattern) -> fmt::Result {
    let sign = if pattern.whole { ":=" } else { ":" };
    let value = if pattern.text.is_empty() { String::new() } else { quoted(&pattern.text) };
    write!(f, "{}{sign}{value}", key.name())
}

fn spelled<T: Copy>(members: &[T], spelling: fn(T) -> &'static str) -> Vec<&'static str> {
    members.iter().map(|member| spelling(*member)).collect()
}

/// One member by its name, several by what their names begin with alike (`sub:b` for `buy` and `buy_to_cover`).
fn listed(f: &mut fmt::Formatter<'_>, key: QueryKey, names: &[&str]) -> fmt::Result {
    let first = names.first().copied().unwrap_or_default();
    let common = names.iter().fold(first, |common, name| {
        let length = common.bytes().zip(name.bytes()).take_while(|(left, right)| left == right).count();
        &common[..length]
    });
    let several = names.len() > 1;
    let length = common.len() - usize::from(several && names.contains(&common));
    write!(f, "{}:{}", key.name(), &common[..length])
}

/// In quotes unless it would be read back as the same text without them.
pub(in crate::ledger) fn quoted(text: &str) -> String {
    let plain = !text.is_empty()
        && !text.starts_with(['-', '=', '<', '>', '|'])
        && !text.eq_ignore_ascii_case("or")
        && !text.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '\\' | '(' | ')' | ':' | '<' | '>' | '='))
        && date::absolute(text).is_none();
    if plain {
        return text.to_owned();
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
