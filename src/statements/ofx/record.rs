//! The structure of a document, read leniently: which leaves belong together.
//!
//! Used by the reader and the survey, each a [`Handler`]. INVARIANT: an unknown tag never closes anything, a
//! closing tag closes only what is open, nothing nests deeper than the limit.

use memchr::memmem;

use super::{
    tag::{Shape, Tag},
    token::{Token, TokenKind, Tokens},
};
use crate::statements::StatementError;

/// The setting that raises the limit on nesting.
const DEPTH_SETTING: &str = "depth";

/// How far a closing tag is looked for when text seems to contain a tag.
const TEXT_LOOKAHEAD: usize = 512;

/// A value with its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Leaf<'a> {
    /// The tag that it is a value of.
    pub(super) tag: Tag,
    /// The group inside the record that holds it; [`Tag::Unknown`] when directly in the record.
    pub(super) group: Tag,
    /// Whether the text holds markup to be removed.
    pub(super) marked: bool,
    /// Byte offset of its tag.
    pub(super) at: usize,
    /// The text as written, trimmed; never empty.
    pub(super) text: &'a str,
}

/// A record that has ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record<'a, 'w> {
    /// The tag.
    pub(super) tag: Tag,
    /// Its name as written; decides the kind when the tag is a general one.
    pub(super) name: &'a str,
    /// Byte offset of its tag.
    pub(super) at: usize,
    /// Its values, in order.
    pub(super) leaves: &'w [Leaf<'a>],
    /// False when the document ends inside it.
    pub(super) complete: bool,
}

impl<'a> Record<'a, '_> {
    /// The first value of `tag` outside any group.
    #[must_use]
    pub(super) fn leaf(&self, tag: Tag) -> Option<&Leaf<'a>> {
        self.leaf_in(Tag::Unknown, tag)
    }

    /// The first value of `tag` in `group`.
    #[must_use]
    pub(super) fn leaf_in(&self, group: Tag, tag: Tag) -> Option<&Leaf<'a>> {
        self.leaves.iter().find(|leaf| leaf.tag == tag && leaf.group == group)
    }
}

/// Calls made while a document is walked.
pub(super) trait Handler<'a> {
    /// A container starts at byte `at`.
    fn enter(&mut self, tag: Tag, at: usize);
    /// A container ends, by its own tag or because of what follows.
    fn leave(&mut self, tag: Tag);
    /// A value outside all records.
    fn leaf(&mut self, leaf: &Leaf<'a>);
    /// A record has ended.
    fn record(&mut self, record: &Record<'a, '_>) -> Result<(), StatementError>;
    /// Called with the offset reached, for every tag.
    fn tick(&mut self, at: usize) -> Result<(), StatementError>;
}

struct Frame {
    tag: Tag,
    level: u8,
}

struct Open<'a> {
    tag: Tag,
    name: &'a str,
    at: usize,
}

struct Walker<'a> {
    tokens: Tokens<'a>,
    stack: Vec<Frame>,
    record: Option<Open<'a>>,
    leaves: Vec<Leaf<'a>>,
    group: Tag,
    /// Unknown tags without text in this record: leaves without a value, or aggregates, which only their
    /// closing tag shows. With each, how many leaves there were before it.
    undecided: Vec<(&'a str, usize)>,
    depth_limit: usize,
    /// The last unknown tag outside records, which names the kind of row when a bare `INVTRAN` follows.
    last_unknown: &'a str,
    /// Whether any container or record was closed by its own tag.
    closes: bool,
}

/// Walks `source` from start to end, telling `handler` what is found. Returns whether the document ends inside
/// something that should have been closed.
pub(super) fn walk<'a>(
    source: &'a str,
    depth_limit: usize,
    handler: &mut impl Handler<'a>,
) -> Result<bool, StatementError> {
    let mut walker = Walker {
        tokens: Tokens::new(source),
        stack: Vec::new(),
        record: None,
        leaves: Vec::with_capacity(64),
        group: Tag::Unknown,
        undecided: Vec::new(),
        depth_limit,
        last_unknown: "",
        closes: false,
    };
    while let Some(token) = walker.tokens.next_token() {
        handler.tick(token.at)?;
        match token.kind {
            TokenKind::Open => walker.open(&token, handler)?,
            TokenKind::Empty => walker.empty(&token, handler)?,
            TokenKind::Close => walker.close(&token, handler)?,
            TokenKind::Entities => {
                return Err(StatementError::NotAStatement {
                    found: "the file declares XML entities, as hostile files do".to_owned(),
                    hint: "no bank needs that; download the statement again".to_owned(),
                });
            }
        }
    }
    walker.finish(handler)
}

impl<'a> Walker<'a> {
    fn open(&mut self, token: &Token<'a>, handler: &mut impl Handler<'a>) -> Result<(), StatementError> {
        match token.tag.shape() {
            Shape::Leaf => self.leaf(token, handler),
            Shape::Frame(level) => self.open_frame(token, level, handler)?,
            Shape::Record(level) => {
                if !(token.tag == Tag::InvTran && self.inside_row()) {
                    self.open_record(token, level, handler)?;
                }
            }
            Shape::Group if self.record.is_some() => {
                let text = token.text.trim_ascii();
                if text.is_empty() {
                    self.group = token.tag;
                } else {
                    self.push(token, text);
                }
            }
            Shape::Group | Shape::Transparent => {}
            Shape::Unknown => self.unknown(token)?,
        }
        Ok(())
    }

    fn empty(&mut self, token: &Token<'a>, handler: &mut impl Handler<'a>) -> Result<(), StatementError> {
        match token.tag.shape() {
            Shape::Frame(level) => {
                self.open_frame(token, level, handler)?;
                self.close(token, handler)
            }
            Shape::Record(level) if !(token.tag == Tag::InvTran && self.inside_row()) => {
                self.open_record(token, level, handler)?;
                self.close(token, handler)
            }
            Shape::Record(_) | Shape::Group | Shape::Transparent | Shape::Leaf | Shape::Unknown => Ok(()),
        }
    }

    /// Whether a row of an investment statement is open that an `INVTRAN` belongs to.
    fn inside_row(&self) -> bool {
        self.record.as_ref().is_some_and(|open| open.tag != Tag::InvTran && open.tag.is_investment_row())
    }

    fn leaf(&mut self, token: &Token<'a>, handler: &mut impl Handler<'a>) {
        let text = token.text.trim_ascii();
        if self.group != Tag::Unknown && !self.group.admits(token.tag) {
            self.group = Tag::Unknown;
        }
        if let Some(open) = &self.record
            && self.group == Tag::Unknown
            && !open.tag.admits(token.tag)
            && !text.is_empty()
        {
            // Only small records (an account, a balance, a status) refuse leaves; ending one can't fail.
            let _ = self.end_record(true, handler);
            self.stack.pop();
        }
        if text.is_empty() {
            return;
        }
        if self.record.is_some() {
            self.push(token, text);
        } else {
            handler.leaf(&Leaf { tag: token.tag, group: Tag::Unknown, marked: token.marked, at: token.at, text });
        }
    }

    fn push(&mut self, token: &Token<'a>, text: &'a str) {
        self.leaves.push(Leaf { tag: token.tag, group: self.group, marked: token.marked, at: token.at, text });
    }

    fn unknown(&mut self, token: &Token<'a>) -> Result<(), StatementError> {
        if self.record.is_none() {
            self.last_unknown = token.name;
        } else if self.joins_text(token) {
            return Ok(());
        }
        if !token.text.trim_ascii().is_empty() {
            return Ok(());
        }
        self.undecided.push((token.name, self.leaves.len()));
        let depth = self.stack.len() + self.undecided.len();
        if depth > self.depth_limit {
            return Err(StatementError::TooLarge {
                what: format!("nesting of {depth} levels"),
                limit: self.depth_limit as u64,
                setting: DEPTH_SETTING,
            });
        }
        Ok(())
    }

    /// Text such as `A <B> C` looks like a tag in it. When the value's own closing tag follows on the same line,
    /// or the line goes on to its end without another tag, what looks like a tag is text.
    fn joins_text(&mut self, token: &Token<'a>) -> bool {
        let source = self.tokens.source();
        let Some(last) = self.leaves.last_mut() else { return false };
        if !matches!(last.tag, Tag::Name | Tag::Memo | Tag::ExtdName | Tag::Payee | Tag::Desc | Tag::SecName) {
            return false;
        }
        let start = last.text.as_ptr().addr() - source.as_ptr().addr();
        let Some(before) = source.get(start..token.at) else { return false };
        if last.marked || before.len() > TEXT_LOOKAHEAD || before.contains(['\n', '\r']) {
            return false;
        }
        let rest = &source.as_bytes()[token.at..source.len().min(token.at + TEXT_LOOKAHEAD)];
        let line = &rest[..memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len())];
        let closing = memmem::find_iter(line, b"</").find(|at| {
            let name = &line[at + 2..];
            name.len() > last.tag.name().len()
                && name[..last.tag.name().len()].eq_ignore_ascii_case(last.tag.name().as_bytes())
                && name[last.tag.name().len()] == b'>'
        });
        let end = match closing {
            Some(step) => token.at + step,
            None if before.ends_with(' ') && !token.text.contains('<') => {
                let step = token.text.find(['\n', '\r']);
                let Some(step) = step else { return false };
                (token.text.as_ptr().addr() - source.as_ptr().addr()) + step
            }
            None => return false,
        };
        let Some(text) = source.get(start..end) else { return false };
        last.text = text.trim_ascii();
        if closing.is_some() {
            self.tokens.resume(end);
        }
        true
    }

    fn open_frame(
        &mut self,
        token: &Token<'a>,
        level: u8,
        handler: &mut impl Handler<'a>,
    ) -> Result<(), StatementError> {
        self.end_down_to(level, handler)?;
        self.stack.push(Frame { tag: token.tag, level });
        handler.enter(token.tag, token.at);
        Ok(())
    }

    fn open_record(
        &mut self,
        token: &Token<'a>,
        level: u8,
        handler: &mut impl Handler<'a>,
    ) -> Result<(), StatementError> {
        self.end_down_to(level, handler)?;
        let name =
            if token.tag == Tag::InvTran && !self.last_unknown.is_empty() { self.last_unknown } else { token.name };
        self.stack.push(Frame { tag: token.tag, level });
        self.record = Some(Open { tag: token.tag, name, at: token.at });
        Ok(())
    }

    /// Ends everything open of `level` and deeper.
    fn end_down_to(&mut self, level: u8, handler: &mut impl Handler<'a>) -> Result<(), StatementError> {
        while self.stack.last().is_some_and(|frame| frame.level >= level) {
            self.end_top(true, handler)?;
        }
        self.undecided.clear();
        Ok(())
    }

    fn end_top(&mut self, complete: bool, handler: &mut impl Handler<'a>) -> Result<(), StatementError> {
        if self.record.is_some() {
            self.end_record(complete, handler)?;
            self.stack.pop();
        } else if let Some(frame) = self.stack.pop() {
            handler.leave(frame.tag);
        }
        Ok(())
    }

    /// Hands the open record over; its frame stays for the caller to pop.
    fn end_record(&mut self, complete: bool, handler: &mut impl Handler<'a>) -> Result<(), StatementError> {
        let Some(open) = self.record.take() else { return Ok(()) };
        self.group = Tag::Unknown;
        self.undecided.clear();
        let record = Record { tag: open.tag, name: open.name, at: open.at, leaves: &self.leaves, complete };
        let outcome = handler.record(&record);
        self.leaves.clear();
        outcome
    }

    fn close(&mut self, token: &Token<'a>, handler: &mut impl Handler<'a>) -> Result<(), StatementError> {
        match token.tag.shape() {
            Shape::Leaf | Shape::Transparent => {}
            Shape::Group => {
                if self.group == token.tag {
                    self.group = Tag::Unknown;
                }
            }
            Shape::Unknown => {
                let found = self.undecided.iter().rposition(|(name, _)| name.eq_ignore_ascii_case(token.name));
                if let Some(index) = found {
                    // It was an aggregate: what stood in it does not belong to the record.
                    let (_, leaves) = self.undecided[index];
                    self.leaves.truncate(leaves);
                    self.undecided.truncate(index);
                }
            }
            Shape::Frame(_) | Shape::Record(_) => {
                let general = token.tag == Tag::InvTran;
                if !general && self.stack.iter().any(|frame| frame.tag == token.tag) {
                    self.closes = true;
                    while let Some(top) = self.stack.last() {
                        let found = top.tag == token.tag;
                        self.end_top(true, handler)?;
                        if found {
                            break;
                        }
                    }
                    self.undecided.clear();
                }
            }
        }
        Ok(())
    }

    /// Ends what is open at the end of the document. A record that is open there is complete only in the manner of
    /// files that close nothing, and when the last line is whole.
    fn finish(&mut self, handler: &mut impl Handler<'a>) -> Result<bool, StatementError> {
        let cut = self.closes && self.stack.iter().any(|frame| frame.level > 1);
        let whole_line = self.tokens.source().ends_with(['\n', '\r', '>']);
        while !self.stack.is_empty() {
            self.end_top(!self.closes && whole_line, handler)?;
        }
        Ok(cut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statements::ofx::relay::walk_apart;

    #[derive(Default)]
    struct Recorded(Vec<String>);

    impl<'a> Handler<'a> for Recorded {
        fn enter(&mut self, tag: Tag, _at: usize) {
            self.0.push(format!("+{}", tag.name()));
        }
        fn leave(&mut self, tag: Tag) {
            self.0.push(format!("-{}", tag.name()));
        }
        fn leaf(&mut self, leaf: &Leaf<'a>) {
            self.0.push(format!("{}={}", leaf.tag.name(), leaf.text));
        }
        fn record(&mut self, record: &Record<'a, '_>) -> Result<(), StatementError> {
            let leaves = record.leaves.iter().map(|leaf| {
                let group = if leaf.group == Tag::Unknown { String::new() } else { format!("{}.", leaf.group.name()) };
                format!("{group}{}={}", leaf.tag.name(), leaf.text)
            });
            let mark = if record.complete { "" } else { "?" };
            self.0.push(format!("{}{mark}({})", record.tag.name(), leaves.collect::<Vec<_>>().join(" ")));
            Ok(())
        }
        fn tick(&mut self, _at: usize) -> Result<(), StatementError> {
            Ok(())
        }
    }

    fn events(source: &str) -> String {
        let (mut events, mut apart) = (Recorded::default(), Recorded::default());
        walk(source, 200, &mut events).unwrap();
        walk_apart(source, 200, &mut apart).unwrap();
        assert_eq!(events.0, apart.0, "on another thread the same");
        events.0.join(" ")
    }

    #[test]
    fn a_handler_may_stop_the_walk() {
        struct Stops(usize);
        impl<'a> Handler<'a> for Stops {
            fn enter(&mut self, _tag: Tag, _at: usize) {}
            fn leave(&mut self, _tag: Tag) {}
            fn leaf(&mut self, _leaf: &Leaf<'a>) {}
            fn record(&mut self, _record: &Record<'a, '_>) -> Result<(), StatementError> {
                self.0 -= 1;
                if self.0 == 0 { Err(StatementError::NoAccount) } else { Ok(()) }
            }
            fn tick(&mut self, _at: usize) -> Result<(), StatementError> {
                Ok(())
            }
        }
        let source = "<STMTTRN><TRNAMT>1</STMTTRN>".repeat(5000);
        for stops in [1, 2, 700] {
            assert!(matches!(walk_apart(&source, 200, &mut Stops(stops)), Err(StatementError::NoAccount)));
        }
    }

    #[test]
    fn closed_and_unclosed_files_read_the_same() {
        let expected = "+STMTRS CURDEF=USD BANKACCTFROM(ACCTID=1) +BANKTRANLIST STMTTRN(TRNAMT=1 FITID=a) \
                        STMTTRN(TRNAMT=2 FITID=b) -BANKTRANLIST LEDGERBAL(BALAMT=3 DTASOF=20240101) -STMTRS";
        let xml = "<STMTRS><CURDEF>USD</CURDEF><BANKACCTFROM><ACCTID>1</ACCTID></BANKACCTFROM><BANKTRANLIST>\
            <STMTTRN><TRNAMT>1</TRNAMT><FITID>a</FITID></STMTTRN><STMTTRN><TRNAMT>2</TRNAMT><FITID>b</FITID></STMTTRN>\
            </BANKTRANLIST><LEDGERBAL><BALAMT>3</BALAMT><DTASOF>20240101</DTASOF></LEDGERBAL></STMTRS>";
        assert_eq!(events(xml), expected);
        let bare = "<STMTRS>\n<CURDEF>USD\n<BANKACCTFROM>\n<ACCTID>1\n<BANKTRANLIST>\n<STMTTRN>\n<TRNAMT>1\n<FITID>a\n\
            <STMTTRN>\n<TRNAMT>2\n<FITID>b\n<LEDGERBAL>\n<BALAMT>3\n<DTASOF>20240101\n";
        assert_eq!(events(bare), expected);
    }

    #[test]
    fn unknown_leaves_and_aggregates_are_skipped() {
        assert_eq!(
            events("<STMTTRN><X.Y>1<CATEGORY></CATEGORY><EXTD><NAME>no</NAME></EXTD><NAME>yes<ODD></STMTTRN></WHAT>"),
            "STMTTRN(NAME=yes)"
        );
        assert_eq!(events("<STMTTRN><EMPTY><NAME>yes</STMTTRN>"), "STMTTRN(NAME=yes)");
    }

    #[test]
    fn groups_keep_their_leaves_apart() {
        assert_eq!(
            events("<STMTTRN><PAYEE><NAME>Acme<CITY>X</PAYEE><BANKACCTTO><ACCTID>9</BANKACCTTO><MEMO>m</STMTTRN>"),
            "STMTTRN(PAYEE.NAME=Acme BANKACCTTO.ACCTID=9 MEMO=m)"
        );
        assert_eq!(events("<STMTTRN><CURRENCY><CURSYM>EUR<MEMO>m</STMTTRN>"), "STMTTRN(CURRENCY.CURSYM=EUR MEMO=m)");
        assert_eq!(events("<STMTTRN><PAYEE>Acme</PAYEE></STMTTRN>"), "STMTTRN(PAYEE=Acme)");
    }

    #[test]
    fn text_that_looks_like_a_tag_is_text() {
        assert_eq!(events("<STMTTRN><NAME>A <B> C</NAME><MEMO>m</STMTTRN>"), "STMTTRN(NAME=A <B> C MEMO=m)");
        assert_eq!(events("<STMTTRN>\n<NAME>A <B> C\n<MEMO>m\n</STMTTRN>"), "STMTTRN(NAME=A <B> C MEMO=m)");
        assert_eq!(events("<STMTTRN><NAME>A<CATEGORY>c\n<MEMO>m\n</STMTTRN>"), "STMTTRN(NAME=A MEMO=m)");
    }

    #[test]
    fn a_document_cut_short_is_reported() {
        let mut handler = Recorded::default();
        let cut = walk("<STMTTRN><NAME>a</STMTTRN><STMTTRN><NAME>b", 200, &mut handler).unwrap();
        assert!(cut);
        assert_eq!(handler.0.join(" "), "STMTTRN(NAME=a) STMTTRN?(NAME=b)");
    }

    #[test]
    fn depth_is_limited() {
        let deep = "<A>".repeat(300);
        assert!(matches!(walk(&deep, 200, &mut Recorded::default()), Err(StatementError::TooLarge { .. })));
        assert!(matches!(walk_apart(&deep, 200, &mut Recorded::default()), Err(StatementError::TooLarge { .. })));
        let stray = "</A></STMTTRN>".repeat(100_000);
        assert_eq!(events(&stray), "");
    }
}
