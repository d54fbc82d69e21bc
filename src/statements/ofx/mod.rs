//! OFX, QFX and QBO statements, read leniently.
//!
//! Bytes are decoded, cut into tags ([`token`]), put into records (`record`) and turned into accounts, rows and positions
//! (`reader`). [`FORMAT`] is its line in the table of readers; [`stream`] hands rows over one by one in flat memory.
//! `docs/statement-formats.md` describes every mapping. INVARIANT: linear time, no panic and bounded memory on any input; a
//! file that holds a usable row yields it.

mod account;
mod bank;
mod book;
mod date;
mod exchange;
mod fields;
mod holding;
mod invest;
mod kind;
mod open;
mod positions;
mod reader;
mod record;
mod relay;
mod security;
mod sliced;
mod slices;
mod statement;
mod survey;
pub mod tag;
mod text;
pub mod token;

use std::ops::ControlFlow;

use memchr::memmem;

use self::{book::DocumentFacts, reader::DocumentReader};
pub use self::{
    book::DocumentItem,
    sliced::{SlicedReading, SurveyCheck, rows_of_slice},
    slices::{SliceScanner, Slices},
    statement::CURRENCY_ASSUMED,
};
use super::{Limits, ReadProgress, Reading, Sniff, StatementError, StatementFile, StatementFormat, decode::decode};
use crate::domain::IdTrust;

/// OFX and the names that programs give it. Ids (`FITID`) are unique by the standard only: banks reuse and renumber them.
pub static FORMAT: StatementFormat = StatementFormat {
    name: "ofx",
    label: "a QFX, OFX or QBO statement",
    extensions: &["qfx", "ofx", "qbo", "ofc"],
    id_trust: IdTrust::Reusable,
    sniff,
    read,
};

/// Bytes that are searched for a tag where the head of the file holds none.
const FAR: usize = 1 << 20;

/// Tags that occur in nearly every file, in lower case.
const MARKS: [&str; 5] = ["<stmttrn", "<stmtrs", "<ccstmtrs", "<invstmtrs", "<bankmsgsrs"];

fn sniff(input: &StatementFile<'_>) -> Sniff {
    let head = input.head().to_ascii_lowercase();
    if head.contains("<ofx") || head.contains("<ofc>") || head.trim_start().starts_with("ofxheader") {
        return Sniff::Certain;
    }
    if MARKS.iter().any(|mark| head.contains(mark)) {
        return Sniff::Likely;
    }
    let far = &input.bytes[..input.bytes.len().min(FAR)];
    let found = |mark: &[u8]| memmem::find(far, mark).is_some();
    if found(b"<OFX") || found(b"<STMTTRN") || found(b"<ofx") { Sniff::Likely } else { Sniff::No }
}

fn read(input: &StatementFile<'_>, progress: &mut ReadProgress<'_>) -> Result<Reading, StatementError> {
    let mut transactions = Vec::new();
    let mut holdings = Vec::new();
    let mut reading = stream(input, progress, &mut |item| match item {
        DocumentItem::Transaction(page, draft) => at(&mut transactions, page).push(draft),
        DocumentItem::Holding(page, draft) => at(&mut holdings, page).push(draft),
    })?;
    let mut transactions = transactions.into_iter();
    let mut holdings = holdings.into_iter();
    for page in reading.statements.iter_mut().flat_map(|statement| &mut statement.accounts) {
        page.transactions = transactions.next().unwrap_or_default();
        page.holdings = holdings.next().unwrap_or_default();
    }
    Ok(reading)
}

/// The list of page number `index`.
fn at<T>(lists: &mut Vec<Vec<T>>, index: usize) -> &mut Vec<T> {
    if index >= lists.len() {
        lists.resize_with(index + 1, Vec::new);
    }
    &mut lists[index]
}

/// Reads an unpacked file, handing each row and position to `sink` as soon as it is read. The result holds the pages and
/// warnings but no rows; a [`DocumentItem`] names its page by its position among all pages of the result.
pub fn stream(
    input: &StatementFile<'_>,
    progress: &mut ReadProgress<'_>,
    sink: &mut dyn FnMut(DocumentItem),
) -> Result<Reading, StatementError> {
    read_document(input, progress, sink).map(|(reading, _)| reading)
}

/// As [`stream`]; also returns whether a row or statement needed a survey of the whole document.
fn read_document(
    input: &StatementFile<'_>,
    progress: &mut ReadProgress<'_>,
    sink: &mut dyn FnMut(DocumentItem),
) -> Result<(Reading, bool), StatementError> {
    let limits: &Limits = input.limits;
    let mut book = DocumentFacts::new(limits, sink);
    let text = decode(input.bytes);
    limits.check_bytes(text.len() as u64)?;
    let mut step = |at: u64| progress(at.min(input.bytes.len() as u64));
    let mut reader = DocumentReader::new(&text, &mut book, &mut step);
    let cut = relay::walk_apart(&text, limits.depth, &mut reader)?;
    if let Some((at, kind)) = unended(&text) {
        reader.warn(at, || format!("the {kind} that starts here does not end; its text was read as part of the file"));
    }
    let has_survey = reader.finish(cut);
    if !book.seen {
        return Err(StatementError::not_a_statement("the file ends after the OFX header", "download it again"));
    }
    if step(text.len() as u64) == ControlFlow::Break(()) {
        return Err(StatementError::Cancelled);
    }
    Ok((book.finish(format_of(input))?, has_survey))
}

/// The last comment or CDATA section, if it has no end. Marks inside a section are text.
fn unended(text: &str) -> Option<(usize, &'static str)> {
    let bytes = text.as_bytes();
    let (mut section, mut comment) = (None, None);
    for at in memmem::find_iter(bytes, b"<!") {
        let mark = &bytes[at..];
        if mark.starts_with(b"<!--") {
            comment = Some(at);
        } else if mark.get(..9).is_some_and(|head| head.eq_ignore_ascii_case(b"<![CDATA[")) {
            section = Some(at);
        }
    }
    let goes_on = |at: &usize, end: &[u8]| memmem::find(&bytes[*at..], end).is_none();
    let section = section.filter(|at| goes_on(at, b"]]>")).map(|at| (at, "CDATA section"));
    let comment = comment.filter(|at| goes_on(at, b"-->") && goes_on(at, b"]]>"));
    section.or(comment.map(|at| (at, "comment")))
}

/// The kind by the file name: `qfx`, `qbo`, else `ofx`.
fn format_of(input: &StatementFile<'_>) -> &'static str {
    FORMAT.extensions.iter().find(|extension| input.has_extension(&[extension])).copied().unwrap_or("ofx")
}
