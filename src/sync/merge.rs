//! Accounts merged and split by hand.
//!
//! Used where the user decides that two accounts of sources are one. INVARIANT: one change each, which undo and redo like any
//! other; every source goes on writing into its own account, so nothing is lost or doubled when the accounts are split.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    JobFailure,
    account::{
        self,
        parts::{self, is_counted},
    },
    failure::missing,
    reconcile::{Content, RowMatch},
};
use crate::{
    domain::{
        Account, AccountId, ChangeCounts, ChangeId, ChangeKind, FailureKind, PairStanding, RowGroups, RowPair,
        Transaction, TransactionId, Warning, figures::counted,
    },
    store::{Reader, Store, Writer},
};

/// Merges `part` into `into`: rows that both have are shown once.
pub(super) fn merge(
    store: &Store,
    into: AccountId,
    part: AccountId,
    now: DateTime<Utc>,
) -> Result<ChangeId, JobFailure> {
    let reader = store.read()?;
    let find = |id: AccountId| -> Result<Account, JobFailure> {
        reader.account(id)?.ok_or_else(|| missing("account", &id.to_string(), "accounts"))
    };
    let (into, part) = (find(into)?, find(part)?);
    if into.id == part.id {
        let message = format!("{} is one account already", into.display_name());
        return Err(JobFailure::new(FailureKind::Validation, message).with_hint("name two accounts"));
    }
    if into.currency != part.currency {
        let message = format!(
            "{} is in {} and {} in {}: an account has one currency",
            into.display_name(),
            into.currency,
            part.display_name(),
            part.currency
        );
        return Err(JobFailure::new(FailureKind::Validation, message).with_hint("merge accounts of one currency"));
    }
    let pairs = compare(&reader, into.id, part.id)?;
    let source = format!("merged {} into {}", part.display_name(), into.display_name());
    let mut writer = store.begin(ChangeKind::Edit, &source, now)?;
    writer.put_account_merge(part.id, Some(into.id))?;
    let (same, doubts) = put(&reader, &mut writer, &pairs)?;
    drop(reader);
    let mut warnings = Vec::new();
    if doubts > 0 {
        let message = format!(
            "{} may be in both accounts; both count until you decide (dashtam duplicates)",
            counted(doubts, "row")
        );
        warnings.push(Warning::new(0, message));
    }
    let counts = ChangeCounts { accounts_updated: 2, transactions_updated: same, ..ChangeCounts::default() };
    Ok(writer.commit(counts, vec![into.id, part.id], None, warnings)?.id)
}

/// Splits off the accounts that were merged into `account`, or `account` itself from the one it was merged into.
pub(super) fn split(store: &Store, account: AccountId, now: DateTime<Utc>) -> Result<ChangeId, JobFailure> {
    let reader = store.read()?;
    let known = reader.source_account(account)?;
    let known = known.ok_or_else(|| missing("account", &account.to_string(), "accounts"))?;
    let merges = reader.merges();
    let parts: Vec<AccountId> = match merges.direct_head(account) {
        Some(_) => vec![account],
        None => merges.iter().filter(|(_, head)| *head == account).map(|(part, _)| part).collect(),
    };
    if parts.is_empty() {
        let message = format!("{} is not merged with another account", known.display_name());
        return Err(
            JobFailure::new(FailureKind::WrongState, message).with_hint("`dashtam accounts` lists the accounts")
        );
    }
    drop(reader);
    let mut writer = store.begin(ChangeKind::Edit, &format!("split {}", known.display_name()), now)?;
    for part in &parts {
        writer.put_account_merge(*part, None)?;
    }
    writer.settle_pairs()?;
    let counts = ChangeCounts { accounts_updated: parts.len() as u64 + 1, ..ChangeCounts::default() };
    let accounts = std::iter::once(account).chain(parts.into_iter().filter(|part| *part != account)).collect();
    Ok(writer.commit(counts, accounts, None, Vec::new())?.id)
}

/// The pairs that accounts merged by an undo or redo need: both may have got rows since they were compared.
pub(super) fn compare_again(reader: &Reader, writer: &mut Writer) -> Result<Vec<RowPair>, JobFailure> {
    let (before, after) = (reader.merges().clone(), writer.merges()?);
    let mut pairs = Vec::new();
    for (part, head) in after.iter() {
        if before.direct_head(part) != Some(head) {
            pairs.extend(compare(reader, before.head(head), before.head(part))?);
        }
    }
    Ok(pairs)
}

/// The pairs of rows of a merged account with rows of its other sources: rows that a redo brings back, since others may have come
/// while they were away, or rows that an undo parts from the ones that joined them.
pub(super) fn join_returned(
    reader: &Reader,
    writer: &mut Writer,
    returned: &HashSet<TransactionId>,
) -> Result<Vec<RowPair>, JobFailure> {
    let merges = writer.merges()?;
    let mut found = Vec::new();
    if merges.is_empty() || returned.is_empty() {
        return Ok(found);
    }
    let known = writer.all_row_pairs()?;
    let mut groups = RowGroups::of(&known);
    let known: HashSet<_> = known.iter().map(|pair| (pair.older, pair.newer)).collect();
    let mut by_account: BTreeMap<AccountId, Vec<Transaction>> = BTreeMap::new();
    for id in returned {
        if let Some(row) = writer.source_transaction(*id)?.filter(is_counted) {
            by_account.entry(row.account_id).or_default().push(row);
        }
    }
    for (account, mut own) in by_account {
        let parts = merges.parts(merges.head(account));
        let mut others = Vec::new();
        for part in parts.iter().filter(|part| **part != account) {
            others.extend(reader.source_rows_between(*part, NaiveDate::MIN, NaiveDate::MAX)?);
        }
        let mut of_source: HashSet<TransactionId> = own.iter().map(|row| groups.group(row.id)).collect();
        for row in reader.source_rows_between(account, NaiveDate::MIN, NaiveDate::MAX)? {
            of_source.insert(groups.group(row.id));
        }
        let in_others: HashSet<TransactionId> = others.iter().map(|row| groups.group(row.id)).collect();
        own.sort_by_key(|row| (row.facts.date, row.id));
        let mut seen = HashSet::new();
        own.retain(|row| {
            let group = groups.group(row.id);
            !in_others.contains(&group) && seen.insert(group)
        });
        seen.clear();
        let mut stored = Vec::new();
        for row in others {
            let group = groups.group(row.id);
            // Its state after the undo or redo, if it exists then.
            if let Some(row) = writer.source_transaction(row.id)?.filter(is_counted)
                && !of_source.contains(&group)
                && seen.insert(group)
            {
                stored.push(row);
            }
        }
        let learned = match writer.account(account)? {
            Some(account) => account::written_learned(writer, &account)?,
            None => super::reconcile::Learned::default(),
        };
        for RowMatch { draft, row, is_doubt } in parts::compare(&own, &stored, &learned, None) {
            let standing = if is_doubt { PairStanding::Open } else { PairStanding::Same };
            let pair = RowPair::new(own[draft].id, row, standing);
            if !known.contains(&(pair.older, pair.newer)) {
                found.push(pair);
            }
        }
    }
    Ok(found)
}

/// Writes pairs of rows that are shown and shows one row of each; the number of those that are the same and of doubts. The row
/// that stays takes over the user's fields where it has none.
pub(super) fn put(reader: &Reader, writer: &mut Writer, pairs: &[RowPair]) -> Result<(u64, u64), JobFailure> {
    let (mut same, mut doubts) = (Vec::new(), 0);
    for pair in pairs {
        if writer.source_transaction(pair.older)?.is_none() || writer.source_transaction(pair.newer)?.is_none() {
            continue;
        }
        if pair.standing == PairStanding::Same {
            same.push(*pair);
        } else {
            doubts += 1;
        }
        writer.put_row_pair(pair)?;
    }
    if !pairs.is_empty() {
        writer.settle_pairs()?;
    }
    for pair in &same {
        let is_newer_shown = writer.transaction(pair.newer)?.is_some();
        let (shown, hidden) = if is_newer_shown { (pair.newer, pair.older) } else { (pair.older, pair.newer) };
        learn(reader, writer, shown, hidden)?;
        let given = reader.user_fields(hidden)?;
        let is_shown = writer.transaction(shown)?.is_some();
        if is_shown && !given.is_empty() && reader.user_fields(shown)?.is_empty() {
            writer.set_user_fields(shown, &given)?;
        }
    }
    Ok((same.len() as u64, doubts))
}

/// From now on the content of a hidden row means the shown one, where both are of one source.
fn learn(reader: &Reader, writer: &mut Writer, shown: TransactionId, hidden: TransactionId) -> Result<(), JobFailure> {
    let (Some(shown), Some(hidden)) = (writer.source_transaction(shown)?, writer.source_transaction(hidden)?) else {
        return Ok(());
    };
    let content = Content::of(&hidden.facts);
    if shown.account_id != hidden.account_id || content == Content::of(&shown.facts) {
        return Ok(());
    }
    let Some(account) = reader.source_account(shown.account_id)? else { return Ok(()) };
    let mut learned = account::written_learned(writer, &account)?;
    learned.merge_into(content, shown.id);
    account::put_learned(writer, &account, &learned)
}

/// The rows of two accounts that are one movement, or may be.
fn compare(reader: &Reader, into: AccountId, part: AccountId) -> Result<Vec<RowPair>, JobFailure> {
    let rows = |account| {
        let mut rows = reader.rows_between(account, NaiveDate::MIN, NaiveDate::MAX)?;
        rows.retain(is_counted);
        Ok::<_, JobFailure>(rows)
    };
    let learned = |id| match reader.source_account(id)? {
        Some(account) => account::read_learned(reader, &account),
        None => Ok(super::reconcile::Learned::default()),
    };
    let (stored, own) = (rows(into)?, rows(part)?);
    let closing = learned(part)?.closing();
    let apart: HashSet<(TransactionId, TransactionId)> = reader
        .all_row_pairs()?
        .into_iter()
        .filter(|pair| pair.standing == PairStanding::Different)
        .map(|pair| (pair.older, pair.newer))
        .collect();
    let found = parts::compare(&own, &stored, &learned(into)?, closing).into_iter();
    let pairs = found.map(|RowMatch { draft, row, is_doubt }| {
        RowPair::new(own[draft].id, row, if is_doubt { PairStanding::Open } else { PairStanding::Same })
    });
    Ok(pairs.filter(|pair| !apart.contains(&(pair.older, pair.newer))).collect())
}
