//! A planned account into the store.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use chrono::{DateTime, Utc};

use super::{AccountPlan, Restated, RowRef, RowsPlan, holdings::Changed, names_stream, put_learned, tell_apart};
use crate::{
    domain::{
        Account, AccountId, Connection, FailureKind, Holding, PairStanding, RowPair, Snapshot, SnapshotSource,
        TransactionDraft, TransactionFacts, TransactionId, TransactionStatus, UserFields,
    },
    statements::institution,
    store::Writer,
    sync::{
        JobFailure,
        reconcile::{Learned, Outcome},
    },
};

/// The facts that all accounts of one change share.
pub(in crate::sync) struct Writing<'a> {
    pub(in crate::sync) connection: &'a Connection,
    pub(in crate::sync) now: DateTime<Utc>,
    /// The source of the balances of accounts that were known before.
    pub(in crate::sync) source: SnapshotSource,
}

/// Ids of the new rows of a page, and those of single drafts.
type Appended = (Range<TransactionId>, Vec<(usize, TransactionId)>);

/// The rows of a page.
pub(in crate::sync) enum PageRows<'a> {
    /// The drafts that the plan was made of.
    Read(Vec<TransactionDraft>),
    /// New rows in the order in which they happened, read while they are written.
    InFile(Box<dyn Iterator<Item = TransactionFacts> + 'a>),
}

/// A written account.
pub(in crate::sync) struct WrittenAccount {
    pub(in crate::sync) id: AccountId,
    /// The rows it added, with consecutive ids.
    pub(in crate::sync) added: Range<TransactionId>,
}

/// Writes what was planned for one account. `rows` are those of its pages.
pub(in crate::sync) fn write(
    writing: &Writing<'_>,
    writer: &mut Writer,
    plan: AccountPlan,
    rows: Vec<PageRows<'_>>,
) -> Result<WrittenAccount, JobFailure> {
    let mut account = plan.account;
    if plan.is_new {
        account.connection_id = writing.connection.id;
        identify(writer, &mut account)?;
    }
    account.last_synced_at = Some(writing.now);
    writer.put_account(&account)?;
    let mut amended: HashSet<TransactionId> = plan.restated.rows.iter().map(|(id, _)| *id).collect();
    write_restated(writer, plan.restated)?;
    for balance in plan.balances {
        let source = match writing.source {
            SnapshotSource::Statement => SnapshotSource::Statement,
            // A balance of an earlier day, from the provider's history.
            _ if plan.listed_on != Some(balance.date) => SnapshotSource::AccountSync,
            _ if plan.is_new => SnapshotSource::InitialConnection,
            source => source,
        };
        writer.put_snapshot(&Snapshot {
            account_id: account.id,
            date: balance.date,
            change_id: writer.change_id(),
            balance: balance.current,
            available: balance.available,
            holdings_value: balance.holdings_value,
            cash_value: balance.cash_value,
            currency: account.currency,
            source,
            captured_at: writing.now,
        })?;
    }
    write_holdings(writing, writer, account.id, plan.holdings, plan.sold)?;
    write_names(writer, &account, plan.new_names)?;
    let RowsPlan {
        mut pages, in_file, order, mut replaced, vanished, doubts, settled, learned, early_corrections, ..
    } = plan.rows;
    let is_written = in_file > 0
        || !vanished.is_empty()
        || !settled.is_empty()
        || !early_corrections.is_empty()
        || pages.iter().flatten().any(|outcome| *outcome != Outcome::Known);
    if is_written && learned != Learned::default() {
        put_learned(writer, &account, &learned)?;
    }
    amended.extend(&vanished);
    amended.extend(pages.iter().flatten().filter_map(|outcome| match outcome {
        Outcome::Amend(id, _) | Outcome::Void(id) => Some(*id),
        Outcome::New | Outcome::Known => None,
    }));
    for id in vanished {
        cancel(writer, id)?;
    }
    let mut rows: Vec<Option<PageRows<'_>>> = rows.into_iter().map(Some).collect();
    let mut added: HashMap<(usize, usize), TransactionId> = HashMap::new();
    let mut all: Option<Range<TransactionId>> = None;
    let place = |row: &RowRef| if let RowRef::New(page, draft) = row { Some((*page, *draft)) } else { None };
    let mut doubted: HashSet<(usize, usize)> =
        doubts.iter().flat_map(|(new, row)| [Some(*new), place(row)].into_iter().flatten()).collect();
    doubted.extend(plan.joins.iter().filter_map(|(own, ..)| place(own)));
    for page in order {
        let outcomes = std::mem::take(&mut pages[page]);
        let mut drafts = match rows[page].take() {
            Some(PageRows::Read(drafts)) => drafts,
            Some(PageRows::InFile(rows)) => {
                all = Some(writer.append_transactions(account.id, rows)?);
                continue;
            }
            None => Vec::new(),
        };
        for (index, draft) in drafts.iter_mut().enumerate() {
            if let Some(facts) = replaced.remove(&(page, index)) {
                draft.facts = facts;
            }
        }
        let given = fields_of_new_rows(&mut drafts, &outcomes);
        let mut wanted: HashSet<usize> =
            doubted.iter().filter(|(of, _)| *of == page).map(|(_, draft)| *draft).collect();
        wanted.extend(given.keys());
        let (ids, named) = write_rows(writer, account.id, outcomes, drafts, &wanted)?;
        for (draft, id) in &named {
            if let Some(fields) = given.get(draft) {
                writer.set_user_fields(*id, fields)?;
            }
        }
        // Nothing else is appended between the pages, so the ids of all are consecutive.
        all = Some(all.map_or_else(|| ids.clone(), |all| all.start..ids.end));
        added.extend(named.into_iter().map(|(draft, id)| ((page, draft), id)));
    }
    let id_of = |row: RowRef| match row {
        RowRef::Stored(id) => Some(id),
        RowRef::New(page, draft) => added.get(&(page, draft)).copied(),
    };
    for (new, row) in doubts {
        if let Some((new, other)) = added.get(&new).copied().zip(id_of(row)) {
            writer.put_row_pair(&RowPair::open(other, new))?;
        }
    }
    let joined = plan.joins.iter().filter_map(|(own, other, standing)| Some((id_of(*own)?, *other, *standing)));
    join_rows(writer, joined, &amended)?;
    settle_doubts(writer, settled)?;
    let none = TransactionId(0)..TransactionId(0);
    Ok(WrittenAccount { id: account.id, added: all.unwrap_or(none) })
}

/// Adds names of the account in its sources.
fn write_names(writer: &mut Writer, account: &Account, new: Vec<String>) -> Result<(), JobFailure> {
    if new.is_empty() {
        return Ok(());
    }
    let stream = names_stream(account.id);
    let known = writer.sync_state(account.connection_id, &stream)?;
    let mut names: Vec<String> = known.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    names.extend(new);
    names.sort_unstable();
    names.dedup();
    let bytes = serde_json::to_vec(&names).map_err(|error| JobFailure::caused(FailureKind::Store, error))?;
    Ok(writer.put_sync_state(account.connection_id, &stream, &bytes)?)
}

/// Writes amounts in the currency that a source states now. Other writes of the change come after it and win.
fn write_restated(writer: &mut Writer, restated: Restated) -> Result<(), JobFailure> {
    for (id, facts) in restated.rows {
        writer.update_transaction(id, &facts)?;
    }
    for snapshot in restated.balances {
        writer.put_snapshot(&Snapshot { change_id: writer.change_id(), ..snapshot })?;
    }
    for holding in restated.holdings {
        writer.put_holding(&Holding { change_id: writer.change_id(), ..holding })?;
    }
    Ok(())
}

/// The fields of the user that come with new rows, by position of the draft.
fn fields_of_new_rows(drafts: &mut [TransactionDraft], outcomes: &[Outcome]) -> HashMap<usize, Box<UserFields>> {
    let rows = drafts.iter_mut().zip(outcomes).enumerate();
    rows.filter(|(_, (_, outcome))| **outcome == Outcome::New)
        .filter_map(|(index, (draft, _))| Some((index, draft.user.take()?)))
        .collect()
}

/// Joins rows of several sources, and again those of which a new version was written: of joined rows one is shown.
fn join_rows(
    writer: &mut Writer,
    joined: impl Iterator<Item = (TransactionId, TransactionId, PairStanding)>,
    amended: &HashSet<TransactionId>,
) -> Result<(), JobFailure> {
    let mut any = false;
    for (own, other, standing) in joined {
        writer.put_row_pair(&RowPair::new(own, other, standing))?;
        any |= standing == PairStanding::Same;
    }
    if !amended.is_empty() {
        let is_amended = |pair: &RowPair| {
            pair.standing == PairStanding::Same && (amended.contains(&pair.older) || amended.contains(&pair.newer))
        };
        for pair in writer.all_row_pairs()?.into_iter().filter(is_amended) {
            writer.put_row_pair(&pair)?;
            any = true;
        }
    }
    if any {
        writer.settle_pairs()?;
    }
    Ok(())
}

/// Joins rows of earlier doubts that turned out to be one.
fn settle_doubts(writer: &mut Writer, settled: Vec<(RowPair, Option<UserFields>)>) -> Result<(), JobFailure> {
    let any = !settled.is_empty();
    for (pair, given) in settled {
        writer.put_row_pair(&pair)?;
        if let Some(given) = given {
            writer.set_user_fields(pair.older, &given)?;
        }
    }
    if any {
        writer.settle_pairs()?;
    }
    Ok(())
}

/// Gives a new account its id and a name unlike all others. An account that an undo took away comes back under its id, which
/// keeps the user's name and type for it, and under the counter of its name.
fn identify(writer: &mut Writer, account: &mut Account) -> Result<(), JobFailure> {
    let mut undone = writer.undone_accounts()?;
    let same = undone.iter().rposition(|former| {
        former.connection_id == account.connection_id
            && former.number_identity() == account.number_identity()
            && former.currency == account.currency
    });
    let former = same.map(|place| undone.remove(place));
    account.id = former.as_ref().map_or_else(|| writer.new_account_id(), |former| former.id);
    let known = writer.accounts()?;
    if let Some(former) = former.filter(|former| institution::is_made_name(&former.name, &account.name)) {
        account.name = former.name;
    }
    let others: Vec<&Account> = known.iter().chain(&undone).collect();
    tell_apart(account, &others);
    Ok(())
}

fn cancel(writer: &mut Writer, id: TransactionId) -> Result<(), JobFailure> {
    let stored = writer
        .source_transaction(id)?
        .ok_or_else(|| JobFailure::new(FailureKind::Store, format!("row {id} is gone")))?;
    let facts = TransactionFacts { status: TransactionStatus::Cancelled, ..stored.facts };
    Ok(writer.update_transaction(id, &facts)?)
}

/// Writes the outcomes of one page. Returns the ids of its new rows, and those of the drafts `wanted`.
fn write_rows(
    writer: &mut Writer,
    account: AccountId,
    outcomes: Vec<Outcome>,
    drafts: Vec<TransactionDraft>,
    wanted: &HashSet<usize>,
) -> Result<Appended, JobFailure> {
    for outcome in &outcomes {
        match outcome {
            Outcome::New | Outcome::Known => {}
            Outcome::Amend(id, facts) => writer.update_transaction(*id, facts)?,
            Outcome::Void(id) => cancel(writer, *id)?,
        }
    }
    let mut before = 0;
    let mut places: Vec<(usize, u64)> = Vec::new();
    for (draft, outcome) in outcomes.iter().enumerate() {
        if wanted.contains(&draft) {
            places.push((draft, before));
        }
        before += u64::from(*outcome == Outcome::New);
    }
    let is_new = |(draft, outcome): (TransactionDraft, Outcome)| (outcome == Outcome::New).then_some(draft.facts);
    // Rows of one day keep the order in which they happened: a source that lists the newest first is taken from its end.
    let newest_first =
        drafts.first().zip(drafts.last()).is_some_and(|(first, last)| first.facts.date > last.facts.date);
    let rows = drafts.into_iter().zip(outcomes);
    let ids = if newest_first {
        writer.append_transactions(account, rows.rev().filter_map(is_new))?
    } else {
        writer.append_transactions(account, rows.filter_map(is_new))?
    };
    let id_of = |place: u64| if newest_first { ids.end.0 - 1 - place } else { ids.start.0 + place };
    let named = places.into_iter().map(|(draft, place)| (draft, TransactionId(id_of(place)))).collect();
    Ok((ids, named))
}

fn write_holdings(
    writing: &Writing<'_>,
    writer: &mut Writer,
    account: AccountId,
    changed: Vec<Changed>,
    sold: Vec<Holding>,
) -> Result<(), JobFailure> {
    for (known, draft) in changed {
        let id = known.unwrap_or_else(|| writer.new_holding_id());
        writer.put_holding(&Holding {
            id,
            account_id: account,
            change_id: writer.change_id(),
            is_active: !draft.facts.quantity.is_zero(),
            as_of: draft.as_of,
            updated_at: writing.now,
            facts: draft.facts,
        })?;
    }
    for mut holding in sold {
        holding.is_active = false;
        holding.updated_at = writing.now;
        writer.put_holding(&holding)?;
    }
    Ok(())
}
