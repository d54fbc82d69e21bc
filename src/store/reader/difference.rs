//! The difference between the states after two changes.
//!
//! Only what changes between them touched is looked at. INVARIANT: the first state with the differences applied is the second.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use redb::{ReadTransaction, ReadableTable as _};

use crate::{
    domain::{
        Account, AccountId, Change, ChangeId, ChangeKind, Holding, Snapshot, Transaction, TransactionId, UserFields,
    },
    store::{
        error::Result,
        format::{
            checksum,
            keys::{self, KeyKind, ObjectKey},
            record::{self, AccountUser},
            row,
        },
        history::{
            bulk_undo,
            horizon::{Horizon, journal_of},
            journal, versions,
        },
        lookup,
        reader::Reader,
        schema::{PARKED, RECORDS, TOUCHED, TRANSACTIONS, VERSIONS, ValueBytes},
    },
};

/// Something in two states; `None` where it was not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference<T> {
    /// Before.
    pub before: Option<T>,
    /// After.
    pub after: Option<T>,
    /// The change that made the difference; of the two states where none is known.
    pub reason: ChangeId,
}

/// A version of a row: its change, and its content unless the content is that of the row as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
struct RowVersion {
    change: u64,
    /// `None`: the current version.
    body: Option<Vec<u8>>,
}

/// A row that differs. Its contents are read by [`Reader::row_difference`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowDifference {
    /// The row.
    pub id: TransactionId,
    before: Option<RowVersion>,
    after: Option<RowVersion>,
    /// The user's fields, where they differ.
    user: Option<Difference<UserFields>>,
    /// The change that made the difference.
    pub reason: ChangeId,
}

impl RowDifference {
    /// Whether it was not there before.
    #[must_use]
    pub const fn is_added(&self) -> bool {
        self.before.is_none()
    }

    /// Whether it is not there after.
    #[must_use]
    pub const fn is_gone(&self) -> bool {
        self.after.is_none()
    }
}

/// All differences between two states.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StateDifference {
    /// Accounts, by id.
    pub accounts: Vec<Difference<Account>>,
    /// Stated balances, by account and day.
    pub snapshots: Vec<Difference<Snapshot>>,
    /// Positions, by account.
    pub holdings: Vec<Difference<Holding>>,
    /// Rows, by id.
    pub rows: Vec<RowDifference>,
}

/// A row in a state.
pub type KnownRow = (Transaction, UserFields);

/// Keys that changes touched.
#[derive(Default)]
struct Keys {
    added: Vec<Range<u64>>,
    rows: BTreeSet<u64>,
    records: BTreeSet<ObjectKey>,
}

/// Two horizons and the changes that lead from one to the other.
struct Span {
    before: Horizon,
    after: Horizon,
    /// Undo and redo entries: the change they are about, and their own id.
    toggles: Vec<(u64, u64)>,
}

impl Span {
    /// The change that made a difference between two versions.
    fn reason(&self, before: Option<u64>, after: Option<u64>) -> ChangeId {
        let (low, high) =
            (self.before.change().min(self.after.change()), self.before.change().max(self.after.change()));
        let within = |change: &u64| *change > low && *change <= high;
        let written = after.filter(within);
        let about = |(about, _): &&(u64, u64)| Some(*about) == before || Some(*about) == after;
        let toggled = self.toggles.iter().rev().find(about).map(|(_, own)| *own);
        let other = before.filter(within);
        ChangeId(written.into_iter().chain(toggled).max().or(other).unwrap_or(high))
    }
}

impl Reader {
    /// The last change until a moment; `None` if there was none.
    pub fn last_change_until(&self, at: chrono::DateTime<chrono::Utc>) -> Result<Option<ChangeId>> {
        self.guarded(|| crate::store::history::horizon::last_change_until(&journal_of(&self.txn)?, at))
    }

    /// The difference between the states after two changes; change 0 is the empty database.
    pub fn difference(&self, before: ChangeId, after: ChangeId) -> Result<StateDifference> {
        self.guarded(|| {
            let changes = journal_of(&self.txn)?;
            let span = Span {
                before: Horizon::after(&changes, before)?,
                after: Horizon::after(&changes, after)?,
                toggles: Vec::new(),
            };
            let (span, keys) = touched(&self.txn, &changes, span)?;
            let mut found = records(&self.txn, &span, &keys)?;
            found.rows = rows(&self.txn, &span, keys)?;
            Ok(found)
        })
    }

    /// The contents of a row before and after.
    pub fn row_difference(&self, row: &RowDifference) -> Result<Difference<KnownRow>> {
        self.guarded(|| {
            let side = |version: &Option<RowVersion>, fields: Option<&UserFields>| -> Result<Option<KnownRow>> {
                let Some(version) = version else { return Ok(None) };
                let transaction = match &version.body {
                    Some(body) => Some(row::decode(row.id, version.change, body)?),
                    None => lookup::transaction(&self.rows, row.id)?,
                };
                let fields = match (fields, &row.user) {
                    (Some(fields), _) => fields.clone(),
                    (None, Some(_)) => UserFields::default(),
                    (None, None) => lookup::user_fields(&self.records, row.id)?,
                };
                Ok(transaction.map(|transaction| (transaction, fields)))
            };
            let fields = |after: bool| {
                let user = row.user.as_ref()?;
                if after { user.after.as_ref() } else { user.before.as_ref() }
            };
            Ok(Difference {
                before: side(&row.before, fields(false))?,
                after: side(&row.after, fields(true))?,
                reason: row.reason,
            })
        })
    }
}

/// Everything that changes between the two states wrote, or that an undo or redo in between concerns.
fn touched(
    txn: &ReadTransaction,
    changes: &redb::ReadOnlyTable<u64, ValueBytes>,
    mut span: Span,
) -> Result<(Span, Keys)> {
    let (low, high) = (span.before.change().min(span.after.change()), span.before.change().max(span.after.change()));
    let mut wanted = BTreeSet::new();
    for entry in changes.range(low.saturating_add(1)..=high)? {
        let (id, value) = entry?;
        let entry: Change = journal::decode(id.value(), value.value(), false)?;
        wanted.insert(id.value());
        if let (ChangeKind::Undo | ChangeKind::Redo, Some(about)) = (entry.kind, entry.about) {
            span.toggles.push((about.0, id.value()));
        }
    }
    wanted.extend(span.before.undone().symmetric_difference(span.after.undone()));
    let table = txn.open_table(TOUCHED)?;
    let mut keys = Keys::default();
    for change in wanted {
        let mut part = 0;
        while let Some(touched) = journal::read_touched(&table, change, part)? {
            for item in touched {
                match item {
                    journal::Touched::Added(range) => keys.added.push(range),
                    journal::Touched::Version(key) => match key.as_row() {
                        Some(row) => drop(keys.rows.insert(row.0)),
                        None => drop(keys.records.insert(key)),
                    },
                }
            }
            part += 1;
        }
    }
    Ok((span, keys))
}

fn records(txn: &ReadTransaction, span: &Span, keys: &Keys) -> Result<StateDifference> {
    let mut found = StateDifference::default();
    let mut accounts = BTreeSet::new();
    for key in &keys.records {
        match key.kind() {
            Some(KeyKind::Account | KeyKind::AccountUser) => accounts.extend(key.first_number()),
            Some(KeyKind::Snapshot) => {
                let read = |change, body: &[u8]| record::to_snapshot(key.as_bytes(), change, body);
                found.snapshots.extend(compare(txn, span, key, read)?);
            }
            Some(KeyKind::Holding) => found.holdings.extend(compare(txn, span, key, record::to_holding)?),
            _ => {}
        }
    }
    for id in accounts.into_iter().map(AccountId) {
        let side = |horizon: &Horizon| -> Result<(Option<u64>, Option<Account>)> {
            let Some((change, Some(body))) = horizon.version(txn, &ObjectKey::account(id))? else {
                return Ok((None, None));
            };
            let user = match horizon.version(txn, &ObjectKey::account_user(id))? {
                Some((newer, Some(body))) => Some((newer, record::from_json::<AccountUser>(&body)?)),
                _ => None,
            };
            let newest = user.as_ref().map_or(change, |(newer, _)| change.max(*newer));
            Ok((Some(newest), Some(record::to_account(&body, user.map(|(_, user)| user))?)))
        };
        let ((one, before), (other, after)) = (side(&span.before)?, side(&span.after)?);
        if before != after {
            found.accounts.push(Difference { before, after, reason: span.reason(one, other) });
        }
    }
    Ok(found)
}

/// A record in both states; `None` where it has the same version in both.
fn compare<T>(
    txn: &ReadTransaction,
    span: &Span,
    key: &ObjectKey,
    read: impl Fn(u64, &[u8]) -> Result<T>,
) -> Result<Option<Difference<T>>> {
    let (before, after) = (span.before.version(txn, key)?, span.after.version(txn, key)?);
    let change = |version: &Option<(u64, Option<Vec<u8>>)>| version.as_ref().map(|(change, _)| *change);
    if change(&before) == change(&after) {
        return Ok(None);
    }
    let reason = span.reason(change(&before), change(&after));
    let side = |version: Option<(u64, Option<Vec<u8>>)>| match version {
        Some((change, Some(body))) => read(change, &body).map(Some),
        _ => Ok(None),
    };
    let (before, after) = (side(before)?, side(after)?);
    Ok((before.is_some() || after.is_some()).then_some(Difference { before, after, reason }))
}

/// The newest version of a row in each of two states: its change, and its body unless it is current. A tombstone has an
/// empty body.
#[derive(Default)]
struct Sides([Option<(u64, Option<Vec<u8>>)>; 2]);

impl Sides {
    fn offer(&mut self, span: &Span, change: u64, body: impl Fn() -> Option<Vec<u8>>) {
        for (side, horizon) in self.0.iter_mut().zip([&span.before, &span.after]) {
            if horizon.holds(change) && side.as_ref().is_none_or(|(known, _)| *known < change) {
                *side = Some((change, body()));
            }
        }
    }
}

fn rows(txn: &ReadTransaction, span: &Span, keys: Keys) -> Result<Vec<RowDifference>> {
    let user_keys: Vec<&ObjectKey> = keys.records.iter().filter(|key| key.kind() == Some(KeyKind::RowUser)).collect();
    let mut wanted = keys.added;
    let single = |pk: u64| Range { start: pk, end: pk + 1 };
    wanted.extend(keys.rows.iter().map(|pk| single(*pk)));
    wanted.extend(user_keys.iter().filter_map(|key| key.as_row_user()).map(|row| single(row.0)));
    let wanted = merged(wanted);
    let mut sides: BTreeMap<u64, Sides> = BTreeMap::new();
    let current = txn.open_table(TRANSACTIONS)?;
    let others = txn.open_table(VERSIONS)?;
    for range in &wanted {
        for entry in current.range(range.clone())? {
            let (pk, value) = entry?;
            let (change, _) = checksum::check_version(&pk.value().to_be_bytes(), value.value())?;
            sides.entry(pk.value()).or_default().offer(span, change, || None);
        }
        let (from, to) = (ObjectKey::row(TransactionId(range.start)), ObjectKey::row(TransactionId(range.end)));
        for entry in others.range(from.as_bytes()..to.as_bytes())? {
            let (name, value) = entry?;
            let (key, change) = keys::split_version(name.value())?;
            let Some(pk) = key.as_row() else { continue };
            let body = versions::body_of(checksum::check(name.value(), value.value())?)?;
            let kept = || Some(body.unwrap_or_default().to_vec());
            sides.entry(pk.0).or_default().offer(span, change, kept);
        }
    }
    for entry in txn.open_table(PARKED)?.iter()? {
        let (key, value) = entry?;
        let (change, first) = key.value();
        if !span.before.holds(change) && !span.after.holds(change) {
            continue;
        }
        bulk_undo::unpack(change, first, value.value(), |pk, body| {
            if contains(&wanted, pk.0) {
                sides.entry(pk.0).or_default().offer(span, change, || Some(body.to_vec()));
            }
            Ok(())
        })?;
    }
    let mut users = BTreeMap::new();
    for key in user_keys {
        let read = |_, body: &[u8]| record::from_json::<UserFields>(body);
        if let (Some(row), Some(found)) = (key.as_row_user(), compare(txn, span, key, read)?) {
            users.insert(row.0, found);
        }
    }
    let with_fields = rows_with_fields(txn)?;
    let mut found = Vec::new();
    for (pk, Sides([before, after])) in sides {
        let change = |side: &Option<(u64, Option<Vec<u8>>)>| side.as_ref().map(|(change, _)| *change);
        let mut reason = span.reason(change(&before), change(&after));
        let is_same = change(&before) == change(&after);
        let side = |side: Option<(u64, Option<Vec<u8>>)>| match side {
            Some((_, Some(body))) if body.is_empty() => None,
            Some((change, body)) => Some(RowVersion { change, body }),
            None => None,
        };
        let (before, after) = (side(before), side(after));
        let user = users.remove(&pk);
        if before.is_none() && after.is_none() || is_same && user.is_none() {
            continue;
        }
        // A row that comes or goes takes its fields with it.
        let user = match user {
            Some(user) => {
                reason = if is_same { user.reason } else { reason.max(user.reason) };
                Some(user)
            }
            None if with_fields.contains(&pk) => fields_in_both(txn, span, pk)?,
            None => None,
        };
        found.push(RowDifference { id: TransactionId(pk), before, after, user, reason });
    }
    Ok(found)
}

/// Rows that have or had fields of the user.
fn rows_with_fields(txn: &ReadTransaction) -> Result<BTreeSet<u64>> {
    let prefix = ObjectKey::every(KeyKind::RowUser);
    let end = prefix.successor();
    let mut found = BTreeSet::new();
    for entry in txn.open_table(RECORDS)?.range(prefix.as_bytes()..end.as_slice())? {
        found.extend(ObjectKey::from_bytes(entry?.0.value()).as_row_user().map(|row| row.0));
    }
    for entry in txn.open_table(VERSIONS)?.range(prefix.as_bytes()..end.as_slice())? {
        found.extend(keys::split_version(entry?.0.value())?.0.as_row_user().map(|row| row.0));
    }
    Ok(found)
}

/// The user's fields of a row whose fields do not differ, if they are not those of now.
fn fields_in_both(txn: &ReadTransaction, span: &Span, pk: u64) -> Result<Option<Difference<UserFields>>> {
    let key = ObjectKey::row_user(TransactionId(pk));
    let side = |horizon: &Horizon| -> Result<Option<UserFields>> {
        match horizon.version(txn, &key)? {
            Some((_, Some(body))) => record::from_json(&body).map(Some),
            _ => Ok(None),
        }
    };
    let fields = side(&span.after)?;
    Ok(Some(Difference { before: fields.clone(), after: fields, reason: ChangeId(0) }))
}

/// Ranges in order without overlaps.
fn merged(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.sort_unstable_by_key(|range| range.start);
    let mut merged: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

fn contains(ranges: &[Range<u64>], pk: u64) -> bool {
    let after = ranges.partition_point(|range| range.end <= pk);
    ranges.get(after).is_some_and(|range| range.contains(&pk))
}
