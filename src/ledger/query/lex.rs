//! Splits a query into words, groups and signs. Never fails.

use std::ops::Range;

/// A piece of the query text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct QueryToken {
    /// Its bytes in the text.
    pub(super) range: Range<usize>,
    pub(super) kind: QueryTokenKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum QueryTokenKind {
    Open,
    Close,
    Not,
    Or,
    Word(Word),
}

/// `value`, `key:value`, `key:=value`, `amt>=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// In lower case, without the colon.
    pub(super) key: Option<String>,
    pub(super) op: Op,
    /// Without quotes.
    pub(super) value: String,
    /// The bytes of the value, quotes included.
    pub(super) value_range: Range<usize>,
    /// Whether any part was quoted; a quoted word is always a text.
    pub(super) quoted: bool,
}

/// The operator between key and value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Has,
    Is,
    Above,
    AtLeast,
    Below,
    AtMost,
}

/// Keys that may be followed by a sign of comparison without a colon.
const COMPARABLE: [&str; 4] = ["amt", "amount", "abs", "date"];

/// Cuts the whole text.
pub(super) fn tokens(text: &str) -> Vec<QueryToken> {
    let mut lexer = Lexer { text, at: 0, depth: 0, tokens: Vec::new() };
    while lexer.next_token() {}
    lexer.tokens
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    tokens: Vec<QueryToken>,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn push(&mut self, start: usize, kind: QueryTokenKind) {
        self.tokens.push(QueryToken { range: start..self.at, kind });
    }

    fn next_token(&mut self) -> bool {
        let blank = self.rest().len() - self.rest().trim_start().len();
        self.at += blank;
        let start = self.at;
        let Some(first) = self.rest().chars().next() else { return false };
        let kind = match first {
            '(' => {
                self.depth += 1;
                QueryTokenKind::Open
            }
            ')' if self.depth > 0 => {
                self.depth -= 1;
                QueryTokenKind::Close
            }
            '-' => QueryTokenKind::Not,
            '|' => QueryTokenKind::Or,
            _ => {
                let word = self.word();
                let or = word.key.is_none() && !word.quoted && word.value.eq_ignore_ascii_case("or");
                self.push(start, if or { QueryTokenKind::Or } else { QueryTokenKind::Word(word) });
                return true;
            }
        };
        self.at += first.len_utf8();
        self.push(start, kind);
        true
    }

    fn word(&mut self) -> Word {
        let (key, op) = self.key_and_op();
        let start = self.at;
        let (value, quoted) = self.value();
        Word { key, op, value, value_range: start..self.at, quoted }
    }

    fn key_and_op(&mut self) -> (Option<String>, Op) {
        let length = self.rest().bytes().take_while(|byte| byte.is_ascii_alphabetic() || *byte == b'_').count();
        let key = self.rest()[..length].to_ascii_lowercase();
        let after = &self.rest()[length..];
        if length == 0 {
            return (None, Op::Has);
        }
        if after.starts_with(':') {
            self.at += length + 1;
        } else if after.starts_with(['<', '>', '=']) && COMPARABLE.contains(&key.as_str()) {
            self.at += length;
        } else {
            return (None, Op::Has);
        }
        let signs = [(">=", Op::AtLeast), ("<=", Op::AtMost), (">", Op::Above), ("<", Op::Below), ("=", Op::Is)];
        for (sign, op) in signs {
            if self.rest().starts_with(sign) {
                self.at += sign.len();
                return (Some(key), op);
            }
        }
        (Some(key), Op::Has)
    }

    /// Up to a blank or a closing parenthesis outside of quotes; an open quote reaches to the end.
    fn value(&mut self) -> (String, bool) {
        let (mut value, mut quoted, mut inside) = (String::new(), false, false);
        let mut characters = self.text[self.at..].char_indices().peekable();
        let mut length = self.text.len() - self.at;
        while let Some((index, character)) = characters.next() {
            match character {
                '"' => {
                    quoted = true;
                    inside = !inside;
                }
                '\\' if inside && matches!(characters.peek(), Some((_, '"' | '\\'))) => {
                    value.extend(characters.next().map(|(_, escaped)| escaped));
                }
                ')' if !inside && self.depth > 0 => {
                    length = index;
                    break;
                }
                _ if !inside && character.is_whitespace() => {
                    length = index;
                    break;
                }
                _ => value.push(character),
            }
        }
        self.at += length;
        (value, quoted)
    }
}
