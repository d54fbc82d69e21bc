//! A large document walked on a separate thread, while its records become rows on the caller's.
//!
//! Used by [`super::stream`]. INVARIANT: the handler gets the same calls as from [`walk`], in the same order, and the
//! outcome is the same; at most [`WAITING`] batches wait in memory.

use std::{
    num::NonZero,
    sync::mpsc::{SyncSender, sync_channel},
    thread,
};

use super::{
    record::{Handler, Leaf, Record, walk},
    tag::Tag,
};
use crate::statements::StatementError;

/// From so many bytes on a document is worth a thread.
const WORTH_A_THREAD: usize = if cfg!(test) { 64 } else { 4 << 20 };

/// Events in one batch.
const BATCH: usize = if cfg!(test) { 3 } else { 2048 };

/// Batches that may wait for the caller.
const WAITING: usize = 8;

/// A call of a handler, as a value.
enum Event<'a> {
    Enter(Tag, usize),
    Leave(Tag),
    Leaf(Leaf<'a>),
    /// Its leaves are the next so many of the batch.
    Record {
        tag: Tag,
        name: &'a str,
        at: usize,
        complete: bool,
        leaves: usize,
    },
    Tick(usize),
}

#[derive(Default)]
struct Batch<'a> {
    events: Vec<Event<'a>>,
    leaves: Vec<Leaf<'a>>,
}

impl<'a> Batch<'a> {
    fn replay(&self, handler: &mut impl Handler<'a>) -> Result<(), StatementError> {
        let mut rest = self.leaves.as_slice();
        for event in &self.events {
            match event {
                Event::Enter(tag, at) => handler.enter(*tag, *at),
                Event::Leave(tag) => handler.leave(*tag),
                Event::Leaf(leaf) => handler.leaf(leaf),
                Event::Record { tag, name, at, complete, leaves } => {
                    let (own, others) = rest.split_at_checked(*leaves).unwrap_or_default();
                    rest = others;
                    handler.record(&Record { tag: *tag, name, at: *at, leaves: own, complete: *complete })?;
                }
                Event::Tick(at) => handler.tick(*at)?,
            }
        }
        Ok(())
    }
}

/// Collects calls and sends them on.
struct Relay<'a> {
    batch: Batch<'a>,
    to: SyncSender<Batch<'a>>,
    /// The caller has stopped.
    is_alone: bool,
}

impl<'a> Relay<'a> {
    fn push(&mut self, event: Event<'a>) {
        self.batch.events.push(event);
        if self.batch.events.len() >= BATCH {
            self.send();
        }
    }

    fn send(&mut self) {
        self.is_alone |= self.to.send(std::mem::take(&mut self.batch)).is_err();
        self.batch.events.reserve(BATCH);
        self.batch.leaves.reserve(BATCH * 8);
    }

    /// The caller stopped; this ends the walk.
    fn go_on(&self) -> Result<(), StatementError> {
        if self.is_alone { Err(StatementError::Cancelled) } else { Ok(()) }
    }
}

impl<'a> Handler<'a> for Relay<'a> {
    fn enter(&mut self, tag: Tag, at: usize) {
        self.push(Event::Enter(tag, at));
    }

    fn leave(&mut self, tag: Tag) {
        self.push(Event::Leave(tag));
    }

    fn leaf(&mut self, leaf: &Leaf<'a>) {
        self.push(Event::Leaf(*leaf));
    }

    fn record(&mut self, record: &Record<'a, '_>) -> Result<(), StatementError> {
        self.batch.leaves.extend_from_slice(record.leaves);
        let Record { tag, name, at, complete, leaves } = *record;
        self.push(Event::Record { tag, name, at, complete, leaves: leaves.len() });
        self.go_on()
    }

    fn tick(&mut self, at: usize) -> Result<(), StatementError> {
        // Once a batch is often enough to show progress and to be stopped.
        if self.batch.events.is_empty() {
            self.push(Event::Tick(at));
        }
        self.go_on()
    }
}

/// As [`walk`], on a separate thread when the document is large enough and the machine has two processors.
pub(super) fn walk_apart<'a>(
    source: &'a str,
    depth_limit: usize,
    handler: &mut impl Handler<'a>,
) -> Result<bool, StatementError> {
    if source.len() < WORTH_A_THREAD
        || thread::available_parallelism().is_ok_and(|count| count == NonZero::<usize>::MIN)
    {
        return walk(source, depth_limit, handler);
    }
    let (to, batches) = sync_channel(WAITING);
    thread::scope(|scope| {
        let work = move || {
            let mut relay = Relay { batch: Batch::default(), to, is_alone: false };
            let outcome = walk(source, depth_limit, &mut relay);
            relay.send();
            outcome
        };
        let Ok(walking) = thread::Builder::new().name("statement".into()).spawn_scoped(scope, work) else {
            return walk(source, depth_limit, handler);
        };
        for batch in batches {
            batch.replay(handler)?;
        }
        walking.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
