//! The one query language: filter bar, `--query`, reports. `docs/query.md` shows it to users.
//!
//! [`Query::parse`] never fails: what makes no sense becomes a [`Problem`] with its place and a hint, and is left
//! out. Relative dates are resolved when a query is parsed, against the day that the caller passes.
//!
//! INVARIANT: parsing, showing and comparing queries is pure; what a query finds is `ledger::search`'s work.

mod amount;
mod by;
mod complete;
mod date;
mod lex;
mod narrow;
mod parse;
mod show;
mod term;
#[cfg(test)]
pub(in crate::ledger) mod tests;

use std::ops::Range;

use chrono::NaiveDate;

pub use amount::AmountRange;
pub use by::By;
pub use complete::{Completion, Vocabulary, completions};
pub use date::DateRange;
pub(in crate::ledger) use show::quoted;
pub use term::{KEYS, Key, KeyHelp, Pattern, Term};

/// What a user asks for, ready to be searched for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    expr: Expr,
    by: Option<By>,
    problems: Vec<Problem>,
}

/// A part of a query that was left out, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Its bytes in the text; to be underlined.
    pub range: Range<usize>,
    /// For the user, one sentence.
    pub hint: String,
}

/// Terms and how they hang together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Expr {
    /// Every row.
    #[default]
    All,
    /// All of at least two.
    And(Vec<Expr>),
    /// Any of at least two.
    Or(Vec<Expr>),
    /// Every row but these.
    Not(Box<Expr>),
    /// One condition.
    Term(Term),
}

impl Query {
    /// Finds every row.
    pub const ALL: Self = Self { expr: Expr::All, by: None, problems: Vec::new() };

    /// Reads a query; `today` is what relative dates count from.
    #[must_use]
    pub fn parse(text: &str, today: NaiveDate) -> Self {
        parse::parse(text, today)
    }

    /// What was left out, by place.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The grouping asked for with `by:`.
    #[must_use]
    pub const fn by(&self) -> Option<By> {
        self.by
    }

    /// The condition.
    #[must_use]
    pub const fn expr(&self) -> &Expr {
        &self.expr
    }

    /// This, of the days from `from` to `to`, both included.
    #[must_use]
    pub fn within(self, from: Option<NaiveDate>, to: Option<NaiveDate>) -> Self {
        if from.is_none() && to.is_none() {
            return self;
        }
        let spelled = |name: &str, day: Option<NaiveDate>| day.map(|day| format!("{name}:{day}"));
        let shown: Vec<String> = [spelled("from", from), spelled("to", to)].into_iter().flatten().collect();
        let days = Expr::Term(Term::Date(DateRange { from, to }, shown.join(" ")));
        let expr = match self.expr {
            Expr::All => days,
            other => Expr::And(vec![days, other]),
        };
        Self { expr, ..self }
    }

    /// The text of a query that finds, ungrouped, the rows of this one that `term` (a text in this language) finds too.
    #[must_use]
    pub fn narrowed(&self, term: &str) -> String {
        match &self.expr {
            Expr::All => term.to_owned(),
            Expr::Or(_) => format!("({}) {term}", self.expr),
            Expr::And(_) | Expr::Not(_) | Expr::Term(_) => format!("{} {term}", self.expr),
        }
    }

    /// Whether every row matches.
    #[must_use]
    pub const fn is_all(&self) -> bool {
        matches!(self.expr, Expr::All)
    }

    /// What is left to look for among the rows that `wider` finds: the parts of this query that `wider` does not imply.
    /// Only where this query narrows it.
    #[must_use]
    pub fn beyond(&self, wider: &Self) -> Expr {
        match &self.expr {
            Expr::And(parts) => {
                let mut left: Vec<_> =
                    parts.iter().filter(|part| !narrow::implies(&wider.expr, part)).cloned().collect();
                if left.len() > 1 { Expr::And(left) } else { left.pop().unwrap_or_default() }
            }
            expr if narrow::implies(&wider.expr, expr) => Expr::All,
            expr => expr.clone(),
        }
    }

    /// Whether nothing is asked for: every row, and no grouping.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.is_all() && self.by.is_none()
    }

    /// Whether every row that matches this query is known to match `wider` too, so that only the rows found for
    /// `wider` have to be looked at. `false` may also mean that it can't be told.
    #[must_use]
    pub fn narrows(&self, wider: &Self) -> bool {
        narrow::implies(&self.expr, &wider.expr)
    }
}
