//! A large document cut into slices that can be read one after another.
//!
//! Used where a file is too large to keep in memory with all its rows. A slice is a run of `STMTTRN` rows; with the text before
//! and after the list that it belongs to it is a complete document. INVARIANT: a file is cut only where nothing depends on the
//! rows around it; anything unusual (comments, other cases, other kinds of lists) gives no slices at all, and the file is then
//! read as a whole.

use std::ops::Range;

use memchr::{memchr_iter, memmem};

/// Bytes between two lists of rows, before the first and after the last.
const MOST_BETWEEN: usize = 1 << 20;
/// The same of all lists together.
const MOST_FRAME: usize = 32 << 20;
/// Bytes of one row.
const MOST_ROW: usize = 256 << 10;

const ROW: &[u8] = b"<STMTTRN>";
const ROW_END: &[u8] = b"</STMTTRN>";
/// Where a statement begins: with its wrapper, or without one.
const WRAPPERS: [&[u8]; 2] = [b"<STMTTRNRS>", b"<CCSTMTTRNRS>"];
const STATEMENTS: [&[u8]; 2] = [b"<STMTRS>", b"<CCSTMTRS>"];

/// Text of the file with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    bytes: Vec<u8>,
    /// The line of its first byte, from 1.
    line: u32,
}

/// A list of rows with the text around it.
#[derive(Debug, PartialEq, Eq)]
struct List {
    /// From the start of the statement to its first row.
    open: Piece,
    /// From its last row to the start of the next statement.
    close: Piece,
}

/// A run of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    /// The list that it belongs to, from 0.
    pub list: usize,
    /// Its bytes in the file.
    pub bytes: Range<u64>,
    /// The line of its first byte, from 1.
    pub line: u32,
}

/// The outline of a large document.
#[derive(Debug, PartialEq, Eq)]
pub struct Slices {
    /// The text before the first statement with rows.
    head: Vec<u8>,
    lists: Vec<List>,
    /// In the order of the file.
    all: Vec<Slice>,
}

impl Slices {
    /// All slices, in the order of the file.
    #[must_use]
    pub fn all(&self) -> &[Slice] {
        &self.all
    }

    /// Number of lists with rows.
    #[must_use]
    pub const fn lists(&self) -> usize {
        self.lists.len()
    }

    /// The document of `rows`, which are those of a slice of the list, or none.
    #[must_use]
    pub(super) fn document(&self, list: usize, rows: &[u8]) -> Vec<u8> {
        let List { open, close } = &self.lists[list];
        [&self.head, &open.bytes, rows, &close.bytes].concat()
    }

    /// The line in the file of a row on `line` of the document of `slice`.
    #[must_use]
    pub(super) fn line(&self, slice: &Slice, line: u32) -> u32 {
        let before = newlines(&self.head) + newlines(&self.lists[slice.list].open.bytes);
        line.saturating_sub(before + 1).saturating_add(slice.line)
    }

    /// The document without any row.
    #[must_use]
    pub(super) fn skeleton(&self) -> Vec<u8> {
        let mut whole = self.head.clone();
        for List { open, close } in &self.lists {
            whole.extend_from_slice(&open.bytes);
            whole.extend_from_slice(&close.bytes);
        }
        whole
    }

    /// The line in the file of `line` in the skeleton.
    #[must_use]
    pub(super) fn skeleton_line(&self, line: u32) -> u32 {
        let mut first = 1 + newlines(&self.head);
        let mut found = line;
        for piece in self.lists.iter().flat_map(|list| [&list.open, &list.close]) {
            if line < first {
                break;
            }
            found = piece.line + (line - first);
            first += newlines(&piece.bytes);
        }
        if line == 0 { 0 } else { found }
    }
}

fn newlines(bytes: &[u8]) -> u32 {
    u32::try_from(memchr_iter(b'\n', bytes).count()).unwrap_or(u32::MAX)
}

/// The place of the scanner in the file.
enum State {
    /// Between lists; the text since the last one, and its line.
    Between(Piece),
    /// At the start of a row.
    InList,
}

/// Finds the slices of a file that is handed over from start to end.
pub struct SliceScanner {
    /// Least bytes of a slice.
    size: u64,
    state: State,
    /// Bytes that are not looked at yet, with their place.
    rest: Vec<u8>,
    at: u64,
    line: u32,
    /// Start of the slice under way.
    start: (u64, u32),
    gaps: Vec<Piece>,
    slices: Vec<Slice>,
    frame: usize,
    /// The file can't be cut.
    failed: bool,
}

impl SliceScanner {
    /// A scanner that cuts slices of at least `size` bytes.
    #[must_use]
    pub const fn new(size: u64) -> Self {
        Self {
            size,
            state: State::Between(Piece { bytes: Vec::new(), line: 1 }),
            rest: Vec::new(),
            at: 0,
            line: 1,
            start: (0, 1),
            gaps: Vec::new(),
            slices: Vec::new(),
            frame: 0,
            failed: false,
        }
    }

    /// Takes the next bytes of the file. Returns false once the file can't be cut.
    pub fn feed(&mut self, bytes: &[u8]) -> bool {
        if self.failed {
            return false;
        }
        let searched = self.rest.len().saturating_sub(1);
        self.rest.extend_from_slice(bytes);
        // Comments and sections may hold anything that looks like a row.
        if memmem::find(&self.rest[searched..], b"<!").is_some() || self.step(false).is_none() {
            self.failed = true;
        }
        !self.failed
    }

    /// The slices, if the file can be cut.
    #[must_use]
    pub fn finish(mut self) -> Option<Slices> {
        if self.failed {
            return None;
        }
        self.step(true)?;
        let State::Between(last) = self.state else { return None };
        let mut gaps = self.gaps.into_iter();
        let (head, mut open) = split(&gaps.next()?)?;
        let mut lists = Vec::new();
        for gap in gaps {
            let (close, next) = split(&gap)?;
            lists.push(List { open: std::mem::replace(&mut open, next), close });
        }
        lists.push(List { open, close: last });
        Some(Slices { head: head.bytes, lists, all: self.slices })
    }

    /// Looks at all bytes that can be judged; `is_end` when no more come. `None` when the file can't be cut.
    fn step(&mut self, is_end: bool) -> Option<()> {
        let rest = std::mem::take(&mut self.rest);
        let mut done = 0;
        let row_end = memmem::Finder::new(ROW_END);
        loop {
            let left = &rest[done..];
            let used = match &mut self.state {
                State::Between(gap) => {
                    let found = memmem::find(left, ROW);
                    let end =
                        found.unwrap_or_else(|| if is_end { left.len() } else { left.len().saturating_sub(ROW.len()) });
                    gap.bytes.extend_from_slice(&left[..end]);
                    self.frame += end;
                    if gap.bytes.len() > MOST_BETWEEN || self.frame > MOST_FRAME {
                        return None;
                    }
                    if found.is_some() {
                        let empty = Piece { bytes: Vec::new(), line: 0 };
                        self.gaps.push(std::mem::replace(gap, empty));
                        self.state = State::InList;
                        self.start = (self.at + end as u64, self.line + newlines(&left[..end]));
                    }
                    if end == 0 && found.is_none() {
                        break;
                    }
                    end
                }
                State::InList => {
                    let Some(end) = row_end.find(left).map(|at| at + ROW_END.len()) else {
                        if is_end || left.len() > MOST_ROW {
                            return None;
                        }
                        break;
                    };
                    let blank = left[end..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
                    let next = &left[end + blank..];
                    if next.len() < ROW.len() && !is_end {
                        if left.len() > MOST_ROW {
                            return None;
                        }
                        break;
                    }
                    let is_row = next.starts_with(ROW);
                    let used = if is_row { end + blank } else { end };
                    let (at, line) = (self.at + used as u64, self.line + newlines(&left[..used]));
                    if !is_row || at - self.start.0 >= self.size {
                        let list = self.gaps.len() - 1;
                        self.slices.push(Slice { list, bytes: self.start.0..at, line: self.start.1 });
                        self.start = (at, line);
                    }
                    if !is_row {
                        self.state = State::Between(Piece { bytes: Vec::new(), line });
                    }
                    used
                }
            };
            self.line = self.line.saturating_add(newlines(&rest[done..done + used]));
            self.at += used as u64;
            done += used;
        }
        self.rest = rest[done..].to_vec();
        Some(())
    }
}

/// The end of one statement and the start of the next in the text between their rows.
fn split(gap: &Piece) -> Option<(Piece, Piece)> {
    let last = |tags: [&[u8]; 2]| tags.iter().filter_map(|tag| memmem::rfind(&gap.bytes, tag)).max();
    let at = last(WRAPPERS).or_else(|| last(STATEMENTS))?;
    let (before, after) = gap.bytes.split_at(at);
    let line = gap.line + newlines(before);
    Some((Piece { bytes: before.to_vec(), line: gap.line }, Piece { bytes: after.to_vec(), line }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(text: &str, size: u64, window: usize) -> Option<Slices> {
        let mut scanner = SliceScanner::new(size);
        text.as_bytes().chunks(window).all(|part| scanner.feed(part)).then_some(())?;
        scanner.finish()
    }

    const TWO: &str = "OFXHEADER:100\n<OFX>\n<STMTTRNRS><STMTRS><BANKTRANLIST>\n<STMTTRN>1</STMTTRN>\n<STMTTRN>2</STMTTRN>\n\
                       <STMTTRN>3</STMTTRN>\n</BANKTRANLIST></STMTRS></STMTTRNRS>\n<STMTTRNRS><STMTRS>\n<BANKTRANLIST><STMTTRN>4</STMTTRN>\
                       </BANKTRANLIST></STMTRS></STMTTRNRS></OFX>";

    #[test]
    fn the_cuts_do_not_depend_on_the_windows() {
        let whole = scan(TWO, 30, 10_000).unwrap();
        let lines: Vec<_> = whole.all().iter().map(|slice| (slice.list, slice.line)).collect();
        assert_eq!(lines, [(0, 4), (0, 6), (1, 9)]);
        for window in 1..40 {
            assert_eq!(scan(TWO, 30, window).unwrap(), whole, "windows of {window} bytes");
        }
        let rows = |slice: &Slice| {
            let range = usize::try_from(slice.bytes.start).unwrap()..usize::try_from(slice.bytes.end).unwrap();
            TWO.as_bytes()[range].to_vec()
        };
        let document = whole.document(1, &rows(&whole.all()[2]));
        assert_eq!(
            String::from_utf8(document).unwrap(),
            "OFXHEADER:100\n<OFX>\n<STMTTRNRS><STMTRS>\n<BANKTRANLIST><STMTTRN>4</STMTTRN></BANKTRANLIST></STMTRS></STMTTRNRS>\
             </OFX>"
        );
        assert_eq!(whole.line(&whole.all()[2], 4), 9);
        let skeleton = String::from_utf8(whole.skeleton()).unwrap();
        assert!(!skeleton.contains("<STMTTRN>"));
        let last = u32::try_from(skeleton.lines().count()).unwrap();
        assert_eq!(whole.skeleton_line(last), 9);
    }

    #[test]
    fn unusual_documents_have_no_slices() {
        for (from, to) in
            [("<STMTTRN>2", "<!-- <STMTTRN> -->2"), ("<STMTTRNRS><STMTRS>", "<OTHER>"), ("4</STMTTRN>", "4")]
        {
            assert_eq!(scan(&TWO.replace(from, to), 30, 17), None, "{from} as {to}");
        }
        for text in ["", "<OFX></OFX>", &TWO.to_ascii_lowercase()] {
            assert_eq!(scan(text, 30, 17), None, "{text}");
        }
    }
}
