//! Tags and the text that follows each, cut out of a document without copying.
//!
//! Used by the record layer. INVARIANT: every byte is looked at a bounded number of times, whatever it is;
//! a `<` that opens no tag is text.

use memchr::{memchr, memchr2, memchr3, memmem};

use super::tag::Tag;

/// The effect of a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// `<NAME>`.
    Open,
    /// `</NAME>`.
    Close,
    /// `<NAME/>`.
    Empty,
    /// `<!DOCTYPE …>` that declares entities: only hostile files do that.
    Entities,
}

/// One tag with the text after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    /// Its effect.
    pub kind: TokenKind,
    /// Which tag it is.
    pub tag: Tag,
    /// Its name as written, without a namespace.
    pub name: &'a str,
    /// Byte offset of its `<`.
    pub at: usize,
    /// The text up to the next tag, as written, with entities, CDATA sections and comments.
    pub text: &'a str,
    /// Whether the text holds CDATA sections, comments or processing instructions.
    pub marked: bool,
}

/// The tag or text at a `<`.
enum Markup {
    Tag { kind: TokenKind, name: (usize, usize), end: usize },
    Skipped { end: usize },
    Text,
}

/// A tag found while looking for the end of the text before it.
struct Pending {
    kind: TokenKind,
    name: (usize, usize),
    at: usize,
    end: usize,
}

/// The tags of a document, in order.
pub struct Tokens<'a> {
    source: &'a str,
    /// Where the search goes on when nothing is pending.
    from: usize,
    pending: Option<Pending>,
    no_comment_end: bool,
    no_section_end: bool,
}

const fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b':')
}

impl<'a> Tokens<'a> {
    /// The tags of `source`.
    #[must_use]
    pub const fn new(source: &'a str) -> Self {
        Self { source, from: 0, pending: None, no_comment_end: false, no_section_end: false }
    }

    /// The text that is being cut up.
    #[must_use]
    pub const fn source(&self) -> &'a str {
        self.source
    }

    /// Goes on at `offset`, which must be the `<` of a tag.
    pub fn resume(&mut self, offset: usize) {
        self.from = offset;
        self.pending = None;
    }

    /// The next tag with its text.
    pub fn next_token(&mut self) -> Option<Token<'a>> {
        let pending = match self.pending.take() {
            Some(pending) => pending,
            None => self.find_markup(self.from).2?,
        };
        let (text_end, marked, next) = self.find_markup(pending.end);
        self.pending = next;
        self.from = text_end;
        let (start, end) = pending.name;
        Some(Token {
            kind: pending.kind,
            tag: Tag::find(&self.source.as_bytes()[start..], end - start),
            name: &self.source[start..end],
            at: pending.at,
            text: &self.source[pending.end..text_end],
            marked,
        })
    }

    /// The next tag at or after `start`: where the text before it ends, whether that text is marked up, the tag.
    fn find_markup(&mut self, start: usize) -> (usize, bool, Option<Pending>) {
        let bytes = self.source.as_bytes();
        let mut from = start;
        let mut marked = false;
        while let Some(step) = memchr(b'<', &bytes[from..]) {
            let at = from + step;
            match self.markup(at) {
                Markup::Tag { kind, name, end } => return (at, marked, Some(Pending { kind, name, at, end })),
                Markup::Skipped { end } => {
                    marked = true;
                    from = end;
                }
                Markup::Text => from = at + 1,
            }
        }
        (bytes.len(), marked, None)
    }

    /// Reads the tag that begins with the `<` at `at`.
    fn markup(&mut self, at: usize) -> Markup {
        let bytes = self.source.as_bytes();
        let Some(&first) = bytes.get(at + 1) else { return Markup::Text };
        match first {
            b'!' => self.declaration(at),
            b'?' => match memchr2(b'>', b'<', &bytes[at + 1..]) {
                Some(step) if bytes[at + 1 + step] == b'>' => Markup::Skipped { end: at + step + 2 },
                _ => Markup::Text,
            },
            b'/' => Self::tag_at(bytes, at + 2, TokenKind::Close),
            _ => Self::tag_at(bytes, at + 1, TokenKind::Open),
        }
    }

    /// Reads a tag whose name starts at `start`.
    fn tag_at(bytes: &[u8], start: usize, kind: TokenKind) -> Markup {
        if !bytes.get(start).is_some_and(u8::is_ascii_alphabetic) {
            return Markup::Text;
        }
        let mut name_end = start + 1;
        let mut name_start = start;
        while let Some(byte) = bytes.get(name_end).filter(|byte| is_name_byte(**byte)) {
            name_end += 1;
            if *byte == b':' {
                name_start = name_end;
            }
        }
        if is_markup(&bytes[start..name_end])
            && let Some(end) = markup_end(&bytes[name_end..])
        {
            return Markup::Skipped { end: name_end + end };
        }
        let name = (name_start, name_end);
        match bytes.get(name_end) {
            Some(b'>') => Markup::Tag { kind, name, end: name_end + 1 },
            Some(b'/') if bytes.get(name_end + 1) == Some(&b'>') && kind == TokenKind::Open => {
                Markup::Tag { kind: TokenKind::Empty, name, end: name_end + 2 }
            }
            Some(byte) if byte.is_ascii_whitespace() || *byte == b'/' => Self::tag_with_attributes(bytes, kind, name),
            _ => Markup::Text,
        }
    }

    /// Reads the rest of a tag after its name: nothing but blanks, or attributes.
    fn tag_with_attributes(bytes: &[u8], kind: TokenKind, name: (usize, usize)) -> Markup {
        let rest = &bytes[name.1..];
        let Some(end) = memchr2(b'>', b'<', rest).filter(|end| rest[*end] == b'>') else { return Markup::Text };
        let inside = rest[..end].trim_ascii();
        let (inside, closed) = inside.strip_suffix(b"/").map_or((inside, false), |inside| (inside, true));
        if !inside.is_empty() && memchr(b'=', inside).is_none() {
            return Markup::Text;
        }
        let kind = if closed && kind == TokenKind::Open { TokenKind::Empty } else { kind };
        Markup::Tag { kind, name, end: name.1 + end + 1 }
    }

    /// Reads a comment, a CDATA section or a declaration.
    fn declaration(&mut self, at: usize) -> Markup {
        let bytes = self.source.as_bytes();
        let rest = &bytes[at..];
        if rest.starts_with(b"<!--") {
            return skip_to(rest, 4, b"-->", at, &mut self.no_comment_end);
        }
        if rest.len() >= 9 && rest[..9].eq_ignore_ascii_case(b"<![CDATA[") {
            return skip_to(rest, 9, b"]]>", at, &mut self.no_section_end);
        }
        if rest.len() >= 9 && rest[2..9].eq_ignore_ascii_case(b"DOCTYPE") {
            let Some(end) = memchr3(b'>', b'[', b'<', &rest[1..]).map(|end| end + 1) else { return Markup::Text };
            return match rest[end] {
                b'[' => Markup::Tag { kind: TokenKind::Entities, name: (at + 2, at + 9), end: at + end + 1 },
                b'>' => Markup::Skipped { end: at + end + 1 },
                _ => Markup::Text,
            };
        }
        match memchr2(b'>', b'<', &rest[1..]) {
            Some(step) if rest.get(2).is_some_and(u8::is_ascii_alphabetic) && rest[1 + step] == b'>' => {
                Markup::Skipped { end: at + step + 2 }
            }
            _ => Markup::Text,
        }
    }
}

/// Whether a name is one of the HTML tags that banks write into texts.
pub(super) fn is_markup(name: &[u8]) -> bool {
    const NAMES: [&[u8]; 15] = [
        b"BR", b"P", b"B", b"I", b"U", b"HR", b"EM", b"TT", b"FONT", b"SPAN", b"DIV", b"STRONG", b"SMALL", b"SUP",
        b"SUB",
    ];
    name.len() <= 6 && NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// The place behind the `>` that ends a tag, unless another tag starts before it.
pub(super) fn markup_end(rest: &[u8]) -> Option<usize> {
    memchr2(b'>', b'<', rest).filter(|end| rest[*end] == b'>').map(|end| end + 1)
}

/// Skips to behind `end`. One search that fails is remembered, so that a file of unended comments stays linear.
fn skip_to(rest: &[u8], head: usize, end: &[u8], at: usize, hopeless: &mut bool) -> Markup {
    if *hopeless {
        return Markup::Text;
    }
    if let Some(step) = memmem::find(&rest[head..], end) {
        return Markup::Skipped { end: at + head + step + end.len() };
    }
    *hopeless = true;
    Markup::Text
}

/// Turns offsets into line numbers, counting each stretch of the document once.
pub struct Lines<'a> {
    bytes: &'a [u8],
    mark: u8,
    at: usize,
    line: u32,
}

impl<'a> Lines<'a> {
    /// Lines end with LF; in a document without any, with CR.
    #[must_use]
    pub fn new(source: &'a str) -> Self {
        let bytes = source.as_bytes();
        let mark = if memchr(b'\n', bytes).is_none() { b'\r' } else { b'\n' };
        Self { bytes, mark, at: 0, line: 1 }
    }

    /// The 1-based line of `offset`. Cheap when called with offsets near each other.
    pub fn line(&mut self, offset: usize) -> u32 {
        let offset = offset.min(self.bytes.len());
        let (low, high) = if offset < self.at { (offset, self.at) } else { (self.at, offset) };
        let between = memchr::memchr_iter(self.mark, &self.bytes[low..high]).count();
        let between = u32::try_from(between).unwrap_or(u32::MAX);
        self.line =
            if offset < self.at { self.line.saturating_sub(between) } else { self.line.saturating_add(between) };
        self.at = offset;
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(source: &str) -> Vec<(TokenKind, &str, &str)> {
        let mut tokens = Tokens::new(source);
        std::iter::from_fn(|| tokens.next_token()).map(|token| (token.kind, token.name, token.text)).collect()
    }

    #[test]
    fn tags_carry_their_text() {
        use TokenKind::{Close, Empty, Open};
        assert_eq!(
            all("junk<OFX><NAME>A < B <- C\n<MEMO>x</MEMO><EMPTY/><SPACED >y</ODD"),
            [
                (Open, "OFX", ""),
                (Open, "NAME", "A < B <- C\n"),
                (Open, "MEMO", "x"),
                (Close, "MEMO", ""),
                (Empty, "EMPTY", ""),
                (Open, "SPACED", "y</ODD"),
            ]
        );
    }

    #[test]
    fn comments_sections_and_instructions_belong_to_the_text() {
        let mut tokens = Tokens::new("<?xml version='1.0'?><A>1 <!-- <Y> --><![CDATA[<Z>]]></A>");
        let token = tokens.next_token().unwrap();
        assert_eq!((token.name, token.text, token.marked), ("A", "1 <!-- <Y> --><![CDATA[<Z>]]>", true));
        assert_eq!(all("<A>1 <!-- open <Y>2").len(), 2);
        assert_eq!(all("<A>1 <![CDATA[ open <Y>2").len(), 2);
    }

    #[test]
    fn attributes_and_namespaces_are_tolerated() {
        assert_eq!(
            all("<ns:OFX xmlns:ns=\"urn\"><NAME lang='en'>x"),
            [(TokenKind::Open, "OFX", ""), (TokenKind::Open, "NAME", "x")]
        );
        assert_eq!(all("<NAME>foo <bar baz> qux"), [(TokenKind::Open, "NAME", "foo <bar baz> qux")]);
        assert_eq!(all("<NAME>mail <me@x.org>")[0].2, "mail <me@x.org>");
    }

    #[test]
    fn lines_are_counted_both_ways() {
        let mut lines = Lines::new("a\nb\nc\nd");
        assert_eq!((lines.line(6), lines.line(2), lines.line(0), lines.line(99)), (4, 2, 1, 4));
        assert_eq!(Lines::new("a\rb\rc").line(4), 3);
        assert_eq!(Lines::new("a\r\nb\r\nc").line(6), 3);
    }
}
