//! News of a connection from its adapter, account by account.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::{Live, SyncError, SyncOrder, login::Session};
use crate::{
    domain::{
        Account, AccountDraft, BalanceDraft, Capability, ChangeId, Connection, HoldingDraft, ProviderError,
        ProviderErrorKind, Text, TransactionDraft, Warning,
    },
    providers::{AccountRef, Cursor, Listing, TransactionRequest, kit::Pages},
    sync::{Progress, Stage},
};

/// How far the rows of an account are known. Moves only when every page arrived.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Watermark {
    /// Everything up to this day was fetched.
    pub(super) complete_until: Option<NaiveDate>,
    /// Where the next fetch starts, for providers that count changes rather than days.
    #[serde(default)]
    pub(super) checkpoint: Option<String>,
    /// Undone syncs whose rows were fetched again.
    #[serde(default)]
    pub(super) refetched: Vec<ChangeId>,
}

/// An account that is stored, with its watermark.
pub(super) struct KnownAccount {
    pub(super) account: Account,
    pub(super) watermark: Watermark,
}

/// What a connection said.
pub(super) struct Fetched {
    pub(super) accounts: Vec<FetchedAccount>,
    /// Whether every account was listed: only then is one that is not there missed.
    pub(super) complete: bool,
    pub(super) warnings: Vec<Warning>,
}

/// What it said about one account.
pub(super) struct FetchedAccount {
    pub(super) draft: AccountDraft,
    pub(super) rows: Vec<TransactionDraft>,
    pub(super) removed: Vec<String>,
    /// The days read completely.
    pub(super) window: Option<(NaiveDate, NaiveDate)>,
    pub(super) watermark: Option<Watermark>,
    pub(super) holdings: Option<Listing<HoldingDraft>>,
    pub(super) history: Vec<BalanceDraft>,
    /// What did not arrive, part by part.
    pub(super) failures: Vec<(&'static str, ProviderError)>,
    pub(super) warnings: Vec<Warning>,
}

/// Fetches everything. Fails as a whole only when the accounts can't be listed or the login is refused.
pub(super) async fn fetch(
    live: &Arc<Live>,
    session: &Session,
    connection: &Connection,
    known: &[KnownAccount],
    order: &SyncOrder,
) -> Result<Fetched, SyncError> {
    let listing =
        session.call(|provider, credentials| async move { provider.fetch_accounts(&credentials).await }).await?;
    let wanted = |draft: &AccountDraft| !connection.excluded_accounts.contains(&draft.provider_account_id);
    let drafts: Vec<AccountDraft> = listing.items.into_iter().filter(wanted).collect();
    let total = drafts.len() as u64;
    let mut accounts = Vec::with_capacity(drafts.len());
    for (index, draft) in drafts.into_iter().enumerate() {
        (order.progress)(Progress {
            stage: Stage::Fetching,
            subject: connection.display_name().to_owned(),
            done: index as u64,
            total,
        });
        let stored = known.iter().find(|known| known.account.provider_account_id == draft.provider_account_id);
        accounts.push(fetch_account(live, session, draft, stored, order).await?);
    }
    Ok(Fetched { accounts, complete: listing.complete, warnings: listing.warnings })
}

async fn fetch_account(
    live: &Arc<Live>,
    session: &Session,
    draft: AccountDraft,
    known: Option<&KnownAccount>,
    order: &SyncOrder,
) -> Result<FetchedAccount, SyncError> {
    let metadata = session.metadata();
    let mut fetched = FetchedAccount {
        draft,
        rows: Vec::new(),
        removed: Vec::new(),
        window: None,
        watermark: None,
        holdings: None,
        history: Vec::new(),
        failures: Vec::new(),
        warnings: Vec::new(),
    };
    if metadata.can(Capability::Transactions) {
        let watermark = known.map(|known| known.watermark.clone()).unwrap_or_default();
        let result = fetch_rows(live, session, &mut fetched, &watermark, order).await;
        fetched.note("transactions", result)?;
    }
    let account = fetched.draft.clone();
    let reference = AccountRef { provider_account_id: &account.provider_account_id, currency: account.currency };
    if metadata.can(Capability::Holdings) {
        let listing = session
            .call(|provider, credentials| async move { provider.fetch_holdings(&credentials, reference).await })
            .await
            .map(|listing| {
                fetched.warnings.extend(listing.warnings.iter().cloned());
                fetched.holdings = Some(listing);
            });
        fetched.note("holdings", listing)?;
    }
    if metadata.can(Capability::BalanceHistory) {
        // Once, at the first sync: later days are seen as they come.
        if known.is_none() {
            let listing = session
                .call(|provider, credentials| async move {
                    provider.fetch_balance_history(&credentials, reference, None).await
                })
                .await
                .map(|listing| {
                    fetched.warnings.extend(listing.warnings);
                    fetched.history = listing.items;
                });
            fetched.note("balance history", listing)?;
        }
    }
    Ok(fetched)
}

impl FetchedAccount {
    /// Adds a row. Lists that grow while they are read tell a row twice, at the end of one page and the start of the
    /// next: it is one row, and the later word counts. `places` says where each id is.
    fn add(&mut self, row: TransactionDraft, places: &mut HashMap<Text, usize>) {
        let Some(id) = row.facts.provider_id.clone() else { return self.rows.push(row) };
        match places.entry(id) {
            Entry::Occupied(place) => {
                if let Some(known) = self.rows.get_mut(*place.get()) {
                    *known = row;
                }
            }
            Entry::Vacant(place) => {
                place.insert(self.rows.len());
                self.rows.push(row);
            }
        }
    }

    /// Keeps a failure of one part; one that concerns the whole connection ends the fetch.
    fn note(&mut self, part: &'static str, result: Result<(), SyncError>) -> Result<(), SyncError> {
        match result {
            Ok(()) => Ok(()),
            Err(SyncError::Local(failure)) => Err(SyncError::Local(failure)),
            Err(SyncError::Provider(error)) => match error.kind {
                ProviderErrorKind::LoginExpired
                | ProviderErrorKind::Authentication
                | ProviderErrorKind::Revoked
                | ProviderErrorKind::Cancelled => Err(error.into()),
                ProviderErrorKind::PaymentRequired
                | ProviderErrorKind::RateLimited { .. }
                | ProviderErrorKind::Unavailable
                | ProviderErrorKind::InvalidResponse
                | ProviderErrorKind::Validation
                | ProviderErrorKind::Forbidden
                | ProviderErrorKind::NotConfigured => {
                    self.failures.push((part, error));
                    Ok(())
                }
            },
        }
    }
}

/// Every page of the rows since the watermark, less an overlap since rows change after the fact. Pages that arrived before
/// a failure are kept, but the watermark stays and nothing counts as completely read.
async fn fetch_rows(
    live: &Arc<Live>,
    session: &Session,
    fetched: &mut FetchedAccount,
    watermark: &Watermark,
    order: &SyncOrder,
) -> Result<(), SyncError> {
    let history = session.metadata().history;
    let today = live.clock.today();
    let oldest = history.days.and_then(|days| today.checked_sub_days(Days::new(u64::from(days))));
    let overlap = Days::new(u64::from(history.overlap_days.max(live.config.schedule.overlap_days)));
    let resumed = watermark.complete_until.and_then(|until| until.checked_sub_days(overlap));
    let due = resumed.or(oldest);
    let from = order.from.or(due);
    let account = fetched.draft.clone();
    let start = if order.from.is_none() { watermark.checkpoint.clone().map(Cursor) } else { None };
    let request = TransactionRequest {
        account: AccountRef { provider_account_id: &account.provider_account_id, currency: account.currency },
        from,
        to: today,
        cursor: start.as_ref(),
    };
    let mut pages = Pages::new(request);
    let mut checkpoint = None;
    let mut places = HashMap::new();
    loop {
        // A page may be asked for twice, before and after a renewal; the walk moves on only with an answer.
        let walk = &tokio::sync::Mutex::new(&mut pages);
        let page = session
            .call(|provider, credentials| async move { walk.lock().await.next(&*provider, &credentials).await })
            .await?;
        let Some(page) = page else { break };
        for row in page.rows {
            fetched.add(row, &mut places);
        }
        fetched.removed.extend(page.removed);
        fetched.warnings.extend(page.warnings);
        checkpoint = page.checkpoint.or(checkpoint);
    }
    // With changes instead of days nothing is known about the days themselves.
    fetched.window = if start.is_some() { None } else { Some((from.unwrap_or(NaiveDate::MIN), today)) };
    // A fetch that began later than was due leaves a gap, which the next one must still close.
    if order.from.is_none_or(|from| due.is_some_and(|due| from <= due)) {
        fetched.watermark = Some(Watermark {
            complete_until: Some(today),
            checkpoint: checkpoint.map(|cursor| cursor.0).or_else(|| watermark.checkpoint.clone()),
            refetched: watermark.refetched.clone(),
        });
    }
    Ok(())
}
