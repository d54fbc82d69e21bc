//! Builds the expression: blanks mean *and* and bind tighter than `or`; `-` negates a term or a group.

use chrono::NaiveDate;

use super::{
    Expr, Problem, Query,
    by::By,
    lex::{Op, QueryToken, QueryTokenKind, Word, tokens},
    term::{Meaning, meaning},
};

/// Groups inside groups; deeper ones are left out.
const DEEPEST: usize = 40;

pub(super) fn parse(text: &str, today: NaiveDate) -> Query {
    let tokens = tokens(text);
    let mut parser = Parser { tokens: &tokens, at: 0, today, by: None, problems: Vec::new() };
    let expr = parser.either(0, true);
    let Parser { by, mut problems, .. } = parser;
    problems.sort_by_key(|problem| problem.range.start);
    Query { expr: expr.unwrap_or_default(), by, problems }
}

struct Parser<'a> {
    tokens: &'a [QueryToken],
    at: usize,
    today: NaiveDate,
    by: Option<By>,
    problems: Vec<Problem>,
}

impl<'a> Parser<'a> {
    fn problem(&mut self, range: std::ops::Range<usize>, hint: impl Into<String>) {
        self.problems.push(Problem { range, hint: hint.into() });
    }

    fn peek(&self) -> Option<&'a QueryToken> {
        self.tokens.get(self.at)
    }

    /// Terms joined by `or`, up to the end or the closing parenthesis. `top`: `by:` is allowed here.
    fn either(&mut self, depth: usize, top: bool) -> Option<Expr> {
        let mut sides = Vec::new();
        let mut dangling = None;
        loop {
            let before = self.at;
            let side = self.all(depth, top);
            let empty = self.at == before;
            sides.extend(side);
            let token = self.peek().filter(|token| token.kind == QueryTokenKind::Or);
            if empty && let Some(range) = dangling.take().or_else(|| token.map(|token| token.range.clone())) {
                self.problem(range, "`or` needs a term on both sides; quote it to look for the word");
            }
            let Some(token) = token else { break };
            dangling = Some(token.range.clone());
            self.at += 1;
        }
        joined(sides, Expr::Or)
    }

    /// Terms that must all hold.
    fn all(&mut self, depth: usize, top: bool) -> Option<Expr> {
        let mut terms = Vec::new();
        while let Some(token) = self.peek() {
            if matches!(token.kind, QueryTokenKind::Or | QueryTokenKind::Close) {
                break;
            }
            terms.extend(self.one(depth, top));
        }
        joined(terms, Expr::And)
    }

    /// A term or a group, with the signs before it.
    fn one(&mut self, depth: usize, top: bool) -> Option<Expr> {
        let mut negated = false;
        let start = self.peek().map_or(0, |token| token.range.start);
        let mut end = start;
        while let Some(token) = self.peek().filter(|token| token.kind == QueryTokenKind::Not) {
            // `- coffee` is a lone sign and a word; `-coffee` and `-(…)` belong together.
            if negated && token.range.start != end {
                break;
            }
            negated = !negated;
            end = token.range.end;
            self.at += 1;
        }
        let signs = end > start;
        let Some(token) = self.peek().filter(|token| !signs || token.range.start == end) else {
            self.problem(start..end, "write behind - what to leave out, without a blank");
            return None;
        };
        let expr = match &token.kind {
            QueryTokenKind::Word(word) => {
                self.at += 1;
                self.word(token, word, top && !signs)
            }
            QueryTokenKind::Open => {
                self.at += 1;
                self.group(token, depth, top && !signs)
            }
            QueryTokenKind::Or | QueryTokenKind::Close | QueryTokenKind::Not => {
                self.problem(start..end, "write behind - what to leave out");
                None
            }
        }?;
        Some(if negated { not(expr) } else { expr })
    }

    fn group(&mut self, open: &QueryToken, depth: usize, top: bool) -> Option<Expr> {
        if depth >= DEEPEST {
            let mut inside = 1usize;
            while let Some(token) = self.peek().filter(|_| inside > 0) {
                match token.kind {
                    QueryTokenKind::Open => inside += 1,
                    QueryTokenKind::Close => inside -= 1,
                    QueryTokenKind::Not | QueryTokenKind::Or | QueryTokenKind::Word(_) => {}
                }
                self.at += 1;
            }
            self.problem(open.range.clone(), format!("groups can be nested {DEEPEST} deep at most"));
            return None;
        }
        let expr = self.either(depth + 1, top);
        if self.peek().is_some_and(|token| token.kind == QueryTokenKind::Close) {
            self.at += 1;
        }
        expr
    }

    fn word(&mut self, token: &QueryToken, word: &Word, top: bool) -> Option<Expr> {
        let (joined, range) = self.with_unit(token, word);
        match meaning(joined.as_ref().unwrap_or(word), self.today) {
            Ok(Meaning::Term(term)) => Some(Expr::Term(term)),
            Ok(Meaning::By(by)) => {
                if top {
                    if self.by.replace(by).is_some() {
                        self.problem(range, "rows are grouped once; the last by: counts");
                    }
                } else {
                    self.problem(range, "by: groups the whole result; write it outside of - and parentheses");
                }
                None
            }
            Err(hint) => {
                self.problem(range, hint);
                None
            }
        }
    }

    /// `date:this month` is one value although it is two words.
    fn with_unit(&mut self, token: &QueryToken, word: &Word) -> (Option<Word>, std::ops::Range<usize>) {
        let apart = matches!(word.key.as_deref(), Some("date" | "from" | "to"))
            && !word.quoted
            && ["this", "last", "previous", "next"].iter().any(|which| word.value.eq_ignore_ascii_case(which));
        if apart
            && let Some(QueryToken { range, kind: QueryTokenKind::Word(unit) }) = self.peek()
            && unit.key.is_none()
            && unit.op == Op::Has
            && ["day", "week", "month", "quarter", "year"].iter().any(|name| unit.value.eq_ignore_ascii_case(name))
        {
            self.at += 1;
            let value = format!("{}-{}", word.value, unit.value);
            return (Some(Word { value, ..word.clone() }), token.range.start..range.end);
        }
        (None, token.range.clone())
    }
}

/// One part alone is itself; parts of the same sort are not nested.
fn joined(parts: Vec<Expr>, join: fn(Vec<Expr>) -> Expr) -> Option<Expr> {
    let is_and = matches!(join(Vec::new()), Expr::And(_));
    let mut flat = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Expr::And(inner) if is_and => flat.extend(inner),
            Expr::Or(inner) if !is_and => flat.extend(inner),
            part => flat.push(part),
        }
    }
    if flat.len() > 1 { Some(join(flat)) } else { flat.pop() }
}

fn not(expr: Expr) -> Expr {
    match expr {
        Expr::Not(inner) => *inner,
        other => Expr::Not(Box::new(other)),
    }
}
