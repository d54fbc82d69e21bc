//! OFX, QFX and QBO statements, read leniently.
//!
//! Bytes are decoded ([`decode`]), cut into tags ([`token`]), put into records (`record`) and turned into accounts,
//! rows and positions (`reader`). [`read`] collects everything; [`stream`] hands rows over one by one in flat memory.
//! What is read and how it maps is told in `docs/statement-formats.md`. INVARIANT: linear time, no panic and bounded
//! memory on any input; a file that holds a usable row yields it.

mod account;
mod amount;
mod bank;
mod book;
mod date;
pub mod decode;
mod exchange;
mod fields;
mod holding;
mod invest;
mod kind;
mod reader;
mod record;
mod relay;
mod security;
mod statement;
mod survey;
pub mod tag;
mod text;
pub mod token;
mod warnings;

use std::ops::ControlFlow;

pub use self::book::Item;
pub(in crate::statements) use self::text::head;
use self::{book::Book, reader::Reader};
use super::{Limits, Statement, StatementError, container};

/// Reads a whole file, which may be packed (gzip, zip). `progress` is called now and then with the bytes done and
/// may stop it.
pub fn read(
    bytes: &[u8],
    limits: &Limits,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<Statement, StatementError> {
    let mut transactions = Vec::new();
    let mut holdings = Vec::new();
    let mut statement = stream(bytes, limits, progress, &mut |item| match item {
        Item::Transaction(account, draft) => at(&mut transactions, account).push(draft),
        Item::Holding(account, draft) => at(&mut holdings, account).push(draft),
    })?;
    for (account, rows) in statement.accounts.iter_mut().zip(transactions) {
        account.transactions = rows;
    }
    for (account, held) in statement.accounts.iter_mut().zip(holdings) {
        account.holdings = held;
    }
    Ok(statement)
}

/// The list of account number `index`.
fn at<T>(lists: &mut Vec<Vec<T>>, index: usize) -> &mut Vec<T> {
    if index >= lists.len() {
        lists.resize_with(index + 1, Vec::new);
    }
    &mut lists[index]
}

/// Reads a whole file, handing each row and position to `sink` as soon as it is read. The result holds the accounts
/// and warnings but no rows; an [`Item`] names its account by its index there.
pub fn stream(
    bytes: &[u8],
    limits: &Limits,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    sink: &mut dyn FnMut(Item),
) -> Result<Statement, StatementError> {
    check_size(bytes.len() as u64, limits)?;
    if bytes.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0) {
        return Err(StatementError::Empty);
    }
    let mut book = Book::new(limits, sink);
    let mut other = None;
    let mut before = 0u64;
    for document in container::unpack(bytes, limits)? {
        let text = decode::decode(&document);
        check_size(text.len() as u64, limits)?;
        // Unpacked and decoded bytes may be more than the file has; the file's own size is the end.
        let mut step = |at: u64| progress(before.saturating_add(at).min(bytes.len() as u64));
        let mut reader = Reader::new(&text, &mut book, &mut step);
        let cut = relay::walk_apart(&text, limits.depth, &mut reader)?;
        reader.finish(cut);
        before = before.saturating_add(text.len() as u64);
        if !book.seen {
            other.get_or_insert_with(|| container::describe(&text));
        }
    }
    if let Some(error) = other.filter(|_| !book.seen) {
        return Err(error);
    }
    if progress(bytes.len() as u64).is_break() {
        return Err(StatementError::Cancelled);
    }
    book.finish()
}

fn check_size(size: u64, limits: &Limits) -> Result<(), StatementError> {
    if size > limits.bytes {
        return Err(StatementError::TooLarge { what: format!("{size} bytes"), limit: limits.bytes, setting: "bytes" });
    }
    Ok(())
}
