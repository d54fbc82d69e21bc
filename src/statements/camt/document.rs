//! XML text → the children of each statement, one tree at a time.
//!
//! Used by `statement`. INVARIANT: damaged XML ends the walk, it never fails it; what was complete was handed over.

use std::ops::ControlFlow;

use memchr::memchr_iter;
use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

use super::{
    super::{
        Limits, ReadProgress, StatementError,
        decode::head,
        xml::{local, resolved},
    },
    element::Element,
};

/// The longest text of an element that is kept, in bytes.
const LONGEST: usize = 4_096;

/// Bytes between two calls of the caller's progress function.
const STEP: usize = 1 << 20;

/// Receives a message.
pub(super) trait Handler {
    /// A statement (`Stmt`), report (`Rpt`) or notification (`Ntfctn`) starts.
    fn begin(&mut self, kind: &str, line: u32) -> Result<(), StatementError>;
    /// A child of it, complete.
    fn child(&mut self, element: &Element) -> Result<(), StatementError>;
    /// It ends. `complete` is false when the file ends or breaks inside it.
    fn end(&mut self, complete: bool) -> Result<(), StatementError>;
}

/// How a walk ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// At the end of a whole document.
    Whole,
    /// Before the end: the line, and the parser's reason if the XML is damaged there.
    Early(u32, Option<String>),
}

/// Walks a document.
pub(super) fn walk(
    source: &str,
    limits: &Limits,
    progress: &mut ReadProgress<'_>,
    handler: &mut dyn Handler,
) -> Result<End, StatementError> {
    let mut reader = Reader::from_str(source);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.expand_empty_elements = true;
    let mut walker = Walker { depth: limits.depth, outer: Vec::new(), inner: Vec::new(), open: false, handler };
    let mut lines = Lines { source, at: 0, line: 1 };
    let mut next_step = STEP;
    loop {
        let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX).min(source.len());
        if at >= next_step {
            next_step = at + STEP;
            if let ControlFlow::Break(()) = progress(at as u64) {
                return Err(StatementError::Cancelled);
            }
        }
        match reader.read_event() {
            Ok(Event::Start(start)) => walker.start(&start, lines.line(at))?,
            Ok(Event::End(end)) => walker.end(local(end.name().as_ref()))?,
            Ok(Event::Text(text)) => walker.text(&text),
            Ok(Event::CData(data)) => walker.text(&data),
            Ok(Event::GeneralRef(reference)) => walker.text(&resolved(&reference)),
            Ok(Event::Eof) => {
                let early = walker.open || !walker.outer.is_empty();
                walker.finish(!early)?;
                return Ok(if early { End::Early(lines.line(source.len()), None) } else { End::Whole });
            }
            Ok(Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_)) => {}
            Err(error) => {
                walker.finish(false)?;
                return Ok(End::Early(lines.line(at), Some(error.to_string())));
            }
        }
    }
}

/// Counts lines while places only grow.
struct Lines<'a> {
    source: &'a str,
    at: usize,
    line: u32,
}

impl Lines<'_> {
    fn line(&mut self, at: usize) -> u32 {
        let passed = self.source.as_bytes().get(self.at..at).unwrap_or_default();
        self.line = self.line.saturating_add(u32::try_from(memchr_iter(b'\n', passed).count()).unwrap_or(u32::MAX));
        self.at = self.at.max(at);
        self.line
    }
}

struct Walker<'h> {
    depth: usize,
    /// Names of the elements around statements, and of the statement itself.
    outer: Vec<String>,
    /// The child of a statement that is being built, from its root to the element that is open.
    inner: Vec<Element>,
    /// Whether a statement is open.
    open: bool,
    handler: &'h mut dyn Handler,
}

impl Walker<'_> {
    fn start(&mut self, start: &BytesStart<'_>, line: u32) -> Result<(), StatementError> {
        if self.outer.len() + self.inner.len() >= self.depth {
            return Err(StatementError::TooLarge {
                what: format!("{} elements inside each other", self.depth + 1),
                limit: self.depth as u64,
                setting: "depth",
            });
        }
        let qualified = start.name();
        let name = local(qualified.as_ref());
        if self.open {
            let currency = start.attributes().with_checks(false).flatten().find(|it| it.key.as_ref() == "Ccy");
            let currency = currency.map(|attribute| attribute.value.trim().to_owned());
            self.inner.push(Element { name: name.to_owned(), currency, line, ..Element::default() });
            return Ok(());
        }
        self.outer.push(name.to_owned());
        if matches!(name, "Stmt" | "Rpt" | "Ntfctn") {
            self.open = true;
            self.handler.begin(name, line)?;
        }
        Ok(())
    }

    /// An end tag closes the nearest open element of its name, and those inside it; one without a start is skipped.
    fn end(&mut self, name: &str) -> Result<(), StatementError> {
        if let Some(place) = self.inner.iter().rposition(|element| element.name == name) {
            while self.inner.len() > place {
                self.close()?;
            }
        } else if let Some(place) = self.outer.iter().rposition(|outer| outer == name) {
            if self.open {
                self.finish(self.inner.is_empty())?;
            }
            self.outer.truncate(place);
        }
        Ok(())
    }

    /// Closes the innermost element.
    fn close(&mut self) -> Result<(), StatementError> {
        let Some(element) = self.inner.pop() else { return Ok(()) };
        match self.inner.last_mut() {
            Some(parent) => {
                parent.children.push(element);
                Ok(())
            }
            None => self.handler.child(&element),
        }
    }

    /// Ends the open statement. An element that is not complete is dropped.
    fn finish(&mut self, complete: bool) -> Result<(), StatementError> {
        self.inner.clear();
        if std::mem::take(&mut self.open) { self.handler.end(complete) } else { Ok(()) }
    }

    fn text(&mut self, text: &str) {
        if let Some(element) = self.inner.last_mut() {
            let room = LONGEST.saturating_sub(element.text.len());
            element.text.push_str(head(text, room));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Log(Vec<String>);

    impl Handler for Log {
        fn begin(&mut self, kind: &str, line: u32) -> Result<(), StatementError> {
            self.0.push(format!("begin {kind} {line}"));
            Ok(())
        }

        fn child(&mut self, element: &Element) -> Result<(), StatementError> {
            let text = element.text_at("Nm").unwrap_or(&element.text);
            self.0.push(format!("{} {} {text}", element.name, element.line));
            Ok(())
        }

        fn end(&mut self, complete: bool) -> Result<(), StatementError> {
            self.0.push(format!("end {complete}"));
            Ok(())
        }
    }

    fn log(source: &str) -> (Vec<String>, End) {
        let mut log = Log::default();
        let end = walk(source, &Limits::default(), &mut |_| ControlFlow::Continue(()), &mut log).unwrap();
        (log.0, end)
    }

    #[test]
    fn prefixes_references_and_sections() {
        let (log, end) = log("<a:D>\n<a:Stmt>\n<a:Id>x &amp; y &#65;<![CDATA[<b>]]></a:Id>\n</a:Stmt></a:D>");
        assert_eq!(log, ["begin Stmt 2", "Id 3 x & y A<b>", "end true"]);
        assert_eq!(end, End::Whole);
    }

    #[test]
    fn a_file_that_breaks_off_keeps_what_was_complete() {
        let (early, end) = log("<D><Stmt><Id>1</Id><Ntry><Amt>");
        assert_eq!(
            (early, end),
            (vec!["begin Stmt 1".into(), "Id 1 1".into(), "end false".into()], End::Early(1, None))
        );
        let (broken, end) = log("<D><Stmt><Id>1</Id>\n<Ntry><Am");
        assert_eq!(broken, ["begin Stmt 1", "Id 1 1", "end false"]);
        assert!(matches!(end, End::Early(2, Some(_))));
    }

    #[test]
    fn missing_and_stray_end_tags() {
        let (log, _) = log("<D><Stmt><A><Nm>1</A></X><B/></Stmt><Stmt></Stmt></D>");
        assert_eq!(log, ["begin Stmt 1", "A 1 1", "B 1 ", "end true", "begin Stmt 1", "end true"]);
    }

    #[test]
    fn nesting_is_limited() {
        let deep = "<D>".repeat(10_000);
        let refused = walk(&deep, &Limits::default(), &mut |_| ControlFlow::Continue(()), &mut Log::default());
        assert!(matches!(refused, Err(StatementError::TooLarge { setting: "depth", .. })));
    }
}
