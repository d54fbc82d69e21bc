//! The one query language: filter bar, `--query`, reports. `docs/query.md` shows it to users.
//!
//! [`Query::parse`] never fails: an invalid part becomes a [`Problem`] with its place and a hint, and is left out. Relative dates are resolved when a query is parsed, against the day that the caller passes.
//!
//! INVARIANT: parsing, printing and comparing queries is pure; `ledger::search` executes them.

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
pub use term::{KEYS, Pattern, Term};

/// A parsed query.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    expr: Expr,
    by: Option<By>,
    problems: Vec<Problem>,
}

/// A part of a query that was left out, with a hint for correcting it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Its bytes in the text; to be underlined.
    pub range: Range<usize>,
    /// For the user, one sentence.
    pub hint: String,
}

/// Terms joined by boolean operators.
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

    /// The parts that were left out, by place.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The grouping of `by:`.
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

    /// The parts of this query that `wider` does not imply: the condition left to test on the rows that `wider` finds.
    /// Requires that this query narrows `wider`.
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

    /// Whether the query is empty: every row, without grouping.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.is_all() && self.by.is_none()
    }

    /// Whether every row that matches this query is known to match `wider` too, so that only the rows found for
    /// `wider` have to be searched. `false` may also mean undecided.
    #[must_use]
    pub fn narrows(&self, wider: &Self) -> bool {
        narrow::implies(&self.expr, &wider.expr)
    }
}
