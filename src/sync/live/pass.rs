//! One pass over a connection's news: takes pieces from the adapter and commits them chunk by chunk.
//!
//! INVARIANT: a chunk is committed as a whole with its cursor, or not at all; all chunks of a pass are one change as long
//! as no other change falls between them.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    ops::Range,
    sync::Arc,
};

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::{JobFailure, Live, SyncOrder, chunk::Chunk, state};
use crate::{
    domain::{
        AccountDraft, AccountId, Capability, Change, ChangeCounts, ConnectionId, FailureKind, ProviderError,
        ProviderErrorKind, TransactionDraft, TransactionId, Warning,
    },
    providers::{FailureScope, Piece, ProviderMetadata, ScopedFailure, Sink, kit::KeptReply},
    sync::{AccountResult, ConnectionReport, Event, JobProgress, Stage, SyncedAccount},
};

/// A pass in progress.
pub(super) struct Pass {
    live: Arc<Live>,
    order: SyncOrder,
    /// Set when the caller has stopped waiting for the pass: later chunks are not written.
    dropped: CancellationToken,
    name: String,
    chunk: Chunk,
    problems: Vec<ScopedFailure>,
    /// A failure of this machine, which the adapter only sees as a stop.
    failure: Option<JobFailure>,
    /// The chunks committed so far.
    pub(super) done: Done,
}

/// The part of a pass that commits change.
#[derive(Debug, Clone)]
pub(super) struct Done {
    pub(super) metadata: &'static ProviderMetadata,
    pub(super) connection: ConnectionId,
    /// The change of the last commit, to be continued.
    pub(super) change: Option<Change>,
    pub(super) counts: ChangeCounts,
    pub(super) created: BTreeSet<AccountId>,
    pub(super) touched: BTreeSet<AccountId>,
    pub(super) warnings: Vec<Warning>,
    /// Replies that are not stored yet.
    pub(super) replies: Vec<KeptReply>,
    /// Accounts as listed, in order.
    pub(super) drafts: Vec<AccountDraft>,
    /// The stored account of each listed one.
    pub(super) ids: BTreeMap<String, AccountId>,
    /// Whether every account was listed.
    pub(super) is_listed: bool,
    /// Cursors as they were before the pass; `None` for one that did not exist.
    pub(super) before: BTreeMap<String, Option<String>>,
    /// Rows that the pass added, as ranges of consecutive ids.
    pub(super) added: Vec<Range<u64>>,
    /// Rows of an abandoned reading that were not delivered again yet.
    pub(super) ghosts: BTreeSet<TransactionId>,
    /// Whether this pass reads again what an abandoned reading delivered.
    pub(super) is_read_again: bool,
    /// Pending rows of windows whose last page has not come yet, by provider account.
    pub(super) pending: BTreeMap<String, Vec<TransactionDraft>>,
    /// Counts at the start of the change in progress.
    pub(super) base: ChangeCounts,
    /// Undone syncs whose rows this pass fetches again.
    pub(super) refetched: Option<Vec<crate::domain::ChangeId>>,
}

impl Pass {
    pub(super) fn new(
        live: &Arc<Live>,
        order: &SyncOrder,
        dropped: &CancellationToken,
        name: &str,
        state: &state::State,
        connection: ConnectionId,
        metadata: &'static ProviderMetadata,
    ) -> Self {
        Self {
            live: Arc::clone(live),
            order: order.clone(),
            dropped: dropped.clone(),
            name: name.to_owned(),
            chunk: Chunk::default(),
            problems: Vec::new(),
            failure: None,
            done: Done {
                metadata,
                connection,
                change: None,
                counts: ChangeCounts::default(),
                created: BTreeSet::new(),
                touched: BTreeSet::new(),
                warnings: Vec::new(),
                replies: Vec::new(),
                drafts: Vec::new(),
                ids: BTreeMap::new(),
                is_listed: false,
                before: BTreeMap::new(),
                added: Vec::new(),
                ghosts: state.ghosts.clone(),
                is_read_again: !state.ghosts.is_empty(),
                pending: BTreeMap::new(),
                base: ChangeCounts::default(),
                refetched: state.refetched.clone(),
            },
        }
    }

    /// The failure of this machine that stopped the pass.
    pub(super) fn take_failure(&mut self) -> Option<JobFailure> {
        self.failure.take()
    }

    /// Commits the chunk, if it holds anything.
    async fn commit(&mut self) -> Result<(), ProviderError> {
        let chunk = std::mem::take(&mut self.chunk);
        self.done.warnings.extend(chunk.warnings.iter().cloned());
        self.done.replies.extend(self.order.replies.take());
        if chunk.is_empty() {
            return Ok(());
        }
        self.write(move |live, done, order| live.write_chunk(done, chunk, order)).await
    }

    /// Runs a write on the committed part; a failure stops the pass.
    async fn write(
        &mut self,
        work: impl FnOnce(&Live, &mut Done, &SyncOrder) -> Result<(), JobFailure> + Send + 'static,
    ) -> Result<(), ProviderError> {
        let (mut done, order, dropped) = (self.done.clone(), self.order.clone(), self.dropped.clone());
        let before = self.live.store.generation();
        let written = self
            .live
            .writing(move |live| {
                if dropped.is_cancelled() {
                    return Err(JobFailure::cancelled());
                }
                work(live, &mut done, &order)?;
                Ok(done)
            })
            .await;
        match written {
            Ok(done) => {
                self.done = done;
                if self.live.store.generation() != before {
                    self.live.shared.publish(&Event::StoreChanged);
                }
                Ok(())
            }
            Err(failure) => {
                let metadata = self.done.metadata;
                let error = metadata.error(ProviderErrorKind::Cancelled, failure.message.clone());
                self.failure = Some(failure);
                Err(error)
            }
        }
    }

    /// Completes a pass that the adapter finished: the last chunk, rows of an abandoned reading, accounts that are no
    /// longer listed.
    pub(super) async fn finish(&mut self) -> Result<(), ProviderError> {
        self.commit().await?;
        self.write(Live::finish_pass).await
    }

    /// Puts the results of the pass into a report.
    pub(super) fn fill(&self, report: &mut ConnectionReport) {
        let counts = self.done.counts;
        report.accounts = self.results();
        report.transactions_imported = counts.transactions_imported;
        report.transactions_updated = counts.transactions_updated;
        report.transactions_removed = counts.transactions_removed;
        report.holdings = counts.holdings;
        report.change_id = self.done.change.as_ref().map(|change| change.id);
        // Every window of days may repeat what the provider states about the login.
        for warning in &self.done.warnings {
            if !report.warnings.contains(warning) {
                report.warnings.push(warning.clone());
            }
        }
        report.error = self.general_problem();
    }

    /// The result of each account, by its problems.
    fn results(&self) -> Vec<SyncedAccount> {
        self.done.drafts.iter().map(|draft| self.result_of(draft)).collect()
    }

    fn result_of(&self, draft: &AccountDraft) -> SyncedAccount {
        let id = &draft.provider_account_id;
        let own = self.problems.iter().filter(|problem| match &problem.scope {
            FailureScope::Connection => false,
            FailureScope::Institution(name) => draft.institution.as_ref() == Some(name),
            FailureScope::Account(account) | FailureScope::Part(account, _) => account == id,
        });
        let reasons: Vec<String> = own
            .map(|problem| match &problem.scope {
                FailureScope::Part(_, part) => format!("{}: {}", part_name(*part), problem.error.message),
                FailureScope::Connection | FailureScope::Institution(_) | FailureScope::Account(_) => {
                    problem.error.message.clone()
                }
            })
            .collect();
        let stored = self.done.ids.get(id).copied();
        let result = match (reasons.is_empty(), stored) {
            (true, _) => AccountResult::Ok,
            (false, Some(_)) => AccountResult::Partial,
            (false, None) => AccountResult::Failed,
        };
        let name = draft.name.clone().unwrap_or_else(|| crate::domain::text::mask_number(&draft.number));
        let reason = (!reasons.is_empty()).then(|| reasons.join("; "));
        SyncedAccount { id: stored, name, result, reason }
    }

    /// The first problem that concerns no listed account.
    fn general_problem(&self) -> Option<JobFailure> {
        let has_institution =
            |name: &str| self.done.drafts.iter().any(|draft| draft.institution.as_deref() == Some(name));
        let has_account = |id: &str| self.done.drafts.iter().any(|draft| draft.provider_account_id == id);
        let general = self.problems.iter().find(|problem| match &problem.scope {
            FailureScope::Connection => true,
            FailureScope::Institution(name) => !has_institution(name),
            FailureScope::Account(id) | FailureScope::Part(id, _) => !has_account(id),
        });
        general.map(|problem| problem.error.clone().into())
    }

    /// All problems of the pass.
    pub(super) fn problems(&self) -> &[ScopedFailure] {
        &self.problems
    }
}

/// The name of a kind of data within a sentence.
const fn part_name(part: Capability) -> &'static str {
    match part {
        Capability::Accounts => "accounts",
        Capability::Transactions => "transactions",
        Capability::Holdings => "holdings",
        Capability::BalanceHistory => "balance history",
    }
}

#[async_trait]
impl Sink for Pass {
    async fn send(&mut self, piece: Piece) -> Result<(), ProviderError> {
        let trust = self.done.metadata.id_trust;
        match piece {
            Piece::Accounts(listing) => {
                self.chunk.warnings.extend(listing.warnings.iter().cloned());
                self.chunk.listing = Some(listing);
            }
            Piece::Rows { account, rows } => self.chunk.account(account).add(rows, trust),
            Piece::Window { account, from, to } => {
                let from = from.unwrap_or(chrono::NaiveDate::MIN);
                self.chunk.account(account).window = Some((from, to));
            }
            Piece::Everything { account, from } => self.chunk.account(account).everything_from = Some(from),
            Piece::Removed { account: Some(account), ids } => self.chunk.account(account).removed.extend(ids),
            Piece::Removed { account: None, ids } => self.chunk.removed.extend(ids),
            Piece::Holdings { account, listing } => {
                self.chunk.warnings.extend(listing.warnings.iter().cloned());
                self.chunk.account(account).holdings = Some(listing);
            }
            Piece::Balances { account, date, balances } => {
                self.chunk.account(account).balances = Some((date, balances));
            }
            Piece::BalanceHistory { account, balances } => self.chunk.account(account).history.extend(balances),
            Piece::Liability { account, terms } => self.chunk.account(account).terms = Some(terms),
            Piece::Rates(rates) => self.chunk.rates.extend(rates),
            Piece::Prices(prices) => self.chunk.prices.extend(prices),
            Piece::Cursor { key, value } => {
                self.chunk.cursor = Some((key, value));
                self.commit().await?;
            }
            Piece::ChunkEnd => self.commit().await?,
            Piece::Problem(problem) => {
                tracing::warn!(provider = self.done.metadata.slug, scope = ?problem.scope, "{}", problem.error.message);
                self.problems.push(problem);
            }
            Piece::Warning(warning) => self.chunk.warnings.push(warning),
            Piece::BeginAgain => {
                self.chunk = Chunk::default();
                self.problems.clear();
                self.done.warnings.clear();
                self.write(Live::begin_pass_again).await?;
            }
            Piece::Progress { done, total } => {
                (self.order.progress)(JobProgress { stage: Stage::Fetching, subject: self.name.clone(), done, total });
            }
        }
        Ok(())
    }
}

/// A pass whose connection was ended or removed while the provider answered.
pub(super) fn ended_meanwhile() -> JobFailure {
    JobFailure::new(FailureKind::WrongState, "the connection was ended meanwhile")
}

/// Provider ids of delivered rows.
pub(super) fn delivered<'a>(rows: impl IntoIterator<Item = &'a TransactionDraft>) -> HashSet<&'a str> {
    rows.into_iter().filter_map(|row| row.facts.provider_id.as_deref()).collect()
}
