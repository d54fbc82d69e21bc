//! The columnar form of rows that are being appended, built on another thread while they are written.
//!
//! INVARIANT: the result equals that of [`chunks::build`] for the same rows.

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

/// Number of rows in a batch from which a thread is used.
const WORTH_A_THREAD: usize = if cfg!(test) { 3 } else { 4096 };

/// Maximum number of batches in the queue of the thread, which bounds memory.
const QUEUE: usize = 4;

/// Maximum number of unfinished chunks.
const MOST_UNFINISHED: usize = 2;

/// Rows of one account with consecutive ids from `first`.
pub(in crate::store) struct RowRun {
    pub(in crate::store) account: AccountId,
    pub(in crate::store) first: TransactionId,
    pub(in crate::store) rows: Vec<TransactionFacts>,
}

type Built = std::result::Result<Vec<u8>, ColumnsError>;

/// A chunk that is being built.
enum Building {
    Inline(Box<Builder>),
    Threaded { rows: SyncSender<RowRun>, thread: JoinHandle<Built> },
}

/// The chunk that rows are appended to, and earlier ones whose threads still run.
#[derive(Default)]
pub(in crate::store) struct AppendedChunks {
    current: Option<(u64, Building)>,
    finishing: VecDeque<(u64, JoinHandle<Built>)>,
}

fn push_all(builder: &mut Builder, run: &RowRun) -> std::result::Result<(), ColumnsError> {
    let none = UserFields::default();
    let ids = (run.first.0..).map(TransactionId);
    ids.zip(&run.rows).try_for_each(|(id, facts)| builder.push_facts(id, run.account, facts, &none))
}

fn start_thread(mut builder: Builder) -> Result<Building> {
    let (rows, received) = sync_channel::<RowRun>(QUEUE);
    let work = move || {
        for run in received {
            push_all(&mut builder, &run)?;
        }
        Ok(builder.finish())
    };
    let thread = std::thread::Builder::new().name("columns".into()).spawn(work);
    let thread = thread.map_err(|error| StoreError::io("start a thread for", std::path::Path::new(""), error))?;
    Ok(Building::Threaded { rows, thread })
}

fn join(thread: JoinHandle<Built>) -> Result<Vec<u8>> {
    match thread.join() {
        Ok(built) => Ok(built?),
        Err(_) => Err(StoreError::damaged("the columnar form of new rows could not be built")),
    }
}

impl AppendedChunks {
    /// Drops the chunk if rows are being appended to it, because something else in it changed.
    pub(in crate::store) fn forget(&mut self, chunk: u64) {
        if self.current.as_ref().is_some_and(|(current, _)| *current == chunk) {
            self.current = None;
        }
    }

    /// Starts a chunk with its rows below `first`. Returns false if the commit rebuilds it anyway.
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
        self.current = Some((chunk, Building::Inline(Box::new(builder))));
        Ok(true)
    }

    /// Adds rows to the current chunk.
    pub(in crate::store) fn extend(&mut self, run: RowRun) -> Result<()> {
        let Some((chunk, building)) = self.current.take() else { return Ok(()) };
        let building = match building {
            Building::Inline(mut builder) if run.rows.len() < WORTH_A_THREAD => {
                push_all(&mut builder, &run)?;
                Building::Inline(builder)
            }
            Building::Inline(builder) => send(start_thread(*builder)?, run)?,
            threaded @ Building::Threaded { .. } => send(threaded, run)?,
        };
        self.current = Some((chunk, building));
        Ok(())
    }

    /// Finishes the current chunk; its thread may continue.
    fn end_chunk(&mut self, txn: &WriteTransaction) -> Result<()> {
        match self.current.take() {
            None => {}
            Some((chunk, Building::Inline(builder))) => store_chunk(txn, chunk, &builder.finish())?,
            Some((chunk, Building::Threaded { rows, thread })) => {
                drop(rows);
                self.finishing.push_back((chunk, thread));
            }
        }
        if self.finishing.len() > MOST_UNFINISHED {
            self.store_finished(txn)?;
        }
        Ok(())
    }

    fn store_finished(&mut self, txn: &WriteTransaction) -> Result<()> {
        match self.finishing.pop_front() {
            Some((chunk, thread)) => store_chunk(txn, chunk, &join(thread)?),
            None => Ok(()),
        }
    }

    /// Stores all chunks that rows were appended to.
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

/// Sends rows to the thread. `send` fails only if the thread stopped; joining it returns its error.
fn send(building: Building, run: RowRun) -> Result<Building> {
    let Building::Threaded { rows, thread } = building else { return Ok(building) };
    match rows.send(run) {
        Ok(()) => Ok(Building::Threaded { rows, thread }),
        Err(_) => {
            join(thread).and_then(|_| Err(StoreError::damaged("the columnar form of new rows could not be built")))
        }
    }
}
