//! Rows that are one movement of money: each group of them shows one row.
//!
//! A pair that is `same` joins two rows, if both are in one account or in accounts that are merged. Of the rows joined directly
//! or indirectly one is shown; the others have a tombstone, written under the change that wrote the pair. INVARIANT: a row of a
//! group that is not undone is shown whenever no other row of the group is shown, so undoing the import of the shown row shows
//! another one, and its redo hides that again.

use std::collections::{BTreeMap, BTreeSet};

use redb::ReadableTable as _;

use crate::{
    domain::{AccountId, PairStanding, RowGroups, RowPair, TransactionId, TransactionStatus},
    store::{
        error::{Result, StoreError},
        format::{
            checksum,
            keys::{self, KeyKind, ObjectKey},
            record, row,
        },
        history::{draft::Draft, journal::Undone, versions},
        merges::Merges,
        schema::{RECORDS, TRANSACTIONS, VERSIONS},
    },
};

/// The changes that ever wrote a pair with a row: their tombstones hide it.
type Hiding = BTreeMap<TransactionId, BTreeSet<u64>>;

/// A row of a group.
struct Member {
    id: TransactionId,
    /// Its newest body; `None` if it does not stand.
    body: Option<Body>,
    /// Changes of the tombstones that hide it.
    hidden_by: Vec<u64>,
}

/// The newest body of a row.
#[derive(Clone, Copy)]
struct Body {
    change: u64,
    account: AccountId,
    status: TransactionStatus,
}

/// A row of a group and the newest change that can hide it: that of a pair, newer than its body.
struct Hideable<'a> {
    member: &'a Member,
    by: Option<u64>,
}

/// Shows one row of each group, after pairs were written, accounts were merged or split, or a change was undone or redone.
pub(in crate::store) fn settle(draft: &mut Draft, undone: &Undone) -> Result<()> {
    let mut pairs = pairs(draft)?;
    if pairs.is_empty() {
        return Ok(());
    }
    let merges = Merges::read(&draft.txn.open_table(RECORDS)?)?;
    let mut hiding = Hiding::new();
    for (pair, change) in &pairs {
        let changes = changes_of(draft, pair, *change)?;
        for row in [pair.older, pair.newer] {
            hiding.entry(row).or_default().extend(&changes);
        }
    }
    let mut members: BTreeMap<TransactionId, Member> = BTreeMap::new();
    for (id, changes) in hiding {
        members.insert(id, member(draft, id, &changes, undone)?);
    }
    // Rows of accounts that are no longer merged are two rows.
    let head = |row| members.get(&row).and_then(|member| member.body).map(|body| merges.head(body.account));
    pairs.retain(|(pair, _)| {
        pair.standing == PairStanding::Same
            && head(pair.older).zip(head(pair.newer)).is_none_or(|(one, other)| one == other)
    });
    let mut joined: BTreeMap<TransactionId, u64> = BTreeMap::new();
    for (pair, change) in &pairs {
        for row in [pair.older, pair.newer] {
            let newest = joined.entry(row).or_default();
            *newest = (*newest).max(*change);
        }
    }
    let mut groups = RowGroups::of(&pairs.iter().map(|(pair, _)| *pair).collect::<Vec<_>>());
    // A row that does not stand may join rows of accounts that are no longer merged; those stay apart too.
    let mut of_group: BTreeMap<(TransactionId, AccountId), Vec<Hideable<'_>>> = BTreeMap::new();
    for member in members.values() {
        let Some(body) = member.body else { continue };
        let by = joined.get(&member.id).copied().filter(|change| *change > body.change);
        let group = (groups.group(member.id), merges.head(body.account));
        of_group.entry(group).or_default().push(Hideable { member, by });
    }
    for group in of_group.into_values() {
        settle_group(draft, &group, undone)?;
    }
    Ok(())
}

/// Shows rows whose partners are about to be removed for good.
pub(in crate::store) fn release(draft: &mut Draft, gone: &BTreeSet<u64>, undone: &Undone) -> Result<()> {
    for (pair, change) in pairs(draft)? {
        let (older, newer) = (gone.contains(&pair.older.0), gone.contains(&pair.newer.0));
        let left = match (older, newer) {
            (true, false) => pair.newer,
            (false, true) => pair.older,
            (true, true) | (false, false) => continue,
        };
        let changes = changes_of(draft, &pair, change)?;
        let member = member(draft, left, &changes, undone)?;
        show(draft, &member, undone)?;
    }
    Ok(())
}

/// All pairs with the changes that wrote them. A pair that was taken back is open: it joins nothing.
fn pairs(draft: &Draft) -> Result<Vec<(RowPair, u64)>> {
    let prefix = ObjectKey::every(KeyKind::RowPair);
    let end = prefix.successor();
    let records = draft.txn.open_table(RECORDS)?;
    let mut pairs = Vec::new();
    for entry in records.range(prefix.as_bytes()..end.as_slice())? {
        let (key, value) = entry?;
        let (change, body) = checksum::check_version(key.value(), value.value())?;
        pairs.push((record::from_json(body)?, change));
    }
    for entry in draft.txn.open_table(VERSIONS)?.range(prefix.as_bytes()..end.as_slice())? {
        let (key, change) = keys::split_version(entry?.0.value())?;
        if records.get(key.as_bytes())?.is_none()
            && let (Some(newer), Some(older)) = (key.first_number(), key.last_number())
        {
            pairs.push((RowPair::open(TransactionId(older), TransactionId(newer)), change));
        }
    }
    Ok(pairs)
}

fn changes_of(draft: &Draft, pair: &RowPair, current: u64) -> Result<BTreeSet<u64>> {
    let mut changes = BTreeSet::from([current]);
    let key = ObjectKey::row_pair(pair.older, pair.newer);
    for entry in draft.txn.open_table(VERSIONS)?.range(key.version(0).as_slice()..=key.version(u64::MAX).as_slice())? {
        changes.insert(keys::split_version(entry?.0.value())?.1);
    }
    Ok(changes)
}

fn member(draft: &Draft, id: TransactionId, hiding: &BTreeSet<u64>, undone: &Undone) -> Result<Member> {
    let key = ObjectKey::row(id);
    let read = |change, bytes: &[u8]| {
        let row = row::decode(id, change, bytes)?;
        Ok::<_, StoreError>(Body { change, account: row.account_id, status: row.facts.status })
    };
    let mut body = None;
    if let Some(value) = draft.txn.open_table(TRANSACTIONS)?.get(id.0)? {
        let (change, bytes) = checksum::check_version(&id.0.to_be_bytes(), value.value())?;
        body = Some(read(change, bytes)?);
    }
    let (mut hidden_by, mut removed_by) = (Vec::new(), None);
    for entry in draft.txn.open_table(VERSIONS)?.range(key.version(0).as_slice()..=key.version(u64::MAX).as_slice())? {
        let (name, value) = entry?;
        let (_, change) = keys::split_version(name.value())?;
        if undone.contains(&change) {
            continue;
        }
        match versions::body_of(checksum::check(name.value(), value.value())?)? {
            Some(bytes) if body.is_none_or(|known| known.change < change) => body = Some(read(change, bytes)?),
            Some(_) => {}
            None if hiding.contains(&change) => hidden_by.push(change),
            None => removed_by = Some(change),
        }
    }
    let body = body.filter(|body| removed_by.is_none_or(|removed| removed < body.change));
    Ok(Member { id, body, hidden_by })
}

fn settle_group(draft: &mut Draft, group: &[Hideable<'_>], undone: &Undone) -> Result<()> {
    let shown = group.iter().min_by_key(|row| {
        let rank = match row.member.body.map(|body| body.status) {
            Some(TransactionStatus::Settled) => 0,
            Some(TransactionStatus::Pending) => 1,
            _ => 2,
        };
        (row.by.is_some(), rank, row.member.id)
    });
    for Hideable { member, by } in group {
        let is_shown = shown.is_some_and(|shown| shown.member.id == member.id);
        match by {
            Some(change) if !is_shown => hide(draft, member, *change, undone)?,
            // Two rows that later changes amended are both shown.
            _ => show(draft, member, undone)?,
        }
    }
    Ok(())
}

fn hide(draft: &mut Draft, member: &Member, change: u64, undone: &Undone) -> Result<()> {
    if member.hidden_by.iter().any(|by| member.body.is_some_and(|body| *by > body.change)) {
        return Ok(());
    }
    let key = ObjectKey::row(member.id);
    draft.written.removed_rows = true;
    if change == draft.change {
        return versions::write(draft, &key, None);
    }
    versions::put_version(draft, &key, change, None)?;
    versions::recompute(draft, &key, undone)
}

fn show(draft: &mut Draft, member: &Member, undone: &Undone) -> Result<()> {
    if member.hidden_by.is_empty() {
        return Ok(());
    }
    let key = ObjectKey::row(member.id);
    for change in &member.hidden_by {
        draft.txn.open_table(VERSIONS)?.remove(key.version(*change).as_slice())?;
    }
    draft.written.removed_rows = true;
    versions::recompute(draft, &key, undone)
}
