//! A planned account into the store.

use std::ops::Range;

use chrono::{DateTime, Utc};

use super::{AccountPlan, superseded_stream};
use crate::{
    domain::{
        AccountId, Connection, FailureKind, Holding, HoldingDraft, Snapshot, SnapshotSource, Text, TransactionDraft,
        TransactionFacts, TransactionId, TransactionStatus,
    },
    store::Writer,
    sync::{Failure, reconcile::Outcome},
};

/// What all accounts of one change have in common.
pub(in crate::sync) struct Writing<'a> {
    pub(in crate::sync) connection: &'a Connection,
    pub(in crate::sync) now: DateTime<Utc>,
    /// What occasions the balances of accounts that were known before.
    pub(in crate::sync) source: SnapshotSource,
}

/// A written account.
pub(in crate::sync) struct Written {
    pub(in crate::sync) id: AccountId,
    /// The rows it added, with consecutive ids.
    pub(in crate::sync) added: Range<TransactionId>,
}

/// Writes what was planned for one account. `rows` are the drafts the plan was made of.
pub(in crate::sync) fn write(
    writing: &Writing<'_>,
    writer: &mut Writer,
    plan: AccountPlan,
    rows: Vec<TransactionDraft>,
) -> Result<Written, Failure> {
    let mut account = plan.account;
    if plan.is_new {
        account.id = writer.new_account_id();
        account.connection_id = writing.connection.id;
    }
    account.last_synced_at = Some(writing.now);
    writer.put_account(&account)?;
    let newest = plan.balances.iter().map(|balance| balance.date).max();
    for balance in plan.balances {
        let source = match writing.source {
            SnapshotSource::Statement => SnapshotSource::Statement,
            // A balance of an earlier day, from the provider's history.
            _ if newest.is_some_and(|newest| balance.date < newest) => SnapshotSource::AccountSync,
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
    if !plan.rows.superseded.is_empty() {
        let stream = superseded_stream(account.id);
        let known = writer.sync_state(writing.connection.id, &stream)?;
        let mut ids: Vec<Text> = known.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        ids.extend(plan.rows.superseded);
        let bytes = serde_json::to_vec(&ids).map_err(|error| Failure::caused(FailureKind::Store, error))?;
        writer.put_sync_state(writing.connection.id, &stream, &bytes)?;
    }
    for id in plan.rows.vanished {
        cancel(writer, id)?;
    }
    let added = write_rows(writer, account.id, plan.rows.outcomes, rows)?;
    Ok(Written { id: account.id, added })
}

fn cancel(writer: &mut Writer, id: TransactionId) -> Result<(), Failure> {
    let stored =
        writer.transaction(id)?.ok_or_else(|| Failure::new(FailureKind::Store, format!("row {id} is gone")))?;
    let facts = TransactionFacts { status: TransactionStatus::Cancelled, ..stored.facts };
    Ok(writer.update_transaction(id, &facts)?)
}

fn write_rows(
    writer: &mut Writer,
    account: AccountId,
    outcomes: Vec<Outcome>,
    drafts: Vec<TransactionDraft>,
) -> Result<Range<TransactionId>, Failure> {
    for outcome in &outcomes {
        match outcome {
            Outcome::New | Outcome::Known => {}
            Outcome::Amend(id, facts) => writer.update_transaction(*id, facts)?,
            Outcome::Void(id) => cancel(writer, *id)?,
        }
    }
    let is_new = |(draft, outcome): (TransactionDraft, Outcome)| (outcome == Outcome::New).then_some(draft.facts);
    // Rows of one day keep the order in which they happened: a source that lists the newest first is taken from its end.
    let newest_first =
        drafts.first().zip(drafts.last()).is_some_and(|(first, last)| first.facts.date > last.facts.date);
    let rows = drafts.into_iter().zip(outcomes);
    Ok(if newest_first {
        writer.append_transactions(account, rows.rev().filter_map(is_new))?
    } else {
        writer.append_transactions(account, rows.filter_map(is_new))?
    })
}

fn write_holdings(
    writing: &Writing<'_>,
    writer: &mut Writer,
    account: AccountId,
    changed: Vec<HoldingDraft>,
    sold: Vec<Holding>,
) -> Result<(), Failure> {
    if changed.is_empty() && sold.is_empty() {
        return Ok(());
    }
    let stored = writer.holdings_of(account)?;
    for draft in changed {
        let known = stored.iter().find(|holding| holding.facts.provider_id == draft.facts.provider_id);
        let id = match known {
            Some(holding) => holding.id,
            None => writer.new_holding_id(),
        };
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
