//! The columnar form of rows that are being appended, made on another thread while they are written.
//!
//! INVARIANT: what a tail becomes is what [`chunks::build`] would make of the same rows.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::mpsc::{SyncSender, sync_channel},
    thread::JoinHandle,
};

use redb::WriteTransaction;

use crate::{
    columns::ColumnsError,
    domain::{AccountId, TransactionFacts, TransactionId, UserFields},
    store::{
        columns::chunks::{self, Builder, CHUNK_ROWS},
        error::{Result, StoreError},
        schema::{COLUMNS, RECORDS, TRANSACTIONS},
    },
};

/// From so many rows on a batch is worth a thread.
const WORTH_A_THREAD: usize = if cfg!(test) { 3 } else { 4096 };

/// Batches that may wait for the thread, so that memory stays bounded.
const WAITING: usize = 4;

/// Chunks that may be unfinished at once.
const UNFINISHED: usize = 2;

/// Rows of one account with consecutive ids, the first of which is told.
pub(in crate::store) struct Run {
    pub(in crate::store) account: AccountId,
    pub(in crate::store) first: TransactionId,
    pub(in crate::store) rows: Vec<TransactionFacts>,
}

type Built = std::result::Result<Vec<u8>, ColumnsError>;

/// One chunk in the making.
enum Making {
    Here(Box<Builder>),
    Away { rows: SyncSender<Run>, thread: JoinHandle<Built> },
}

/// The chunk that rows are appended to, and those before it whose threads are still at work.
#[derive(Default)]
pub(in crate::store) struct AppendedChunks {
    current: Option<(u64, Making)>,
    finishing: VecDeque<(u64, JoinHandle<Built>)>,
}

fn push_all(builder: &mut Builder, run: &Run) -> std::result::Result<(), ColumnsError> {
    let none = UserFields::default();
    let ids = (run.first.0..).map(TransactionId);
    ids.zip(&run.rows).try_for_each(|(id, facts)| builder.push_facts(id, run.account, facts, &none))
}

fn send_away(mut builder: Builder) -> Result<Making> {
    let (rows, received) = sync_channel::<Run>(WAITING);
    let work = move || {
        for run in received {
            push_all(&mut builder, &run)?;
        }
        Ok(builder.finish())
    };
    let thread = std::thread::Builder::new().name("columns".into()).spawn(work);
    let thread = thread.map_err(|error| StoreError::io("start a thread for", std::path::Path::new(""), error))?;
    Ok(Making::Away { rows, thread })
}

fn joined(thread: JoinHandle<Built>) -> Result<Vec<u8>> {
    match thread.join() {
        Ok(built) => Ok(built?),
        Err(_) => Err(StoreError::damaged("the columnar form of new rows could not be made")),
    }
}

impl AppendedChunks {
    /// Forgets the chunk if it is the one rows are appended to: something in it changed.
    pub(in crate::store) fn forget(&mut self, chunk: u64) {
        if self.current.as_ref().is_some_and(|(current, _)| *current == chunk) {
            self.current = None;
        }
    }

    /// Whether appended rows of `chunk` are wanted in columnar form: not when the chunk is made anew at the commit
    /// anyway. Begins it with its rows below `first`.
    pub(in crate::store) fn begin(
        &mut self,
        txn: &WriteTransaction,
        stale: &BTreeSet<u64>,
        chunk: u64,
        first: u64,
    ) -> Result<bool> {
        if self.current.as_ref().is_some_and(|(current, _)| *current == chunk) {
            return Ok(true);
        }
        self.end_chunk(txn)?;
        if stale.contains(&chunk) {
            return Ok(false);
        }
        let mut builder = Builder::new(chunk);
        if first > chunk * CHUNK_ROWS {
            let (rows, records) = (txn.open_table(TRANSACTIONS)?, txn.open_table(RECORDS)?);
            chunks::fill(&mut builder, &rows, &records, chunk, first)?;
        }
        self.current = Some((chunk, Making::Here(Box::new(builder))));
        Ok(true)
    }

    /// Adds rows to the chunk that was begun.
    pub(in crate::store) fn extend(&mut self, run: Run) -> Result<()> {
        let Some((chunk, making)) = self.current.take() else { return Ok(()) };
        let making = match making {
            Making::Here(mut builder) if run.rows.len() < WORTH_A_THREAD => {
                push_all(&mut builder, &run)?;
                Making::Here(builder)
            }
            Making::Here(builder) => send(send_away(*builder)?, run)?,
            away @ Making::Away { .. } => send(away, run)?,
        };
        self.current = Some((chunk, making));
        Ok(())
    }

    /// Ends the chunk that rows were appended to; its thread may go on.
    fn end_chunk(&mut self, txn: &WriteTransaction) -> Result<()> {
        match self.current.take() {
            None => {}
            Some((chunk, Making::Here(builder))) => store_chunk(txn, chunk, &builder.finish())?,
            Some((chunk, Making::Away { rows, thread })) => {
                drop(rows);
                self.finishing.push_back((chunk, thread));
            }
        }
        if self.finishing.len() > UNFINISHED {
            self.store_finished(txn)?;
        }
        Ok(())
    }

    fn store_finished(&mut self, txn: &WriteTransaction) -> Result<()> {
        match self.finishing.pop_front() {
            Some((chunk, thread)) => store_chunk(txn, chunk, &joined(thread)?),
            None => Ok(()),
        }
    }

    /// Stores the columnar form of all chunks that rows were appended to.
    pub(in crate::store) fn finish(&mut self, txn: &WriteTransaction) -> Result<()> {
        self.end_chunk(txn)?;
        while !self.finishing.is_empty() {
            self.store_finished(txn)?;
        }
        Ok(())
    }
}

fn store_chunk(txn: &WriteTransaction, chunk: u64, blob: &[u8]) -> Result<()> {
    chunks::write(&mut txn.open_table(COLUMNS)?, chunk, blob)
}

/// Hands rows to the thread. It takes none only when it failed, which joining it tells.
fn send(making: Making, run: Run) -> Result<Making> {
    let Making::Away { rows, thread } = making else { return Ok(making) };
    match rows.send(run) {
        Ok(()) => Ok(Making::Away { rows, thread }),
        Err(_) => joined(thread).and_then(|_| Err(StoreError::damaged("rows came to no columnar form"))),
    }
}
