//! What news of one account means for the store, and writing it. Shared by imports and syncs.
//!
//! INVARIANT: planning writes nothing; writing what was planned is all that either side does to an account.

mod write;

use std::collections::HashSet;

use chrono::NaiveDate;

use super::{
    Failure,
    reconcile::{self, Batch, Outcome, REACH_DAYS},
};
use crate::{
    domain::{
        Account, AccountDraft, AccountId, BalanceDraft, ChangeCounts, Connection, ConnectionId, Correction, Holding,
        HoldingDraft, IdTrust, Text, Transaction, TransactionDraft, text,
    },
    statements::institution,
    store::Reader,
};

pub(super) use write::{Writing, write};

/// What a source says about one account.
pub(super) struct News<'a> {
    pub(super) draft: &'a AccountDraft,
    pub(super) rows: &'a [TransactionDraft],
    /// Provider ids of rows that the provider took back.
    pub(super) removed: &'a [String],
    pub(super) trust: IdTrust,
    /// Days that were read completely, pending rows included.
    pub(super) complete: Option<(NaiveDate, NaiveDate)>,
    /// Its positions, where the source spoke of them.
    pub(super) holdings: Option<Positions<'a>>,
    /// Balances of earlier days.
    pub(super) history: &'a [BalanceDraft],
    /// Whether the history replaces balances that earlier syncs captured during those days.
    pub(super) replaces_history: bool,
}

/// Positions as a source lists them.
#[derive(Clone, Copy)]
pub(super) struct Positions<'a> {
    pub(super) items: &'a [HoldingDraft],
    /// Whether that is all: only then is a position that is not there sold.
    pub(super) complete: bool,
    /// The day they were true.
    pub(super) as_of: Option<NaiveDate>,
    /// Whether they were fetched now: then they are newer than anything stored, whatever the clock says.
    pub(super) is_live: bool,
}

/// What the news means.
pub(super) struct AccountPlan {
    /// The account as it will stand; its id means nothing while `is_new`.
    pub(super) account: Account,
    pub(super) is_new: bool,
    /// Something about the account itself is news.
    pub(super) account_changed: bool,
    pub(super) rows: reconcile::Plan,
    /// Balances that the store does not know, today's included.
    pub(super) balances: Vec<BalanceDraft>,
    /// Positions that are new or changed.
    pub(super) holdings: Vec<HoldingDraft>,
    /// Stored positions that a complete listing no longer holds.
    pub(super) sold: Vec<Holding>,
}

impl AccountPlan {
    pub(super) fn count(&self, matches: impl Fn(&Outcome) -> bool) -> usize {
        self.rows.outcomes.iter().filter(|outcome| matches(outcome)).count()
    }

    pub(super) fn known_id(&self) -> Option<AccountId> {
        (!self.is_new).then_some(self.account.id)
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.is_new
            && !self.account_changed
            && self.rows.is_empty()
            && self.balances.is_empty()
            && self.holdings.is_empty()
            && self.sold.is_empty()
    }

    /// Adds what it will do to `counts`.
    pub(super) fn add_to(&self, counts: &mut ChangeCounts) {
        *(if self.is_new { &mut counts.accounts_created } else { &mut counts.accounts_updated }) += 1;
        for outcome in &self.rows.outcomes {
            *match outcome {
                Outcome::New => &mut counts.transactions_imported,
                Outcome::Known => &mut counts.transactions_skipped,
                Outcome::Amend(..) => &mut counts.transactions_updated,
                Outcome::Void(_) => &mut counts.transactions_removed,
            } += 1;
        }
        counts.transactions_removed += self.rows.vanished.len() as u64;
        counts.holdings += self.holdings.len() as u64;
    }
}

/// The stream under which the ids that corrections took out of circulation are kept.
fn superseded_stream(account: AccountId) -> String {
    format!("superseded/{account}")
}

/// Works out what `news` means for the account it is about. `planned` are rows that an earlier part of the same
/// work will have written.
pub(super) fn plan(
    reader: &Reader,
    connection: &Connection,
    known: Option<&Account>,
    planned: &[Transaction],
    news: &News<'_>,
) -> Result<AccountPlan, Failure> {
    let Some(known) = known else {
        let rows = reconcile_with(news, planned, &HashSet::new());
        let balances = news.history.iter().copied().chain(news.draft.balance).collect();
        let holdings = news.holdings.map(|positions| positions.items.to_vec()).unwrap_or_default();
        let account = new_account(news.draft, connection);
        return Ok(AccountPlan {
            account,
            is_new: true,
            account_changed: true,
            rows,
            balances,
            holdings,
            sold: vec![],
        });
    };
    let account = updated(known, news.draft);
    let mut stored = stored_rows(reader, known.id, news)?;
    stored.extend_from_slice(planned);
    let superseded = read_superseded(reader, connection.id, known.id)?;
    let mut rows = reconcile_with(news, &stored, &superseded);
    for row in stored.iter().filter(|row| row.facts.status != crate::domain::TransactionStatus::Cancelled) {
        let is_removed =
            row.facts.provider_id.as_ref().is_some_and(|id| news.removed.iter().any(|gone| **gone == **id));
        let is_told = rows.outcomes.iter().any(|outcome| matches!(outcome, Outcome::Amend(told, _) if *told == row.id));
        if is_removed && !is_told && !rows.vanished.contains(&row.id) {
            rows.vanished.push(row.id);
        }
    }
    let (holdings, sold) = match news.holdings {
        Some(positions) => changed_holdings(&reader.holdings_of(known.id)?, positions),
        None => (Vec::new(), Vec::new()),
    };
    Ok(AccountPlan {
        account_changed: account != *known,
        account,
        is_new: false,
        rows,
        balances: unknown_balances(reader, known.id, news)?,
        holdings,
        sold,
    })
}

fn reconcile_with(news: &News<'_>, stored: &[Transaction], superseded: &HashSet<Text>) -> reconcile::Plan {
    reconcile::reconcile(&Batch { drafts: news.rows, stored, superseded, trust: news.trust, complete: news.complete })
}

/// The stored account with what the source says now. A statement that gives no name does not take one away.
fn updated(known: &Account, draft: &AccountDraft) -> Account {
    let mut account = known.clone();
    if let Some(name) = &draft.name {
        account.name.clone_from(name);
    }
    if draft.account_type != crate::domain::AccountType::Other {
        account.account_type = draft.account_type;
    }
    account.is_active = draft.is_active;
    account.missed_listings = 0;
    account
}

fn new_account(draft: &AccountDraft, connection: &Connection) -> Account {
    let number_masked = text::mask_number(&draft.number);
    let name = draft
        .name
        .clone()
        .unwrap_or_else(|| institution::account_name(Some(&connection.institution), draft.account_type, &draft.number));
    Account {
        id: AccountId(0),
        connection_id: connection.id,
        provider_account_id: draft.provider_account_id.clone(),
        number_masked,
        name,
        alias: None,
        institution: draft.institution.clone().unwrap_or_else(|| connection.institution.clone()),
        account_type: draft.account_type,
        type_override: None,
        currency: draft.currency,
        is_active: draft.is_active,
        missed_listings: 0,
        last_synced_at: None,
    }
}

/// The stored rows that the news could mean: those of its days and around, and those that it names by id.
fn stored_rows(reader: &Reader, account: AccountId, news: &News<'_>) -> Result<Vec<Transaction>, Failure> {
    let mut window = news.complete;
    for date in news.rows.iter().map(|draft| draft.facts.date) {
        window = Some(window.map_or((date, date), |(first, last)| (first.min(date), last.max(date))));
    }
    let mut stored = Vec::new();
    if let Some((first, last)) = window {
        let reach = chrono::Days::new(REACH_DAYS);
        let from = first.checked_sub_days(reach).unwrap_or(NaiveDate::MIN);
        let to = last.checked_add_days(reach).unwrap_or(NaiveDate::MAX);
        stored = reader.rows_between(account, from, to)?;
    }
    let corrected = news.rows.iter().filter_map(|draft| match draft.correction.as_deref() {
        Some(Correction::Replaces(id) | Correction::Deletes(id)) => Some(&**id),
        None => None,
    });
    let named = corrected.chain(news.removed.iter().map(String::as_str));
    let believed = news.rows.iter().filter_map(|draft| draft.facts.provider_id.as_deref());
    let named: Vec<&str> = match news.trust {
        IdTrust::Unique => named.chain(believed).collect(),
        IdTrust::Reusable => named.collect(),
    };
    let mut present: HashSet<_> = stored.iter().map(|row| row.id).collect();
    for id in named {
        for row in reader.by_provider_id(account, id)? {
            if present.insert(row.id) {
                stored.push(row);
            }
        }
    }
    Ok(stored)
}

fn read_superseded(reader: &Reader, connection: ConnectionId, account: AccountId) -> Result<HashSet<Text>, Failure> {
    let kept = reader.sync_state(connection, &superseded_stream(account))?;
    Ok(kept.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
}

/// The balances of which the store does not say the same.
fn unknown_balances(reader: &Reader, account: AccountId, news: &News<'_>) -> Result<Vec<BalanceDraft>, Failure> {
    let known = reader.snapshots(account)?;
    let on = |date| known.binary_search_by_key(&date, |snapshot| snapshot.date).ok().map(|index| &known[index]);
    // Figures of the past fill gaps; they do not overrule what was seen on the day itself.
    let past = news.history.iter().copied().filter(|balance| {
        on(balance.date).is_none_or(|known| news.replaces_history && known.balance != balance.current)
    });
    let now = news.draft.balance.filter(|balance| {
        on(balance.date).is_none_or(|snapshot| {
            (snapshot.balance, snapshot.available) != (balance.current, balance.available)
                || (snapshot.holdings_value, snapshot.cash_value) != (balance.holdings_value, balance.cash_value)
        })
    });
    Ok(past.chain(now).collect())
}

/// Positions to write and positions to close. A listing older than what is stored says nothing about today.
fn changed_holdings(stored: &[Holding], positions: Positions<'_>) -> (Vec<HoldingDraft>, Vec<Holding>) {
    let newest = stored.iter().map(|holding| holding.as_of).max();
    if !positions.is_live && newest.is_some_and(|newest| positions.as_of.is_none_or(|as_of| as_of < newest)) {
        return (Vec::new(), Vec::new());
    }
    let is_same = |draft: &HoldingDraft, holding: &Holding| holding.facts.provider_id == draft.facts.provider_id;
    let changed = positions.items.iter().filter(|draft| {
        let known = stored.iter().find(|holding| is_same(draft, holding));
        known.is_none_or(|holding| !holding.is_active || holding.facts != draft.facts || holding.as_of != draft.as_of)
    });
    let sold = stored.iter().filter(|holding| {
        positions.complete && holding.is_active && !positions.items.iter().any(|draft| is_same(draft, holding))
    });
    (changed.cloned().collect(), sold.cloned().collect())
}
