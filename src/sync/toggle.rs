//! Undo and redo: which change is meant, and whether it may be.
//!
//! INVARIANT: everything is checked on the state that would result, before anything is durable; a refused undo or redo leaves
//! the store and the journal as they were. A redo never makes two rows of one: rows that came again meanwhile are found as an
//! import would find them, and joined: one of the two is shown.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    JobFailure,
    account::parts::is_counted,
    ended,
    failure::missing,
    live, merge, naming,
    reconcile::{self, Batch, Learned, ListingFacts},
};
use crate::{
    domain::{
        AccountId, Change, ChangeId, ChangeKind, FailureKind, IdTrust, PairStanding, RowPair, Transaction,
        TransactionDraft, TransactionFacts, TransactionId, text,
    },
    store::{Reader, Store, Writer},
};

/// Rows read from the journal at a time.
const PAGE: usize = 4096;

/// Undoes or redoes a change: the named one, or the newest that can be. Without a name a redo brings back the change undone last
/// that can be brought back.
pub(super) fn toggle(
    store: &Store,
    change: Option<ChangeId>,
    undo: bool,
    now: DateTime<Utc>,
) -> Result<Change, JobFailure> {
    let reader = store.read()?;
    if let Some(id) = change {
        let change = reader.change(id)?.ok_or_else(|| missing("change", &id.to_string(), "changes"))?;
        check_state(&change, undo)?;
        return toggle_one(store, &change, undo, now);
    }
    let candidates = candidates(&reader, undo)?;
    drop(reader);
    let mut refused = None;
    for target in candidates {
        match toggle_one(store, &target, undo, now) {
            Err(failure) if !undo && failure.kind == FailureKind::CannotRedo => drop(refused.get_or_insert(failure)),
            done => return done,
        }
    }
    let (kind, what) =
        if undo { (FailureKind::NothingToUndo, "undo") } else { (FailureKind::NothingToRedo, "bring back") };
    Err(refused.unwrap_or_else(|| JobFailure::new(kind, format!("there is nothing to {what}"))))
}

fn toggle_one(store: &Store, target: &Change, undo: bool, now: DateTime<Utc>) -> Result<Change, JobFailure> {
    let reader = store.read()?;
    if undo {
        let login = match target.connection_id {
            Some(id) if reader.credential(id)?.is_some() => reader.connection(id)?,
            _ => None,
        };
        return store.toggle_if(target.id, true, now, |writer| {
            // A change that connected is taken back by disconnecting: a login never stays behind out of sight.
            if let Some(mut connection) = login
                && writer.connection(connection.id)?.is_none()
            {
                connection.mark_disconnected();
                writer.remove_credential(connection.id)?;
                writer.put_connection(&connection)?;
            }
            if let Some(id) = target.connection_id {
                ended::follow(&reader, writer, id, target.id, now)?;
            }
            naming::follow(&reader, writer)?;
            let merged = merge::compare_again(&reader, writer)?;
            merge::put(&reader, writer, &merged)?;
            let parted = parted(&reader, writer)?;
            let joined = merge::join_returned(&reader, writer, &parted)?;
            merge::put(&reader, writer, &joined)?;
            Ok(())
        });
    }
    let rows = rows_of(&reader, target.id)?;
    let mut others: HashSet<TransactionId> = HashSet::new();
    // An edit brings no rows.
    if target.kind != ChangeKind::Edit {
        for change in not_compared(&reader, target.id)? {
            others.extend(rows_of(&reader, change)?);
        }
    }
    others.retain(|row| !rows.contains(row));
    let trust = id_trust(&reader, target)?;
    store.toggle_if(target.id, false, now, |writer| {
        if let Some(account) = twin_account(writer, &target.accounts)? {
            let message = format!("change {} can't be brought back: account {account} came again", target.id);
            return Err(JobFailure::new(FailureKind::CannotRedo, message)
                .with_hint("disconnect the connection that has it now, or undo the change that brought it"));
        }
        if let Some(id) = target.connection_id {
            ended::follow(&reader, writer, id, target.id, now)?;
            live::note_redone(writer, id, target.id)?;
        }
        naming::follow(&reader, writer)?;
        let mut pairs = Vec::new();
        // Nearly always there is nothing to compare, and a large change need not be read.
        if !others.is_empty() {
            let hidden = hidden_in_source(writer)?;
            let (returned, stored) = (by_account(writer, &rows, &hidden)?, by_account(writer, &others, &hidden)?);
            pairs = twin_rows(returned, stored, trust);
        }
        pairs.extend(merge::compare_again(&reader, writer)?);
        merge::put(&reader, writer, &pairs)?;
        let returned = merge::join_returned(&reader, writer, &rows)?;
        merge::put(&reader, writer, &returned)?;
        Ok(())
    })
}

fn check_state(change: &Change, undo: bool) -> Result<(), JobFailure> {
    let can = if undo { change.can_undo() } else { change.can_redo() };
    if can {
        return Ok(());
    }
    let why = match (undo, change.undone) {
        (true, true) => "it is undone already",
        (false, false) => "it was not undone",
        (true, false) | (false, true) => "an undo or redo is not undone itself; toggle the change it was about",
    };
    let what = if undo { "undone" } else { "brought back" };
    Err(JobFailure::new(FailureKind::CannotUndo, format!("change {} can't be {what}: {why}", change.id)))
}

/// Imports and syncs that stand and were never compared with `target`: whichever of the two came later, or was brought back
/// later, found the other one undone. Replays the journal.
fn not_compared(reader: &Reader, target: ChangeId) -> Result<BTreeSet<ChangeId>, JobFailure> {
    let (mut standing, mut compared) = (BTreeSet::new(), BTreeSet::new());
    for change in reader.changes(None, usize::MAX)?.into_iter().rev() {
        // The change that came, or came back, is compared with those that stand.
        let came = match (change.kind, change.about) {
            (ChangeKind::Import | ChangeKind::Sync, _) => change.id,
            (ChangeKind::Redo, Some(about)) => about,
            (ChangeKind::Undo, Some(about)) => {
                standing.remove(&about);
                continue;
            }
            (ChangeKind::Undo | ChangeKind::Redo | ChangeKind::Edit, _) => continue,
        };
        if came == target {
            compared.extend(standing.iter().copied());
        } else if standing.contains(&target) {
            compared.insert(came);
        }
        standing.insert(came);
    }
    standing.remove(&target);
    let mut open = BTreeSet::new();
    for id in standing.difference(&compared) {
        let is_news = |change: &Change| matches!(change.kind, ChangeKind::Import | ChangeKind::Sync) && !change.undone;
        if reader.change(*id)?.as_ref().is_some_and(is_news) {
            open.insert(*id);
        }
    }
    Ok(open)
}

/// How far the ids of a change's rows can be trusted.
fn id_trust(reader: &Reader, change: &Change) -> Result<IdTrust, JobFailure> {
    let Some(id) = change.connection_id.filter(|_| change.kind == ChangeKind::Sync) else {
        return Ok(IdTrust::Reusable);
    };
    let connection = reader.connection(id)?;
    let metadata = connection.and_then(|connection| crate::providers::find(&connection.provider).ok());
    Ok(metadata.map_or(IdTrust::Reusable, |metadata| metadata.id_trust))
}

fn rows_of(reader: &Reader, change: ChangeId) -> Result<HashSet<TransactionId>, JobFailure> {
    let mut rows = HashSet::new();
    for offset in (0..).step_by(PAGE) {
        let ids = reader.rows_of_change(change, offset, PAGE)?;
        let is_last = ids.len() < PAGE;
        rows.extend(ids);
        if is_last {
            break;
        }
    }
    Ok(rows)
}

/// Pairs of rows that came back and stored ones of the same account that are one row, or may be.
fn twin_rows(returned: RowsByAccount, mut stored: RowsByAccount, trust: IdTrust) -> Vec<RowPair> {
    let mut pairs = Vec::new();
    for (account, back) in returned {
        let Some(stored) = stored.remove(&account) else { continue };
        let drafts: Vec<TransactionDraft> = back.iter().map(|row| row.facts.clone().into()).collect();
        let batch = Batch {
            drafts: &drafts,
            stored: &stored,
            loaded: Some((NaiveDate::MIN, NaiveDate::MAX)),
            learned: &Learned::default(),
            trust,
            others: &HashSet::new(),
            listing: ListingFacts::default(),
        };
        let facts: HashMap<TransactionId, &TransactionFacts> = stored.iter().map(|row| (row.id, &row.facts)).collect();
        let letters = |facts: &TransactionFacts| text::skeleton(facts.description());
        for found in reconcile::matches(&batch) {
            let is_same_text =
                facts.get(&found.row).is_some_and(|facts| letters(facts) == letters(&drafts[found.draft].facts));
            let is_open = found.is_doubt && !is_same_text;
            let standing = if is_open { PairStanding::Open } else { PairStanding::Same };
            pairs.push(RowPair::new(back[found.draft].id, found.row, standing));
        }
    }
    pairs
}

/// Rows of merged accounts that were one with another row and are no longer: that row, or the pair, goes with the change that is
/// undone.
fn parted(reader: &Reader, writer: &mut Writer) -> Result<HashSet<TransactionId>, JobFailure> {
    let mut parted = HashSet::new();
    if reader.merges().is_empty() {
        return Ok(parted);
    }
    let same = |pairs: Vec<RowPair>| pairs.into_iter().filter(|pair| pair.standing == PairStanding::Same);
    let left: HashSet<_> = same(writer.all_row_pairs()?).map(|pair| (pair.older, pair.newer)).collect();
    for pair in same(reader.all_row_pairs()?) {
        let is_left = left.contains(&(pair.older, pair.newer))
            && writer.source_transaction(pair.older)?.is_some()
            && writer.source_transaction(pair.newer)?.is_some();
        if !is_left {
            parted.extend([pair.older, pair.newer]);
        }
    }
    Ok(parted)
}

/// Rows that a row of their own account is shown for.
fn hidden_in_source(writer: &mut Writer) -> Result<HashSet<TransactionId>, JobFailure> {
    let mut hidden = HashSet::new();
    for pair in writer.all_row_pairs()?.into_iter().filter(|pair| pair.standing == PairStanding::Same) {
        let (older, newer) = (writer.source_transaction(pair.older)?, writer.source_transaction(pair.newer)?);
        if older.zip(newer).is_some_and(|(older, newer)| older.account_id == newer.account_id) {
            hidden.insert(pair.newer);
        }
    }
    Ok(hidden)
}

type RowsByAccount = BTreeMap<AccountId, Vec<Transaction>>;

/// The rows that count, by the account of their source. Rows of a merged account are among them, also where a row of another
/// source is shown for them: a split shows them again.
fn by_account(
    writer: &mut Writer,
    ids: &HashSet<TransactionId>,
    hidden: &HashSet<TransactionId>,
) -> Result<RowsByAccount, JobFailure> {
    let mut ids: Vec<TransactionId> = ids.iter().copied().collect();
    ids.sort_unstable();
    let mut rows = RowsByAccount::new();
    for id in ids.into_iter().filter(|id| !hidden.contains(id)) {
        if let Some(row) = writer.source_transaction(id)?.filter(is_counted) {
            rows.entry(row.account_id).or_default().push(row);
        }
    }
    Ok(rows)
}

/// One of `accounts` that two counting connections of one source would have.
fn twin_account(writer: &mut Writer, accounts: &[AccountId]) -> Result<Option<AccountId>, JobFailure> {
    let connections = writer.connections()?;
    let mut known = HashMap::new();
    for account in writer.accounts()? {
        let connection = connections.iter().find(|connection| connection.id == account.connection_id);
        let Some(connection) = connection.filter(|connection| connection.counts()) else { continue };
        let name = (
            connection.provider.clone(),
            connection.institution_key.clone(),
            account.provider_account_id.clone(),
            account.currency,
        );
        if let Some(other) = known.insert(name, account.id)
            && (accounts.contains(&other) || accounts.contains(&account.id))
        {
            return Ok(Some(account.id));
        }
    }
    Ok(None)
}

/// The changes that a bare undo or redo may be about, the likeliest first: the newest that is not undone, or those undone, the last
/// first.
fn candidates(reader: &Reader, undo: bool) -> Result<Vec<Change>, JobFailure> {
    let (mut before, mut found) = (None, Vec::<Change>::new());
    loop {
        let page = reader.changes(before, 256)?;
        let Some(last) = page.last() else { return Ok(found) };
        before = Some(last.id);
        for change in &page {
            if undo && change.can_undo() {
                return Ok(vec![change.clone()]);
            }
            if !undo && change.kind == ChangeKind::Undo {
                let about = change.about.map(|about| reader.change(about)).transpose()?.flatten();
                let is_new = |about: &Change| about.can_redo() && found.iter().all(|known| known.id != about.id);
                found.extend(about.filter(is_new));
            }
        }
    }
}
