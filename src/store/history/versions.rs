//! Versions: what was written by which change, and which of them stands.
//!
//! Every versioned thing has at most one version per change: a body, or a tombstone. INVARIANT: what stands is
//! the newest version whose change is not undone; it is in `transactions` or `records`, every other version is in
//! `versions` (or, rows that an undone change added, in `parked`); a tombstone always is in `versions`.

use chrono::{DateTime, Utc};
use redb::ReadableTable as _;

use crate::{
    domain::{Change, ChangeCounts, ChangeId, ChangeKind, TransactionId},
    store::{
        Store,
        error::{Result, StoreError},
        format::{
            checksum,
            keys::{self, Key},
            row,
        },
        history::journal::{self, Touched, Undone},
        schema::{BY_DATE, BY_PROVIDER_ID, RECORDS, TOUCHED, TRANSACTIONS, UNDONE, VERSIONS},
        writer::{Writer, commit::Entry},
    },
};

const TOMBSTONE: u8 = 0;
const BODY: u8 = 1;

/// A version as it is stored apart: tag, then body.
fn apart(body: Option<&[u8]>) -> Vec<u8> {
    body.map_or_else(|| vec![TOMBSTONE], |body| [&[BODY], body].concat())
}

/// The body of a version that was stored apart; none for a tombstone.
pub(in crate::store) fn body_of(version: &[u8]) -> Result<Option<&[u8]>> {
    match version.split_first() {
        Some((&BODY, body)) => Ok(Some(body)),
        Some((&TOMBSTONE, [])) => Ok(None),
        _ => Err(StoreError::damaged("a version can't be read")),
    }
}

impl Writer {
    /// Writes this change's version of `key`; `None` is a tombstone. The version that stood is kept.
    pub(in crate::store) fn write(&mut self, key: &Key, body: Option<&[u8]>) -> Result<()> {
        if let Some((change, former)) = self.take_current(key)?
            && change != self.change
        {
            self.put_version(key, change, Some(&former))?;
        }
        match body {
            Some(body) => {
                self.txn.open_table(VERSIONS)?.remove(key.version(self.change).as_slice())?;
                self.put_current(key, self.change, body)?;
            }
            None => self.put_version(key, self.change, None)?,
        }
        self.note(key);
        Ok(())
    }

    pub(in crate::store) fn put_version(&self, key: &Key, change: u64, body: Option<&[u8]>) -> Result<()> {
        let name = key.version(change);
        let value = checksum::add(&name, &apart(body));
        self.txn.open_table(VERSIONS)?.insert(name.as_slice(), value.as_slice())?;
        Ok(())
    }

    /// What stands, left where it is.
    fn current(&self, key: &Key) -> Result<Option<u64>> {
        let read = |key: &[u8], value: Option<redb::AccessGuard<'_, &'static [u8]>>| {
            value.map(|value| checksum::check_version(key, value.value()).map(|(change, _)| change)).transpose()
        };
        match key.as_row() {
            Some(pk) => read(&pk.0.to_be_bytes(), self.txn.open_table(TRANSACTIONS)?.get(pk.0)?),
            None => read(key.as_bytes(), self.txn.open_table(RECORDS)?.get(key.as_bytes())?),
        }
    }

    /// Takes what stands out of its table, with its index keys.
    fn take_current(&mut self, key: &Key) -> Result<Option<(u64, Vec<u8>)>> {
        let Some(pk) = key.as_row() else {
            self.user_fields_change(key);
            let mut records = self.txn.open_table(RECORDS)?;
            let Some(value) = records.remove(key.as_bytes())? else { return Ok(None) };
            let (change, body) = checksum::check_version(key.as_bytes(), value.value())?;
            return Ok(Some((change, body.to_vec())));
        };
        let (change, body) = {
            let mut rows = self.txn.open_table(TRANSACTIONS)?;
            let Some(value) = rows.remove(pk.0)? else { return Ok(None) };
            let (change, body) = checksum::check_version(&pk.0.to_be_bytes(), value.value())?;
            (change, body.to_vec())
        };
        let head = row::head(&body)?;
        self.txn.open_table(BY_DATE)?.remove(keys::by_date(&head, pk.0))?;
        if let Some(key) = keys::by_provider_id(&head, pk.0) {
            self.txn.open_table(BY_PROVIDER_ID)?.remove(key)?;
        }
        *self.counts.entry(head.account).or_default() -= 1;
        self.row_changes(pk);
        Ok(Some((change, body)))
    }

    /// Lets a version stand.
    fn put_current(&mut self, key: &Key, change: u64, body: &[u8]) -> Result<()> {
        let Some(pk) = key.as_row() else {
            self.user_fields_change(key);
            let value = checksum::add_version(key.as_bytes(), change, body);
            self.txn.open_table(RECORDS)?.insert(key.as_bytes(), value.as_slice())?;
            return Ok(());
        };
        let head = row::head(body)?;
        let value = checksum::add_version(&pk.0.to_be_bytes(), change, body);
        self.txn.open_table(TRANSACTIONS)?.insert(pk.0, value.as_slice())?;
        self.txn.open_table(BY_DATE)?.insert(keys::by_date(&head, pk.0), ())?;
        if let Some(key) = keys::by_provider_id(&head, pk.0) {
            self.txn.open_table(BY_PROVIDER_ID)?.insert(key, ())?;
        }
        *self.counts.entry(head.account).or_default() += 1;
        self.row_changes(pk);
        Ok(())
    }

    /// Lets the newest version of `key` stand whose change is not undone, if any.
    pub(in crate::store) fn settle(&mut self, key: &Key, undone: &Undone) -> Result<()> {
        let current = self.current(key)?;
        let mut best = current.filter(|change| !undone.contains(change)).map(|change| (change, None));
        for entry in
            self.txn.open_table(VERSIONS)?.range(key.version(0).as_slice()..=key.version(u64::MAX).as_slice())?
        {
            let (name, value) = entry?;
            let (_, change) = keys::split_version(name.value())?;
            let newer = best.as_ref().is_none_or(|(best, _)| *best < change);
            if newer && !undone.contains(&change) {
                best = Some((change, Some(checksum::check(name.value(), value.value())?.to_vec())));
            }
        }
        if best.as_ref().map(|(change, _)| *change) == current {
            return Ok(());
        }
        if let Some((change, former)) = self.take_current(key)? {
            self.put_version(key, change, Some(&former))?;
        }
        let Some((change, Some(version))) = best else { return Ok(()) };
        if let Some(body) = body_of(&version)? {
            self.txn.open_table(VERSIONS)?.remove(key.version(change).as_slice())?;
            self.put_current(key, change, body)?;
        }
        Ok(())
    }

    /// Lets everything that `change` touched settle after its standing changed.
    fn settle_change(&mut self, change: u64, undo: bool, undone: &Undone) -> Result<()> {
        let mut part = 0;
        loop {
            let touched = journal::read_touched(&self.txn.open_table(TOUCHED)?, change, part)?;
            let Some(touched) = touched else { return Ok(()) };
            for item in touched {
                match item {
                    Touched::Added(range) if undo => self.park(change, range)?,
                    Touched::Added(range) => self.unpark(change, range, undone)?,
                    Touched::Version(key) => self.settle(&key, undone)?,
                }
            }
            part += 1;
        }
    }

    /// The columnar form holds user fields too.
    fn user_fields_change(&mut self, key: &Key) {
        if let Some(pk) = key.as_row_user() {
            self.stale.insert(pk.0 / crate::store::columns::chunks::CHUNK_ROWS);
        }
    }

    fn row_changes(&mut self, pk: TransactionId) {
        let chunk = pk.0 / crate::store::columns::chunks::CHUNK_ROWS;
        self.tail.forget(chunk);
        self.stale.insert(chunk);
    }
}

impl Store {
    /// Takes a change back, or brings it back, whatever came after it. Writes an entry of its own into the journal
    /// and returns the change as it stands now.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::NotToggleable`] when it already is as asked, or is no import, sync or
    /// edit.
    pub fn toggle(&self, change: ChangeId, undo: bool, at: DateTime<Utc>) -> Result<Change> {
        let before = self.read()?.change(change)?.ok_or_else(|| StoreError::not_found(format!("change {change}")))?;
        let kind = if undo { ChangeKind::Undo } else { ChangeKind::Redo };
        let mut writer = self.begin(kind, &before.source, at)?;
        let counts = writer.run(|it| it.toggle(&before, undo))?;
        writer.commit_entry(Entry {
            counts,
            accounts: before.accounts.clone(),
            connection_id: before.connection_id,
            warnings: Vec::new(),
            about: Some(change),
        })?;
        Ok(Change { undone: undo, ..before })
    }
}

impl Writer {
    fn toggle(&mut self, about: &Change, undo: bool) -> Result<ChangeCounts> {
        let id = about.id.0;
        let mut undone = journal::undone(&self.txn.open_table(UNDONE)?)?;
        let refuse = |why| {
            Err(StoreError::NotToggleable { change: about.id, verb: if undo { "undone" } else { "brought back" }, why })
        };
        if !matches!(about.kind, ChangeKind::Import | ChangeKind::Sync | ChangeKind::Edit) {
            return refuse("only imports, syncs and edits can be");
        }
        if undo {
            if !undone.insert(id) {
                return refuse("it is undone already");
            }
            let by = checksum::add_u64(&id.to_be_bytes(), self.change);
            self.txn.open_table(UNDONE)?.insert(id, by.as_slice())?;
        } else {
            if !undone.remove(&id) {
                return refuse("it was not undone");
            }
            self.txn.open_table(UNDONE)?.remove(id)?;
        }
        self.settle_change(id, undo, &undone)?;
        self.removed_rows = true;
        let moved: i64 = self.counts.values().sum();
        Ok(ChangeCounts {
            transactions_imported: u64::try_from(moved).unwrap_or_default(),
            transactions_removed: u64::try_from(-moved).unwrap_or_default(),
            transactions_updated: about.counts.transactions_updated,
            ..ChangeCounts::default()
        })
    }
}
